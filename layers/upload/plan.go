package upload

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"onemap/layers"
	"onemap/layers/datafile"
	"onemap/layers/intake"
)

// A Plan says how a sheet becomes rows of a layer. It is guessed from the file,
// changed by a person, and remembered for the next file with the same columns.
type Plan struct {
	Sheet      string    `json:"sheet" maxLength:"200"`
	HeaderLine int       `json:"header_line,omitempty" minimum:"0" doc:"Where the header begins; 0: found"`
	HeaderRows int       `json:"header_rows,omitempty" minimum:"0" maximum:"5"`
	Layer      string    `json:"layer,omitempty" maxLength:"48" doc:"The layer that is there already"`
	New        *NewLayer `json:"new,omitempty" doc:"The layer that is to be made"`
	Source     string    `json:"source" maxLength:"60" doc:"Who says so: with the key it knows a row again in the next file"`
	Full       bool      `json:"full,omitempty" doc:"A full delivery: what the source had and the file has not is taken away"`
	Key        []string  `json:"key" maxItems:"10" nullable:"false" doc:"Columns that know a row again; none: all that is read of it"`
	Duplicates string    `json:"duplicates,omitempty" enum:"reject,skip,number," doc:"What becomes of further rows with a key that was seen; left out: reject"`
	Place      Place     `json:"place"`
	CRS        string    `json:"crs" maxLength:"40" doc:"How coordinates are written: WGS84, CGCS2000, GCJ02, BD09, EPSG:n; /yx behind it swaps the axes, /ddmm, /ddmmss, /dd.mmss and /e6 are forms of numbers"`
	TimeZone   string    `json:"time_zone,omitempty" maxLength:"60"`
	Empty      []string  `json:"empty,omitempty" maxItems:"50" nullable:"false" doc:"Texts that stand for no value"`
	Fields     []Field   `json:"fields" maxItems:"400" nullable:"false"`

	columns []string // of a delivery that is no upload
}

// A NewLayer is what is said of a layer that is to be made; its fields are the plan's.
type NewLayer struct {
	Name        string `json:"name" maxLength:"48"`
	TitleZH     string `json:"title_zh" maxLength:"100"`
	TitleEN     string `json:"title_en" maxLength:"200"`
	Geometry    string `json:"geometry" enum:"Point,LineString,Polygon,MultiPoint,MultiLineString,MultiPolygon"`
	Share       string `json:"share" enum:"unconditional,conditional,none"`
	ShareBasis  string `json:"share_basis,omitempty" maxLength:"500" doc:"The condition, or the law why it is not shared"`
	Owner       string `json:"owner,omitempty" maxLength:"60" doc:"Organisation; left out: the caller's"`
	UpdateCycle string `json:"update_cycle,omitempty" enum:"real_time,daily,weekly,monthly,quarterly,yearly,irregular,"`
}

// Place says where a row's place comes from; nothing: the file's geometry.
type Place struct {
	X       string   `json:"x,omitempty" maxLength:"120" doc:"Column of longitude or easting"`
	Y       string   `json:"y,omitempty" maxLength:"120" doc:"Column of latitude or northing"`
	Column  string   `json:"column,omitempty" maxLength:"120" doc:"One column with both, or with WKT"`
	Address []string `json:"address,omitempty" maxItems:"10" nullable:"false" doc:"Columns of an address that is looked up"`
}

// A Field is a column that becomes a field.
type Field struct {
	Column      string            `json:"column" maxLength:"120"`
	Field       string            `json:"field" maxLength:"48"`
	TitleZH     string            `json:"title_zh,omitempty" maxLength:"100"`
	TitleEN     string            `json:"title_en,omitempty" maxLength:"200"`
	Type        string            `json:"type,omitempty" enum:"text,integer,number,boolean,date,time," doc:"Of a layer that is made"`
	Sensitivity string            `json:"sensitivity,omitempty" enum:"public,internal,sensitive,"`
	Formats     []string          `json:"formats,omitempty" maxItems:"10" nullable:"false"`
	Lookup      map[string]string `json:"lookup,omitempty" doc:"Value of the file -> value of the layer"`
	Otherwise   *string           `json:"otherwise,omitempty" maxLength:"200" doc:"For values that lookup has not; left out: the row is rejected"`
	Required    bool              `json:"required,omitempty" doc:"A row without a value is rejected"`
}

// check refuses a plan that no file could make right, and columns that are not there.
func (p *Plan) check(s datafile.Sheet) error {
	if (p.Layer == "") == (p.New == nil) {
		return &layers.InputError{Field: "layer", Remedy: "either a layer that is there, or a new one"}
	}
	columns := slices.Concat(p.Key, p.Place.Address)
	for _, c := range []string{p.Place.X, p.Place.Y, p.Place.Column} {
		if c != "" {
			columns = append(columns, c)
		}
	}
	fields := map[string]bool{}
	for i, f := range p.Fields {
		columns = append(columns, f.Column)
		if fields[f.Field] {
			return &layers.InputError{Field: fmt.Sprintf("fields.%d", i), Value: layers.Short(f.Field), Remedy: "each field once"}
		}
		fields[f.Field] = true
		if len(f.Lookup) > 2000 || len(f.Lookup) > 0 && slices.ContainsFunc(slices.Collect(maps.Values(f.Lookup)), func(v string) bool { return len(v) > 2000 }) {
			return &layers.InputError{Field: fmt.Sprintf("fields.%d.lookup", i), Remedy: "at most 2000 values of at most 2000 bytes"}
		}
	}
	for _, c := range columns {
		if !slices.Contains(s.Columns, c) {
			return &layers.InputError{Field: "columns", Value: layers.Short(c), Remedy: "a column of the file: it has no such one"}
		}
	}
	if (p.Place.X == "") != (p.Place.Y == "") {
		return &layers.InputError{Field: "place", Remedy: "both columns of coordinates, or neither"}
	}
	if p.Place.X == "" && p.Place.Column == "" && len(p.Place.Address) == 0 && !s.Geometry {
		return &layers.InputError{Field: "place", Remedy: "columns of coordinates or of an address: the file has no geometry of its own"}
	}
	if p.CRS == "" {
		return &layers.InputError{Field: "crs", Remedy: "the system that the coordinates are in: it must be declared"}
	}
	if len(p.Fields) == 0 {
		return &layers.InputError{Field: "fields", Remedy: "at least one"}
	}
	return nil
}

// layer is the definition of the layer that is to be made.
func (p *Plan) layer() layers.Layer {
	n := p.New
	l := layers.Layer{Name: n.Name, TitleZH: strings.TrimSpace(n.TitleZH), TitleEN: strings.TrimSpace(n.TitleEN), Subject: "other", Geometry: n.Geometry, Owner: n.Owner,
		Share: n.Share, ShareBasis: strings.TrimSpace(n.ShareBasis), UpdateCycle: n.UpdateCycle, MaxZoom: 22, Editable: true, TileBudget: 256 << 10}
	if l.Geometry == "Point" {
		l.DetailZoom = 13
	}
	for _, f := range p.Fields {
		l.Fields = append(l.Fields, layers.Field{Name: f.Field, TitleZH: strings.TrimSpace(f.TitleZH), TitleEN: strings.TrimSpace(f.TitleEN), Type: f.Type,
			Sensitivity: f.Sensitivity, InTile: f.Sensitivity != layers.Sensitive})
	}
	return l
}

// mapping is the plan as layers/intake has it.
func (p *Plan) mapping(l layers.Layer) intake.Mapping {
	m := intake.Mapping{Name: "plan", Layer: l.Name, Source: p.Source, TimeZone: p.TimeZone, Empty: p.Empty, Fields: map[string]intake.Value{},
		Key:      intake.Key{Columns: p.Key, Duplicates: p.Duplicates},
		Geometry: intake.Geometry{Lon: p.Place.X, Lat: p.Place.Y, Column: p.Place.Column, Address: p.Place.Address}}
	if m.TimeZone == "" {
		m.TimeZone = "Asia/Shanghai"
	}
	for _, f := range p.Fields {
		m.Fields[f.Field] = intake.Value{Column: f.Column, Time: f.Formats, Lookup: f.Lookup, Otherwise: f.Otherwise, Required: f.Required}
	}
	if len(p.Key) == 0 { // known by all that is read of it
		m.Key.Hash = true
		m.Key.Columns = m.Columns()
		if m.Key.Duplicates == "" {
			m.Key.Duplicates = "number"
		}
	}
	return m
}

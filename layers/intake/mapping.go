package intake

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"onemap/layers"
)

// A Mapping says how the rows of a file become features of a layer. It is
// written in YAML; README.md beside the mapping files explains each key.
type Mapping struct {
	Name  string `yaml:"-"`     // the file's, without its ending
	Title string `yaml:"title"` // one line
	About string `yaml:"about"` // source, licence, oddities

	Layer     string `yaml:"layer"`     // a layer's name, or population for trips
	Source    string `yaml:"source"`    // who says so: the first part of source_key
	Format    string `yaml:"format"`    // csv or geojson; "": by the file's name
	Encoding  string `yaml:"encoding"`  // utf-8 or gb18030; "": found out
	Delimiter string `yaml:"delimiter"` // one character; "": found out
	CRS       string `yaml:"crs"`       // where the caller declares none
	TimeZone  string `yaml:"time_zone"` // of times without one; "": UTC

	Key      Key         `yaml:"key"`
	Cancel   *Cancel     `yaml:"cancel"`
	Geometry Geometry    `yaml:"geometry"`
	Bounds   []float64   `yaml:"bounds"` // west, south, east, north in degrees; features outside are rejected
	Empty    []string    `yaml:"empty"`  // texts that stand for no value, beside the empty one
	Keep     []Rule      `yaml:"keep"`   // every one must hold
	Skip     []Rule      `yaml:"skip"`   // none may hold
	Classes  *ClassList  `yaml:"classes"`
	Cases    *CaseFile   `yaml:"cases"`
	Grid     *GridFile   `yaml:"grid"`
	Trips    *TripFile   `yaml:"trips"`
	Inspect  *Inspection `yaml:"inspections"`

	Fields     map[string]Value `yaml:"fields"`     // by column of the layer
	Attributes map[string]Value `yaml:"attributes"` // kept in the column attributes, by name
}

// A Key makes a row's source_key, by which a later import knows it again.
type Key struct {
	Columns []string `yaml:"columns"`
	// Hash keeps a digest of the values in place of the values: for rows that
	// have no number of their own and are known by all they say.
	Hash bool `yaml:"hash"`
	// Duplicates says what becomes of further rows with a key that was seen:
	// reject (default), skip, last (the later row counts), number (they are
	// different things that look alike) or merge (parts of one grid).
	Duplicates string `yaml:"duplicates"`
	// Latest is, with last, the column whose greatest text wins; without it
	// the last row of the file does.
	Latest string `yaml:"latest"`
}

// Cancel says which rows take back others: those for which When holds take
// back one row each with the same values in Columns, the nearest before
// or else the first after. Neither becomes a feature.
type Cancel struct {
	When    Rule     `yaml:"when"`
	Columns []string `yaml:"columns"`
}

// Geometry says where a row's place is: two columns, or the geometry of a
// GeoJSON feature if both are empty. Column and Address are for files that are
// staged ([Stage]) only.
type Geometry struct {
	Lon     string   `yaml:"lon"`     // x: longitude or easting
	Lat     string   `yaml:"lat"`     // y: latitude or northing
	Column  string   `yaml:"column"`  // one column with both, "120.07,29.31", or with WKT
	Address []string `yaml:"address"` // columns of an address, which is looked up
}

// A Rule is a condition on one column. Exactly one of its tests is given.
type Rule struct {
	Column  string   `yaml:"column"`
	Equals  *string  `yaml:"equals"`
	In      []string `yaml:"in"`
	Matches string   `yaml:"matches"` // a regular expression
	IsEmpty *bool    `yaml:"empty"`
	Reason  string   `yaml:"reason"` // for the summary
}

// A Value says how a field's value comes from a row. Exactly one of Column,
// First, Concat and Const is given; the rest is done to it in the order written here.
type Value struct {
	Column    string   `yaml:"column"`
	First     []string `yaml:"first"` // columns: the first with a value
	Concat    []string `yaml:"concat"`
	Separator *string  `yaml:"separator"` // of Concat; a blank if not given
	Const     *string  `yaml:"const"`

	Empty     []string          `yaml:"empty"`     // texts that stand for no value
	Match     string            `yaml:"match"`     // a regular expression; its first group is taken
	Slug      bool              `yaml:"slug"`      // made a code: lower case, hyphens, 24 characters
	Prefix    string            `yaml:"prefix"`    // put before what is there
	Lookup    map[string]string `yaml:"lookup"`    // value -> value
	Otherwise *string           `yaml:"otherwise"` // where Match or Lookup finds nothing; without it the row is rejected
	Default   *string           `yaml:"default"`   // for no value
	Required  bool              `yaml:"required"`  // no value: the row is rejected

	Type      string   `yaml:"type"` // of an attribute: text (default), integer, number, boolean, date, time
	Time      []string `yaml:"time"` // layouts such as YYYY-MM-DD HH:mm:ss, tried in order
	TimeZone  string   `yaml:"time_zone"`
	Min       string   `yaml:"min"` // of numbers, dates and times: what lies outside is rejected
	Max       string   `yaml:"max"`
	MaxLength int      `yaml:"max_length"` // characters; 2000 if not given
	Cut       bool     `yaml:"cut"`        // cut what is too long instead of rejecting the row
}

// A ClassList is the classes of a foreign system, registered with the import
// so that its incidents and assets have a class.
type ClassList struct {
	Standard string      `yaml:"standard"`
	Kind     string      `yaml:"kind"` // matter or component
	Code     *Value      `yaml:"code"` // classes found in the file's rows
	NameOf   *Value      `yaml:"name"`
	Group    *Value      `yaml:"group"`  // the major class that a row names
	Groups   []ClassRule `yaml:"groups"` // the first that matches a code gives what the class lacks
	List     []Class     `yaml:"list"`   // classes written out
}

// A ClassRule gives properties to the classes whose code and group match.
type ClassRule struct {
	Match          string `yaml:"match"` // a regular expression; "" matches all
	Group          string `yaml:"group"` // another, on the group
	Major          string `yaml:"major"`
	MajorZH        string `yaml:"major_zh"`
	MajorEN        string `yaml:"major_en"`
	Severity       int    `yaml:"severity"`
	PublicReported bool   `yaml:"public_reported"`
}

// A Class is a row of the class table.
type Class struct {
	Code           string `yaml:"code"`
	Major          string `yaml:"major"`
	MajorZH        string `yaml:"major_zh"`
	MajorEN        string `yaml:"major_en"`
	NameZH         string `yaml:"name_zh"`
	NameEN         string `yaml:"name_en"`
	Severity       int    `yaml:"severity"`
	PublicReported bool   `yaml:"public_reported"`
}

// GridFile is what only files of grids have.
type GridFile struct {
	ValidFrom string `yaml:"valid_from"` // YYYY-MM-DD; "": the day of the import
	// Absent says what becomes of this source's grids that the file leaves
	// out: close (default) or keep.
	Absent string `yaml:"absent"`
	// Partition says that the grids should cover an area without gaps and overlaps:
	// both are then reported. It is the default.
	Partition *bool `yaml:"partition"`
}

// TripFile is what only files of trips have. A trip is counted and forgotten.
type TripFile struct {
	Start Geometry `yaml:"start"`
	End   Geometry `yaml:"end"`
	From  Value    `yaml:"start_time"`
	To    Value    `yaml:"end_time"`
}

// Inspection is what only files of inspections have.
type Inspection struct {
	SetsRisk  bool        `yaml:"sets_risk"`  // an enterprise's risk is its latest inspection's
	DueMonths map[int]int `yaml:"due_months"` // by risk; the default is monthly to yearly
}

// ParseMapping reads a mapping. A key that it does not know is an error that
// names the line; so is a value that makes no sense. Errors are [layers.InputError].
func ParseMapping(name string, text []byte) (Mapping, error) {
	var m Mapping
	if err := yaml.UnmarshalWithOptions(text, &m, yaml.Strict(), yaml.DisallowUnknownField()); err != nil {
		return Mapping{}, &layers.InputError{Field: name, Remedy: strings.TrimSpace(yaml.FormatError(err, false, true))}
	}
	m.Name = name
	if err := m.check(); err != nil {
		return Mapping{}, &layers.InputError{Field: name, Remedy: err.Error()}
	}
	return m, nil
}

// check finds what no file could make right.
func (m Mapping) check() error {
	oneOf := func(key, value string, allowed ...string) error {
		if !slices.Contains(allowed, value) {
			return fmt.Errorf("%s: %q is none of %s", key, value, strings.TrimPrefix(strings.Join(allowed, ", "), ", "))
		}
		return nil
	}
	if m.Layer == "" {
		return fmt.Errorf("layer: say which layer the rows go to")
	}
	if m.Source == "" || strings.ContainsAny(m.Source, ": \t\n") || len(m.Source) > 60 {
		return fmt.Errorf("source: a short name without blanks and colons, such as portland-street-trees")
	}
	if err := oneOf("format", m.Format, "", "csv", "geojson"); err != nil {
		return err
	}
	if err := oneOf("encoding", m.Encoding, "", "utf-8", "gb18030"); err != nil {
		return err
	}
	if len(m.Delimiter) > 1 || m.Delimiter == `"` || m.Delimiter == "\n" {
		return fmt.Errorf("delimiter: one character")
	}
	if err := oneOf("key.duplicates", m.Key.Duplicates, "", "reject", "skip", "last", "number", "merge"); err != nil {
		return err
	}
	if m.Trips == nil && len(m.Key.Columns) == 0 {
		return fmt.Errorf("key.columns: say which columns know a row again; without it the same file would come in twice")
	}
	if m.Trips != nil && (len(m.Fields) > 0 || len(m.Attributes) > 0) {
		return fmt.Errorf("trips are counted, not kept: fields and attributes have no place here")
	}
	if (m.Geometry.Lon == "") != (m.Geometry.Lat == "") {
		return fmt.Errorf("geometry: give both lon and lat, or neither")
	}
	if n := len(m.Bounds); n != 0 && (n != 4 || !(m.Bounds[0] < m.Bounds[2] && m.Bounds[1] < m.Bounds[3])) {
		return fmt.Errorf("bounds: west, south, east, north in degrees")
	}
	if m.Cancel != nil && len(m.Cancel.Columns) == 0 {
		return fmt.Errorf("cancel.columns: say by which columns the row taken back is known")
	}
	if m.Cases != nil && m.Layer != "incident" {
		return fmt.Errorf("cases: only incidents are cases")
	}
	if c := m.Classes; c != nil {
		if c.Standard == "" {
			return fmt.Errorf("classes.standard: name the list")
		}
		if err := oneOf("classes.kind", c.Kind, "matter", "component"); err != nil {
			return err
		}
	}
	for _, where := range []struct {
		key    string
		values map[string]Value
	}{{"fields", m.Fields}, {"attributes", m.Attributes}} {
		for _, name := range slices.Sorted(maps.Keys(where.values)) {
			v := where.values[name]
			if err := v.check(); err != nil {
				return fmt.Errorf("%s.%s: %w", where.key, name, err)
			}
			if where.key == "fields" && v.Type != "" {
				return fmt.Errorf("fields.%s: type: the layer's column has its own type", name)
			}
		}
	}
	return nil
}

func (v Value) check() error {
	n := 0
	for _, given := range []bool{v.Column != "", len(v.First) > 0, len(v.Concat) > 0, v.Const != nil} {
		if given {
			n++
		}
	}
	if n != 1 {
		return fmt.Errorf("give one of column, first, concat and const")
	}
	if !slices.Contains([]string{"", "text", "integer", "number", "boolean", "date", "time"}, v.Type) {
		return fmt.Errorf("type: %q is none of text, integer, number, boolean, date, time", v.Type)
	}
	if v.Otherwise != nil && v.Lookup == nil && v.Match == "" {
		return fmt.Errorf("otherwise: needs lookup or match")
	}
	return nil
}

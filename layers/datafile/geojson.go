package datafile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// geojsonFile is a FeatureCollection, one feature, or features a line each (RFC 8142).
type geojsonFile struct {
	path   string
	limits Limits
	names  []string
	index  map[string]int
	crs    string
}

func (g *geojsonFile) sheets(ctx context.Context) ([]Sheet, error) {
	g.index = map[string]int{}
	// The first features tell the columns; a property that comes later than
	// these is left out.
	n := 0
	err := g.each(func(f *feature) error {
		for _, name := range f.names {
			if _, ok := g.index[name]; !ok && len(g.names) <= g.limits.Columns {
				g.index[name] = len(g.names)
				g.names = append(g.names, name)
			}
		}
		if n++; n >= 20_000 || ctx.Err() != nil {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	if n == 0 {
		return nil, unreadable("GeoJSON with features")
	}
	used := map[string]int{}
	s := Sheet{Geometry: true, CRS: "EPSG:4326", Columns: []string{}}
	if g.crs != "" {
		s.CRS = g.crs
	}
	for i, name := range g.names {
		s.Columns = append(s.Columns, unique(shortName(name, i), used))
	}
	return []Sheet{s}, ctx.Err()
}

func (g *geojsonFile) rows(_ context.Context, _ int, yield func(*Row) error) error {
	row := Row{Values: make([]string, len(g.names))}
	return g.each(func(f *feature) error {
		row.Line++
		clear(row.Values)
		for i, name := range f.names {
			if at, ok := g.index[name]; ok {
				if len(f.values[i]) > g.limits.Cell {
					return tooMuch("bytes in a value", int64(g.limits.Cell))
				}
				row.Values[at] = f.values[i]
			}
		}
		row.Geometry = f.geometry
		return yield(&row)
	})
}

type feature struct {
	names, values []string
	geometry      orb.Geometry
}

var epsgName = regexp.MustCompile(`(?i)EPSG:{1,2}(?:[0-9.]*:)?([0-9]{4,6})$`)

// each reads the features one by one.
func (g *geojsonFile) each(yield func(*feature) error) error {
	in, err := os.Open(g.path)
	if err != nil {
		return unreadable("a file that can be read")
	}
	defer in.Close()
	r := bufio.NewReaderSize(&noRS{r: decoded(in, nil)}, 1<<16)
	d := json.NewDecoder(r)
	bad := func(err error) error {
		var in interface{ Unwrap() error }
		if errors.Is(err, errEnough) || errors.As(err, &in) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		return unreadable("GeoJSON: it is damaged near byte %d", d.InputOffset())
	}
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil || t != json.Delim('{') {
			return bad(io.ErrUnexpectedEOF)
		}
		one := map[string]json.RawMessage{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return bad(io.ErrUnexpectedEOF)
			}
			name, _ := key.(string)
			if name == "features" {
				if t, err := d.Token(); err != nil || t != json.Delim('[') {
					return bad(io.ErrUnexpectedEOF)
				}
				for d.More() {
					var raw json.RawMessage
					if err := d.Decode(&raw); err != nil {
						return bad(io.ErrUnexpectedEOF)
					}
					if err := g.one(raw, yield); err != nil {
						return err
					}
				}
				if _, err := d.Token(); err != nil {
					return bad(io.ErrUnexpectedEOF)
				}
				continue
			}
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return bad(io.ErrUnexpectedEOF)
			}
			switch name {
			case "crs":
				var member struct{ Properties struct{ Name string } }
				if json.Unmarshal(raw, &member) == nil {
					if m := epsgName.FindStringSubmatch(member.Properties.Name); m != nil {
						g.crs = "EPSG:" + m[1]
					}
				}
			case "type", "geometry", "properties", "id":
				one[name] = raw
			}
		}
		if _, err := d.Token(); err != nil {
			return bad(io.ErrUnexpectedEOF)
		}
		if string(one["type"]) == `"Feature"` {
			raw, err := json.Marshal(one)
			if err != nil {
				return bad(err)
			}
			if err := g.one(raw, yield); err != nil {
				return err
			}
		}
	}
}

func (g *geojsonFile) one(raw json.RawMessage, yield func(*feature) error) error {
	if len(raw) > g.limits.Feature {
		return tooMuch("bytes in a feature", int64(g.limits.Feature))
	}
	f, err := readFeature(raw, g.limits)
	if err != nil {
		return err
	}
	return yield(f)
}

// readFeature reads one GeoJSON feature. A property that is a text is taken as it is,
// numbers and truth values as they are written, lists and objects as JSON. What
// is no geometry is none: the row is told so later.
func readFeature(raw []byte, limits Limits) (*feature, error) {
	var in struct {
		Type       string          `json:"type"`
		Properties json.RawMessage `json:"properties"`
		Geometry   json.RawMessage `json:"geometry"`
	}
	if err := json.Unmarshal(raw, &in); err != nil || in.Type != "Feature" {
		return nil, unreadable("GeoJSON features")
	}
	f := &feature{}
	if len(in.Properties) > 0 && in.Properties[0] == '{' {
		d := json.NewDecoder(bytes.NewReader(in.Properties))
		_, _ = d.Token() // the {
		for d.More() {
			key, err := d.Token()
			if err != nil {
				break
			}
			var v json.RawMessage
			if err := d.Decode(&v); err != nil {
				break
			}
			name, _ := key.(string)
			f.names, f.values = append(f.names, name), append(f.values, scalar(v))
		}
	}
	if len(in.Geometry) > 0 && in.Geometry[0] == '{' {
		var g geojson.Geometry
		if json.Unmarshal(in.Geometry, &g) == nil && g.Type != "GeometryCollection" {
			f.geometry = g.Geometry()
		}
		if n := vertices(f.geometry); n > limits.Vertices {
			return nil, tooMuch("vertices in a feature", int64(limits.Vertices))
		} else if n == 0 {
			f.geometry = nil
		}
	}
	return f, nil
}

func scalar(raw json.RawMessage) string {
	var s string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return ""
	case raw[0] == '"' && json.Unmarshal(raw, &s) == nil:
		return strings.TrimSpace(s)
	}
	return string(raw)
}

func vertices(g orb.Geometry) (n int) {
	switch g := g.(type) {
	case orb.Point:
		return 1
	case orb.MultiPoint:
		return len(g)
	case orb.LineString:
		return len(g)
	case orb.MultiLineString:
		for _, l := range g {
			n += len(l)
		}
	case orb.Polygon:
		for _, r := range g {
			n += len(r)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			for _, r := range p {
				n += len(r)
			}
		}
	}
	return n
}

// noRS leaves out the record separators of GeoJSON text sequences.
type noRS struct{ r io.Reader }

func (n *noRS) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	for i, b := range p[:k] {
		if b == 0x1e {
			p[i] = ' '
		}
	}
	return k, err
}

package push

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"onemap/layers"
)

// A row is a line that was understood.
type row struct {
	line   int
	key    string
	gone   bool
	values []string // in the order of the fields
	at     orb.Geometry
}

// feature is a line as it comes. Names that it has besides are refused: a sender
// who writes "propertys" should hear of it.
type feature struct {
	Type       string                     `json:"type"`
	ID         json.RawMessage            `json:"id"`
	Delete     bool                       `json:"delete"`
	Geometry   json.RawMessage            `json:"geometry"`
	Properties map[string]json.RawMessage `json:"properties"`
}

func readFeature(text []byte) (f feature, refused *Answer) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return f, &Answer{Field: strings.Trim(name, `"`), Remedy: "a feature has type, id, geometry and properties, or id and delete"}
		}
		return f, &Answer{Value: layers.Short(string(text)), Remedy: "one JSON object in each line"}
	}
	if d.More() {
		return f, &Answer{Value: layers.Short(string(text)), Remedy: "one JSON object in each line"}
	}
	if f.Type != "" && f.Type != "Feature" {
		return f, &Answer{Field: "type", Value: layers.Short(f.Type), Remedy: "Feature"}
	}
	return f, nil
}

// read understands a line. fields are those that it may have.
func read(text []byte, line int, fields []string) (r row, refused *Answer) {
	refuse := func(a *Answer) (row, *Answer) {
		a.Line, a.Result, a.Key = line, Refused, r.key
		return r, a
	}
	f, bad := readFeature(text)
	if bad != nil {
		return refuse(bad)
	}
	r.line = line
	key, ok := scalar(f.ID)
	if key = strings.TrimSpace(key); !ok || key == "" || len(key) > 200 || strings.ContainsFunc(key, func(c rune) bool { return c < 0x20 || c == 0x7f }) {
		return refuse(&Answer{Field: "id", Value: layers.Short(string(f.ID)), Remedy: "the source's key: a text or number of at most 200 bytes"})
	}
	r.key = key
	if f.Delete {
		if f.Geometry != nil || f.Properties != nil {
			return refuse(&Answer{Field: "delete", Remedy: "either delete, or a geometry and properties"})
		}
		r.gone = true
		return r, nil
	}
	if len(f.Geometry) == 0 || string(f.Geometry) == "null" {
		return refuse(&Answer{Field: "geometry", Remedy: "a geometry: a line is the whole of what the source says of the feature"})
	}
	g, err := geojson.UnmarshalGeometry(f.Geometry)
	if err != nil || g.Geometry() == nil {
		return refuse(&Answer{Field: "geometry", Value: layers.Short(string(f.Geometry)), Remedy: "a GeoJSON geometry"})
	}
	r.at = g.Geometry()
	r.values = make([]string, len(fields))
	for name, raw := range f.Properties {
		i := slices.Index(fields, name)
		if i < 0 {
			return refuse(&Answer{Field: layers.Short(name), Remedy: "a field that the first line has too, or that the parameter fields names"})
		}
		v, ok := scalar(raw)
		if !ok {
			return refuse(&Answer{Field: name, Value: layers.Short(string(raw)), Remedy: "a text, a number, true, false or null"})
		}
		r.values[i] = v
	}
	return r, nil
}

// scalar is a JSON value as text, "" for null; false for an object or a list.
func scalar(raw json.RawMessage) (string, bool) {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", true
	case raw[0] == '"':
		var s string
		return s, json.Unmarshal(raw, &s) == nil
	case raw[0] == '{' || raw[0] == '[':
		return "", false
	}
	return string(raw), true
}

// remedy says what to do about a reason for which rows are rejected.
func remedy(reason string) string {
	switch {
	case reason == "no value":
		return "a value: the layer asks for one"
	case reason == "not in the list of allowed values":
		return "a value of the field's list, see the layer's description"
	case reason == "the value of another feature, which must be unique", reason == "the value of an earlier row, which must be unique":
		return "another value: this one is taken, and it must be unique"
	case reason == "not longitude and latitude: are they swapped, or is the coordinate system another?":
		return "longitude before latitude, in the system that the parameter crs declares"
	case reason == "far outside the mapping's bounds, or all grids", strings.HasPrefix(reason, "outside the area of"):
		return "a place in the city, in the system that the parameter crs declares (" + reason + ")"
	case strings.HasPrefix(reason, "not a coordinate"), reason == "0, 0 is no place but a missing one":
		return "a place: " + reason
	case strings.HasPrefix(reason, "outside your"), strings.HasPrefix(reason, "it would"):
		return "leave it to its own organisation: " + reason
	}
	return "another value: this is " + reason
}

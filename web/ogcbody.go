package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/edit"
)

// readDraft reads what a writer sends for a layer: a GeoJSON Feature, or with
// patch a JSON merge patch of one (RFC 7396), of which anything may be left
// out. Coordinates are in ref. Members other than type, geometry and properties
// are ignored, id among them.
func readDraft(body io.Reader, l layers.Layer, ref crs.Reference, patch bool) (edit.Draft, error) {
	b, err := io.ReadAll(body)
	if err != nil {
		return edit.Draft{}, fmt.Errorf("read the body: %w", err)
	}
	var in, properties map[string]json.RawMessage
	if err := json.Unmarshal(b, &in); err != nil || in == nil {
		return edit.Draft{}, &layers.InputError{Field: "body", Remedy: "a GeoJSON Feature" + atByte(err)}
	}
	if kind, ok := in["type"]; (ok || !patch) && string(kind) != `"Feature"` {
		return edit.Draft{}, &layers.InputError{Field: "type", Remedy: "Feature"}
	}
	d := edit.Draft{Declared: ref.CRS(), Values: map[string]any{}}
	if g, ok := in["geometry"]; ok {
		if d.Geometry, d.Orig, err = readGeometry(g, l, ref, patch); err != nil {
			return d, err
		}
	}
	raw, ok := in["properties"]
	if json.Unmarshal(raw, &properties) != nil && ok || ok && properties == nil && patch {
		return d, &layers.InputError{Field: "properties", Remedy: "an object of fields and their values"}
	}
	for name, raw := range properties {
		if access.Computed(name) { // found from the place; a reader sends back what it got
			continue
		}
		f, ok := l.Field(name)
		if !ok {
			return d, &layers.InputError{Field: "properties." + layers.Short(name), Remedy: "leave it out: layer " + l.Name + " has no such field for you to write"}
		}
		if d.Values[name], err = readValue(f, raw); err != nil {
			return d, err
		}
	}
	return d, nil
}

// atByte says at which byte JSON ends to be JSON.
func atByte(err error) string {
	if syntax, ok := err.(*json.SyntaxError); ok { //nolint:errorlint // json wraps none of its own
		return " (no JSON at byte " + strconv.FormatInt(syntax.Offset, 10) + ")"
	}
	return ""
}

// readValue reads a property as its field's type; null is nil.
func readValue(f layers.Field, raw json.RawMessage) (any, error) {
	bad := func(remedy string) error {
		return &layers.InputError{Field: "properties." + f.Name, Value: layers.Short(string(raw)), Remedy: remedy}
	}
	if bytes.Equal(raw, []byte("null")) {
		return nil, nil
	}
	switch f.Type {
	case "integer", "number":
		var n json.Number
		if raw[0] == '"' || json.Unmarshal(raw, &n) != nil {
			return nil, bad("a number")
		}
		if f.Type == "integer" {
			if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
				return i, nil
			}
			v, err := n.Float64()
			if err != nil || v != math.Trunc(v) || math.Abs(v) > 1<<53 {
				return nil, bad("a whole number")
			}
			return int64(v), nil
		}
		v, err := n.Float64()
		if err != nil {
			return nil, bad("a number that fits 64 bits")
		}
		return v, nil
	case "boolean":
		var v bool
		if json.Unmarshal(raw, &v) != nil {
			return nil, bad("true or false")
		}
		return v, nil
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return nil, bad("a text")
	}
	switch f.Type {
	case "date":
		at, err := time.Parse(time.DateOnly, text)
		if err != nil || !inRange(at) {
			return nil, bad("a date: 2026-11-22")
		}
		return at, nil
	case "time":
		at, err := time.Parse(time.RFC3339, text)
		if err != nil || !inRange(at) {
			return nil, bad("a time with its zone: 2026-11-22T08:00:00Z")
		}
		return at, nil
	}
	return text, nil
}

// readGeometry reads a GeoJSON geometry written in ref. It returns it in
// degrees, and as it came in (x, y) order where that was in metres. A single
// part makes a layer's multiple geometry; heights are not kept.
func readGeometry(raw json.RawMessage, l layers.Layer, ref crs.Reference, patch bool) (g, orig orb.Geometry, err error) {
	var in struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	}
	if bytes.Equal(raw, []byte("null")) {
		return nil, nil, &layers.InputError{Field: "geometry", Remedy: "a " + l.Geometry + ": a feature of this layer has a place"}
	}
	if json.Unmarshal(raw, &in) != nil {
		return nil, nil, &layers.InputError{Field: "geometry", Remedy: "a GeoJSON geometry of type " + l.Geometry}
	}
	if in.Type == "" && patch { // merged into the one that there is
		in.Type = l.Geometry
	}
	p := positions{}
	g = p.geometry(in.Type, in.Coordinates)
	if p.err != nil {
		return nil, nil, p.err
	}
	if g == nil || g.GeoJSONType() != l.Geometry && "Multi"+g.GeoJSONType() != l.Geometry {
		return nil, nil, &layers.InputError{Field: "geometry.type", Value: layers.Short(in.Type), Remedy: l.Geometry}
	}
	g = multiple(g, l.Geometry)
	written := g
	if g, err = crs.Each(written, ref.Read); err != nil {
		return nil, nil, &layers.InputError{Field: "geometry.coordinates", Remedy: "places of the coordinate system " + ref.URI + ", in its order of axes"}
	}
	if ref.Metres() {
		orig, err = crs.Each(written, func(p orb.Point) (orb.Point, error) { return ref.XY(p), nil })
	}
	return g, orig, err
}

// multiple makes one part a geometry of several, where the layer has those.
func multiple(g orb.Geometry, want string) orb.Geometry {
	switch g := g.(type) {
	case orb.Point:
		if want == "MultiPoint" {
			return orb.MultiPoint{g}
		}
	case orb.LineString:
		if want == "MultiLineString" {
			return orb.MultiLineString{g}
		}
	case orb.Polygon:
		if want == "MultiPolygon" {
			return orb.MultiPolygon{g}
		}
	}
	return g
}

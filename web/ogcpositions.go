package web

import (
	"encoding/json"
	"fmt"

	"github.com/paulmach/orb"

	"onemap/layers"
)

// positions reads the coordinates of GeoJSON geometries strictly, and keeps the
// first fault with its path: libraries take [1] for a place at 1, 0.
type positions struct{ err error }

func (p *positions) fail(path, remedy string) {
	if p.err == nil {
		p.err = &layers.InputError{Field: "geometry.coordinates" + path, Remedy: remedy}
	}
}

// geometry returns nil for a type that no layer has.
func (p *positions) geometry(kind string, raw json.RawMessage) orb.Geometry {
	switch kind {
	case "Point":
		return p.point("", raw)
	case "MultiPoint":
		return orb.MultiPoint(p.points("", raw, 1))
	case "LineString":
		return orb.LineString(p.points("", raw, 2))
	case "MultiLineString":
		var out orb.MultiLineString
		p.each("", raw, func(path string, one json.RawMessage) { out = append(out, orb.LineString(p.points(path, one, 2))) })
		return out
	case "Polygon":
		return p.polygon("", raw)
	case "MultiPolygon":
		var out orb.MultiPolygon
		p.each("", raw, func(path string, one json.RawMessage) { out = append(out, p.polygon(path, one)) })
		return out
	}
	return nil
}

func (p *positions) polygon(path string, raw json.RawMessage) orb.Polygon {
	var out orb.Polygon
	p.each(path, raw, func(path string, one json.RawMessage) {
		ring := orb.Ring(p.points(path, one, 4))
		if p.err == nil && ring[0] != ring[len(ring)-1] {
			p.fail(path, "a ring that ends where it begins")
		}
		out = append(out, ring)
	})
	return out
}

// each goes through an array that has at least one element.
func (p *positions) each(path string, raw json.RawMessage, f func(path string, one json.RawMessage)) {
	var all []json.RawMessage
	if json.Unmarshal(raw, &all) != nil || len(all) == 0 {
		p.fail(path, "an array with something in it")
		return
	}
	for i, one := range all {
		if p.err != nil {
			return
		}
		f(fmt.Sprintf("%s[%d]", path, i), one)
	}
}

func (p *positions) points(path string, raw json.RawMessage, least int) []orb.Point {
	var out []orb.Point
	p.each(path, raw, func(path string, one json.RawMessage) { out = append(out, p.point(path, one)) })
	if p.err == nil && len(out) < least {
		p.fail(path, fmt.Sprintf("at least %d positions", least))
	}
	return out
}

func (p *positions) point(path string, raw json.RawMessage) orb.Point {
	var v []float64
	if json.Unmarshal(raw, &v) != nil || len(v) < 2 || len(v) > 4 || string(raw) == "null" {
		p.fail(path, "a position: two numbers")
		return orb.Point{}
	}
	return orb.Point{v[0], v[1]}
}

package cql2

import (
	"fmt"
	"strings"

	"github.com/paulmach/orb"
)

// shape reads a field, a GeoJSON geometry, or a box.
func (r *jsonReader) shape(n *node) shape {
	if n.member("property") != nil {
		return r.shapeOf(r.scalar(n, 0))
	}
	if b := n.member("bbox"); b != nil && n.member("type") == nil {
		var v []float64
		for _, x := range r.items(b) {
			v = append(v, r.float(x))
		}
		return r.checked(n.at, r.box(n.at, v))
	}
	return r.checked(n.at, r.geometry(n, 0))
}

func (r *jsonReader) geometry(n *node, depth int) orb.Geometry {
	if depth > MaxDepth {
		r.tooDeep(n.at)
	}
	typ := n.member("type")
	if typ == nil || typ.kind != isText || !isGeometry(strings.ToUpper(typ.text)) {
		r.fail(n.at, "found "+n.show(), `expected a GeoJSON geometry, {"bbox": […]} or {"property": "geom"}`)
	}
	if typ.text == "GeometryCollection" {
		var g orb.Collection
		for _, m := range r.items(n.member("geometries")) {
			g = append(g, r.geometry(m, depth+1))
		}
		return g
	}
	c := n.member("coordinates")
	if c == nil {
		r.fail(n.at, "the geometry has no coordinates", `write "coordinates": […]`)
	}
	lines := func(c *node) (out [][]orb.Point) {
		for _, l := range r.items(c) {
			out = append(out, r.positions(l))
		}
		return out
	}
	polygon := func(c *node) (p orb.Polygon) {
		for _, l := range lines(c) {
			p = append(p, l)
		}
		return p
	}
	switch typ.text {
	case "Point":
		return r.position(c)
	case "MultiPoint":
		return orb.MultiPoint(r.positions(c))
	case "LineString":
		return orb.LineString(r.positions(c))
	case "MultiLineString":
		var g orb.MultiLineString
		for _, l := range lines(c) {
			g = append(g, l)
		}
		return g
	case "Polygon":
		return polygon(c)
	case "MultiPolygon":
		var g orb.MultiPolygon
		for _, p := range r.items(c) {
			g = append(g, polygon(p))
		}
		return g
	}
	r.fail(typ.at, "there is no geometry "+short(typ.text), "GeoJSON writes Point, LineString, Polygon, their Multi… and GeometryCollection")
	return nil
}

func (r *jsonReader) positions(n *node) (out []orb.Point) {
	for _, p := range r.items(n) {
		out = append(out, r.position(p))
	}
	return out
}

func (r *jsonReader) position(n *node) orb.Point {
	xs := r.items(n)
	if len(xs) != 2 && len(xs) != 3 {
		r.fail(n.at, fmt.Sprintf("a position has %d numbers", len(xs)), "write two")
	}
	return r.place(n.at, r.float(xs[0]), r.float(xs[1]))
}

func (r *jsonReader) items(n *node) []*node {
	if n == nil {
		return nil
	}
	if n.kind != isList {
		r.fail(n.at, "found "+n.show(), "expected a list")
	}
	return n.list
}

func (r *jsonReader) float(n *node) float64 {
	if n.kind != isNumber {
		r.fail(n.at, "found "+n.show(), "expected a number")
	}
	switch v := r.numeric(operand{at: n.at}, n.text).value.(type) {
	case int64:
		r.values--
		return float64(v)
	case float64:
		r.values--
		return v
	}
	return 0
}

package cql2

import (
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

func isGeometry(word string) bool {
	switch word {
	case "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION":
		return true
	}
	return false
}

// opensGeometry says whether what follows the token can only be a geometry.
func (r *reader) opensGeometry() bool {
	if r.opens() {
		return true
	}
	save, tok := r.i, r.tok
	r.next()
	follows := r.is("Z") || r.is("M") || r.is("ZM") || r.is("EMPTY")
	r.i, r.tok = save, tok
	return follows
}

// geometry reads a geometry in WKT. Heights are read over: the map has none.
func (r *reader) geometry(depth int) orb.Geometry {
	t := r.tok
	if t.kind != name || !isGeometry(t.upper) {
		r.expected("a geometry as POINT(120.1 29.3)")
	}
	if depth > MaxDepth {
		r.tooDeep(t.at)
	}
	r.next()
	r.accept("Z")
	if r.is("EMPTY") {
		r.fail(r.tok.at, "the geometry is empty", "write its coordinates in parentheses")
	}
	switch t.upper {
	case "POINT":
		r.want("(", t.text)
		p := r.position()
		r.want(")", "the coordinates")
		return p
	case "LINESTRING":
		return orb.LineString(r.positions(t.text))
	case "POLYGON":
		return r.polygon(t.text)
	case "MULTIPOINT":
		var g orb.MultiPoint
		r.list(t.text, func() {
			wrapped := r.accept("(")
			g = append(g, r.position())
			if wrapped {
				r.want(")", "the coordinates")
			}
		})
		return g
	case "MULTILINESTRING":
		var g orb.MultiLineString
		r.list(t.text, func() { g = append(g, orb.LineString(r.positions("("))) })
		return g
	case "MULTIPOLYGON":
		var g orb.MultiPolygon
		r.list(t.text, func() { g = append(g, r.polygon("(")) })
		return g
	}
	var g orb.Collection
	r.list(t.text, func() { g = append(g, r.geometry(depth+1)) })
	return g
}

// list reads what one reads, in parentheses, separated by commas.
func (r *reader) list(after string, one func()) {
	r.want("(", after)
	for one(); r.accept(","); {
		one()
	}
	if !r.is(")") {
		r.expected(", or )")
	}
	r.next()
}

func (r *reader) polygon(after string) orb.Polygon {
	var p orb.Polygon
	r.list(after, func() { p = append(p, orb.Ring(r.positions("("))) })
	return p
}

func (r *reader) positions(after string) []orb.Point {
	var ps []orb.Point
	r.list(after, func() { ps = append(ps, r.position()) })
	return ps
}

// position reads two coordinates, or three.
func (r *reader) position() orb.Point {
	at := r.tok.at
	x := r.coordinate("two coordinates")
	y := r.coordinate("the second coordinate")
	if r.tok.kind == number || r.is("-") || r.is("+") {
		r.coordinate("a height")
	}
	return r.place(at, x, y)
}

func (r *reader) coordinate(what string) float64 {
	text := ""
	if r.is("-") || r.is("+") {
		text = strings.TrimPrefix(r.tok.text, "+")
		r.next()
	}
	if r.tok.kind != number {
		r.expected(what + " as a number")
	}
	at := r.tok.at
	x, err := strconv.ParseFloat(text+r.tok.text, 64)
	if err != nil {
		r.fail(at, "the number "+short(r.tok.text)+" is too large", "write a coordinate")
	}
	r.next()
	return x
}

// bbox reads BBOX(west, south, east, north), or six numbers with heights.
func (r *reader) bbox() orb.Geometry {
	at := r.tok.at
	r.next()
	var v []float64
	r.list("BBOX", func() {
		if len(v) == 6 {
			r.expected(")")
		}
		v = append(v, r.coordinate("a coordinate"))
	})
	return r.box(at, v)
}

package relate

import (
	"math"

	"github.com/paulmach/orb"
)

// What a point is to a geometry.
type location int

const (
	interior location = iota
	border
	exterior
)

// Dimensions.
const (
	point = 0
	line  = 1
	area  = 2
)

// segment is one edge. The interior of an area is on its left.
type segment struct{ a, b orb.Point }

// operand is a geometry of one dimension, without empty parts.
type operand struct {
	dim    int
	bound  orb.Bound
	points map[orb.Point]bool // of points; of lines, their border
	segs   []segment
	breaks []int // where in segs a new line or ring begins
	parts  int   // of lines
	bands  bands
}

// operands takes a geometry apart: none of an empty one, one of each other but
// collections, which give their members'.
func operands(g orb.Geometry) []operand {
	o := operand{dim: point, points: map[orb.Point]bool{}}
	switch g := g.(type) {
	case orb.Point:
		o.addPoint(g)
	case orb.MultiPoint:
		for _, p := range g {
			o.addPoint(p)
		}
	case orb.LineString:
		o.dim = line
		o.addLine(g)
	case orb.MultiLineString:
		o.dim = line
		for _, l := range g {
			o.addLine(l)
		}
	case orb.Ring:
		return operands(orb.Polygon{g})
	case orb.Polygon:
		return operands(orb.MultiPolygon{g})
	case orb.MultiPolygon:
		o.dim = area
		for _, p := range g {
			for i, r := range p {
				o.addRing(r, i > 0)
			}
		}
	case orb.Bound:
		return operands(g.ToPolygon())
	case orb.Collection:
		var all []operand
		for _, m := range g {
			all = append(all, operands(m)...)
		}
		return all
	}
	if len(o.points) == 0 && len(o.segs) == 0 {
		return nil
	}
	if o.dim == line {
		for p, odd := range o.points { // the mod-2 rule (OGC 06-103r4, 6.1.8)
			if !odd {
				delete(o.points, p)
			}
		}
	}
	o.bound = o.extent()
	o.bands = cutIntoBands(o.segs, o.bound)
	return []operand{o}
}

func (o *operand) addPoint(p orb.Point) {
	if p[0] == p[0] && p[1] == p[1] { // POINT EMPTY is NaN
		o.points[zeroed(p)] = true
	}
}

func (o *operand) addLine(ps orb.LineString) {
	if !o.addSegments(ps, false) {
		return
	}
	o.parts++
	for _, end := range []orb.Point{ps[0], ps[len(ps)-1]} {
		end = zeroed(end)
		o.points[end] = !o.points[end]
	}
}

// addRing adds a ring so that the area's interior is on its left.
func (o *operand) addRing(r orb.Ring, hole bool) {
	o.addSegments(orb.LineString(r), (r.Orientation() == orb.CCW) == hole)
}

func (o *operand) addSegments(ps orb.LineString, backward bool) bool {
	from := len(o.segs)
	for i := 1; i < len(ps); i++ {
		s := segment{zeroed(ps[i-1]), zeroed(ps[i])}
		if backward {
			j := len(ps) - i
			s = segment{zeroed(ps[j]), zeroed(ps[j-1])}
		}
		if s.a != s.b {
			o.segs = append(o.segs, s)
		}
	}
	if len(o.segs) == from {
		return false
	}
	o.breaks = append(o.breaks, from)
	return true
}

// zeroed makes -0 to 0, which are one place but two keys of a map.
func zeroed(p orb.Point) orb.Point { return orb.Point{p[0] + 0, p[1] + 0} }

func (o *operand) extent() orb.Bound {
	b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for p := range o.points {
		b = b.Extend(p)
	}
	for _, s := range o.segs {
		b = b.Extend(s.a).Extend(s.b)
	}
	return b
}

package memory

import (
	"math"

	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/tiles/shape"
)

// slack is how far, in world units, a place may be from where the row says: a
// point by its rounding, an edge by its own.
const slack = 2

// within asks whether rows meet a box. It cannot tell of points within the slack
// of its edges, nor of shapes whose box is partly inside.
func (l *layer) within(c where.Within) (test, bool) {
	b := c.Bound
	if !(b.Min[0] <= b.Max[0] && b.Min[1] <= b.Max[1]) {
		return nil, false
	}
	nw, se := shape.Project(b.Min[0], b.Max[1]), shape.Project(b.Max[0], b.Min[1])
	t := withinTest{points: l.points, box: shape.Box{MinX: nw.X, MinY: nw.Y, MaxX: se.X, MaxY: se.Y}}
	// An edge beyond the world is no edge of rows at the world's.
	if b.Min[0] <= -180 {
		t.box.MinX = math.MinInt32
	}
	if b.Max[0] >= 180 {
		t.box.MaxX = math.MaxInt64 / 2
	}
	if b.Max[1] >= 90 {
		t.box.MinY = math.MinInt32
	}
	if b.Min[1] <= -90 {
		t.box.MaxY = math.MaxInt64 / 2
	}
	t.inner = shape.Box{MinX: t.box.MinX + slack, MinY: t.box.MinY + slack, MaxX: t.box.MaxX - slack, MaxY: t.box.MaxY - slack}
	t.outer = shape.Box{MinX: t.box.MinX - slack, MinY: t.box.MinY - slack, MaxX: t.box.MaxX + slack, MaxY: t.box.MaxY + slack}
	return t, true
}

type withinTest struct {
	points            bool
	box, inner, outer shape.Box
}

func (t withinTest) on(e *eval, b *block, sel []uint16, out []truth) truth {
	if t.inner.Holds(b.box) {
		return yes
	}
	if !t.outer.Touches(b.box) {
		return no
	}
	for i, row := range sel {
		box := b.rowBox(t.points, int(row))
		switch {
		case t.inner.Holds(box):
			out[i] = yes
		case !t.outer.Touches(box):
			out[i] = no
		default:
			out[i], e.doubt = e.guess, true
		}
	}
	return mixed
}

// rowBox is the box of a row of either kind.
func (b *block) rowBox(points bool, i int) shape.Box {
	if points {
		x, y := b.x(i), b.y(i)
		return shape.Box{MinX: x, MinY: y, MaxX: x, MaxY: y}
	}
	return b.boxAt(i)
}

// near is the distance, in degrees, from the edges of a geometry within which
// memory does not tell: about 5 mm.
const near = 5e-8

// A spatialTest asks how rows stand to a geometry. Away from its edges a point
// is inside or outside, and that is all there is to say.
type spatialTest struct {
	points          bool
	inside, outside truth
	areas           [][]segment // of each polygon of the geometry
	lines           []segment   // all edges, and points as edges without length
	bound           orb.Bound   // wider by near
	box             shape.Box   // the same, in world units, and a little wider
}

type segment struct{ a, b orb.Point }

func (l *layer) spatial(c where.Spatial) (test, bool) {
	t := &spatialTest{points: l.points, inside: no, outside: no}
	switch c.Op {
	case "intersects":
		t.inside = yes
	case "within":
		t.inside = yes
	case "disjoint":
		t.outside = yes
	case "contains", "touches", "crosses", "overlaps", "equals":
	default:
		return nil, false
	}
	if c.Geometry == nil || !t.add(c.Geometry) {
		return nil, false
	}
	t.bound = c.Geometry.Bound().Pad(near)
	nw, se := shape.Project(t.bound.Min[0], t.bound.Max[1]), shape.Project(t.bound.Max[0], t.bound.Min[1])
	t.box = shape.Box{MinX: nw.X - slack, MinY: nw.Y - slack, MaxX: se.X + slack, MaxY: se.Y + slack}
	return t, true
}

// add takes the edges of a geometry.
func (t *spatialTest) add(g orb.Geometry) bool {
	switch g := g.(type) {
	case orb.Point:
		t.lines = append(t.lines, segment{g, g})
	case orb.MultiPoint:
		for _, p := range g {
			t.lines = append(t.lines, segment{p, p})
		}
	case orb.LineString:
		t.lines = append(t.lines, segments(g)...)
	case orb.MultiLineString:
		for _, l := range g {
			t.lines = append(t.lines, segments(l)...)
		}
	case orb.Bound:
		return t.add(g.ToPolygon())
	case orb.Ring:
		return t.add(orb.Polygon{g})
	case orb.Polygon:
		var edges []segment
		for _, r := range g {
			edges = append(edges, segments(r)...)
		}
		t.areas = append(t.areas, edges)
	case orb.MultiPolygon:
		for _, p := range g {
			t.add(p)
		}
	case orb.Collection:
		for _, g := range g {
			if g == nil || !t.add(g) {
				return false
			}
		}
	default:
		return false
	}
	return true
}

func segments[T ~[]orb.Point](line T) []segment {
	var out []segment
	for i := 1; i < len(line); i++ {
		out = append(out, segment{line[i-1], line[i]})
	}
	return out
}

func (t *spatialTest) on(e *eval, b *block, sel []uint16, out []truth) truth {
	if !t.box.Touches(b.box) {
		return t.outside
	}
	for i, row := range sel {
		box := b.rowBox(t.points, int(row))
		if !t.box.Touches(box) {
			out[i] = t.outside
			continue
		}
		side := unknown
		if t.points && box.MinY > 0 && box.MinY < last { // beyond these a latitude is not known
			lon, lat := shape.Unproject(shape.Point{X: box.MinX, Y: box.MinY})
			side = t.side(orb.Point{lon, lat})
		}
		switch side {
		case yes:
			out[i] = t.inside
		case no:
			out[i] = t.outside
		default:
			out[i], e.doubt = e.guess, true
		}
	}
	return mixed
}

// side tells whether a point is inside (yes), outside (no), or too near an edge
// to tell.
func (t *spatialTest) side(p orb.Point) truth {
	if !t.bound.Contains(p) {
		return no
	}
	for _, s := range t.lines {
		if s.near(p) {
			return unknown
		}
	}
	in := no
	for _, edges := range t.areas {
		odd := false
		for _, s := range edges {
			if s.near(p) {
				return unknown
			}
			if (s.a[1] > p[1]) != (s.b[1] > p[1]) && p[0] < s.a[0]+(p[1]-s.a[1])/(s.b[1]-s.a[1])*(s.b[0]-s.a[0]) {
				odd = !odd
			}
		}
		if odd {
			in = yes
		}
	}
	return in
}

// near tells whether a point is nearer than that to a segment.
func (s segment) near(p orb.Point) bool {
	if p[1] < min(s.a[1], s.b[1])-near || p[1] > max(s.a[1], s.b[1])+near ||
		p[0] < min(s.a[0], s.b[0])-near || p[0] > max(s.a[0], s.b[0])+near {
		return false
	}
	dx, dy := s.b[0]-s.a[0], s.b[1]-s.a[1]
	px, py := p[0]-s.a[0], p[1]-s.a[1]
	u := 0.0
	if d := dx*dx + dy*dy; d > 0 {
		u = max(0, min(1, (px*dx+py*dy)/d))
	}
	return math.Hypot(px-u*dx, py-u*dy) < near
}

// Package relate says how two geometries stand to each other in the plane: the
// predicates of OGC Simple Features (OGC 06-103r4, 6.1.15) by the dimensionally
// extended nine-intersection model, as PostGIS's ST_Intersects and its sisters
// say them.
//
// Coordinates are taken as plane ones, (x, y); of geometries in EPSG:4326 they
// are (lon, lat) in degrees. Geometries must be valid ([Invalid] tells), else
// the answers mean nothing. Which side of a line a point is on is exact; where
// two segments cross between their ends, the order of such crossings along one
// of them is as exact as float64.
package relate

import (
	"slices"

	"github.com/paulmach/orb"
)

// Ops are the names of the predicates.
var Ops = []string{"intersects", "disjoint", "within", "contains", "touches", "crosses", "overlaps", "equals"}

// Holds says whether a stands to b as op, one of [Ops], says: a is within b. An
// empty geometry stands to none, but is disjoint from all and equals an empty
// one. Geometry collections may only intersect or be disjoint: for them every
// other op is false.
func Holds(op string, a, b orb.Geometry) bool { return Prepare(op, b).Holds(a) }

// Prepared is the right side of a predicate, for many left sides. It is safe
// for concurrent use.
type Prepared struct {
	op string
	b  []operand // one; of a collection, its members
}

// Prepare makes ready to compare geometries with b.
func Prepare(op string, b orb.Geometry) *Prepared { return &Prepared{op, operands(b)} }

// Holds says whether a stands to the prepared geometry as its op says.
func (p *Prepared) Holds(a orb.Geometry) bool {
	if pt, ok := a.(orb.Point); ok && pt[0] == pt[0] && pt[1] == pt[1] {
		return p.holdsPoint(pt)
	}
	left := operands(a)
	if p.op == "intersects" || p.op == "disjoint" {
		meets := slices.ContainsFunc(left, func(l operand) bool {
			return slices.ContainsFunc(p.b, func(r operand) bool { return intersects(l, r) })
		})
		return meets == (p.op == "intersects")
	}
	if len(left) == 0 || len(p.b) == 0 {
		return p.op == "equals" && len(left) == len(p.b)
	}
	if len(left) > 1 || len(p.b) > 1 {
		return false
	}
	return holds(p.op, left[0], p.b[0])
}

// holdsPoint is Holds of a point, without taking it apart: most features are
// points.
func (p *Prepared) holdsPoint(a orb.Point) bool {
	at := exterior
	for i := range p.b {
		at = min(at, p.b[i].locate(a))
	}
	alone := len(p.b) == 1
	switch p.op {
	case "intersects":
		return at != exterior
	case "disjoint":
		return at == exterior
	case "within":
		return alone && at == interior
	case "touches":
		return alone && at == border
	case "contains", "equals":
		return alone && at == interior && p.b[0].dim == point && len(p.b[0].points) == 1
	}
	return false
}

// Sure says of all geometries that lie in the box together whether they hold,
// if that is the same for each and can be told from the box alone; else sure is
// false. A geometry known to half a unit lies in a box of a unit.
func (p *Prepared) Sure(box orb.Bound) (holds, sure bool) {
	inside := false
	for _, r := range p.b {
		if !r.bound.Intersects(box) {
			continue
		}
		if r.touchesBox(box) {
			return false, false
		}
		if r.dim == area && r.locate(box.Min) == interior {
			inside = true
		}
	}
	switch p.op {
	case "disjoint":
		return !inside, true
	case "intersects", "within":
		return inside && (p.op == "intersects" || len(p.b) == 1), true
	}
	// No line of the geometry meets the box, so nothing in the box touches,
	// crosses, overlaps, holds or equals it.
	return false, true
}

// MeetsBox says whether g meets the closed box.
func MeetsBox(g orb.Geometry, box orb.Bound) bool {
	switch g := g.(type) {
	case nil:
		return false
	case orb.Point:
		return box.Contains(g)
	}
	b := g.Bound()
	if !b.Intersects(box) {
		return false
	}
	if box.Contains(b.Min) && box.Contains(b.Max) {
		return true
	}
	return slices.ContainsFunc(operands(g), func(o operand) bool {
		return o.touchesBox(box) || o.dim == area && o.locate(box.Min) == interior
	})
}

// holds decides the ops other than intersects and disjoint.
func holds(op string, a, b operand) bool {
	if !a.bound.Intersects(b.bound) {
		return false
	}
	holdsBox := func(out, in orb.Bound) bool { return out.Contains(in.Min) && out.Contains(in.Max) }
	switch op {
	case "within":
		if a.dim > b.dim || !holdsBox(b.bound, a.bound) {
			return false
		}
	case "contains":
		if a.dim < b.dim || !holdsBox(a.bound, b.bound) {
			return false
		}
	case "equals":
		if a.dim != b.dim || a.bound != b.bound {
			return false
		}
	case "overlaps":
		if a.dim != b.dim {
			return false
		}
	case "crosses":
		if a.dim == b.dim && a.dim != line {
			return false
		}
	}
	m := relate(a, b)
	switch op {
	case "within":
		return m[interior][interior] >= 0 && m[interior][exterior] < 0 && m[border][exterior] < 0
	case "contains":
		return m[interior][interior] >= 0 && m[exterior][interior] < 0 && m[exterior][border] < 0
	case "equals":
		return m[interior][interior] >= 0 && m[interior][exterior] < 0 && m[border][exterior] < 0 &&
			m[exterior][interior] < 0 && m[exterior][border] < 0
	case "touches":
		return m[interior][interior] < 0 && (m[interior][border] >= 0 || m[border][interior] >= 0 || m[border][border] >= 0)
	case "crosses":
		switch {
		case a.dim < b.dim:
			return m[interior][interior] >= 0 && m[interior][exterior] >= 0
		case a.dim > b.dim:
			return m[interior][interior] >= 0 && m[exterior][interior] >= 0
		}
		return m[interior][interior] == 0
	case "overlaps":
		if a.dim == line {
			return m[interior][interior] == 1 && m[interior][exterior] >= 0 && m[exterior][interior] >= 0
		}
		return m[interior][interior] >= 0 && m[interior][exterior] >= 0 && m[exterior][interior] >= 0
	}
	return false
}

package cql2

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"onemap/geo/relate"
	"onemap/geo/where"
)

// shape is a spatial operand: the field, or a geometry.
type shape struct {
	at    int
	field string
	g     orb.Geometry
}

// turnedShapes are the predicates that differ with their sides exchanged.
var turnedShapes = map[string]string{"within": "contains", "contains": "within"}

func (r *reader) spatialPredicate() where.Cond {
	f := r.tok
	op := strings.ToLower(strings.TrimPrefix(f.upper, "S_"))
	if !slices.Contains(relate.Ops, op) {
		r.fail(f.at, "there is no function "+short(f.text), "the spatial functions are S_"+strings.ToUpper(strings.Join(relate.Ops, ", S_")))
	}
	r.next()
	r.next()
	a := r.shape()
	r.want(",", "the first of two geometries")
	b := r.shape()
	r.want(")", "the second of two geometries")
	return r.spatial(op, a, b)
}

// spatial makes a condition of two shapes.
func (b *builder) spatial(op string, x, y shape) where.Cond {
	if b.shapes += max(members(x.g), members(y.g)); b.shapes > MaxShapes {
		b.fail(x.at, fmt.Sprintf("the filter has more than %d spatial conditions and members of collections", MaxShapes), "ask for one MULTIPOLYGON, or in parts")
	}
	switch {
	case x.field != "" && y.field != "":
		b.fail(y.at, y.field+" is the field again", "compare it with a geometry, as POINT(120.1 29.3) or BBOX(120, 29, 121, 30)")
	case x.field == "" && y.field != "":
		x, y = y, x
		if t, ok := turnedShapes[op]; ok {
			op = t
		}
	}
	if op == "touches" || op == "crosses" || op == "overlaps" {
		if b.edges += max(points(x.g), points(y.g)); b.edges > MaxEdges {
			b.fail(x.at, fmt.Sprintf("S_TOUCHES, S_CROSSES and S_OVERLAPS have geometries of more than %d points", MaxEdges), "simplify them, or ask S_INTERSECTS, which may have "+fmt.Sprint(MaxPoints))
		}
	}
	for _, s := range []shape{x, y} {
		if _, ok := s.g.(orb.Collection); ok && op != "intersects" && op != "disjoint" {
			b.fail(s.at, "a collection can only intersect or be disjoint", "write points, lines or polygons alone, as MULTIPOLYGON(…)")
		}
	}
	if x.field == "" {
		return constant(relate.Holds(op, x.g, y.g))
	}
	return where.Spatial{Op: op, Geometry: y.g}
}

// members is how many geometries a row is held against.
func members(g orb.Geometry) int {
	c, ok := g.(orb.Collection)
	if !ok {
		return 1
	}
	n := 0
	for _, m := range c {
		n += members(m)
	}
	return n
}

// points is how many points a geometry that can touch another has.
func points(g orb.Geometry) (n int) {
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
			n += points(p)
		}
	}
	return n
}

func (r *reader) shape() shape {
	t := r.tok
	if t.kind == name && (isGeometry(t.upper) || t.upper == "BBOX") && r.opensGeometry() {
		var g orb.Geometry
		if t.upper == "BBOX" {
			g = r.bbox()
		} else {
			g = r.geometry(0)
		}
		return r.checked(t.at, g)
	}
	if t.kind == quoted || t.kind == name && !r.opens() && !reserved[t.upper] {
		o := r.scalar("a field or a geometry")
		return r.shapeOf(o)
	}
	r.expected("the geometry's field, or a geometry as POINT(120.1 29.3) or BBOX(120, 29, 121, 30)")
	return shape{}
}

func (b *builder) shapeOf(o operand) shape {
	if o.typ != "geometry" {
		b.fail(o.at, o.show()+" is "+kinds[o.typ], "write the geometry's field, or a geometry as POINT(120.1 29.3)")
	}
	return shape{at: o.at, field: o.field}
}

// checked refuses a geometry that is not valid.
func (b *builder) checked(at int, g orb.Geometry) shape {
	if why := relate.Invalid(g); why != "" {
		b.fail(at, "the geometry "+why, "draw it so that rings are closed, lines do not cross each other and holes are inside")
	}
	return shape{at: at, g: g}
}

// place makes a point of two coordinates in the order of the filter's system.
func (b *builder) place(at int, x, y float64) orb.Point {
	if b.points++; b.points > MaxPoints {
		b.fail(at, fmt.Sprintf("the geometries have more than %d points", MaxPoints), "simplify them, or ask in parts")
	}
	if b.Project != nil {
		p, err := b.Project(x, y)
		if err != nil {
			b.fail(at, "these coordinates cannot be used", err.Error())
		}
		return p
	}
	p, order := orb.Point{x, y}, "longitude, then latitude"
	if b.LatLon {
		p, order = orb.Point{y, x}, "latitude, then longitude"
	}
	if math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90 {
		b.fail(at, fmt.Sprintf("(%g %g) is not on Earth", x, y), "write "+order+", in degrees: -180 to 180, and -90 to 90")
	}
	return p
}

// box makes a geometry of the numbers of a box: of one across the antimeridian
// two boxes, of one without width or height a line or a point.
func (b *builder) box(at int, v []float64) orb.Geometry {
	switch len(v) {
	case 6:
		v = []float64{v[0], v[1], v[3], v[4]}
	case 4:
	default:
		b.fail(at, fmt.Sprintf("the box has %d numbers", len(v)), "write four: west, south, east, north (or their order in filter-crs), or six with heights")
	}
	if b.Project != nil {
		return b.projectedBox(at, v)
	}
	min, max := b.place(at, v[0], v[1]), b.place(at, v[2], v[3])
	if min[1] > max[1] {
		b.fail(at, "the box's south is north of its north", "write the lower left corner first, then the upper right one")
	}
	if min[0] > max[0] {
		west, east := orb.Bound{Min: min, Max: orb.Point{180, max[1]}}, orb.Bound{Min: orb.Point{-180, min[1]}, Max: max}
		if min[1] < max[1] && min[0] < 180 && max[0] > -180 {
			return orb.MultiPolygon{west.ToPolygon(), east.ToPolygon()}
		}
		return orb.Collection{flat(west), flat(east)}
	}
	return flat(orb.Bound{Min: min, Max: max})
}

// flat is a box as a geometry that is valid.
func flat(b orb.Bound) orb.Geometry {
	switch {
	case b.Min == b.Max:
		return b.Min
	case b.Min[0] == b.Max[0] || b.Min[1] == b.Max[1]:
		return orb.LineString{b.Min, b.Max}
	}
	return b.ToPolygon()
}

// boxSteps is into how many pieces the edges of a box in a projected system are
// cut where they are no straight lines in degrees: over 100 km of a
// Gauss-Krüger zone the pieces stray by less than a centimetre from them.
const boxSteps = 64

func (b *builder) projectedBox(at int, v []float64) orb.Geometry {
	if v[0] >= v[2] || v[1] >= v[3] {
		b.fail(at, "the box has no area", "write the lower left corner first, then the upper right one")
	}
	corners := [5][2]float64{{v[0], v[1]}, {v[2], v[1]}, {v[2], v[3]}, {v[0], v[3]}, {v[0], v[1]}}
	var ring orb.Ring
	straight := true
	for i := 1; i < len(corners); i++ {
		p, q := corners[i-1], corners[i]
		var first orb.Point
		for k := range boxSteps + 1 {
			t := float64(k) / boxSteps
			pt, err := b.Project(p[0]+t*(q[0]-p[0]), p[1]+t*(q[1]-p[1]))
			if err != nil {
				b.fail(at, "this box cannot be used", err.Error())
			}
			if k == 0 {
				first = pt
			}
			straight = straight && (pt[0] == first[0] || pt[1] == first[1])
			if k < boxSteps {
				ring = append(ring, pt)
			}
		}
	}
	if straight { // as in Mercator's projection
		return ring.Bound().ToPolygon()
	}
	return orb.Polygon{append(ring, ring[0])}
}

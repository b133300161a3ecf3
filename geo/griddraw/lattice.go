package griddraw

import (
	"math"

	"github.com/paulmach/orb"
)

// A pt is a point of the lattice: 1e-7 degrees of longitude and latitude.
type pt struct{ x, y int64 }

const perDegree = 1e7

func toLattice(p orb.Point) pt {
	return pt{int64(math.Round(p[0] * perDegree)), int64(math.Round(p[1] * perDegree))}
}

// degrees gives the number that parses back to the same lattice point, as its
// shortest decimal form has seven digits.
func (p pt) degrees() orb.Point {
	return orb.Point{float64(p.x) / perDegree, float64(p.y) / perDegree}
}

func (p pt) less(q pt) bool { return p.x < q.x || p.x == q.x && p.y < q.y }

// turn is twice the signed area of abc: positive where c lies left of ab.
// Exact for extents below 100 degrees.
func turn(a, b, c pt) int64 { return (b.x-a.x)*(c.y-a.y) - (b.y-a.y)*(c.x-a.x) }

// The ellipsoid of WGS 84.
const (
	ellipsoidA = 6378137.0
	ellipsoidF = 1 / 298.257223563
)

// metres returns how long one lattice unit is to the east and to the north at
// lattice ordinate y.
func metres(y float64) (mx, my float64) {
	const e2 = ellipsoidF * (2 - ellipsoidF)
	sin, cos := math.Sincos(y / perDegree * math.Pi / 180)
	w := math.Sqrt(1 - e2*sin*sin)
	unit := math.Pi / 180 / perDegree
	return ellipsoidA / w * cos * unit, ellipsoidA * (1 - e2) / (w * w * w) * unit
}

func distM(a, b pt) float64 {
	mx, my := metres(float64(a.y+b.y) / 2)
	return math.Hypot(float64(b.x-a.x)*mx, float64(b.y-a.y)*my)
}

// ringCross is twice the signed area of a ring given without its last point, in
// lattice units, and the ordinate of its middle.
func ringCross(ring []pt) (cross float64, y float64) {
	if len(ring) == 0 {
		return 0, 0
	}
	o := ring[0]
	var s, m float64
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		c := float64(a.x-o.x)*float64(b.y-o.y) - float64(a.y-o.y)*float64(b.x-o.x)
		s += c
		m += c * float64(a.y-o.y+b.y-o.y) / 3
	}
	if s == 0 {
		return 0, float64(o.y)
	}
	return s, float64(o.y) + m/s
}

// ringAreaM2 is the signed area of a ring; positive where it runs anticlockwise.
func ringAreaM2(ring []pt) float64 {
	s, y := ringCross(ring)
	mx, my := metres(y)
	return s / 2 * mx * my
}

// AreaM2 is the area of a shape on the ellipsoid, good to 1e-5 of it for cells
// of up to ten kilometres.
func AreaM2(g orb.MultiPolygon) float64 {
	sum := 0.0
	for _, poly := range g {
		for i, r := range poly {
			a := math.Abs(ringAreaM2(latticeRing(r)))
			if i > 0 {
				a = -a
			}
			sum += a
		}
	}
	return sum
}

// latticeRing brings a ring to the lattice, without its last point and without
// corners that fall together.
func latticeRing(r orb.Ring) []pt {
	out := make([]pt, 0, len(r))
	for _, p := range r {
		q := toLattice(p)
		if len(out) == 0 || out[len(out)-1] != q {
			out = append(out, q)
		}
	}
	for len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}

func orbRing(ring []pt) orb.Ring {
	out := make(orb.Ring, 0, len(ring)+1)
	for _, p := range ring {
		out = append(out, p.degrees())
	}
	return append(out, out[0])
}

// A box is the closed extent of something.
type box struct{ x0, y0, x1, y1 int64 }

var noBox = box{math.MaxInt64, math.MaxInt64, math.MinInt64, math.MinInt64}

func (b box) with(p pt) box {
	return box{min(b.x0, p.x), min(b.y0, p.y), max(b.x1, p.x), max(b.y1, p.y)}
}
func (b box) meets(c box) bool {
	return b.x0 <= c.x1 && c.x0 <= b.x1 && b.y0 <= c.y1 && c.y0 <= b.y1
}

func boxOf(ring []pt) box {
	b := noBox
	for _, p := range ring {
		b = b.with(p)
	}
	return b
}

// inRings says whether (x, y) is inside rings, by the even-odd rule. y should be
// no corner's ordinate, or the answer on a corner's level is by convention.
func inRings(rings [][]pt, x, y float64) bool {
	in := false
	for _, r := range rings {
		for i, a := range r {
			b := r[(i+1)%len(r)]
			ay, by := float64(a.y), float64(b.y)
			if (ay > y) != (by > y) && x < float64(a.x)+float64(b.x-a.x)*(y-ay)/(by-ay) {
				in = !in
			}
		}
	}
	return in
}

// Holds says whether a place is inside a shape. On its edge the answer is
// either.
func Holds(shape orb.MultiPolygon, p orb.Point) bool {
	return inRings(ringsOf(shape), p[0]*perDegree, p[1]*perDegree+1e-3)
}

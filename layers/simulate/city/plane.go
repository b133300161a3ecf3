package city

import (
	"math"

	"github.com/paulmach/orb"
)

// The city's middle, near Yiwu. CGCS2000 and WGS 84 agree here within a metre.
const (
	middleLon = 120.072
	middleLat = 29.308
)

// Metres of one degree at the middle's latitude, on the ellipsoid of CGCS2000
// (a = 6378137 m, 1/f = 298.257222101).
var metresLon, metresLat = func() (lon, lat float64) {
	const a, f = 6378137.0, 1 / 298.257222101
	e2 := f * (2 - f)
	sin, cos := math.Sincos(middleLat * math.Pi / 180)
	w := math.Sqrt(1 - e2*sin*sin)
	return a / w * cos * math.Pi / 180, a * (1 - e2) / (w * w * w) * math.Pi / 180
}()

// lonLat turns metres of the plane into degrees, rounded to 1e-7. The plane is
// affine, so what is straight, nested or disjoint in it stays so.
func lonLat(p orb.Point) orb.Point {
	return orb.Point{
		math.Round((middleLon+p[0]/metresLon)*1e7) / 1e7,
		math.Round((middleLat+p[1]/metresLat)*1e7) / 1e7,
	}
}

func lonLats(ps []orb.Point) []orb.Point {
	out := make([]orb.Point, len(ps))
	for i, p := range ps {
		out[i] = lonLat(p)
	}
	return out
}

func add(a, b orb.Point) orb.Point         { return orb.Point{a[0] + b[0], a[1] + b[1]} }
func sub(a, b orb.Point) orb.Point         { return orb.Point{a[0] - b[0], a[1] - b[1]} }
func mul(a orb.Point, s float64) orb.Point { return orb.Point{a[0] * s, a[1] * s} }
func dot(a, b orb.Point) float64           { return a[0]*b[0] + a[1]*b[1] }
func cross(a, b orb.Point) float64         { return a[0]*b[1] - a[1]*b[0] }
func norm(a orb.Point) float64             { return math.Hypot(a[0], a[1]) }
func dist(a, b orb.Point) float64          { return norm(sub(a, b)) }
func left(a orb.Point) orb.Point           { return orb.Point{-a[1], a[0]} }

// mix is the point at the share t of the way from a to b.
func mix(a, b orb.Point, t float64) orb.Point { return add(mul(a, 1-t), mul(b, t)) }

// unit is a's direction; the zero vector stays zero.
func unit(a orb.Point) orb.Point {
	if n := norm(a); n > 0 {
		return mul(a, 1/n)
	}
	return a
}

// turned is a turned by the angle, in radians, anticlockwise.
func turned(a orb.Point, angle float64) orb.Point {
	sin, cos := math.Sincos(angle)
	return orb.Point{a[0]*cos - a[1]*sin, a[0]*sin + a[1]*cos}
}

// areaOf is the signed area of a closed ring given without its last point, in
// square metres; positive where it runs anticlockwise.
func areaOf(ring []orb.Point) float64 {
	s := 0.0
	for i, p := range ring {
		s += cross(p, ring[(i+1)%len(ring)])
	}
	return s / 2
}

// centroid is the centre of mass of a ring.
func centroid(ring []orb.Point) orb.Point {
	var c orb.Point
	a := 0.0
	o := ring[0] // near the ring, so that nothing cancels
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		w := cross(sub(p, o), sub(q, o))
		c = add(c, mul(add(sub(p, o), sub(q, o)), w))
		a += w
	}
	if a == 0 {
		return o
	}
	return add(o, mul(c, 1/(3*a)))
}

// inside says whether p is inside a ring, by counting the edges to its right.
func inside(ring []orb.Point, p orb.Point) bool {
	in := false
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0]+(b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1]) {
			in = !in
		}
	}
	return in
}

// toSegment is the distance of p from the segment ab.
func toSegment(p, a, b orb.Point) float64 {
	d := sub(b, a)
	t := dot(sub(p, a), d) / max(dot(d, d), 1e-12)
	return dist(p, add(a, mul(d, min(1, max(0, t)))))
}

// toRing is the distance of p from a ring's edges.
func toRing(ring []orb.Point, p orb.Point) float64 {
	d := math.Inf(1)
	for i, a := range ring {
		d = min(d, toSegment(p, a, ring[(i+1)%len(ring)]))
	}
	return d
}

// toLine is the distance of p from a polyline.
func toLine(line []orb.Point, p orb.Point) float64 {
	d := math.Inf(1)
	for i := 1; i < len(line); i++ {
		d = min(d, toSegment(p, line[i-1], line[i]))
	}
	return d
}

// meet returns where the segments ab and cd cross, as a share of each.
func meet(a, b, c, d orb.Point) (s, t float64, ok bool) {
	u, v := sub(b, a), sub(d, c)
	den := cross(u, v)
	if math.Abs(den) < 1e-9 {
		return 0, 0, false
	}
	w := sub(c, a)
	s, t = cross(w, v)/den, cross(w, u)/den
	return s, t, s >= 0 && s <= 1 && t >= 0 && t <= 1
}

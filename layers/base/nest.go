package base

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// nest puts rings that do not cross into each other: a ring inside an even
// number of others bounds an area, one inside an odd number a hole of the
// smallest area around it. Areas come largest first, outer rings run
// counter-clockwise and holes clockwise (RFC 7946, 3.1.6).
func nest(rings []orb.Ring) orb.MultiPolygon {
	type ring struct {
		orb.Ring
		bound orb.Bound
		area  float64
		depth int
		into  int // index of its polygon
	}
	all := make([]ring, len(rings))
	for i, r := range rings {
		all[i] = ring{Ring: r, bound: r.Bound(), area: math.Abs(signedArea(r))}
	}
	slices.SortStableFunc(all, func(a, b ring) int { return cmp.Compare(b.area, a.area) })
	var out orb.MultiPolygon
	for i := range all {
		r := &all[i]
		r.into = -1
		// Halfway along an edge, because a vertex may be one where rings touch.
		p := orb.Point{(r.Ring[0][0] + r.Ring[1][0]) / 2, (r.Ring[0][1] + r.Ring[1][1]) / 2}
		around := -1
		for j := range all[:i] {
			if all[j].bound.Contains(p) && inside(all[j].Ring, p) {
				r.depth++
				around = j // the last is the smallest
			}
		}
		if r.depth%2 == 0 {
			r.into = len(out)
			out = append(out, orb.Polygon{turned(r.Ring, true)})
			continue
		}
		r.into = all[around].into
		out[r.into] = append(out[r.into], turned(r.Ring, false))
	}
	return out
}

// signedArea is in square degrees, positive where r runs counter-clockwise.
func signedArea(r orb.Ring) (a float64) {
	o := r[0] // near the ring, so that small rings keep their digits
	for i := 1; i < len(r); i++ {
		a += (r[i-1][0]-o[0])*(r[i][1]-o[1]) - (r[i][0]-o[0])*(r[i-1][1]-o[1])
	}
	return a / 2
}

// inside says whether p is inside r, by counting crossings to its east.
func inside(r orb.Ring, p orb.Point) bool {
	in := false
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0]+(p[1]-a[1])*(b[0]-a[0])/(b[1]-a[1]) {
			in = !in
		}
	}
	return in
}

// turned returns r counter-clockwise or clockwise, reversed in place where needed.
func turned(r orb.Ring, counterClockwise bool) orb.Ring {
	if (signedArea(r) > 0) != counterClockwise {
		slices.Reverse(r)
	}
	return r
}

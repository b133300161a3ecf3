package griddraw

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// outlines returns the shape of each cell, where of[face] is a face's cell, -1
// none. Corners where only two edges meet stay: they are the line's shape. A
// cell is one polygon or, where its faces hang together by nothing, several.
func (a *arrangement) outlines(of []int32, cells int) []orb.MultiPolygon {
	cell := func(h int32) int32 {
		if f := a.face[h]; f >= 0 {
			return of[f]
		}
		return -1
	}
	edge := func(h int32) bool { return cell(h) != cell(twin(h)) }
	seen := make([]bool, len(a.org))
	type ring struct {
		pts  []pt
		area float64
	}
	rings := make([][]ring, cells)
	for h := range int32(len(a.org)) {
		c := cell(h)
		if seen[h] || c < 0 || !edge(h) {
			continue
		}
		var pts []pt
		for g := h; !seen[g]; {
			seen[g] = true
			pts = append(pts, a.from(g))
			// On through the outside: so a ring that touches itself in a corner
			// becomes two rings that touch, as the OGC's polygons want it.
			g = twin(g)
			for {
				if g = a.around(g, 1); cell(g) == c && edge(g) {
					break
				}
			}
		}
		rings[c] = append(rings[c], ring{pts, ringAreaM2(pts)})
	}
	out := make([]orb.MultiPolygon, cells)
	for c, all := range rings {
		slices.SortFunc(all, func(r, s ring) int {
			return cmp.Or(cmp.Compare(math.Abs(r.area), math.Abs(s.area)), cmp.Compare(r.pts[0].x, s.pts[0].x), cmp.Compare(r.pts[0].y, s.pts[0].y))
		})
		var mp orb.MultiPolygon
		var shells []ring
		for i := len(all) - 1; i >= 0; i-- {
			if all[i].area > 0 {
				shells = append(shells, all[i])
				mp = append(mp, orb.Polygon{orbRing(all[i].pts)})
			}
		}
		for _, r := range all {
			if r.area > 0 {
				continue
			}
			at := 0
			for i := len(shells) - 1; i >= 0 && len(shells) > 1; i-- { // smallest first
				if holds(shells[i].pts, r.pts) {
					at = i
					break
				}
			}
			if len(mp) > 0 {
				mp[at] = append(mp[at], orbRing(r.pts))
			}
		}
		out[c] = mp
	}
	return out
}

// holds says whether a hole, which crosses no shell but may touch it, is inside
// the shell: by the middles of its edges.
func holds(shell, hole []pt) bool {
	x, y := pointIn([][]pt{hole})
	return inRings([][]pt{shell}, x, y)
}

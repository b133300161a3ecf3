package city

import (
	"slices"

	"github.com/paulmach/orb"
)

// outline returns the ground of some blocks as longitude and latitude: the
// edges that only one side of them has. Neighbouring outlines share their
// corners exactly.
func (c *City) outline(blocks []int) orb.MultiPolygon {
	m := c.mesh
	in := make(map[int]bool, len(blocks))
	for _, b := range blocks {
		in[c.blocks[b].face] = true
	}
	var border []int
	at := map[int][]int{} // border half-edges by the corner they leave
	for _, b := range blocks {
		for _, h := range m.ring(c.blocks[b].face) {
			if !in[m.half[h^1].face] {
				border = append(border, h)
				at[m.half[h].from] = append(at[m.half[h].from], h)
			}
		}
	}
	used := map[int]bool{}
	var outer, holes [][]orb.Point
	for _, start := range border {
		if used[start] {
			continue
		}
		// Walk on; where a corner is met again, the loop since then is a ring
		// of its own, so that no ring touches itself.
		var path []int // corners
		seen := map[int]int{}
		h := start
		for {
			used[h] = true
			v := m.half[h].from
			seen[v] = len(path)
			path = append(path, v)
			w := m.to(h)
			if k, ok := seen[w]; ok {
				var ring []orb.Point
				for _, x := range path[k:] {
					ring = append(ring, m.at[x])
					delete(seen, x)
				}
				path = path[:k]
				if areaOf(ring) > 0 {
					outer = append(outer, ring)
				} else {
					holes = append(holes, ring)
				}
				if len(path) > 0 {
					seen[w] = len(path) // w is walked on from again below
				}
			}
			i := slices.IndexFunc(at[w], func(g int) bool { return !used[g] })
			if i < 0 {
				break
			}
			h = at[w][i]
		}
	}
	out := make(orb.MultiPolygon, len(outer))
	for i, ring := range outer {
		out[i] = orb.Polygon{closed(ring)}
	}
	for _, hole := range holes {
		for i, ring := range outer {
			if inside(ring, mix(hole[0], hole[1], 0.5)) {
				out[i] = append(out[i], closed(hole))
				break
			}
		}
	}
	return out
}

// closed returns a ring of metres as a closed ring of degrees.
func closed(ring []orb.Point) orb.Ring {
	out := orb.Ring(lonLats(ring))
	return append(out, out[0])
}

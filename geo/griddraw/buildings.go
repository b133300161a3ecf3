package griddraw

import (
	"math"
	"slices"
)

// A house is a building on the lattice.
type house struct {
	id   int64
	ring []pt
	box  box
}

// housesOf brings buildings to the lattice; those without ground are left out.
func housesOf(buildings []Building) []house {
	var out []house
	for _, b := range buildings {
		if len(b.Shape) == 0 {
			continue
		}
		ring := latticeRing(b.Shape[0])
		if len(ring) < 3 || math.Abs(ringAreaM2(ring)) < 1 {
			continue
		}
		out = append(out, house{b.ID, ring, boxOf(ring)})
	}
	return out
}

// cutM is how many metres of a line may lie inside a building before the line
// cuts it: buildings drawn against the road's edge are not cut by it.
const cutM = 0.3

// slack is how far, in lattice units, a line may stray into a wall that it
// follows: walls are drawn, and lines are snapped, to a few centimetres.
const slack = 5

// insideM is how many metres of s lie deeper than slack inside the house.
func (b house) insideM(s seg, slack float64) float64 {
	if !b.box.meets(s.box()) {
		return 0
	}
	ts := []float64{0, 1}
	dx, dy := float64(s.b.x-s.a.x), float64(s.b.y-s.a.y)
	for i, p := range b.ring {
		q := b.ring[(i+1)%len(b.ring)]
		c, d := turn(s.a, s.b, p), turn(s.a, s.b, q)
		if (c > 0) == (d > 0) && c != 0 && d != 0 {
			continue
		}
		along := func(r pt) float64 {
			return (float64(r.x-s.a.x)*dx + float64(r.y-s.a.y)*dy) / (dx*dx + dy*dy)
		}
		if c == 0 {
			ts = append(ts, along(p))
		}
		if d == 0 {
			ts = append(ts, along(q))
		}
		if c != 0 && d != 0 {
			k := float64(c) / (float64(c) - float64(d))
			ts = append(ts, ((float64(p.x)+k*float64(q.x-p.x)-float64(s.a.x))*dx+(float64(p.y)+k*float64(q.y-p.y)-float64(s.a.y))*dy)/(dx*dx+dy*dy))
		}
	}
	slices.Sort(ts)
	in := 0.0
	for i := 1; i < len(ts); i++ {
		t0, t1 := max(0, ts[i-1]), min(1, ts[i])
		if t1-t0 <= 1e-12 {
			continue
		}
		m := (t0 + t1) / 2
		x, y := float64(s.a.x)+m*dx, float64(s.a.y)+m*dy
		if inRings([][]pt{b.ring}, x, y) && !b.onEdge(x, y, slack) {
			in += t1 - t0
		}
	}
	return in * distM(s.a, s.b)
}

// onEdge says whether a place is within so many units of the outline.
func (b house) onEdge(x, y, units float64) bool {
	for i, p := range b.ring {
		q := b.ring[(i+1)%len(b.ring)]
		dx, dy := float64(q.x-p.x), float64(q.y-p.y)
		px, py := x-float64(p.x), y-float64(p.y)
		t := min(1, max(0, (px*dx+py*dy)/max(dx*dx+dy*dy, 1)))
		if math.Hypot(px-t*dx, py-t*dy) <= units {
			return true
		}
	}
	return false
}

// A town is houses that can be found by place.
type town struct {
	houses []house
	bins   *bins
}

func newTown(houses []house) *town {
	t := &town{houses, &bins{size: 3000}}
	for i, b := range houses {
		t.bins.addBox(i, b.box)
	}
	t.bins.done()
	return t
}

// cutBy returns the houses that segments cut, in order.
func (t *town) cutBy(segs []seg) []int {
	in := make(map[int]float64)
	var order []int
	for _, s := range segs {
		t.bins.near(s.box(), func(n int) {
			if m := t.houses[n].insideM(s, slack); m > 0 {
				if _, ok := in[n]; !ok {
					order = append(order, n)
				}
				in[n] += m
			}
		})
	}
	order = slices.DeleteFunc(order, func(n int) bool { return in[n] <= cutM })
	slices.Sort(order)
	return order
}

// free says whether a segment keeps clear of all houses.
func (t *town) free(s seg) bool {
	ok := true
	t.bins.near(s.box(), func(n int) {
		if ok && t.houses[n].insideM(s, 1) > 0 {
			ok = false
		}
	})
	return ok
}

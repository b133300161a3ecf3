package shape

// A checker finds out whether rings touch or cross. It is scratch memory.
type checker struct {
	next  []int32
	cells cells
}

// few is up to how many points all pairs of edges are compared.
const few = 24

// simple tells whether no two edges of the rings touch, but for neighbours at
// the corner they share, and whether every hole lies in its ring.
func (c *checker) simple(r *rings) bool {
	n := len(r.pts)
	if n <= 3 {
		return true
	}
	if len(r.parts) == 1 && convex(r.pts) {
		return true
	}
	c.next = c.next[:0]
	start := 0
	for _, q := range r.parts {
		for i := start; i < q.end; i++ {
			c.next = append(c.next, int32(i+1))
		}
		if q.end > start {
			c.next[q.end-1] = int32(start)
		}
		start = q.end
	}
	if n <= few && !c.allApart(r.pts) || n > few && !c.apart(r.pts) {
		return false
	}
	return len(r.parts) == 1 || holesInside(r)
}

func (c *checker) allApart(pts []pt) bool {
	for i, p := range pts {
		j := c.next[i]
		q := pts[j]
		for k := i + 1; k < len(pts); k++ {
			l := c.next[k]
			if touch(p, q, pts[k], pts[l]) && int32(k) != j && l != int32(i) {
				return false
			}
		}
	}
	return true
}

func (c *checker) apart(pts []pt) bool {
	c.cells.lay(pts)
	for i, p := range pts {
		j := c.next[i]
		q := pts[j]
		for _, cell := range c.cells.over(p, q) {
			for e := c.cells.head[cell]; e >= 0; e = c.cells.entries[e].before {
				k := c.cells.entries[e].id
				l := c.next[k]
				if touch(p, q, pts[k], pts[l]) && k != j && l != int32(i) {
					return false
				}
			}
			c.cells.put(cell, int32(i))
		}
	}
	return true
}

// touch tells whether the segments ab and cd share a point.
func touch(a, b, c, d pt) bool {
	if max(a.x, b.x) < min(c.x, d.x) || max(c.x, d.x) < min(a.x, b.x) ||
		max(a.y, b.y) < min(c.y, d.y) || max(c.y, d.y) < min(a.y, b.y) {
		return false
	}
	if s, t := turn(a, b, c), turn(a, b, d); s > 0 && t > 0 || s < 0 && t < 0 {
		return false
	}
	s, t := turn(c, d, a), turn(c, d, b)
	return !(s > 0 && t > 0 || s < 0 && t < 0)
}

// turn is positive where c lies to the right of the way from a to b (y down),
// negative to the left. Places in a tile are small enough for 32 bits.
func turn(a, b, c pt) int32 { return (b.x-a.x)*(c.y-a.y) - (b.y-a.y)*(c.x-a.x) }

// convex tells whether a ring of positive area always turns to the same side and
// goes around once. It may say no of a ring that does.
func convex(ring []pt) bool {
	n := len(ring)
	a, b := ring[n-2], ring[n-1]
	turns, west := 0, a.x > b.x
	for _, c := range ring {
		if turn(a, b, c) < 0 {
			return false
		}
		if w := b.x > c.x; w != west && b.x != c.x {
			turns, west = turns+1, w
		}
		a, b = b, c
	}
	return turns <= 2
}

// holesInside tells whether every hole lies in its ring and beside the others.
// A thin one may have jumped over a border without crossing it.
func holesInside(r *rings) bool {
	start, outer := 0, 0
	for i, q := range r.parts {
		hole := r.pts[start:q.end]
		start = q.end
		if !q.inner {
			outer = i
			continue
		}
		// In the ring and in no other hole of it, the winding number is 1.
		w, from := 0, 0
		if outer > 0 {
			from = r.parts[outer-1].end
		}
		for j := outer; j < len(r.parts) && (j == outer || r.parts[j].inner); j++ {
			if j != i {
				w += winding(r.pts[from:r.parts[j].end], hole[0])
			}
			from = r.parts[j].end
		}
		if w != 1 {
			return false
		}
	}
	return true
}

// winding returns how often a ring goes around p, which does not lie on it:
// 1 for a ring of positive area, -1 for one of negative.
func winding(ring []pt, p pt) int {
	w := 0
	a := ring[len(ring)-1]
	for _, b := range ring {
		if (a.y <= p.y) != (b.y <= p.y) {
			switch t := turn(a, b, p); {
			case b.y > a.y && t > 0:
				w++
			case b.y < a.y && t < 0:
				w--
			}
		}
		a = b
	}
	return w
}

package shape

// A checker finds out whether rings touch or cross. It is scratch memory.
type checker struct {
	next  []int32
	cells cells
	seen  []int32 // of each edge, the hole that met it last
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
	if n <= few {
		return c.allApart(r.pts) && (len(r.parts) == 1 || c.holesInside(r, nil))
	}
	return c.apart(r.pts) && (len(r.parts) == 1 || c.holesInside(r, &c.cells))
}

func (c *checker) allApart(pts []pt) bool {
	for i, p := range pts {
		j := c.next[i]
		q := pts[j]
		minX, maxX, minY, maxY := min(p.x, q.x), max(p.x, q.x), min(p.y, q.y), max(p.y, q.y)
		for k := i + 1; k < len(pts); k++ {
			l := c.next[k]
			a, b := pts[k], pts[l]
			// Both ends beyond the same side of the edge's box, as nearly always: one
			// branch instead of eight, most of which nobody could foretell.
			if (maxX-a.x)&(maxX-b.x)|(a.x-minX)&(b.x-minX)|(maxY-a.y)&(maxY-b.y)|(a.y-minY)&(b.y-minY) < 0 {
				continue
			}
			if int32(k) != j && l != int32(i) && touch(p, q, a, b) {
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
// A thin one may have jumped over a border without crossing it. in are the edges
// of all rings, by their cells, or nil.
func (c *checker) holesInside(r *rings, in *cells) bool {
	if in != nil {
		c.seen = sized(c.seen, len(r.pts))
		clear(c.seen)
	}
	start, from, to := 0, 0, 0 // of the hole; of its polygon
	for i, q := range r.parts {
		if !q.inner {
			from, to = start, q.end
			for j := i + 1; j < len(r.parts) && r.parts[j].inner; j++ {
				to = r.parts[j].end
			}
			start = q.end
			continue
		}
		// In the ring and in no other hole of it, the winding number is 1.
		w, p := 0, r.pts[start]
		if in == nil {
			for e := from; e < to; e++ {
				if e < start || e >= q.end {
					w += west(r.pts[e], r.pts[c.next[e]], p)
				}
			}
		} else {
			last := in.at(p)
			for cell := last - last%in.cols; cell <= last; cell++ {
				for j := in.head[cell]; j >= 0; j = in.entries[j].before {
					e := int(in.entries[j].id)
					if e >= from && e < to && (e < start || e >= q.end) && c.seen[e] != int32(i) {
						c.seen[e] = int32(i)
						w += west(r.pts[e], r.pts[c.next[e]], p)
					}
				}
			}
		}
		if w != 1 {
			return false
		}
		start = q.end
	}
	return true
}

// west returns what an edge to the west of p adds to the winding number: 1 if it
// goes north, as those of positive rings do there, -1 if it goes south.
func west(a, b, p pt) int {
	if (a.y <= p.y) == (b.y <= p.y) {
		return 0
	}
	switch t := turn(a, b, p); {
	case b.y < a.y && t > 0:
		return 1
	case b.y > a.y && t < 0:
		return -1
	}
	return 0
}

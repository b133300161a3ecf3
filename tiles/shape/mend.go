package shape

import (
	"cmp"
	"slices"
)

// A mender makes valid polygons of rings that touch or cross, which rounding and
// simplification bring about now and then. It is scratch memory.
//
// Segments are snap-rounded (Hobby 1999; Guibas and Marimont 1995): every
// segment is bent to all corners and crossings within half a unit of it, after
// which segments meet at their ends only. In the map that they draw, the winding
// number says what is inside; the borders of the inside are walked and cut
// where they meet themselves, which gives polygons that are simple.
type mender struct {
	segs, bent []segment
	hot        []pt // corners and crossings
	cells      cells
	hits       []hit

	ends  []pt // corners of the map, sorted
	out   []halfEdge
	first []int32 // of each corner, its first half-edge in out
	place []int32 // of each half-edge, where it is in out
	face  []int32 // of each half-edge, the face to its right
	faces []face
	stack []int32

	loops []loop
	walk  []int32 // corners on the way
	seen  []int32 // of each corner, where on the way it is, from 1
	done  []bool  // of each half-edge
	found []pt    // the loops' points
	nest  []int32 // outer loops and their holes, in order
}

// A segment goes from a to b, a before b by x, then y. What lies to its right
// (y down) is inside as many more rings than what lies to its left.
type segment struct {
	a, b         pt
	outer, inner int32
}

type hit struct {
	p  pt
	at int64
}

type halfEdge struct {
	from, to int32 // corners
	id       int32 // 2i from a to b of segment i, 2i+1 back
}

// A face is a piece of the map.
type face struct {
	known        bool
	outer, inner int32 // winding numbers of outer rings and of holes
}

func (f face) inside() bool {
	// Less than no outer ring is the lobe of one that crosses itself. Holes take
	// only from what there is.
	return f.outer < 0 || f.outer+f.inner > 0
}

type loop struct {
	start, end int // in found
	area       int64
	way        int // the border it was part of
}

func before(a, b pt) int {
	if c := cmp.Compare(a.x, b.x); c != 0 {
		return c
	}
	return cmp.Compare(a.y, b.y)
}

// mend replaces the rings. If it cannot, which no input is known for, none are
// left.
func (m *mender) mend(r *rings, plain bool) {
	m.collect(r)
	r.reset()
	for round := 0; ; round++ {
		if len(m.segs) == 0 || round == 16 {
			return
		}
		if !m.bend() {
			break
		}
	}
	m.chart()
	m.fill()
	m.trace()
	m.write(r, plain)
}

// collect takes the segments of rings.
func (m *mender) collect(r *rings) {
	m.segs = m.segs[:0]
	start := 0
	for _, q := range r.parts {
		ring := r.pts[start:q.end]
		start = q.end
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if q.inner {
				m.segs = add(m.segs, a, b, 0, 1)
			} else {
				m.segs = add(m.segs, a, b, 1, 0)
			}
		}
	}
	m.segs = merge(m.segs)
}

func add(segs []segment, a, b pt, outer, inner int32) []segment {
	if before(a, b) > 0 {
		return append(segs, segment{b, a, -outer, -inner})
	}
	return append(segs, segment{a, b, outer, inner})
}

// merge joins equal segments; those that cancel out go.
func merge(segs []segment) []segment {
	slices.SortFunc(segs, func(s, t segment) int {
		if c := before(s.a, t.a); c != 0 {
			return c
		}
		return before(s.b, t.b)
	})
	n := 0
	for i := 0; i < len(segs); {
		s := segs[i]
		for i++; i < len(segs) && segs[i].a == s.a && segs[i].b == s.b; i++ {
			s.outer += segs[i].outer
			s.inner += segs[i].inner
		}
		if s.outer != 0 || s.inner != 0 {
			segs[n] = s
			n++
		}
	}
	return segs[:n]
}

// bend snap-rounds the segments and tells whether any changed.
func (m *mender) bend() bool {
	m.hot = m.hot[:0]
	for _, s := range m.segs {
		m.hot = append(m.hot, s.a, s.b)
	}
	m.cells.lay(m.hot)
	for i, s := range m.segs {
		for _, cell := range m.cells.over(s.a, s.b) {
			for e := m.cells.head[cell]; e >= 0; e = m.cells.entries[e].before {
				if t := m.segs[m.cells.entries[e].id]; touch(s.a, s.b, t.a, t.b) {
					if p, ok := crossingOf(s, t); ok {
						m.hot = append(m.hot, p)
					}
				}
			}
			m.cells.put(cell, int32(i))
		}
	}
	slices.SortFunc(m.hot, before)
	m.hot = slices.Compact(m.hot)
	m.cells.lay(m.hot)
	for i, p := range m.hot {
		m.cells.put(m.cells.at(p), int32(i))
	}
	changed := false
	m.bent = m.bent[:0]
	for _, s := range m.segs {
		m.hits = m.hits[:0]
		dx, dy := int64(s.b.x-s.a.x), int64(s.b.y-s.a.y)
		for _, cell := range m.cells.over(s.a, s.b) {
			for e := m.cells.head[cell]; e >= 0; e = m.cells.entries[e].before {
				if p := m.hot[m.cells.entries[e].id]; s.meets(p) {
					m.hits = append(m.hits, hit{p, dx*int64(p.x-s.a.x) + dy*int64(p.y-s.a.y)})
				}
			}
		}
		if len(m.hits) == 2 { // its ends
			m.bent = append(m.bent, s)
			continue
		}
		changed = true
		slices.SortFunc(m.hits, func(g, h hit) int {
			if c := cmp.Compare(g.at, h.at); c != 0 {
				return c
			}
			return before(g.p, h.p)
		})
		for i := 1; i < len(m.hits); i++ {
			m.bent = add(m.bent, m.hits[i-1].p, m.hits[i].p, s.outer, s.inner)
		}
	}
	m.segs, m.bent = m.bent, m.segs
	if changed {
		m.segs = merge(m.segs)
	}
	return changed
}

// crossingOf returns where two segments cross, rounded, if they do in the middle
// of both.
func crossingOf(s, t segment) (pt, bool) {
	c, d := int64(turn(s.a, s.b, t.a)), int64(turn(s.a, s.b, t.b))
	if c == 0 || d == 0 || c < 0 == (d < 0) {
		return pt{}, false
	}
	if e, f := turn(t.a, t.b, s.a), turn(t.a, t.b, s.b); e == 0 || f == 0 {
		return pt{}, false
	}
	// t.a + (t.b - t.a) * c/(c-d), rounded half up as a pixel is half open.
	n := c - d
	return pt{t.a.x + nearest(int64(t.b.x-t.a.x)*c, n), t.a.y + nearest(int64(t.b.y-t.a.y)*c, n)}, true
}

// nearest returns a/b, rounded half up.
func nearest(a, b int64) int32 {
	if b < 0 {
		a, b = -a, -b
	}
	q := (2*a + b) / (2 * b)
	if (2*a+b)%(2*b) < 0 {
		q--
	}
	return int32(q)
}

// meets tells whether the segment passes through the pixel around p, which holds
// its west and north edges but not the others.
func (s segment) meets(p pt) bool {
	if p.x < s.a.x || p.x > s.b.x || p.y < min(s.a.y, s.b.y) || p.y > max(s.a.y, s.b.y) {
		return false
	}
	dx, dy := s.b.x-s.a.x, s.b.y-s.a.y
	c := 2 * turn(s.a, s.b, p)
	reach := max(dx, -dx) + max(dy, -dy)
	return c < reach && -c < reach || dx > 0 && dy < 0 && c == dx-dy
}

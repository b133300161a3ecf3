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
	edges []edge
	hot   []uint32 // corners and crossings, packed
	ends  []pt     // the same: the corners of the map, by x, then y
	cells cells
	hits  []hit
	bent  []uint64 // packed segments

	segs  []segment
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
}

// An edge of a ring.
type edge struct {
	a, b  pt
	inner bool
}

// A hit is a corner by which an edge is bent.
type hit struct {
	corner int32
	at     int64 // how far along the edge
}

// A segment goes from a corner to a later one. What lies to its right (y down) is
// inside as many more rings than what lies to its left.
type segment struct {
	a, b         int32
	outer, inner int32
}

// A halfEdge is one way along a segment.
type halfEdge struct {
	from, to int32 // corners
	id       int32 // 2i along segment i, 2i+1 back
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
	owner      int // of a hole, the loop around it
}

// mend replaces the rings; by none if they are a scribble.
func (m *mender) mend(r *rings, plain bool) {
	m.collect(r)
	r.reset()
	if len(m.edges) == 0 {
		return
	}
	if !m.heat() {
		return
	}
	m.bend()
	m.merge()
	m.chart()
	m.fill()
	m.trace()
	m.write(r, plain)
}

// collect takes the edges of rings.
func (m *mender) collect(r *rings) {
	m.edges = m.edges[:0]
	start := 0
	for _, q := range r.parts {
		ring := r.pts[start:q.end]
		start = q.end
		if len(ring) == 0 {
			continue
		}
		a := ring[len(ring)-1]
		for _, b := range ring {
			m.edges = append(m.edges, edge{a, b, q.inner})
			a = b
		}
	}
}

// pack puts a place of a tile into a number that sorts by x, then y.
func pack(p pt) uint32 { return uint32(p.x+Buffer)<<16 | uint32(p.y+Buffer) }

func unpack(v uint32) pt { return pt{int32(v>>16) - Buffer, int32(v&0xffff) - Buffer} }

// most is how many pairs of edges are compared. What has more near each other is
// a scribble, and is not drawn. Shapes of cities have some ten for an edge.
const most = 1 << 22

// heat finds the corners and crossings. It returns false for a scribble.
func (m *mender) heat() bool {
	pairs := 0
	m.hot, m.ends = m.hot[:0], m.ends[:0]
	for _, e := range m.edges {
		m.hot = append(m.hot, pack(e.a))
		m.ends = append(m.ends, e.a)
	}
	m.cells.lay(m.ends)
	for i, e := range m.edges {
		for _, cell := range m.cells.over(e.a, e.b) {
			for j := m.cells.head[cell]; j >= 0; j = m.cells.entries[j].before {
				pairs++
				if f := &m.edges[m.cells.entries[j].id]; touch(e.a, e.b, f.a, f.b) {
					if p, ok := crossingOf(e, *f); ok {
						m.hot = append(m.hot, pack(p))
					}
				}
			}
			m.cells.put(cell, int32(i))
		}
		if pairs > most {
			return false
		}
	}
	slices.Sort(m.hot)
	m.hot = slices.Compact(m.hot)
	m.ends = m.ends[:0]
	for _, v := range m.hot {
		m.ends = append(m.ends, unpack(v))
	}
	return true
}

// bend snap-rounds the edges.
func (m *mender) bend() {
	m.cells.lay(m.ends)
	for i, p := range m.ends {
		m.cells.put(m.cells.at(p), int32(i))
	}
	m.bent = m.bent[:0]
	for _, e := range m.edges {
		m.hits = m.hits[:0]
		dx, dy := int64(e.b.x-e.a.x), int64(e.b.y-e.a.y)
		for _, cell := range m.cells.over(e.a, e.b) {
			for j := m.cells.head[cell]; j >= 0; j = m.cells.entries[j].before {
				id := m.cells.entries[j].id
				if p := m.ends[id]; e.meets(p) {
					m.hits = append(m.hits, hit{id, dx*int64(p.x-e.a.x) + dy*int64(p.y-e.a.y)})
				}
			}
		}
		if len(m.hits) == 2 && m.hits[0].at > m.hits[1].at {
			m.hits[0], m.hits[1] = m.hits[1], m.hits[0]
		} else if len(m.hits) > 2 {
			slices.SortFunc(m.hits, func(g, h hit) int { return cmp.Compare(g.at, h.at) })
		}
		role := uint64(0)
		if e.inner {
			role = 1
		}
		for i := 1; i < len(m.hits); i++ {
			a, b := uint64(m.hits[i-1].corner), uint64(m.hits[i].corner)
			if a < b {
				m.bent = append(m.bent, a<<33|b<<2|role)
			} else {
				m.bent = append(m.bent, b<<33|a<<2|role|2)
			}
		}
	}
}

// merge makes segments of what was bent, one of equal ones; those that cancel
// out go.
func (m *mender) merge() {
	slices.Sort(m.bent)
	m.segs = m.segs[:0]
	for i := 0; i < len(m.bent); {
		key := m.bent[i] >> 2
		s := segment{a: int32(key >> 31), b: int32(key & (1<<31 - 1))}
		for ; i < len(m.bent) && m.bent[i]>>2 == key; i++ {
			way := int32(1)
			if m.bent[i]&2 != 0 {
				way = -1
			}
			if m.bent[i]&1 != 0 {
				s.inner += way
			} else {
				s.outer += way
			}
		}
		if s.outer != 0 || s.inner != 0 {
			m.segs = append(m.segs, s)
		}
	}
}

// crossingOf returns where two edges cross, rounded, if they do in the middle
// of both.
func crossingOf(s, t edge) (pt, bool) {
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

// meets tells whether the edge passes through the pixel around p, which holds its
// west and north borders but not the others.
func (e edge) meets(p pt) bool {
	if p.x < min(e.a.x, e.b.x) || p.x > max(e.a.x, e.b.x) || p.y < min(e.a.y, e.b.y) || p.y > max(e.a.y, e.b.y) {
		return false
	}
	dx, dy := e.b.x-e.a.x, e.b.y-e.a.y
	c := 2 * turn(e.a, e.b, p)
	reach := max(dx, -dx) + max(dy, -dy)
	// At the pixel's north-west corner it may just touch it.
	return c < reach && -c < reach || c == dx-dy && (dx > 0 && dy < 0 || dx < 0 && dy > 0)
}

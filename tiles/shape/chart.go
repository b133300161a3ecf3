package shape

import (
	"cmp"
	"slices"
)

// chart makes the map: half-edges around each corner in the order of their
// direction, and the faces between them.
func (m *mender) chart() {
	m.first = sized(m.first, len(m.ends)+1)
	clear(m.first)
	for _, s := range m.segs {
		m.first[s.a]++
		m.first[s.b]++
	}
	n := int32(0)
	for v, k := range m.first {
		n += k
		m.first[v] = n // where the corner's end; they are put in from there
	}
	if cap(m.out) < int(n) {
		m.out = make([]halfEdge, n, n+n/2)
	}
	m.out = m.out[:n]
	for i, s := range m.segs {
		m.first[s.a]--
		m.out[m.first[s.a]] = halfEdge{s.a, s.b, int32(2 * i)}
		m.first[s.b]--
		m.out[m.first[s.b]] = halfEdge{s.b, s.a, int32(2*i + 1)}
	}
	m.place = sized(m.place, len(m.out))
	for v := range m.ends {
		around := m.out[m.first[v]:m.first[v+1]]
		if len(around) == 2 {
			if m.turned(around[0], around[1]) > 0 {
				around[0], around[1] = around[1], around[0]
			}
		} else if len(around) > 2 {
			slices.SortFunc(around, m.turned)
		}
	}
	for i, h := range m.out {
		m.place[h.id] = int32(i)
	}

	m.face = sized(m.face, len(m.out))
	for i := range m.face {
		m.face[i] = -1
	}
	m.faces = m.faces[:0]
	for i := range m.face {
		if m.face[i] >= 0 {
			continue
		}
		f := int32(len(m.faces))
		m.faces = append(m.faces, face{})
		for h := int32(i); m.face[h] < 0; h = m.around(h ^ 1) {
			m.face[h] = f
		}
	}
}

// turned compares the directions of half-edges from one corner: from just past
// north, over east and south, to north. One to the west goes to an earlier corner.
func (m *mender) turned(g, h halfEdge) int {
	if (g.to > g.from) != (h.to > h.from) {
		if g.to > g.from {
			return -1
		}
		return 1
	}
	return cmp.Compare(0, turn(m.ends[g.from], m.ends[g.to], m.ends[h.to]))
}

// around returns the half-edge before h around the corner it leaves from.
func (m *mender) around(h int32) int32 {
	i := m.place[h]
	from := m.out[i].from
	if i == m.first[from] {
		i = m.first[from+1]
	}
	return m.out[i-1].id
}

func sized(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n, n+n/2)
	}
	return s[:n]
}

// fill finds every face's winding numbers, from the outermost face of each
// connected part of the map inwards.
func (m *mender) fill() {
	for v := range m.ends {
		// The last half-edge of a part's first corner has the outermost face to its
		// right, which the ray to the west sees.
		if m.first[v] == m.first[v+1] {
			continue
		}
		h := m.out[m.first[v+1]-1].id
		f := m.face[h]
		if m.faces[f].known {
			continue
		}
		m.faces[f] = m.west(m.ends[v])
		m.stack = append(m.stack[:0], h)
		for len(m.stack) > 0 {
			h := m.stack[len(m.stack)-1]
			m.stack = m.stack[:len(m.stack)-1]
			here := m.faces[m.face[h]]
			for e := h; ; {
				s := m.segs[e/2]
				if e&1 != 0 {
					s.outer, s.inner = -s.outer, -s.inner
				}
				if g := m.face[e^1]; !m.faces[g].known {
					m.faces[g] = face{true, here.outer - s.outer, here.inner - s.inner}
					m.stack = append(m.stack, e^1)
				}
				if e = m.around(e ^ 1); e == h {
					break
				}
			}
		}
	}
}

// west returns the winding numbers just west of a corner.
func (m *mender) west(p pt) face {
	f := face{known: true}
	for _, s := range m.segs {
		a := m.ends[s.a]
		if a.x > p.x {
			break // sorted
		}
		if w := int32(west(a, m.ends[s.b], p)); w != 0 {
			f.outer, f.inner = f.outer+w*s.outer, f.inner+w*s.inner
		}
	}
	return f
}

// border tells whether a half-edge has the inside at the side of positive area,
// and the outside at the other.
func (m *mender) border(h int32) bool {
	return m.faces[m.face[h]].inside() && !m.faces[m.face[h^1]].inside()
}

// trace walks along the borders of the inside. A walk that comes to a corner
// again is cut there into loops.
func (m *mender) trace() {
	m.loops, m.found = m.loops[:0], m.found[:0]
	m.seen = sized(m.seen, len(m.ends))
	clear(m.seen)
	if cap(m.done) < len(m.out) {
		m.done = make([]bool, len(m.out)*3/2)
	}
	m.done = m.done[:len(m.out)]
	clear(m.done)
	ways := 0
	for i := range m.out {
		start := int32(i)
		if m.done[start] || !m.border(start) {
			continue
		}
		m.walk = m.walk[:0]
		for h := start; !m.done[h]; {
			m.done[h] = true
			m.step(m.out[m.place[h]].from, ways)
			next := m.around(h ^ 1)
			for n := 0; !m.border(next); n++ {
				if n > len(m.out) { // there is always one; but better no polygon than no end
					m.loops = m.loops[:0]
					return
				}
				next = m.around(next)
			}
			h = next
		}
		m.step(m.out[m.place[start]].from, ways)
		m.seen[m.walk[0]] = 0
		ways++
	}
}

// step goes on to a corner.
func (m *mender) step(v int32, way int) {
	if at := m.seen[v]; at > 0 {
		l := loop{start: len(m.found), way: way}
		for _, u := range m.walk[at-1:] {
			m.found = append(m.found, m.ends[u])
			m.seen[u] = 0
		}
		m.walk = m.walk[:at-1]
		l.end = len(m.found)
		l.area = surveyor(m.found[l.start:])
		m.loops = append(m.loops, l)
	}
	m.walk = append(m.walk, v)
	m.seen[v] = int32(len(m.walk))
}

// write gives every outer loop its holes.
func (m *mender) write(r *rings, plain bool) {
	holes := 0
	for i := range m.loops {
		if l := &m.loops[i]; l.area < 0 {
			l.owner = m.owner(l)
			holes++
		}
	}
	for i, l := range m.loops {
		if l.area <= 0 {
			continue
		}
		m.ring(r, l, false, plain)
		for j := 0; holes > 0 && j < len(m.loops); j++ {
			if h := m.loops[j]; h.area < 0 && h.owner == i {
				m.ring(r, h, true, plain)
			}
		}
	}
}

func (m *mender) ring(r *rings, l loop, inner, plain bool) {
	start := r.start()
	pts := r.pts[:start]
	for _, p := range m.found[l.start:l.end] {
		pts = push(pts, start, p, plain)
	}
	r.pts = pts
	r.closeRing(inner, plain)
}

// owner returns the loop around a hole: that of the same walk, which it touches,
// or the smallest around it.
func (m *mender) owner(h *loop) int {
	best := -1
	// The middle of an edge, in half units: no other loop passes there.
	a, b := m.found[h.start], m.found[h.start+1]
	x, y := a.x+b.x, a.y+b.y
	for i := range m.loops {
		l := &m.loops[i]
		switch {
		case l.area <= 0:
		case l.way == h.way:
			return i
		case best >= 0 && m.loops[best].area <= l.area:
		case holds(m.found[l.start:l.end], x, y):
			best = i
		}
	}
	return best
}

// holds tells whether a ring goes around (x, y), which is in half units.
func holds(ring []pt, x, y int32) bool {
	in := false
	a := ring[len(ring)-1]
	for _, b := range ring {
		if (2*a.y <= y) != (2*b.y <= y) {
			t := int64(b.x-a.x)*int64(y-2*a.y) - int64(b.y-a.y)*int64(x-2*a.x)
			if t > 0 == (b.y > a.y) {
				in = !in
			}
		}
		a = b
	}
	return in
}

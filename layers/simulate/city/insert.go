package city

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// snapM is how near to an existing corner, in metres, a new line uses it.
const snapM = 18

// insert lays a line (closed where closed is set) over the mesh: it cuts every
// face that the line crosses from edge to edge. What dangles inside a face is
// left away, and so is a stretch that would run along an existing edge.
func (m *mesh) insert(line []orb.Point, closed bool, e edge) {
	type crossing struct {
		along  float64 // segment number + share of the segment
		vertex int
	}
	if closed {
		line = append(slices.Clone(line), line[0])
	}
	// Find all crossings before the mesh changes.
	type hit struct {
		along float64
		at    orb.Point
	}
	var hits []hit
	edges := len(m.edge)
	for i := 1; i < len(line); i++ {
		for k := range edges {
			a, b := m.at[m.half[2*k].from], m.at[m.to(2*k)]
			if s, _, ok := meet(line[i-1], line[i], a, b); ok && s < 1 {
				hits = append(hits, hit{float64(i-1) + s, add(line[i-1], mul(sub(line[i], line[i-1]), s))})
			}
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		switch {
		case a.along < b.along:
			return -1
		case a.along > b.along:
			return 1
		}
		return 0
	})
	var stops []crossing
	for _, x := range hits {
		v := m.vertexAt(x.at, snapM)
		if n := len(stops); n > 0 && stops[n-1].vertex == v {
			continue
		}
		stops = append(stops, crossing{x.along, v})
	}
	if closed && len(stops) > 1 {
		stops = append(stops, crossing{stops[0].along + float64(len(line)-1), stops[0].vertex})
	}
	for i := 1; i < len(stops); i++ {
		a, b := stops[i-1], stops[i]
		var via []orb.Point
		for k := int(math.Floor(a.along)) + 1; float64(k) < b.along; k++ {
			p := line[k%(len(line)-1)]
			if k == len(line)-1 && !closed {
				p = line[k]
			}
			if dist(p, m.at[a.vertex]) > snapM && dist(p, m.at[b.vertex]) > snapM {
				via = append(via, p)
			}
		}
		m.cut(a.vertex, b.vertex, via, e, 12*math.Pi/180)
	}
}

// vertexAt returns the corner within snap metres of p, or makes one on the
// nearest edge.
func (m *mesh) vertexAt(p orb.Point, snap float64) int {
	best, nearest := -1, math.Inf(1)
	for k := range m.edge {
		if d := toSegment(p, m.at[m.half[2*k].from], m.at[m.to(2*k)]); d < nearest {
			best, nearest = 2*k, d
		}
	}
	for _, v := range []int{m.half[best].from, m.to(best)} {
		if dist(m.at[v], p) < snap {
			return v
		}
	}
	return m.splitEdge(best, p)
}

// cut connects two vertices of one face if the path between them stays inside
// it and leaves the edges at either end by no less than the clearance, in
// radians. It reports whether it did, and the new face to the path's right.
func (m *mesh) cut(a, b int, via []orb.Point, e edge, clearance float64) (fresh int, ok bool) {
	if a == b {
		return 0, false
	}
	path := append(append([]orb.Point{m.at[a]}, via...), m.at[b])
	n := len(path) - 1
	ha, ca := m.toward(a, sub(path[1], path[0]))
	hb, cb := m.toward(b, sub(path[n-1], path[n]))
	if ca < clearance || cb < clearance || m.half[ha].face != m.half[hb].face || m.half[ha].face == 0 {
		return 0, false
	}
	ring := m.ring(m.half[ha].face)
	for i := 1; i <= n; i++ {
		for _, h := range ring {
			if v, w := m.half[h].from, m.to(h); i == 1 && (v == a || w == a) || i == n && (v == b || w == b) {
				continue
			}
			if _, _, crosses := meet(path[i-1], path[i], m.at[m.half[h].from], m.at[m.to(h)]); crosses {
				return 0, false
			}
		}
		if i < n && toRing(m.points(m.half[ha].face), path[i]) < 4 {
			return 0, false // would leave a sliver
		}
	}
	return m.connect(ha, hb, via, e), true
}

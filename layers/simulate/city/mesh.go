package city

import (
	"math"

	"github.com/paulmach/orb"
)

// A mesh is the ground cut into faces by edges that meet in vertices only.
// Every edge is two half-edges, one for the face on each side, numbered h and
// h^1. Because neighbours share the same vertices, any grouping of faces has
// neither gaps nor overlaps: unit grids, communities and towns are groupings.
type mesh struct {
	at    []orb.Point // of each vertex, in metres
	out   []int       // a half-edge that leaves each vertex
	half  []halfEdge
	edge  []edge // of half-edges 2e and 2e+1
	faces []int  // a half-edge of each face; face 0 is the outside
}

type halfEdge struct{ from, face, next, prev int }

// An edge carries the street on it, if any.
type edge struct {
	class string // "" where no street runs: a bank, a ridge, the border
	cut   int    // which cut made it: edges of one cut are one street at first
}

// newMesh returns a mesh of one face with the given outline, anticlockwise.
func newMesh(outline []orb.Point) *mesh {
	n := len(outline)
	m := &mesh{at: outline, faces: []int{1, 0}}
	for i := range n {
		m.out = append(m.out, 2*i)
		m.half = append(m.half,
			halfEdge{from: i, face: 1, next: 2 * ((i + 1) % n), prev: 2 * ((i + n - 1) % n)},
			halfEdge{from: (i + 1) % n, face: 0, next: 2*((i+n-1)%n) + 1, prev: 2*((i+1)%n) + 1})
		m.edge = append(m.edge, edge{})
	}
	return m
}

func (m *mesh) to(h int) int { return m.half[h^1].from }

// ring returns the half-edges of a face, anticlockwise.
func (m *mesh) ring(face int) []int {
	var out []int
	for h := m.faces[face]; ; {
		out = append(out, h)
		if h = m.half[h].next; h == m.faces[face] {
			return out
		}
	}
}

// points returns the corners of a face, anticlockwise, the first not repeated.
func (m *mesh) points(face int) []orb.Point {
	var out []orb.Point
	for _, h := range m.ring(face) {
		out = append(out, m.at[m.half[h].from])
	}
	return out
}

// around returns the half-edges that leave a vertex, clockwise.
func (m *mesh) around(v int) []int {
	var out []int
	for h := m.out[v]; ; {
		out = append(out, h)
		if h = m.half[h^1].next; h == m.out[v] {
			return out
		}
	}
}

// splitEdge puts a vertex at p on the edge of h and returns it. The edge keeps
// its number on h's near side.
func (m *mesh) splitEdge(h int, p orb.Point) int {
	v := len(m.at)
	m.at = append(m.at, p)
	g := len(m.half) // the new edge: v to where h went
	old, back := m.half[h], m.half[h^1]
	m.half = append(m.half,
		halfEdge{from: v, face: old.face, next: old.next, prev: h},
		halfEdge{from: back.from, face: back.face, next: h ^ 1, prev: back.prev})
	m.edge = append(m.edge, m.edge[h/2])
	m.half[old.next].prev = g
	m.half[h].next = g
	m.half[back.prev].next = g + 1
	m.half[h^1].prev = g + 1
	m.half[h^1].from = v
	m.out = append(m.out, g)
	if m.out[back.from] == h^1 {
		m.out[back.from] = g + 1
	}
	return v
}

// connect cuts the face that a and b belong to along a path from a's vertex
// over via to b's vertex. The part to the path's left keeps the face's number;
// the part to its right is the new face that it returns.
func (m *mesh) connect(a, b int, via []orb.Point, e edge) int {
	face := m.half[a].face
	path := []int{m.half[a].from}
	for _, p := range via {
		m.at = append(m.at, p)
		m.out = append(m.out, 0)
		path = append(path, len(m.at)-1)
	}
	path = append(path, m.half[b].from)

	fresh := len(m.faces)
	first := len(m.half)
	beforeA, beforeB := m.half[a].prev, m.half[b].prev
	n := len(path) - 1
	for i := range n {
		h := len(m.half)
		m.half = append(m.half,
			halfEdge{from: path[i], face: face, next: h + 2, prev: h - 2},
			halfEdge{from: path[i+1], face: fresh, next: h - 1, prev: h + 3})
		m.edge = append(m.edge, e)
		m.out[path[i]] = h
	}
	last := first + 2*(n-1)
	join := func(x, y int) { m.half[x].next, m.half[y].prev = y, x }
	join(beforeA, first)
	join(last, b)
	join(beforeB, last+1)
	join(first+1, a)
	m.faces[face] = first
	m.faces = append(m.faces, first+1)
	for h := first + 1; ; {
		m.half[h].face = fresh
		if h = m.half[h].next; h == first+1 {
			break
		}
	}
	return fresh
}

// toward returns the half-edge that leaves v and bounds, on its left, the face
// into which the direction d points, and the smaller angle in radians between
// d and the edges beside it.
func (m *mesh) toward(v int, d orb.Point) (h int, clearance float64) {
	best := math.Inf(1)
	nearest := math.Inf(1)
	for _, g := range m.around(v) {
		// The face left of g begins at g and turns anticlockwise.
		t := math.Atan2(cross(sub(m.at[m.to(g)], m.at[v]), d), dot(sub(m.at[m.to(g)], m.at[v]), d))
		nearest = min(nearest, math.Abs(t))
		if t < 0 {
			t += 2 * math.Pi
		}
		if t < best {
			best, h = t, g
		}
	}
	return h, nearest
}

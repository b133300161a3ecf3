package griddraw

import (
	"cmp"
	"math"
	"slices"
)

// An arrangement is the plane cut up by edges that meet in their ends only.
// Edge e has the half-edges 2e (from a to b) and 2e+1 (back); a face lies to the
// left of its half-edges.
type arrangement struct {
	edges []seg
	verts []pt
	org   []int32 // vertex that a half-edge leaves
	out   []int32 // half-edges by vertex, anticlockwise
	first []int32 // of a vertex in out; one more at the end
	pos   []int32 // of a half-edge in out
	face  []int32 // of a half-edge; -1: the outside
	faces []face
}

type face struct {
	cycles []int32 // one half-edge of each ring, the outer one first
	areaM2 float64
	box    box
}

func twin(h int32) int32 { return h ^ 1 }

// arrange makes the arrangement of noded segments without those that end
// freely or lead nowhere but back.
func arrange(edges []seg) *arrangement {
	a := &arrangement{edges: prune(edges)}
	a.index()
	a.walk()
	return a
}

// prune drops dangling edges until none is left. Edges of rank border stay:
// they are rings.
func prune(edges []seg) []seg {
	degree := map[pt]int32{}
	at := map[pt][]int32{}
	for i, e := range edges {
		degree[e.a]++
		degree[e.b]++
		at[e.a] = append(at[e.a], int32(i))
		at[e.b] = append(at[e.b], int32(i))
	}
	gone := make([]bool, len(edges))
	var todo []int32
	for i, e := range edges {
		if degree[e.a] == 1 || degree[e.b] == 1 {
			todo = append(todo, int32(i))
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if gone[i] {
			continue
		}
		gone[i] = true
		for _, p := range []pt{edges[i].a, edges[i].b} {
			if degree[p]--; degree[p] == 1 {
				for _, j := range at[p] {
					if !gone[j] {
						todo = append(todo, j)
					}
				}
			}
		}
	}
	out := make([]seg, 0, len(edges))
	for i, e := range edges {
		if !gone[i] {
			out = append(out, e)
		}
	}
	return out
}

func (a *arrangement) index() {
	for _, e := range a.edges {
		a.verts = append(a.verts, e.a, e.b)
	}
	slices.SortFunc(a.verts, func(p, q pt) int { return cmp.Or(cmp.Compare(p.x, q.x), cmp.Compare(p.y, q.y)) })
	a.verts = slices.Compact(a.verts)
	number := make(map[pt]int32, len(a.verts))
	for i, p := range a.verts {
		number[p] = int32(i)
	}
	n := 2 * len(a.edges)
	a.org = make([]int32, n)
	a.first = make([]int32, len(a.verts)+1)
	for i, e := range a.edges {
		a.org[2*i], a.org[2*i+1] = number[e.a], number[e.b]
		a.first[a.org[2*i]+1]++
		a.first[a.org[2*i+1]+1]++
	}
	for i := range a.verts {
		a.first[i+1] += a.first[i]
	}
	a.out = make([]int32, n)
	fill := slices.Clone(a.first)
	for h := range int32(n) {
		a.out[fill[a.org[h]]] = h
		fill[a.org[h]]++
	}
	a.pos = make([]int32, n)
	for v := range a.verts {
		around := a.out[a.first[v]:a.first[v+1]]
		o := a.verts[v]
		slices.SortFunc(around, func(g, h int32) int { return byAngle(o, a.to(g), a.to(h)) })
		for i, h := range around {
			a.pos[h] = a.first[v] + int32(i)
		}
	}
}

func (a *arrangement) from(h int32) pt { return a.verts[a.org[h]] }
func (a *arrangement) to(h int32) pt   { return a.verts[a.org[twin(h)]] }

// byAngle orders directions from o anticlockwise, beginning at the east.
func byAngle(o, p, q pt) int {
	half := func(r pt) int {
		if r.y > o.y || r.y == o.y && r.x > o.x {
			return 0
		}
		return 1
	}
	if c := cmp.Compare(half(p), half(q)); c != 0 {
		return c
	}
	return cmp.Compare(0, turn(o, p, q))
}

// around returns the half-edge by steps anticlockwise from h about its origin.
func (a *arrangement) around(h int32, steps int32) int32 {
	v := a.org[h]
	n := a.first[v+1] - a.first[v]
	return a.out[a.first[v]+((a.pos[h]-a.first[v]+steps)%n+n)%n]
}

// next is the half-edge after h on the ring of its face.
func (a *arrangement) next(h int32) int32 { return a.around(twin(h), -1) }

func (a *arrangement) cycle(h int32) []pt {
	var ring []pt
	for g := h; ; {
		ring = append(ring, a.from(g))
		if g = a.next(g); g == h {
			return ring
		}
	}
}

// walk finds the faces: rings that run anticlockwise are their outlines, the
// others holes, each in the smallest outline that holds it.
func (a *arrangement) walk() {
	n := len(a.org)
	a.face = make([]int32, n)
	cycleOf := make([]int32, n)
	for h := range cycleOf {
		cycleOf[h], a.face[h] = -1, -1
	}
	type ring struct {
		h    int32
		area float64
		pts  []pt
		box  box
		part int32 // connected part that it belongs to
		in   int32 // face
	}
	var rings []ring
	for h := range int32(n) {
		if cycleOf[h] >= 0 {
			continue
		}
		for g := h; cycleOf[g] < 0; g = a.next(g) {
			cycleOf[g] = int32(len(rings))
		}
		pts := a.cycle(h)
		rings = append(rings, ring{h: h, area: ringAreaM2(pts), pts: pts, box: boxOf(pts), in: -1})
	}
	part := a.parts()
	var outer, holes []int32
	for i := range rings {
		rings[i].part = part[a.org[rings[i].h]]
		if rings[i].area > 0 {
			outer = append(outer, int32(i))
		} else {
			holes = append(holes, int32(i))
		}
	}
	slices.SortFunc(outer, func(i, j int32) int { return cmp.Or(cmp.Compare(rings[i].area, rings[j].area), cmp.Compare(i, j)) })
	// Holes by the x of one of their corners, so that few are tried.
	slices.SortFunc(holes, func(i, j int32) int {
		return cmp.Or(cmp.Compare(rings[i].pts[0].x, rings[j].pts[0].x), cmp.Compare(i, j))
	})
	parent := make(map[int32]int32)
	for _, o := range outer {
		r := rings[o]
		lo, _ := slices.BinarySearchFunc(holes, r.box.x0, func(i int32, x int64) int { return cmp.Compare(rings[i].pts[0].x, x) })
		for _, i := range holes[lo:] {
			p := rings[i].pts[0]
			if p.x > r.box.x1 {
				break
			}
			if _, ok := parent[i]; ok || rings[i].part == r.part || p.y < r.box.y0 || p.y > r.box.y1 {
				continue
			}
			// The corner is none of r's, being of another part, so it is
			// inside or outside, never on it.
			if insideExact(r.pts, p) {
				parent[i] = o
			}
		}
	}
	for i := range rings { // numbered in the order of their half-edges
		if rings[i].area > 0 {
			rings[i].in = int32(len(a.faces))
			a.faces = append(a.faces, face{cycles: []int32{rings[i].h}, areaM2: rings[i].area, box: rings[i].box})
		}
	}
	for i := range rings {
		if o, ok := parent[int32(i)]; ok && rings[i].area <= 0 {
			rings[i].in = rings[o].in
			f := &a.faces[rings[i].in]
			f.cycles = append(f.cycles, rings[i].h)
			f.areaM2 += rings[i].area
		}
	}
	for h := range a.face {
		a.face[h] = rings[cycleOf[h]].in
	}
}

// parts numbers the connected parts of the edges, by vertex.
func (a *arrangement) parts() []int32 {
	set := newSets(len(a.verts))
	for i := range a.edges {
		set.join(a.org[2*i], a.org[2*i+1])
	}
	out := make([]int32, len(a.verts))
	for v := range out {
		out[v] = set.find(int32(v))
	}
	return out
}

// sets are disjoint sets of numbers.
type sets []int32

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

func (s sets) find(i int32) int32 {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

// join puts two sets together; the smaller number names them.
func (s sets) join(i, j int32) int32 {
	i, j = s.find(i), s.find(j)
	if j < i {
		i, j = j, i
	}
	s[j] = i
	return i
}

// insideExact says whether p, which is not on the ring, is inside it.
func insideExact(ring []pt, p pt) bool {
	in := false
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if (a.y > p.y) != (b.y > p.y) {
			if t := turn(a, b, p); (b.y > a.y) == (t > 0) {
				in = !in
			}
		}
	}
	return in
}

// rings returns the corners of a face's rings, the outer one first.
func (a *arrangement) rings(f int32) [][]pt {
	var out [][]pt
	for _, h := range a.faces[f].cycles {
		out = append(out, a.cycle(h))
	}
	return out
}

// pointIn returns a point well inside rings: the middle of the widest stretch
// on a level halfway up, which no corner has.
func pointIn(rings [][]pt) (x, y float64) {
	b := boxOf(rings[0])
	best := -1.0
	for _, share := range []float64{0.5, 0.35, 0.65} {
		level := math.Floor(float64(b.y0)+share*float64(b.y1-b.y0)) + 0.5
		if level > float64(b.y1) {
			level = float64(b.y0) + 0.5
		}
		var xs []float64
		for _, r := range rings {
			for i, p := range r {
				q := r[(i+1)%len(r)]
				py, qy := float64(p.y), float64(q.y)
				if (py > level) != (qy > level) {
					xs = append(xs, float64(p.x)+float64(q.x-p.x)*(level-py)/(qy-py))
				}
			}
		}
		slices.Sort(xs)
		for i := 0; i+1 < len(xs); i += 2 {
			if w := xs[i+1] - xs[i]; w > best {
				best, x, y = w, (xs[i]+xs[i+1])/2, level
			}
		}
		if best > 100 {
			break
		}
	}
	return x, y
}

package city

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"
)

// divide cuts every face in two, and those again, until each is a block: the
// ground between streets. What a street is called depends on how large the
// ground is that it opens up.
func (c *City) divide() {
	m := c.mesh
	todo := []int{}
	for f := 1; f < len(m.faces); f++ {
		todo = append(todo, f)
	}
	for n := 0; len(todo) > 0; n++ {
		f := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if fresh, ok := c.halve(f, c.stream("divide", n)); ok {
			todo = append(todo, f, fresh)
		}
	}
}

// ground is what kind of land lies at p: it decides the size of blocks and
// whether streets part them.
func (c *City) ground(p orb.Point) (kind string, blockM2 float64) {
	s := c.site
	switch built := s.built(p); {
	case toLine(s.river, p) < s.riverM*1.05:
		return "water", 140_000
	case s.hill(p) > 0 && built < 0.5:
		return "hill", 330_000
	case built > 0.80:
		return "urban", 23_000
	case built > 0.55:
		return "urban", 30_000
	case built > 0.34:
		return "urban", 46_000
	case built > 0.16:
		return "edge", 90_000
	}
	return "country", 200_000
}

// halve cuts one face by a street across its longer side, and reports whether
// the face was large enough and a place for the cut was found.
func (c *City) halve(face int, r *rand.Rand) (fresh int, ok bool) {
	m := c.mesh
	ring := m.points(face)
	area := areaOf(ring)
	mid := centroid(ring)
	kind, want := c.ground(mid)
	want *= between(r, 0.75, 1.5)
	axis, long, wide := longSide(ring)
	if area < want*1.45 && !(long > 3.2*wide && area > 0.8*want && kind != "water") {
		return 0, false
	}
	e := edge{class: streetClass(kind, area), cut: c.cuts}
	for try := range 14 {
		shake := 1 + float64(try)/4
		dir := axis
		if long < 1.25*wide && r.IntN(2) == 0 {
			dir = left(axis)
		}
		across := turned(left(dir), between(r, -0.07, 0.07)*shake)
		through := add(mid, mul(dir, between(r, -0.07, 0.07)*shake*long))
		a, b, found := chord(ring, through, across)
		if !found || dist(a, b) < 35 {
			continue
		}
		if c.cutBetween(face, a, b, e, r, area, &fresh) {
			c.cuts++
			return fresh, true
		}
	}
	return 0, false
}

// cutBetween cuts a face from a to b, both on its ring, bent a little, and
// meeting the street on the other side of the ring where there is one near.
func (c *City) cutBetween(face int, a, b orb.Point, e edge, r *rand.Rand, area float64, fresh *int) bool {
	m := c.mesh
	va, na := c.meetStreet(face, a)
	vb, nb := c.meetStreet(face, b)
	if va == vb && va >= 0 || min(na, nb) < 0 {
		return false
	}
	pa, pb := a, b
	if va >= 0 {
		pa = m.at[va]
	}
	if vb >= 0 {
		pb = m.at[vb]
	}
	// Both halves must be worth having.
	ring := m.points(face)
	l, rgt := halves(ring, pa, pb)
	if min(l, rgt) < 0.22*area || !leaves(ring, pa, pb) || !leaves(ring, pb, pa) {
		return false
	}
	if va < 0 {
		va = m.splitEdge(na, pa)
	}
	if vb < 0 {
		// Splitting may have moved the edge that held b.
		if _, nb = c.meetStreet(face, pb); nb < 0 {
			return false
		}
		vb = m.splitEdge(nb, pb)
	}
	via := bend(pa, pb, r)
	if f, ok := m.cut(va, vb, via, e, 0.5); ok {
		*fresh = f
		return true
	}
	if via != nil {
		if f, ok := m.cut(va, vb, nil, e, 0.5); ok {
			*fresh = f
			return true
		}
	}
	return false
}

// meetStreet looks where a cut that ends at p on a face's ring had better
// meet it: at the end of a street that comes from the other side within 40 m,
// or at a corner within 10 m. It returns that vertex, or -1 and the half-edge
// to be split.
func (c *City) meetStreet(face int, p orb.Point) (vertex, h int) {
	m := c.mesh
	vertex, h = -1, -1
	nearest, best := 1e-3+2.0, 42.0
	for _, g := range m.ring(face) {
		v := m.half[g].from
		if d := toSegment(p, m.at[v], m.at[m.to(g)]); d < nearest {
			nearest, h = d, g
		}
		d := dist(p, m.at[v])
		before, after := sub(m.at[v], m.at[m.half[m.half[g].prev].from]), sub(m.at[m.to(g)], m.at[v])
		flat := dot(unit(before), unit(after)) > 0.9
		reach := 10.0
		if flat && len(m.around(v)) > 2 {
			reach = 42
		}
		if d < reach && d < best {
			best, vertex = d, v
		}
	}
	return vertex, h
}

// leaves says whether the line from a on the ring to b leaves the ring's edges
// at a by more than 30°, so that no corner becomes a splinter.
func leaves(ring []orb.Point, a, b orb.Point) bool {
	d := unit(sub(b, a))
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		if toSegment(a, p, q) > 0.5 {
			continue
		}
		for _, end := range []orb.Point{p, q} {
			if dist(a, end) > 1 && dot(d, unit(sub(end, a))) > 0.866 {
				return false
			}
		}
	}
	return true
}

// halves returns the areas on both sides of the chord ab of a ring.
func halves(ring []orb.Point, a, b orb.Point) (l, r float64) {
	var right []orb.Point
	i, j := onRing(ring, a), onRing(ring, b)
	right = append(right, a)
	for k := (i + 1) % len(ring); ; k = (k + 1) % len(ring) {
		if i == j {
			break
		}
		right = append(right, ring[k])
		if k == j {
			break
		}
	}
	right = append(right, b)
	r = math.Abs(areaOf(right))
	return areaOf(ring) - r, r
}

// onRing is the number of the edge that p is on.
func onRing(ring []orb.Point, p orb.Point) int {
	best, nearest := 0, math.Inf(1)
	for i, a := range ring {
		if d := toSegment(p, a, ring[(i+1)%len(ring)]); d < nearest-1e-9 {
			best, nearest = i, d
		}
	}
	return best
}

// chord cuts a ring by the line through p in direction d and returns the piece
// inside that is nearest to p.
func chord(ring []orb.Point, p, d orb.Point) (a, b orb.Point, ok bool) {
	var at []float64
	for i, v := range ring {
		w := ring[(i+1)%len(ring)]
		sv, sw := cross(d, sub(v, p)), cross(d, sub(w, p))
		if (sv > 0) != (sw > 0) {
			q := add(v, mul(sub(w, v), sv/(sv-sw)))
			at = append(at, dot(sub(q, p), d))
		}
	}
	slices.Sort(at)
	best := math.Inf(1)
	for i := 0; i+1 < len(at); i += 2 {
		if m := math.Abs((at[i] + at[i+1]) / 2); m < best {
			best, ok = m, true
			a, b = add(p, mul(d, at[i])), add(p, mul(d, at[i+1]))
		}
	}
	return a, b, ok
}

// longSide returns the direction of the longer side of the smallest rectangle
// around a ring, and both sides' lengths.
func longSide(ring []orb.Point) (axis orb.Point, long, wide float64) {
	best := math.Inf(1)
	for i, p := range ring {
		d := unit(sub(ring[(i+1)%len(ring)], p))
		n := left(d)
		lo, hi := orb.Point{math.Inf(1), math.Inf(1)}, orb.Point{math.Inf(-1), math.Inf(-1)}
		for _, q := range ring {
			x, y := dot(q, d), dot(q, n)
			lo, hi = orb.Point{min(lo[0], x), min(lo[1], y)}, orb.Point{max(hi[0], x), max(hi[1], y)}
		}
		w, h := hi[0]-lo[0], hi[1]-lo[1]
		if w*h < best {
			best = w * h
			if axis, long, wide = d, w, h; h > w {
				axis, long, wide = n, h, w
			}
		}
	}
	return axis, long, wide
}

// bend returns points between a and b that make a long street less straight.
func bend(a, b orb.Point, r *rand.Rand) []orb.Point {
	d := sub(b, a)
	length := norm(d)
	if length < 220 {
		return nil
	}
	bow, sway := between(r, -0.035, 0.035), between(r, -0.02, 0.02)
	n := int(length / 110)
	var via []orb.Point
	for i := 1; i < n; i++ {
		t := float64(i) / float64(n)
		off := bow*math.Sin(math.Pi*t) + sway*math.Sin(2*math.Pi*t)
		via = append(via, add(add(a, mul(d, t)), mul(left(d), off)))
	}
	return via
}

// streetClass is the class of a street that opens up ground of the given size.
func streetClass(kind string, m2 float64) string {
	switch {
	case kind == "water":
		return ""
	case kind == "hill":
		if m2 > 1_500_000 {
			return "tertiary"
		}
		return ""
	case kind == "country" && m2 < 800_000:
		if m2 > 500_000 {
			return "unclassified"
		}
		return "track"
	case m2 > 700_000:
		return "secondary"
	case m2 > 260_000:
		return "tertiary"
	case kind == "edge":
		return "unclassified"
	}
	return "residential"
}

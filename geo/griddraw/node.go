package griddraw

import (
	"cmp"
	"math"
	"slices"
)

// A seg is a piece of a line between two lattice points.
type seg struct {
	a, b pt
	rank Rank
	road bool
}

func (s seg) box() box { return boxOf([]pt{s.a, s.b}) }

// node cuts segments where they meet, so that two of them share an end or
// nothing, and drops repetitions; the strongest rank stays. Every segment is
// led through the pixels (unit squares around lattice points) that hold an
// end or a crossing and that it passes: it moves by less than a unit.
func node(segs []seg) []seg {
	segs = distinct(segs)
	for range 6 { // once is enough but for crossings that floating point rounds to the next pixel
		next, cuts := nodeOnce(segs)
		segs = distinct(next)
		if cuts == 0 {
			break
		}
	}
	return segs
}

func distinct(segs []seg) []seg {
	out := make([]seg, 0, len(segs))
	for _, s := range segs {
		if s.a == s.b {
			continue
		}
		if s.b.less(s.a) {
			s.a, s.b = s.b, s.a
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(s, t seg) int {
		return cmp.Or(cmp.Compare(s.a.x, t.a.x), cmp.Compare(s.a.y, t.a.y), cmp.Compare(s.b.x, t.b.x), cmp.Compare(s.b.y, t.b.y))
	})
	n := 0
	for _, s := range out {
		if n > 0 && out[n-1].a == s.a && out[n-1].b == s.b {
			out[n-1].rank = max(out[n-1].rank, s.rank)
			out[n-1].road = out[n-1].road || s.road
			continue
		}
		out[n] = s
		n++
	}
	return out[:n]
}

// binSize is about the length of most segments.
func binSize(segs []seg) int64 {
	if len(segs) == 0 {
		return 1
	}
	sum := 0.0
	for _, s := range segs {
		sum += math.Min(float64(max(abs(s.a.x-s.b.x), abs(s.a.y-s.b.y))), 5000)
	}
	return max(300, int64(1.5*sum/float64(len(segs))))
}

func abs(a int64) int64 {
	if a < 0 {
		return -a
	}
	return a
}

func nodeOnce(segs []seg) (out []seg, cuts int) {
	b := &bins{size: binSize(segs)}
	hot := make([]pt, 0, 2*len(segs))
	for i, s := range segs {
		b.addSegment(i, s.a, s.b)
		hot = append(hot, s.a, s.b)
	}
	b.done()
	for i := 0; i < len(b.entries); {
		j := i
		for j < len(b.entries) && b.entries[j].square == b.entries[i].square {
			j++
		}
		group := b.entries[i:j]
		for k, e := range group {
			s := segs[e.n]
			for _, f := range group[k+1:] {
				if p, ok := crossing(s, segs[f.n]); ok {
					hot = append(hot, p)
				}
			}
		}
		i = j
	}
	slices.SortFunc(hot, func(p, q pt) int { return cmp.Or(cmp.Compare(p.x, q.x), cmp.Compare(p.y, q.y)) })
	hot = slices.Compact(hot)
	h := &bins{size: b.size}
	for i, p := range hot {
		h.addBox(i, box{p.x, p.y, p.x, p.y})
	}
	h.done()
	out = make([]seg, 0, len(segs))
	var on []pt
	for _, s := range segs {
		on = on[:0]
		h.along(s.a, s.b, func(q square) {
			for _, e := range h.in(q) {
				if p := hot[e.n]; p != s.a && p != s.b && passes(s, p) {
					on = append(on, p)
				}
			}
		})
		if len(on) == 0 {
			out = append(out, s)
			continue
		}
		dx, dy := s.b.x-s.a.x, s.b.y-s.a.y
		slices.SortFunc(on, func(p, q pt) int {
			return cmp.Or(cmp.Compare((p.x-s.a.x)*dx+(p.y-s.a.y)*dy, (q.x-s.a.x)*dx+(q.y-s.a.y)*dy), cmp.Compare(p.x, q.x), cmp.Compare(p.y, q.y))
		})
		on = slices.Compact(on)
		at := s.a
		for _, p := range append(on, s.b) {
			out = append(out, seg{at, p, s.rank, s.road})
			at = p
		}
		cuts += len(on)
	}
	return out, cuts
}

// passes says whether s passes the pixel of p.
func passes(s seg, p pt) bool {
	if p.x < min(s.a.x, s.b.x) || p.x > max(s.a.x, s.b.x) || p.y < min(s.a.y, s.b.y) || p.y > max(s.a.y, s.b.y) {
		return false
	}
	return 2*abs(turn(s.a, s.b, p)) <= abs(s.b.x-s.a.x)+abs(s.b.y-s.a.y)
}

// crossing returns the pixel in which the insides of two segments cross.
func crossing(s, t seg) (pt, bool) {
	if !s.box().meets(t.box()) {
		return pt{}, false
	}
	a, b := turn(s.a, s.b, t.a), turn(s.a, s.b, t.b)
	if a == 0 || b == 0 || (a > 0) == (b > 0) {
		return pt{}, false
	}
	c, d := turn(t.a, t.b, s.a), turn(t.a, t.b, s.b)
	if c == 0 || d == 0 || (c > 0) == (d > 0) {
		return pt{}, false
	}
	k := float64(c) / (float64(c) - float64(d))
	return pt{s.a.x + int64(math.Round(k*float64(s.b.x-s.a.x))), s.a.y + int64(math.Round(k*float64(s.b.y-s.a.y)))}, true
}

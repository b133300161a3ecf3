package relate

import (
	"slices"

	"github.com/paulmach/orb"
)

// cut is where a segment meets the other geometry: at a point, or along a piece.
type cut struct {
	t, to float64   // from 0 to 1 along the segment; to > t along a piece
	at    orb.Point // a point's place; exact where it is an end of one of the two
	same  bool      // along a piece: the other segment runs in the same direction
}

// cutsOf appends where segment s meets o's.
func (o *operand) cutsOf(cuts []cut, s segment) []cut {
	lowX, highX := min(s.a[0], s.b[0]), max(s.a[0], s.b[0])
	lowY, highY := min(s.a[1], s.b[1]), max(s.a[1], s.b[1])
	if highX < o.bound.Min[0] || lowX > o.bound.Max[0] || highY < o.bound.Min[1] || lowY > o.bound.Max[1] {
		return cuts
	}
	for _, i := range o.bands.between(lowY, highY) {
		r := o.segs[i]
		if max(r.a[0], r.b[0]) < lowX || min(r.a[0], r.b[0]) > highX || max(r.a[1], r.b[1]) < lowY || min(r.a[1], r.b[1]) > highY {
			continue
		}
		cuts = meet(cuts, s, r)
	}
	return cuts
}

// meet appends where s meets r, whose boxes meet.
func meet(cuts []cut, s, r segment) []cut {
	ra, rb := side(s.a, s.b, r.a), side(s.a, s.b, r.b)
	if ra*rb > 0 {
		return cuts
	}
	sa, sb := side(r.a, r.b, s.a), side(r.a, r.b, s.b)
	if sa*sb > 0 {
		return cuts
	}
	if ra == 0 && rb == 0 {
		t, to := along(s, r.a), along(s, r.b)
		same := t < to
		from, end := r.a, r.b
		if !same {
			t, to, from, end = to, t, end, from
		}
		if t < 0 {
			t, from = 0, s.a
		}
		if to > 1 {
			to, end = 1, s.b
		}
		if t > to {
			return cuts
		}
		cuts = append(cuts, cut{t: t, to: t, at: from})
		if t < to {
			cuts = append(cuts, cut{t: to, to: to, at: end}, cut{t: t, to: to, same: same})
		}
		return cuts
	}
	n := len(cuts)
	if ra == 0 {
		cuts = append(cuts, point1(s, r.a))
	}
	if rb == 0 {
		cuts = append(cuts, point1(s, r.b))
	}
	if sa == 0 {
		cuts = append(cuts, point1(s, s.a))
	}
	if sb == 0 {
		cuts = append(cuts, point1(s, s.b))
	}
	if len(cuts) > n {
		return cuts
	}
	// They cross between their ends.
	d := orb.Point{s.b[0] - s.a[0], s.b[1] - s.a[1]}
	e := orb.Point{r.b[0] - r.a[0], r.b[1] - r.a[1]}
	t := ((r.a[0]-s.a[0])*e[1] - (r.a[1]-s.a[1])*e[0]) / (d[0]*e[1] - d[1]*e[0])
	if !(t > 0) {
		t = 0
	}
	t = min(t, 1)
	return append(cuts, cut{t: t, to: t, at: orb.Point{s.a[0] + t*d[0], s.a[1] + t*d[1]}})
}

func point1(s segment, p orb.Point) cut {
	t := along(s, p)
	return cut{t: t, to: t, at: p}
}

// along returns how far p, on the line of s, is along it: 0 and 1 are its ends.
func along(s segment, p orb.Point) float64 {
	switch {
	case p == s.a:
		return 0
	case p == s.b:
		return 1
	}
	dx, dy := s.b[0]-s.a[0], s.b[1]-s.a[1]
	if dx*dx > dy*dy {
		return (p[0] - s.a[0]) / dx
	}
	return (p[1] - s.a[1]) / dy
}

// A piece is a part of a segment between two cuts that follow each other.
type piece struct {
	on   bool // along a segment of the other geometry,
	same bool // which runs in the same direction
	// Else it lies in the other's interior or its exterior:
	middle orb.Point
	fresh  bool // a cut is at its beginning: it may be on another side than the piece before
}

// pieces calls f with the pieces of s that the cuts make.
func pieces(s segment, cuts []cut, f func(piece)) {
	var buf [16]float64
	ts := append(buf[:0], 0, 1)
	for _, c := range cuts {
		ts = append(ts, c.t)
	}
	slices.Sort(ts)
	ts = slices.Compact(ts)
	cutAt0 := slices.ContainsFunc(cuts, func(c cut) bool { return c.t == 0 })
	for i := 1; i < len(ts); i++ {
		from, to := ts[i-1], ts[i]
		p := piece{fresh: i > 1 || cutAt0}
		for _, c := range cuts {
			if c.to > c.t && c.t <= from && to <= c.to {
				p.on, p.same = true, c.same
			}
		}
		if !p.on {
			t := from + (to-from)/2
			p.middle = orb.Point{s.a[0] + t*(s.b[0]-s.a[0]), s.a[1] + t*(s.b[1]-s.a[1])}
		}
		f(p)
	}
}

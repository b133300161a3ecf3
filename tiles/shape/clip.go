package shape

import (
	"cmp"
	"math/bits"
	"slices"
)

// A side is a half-plane of a box: what is at least or at most at along an axis.
type side struct {
	at    int64
	y     bool // along y
	least bool
}

// sides returns the half-planes whose intersection is the box.
func sides(b Box) [4]side {
	return [4]side{{b.MinX, false, true}, {b.MaxX, false, false}, {b.MinY, true, true}, {b.MaxY, true, false}}
}

// holds tells whether p lies in the half-plane or on its line.
func (s side) holds(p Point) bool {
	v := p.X
	if s.y {
		v = p.Y
	}
	if s.least {
		return v >= s.at
	}
	return v <= s.at
}

// holdsAll tells whether the whole box does.
func (s side) holdsAll(b Box) bool {
	switch {
	case s.y && s.least:
		return b.MinY >= s.at
	case s.y:
		return b.MaxY <= s.at
	case s.least:
		return b.MinX >= s.at
	}
	return b.MaxX <= s.at
}

// along returns a point's place along the half-plane's line.
func (s side) along(p Point) int64 {
	if s.y {
		return p.X
	}
	return p.Y
}

// cross returns where an edge from one side to the other meets the line. It is
// the same for both directions, so that neighbours stay neighbours.
func (s side) cross(p, q Point) Point {
	if q.X < p.X || q.X == p.X && q.Y < p.Y {
		p, q = q, p
	}
	if s.y {
		return Point{p.X + share(q.X-p.X, s.at-p.Y, q.Y-p.Y), s.at}
	}
	return Point{s.at, p.Y + share(q.Y-p.Y, s.at-p.X, q.X-p.X)}
}

// share returns a*b/c, rounded to the nearest; the product may exceed 64 bits
// but not b > c: the result is at most as large as a.
func share(a, b, c int64) int64 {
	neg := a < 0 != (b < 0) != (c < 0)
	ua, ub, uc := magnitude(a), magnitude(b), magnitude(c)
	hi, lo := bits.Mul64(ua, ub)
	lo, carry := bits.Add64(lo, uc/2, 0)
	q, _ := bits.Div64(hi+carry, lo, uc)
	if neg {
		return -int64(q)
	}
	return int64(q)
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-v)
	}
	return uint64(v)
}

// A clipper cuts lines and polygons at a box. It is scratch memory: one serves
// one goroutine, and does not allocate once it is warm.
type clipper struct {
	a, b     paths
	chains   []chain
	crossing []crossing
	chained  []Point
}

// A chain is a stretch of rings inside a half-plane, from a point on its line to
// another.
type chain struct {
	start, end int // in clipper.chained
	next       int // the chain that follows it along the line
	taken      bool
}

// A crossing is an end of a chain.
type crossing struct {
	along int64
	chain int
	exit  bool
}

// line appends what of a line lies in the box.
func (c *clipper) line(out *paths, pts []Point, box Box) {
	open := false // a piece is being written
	start := len(out.pts)
	end := func() {
		if open && len(out.pts)-start >= 2 {
			out.parts = append(out.parts, part{end: len(out.pts)})
		} else {
			out.pts = out.pts[:start]
		}
		open, start = false, len(out.pts)
	}
	half := sides(box)
	for i := 1; i < len(pts); i++ {
		p, q, ok := pts[i-1], pts[i], true
		for _, s := range half {
			in, in2 := s.holds(p), s.holds(q)
			switch {
			case in && in2:
			case in:
				q = s.cross(p, q)
			case in2:
				p = s.cross(p, q)
			default:
				ok = false
			}
			if !ok {
				break
			}
		}
		if !ok {
			end()
			continue
		}
		if p != pts[i-1] {
			end()
		}
		if !open {
			out.pts = append(out.pts, p)
			open = true
		}
		out.pts = append(out.pts, q)
		if q != pts[i] {
			end()
		}
	}
	end()
}

// polygon appends what of a polygon (a ring and its holes) lies in the box:
// polygons. It goes half-plane by half-plane and joins along each line the pieces that belong
// together, so that no bridge is left along the box's edge. Of a polygon that
// crosses itself there, pieces may be joined by bridges: then it returns true.
func (c *clipper) polygon(out, in *paths, box Box) (bridged bool) {
	around := nothing
	for _, p := range in.pts {
		around.add(p)
	}
	from, to, spare := in, &c.a, &c.b
	for _, s := range sides(box) {
		if s.holdsAll(around) {
			continue
		}
		to.reset()
		if c.half(to, from, s) {
			bridged = true
		}
		from, to, spare = to, spare, to
	}
	if len(in.parts) == 1 && !bridged { // all pieces are outer rings
		from.each(func(ring []Point, _ bool) {
			out.pts = append(out.pts, ring...)
			out.parts = append(out.parts, part{end: len(out.pts)})
		})
		return false
	}
	nest(out, from)
	return bridged
}

// nest appends rings, each outer one with the holes that lie in it after it.
// Which are outer ones, their area says.
func nest(out, in *paths) {
	var outer, holes int
	in.each(func(pts []Point, _ bool) {
		if a := area(pts); a > 0 {
			outer++
		} else if a < 0 {
			holes++
		}
	})
	add := func(pts []Point, inner bool) {
		out.pts = append(out.pts, pts...)
		out.parts = append(out.parts, part{len(out.pts), inner})
	}
	in.each(func(ring []Point, _ bool) {
		if area(ring) <= 0 {
			return
		}
		add(ring, false)
		if holes == 0 {
			return
		}
		in.each(func(hole []Point, _ bool) {
			if area(hole) < 0 && (outer == 1 || surrounds(ring, hole)) {
				add(hole, true)
			}
		})
	})
	// In a broken polygon a hole may lie outside; nothing to take it from.
}

// surrounds tells whether a ring goes around a hole that does not cross it.
func surrounds(ring, hole []Point) bool {
	// The middle of an edge: a corner of the hole may lie on the ring.
	x, y := float64(hole[0].X+hole[1].X)/2, float64(hole[0].Y+hole[1].Y)/2
	in := false
	p := ring[len(ring)-1]
	for _, q := range ring {
		px, py, qx, qy := float64(p.X), float64(p.Y), float64(q.X), float64(q.Y)
		if (py <= y) != (qy <= y) && x < px+(y-py)*(qx-px)/(qy-py) {
			in = !in
		}
		p = q
	}
	return in
}

// half appends what of rings lies in a half-plane.
func (c *clipper) half(out, in *paths, s side) (bridged bool) {
	c.chains, c.crossing, c.chained = c.chains[:0], c.crossing[:0], c.chained[:0]
	start := 0
	for _, q := range in.parts {
		ring := in.pts[start:q.end]
		start = q.end
		if whole := c.cut(ring, s); whole {
			out.pts = append(out.pts, ring...)
			out.parts = append(out.parts, part{end: len(out.pts)})
		}
	}
	if len(c.chains) > 1 {
		slices.SortFunc(c.crossing, func(a, b crossing) int { return cmp.Compare(a.along, b.along) })
		for i := 0; i+1 < len(c.crossing); i += 2 {
			a, b := c.crossing[i], c.crossing[i+1]
			if a.exit == b.exit {
				bridged = true
				break
			}
			if b.exit {
				a, b = b, a
			}
			c.chains[a.chain].next = b.chain
		}
		if bridged { // cut left every chain's own ring as its next
			for i := range c.chains {
				c.chains[i].next = i
			}
		}
	}
	for i := range c.chains {
		if c.chains[i].taken {
			continue
		}
		for j := i; !c.chains[j].taken; j = c.chains[j].next {
			c.chains[j].taken = true
			out.pts = append(out.pts, c.chained[c.chains[j].start:c.chains[j].end]...)
		}
		out.parts = append(out.parts, part{end: len(out.pts)})
	}
	return bridged
}

// cut appends a ring's chains, each its own next, and their crossings. A ring
// that lies wholly inside has none: it returns true.
func (c *clipper) cut(ring []Point, s side) (whole bool) {
	n := len(ring)
	first := -1 // the first point inside after one outside
	inside := 0
	prev := n > 0 && s.holds(ring[n-1])
	for i, p := range ring {
		in := s.holds(p)
		if in {
			inside++
			if !prev && first < 0 {
				first = i
			}
		}
		prev = in
	}
	if inside == n {
		return n > 0
	}
	if inside == 0 {
		return false
	}
	at := func(i int) Point { return ring[i%n] }
	for i := first; i < first+n; {
		id := len(c.chains)
		entry := s.cross(at(i+n-1), at(i))
		begin := len(c.chained)
		c.chained = append(c.chained, entry)
		for i < first+n && s.holds(at(i)) {
			if p := at(i); p != c.chained[len(c.chained)-1] {
				c.chained = append(c.chained, p)
			}
			i++
		}
		exit := s.cross(at(i+n-1), at(i))
		if exit != c.chained[len(c.chained)-1] {
			c.chained = append(c.chained, exit)
		}
		c.chains = append(c.chains, chain{start: begin, end: len(c.chained), next: id})
		c.crossing = append(c.crossing, crossing{s.along(entry), id, false}, crossing{s.along(exit), id, true})
		for i < first+n && !s.holds(at(i)) {
			i++
		}
	}
	return false
}

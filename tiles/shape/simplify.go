package shape

import (
	"math"
	"slices"
)

// A simplifier leaves out corners of lines and rings. It is scratch memory.
//
// Alone, a shape is simplified by Douglas and Peucker's rule, with the distance
// at which each corner goes found once for all zooms. Where borders are shared
// that would tear neighbours apart: the rule looks at the whole line, and each of
// the two has another. There every corner is moved to the nearest point of a
// grid, which depends on nothing but its place.
type simplifier struct {
	whole paths
	goes  []float64 // of each point of whole: the tolerance from which on it goes
	stack [][2]int
	out   paths
}

// tolerance is how far a line may lie from where it was, in world units, at a
// zoom: 4 units of a tile, which is half a pixel of a tile drawn 512 wide.
func tolerance(z int) int64 { return 4 << (WorldBits - 12 - z) }

// load takes the shape's parts.
func (s *simplifier) load(sh Shape) {
	s.whole.reset()
	for r := read(sh); r.more(); {
		n, inner := r.part()
		s.whole.pts = r.all(s.whole.pts, n)
		s.whole.parts = append(s.whole.parts, part{len(s.whole.pts), inner})
	}
}

// weigh fills goes.
func (s *simplifier) weigh(kind Kind) {
	if cap(s.goes) < len(s.whole.pts) {
		s.goes = make([]float64, len(s.whole.pts))
	}
	s.goes = s.goes[:len(s.whole.pts)]
	start := 0
	for _, q := range s.whole.parts {
		pts, goes := s.whole.pts[start:q.end], s.goes[start:q.end]
		start = q.end
		if kind == Lines {
			goes[0], goes[len(goes)-1] = math.Inf(1), math.Inf(1)
			s.split(pts, goes, 0, len(pts)-1)
			continue
		}
		// A ring has no ends: take its westernmost corner and the one farthest from
		// it, which do not depend on where it starts.
		a := 0
		for i, p := range pts {
			if p.X < pts[a].X || p.X == pts[a].X && p.Y < pts[a].Y {
				a = i
			}
		}
		rotate(pts, a)
		b, far := 0, -1.0
		for i, p := range pts {
			dx, dy := float64(p.X-pts[0].X), float64(p.Y-pts[0].Y)
			if d := dx*dx + dy*dy; d > far {
				b, far = i, d
			}
		}
		goes[0], goes[b] = math.Inf(1), math.Inf(1)
		s.split(pts, goes, 0, b)
		s.split(pts, goes, b, len(pts))
	}
}

func rotate(pts []Point, n int) {
	slices.Reverse(pts[:n])
	slices.Reverse(pts[n:])
	slices.Reverse(pts)
}

// split weighs the points between a and b, both of which stay; b may be the
// length of a ring, and then is its first point.
func (s *simplifier) split(pts []Point, goes []float64, a, b int) {
	s.stack = append(s.stack[:0], [2]int{a, b})
	// A line made to be slow takes the square of its length; then its corners stay.
	work := 300*(b-a) + 1<<16
	for len(s.stack) > 0 {
		a, b := s.stack[len(s.stack)-1][0], s.stack[len(s.stack)-1][1]
		s.stack = s.stack[:len(s.stack)-1]
		if b-a < 2 {
			continue
		}
		p, q := pts[a], pts[b%len(pts)]
		dx, dy := float64(q.X-p.X), float64(q.Y-p.Y)
		length := dx*dx + dy*dy
		if work -= b - a; work < 0 {
			for i := a + 1; i < b; i++ {
				goes[i] = min(goes[a], goes[b%len(pts)])
			}
			continue
		}
		far, at := -1.0, a+1
		for i := a + 1; i < b; i++ {
			ex, ey := float64(pts[i].X-p.X), float64(pts[i].Y-p.Y)
			if t := ex*dx + ey*dy; t > 0 {
				if t < length {
					ex, ey = ex-dx*t/length, ey-dy*t/length
				} else {
					ex, ey = ex-dx, ey-dy
				}
			}
			if d := ex*ex + ey*ey; d > far {
				far, at = d, i
			}
		}
		// A corner that stays keeps those between which it was found.
		goes[at] = min(math.Sqrt(far), goes[a], goes[b%len(pts)])
		s.stack = append(s.stack, [2]int{a, at}, [2]int{at, b})
	}
}

// level writes to out what of the shape is left at a zoom.
func (s *simplifier) level(kind Kind, z int, shared bool) *paths {
	s.out.reset()
	start := 0
	dropped := false
	for _, q := range s.whole.parts {
		pts := s.whole.pts[start:q.end]
		from := len(s.out.pts)
		if shared {
			s.snap(pts, z)
		} else {
			s.pick(kind, pts, s.goes[start:q.end], z)
		}
		start = q.end
		left := s.out.pts[from:]
		ok := len(left) >= 2
		if kind == Polygons {
			ok = len(left) >= 3 && area(left) != 0 && !(q.inner && dropped)
			if !q.inner {
				dropped = !ok
			}
		}
		if !ok {
			s.out.pts = s.out.pts[:from]
			continue
		}
		if kind == Polygons && area(left) > 0 == q.inner {
			slices.Reverse(left)
		}
		s.out.parts = append(s.out.parts, part{len(s.out.pts), q.inner})
	}
	return &s.out
}

// pick keeps the points that go at no less than the zoom's tolerance. Where a
// ring would lose much of its area, as narrow ones do, the tolerance is less.
func (s *simplifier) pick(kind Kind, pts []Point, goes []float64, z int) {
	t := float64(tolerance(z))
	from := len(s.out.pts)
	shift := precision(z)
	whole := 0.0
	if kind == Polygons {
		whole = math.Abs(area(pts))
	}
	for {
		for i, p := range pts {
			if goes[i] < t {
				continue
			}
			p = round(p, shift)
			if n := len(s.out.pts); n > from && s.out.pts[n-1] == p {
				continue
			}
			s.out.pts = append(s.out.pts, p)
		}
		if kind == Lines || t < float64(int64(1)<<shift) || whole < float64(tolerance(z)*tolerance(z))/16 {
			return
		}
		if math.Abs(math.Abs(area(s.out.pts[from:]))-whole) < whole/8 {
			return
		}
		s.out.pts = s.out.pts[:from]
		t /= 2
	}
}

// snapped is the edge of the grid for shared borders at a zoom: 2^snapped world
// units, 2 of a tile. Where a corner of one lies on an edge of the other, as in
// real data, a wider grid would tear them apart by more than a unit or two.
func snapped(z int) uint { return uint(WorldBits - 12 - z + 1) }

// snap moves the points to that grid.
func (s *simplifier) snap(pts []Point, z int) {
	from := len(s.out.pts)
	shift := snapped(z)
	for _, p := range pts {
		p = round(p, shift)
		if n := len(s.out.pts); n > from && s.out.pts[n-1] == p {
			continue
		}
		s.out.pts = append(s.out.pts, p)
	}
	for n := len(s.out.pts); n > from+1 && s.out.pts[n-1] == s.out.pts[from]; n-- {
		s.out.pts = s.out.pts[:n-1]
	}
}

// precision is the number of bits of world units that a zoom does not need: a
// quarter of a tile's unit.
func precision(z int) uint { return uint(max(0, WorldBits-12-z-2)) }

func round(p Point, shift uint) Point {
	half := int64(1) << shift / 2
	return Point{(p.X + half) >> shift << shift, (p.Y + half) >> shift << shift}
}

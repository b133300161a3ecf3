package shape

import "slices"

// addLine adds a line, rounded; nothing if it comes to less than two places.
func (r *rings) addLine(line []Point, v *view, plain bool) {
	start := r.start()
	pts := r.pts[:start]
	for _, p := range line {
		q := v.at(p)
		n := len(pts)
		switch {
		case n > start && pts[n-1] == q:
		case !plain && n > start+1 && straight(pts[n-2], pts[n-1], q) > 0:
			pts[n-1] = q
		default:
			pts = append(pts, q)
		}
	}
	if len(pts)-start < 2 {
		r.pts = pts[:start]
		return
	}
	r.pts = pts
	r.parts = append(r.parts, part{end: len(pts)})
}

// addRing adds a ring, rounded; nothing if no area is left of it, or if it is a
// hole of a ring of which none was.
func (r *rings) addRing(ring []Point, inner bool, v *view, plain bool) {
	start := r.start()
	pts := r.pts[:start]
	for _, p := range ring {
		pts = push(pts, start, v.at(p), plain)
	}
	r.pts = pts
	r.closeRing(inner, plain)
}

// closeRing makes a ring of the points after the last one's end.
func (r *rings) closeRing(inner, plain bool) {
	start := r.start()
	ring := closed(r.pts[start:], plain)
	a := surveyor(ring)
	if len(ring) < 3 || a == 0 || inner && r.orphan() {
		r.pts = r.pts[:start]
		if !inner {
			r.parts = append(r.parts, part{end: start}) // so that its holes know
		}
		return
	}
	if a < 0 != inner { // rounding may turn a sliver over
		slices.Reverse(ring)
	}
	n := copy(r.pts[start:], ring)
	r.pts = r.pts[:start+n]
	r.parts = append(r.parts, part{start + n, inner})
}

// orphan tells whether the last outer ring was dropped.
func (r *rings) orphan() bool {
	for i := len(r.parts) - 1; i >= 0; i-- {
		if !r.parts[i].inner {
			start := 0
			if i > 0 {
				start = r.parts[i-1].end
			}
			return r.parts[i].end == start
		}
	}
	return true
}

// push appends a ring's point. It takes back what the point makes needless:
// repeated points, the tips of spikes, and, unless plain, points in the middle of
// a straight stretch.
func push(pts []pt, start int, p pt, plain bool) []pt {
	for {
		n := len(pts)
		if n > start && pts[n-1] == p {
			return pts
		}
		if n > start+1 {
			if s := straight(pts[n-2], pts[n-1], p); s < 0 || s > 0 && !plain {
				pts = pts[:n-1]
				continue
			}
		}
		return append(pts, p)
	}
}

// closed does the same where a ring's end meets its start.
func closed(ring []pt, plain bool) []pt {
	for len(ring) >= 3 {
		n := len(ring)
		if ring[n-1] == ring[0] {
			ring = ring[:n-1]
			continue
		}
		if s := straight(ring[n-2], ring[n-1], ring[0]); s < 0 || s > 0 && !plain {
			ring = ring[:n-1]
			continue
		}
		if s := straight(ring[n-1], ring[0], ring[1]); s < 0 || s > 0 && !plain {
			ring = ring[1:]
			continue
		}
		break
	}
	return ring
}

// straight tells how a path goes through b: 1 straight on, -1 straight back, 0
// with a turn.
func straight(a, b, c pt) int {
	ux, uy, vx, vy := b.x-a.x, b.y-a.y, c.x-b.x, c.y-b.y
	if int64(ux)*int64(vy) != int64(uy)*int64(vx) {
		return 0
	}
	if int64(ux)*int64(vx)+int64(uy)*int64(vy) < 0 {
		return -1
	}
	return 1
}

// surveyor returns twice a ring's area.
func surveyor(ring []pt) int64 {
	if len(ring) < 3 {
		return 0
	}
	var sum int64
	p := ring[len(ring)-1]
	for _, q := range ring {
		sum += int64(p.x)*int64(q.y) - int64(q.x)*int64(p.y)
		p = q
	}
	return sum
}

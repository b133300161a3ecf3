package relate

import "github.com/paulmach/orb"

// locate says what p is to the geometry.
func (o *operand) locate(p orb.Point) location {
	if !o.bound.Contains(p) {
		return exterior
	}
	p = zeroed(p)
	switch o.dim {
	case point:
		if o.points[p] {
			return interior
		}
		return exterior
	case line:
		if o.points[p] {
			return border
		}
		for _, i := range o.bands.at(p[1]) {
			if s := o.segs[i]; onSegment(s.a, s.b, p) && side(s.a, s.b, p) == 0 {
				return interior
			}
		}
		return exterior
	}
	in := false
	for _, i := range o.bands.at(p[1]) {
		s := o.segs[i]
		if s.a[1] > p[1] && s.b[1] > p[1] || s.a[1] < p[1] && s.b[1] < p[1] || s.a[0] < p[0] && s.b[0] < p[0] {
			continue
		}
		if s.a[1] == p[1] && s.b[1] == p[1] {
			if onSegment(s.a, s.b, p) {
				return border
			}
			continue
		}
		turn := side(s.a, s.b, p)
		if turn == 0 {
			return border // the heights fit, so it is on the segment
		}
		// Half-open in y, so that a vertex counts once; p is left of an upward edge.
		if (s.a[1] > p[1]) != (s.b[1] > p[1]) && (turn > 0) == (s.b[1] > s.a[1]) {
			in = !in
		}
	}
	if in {
		return interior
	}
	return exterior
}

// touchesBox says whether a point or a line of the geometry, the outlines of an
// area, meets the closed box.
func (o *operand) touchesBox(box orb.Bound) bool {
	if o.dim == point {
		for p := range o.points {
			if box.Contains(p) {
				return true
			}
		}
		return false
	}
	corners := [4]orb.Point{box.Min, {box.Max[0], box.Min[1]}, box.Max, {box.Min[0], box.Max[1]}}
	for _, i := range o.bands.between(box.Min[1], box.Max[1]) {
		s := o.segs[i]
		if max(s.a[0], s.b[0]) < box.Min[0] || min(s.a[0], s.b[0]) > box.Max[0] ||
			max(s.a[1], s.b[1]) < box.Min[1] || min(s.a[1], s.b[1]) > box.Max[1] {
			continue
		}
		left, right := false, false
		for _, c := range corners {
			switch side(s.a, s.b, c) {
			case 1:
				left = true
			case -1:
				right = true
			default:
				left, right = true, true
			}
		}
		if left && right { // the boxes meet, and the line has corners on both sides
			return true
		}
	}
	return false
}

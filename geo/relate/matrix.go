package relate

import (
	"slices"
)

// matrix is a DE-9IM matrix: the dimension of what the interior, border and
// exterior of the left geometry have in common with those of the right one; -1
// for nothing. Of lines and areas it is only filled in as far as the predicates
// ask: exterior and exterior is left out.
type matrix [3][3]int8

func (m *matrix) raise(a, b location, dim int8) { m[a][b] = max(m[a][b], dim) }

func (m matrix) transposed() matrix {
	var t matrix
	for i := range m {
		for j := range m[i] {
			t[j][i] = m[i][j]
		}
	}
	return t
}

// relate returns the matrix of two geometries that are not empty.
func relate(a, b operand) matrix {
	if a.dim > b.dim {
		return relate(b, a).transposed()
	}
	m := matrix{{-1, -1, -1}, {-1, -1, -1}, {-1, -1, -1}}
	if a.dim == point {
		relatePoints(&m, a, b)
		return m
	}
	relateHalf(&m, a, b)
	t := m.transposed()
	relateHalf(&t, b, a)
	return t.transposed()
}

func relatePoints(m *matrix, a, b operand) {
	for p := range a.points {
		m.raise(interior, b.locate(p), 0)
	}
	switch b.dim {
	case point:
		for p := range b.points {
			if !a.points[p] {
				m.raise(exterior, interior, 0)
			}
		}
	case line:
		m.raise(exterior, interior, 1)
		for p := range b.points {
			if !a.points[p] {
				m.raise(exterior, border, 0)
			}
		}
	case area:
		m.raise(exterior, interior, 2)
		m.raise(exterior, border, 1)
	}
}

// relateHalf raises what the lines of a, cut by those of b, show. Called for
// both orders, it fills the matrix.
func relateHalf(m *matrix, a, b operand) {
	own := interior // what the lines of a are to a
	if a.dim == area {
		own = border
	} else {
		for p := range a.points {
			m.raise(border, b.locate(p), 0)
		}
		if b.dim == area {
			m.raise(exterior, interior, 2)
		}
	}
	var cuts []cut
	last := exterior // where the piece before lies
	for i, s := range a.segs {
		cuts = b.cutsOf(cuts[:0], s)
		for _, c := range cuts {
			if c.t == c.to {
				m.raise(a.at(c), b.at(c), 0)
			}
		}
		_, begins := slices.BinarySearch(a.breaks, i)
		pieces(s, cuts, func(p piece) {
			if p.on {
				on := interior
				if b.dim == area {
					on = border
				}
				m.raise(own, on, 1)
				if a.dim == area && b.dim == area {
					if p.same {
						m.raise(interior, interior, 2)
					} else {
						m.raise(interior, exterior, 2)
						m.raise(exterior, interior, 2)
					}
				}
				last = border
				return
			}
			if b.dim == line {
				m.raise(own, exterior, 1)
				if a.dim == area {
					m.raise(interior, exterior, 2)
				}
				return
			}
			if begins || p.fresh || last == border {
				begins = false
				last = b.locate(p.middle)
				if last == border { // the middle was rounded onto an edge: ask beside it
					last = exterior
				}
			}
			m.raise(own, last, 1)
			if a.dim == area {
				// On its one side is a's interior, on its other its exterior.
				m.raise(interior, last, 2)
				m.raise(exterior, last, 2)
			}
		})
		// A cut at the end of s is one at the beginning of the next.
		if slices.ContainsFunc(cuts, func(c cut) bool { return c.to == 1 }) {
			last = border
		}
	}
}

// at says what the place of a cut, which is on a line of o, is to o.
func (o *operand) at(c cut) location {
	if o.dim == area {
		return border
	}
	if o.points[zeroed(c.at)] {
		return border
	}
	return interior
}

// intersects says whether two geometries have a point in common.
func intersects(a, b operand) bool {
	if !a.bound.Intersects(b.bound) {
		return false
	}
	if a.dim > b.dim {
		a, b = b, a
	}
	if a.dim == point {
		for p := range a.points {
			if b.locate(p) != exterior {
				return true
			}
		}
		return false
	}
	// Fewer segments are looked up among the more.
	few, many := a, b
	if len(few.segs) > len(many.segs) {
		few, many = many, few
	}
	var cuts []cut
	for _, s := range few.segs {
		if cuts = many.cutsOf(cuts[:0], s); len(cuts) > 0 {
			return true
		}
	}
	// No lines meet, so each line or ring is within or without as a whole.
	return b.dim == area && a.anyIn(b) || a.dim == area && b.anyIn(a)
}

// anyIn says whether one of o's lines or rings begins in an area.
func (o *operand) anyIn(b operand) bool {
	return slices.ContainsFunc(o.breaks, func(i int) bool {
		return b.locate(o.segs[i].a) != exterior
	})
}

package feed

import (
	"encoding/binary"
	"math"

	"github.com/paulmach/orb"
)

// EWKB flags of the geometry type's word.
const (
	ewkbZ    = 0x80000000
	ewkbM    = 0x40000000
	ewkbSRID = 0x20000000
)

// ewkbPoint reads the commonest geometry, a little-endian point, without an allocation.
func ewkbPoint(b []byte) (p orb.Point, ok bool) {
	if len(b) < 21 || b[0] != 1 {
		return p, false
	}
	switch t := binary.LittleEndian.Uint32(b[1:]); {
	case t == 1|ewkbSRID && len(b) == 25:
		b = b[9:]
	case t == 1 && len(b) == 21:
		b = b[5:]
	default:
		return p, false
	}
	p[0] = math.Float64frombits(binary.LittleEndian.Uint64(b))
	p[1] = math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))
	return p, true
}

// ewkbBound returns the bounding box of a geometry in EWKB, with or without Z
// and M. ok is false for an empty geometry and for bytes that are none.
func ewkbBound(b []byte) (bound orb.Bound, ok bool) {
	if p, ok := ewkbPoint(b); ok {
		if p[0] != p[0] || p[1] != p[1] { // POINT EMPTY is written as NaN
			return bound, false
		}
		return orb.Bound{Min: p, Max: p}, true
	}
	s := boundScanner{b: b, bound: orb.Bound{
		Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}}
	s.geometry(0)
	if s.failed || !(s.bound.Min[0] <= s.bound.Max[0] && s.bound.Min[1] <= s.bound.Max[1]) {
		return orb.Bound{}, false
	}
	return s.bound, true
}

type boundScanner struct {
	b      []byte
	order  binary.ByteOrder
	bound  orb.Bound
	failed bool
}

func (s *boundScanner) geometry(depth int) {
	if len(s.b) < 5 || depth > 32 {
		s.failed = true
		return
	}
	if s.b[0] == 0 {
		s.order = binary.BigEndian
	} else {
		s.order = binary.LittleEndian
	}
	kind := s.order.Uint32(s.b[1:])
	s.b = s.b[5:]
	dims := 2
	if kind&ewkbZ != 0 {
		dims++
	}
	if kind&ewkbM != 0 {
		dims++
	}
	if kind&ewkbSRID != 0 {
		s.uint32()
	}
	switch kind &^ (ewkbZ | ewkbM | ewkbSRID) {
	case 1:
		s.points(1, dims)
	case 2:
		s.points(s.uint32(), dims)
	case 3:
		for n := s.uint32(); n > 0 && !s.failed; n-- {
			s.points(s.uint32(), dims)
		}
	case 4, 5, 6, 7:
		for n := s.uint32(); n > 0 && !s.failed; n-- {
			s.geometry(depth + 1)
		}
	default:
		s.failed = true
	}
}

func (s *boundScanner) points(n uint32, dims int) {
	size := uint64(n) * uint64(dims) * 8
	if s.failed || size > uint64(len(s.b)) {
		s.failed = true
		return
	}
	for ; n > 0; n-- {
		x := math.Float64frombits(s.order.Uint64(s.b))
		y := math.Float64frombits(s.order.Uint64(s.b[8:]))
		s.b = s.b[8*dims:]
		// Comparisons with NaN are false: an empty point widens nothing.
		if x < s.bound.Min[0] {
			s.bound.Min[0] = x
		}
		if x > s.bound.Max[0] {
			s.bound.Max[0] = x
		}
		if y < s.bound.Min[1] {
			s.bound.Min[1] = y
		}
		if y > s.bound.Max[1] {
			s.bound.Max[1] = y
		}
	}
}

func (s *boundScanner) uint32() uint32 {
	if len(s.b) < 4 {
		s.failed = true
		return 0
	}
	n := s.order.Uint32(s.b)
	s.b = s.b[4:]
	return n
}

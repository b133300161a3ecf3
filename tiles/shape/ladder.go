package shape

import (
	"encoding/binary"
	"sync"
)

// Options say how shapes are simplified.
type Options struct {
	// The layer is drawn from MinZoom to MaxZoom. At MaxZoom shapes are whole, for
	// maps draw such tiles at larger zooms too. MaxZoom 0 stands for 22.
	MinZoom, MaxZoom int
	// Shared: polygons share borders, and share them after as well. Every corner
	// is moved by its own place alone, so that it moves for both neighbours alike.
	Shared bool
}

// A Ladder is a shape and simpler ones of it for zooms at which nobody sees the
// difference. It is immutable; its length is the memory it takes. A nil Ladder
// is of an empty shape.
//
// Its bytes are the number of simpler shapes; of each, the coarsest first, the
// largest zoom it serves (a byte) and its length (uvarint); then these shapes,
// and at last the whole one.
type Ladder []byte

// A simpler shape is kept where it has at most half the bytes of the one before
// it, and takes away enough to be worth its head.
const (
	fewPoints = 12 // up to which a shape stays as it is
	worth     = 2  // times smaller than the shape before it
)

var simplifiers = sync.Pool{New: func() any { return new(simplifier) }}

// Climb makes the ladder of a shape.
func Climb(s Shape, o Options) Ladder {
	if len(s) == 0 {
		return nil
	}
	type level struct {
		top   int
		shape Shape
	}
	var levels []level
	kind := s.Kind()
	if n := s.Len(); kind != Points && n > fewPoints {
		m := simplifiers.Get().(*simplifier)
		defer simplifiers.Put(m)
		m.load(s)
		if !o.Shared {
			m.weigh(kind)
		}
		if o.MaxZoom == 0 || o.MaxZoom > 22 {
			o.MaxZoom = 22
		}
		last := len(s)
		for z := o.MaxZoom - 1; z >= max(0, o.MinZoom); z-- {
			p := m.level(kind, z, o.Shared)
			if 4*len(p.pts) > last {
				continue // no need to write it to know
			}
			shift := precision(z)
			if o.Shared {
				shift = snapped(z)
			}
			simple, _ := encode(kind, shift, p)
			if worth*len(simple) <= last {
				levels = append(levels, level{z, simple})
				last = len(simple)
			}
			if len(simple) < 24 {
				break
			}
		}
	}
	size := 1 + len(s)
	for _, l := range levels {
		size += 1 + binary.MaxVarintLen16 + len(l.shape)
	}
	b := append(make(Ladder, 0, size), byte(len(levels)))
	for i := len(levels) - 1; i >= 0; i-- {
		b = append(b, byte(levels[i].top))
		b = binary.AppendUvarint(b, uint64(len(levels[i].shape)))
	}
	for i := len(levels) - 1; i >= 0; i-- {
		b = append(b, levels[i].shape...)
	}
	return append(b, s...)
}

// At returns the shape to draw at a zoom.
func (l Ladder) At(z int) Shape {
	if len(l) == 0 {
		return nil
	}
	i, skip := 1, 0
	from, size := -1, 0
	for range l[0] {
		top := int(l[i])
		length, k := binary.Uvarint(l[i+1:])
		i += 1 + k
		if from < 0 && z <= top {
			from, size = skip, int(length)
		}
		skip += int(length)
	}
	if from < 0 {
		return Shape(l[i+skip:])
	}
	return Shape(l[i+from : i+from+size])
}

// Full returns the whole shape.
func (l Ladder) Full() Shape { return l.At(1 << 30) }

package shape

import "encoding/binary"

// Options say how shapes are simplified.
type Options struct {
	MinZoom, MaxZoom int // the layer is drawn at; at MaxZoom and above shapes are whole
	// Shared: polygons share borders, and share them after as well. Every corner
	// is moved by its own place alone, so that it moves for both neighbours alike.
	Shared bool
}

// A Ladder is a shape and simpler ones of it for zooms where nobody sees the
// difference. It is immutable; its length is the memory it takes. A nil Ladder
// is of an empty shape.
//
// Its bytes are the number of simpler shapes; of each, the coarsest first, the
// largest zoom it serves (a byte) and its length (uvarint); then these shapes,
// and at last the whole one.
type Ladder []byte

// Climb makes the ladder of a shape.
func Climb(s Shape, o Options) Ladder {
	if len(s) == 0 {
		return nil
	}
	return append(append(make(Ladder, 0, 1+len(s)), 0), s...)
}

// At returns the shape to draw at a zoom.
func (l Ladder) At(z int) Shape {
	if len(l) == 0 {
		return nil
	}
	n, i := int(l[0]), 1
	skip, found := 0, -1
	size := 0
	for range n {
		top := int(l[i])
		length, k := binary.Uvarint(l[i+1:])
		i += 1 + k
		if found < 0 {
			if z <= top {
				found, size = skip, int(length)
			}
		}
		skip += int(length)
	}
	if found < 0 {
		return Shape(l[i+skip:])
	}
	return Shape(l[i+found : i+found+size])
}

// Full returns the whole shape.
func (l Ladder) Full() Shape { return l.At(1 << 30) }

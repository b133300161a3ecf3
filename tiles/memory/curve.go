package memory

import (
	"cmp"
	"math/bits"

	"onemap/tiles/shape"
)

// A rowKey orders the rows of a layer: by place, then by id. It is of the row
// alone, so an old row is found by what the log says of it.
type rowKey struct {
	place uint64
	id    int64
}

func (a rowKey) compare(b rowKey) int {
	if a.place != b.place {
		return cmp.Compare(a.place, b.place)
	}
	return cmp.Compare(a.id, b.id)
}

// last is the largest place of a point: the world's east and south edges belong
// to its last column and row.
const last = 1<<shape.WorldBits - 1

// pointKey is the place of a point: on the Hilbert curve of 2^32 cells to the
// world's edge, 1 cm at the equator.
func pointKey(x, y int64) uint64 { return hilbert(uint32(x>>4), uint32(y>>4)) }

// shapeKey is the place of a line or polygon: large ones first, by factors of 4,
// so that they do not widen the boxes of the small ones' blocks; then the place
// of the box's middle, on the curve of 2^29 cells.
func shapeKey(b shape.Box) uint64 {
	size := uint64(31 - bits.Len64(uint64(max(b.MaxX-b.MinX, b.MaxY-b.MinY)))/2)
	const down = shape.WorldBits - 29
	x, y := min(last, (b.MinX+b.MaxX)/2)>>down, min(last, (b.MinY+b.MaxY)/2)>>down
	return size<<58 | hilbert(uint32(x)<<3, uint32(y)<<3)>>6
}

// hilbert is the place of a cell on the Hilbert curve of order 32: every square
// of the quadtree is one stretch of it. Four levels at a time.
func hilbert(x, y uint32) uint64 {
	var d uint64
	state := uint16(0)
	for shift := 28; shift >= 0; shift -= 4 {
		e := hilbertTable[state<<8|uint16(x>>shift&15)<<4|uint16(y>>shift&15)]
		d = d<<8 | uint64(e&0xff)
		state = e >> 8
	}
	return d
}

// hilbertTable holds, for each of the four ways that the curve can lie in a
// square (1: turned about, 2: mirrored) and each of its 16 x 16 cells, the
// cell's place and how the curve lies in it.
var hilbertTable = func() (t [4 << 8]uint16) {
	for state := range uint16(4) {
		for x := range uint16(16) {
			for y := range uint16(16) {
				about, mirror, d := state&1, state>>1, uint16(0)
				for bit := 3; bit >= 0; bit-- {
					rx, ry := x>>bit&1^about, y>>bit&1^about
					if mirror == 1 {
						rx, ry = ry, rx
					}
					d = d<<2 | (3 * rx) ^ ry
					if ry == 0 {
						about ^= rx
						mirror ^= 1
					}
				}
				t[state<<8|x<<4|y] = (about|mirror<<1)<<8 | d
			}
		}
	}
	return t
}()

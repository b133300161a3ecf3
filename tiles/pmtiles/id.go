package pmtiles

import "math/bits"

// MaxZoom is the largest zoom whose ids fit 64 bits.
const MaxZoom = 31

// ID returns the id of the tile at column x and row y (from the north) of zoom
// z. z must be at most [MaxZoom], x and y below 2^z.
func ID(z uint8, x, y uint32) uint64 { return first(z) + hilbert(z, x, y) }

// first is the id of the first tile of a zoom: how many tiles all zooms before
// it have.
func first(z uint8) uint64 { return (uint64(1)<<(2*z) - 1) / 3 }

// Address is the inverse of [ID]. ok is false for an id past [MaxZoom]'s last.
func Address(id uint64) (z uint8, x, y uint32, ok bool) {
	if id >= first(MaxZoom)+1<<(2*MaxZoom) {
		return 0, 0, 0, false
	}
	// id*3+1 lies from 4^z to below 4^(z+1).
	z = uint8((bits.Len64(id*3+1) - 1) / 2)
	x, y = unhilbert(z, id-first(z))
	return z, x, y, true
}

// hilbert is how far along the Hilbert curve of order z the cell is.
func hilbert(z uint8, x, y uint32) (d uint64) {
	for s := uint32(1) << z >> 1; s > 0; s >>= 1 {
		var rx, ry uint64
		if x&s != 0 {
			rx = 1
		}
		if y&s != 0 {
			ry = 1
		}
		d += uint64(s) * uint64(s) * (3*rx ^ ry)
		x, y = turn(s, x&(s-1), y&(s-1), rx, ry)
	}
	return d
}

func unhilbert(z uint8, d uint64) (x, y uint32) {
	for s := uint32(1); s < uint32(1)<<z; s <<= 1 {
		rx := d >> 1 & 1
		ry := (d ^ rx) & 1
		x, y = turn(s, x, y, rx, ry)
		x += s * uint32(rx)
		y += s * uint32(ry)
		d >>= 2
	}
	return x, y
}

// turn turns and flips a square of edge s as its quadrant of the curve asks.
func turn(s, x, y uint32, rx, ry uint64) (uint32, uint32) {
	if ry == 1 {
		return x, y
	}
	if rx == 1 {
		x, y = s-1-x, s-1-y
	}
	return y, x
}

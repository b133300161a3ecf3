package tiles

import (
	"fmt"
	"strconv"

	"github.com/paulmach/orb/maptile"
)

// MaxZoom is the largest zoom that has tiles.
const MaxZoom = 22

// ParseAddress reads a tile address from its three numbers in decimal. It
// returns an error wrapping [ErrAddress] for a zoom over [MaxZoom], a column or
// row that the zoom does not have, and anything that is no plain number.
func ParseAddress(z, x, y string) (maptile.Tile, error) {
	zoom, err := number("zoom", z, MaxZoom)
	if err != nil {
		return maptile.Tile{}, err
	}
	last := uint64(1)<<zoom - 1
	col, err := number("column", x, last)
	if err != nil {
		return maptile.Tile{}, err
	}
	row, err := number("row", y, last)
	if err != nil {
		return maptile.Tile{}, err
	}
	return maptile.New(uint32(col), uint32(row), maptile.Zoom(zoom)), nil
}

func number(what, s string, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	// "+1" and "007" are other addresses of the same tile: one tile, one address.
	if err != nil || n > most || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("%w: %s %q is not a number from 0 to %d", ErrAddress, what, s, most)
	}
	return n, nil
}

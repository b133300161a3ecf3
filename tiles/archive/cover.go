package archive

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"

	"onemap/tiles"
	"onemap/tiles/pmtiles"
)

// ErrTooMany: an archive would have too many tiles.
var ErrTooMany = errors.New("too many tiles")

// mostWords bounds a cover to about 300 MB: a whole province at zoom 16 takes a
// fiftieth of it.
const mostWords = 8 << 20

// A Cover is a set of tiles of one zoom, and of those above them: the tiles in
// which something may be. Neighbours on the Hilbert curve share a word.
type Cover struct {
	zoom  uint8
	words map[uint64]uint64
}

// NewCover returns an empty cover of a zoom, at most [tiles.MaxZoom].
func NewCover(zoom int) *Cover { return &Cover{uint8(zoom), map[uint64]uint64{}} }

// margin is a tile's buffer, and a little more, as a part of its edge.
const margin = (tiles.Buffer + 1.0) / tiles.Extent

// Add adds the tiles that meet a box, in degrees, with their buffer. It returns
// an error wrapping [ErrTooMany] where they are too many to visit.
func (c *Cover) Add(b orb.Bound) error {
	x0, y0, x1, y1 := span(c.zoom, b)
	if uint64(x1-x0+1)*uint64(y1-y0+1) > 64*mostWords {
		return c.tooMany()
	}
	for x := x0; x <= x1; x++ {
		for y := y0; y <= y1; y++ {
			d := pmtiles.ID(c.zoom, x, y) - pmtiles.ID(c.zoom, 0, 0)
			c.words[d>>6] |= 1 << (d & 63)
		}
		if len(c.words) > mostWords {
			return c.tooMany()
		}
	}
	return nil
}

func (c *Cover) tooMany() error {
	return fmt.Errorf("%w at zoom %d: choose a smaller largest zoom", ErrTooMany, c.zoom)
}

// Empty says whether there is no tile.
func (c *Cover) Empty() bool { return len(c.words) == 0 }

// Within leaves only the tiles that meet a box.
func (c *Cover) Within(b orb.Bound) {
	for w, set := range c.words {
		for rest := set; rest != 0; rest &= rest - 1 {
			bit := rest & -rest
			if !meets(c.zoom, w<<6|uint64(bits.TrailingZeros64(bit)), b) {
				set &^= bit
			}
		}
		if c.words[w] = set; set == 0 {
			delete(c.words, w)
		}
	}
}

func meets(z uint8, d uint64, b orb.Bound) bool {
	x0, y0, x1, y1 := span(z, b)
	_, x, y, _ := pmtiles.Address(pmtiles.ID(z, 0, 0) + d)
	return x0 <= x && x <= x1 && y0 <= y && y <= y1
}

// Tiles returns the ids of the cover's tiles of a zoom up to its own, in their order.
func (c *Cover) Tiles(zoom int) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		first := pmtiles.ID(uint8(zoom), 0, 0)
		shift := 2 * (int(c.zoom) - zoom)
		last := uint64(math.MaxUint64)
		for _, w := range slices.Sorted(maps.Keys(c.words)) {
			for rest := c.words[w]; rest != 0; rest &= rest - 1 {
				d := (w<<6 | uint64(bits.TrailingZeros64(rest))) >> shift
				if d == last {
					continue // a child of the same tile
				}
				if last = d; !yield(first + d) {
					return
				}
			}
		}
	}
}

// Count is how many tiles the cover has from one zoom to another.
func (c *Cover) Count(from, to int) (n uint64) {
	for z := from; z <= to; z++ {
		for range c.Tiles(z) {
			n++
		}
	}
	return n
}

// span returns the first and last column and row of a zoom whose tiles, with
// their buffer, meet a box. What lies beyond the world's edge belongs to the
// last tile, as the sources have it.
func span(z uint8, b orb.Bound) (x0, y0, x1, y1 uint32) {
	n := float64(uint32(1) << z)
	x := func(lon, by float64) uint32 { return uint32(max(0, min(n-1, math.Floor((lon/360+0.5)*n+by)))) }
	y := func(lat, by float64) uint32 {
		sin := math.Sin(max(-89.9999, min(89.9999, lat)) * math.Pi / 180)
		return uint32(max(0, min(n-1, math.Floor((0.5-math.Log((1+sin)/(1-sin))/(4*math.Pi))*n+by))))
	}
	return x(b.Min[0], -margin), y(b.Max[1], -margin), x(b.Max[0], margin), y(b.Min[1], margin)
}

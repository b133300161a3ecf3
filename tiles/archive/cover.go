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

// A Cover is a set of tiles of one zoom, and of those of smaller zooms: the
// tiles in which something may be. Neighbours on the Hilbert curve share a word.
type Cover struct {
	zoom  uint8
	words map[uint64]uint64
	// A tile's buffer is wider than that of its children: above the zoom, tiles
	// that show something in their buffer alone.
	edges []map[uint64]struct{} // by zoom, of places on the curve
}

// NewCover returns an empty cover of a zoom, at most [tiles.MaxZoom].
func NewCover(zoom int) *Cover {
	c := &Cover{uint8(zoom), map[uint64]uint64{}, make([]map[uint64]struct{}, zoom)}
	for z := range c.edges {
		c.edges[z] = map[uint64]struct{}{}
	}
	return c
}

// margin is a tile's buffer, and a little more, as a part of its edge.
const margin = (tiles.Buffer + 1.0) / tiles.Extent

// Add adds the tiles that meet a box, in degrees, with their buffer. It returns
// an error wrapping [ErrTooMany] where they are too many to visit.
func (c *Cover) Add(b orb.Bound) error {
	w := project(b)
	s := w.span(c.zoom)
	if uint64(s.x1-s.x0+1)*uint64(s.y1-s.y0+1) > 64*mostWords {
		return c.tooMany()
	}
	for x := s.x0; x <= s.x1; x++ {
		for y := s.y0; y <= s.y1; y++ {
			d := place(c.zoom, x, y)
			c.words[d>>6] |= 1 << (d & 63)
		}
		if len(c.words) > mostWords {
			return c.tooMany()
		}
	}
	for z := range c.zoom {
		up := c.zoom - z
		above, wide := span{s.x0 >> up, s.y0 >> up, s.x1 >> up, s.y1 >> up}, w.span(z)
		if above == wide {
			continue
		}
		for x := wide.x0; x <= wide.x1; x++ {
			for y := wide.y0; y <= wide.y1; y++ {
				if !above.holds(x, y) {
					c.edges[z][place(z, x, y)] = struct{}{}
				}
			}
		}
	}
	return nil
}

func (c *Cover) tooMany() error {
	return fmt.Errorf("%w at zoom %d: choose a smaller largest zoom", ErrTooMany, c.zoom)
}

// Empty says whether there is no tile.
func (c *Cover) Empty() bool { return len(c.words) == 0 }

// Within leaves only the tiles that meet a box with their buffer.
func (c *Cover) Within(b orb.Bound) {
	w := project(b)
	meets := func(z uint8) func(d uint64) bool {
		s := w.span(z)
		return func(d uint64) bool {
			_, x, y, _ := pmtiles.Address(pmtiles.ID(z, 0, 0) + d)
			return s.holds(x, y)
		}
	}
	inside := meets(c.zoom)
	for z := range c.zoom {
		up, here := 2*(c.zoom-z), meets(z)
		maps.DeleteFunc(c.edges[z], func(d uint64, _ struct{}) bool { return !here(d) })
		// What the wider buffer of a tile meets, its children's may not.
		for w, set := range c.words {
			for rest := set; rest != 0; rest &= rest - 1 {
				d := w<<6 | uint64(bits.TrailingZeros64(rest))
				if !inside(d) && here(d>>up) {
					c.edges[z][d>>up] = struct{}{}
				}
			}
		}
	}
	for w, set := range c.words {
		for rest := set; rest != 0; rest &= rest - 1 {
			if bit := rest & -rest; !inside(w<<6 | uint64(bits.TrailingZeros64(bit))) {
				set &^= bit
			}
		}
		if c.words[w] = set; set == 0 {
			delete(c.words, w)
		}
	}
}

// Tiles returns the ids of the cover's tiles of a zoom up to its own, in their order.
func (c *Cover) Tiles(zoom int) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		first := pmtiles.ID(uint8(zoom), 0, 0)
		var edges []uint64
		if zoom < int(c.zoom) {
			edges = slices.Sorted(maps.Keys(c.edges[zoom]))
		}
		last := uint64(math.MaxUint64)
		// put yields places that come in order, some of them twice.
		put := func(d uint64) bool {
			if d == last {
				return true
			}
			last = d
			return yield(first + d)
		}
		for d := range c.above(zoom) {
			for ; len(edges) > 0 && edges[0] < d; edges = edges[1:] {
				if !put(edges[0]) {
					return
				}
			}
			if !put(d) {
				return
			}
		}
		for _, d := range edges {
			if d > last || last == math.MaxUint64 {
				if !put(d) {
					return
				}
			}
		}
	}
}

// above returns the places on the curve of a zoom with tiles of the cover's own
// below them, in their order.
func (c *Cover) above(zoom int) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		shift := 2 * (int(c.zoom) - zoom)
		last := uint64(math.MaxUint64)
		for _, w := range slices.Sorted(maps.Keys(c.words)) {
			for rest := c.words[w]; rest != 0; rest &= rest - 1 {
				d := (w<<6 | uint64(bits.TrailingZeros64(rest))) >> shift
				if d == last {
					continue // a child of the same tile
				}
				if last = d; !yield(d) {
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

// place is where on its zoom's curve a tile lies.
func place(z uint8, x, y uint32) uint64 { return pmtiles.ID(z, x, y) - pmtiles.ID(z, 0, 0) }

// A box of the world, whose west and north edges are 0 and whose others are 1.
type box struct{ minX, minY, maxX, maxY float64 }

func project(b orb.Bound) box {
	x := func(lon float64) float64 { return lon/360 + 0.5 }
	y := func(lat float64) float64 {
		sin := math.Sin(max(-89.9999, min(89.9999, lat)) * math.Pi / 180)
		return 0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi)
	}
	return box{x(b.Min[0]), y(b.Max[1]), x(b.Max[0]), y(b.Min[1])}
}

// A span is columns and rows of a zoom, both ends among them.
type span struct{ x0, y0, x1, y1 uint32 }

func (s span) holds(x, y uint32) bool { return s.x0 <= x && x <= s.x1 && s.y0 <= y && y <= s.y1 }

// span returns the tiles of a zoom that the box meets with their buffer. What
// lies beyond the world's edge belongs to the last tile, as the sources have it.
func (b box) span(z uint8) span {
	n := float64(uint32(1) << z)
	at := func(v, by float64) uint32 { return uint32(max(0, min(n-1, math.Floor(v*n+by)))) }
	return span{at(b.minX, -margin), at(b.minY, -margin), at(b.maxX, margin), at(b.maxY, margin)}
}

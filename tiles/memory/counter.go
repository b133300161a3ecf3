package memory

import (
	"math"
	"math/bits"
	"slices"

	"onemap/tiles/shape"
)

// A counter counts points by cell and class.
type counter struct {
	tile    shape.Box // without its east and south edges
	shift   uint      // a cell is 2^shift world units wide
	edge    int       // cells
	cells   []cell
	classes bool
	of      []cellClass // the counts by class
	slots   []slot      // where they are, by cell and word
	// Where cells are few, counts are first added up here instead: those of all
	// cells for the first class found, then for the second, and so on.
	dense []uint64
	names []uint32 // the classes found
	epoch uint32
	words []uint64 // by dictionary number: epoch<<32 | place in names, then the key's number
	row   []uint32
	zeros [countCells * countCells]uint64
}

type cell struct {
	n, sumX, sumY uint64
}

type cellClass struct {
	cell, word uint32
	n          uint64
}

type slot struct {
	key   uint64 // cell<<32 | word
	epoch uint32
	at    uint32
}

func (c *counter) reset(w *want, edge int, classes bool, words uint32) {
	c.tile = w.box(0)
	c.tile.MaxX--
	c.tile.MaxY--
	c.shift = uint(shape.WorldBits - int(w.z) - bits.Len(uint(edge)) + 1)
	c.edge, c.classes = edge, classes
	c.cells = slices.Grow(c.cells[:0], edge*edge)[:edge*edge]
	clear(c.cells)
	c.of, c.dense, c.names = c.of[:0], c.dense[:0], c.names[:0]
	if c.epoch++; c.epoch >= math.MaxUint32-1 {
		clear(c.slots)
		clear(c.words)
		c.epoch = 1
	}
	if classes && int(words) > len(c.words) {
		c.words = append(c.words, make([]uint64, int(words)-len(c.words))...)
	}
}

// at is the cell of a place in the tile: its column times the edge and its row.
func (c *counter) at(x, y int64) int {
	return int((x-c.tile.MinX)>>c.shift)*c.edge + int((y-c.tile.MinY)>>c.shift)
}

// one returns the cell that a box lies in, if it is one.
func (c *counter) one(b shape.Box) (int, bool) {
	if !c.tile.Holds(b) {
		return 0, false
	}
	at := c.at(b.MinX, b.MinY)
	return at, at == c.at(b.MaxX, b.MaxY)
}

func (c *counter) add(at, n int, sumX, sumY uint64) {
	e := &c.cells[at]
	e.n, e.sumX, e.sumY = e.n+uint64(n), e.sumX+sumX, e.sumY+sumY
}

func (c *counter) addBlock(l *layer, at int, b *block) {
	c.add(at, b.n, b.sumX, b.sumY)
	if c.classes {
		b.classes(l.class, func(word uint32, n int) { c.addClass(at, word, uint64(n)) })
	}
}

func (c *counter) addClass(at int, word uint32, n uint64) {
	if c.edge <= countCells {
		w := c.words[word]
		if uint32(w>>32) != c.epoch {
			w = uint64(c.epoch)<<32 | uint64(len(c.names))
			c.words[word] = w
			c.names = append(c.names, word)
			c.dense = append(c.dense, c.zeros[:len(c.cells)]...)
		}
		c.dense[int(uint32(w))*len(c.cells)+at] += n
		return
	}
	if (len(c.of)+1)*2 > len(c.slots) {
		c.grow()
	}
	key := uint64(at)<<32 | uint64(word)
	e := c.find(key)
	if e.epoch != c.epoch {
		*e = slot{key, c.epoch, uint32(len(c.of))}
		c.of = append(c.of, cellClass{uint32(at), word, 0})
	}
	c.of[e.at].n += n
}

// find returns the slot of a key, or the free one where it goes.
func (c *counter) find(key uint64) *slot {
	mask := uint64(len(c.slots) - 1)
	h := key * 0x9e3779b97f4a7c15
	for i := (h ^ h>>32) & mask; ; i = (i + 1) & mask {
		e := &c.slots[i]
		if e.epoch != c.epoch || e.key == key {
			return e
		}
	}
}

func (c *counter) grow() {
	old := c.slots
	c.slots = make([]slot, max(1024, 2*len(old)))
	for _, e := range old {
		if e.epoch == c.epoch {
			*c.find(e.key) = e
		}
	}
}

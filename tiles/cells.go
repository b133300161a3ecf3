package tiles

import (
	"slices"
	"sync/atomic"
)

// cells is a hash table from tiles to their stamps, of a fixed size, that one
// writes while others read. Slots are taken and never given back.
type cells struct {
	slots []cell
	used  int           // the writer's
	boxed atomic.Uint32 // the zooms of cells with boxes, a bit each
}

type cell struct {
	key   atomic.Uint64 // 0: free
	lsn   atomic.Uint64
	boxes atomic.Pointer[[]stampedBox] // large changes that matter to the tiles within
}

// A stampedBox is a change that lies in too many tiles to name them.
type stampedBox struct {
	box
	lsn uint64
}

// boxesACell is how many boxes a cell keeps. Where there are more, the two
// oldest become one that holds both.
const boxesACell = 16

// newCells has room for three quarters of size, which is a power of two.
func newCells(size int) *cells { return &cells{slots: make([]cell, size)} }

// cellKey is a tile as a number other than 0.
func cellKey(z, x, y uint32) uint64 {
	return 1<<63 | uint64(z)<<44 | uint64(x)<<22 | uint64(y)
}

// first is where the search for a key begins.
func (c *cells) first(key uint64) int {
	key ^= key >> 29
	key *= 0x9e3779b97f4a7c15
	key ^= key >> 32
	return int(key) & (len(c.slots) - 1)
}

// find returns the slot of a key, nil if it has none.
func (c *cells) find(key uint64) *cell {
	for i := c.first(key); ; i = (i + 1) & (len(c.slots) - 1) {
		switch s := &c.slots[i]; s.key.Load() {
		case key:
			return s
		case 0:
			return nil
		}
	}
}

// set stamps a tile. There is a free slot.
func (c *cells) set(key, lsn uint64, large *box) {
	for i := c.first(key); ; i = (i + 1) & (len(c.slots) - 1) {
		s := &c.slots[i]
		switch s.key.Load() {
		case key:
			raise(&s.lsn, lsn)
			if large != nil {
				s.keep(stampedBox{*large, lsn})
			}
			return
		case 0:
			s.lsn.Store(lsn)
			if large != nil {
				s.keep(stampedBox{*large, lsn})
			}
			c.used++
			s.key.Store(key) // last: from here on it is found
			return
		}
	}
}

// keep adds a box. Readers have the list as it was.
func (s *cell) keep(b stampedBox) {
	var have []stampedBox
	if p := s.boxes.Load(); p != nil {
		have = *p
	}
	list := make([]stampedBox, 0, len(have)+1)
	for _, h := range have {
		if h.box != b.box { // changed again: only the last time counts
			list = append(list, h)
		}
	}
	if list = append(list, b); len(list) > boxesACell {
		list[1] = list[0].union(list[1])
		list = list[1:]
	}
	s.boxes.Store(&list)
}

func (b stampedBox) union(o stampedBox) stampedBox {
	return stampedBox{box{min(b.minX, o.minX), min(b.minY, o.minY), max(b.maxX, o.maxX), max(b.maxY, o.maxY)}, max(b.lsn, o.lsn)}
}

// inBoxes returns the last large change in a tile that is kept at zoom up above it.
func (c *cells) inBoxes(up, z, x, y uint32) uint64 {
	s := c.find(cellKey(up, x>>(z-up), y>>(z-up)))
	if s == nil {
		return 0
	}
	p := s.boxes.Load()
	if p == nil {
		return 0
	}
	last := uint64(0)
	for _, b := range *p {
		if b.lsn > last && b.meets(z, x, y) {
			last = b.lsn
		}
	}
	return last
}

// median is the stamp that at least half of the cells do not exceed.
func (c *cells) median() uint64 {
	all := make([]uint64, 0, c.used)
	for i := range c.slots {
		if c.slots[i].key.Load() != 0 {
			all = append(all, c.slots[i].lsn.Load())
		}
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// take fills the table, which nobody reads yet, with what is later than after.
func (c *cells) take(from *cells, after uint64) {
	for i := range from.slots {
		s := &from.slots[i]
		key, lsn := s.key.Load(), s.lsn.Load()
		if key == 0 || lsn <= after {
			continue
		}
		c.set(key, lsn, nil)
		if p := s.boxes.Load(); p != nil {
			c.find(key).boxes.Store(p)
		}
	}
	c.boxed.Store(from.boxed.Load())
}

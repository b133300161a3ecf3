package memory

import (
	"cmp"
	"math/bits"
	"slices"

	"onemap/tiles"
	"onemap/tiles/mvt"
	"onemap/tiles/shape"
)

// countCells is how many cells an edge of a tile has where points are counted;
// finestCells, where they are counted because they do not fit the budget.
const (
	countCells  = 8
	finestCells = 128
)

// count makes a part of counts by cell. A cell holds its west and north edges,
// so each point is in one cell of one tile and the counts of a zoom add up.
func (sc *scratch) count(l *layer, w *want, edge int, classes bool) (tiles.Part, bool) {
	c := &sc.cells
	c.reset(w, edge, classes && l.class >= 0, l.words.n)
	if c.classes && l.kinds[l.class] != words {
		return tiles.Part{}, false // as PostGIS writes such a value: it knows
	}
	for i, box := range l.boxes {
		if !c.tile.Touches(box) {
			continue
		}
		p := l.pages[i]
		if at, ok := c.one(box); ok && w.test == nil && w.shown == nil {
			c.add(at, p.n, p.sumX, p.sumY)
			if c.classes {
				for _, k := range p.classes {
					c.addClass(at, k.word, uint64(k.n))
				}
			}
			continue
		}
		for j, box := range p.boxes {
			if c.tile.Touches(box) && !sc.countBlock(l, w, p.blocks[j], box) {
				return tiles.Part{}, false
			}
		}
	}
	return tiles.Part{MVT: sc.drawCells(l)}, true
}

// countBlock counts a block's rows; false: which hold the condition cannot be told.
func (sc *scratch) countBlock(l *layer, w *want, b *block, box shape.Box) (ok bool) {
	c := &sc.cells
	sc.sel = sc.sel[:0]
	at, one := c.one(box)
	whole := one || c.tile.Holds(box)
	if one && w.test == nil && w.shown == nil {
		c.addBlock(l, at, b)
		return true
	}
	if whole {
		for row := range uint16(b.n) {
			sc.sel = append(sc.sel, row)
		}
	} else {
		sc.cut(true, b, c.tile)
	}
	sel := sc.sel
	for _, t := range [2]test{w.test, w.shown} {
		if t == nil {
			continue
		}
		if sel, ok = sc.keep(t, b, sel); !ok {
			return false
		}
	}
	if len(sel) == 0 {
		return true
	}
	if one && len(sel) == b.n {
		c.addBlock(l, at, b)
		return true
	}
	cx, cy := &b.columns[colX], &b.columns[colY]
	sc.x = cx.numbers(sc.x[:0], b.data, sel, len(sel))
	sc.y = cy.numbers(sc.y[:0], b.data, sel, len(sel))
	class := (*column)(nil)
	if c.classes && b.columns[l.class].form == codes {
		class = &b.columns[l.class]
		sc.nums = class.numbers(sc.nums[:0], b.data, sel, len(sel))
	}
	if one {
		sc.countInOne(at, b, class, sel)
		return true
	}
	for i, row := range sel {
		x, y := cx.base+int64(sc.x[i]), cy.base+int64(sc.y[i])
		at := c.at(x, y)
		c.add(at, 1, uint64(x), uint64(y))
		if class != nil && !class.null(b.data, int(row)) {
			c.addClass(at, class.word(b.data, int(sc.nums[i])), 1)
		}
	}
	return true
}

// countInOne counts rows, whose places and classes have been read, that all lie
// in one cell.
func (sc *scratch) countInOne(at int, b *block, class *column, sel []uint16) {
	var sumX, sumY uint64
	for i, x := range sc.x {
		sumX += x
		sumY += sc.y[i]
	}
	n := uint64(len(sel))
	sc.cells.add(at, len(sel), sumX+n*uint64(b.columns[colX].base), sumY+n*uint64(b.columns[colY].base))
	if class == nil {
		return
	}
	tally := sc.local[:class.n]
	clear(tally)
	if class.nulls == 0 {
		for _, code := range sc.nums {
			tally[code]++
		}
	} else {
		for i, row := range sel {
			if !class.null(b.data, int(row)) {
				tally[sc.nums[i]]++
			}
		}
	}
	for code, n := range tally {
		if n > 0 {
			sc.cells.addClass(at, class.word(b.data, code), uint64(n))
		}
	}
}

// countFiner makes a part of counts by cells as small as the budget allows, of
// points that do not fit it one by one.
func (sc *scratch) countFiner(l *layer, w *want, hidden int, classes bool) (tiles.Part, bool) {
	for edge := finestCells; ; edge /= 2 {
		part, ok := sc.count(l, w, edge, classes)
		if !ok || len(part.MVT) <= l.Budget || edge <= 1 {
			part.Omitted = hidden
			return part, ok
		}
	}
}

// drawCells writes a feature for each cell with a point: at its points' middle,
// with how many there are (count) and how many of each class (class:X).
func (sc *scratch) drawCells(l *layer) []byte {
	c, out := &sc.cells, &sc.out
	out.Reset()
	out.Key("count")
	for i, n := range c.dense {
		if n > 0 {
			c.of = append(c.of, cellClass{uint32(i % len(c.cells)), c.names[i/len(c.cells)], n})
		}
	}
	// By cell, then by the class's text: an order that is of the rows alone.
	slices.SortFunc(c.of, func(a, b cellClass) int {
		if a.cell != b.cell {
			return cmp.Compare(a.cell, b.cell)
		}
		return cmp.Compare(l.words.at(a.word), l.words.at(b.word))
	})
	if len(c.names) > 0 { // from now on words has the keys
		c.epoch++
	}
	keys := uint32(1)
	for _, k := range c.of {
		if uint32(c.words[k.word]>>32) != c.epoch {
			c.words[k.word] = uint64(c.epoch)<<32 | uint64(out.Key2("class:", l.words.at(k.word)))
			keys++
		}
	}
	c.row = append(c.row[:0], make([]uint32, keys)...)
	unit := c.shift + uint(bits.Len(uint(c.edge))) - 1 - 12 // a tile's unit is 2^unit of the world's
	half := int64(1) << unit >> 1
	geometry := [3]uint32{mvt.MoveTo1}
	of := c.of
	for at := range c.cells {
		e := &c.cells[at]
		if e.n == 0 {
			continue
		}
		c.row[0] = out.Int(int64(e.n)) + 1
		mine := of
		for len(mine) > 0 && mine[0].cell == uint32(at) {
			c.row[uint32(c.words[mine[0].word])] = out.Int(int64(mine[0].n)) + 1
			mine = mine[1:]
		}
		x, y := int64((e.sumX+e.n/2)/e.n), int64((e.sumY+e.n/2)/e.n)
		geometry[1] = mvt.Zigzag(int32((x - c.tile.MinX + half) >> unit))
		geometry[2] = mvt.Zigzag(int32((y - c.tile.MinY + half) >> unit))
		out.Feature(-1, mvt.Point, c.row, geometry[:])
		for _, k := range of[:len(of)-len(mine)] {
			c.row[uint32(c.words[k.word])] = 0
		}
		of = mine
	}
	return out.AppendTo(nil, l.Name)
}

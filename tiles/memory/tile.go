package memory

import (
	"context"

	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/mvt"
	"onemap/tiles/shape"
)

// Tile makes the parts that the store can make, all of one state: it is a
// [tiles.Source]. A part is not Held where the layer is not there, or of another
// version, where it lacks a field of the request, and where memory cannot tell
// exactly which rows the condition holds for.
func (s *Store) Tile(ctx context.Context, r tiles.Request) ([]tiles.Part, error) {
	now := s.now.Load()
	parts := make([]tiles.Part, len(r.Layers))
	sc := s.scratch.Get().(*scratch)
	defer s.put(sc)
	for i := range r.Layers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l, ok := now.layers[r.Layers[i].Name]
		if !ok || l.Version != r.Layers[i].Version {
			continue
		}
		part, ok := sc.part(l, &r, &r.Layers[i])
		if !ok {
			continue
		}
		parts[i] = part
		parts[i].Held, parts[i].LSN = true, now.lsn
		l.asked.Add(1)
	}
	return parts, nil
}

// A scratch is what making a tile needs, to be used again.
type scratch struct {
	eval
	out     mvt.Writer
	columns []int // of the fields wanted
	picks   []pick
	sel     []uint16
	values  []uint32 // a row of the tile each: as mvt.Writer.Feature takes them
	stride  int
	x, y    []uint64
	w, h    []uint64
	text    []byte
	known   []uint64 // by dictionary number: epoch<<32 | value's number + 1
	epoch   uint32
	local   [blockRowsMax]uint32 // the same by number of a block's column
	cells   counter
	// What thin chooses from.
	ranks  []candidate
	all    []pick
	allSel []uint16
	chosen []bool
	// Of shapes: each row's commands, beside sel.
	cutter   shape.Cutter
	commands []uint32
	spans    []span
	allSpans []span
	fetched  byte // read by nobody: so that fetch is not for nothing
}

func newScratch() *scratch { return &scratch{} }

// mostScratch is beyond how many bytes the commands or values of a tile are not
// kept for the next.
const mostScratch = 8 << 20

func (s *Store) put(sc *scratch) {
	if 4*cap(sc.commands) < mostScratch && 4*cap(sc.values) < mostScratch && cap(sc.ranks) < mostScratch/64 {
		s.scratch.Put(sc)
	}
}

// A pick is the rows of a block that are in the tile: sel[from:to].
type pick struct {
	b        *block
	from, to int
}

// A view of a tile: where it is, and what may be seen of the layer there.
type want struct {
	z, x, y uint32
	plain   bool
	test    test // nil: all rows
	shown   test // nil: all that test lets through
	rank    int  // the column by which features stay; -1: none, or one that may not be seen
}

// box is the tile's box, wider by so many of its units.
func (w *want) box(units int64) shape.Box {
	size := int64(1) << (shape.WorldBits - w.z)
	x, y, m := int64(w.x)*size, int64(w.y)*size, units*(size/mvt.Extent)
	return shape.Box{MinX: x - m, MinY: y - m, MaxX: x + size + m, MaxY: y + size + m}
}

func (sc *scratch) part(l *layer, r *tiles.Request, lr *tiles.LayerRequest) (tiles.Part, bool) {
	z := int(r.At.Z)
	if z < l.MinZoom || z > min(l.MaxZoom, tiles.MaxZoom) || where.IsFalse(lr.Where) {
		return tiles.Part{}, true
	}
	sc.eval.reset()
	sc.columns = sc.columns[:0]
	classes, rank := false, -1 // the caller may see the class field, and the rank
	for _, f := range lr.Fields {
		k, ok := l.byName[f]
		if !ok {
			return tiles.Part{}, false
		}
		classes = classes || k == l.class
		if k == l.rank { // which features stay tells their rank
			rank = k
		}
		if k != colID && l.field(k).InTile {
			sc.columns = append(sc.columns, k)
		}
	}
	w := want{z: uint32(z), x: r.At.X, y: r.At.Y, plain: r.Plain, rank: rank}
	if !where.IsTrue(lr.Where) {
		var ok bool
		if w.test, ok = l.compile(&sc.eval, lr.Where); !ok {
			return tiles.Part{}, false
		}
	}
	if l.points && z < l.DetailZoom && !r.Plain {
		return sc.count(l, &w, countCells, classes)
	}
	if hidden := l.hidden[z]; hidden != nil && !r.Plain {
		w.shown, _ = l.compile(&sc.eval, hidden)
	}
	if l.points {
		return sc.points(l, &w, classes)
	}
	return sc.shapes(l, &w)
}

// pick finds the rows whose boxes meet a box and for which the tests hold. It
// returns how many of them the tests let through, and how many of those are not
// shown; false if it cannot tell.
func (sc *scratch) pick(l *layer, w *want, q shape.Box) (n, hidden int, ok bool) {
	sc.picks, sc.sel = sc.picks[:0], sc.sel[:0]
	for i, box := range l.boxes {
		if !q.Touches(box) {
			continue
		}
		p := l.pages[i]
		for j, box := range p.boxes {
			if !q.Touches(box) {
				continue
			}
			b := p.blocks[j]
			from := len(sc.sel)
			if q.Holds(box) {
				for row := range uint16(b.n) {
					sc.sel = append(sc.sel, row)
				}
			} else {
				sc.cut(l.points, b, q)
			}
			sel := sc.sel[from:]
			if w.test != nil {
				if sel, ok = sc.keep(w.test, b, sel); !ok {
					return 0, 0, false
				}
			}
			if w.shown != nil {
				before := len(sel)
				sel, _ = sc.keep(w.shown, b, sel)
				hidden += before - len(sel)
			}
			sc.sel = sc.sel[:from+len(sel)]
			if len(sel) > 0 {
				sc.picks = append(sc.picks, pick{b, from, from + len(sel)})
				n += len(sel)
			}
		}
	}
	return n, hidden, true
}

// cut appends the rows of a block whose boxes meet a box.
func (sc *scratch) cut(points bool, b *block, q shape.Box) {
	if !points {
		sc.cutBoxes(b, q)
		return
	}
	cx, cy := &b.columns[colX], &b.columns[colY]
	sc.x = cx.numbers(sc.x[:0], b.data, nil, b.n)
	sc.y = cy.numbers(sc.y[:0], b.data, nil, b.n)
	// Numbers count from the base: one comparison for both ends, as differences
	// below 0 are huge without their sign.
	fromX, fromY := q.MinX-cx.base, q.MinY-cy.base
	w, h := uint64(q.MaxX-q.MinX), uint64(q.MaxY-q.MinY)
	sel := sc.sel
	for i, x := range sc.x {
		if uint64(int64(x)-fromX) <= w && uint64(int64(sc.y[i])-fromY) <= h {
			sel = append(sel, uint16(i))
		}
	}
	sc.sel = sel
}

// cutBoxes is cut for shapes.
func (sc *scratch) cutBoxes(b *block, q shape.Box) {
	cx, cy, cw, ch := &b.columns[colX], &b.columns[colY], &b.columns[colWidth], &b.columns[colHeight]
	sc.x = cx.numbers(sc.x[:0], b.data, nil, b.n)
	sc.y = cy.numbers(sc.y[:0], b.data, nil, b.n)
	sc.w = cw.numbers(sc.w[:0], b.data, nil, b.n)
	sc.h = ch.numbers(sc.h[:0], b.data, nil, b.n)
	maxX, maxY := q.MaxX-cx.base, q.MaxY-cy.base
	minX, minY := q.MinX-cx.base-cw.base, q.MinY-cy.base-ch.base
	sel := sc.sel
	for i, x := range sc.x {
		x, y := int64(x), int64(sc.y[i])
		if x <= maxX && y <= maxY && x+int64(sc.w[i]) >= minX && y+int64(sc.h[i]) >= minY {
			sel = append(sel, uint16(i))
		}
	}
	sc.sel = sel
}

package memory

import (
	"encoding/binary"
	"slices"
	"unsafe"

	"onemap/tiles/shape"
)

// Sizes of blocks, in rows, and of pages, in blocks: what a load makes, and
// what may become of it by changes. A shape costs more than a point to look at
// and its box is larger, so their blocks are smaller.
const (
	pointRows     = 512
	shapeRows     = 128
	blockRowsMax  = 2 * pointRows // of any block, one of rows that wait too
	pageBlocks    = 64
	pageBlocksMax = 128
)

// A block is some hundred rows that lie together, in columns. It never changes.
type block struct {
	n       int
	box     shape.Box
	columns []column
	data    []byte
	shapes  []shape.Ladder // of lines and polygons
	counts  uint32         // in data: how many rows have each code of the class column, 2 bytes each; 0: no class
	sumX    uint64         // of points
	sumY    uint64
	heavy   int64 // bytes of the shapes
}

// bytes is the memory that the block takes.
func (b *block) bytes() int64 {
	return int64(unsafe.Sizeof(*b)) + int64(len(b.columns))*int64(unsafe.Sizeof(column{})) + int64(cap(b.data)) +
		int64(len(b.shapes))*int64(unsafe.Sizeof(shape.Ladder{})) + b.heavy + blockOverhead
}

// blockOverhead is what a page keeps of a block: its address, first key and box.
const blockOverhead = 8 + 16 + 32

func (b *block) x(i int) int64  { return b.columns[colX].value(b.data, i) }
func (b *block) y(i int) int64  { return b.columns[colY].value(b.data, i) }
func (b *block) id(i int) int64 { return b.columns[colID].value(b.data, i) }

// boxAt is the box of a row of shapes.
func (b *block) boxAt(i int) shape.Box {
	x, y := b.x(i), b.y(i)
	return shape.Box{MinX: x, MinY: y, MaxX: x + b.columns[colWidth].value(b.data, i), MaxY: y + b.columns[colHeight].value(b.data, i)}
}

// key is the place of a row in the layer.
func (b *block) key(points bool, i int) rowKey {
	if points {
		return rowKey{pointKey(b.x(i), b.y(i)), b.id(i)}
	}
	return rowKey{shapeKey(b.boxAt(i)), b.id(i)}
}

// A ref is a row of a block.
type ref struct {
	b *block
	i int
}

// A builder makes blocks. It is scratch, one a goroutine.
type builder struct {
	*schema
	encoder
	cells  []cells // a column each
	shapes []shape.Ladder
	runs   []run
	texts  func(n uint32) string // the dictionary
}

func newBuilder(s *schema, texts func(uint32) string) *builder {
	return &builder{schema: s, cells: make([]cells, len(s.kinds)), texts: texts}
}

func (bl *builder) reset() {
	for i := range bl.cells {
		bl.cells[i].reset()
	}
	bl.shapes = bl.shapes[:0]
}

// build makes a block of rows of other blocks.
func (bl *builder) build(rows []ref) *block {
	bl.reset()
	bl.runs = bl.runs[:0]
	for i, r := range rows {
		if n := len(bl.runs) - 1; i == 0 || rows[i-1].b != r.b || rows[i-1].i+1 != r.i {
			bl.runs = append(bl.runs, run{r, 1})
		} else {
			bl.runs[n].n++
		}
	}
	for k := range bl.cells {
		c := &bl.cells[k]
		if bl.kinds[k] == letters {
			bl.gatherTexts(c, k, rows)
			continue
		}
		for _, r := range bl.runs {
			bl.gather(c, &r.b.columns[k], r)
		}
	}
	if !bl.points {
		for _, r := range rows {
			bl.shapes = append(bl.shapes, r.b.shapes[r.i])
		}
	}
	return bl.seal()
}

// A run is rows of a block that follow each other there: as good as all, where a
// block is made anew for one changed row.
type run struct {
	ref
	n int
}

// gather takes the values of a run.
func (bl *builder) gather(c *cells, col *column, r run) {
	data := r.b.data
	if col.someNull() || r.n == 1 {
		for i := r.i; i < r.i+r.n; i++ {
			if col.null(data, i) {
				c.add(0, true)
			} else {
				c.add(col.value(data, i), false)
			}
		}
		return
	}
	from := *col
	from.off += uint32(r.i) * uint32(col.width)
	bl.raw = from.numbers(bl.raw[:0], data, nil, r.n)
	switch col.form {
	case ints:
		scale := scales[col.scale]
		for _, v := range bl.raw {
			c.vals = append(c.vals, col.base+int64(v)*scale)
		}
	case codes:
		for _, v := range bl.raw {
			c.vals = append(c.vals, int64(col.word(data, int(v))))
		}
	default:
		for _, v := range bl.raw {
			c.vals = append(c.vals, col.mean(data, v))
		}
	}
	c.null = slices.Grow(c.null, r.n)[:len(c.null)+r.n]
	clear(c.null[len(c.null)-r.n:])
}

// gatherTexts takes texts from blocks that keep them as they are, and from those
// made while they were still in the dictionary.
func (bl *builder) gatherTexts(c *cells, k int, rows []ref) {
	for _, r := range rows {
		col := &r.b.columns[k]
		if col.null(r.b.data, r.i) {
			c.some = true
			c.null, c.text = append(c.null, true), append(c.text, nil)
			continue
		}
		t := []byte(nil)
		if col.form == codes {
			t = []byte(bl.texts(uint32(col.value(r.b.data, r.i))))
		} else {
			t = col.text(r.b.data, r.i)
		}
		c.null, c.text = append(c.null, false), append(c.text, t)
	}
}

// seal makes a block of the rows in the cells.
func (bl *builder) seal() *block {
	n := len(bl.cells[colID].null)
	b := &block{n: n, columns: make([]column, len(bl.kinds))}
	bl.data = append(bl.data[:0], 0)
	for k := range bl.cells {
		b.columns[k] = bl.encode(bl.kinds[k], &bl.cells[k])
	}
	if c := bl.class; c >= 0 && b.columns[c].form == codes {
		bl.count(b, c)
	}
	xs, ys := bl.cells[colX].vals, bl.cells[colY].vals
	b.box = shape.Box{MinX: xs[0], MinY: ys[0], MaxX: xs[0], MaxY: ys[0]}
	for i, x := range xs {
		y := ys[i]
		right, bottom := x, y
		if !bl.points {
			w, h := bl.cells[colWidth].vals[i], bl.cells[colHeight].vals[i]
			right, bottom = x+w, y+h
		} else {
			b.sumX, b.sumY = b.sumX+uint64(x), b.sumY+uint64(y)
		}
		b.box.MinX, b.box.MaxX = min(b.box.MinX, x), max(b.box.MaxX, right)
		b.box.MinY, b.box.MaxY = min(b.box.MinY, y), max(b.box.MaxY, bottom)
	}
	b.data = append(make([]byte, 0, len(bl.data)), bl.data...)
	if !bl.points {
		b.shapes = append(make([]shape.Ladder, 0, n), bl.shapes...)
		for _, s := range b.shapes {
			b.heavy += int64(len(s)+15) &^ 15
		}
	}
	return b
}

// count appends how many rows have each class.
func (bl *builder) count(b *block, c int) {
	col := &b.columns[c]
	counts := make([]uint16, col.n)
	for i := range b.n {
		if !col.null(bl.data, i) {
			counts[col.number(bl.data, i)]++
		}
	}
	b.counts = uint32(len(bl.data))
	for _, n := range counts {
		bl.data = binary.LittleEndian.AppendUint16(bl.data, n)
	}
}

// classes calls f with each class of the block and how many rows have it.
func (b *block) classes(class int, f func(word uint32, n int)) {
	if b.counts == 0 {
		return
	}
	col := &b.columns[class]
	for code := range int(col.n) {
		if n := int(binary.LittleEndian.Uint16(b.data[int(b.counts)+2*code:])); n > 0 {
			f(col.word(b.data, code), n)
		}
	}
}

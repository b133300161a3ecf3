package memory

import (
	"slices"
	"sync/atomic"
	"unsafe"

	"onemap/tiles/shape"
)

// A page lists blocks that follow each other, with what a search needs of them
// side by side. It never changes.
type page struct {
	blocks []*block
	keys   []rowKey // the first row of each block
	boxes  []shape.Box

	// Sums of the blocks, so that a tile of a whole country need not visit them.
	n       int
	box     shape.Box
	sumX    uint64
	sumY    uint64
	classes []classCount
	size    int64 // bytes
}

// A classCount says how many rows have a class.
type classCount struct {
	word uint32
	n    uint32
}

// A layer is one layer's rows at one time. It never changes.
type layer struct {
	*schema
	pages []*page
	keys  []rowKey // the first row of each page
	boxes []shape.Box
	rows  int
	size  int64 // bytes of the blocks
	words view
	*writer
}

// A writer is what all states of a layer have in common. Only who changes the
// layer, one at a time, may use its dictionary.
type writer struct {
	dict  *dictionary
	build *builder
	asked atomic.Int64
	known atomic.Int64 // bytes of the dictionary, to be read by anyone
}

// bytes is the memory that the layer takes.
func (l *layer) bytes() int64 { return l.size + l.known.Load() }

// newPage lists blocks and adds them up.
func (bl *builder) newPage(blocks []*block, keys []rowKey) *page {
	bl.another()
	p := &page{blocks: blocks, keys: keys, boxes: make([]shape.Box, len(blocks)), box: blocks[0].box}
	for i, b := range blocks {
		p.boxes[i] = b.box
		p.n += b.n
		p.sumX, p.sumY = p.sumX+b.sumX, p.sumY+b.sumY
		p.box = around(p.box, b.box)
		p.size += b.bytes()
		b.classes(bl.class, func(word uint32, n int) {
			at, fresh := bl.code(word, len(p.classes))
			if fresh {
				p.classes = append(p.classes, classCount{word, 0})
			}
			p.classes[at].n += uint32(n)
		})
	}
	p.size += int64(unsafe.Sizeof(*p)) + int64(cap(p.classes))*int64(unsafe.Sizeof(classCount{}))
	slices.SortFunc(p.classes, func(a, b classCount) int { return int(int64(a.word) - int64(b.word)) })
	return p
}

func around(a, b shape.Box) shape.Box {
	return shape.Box{MinX: min(a.MinX, b.MinX), MinY: min(a.MinY, b.MinY), MaxX: max(a.MaxX, b.MaxX), MaxY: max(a.MaxY, b.MaxY)}
}

// setPages lists the pages of a layer that is being made.
func (l *layer) setPages(pages []*page) {
	l.pages = pages
	l.keys, l.boxes = make([]rowKey, len(pages)), make([]shape.Box, len(pages))
	l.rows, l.size = 0, 0
	for i, p := range pages {
		l.keys[i], l.boxes[i] = p.keys[0], p.box
		l.rows += p.n
		l.size += p.size
	}
}

// paged appends pages of blocks that follow each other: none of them too full.
func (bl *builder) paged(dst []*page, blocks []*block, keys []rowKey, most, usual int) []*page {
	if len(blocks) == 0 {
		return dst
	}
	parts := 1
	if len(blocks) > most {
		parts = (len(blocks) + usual - 1) / usual
	}
	for i := range parts {
		from, to := i*len(blocks)/parts, (i+1)*len(blocks)/parts
		dst = append(dst, bl.newPage(slices.Clip(blocks[from:to]), slices.Clip(keys[from:to])))
	}
	return dst
}

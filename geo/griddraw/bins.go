package griddraw

import (
	"cmp"
	"slices"
)

// bins tells which things lie near a place: a grid of squares, each with the
// numbers of the things whose box meets it. It is made once.
type bins struct {
	size    int64
	entries []binned // by square
	at      map[square][2]int32
}

type square struct{ x, y int32 }

type binned struct {
	square
	n int32
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (b *bins) span(x0, y0, x1, y1 int64, each func(square)) {
	for x := floorDiv(x0, b.size); x <= floorDiv(x1, b.size); x++ {
		for y := floorDiv(y0, b.size); y <= floorDiv(y1, b.size); y++ {
			each(square{int32(x), int32(y)})
		}
	}
}

func (b *bins) addBox(n int, x box) {
	b.span(x.x0, x.y0, x.x1, x.y1, func(s square) { b.entries = append(b.entries, binned{s, int32(n)}) })
}

// along calls each for the squares that the segment pq passes, one lattice unit
// around it included.
func (b *bins) along(p, q pt, each func(square)) {
	if q.x < p.x {
		p, q = q, p
	}
	const m = 2
	c0, c1 := floorDiv(p.x-m, b.size), floorDiv(q.x+m, b.size)
	for c := c0; c <= c1; c++ {
		y0, y1 := min(p.y, q.y), max(p.y, q.y)
		if c0 != c1 && p.x != q.x {
			// The part of the segment in this column; a unit more for rounding.
			at := func(x int64) int64 {
				x = min(max(x, p.x), q.x)
				return p.y + int64(float64(q.y-p.y)*(float64(x-p.x)/float64(q.x-p.x)))
			}
			ya, yb := at(c*b.size-m), at((c+1)*b.size+m)
			y0, y1 = max(y0, min(ya, yb)-1), min(y1, max(ya, yb)+1)
		}
		for r := floorDiv(y0-m, b.size); r <= floorDiv(y1+m, b.size); r++ {
			each(square{int32(c), int32(r)})
		}
	}
}

func (b *bins) addSegment(n int, p, q pt) {
	b.along(p, q, func(s square) { b.entries = append(b.entries, binned{s, int32(n)}) })
}

func (b *bins) done() {
	slices.SortFunc(b.entries, func(a, c binned) int {
		return cmp.Or(cmp.Compare(a.x, c.x), cmp.Compare(a.y, c.y), cmp.Compare(a.n, c.n))
	})
	b.at = make(map[square][2]int32)
	for i := 0; i < len(b.entries); {
		j := i
		for j < len(b.entries) && b.entries[j].square == b.entries[i].square {
			j++
		}
		b.at[b.entries[i].square] = [2]int32{int32(i), int32(j)}
		i = j
	}
}

func (b *bins) in(s square) []binned {
	r := b.at[s]
	return b.entries[r[0]:r[1]]
}

// near calls each once for everything whose squares meet the box, in order.
func (b *bins) near(x box, each func(n int)) {
	var found []int32
	b.span(x.x0, x.y0, x.x1, x.y1, func(s square) {
		for _, e := range b.in(s) {
			found = append(found, e.n)
		}
	})
	slices.Sort(found)
	for _, n := range slices.Compact(found) {
		each(int(n))
	}
}

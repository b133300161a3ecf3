package live

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// windows finds, for the changes of one layer, the parts of groups that they
// may concern, without looking at the others. Windows lie in a grid of cells for
// each size: a window is in the grid whose cells are just larger than it, in at
// most four of them, so that a place is looked for in one cell of each size.
type windows struct {
	all        []*part
	everywhere []*part // those without a window
	sizes      [maxSize + 1]map[windowCell][]*part
	turn       uint64 // of the change at hand: a part is given once for it
}

// maxSize is the number of the smallest cells: 360 degrees halved so often, some 150 m.
const maxSize = 18

type windowCell struct{ x, y int32 }

// cellsOf returns the cells of a size that a box meets, from and to.
func cellsOf(b orb.Bound, size int) (from, to windowCell) {
	n := math.Exp2(float64(size)) / 360
	at := func(x float64) int32 { return int32(math.Floor(x * n)) }
	return windowCell{at(b.Min[0]), at(b.Min[1])}, windowCell{at(b.Max[0]), at(b.Max[1])}
}

func sizeOf(b orb.Bound) int {
	edge := max(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1])
	if edge <= 0 {
		return maxSize
	}
	return max(0, min(maxSize, int(math.Floor(math.Log2(360/edge)))))
}

func (w *windows) add(p *part) {
	w.all = append(w.all, p)
	if len(p.reach) == 0 {
		w.everywhere = append(w.everywhere, p)
		return
	}
	for _, b := range p.reach {
		size := sizeOf(b)
		if w.sizes[size] == nil {
			w.sizes[size] = map[windowCell][]*part{}
		}
		from, to := cellsOf(b, size)
		for x := from.x; x <= to.x; x++ {
			for y := from.y; y <= to.y; y++ {
				c := windowCell{x, y}
				w.sizes[size][c] = append(w.sizes[size][c], p)
			}
		}
	}
}

func (w *windows) remove(p *part) {
	without := func(list []*part) []*part {
		return slices.DeleteFunc(list, func(o *part) bool { return o == p })
	}
	w.all = without(w.all)
	w.everywhere = without(w.everywhere)
	for _, b := range p.reach {
		size := sizeOf(b)
		from, to := cellsOf(b, size)
		for x := from.x; x <= to.x; x++ {
			for y := from.y; y <= to.y; y++ {
				c := windowCell{x, y}
				if left := without(w.sizes[size][c]); len(left) > 0 {
					w.sizes[size][c] = left
				} else {
					delete(w.sizes[size], c)
				}
			}
		}
	}
}

// find gives the parts that a change of a row may concern, each once.
func (w *windows) find(c *seenChange, give func(*part)) {
	w.turn++
	for _, p := range w.everywhere {
		give(p)
	}
	if len(w.everywhere) == len(w.all) {
		return
	}
	old, was := c.old.box()
	now, is := c.new.box()
	if was {
		w.meet(old, give)
	}
	if is && !(was && old == now) {
		w.meet(now, give)
	}
}

func (w *windows) meet(b orb.Bound, give func(*part)) {
	look := func(list []*part) {
		for _, p := range list {
			if p.turn != w.turn && p.reaches(b) {
				p.turn = w.turn
				give(p)
			}
		}
	}
	for size, cells := range w.sizes {
		if len(cells) == 0 {
			continue
		}
		from, to := cellsOf(b, size)
		if (int64(to.x)-int64(from.x)+1)*(int64(to.y)-int64(from.y)+1) > int64(len(cells)) {
			for _, list := range cells { // fewer than the box would meet
				look(list)
			}
			continue
		}
		for x := from.x; x <= to.x; x++ {
			for y := from.y; y <= to.y; y++ {
				look(cells[windowCell{x, y}])
			}
		}
	}
}

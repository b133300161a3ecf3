package shape

// cells is a coarse grid over a tile, in which segments find those near them. It
// is scratch memory.
type cells struct {
	x, y       int32 // the corner of the first cell
	shift      uint  // a cell's edge is 2^shift
	cols, rows int32
	head       []int32 // of each cell, the last entry; -1: none
	entries    []entry
	found      []int32
}

type entry struct{ id, before int32 }

// lay lays as many cells as there are points, about, over them.
func (c *cells) lay(pts []pt) {
	lo, hi := pts[0], pts[0]
	for _, p := range pts {
		lo.x, hi.x = min(lo.x, p.x), max(hi.x, p.x)
		lo.y, hi.y = min(lo.y, p.y), max(hi.y, p.y)
	}
	c.x, c.y, c.shift = lo.x-1, lo.y-1, 0
	for {
		c.cols, c.rows = (hi.x+1-c.x)>>c.shift+1, (hi.y+1-c.y)>>c.shift+1
		if int(c.cols)*int(c.rows) <= 2*len(pts)+16 {
			break
		}
		c.shift++
	}
	n := int(c.cols) * int(c.rows)
	if cap(c.head) < n {
		c.head = make([]int32, n+n/2)
	}
	c.head = c.head[:n]
	for i := range c.head {
		c.head[i] = -1
	}
	c.entries = c.entries[:0]
}

// put enters an id into a cell.
func (c *cells) put(cell, id int32) {
	c.entries = append(c.entries, entry{id, c.head[cell]})
	c.head[cell] = int32(len(c.entries) - 1)
}

// at returns the cell of a point.
func (c *cells) at(p pt) int32 { return (p.y-c.y)>>c.shift*c.cols + (p.x-c.x)>>c.shift }

// over returns the cells within a unit of a segment, and perhaps some more. The
// answer is good until the next call.
func (c *cells) over(a, b pt) []int32 {
	c.found = c.found[:0]
	if a.x > b.x {
		a, b = b, a
	}
	col, last := max(0, (a.x-1-c.x)>>c.shift), min(c.cols-1, (b.x+1-c.x)>>c.shift)
	lo, hi := min(a.y, b.y), max(a.y, b.y)
	top, bottom := max(0, (lo-1-c.y)>>c.shift), min(c.rows-1, (hi+1-c.y)>>c.shift)
	if last-col < 2 || bottom-top < 2 {
		for ; col <= last; col++ {
			for row := top; row <= bottom; row++ {
				c.found = append(c.found, row*c.cols+col)
			}
		}
		return c.found
	}
	slope := float64(b.y-a.y) / float64(b.x-a.x)
	for ; col <= last; col++ {
		x := c.x + col<<c.shift
		y1 := a.y + int32(float64(max(x-1, a.x)-a.x)*slope)
		y2 := a.y + int32(float64(min(x+1<<c.shift+1, b.x)-a.x)*slope)
		if y1 > y2 {
			y1, y2 = y2, y1
		}
		from, to := max(top, (y1-2-c.y)>>c.shift), min(bottom, (y2+2-c.y)>>c.shift)
		for row := from; row <= to; row++ {
			c.found = append(c.found, row*c.cols+col)
		}
	}
	return c.found
}

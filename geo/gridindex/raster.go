package gridindex

import (
	"math"

	"github.com/paulmach/orb"
)

// slack, in cells, is how far beyond itself an edge marks cells, so that a
// rounding error in a cell's number never hides an edge from it.
const slack = 1e-6

// fill finds for each grid the cells that its border touches and, of the
// rest, those inside.
func (x *Index) fill() {
	type entry struct{ cell, grid uint32 }
	var entries []entry
	count := make([]uint32, x.cols*x.rows+1)
	border := make([]bool, x.cols*x.rows)
	for n, g := range x.grids {
		var marked []int
		mark := func(col, row int) {
			c := row*x.cols + col
			if !border[c] {
				border[c] = true
				marked = append(marked, c)
			}
		}
		for _, poly := range g.Geometry {
			for _, ring := range poly {
				for i := 1; i < len(ring); i++ {
					x.trace(ring[i-1], ring[i], mark)
				}
			}
		}
		for _, c := range marked {
			entries = append(entries, entry{uint32(c), uint32(n) << 1})
			count[c]++
		}
		x.inside(g.Geometry, border, func(c int) {
			entries = append(entries, entry{uint32(c), uint32(n)<<1 | 1})
			count[c]++
		})
		for _, c := range marked {
			border[c] = false
		}
	}
	x.start = make([]uint32, len(count))
	for c := 1; c < len(count); c++ {
		x.start[c] = x.start[c-1] + count[c-1]
	}
	next := append([]uint32(nil), x.start...)
	x.list = make([]uint32, len(entries))
	for _, e := range entries { // in the order of the grids, so of their codes
		x.list[next[e.cell]] = e.grid
		next[e.cell]++
	}
}

// trace marks every cell that the edge from a to b touches, and a hair more.
func (x *Index) trace(a, b orb.Point, mark func(col, row int)) {
	if a[1] > b[1] {
		a, b = b, a
	}
	ax, ay := (a[0]-x.bound.Min[0])*x.perX, (a[1]-x.bound.Min[1])*x.perY
	bx, by := (b[0]-x.bound.Min[0])*x.perX, (b[1]-x.bound.Min[1])*x.perY
	for row := x.clampRow(ay - slack); row <= x.clampRow(by+slack); row++ {
		// The part of the edge between the row's lower and upper line.
		x0, x1 := ax, bx
		if by > ay {
			at := func(y float64) float64 { return ax + (bx-ax)*math.Min(math.Max((y-ay)/(by-ay), 0), 1) }
			x0, x1 = at(float64(row)-slack), at(float64(row+1)+slack)
		}
		if x0 > x1 {
			x0, x1 = x1, x0
		}
		for col := x.clampCol(x0 - slack); col <= x.clampCol(x1+slack); col++ {
			mark(col, row)
		}
	}
}

// inside calls yes for every cell that no border touches and whose middle is in mp.
func (x *Index) inside(mp orb.MultiPolygon, border []bool, yes func(cell int)) {
	if len(mp) == 0 {
		return
	}
	b := mp.Bound()
	c0, c1 := x.clampCol((b.Min[0]-x.bound.Min[0])*x.perX), x.clampCol((b.Max[0]-x.bound.Min[0])*x.perX)
	r0, r1 := x.clampRow((b.Min[1]-x.bound.Min[1])*x.perY), x.clampRow((b.Max[1]-x.bound.Min[1])*x.perY)
	for row := r0; row <= r1; row++ {
		known, in := false, false // between two border cells of a row nothing changes
		for col := c0; col <= c1; col++ {
			c := row*x.cols + col
			if border[c] {
				known = false
				continue
			}
			if !known {
				known = true
				in = holds(mp, orb.Point{
					x.bound.Min[0] + (float64(col)+0.5)/x.perX,
					x.bound.Min[1] + (float64(row)+0.5)/x.perY,
				})
			}
			if in {
				yes(c)
			}
		}
	}
}

func (x *Index) clampCol(v float64) int { return int(math.Min(math.Max(v, 0), float64(x.cols-1))) }
func (x *Index) clampRow(v float64) int { return int(math.Min(math.Max(v, 0), float64(x.rows-1))) }

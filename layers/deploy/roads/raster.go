package roads

import "math"

// A segment is the straight piece number at of an edge.
type segment struct{ edge, at int32 }

// rasterM is the side of a raster's cell.
const rasterM = 200.0

// A raster lists the segments that touch each of its cells (their boxes do).
type raster struct {
	x, y       float64 // its south-west corner in the plane
	cols, rows int
	start      []int32
	list       []segment
}

func newRaster(n *network) raster {
	if len(n.edges) == 0 {
		return raster{}
	}
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, e := range n.edges {
		for _, p := range e.Line {
			m := n.plane.metres(p)
			x0, y0, x1, y1 = min(x0, m[0]), min(y0, m[1]), max(x1, m[0]), max(y1, m[1])
		}
	}
	r := raster{x: x0, y: y0, cols: int((x1-x0)/rasterM) + 1, rows: int((y1-y0)/rasterM) + 1}
	each := func(visit func(cell int, s segment)) {
		for i, e := range n.edges {
			for k := range len(e.Line) - 1 {
				a, b := n.plane.metres(e.Line[k]), n.plane.metres(e.Line[k+1])
				c0, r0 := r.cell(min(a[0], b[0]), min(a[1], b[1]))
				c1, r1 := r.cell(max(a[0], b[0]), max(a[1], b[1]))
				for row := r0; row <= r1; row++ {
					for col := c0; col <= c1; col++ {
						visit(row*r.cols+col, segment{int32(i), int32(k)})
					}
				}
			}
		}
	}
	r.start = make([]int32, r.cols*r.rows+1)
	each(func(cell int, _ segment) { r.start[cell+1]++ })
	for i := range r.cols * r.rows {
		r.start[i+1] += r.start[i]
	}
	r.list = make([]segment, r.start[r.cols*r.rows])
	at := append([]int32(nil), r.start...)
	each(func(cell int, s segment) {
		r.list[at[cell]] = s
		at[cell]++
	})
	return r
}

func (r raster) cell(x, y float64) (col, row int) {
	return int(math.Floor((x - r.x) / rasterM)), int(math.Floor((y - r.y) / rasterM))
}

// near visits the segments about a place ring by ring, nearest ring first, as
// far as [MaxSnapM]. After each ring it visits a segment of edge -1: every
// segment nearer than ringM has been visited. It ends where visit says true.
func (r raster) near(m [2]float64, visit func(s segment, ringM float64) bool) {
	if r.cols == 0 {
		return
	}
	col, row := r.cell(m[0], m[1])
	for ring := 0; float64(ring-1)*rasterM <= MaxSnapM; ring++ {
		for y := row - ring; y <= row+ring; y++ {
			if y < 0 || y >= r.rows {
				continue
			}
			step := 1
			if y != row-ring && y != row+ring && ring > 0 {
				step = 2 * ring // the ring's west and east side
			}
			for x := col - ring; x <= col+ring; x += step {
				if x < 0 || x >= r.cols {
					continue
				}
				c := y*r.cols + x
				for _, s := range r.list[r.start[c]:r.start[c+1]] {
					visit(s, 0)
				}
			}
		}
		if visit(segment{edge: -1}, float64(ring)*rasterM) {
			return
		}
	}
}

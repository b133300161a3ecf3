package city

import (
	"math"

	"github.com/paulmach/orb"
)

// A raster finds the block of a point: for each cell of the plane, the blocks
// whose box touches it.
type raster struct {
	lo    orb.Point
	cellM float64
	cols  int
	cells [][]int32
}

func (c *City) newRaster() {
	lo, hi := bounds(c.site.outline)
	r := &raster{lo: lo, cellM: 120}
	r.cols = int((hi[0]-lo[0])/r.cellM) + 1
	rows := int((hi[1]-lo[1])/r.cellM) + 1
	r.cells = make([][]int32, r.cols*rows)
	for i := range c.blocks {
		a, b := bounds(c.blocks[i].ring)
		for y := int((a[1] - lo[1]) / r.cellM); y <= int((b[1]-lo[1])/r.cellM); y++ {
			for x := int((a[0] - lo[0]) / r.cellM); x <= int((b[0]-lo[0])/r.cellM); x++ {
				r.cells[y*r.cols+x] = append(r.cells[y*r.cols+x], int32(i))
			}
		}
	}
	c.raster = r
}

// locate returns the block that holds p; it is not ok outside the city, and
// nearer to a border than rounding could carry a point over.
func (c *City) locate(p orb.Point) (block int, ok bool) {
	r := c.raster
	x, y := int(math.Floor((p[0]-r.lo[0])/r.cellM)), int(math.Floor((p[1]-r.lo[1])/r.cellM))
	if x < 0 || y < 0 || x >= r.cols || y*r.cols+x >= len(r.cells) {
		return 0, false
	}
	for _, i := range r.cells[y*r.cols+x] {
		if inside(c.blocks[i].ring, p) {
			return int(i), toRing(c.blocks[i].ring, p) > 0.05
		}
	}
	return 0, false
}

package hotspot

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// A raster is square pixels in rows from the south-west of its own, possibly
// turned, axes. Pixel (col, row) has the number row*cols + col.
type raster struct {
	origin     orb.Point // of pixel (0, 0), its south-west corner
	angle      float64   // of its axes against the plane's, degrees counter-clockwise
	cos, sin   float64
	pixelM     float64
	cols, rows int
	owner      []int32 // of each pixel: the cell, or -1
	pixelOf    []int32 // of each cell: its pixel, or of governance grids the one at its middle
}

// axes returns p in pixels from the origin.
func (r *raster) axes(p orb.Point) (u, v float64) {
	x, y := p[0]-r.origin[0], p[1]-r.origin[1]
	return (x*r.cos + y*r.sin) / r.pixelM, (y*r.cos - x*r.sin) / r.pixelM
}

// plane is the inverse of axes.
func (r *raster) plane(u, v float64) orb.Point {
	u, v = u*r.pixelM, v*r.pixelM
	return orb.Point{r.origin[0] + u*r.cos - v*r.sin, r.origin[1] + u*r.sin + v*r.cos}
}

// pixelAt returns the pixel that holds p, or -1.
func (r *raster) pixelAt(p orb.Point) int {
	u, v := r.axes(p)
	// Compared as floats: NaN and ±Inf would become some integer.
	if !(u >= 0 && v >= 0 && u < float64(r.cols) && v < float64(r.rows)) {
		return -1
	}
	return int(v)*r.cols + int(u)
}

// square is the outline of a pixel, counter-clockwise.
func (r *raster) square(pixel int32) orb.Polygon {
	u, v := float64(int(pixel)%r.cols), float64(int(pixel)/r.cols)
	first := r.plane(u, v)
	return orb.Polygon{{first, r.plane(u+1, v), r.plane(u+1, v+1), r.plane(u, v+1), first}}
}

func (r *raster) middle(pixel int) orb.Point {
	return r.plane(float64(pixel%r.cols)+0.5, float64(pixel/r.cols)+0.5)
}

// turned returns the rings of a city in pixels, measured from the origin.
func (r *raster) turned(city orb.MultiPolygon) orb.MultiPolygon {
	out := make(orb.MultiPolygon, len(city))
	for i, p := range city {
		out[i] = make(orb.Polygon, len(p))
		for j, ring := range p {
			out[i][j] = make(orb.Ring, len(ring))
			for k, q := range ring {
				u, v := r.axes(q)
				out[i][j][k] = orb.Point{u, v}
			}
		}
	}
	return out
}

// neighbours has the neighbours of all cells one after the other.
type neighbours struct {
	first []int32 // of cell i: list[first[i]:first[i+1]]
	list  []int32
}

func (n neighbours) of(i int) []int32 { return n.list[n.first[i]:n.first[i+1]] }

// touching finds which cells have pixels side by side or corner to corner.
func (r *raster) touching(cells int) neighbours {
	sets := make([][]int32, cells)
	link := func(a, b int32) {
		if a >= 0 && b >= 0 && a != b {
			if i, found := slices.BinarySearch(sets[a], b); !found {
				sets[a] = slices.Insert(sets[a], i, b)
			}
			if i, found := slices.BinarySearch(sets[b], a); !found {
				sets[b] = slices.Insert(sets[b], i, a)
			}
		}
	}
	for row := range r.rows {
		for col := range r.cols {
			at := row*r.cols + col
			if col+1 < r.cols {
				link(r.owner[at], r.owner[at+1])
			}
			if row+1 == r.rows {
				continue
			}
			for c := max(0, col-1); c <= min(r.cols-1, col+1); c++ {
				link(r.owner[at], r.owner[at+r.cols-col+c])
			}
		}
	}
	n := neighbours{first: make([]int32, 1, cells+1)}
	for _, s := range sets {
		n.list = append(n.list, s...)
		n.first = append(n.first, int32(len(n.list)))
	}
	return n
}

// turn sets the axes of a raster, angle in degrees counter-clockwise.
func (r *raster) turn(origin orb.Point, angle, pixelM float64) {
	r.origin, r.angle, r.pixelM = origin, angle, pixelM
	r.sin, r.cos = math.Sincos(angle * math.Pi / 180)
	if angle == 0 {
		r.sin, r.cos = 0, 1
	}
}

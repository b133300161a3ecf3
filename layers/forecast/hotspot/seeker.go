package hotspot

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// A seeker finds the polygon that holds a point: for each pixel it knows the
// polygons that may, and whether the only one does for sure.
type seeker struct {
	first []int32 // of pixel i: list[first[i]:first[i+1]]
	list  []int32
	sure  []bool // no border crosses the pixel: its points share one answer
}

// seek indexes polygons by the pixels of a raster that covers them.
func seek(r *raster, polys []orb.MultiPolygon) seeker {
	crossed := make([][]int32, r.cols*r.rows) // by pixel: the polygons whose border is in it
	for i, m := range polys {
		for _, p := range m {
			for _, ring := range p {
				for k := range ring {
					r.along(ring[k], ring[(k+1)%len(ring)], func(at int) {
						if c := crossed[at]; len(c) == 0 || c[len(c)-1] != int32(i) {
							crossed[at] = append(c, int32(i))
						}
					})
				}
			}
		}
	}
	inside := make([]int32, len(crossed)) // the first polygon that holds the whole pixel
	for at := range inside {
		inside[at] = -1
	}
	for i, m := range polys {
		r.within(m.Bound(), func(at int) {
			if inside[at] < 0 && !slices.Contains(crossed[at], int32(i)) && planar.MultiPolygonContains(m, r.middle(at)) {
				inside[at] = int32(i)
			}
		})
	}
	s := seeker{first: make([]int32, 1, len(crossed)+1), sure: make([]bool, len(crossed))}
	for at, c := range crossed {
		s.sure[at] = len(c) == 0
		if inside[at] >= 0 {
			i, _ := slices.BinarySearch(c, inside[at])
			c = slices.Insert(c, i, inside[at])
		}
		s.list = append(s.list, c...)
		s.first = append(s.first, int32(len(s.list)))
	}
	return s
}

// find returns the first polygon that holds p, a point of pixel at, or -1.
func (s seeker) find(polys []orb.MultiPolygon, at int, p orb.Point) int {
	list := s.list[s.first[at]:s.first[at+1]]
	if s.sure[at] {
		if len(list) == 0 {
			return -1
		}
		return int(list[0])
	}
	for _, i := range list {
		if planar.MultiPolygonContains(polys[i], p) {
			return int(i)
		}
	}
	return -1
}

// along calls f for every pixel that the line from a to b passes, and for some
// beside it: the boxes of pieces of half a pixel. A pixel may come again.
func (r *raster) along(a, b orb.Point, f func(at int)) {
	u0, v0 := r.axes(a)
	u1, v1 := r.axes(b)
	pieces := int(math.Ceil(2*math.Hypot(u1-u0, v1-v0))) + 1
	for i := range pieces {
		s, t := float64(i)/float64(pieces), float64(i+1)/float64(pieces)
		ua, ub := u0+s*(u1-u0), u0+t*(u1-u0)
		va, vb := v0+s*(v1-v0), v0+t*(v1-v0)
		for row := max(0, int(math.Floor(min(va, vb)))); row <= min(r.rows-1, int(math.Floor(max(va, vb)))); row++ {
			for col := max(0, int(math.Floor(min(ua, ub)))); col <= min(r.cols-1, int(math.Floor(max(ua, ub)))); col++ {
				f(row*r.cols + col)
			}
		}
	}
}

// within calls f for the pixels of a box of the plane; the raster is not turned.
func (r *raster) within(b orb.Bound, f func(at int)) {
	u0, v0 := r.axes(b.Min)
	u1, v1 := r.axes(b.Max)
	for row := max(0, int(v0)); row <= min(r.rows-1, int(v1)); row++ {
		for col := max(0, int(u0)); col <= min(r.cols-1, int(u1)); col++ {
			f(row*r.cols + col)
		}
	}
}

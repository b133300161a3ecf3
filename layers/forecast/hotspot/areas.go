package hotspot

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

const (
	pixelsPerGrid = 25     // in the median governance grid
	finestPixels  = 600000 // of the raster under governance grids
)

// Areas makes a Space of governance grids, which keep their order. They should
// not overlap; gaps between them are outside.
//
// It returns an error wrapping [ErrInput] for no grids and for one without an
// area, by its index.
func Areas(cells []orb.MultiPolygon) (*Space, error) {
	if len(cells) == 0 {
		return nil, fmt.Errorf("%w: there are no governance grids: draw or import them, or use a lattice", ErrInput)
	}
	s := &Space{polys: cells, area: make([]float64, len(cells)), centre: make([]orb.Point, len(cells))}
	var b orb.Bound
	for i, c := range cells {
		if err := checkOutline(c); err != nil {
			return nil, fmt.Errorf("grid %d: %w", i, err)
		}
		at, a := planar.CentroidArea(c)
		s.centre[i], s.area[i] = at, math.Abs(a)
		if i == 0 {
			b = c.Bound()
		} else {
			b = b.Union(c.Bound())
		}
	}
	s.sum()
	w, h := b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]
	m := max(s.CellM()/math.Sqrt(pixelsPerGrid), math.Sqrt(w*h/finestPixels))
	s.turn(b.Min, 0, m) // with a pixel of room at the far sides, whose rim is outside
	s.cols, s.rows = int(w/m)+2, int(h/m)+2
	s.owner = make([]int32, s.cols*s.rows)
	s.seek = seek(&s.raster, cells)
	pixels := make([]int, len(cells))
	for at := range s.owner {
		s.owner[at] = int32(s.seek.find(cells, at, s.middle(at)))
		if c := s.owner[at]; c >= 0 {
			pixels[c]++
		}
	}
	s.pixelOf = make([]int32, len(cells))
	for i := range cells {
		at := s.pixelAt(s.centre[i])
		s.pixelOf[i] = int32(at)
		// A grid too small to hold a pixel's centre takes the pixel of its own,
		// if that leaves its neighbour one.
		if pixels[i] > 0 || at < 0 {
			continue
		}
		if c := s.owner[at]; c < 0 || pixels[c] > 1 {
			if c >= 0 {
				pixels[c]--
			}
			s.owner[at] = int32(i)
			pixels[i]++
		}
	}
	s.beside = s.touching(s.Len())
	return s, nil
}

// largest returns the largest polygon of a multipolygon.
func largest(m orb.MultiPolygon) orb.Polygon {
	best, area := m[0], -1.0
	for _, p := range m {
		if a := math.Abs(planar.Area(p)); a > area {
			best, area = p, a
		}
	}
	return best
}

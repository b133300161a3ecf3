package hotspot

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/planar"
)

// maxPixels bounds the box of a lattice: 20 million squares of 150 m are a
// country, and a mistake.
const maxPixels = 20e6

// sliver is the share of a square below which it is not of the city: borders
// that run along the lattice's own lines touch squares by rounding alone.
const sliver = 1e-6

// Lattice cuts a city into squares of cellM metres, turned by angle degrees
// counter-clockwise, a corner of one at origin. Every square that holds a part
// of the city is a cell, and counts whole ([Space.AreaM2]). Cells are numbered
// by rows from the south-west of the lattice's own axes.
//
// It returns errors wrapping [ErrInput] for a city without an area, a cell size
// that is not above zero or makes more than 20 million squares.
func Lattice(city orb.MultiPolygon, cellM, angle float64, origin orb.Point) (*Space, error) {
	if !(cellM > 0) || math.IsInf(cellM, 1) {
		return nil, fmt.Errorf("%w: the cell size is %g m: give a length above zero, such as 150", ErrInput, cellM)
	}
	if !finite(angle) || !finite(origin[0]) || !finite(origin[1]) {
		return nil, fmt.Errorf("%w: the lattice's angle and origin must be finite numbers", ErrInput)
	}
	if err := checkOutline(city); err != nil {
		return nil, err
	}
	s := new(Space)
	s.turn(origin, angle, cellM)
	// The origin is a corner of some square; the raster begins at the city's.
	b := s.turned(city).Bound()
	u, v := math.Floor(b.Min[0]), math.Floor(b.Min[1])
	w, h := math.Ceil(b.Max[0])-u, math.Ceil(b.Max[1])-v
	if !(max(w, 1)*max(h, 1) <= maxPixels) {
		return nil, fmt.Errorf("%w: the city's box holds %.3g squares of %g m: take larger cells", ErrInput, w*h, cellM)
	}
	s.turn(s.plane(u, v), angle, cellM)
	s.cols, s.rows = int(max(w, 1)), int(max(h, 1))
	s.owner = make([]int32, s.cols*s.rows)
	for i := range s.owner {
		s.owner[i] = -1
	}
	local := s.turned(city)
	for row := range s.rows {
		strip := clip.MultiPolygon(orb.Bound{Min: orb.Point{-1, float64(row)}, Max: orb.Point{float64(s.cols) + 1, float64(row + 1)}}, local.Clone())
		if len(strip) > 0 {
			s.cutRow(row, strip)
		}
	}
	if len(s.pixelOf) == 0 {
		return nil, fmt.Errorf("%w: no square of the lattice holds a part of the city: check its outline", ErrInput)
	}
	s.area, s.centre = make([]float64, len(s.pixelOf)), make([]orb.Point, len(s.pixelOf))
	for i, at := range s.pixelOf {
		s.area[i], s.centre[i] = cellM*cellM, s.middle(int(at))
	}
	s.sum()
	s.beside = s.touching(s.Len())
	return s, nil
}

// cutRow makes cells of the squares of a row that hold a part of strip, which
// is the city within that row.
func (s *Space) cutRow(row int, strip orb.MultiPolygon) {
	b := strip.Bound()
	first, last := max(0, int(math.Floor(b.Min[0]))), min(s.cols-1, int(math.Floor(b.Max[0])))
	for col := first; col <= last; col++ {
		square := orb.Bound{Min: orb.Point{float64(col), float64(row)}, Max: orb.Point{float64(col + 1), float64(row + 1)}}
		if planar.Area(clip.MultiPolygon(square, strip.Clone())) > sliver {
			at := row*s.cols + col
			s.owner[at] = int32(len(s.pixelOf))
			s.pixelOf = append(s.pixelOf, int32(at))
		}
	}
}

// checkOutline refuses an outline that has no area.
func checkOutline(city orb.MultiPolygon) error {
	for _, p := range city {
		for _, ring := range p {
			for _, q := range ring {
				if !finite(q[0]) || !finite(q[1]) {
					return fmt.Errorf("%w: the city's outline has a corner that is not finite: mend it", ErrInput)
				}
			}
		}
	}
	if !(math.Abs(planar.Area(city)) > 0) {
		return fmt.Errorf("%w: the city's outline has no area: give a polygon", ErrInput)
	}
	return nil
}

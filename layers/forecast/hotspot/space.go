package hotspot

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"
)

// A Space is a city cut into cells: the squares of a lattice, or its governance
// grids. It does not change. Its make is [Lattice] or [Areas].
//
// Under either lies a raster of square pixels on which densities are drawn. The
// pixels of a lattice are its cells; those of governance grids are smaller than
// the grids, and each belongs to the grid that holds its centre.
type Space struct {
	raster
	area   []float64          // m², by cell
	centre []orb.Point        // by cell
	total  float64            // m²
	polys  []orb.MultiPolygon // the governance grids; nil for a lattice
	seek   seeker             // finds them; unused for a lattice
	beside neighbours

	box       orb.Bound
	smoothers sync.Map // *smoother by bandwidth in metres, made when first asked for
}

// Len is the number of cells, at least one.
func (s *Space) Len() int { return len(s.area) }

// AreaM2 is the area of a cell in square metres. A lattice cell at the city's
// edge counts whole, as in the rules of the NIJ challenge: a patrol is sent to
// all of it.
func (s *Space) AreaM2(i int) float64 { return s.area[i] }

// TotalM2 is the area of all cells in square metres.
func (s *Space) TotalM2() float64 { return s.total }

// Centre is the middle of a lattice cell, or the centroid of a governance grid
// (which may lie outside of it).
func (s *Space) Centre(i int) orb.Point { return s.centre[i] }

// CellM is the side of a lattice cell in metres; of governance grids, that of a
// square of their median area.
func (s *Space) CellM() float64 {
	if s.polys == nil {
		return s.pixelM
	}
	a := slices.Clone(s.area)
	slices.Sort(a)
	return math.Sqrt(a[len(a)/2])
}

// IsLattice says whether the cells are squares of a lattice.
func (s *Space) IsLattice() bool { return s.polys == nil }

// Ring is the outline of a cell in the plane, counter-clockwise. For a
// governance grid of several parts it is the largest of them; Outline has all.
func (s *Space) Ring(i int) orb.Polygon {
	if s.polys == nil {
		return s.square(s.pixelOf[i])
	}
	return largest(s.polys[i])
}

// Outline is the whole outline of a cell in the plane.
func (s *Space) Outline(i int) orb.MultiPolygon {
	if s.polys == nil {
		return orb.MultiPolygon{s.square(s.pixelOf[i])}
	}
	return s.polys[i]
}

// CellAt returns the cell that holds p, and -1 for a point outside the city, or
// not finite. Lattice cells are half-open: a point on a shared edge belongs to
// the cell on the side of growing coordinates. A point on the common border of
// governance grids belongs to the first of them.
func (s *Space) CellAt(p orb.Point) int {
	at := s.pixelAt(p)
	if at < 0 {
		return -1
	}
	if s.polys == nil {
		return int(s.owner[at])
	}
	return s.seek.find(s.polys, at, p)
}

// Neighbours are the cells that touch a cell, ascending: up to eight in a
// lattice. The caller does not change the slice.
func (s *Space) Neighbours(i int) []int32 { return s.beside.of(i) }

// Counts adds the number of events in each cell to into, and returns how many
// lay in none.
func (s *Space) Counts(events []Event, into []float64) (outside int) {
	for _, e := range events {
		if c := s.CellAt(e.At); c >= 0 {
			into[c]++
		} else {
			outside++
		}
	}
	return outside
}

// Bound is the box of all cells in the plane, its sides along the axes.
func (s *Space) Bound() orb.Bound { return s.box }

// String says what it is, for logs and records.
func (s *Space) String() string {
	if s.polys == nil {
		return fmt.Sprintf("lattice of %d cells of %g m, turned %g degrees", s.Len(), s.pixelM, s.angle)
	}
	return fmt.Sprintf("%d governance grids", s.Len())
}

func (s *Space) sum() {
	s.total = 0
	s.box = s.Outline(0).Bound()
	for i, a := range s.area {
		s.total += a
		s.box = s.box.Union(s.Outline(i).Bound())
	}
}

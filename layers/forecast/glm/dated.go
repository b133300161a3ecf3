package glm

import (
	"fmt"
	"math"
	"sort"

	"onemap/layers/forecast/hotspot"
)

// Dated is a covariate that changes with time: things that became known one
// after the other, such as fires, or the risk of an enterprise when it was
// inspected. A row sees those that were known before its window, no others.
type Dated struct {
	Name string
	// Base is what was always known, by cell; nil: nothing.
	Base []float64
	// Day, Cell and Weight are of each thing: from which day on it is known,
	// ascending; where; and how much it counts, below zero to take away.
	Day    []float64
	Cell   []int32
	Weight []float64
	// AroundM gathers them from so many metres around, a deviation of a normal
	// kernel: for things that are rare. 0: the cell alone.
	AroundM float64
}

func (d Dated) check(cells int) error {
	switch {
	case d.Base != nil && len(d.Base) != cells:
		return fmt.Errorf("%w: glm: %d values of %s for %d cells", hotspot.ErrInput, len(d.Base), d.Name, cells)
	case len(d.Day) != len(d.Cell) || len(d.Day) != len(d.Weight) || !sort.Float64sAreSorted(d.Day):
		return fmt.Errorf("%w: glm: %s: give each thing a day, a cell and a weight, sorted by day", hotspot.ErrInput, d.Name)
	}
	for _, c := range d.Cell {
		if c < 0 || int(c) >= cells {
			return fmt.Errorf("%w: glm: %s: there is no cell %d", hotspot.ErrInput, d.Name, c)
		}
	}
	return nil
}

// column is ln(1 + n) of what was known at a cut; of what is gathered around,
// the logarithm of its density.
func (d Dated) column(s *hotspot.Space, cut float64) []float64 {
	n := make([]float64, s.Len())
	copy(n, d.Base)
	for i := range sort.Search(len(d.Day), func(i int) bool { return d.Day[i] > cut }) {
		n[d.Cell[i]] += d.Weight[i]
	}
	if d.AroundM == 0 {
		for c, v := range n {
			n[c] = math.Log1p(max(0, v))
		}
		return n
	}
	around := make([]float64, s.Len())
	s.Smooth(n, max(d.AroundM, s.CellM()), around)
	for c, v := range around {
		around[c] = logDensity(s, c, v)
	}
	return around
}

// logDensity is that of n gathered events in a cell; a twentieth of an event
// in a mean cell is nothing. A density, so that grids of unlike size compare.
func logDensity(s *hotspot.Space, c int, n float64) float64 {
	return math.Log((n + 0.05*s.AreaM2(c)*float64(s.Len())/s.TotalM2()) / s.AreaM2(c))
}

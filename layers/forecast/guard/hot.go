package guard

import (
	"cmp"
	"fmt"
	"slices"

	"onemap/layers/forecast/hotspot"
)

// Groups are areas of a city that are looked at side by side, such as towns or
// divisions.
type Groups struct {
	Names  []string
	OfCell []int // by cell: which group, or -1
}

func (g Groups) check(s *hotspot.Space) error {
	if len(g.OfCell) != s.Len() {
		return fmt.Errorf("%w: groups are given for %d cells, and there are %d", hotspot.ErrInput, len(g.OfCell), s.Len())
	}
	for c, k := range g.OfCell {
		if k < -1 || k >= len(g.Names) {
			return fmt.Errorf("%w: cell %d is in group %d, and there are %d", hotspot.ErrInput, c, k, len(g.Names))
		}
	}
	return nil
}

// hot flags the cells with the most expected events a square metre, until they
// cover a share of the city. Cells that are alike are taken in the order of a
// hash, which favours no corner.
func hot(s *hotspot.Space, expected []float64, share float64) []bool {
	order := make([]int, s.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(expected[b]/s.AreaM2(b), expected[a]/s.AreaM2(a)), cmp.Compare(mix(a), mix(b)))
	})
	out := make([]bool, s.Len())
	var sum float64
	for _, c := range order {
		if sum >= share*s.TotalM2()*(1-1e-9) {
			break
		}
		out[c] = true
		sum += s.AreaM2(c)
	}
	return out
}

// mix is the finaliser of splitmix64.
func mix(i int) uint64 {
	x := uint64(i) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

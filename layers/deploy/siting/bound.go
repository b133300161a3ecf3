package siting

import (
	"cmp"
	"slices"
)

// A relaxation is a Lagrangian dual: at multipliers it gives a bound that no
// plan passes, the units that the relaxed problem would choose, and the
// direction in which the bound falls.
type relaxation interface {
	// at returns the bound at multipliers v (at least their floors) and fills
	// slope with a subgradient; picked are the candidates chosen, and worth
	// what choosing each is worth at v.
	at(v, slope []float64) (bound float64)
	picked() []int32
	worth() []float64
	start() []float64
	free(i int) bool // it may be of either sign
	size() int64     // steps of one at
}

// A dual is what a relaxation came to.
type dual struct {
	bound  float64
	starts [][]int32 // what was chosen on the way, lately first, without repetition
	// worth of each candidate at the best multipliers.
	worth       []float64
	multipliers []float64 // those of the bound
	steps       int64
}

// descend lowers the bound by the subgradient method with Polyak's steps
// towards a value that a plan has (Held, Wolfe & Crowder 1974), the direction
// smoothed by those before it (Camerini, Fratta & Maffioli 1975).
func descend(r relaxation, from []float64, target float64, rounds int) dual {
	v := slices.Clone(from)
	if v == nil {
		v = r.start()
	}
	slope, way, bestAt := make([]float64, len(v)), make([]float64, len(v)), slices.Clone(v)
	d := dual{}
	scale, idle := 1.0, 0
	seen := map[uint64]bool{}
	for round := range rounds {
		b := r.at(v, slope)
		d.steps += r.size()
		if round == 0 || b < d.bound-1e-12*abs(b) {
			if round == 0 || b < d.bound-1e-5*abs(b) {
				idle = 0
			}
			d.bound = b
			copy(bestAt, v)
			d.worth = append(d.worth[:0], r.worth()...)
		} else if idle++; idle >= 12 {
			scale, idle = scale*0.6, 0
			copy(v, bestAt)
			clear(way)
			if scale < 1e-4 {
				break
			}
			continue
		}
		if p := r.picked(); round > rounds/8 {
			if h := hash(p); !seen[h] {
				seen[h] = true
				d.starts = append(d.starts, slices.Clone(p))
			}
		}
		if b-target <= 1e-9*abs(b) {
			break
		}
		norm := 0.0
		for i := range way {
			way[i] = 0.6*way[i] + slope[i]
			norm += way[i] * way[i]
		}
		if norm == 0 {
			break
		}
		step := scale * (b - target) / norm
		for i := range v {
			v[i] -= step * way[i]
			if v[i] < 0 && !r.free(i) {
				v[i] = 0
			}
		}
	}
	d.multipliers = bestAt
	slices.Reverse(d.starts)
	return d
}

func abs(v float64) float64 { return max(v, -v) }

func hash(p []int32) uint64 {
	h := uint64(14695981039346656037)
	for _, j := range p {
		h = (h ^ uint64(j)) * 1099511628211
	}
	return h
}

// choose fills the units with what is worth most, each candidate as often as it
// may; fixed ones first. It returns the sum, and the candidates ascending.
func choose(worth []float64, order []int32, fixed []int, units, stack int) (sum float64, picked []int32) {
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(worth[b], worth[a]), cmp.Compare(a, b)) })
	left := map[int32]int{}
	for _, j := range fixed {
		sum += worth[j]
		picked = append(picked, int32(j))
		left[int32(j)]++
	}
	for _, j := range order {
		for n := left[j]; n < stack && len(picked) < units; n++ {
			sum += worth[j]
			picked = append(picked, j)
		}
	}
	slices.Sort(picked)
	return sum, picked
}

package siting

import (
	"fmt"
	"math"
	"slices"
)

// Check says what is wrong with a problem, as a [*Fault]: also what no plan at
// all can do, such as to cover a point that no candidate reaches.
func (p *Problem) Check() error {
	n := len(p.Demand)
	switch {
	case p.Model != MCLP && p.Model != PMedian && p.Model != MEXCLP && p.Model != DSM:
		return &Fault{"model", p.Model, "one of mclp, pmedian, mexclp, dsm"}
	case n == 0:
		return &Fault{"demand", "", "there is none: choose other classes, a longer time or a forecast with events"}
	case len(p.Seconds) == 0:
		return &Fault{"candidates", "", "there is none: choose existing stations, grids or points"}
	case p.Posts < 1:
		return &Fault{"posts", fmt.Sprint(p.Posts), "at least 1 unit"}
	case len(p.Fixed) > p.Posts:
		return &Fault{"fixed", fmt.Sprint(len(p.Fixed)), fmt.Sprintf("at most the %d units that there are", p.Posts)}
	case p.Posts > len(p.Seconds)*p.stack():
		return &Fault{"posts", fmt.Sprint(p.Posts), fmt.Sprintf("at most %d: that is all the candidates there are", len(p.Seconds)*p.stack())}
	case p.Area != nil && len(p.Area) != n:
		return &Fault{"area", fmt.Sprint(len(p.Area)), "one for each point of demand"}
	case !positive(p.Within):
		return &Fault{"within", fmt.Sprint(p.Within), "a time above 0"}
	case p.Model == MEXCLP && !(p.Busy >= 0 && p.Busy < 1):
		return &Fault{"busy", fmt.Sprint(p.Busy), "a share of at least 0 and below 1: at 1 no unit is ever free"}
	case p.Model == DSM && !(p.Outer >= p.Within && positive(p.Outer)):
		return &Fault{"outer", fmt.Sprint(p.Outer), "a time no shorter than the standard"}
	case p.Model == DSM && !(p.Share >= 0 && p.Share <= 1):
		return &Fault{"share", fmt.Sprint(p.Share), "from 0 to 1"}
	case p.Model == PMedian && !positive(p.Longest):
		return &Fault{"longest", fmt.Sprint(p.Longest), "a time above 0"}
	case !(p.Floor >= 0 && p.Floor <= 1):
		return &Fault{"floor", fmt.Sprint(p.Floor), "from 0 to 1"}
	case p.Balance != 0 && !(p.Balance >= 1 && positive(p.Balance)):
		return &Fault{"balance", fmt.Sprint(p.Balance), "at least 1: no unit can serve less than the mean if all are to"}
	}
	total := 0.0
	for i, d := range p.Demand {
		if !(d >= 0) || math.IsInf(d, 1) {
			return &Fault{fmt.Sprintf("demand[%d]", i), fmt.Sprint(d), "a number of at least 0"}
		}
		total += d
	}
	if !(total > 0) {
		return &Fault{"demand", "0", "there is none: choose other classes, a longer time or a forecast with events"}
	}
	for j, row := range p.Seconds {
		if len(row) != n {
			return &Fault{fmt.Sprintf("seconds[%d]", j), fmt.Sprint(len(row)), "one for each point of demand"}
		}
	}
	for i, j := range p.Fixed {
		if j < 0 || j >= len(p.Seconds) {
			return &Fault{fmt.Sprintf("fixed[%d]", i), fmt.Sprint(j), "a candidate"}
		}
	}
	if seen := slices.Clone(p.Fixed); p.stack() == 1 {
		slices.Sort(seen)
		if len(slices.Compact(seen)) < len(p.Fixed) {
			return &Fault{"fixed", "", "each candidate once"}
		}
	}
	for i, at := range p.Must {
		if at < 0 || at >= n {
			return &Fault{fmt.Sprintf("must[%d]", i), fmt.Sprint(at), "a point of demand"}
		}
	}
	return p.checkReach()
}

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 1) }

func (p *Problem) stack() int {
	if p.Model != MEXCLP && p.Model != DSM {
		return 1
	}
	return max(1, p.Stack)
}

// checkReach refuses conditions that hold not even with a unit at every
// candidate.
func (p *Problem) checkReach() error {
	reached := func(within float64) []bool {
		out := make([]bool, len(p.Demand))
		for _, row := range p.Seconds {
			for i, s := range row {
				if float64(s) <= within {
					out[i] = true
				}
			}
		}
		return out
	}
	near := reached(p.Within)
	for k, i := range p.Must {
		if !near[i] {
			return &Fault{fmt.Sprintf("must[%d]", k), "", fmt.Sprintf("no candidate is within %.0f s of it: add one near it, or lengthen the standard", p.Within)}
		}
	}
	if p.Model == DSM {
		far := 0
		for i, ok := range reached(p.Outer) {
			if !ok && p.Demand[i] > 0 {
				far++
			}
		}
		if far > 0 {
			return &Fault{"outer", fmt.Sprint(p.Outer), fmt.Sprintf("%d points of demand are further than that from every candidate: add candidates, or lengthen it", far)}
		}
	}
	if p.Floor > 0 {
		has, all := map[int]float64{}, map[int]float64{}
		for i, a := range p.Area {
			if a >= 0 {
				all[a] += p.Demand[i]
				if near[i] {
					has[a] += p.Demand[i]
				}
			}
		}
		worst, share := -1, 1.0
		for a, d := range all {
			if d > 0 && (has[a]/d < share || has[a]/d == share && a < worst) {
				worst, share = a, has[a]/d
			}
		}
		if worst >= 0 && share < p.Floor {
			return &Fault{"floor", fmt.Sprint(p.Floor), fmt.Sprintf("with a unit at every candidate area %d has %.1f %% of its demand within the standard: lower the floor, add candidates there, or lengthen the standard", worst, 100*share)}
		}
	}
	return nil
}

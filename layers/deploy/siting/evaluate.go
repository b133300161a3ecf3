package siting

import (
	"cmp"
	"math"
	"slices"
)

// An Evaluation says what a set of posts means for demand, for areas and for
// the posts themselves.
type Evaluation struct {
	Value   float64 // as [Plan.Value]
	Demand  float64 // all
	Covered float64 // demand within the standard of a unit
	Reached float64 // demand that some unit can drive to at all
	// MeanS is the mean time to the demand that is reached, in seconds.
	MeanS float64
	// Seconds and Post of each point: of the nearest unit, by its place in the
	// posts; +Inf and -1 where none leads there.
	Seconds []float32
	Post    []int
	Units   []int // of each point: how many are within the standard
	Loads   []float64
	Areas   []AreaShare
	Unmet   []Unmet
}

// An AreaShare is what an area has of a plan.
type AreaShare struct {
	Area    int
	Demand  float64
	Covered float64
	MeanS   float64 // of the demand that is reached
	Reached float64
}

// Evaluate measures posts, candidates by number, each as often as it has
// units.
func (p *Problem) Evaluate(posts []int) Evaluation {
	columns := make([][]float32, len(posts))
	for s, j := range posts {
		columns[s] = p.Seconds[j]
	}
	return p.Measure(columns)
}

// Measure is [Problem.Evaluate] for posts anywhere: their seconds to each point.
func (p *Problem) Measure(posts [][]float32) Evaluation {
	n := len(p.Demand)
	e := Evaluation{Seconds: make([]float32, n), Post: make([]int, n), Units: make([]int, n), Loads: make([]float64, len(posts))}
	areas := make([]AreaShare, 0)
	for _, a := range areasOf(p) {
		areas = append(areas, AreaShare{Area: a})
	}
	outer, twice, expected, cost := 0.0, 0.0, 0.0, 0.0
	for i, d := range p.Demand {
		e.Seconds[i], e.Post[i] = float32(math.Inf(1)), -1
		for s, seconds := range posts {
			t := seconds[i]
			if t < e.Seconds[i] {
				e.Seconds[i], e.Post[i] = t, s
			}
			if float64(t) <= p.Within {
				e.Units[i]++
			}
		}
		t := float64(e.Seconds[i])
		e.Demand += d
		var area AreaShare
		area.Demand = d
		if e.Units[i] > 0 {
			e.Covered += d
			area.Covered = d
		}
		if e.Units[i] > 1 {
			twice += d
		}
		expected += d * (1 - math.Pow(p.Busy, float64(e.Units[i])))
		if t <= p.Outer {
			outer += d
		}
		if e.Post[i] >= 0 {
			e.Reached += d
			e.MeanS += d * t
			e.Loads[e.Post[i]] += d
			area.Reached, area.MeanS = d, d*t
		}
		cost += d * min(t, p.Longest)
		if p.Area != nil && p.Area[i] >= 0 {
			a := &areas[p.Area[i]]
			a.Demand += area.Demand
			a.Covered += area.Covered
			a.Reached += area.Reached
			a.MeanS += area.MeanS
		}
	}
	if e.Reached > 0 {
		e.MeanS /= e.Reached
	}
	for i := range areas {
		if areas[i].Reached > 0 {
			areas[i].MeanS /= areas[i].Reached
		}
	}
	e.Areas = areas
	e.Value = map[string]float64{MCLP: e.Covered, PMedian: cost, MEXCLP: expected, DSM: twice}[p.Model]
	if p.Model == DSM {
		if e.Demand-outer > tiny*e.Demand {
			e.Unmet = append(e.Unmet, Unmet{"outer", -1, outer / e.Demand, 1})
		}
		if p.Share*e.Demand-e.Covered > tiny*e.Demand {
			e.Unmet = append(e.Unmet, Unmet{"share", -1, e.Covered / e.Demand, p.Share})
		}
	}
	e.conditions(p)
	return e
}

func (e *Evaluation) conditions(p *Problem) {
	for _, i := range p.Must {
		if e.Units[i] == 0 {
			e.Unmet = append(e.Unmet, Unmet{"must", i, float64(e.Seconds[i]), p.Within})
		}
	}
	if p.Floor > 0 {
		for _, a := range e.Areas {
			if a.Demand > 0 && p.Floor*a.Demand-a.Covered > tiny*a.Demand {
				e.Unmet = append(e.Unmet, Unmet{"floor", a.Area, a.Covered / a.Demand, p.Floor})
			}
		}
	}
	if p.Balance > 0 && len(e.Loads) > 0 {
		// What may be served at most is a share of all demand, reached or not:
		// a plan that reaches less has no easier a time.
		most := p.Balance * e.Demand / float64(len(e.Loads))
		for s, load := range e.Loads {
			if load > most*(1+tiny) {
				e.Unmet = append(e.Unmet, Unmet{"balance", s, load, most})
			}
		}
	}
}

// A part is demand that is reached at a time.
type part struct {
	s float32
	d float64
}

// parts are the demand that is reached, soonest first.
func (p *Problem) parts(e Evaluation) []part {
	out := make([]part, 0, len(p.Demand))
	for i, d := range p.Demand {
		if e.Post[i] >= 0 && d > 0 {
			out = append(out, part{e.Seconds[i], d})
		}
	}
	slices.SortFunc(out, func(a, b part) int { return cmp.Compare(a.s, b.s) })
	return out
}

// Curve says which share of demand is reached within each of some seconds,
// which ascend.
func (p *Problem) Curve(e Evaluation, seconds []float64) []float64 {
	parts := p.parts(e)
	out := make([]float64, len(seconds))
	sum, at := 0.0, 0
	for k, s := range seconds {
		for at < len(parts) && float64(parts[at].s) <= s {
			sum += parts[at].d
			at++
		}
		out[k] = sum / e.Demand
	}
	return out
}

// WithinShare says within how many seconds a share of all demand is reached; ok
// is false where less than that is reached at all.
func (p *Problem) WithinShare(e Evaluation, share float64) (seconds float64, ok bool) {
	sum := 0.0
	for _, part := range p.parts(e) {
		if sum += part.d; sum >= share*e.Demand*(1-tiny) {
			return float64(part.s), true
		}
	}
	return 0, false
}

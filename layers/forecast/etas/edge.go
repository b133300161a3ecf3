package etas

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// An edge knows how much of what events set off could be seen: F_i, the mass of
// the offspring kernel inside the city's box and within reach, and the share
// 1 - e^(-ω min(R_i, reach)) of its time, R_i being the time since event i.
type edge struct {
	c         *catalogue
	box       orb.Bound
	reachM    float64
	reachDays float64
	gap       []float64 // of each event: the distance to the box's nearest side
	age       []float64 // min(R_i, reachDays)
	young     []int32   // events whose time of influence goes on after the end
	old       []int32   // the others, by their gap
}

// reachOfS deviations from the box's sides all but 1e-9 of a kernel is inside.
const reachOfS = 6

func newEdge(c *catalogue, box orb.Bound, reachM, reachDays float64) *edge {
	e := &edge{c: c, box: box, reachM: reachM, reachDays: reachDays, gap: make([]float64, len(c.events)), age: make([]float64, len(c.events))}
	for i, v := range c.events {
		e.gap[i] = min(v.x-box.Min[0], box.Max[0]-v.x, v.y-box.Min[1], box.Max[1]-v.y)
		e.age[i] = min(c.till-v.t, reachDays)
		if e.age[i] < reachDays {
			e.young = append(e.young, int32(i))
		} else {
			e.old = append(e.old, int32(i))
		}
	}
	slices.SortFunc(e.old, func(a, b int32) int { return cmp.Or(cmp.Compare(e.gap[a], e.gap[b]), cmp.Compare(a, b)) })
	return e
}

// mass returns F_i: a product of two masses of the normal distribution for the
// box, and 1 - e^(-reach²/2s²) for the reach.
func (e *edge) mass(i int, s float64) float64 {
	if e.gap[i] > reachOfS*s {
		return e.within(s)
	}
	v := e.c.events[i]
	fx := 1 - tail(v.x-e.box.Min[0], s) - tail(e.box.Max[0]-v.x, s)
	fy := 1 - tail(v.y-e.box.Min[1], s) - tail(e.box.Max[1]-v.y, s)
	return e.within(s) * fx * fy
}

// within is the share of a kernel that lies within reach.
func (e *edge) within(s float64) float64 { return -math.Expm1(-e.reachM * e.reachM / (2 * s * s)) }

// tail is the mass of a kernel beyond d metres in one direction.
func tail(d, s float64) float64 {
	if d > reachOfS*s {
		return 0
	}
	return 0.5 * math.Erfc(d/(s*math.Sqrt2))
}

// of calls f for every event whose share is its own, and returns how many are
// left: those that have their whole time behind them and lie so far from the
// box's sides that all of their kernel is inside.
func (e *edge) of(s float64, f func(i int)) (rest int) {
	for _, i := range e.young {
		f(int(i))
	}
	for k, i := range e.old {
		if e.gap[i] > reachOfS*s {
			return len(e.old) - k
		}
		f(int(i))
	}
	return 0
}

// seen returns W = Σ_i (1 - e^(-ωR_i)) F_i: θW events were to be set off in the
// time and the place observed.
func (e *edge) seen(omega, s float64) float64 {
	var w float64
	rest := e.of(s, func(i int) { w += -math.Expm1(-omega*e.age[i]) * e.mass(i, s) })
	return w + float64(rest)*-math.Expm1(-omega*e.reachDays)*e.within(s)
}

// slopes returns Σ_i R_i e^(-ωR_i) F_i, which is ∂W/∂ω, and ∂W/∂s.
func (e *edge) slopes(omega, s float64) (byOmega, byS float64) {
	step := 1e-4 * s
	rest := e.of(s+step, func(i int) {
		byOmega += e.age[i] * math.Exp(-omega*e.age[i]) * e.mass(i, s)
		if e.gap[i] <= reachOfS*(s+step) || !math.IsInf(e.reachM, 1) {
			byS += -math.Expm1(-omega*e.age[i]) * (e.mass(i, s+step) - e.mass(i, s-step)) / (2 * step)
		}
	})
	if rest > 0 {
		n := float64(rest)
		byOmega += n * e.reachDays * math.Exp(-omega*e.reachDays) * e.within(s)
		byS += n * -math.Expm1(-omega*e.reachDays) * (e.within(s+step) - e.within(s-step)) / (2 * step)
	}
	return byOmega, byS
}

package etas

import (
	"math"

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
}

func newEdge(c *catalogue, box orb.Bound, reachM, reachDays float64) *edge {
	e := &edge{c: c, box: box, reachM: reachM, reachDays: reachDays, gap: make([]float64, len(c.events)), age: make([]float64, len(c.events))}
	for i, v := range c.events {
		e.gap[i] = min(v.x-box.Min[0], box.Max[0]-v.x, v.y-box.Min[1], box.Max[1]-v.y)
		e.age[i] = min(c.till-v.t, reachDays)
	}
	return e
}

// mass returns F_i: a product of two differences of Φ, the normal distribution,
// for the box, and 1 - e^(-reach²/2s²) for the reach.
func (e *edge) mass(i int, s float64) float64 {
	within := 1 - math.Exp(-e.reachM*e.reachM/(2*s*s))
	if e.gap[i] > 6*s { // all of it but 1e-9
		return within
	}
	v := e.c.events[i]
	fx := phi((e.box.Max[0]-v.x)/s) - phi((e.box.Min[0]-v.x)/s)
	fy := phi((e.box.Max[1]-v.y)/s) - phi((e.box.Min[1]-v.y)/s)
	return within * fx * fy
}

func phi(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// seen returns W = Σ_i (1 - e^(-ωR_i)) F_i: θW events were to be set off in the
// time and the place observed.
func (e *edge) seen(omega, s float64) float64 {
	var w float64
	for i, r := range e.age {
		w += -math.Expm1(-omega*r) * e.mass(i, s)
	}
	return w
}

// slopes returns Σ_i R_i e^(-ωR_i) F_i, which is ∂W/∂ω, and ∂W/∂s.
func (e *edge) slopes(omega, s float64) (byOmega, byS float64) {
	step := 1e-4 * s
	for i, r := range e.age {
		f := e.mass(i, s)
		if !math.IsInf(r, 1) {
			byOmega += r * math.Exp(-omega*r) * f
		}
		if e.gap[i] <= 6*s || !math.IsInf(e.reachM, 1) {
			byS += -math.Expm1(-omega*r) * (e.mass(i, s+step) - e.mass(i, s-step)) / (2 * step)
		}
	}
	return byOmega, byS
}

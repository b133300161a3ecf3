package etas

import (
	"context"
	"math"
)

// maximise is the maximisation step for θ, ω and s: with S = Σ p_ij and the
// sums over pairs it looks for the greatest
//
//	Q = S ln(θω/s²) - ω Σ p_ij dt_ij - Σ p_ij r_ij²/2s² - θ Σ_i (1 - e^(-ωR_i)) F_i(s)
//
// by turns in θ, ω and s:
//
//	θ  = S / Σ_i (1 - e^(-ωR_i)) F_i
//	ω  = S / (Σ p_ij dt_ij + θ Σ_i R_i e^(-ωR_i) F_i)
//	s² = Σ p_ij r_ij² / (2S + θ s ∂/∂s Σ_i (1 - e^(-ωR_i)) F_i)
//
// The last term is the correction for offspring that fell outside of the city;
// without it s comes out too small. A step that would lower Q is halved, so
// that the likelihood grows at every iteration.
func (e *edge) maximise(ctx context.Context, s sums, p Params, floor, maxTheta float64) Params {
	if !(s.p > 1e-12*float64(len(e.c.events))) {
		p.Theta = 0
		return p
	}
	theta := func(omega, sd float64) float64 {
		if w := e.seen(ctx, omega, sd); w > 0 {
			return min(s.p/w, maxTheta)
		}
		return min(p.Theta, maxTheta)
	}
	q := func(p Params) float64 {
		return s.p*math.Log(p.Theta*p.Omega/(p.S*p.S)) - p.Omega*s.pdt - s.prr/(2*p.S*p.S) - p.Theta*e.seen(ctx, p.Omega, p.S)
	}
	p.Theta = theta(p.Omega, p.S)
	best := q(p)
	try := func(next Params) {
		for range 6 {
			next.Theta = theta(next.Omega, next.S)
			if v := q(next); v >= best {
				p, best = next, v
				return
			}
			next.Omega, next.S = (next.Omega+p.Omega)/2, (next.S+p.S)/2
		}
	}

	byOmega, _ := e.slopes(ctx, p.Omega, p.S)
	next := p
	next.Omega = min(s.p/(s.pdt+p.Theta*byOmega), maxOmega)
	try(next)

	_, byS := e.slopes(ctx, p.Omega, p.S)
	next = p
	if d := 2*s.p + p.Theta*p.S*byS; d > 0 {
		// Not to a half or the double at once: the slope holds nearby only.
		next.S = min(max(math.Sqrt(s.prr/d), p.S/2), 2*p.S)
	}
	next.S = max(next.S, floor, minS)
	try(next)
	return p
}

const (
	maxOmega = 24 * 60 // 1/days: aftershocks within a minute are one event reported twice
	minS     = 1e-3    // m
)

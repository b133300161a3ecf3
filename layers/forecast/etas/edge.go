package etas

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sort"

	"github.com/paulmach/orb"
)

// An edge knows how much of what events set off could be seen: F_i, the mass of
// the offspring kernel inside the city's box and within reach, and the share
// 1 - e^(-ω min(R_i, reach)) of its time, R_i being the time since event i.
//
// Most events have their whole time behind them and lie far from the box's
// sides: one number holds for them all. The others come first in special, those
// whose influence goes on after the end and then the rest by their gap.
type edge struct {
	c         *catalogue
	box       orb.Bound
	reachM    float64
	reachDays float64
	workers   int
	gap       []float64 // of each event: the distance to the box's nearest side
	age       []float64 // min(R_i, reachDays)
	special   []int32
	young     int // how many of special come first because of their time
	kept      []masses
	seenAt    [2]float64 // ω and s of the last W, and W
	seenW     float64
}

// masses are F_i of the first of special, at a deviation.
type masses struct {
	s float64
	f []float64
}

// reachOfS deviations from the box's sides all but 1e-9 of a kernel is inside.
const reachOfS = 6

func newEdge(c *catalogue, box orb.Bound, reachM, reachDays float64, workers int) *edge {
	e := &edge{c: c, box: box, reachM: reachM, reachDays: reachDays, workers: workers, gap: make([]float64, len(c.events)), age: make([]float64, len(c.events))}
	var old []int32
	for i, v := range c.events {
		e.gap[i] = min(v.x-box.Min[0], box.Max[0]-v.x, v.y-box.Min[1], box.Max[1]-v.y)
		e.age[i] = min(c.till-v.t, reachDays)
		if e.age[i] < reachDays {
			e.special = append(e.special, int32(i))
		} else {
			old = append(old, int32(i))
		}
	}
	e.young = len(e.special)
	slices.SortFunc(old, func(a, b int32) int { return cmp.Or(cmp.Compare(e.gap[a], e.gap[b]), cmp.Compare(a, b)) })
	e.special = append(e.special, old...)
	return e
}

// mass returns F_i: a product of two masses of the normal distribution for the
// box, and 1 - e^(-reach²/2s²) for the reach.
func (e *edge) mass(i int32, s, within float64) float64 {
	if e.gap[i] > reachOfS*s {
		return within
	}
	v := e.c.events[i]
	fx := 1 - tail(v.x-e.box.Min[0], s) - tail(e.box.Max[0]-v.x, s)
	fy := 1 - tail(v.y-e.box.Min[1], s) - tail(e.box.Max[1]-v.y, s)
	return within * fx * fy
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

// slopeOfS is the step over which the slope by s is measured, as a share of it.
const slopeOfS = 1e-4

// of returns how many of special have a share of their own at a deviation:
// the others lie so far from the box's sides that all of their kernel is inside.
func (e *edge) of(s float64) int {
	old := e.special[e.young:]
	return e.young + sort.Search(len(old), func(k int) bool { return e.gap[old[k]] > reachOfS*s })
}

// masses returns F_i of the first n of special. They are asked for again and
// again while a step is looked for, so those of the last deviations are kept.
func (e *edge) masses(ctx context.Context, s float64, n int) []float64 {
	for k, m := range e.kept {
		if m.s == s && len(m.f) >= n {
			e.kept = append(slices.Delete(e.kept, k, k+1), m) // the one asked for last at the end
			return m.f[:n]
		}
	}
	var f []float64
	if len(e.kept) == 4 { // three are asked for at once
		f = e.kept[0].f
		e.kept = slices.Delete(e.kept, 0, 1)
	}
	f = slices.Grow(f[:0], n)[:n]
	within := e.within(s)
	pieces := max(n/4096, 1)
	_ = share(ctx, pieces, e.workers, func(k int) { // who ends ctx asks for no result
		for at := n * k / pieces; at < n*(k+1)/pieces; at++ {
			f[at] = e.mass(e.special[at], s, within)
		}
	})
	e.kept = append(e.kept, masses{s, f})
	return f
}

// seen returns W = Σ_i (1 - e^(-ωR_i)) F_i: θW events were to be set off in the
// time and the place observed.
func (e *edge) seen(ctx context.Context, omega, s float64) float64 {
	if e.seenAt == [2]float64{omega, s} {
		return e.seenW
	}
	var w float64
	whole := -math.Expm1(-omega * e.reachDays)
	for k, f := range e.masses(ctx, s, e.of(s)) {
		share := whole
		if k < e.young {
			share = -math.Expm1(-omega * e.age[e.special[k]])
		}
		w += share * f
	}
	w += float64(len(e.special)-e.of(s)) * whole * e.within(s)
	e.seenAt, e.seenW = [2]float64{omega, s}, w
	return w
}

// slopes returns Σ_i R_i e^(-ωR_i) F_i, which is ∂W/∂ω, and ∂W/∂s.
func (e *edge) slopes(ctx context.Context, omega, s float64) (byOmega, byS float64) {
	step := slopeOfS * s
	n := e.of(s + step)
	f, more, less := e.masses(ctx, s, n), e.masses(ctx, s+step, n), e.masses(ctx, s-step, n)
	wholeFade, whole := e.reachDays*math.Exp(-omega*e.reachDays), -math.Expm1(-omega*e.reachDays)
	for k, i := range e.special[:n] {
		fade, share := wholeFade, whole
		if k < e.young {
			fade, share = e.age[i]*math.Exp(-omega*e.age[i]), -math.Expm1(-omega*e.age[i])
		}
		byOmega += fade * f[k]
		if e.gap[i] <= reachOfS*(s+step) || !math.IsInf(e.reachM, 1) {
			byS += share * (more[k] - less[k]) / (2 * step)
		}
	}
	if rest := float64(len(e.special) - n); rest > 0 {
		byOmega += rest * e.reachDays * math.Exp(-omega*e.reachDays) * e.within(s)
		byS += rest * whole * (e.within(s+step) - e.within(s-step)) / (2 * step)
	}
	return byOmega, byS
}

// Package ladder puts the models of a city together, from the plain count to the
// pool that is shipped, with the defaults that they are shipped with.
package ladder

import (
	"onemap/layers/forecast/etas"
	"onemap/layers/forecast/hotspot"
)

// Pool is the champion with all models as its parts, for windows of horizonD
// days. extra are more parts, such as a regression on what a city's map knows.
//
// The same horizon, seed and extra parts give the same pool.
func Pool(horizonD float64, seed uint64, extra ...hotspot.Model) hotspot.Pool {
	p := hotspot.Pool{Label: "pool", HorizonD: horizonD, Windows: windows(horizonD), Enough: 20_000, Steps: 300, Prior: 10,
		Premise: etas.Premise(seed, "sepp", "etas")}
	for _, r := range rungs(seed) {
		p.Parts, p.Belief = append(p.Parts, r.Model), append(p.Belief, r.belief)
	}
	for _, m := range extra {
		p.Parts, p.Belief = append(p.Parts, m), append(p.Belief, 1)
	}
	return p
}

// Models are the parts of the pool, from the plainest on.
func Models(seed uint64) []hotspot.Model { return Pool(7, seed).Parts }

// windows is how many past windows the weights are learned from: a year of
// weeks or months; of days, a quarter. Tuned on Portland 2013-2015, where a
// year was a little better than half of it, and that than a quarter.
func windows(horizonD float64) int {
	if horizonD < 7 {
		return 91
	}
	return int(max(12, 364/horizonD))
}

// A rung is a model and the weight that is believed in before anything was
// learned, up to a factor. Little is believed of what knows only some weeks or
// only where something was; where they deserve weight, a year of events
// gives it to them.
type rung struct {
	hotspot.Model
	belief float64
}

func rungs(seed uint64) []rung {
	last := func(days float64) hotspot.Weighing { return hotspot.Weighing{WindowD: days} }
	decay := func(tau float64) hotspot.Weighing { return hotspot.Weighing{TauD: tau} }
	return []rung{
		{hotspot.Uniform{}, 0.1},
		{hotspot.Count{Label: "count-28", Weighing: last(28)}, 0.1},
		{hotspot.Count{Label: "count-90", Weighing: last(90)}, 0.1},
		{hotspot.Count{Label: "count-365", Weighing: last(365)}, 0.1},
		{hotspot.Count{Label: "count-all"}, 2},
		{hotspot.KDE{Label: "kde-100", BandwidthM: 100}, 1},
		{hotspot.KDE{Label: "kde-200", BandwidthM: 200}, 1},
		{hotspot.KDE{Label: "kde-400", BandwidthM: 400}, 1},
		{hotspot.KDE{Label: "kde-800", BandwidthM: 800}, 0.1},
		{hotspot.KDE{Label: "kde-200-t30", BandwidthM: 200, Weighing: decay(30)}, 0.1},
		{hotspot.KDE{Label: "kde-200-t180", BandwidthM: 200, Weighing: decay(180)}, 0.1},
		{hotspot.ProMap{Weeks: 8, ReachM: 400}, 0.1},
		{hotspot.SEPP{Iterations: 40, LeastD: 1, Shrink: true}, 2},
		{hotspot.Latest{Model: etas.Model{Seed: seed}, Most: 40_000}, 2},
		{hotspot.Shrunk{Label: "shrunk"}, 3},
		{hotspot.Shrunk{Label: "shrunk-t730", Weighing: decay(730)}, 2},
		{hotspot.Shrunk{Label: "shrunk-t365", Weighing: decay(365)}, 1},
		{hotspot.Shrunk{Label: "shrunk-t180", Weighing: decay(180)}, 1},
		{hotspot.Shrunk{Label: "shrunk-t60", Weighing: decay(60)}, 1},
		{hotspot.Renewed{Label: "renewed-365", WindowD: 365}, 2},
		{hotspot.Renewed{Label: "renewed-180", WindowD: 180}, 2},
	}
}

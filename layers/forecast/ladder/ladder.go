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
	return hotspot.Pool{
		Label: "pool", Parts: append(Models(seed), extra...),
		HorizonD: horizonD, Windows: windows(horizonD), Steps: 300, Prior: 10,
	}
}

// windows is how many past windows the weights are learned from: half a year of
// weeks or days, a year of months.
func windows(horizonD float64) int {
	return int(min(26, max(12, 182/horizonD)))
}

// Models are the parts of the pool, from the plainest on.
func Models(seed uint64) []hotspot.Model {
	last := func(days float64) hotspot.Weighing { return hotspot.Weighing{WindowD: days} }
	decay := func(tau float64) hotspot.Weighing { return hotspot.Weighing{TauD: tau} }
	return []hotspot.Model{
		hotspot.Uniform{},
		hotspot.Count{Label: "count-28", Weighing: last(28)},
		hotspot.Count{Label: "count-90", Weighing: last(90)},
		hotspot.Count{Label: "count-365", Weighing: last(365)},
		hotspot.Count{Label: "count-all"},
		hotspot.KDE{Label: "kde-100", BandwidthM: 100},
		hotspot.KDE{Label: "kde-200", BandwidthM: 200},
		hotspot.KDE{Label: "kde-400", BandwidthM: 400},
		hotspot.KDE{Label: "kde-800", BandwidthM: 800},
		hotspot.KDE{Label: "kde-200-t30", BandwidthM: 200, Weighing: decay(30)},
		hotspot.KDE{Label: "kde-200-t180", BandwidthM: 200, Weighing: decay(180)},
		hotspot.ProMap{Weeks: 8, ReachM: 400},
		hotspot.SEPP{Iterations: 40, LeastD: 1, Shrink: true},
		hotspot.Latest{Model: etas.Model{Seed: seed}, Most: 40_000},
		hotspot.Shrunk{Label: "shrunk"},
		hotspot.Shrunk{Label: "shrunk-t730", Weighing: decay(730)},
		hotspot.Shrunk{Label: "shrunk-t365", Weighing: decay(365)},
		hotspot.Shrunk{Label: "shrunk-t180", Weighing: decay(180)},
		hotspot.Shrunk{Label: "shrunk-t60", Weighing: decay(60)},
		hotspot.Renewed{Label: "renewed-365", WindowD: 365},
		hotspot.Renewed{Label: "renewed-180", WindowD: 180},
	}
}

package etas

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/hotspot"
)

// A SpeedReport is what estimating a large city took.
type SpeedReport struct {
	Events     int
	Iterations int
	Pairs      int64 // within reach of each other, looked at in each iteration
	Took       time.Duration
	HeapBytes  uint64 // of the system for the heap at the end, the events included: nothing is given back meanwhile
	Found      Params
}

// Speed estimates the process from so many simulated events of ten years in a
// city of 24 by 24 km, a background of 150 centres, with all guards on, through
// exactly so many iterations, on some cores (0: all).
func Speed(ctx context.Context, events, iterations, workers int) (SpeedReport, error) {
	const days, side = 3650, 24_000
	truth := Params{Theta: 0.2, Omega: 1.0 / 20, S: 150}
	truth.Mu = float64(events) / days * (1 - truth.Theta)
	box := orb.Bound{Max: orb.Point{side, side}}
	s, err := hotspot.Lattice(orb.MultiPolygon{box.ToPolygon()}, 150, 0, orb.Point{})
	if err != nil {
		return SpeedReport{}, err
	}
	debug.FreeOSMemory() // what came before is not counted
	past := Simulate(truth, box, days, 150, 1)
	o := Guarded(150)
	o.Workers, o.Iterations, o.Tolerance = workers, iterations, 1e-300 // all of them, however little the likelihood grows
	start := time.Now()
	e, err := Fit(ctx, s, past, 0, days, o)
	if err != nil {
		return SpeedReport{}, err
	}
	took := time.Since(start)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	runtime.KeepAlive(past)
	return SpeedReport{e.Events, len(e.LogL), e.Pairs, took, m.HeapSys - m.HeapReleased, e.Params}, nil
}

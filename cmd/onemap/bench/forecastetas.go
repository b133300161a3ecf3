package bench

import (
	"context"
	"fmt"

	"onemap/layers/forecast/etas"
)

// etasSpeed estimates the self-exciting process from a million events, beside
// the same on one core (a tenth of the iterations, times ten), and beside the
// memory that a list of its pairs would take.
func (o Options) etasSpeed(ctx context.Context) error {
	const events, iterations, tenth, pairBytes = 1_000_000, 40, 4, 24 // a pair: two numbers, a time, a square distance
	o.Progress(fmt.Sprintf("ETAS on about %d events, %d iterations", events, iterations))
	r, err := etas.Speed(ctx, events, iterations, 0)
	if err != nil {
		return err
	}
	o.Progress("the same on one core, a tenth of it")
	one, err := etas.Speed(ctx, events, tenth, 1)
	if err != nil {
		return err
	}
	took, alone := r.Took.Seconds(), one.Took.Seconds()*iterations/tenth
	mib, list := float64(r.HeapBytes)/(1<<20), float64(r.Pairs*pairBytes)/(1<<20)
	name := fmt.Sprintf("ETAS, %d iterations on %d events, %.0f pairs an event", r.Iterations, r.Events, float64(r.Pairs)/float64(r.Events))
	o.Report(Result{Bench: "forecast", Case: name + ", time beside one core", Value: took, Unit: "s", Baseline: alone, Ratio: faster(took, alone), Target: "<= 30 s", Met: took <= 30})
	o.Report(Result{Bench: "forecast", Case: name + ", memory beside a list of pairs", Value: mib, Unit: "MiB", Baseline: list, Ratio: faster(mib, list), Target: "<= 500 MB", Met: mib <= 476})
	return nil
}

package bench

import (
	"context"
	"fmt"

	"onemap/layers/forecast/etas"
)

// etasSpeed estimates the self-exciting process from a million events.
func (o Options) etasSpeed(ctx context.Context, _ string) error {
	const events, iterations = 1_000_000, 40
	o.Progress(fmt.Sprintf("ETAS on about %d events, %d iterations", events, iterations))
	r, err := etas.Speed(ctx, events, iterations)
	if err != nil {
		return err
	}
	took, mib := r.Took.Seconds(), float64(r.HeapBytes)/(1<<20)
	name := fmt.Sprintf("ETAS, %d iterations on %d events, %.0f pairs an event", r.Iterations, r.Events, float64(r.Pairs)/float64(r.Events))
	o.Report(Result{Bench: "forecast", Case: name + ", time", Value: took, Unit: "s", Target: "<= 30 s", Met: took <= 30})
	o.Report(Result{Bench: "forecast", Case: name + ", memory", Value: mib, Unit: "MiB", Target: "<= 500 MB", Met: mib <= 476})
	return nil
}

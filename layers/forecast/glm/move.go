package glm

import (
	"context"
	"math"

	"onemap/layers/forecast/hotspot"
)

// Move implements [hotspot.Mover]: the same coefficients, with what is known of
// each cell by until. A regression costs much more than the counts that go into
// it, and its coefficients change slowly.
func (f *Fitted) Move(ctx context.Context, past []hotspot.Event, until float64) (hotspot.Fitted, error) {
	if f.Result == nil {
		return f.model.Fit(ctx, f.s, past, until) // there was nothing to learn from
	}
	if err := hotspot.Check(past, until); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n := *f
	n.x, n.rate = f.model.columns(f.s, past, until), make([]float64, len(f.rate))
	k := len(n.names)
	for c := range n.rate {
		n.rate[c] = n.Predict(n.x[c*k:(c+1)*k], math.Log(n.s.AreaM2(c)))
	}
	return &n, nil
}

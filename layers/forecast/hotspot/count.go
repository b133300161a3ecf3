package hotspot

import "context"

// Uniform expects as much of every square metre.
type Uniform struct{}

// Name implements [Model].
func (Uniform) Name() string { return "uniform" }

// Fit implements [Model].
func (m Uniform) Fit(ctx context.Context, s *Space, past []Event, until float64) (Fitted, error) {
	return fitLocal(ctx, m, s, past, until)
}

func (m Uniform) fit(_ context.Context, s *Space, past placed, until float64) (localFitted, error) {
	q := make([]float64, s.Len())
	normalise(s, q)
	return &uniformFitted{shares{s, q, past.level(until)}}, nil
}

type uniformFitted struct{ shares }

func (f *uniformFitted) move(_ context.Context, past placed, until float64) (localFitted, error) {
	return &uniformFitted{shares{f.s, f.q, past.level(until)}}, nil
}

// Count expects what was counted: each cell has the share it had of the events
// of the past, weighed by age.
type Count struct {
	Label string // its name, such as count-365
	Weighing
}

// Name implements [Model].
func (m Count) Name() string { return m.Label }

// Fit implements [Model].
func (m Count) Fit(ctx context.Context, s *Space, past []Event, until float64) (Fitted, error) {
	return fitLocal(ctx, m, s, past, until)
}

func (m Count) fit(_ context.Context, s *Space, past placed, until float64) (localFitted, error) {
	t := newTally(m.Weighing, s.Len())
	t.advance(past.day, past.cell, until)
	return newCount(s, t, past, until), nil
}

func newCount(s *Space, t *tally, past placed, until float64) *countFitted {
	q := append([]float64(nil), t.sum...)
	normalise(s, q)
	return &countFitted{shares{s, q, past.level(until)}, t}
}

type countFitted struct {
	shares
	t *tally
}

func (f *countFitted) move(_ context.Context, past placed, until float64) (localFitted, error) {
	return newCount(f.s, f.t.moved(past, past.cell, until), past, until), nil
}

package etas

import (
	"context"

	"onemap/layers/forecast/hotspot"
)

// fewest events from which self-excitation is learned; of fewer the forecast
// is the background.
const fewest = 50

// Model is the guarded point ETAS as one of the ladder of models. The zero
// value is ready.
type Model struct {
	// Options of a field that is nil are [Guarded] for the cells of the Space,
	// with the hours of events that have none made up.
	Options *Options
	Seed    uint64
}

// Name is "etas".
func (Model) Name() string { return "etas" }

// Fit estimates the process from the events before the cut.
func (m Model) Fit(ctx context.Context, s *hotspot.Space, past []hotspot.Event, until float64) (hotspot.Fitted, error) {
	o := Guarded(s.CellM())
	o.DateOnly = DatesOnly(past)
	if m.Options != nil {
		o = *m.Options
	}
	o.Seed = m.Seed
	from := until - 1
	if len(past) > 0 {
		from = min(from, past[0].Day)
	}
	e, own, err := begin(ctx, s, past, from, until, o)
	if err != nil {
		return nil, err
	}
	if len(own) < fewest {
		e.Theta = 0
		for j := range own {
			own[j] = 1
		}
		if err := e.mu.draw(ctx, own, o.Workers); err != nil {
			return nil, err
		}
		e.Mu = e.mu.mass / e.mu.days
	} else if err := e.climb(ctx, own, true); err != nil {
		return nil, err
	}
	return e.forecast(ctx, s, until)
}

// Move brings the forecast to a later cut: the parameters stay, what is of the
// background is seen anew.
func (f *Fitted) Move(ctx context.Context, past []hotspot.Event, until float64) (hotspot.Fitted, error) {
	if f.Events < fewest {
		return Model{Options: &f.opts, Seed: f.opts.Seed}.Fit(ctx, f.s, past, until)
	}
	o := f.opts
	o.Start, o.Iterations = f.Params, 3
	o.Start.Mu = 0
	from := f.c.from
	e, own, err := begin(ctx, f.s, past, from, until, o)
	if err != nil {
		return nil, err
	}
	if err := e.climb(ctx, own, false); err != nil {
		return nil, err
	}
	e.AtFloor = f.AtFloor
	e.opts.Iterations = f.opts.Iterations
	return e.forecast(ctx, f.s, until)
}

package etas

import (
	"context"

	"onemap/layers/forecast/hotspot"
)

const (
	// fewest events from which self-excitation is learned; of fewer the
	// forecast is the background.
	fewest = 50
	// enough events to learn the three parameters from: the latest so many of a
	// longer history. Their background is drawn from all of it.
	enough = 60_000
	// settling iterations move the background, at parameters that stand.
	settling = 3
)

// Model is the guarded point ETAS as one of the ladder of models. The zero
// value is ready.
type Model struct {
	// Options, where nil, are [Guarded] for the cells of the Space, with the
	// hours of events that have none made up.
	Options *Options
	Seed    uint64
}

// Name implements [hotspot.Model].
func (Model) Name() string { return "etas" }

// Fit implements [hotspot.Model].
func (m Model) Fit(ctx context.Context, s *hotspot.Space, past []hotspot.Event, until float64) (hotspot.Fitted, error) {
	o := Guarded(s.CellM())
	o.DateOnly = DatesOnly(past)
	if m.Options != nil {
		o = *m.Options
	}
	o.Seed = m.Seed
	recent := past[max(0, len(past)-enough):]
	e, own, err := begin(ctx, s, recent, beginning(recent, until), until, o)
	if err != nil {
		return nil, err
	}
	if len(own) < fewest {
		e.Theta = 0
		return e.still(ctx, s, own, until)
	}
	if err := e.climb(ctx, own, true); err != nil {
		return nil, err
	}
	if len(recent) == len(past) {
		return e.forecast(ctx, s, until)
	}
	return e.settled(ctx, s, past, until)
}

// beginning is where history begins: at the first event, and a day before the
// cut at the latest.
func beginning(past []hotspot.Event, until float64) float64 {
	if len(past) == 0 {
		return until - 1
	}
	return min(until-1, past[0].Day)
}

// still forecasts by the background of all events alone.
func (e *Estimate) still(ctx context.Context, s *hotspot.Space, own []float64, until float64) (*Fitted, error) {
	for j := range own {
		own[j] = 1
	}
	if err := e.mu.draw(ctx, own, e.opts.Workers); err != nil {
		return nil, err
	}
	e.Mu = e.mu.mass / e.mu.days
	return e.forecast(ctx, s, until)
}

// settled forecasts from another history with the parameters of e.
func (e *Estimate) settled(ctx context.Context, s *hotspot.Space, past []hotspot.Event, until float64) (*Fitted, error) {
	o := e.opts
	o.Start, o.Iterations = e.Params, settling
	o.Start.Mu = 0
	next, own, err := begin(ctx, s, past, beginning(past, until), until, o)
	if err != nil {
		return nil, err
	}
	if err := next.climb(ctx, own, false); err != nil {
		return nil, err
	}
	next.AtFloor, next.opts = e.AtFloor, e.opts
	return next.forecast(ctx, s, until)
}

// Move implements [hotspot.Mover]: the parameters stay, what is of the
// background is seen anew.
func (f *Fitted) Move(ctx context.Context, past []hotspot.Event, until float64) (hotspot.Fitted, error) {
	if f.Events < fewest {
		return Model{Options: &f.opts, Seed: f.opts.Seed}.Fit(ctx, f.s, past, until)
	}
	return f.settled(ctx, f.s, past, until)
}

package etas

import (
	"context"
	"fmt"
	"math"

	"onemap/layers/forecast/hotspot"
)

// An Estimate is what events said about the process.
type Estimate struct {
	Params
	// LogL is the log-likelihood at each iteration, before its step: that of
	// the parameters given is the last. With a background that is drawn from the
	// events it is that of each event given the others.
	LogL      []float64
	Converged bool
	Events    int   // that were used: those in a cell
	Pairs     int64 // of events within each other's reach
	AtFloor   bool  // s would be smaller without its floor

	c    *catalogue
	mu   *background
	box  *edge
	opts Options
}

// Fit finds the parameters from the events of the days [from, until),
// sorted by day. Those outside the city's cells do not count. Nothing is known
// of what earlier events set off: the first days look a little as if of the
// background.
//
// It returns errors wrapping [hotspot.ErrInput] for events that are not sorted
// or not in that time and for options out of range, and ctx's error when that
// ends.
func Fit(ctx context.Context, s *hotspot.Space, past []hotspot.Event, from, until float64, o Options) (*Estimate, error) {
	e, own, err := begin(ctx, s, past, from, until, o)
	if err != nil || len(own) == 0 {
		return e, err
	}
	return e, e.climb(ctx, own, true)
}

// begin lays out the events and guesses that none was set off by another.
func begin(ctx context.Context, s *hotspot.Space, past []hotspot.Event, from, until float64, o Options) (*Estimate, []float64, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	if err := hotspot.Check(past, until); err != nil {
		return nil, nil, err
	}
	if !(from < until) || math.IsInf(from, 0) {
		return nil, nil, fmt.Errorf("%w: etas: history from day %g to day %g: it must begin before it ends", hotspot.ErrInput, from, until)
	}
	if len(past) > 0 && past[0].Day < from {
		return nil, nil, fmt.Errorf("%w: etas: the first event lies on day %g, before history begins on day %g: leave it out", hotspot.ErrInput, past[0].Day, from)
	}
	o = o.filled()
	events := laidOut(s, past, until, o)
	e := &Estimate{Params: o.Start, Events: len(events), opts: o}
	e.c = index(events, s.Bound(), o.ReachM, from, until)
	e.box = newEdge(e.c, s.Bound(), o.ReachM, o.ReachDays, o.Workers)
	var err error
	if e.mu, err = newBackground(ctx, s, e.c, o); err != nil {
		return nil, nil, err
	}
	own := make([]float64, len(events))
	for j := range own {
		own[j] = 1 - min(e.Theta, 0.9)
	}
	if e.Mu > 0 && len(own) > 0 {
		for j := range own {
			own[j] = e.Mu * (until - from) / float64(len(own))
		}
	}
	return e, own, e.mu.draw(ctx, own, o.Workers)
}

// climb is expectation and maximisation by turns, until the likelihood hardly
// grows. With learn false the parameters stay and only the background moves.
func (e *Estimate) climb(ctx context.Context, own []float64, learn bool) error {
	o := e.opts
	mu := make([]float64, len(own))
	for i := range o.Iterations {
		if err := e.mu.atEvents(ctx, mu, own, o.Workers); err != nil {
			return err
		}
		s, err := e.c.expect(ctx, e.Params, mu, own, o.ReachM, o.ReachDays, o.Workers)
		if err != nil {
			return err
		}
		e.Pairs = s.n
		e.LogL = append(e.LogL, s.lnl-e.mu.mass-e.Theta*e.box.seen(ctx, e.Omega, e.S))
		e.Mu = e.mu.mass / e.mu.days
		if i > 0 && math.Abs(e.LogL[i]-e.LogL[i-1]) < o.Tolerance*float64(len(own)) {
			e.Converged = true
			break
		}
		if err := e.mu.draw(ctx, own, o.Workers); err != nil {
			return err
		}
		if learn {
			e.Params = e.box.maximise(ctx, s, e.Params, o.FloorM, o.MaxTheta)
			e.AtFloor = o.FloorM > 0 && e.S <= o.FloorM
		}
		e.Mu = e.mu.mass / e.mu.days
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !finite(e.Theta, e.Omega, e.S, e.Mu) {
		return fmt.Errorf("etas: the estimate is not finite: θ %g, ω %g, s %g", e.Theta, e.Omega, e.S)
	}
	return nil
}

func finite(all ...float64) bool {
	for _, v := range all {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

package hotspot

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
)

// A Series fits models on one history at one cut after the other, and each cut
// as a single forecast would: it never looks ahead, and what it gives does not
// depend on the cuts it was asked for before.
//
// A [Mover]'s parameters are estimated at the last multiple of so many days
// before the cut (28, from a year of history on 91), and moved to it: that is a
// rule about the cut and the history's first day alone, so a forecast and the
// backtest beside it are the same model.
type Series struct {
	Space  *Space
	Models []Model

	events []Event
	known  []float64 // the day on which each became known; nil: at once
	placed placed
	kept   []keptFit // by model
}

// keptFit is the fit of a model at the last cut where it was estimated, and
// for this package's own models how far it was moved since.
type keptFit struct {
	at     float64
	fitted Fitted
	own    localFitted
	ownAt  float64
}

// estimatedAt is the day at which parameters for a cut are estimated.
func (r *Series) estimatedAt(cut float64) float64 {
	start, every := r.placed.start(cut), 28.0
	if cut-start >= 365 {
		every = 91
	}
	if at := every * math.Floor(cut/every); at-start >= 28 {
		return at
	}
	return cut // of hardly any history nothing is estimated that is to last
}

// NewSeries begins a series on events, which are sorted by day ([Sort]).
// It returns an error wrapping [ErrInput] for events that are not.
func NewSeries(s *Space, models []Model, events []Event) (*Series, error) {
	if err := Check(events, math.MaxFloat64); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, m := range models {
		if names[m.Name()] {
			return nil, fmt.Errorf("%w: two models are named %s: give each a name of its own", ErrInput, m.Name())
		}
		names[m.Name()] = true
	}
	return &Series{Space: s, Models: models, events: events, placed: place(s, events), kept: make([]keptFit, len(models))}, nil
}

// At fits every model at a cut, on the events before it that were known by then.
func (r *Series) At(ctx context.Context, cut float64) ([]Fitted, error) {
	fitted := make([]Fitted, len(r.Models))
	err := each(len(r.Models), func(k int) (err error) {
		if fitted[k], err = r.fit(ctx, k, cut); err != nil {
			return fmt.Errorf("model %s at day %g: %w", r.Models[k].Name(), cut, err)
		}
		return nil
	})
	return fitted, err
}

func (r *Series) fit(ctx context.Context, k int, cut float64) (Fitted, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	at := r.estimatedAt(cut)
	kept := &r.kept[k]
	if kept.fitted == nil || kept.at != at {
		*kept = keptFit{at: at}
		if own, ok := r.Models[k].(local); ok {
			f, err := own.fit(ctx, r.Space, r.placed.before(at), at)
			if err != nil {
				return nil, err
			}
			kept.fitted, kept.own, kept.ownAt = f, f, at
		} else {
			f, err := r.Models[k].Fit(ctx, r.Space, r.eventsAt(at), at)
			if err != nil {
				return nil, err
			}
			kept.fitted = f
		}
	}
	if cut == at {
		return kept.fitted, nil
	}
	if kept.own != nil {
		from := kept.own
		if kept.ownAt > cut { // going back: from where it was estimated
			from = kept.fitted.(localFitted)
		}
		f, err := from.move(ctx, r.placed.before(cut), cut)
		if err != nil {
			return nil, err
		}
		kept.own, kept.ownAt = f, cut
		return f, nil
	}
	past := r.eventsAt(cut)
	if m, ok := kept.fitted.(Mover); ok {
		return m.Move(ctx, past, cut)
	}
	return r.Models[k].Fit(ctx, r.Space, past, cut)
}

// each calls f for 0..n-1 on all processors, and returns the error of the
// lowest number that failed. What f writes by its number is the same however
// the work falls.
func each(n int, f func(i int) error) error {
	errs := make([]error, n)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				errs[i] = f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

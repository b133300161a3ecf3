package backtest

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"onemap/layers/forecast/hotspot"
)

// Run makes the pool and all of its parts forecast at each cut, and judges each
// of them. events are sorted; those after the last window are not looked at.
//
// It returns errors wrapping [hotspot.ErrInput] for what the caller can mend.
func Run(ctx context.Context, s *hotspot.Space, events []hotspot.Event, pool hotspot.Pool, o Options) (*Report, error) {
	o = o.defaults(pool.HorizonD)
	cuts, err := o.cuts(pool.HorizonD)
	if err != nil {
		return nil, err
	}
	roll, err := hotspot.NewRoll(s, pool, events)
	if err != nil {
		return nil, err
	}
	if o.Known != nil {
		if err := roll.Known(o.Known); err != nil {
			return nil, err
		}
	}
	rep := newReport(s, pool, o)
	names := make([]string, 0, len(pool.Parts)+1)
	for _, m := range pool.Parts {
		names = append(names, m.Name())
	}
	names = append(names, pool.Name())
	for _, n := range names {
		rep.Models = append(rep.Models, Model{Name: n, Baseline: slices.Contains(o.Baselines, n)})
	}
	tie := tieBreaker(names)
	judges := make(chan *ranking, runtime.GOMAXPROCS(0))
	for range cap(judges) {
		judges <- newRanking(s)
	}
	seen, mixed := make([]float64, s.Len()), make([]float64, s.Len())
	for i, cut := range cuts {
		fitted, parts, err := roll.Ahead(ctx, cut)
		if err != nil {
			return nil, err
		}
		to := cut + pool.HorizonD
		fitted.Mix(parts, cut, to, mixed)
		clear(seen)
		rep.Outside += s.Counts(events[hotspot.Before(events, cut):hotspot.Before(events, to)], seen)
		all := append(slices.Clone(parts), mixed)
		best := bestOf(judges, seen, rep.areasM2)
		windows := make([]Window, len(all))
		var wg sync.WaitGroup
		for k := range all {
			wg.Go(func() {
				r := <-judges
				defer func() { judges <- r }()
				if tie >= 0 {
					r.breakTies(all[tie])
				}
				windows[k] = r.judge(cut, all[k], seen, rep.areasM2, best)
			})
		}
		wg.Wait()
		for k := range all {
			rep.Models[k].Windows = append(rep.Models[k].Windows, windows[k])
		}
		r := <-judges
		rep.curve.add(r, mixed, seen)
		judges <- r
		rep.calibration.add(s, mixed, seen)
		rep.intervals.add(mixed, seen)
		rep.weigh(fitted.Weights)
		if o.Progress != nil {
			o.Progress(i+1, len(cuts))
		}
	}
	rep.finish()
	return rep, nil
}

// tieBreaker is the part whose density breaks ties: the narrowest kernel of
// all history, or none.
func tieBreaker(names []string) int {
	for _, n := range []string{"kde-200", "kde-100", "kde-400"} {
		if i := slices.Index(names, n); i >= 0 {
			return i
		}
	}
	return -1
}

// bestOf returns what the best choice of each area would have caught.
func bestOf(judges chan *ranking, seen []float64, areasM2 []float64) []float64 {
	r := <-judges
	defer func() { judges <- r }()
	top := r.top(seen, slices.Max(areasM2))
	best := make([]float64, len(areasM2))
	for i, m2 := range areasM2 {
		best[i], _ = flag(r, top, seen, m2)
	}
	return best
}

// ratio is a/b, and 0 where there is nothing to divide by: reports are written
// as JSON, which knows no NaN.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

package hotspot

import (
	"context"
	"fmt"
	"slices"
)

// A Roll fits a pool, with all of its parts, at one cut after the other, and
// keeps what its parts had said of each window that has passed.
type Roll struct {
	*Series
	pool  Pool
	seen  map[float64]window   // by the day on which it begins
	ahead [][]float64          // by part, what it expects of the window after the last cut
	found map[float64]*Finding // of the premise, by the day it was asked for
}

// NewRoll begins a roll over events, which are sorted by day.
func NewRoll(s *Space, m Pool, events []Event) (*Roll, error) {
	switch {
	case len(m.Parts) == 0:
		return nil, fmt.Errorf("%w: a pool needs parts", ErrInput)
	case !(m.HorizonD > 0) || m.Windows < 1 || m.Steps < 1:
		return nil, fmt.Errorf("%w: a pool needs a horizon above zero, and at least one window and step", ErrInput)
	}
	if m.Belief != nil && (len(m.Belief) != len(m.Parts) || !(slices.Min(m.Belief) > 0)) {
		return nil, fmt.Errorf("%w: a pool's beliefs must be one above zero for each part", ErrInput)
	}
	series, err := NewSeries(s, m.Parts, events)
	if err != nil {
		return nil, err
	}
	r := &Roll{Series: series, pool: m, seen: map[float64]window{}, ahead: make([][]float64, len(m.Parts)), found: map[float64]*Finding{}}
	for k := range r.ahead {
		r.ahead[k] = make([]float64, s.Len())
	}
	return r, nil
}

// A window is what the parts said of the events of a window, and when each of
// these became known.
type window struct {
	evidence
	row   []int32   // of each event; nil: all were known at once
	known []float64 // days
}

// counts are the events by row that were known before a cut.
func (w window) counts(cut float64) []float64 {
	if w.row == nil {
		return w.n
	}
	n := make([]float64, len(w.n))
	for i, row := range w.row {
		if w.known[i] < cut {
			n[row]++
		}
	}
	return n
}

// At fits the pool at a cut, on the events before it that were known by then.
func (r *Roll) At(ctx context.Context, cut float64) (*PoolFitted, error) {
	e, err := r.learn(ctx, cut)
	if err != nil {
		return nil, err
	}
	parts, err := r.Series.At(ctx, cut)
	if err != nil {
		return nil, err
	}
	return r.pooled(ctx, parts, e, cut)
}

// Ahead fits the pool at a cut, and returns as well what each of its parts
// expects of the window that begins there: slices that hold until the next
// call. It is what a backtest asks, which goes from cut to cut.
func (r *Roll) Ahead(ctx context.Context, cut float64) (*PoolFitted, [][]float64, error) {
	e, err := r.learn(ctx, cut)
	if err != nil {
		return nil, nil, err
	}
	parts, err := r.look(ctx, cut)
	if err != nil {
		return nil, nil, err
	}
	f, err := r.pooled(ctx, parts, e, cut)
	return f, r.ahead, err
}

func (r *Roll) pooled(ctx context.Context, parts []Fitted, e evidence, cut float64) (*PoolFitted, error) {
	found, err := r.premise(ctx, cut)
	if err != nil {
		return nil, err
	}
	prior, held := slices.Repeat([]float64{1}, len(parts)), r.pool.Prior
	if r.pool.Belief != nil {
		copy(prior, r.pool.Belief)
	}
	if found != nil && !found.Holds { // what nothing is believed of learns nothing
		if held == 0 { // even weights to begin with, and a little belief in them
			prior, held = slices.Repeat([]float64{1}, len(parts)), 1e-9
		}
		for k, m := range r.Models {
			if slices.Contains(r.pool.Premise.Parts, m.Name()) {
				prior[k] = 0
			}
		}
	}
	var sum float64
	for _, v := range prior {
		sum += v
	}
	for k := range prior {
		prior[k] *= held / sum
	}
	f := &PoolFitted{Parts: parts, Found: found, s: r.Space, models: r.Models, level: r.placed.before(cut).level(cut)}
	f.Weights, f.Score = e.weigh(prior, r.pool.Steps)
	return f, nil
}

// premise asks the pool's premise on the day at which parameters for a cut are
// estimated: what a model learned there it keeps until the next.
func (r *Roll) premise(ctx context.Context, cut float64) (*Finding, error) {
	if r.pool.Premise == nil {
		return nil, nil
	}
	at := r.estimatedAt(cut)
	if f, ok := r.found[at]; ok {
		return f, nil
	}
	var in []Event
	for _, e := range r.eventsAt(at) {
		if r.Space.CellAt(e.At) >= 0 {
			in = append(in, e)
		}
	}
	f, err := r.pool.Premise.Ask(ctx, in, at)
	if err != nil {
		return nil, fmt.Errorf("the pool's premise at day %g: %w", at, err)
	}
	r.found[at] = &f
	return &f, nil
}

// learn gathers the evidence of the windows that end at a cut or before. They
// begin no earlier than the history.
func (r *Roll) learn(ctx context.Context, cut float64) (evidence, error) {
	e := evidence{parts: len(r.Models)}
	start := r.placed.start(cut)
	for w := r.windows(cut); w >= 1; w-- {
		from := cut - float64(w)*r.pool.HorizonD
		if from <= start {
			continue
		}
		if _, ok := r.seen[from]; !ok {
			if _, err := r.look(ctx, from); err != nil {
				return evidence{}, err
			}
		}
		e.n, e.q = append(e.n, r.seen[from].counts(cut)...), append(e.q, r.seen[from].q...)
	}
	return e, nil
}

// fewestWindows are learned from however many events they have: a few weeks
// are no year.
const fewestWindows = 12

// windows is how many windows before a cut are learned from.
func (r *Roll) windows(cut float64) int {
	if r.pool.Enough <= 0 {
		return r.pool.Windows
	}
	days := r.placed.before(cut).day
	from := len(days)
	w := min(r.pool.Windows, fewestWindows)
	for w < r.pool.Windows && from-firstAt(days, cut-float64(w)*r.pool.HorizonD) < r.pool.Enough {
		w++
	}
	return w
}

// look fits the parts at a cut, writes what they expect of the window after it
// to ahead, and keeps what they said of the cells of its events. A later cut
// learns from that, when the window has passed; this one does not.
func (r *Roll) look(ctx context.Context, cut float64) ([]Fitted, error) {
	parts, err := r.Series.At(ctx, cut)
	if err != nil {
		return nil, err
	}
	to := cut + r.pool.HorizonD
	e := window{evidence: evidence{parts: len(parts)}}
	row := map[int32]int{}
	var cells []int32
	for i := firstAt(r.placed.day, cut); i < r.placed.len() && r.placed.day[i] < to; i++ {
		c := r.placed.cell[i]
		if _, ok := row[c]; !ok {
			row[c] = len(cells)
			cells = append(cells, c)
			e.n = append(e.n, 0)
		}
		e.n[row[c]]++
		if r.placed.known != nil {
			e.row, e.known = append(e.row, int32(row[c])), append(e.known, r.placed.known[i])
		}
	}
	e.q = make([]float64, len(cells)*len(parts))
	err = each(len(parts), func(k int) error {
		q := r.ahead[k]
		parts[k].Expect(cut, to, q)
		var sum float64
		for c, v := range q {
			if !(v >= 0) || v > 1e18 {
				return fmt.Errorf("model %s expects %g events of cell %d", r.Models[k].Name(), v, c)
			}
			sum += v
		}
		for i, c := range cells {
			if sum > 0 {
				e.q[i*e.parts+k] = q[c] / sum
			} else {
				e.q[i*e.parts+k] = r.Space.area[c] / r.Space.total
			}
		}
		return nil
	})
	r.seen[cut] = e
	return parts, err
}

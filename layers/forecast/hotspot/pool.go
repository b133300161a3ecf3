package hotspot

import (
	"context"
)

// Pool is the champion: the linear pool q_c = sum_k w_k q_kc of its parts' shares,
// with the weights that gave the events of the last windows the best log
// score ([evidence.weigh]). The parts' forecasts of those windows were made
// before them, so a part that merely remembers well gets no weight for it.
type Pool struct {
	Label    string
	Parts    []Model
	HorizonD float64 // length of a window in days
	Windows  int     // that the weights are learned from, at most
	// Enough is how many events they are learned from: of a large city fewer
	// windows have them. 0: all windows.
	Enough int
	Steps  int // of EM
	// Prior is how many events the weights that are believed in beforehand are
	// worth. It keeps weights from being learned from a handful.
	Prior float64
	// Belief is those weights by part, up to a factor; nil: even ones.
	Belief []float64
	// Premise is what some parts rest on; nil: none does.
	Premise *Premise
}

// A Premise is what must hold of a city's events for some parts to have weight
// in a pool. Where it does not hold they still forecast, and are judged, but the
// pool does not listen to them.
type Premise struct {
	Parts []string // names
	// Ask looks at the city's events before a day, and at nothing later. The same
	// events and day give the same finding.
	Ask func(ctx context.Context, past []Event, until float64) (Finding, error)
}

// A Finding is what a premise came to: whether it holds, and the numbers behind
// that, for the record. Their keys are stable.
type Finding struct {
	Holds bool
	Told  map[string]float64
}

// Name implements [Model].
func (m Pool) Name() string { return m.Label }

// Fit implements [Model].
func (m Pool) Fit(ctx context.Context, s *Space, past []Event, until float64) (Fitted, error) {
	if err := Check(past, until); err != nil {
		return nil, err
	}
	r, err := NewRoll(s, m, past)
	if err != nil {
		return nil, err
	}
	return r.At(ctx, until)
}

// PoolFitted is a fitted pool.
type PoolFitted struct {
	Parts   []Fitted
	Weights []float64 // by part
	Score   float64   // mean log score of the events it was weighed by; -Inf: there were none
	Found   *Finding  // of the pool's premise; nil: it has none
	s       *Space
	models  []Model
	level
}

// Expect implements [Fitted].
func (f *PoolFitted) Expect(from, to float64, into []float64) {
	all := make([][]float64, len(f.Parts))
	_ = each(len(f.Parts), func(k int) error {
		if f.Weights[k] > 0 {
			all[k] = make([]float64, len(into))
			f.Parts[k].Expect(from, to, all[k])
		}
		return nil
	})
	f.Mix(all, from, to, into)
}

// Mix makes the pool's forecast of what its parts expect from day from on and
// before day to. Parts without weight may be nil.
func (f *PoolFitted) Mix(parts [][]float64, from, to float64, into []float64) {
	clear(into)
	for k, q := range parts {
		if f.Weights[k] == 0 {
			continue
		}
		var sum float64
		for _, v := range q {
			sum += v
		}
		if !(sum > 0) {
			for c, a := range f.s.area {
				into[c] += f.Weights[k] * a / f.s.total
			}
			continue
		}
		w := f.Weights[k] / sum
		for c, v := range q {
			into[c] += w * v
		}
	}
	n := f.total(from, to)
	for c := range into {
		into[c] *= n
	}
}

// Parameters implements [Told]: the weight of each part, by its name.
func (f *PoolFitted) Parameters() map[string]float64 {
	p := map[string]float64{}
	for k, m := range f.models {
		p[m.Name()] = f.Weights[k]
	}
	return p
}

package hotspot

import "context"

// Renewed lets the last days overrule the long run, cell by cell: the map of
// [Shrunk] as it was WindowD days ago is the prior mean m of what was counted
// since, and after n events a cell expects
//
//	m (n + a) / (m + a)
//
// where a makes the counts of the window likeliest. Where the long run held,
// a is large and little changes; where places come and go, it is small. The
// prior knew nothing of the window, so a is not flattered.
type Renewed struct {
	Label   string
	WindowD float64
}

// Name implements [Model].
func (m Renewed) Name() string { return m.Label }

// Fit implements [Model].
func (m Renewed) Fit(ctx context.Context, s *Space, past []Event, until float64) (Fitted, error) {
	return fitLocal(ctx, m, s, past, until)
}

func (m Renewed) fit(_ context.Context, s *Space, past placed, until float64) (localFitted, error) {
	f := &renewedFitted{shares: shares{s: s}, model: m, long: newTally(Weighing{}, len(s.owner)), last: newTally(Weighing{WindowD: m.WindowD}, len(s.owner))}
	f.see(past, until, true)
	return f, nil
}

type renewedFitted struct {
	shares
	model      Renewed
	long, last *tally
	// Estimated when it was fitted, and kept when it is moved.
	before, shape float64
	weights       []float64
}

// Parameters implements [Told].
func (f *renewedFitted) Parameters() map[string]float64 {
	return map[string]float64{"shape-before": f.before, "shape": f.shape}
}

func (f *renewedFitted) move(_ context.Context, past placed, until float64) (localFitted, error) {
	n := *f
	n.long, n.last = f.long.next(past), f.last.next(past)
	n.see(past, until, false)
	return &n, nil
}

func (f *renewedFitted) see(past placed, until float64, estimate bool) {
	s := f.s
	f.level = past.level(until)
	f.q = make([]float64, s.Len())
	split := until - f.model.WindowD
	if past.start(until) > split-f.model.WindowD { // too short to tell the two apart
		split = until
	}
	f.long.advance(past.day, past.pixel, split)
	f.last.advance(past.day, past.pixel, until)
	mean := borrow(len(s.owner))
	defer giveBack(mean)
	f.weights = s.around(f.long.sum, f.weights, *mean)
	if estimate {
		f.before = gammaShape(s.owner, f.long.sum, *mean)
	}
	var prior, seen float64
	for i, c := range s.owner {
		if c >= 0 {
			m := (*mean)[i]
			(*mean)[i] = m * (f.long.sum[i] + f.before) / (m + f.before)
			prior += (*mean)[i]
			seen += f.last.sum[i]
		}
	}
	if split < until && prior > 0 && seen > 0 {
		for i := range *mean {
			(*mean)[i] *= seen / prior
		}
		if estimate || f.shape == 0 { // or the history was too short for it until now
			f.shape = gammaShape(s.owner, f.last.sum, *mean)
		}
		for i, c := range s.owner {
			if c >= 0 {
				m := (*mean)[i]
				(*mean)[i] = m * (f.last.sum[i] + f.shape) / (m + f.shape)
			}
		}
	}
	s.cells(*mean, f.q)
	normalise(s, f.q)
}

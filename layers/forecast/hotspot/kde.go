package hotspot

import "context"

// KDE is a kernel density estimate: every past event spreads its weight by a
// Gaussian, and none of it outside the city.
type KDE struct {
	Label      string // its name, such as kde-200
	BandwidthM float64
	Weighing
}

// Name implements [Model].
func (m KDE) Name() string { return m.Label }

// Fit implements [Model].
func (m KDE) Fit(ctx context.Context, s *Space, past []Event, until float64) (Fitted, error) {
	return fitLocal(ctx, m, s, past, until)
}

func (m KDE) fit(_ context.Context, s *Space, past placed, until float64) (localFitted, error) {
	t := newTally(m.Weighing, len(s.owner))
	t.advance(past.day, past.pixel, until)
	return m.at(s, t, past, until), nil
}

func (m KDE) at(s *Space, t *tally, past placed, until float64) *kdeFitted {
	q := make([]float64, s.Len())
	density(s, t, m.BandwidthM, q)
	normalise(s, q)
	return &kdeFitted{shares: shares{s, q, past.level(until)}, model: m, t: t}
}

// density writes the smoothed tally by cell into into.
func density(s *Space, t *tally, hM float64, into []float64) {
	b := borrow(len(s.owner))
	defer giveBack(b)
	for i, v := range t.sum {
		(*b)[i] = v * t.scale
	}
	s.smoother(hM).apply(*b)
	s.cells(*b, into)
}

type kdeFitted struct {
	shares
	model KDE
	t     *tally
}

func (f *kdeFitted) move(_ context.Context, past placed, until float64) (localFitted, error) {
	return f.model.at(f.s, f.t.moved(past, past.pixel, until), past, until), nil
}

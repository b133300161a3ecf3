package hotspot

import (
	"context"
	"math"
)

// ProMap is prospective hot-spotting (Bowers, Johnson & Pease 2004): an event
// of the last weeks weighs 1/((1+weeks)(1+cells)) in every cell within reach,
// weeks and cells being whole ones between.
type ProMap struct {
	Weeks  int     // that an event is remembered
	ReachM float64 // how far it is felt
}

// Name implements [Model].
func (ProMap) Name() string { return "promap" }

// Fit implements [Model].
func (m ProMap) Fit(ctx context.Context, s *Space, past []Event, until float64) (Fitted, error) {
	return fitLocal(ctx, m, s, past, until)
}

func (m ProMap) fit(_ context.Context, s *Space, past placed, until float64) (localFitted, error) {
	b := borrow(len(s.owner))
	defer giveBack(b)
	weight := *b
	for i := firstAt(past.day, until-7*float64(m.Weeks)); i < past.len() && past.day[i] < until; i++ {
		// An event a week ago to the day is one whole week old.
		weeks := math.Floor((until - past.day[i]) / 7)
		weight[past.pixel[i]] += 1 / (1 + weeks)
	}
	felt := borrow(len(s.owner))
	defer giveBack(felt)
	n := int(m.ReachM / s.pixelM)
	for at, v := range weight {
		if v == 0 {
			continue
		}
		col, row := at%s.cols, at/s.cols
		for r := max(0, row-n); r <= min(s.rows-1, row+n); r++ {
			for c := max(0, col-n); c <= min(s.cols-1, col+n); c++ {
				d := math.Hypot(float64(c-col), float64(r-row))
				if to := r*s.cols + c; d*s.pixelM <= m.ReachM && s.owner[to] >= 0 {
					(*felt)[to] += v / (1 + math.Floor(d))
				}
			}
		}
	}
	q := make([]float64, s.Len())
	s.cells(*felt, q)
	normalise(s, q)
	return &promapFitted{shares{s, q, past.level(until)}, m}, nil
}

type promapFitted struct {
	shares
	model ProMap
}

func (f *promapFitted) move(ctx context.Context, past placed, until float64) (localFitted, error) {
	return f.model.fit(ctx, f.s, past.before(until), until)
}

package backtest

import (
	"fmt"

	"onemap/layers/forecast/hotspot"
)

// An Area is what may be flagged: a part of the city that is the same for all.
type Area struct {
	Name string
	M2   float64 // square metres; 0: Share counts
	// Share of the city's area, such as 0.01.
	Share float64
}

const squareMileM2 = 1609.344 * 1609.344

// Areas are those of the reports: a quarter of a square mile (the least of the
// NIJ challenge), one and five per cent of the city.
func Areas() []Area {
	return []Area{{Name: "0.25 sq mi", M2: squareMileM2 / 4}, {Name: "1 %", Share: 0.01}, {Name: "5 %", Share: 0.05}}
}

// Options are the parameters of a backtest. The zero value of a field means
// what is said beside it.
type Options struct {
	From, To float64 // days: the first cut, and the end of the last window
	StepD    float64 // from cut to cut; 0: the pool's horizon
	Areas    []Area  // nil: Areas()
	// Baselines are the names of the models that the pool is held against: the
	// plain ones that a city could have had without us. nil: Baselines().
	Baselines []string
	Seed      uint64 // of the bootstrap
	Draws     int    // of the bootstrap; 0: 2000
	// BlockM is the side of the blocks on which intervals are judged beside the
	// cells, in metres; 0: 1300.
	BlockM float64
	// Level of the intervals; 0: 0.9.
	Level float64
	// Known is the day on which each event became known: a cut learns from what
	// was known then, and is held against all that came. nil: at once.
	Known []float64
	// Progress is called after each cut with how many of them are done.
	Progress func(done, of int)
}

// Baselines are the names of the models that need no learning: counts, and
// kernel density estimates of all history. They are those of the ladder.
func Baselines() []string {
	return []string{"uniform", "count-28", "count-90", "count-365", "count-all", "kde-100", "kde-200", "kde-400", "kde-800"}
}

func (o Options) defaults(horizonD float64) Options {
	if o.StepD == 0 {
		o.StepD = horizonD
	}
	if o.Areas == nil {
		o.Areas = Areas()
	}
	if o.Baselines == nil {
		o.Baselines = Baselines()
	}
	if o.Draws == 0 {
		o.Draws = 2000
	}
	if o.BlockM == 0 {
		o.BlockM = 1300
	}
	if o.Level == 0 {
		o.Level = 0.9
	}
	return o
}

// cuts are the days at which forecasts are made.
func (o Options) cuts(horizonD float64) ([]float64, error) {
	if !(o.StepD > 0) || !(o.Level > 0 && o.Level < 1) {
		return nil, fmt.Errorf("%w: the step between the cuts must be above zero, and the level of the intervals between 0 and 1", hotspot.ErrInput)
	}
	n := int((o.To-o.From-horizonD)/o.StepD+1e-9) + 1
	if !(o.To-o.From >= horizonD-1e-9) {
		return nil, fmt.Errorf("%w: no window of %g days lies between day %g and day %g: take a longer time or a shorter horizon", hotspot.ErrInput, horizonD, o.From, o.To)
	}
	cuts := make([]float64, n)
	for i := range cuts {
		cuts[i] = o.From + float64(i)*o.StepD
	}
	return cuts, nil
}

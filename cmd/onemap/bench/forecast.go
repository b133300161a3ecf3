package bench

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/backtest"
	"onemap/layers/forecast/backtest/backtesttest"
	"onemap/layers/forecast/hotspot"
	"onemap/layers/forecast/ladder"
)

// nijCellM is the side of the 550 ft cells that the reference figures of
// Portland were measured on.
const nijCellM = 550 * 0.3048

// forecastSeed is that of the bootstraps and of the models that draw.
const forecastSeed = 1

// Forecast measures how right hotspot forecasts are, on real cities at cuts that
// nothing was tuned on, beside plain counts and densities of the same run; and
// how fast they are made. A line is a model: its information gain in nats an
// event, and its pooled PAI with the 95 % bootstrap interval at 0.25 sq mi, 1 %
// and 5 % of the city. Where the project measured a reference figure before,
// it stands in the column of baselines. Lists by risk of fire and the scorer's
// table stand beside theirs.
//
// It needs no database.
func Forecast(ctx context.Context, o Options) error {
	file, err := shared("portland/burglary_vehicle_theft_2012_2017.csv.gz")
	if err != nil {
		return err
	}
	dir := filepath.Dir(filepath.Dir(file))
	of := func(f func(context.Context, string) error) func(context.Context) error {
		return func(ctx context.Context) error { return f(ctx, dir) }
	}
	return o.parts(ctx, part{"portland", of(o.portland)}, part{"portland-months", of(o.portlandMonths)}, part{"st-louis", of(o.stLouis)},
		part{"minneapolis", of(o.minneapolis)}, part{"fire", of(o.fireRisk)}, part{"scorer", of(o.scorer)}, part{"city", o.citySpeed}, part{"backtest", of(o.backtestSpeed)}, part{"etas", o.etasSpeed})
}

// portland is the run of the targets: 64 weeks, both crimes.
func (o Options) portland(ctx context.Context, dir string) error {
	c, err := backtesttest.Portland(dir)
	if err != nil {
		return err
	}
	s, err := hotspot.Lattice(c.Outline, nijCellM, 0, orb.Point{})
	if err != nil {
		return err
	}
	from, to := backtesttest.Day("2016-03-07"), backtesttest.Day("2017-05-29")
	for _, class := range c.Classes {
		rep, err := o.rolled(ctx, "Portland weekly, "+class, s, c.Events[class], 7, from, to, referenceWeekly[class])
		if err != nil {
			return err
		}
		o.gain(rep, "Portland weekly, "+class, 0.01)
		for a := range 2 {
			o.pai(rep, "Portland weekly, "+class, a, 0.97)
		}
		o.pai(rep, "Portland weekly, "+class, 2, 0)
		o.reliable(rep, "Portland weekly, "+class)
	}
	return nil
}

// portlandMonths is the run of the monthly reference table.
func (o Options) portlandMonths(ctx context.Context, dir string) error {
	c, err := backtesttest.Portland(dir)
	if err != nil {
		return err
	}
	s, err := hotspot.Lattice(c.Outline, nijCellM, 0, orb.Point{})
	if err != nil {
		return err
	}
	const month = 365.25 / 12
	from := backtesttest.Day("2015-03-01")
	for _, class := range c.Classes {
		what := "Portland monthly, " + class
		rep, err := o.rolled(ctx, what, s, c.Events[class], month, from, from+27*month, nil)
		if err != nil {
			return err
		}
		for name, ref := range referenceMonthly[class] {
			m, ok := rep.Model(name)
			if !ok {
				return fmt.Errorf("the ladder has no model %s", name)
			}
			for a, want := range ref {
				o.Report(Result{Bench: "forecast", Case: fmt.Sprintf("%s, %s: PAI at %s beside the reference", what, name, rep.Areas[a]),
					Value: m.Pooled.At[a].PAI.Value, Baseline: want, Ratio: m.Pooled.At[a].PAI.Value / want, Met: true})
			}
		}
	}
	return nil
}

// stLouis is 2015 by weeks, five classes.
func (o Options) stLouis(ctx context.Context, dir string) error {
	c, err := backtesttest.StLouis(dir)
	if err != nil {
		return err
	}
	s, err := hotspot.Lattice(c.Outline, 150, 0, orb.Point{})
	if err != nil {
		return err
	}
	from, to := backtesttest.Day("2014-12-29"), backtesttest.Day("2015-12-28")
	var reports []*backtest.Report
	for _, class := range c.Classes {
		rep, err := o.rolled(ctx, "St. Louis weekly, "+class, s, c.Events[class], 7, from, to, nil)
		if err != nil {
			return err
		}
		best, _ := rep.BestSingle()
		d := rep.Difference(rep.Pool().Name, best.Name)
		o.Report(Result{Bench: "forecast", Case: fmt.Sprintf("St. Louis weekly, %s: pool's IG less that of the best single model (%s) [%.4f, %.4f]", class, best.Name, d.Low, d.High),
			Value: d.Value, Unit: "nats", Target: "> 0", Met: d.Value > 0})
		o.gain(rep, "St. Louis weekly, "+class, 0)
		o.reliable(rep, "St. Louis weekly, "+class)
		reports = append(reports, rep)
	}
	o.pooledPAI(reports, 1)
	return nil
}

// minneapolis is fires 2020 to 2022: what the ten per cent of 500 m cells that
// expect the most caught in the months after, fitted before.
func (o Options) minneapolis(ctx context.Context, dir string) error {
	c, err := backtesttest.Minneapolis(dir)
	if err != nil {
		return err
	}
	const horizon = 28
	from := backtesttest.Day("2020-01-01")
	to := from + 30*horizon // into April 2022, where the data end
	o.Progress("Minneapolis, fires")
	sense, reports, err := backtest.Shift(ctx, c.Outline, 500, 0, orb.Point{}, c.Events["fire"], ladder.Pool(horizon, forecastSeed),
		backtest.Options{From: from, To: to, Seed: forecastSeed, Areas: []backtest.Area{{Name: "10 %", Share: 0.1}}, Progress: o.everySeconds("Minneapolis, one of four lattices")})
	if err != nil {
		return err
	}
	best, _ := reports[0].BestPAI(0)
	hit := reports[0].Pool().Pooled.At[0].HitRate
	o.Report(Result{Bench: "forecast", Case: fmt.Sprintf("Minneapolis fires 2020-2022: pool's hit rate in the top 10 %% of 500 m cells, beside %s (on lattices shifted by half a cell %.1f to %.1f %%)", best.Name, 100*sense.Hit[0].Low, 100*sense.Hit[0].High),
		Value: 100 * hit, Unit: "%", Baseline: 100 * best.Pooled.At[0].HitRate, Ratio: hit / best.Pooled.At[0].HitRate, Target: "> 39.2 %", Met: hit > 0.392})
	if err := o.minneapolisHindsight(c, from, to, horizon); err != nil {
		return err
	}
	return o.minneapolisAtOnce(ctx, c, from)
}

// minneapolisHindsight says what is left to learn of these cells: beside the
// counts of all fires before each window, those of all fires but the window's
// own, so of the years after it too. No forecast knows them.
func (o Options) minneapolisHindsight(c backtesttest.City, from, to, horizonD float64) error {
	s, err := hotspot.Lattice(c.Outline, 500, 0, orb.Point{})
	if err != nil {
		return err
	}
	events := c.Events["fire"]
	var before, others, all float64
	past, rest, seen := make([]float64, s.Len()), make([]float64, s.Len()), make([]float64, s.Len())
	for cut := from; cut+horizonD <= to; cut += horizonD {
		first, end := hotspot.Before(events, cut), hotspot.Before(events, cut+horizonD)
		clear(past)
		clear(seen)
		s.Counts(events[:first], past)
		s.Counts(events[first:end], seen)
		copy(rest, past)
		s.Counts(events[end:], rest)
		hits, n := caught(past, seen)
		before, all = before+hits, all+n
		hits, _ = caught(rest, seen)
		others += hits
	}
	o.Report(Result{Bench: "forecast", Case: "Minneapolis fires 2020-2022: hit rate in the top 10 % of 500 m cells by counts that know all other windows, those after as well, beside counts of those before",
		Value: 100 * others / all, Unit: "%", Baseline: 100 * before / all, Ratio: others / before, Met: true})
	return nil
}

// caught is how many of the events that were seen lie in the tenth of the cells
// that by ranks first, and how many there were.
func caught(by, seen []float64) (hits, all float64) {
	cells := make([]int, len(by))
	for i := range cells {
		cells[i] = i
	}
	slices.SortStableFunc(cells, func(a, b int) int { return cmp.Compare(by[b], by[a]) })
	for i, cell := range cells {
		all += seen[cell]
		if i < int(math.Ceil(0.1*float64(len(cells)))) {
			hits += seen[cell]
		}
	}
	return hits, all
}

// minneapolisAtOnce fits on all fires before 2020 and holds that one map against
// all that came until the data end. Beside it stands what the best choice of
// cells, made with all of it known, would have caught: no map catches more.
func (o Options) minneapolisAtOnce(ctx context.Context, c backtesttest.City, cut float64) error {
	const horizon = 28.0
	s, err := hotspot.Lattice(c.Outline, 500, 0, orb.Point{})
	if err != nil {
		return err
	}
	events := c.Events["fire"]
	now := hotspot.Before(events, cut)
	seen, expected := make([]float64, s.Len()), make([]float64, s.Len())
	s.Counts(events[now:], seen)
	best, all := caught(seen, seen)
	pool := ladder.Pool(horizon, forecastSeed)
	for _, m := range append([]hotspot.Model{pool}, pool.Parts...) {
		if n := m.Name(); n != "pool" && n != "count-all" && n != "kde-400" && n != "shrunk" {
			continue
		}
		f, err := m.Fit(ctx, s, events[:now], cut)
		if err != nil {
			return err
		}
		f.Expect(cut, cut+horizon, expected)
		hit, _ := caught(expected, seen)
		o.Report(Result{Bench: "forecast", Case: fmt.Sprintf("Minneapolis, %s fitted once before 2020, all %d fires after: hit rate in the top 10 %% of %d cells, beside the best choice with all of them known", m.Name(), len(events)-now, s.Len()),
			Value: 100 * hit / all, Unit: "%", Baseline: 100 * best / all, Ratio: hit / best, Met: true})
	}
	return nil
}

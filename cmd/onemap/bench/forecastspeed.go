package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/backtest"
	"onemap/layers/forecast/backtest/backtesttest"
	"onemap/layers/forecast/glm"
	"onemap/layers/forecast/hotspot"
	"onemap/layers/forecast/ladder"
)

// allModels is the pool as a city has it: the ladder, and the regression on what
// happened before.
func allModels() hotspot.Pool { return ladder.Pool(7, forecastSeed, glm.Model{}) }

// citySpeed measures a forecast of a large city, beside the same on one core.
func (o Options) citySpeed(ctx context.Context) error {
	const events, cellM, cut = 450_000, 150.0, 5 * 365
	s, err := hotspot.Lattice(orb.MultiPolygon{{{{0, 0}, {30e3, 0}, {30e3, 30e3}, {0, 30e3}, {0, 0}}}}, cellM, 0, orb.Point{})
	if err != nil {
		return err
	}
	past := madeUpCity(events, cut, 30e3)
	pool := allModels()
	once := func() (took float64, err error) {
		start := time.Now()
		f, err := pool.Fit(ctx, s, past, cut)
		if err != nil {
			return 0, err
		}
		f.Expect(cut, cut+7, make([]float64, s.Len()))
		return time.Since(start).Seconds(), nil
	}
	o.Progress(fmt.Sprintf("%d models on %d events, %s", len(pool.Parts), len(past), s))
	took, err := once()
	if err != nil {
		return err
	}
	cores := runtime.GOMAXPROCS(0)
	o.Progress("the same on one core")
	runtime.GOMAXPROCS(1)
	alone, err := once()
	runtime.GOMAXPROCS(cores)
	if err != nil {
		return err
	}
	o.Report(Result{Bench: "forecast", Case: fmt.Sprintf("fit and predict, %d models, %d events, %d cells, %d cores, beside one", len(pool.Parts), len(past), s.Len(), cores),
		Value: took, Unit: "s", Baseline: alone, Ratio: faster(took, alone), Target: "<= 10 s", Met: took <= 10})
	return nil
}

// backtestSpeed measures a backtest of a real city, beside fitting at each of its
// cuts anew as a single forecast does: one cut measured, as often as there are.
func (o Options) backtestSpeed(ctx context.Context, dir string) error {
	c, err := backtesttest.StLouis(dir)
	if err != nil {
		return err
	}
	s, err := hotspot.Lattice(c.Outline, 150, 0, orb.Point{})
	if err != nil {
		return err
	}
	class, weeks := "burglary", 52
	events, pool := c.Events[class], allModels()
	from := backtesttest.Day("2014-12-29")
	to := from + 7*float64(weeks)
	what := fmt.Sprintf("%d weekly cuts, %d models, St. Louis, %s", weeks, len(pool.Parts), class)
	o.Progress(what)
	start := time.Now()
	if _, err = backtest.Run(ctx, s, events, pool, backtest.Options{From: from, To: to, Seed: forecastSeed, Progress: o.everySeconds(what)}); err != nil {
		return err
	}
	took := time.Since(start).Seconds()
	o.Progress("one of the cuts by itself")
	start = time.Now()
	if _, err = pool.Fit(ctx, s, events[:hotspot.Before(events, to)], to); err != nil {
		return err
	}
	anew := time.Since(start).Seconds() * float64(weeks)
	o.Report(Result{Bench: "forecast", Case: fmt.Sprintf("backtest of %d weekly cuts, %d models, St. Louis, %d events, beside each cut by itself", weeks, len(pool.Parts), len(events)),
		Value: took, Unit: "s", Baseline: anew, Ratio: faster(took, anew), Target: "<= 60 s", Met: took <= 60})
	return nil
}

// everySeconds says how far a backtest is, every five seconds.
func (o Options) everySeconds(what string) func(done, of int) {
	last := time.Now()
	return func(done, of int) {
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			o.Progress(fmt.Sprintf("%s: %d of %d cuts", what, done, of))
		}
	}
}

// madeUpCity is events of a square city: hot places, repeats nearby, and noise.
func madeUpCity(n int, days, sideM float64) []hotspot.Event {
	r := rand.New(rand.NewPCG(forecastSeed, 7))
	places := make([]orb.Point, 3000)
	for i := range places {
		places[i] = orb.Point{r.Float64() * sideM, r.Float64() * sideM}
	}
	inside := func(v float64) float64 { return math.Mod(v+sideM, sideM) }
	events := make([]hotspot.Event, 0, n)
	for len(events) < n {
		at := orb.Point{r.Float64() * sideM, r.Float64() * sideM}
		if r.Float64() < 0.8 {
			p := places[int(math.Pow(r.Float64(), 2)*float64(len(places)))]
			at = orb.Point{p[0] + 200*r.NormFloat64(), p[1] + 200*r.NormFloat64()}
		}
		day := r.Float64() * days
		for {
			if x, y := inside(at[0]), inside(at[1]); day < days && len(events) < n {
				events = append(events, hotspot.Event{Day: day, At: orb.Point{x, y}})
			}
			if r.Float64() > 0.2 { // near repeats
				break
			}
			day += 10 * r.ExpFloat64()
			at = orb.Point{at[0] + 100*r.NormFloat64(), at[1] + 100*r.NormFloat64()}
		}
	}
	hotspot.Sort(events)
	return events
}

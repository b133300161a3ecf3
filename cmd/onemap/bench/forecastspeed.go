package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/backtest"
	"onemap/layers/forecast/backtest/backtesttest"
	"onemap/layers/forecast/hotspot"
	"onemap/layers/forecast/ladder"
)

// forecastSpeed measures a forecast of a large city and a backtest of a real
// one.
func (o Options) forecastSpeed(ctx context.Context, dir string) error {
	const events, cellM = 450_000, 150.0
	s, err := hotspot.Lattice(orb.MultiPolygon{{{{0, 0}, {30e3, 0}, {30e3, 30e3}, {0, 30e3}, {0, 0}}}}, cellM, 0, orb.Point{})
	if err != nil {
		return err
	}
	past := madeUpCity(events, 5*365, 30e3)
	o.Progress(fmt.Sprintf("all models on %d events, %s", len(past), s))
	start := time.Now()
	f, err := ladder.Pool(7, forecastSeed).Fit(ctx, s, past, 5*365)
	if err != nil {
		return err
	}
	f.Expect(5*365, 5*365+7, make([]float64, s.Len()))
	took := time.Since(start).Seconds()
	o.Report(Result{Bench: "forecast", Case: fmt.Sprintf("fit and predict, all models, %d events, %d cells", len(past), s.Len()), Value: took, Unit: "s", Target: "<= 10 s", Met: took <= 10})

	c, err := backtesttest.StLouis(dir)
	if err != nil {
		return err
	}
	if s, err = hotspot.Lattice(c.Outline, cellM, 0, orb.Point{}); err != nil {
		return err
	}
	class := "burglary"
	o.Progress(fmt.Sprintf("52 weekly cuts, all models, St. Louis, %s", class))
	start = time.Now()
	_, err = backtest.Run(ctx, s, c.Events[class], ladder.Pool(7, forecastSeed), backtest.Options{
		From: backtesttest.Day("2014-12-29"), To: backtesttest.Day("2015-12-28"), Seed: forecastSeed})
	if err != nil {
		return err
	}
	took = time.Since(start).Seconds()
	o.Report(Result{Bench: "forecast", Case: fmt.Sprintf("backtest of 52 weekly cuts, all models, St. Louis, %d events", len(c.Events[class])), Value: took, Unit: "s", Target: "<= 60 s", Met: took <= 60})
	return nil
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

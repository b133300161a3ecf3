package ladder_test

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/backtest"
	"onemap/layers/forecast/hotspot"
	"onemap/layers/forecast/ladder"
)

// What a backtest holds the pool against is in the ladder, and names stand once.
func TestBaselinesAreRungs(t *testing.T) {
	var names []string
	for _, m := range ladder.Models(1) {
		if slices.Contains(names, m.Name()) {
			t.Errorf("two models are named %s", m.Name())
		}
		names = append(names, m.Name())
	}
	for _, b := range backtest.Baselines() {
		if !slices.Contains(names, b) {
			t.Errorf("the ladder has no %s", b)
		}
	}
}

// The whole ladder forecasts, whatever the horizon, and more parts join it.
func TestPoolOfEveryHorizon(t *testing.T) {
	s, err := hotspot.Lattice(orb.MultiPolygon{{{{0, 0}, {900, 0}, {900, 900}, {0, 900}, {0, 0}}}}, 150, 0, orb.Point{})
	if err != nil {
		t.Fatal(err)
	}
	var past []hotspot.Event
	for d := range 400 {
		past = append(past, hotspot.Event{Day: float64(d), At: orb.Point{float64(d*37%900) + 0.5, float64(d*d%700) + 0.5}})
	}
	for _, horizon := range []float64{1, 7, 28, 365} {
		f, err := ladder.Pool(horizon, 1, hotspot.KDE{Label: "more", BandwidthM: 50}).Fit(t.Context(), s, past, 400)
		if err != nil {
			t.Fatal(err)
		}
		q := make([]float64, s.Len())
		f.Expect(400, 400+horizon, q)
		var n float64
		for _, v := range q {
			n += v
		}
		if n < 0.99*horizon || n > 1.01*horizon { // one event a day
			t.Errorf("%g days: %g events", horizon, n)
		}
	}
}

package hotspot_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/hotspot"
)

// busyCity is n events of 400 days in a city of 3 by 3 km, most of them around
// twenty places, some of which come and go.
func busyCity(t *testing.T, n int) (*hotspot.Space, []hotspot.Event) {
	t.Helper()
	s, err := hotspot.Lattice(orb.MultiPolygon{{{{0, 0}, {3000, 0}, {3000, 3000}, {0, 3000}, {0, 0}}}}, 150, 0, orb.Point{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(8, 8))
	events := make([]hotspot.Event, n)
	for i := range events {
		day, at := 400*r.Float64(), orb.Point{3000 * r.Float64(), 3000 * r.Float64()}
		if k := r.IntN(30); k < 20 && !(k < 4 && day < 300) {
			at = orb.Point{150 + float64(k%5)*600 + 120*r.NormFloat64(), 200 + float64(k/5)*700 + 120*r.NormFloat64()}
		}
		events[i] = hotspot.Event{Day: day, At: orb.Point{min(max(at[0], 0), 2999), min(max(at[1], 0), 2999)}}
	}
	hotspot.Sort(events)
	return s, events
}

// apart is which share of what is expected lies elsewhere: the total variation
// between two forecasts, each divided by its sum.
func apart(a, b []float64) float64 {
	var d float64
	for c := range a {
		d += math.Abs(a[c]/sum(a)-b[c]/sum(b)) / 2
	}
	return d
}

// A pool that learns its weights from enough events, and not from all windows,
// puts at most 3 % of what it expects elsewhere, and loses at most 0.01 nats an
// event on the window after; of a city with fewer events than that it learns from
// all windows, to the same bits.
func TestEnoughEventsAreEnough(t *testing.T) {
	s, events := busyCity(t, 16_000)
	const cut = 393.0
	pool := hotspot.Pool{Label: "pool", HorizonD: 7, Windows: 52, Steps: 300, Prior: 10, Parts: []hotspot.Model{
		hotspot.Uniform{}, hotspot.Count{Label: "count-28", Weighing: hotspot.Weighing{WindowD: 28}}, hotspot.Count{Label: "count"},
		hotspot.KDE{Label: "kde-100", BandwidthM: 100}, hotspot.KDE{Label: "kde-400", BandwidthM: 400}, hotspot.Shrunk{Label: "shrunk"},
		hotspot.Renewed{Label: "renewed", WindowD: 90}}}
	past := events[:hotspot.Before(events, cut)]
	expects := func(enough int) []float64 {
		pool.Enough = enough
		return expect(fit(t, pool, s, past, cut), s, cut, cut+7)
	}
	full, some, rare := expects(0), expects(5000), expects(1_000_000)
	if d := apart(full, some); d > 0.03 || d == 0 {
		t.Errorf("%.2f %% of what is expected lies elsewhere", 100*d)
	}
	score := func(q []float64) (nats float64) {
		after := events[hotspot.Before(events, cut):]
		for _, e := range after {
			nats += math.Log(q[s.CellAt(e.At)]/sum(q)) / float64(len(after))
		}
		return nats
	}
	if d := score(full) - score(some); d > 0.01 {
		t.Errorf("%.4f nats an event are lost", d)
	}
	if apart(full, rare) != 0 {
		t.Error("a city that never has enough events learns from fewer windows")
	}
}

// Parameters that were estimated some weeks before and moved to a cut put at
// most 4 % of what is expected elsewhere than those estimated at the cut itself.
func TestMovedParametersAreNearThoseOfTheCut(t *testing.T) {
	s, past := busyCity(t, 6000)
	models := []hotspot.Model{
		hotspot.KDE{Label: "kde", BandwidthM: 200}, hotspot.SEPP{Iterations: 40, LeastD: 1, Shrink: true},
		hotspot.Shrunk{Label: "shrunk"}, hotspot.Shrunk{Label: "shrunk-t60", Weighing: hotspot.Weighing{TauD: 60}}, hotspot.Renewed{Label: "renewed", WindowD: 90}}
	series, err := hotspot.NewSeries(s, models, past)
	if err != nil {
		t.Fatal(err)
	}
	const cut = 359.0 // 23 days after a multiple of 28
	moved, err := series.At(t.Context(), cut)
	if err != nil {
		t.Fatal(err)
	}
	for k, m := range models {
		anew := fit(t, m, s, past[:hotspot.Before(past, cut)], cut)
		if d := apart(expect(moved[k], s, cut, cut+7), expect(anew, s, cut, cut+7)); d > 0.04 {
			t.Errorf("%s: %.2f %% of what is expected lies elsewhere", m.Name(), 100*d)
		}
	}
}

// What forgets within weeks loses nothing by being given the latest events only:
// at most 0.1 % of what is expected lies elsewhere.
func TestLatestEventsAreEnoughForWhatForgets(t *testing.T) {
	s, past := busyCity(t, 6000)
	m := hotspot.KDE{Label: "kde-t20", BandwidthM: 200, Weighing: hotspot.Weighing{TauD: 20}}
	whole := expect(fit(t, m, s, past, 400), s, 400, 407)
	latest := expect(fit(t, hotspot.Latest{Model: m, Most: 3000}, s, past, 400), s, 400, 407)
	if d := apart(whole, latest); d > 0.001 {
		t.Errorf("%.3f %% of what is expected lies elsewhere", 100*d)
	}
}

// Where its premise does not hold, a pool is the pool without the parts that rest
// on it; where it does, it is the pool without a premise. It is asked of nothing
// that lies ahead.
func TestPremiseOfAPool(t *testing.T) {
	s, past := busyCity(t, 3000)
	const until = 400.0
	pool := hotspot.Pool{Label: "pool", HorizonD: 7, Windows: 20, Steps: 100, Prior: 10,
		Parts: []hotspot.Model{hotspot.Uniform{}, hotspot.Count{Label: "count"}, hotspot.KDE{Label: "kde", BandwidthM: 200}}, Belief: []float64{1, 2, 3}}
	without := pool
	without.Parts, without.Belief = without.Parts[:2], without.Belief[:2]
	expect := func(p hotspot.Pool) ([]float64, *hotspot.PoolFitted) {
		f, err := p.Fit(t.Context(), s, past, until)
		if err != nil {
			t.Fatal(err)
		}
		q := make([]float64, s.Len())
		f.Expect(until, until+7, q)
		return q, f.(*hotspot.PoolFitted)
	}
	for _, holds := range []bool{true, false} {
		for _, prior := range []float64{10, 0} {
			gated, plain, less := pool, pool, without
			gated.Prior, plain.Prior, less.Prior = prior, prior, prior
			gated.Premise = &hotspot.Premise{Parts: []string{"kde"}, Ask: func(_ context.Context, in []hotspot.Event, at float64) (hotspot.Finding, error) {
				if at > until || hotspot.Before(in, at) != len(in) {
					t.Errorf("asked at day %g with events after it", at)
				}
				return hotspot.Finding{Holds: holds, Told: map[string]float64{"x": 1}}, nil
			}}
			got, f := expect(gated)
			want, _ := expect(plain)
			if !holds {
				want, _ = expect(less)
			}
			for c := range want {
				if math.Abs(got[c]-want[c]) > 1e-9*want[c] {
					t.Fatalf("holds %v, prior %g: cell %d expects %g, want %g", holds, prior, c, got[c], want[c])
				}
			}
			if f.Found == nil || f.Found.Holds != holds || f.Found.Told["x"] != 1 || (f.Weights[2] > 0) != holds {
				t.Errorf("holds %v, prior %g: %+v, weights %v", holds, prior, f.Found, f.Weights)
			}
		}
	}
}

package etas_test

import (
	"encoding/csv"
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/etas"
	"onemap/layers/forecast/hotspot"
)

// square is a city of side metres in cells of cellM.
func square(t testing.TB, side, cellM float64) *hotspot.Space {
	t.Helper()
	s, err := hotspot.Lattice(orb.MultiPolygon{{{{0, 0}, {side, 0}, {side, side}, {0, side}, {0, 0}}}}, cellM, 0, orb.Point{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// simulated reads the simulated process of the shared data; kilometres become metres.
func simulated(t *testing.T) []hotspot.Event {
	t.Helper()
	f, err := os.Open("../../../../shared/data/sim/etas.csv")
	if err != nil {
		t.Skip("the shared data is not here: ", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []hotspot.Event
	for _, r := range rows[1:] {
		var v [3]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(r[i], 64); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, hotspot.Event{Day: v[0], At: orb.Point{v[1] * 1000, v[2] * 1000}})
	}
	hotspot.Sort(out)
	return out
}

// plain is the textbook's method: constant background, no guards, all pairs.
var plain = etas.Options{Iterations: 500, Tolerance: 1e-9}

// The maximum-likelihood estimate of R's surveillance::twinstim for the same
// events: 1.618 background events a day, θ 0.371, 1/ω 8.26 days, s 0.1563 km,
// log-likelihood -4001.5 with places in kilometres.
func TestSimulatedProcessIsRecovered(t *testing.T) {
	events := simulated(t)
	if len(events) != 918 {
		t.Fatalf("%d events, want 918", len(events))
	}
	e, err := etas.Fit(t.Context(), square(t, 10_000, 500), events, 0, 365, plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what             string
		got, want, share float64
	}{
		{"μ", e.Mu, 1.618, 0.02},
		{"θ", e.Theta, 0.371, 0.02},
		{"1/ω", 1 / e.Omega, 8.26, 0.02},
		{"s", e.S / 1000, 0.1563, 0.02},
		// Densities per m² instead of km²: a factor of 1e-6 for each event.
		{"log-likelihood", e.LogL[len(e.LogL)-1] + 918*math.Log(1e6), -4001.5, 0.0001},
	} {
		t.Logf("%s = %.5g, want %g", tt.what, tt.got, tt.want)
		if math.Abs(tt.got/tt.want-1) > tt.share {
			t.Errorf("%s = %g, want %g within %g %%", tt.what, tt.got, tt.want, tt.share*100)
		}
	}
}

func TestLikelihoodNeverFalls(t *testing.T) {
	s := square(t, 5000, 250)
	for seed := range uint64(3) {
		events := etas.Simulate(etas.Params{Mu: 2, Theta: 0.4, Omega: 0.1, S: 120}, s.Bound(), 150, 0, seed)
		o := etas.Options{Iterations: 50, Tolerance: 1e-12, Start: etas.Params{Theta: 0.1 + 0.2*float64(seed), Omega: 0.01 * float64(1+seed*5), S: 600}}
		e, err := etas.Fit(t.Context(), s, events, 0, 150, o)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(e.LogL); i++ {
			if e.LogL[i] < e.LogL[i-1]-1e-7 {
				t.Errorf("seed %d: the log-likelihood falls at iteration %d, from %.9g to %.9g", seed, i, e.LogL[i-1], e.LogL[i])
			}
		}
		if last := e.LogL[len(e.LogL)-1]; last < e.LogL[0]+1 {
			t.Errorf("seed %d: the log-likelihood hardly grew: %g to %g", seed, e.LogL[0], last)
		}
	}
}

// The sums are made in one order whatever the number of cores.
func TestSameBitsOnAnyNumberOfCores(t *testing.T) {
	s := square(t, 8000, 200)
	events := etas.Simulate(etas.Params{Mu: 60, Theta: 0.3, Omega: 0.05, S: 100}, s.Bound(), 100, 20, 7)
	var want *etas.Estimate
	for _, workers := range []int{1, 2, 7} {
		o := etas.Guarded(200)
		o.Iterations, o.Workers = 3, workers
		e, err := etas.Fit(t.Context(), s, events, 0, 100, o)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = e
		} else if e.Params != want.Params || !slices.Equal(e.LogL, want.LogL) {
			t.Errorf("%d cores: %+v, want %+v", workers, e.Params, want.Params)
		}
	}
}

// Three in ten events share their place with another: the textbook's s goes
// towards nothing, the guarded one stays.
func TestSharedPlacesDoNotCollapseIt(t *testing.T) {
	s := square(t, 6000, 200)
	events := etas.Simulate(etas.Params{Mu: 8, Theta: 0.1, Omega: 0.05, S: 200}, s.Bound(), 250, 8, 3)
	for i := range events {
		if i%10 < 3 && i > 50 {
			events[i].At = events[i-37].At
		}
	}
	e, err := etas.Fit(t.Context(), s, events, 0, 250, etas.Options{BandwidthM: 300, Uniform: 0.02, Iterations: 60})
	if err != nil {
		t.Fatal(err)
	}
	if e.S > 75 {
		t.Errorf("without guards s is %g m: this test tests nothing", e.S)
	}
	g, err := etas.Fit(t.Context(), s, events, 0, 250, etas.Guarded(200))
	if err != nil {
		t.Fatal(err)
	}
	if g.S < 100 || g.Theta > 0.9 {
		t.Errorf("guarded: s %g m, θ %g", g.S, g.Theta)
	}
	t.Logf("unguarded s %g m θ %g, guarded s %g m θ %g", e.S, e.Theta, g.S, g.Theta)
}

func total(v []float64) (sum float64) {
	for _, x := range v {
		sum += x
	}
	return sum
}

// The background of a forecast has the mass of its events, at the city's edge too.
func TestMassIsConserved(t *testing.T) {
	s := square(t, 9000, 150)
	events := etas.Simulate(etas.Params{Mu: 6, Theta: 0.2, Omega: 0.1, S: 80}, s.Bound(), 365, 10, 5)
	f, err := etas.Model{}.Fit(t.Context(), s, events, 365)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, s.Len())
	f.Expect(365, 372, got)
	p := f.(hotspot.Told).Parameters()
	t.Log(p)
	// Nothing set off reaches a time long after the cut but by the background:
	// there the process expects μ/(1-θ) a day.
	late := make([]float64, s.Len())
	f.Expect(365+5000, 365+5001, late)
	if want := p["mu_per_day"] / (1 - p["theta"]); math.Abs(total(late)/want-1) > 1e-3 {
		t.Errorf("long after the cut %g a day are expected, want %g", total(late), want)
	}
	if rate := float64(len(events)) / 365; math.Abs(total(got)/7/rate-1) > 0.3 {
		t.Errorf("%g a day are expected next week, and %g were", total(got)/7, rate)
	}
}

// Expect gives the mean of what the process does, offspring of offspring and of
// the background included: simulated onwards from the cut.
func TestExpectIsAdditive(t *testing.T) {
	s := square(t, 3000, 200)
	events := etas.Simulate(etas.Params{Mu: 4, Theta: 0.5, Omega: 0.2, S: 90}, s.Bound(), 200, 5, 11)
	f, err := etas.Model{}.Fit(t.Context(), s, events, 200)
	if err != nil {
		t.Fatal(err)
	}
	a, b, whole := make([]float64, s.Len()), make([]float64, s.Len()), make([]float64, s.Len())
	f.Expect(200, 203, a)
	f.Expect(203, 228, b)
	f.Expect(200, 228, whole)
	for c := range whole {
		if math.Abs(a[c]+b[c]-whole[c]) > 1e-9*(1+whole[c]) {
			t.Fatalf("cell %d: %g + %g is not %g", c, a[c], b[c], whole[c])
		}
		if !(whole[c] >= 0) || math.IsInf(whole[c], 0) {
			t.Fatalf("cell %d expects %g", c, whole[c])
		}
	}
}

func TestOddInput(t *testing.T) {
	s := square(t, 2000, 200)
	one := hotspot.Event{Day: 3, At: orb.Point{500, 500}}
	same := slices.Repeat([]hotspot.Event{one}, 400)
	for _, tt := range []struct {
		name        string
		space       *hotspot.Space
		events      []hotspot.Event
		least, most float64 // events a day
	}{
		{"no events", s, nil, 0, 0},
		{"one event", s, []hotspot.Event{one}, 0.14, 0.145},
		{"all at one place at one time", s, same, 0.1, 60},
		{"a city of one cell", square(t, 100, 200), slices.Repeat([]hotspot.Event{{Day: 3, At: orb.Point{50, 50}}}, 90), 0.1, 13},
		{"all outside of the city", s, []hotspot.Event{{Day: 3, At: orb.Point{-9, 9}}}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := etas.Model{}.Fit(t.Context(), tt.space, tt.events, 10)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float64, tt.space.Len())
			f.Expect(10, 11, got)
			for c, v := range got {
				if !(v >= 0) || math.IsInf(v, 0) {
					t.Fatalf("cell %d expects %g", c, v)
				}
			}
			if v := total(got); v < tt.least || v > tt.most {
				t.Errorf("%g a day are expected, want %g to %g", v, tt.least, tt.most)
			}
			if at := tt.space.CellAt(one.At); len(tt.events) > 1 && at >= 0 && got[at] < slices.Max(got) {
				t.Errorf("most are expected elsewhere than where all were")
			}
		})
	}
	for _, tt := range []struct {
		name   string
		events []hotspot.Event
		until  float64
		o      etas.Options
	}{
		{"an event after the cut", []hotspot.Event{{Day: 12}}, 10, plain},
		{"not sorted", []hotspot.Event{{Day: 5}, {Day: 4}}, 10, plain},
		{"no number", []hotspot.Event{{Day: math.NaN()}}, 10, plain},
		{"an event before history", []hotspot.Event{{Day: -5}}, 10, plain},
		{"no time at all", nil, 0, plain},
		{"a negative floor", nil, 10, etas.Options{FloorM: -1}},
	} {
		if _, err := etas.Fit(t.Context(), s, tt.events, 0, tt.until, tt.o); !errors.Is(err, hotspot.ErrInput) {
			t.Errorf("%s: %v, want what is wrong", tt.name, err)
		}
	}
}

// The target is 1e6 events and 40 iterations in 30 s and 500 MB on two cores:
// onemap bench forecast measures it.
func TestSpeed(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	start := time.Now()
	r, err := etas.Speed(t.Context(), 1_000_000, 40, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v after %s", r, time.Since(start))
	if r.Events < 900_000 || r.Iterations != 40 {
		t.Errorf("%d events, %d iterations", r.Events, r.Iterations)
	}
}

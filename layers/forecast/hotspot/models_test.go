package hotspot_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/hotspot"
)

// everyModel is one of each, with parameters of their own.
func everyModel() []hotspot.Model {
	return []hotspot.Model{
		hotspot.Uniform{},
		hotspot.Count{Label: "count-28", Weighing: hotspot.Weighing{WindowD: 28}},
		hotspot.Count{Label: "count-all"},
		hotspot.Count{Label: "decayed", Weighing: hotspot.Weighing{TauD: 30}},
		hotspot.KDE{Label: "kde", BandwidthM: 150},
		hotspot.KDE{Label: "kde-t30", BandwidthM: 150, Weighing: hotspot.Weighing{TauD: 30}},
		hotspot.ProMap{Weeks: 8, ReachM: 250},
		hotspot.SEPP{Iterations: 20, LeastD: 1, Shrink: true},
		hotspot.SEPP{Iterations: 20, LeastD: 1},
		hotspot.Shrunk{Label: "shrunk"},
		hotspot.Shrunk{Label: "shrunk-t60", Weighing: hotspot.Weighing{TauD: 60}},
		hotspot.Renewed{Label: "renewed", WindowD: 60},
		hotspot.Pool{Label: "pool", HorizonD: 7, Windows: 4, Steps: 50, Prior: 5, Parts: []hotspot.Model{
			hotspot.Uniform{}, hotspot.Count{Label: "count"}, hotspot.KDE{Label: "kde", BandwidthM: 150}, hotspot.Shrunk{Label: "shrunk"}}},
	}
}

// someEvents are n events of a year in a box of x by y metres, half of them at
// a few places, some on one day.
func someEvents(n int, x, y float64) []hotspot.Event {
	r := rand.New(rand.NewPCG(5, 6))
	events := make([]hotspot.Event, n)
	for i := range events {
		events[i] = hotspot.Event{Day: math.Floor(r.Float64()*3650) / 10, At: orb.Point{r.Float64() * x, r.Float64() * y}}
		if i%2 == 0 {
			events[i].At = orb.Point{x * float64(i%7) / 7, y / 2}
		}
	}
	hotspot.Sort(events)
	return events
}

func fit(t testing.TB, m hotspot.Model, s *hotspot.Space, past []hotspot.Event, until float64) hotspot.Fitted {
	t.Helper()
	f, err := m.Fit(t.Context(), s, past, until)
	if err != nil {
		t.Fatalf("%s: %v", m.Name(), err)
	}
	return f
}

func expect(f hotspot.Fitted, s *hotspot.Space, from, to float64) []float64 {
	q := make([]float64, s.Len())
	f.Expect(from, to, q)
	return q
}

func sum(v []float64) (n float64) {
	for _, x := range v {
		n += x
	}
	return n
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*max(1, math.Abs(b)) }

// No events, one, all at one point, all of one moment, a city of one cell: each
// gives finite forecasts that add up, and none a silent wrong map.
func TestLittleToLearnFrom(t *testing.T) {
	many := func(n int, day func(i int) float64) (out []hotspot.Event) {
		for i := range n {
			out = append(out, hotspot.Event{Day: day(i), At: orb.Point{250, 250}})
		}
		return out
	}
	for _, tt := range []struct {
		name  string
		space *hotspot.Space
		past  []hotspot.Event
		total float64 // of the 7 days after day 100
	}{
		{"no events", grid(t, 5, 5), nil, 0},
		{"one event, 10 days ago", grid(t, 5, 5), many(1, func(int) float64 { return 90 }), 0.7},
		{"all at one point", grid(t, 5, 5), many(50, func(i int) float64 { return float64(i) + 50 }), 7},
		{"all of one moment", grid(t, 5, 5), many(20, func(int) float64 { return 80 }), 7},
		{"one cell", grid(t, 1, 1), someEvents(100, 100, 100)[:20], -1},
		{"none in the city", grid(t, 1, 1), many(5, func(i int) float64 { return float64(i) }), 0},
		{"a moment before the cut", grid(t, 5, 5), many(3, func(int) float64 { return 99.9999 }), 21},
	} {
		for _, m := range everyModel() {
			q := expect(fit(t, m, tt.space, tt.past, 100), tt.space, 100, 107)
			for c, v := range q {
				if !(v >= 0) || math.IsInf(v, 0) {
					t.Fatalf("%s, %s: cell %d expects %g", tt.name, m.Name(), c, v)
				}
			}
			if tt.total >= 0 && !near(sum(q), tt.total, 1e-9) {
				t.Errorf("%s, %s: the city expects %g, want %g", tt.name, m.Name(), sum(q), tt.total)
			}
		}
	}
}

func TestModelsRefuseWhatLiesAheadOrIsNoNumber(t *testing.T) {
	s := grid(t, 2, 2)
	for _, m := range everyModel() {
		for name, past := range map[string][]hotspot.Event{
			"after the cut": {{Day: 5}}, "not sorted": {{Day: 2}, {Day: 1}}, "no place": {{Day: 1, At: orb.Point{math.NaN(), 0}}},
		} {
			if _, err := m.Fit(t.Context(), s, past, 3); !errors.Is(err, hotspot.ErrInput) {
				t.Errorf("%s, %s: %v", m.Name(), name, err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := everyModel()[12].Fit(ctx, s, []hotspot.Event{{Day: 1}, {Day: 30}}, 60); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled fit: %v", err)
	}
}

func TestCountsAreCounts(t *testing.T) {
	s := grid(t, 3, 1)
	// 90 days of history before day 90: five events, 5/90 a day.
	past := []hotspot.Event{{Day: 0, At: orb.Point{50, 50}}, {Day: 10, At: orb.Point{50, 50}}, {Day: 70, At: orb.Point{150, 50}}, {Day: 80, At: orb.Point{150, 50}}, {Day: 89, At: orb.Point{150, 50}}}
	for _, tt := range []struct {
		m    hotspot.Count
		want [3]float64 // shares
	}{
		{hotspot.Count{Label: "all"}, [3]float64{0.4, 0.6, 0}},
		{hotspot.Count{Label: "28", Weighing: hotspot.Weighing{WindowD: 28}}, [3]float64{0, 1, 0}},
		// exp(-90/10)+exp(-80/10) against exp(-2)+exp(-1)+exp(-0.1)
		{hotspot.Count{Label: "decayed", Weighing: hotspot.Weighing{TauD: 10}}, [3]float64{0.00045887251 / 1.4085110, 0.99967421, 0}},
	} {
		q := expect(fit(t, tt.m, s, past, 90), s, 90, 99)
		for c, share := range tt.want {
			if !near(q[c], share*9*5/90, 1e-7) {
				t.Errorf("%s: cell %d expects %.9g, want %.9g", tt.m.Label, c, q[c], share*9*5/90)
			}
		}
	}
}

// A Gaussian of 100 m on cells of 100 m, an event anywhere in its cell: the taps
// are G(i+1) - 2 G(i) + G(i-1) with G(x) = x Phi(x) + phi(x), by hand
// G(0) = 0.3989423, G(1) = 1.0833155, G(-1) = 0.0833155, so tap 0 is 0.3687464.
func TestKDEIsTheGaussianAnywhereInItsCell(t *testing.T) {
	s := grid(t, 21, 21)
	middle := 10*21 + 10
	q := expect(fit(t, hotspot.KDE{Label: "kde", BandwidthM: 100}, s, []hotspot.Event{{Day: 0, At: s.Centre(middle)}}, 90), s, 90, 180)
	if got, want := math.Sqrt(q[middle]), 0.3687464; !near(got, want, 2e-4) { // cut off at 4 h
		t.Errorf("tap 0 is %.7f, want %.7f", got, want)
	}
	if !near(q[middle+1], q[middle+21], 1e-12) || !near(q[middle+1], q[middle-1], 1e-12) {
		t.Error("the kernel is not the same in all directions")
	}
}

func TestKDELosesNoMassAtTheEdge(t *testing.T) {
	city := orb.MultiPolygon{{{{0, 0}, {2000, 100}, {1900, 700}, {900, 800}, {1000, 2000}, {0, 1800}, {0, 0}}}}
	s, err := hotspot.Lattice(city, 90, 33, orb.Point{5, 9})
	if err != nil {
		t.Fatal(err)
	}
	mass := make([]float64, s.Len())
	r := rand.New(rand.NewPCG(1, 1))
	for range 40 {
		mass[r.IntN(len(mass))]++
	}
	for _, h := range []float64{0, 30, 200, 1500} {
		into := make([]float64, s.Len())
		s.Smooth(mass, h, into)
		if !near(sum(into), 40, 1e-10) {
			t.Errorf("bandwidth %g m: %g events of 40", h, sum(into))
		}
	}
}

// On governance grids a wide kernel gives each what its area would have.
func TestKDEOnGovernanceGrids(t *testing.T) {
	s, err := hotspot.Areas([]orb.MultiPolygon{box(0, 0, 1000, 1000), box(1000, 0, 4000, 1000), box(4000, 0, 4010, 10)})
	if err != nil {
		t.Fatal(err)
	}
	q := expect(fit(t, hotspot.KDE{Label: "kde", BandwidthM: 20000}, s, []hotspot.Event{{Day: 0, At: orb.Point{500, 500}}}, 90), s, 90, 180)
	if !near(sum(q), 1, 1e-9) || !near(q[0], 0.25, 0.02) || !near(q[1], 0.75, 0.02) {
		t.Errorf("shares %v, want about 0.25 and 0.75", q)
	}
}

// An event 10 days ago is one whole week old: 1/2. In its own cell 1/1, in the
// next 1/2, over the corner (1.41 cells, one whole) 1/2.
func TestProMapWeighsWeeksAndCells(t *testing.T) {
	s := grid(t, 5, 1)
	past := []hotspot.Event{{Day: 30, At: orb.Point{50, 50}}, {Day: 90, At: orb.Point{50, 50}}, {Day: 97, At: orb.Point{450, 50}}}
	q := expect(fit(t, hotspot.ProMap{Weeks: 8, ReachM: 100}, s, past, 100), s, 100, 100.7)
	// Day 30 is 70 days ago: forgotten. Weights: 1/2 in cell 0, 1/4 in 1; 1/2 in 3, 1 in 4.
	n := sum(q)
	for c, want := range []float64{0.5, 0.25, 0, 0.5, 1} {
		if !near(q[c]/n, want/2.25, 1e-12) {
			t.Errorf("cell %d has %g, want %g", c, q[c]/n, want/2.25)
		}
	}
}

// Two events in one cell, 1 day apart, over T = 11 days, one EM step from
// theta = 0.2, omega = 1/20 and mu = 2/11:
// lambda_2 = 2/11 + 0.01 exp(-0.05) = 0.1913305, so p_12 = 0.0497166;
// theta = p_12 / (2 - exp(-0.55) - exp(-0.5)) = 0.0608884.
func TestSEPPStepByHand(t *testing.T) {
	s := grid(t, 1, 1)
	f := fit(t, hotspot.SEPP{Iterations: 1, LeastD: 1}, s, []hotspot.Event{{Day: 0, At: orb.Point{50, 50}}, {Day: 1, At: orb.Point{50, 50}}}, 11)
	p := f.(hotspot.Told).Parameters()
	lambda := 2.0/11 + 0.01*math.Exp(-0.05)
	p12 := 0.01 * math.Exp(-0.05) / lambda
	reach := 2 - math.Exp(-0.55) - math.Exp(-0.5)
	if want := p12 / reach; !near(p["theta"], want, 1e-12) || !near(want, 0.0608884, 1e-7) {
		t.Errorf("theta %.7f, want %.7f", p["theta"], want)
	}
	tail := 11*math.Exp(-0.55) + 10*math.Exp(-0.5)
	if want := p12 / (p12*1 + p12/reach*tail); !near(p["omega"], want, 1e-12) {
		t.Errorf("omega %.7f, want %.7f", p["omega"], want)
	}
	if want := math.Log(2.0/11) + math.Log(lambda) - 2 - 0.2*reach; !near(p["logl"], want, 1e-12) {
		t.Errorf("log-likelihood %.7f, want %.7f", p["logl"], want)
	}
}

func TestSEPPStepsNeverLoseLikelihood(t *testing.T) {
	s := grid(t, 6, 6)
	past := someEvents(900, 600, 600)
	last := math.Inf(-1)
	for steps := 1; steps <= 25; steps++ {
		l := fit(t, hotspot.SEPP{Iterations: steps, LeastD: 0.01}, s, past, 366).(hotspot.Told).Parameters()["logl"]
		if l < last-1e-9*math.Abs(last) {
			t.Fatalf("step %d fell from %.9f to %.9f", steps, last, l)
		}
		last = l
	}
}

// With theta and mu known, what a burst leaves behind is known too.
func TestSEPPFindsABurst(t *testing.T) {
	s := grid(t, 10, 1)
	r := rand.New(rand.NewPCG(9, 9))
	var past []hotspot.Event
	for range 1500 { // each event sets off half another, on average within 5 days
		d, at := r.Float64()*2000, orb.Point{r.Float64() * 1000, 50}
		for d < 2000 {
			past = append(past, hotspot.Event{Day: d, At: at})
			if r.Float64() > 0.5 {
				break
			}
			d += 5 * r.ExpFloat64()
		}
	}
	hotspot.Sort(past)
	p := fit(t, hotspot.SEPP{Iterations: 200, LeastD: 0.1}, s, past, 2000).(hotspot.Told).Parameters()
	if !near(p["theta"], 0.5, 0.08) || !near(1/p["omega"], 5, 0.2) {
		t.Errorf("theta %.3f and 1/omega %.2f days, want about 0.5 and 5", p["theta"], 1/p["omega"])
	}
}

// The hottest place of a city whose cells differ for good is believed; in a
// city where they do not, it is drawn to the rest.
func TestShrunkBelievesWhatTheCityAllows(t *testing.T) {
	s := grid(t, 20, 20)
	r := rand.New(rand.NewPCG(2, 2))
	shape := func(rate func(cell int) float64) float64 {
		var past []hotspot.Event
		for c := range s.Len() {
			for range int(10 * rate(c)) {
				if r.Float64() < 0.5 {
					past = append(past, hotspot.Event{Day: r.Float64() * 300, At: s.Centre(c)})
				}
			}
		}
		hotspot.Sort(past)
		return fit(t, hotspot.Shrunk{Label: "shrunk"}, s, past, 301).(hotspot.Told).Parameters()["shape"]
	}
	even := shape(func(int) float64 { return 1 })
	uneven := shape(func(c int) float64 { return 5 * float64(c*7919%13/12) })
	if !(even > 20 && uneven < 1) {
		t.Errorf("shape %.2f where cells are alike, %.2f where they are not", even, uneven)
	}
}

// The way to a cut changes no bit: in one step, in many, or by a new fit.
func TestTheSameCutGivesTheSameBits(t *testing.T) {
	s := grid(t, 8, 8)
	events := someEvents(800, 800, 800)
	parts := everyModel()[:12]
	parts = append(parts[:8], parts[9:]...) // two of a name are refused
	run := func(cuts ...float64) (out [][]float64) {
		r, err := hotspot.NewSeries(s, parts, events)
		if err != nil {
			t.Fatal(err)
		}
		var f []hotspot.Fitted
		for _, c := range cuts {
			if f, err = r.At(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		for _, m := range f {
			out = append(out, expect(m, s, 300, 307))
		}
		return out
	}
	want := run(300)
	for name, cuts := range map[string][]float64{"week by week": {279, 286, 293, 300}, "from far": {10, 300}, "back again": {300, 310, 300}, "backwards": {360, 300}} {
		for k, q := range run(cuts...) {
			for c := range q {
				if q[c] != want[k][c] {
					t.Fatalf("%s, %s: cell %d expects %v and %v", parts[k].Name(), name, c, q[c], want[k][c])
				}
			}
		}
	}
}

// What comes after the cut changes nothing: it is not looked at.
func TestNothingLooksAhead(t *testing.T) {
	s := grid(t, 8, 8)
	events := someEvents(800, 800, 800)
	cut := 300.0
	for _, m := range everyModel() {
		want := expect(fit(t, m, s, events[:hotspot.Before(events, cut)], cut), s, cut, cut+7)
		pool := hotspot.Pool{Label: "p", HorizonD: 7, Windows: 3, Steps: 20, Parts: []hotspot.Model{m}}
		if p, ok := m.(hotspot.Pool); ok {
			pool = p
		}
		at := func(events []hotspot.Event) []float64 {
			r, err := hotspot.NewRoll(s, pool, events)
			if err != nil {
				t.Fatal(err)
			}
			f, err := r.At(t.Context(), cut)
			if err != nil {
				t.Fatal(err)
			}
			return expect(f, s, cut, cut+7)
		}
		whole, cutOff := at(events), at(events[:hotspot.Before(events, cut)])
		for c := range whole {
			if whole[c] != cutOff[c] {
				t.Fatalf("%s: cell %d expects %v with the days ahead, %v without", m.Name(), c, whole[c], cutOff[c])
			}
		}
		if _, ok := m.(hotspot.Pool); ok {
			for c := range whole {
				if whole[c] != want[c] {
					t.Fatalf("a roll's pool expects %v of cell %d, a single fit %v", whole[c], c, want[c])
				}
			}
		}
	}
}

// Lines that are spread by vectors have the bits of those spread value by value,
// with few values and many, and kernels wider than the line.
func TestSpreadLineIsTheSumValueByValue(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, half := range [][]float64{{1}, {0.5, 0.2, 0.05}, slices.Repeat([]float64{0.03}, 17), slices.Repeat([]float64{0.01}, 60)} {
		for _, filled := range []float64{0.02, 0.3, 1} {
			from, got, want := make([]float64, 40), make([]float64, 40), make([]float64, 40)
			for i := range from {
				if r.Float64() < filled {
					from[i] = r.Float64()
				}
			}
			for i, v := range from {
				for o := range want {
					if k := max(o-i, i-o); k < len(half) {
						want[o] += v * half[k]
					}
				}
			}
			hotspot.SpreadLine(got, from, hotspot.Mirrored(half))
			if !slices.Equal(got, want) {
				t.Errorf("a kernel of %d, %g filled: %v, want %v", len(half), filled, got, want)
			}
		}
	}
}

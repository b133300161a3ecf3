package hotspot_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/hotspot"
)

// lateBy gives each event a day on which it becomes known: a third at once, the
// rest after an exponential delay of the mean.
func lateBy(events []hotspot.Event, mean float64) []float64 {
	r := rand.New(rand.NewPCG(9, 9))
	known := make([]float64, len(events))
	for i, e := range events {
		if known[i] = e.Day; i%3 > 0 {
			known[i] += mean * r.ExpFloat64()
		}
	}
	return known
}

// rolled is a pool at a cut, and its parts one by one.
func rolled(t *testing.T, s *hotspot.Space, parts []hotspot.Model, events []hotspot.Event, known []float64, cuts ...float64) [][]float64 {
	t.Helper()
	r, err := hotspot.NewRoll(s, hotspot.Pool{Label: "p", HorizonD: 7, Windows: 6, Steps: 20, Prior: 5, Parts: parts}, events)
	if err != nil {
		t.Fatal(err)
	}
	if known != nil {
		if err := r.Known(known); err != nil {
			t.Fatal(err)
		}
	}
	var f *hotspot.PoolFitted
	for _, c := range cuts {
		if f, err = r.At(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	cut := cuts[len(cuts)-1]
	out := [][]float64{expect(f, s, cut, cut+7)}
	for _, p := range f.Parts {
		out = append(out, expect(p, s, cut, cut+7))
	}
	return out
}

// What happened before a cut and was not reported by then changes nothing,
// wherever it was.
func TestWhatIsNotYetReportedIsNotLookedAt(t *testing.T) {
	s := grid(t, 8, 8)
	events := someEvents(800, 800, 800)
	known := lateBy(events, 10)
	const cut = 300.0
	parts := everyModel()[:8]
	parts = append(parts, everyModel()[9:12]...)
	elsewhere := slices.Clone(events)
	moved := 0
	for i, e := range events {
		if e.Day < cut && known[i] >= cut {
			elsewhere[i].At = orb.Point{50, 50}
			moved++
		}
	}
	if moved < 10 {
		t.Fatalf("only %d events are late: nothing would be tested", moved)
	}
	want, got := rolled(t, s, parts, events, known, cut), rolled(t, s, parts, elsewhere, known, cut)
	for k := range want {
		for c := range want[k] {
			if math.Abs(got[k][c]-want[k][c]) > 1e-9*want[k][c] {
				t.Fatalf("forecast %d: cell %d expects %v, and %v when what is reported later happened elsewhere", k, c, want[k][c], got[k][c])
			}
		}
	}
	// And the way to the cut changes no bit.
	for name, cuts := range map[string][]float64{"week by week": {279, 286, 293, 300}, "back again": {300, 310, 300}} {
		for k, q := range rolled(t, s, parts, events, known, cuts...) {
			if !slices.Equal(q, want[k]) {
				t.Errorf("%s: forecast %d is another", name, k)
			}
		}
	}
}

// Ten a day happen, and are reported ten days later on average: the level is
// ten a day all the same. Without the delays it falls short.
func TestLevelOfLateReports(t *testing.T) {
	s := grid(t, 4, 4)
	r := rand.New(rand.NewPCG(3, 1))
	var events []hotspot.Event
	for day := 0.05; day < 400; day += 0.1 {
		events = append(events, hotspot.Event{Day: day, At: orb.Point{400 * r.Float64(), 400 * r.Float64()}})
	}
	late := lateBy(events, 15)
	var past []hotspot.Event
	var known []float64
	for i, k := range late {
		if k < 400 {
			past, known = append(past, events[i]), append(known, k)
		}
	}
	parts := []hotspot.Model{hotspot.Count{Label: "count"}}
	for _, cut := range []float64{200, 300, 400} {
		if got := sum(rolled(t, s, parts, past, known, cut)[0]) / 7; math.Abs(got-10) > 0.5 {
			t.Errorf("at day %g it expects %.2f a day, and 10 happen", cut, got)
		}
	}
	if got := sum(rolled(t, s, parts, past, nil, 400)[0]) / 7; got > 9.2 {
		t.Errorf("%.2f a day with delays unknown: the last days are not short of any", got)
	}
}

func TestDaysOfKnowingAreOfTheEvents(t *testing.T) {
	s := grid(t, 4, 4)
	events := someEvents(10, 400, 400)
	r, err := hotspot.NewSeries(s, []hotspot.Model{hotspot.Uniform{}}, events)
	if err != nil {
		t.Fatal(err)
	}
	early := lateBy(events, 1)
	early[4] = events[4].Day - 1
	for name, days := range map[string][]float64{"one too few": lateBy(events, 1)[1:], "before it happens": early, "no number": slices.Repeat([]float64{math.NaN()}, 10)} {
		if err := r.Known(days); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

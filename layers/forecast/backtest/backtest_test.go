package backtest

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/hotspot"
)

// strip is a row of cells of 100 m.
func strip(t testing.TB, cells int) *hotspot.Space {
	t.Helper()
	w := float64(cells) * 100
	s, err := hotspot.Lattice(orb.MultiPolygon{{{{0, 0}, {w, 0}, {w, 100}, {0, 100}, {0, 0}}}}, 100, 0, orb.Point{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Ten cells, flagged: the one that expects the most. It holds 3 of 6 events,
// the best choice would have held them too: PAI (3/6)/(1/10) = 5, PEI 1.
func TestMeasuresByHand(t *testing.T) {
	s := strip(t, 10)
	r := newRanking(s)
	expected := []float64{0, 2, 1, 1, 0, 0, 0, 0, 0, 0}
	seen := []float64{0, 3, 0, 2, 0, 0, 0, 0, 0, 1}
	w := r.judge(0, expected, seen, []float64{1e4, 2e4}, []float64{3, 5})
	if w.N != 6 || w.Expected != 4 || w.Hits[0] != 3 || w.FlagM2[0] != 1e4 {
		t.Fatalf("%+v", w)
	}
	// Shares mixed with 2 % uniform: 0.98*q + 0.002; a cell is 1/10 of the area.
	want := 3*math.Log(4.92) + 2*math.Log(2.47) + 1*math.Log(0.02)
	if math.Abs(w.LogGain-want) > 1e-12 {
		t.Errorf("gain %.9f, want %.9f", w.LogGain, want)
	}
	// l = 4*(0.98 q + 0.002): 1.968, 0.988, 0.988 and seven times 0.008.
	dev := 2 * (3*math.Log(3/1.968) - (3 - 1.968) + 0.988 + 2*math.Log(2/0.988) - (2 - 0.988) + 1*math.Log(1/0.008) - (1 - 0.008) + 6*0.008)
	if math.Abs(w.Deviance-dev) > 1e-12 {
		t.Errorf("deviance %.9f, want %.9f", w.Deviance, dev)
	}
}

// Cells are added until the area is reached: 1.5 cells are two.
func TestFlaggedAreaIsReachedAndExact(t *testing.T) {
	s := strip(t, 10)
	w := newRanking(s).judge(0, []float64{5, 4, 3, 2, 1, 0, 0, 0, 0, 0}, []float64{1, 1, 1, 0, 0, 0, 0, 0, 0, 0}, []float64{1.5e4, 1e9}, nil)
	if w.Hits[0] != 2 || w.FlagM2[0] != 2e4 || w.Hits[1] != 3 || math.Abs(w.FlagM2[1]-1e5) > 1e-6 {
		t.Errorf("%+v", w)
	}
}

func TestTies(t *testing.T) {
	s := strip(t, 300)
	r := newRanking(s)
	tied, density := make([]float64, 300), make([]float64, 300)
	tied[7], density[200], density[100] = 1, 0.5, 0.4
	r.breakTies(density)
	if top := r.top(tied, 3e4); top[0] != 7 || top[1] != 200 || top[2] != 100 {
		t.Errorf("ties are broken as %v, want by density", top)
	}
	for i := range tied {
		tied[i] = 1
	}
	first := append([]int32(nil), r.top(tied, 3e6)...)
	if first[0] == 200 || first[0] == 0 && first[1] == 1 {
		t.Errorf("an even forecast is ranked %v: neither by the density nor from one corner", first[:3])
	}
	all := map[int32]bool{}
	for _, c := range first {
		all[c] = true
	}
	if len(all) != 300 {
		t.Errorf("%d of 300 cells are ranked", len(all))
	}
}

// The cells on top are those of a whole sort.
func TestTopIsSorted(t *testing.T) {
	s := strip(t, 1000)
	r := newRanking(s)
	expected := make([]float64, 1000)
	for i := range expected {
		expected[i] = float64(mix(uint64(i))%50) / 7
	}
	top := r.top(expected, 9e6)
	for i := 1; i < len(top); i++ {
		if r.compare(top[i-1], top[i]) >= 0 {
			t.Fatalf("cell %d stands before %d", top[i-1], top[i])
		}
	}
	short := newRanking(s)
	for i, c := range short.top(expected, 1.2e6) {
		if c != top[i] {
			t.Fatalf("place %d is of cell %d, by a whole sort %d", i, c, top[i])
		}
	}
}

// Every second day an event in the first cell, every tenth in the last.
func twoPlaces(days int) (events []hotspot.Event) {
	for d := range days {
		if d%2 == 0 {
			events = append(events, hotspot.Event{Day: float64(d) + 0.25, At: orb.Point{50, 50}})
		}
		if d%10 == 5 {
			events = append(events, hotspot.Event{Day: float64(d) + 0.5, At: orb.Point{950, 50}})
		}
	}
	return events
}

func testPool() hotspot.Pool {
	return hotspot.Pool{Label: "pool", HorizonD: 10, Windows: 5, Steps: 100, Parts: []hotspot.Model{
		hotspot.Uniform{}, hotspot.Count{Label: "count-all"}, hotspot.KDE{Label: "kde-200", BandwidthM: 200}}}
}

func TestRun(t *testing.T) {
	s := strip(t, 10)
	var done []int
	rep, err := Run(t.Context(), s, twoPlaces(300), testPool(), Options{From: 200, To: 300, Areas: []Area{{Name: "a tenth", Share: 0.1}}, Seed: 4,
		Progress: func(n, of int) { done = append(done, n, of) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != 20 || done[18] != 10 || done[19] != 10 {
		t.Errorf("progress %v", done)
	}
	// Each window has 5 and 1 events; five sixths lie in the first cell.
	count, _ := rep.Model("count-all")
	if p := count.Pooled; p.N != 60 || p.At[0].Hits != 50 || math.Abs(p.At[0].PAI.Value-50.0/60/0.1) > 1e-9 || p.At[0].PEI != 1 {
		t.Errorf("%+v", p)
	}
	if p := count.Pooled.At[0].PAI; p.High-p.Low > 1e-9 {
		t.Errorf("all windows are alike, and the interval is %+v", p)
	}
	// 0.98*5/6+0.002 of a tenth, and 0.98/6+0.002.
	want := (5*math.Log(10*(0.98*5/6+0.002)) + math.Log(10*(0.98/6+0.002))) / 6
	if math.Abs(count.Pooled.IG.Value-want) > 0.002 {
		t.Errorf("IG %.5f, want %.5f", count.Pooled.IG.Value, want)
	}
	if u, _ := rep.Model("uniform"); math.Abs(u.Pooled.IG.Value) > 1e-9 || !u.Baseline {
		t.Errorf("the uniform forecast gains %g", u.Pooled.IG.Value)
	}
	if rep.Weights["count-all"] < 0.9 || rep.Pool().Pooled.IG.Value < count.Pooled.IG.Value-0.01 {
		t.Errorf("the pool gives the count %.2f and gains %.4f", rep.Weights["count-all"], rep.Pool().Pooled.IG.Value)
	}
	if best, _ := rep.BestBaseline(); best.Name != "count-all" {
		t.Errorf("the best baseline is %s", best.Name)
	}
	if d := rep.Difference("count-all", "uniform"); math.Abs(d.Value-count.Pooled.IG.Value) > 1e-9 {
		t.Errorf("difference %+v", d)
	}
	if r := rep.PAIRatio("pool", "count-all", 0); r.Value != 1 || r.Low != 1 {
		t.Errorf("ratio %+v", r)
	}
	if math.Abs(rep.Calibration.Level-1) > 0.02 || len(rep.Calibration.Bins) != 10 {
		t.Errorf("calibration %+v", rep.Calibration)
	}
	if i := len(rep.Curve.Share) - 1; rep.Curve.Best[i] != 1 || rep.Curve.Hit[i] < 5.0/6 {
		t.Errorf("curve %+v", rep.Curve)
	}
	if _, err := json.Marshal(rep); err != nil {
		t.Error(err)
	}
}

// Windows without any event divide by nothing.
func TestNothingHappens(t *testing.T) {
	rep, err := Run(t.Context(), strip(t, 10), nil, testPool(), Options{From: 0, To: 100, Draws: 20})
	if err != nil {
		t.Fatal(err)
	}
	if p := rep.Pool().Pooled; p.N != 0 || p.IG.Value != 0 || p.At[0].PAI.Value != 0 {
		t.Errorf("%+v", p)
	}
	if _, err := json.Marshal(rep); err != nil {
		t.Errorf("a report of nothing: %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	s := strip(t, 3)
	for name, o := range map[string]Options{
		"no time":         {From: 10, To: 10},
		"half a window":   {From: 10, To: 15},
		"backwards":       {From: 100, To: 10},
		"no level":        {From: 0, To: 100, Level: 1.5},
		"a negative step": {From: 0, To: 100, StepD: -1},
	} {
		if _, err := Run(t.Context(), s, nil, testPool(), o); !errors.Is(err, hotspot.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Run(t.Context(), s, nil, hotspot.Pool{Label: "p", HorizonD: 7, Windows: 1, Steps: 1}, Options{From: 0, To: 100}); !errors.Is(err, hotspot.ErrInput) {
		t.Errorf("a pool without parts: %v", err)
	}
}

// Draws are the same for the same seed, and each has as many windows.
func TestDraws(t *testing.T) {
	a, b := draws(7, 50, 12), draws(7, 50, 12)
	for d := range a {
		n := 0
		for i := range a[d] {
			n += int(a[d][i])
			if a[d][i] != b[d][i] {
				t.Fatal("two draws of one seed differ")
			}
		}
		if n != 12 {
			t.Fatalf("%d windows drawn of 12", n)
		}
	}
}

func TestSlopeOfCalibration(t *testing.T) {
	bins := func(power float64) (out []Bin) {
		for _, rate := range []float64{0.01, 0.1, 1, 10} {
			out = append(out, Bin{Cells: 100 / rate, Expected: 100, Seen: 100 / rate * math.Pow(rate, power)})
		}
		return out
	}
	for _, power := range []float64{1, 0.5} {
		if got := slope(bins(power)); math.Abs(got-power) > 1e-9 {
			t.Errorf("slope %g, want %g", got, power)
		}
	}
}

// An event at a corner of four cells is in another of them on each lattice, and
// the best of ten cells holds it on all.
func TestShift(t *testing.T) {
	city := orb.MultiPolygon{{{{0, 0}, {500, 0}, {500, 500}, {0, 500}, {0, 0}}}}
	var events []hotspot.Event
	for d := range 200 {
		events = append(events, hotspot.Event{Day: float64(d), At: orb.Point{200 + float64(d%2), 200}})
	}
	sense, reports, err := Shift(t.Context(), city, 100, 0, orb.Point{}, events, testPool(), Options{From: 100, To: 200, Draws: 10, Areas: []Area{{Name: "one", M2: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	cells := []int{25, 30, 30, 36}
	for i, r := range reports {
		if r.Cells != cells[i] {
			t.Errorf("lattice %d has %d cells, want %d", i, r.Cells, cells[i])
		}
	}
	if p := sense.PAI[0]; math.Abs(p.Low-25) > 1e-9 || math.Abs(p.High-36) > 1e-9 || sense.Hit[0] != (Range{1, 1}) || !(sense.IG.Low < sense.IG.High) {
		t.Errorf("%+v", sense)
	}
}

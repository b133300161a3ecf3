package score_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/score"
)

// cells is a row of n squares of 100 m, scored by f.
func cells(n int, f func(i int) float64) []score.Cell {
	out := make([]score.Cell, n)
	for i := range out {
		x := float64(i) * 100
		out[i] = score.Cell{ID: fmt.Sprint(i), Score: f(i), Shape: orb.MultiPolygon{{{{x, 0}, {x + 100, 0}, {x + 100, 100}, {x, 100}, {x, 0}}}}}
	}
	return out
}

// in is so many events in the middle of a cell.
func in(cell, n int) (out []orb.Point) {
	for range n {
		out = append(out, orb.Point{float64(cell)*100 + 50, 50})
	}
	return out
}

func made(t *testing.T, c []score.Cell) *score.Forecast {
	t.Helper()
	f, err := score.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func scored(t *testing.T, f *score.Forecast, events []orb.Point, r score.Rule) score.Result {
	t.Helper()
	res, err := f.Score(events, r)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*(1+math.Abs(b)) }

func TestMeasures(t *testing.T) {
	// 5 events in cell 7, 3 in cell 2, 2 in cell 0; cells are ranked 9, 8, 7, ...
	events := append(append(in(7, 5), in(2, 3)...), in(0, 2)...)
	f := made(t, cells(10, func(i int) float64 { return float64(i) }))
	r := scored(t, f, events, score.Rule{Share: 0.3})
	if r.Hits != 5 || r.Events != 10 || r.Flagged != 3 || !near(r.HitRate, 0.5) || !near(r.PAI, 0.5/0.3) {
		t.Errorf("three cells of ten with half of the events: %+v", r)
	}
	// Who knows takes cells 7, 2 and 0: all ten.
	if r.BestHits != 10 || !near(r.BestPAI, 1/0.3) || !near(r.PEI, 0.5) {
		t.Errorf("PAI* %g, PEI %g of %d", r.BestPAI, r.PEI, r.BestHits)
	}
	if !(r.Low < r.PAI && r.PAI < r.High && r.Low > 0) {
		t.Errorf("PAI %g in %g to %g", r.PAI, r.Low, r.High)
	}
	if r.Gain == nil {
		t.Fatal("no information gain")
	}
	q := func(score float64) float64 { return math.Log((0.98*score/45 + 0.02*0.1) / 0.1) }
	if want := (5*q(7) + 3*q(2) + 2*q(0)) / 10; !near(*r.Gain, want) {
		t.Errorf("gain %g, want %g", *r.Gain, want)
	}
	// An event outside of all cells is a miss, not a thing that never was.
	r = scored(t, f, append(events, orb.Point{-5000, 0}), score.Rule{Share: 0.3})
	if r.Events != 11 || r.Outside != 1 || !near(r.HitRate, 5.0/11) {
		t.Errorf("with one outside: %+v", r)
	}
}

// Cells are added until the area is reached, and the exact area is told.
func TestAreaRule(t *testing.T) {
	f := made(t, cells(10, func(i int) float64 { return float64(i) }))
	for _, tt := range []struct {
		rule  score.Rule
		cells int
	}{
		{score.Rule{Share: 0.1}, 1},
		{score.Rule{Share: 0.1001}, 2},
		{score.Rule{AreaM2: 1}, 1},
		{score.Rule{AreaM2: 20_000}, 2},
		{score.Rule{AreaM2: 20_500}, 3},
		{score.Rule{Share: 1}, 10},
		{score.Rule{Share: 0.1, CityM2: 200_000}, 2}, // the city is larger than the cells
	} {
		r := scored(t, f, in(9, 1), tt.rule)
		if r.Flagged != tt.cells || !near(r.FlaggedM2, float64(tt.cells)*10_000) {
			t.Errorf("%+v: %d cells, %g m², want %d cells", tt.rule, r.Flagged, r.FlaggedM2, tt.cells)
		}
	}
}

// Equal scores are ordered by the second score, and then by a hash that does
// not favour the first of the file or of the map.
func TestTies(t *testing.T) {
	flat := cells(100, func(int) float64 { return 1 })
	first := scored(t, made(t, flat), in(0, 1), score.Rule{Share: 0.1})
	if first.Ties != 90 {
		t.Errorf("%d ties, want 90", first.Ties)
	}
	hits := 0
	for i := range 10 {
		hits += scored(t, made(t, flat), in(i, 1), score.Rule{Share: 0.1}).Hits
	}
	if hits == 10 {
		t.Error("the first cells of the file are taken")
	}
	for i := range flat {
		flat[i].Second = -float64(i)
	}
	if r := scored(t, made(t, flat), in(9, 1), score.Rule{Share: 0.1}); r.Hits != 1 || r.Ties != 0 {
		t.Errorf("the second score does not order: %+v", r)
	}
	// The order of the file changes nothing.
	flat = cells(100, func(i int) float64 { return float64(i % 3) })
	a := scored(t, made(t, flat), in(4, 1), score.Rule{Share: 0.2})
	for i, j := 0, len(flat)-1; i < j; i, j = i+1, j-1 {
		flat[i], flat[j] = flat[j], flat[i]
	}
	if b := scored(t, made(t, flat), in(4, 1), score.Rule{Share: 0.2}); a.Hits != b.Hits || a.FlaggedM2 != b.FlaggedM2 {
		t.Errorf("the file's order counts: %+v and %+v", a, b)
	}
}

// Expected counts in cells of unlike size are ranked a square metre.
func TestDensity(t *testing.T) {
	c := cells(2, func(i int) float64 { return []float64{1.5, 2}[i] })
	c[1].Shape = orb.MultiPolygon{{{{100, 0}, {300, 0}, {300, 100}, {100, 100}, {100, 0}}}}
	f := made(t, c)
	if r := scored(t, f, in(0, 1), score.Rule{AreaM2: 1, Density: true}); r.Hits != 1 {
		t.Errorf("by density the small cell comes first: %+v", r)
	}
	if r := scored(t, f, in(0, 1), score.Rule{AreaM2: 1}); r.Hits != 0 {
		t.Errorf("by score the large cell comes first: %+v", r)
	}
}

func TestBadInput(t *testing.T) {
	one := func(int) float64 { return 1 }
	for _, tt := range []struct {
		name string
		say  string
		do   func() error
	}{
		{"no cells", "no cells", func() error { _, err := score.New(nil); return err }},
		{"an id twice", "\"0\"", func() error {
			c := cells(2, one)
			c[1].ID = "0"
			_, err := score.New(c)
			return err
		}},
		{"no area", "area", func() error {
			c := cells(2, one)
			c[1].Shape = orb.MultiPolygon{{{{0, 0}, {1, 1}, {0, 0}}}}
			_, err := score.New(c)
			return err
		}},
		{"no number", "finite", func() error {
			_, err := score.New(cells(2, func(int) float64 { return math.NaN() }))
			return err
		}},
		{"overlap", "overlap", func() error {
			c := cells(2, one)
			c[1].Shape = c[0].Shape
			_, err := score.New(c)
			return err
		}},
		{"no events", "no events", func() error { _, err := made(t, cells(2, one)).Score(nil, score.Rule{Share: 0.5}); return err }},
		{"no rule", "area or a share", func() error { _, err := made(t, cells(2, one)).Score(in(0, 1), score.Rule{}); return err }},
		{"more than there is", "cover", func() error { _, err := made(t, cells(2, one)).Score(in(0, 1), score.Rule{AreaM2: 1e9}); return err }},
		{"no flag", "flags no cell", func() error { _, err := made(t, cells(2, one)).Score(in(0, 1), score.Rule{Flags: true}); return err }},
		{"a city smaller than its cells", "coordinate system", func() error {
			_, err := made(t, cells(9, one)).Score(in(0, 1), score.Rule{Share: 0.1, CityM2: 5})
			return err
		}},
		{"an event nowhere", "finite place", func() error {
			_, err := made(t, cells(9, one)).Score([]orb.Point{{math.Inf(1), 0}}, score.Rule{Share: 0.5})
			return err
		}},
	} {
		err := tt.do()
		if !errors.Is(err, score.ErrInput) || !strings.Contains(err.Error(), tt.say) {
			t.Errorf("%s: %v, want something of %q", tt.name, err, tt.say)
		}
	}
}

func TestParseArea(t *testing.T) {
	for _, tt := range []struct {
		text      string
		m2, share float64
	}{
		{"1%", 0, 0.01}, {" 0.25 %", 0, 0.0025}, {"0.25sqmi", 647_497.0271, 0}, {"2.5 km2", 2.5e6, 0}, {"60ha", 6e5, 0}, {"650000m2", 650_000, 0},
	} {
		m2, share, err := score.ParseArea(tt.text)
		if err != nil || math.Abs(m2-tt.m2) > 1e-3 || !near(share, tt.share) {
			t.Errorf("%q: %g m², %g, %v", tt.text, m2, share, err)
		}
	}
	for _, text := range []string{"", "1", "-1%", "0%", "200%", "NaN%", "x km2", "1e99km2"} {
		if _, _, err := score.ParseArea(text); !errors.Is(err, score.ErrInput) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The ellipsoid of WGS 84 has 510,065,621.7 km².
func TestPlaneKeepsAreas(t *testing.T) {
	whole := score.Plane(orb.Point{180, 90})
	if got := whole[0] * whole[1] * 4 / 1e12; math.Abs(got-510.0656217) > 1e-6 {
		t.Errorf("the ellipsoid has %.7f million km², want 510.0656217", got)
	}
}

func TestHorizons(t *testing.T) {
	want := map[string]string{"1WK": "2017-03-08", "2WK": "2017-03-15", "1MO": "2017-04-01", "2MO": "2017-05-01", "3MO": "2017-06-01"}
	for name, day := range want {
		h, err := score.HorizonOf(name)
		if err != nil || h.End(score.Start).Format(time.DateOnly) != day {
			t.Errorf("%s ends before %v, want %s (%v)", name, h.End(score.Start), day, err)
		}
	}
	if _, err := score.HorizonOf("4WK"); !errors.Is(err, score.ErrInput) {
		t.Errorf("4WK: %v", err)
	}
}

func TestNIJRules(t *testing.T) {
	// 100 m squares are 107,639 square feet; 70 of them 0.27 square miles.
	f := made(t, cells(1000, func(i int) float64 { return float64(i) }))
	b, err := f.Check(score.Rule{AreaM2: 0.26 * score.SquareMileM2}, score.NIJ)
	if err != nil || len(b) != 0 {
		t.Errorf("an entry by the rules: %v, %v", b, err)
	}
	b, err = f.Check(score.Rule{AreaM2: 0.9 * score.SquareMileM2}, score.NIJ)
	if err != nil || len(b) != 1 || b[0].Rule != "area" {
		t.Errorf("too large an area: %v, %v", b, err)
	}
	small := cells(10, func(int) float64 { return 1 })
	for i := range small {
		x := float64(i) * 50
		small[i].Shape = orb.MultiPolygon{{{{x, 0}, {x + 50, 0}, {x + 50, 50}, {x, 50}, {x, 0}}}}
	}
	b, err = made(t, small).Check(score.Rule{Share: 1}, score.NIJ)
	if err != nil || len(b) != 2 || b[0].Rule != "least_cell" || b[0].Cells != 10 {
		t.Errorf("cells too small: %v, %v", b, err)
	}
}

package expect_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/paulmach/orb"
	"gonum.org/v1/gonum/stat/distuv"

	"onemap/layers/forecast/deviation/expect"
)

const today = 20_000 // a Wednesday in October 2024

// world makes years of counts of some classes in 60 grids: a week, a season, a
// dispersion of its own by week, grids of very different shares.
func world(seed uint64, classes, days int, perDay float64) []expect.Count {
	r := rand.New(rand.NewPCG(seed, 9))
	var out []expect.Count
	share := make([]float64, 60)
	sum := 0.0
	for k := range share {
		share[k] = math.Pow(float64(k+1), -0.8)
		sum += share[k]
	}
	for c := range classes {
		level := perDay * math.Pow(2, float64(c%4)-2)
		swing := 1.0
		for d := today - days + 1; d <= today; d++ {
			if d%7 == 0 {
				swing = distuv.Gamma{Alpha: 25, Beta: 25, Src: r}.Rand()
			}
			mu := level * swing * (1 + 0.3*math.Sin(2*math.Pi*float64(d)/365.2425)) * []float64{1.3, 1, 0.9, 1, 1, 1.1, 1.2}[((d+4)%7+7)%7]
			for k := range share {
				if n := int((distuv.Poisson{Lambda: mu * share[k] / sum, Src: r}).Rand()); n > 0 {
					out = append(out, expect.Count{Class: c, Cell: k, Day: d, N: n})
				}
			}
		}
	}
	return out
}

func judge(t *testing.T, counts []expect.Count, q expect.Question) expect.Answer {
	t.Helper()
	a, err := expect.Judge(t.Context(), counts, q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// In cities where nothing out of the ordinary happens, seldom anything is told.
func TestQuietCitiesAreQuiet(t *testing.T) {
	told, cities := 0, 0
	for seed := range uint64(12) {
		a := judge(t, world(seed, 8, 800, 6), expect.Question{Classes: 8, Cells: 60, Today: today})
		if a.Tests != 8*3*61 {
			t.Fatalf("%d counts were judged: %+v", a.Tests, a.Classes)
		}
		told += len(a.Told)
		if len(a.Told) > 0 {
			cities++
		}
		for _, f := range a.Told {
			t.Logf("seed %d: %+v", seed, f)
		}
	}
	// All true nulls: BH tells something in at most a tenth of the cities.
	if cities > 4 || told > 8 {
		t.Errorf("%d findings in %d of 12 quiet cities", told, cities)
	}
}

func TestAnOutbreakIsTold(t *testing.T) {
	found := 0
	for seed := range uint64(8) {
		counts := world(seed, 6, 800, 6)
		for d := today - 6; d <= today; d++ { // grid 20 sees two a day of class 3 for a week
			counts = append(counts, expect.Count{Class: 3, Cell: 20, Day: d, N: 2})
		}
		a := judge(t, counts, expect.Question{Classes: 6, Cells: 60, Today: today})
		if len(a.Told) == 0 {
			continue
		}
		f := a.Told[0]
		if f.Class != 3 || f.Cell != 20 {
			t.Errorf("seed %d: first is %+v", seed, f)
			continue
		}
		if f.N < 14 || f.N <= f.High || f.Expected > float64(f.N)/2 || f.Q > 0.1 || f.P > f.Q {
			t.Errorf("%+v", f)
		}
		found++
	}
	if found != 8 {
		t.Errorf("%d of 8 outbreaks are told", found)
	}
}

// A class that rises everywhere is told for the city.
func TestACityWideRiseIsTold(t *testing.T) {
	counts := world(1, 4, 800, 6)
	r := rand.New(rand.NewPCG(4, 4))
	for range 120 {
		counts = append(counts, expect.Count{Class: 2, Cell: r.IntN(60), Day: today - r.IntN(7), N: 1})
	}
	a := judge(t, counts, expect.Question{Classes: 4, Cells: 60, Today: today})
	if len(a.Told) == 0 || a.Told[0].Class != 2 || a.Told[0].Cell != -1 {
		t.Errorf("%+v", a.Told)
	}
}

func TestWhatCannotBeJudgedIsSaid(t *testing.T) {
	base := world(2, 1, 800, 8)
	add := func(class, from, to, perDay int) (out []expect.Count) {
		for d := from; d <= to; d++ {
			out = append(out, expect.Count{Class: class, Cell: d % 60, Day: d, N: perDay})
		}
		return out
	}
	for _, tt := range []struct {
		name  string
		more  []expect.Count
		want  string
		group func(int) int
	}{
		{"none at all", nil, expect.Empty, nil},
		{"only in the future", add(1, today+1, today+400, 3), expect.Empty, nil},
		{"one", add(1, today-10, today-10, 1), expect.Few, nil},
		{"a few", add(1, today-200, today-190, 1), expect.Few, nil},
		{"began a month ago", add(1, today-30, today, 3), expect.New, nil},
		{"began half a year ago", add(1, today-180, today, 3), expect.Judged, nil},
		{"began half a year ago, with one stray date", append(add(1, today-180, today, 3), expect.Count{Class: 1, Cell: 3, Day: today - 9000, N: 1}), expect.Judged, nil},
		{"went silent", add(1, today-500, today-40, 3), expect.Silent, nil},
		{"comes late, alone in its group", add(1, today-500, today-40, 3), expect.Slow, func(c int) int { return c }},
		{"a seldom one whose last was ten days ago", add(1, today-500, today-500, 1), expect.Empty, nil},
		{"all on one day", add(1, today-3, today-3, 500), expect.New, nil},
		{"in no grid", func() []expect.Count {
			out := add(1, today-700, today, 2)
			for i := range out {
				out[i].Cell = -1
			}
			return out
		}(), expect.Judged, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := judge(t, append(append([]expect.Count{}, base...), tt.more...), expect.Question{Classes: 2, Cells: 60, Today: today, Group: tt.group})
			if got := a.Classes[1].State; got != tt.want {
				t.Errorf("%s: %+v", got, a.Classes[1])
			}
			if a.Classes[0].State != expect.Judged {
				t.Errorf("the other class: %+v", a.Classes[0])
			}
			for _, f := range a.Told {
				if f.Class == 1 && tt.want != expect.Judged {
					t.Errorf("told of a class that is not judged: %+v", f)
				}
				if math.IsNaN(f.Expected + f.P + f.Q + f.Ratio) {
					t.Errorf("%+v", f)
				}
			}
			if tt.want == expect.Judged && len(a.Told) > 0 {
				t.Errorf("a class that goes on as ever is told: %+v", a.Told)
			}
		})
	}
}

func TestSmallWorlds(t *testing.T) {
	var steady []expect.Count
	for d := today - 400; d <= today; d++ {
		steady = append(steady, expect.Count{Cell: 0, Day: d, N: 2})
	}
	for name, q := range map[string]expect.Question{"one grid": {Classes: 1, Cells: 1, Today: today}, "no grids": {Classes: 1, Today: today}, "no classes": {Cells: 3, Today: today}} {
		if a := judge(t, steady, q); len(a.Told) != 0 {
			t.Errorf("%s: %+v", name, a.Told)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := expect.Judge(ctx, steady, expect.Question{Classes: 1, Cells: 1, Today: today}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Reports that come days after the fact do not make a class look quiet, nor the
// next days look loud.
func TestLateReportsAreReckonedWith(t *testing.T) {
	counts := world(5, 1, 800, 20)
	known := func(_, later int) float64 { return math.Min(1, float64(later+1)/8) }
	r := rand.New(rand.NewPCG(1, 2))
	var seen []expect.Count
	for _, c := range counts {
		n := int((distuv.Binomial{N: float64(c.N), P: known(0, today-c.Day), Src: r}).Rand())
		if n > 0 {
			seen = append(seen, expect.Count{Cell: c.Cell, Day: c.Day, N: n})
		}
	}
	with := judge(t, seen, expect.Question{Classes: 1, Cells: 60, Today: today, Known: known})
	if with.Classes[0].State != expect.Judged || len(with.Told) != 0 {
		t.Errorf("%+v %+v", with.Classes, with.Told)
	}
}

func TestTheSameAgain(t *testing.T) {
	counts := world(3, 5, 500, 6)
	q := expect.Question{Classes: 5, Cells: 60, Today: today, FDR: 0.9, Least: 1}
	a := judge(t, counts, q)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(counts), func(i, j int) { counts[i], counts[j] = counts[j], counts[i] })
	b := judge(t, counts, q)
	if len(a.Told) != len(b.Told) || len(a.Told) > 0 && !reflect.DeepEqual(a.Told[0], b.Told[0]) {
		t.Errorf("the order of the counts matters: %v %v", a.Told, b.Told)
	}
}

func TestRepeats(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	var events []expect.Event
	id := int64(0)
	put := func(family, n int, at orb.Point, spread float64, day int) {
		for i := range n {
			id++
			events = append(events, expect.Event{ID: id, Family: family, Day: day - i, At: orb.Point{at[0] + spread*(2*r.Float64()-1), at[1] + spread*(2*r.Float64()-1)}})
		}
	}
	for range 150 { // a city's even rain
		put(1, 1, orb.Point{r.Float64() * 5000, r.Float64() * 5000}, 0, today-r.IntN(90))
	}
	put(1, 9, orb.Point{1000, 1000}, 15, today)
	put(2, 6, orb.Point{1000, 1000}, 15, today)
	put(1, 7, orb.Point{1100, 1000}, 5, today-3)
	put(1, 50, orb.Point{4000, 4000}, 5, today-200) // long ago
	put(1, 50, orb.Point{4000, 3000}, 5, today+300) // to come
	got := expect.Repeats(events, expect.Repeating{Today: today})
	if len(got) != 3 {
		t.Fatalf("%d places: %+v", len(got), got)
	}
	if got[0].Family != 1 || len(got[0].Events) < 9 || got[0].Last != today || got[0].P > 0.001 || math.Hypot(got[0].At[0]-1000, got[0].At[1]-1000) > 20 {
		t.Errorf("%+v", got[0])
	}
	seen := map[int64]bool{}
	for _, p := range got {
		for _, e := range p.Events {
			if seen[e] {
				t.Errorf("incident %d is at two places", e)
			}
			seen[e] = true
		}
	}
	if again := expect.Repeats(events, expect.Repeating{Today: today}); !reflect.DeepEqual(again, got) {
		t.Error("another answer the second time")
	}
	// Where all is dense, much at one place is nothing special.
	var dense []expect.Event
	for i := range 4000 {
		dense = append(dense, expect.Event{ID: int64(i + 1), Day: today - i%90, At: orb.Point{r.Float64() * 800, r.Float64() * 800}})
	}
	if got := expect.Repeats(dense, expect.Repeating{Today: today}); len(got) > 0 {
		t.Errorf("%d places in an even crowd, the first with %d of %.1f", len(got), len(got[0].Events), got[0].Around)
	}
	if got := expect.Repeats(nil, expect.Repeating{Today: today}); got != nil {
		t.Errorf("%v", got)
	}
}

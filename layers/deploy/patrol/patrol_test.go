package patrol_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"onemap/layers/deploy/patrol"
)

// crew is n units of an eight-hour shift with a break, every other one an hour later.
func crew(n int) []patrol.Unit {
	out := make([]patrol.Unit, n)
	for i := range out {
		from := float64(i%2) * hour
		out[i] = patrol.Unit{FromS: from, UntilS: from + 8*hour, Breaks: []patrol.Break{{EarliestS: from + 3*hour, LatestS: from + 5*hour, LengthS: 2700, Place: -1 + i%2}}}
	}
	return out
}

func solve(t *testing.T, p patrol.Problem) patrol.Plan {
	t.Helper()
	plan, err := patrol.Solve(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	verify(t, p, plan)
	return plan
}

func TestWithinOnePercentOfTheExactOptimum(t *testing.T) {
	instances := 16
	if os.Getenv("ONEMAP_LONG") != "" {
		instances = 400
	}
	for i := range instances {
		rng := rand.New(rand.NewPCG(6, uint64(i)))
		p := patrol.Problem{Travel: plain(rng, 10, 2400, float64(i%3)*0.3), Spots: spots(rng, 10), Rules: patrol.Rules{MaxSpots: 4 + i%7}}
		for s := range p.Spots {
			p.Spots[s].Most = 1
		}
		for range 1 + i%3 {
			p.Units = append(p.Units, patrol.Unit{UntilS: (1 + rng.Float64()*2) * hour})
		}
		want, err := patrol.Exact(p)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := patrol.Solve(t.Context(), p)
		var none *patrol.Fault
		if want == 0 && errors.As(err, &none) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		verify(t, p, plan)
		if plan.Score < 0.99*want || plan.Score > want*(1+1e-9) {
			t.Errorf("instance %d, %d units: score %.4f, optimum %.4f", i, len(p.Units), plan.Score, want)
		}
	}
}

// The exact method itself: against every order of every choice.
func TestExactIsWhatTryingAllFinds(t *testing.T) {
	for i := range 5 {
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		p := patrol.Problem{Travel: plain(rng, 6, 2400, 0.5), Spots: spots(rng, 6), Units: []patrol.Unit{{UntilS: 1.5 * hour}}, Rules: patrol.Rules{MaxSpots: 6}}
		for s := range p.Spots {
			p.Spots[s].Most = 1
		}
		best := 0.0
		var try func(at int, now, score float64, used int)
		try = func(at int, now, score float64, used int) {
			if now+float64(p.Travel[at][0]) <= 1.5*hour {
				best = math.Max(best, score)
			}
			for s, spot := range p.Spots {
				if used>>s&1 == 0 {
					try(s+1, now+float64(p.Travel[at][s+1])+900, score+spot.Score, used|1<<s)
				}
			}
		}
		try(0, 0, 0, 0)
		if got, err := patrol.Exact(p); err != nil || math.Abs(got-best) > 1e-9 {
			t.Errorf("instance %d: exact says %g (%v), trying all says %g", i, got, err, best)
		}
	}
}

func TestRulesAreKept(t *testing.T) {
	for i := range 6 {
		rng := rand.New(rand.NewPCG(8, uint64(i)))
		p := patrol.Problem{Travel: plain(rng, 24, 1500, 0.2), Spots: spots(rng, 24), Units: crew(3), Rules: patrol.Rules{Seed: uint64(i), Explore: 0.08, Detour: 0.25, Rounds: 15}}
		for s := range p.Spots {
			switch {
			case s >= 18:
				p.Spots[s].Explore = true
			case s%5 == 0:
				p.Spots[s].Most = 2 // its cap
			case s%7 == 0:
				p.Spots[s].Taken = []float64{2 * hour}
			}
		}
		p.Units[2].End, p.Units[2].Start = -1, -1
		plan := solve(t, p)
		if share := float64(plan.Explored) / float64(plan.Stops); share < 0.05 || share > 0.12 {
			t.Errorf("%d of %d stops are exploration", plan.Explored, plan.Stops)
		}
		if plan.Stops < 40 {
			t.Errorf("%d stops: three units have time for more", plan.Stops)
		}
	}
}

func TestTheSeedDecides(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 0))
	p := patrol.Problem{Travel: plain(rng, 20, 1500, 0), Spots: spots(rng, 20), Units: crew(2), Rules: patrol.Rules{Seed: 1, Explore: 0.1, Detour: 0.3, Rounds: 10}}
	for s := range 8 {
		p.Spots[12+s].Explore = true
	}
	first, again := solve(t, p), solve(t, p)
	if !reflect.DeepEqual(first, again) {
		t.Error("the same problem and seed gave two plans")
	}
	p.Rules.Seed = 2
	other := solve(t, p)
	if reflect.DeepEqual(first.Routes, other.Routes) {
		t.Error("another seed gave the same routes: their order can be learned")
	}
	p.Rules.Detour = 0
	if straight := solve(t, p); straight.Score < other.Score-1e-9 || straight.TravelS > other.TravelS+1e-6 {
		t.Errorf("without random order: score %g travel %g; with it %g %g", straight.Score, straight.TravelS, other.Score, other.TravelS)
	}
}

func TestBadInputIsAnsweredClearly(t *testing.T) {
	good := func() patrol.Problem {
		rng := rand.New(rand.NewPCG(10, 0))
		return patrol.Problem{Travel: plain(rng, 4, 600, 0), Spots: spots(rng, 4), Units: crew(1), Rules: patrol.Rules{Rounds: 2}}
	}
	inf := float32(math.Inf(1))
	for _, tt := range []struct {
		name  string
		spoil func(*patrol.Problem)
		want  string
	}{
		{"zero units", func(p *patrol.Problem) { p.Units = nil }, "units: at least one unit"},
		{"zero places", func(p *patrol.Problem) { p.Spots = nil }, "spots: at least one place"},
		{"a shift that ends before it begins", func(p *patrol.Problem) { p.Units[0].UntilS = -1 }, "units[0].until"},
		{"a shift of no length", func(p *patrol.Problem) { p.Units[0].UntilS = p.Units[0].FromS }, "units[0].until"},
		{"a shift of NaN hours", func(p *patrol.Problem) { p.Units[0].UntilS = math.NaN() }, "units[0].until"},
		{"a shift of two days", func(p *patrol.Problem) { p.Units[0].UntilS = 48 * hour }, "at most 24 hours"},
		{"a break outside the shift", func(p *patrol.Problem) { p.Units[0].Breaks[0].LatestS = 9 * hour }, "a break within the shift"},
		{"two breaks at once", func(p *patrol.Problem) {
			p.Units[0].Breaks = append(p.Units[0].Breaks, patrol.Break{EarliestS: hour, LatestS: hour, LengthS: 60, Place: -1})
		}, "breaks[1]"},
		{"breaks as long as the shift", func(p *patrol.Problem) {
			p.Units[0].Breaks = []patrol.Break{{EarliestS: 0, LatestS: 4 * hour, LengthS: 4 * hour, Place: -1}, {EarliestS: 4 * hour, LatestS: 4 * hour, LengthS: 4 * hour, Place: -1}}
		}, "every shift is too short"},
		{"a shift too short for any stop", func(p *patrol.Problem) { p.Units[0].Breaks, p.Units[0].UntilS = nil, 600 }, "every shift is too short"},
		{"no road to any place", func(p *patrol.Problem) {
			for i := range p.Travel[0] {
				p.Travel[0][i] = inf
			}
		}, "no road leads from any unit's start"},
		{"no road home", func(p *patrol.Problem) { p.Units[0].End = 1; p.Travel[0][1] = inf }, "no road leads from its start to its end"},
		{"no unit on the roads", func(p *patrol.Problem) { p.Units[0].Unreachable = true }, "no unit is on the roads"},
		{"a score that is no number", func(p *patrol.Problem) { p.Spots[2].Score = math.NaN() }, "spots[2].score"},
		{"travel that is no number", func(p *patrol.Problem) { p.Travel[1][2] = float32(math.NaN()) }, "travel"},
		{"a stay of a week", func(p *patrol.Problem) { p.Rules.StayS = 7 * 24 * hour }, "12 to 16 are advised"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := good()
			tt.spoil(&p)
			_, err := patrol.Solve(t.Context(), p)
			var f *patrol.Fault
			if !errors.As(err, &f) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("says %v, wanted a fault with %q", err, tt.want)
			}
		})
	}
}

func TestPlacesBehindNoRoadAreTold(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 0))
	p := patrol.Problem{Travel: plain(rng, 8, 900, 0), Spots: spots(rng, 8), Units: crew(1), Rules: patrol.Rules{Rounds: 5}}
	for i := range p.Travel {
		if i != 3 {
			p.Travel[i][3], p.Travel[3][i] = float32(math.Inf(1)), float32(math.Inf(1))
		}
	}
	if plan := solve(t, p); !reflect.DeepEqual(plan.Unreachable, []int{2}) {
		t.Errorf("unreachable %v, wanted [2]", plan.Unreachable)
	}
}

func TestAnOrderByHand(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 0))
	p := patrol.Problem{Travel: plain(rng, 6, 900, 0), Spots: spots(rng, 6), Units: crew(2), Rules: patrol.Rules{Rounds: 5}}
	plan, err := patrol.Retime(p, [][]int{{5, 0, 3, 0}, {1}})
	if err != nil {
		t.Fatal(err)
	}
	verify(t, p, plan)
	got := ""
	for _, s := range plan.Routes[0].Stops {
		got += fmt.Sprint(s.Spot, " ")
	}
	if got != "5 0 3 0 " {
		t.Errorf("stops %s: a person's order was changed", got)
	}
	for _, tt := range []struct {
		orders [][]int
		want   string
	}{
		{[][]int{{0, 0, 0, 0, 0, 0, 0}, {}}, "after the end of its shift"},
		{[][]int{{9}, {}}, "units[0].stops[0]"},
		{[][]int{{}}, "for each of the 2 units"},
	} {
		if _, err := patrol.Retime(p, tt.orders); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v, wanted %q", tt.orders, err, tt.want)
		}
	}
}

func TestSolveEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rng := rand.New(rand.NewPCG(13, 0))
	p := patrol.Problem{Travel: plain(rng, 8, 900, 0), Spots: spots(rng, 8), Units: crew(1)}
	if _, err := patrol.Solve(ctx, p); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func BenchmarkTenUnitsSixtySpots(b *testing.B) {
	score := 0.0
	for i := range b.N {
		rng := rand.New(rand.NewPCG(14, uint64(i)))
		p := patrol.Problem{Travel: plain(rng, 60, 1800, 0.1), Spots: spots(rng, 60), Units: crew(10), Rules: patrol.Rules{Detour: 0.25}}
		plan, err := patrol.Solve(b.Context(), p)
		if err != nil {
			b.Fatal(err)
		}
		score += plan.Score
		b.ReportMetric(score/float64(i+1), "score")
		b.ReportMetric(float64(plan.Stops), "stops")
	}
}

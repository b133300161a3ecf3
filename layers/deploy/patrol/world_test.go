package patrol_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"onemap/layers/deploy/patrol"
)

// plain is a town of points in a square of so many seconds' drive: places 0 is
// the post, 1 to n the spots. One-way streets make some ways longer; all
// are the quickest, as those of a road network.
func plain(rng *rand.Rand, n int, side, oneWay float64) [][]float32 {
	at := make([][2]float64, n+1)
	for i := range at {
		at[i] = [2]float64{side * rng.Float64(), side * rng.Float64()}
	}
	m := make([][]float32, n+1)
	for i := range m {
		m[i] = make([]float32, n+1)
		for j := range m[i] {
			if i != j {
				m[i][j] = float32(math.Hypot(at[i][0]-at[j][0], at[i][1]-at[j][1]) * (1 + oneWay*rng.Float64()))
			}
		}
	}
	for k := range m {
		for i := range m {
			for j := range m {
				m[i][j] = min(m[i][j], m[i][k]+m[k][j])
			}
		}
	}
	return m
}

// spots are at the places 1 to n, with scores as steep as those of a city.
func spots(rng *rand.Rand, n int) []patrol.Spot {
	out := make([]patrol.Spot, n)
	for i := range out {
		out[i] = patrol.Spot{Place: i + 1, Score: math.Pow(rng.Float64(), 2) + 0.05}
	}
	return out
}

const hour = 3600.0

// verify drives a plan by its own arithmetic and finds every broken rule.
func verify(t *testing.T, p patrol.Problem, plan patrol.Plan) {
	t.Helper()
	d := patrol.Defaults()
	stay, apart, most := p.Rules.StayS, p.Rules.ApartS, p.Rules.MaxSpots
	if stay == 0 {
		stay = d.StayS
	}
	if apart == 0 {
		apart = d.ApartS
	}
	if most == 0 {
		most = d.MaxSpots
	}
	way := func(a, b int) float64 {
		if a < 0 || b < 0 || a == b {
			return 0
		}
		return float64(p.Travel[a][b])
	}
	starts := map[int][]float64{}
	score, explored, count := 0.0, 0, 0
	for u, r := range plan.Routes {
		unit := p.Units[u]
		at, now, travel, rests := unit.Start, unit.FromS, 0.0, r.Breaks
		rest := func(k int) {
			for len(rests) > 0 && rests[0].Before == k {
				b := unit.Breaks[len(r.Breaks)-len(rests)]
				if b.Place >= 0 {
					travel, now, at = travel+way(at, b.Place), now+way(at, b.Place), b.Place
				}
				if rests[0].FromS < now-1e-3 || rests[0].FromS < b.EarliestS-1e-3 || rests[0].FromS > b.LatestS+1e-3 || math.Abs(rests[0].ToS-rests[0].FromS-b.LengthS) > 1e-3 {
					t.Errorf("unit %d: break %+v at %.0f, wanted %+v", u, rests[0], now, b)
				}
				now, rests = rests[0].ToS, rests[1:]
			}
		}
		different := map[int]bool{}
		for k, s := range r.Stops {
			rest(k)
			spot := p.Spots[s.Spot]
			travel, now, at = travel+way(at, spot.Place), now+way(at, spot.Place), spot.Place
			if math.Abs(s.ArriveS-now) > 1e-3 || s.StartS < now-1e-3 {
				t.Errorf("unit %d stop %d: arrives %.1f and begins %.1f, drove until %.1f", u, k, s.ArriveS, s.StartS, now)
			}
			long := spot.StayS
			if long == 0 {
				long = stay
			}
			if math.Abs(s.LeaveS-s.StartS-long) > 1e-3 {
				t.Errorf("unit %d stop %d: stays %.0f s, wanted %.0f", u, k, s.LeaveS-s.StartS, long)
			}
			now = s.LeaveS
			starts[s.Spot] = append(starts[s.Spot], s.StartS)
			score += s.Score
			count++
			if spot.Explore {
				explored++
			} else {
				different[s.Spot] = true
			}
		}
		rest(len(r.Stops))
		if len(rests) > 0 || len(r.Breaks) < len(unit.Breaks) && now+way(at, unit.End) > unit.Breaks[len(r.Breaks)].EarliestS+1e-3 {
			t.Errorf("unit %d: took %d of %d breaks", u, len(r.Breaks)-len(rests), len(unit.Breaks))
		}
		travel, now = travel+way(at, unit.End), now+way(at, unit.End)
		if now > unit.UntilS+1e-3 {
			t.Errorf("unit %d is back at %.0f, after its shift's end at %.0f", u, now, unit.UntilS)
		}
		if math.Abs(r.EndS-now) > 1e-2 || math.Abs(r.TravelS-travel) > 1e-2 {
			t.Errorf("unit %d: says end %.1f travel %.1f, is %.1f %.1f", u, r.EndS, r.TravelS, now, travel)
		}
		if len(different) > most || unit.MaxStops > 0 && len(r.Stops) > unit.MaxStops {
			t.Errorf("unit %d: %d spots and %d stops, at most %d and %d", u, len(different), len(r.Stops), most, unit.MaxStops)
		}
	}
	for s, at := range starts {
		mine := len(at)
		if p.Spots[s].Most > 0 && mine > p.Spots[s].Most {
			t.Errorf("spot %d: %d stops, at most %d", s, mine, p.Spots[s].Most)
		}
		at = append(at, p.Spots[s].Taken...)
		slices.Sort(at)
		for i := 1; i < len(at) && mine > 0; i++ {
			if at[i]-at[i-1] < apart-1e-3 {
				t.Errorf("spot %d: stops at %.0f and %.0f, closer than %.0f", s, at[i-1], at[i], apart)
			}
		}
	}
	if math.Abs(score-plan.Score) > 1e-6*math.Max(1, score) || explored != plan.Explored || count != plan.Stops {
		t.Errorf("plan says score %g explored %d stops %d, is %g %d %d", plan.Score, plan.Explored, plan.Stops, score, explored, count)
	}
}

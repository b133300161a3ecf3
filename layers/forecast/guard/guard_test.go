package guard_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/guard"
	"onemap/layers/forecast/hotspot"
)

// Two areas alike. What patrols find makes the forecast run away; with the
// filter that onemap has it stays where the reports are.
func TestFeedback(t *testing.T) {
	urn := guard.Urn{Reported: [2]float64{2, 2}, Discovered: [2]float64{4, 4}, Start: [2]float64{210, 200}, Rounds: 500, Hotspot: true}
	for seed := range uint64(20) {
		urn.Train = true
		away, err := urn.Run(seed)
		if err != nil {
			t.Fatal(err)
		}
		urn.Train = false
		still, err := urn.Run(seed)
		if err != nil {
			t.Fatal(err)
		}
		if away.MaxOff < 0.15 {
			t.Errorf("seed %d: with discovered events the share stays within %.3f: this test tests nothing", seed, away.MaxOff)
		}
		if still.MaxOff > 0.05 {
			t.Errorf("seed %d: by reports alone the share strays by %.3f", seed, still.MaxOff)
		}
		if len(still.Share) != 500 || still.Visits[0]+still.Visits[1] != 500 {
			t.Errorf("%d rounds, %v visits", len(still.Share), still.Visits)
		}
	}
}

// With nothing reported but what the public says, where the patrol goes changes
// nothing: the course is the same whatever it finds.
func TestFilterMakesPatrolsInvisible(t *testing.T) {
	a := guard.Urn{Reported: [2]float64{3, 1}, Start: [2]float64{60, 20}, Rounds: 100}
	got, err := a.Run(4)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.Truth-0.75) > 1e-12 || got.MaxOff > 0.08 {
		t.Errorf("truth %g, off by %g", got.Truth, got.MaxOff)
	}
	for _, bad := range []guard.Urn{{}, {Reported: [2]float64{1, 1}, Start: [2]float64{1, 1}}, {Reported: [2]float64{-1, 1}, Start: [2]float64{1, 1}, Rounds: 1}, {Reported: [2]float64{math.NaN(), 1}, Start: [2]float64{1, 1}, Rounds: 1}} {
		if _, err := bad.Run(1); !errors.Is(err, hotspot.ErrInput) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func city(t *testing.T) (*hotspot.Space, guard.Groups) {
	t.Helper()
	s, err := hotspot.Lattice(orb.MultiPolygon{{{{0, 0}, {2000, 0}, {2000, 1000}, {0, 1000}, {0, 0}}}}, 100, 0, orb.Point{})
	if err != nil {
		t.Fatal(err)
	}
	g := guard.Groups{Names: []string{"west", "east"}, OfCell: make([]int, s.Len())}
	for c := range g.OfCell {
		if s.Centre(c)[0] > 1000 {
			g.OfCell[c] = 1
		}
	}
	return s, g
}

// count is a model for these tests: what was is what will be.
type count struct{}

func (count) Name() string { return "count" }
func (count) Fit(_ context.Context, s *hotspot.Space, past []hotspot.Event, until float64) (hotspot.Fitted, error) {
	f := make(counted, s.Len())
	s.Counts(past, f)
	return f, nil
}

type counted []float64

func (f counted) Expect(_, _ float64, into []float64) { copy(into, f) }

func TestUnderReport(t *testing.T) {
	s, g := city(t)
	r := rand.New(rand.NewPCG(1, 2))
	var past []hotspot.Event
	for range 4000 {
		// Some cells see far more than others, in both halves.
		x, y := 2000*r.Float64(), 1000*math.Pow(r.Float64(), 2)
		past = append(past, hotspot.Event{Day: 0, At: orb.Point{x, y}})
	}
	out, err := guard.UnderReport(t.Context(), count{}, s, past, 1, g, guard.Thinning{Missing: 0.3, Top: 0.1, HorizonD: 7, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range out {
		if share := float64(x.Removed) / float64(x.Events); math.Abs(share-0.3) > 0.05 {
			t.Errorf("%s: %.2f of the reports are missing", x.Group, share)
		}
		if x.After >= x.Before || x.Jaccard >= 1 || x.Jaccard <= 0 {
			t.Errorf("%s: whoever reports less is flagged less: %+v", x.Group, x)
		}
	}
	for _, bad := range []guard.Thinning{{}, {Missing: 2, Top: 0.1, HorizonD: 1}, {Missing: 0.3, Top: 0, HorizonD: 1}, {Missing: 0.3, Top: 0.1}} {
		if _, err := guard.UnderReport(t.Context(), count{}, s, past, 1, g, bad); !errors.Is(err, hotspot.ErrInput) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := guard.UnderReport(t.Context(), count{}, s, past, 1, guard.Groups{}, guard.Thinning{Missing: 0.3, Top: 0.1, HorizonD: 1}); !errors.Is(err, hotspot.ErrInput) {
		t.Errorf("no groups: %v", err)
	}
}

func TestExposed(t *testing.T) {
	s, g := city(t)
	flag := make([]bool, s.Len())
	expected, seen, reported, people := make([]float64, s.Len()), make([]float64, s.Len()), make([]float64, s.Len()), make([]float64, s.Len())
	for c := range flag {
		west := g.OfCell[c] == 0
		flag[c] = west && c%4 == 0 || !west && c%8 == 0
		expected[c], reported[c], people[c] = 1, 1, 100
		if seen[c] = 1; west {
			seen[c], reported[c] = 0.5, 3
		}
	}
	out, err := guard.Exposed(s, g, flag, expected, seen, reported, people)
	if err != nil {
		t.Fatal(err)
	}
	west, east := out[0], out[1]
	if west.Reported != 0.75 || west.Population != 0.5 || west.Ratio != 0.5 || east.Ratio != 1 || west.Expected != 0.5 {
		t.Errorf("west %+v, east %+v", west, east)
	}
	if !(west.High < 1 && west.Low > 0.3 && east.Low < 1 && east.High > 1) {
		t.Errorf("west %g to %g, east %g to %g", west.Low, west.High, east.Low, east.High)
	}
	if math.Abs(west.Flagged+east.Flagged-1) > 1e-12 || west.Flagged <= east.Flagged {
		t.Errorf("flagged %g and %g", west.Flagged, east.Flagged)
	}
	if _, err := guard.Exposed(s, g, flag[1:], expected, seen, reported, nil); !errors.Is(err, hotspot.ErrInput) {
		t.Errorf("a flag is missing: %v", err)
	}
}

package roads_test

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"onemap/layers/deploy/roads"
)

// A town of 4 streets around a block of about 1,000 m, one of them one-way, an
// island with a road of its own, and a dead end out of the core.
//
//	3 --- 4        7 --- 8 (an island)
//	|     |
//	1 --> 2 --> 5
func town() []roads.Edge {
	at := func(x, y float64) orb.Point { return orb.Point{120 + x*0.01, 30 + y*0.009} }
	edge := func(id, from, to int64, there, back float64, line ...orb.Point) roads.Edge {
		return roads.Edge{ID: id, Source: from, Target: to, LengthM: 1000, Forward: there, Backward: back, Foot: 720, Class: "primary", Line: line}
	}
	return []roads.Edge{
		edge(12, 1, 2, 100, -1, at(0, 0), at(1, 0)),
		edge(24, 2, 4, 80, 80, at(1, 0), at(1, 1)),
		edge(43, 4, 3, 60, 60, at(1, 1), at(0, 1)),
		edge(31, 3, 1, 40, 40, at(0, 1), at(0, 0)),
		edge(25, 2, 5, 30, -1, at(1, 0), at(2, 0)),
		edge(78, 7, 8, 50, 50, at(3, 1), at(4, 1)),
	}
}

func at(x, y float64) orb.Point { return orb.Point{120 + x*0.01, 30 + y*0.009} }

func place(t *testing.T, g *roads.Graph, x, y float64) roads.Place {
	t.Helper()
	p, ok := g.Snap(at(x, y))
	if !ok {
		t.Fatalf("no road near %g, %g", x, y)
	}
	return p
}

func TestTimes(t *testing.T) {
	g, err := roads.New(town(), roads.Profile{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	inf := math.Inf(1)
	for _, tt := range []struct {
		name   string
		ax, ay float64
		bx, by float64
		want   float64
	}{
		{"along the edge", 0.25, 0, 0.75, 0, 50},
		{"against a one-way street: round the block", 0.75, 0, 0.25, 0, 25 + 80 + 60 + 40 + 25},
		{"both ends of the goal's edge count", 0, 0.5, 0.5, 1, 20 + 30},
		{"to a dead end", 0, 0, 2, 0, 130},
		{"and not back", 2, 0, 0, 0, inf},
		{"to an island", 0, 0, 3.5, 1, inf},
		{"on the island", 3.25, 1, 3.75, 1, 25},
		{"nowhere", 0.5, 0, 0.5, 0, 0},
	} {
		a, b := place(t, g, tt.ax, tt.ay), place(t, g, tt.bx, tt.by)
		m, err := g.Matrix(t.Context(), []roads.Place{a}, []roads.Place{b})
		if err != nil {
			t.Fatal(err)
		}
		if got := float64(m[0][0]); !(math.Abs(got-tt.want) < 0.01 || got == tt.want) {
			t.Errorf("%s: %.2f s, want %.2f", tt.name, got, tt.want)
		}
		r := g.Route(a, b)
		if !(math.Abs(r.Seconds-tt.want) < 0.01 || r.Seconds == tt.want) || (r.Line == nil) != math.IsInf(tt.want, 1) {
			t.Errorf("%s: the route takes %.2f s, want %.2f: %v", tt.name, r.Seconds, tt.want, r.Line)
		}
		if s, _ := g.Nearest([]roads.Place{a}, []roads.Place{b}); math.Abs(float64(s[0])-tt.want) > 0.01 && float64(s[0]) != tt.want {
			t.Errorf("%s: reached in %.2f s, want %.2f", tt.name, s[0], tt.want)
		}
	}
}

func TestPartsAreTold(t *testing.T) {
	g, err := roads.New(town(), roads.Profile{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := g.Parts(), (roads.Parts{Nodes: 7, Edges: 6, Count: 2, Largest: 5, Core: 4}); got != want {
		t.Errorf("parts: %+v, want %+v", got, want)
	}
	if p := place(t, g, 3.5, 1); p.Part != 1 || p.Core {
		t.Errorf("a place on the island: %+v", p)
	}
	if p := place(t, g, 0.5, 0); p.Part != 0 || !p.Core {
		t.Errorf("a place in the town: %+v", p)
	}
	if p := place(t, g, 1.6, 0.02); p.Part != 0 || p.Core {
		t.Errorf("a place on the dead end: %+v", p)
	}
}

func TestSnapping(t *testing.T) {
	g, err := roads.New(town(), roads.Profile{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := place(t, g, 0.5, -0.1)
	if math.Abs(p.OffM-100) > 1 || math.Abs(p.On[1]-30) > 1e-9 {
		t.Errorf("100 m south of the street: %+v", p)
	}
	if p := place(t, g, 1.1, 0.01); !p.Core {
		t.Errorf("beside the dead end but 100 m from the core: %+v", p)
	}
	if _, ok := g.Snap(at(0.5, -3)); ok {
		t.Error("a place 3 km from every road was snapped")
	}
	if _, ok := g.Snap(orb.Point{math.NaN(), 30}); ok {
		t.Error("a place that is none was snapped")
	}
}

func TestProfiles(t *testing.T) {
	from, to := at(0, 0), at(1, 0)
	for _, tt := range []struct {
		name string
		p    roads.Profile
		f    roads.Factors
		want float64
	}{
		{"by car", roads.Profile{}, nil, 100},
		{"a peak hour", roads.Profile{Hour: roads.HourOf(0, 8)}, roads.Factors{"primary": 0.5}, 200},
		{"a factor for the rest", roads.Profile{Mode: roads.Emergency}, roads.Factors{"": 1.25, "service": 1}, 80},
		{"on foot either way", roads.Profile{Mode: roads.Foot}, nil, 720},
	} {
		g, err := roads.New(town(), tt.p, tt.f)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := g.Snap(from)
		b, _ := g.Snap(to)
		if got := g.Route(a, b).Seconds; math.Abs(got-tt.want) > 0.01 {
			t.Errorf("%s: %.1f s, want %.1f", tt.name, got, tt.want)
		}
	}
	if _, err := roads.New(nil, roads.Profile{}, nil); !errors.Is(err, roads.ErrNoRoads) {
		t.Errorf("a city without roads: %v", err)
	}
	closed := town()
	for i := range closed {
		closed[i].Forward, closed[i].Backward = -1, -1
	}
	if _, err := roads.New(closed, roads.Profile{}, nil); !errors.Is(err, roads.ErrNoRoads) {
		t.Errorf("a city whose roads are closed to cars: %v", err)
	}
}

func TestReach(t *testing.T) {
	g, err := roads.New(town(), roads.Profile{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := g.Reach([]roads.Place{place(t, g, 0.5, 0)}, 60)
	defer r.Close()
	if s, from := r.At(place(t, g, 1, 0.1)); math.Abs(float64(s)-58) > 0.5 || from != 0 {
		t.Errorf("a place within the time: %v, %d", s, from)
	}
	if s, from := r.At(place(t, g, 1, 0.2)); s != roads.Unreachable || from != -1 {
		t.Errorf("a place beyond it: %v, %d", s, from)
	}
	// 50 s to the crossing; 10 s of 80 northward, 10 of 30 eastward.
	var km float64
	for _, line := range r.Lines() {
		for i := 1; i < len(line); i++ {
			km += math.Hypot((line[i][0]-line[i-1][0])/0.01, (line[i][1]-line[i-1][1])/0.009)
		}
	}
	if want := 0.5 + 10.0/80 + 10.0/30; math.Abs(km-want) > 0.01 {
		t.Errorf("%.3f km of road are reached, want %.3f", km, want)
	}
}

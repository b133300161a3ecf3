package fenceindex_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/fenceindex"
	"onemap/geo/gridindex"
)

func square(x0, y0, x1, y1 float64) orb.MultiPolygon {
	return orb.MultiPolygon{{orb.Ring{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}}
}

func at(x *fenceindex.Index, p orb.Point) (keys []string) {
	x.At(p, func(f *fenceindex.Fence) { keys = append(keys, f.Key) })
	slices.Sort(keys)
	return keys
}

// The index answers as looking at each fence does, while fences of all sizes
// come, change and go.
func TestIndexIsLookingAtEach(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x, plain := fenceindex.New(), map[string]orb.MultiPolygon{}
	for range 3000 {
		key := fmt.Sprint(r.IntN(300))
		if r.IntN(4) == 0 {
			x.Remove(key)
			delete(plain, key)
		} else {
			w := math.Pow(10, -4+5*r.Float64()) // 10 m to 1,000 km
			px, py := 119+2*r.Float64(), -1+2*r.Float64()
			g := square(px, py, px+w, py+w*r.Float64())
			x.Put(key, g)
			plain[key] = g
		}
		p := orb.Point{119 + 2*r.Float64(), -1 + 2*r.Float64()}
		if some := plain[key]; some != nil && r.IntN(2) == 0 {
			p = some[0][0][r.IntN(4)] // a corner belongs to its fence
		}
		var want []string
		for k, g := range plain {
			if gridindex.Holds(g, p) {
				want = append(want, k)
			}
		}
		slices.Sort(want)
		if got := at(x, p); !slices.Equal(got, want) || x.Len() != len(plain) {
			t.Fatalf("%v is in %v, want %v", p, got, want)
		}
	}
	for _, p := range []orb.Point{{math.NaN(), 0}, {120, math.Inf(1)}} {
		if got := at(x, p); got != nil {
			t.Errorf("%v is in %v", p, got)
		}
	}
}

func TestStep(t *testing.T) {
	x := fenceindex.New()
	x.Put("west", square(120.00, 29.30, 120.01, 29.31))
	x.Put("east", square(120.01, 29.30, 120.02, 29.31))
	x.Put("all", square(119.9, 29.2, 120.1, 29.4))
	const metre = 1 / 97_000.0 // of longitude, at this latitude
	for _, tt := range []struct {
		name     string
		in       []string
		lon      float64
		accuracy float64
		want     []string
		crossed  string
	}{
		{"enters what is around", nil, 120.005, 10, []string{"all", "west"}, "[{all true} {west true}]"},
		{"stays", []string{"all", "west"}, 120.006, 10, []string{"all", "west"}, "[]"},
		{"the edge is nearer than the accuracy: as before", []string{"all", "west"}, 120.01 + 9*metre, 10, []string{"all", "west"}, "[]"},
		{"beyond it: left, and the next entered", []string{"all", "west"}, 120.01 + 11*metre, 10, []string{"all", "east"}, "[{west false} {east true}]"},
		{"back by less than twice: no trembling", []string{"all", "east"}, 120.01 - 9*metre, 10, []string{"all", "east"}, "[]"},
		{"200 m say nothing of a fence as small, all of a large one", nil, 120.01, 200, []string{"all"}, "[{all true}]"},
		{"accuracy 0 is containment, edges included", nil, 120.01, 0, []string{"all", "east", "west"}, "[{all true} {east true} {west true}]"},
		{"a fence that is no more is left", []string{"all", "gone", "west"}, 120.005, 10, []string{"all", "west"}, "[{gone false}]"},
		{"far away", []string{"all", "west"}, 121, 500, []string{}, "[{all false} {west false}]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.in)
			got, crossed := x.Step(tt.in, orb.Point{tt.lon, 29.305}, tt.accuracy, nil)
			if !slices.Equal(got, tt.want) || fmt.Sprint(crossed) != tt.crossed {
				t.Errorf("in %v, crossed %v; want %v, %s", got, crossed, tt.want, tt.crossed)
			}
			if !slices.Equal(before, tt.in) {
				t.Error("it changed what it was given")
			}
		})
	}
}

// A fence that is not for somebody is not entered, and left by who was in it.
func TestStepOfThoseItIsFor(t *testing.T) {
	x := fenceindex.New()
	x.Put("a", square(120, 29, 121, 30))
	x.Put("b", square(120, 29, 121, 30))
	got, crossed := x.Step([]string{"a"}, orb.Point{120.5, 29.5}, 5, func(key string) bool { return key == "b" })
	if !slices.Equal(got, []string{"b"}) || fmt.Sprint(crossed) != "[{a false} {b true}]" {
		t.Error(got, crossed)
	}
}

func BenchmarkStep(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	x := fenceindex.New()
	for i := range 20_000 { // cells of 100 m, and one in a hundred of 2 km
		w := 0.001
		if i%100 == 0 {
			w = 0.02
		}
		px, py := 120+0.14*r.Float64(), 29+0.14*r.Float64()
		ring := orb.Ring{}
		for k := range 33 {
			a := 2 * math.Pi * float64(k%32) / 32
			ring = append(ring, orb.Point{px + w*math.Cos(a)/2, py + w*math.Sin(a)/2})
		}
		x.Put(fmt.Sprint("fence/", i), orb.MultiPolygon{{ring}})
	}
	in := []string{}
	p := orb.Point{120.07, 29.07}
	b.ReportAllocs()
	for b.Loop() {
		p[0] += 0.0001 * (r.Float64() - 0.5)
		p[1] += 0.0001 * (r.Float64() - 0.5)
		in, _ = x.Step(in, p, 8, nil)
	}
}

package griddraw_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/griddraw"
)

func box(x0, y0, x1, y1 float64) orb.Polygon {
	return orb.Polygon{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}
}

// town makes two communities side by side with streets, houses and all the dirt
// that maps have: lines that cross themselves, repeat, end nowhere, run just
// beside each other; houses across streets and across the border.
func town(seed uint64) griddraw.Input {
	r := rand.New(rand.NewPCG(seed, 7))
	in := griddraw.Input{Communities: []griddraw.Community{
		{Code: "330782001001", Shape: orb.MultiPolygon{box(120.000, 29.000, 120.006, 29.006)}},
		{Code: "330782001002", Shape: orb.MultiPolygon{box(120.006, 29.000, 120.012, 29.006)}},
	}}
	at := func() orb.Point { return orb.Point{119.999 + 0.014*r.Float64(), 28.999 + 0.008*r.Float64()} }
	ranks := []griddraw.Rank{griddraw.Main, griddraw.Lane, griddraw.Service, griddraw.Path}
	for range 40 {
		a := at()
		line := orb.LineString{a}
		for range 1 + r.IntN(6) { // crosses itself now and then
			a = orb.Point{a[0] + 0.004*(r.Float64()-0.5), a[1] + 0.004*(r.Float64()-0.5)}
			line = append(line, a)
		}
		l := griddraw.Line{Points: line, Rank: ranks[r.IntN(4)], Road: true}
		in.Lines = append(in.Lines, l)
		if r.IntN(4) == 0 {
			in.Lines = append(in.Lines, l) // twice
		}
		if r.IntN(4) == 0 { // and once more a few centimetres beside it
			beside := orb.Clone(line).(orb.LineString)
			for i := range beside {
				beside[i][0] += 3e-7 * r.Float64()
			}
			in.Lines = append(in.Lines, griddraw.Line{Points: beside, Rank: griddraw.Wall})
		}
	}
	in.Lines = append(in.Lines, griddraw.Line{}, griddraw.Line{Points: orb.LineString{{120, 29}}}, griddraw.Line{Points: orb.LineString{{120.001, 29.001}, {120.001, 29.001}}})
	for i := range 200 {
		p := at()
		w, h, t := 8e-5+1.5e-4*r.Float64(), 8e-5+1.5e-4*r.Float64(), r.Float64()*math.Pi
		ring := orb.Ring{}
		for _, c := range [][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}, {-1, -1}} {
			ring = append(ring, orb.Point{p[0] + c[0]*w*math.Cos(t) - c[1]*h*math.Sin(t), p[1] + c[0]*w*math.Sin(t) + c[1]*h*math.Cos(t)})
		}
		in.Buildings = append(in.Buildings, griddraw.Building{ID: int64(i + 1), Shape: orb.Polygon{ring}})
	}
	return in
}

// TestDraw draws dirty towns and looks at what must hold of every drawing.
func TestDraw(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			in := town(seed)
			cells, r := griddraw.Draw(in, griddraw.Options{})
			t.Logf("%d cells, %+v, %d outliers", len(cells), r.All, len(r.Outliers))
			sum := map[string]float64{}
			edges := map[[2]orb.Point]int{}
			for i, c := range cells {
				sum[c.Community] += c.AreaM2
				if got := griddraw.AreaM2(orb.MultiPolygon{c.Shape}); math.Abs(got-c.AreaM2) > 1e-4*got+0.01 {
					t.Errorf("%s: %.2f m² of %.2f m² stated", c.Code, got, c.AreaM2)
				}
				if want := fmt.Sprintf("%s%03d", c.Community, i+1-count(cells[:i], c.Community)); c.Code != want {
					t.Errorf("code %s, want %s", c.Code, want)
				}
				for _, ring := range c.Shape {
					for k := 1; k < len(ring); k++ {
						edges[[2]orb.Point{ring[k-1], ring[k]}]++
					}
				}
			}
			// Every edge is one cell's in one direction and another's in the other, or
			// the ground's outline: so there is no gap and no overlap.
			for e, n := range edges {
				if n != 1 {
					t.Fatalf("edge %v is there %d times", e, n)
				}
				if edges[[2]orb.Point{e[1], e[0]}] == 0 && !onOutline(e) {
					t.Fatalf("edge %v has one side", e)
				}
			}
			for _, c := range in.Communities {
				if want := griddraw.AreaM2(c.Shape); math.Abs(sum[c.Code]-want) > 1 {
					t.Errorf("%s: cells have %.1f m², the ground %.1f m²", c.Code, sum[c.Code], want)
				}
			}
			for _, v := range r.Violations {
				t.Errorf("%+v", v)
			}
			again, r2 := griddraw.Draw(town(seed), griddraw.Options{})
			if !reflect.DeepEqual(cells, again) || !reflect.DeepEqual(r, r2) {
				t.Error("drawn again, it is another drawing")
			}
		})
	}
}

// count is how many of the cells before are of other communities.
func count(cells []griddraw.Cell, community string) int {
	n := 0
	for _, c := range cells {
		if c.Community != community {
			n++
		}
	}
	return n
}

func onOutline(e [2]orb.Point) bool {
	on := func(x float64, i int) bool { return math.Abs(e[0][i]-x) < 1.1e-7 && math.Abs(e[1][i]-x) < 1.1e-7 }
	return on(120.000, 0) || on(120.012, 0) || on(29.000, 1) || on(29.006, 1)
}

// TestDrawNothing: ground that is none gives no cells, and no panic.
func TestDrawNothing(t *testing.T) {
	for name, in := range map[string]griddraw.Input{
		"nothing":      {},
		"no ground":    {Communities: []griddraw.Community{{Code: "a"}}},
		"a flat ring":  {Communities: []griddraw.Community{{Code: "a", Shape: orb.MultiPolygon{{{{1, 1}, {2, 2}, {1, 1}}}}}}},
		"a bare point": {Communities: []griddraw.Community{{Code: "a", Shape: orb.MultiPolygon{{{{1, 1}}}}}}},
	} {
		if cells, r := griddraw.Draw(in, griddraw.Options{}); len(cells) != 0 || r.Cells != 0 {
			t.Errorf("%s: %d cells", name, len(cells))
		}
	}
	in := town(1)
	in.Lines, in.Buildings = nil, nil
	if cells, r := griddraw.Draw(in, griddraw.Options{}); len(cells) != 2 || len(r.Violations) != 0 {
		t.Errorf("bare ground: %d cells, %v", len(cells), r.Violations)
	}
}

// TestClaimedTwice: ground of two communities goes to the first, and is reported.
func TestClaimedTwice(t *testing.T) {
	cells, r := griddraw.Draw(griddraw.Input{Communities: []griddraw.Community{
		{Code: "a", Shape: orb.MultiPolygon{box(120, 29, 120.002, 29.001)}},
		{Code: "b", Shape: orb.MultiPolygon{box(120.001, 29, 120.003, 29.001)}},
	}}, griddraw.Options{})
	if len(r.Notes) != 1 || r.Notes[0].Kind != griddraw.ClaimedTwice {
		t.Errorf("notes %v", r.Notes)
	}
	for _, c := range cells {
		t.Logf("%s %.0f m²", c.Code, c.AreaM2)
		if c.Community == "b" && griddraw.Holds(orb.MultiPolygon{c.Shape}, orb.Point{120.0015, 29.0005}) {
			t.Error("it went to the second")
		}
	}
}

// TestHouseAcrossTheBorder: the border wins; that is a note, no violation.
func TestHouseAcrossTheBorder(t *testing.T) {
	_, r := griddraw.Draw(griddraw.Input{Communities: town(0).Communities,
		Buildings: []griddraw.Building{{ID: 7, Shape: box(120.0059, 29.003, 120.0061, 29.0032)}}}, griddraw.Options{})
	if len(r.Violations) != 0 || len(r.Notes) != 1 || r.Notes[0].Kind != griddraw.BorderBuilding || r.Notes[0].Building != 7 {
		t.Errorf("violations %v, notes %v", r.Violations, r.Notes)
	}
}

package gridindex_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"onemap/geo/gridindex"
)

func square(x0, y0, x1, y1 float64) orb.Ring {
	return orb.Ring{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}
}

func TestAt(t *testing.T) {
	x := gridindex.New([]gridindex.Grid{
		{Code: "b", Geometry: orb.MultiPolygon{{square(1, 0, 2, 1)}}},
		{Code: "a", Geometry: orb.MultiPolygon{{square(0, 0, 1, 1)}}},
		{Code: "ring", Geometry: orb.MultiPolygon{{square(3, 0, 6, 3), square(4, 1, 5, 2)}}},
		{Code: "two", Geometry: orb.MultiPolygon{{square(10, 0, 11, 1)}, {square(12, 0, 13, 1)}}},
		{Code: "nothing"},
	})
	for _, tt := range []struct {
		name string
		p    orb.Point
		want string
	}{
		{"inside", orb.Point{0.5, 0.5}, "a"},
		{"a shared border goes to the lowest code", orb.Point{1, 0.5}, "a"},
		{"a shared corner too", orb.Point{1, 1}, "a"},
		{"just east of the border", orb.Point{math.Nextafter(1, 2), 0.5}, "b"},
		{"the extent's far corner belongs", orb.Point{2, 1}, "b"},
		{"in the hole", orb.Point{4.5, 1.5}, ""},
		{"on the hole's border", orb.Point{4, 1.5}, "ring"},
		{"beside the hole", orb.Point{3.5, 1.5}, "ring"},
		{"second part", orb.Point{12.5, 0.5}, "two"},
		{"between the parts", orb.Point{11.5, 0.5}, ""},
		{"outside", orb.Point{-1, 0.5}, ""},
		{"NaN", orb.Point{math.NaN(), 0.5}, ""},
		{"infinity", orb.Point{math.Inf(1), 0.5}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if g, ok := x.At(tt.p); ok {
				got = g.Code
			}
			if got != tt.want {
				t.Errorf("%v is in %q, want %q", tt.p, got, tt.want)
			}
		})
	}
}

func TestEmptyIndexHoldsNothing(t *testing.T) {
	x := gridindex.New(nil)
	if _, ok := x.At(orb.Point{0, 0}); ok || x.Len() != 0 {
		t.Error("an empty index holds a point")
	}
}

// A chessboard has one answer that arithmetic gives: the raster must not
// change it, wherever its own lines run.
func TestChessboard(t *testing.T) {
	const n = 13
	var grids []gridindex.Grid
	for row := range n {
		for col := range n {
			grids = append(grids, gridindex.Grid{
				Code:     string(rune('A'+row)) + string(rune('A'+col)),
				Geometry: orb.MultiPolygon{{square(float64(col)/7, float64(row)/7, float64(col+1)/7, float64(row+1)/7)}},
			})
		}
	}
	x := gridindex.New(grids)
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{rapid.Float64Range(0, n/7.0).Draw(t, "x"), rapid.Float64Range(0, n/7.0).Draw(t, "y")}
		want := ""
		for _, g := range grids {
			if b := g.Geometry.Bound(); b.Contains(p) {
				want = g.Code
				break
			}
		}
		g, ok := x.At(p)
		if !ok || g.Code != want {
			t.Fatalf("%v is in %v, want %s", p, g, want)
		}
	})
}

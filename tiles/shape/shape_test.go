package shape_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
	"github.com/paulmach/orb/encoding/wkt"

	"onemap/tiles/shape"
)

func fromWKT(t testing.TB, s string) (shape.Shape, shape.Box) {
	t.Helper()
	g, err := wkt.Unmarshal(s)
	if err != nil {
		t.Fatal(err)
	}
	got, box, err := shape.FromGeometry(g)
	if err != nil {
		t.Fatal(err)
	}
	return got, box
}

func TestProject(t *testing.T) {
	const whole = 1 << 36
	for _, tt := range []struct {
		name     string
		lon, lat float64
		want     shape.Point
	}{
		{"null island is the middle", 0, 0, shape.Point{X: whole / 2, Y: whole / 2}},
		{"the north-west corner", -180, 85.0511287798066, shape.Point{X: 0, Y: 0}},
		{"the south-east corner", 180, -85.0511287798066, shape.Point{X: whole, Y: whole}},
		{"the pole moves to the edge", 90, 90, shape.Point{X: whole / 4 * 3, Y: 0}},
		{"what is beyond the antimeridian too", -540, -100, shape.Point{X: 0, Y: whole}},
		{"infinity as well", math.Inf(1), math.Inf(-1), shape.Point{X: whole, Y: whole}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := shape.Project(tt.lon, tt.lat); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	lon, lat := shape.Unproject(shape.Project(120.0745, 29.3068))
	if math.Abs(lon-120.0745) > 1e-8 || math.Abs(lat-29.3068) > 1e-8 {
		t.Errorf("there and back: %v %v", lon, lat)
	}
}

func TestFromGeometry(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
	}{
		{"a line", "LINESTRING(0 0, 1 1)", "MULTILINESTRING((0 0,1 1))"},
		{"a repeated point goes", "LINESTRING(0 0, 1 1, 1 1)", "MULTILINESTRING((0 0,1 1))"},
		{"a line of one place goes", "LINESTRING(1 1, 1 1)", ""},
		{"a part of one place goes", "MULTILINESTRING((5 5), (0 0, 1 1))", "MULTILINESTRING((0 0,1 1))"},
		{"rings get their direction", "POLYGON((0 0, 3 0, 3 3, 0 3, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
			"MULTIPOLYGON(((0 3,3 3,3 0,0 0,0 3),(1 1,2 1,2 2,1 2,1 1)))"},
		{"a ring without area goes with its hole", "MULTIPOLYGON(((0 0, 1 1, 0 0), (1 1, 2 1, 2 2, 1 1)), ((0 0, 0 1, 1 0, 0 0)))",
			"MULTIPOLYGON(((0 0,0 1,1 0,0 0)))"},
		{"of a collection the highest dimension counts", "GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1), POINT(2 2))", "MULTILINESTRING((0 0,1 1))"},
		{"points are one part", "MULTIPOINT((1 1), (2 2))", "MULTIPOINT((1 1),(2 2))"},
		{"a line is cut at the antimeridian", "LINESTRING(170 0, 190 0, 190 1, 170 1)", "MULTILINESTRING((170 0,180 0),(180 1,170 1))"},
		{"an area is cut at it in two", "POLYGON((170 0, 190 0, 190 3, 170 3, 170 2, 185 2, 185 1, 170 1, 170 0))",
			"MULTIPOLYGON(((180 2,170 2,170 3,180 3,180 2)),((180 0,170 0,170 1,180 1,180 0)))"},
		{"a line to the pole ends where the map does", "LINESTRING(10 80, 10 90)", "MULTILINESTRING((10 80,10 85.0511288))"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := fromWKT(t, tt.in)
			got := ""
			if g := s.Geometry(); g != nil {
				got = wkt.MarshalString(rounded(g))
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func rounded(g orb.Geometry) orb.Geometry {
	return orb.Round(g, 1e7)
}

func TestFromEWKBIsFromGeometry(t *testing.T) {
	for _, s := range []string{"POINT(1 2)", "MULTIPOINT((1 2), (3 4))", "LINESTRING(0 0, 1 1)", "MULTILINESTRING((0 0, 1 1), (2 2, 3 4))",
		"POLYGON((0 0, 3 0, 3 3, 0 0))", "MULTIPOLYGON(((0 0, 3 0, 3 3, 0 0)), ((5 5, 6 5, 6 6, 5 5)))", "GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1))"} {
		g, err := wkt.Unmarshal(s)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ewkb.Marshal(g, 4326)
		if err != nil {
			t.Fatal(err)
		}
		want, wantBox, _ := shape.FromGeometry(g)
		got, box, err := shape.FromEWKB(b)
		if err != nil || string(got) != string(want) || box != wantBox || got.Box() != box {
			t.Errorf("%s: %v %v %v", s, got.Geometry(), box, err)
		}
	}
}

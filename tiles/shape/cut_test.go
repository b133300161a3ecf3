package shape_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"onemap/tiles/shape"
)

// inTile makes a geometry whose coordinates are units of tile 10/512/512, whose
// north-west corner is null island; there a unit is the same in both directions.
func inTile(t testing.TB, s string) shape.Shape {
	t.Helper()
	var g orb.MultiPolygon
	for _, polygon := range strings.Split(s, "|") {
		var p orb.Polygon
		for _, ring := range strings.Split(polygon, ";") {
			r := orb.Ring(corners(t, ring))
			p = append(p, append(r, r[0]))
		}
		g = append(g, p)
	}
	return shaped(t, g)
}

func corners(t testing.TB, s string) []orb.Point {
	t.Helper()
	var pts []orb.Point
	for _, xy := range strings.Split(s, ",") {
		var x, y float64
		if _, err := fmt.Sscan(xy, &x, &y); err != nil {
			t.Fatal(xy, err)
		}
		const unit = 1 << (36 - 12 - 10)
		lon, lat := shape.Unproject(shape.Point{X: 1<<35 + int64(math.Round(x*unit)), Y: 1<<35 + int64(math.Round(y*unit))})
		pts = append(pts, orb.Point{lon, lat})
	}
	return pts
}

func shaped(t testing.TB, g orb.Geometry) shape.Shape {
	t.Helper()
	s, _, err := shape.FromGeometry(g)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plan writes a geometry as inTile reads it, rings from their first corner by
// x, then y.
func plan(g orb.Geometry) string {
	var polygons []string
	switch g := g.(type) {
	case nil:
		return ""
	case orb.MultiLineString:
		for _, l := range g {
			polygons = append(polygons, path(l))
		}
	case orb.MultiPoint:
		return path(orb.LineString(g))
	case orb.MultiPolygon:
		for _, p := range g {
			var rings []string
			for _, r := range p {
				first := 0
				for i, q := range r {
					if q[0] < r[first][0] || q[0] == r[first][0] && q[1] < r[first][1] {
						first = i
					}
				}
				open := r[:len(r)-1]
				rings = append(rings, path(append(append(orb.LineString{}, open[first:]...), open[:first]...)))
			}
			polygons = append(polygons, strings.Join(rings, "; "))
		}
	}
	return strings.Join(polygons, " | ")
}

func path(l orb.LineString) string {
	var s []string
	for _, p := range l {
		s = append(s, fmt.Sprintf("%v %v", p[0], p[1]))
	}
	return strings.Join(s, ", ")
}

func TestCutPolygons(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"inside: nothing changes but the direction", "10 10, 10 20, 20 20, 20 10", "10 10, 20 10, 20 20, 10 20"},
		{"outside: nothing", "5000 10, 5010 10, 5010 20", ""},
		{"outside, though its box is not", "-500 300, -500 -500, 300 -500", ""},
		{"around the tile: the tile and its buffer", "-900 -900, 9000 -900, 9000 9000, -900 9000", "-64 -64, 4160 -64, 4160 4160, -64 4160"},
		{"a hole around the tile: nothing", "-990 -990, 9900 -990, 9900 9900, -990 9900; -900 -900, 9000 -900, 9000 9000, -900 9000", ""},
		{"a corner cut off", "-164 50, 100 50, 100 100, -164 100", "-64 50, 100 50, 100 100, -64 100"},
		{"a comb lies across the edge: a piece for each tooth, and no bridge",
			"4200 0, 4200 500, 4100 500, 4100 400, 4190 400, 4190 300, 4100 300, 4100 200, 4190 200, 4190 100, 4100 100, 4100 0",
			"4100 400, 4160 400, 4160 500, 4100 500 | 4100 200, 4160 200, 4160 300, 4100 300 | 4100 0, 4160 0, 4160 100, 4100 100"},
		{"a hole across the edge becomes a bay", "0 0, 4500 0, 4500 900, 0 900; 4100 300, 4300 300, 4300 600, 4100 600",
			"0 0, 4160 0, 4160 300, 4100 300, 4100 600, 4160 600, 4160 900, 0 900"},
		{"a hole cuts it in two", "4000 0, 4500 0, 4500 900, 4000 900; 4100 300, 4300 300, 4300 600, 4100 600| 4000 2000, 4500 2000, 4500 2100, 4000 2100",
			"4000 0, 4160 0, 4160 300, 4100 300, 4100 600, 4160 600, 4160 900, 4000 900 | 4000 2000, 4160 2000, 4160 2100, 4000 2100"},
		{"a hole stays with its piece", "4000 0, 4500 0, 4500 900, 4000 900, 4000 600, 4300 600, 4300 300, 4000 300; 4050 700, 4100 700, 4100 800, 4050 800",
			"4000 600, 4160 600, 4160 900, 4000 900; 4050 700, 4050 800, 4100 800, 4100 700 | 4000 0, 4160 0, 4160 300, 4000 300"},
		{"under half a unit: nothing", "10.1 10.1, 10.4 10.1, 10.4 10.4", ""},
		{"a needle: nothing", "10 10, 500 10.3, 10 10.4", ""},
		{"a spike goes", "10 10, 20 10, 20 20, 20.2 90, 19.8 90, 19.9 20, 10 20", "10 10, 20 10, 20 20, 10 20"},
		{"points on a straight stretch go", "10 10, 15 10, 20 10, 20 20, 10 20", "10 10, 20 10, 20 20, 10 20"},
		{"a waist closes: two pieces", "10 10, 20 14.8, 30 10, 30 20, 20 15.2, 10 20", "10 10, 20 15, 10 20 | 20 15, 30 10, 30 20"},
		{"a hole touches the border: still a hole", "10 10, 30 10, 30 30, 10 30; 10.3 20, 15 18, 15 22", "10 10, 30 10, 30 30, 10 30; 10 20, 15 22, 15 18"},
		{"neighbours in one feature grow together", "10 10, 20 10, 20 20, 10 20 | 20.3 10, 30 10, 30 20, 20.3 20", "10 10, 30 10, 30 20, 10 20"},
		{"an hour glass: both halves", "10 10, 20 20, 20 10, 10 22", "10 10, 15 15, 10 22 | 15 15, 20 10, 20 20"},
		{"a hole outside takes nothing away", "10 10, 20 10, 20 20, 10 20; 50 50, 60 50, 60 60", "10 10, 20 10, 20 20, 10 20"},
		{"an island in a lake", "10 10, 50 10, 50 50, 10 50; 20 20, 40 20, 40 40, 20 40| 25 25, 35 25, 35 35, 25 35",
			"10 10, 50 10, 50 50, 10 50; 20 20, 20 40, 40 40, 40 20 | 25 25, 35 25, 35 35, 25 35"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c shape.Cutter
			if got := plan(cut(t, &c, inTile(t, tt.in), 10, 512, 512, false)); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestCutLines(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"inside", "10 10, 20 10, 20 20", "10 10, 20 10, 20 20"},
		{"repeated places go", "10 10, 10.1 10.1, 20 10", "10 10, 20 10"},
		{"a line of one place goes", "10 10, 10.1 10.1", ""},
		{"there and back stays", "10 10, 20 10, 10 10", "10 10, 20 10, 10 10"},
		{"in and out and in", "0 0, 5000 0, 5000 10, 0 10", "0 0, 4160 0 | 4160 10, 0 10"},
		{"right across", "-1000 100, 9000 100", "-64 100, 4160 100"},
		{"past the corner", "-200 0, 0 -200", ""},
		{"along the edge", "-64 10, -64 20", "-64 10, -64 20"},
		{"only its end touches", "-100 10, -64 10", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c shape.Cutter
			s := shaped(t, orb.LineString(corners(t, tt.in)))
			if got := plan(cut(t, &c, s, 10, 512, 512, false)); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestCutPoints(t *testing.T) {
	var c shape.Cutter
	s := shaped(t, orb.MultiPoint(corners(t, "0 0, -64 10, -65 10, 4160 4160, 4161 0, 7.6 7.4, 7.6 7.4")))
	if got, want := plan(cut(t, &c, s, 10, 512, 512, false)), "0 0, -64 10, 4160 4160, 8 7, 8 7"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Warm, a cutter does not allocate, whatever path a polygon takes.
func TestCutDoesNotAllocate(t *testing.T) {
	var circle orb.Ring
	for i := range 400 {
		a := float64(i) / 200 * math.Pi
		circle = append(circle, orb.Point{3 * math.Cos(a), 3 * math.Sin(a)})
	}
	circle = append(circle, circle[0])
	shapes := []shape.Shape{
		inTile(t, "10 10, 20 14.8, 30 10, 30 20, 20 15.2, 10 20"),
		inTile(t, "4000 0, 4500 0, 4500 900, 4000 900, 4000 600, 4300 600, 4300 300, 4000 300; 4050 700, 4100 700, 4100 800, 4050 800"),
		shaped(t, orb.Polygon{circle}), shaped(t, orb.LineString(circle)), shaped(t, orb.MultiPoint(circle)),
	}
	var c shape.Cutter
	dst := make([]uint32, 0, 10000)
	for i, s := range shapes {
		for z := range uint32(12) {
			n := uint32(1) << z / 2
			if got := testing.AllocsPerRun(10, func() { c.Cut(dst, s, z, n, n, false) }); got > 0 {
				t.Errorf("shape %d, zoom %d: %v allocations", i, z, got)
			}
		}
	}
}

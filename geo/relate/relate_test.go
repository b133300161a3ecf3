package relate_test

import (
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/relate"
)

var (
	square = orb.Polygon{{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}}
	inner  = orb.Polygon{{{1, 1}, {2, 1}, {2, 2}, {1, 2}, {1, 1}}}
	beside = orb.Polygon{{{4, 0}, {6, 0}, {6, 4}, {4, 4}, {4, 0}}}
	over   = orb.Polygon{{{3, 3}, {6, 3}, {6, 6}, {3, 6}, {3, 3}}}
	ringed = orb.Polygon{{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}, {{1, 1}, {3, 1}, {3, 3}, {1, 3}, {1, 1}}}
)

func TestHolds(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b orb.Geometry
		want string // the ops that hold, in the order of Ops
	}{
		{"a point within", orb.Point{1, 1}, square, "intersects within"},
		{"a point on the edge is not within", orb.Point{0, 1}, square, "intersects touches"},
		{"a point at a corner", orb.Point{4, 4}, square, "intersects touches"},
		{"a point in the hole", orb.Point{2, 2}, ringed, "disjoint"},
		{"a point on the hole's edge", orb.Point{1, 2}, ringed, "intersects touches"},
		{"one point twice", orb.Point{1, 1}, orb.MultiPoint{{1, 1}, {1, 1}}, "intersects within contains equals"},
		{"points in part", orb.MultiPoint{{1, 1}, {9, 9}}, square, "intersects crosses"},
		{"points that share one", orb.MultiPoint{{1, 1}, {2, 2}}, orb.MultiPoint{{1, 1}, {3, 3}}, "intersects overlaps"},
		{"a point on a line's end", orb.Point{0, 0}, orb.LineString{{0, 0}, {2, 0}}, "intersects touches"},
		{"a point on a line", orb.Point{1, 0}, orb.LineString{{0, 0}, {2, 0}}, "intersects within"},
		{"a closed line has no ends", orb.Point{0, 0}, orb.LineString{{0, 0}, {2, 0}, {2, 2}, {0, 0}}, "intersects within"},
		{"lines that cross", orb.LineString{{0, 0}, {2, 2}}, orb.LineString{{0, 2}, {2, 0}}, "intersects crosses"},
		{"lines end to end", orb.LineString{{0, 0}, {2, 2}}, orb.LineString{{2, 2}, {4, 0}}, "intersects touches"},
		{"an end on the other's middle", orb.LineString{{0, 0}, {2, 0}}, orb.LineString{{1, 0}, {1, 5}}, "intersects touches"},
		{"lines that run along each other", orb.LineString{{0, 0}, {4, 0}}, orb.LineString{{2, 0}, {6, 0}}, "intersects overlaps"},
		{"one line in other words", orb.LineString{{0, 0}, {4, 0}}, orb.LineString{{4, 0}, {1, 0}, {0, 0}}, "intersects within contains equals"},
		{"a line across", orb.LineString{{-1, 1}, {5, 1}}, square, "intersects crosses"},
		{"a line within", orb.LineString{{1, 1}, {2, 3}}, square, "intersects within"},
		{"a line from edge to edge within", orb.LineString{{0, 0}, {4, 4}}, square, "intersects within"},
		{"a line along the edge", orb.LineString{{0, 0}, {4, 0}}, square, "intersects touches"},
		{"a line along the edge and beyond", orb.LineString{{-1, 0}, {5, 0}}, square, "intersects touches"},
		{"a line through the hole", orb.LineString{{0.5, 2}, {3.5, 2}}, ringed, "intersects crosses"},
		{"a square in a square", inner, square, "intersects within"},
		{"a square in the hole", inner, ringed, "intersects touches"},
		{"squares side by side", square, beside, "intersects touches"},
		{"squares that overlap", square, over, "intersects overlaps"},
		{"the same area begun elsewhere", square, orb.MultiPolygon{{{{4, 4}, {4, 0}, {2, 0}, {0, 0}, {0, 4}, {4, 4}}}}, "intersects within contains equals"},
		{"an area holds a line", square, orb.LineString{{1, 1}, {2, 3}}, "intersects contains"},
		{"squares away", inner, over, "disjoint"},
		{"a collection", orb.Collection{orb.Point{9, 9}, inner}, square, "intersects"},
		{"nothing", orb.MultiPoint{}, square, "disjoint"},
		{"nothing and nothing", orb.MultiPoint{}, orb.LineString{}, "disjoint equals"},
		{"a thin diagonal and a far corner of its box", orb.LineString{{0, 0}, {10, 10}}, orb.Bound{Min: orb.Point{6, 0}, Max: orb.Point{10, 4}}, "disjoint"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, op := range relate.Ops {
				if relate.Holds(op, tt.a, tt.b) {
					got += " " + op
				}
			}
			if got != " "+tt.want {
				t.Errorf("got%s, want %s", got, tt.want)
			}
		})
	}
}

func TestInvalid(t *testing.T) {
	for _, tt := range []struct {
		name string
		g    orb.Geometry
		want string
	}{
		{"a square", square, ""},
		{"with a hole", ringed, ""},
		{"a bow tie", orb.Polygon{{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}, "crosses itself at (1 1)"},
		{"a spike", orb.Polygon{{{0, 0}, {4, 0}, {4, 4}, {4, 0}, {0, 4}, {0, 0}}}, "touches itself at (4 0)"},
		{"pinched", orb.Polygon{{{0, 0}, {2, 2}, {4, 0}, {4, 4}, {2, 2}, {0, 4}, {0, 0}}}, "touches itself at (2 2)"},
		{"open", orb.Polygon{{{0, 0}, {4, 0}, {4, 4}, {0, 4}}}, "has a ring that does not end where it begins, at (0 0)"},
		{"flat", orb.Polygon{{{0, 0}, {4, 0}, {4, 0}, {0, 0}}}, "has a ring without area at (0 0)"},
		{"three points", orb.Polygon{{{0, 0}, {4, 0}, {0, 0}}}, "has a ring of fewer than 4 points"},
		{"hole outside", orb.Polygon{square[0], over[0]}, "crosses itself at (3 4)"},
		{"hole away", orb.Polygon{inner[0], over[0]}, "has a hole outside its polygon at (3 3)"},
		{"hole in hole", orb.Polygon{square[0], {{0.5, 0.5}, {3, 0.5}, {3, 3}, {0.5, 3}, {0.5, 0.5}}, inner[0]}, "has a hole in a hole at (1 1)"},
		{"a hole that touches once", orb.Polygon{square[0], {{0, 2}, {1, 1}, {1, 3}, {0, 2}}}, ""},
		{"a hole that cuts it in two", orb.Polygon{square[0], {{0, 2}, {2, 1}, {4, 2}, {2, 3}, {0, 2}}}, "has rings that touch so that its interior falls apart at (4 2)"},
		{"polygons side by side share an edge", orb.MultiPolygon{square, beside}, "has edges that lie on each other at (4 4)"},
		{"polygons that touch at a point", orb.MultiPolygon{{{{0, 0}, {2, 0}, {2, 2}, {0, 0}}}, {{{2, 2}, {4, 2}, {4, 4}, {2, 2}}}}, ""},
		{"a polygon in another", orb.MultiPolygon{square, inner}, "has polygons that overlap at (1 1)"},
		{"a polygon in another's hole", orb.MultiPolygon{ringed, {{{1.5, 1.5}, {2, 1.5}, {2, 2}, {1.5, 1.5}}}}, ""},
		{"polygons that cross at corners", orb.MultiPolygon{{{{0, 0}, {2, 0}, {2, 2}, {0, 2}, {0, 0}}}, {{{1, -1}, {3, 1}, {1, 3}, {0, 2}, {1, -1}}}}, "has edges"},
		{"a line", orb.LineString{{0, 0}, {1, 1}}, ""},
		{"a line of one place", orb.LineString{{1, 1}, {1, 1}}, "has a line without length at (1 1)"},
		{"nothing", orb.MultiPolygon{}, "is empty"},
		{"none", nil, "is none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := relate.Invalid(tt.g); got != tt.want && !(tt.want == "has edges" && got != "") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

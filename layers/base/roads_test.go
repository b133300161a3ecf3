package base

import (
	"strings"
	"testing"

	"github.com/paulmach/osm"
)

// tagsOf reads "highway=primary oneway=-1".
func tagsOf(s string) osm.Tags {
	var out osm.Tags
	for kv := range strings.FieldsSeq(s) {
		k, v, _ := strings.Cut(kv, "=")
		out = append(out, osm.Tag{Key: k, Value: strings.ReplaceAll(v, "_", " ")})
	}
	return out
}

func TestPace(t *testing.T) {
	for _, tt := range []struct {
		tags string
		want pace
	}{
		{"highway=residential", pace{25, 25, 5}},
		{"highway=residential oneway=yes", pace{25, 0, 5}},
		{"highway=residential oneway=-1", pace{0, 25, 5}},
		{"highway=residential oneway=reversible", pace{0, 0, 5}},
		{"highway=residential junction=roundabout", pace{25, 0, 5}},
		{"highway=residential junction=roundabout oneway=no", pace{25, 25, 5}},
		{"highway=motorway", pace{100, 0, 0}},
		{"highway=motorway oneway=no", pace{100, 100, 0}},
		{"highway=primary maxspeed=50", pace{45, 45, 5}},
		{"highway=primary maxspeed=30_mph", pace{43.452288, 43.452288, 5}},
		{"highway=primary maxspeed=signals", pace{50, 50, 5}},
		{"highway=motorway maxspeed=none", pace{117, 0, 0}},
		{"highway=residential access=no", pace{0, 0, 0}},
		{"highway=residential access=no foot=yes", pace{0, 0, 5}},
		{"highway=residential access=private", pace{8, 8, 5}},
		{"highway=residential motor_vehicle=no", pace{0, 0, 5}},
		{"highway=residential access=no motor_vehicle=yes", pace{25, 25, 0}},
		{"highway=residential motor_vehicle=destination maxspeed=50", pace{8, 8, 5}},
		{"highway=footway", pace{0, 0, 5}},
		{"highway=footway access=yes", pace{0, 0, 5}},
		{"highway=path motor_vehicle=yes", pace{8, 8, 5}},
		{"highway=steps", pace{0, 0, 2.5}},
		{"highway=primary motorroad=yes", pace{50, 50, 0}},
		{"highway=primary foot=no", pace{50, 50, 0}},
	} {
		tags := tagsOf(tt.tags)
		if got := paceOf(tags, roadClass(tags)); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.tags, got, tt.want)
		}
	}
}

func TestRoadClass(t *testing.T) {
	for tags, want := range map[string]string{
		"highway=primary":             "primary",
		"highway=minor":               "unclassified",
		"highway=something_new":       "road",
		"highway=construction":        "",
		"highway=platform":            "",
		"highway=pedestrian area=yes": "",
		"railway=rail":                "",
	} {
		if got := roadClass(tagsOf(tags)); got != want {
			t.Errorf("%s: got %q, want %q", tags, got, want)
		}
	}
}

func TestLargestStrong(t *testing.T) {
	for _, tt := range []struct {
		name string
		arcs [][2]int64
		want Parts
	}{
		{"a ring road", [][2]int64{{1, 2}, {2, 3}, {3, 1}}, Parts{Count: 1, Nodes: 3, Largest: 3}},
		{"a ring with a road that leads only out", [][2]int64{{1, 2}, {2, 3}, {3, 1}, {3, 4}}, Parts{Count: 1, Nodes: 4, Largest: 4, Trapped: 1}},
		{"two parts", [][2]int64{{1, 2}, {2, 1}, {2, 3}, {3, 2}, {8, 9}, {9, 8}}, Parts{Count: 2, Nodes: 5, Largest: 3}},
		{"nothing", nil, Parts{}},
	} {
		if got := partsOf(tt.arcs); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

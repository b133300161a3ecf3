package live

import (
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/feed"
)

// Inside her own town an officer's right is cut to nothing, and reads like the
// city's. But where a change of a whole table was is told to who sees all of it
// only, so the two are not in one group.
func TestWhoSeesAllIsInAGroupOfTheirOwn(t *testing.T) {
	window := []orb.Bound{{Min: orb.Point{120.1, 29.1}, Max: orb.Point{120.2, 29.2}}}
	city := view{layer: layers.Layer{Name: "place"}, cond: where.True, all: true, window: window, reach: window, events: true}
	town := city
	town.all = false
	bulk := feed.Bulk{HasBound: true, Bound: orb.Bound{Min: orb.Point{119, 28}, Max: orb.Point{121, 30}}}
	if box, _ := city.boxOf(bulk); box == nil {
		t.Error("who sees all is not told where")
	}
	if box, _ := town.boxOf(bulk); box != nil {
		t.Errorf("who sees a part is told %v", box)
	}
	if keyOf([]view{city}) == keyOf([]view{town}) {
		t.Error("the two share a group, and so what it is told")
	}
}

package web

import (
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/where"
)

// Only a box that all of the answer lies in may reduce a right.
func TestABoxAroundACondition(t *testing.T) {
	box := where.Within{Bound: orb.Bound{Min: orb.Point{1, 2}, Max: orb.Point{3, 4}}}
	state := where.In{Field: "state", Values: []string{"open"}}
	for name, tt := range map[string]struct {
		c  where.Cond
		ok bool
	}{
		"a box":             {box, true},
		"a box and a state": {where.And(state, box), true},
		"a box or a state":  {where.Any{box, state}, false}, // and across the antimeridian
		"all but a box":     {where.Not{C: box}, false},
		"a state":           {state, false},
		"nothing is asked":  {where.True, false},
	} {
		if got, ok := boxAround(tt.c); ok != tt.ok || ok && got != box.Bound {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
}

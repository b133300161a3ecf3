package where_test

import (
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/where"
)

func TestUses(t *testing.T) {
	in := where.Range{Field: "a", Min: int64(1)}
	for _, tt := range []struct {
		c    where.Cond
		want bool
	}{
		{in, true}, {where.All{where.True, where.Any{where.Not{C: in}}}, true}, {where.Empty{Field: "a"}, true}, {where.Like{Field: "a"}, true},
		{where.In{Field: "b"}, false}, {where.Within{Bound: orb.Bound{}}, false}, {where.True, false},
	} {
		if got := where.Uses(tt.c, "a"); got != tt.want {
			t.Errorf("%v: %t", tt.c, got)
		}
	}
}

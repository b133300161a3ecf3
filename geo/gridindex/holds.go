package gridindex

import (
	"math"

	"github.com/paulmach/orb"
)

// Holds says whether p is in mp or on its border, as PostGIS's ST_Intersects
// does, to the last bit. Rings must be closed.
func Holds(mp orb.MultiPolygon, p orb.Point) bool { return holds(mp, p) }

// holds says whether p is in mp or on its border.
func holds(mp orb.MultiPolygon, p orb.Point) bool {
	for _, poly := range mp {
		if len(poly) == 0 {
			continue
		}
		switch side(poly[0], p) {
		case 0:
			return true
		case 1:
			if !inHole(poly[1:], p) {
				return true
			}
		}
	}
	return false
}

// inHole says whether p is in a hole, not on the hole's border.
func inHole(holes []orb.Ring, p orb.Point) bool {
	for _, h := range holes {
		if side(h, p) == 1 {
			return true
		}
	}
	return false
}

// side says whether p is inside a ring (1), on it (0) or outside (-1), by the
// winding number, with the same arithmetic in the same order as PostGIS's
// point_in_ring (liblwgeom), so that both agree to the last bit. The
// conversions keep compilers from fusing a product into the subtraction.
func side(r orb.Ring, p orb.Point) int {
	winding := 0
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		if (p[1] < a[1] && p[1] < b[1]) || (p[1] > a[1] && p[1] > b[1]) || a == b {
			continue // it neither crosses p's height nor holds p
		}
		turn := float64((b[0]-a[0])*(p[1]-a[1])) - float64((p[0]-a[0])*(b[1]-a[1]))
		if turn == 0 &&
			math.Min(a[0], b[0]) <= p[0] && p[0] <= math.Max(a[0], b[0]) &&
			math.Min(a[1], b[1]) <= p[1] && p[1] <= math.Max(a[1], b[1]) {
			return 0
		}
		switch {
		case a[1] <= p[1] && p[1] < b[1] && turn > 0:
			winding++
		case b[1] <= p[1] && p[1] < a[1] && turn < 0:
			winding--
		}
	}
	if winding == 0 {
		return -1
	}
	return 1
}

package relate

import (
	"math"
	"math/big"

	"github.com/paulmach/orb"
)

// side says on which side of the line from a to b the point c is: 1 left, -1
// right, 0 on it. It is exact for finite coordinates.
func side(a, b, c orb.Point) int {
	ax, ay := a[0]-c[0], a[1]-c[1]
	bx, by := b[0]-c[0], b[1]-c[1]
	if (ax == 0 || by == 0) && (ay == 0 || bx == 0) { // along an axis; a difference is 0 for equal numbers only
		return 0
	}
	l, r := ax*by, ay*bx
	det := l - r
	// The bound is Shewchuk's ccwerrboundA (Adaptive Precision Floating-Point
	// Arithmetic and Fast Robust Geometric Predicates, 1997).
	if bound := 3.3306690738754716e-16 * (math.Abs(l) + math.Abs(r)); det > bound {
		return 1
	} else if det < -bound {
		return -1
	}
	if math.Abs(l)+math.Abs(r) > 1e-280 && exactDiff(a[0], c[0], ax) && exactDiff(a[1], c[1], ay) && exactDiff(b[0], c[0], bx) && exactDiff(b[1], c[1], by) {
		// The differences are what they should be, as they are where coordinates
		// are near each other: compare the two products to the last bit.
		le, re := math.FMA(ax, by, -l), math.FMA(ay, bx, -r) // l+le and r+re are exact
		s, e := twoDiff(le, re)
		switch {
		case det+s != 0: // det is exact: l and r are near each other
			return sign(det + s)
		default:
			return sign(e)
		}
	}
	return sideExact(a, b, c)
}

func sideExact(a, b, c orb.Point) int {
	diff := func(x, y float64) *big.Rat {
		return new(big.Rat).Sub(new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(y))
	}
	for _, p := range []orb.Point{a, b, c} {
		if math.IsNaN(p[0]+p[1]) || math.IsInf(p[0]+p[1], 0) {
			return 0
		}
	}
	l := new(big.Rat).Mul(diff(a[0], c[0]), diff(b[1], c[1]))
	r := new(big.Rat).Mul(diff(a[1], c[1]), diff(b[0], c[0]))
	return l.Cmp(r)
}

// exactDiff says whether x-y is d without rounding.
func exactDiff(x, y, d float64) bool {
	_, e := twoDiff(x, y)
	return e == 0 && x-y == d
}

// twoDiff returns x-y rounded, and what the rounding lost (Knuth).
func twoDiff(x, y float64) (d, lost float64) {
	d = x - y
	b := x - d
	a := d + b
	return d, (x - a) + (b - y)
}

func sign(x float64) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// onSegment says whether c, which is on the line through a and b, is on the
// segment between them, ends included.
func onSegment(a, b, c orb.Point) bool {
	return min(a[0], b[0]) <= c[0] && c[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= c[1] && c[1] <= max(a[1], b[1])
}

package deploy

import "math"

// Demand is told by the middles of squares that had leastCases or more: a point
// where one case was would show the case to whoever reads the plan. Squares with
// fewer go together into one of twice the side, up to joined times; what is alone
// even there counts with the square nearest to it.
const (
	leastCases = 3
	joined     = 4
)

// A square of a lattice: column and row in squares of its own size, whose side
// is 1<<level of the finest.
type square struct {
	x, y, level int
	n           float64 // cases
	lon, lat    float64 // their mean
}

// middle is its centre in sides of the finest squares.
func (q square) middle() (x, y float64) {
	side := float64(int(1) << q.level)
	return (float64(q.x) + 0.5) * side, (float64(q.y) + 0.5) * side
}

// join returns squares that have leastCases or more each, and as many cases
// together as fine has. It returns none where no square that may be has so many.
func join(fine []square) []square {
	var out []square
	rest := fine
	for level := 0; ; level++ {
		at, next := map[[2]int]int{}, []square(nil)
		for _, q := range rest {
			k := [2]int{q.x >> (level - q.level), q.y >> (level - q.level)}
			i, ok := at[k]
			if !ok {
				i, at[k] = len(next), len(next)
				next = append(next, square{x: k[0], y: k[1], level: level})
			}
			o := &next[i]
			o.lon, o.lat = (o.lon*o.n+q.lon*q.n)/(o.n+q.n), (o.lat*o.n+q.lat*q.n)/(o.n+q.n)
			o.n += q.n
		}
		rest = nil
		for _, q := range next {
			if q.n < leastCases {
				rest = append(rest, q)
			} else {
				out = append(out, q)
			}
		}
		if len(rest) == 0 || level == joined {
			break
		}
	}
	if len(out) == 0 {
		return nil
	}
	for _, q := range rest {
		x, y := q.middle()
		nearest, least := 0, math.Inf(1)
		for i, o := range out {
			u, v := o.middle()
			if d := math.Hypot(u-x, v-y); d < least {
				nearest, least = i, d
			}
		}
		out[nearest].n += q.n
	}
	return out
}

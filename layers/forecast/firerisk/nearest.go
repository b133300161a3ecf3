package firerisk

import (
	"math"

	"github.com/paulmach/orb"
)

// nearest finds how far the nearest of many points is: rings of squares about a
// point, until no farther one can be nearer.
type nearest struct {
	at   []orb.Point
	in   map[[2]int][]int
	low  [2]int
	high [2]int
}

const nearestSide = 250.0 // metres

func newNearest(at []orb.Point) nearest {
	n := nearest{at: at, in: map[[2]int][]int{}}
	for i, p := range at {
		k := square(p)
		if i == 0 {
			n.low, n.high = k, k
		}
		for a := range 2 {
			n.low[a], n.high[a] = min(n.low[a], k[a]), max(n.high[a], k[a])
		}
		n.in[k] = append(n.in[k], i)
	}
	return n
}

func square(p orb.Point) [2]int {
	return [2]int{int(math.Floor(p[0] / nearestSide)), int(math.Floor(p[1] / nearestSide))}
}

// metres is how far the nearest point is; NaN where there are none.
func (n nearest) metres(p orb.Point) float64 {
	if len(n.at) == 0 {
		return math.NaN()
	}
	_, d := n.find(p)
	return d
}

func (n nearest) find(p orb.Point) (best int, metres float64) {
	k, metres := square(p), math.Inf(1)
	best = -1
	far := 0
	for a := range 2 {
		far = max(far, k[a]-n.low[a], n.high[a]-k[a])
	}
	for ring := 0; ring <= far; ring++ {
		if float64(ring-1)*nearestSide > metres {
			break
		}
		for y := k[1] - ring; y <= k[1]+ring; y++ {
			step := 2 * ring
			if y == k[1]-ring || y == k[1]+ring || ring == 0 {
				step = 1
			}
			for x := k[0] - ring; x <= k[0]+ring; x += step {
				for _, i := range n.in[[2]int{x, y}] {
					if d := math.Hypot(n.at[i][0]-p[0], n.at[i][1]-p[1]); d < metres {
						best, metres = i, d
					}
				}
			}
		}
	}
	return best, metres
}

func distance(p, q orb.Point) float64 { return math.Hypot(p[0]-q[0], p[1]-q[1]) }

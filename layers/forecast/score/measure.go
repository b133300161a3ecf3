package score

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"gonum.org/v1/gonum/mathext"
)

// clopperPearson returns the exact 95 % interval of a share of which n of N were seen.
func clopperPearson(n, of int) (low, high float64) {
	const tail = 0.025
	low, high = 0, 1
	if n > 0 {
		low = mathext.InvRegIncBeta(float64(n), float64(of-n+1), tail)
	}
	if n < of {
		high = mathext.InvRegIncBeta(float64(n+1), float64(of-n), 1-tail)
	}
	return low, high
}

// shares of the city at which a curve is drawn.
var shares = []float64{0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5}

func (f *Forecast) curve(counts []int, r Rule, res Result) []Point {
	order := f.order(r)
	var out []Point
	for _, s := range shares {
		if s*res.CityM2 > f.AreaM2() {
			break
		}
		var p Point
		for _, c := range order[:f.until(order, s*res.CityM2)] {
			p.Share += f.space.AreaM2(c) / res.CityM2
			p.Hits += counts[c]
		}
		p.HitRate = float64(p.Hits) / float64(res.Events)
		p.PAI = p.HitRate / p.Share
		out = append(out, p)
	}
	return out
}

// evenPart of a forecast is spread evenly before its log is taken, so that one
// event where nothing was expected does not make the gain minus infinity.
const evenPart = 0.02

// gain is the information gain per event that lies in a cell; nil where scores
// are negative or all zero.
func (f *Forecast) gain(counts []int, res Result) *float64 {
	var sum float64
	for _, c := range f.cells {
		if c.Score < 0 {
			return nil
		}
		sum += c.Score
	}
	n := res.Events - res.Outside
	if !(sum > 0) || !finite(sum) || n == 0 {
		return nil
	}
	var g float64
	for c, k := range counts {
		if k > 0 {
			even := f.space.AreaM2(c) / f.AreaM2()
			q := (1-evenPart)*f.cells[c].Score/sum + evenPart*even
			g += float64(k) * math.Log(q/even)
		}
	}
	g /= float64(n)
	return &g
}

func areaOf(m orb.MultiPolygon) float64 { return math.Abs(planar.Area(m)) }

// overlap finds a cell whose middle lies in another.
func (f *Forecast) overlap() (a, b int, found bool) {
	for i := range f.cells {
		p := f.space.Centre(i)
		if planar.MultiPolygonContains(f.cells[i].Shape, p) {
			if c := f.space.CellAt(p); c >= 0 && c != i && inside(f.cells[i].Shape, p) {
				return c, i, true
			}
		}
	}
	return 0, 0, false
}

// inside says whether a point is a good way inside a shape: not on its border,
// where a neighbour may claim it.
func inside(m orb.MultiPolygon, p orb.Point) bool {
	d := 0.01 * math.Sqrt(areaOf(m))
	for _, o := range []orb.Point{{d, 0}, {-d, 0}, {0, d}, {0, -d}} {
		if !planar.MultiPolygonContains(m, orb.Point{p[0] + o[0], p[1] + o[1]}) {
			return false
		}
	}
	return true
}

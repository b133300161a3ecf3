package backtest

import (
	"math"
	"slices"

	"onemap/layers/forecast/hotspot"
)

// A Calibration says whether what was expected came: cells of all windows are
// put into ten bins of equal expectation, from those that expect the least a
// square metre to those that expect the most.
type Calibration struct {
	Bins []Bin `json:"bins"`
	// Slope of the logarithm of what was seen against that of what was expected,
	// by bin: one if it is right all along, less if the forecast is too sure of
	// its hot places. The level of the city is judged apart.
	Slope float64 `json:"slope"`
	// Level is all that was seen over all that was expected.
	Level float64 `json:"level"`
}

// A Bin is a tenth of what was expected.
type Bin struct {
	Cells    float64 `json:"cells"` // mean of the windows
	Expected float64 `json:"expected"`
	Seen     float64 `json:"seen"`
}

const bins = 10

type calibrator struct {
	bins  [bins]Bin
	order []int32
	cuts  int
}

func newCalibrator() *calibrator { return new(calibrator) }

func (c *calibrator) add(s *hotspot.Space, expected, seen []float64) {
	c.order = c.order[:0]
	var sum float64
	for i, v := range expected {
		c.order = append(c.order, int32(i))
		sum += v
	}
	dense := func(i int32) float64 { return expected[i] / s.AreaM2(int(i)) }
	slices.SortFunc(c.order, func(a, b int32) int {
		switch x, y := dense(a), dense(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return int(a - b)
	})
	var below float64
	for _, i := range c.order {
		b := 0
		if sum > 0 {
			b = min(bins-1, int(bins*(below+expected[i]/2)/sum))
		}
		c.bins[b].Cells++
		c.bins[b].Expected += expected[i]
		c.bins[b].Seen += seen[i]
		below += expected[i]
	}
	c.cuts++
}

func (c *calibrator) table() Calibration {
	t := Calibration{Bins: slices.Clone(c.bins[:])}
	var seen, expected float64
	for i := range t.Bins {
		t.Bins[i].Cells /= float64(max(1, c.cuts))
		seen += t.Bins[i].Seen
		expected += t.Bins[i].Expected
	}
	t.Level = ratio(seen, expected)
	t.Slope = slope(t.Bins)
	return t
}

// slope is that of the weighed least squares line of y = ln(seen/cells) on
// x = ln(expected/cells), the weight of a bin being what was expected.
func slope(bins []Bin) float64 {
	var w, x, y, xx, xy float64
	for _, b := range bins {
		if b.Cells > 0 && b.Expected > 0 && b.Seen > 0 {
			u, v := math.Log(b.Expected/b.Cells), math.Log(b.Seen/b.Cells)
			w, x, y = w+b.Expected, x+b.Expected*u, y+b.Expected*v
			xx, xy = xx+b.Expected*u*u, xy+b.Expected*u*v
		}
	}
	return ratio(w*xy-x*y, w*xx-x*x)
}

// A Curve is the hit rate of the pool by the share of the city that is flagged,
// and that of the best choice.
type Curve struct {
	Share []float64 `json:"share"` // of the city's area
	Hit   []float64 `json:"hit"`   // share of the events
	Best  []float64 `json:"best"`
}

// curveShares are where the curve is read.
var curveShares = []float64{0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5}

type curveSum struct {
	hit, best []float64
	n         float64
}

func (c *curveSum) add(r *ranking, expected, seen []float64) {
	if c.hit == nil {
		c.hit, c.best = make([]float64, len(curveShares)), make([]float64, len(curveShares))
	}
	c.n += total(seen)
	most := curveShares[len(curveShares)-1] * r.s.TotalM2()
	along(r, r.top(expected, most), seen, c.hit)
	along(r, r.top(seen, most), seen, c.best)
}

// along adds the events that the first cells of top catch at each share.
func along(r *ranking, top []int32, seen, into []float64) {
	var area, hits float64
	at := 0
	for _, c := range top {
		area += r.s.AreaM2(int(c))
		hits += seen[c]
		for at < len(curveShares) && area >= curveShares[at]*r.s.TotalM2() {
			into[at] += hits
			at++
		}
	}
	for ; at < len(curveShares); at++ {
		into[at] += hits
	}
}

func (c *curveSum) result() Curve {
	out := Curve{Share: curveShares}
	for i := range curveShares {
		var h, b float64
		if c.hit != nil {
			h, b = c.hit[i], c.best[i]
		}
		out.Hit, out.Best = append(out.Hit, ratio(h, c.n)), append(out.Best, ratio(b, c.n))
	}
	return out
}

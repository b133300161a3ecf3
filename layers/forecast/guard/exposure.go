package guard

import (
	"fmt"
	"math"

	"onemap/layers/forecast/hotspot"
)

// An Exposure is what a forecast means for one area beside the others.
type Exposure struct {
	Group      string  `json:"group"`
	Flagged    float64 `json:"flagged"`    // share of the flagged area (with equal hours: of cell-hours)
	Expected   float64 `json:"expected"`   // share of the expected events
	Reported   float64 `json:"reported"`   // share of the events that were reported
	Population float64 `json:"population"` // share of the people; 0 where not known
	// Ratio is events seen over events expected in the windows judged: above
	// one the forecast expects too little of the area. It holds within Low and
	// High in 95 of 100 cases.
	Ratio float64 `json:"ratio"`
	Low   float64 `json:"ratio_low"`
	High  float64 `json:"ratio_high"`
	Seen  float64 `json:"seen"`
}

// Exposed sums a forecast up by area: flag says which cells are flagged, expected
// and seen are events of past windows that the model did not know when it
// forecast them, reported are those of the time it learned from, people are
// counts of persons by cell as released, nil where not known. All are by cell.
func Exposed(s *hotspot.Space, g Groups, flag []bool, expected, seen, reported, people []float64) ([]Exposure, error) {
	if err := g.check(s); err != nil {
		return nil, err
	}
	for _, v := range [][]float64{expected, seen, reported} {
		if len(v) != s.Len() {
			return nil, fmt.Errorf("%w: exposure: %d numbers for %d cells", hotspot.ErrInput, len(v), s.Len())
		}
	}
	if len(flag) != s.Len() || people != nil && len(people) != s.Len() {
		return nil, fmt.Errorf("%w: exposure: flags and people must be given for each of the %d cells", hotspot.ErrInput, s.Len())
	}
	out := make([]Exposure, len(g.Names))
	sums := make([]float64, len(g.Names)) // expected
	var all Exposure
	var allExpected float64
	for c, k := range g.OfCell {
		var m2, n float64
		if flag[c] {
			m2 = s.AreaM2(c)
		}
		if people != nil {
			n = people[c]
		}
		all.Flagged += m2
		all.Reported += reported[c]
		all.Population += n
		allExpected += expected[c]
		if k < 0 {
			continue
		}
		x := &out[k]
		x.Flagged += m2
		x.Reported += reported[c]
		x.Population += n
		x.Seen += seen[c]
		sums[k] += expected[c]
	}
	for k := range out {
		x := &out[k]
		x.Group = g.Names[k]
		x.Flagged = share(x.Flagged, all.Flagged)
		x.Reported = share(x.Reported, all.Reported)
		x.Population = share(x.Population, all.Population)
		x.Expected = share(sums[k], allExpected)
		x.Ratio, x.Low, x.High = ratio(x.Seen, sums[k])
	}
	return out, nil
}

func share(v, of float64) float64 {
	if of > 0 {
		return v / of
	}
	return 0
}

// ratio returns seen/expected with the 95 % interval of a Poisson count (Byar's
// approximation, Breslow & Day 1987, p. 69). Where nothing was expected it is 1
// if nothing was seen, and the expectation counts as half an event else.
func ratio(seen, expected float64) (r, low, high float64) {
	if expected <= 0 {
		if seen == 0 {
			return 1, 0, math.MaxFloat64
		}
		expected = 0.5
	}
	if seen > 0 {
		a := 1 - 1/(9*seen) - 1.96/(3*math.Sqrt(seen))
		low = seen * a * a * a / expected
	}
	b := 1 - 1/(9*(seen+1)) + 1.96/(3*math.Sqrt(seen+1))
	return seen / expected, max(low, 0), (seen + 1) * b * b * b / expected
}

package crsfit

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// A Reason is why a verdict is as it is.
type Reason string

const (
	Fits    Reason = "fits"    // the best candidate fits, and no other
	Outside Reason = "outside" // no method puts the rows where the base library is
	Few     Reason = "few"     // too few rows, or too few different places
	Weak    Reason = "weak"    // no candidate stands out from its own points shifted
	Alike   Reason = "alike"   // more than one candidate fits about as well
	Offset  Reason = "offset"  // one fits after a shift of tens of metres
)

// FitsFrom is the measure from which a candidate fits, in standard deviations.
const FitsFrom = 4.5

// The further thresholds of a verdict. With them none of some hundred files of
// 200 real rows was judged wrongly; TestVerdictsOnRealFiles prints it.
const (
	leastLead = 3.0     // to the second candidate, in standard deviations
	leadShare = 1.0 / 2 // of the best one's measure: a file of two systems has two that fit
	offFrom   = 6.0     // for a fit after a shift, of which many were tried
)

// fewest different places that say anything.
const fewest = 30

// A Candidate is a reading with how well it fits.
type Candidate struct {
	Reading
	// Measure is by how many standard deviations the rows agree better with the
	// base library than the same rows shifted: about 0 for a wrong reading.
	Measure float64
	NearM   float64 // median distance to the nearest road or building, at most [ReachM]
	Named   float64 // share of the rows naming a known place that lie there; -1 where none does
}

// A Verdict is what [Judge] finds.
type Verdict struct {
	Candidates []Candidate // the best first
	Sure       bool        // the first one is right
	Why        Reason
	// By is the shift in metres east and north after which the first candidate
	// fits, where Why is Offset.
	By [2]float64
}

// Judge measures the readings (of [Candidates]) against the base library. It
// returns look's error.
func Judge(readings []Reading, look Look) (Verdict, error) {
	if len(readings) == 0 {
		return Verdict{Why: Outside}, nil
	}
	var v Verdict
	places := 0
	for _, r := range readings {
		c, n, err := measure(r, look)
		if err != nil {
			return Verdict{}, err
		}
		places = max(places, n)
		v.Candidates = append(v.Candidates, c)
	}
	slices.SortStableFunc(v.Candidates, func(a, b Candidate) int { return cmp.Compare(b.Measure, a.Measure) })
	best, second := v.Candidates[0].Measure, math.Inf(-1)
	if len(v.Candidates) > 1 {
		second = v.Candidates[1].Measure
	}
	switch {
	case places < fewest:
		v.Why = Few
	case best < FitsFrom:
		v.Why = Weak
		for _, c := range v.Candidates {
			by, ok, err := offset(c.Reading, look)
			if err != nil {
				return Verdict{}, err
			}
			if ok && v.Why == Offset { // after a shift more than one fits
				v.Why, v.By = Weak, [2]float64{}
				break
			}
			if ok {
				v.Why, v.By = Offset, by
			}
			if len(v.Candidates) > 2 {
				break // of several systems a shift makes one fit anyhow
			}
		}
	case best-second < math.Max(leastLead, best*leadShare):
		v.Why = Alike
	default:
		v.Why, v.Sure = Fits, true
	}
	return v, nil
}

// measure returns how well a reading fits, and how many different places it has.
func measure(r Reading, look Look) (Candidate, int, error) {
	c := Candidate{Reading: r, Named: -1, NearM: ReachM}
	rows := different(r.At)
	if len(rows) == 0 {
		return c, 0, nil
	}
	here, err := look(rows)
	if err != nil {
		return c, 0, err
	}
	for _, reach := range reaches {
		var moved []Place
		for _, by := range shifts(reach) {
			moved = append(moved, shifted(rows, by)...)
		}
		all, err := look(moved)
		if err != nil {
			return c, 0, err
		}
		c.Measure += standsOut(here, slices.Collect(slices.Chunk(all, len(rows)))) / math.Sqrt(float64(len(reaches)))
	}
	near := make([]float64, len(here))
	named, in := 0, 0
	for i, a := range here {
		near[i] = math.Min(a.RoadM, a.BuildingM)
		if a.Named != Silent {
			named++
		}
		if a.Named == Here {
			in++
		}
	}
	slices.Sort(near)
	c.NearM = near[len(near)/2]
	if named > 0 {
		c.Named = float64(in) / float64(named)
	}
	return c, len(rows), nil
}

// different returns the places of the rows that could be read, one of each that
// are within about a metre.
func different(at []orb.Point) []Place {
	seen := make(map[[2]int64]bool, len(at))
	var out []Place
	for i, p := range at {
		if math.IsNaN(p[0]) || math.IsNaN(p[1]) {
			continue
		}
		k := [2]int64{int64(math.Round(p[0] * 1e5)), int64(math.Round(p[1] * 1e5))}
		if !seen[k] {
			seen[k] = true
			out = append(out, Place{Row: i, At: p})
		}
	}
	return out
}

func shifted(rows []Place, by [2]float64) []Place {
	out := make([]Place, len(rows))
	for i, p := range rows {
		out[i] = Place{Row: p.Row, At: move(p.At, by)}
	}
	return out
}

package crsfit

import (
	"math"

	"github.com/paulmach/orb"
)

// The kinds of distance that are told apart, edges in metres. What stands at
// the same distance of roads everywhere (trees beside the street, hydrants at
// the kerb, calls on the middle itself) falls in few of them.
var (
	roadBins     = [...]float64{1, 2.5, 4.5, 7, 10, 14, 19, 26, 38}
	buildingBins = [...]float64{0.01, 1.5, 4, 8, 14}
)

// A binning sorts surroundings into bins by one of their properties; -1 where
// they have none. The last bin, in which nothing is near, never speaks for a
// candidate: a shift into a lake puts all rows there.
type binning struct {
	of   func(Around) int
	bins int
}

var binnings = [...]binning{
	{func(a Around) int { return bin(roadBins[:], a.RoadM) }, len(roadBins) + 1},
	{func(a Around) int { return bin(buildingBins[:], a.BuildingM) }, len(buildingBins) + 1},
	{func(a Around) int {
		switch a.Named {
		case Here:
			return 0
		case Elsewhere:
			return 1
		}
		return -1
	}, 2},
}

func bin(edges []float64, d float64) int {
	for i, e := range edges {
		if d < e {
			return i
		}
	}
	return len(edges)
}

type distribution [len(binnings)][]float64

// prior is the weight of the shifted points' distribution, in rows, in the
// estimate of how the candidate's own points are distributed.
const prior = 10

// score says how much more likely the rows' surroundings are as ones of their
// own kind than as those of shifted points (reference), in nats. The kind is
// estimated for each row from the others, so that chance does not count.
func score(rows []Around, reference distribution) float64 {
	total := 0.0
	for k, b := range binnings {
		q := reference[k]
		counts, n := b.counts(rows)
		for i, c := range counts {
			if c == 0 {
				continue
			}
			gain := c * math.Log((c-1+prior*q[i])/((n-1+prior)*q[i]))
			if i == b.bins-1 {
				gain = math.Min(0, gain)
			}
			total += gain
		}
	}
	return total
}

func (b binning) counts(rows []Around) (counts []float64, n float64) {
	counts = make([]float64, b.bins)
	for _, a := range rows {
		if i := b.of(a); i >= 0 {
			counts[i]++
			n++
		}
	}
	return counts, n
}

// shares returns the share of each bin among shifted points, none of them zero.
func shares(rows []Around) (q distribution) {
	for k, b := range binnings {
		counts, n := b.counts(rows)
		q[k] = make([]float64, b.bins)
		for i, c := range counts {
			q[k][i] = (c + 0.5/float64(b.bins)) / (n + 0.5)
		}
	}
	return q
}

// nulls is how many shifts there are of each reach.
const nulls = 20

// The reaches of shifts in metres. Near, the town is as dense as at the place
// itself, and yet nothing is where it should be; far is where another datum
// would put the points.
var reaches = [...][2]float64{{25, 150}, {200, 1200}}

// shifts returns the shifts of a reach in all directions, always the same.
func shifts(reach [2]float64) [nulls][2]float64 {
	const golden = 2.399963229728653 // radians
	var out [nulls][2]float64
	for i := range out {
		r := reach[0] + (reach[1]-reach[0])*(float64(i)+0.5)/nulls
		s, c := math.Sincos(golden * float64(i))
		out[i] = [2]float64{r * c, r * s}
	}
	return out
}

// leastDeviation, in nats, keeps shifts that all fare alike from making a
// miracle of little.
const leastDeviation = 3

// standsOut says by how many standard deviations the score of rows lies above
// those of the same rows shifted.
func standsOut(rows []Around, shifted [][]Around) float64 {
	var all []Around
	for _, s := range shifted {
		all = append(all, s...)
	}
	reference := shares(all)
	sum, squares, n := 0.0, 0.0, float64(len(shifted))
	for _, s := range shifted {
		x := score(s, reference)
		sum += x
		squares += x * x
	}
	mean := sum / n
	deviation := math.Max(leastDeviation, math.Sqrt(math.Max(0, squares/n-mean*mean)))
	return (score(rows, reference) - mean) / deviation
}

const metresPerDegree = 111_320

// move shifts a place by metres east and north.
func move(p orb.Point, by [2]float64) orb.Point {
	return orb.Point{p[0] + by[0]/(metresPerDegree*math.Cos(p[1]*math.Pi/180)), p[1] + by[1]/metresPerDegree}
}

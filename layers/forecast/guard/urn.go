package guard

import (
	"fmt"
	"math/rand/v2"

	"onemap/layers/forecast/hotspot"
)

// An Urn is two areas and a patrol that goes, round after round, where the
// forecast sends it (Ensign, Friedler, Neville, Scheidegger & Venkatasubramanian
// 2018, PMLR 81: runaway feedback loops). The forecast is the share of events in
// its training data. The public reports events wherever they happen; a patrol
// finds further ones, but only where it is.
type Urn struct {
	Reported   [2]float64 // events that the public reports a round
	Discovered [2]float64 // events that a patrol finds in a round that it is there
	// Train says whether what patrols find trains the forecast. In onemap it
	// does not: only classes that the public reports are let in.
	Train  bool
	Start  [2]float64 // events before the first round
	Rounds int
	// Hotspot sends the patrol to the area with the larger share; else it goes
	// by chance, in proportion to the shares, as in the paper.
	Hotspot bool
}

// A Course is how a forecast went.
type Course struct {
	Share  []float64 // of the first area, after each round
	Truth  float64   // what it would be if it followed the events
	MaxOff float64   // the largest distance of the two, from 0 to 1
	Visits [2]int
}

// Run plays an urn. The same seed plays the same rounds.
func (u Urn) Run(seed uint64) (Course, error) {
	for i := range 2 {
		for _, v := range []float64{u.Reported[i], u.Discovered[i], u.Start[i]} {
			if !(v >= 0 && v < 1e6) {
				return Course{}, fmt.Errorf("%w: urn: rates and beginnings must be from 0 to a million, not %g", hotspot.ErrInput, v)
			}
		}
	}
	if u.Rounds < 1 || u.Rounds > 1e6 || u.Start[0]+u.Start[1] == 0 || u.Reported[0]+u.Reported[1] == 0 {
		return Course{}, fmt.Errorf("%w: urn: it needs a round, events to begin with and reports", hotspot.ErrInput)
	}
	r := rand.New(rand.NewPCG(seed, 0x75726e))
	seen := u.Start
	c := Course{Truth: u.Reported[0] / (u.Reported[0] + u.Reported[1])}
	for range u.Rounds {
		q := seen[0] / (seen[0] + seen[1])
		at := 1
		if u.Hotspot && q >= 0.5 || !u.Hotspot && r.Float64() < q {
			at = 0
		}
		c.Visits[at]++
		for i := range seen {
			seen[i] += float64(poisson(r, u.Reported[i]))
		}
		found := float64(poisson(r, u.Discovered[at]))
		if u.Train {
			seen[at] += found
		}
		share := seen[0] / (seen[0] + seen[1])
		c.Share = append(c.Share, share)
		c.MaxOff = max(c.MaxOff, share-c.Truth, c.Truth-share)
	}
	return c, nil
}

func poisson(r *rand.Rand, mean float64) int {
	n := 0
	for t := r.ExpFloat64(); t < mean; t += r.ExpFloat64() {
		n++
	}
	return n
}

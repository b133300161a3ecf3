package etas

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/hotspot"
)

// Simulate draws events of the process with these parameters in a box, from
// day 0 to day days. The background is the same everywhere but for a share of
// it that falls around so many centres, as in a city. It is for tests and for
// measuring speed; the same seed gives the same events.
func Simulate(p Params, box orb.Bound, days float64, centres int, seed uint64) []hotspot.Event {
	r := rand.New(rand.NewPCG(seed, 1))
	w, h := box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]
	somewhere := func() orb.Point { return orb.Point{box.Min[0] + w*r.Float64(), box.Min[1] + h*r.Float64()} }
	around := make([]orb.Point, centres)
	for i := range around {
		around[i] = somewhere()
	}
	var out []hotspot.Event
	for t := r.ExpFloat64() / p.Mu; t < days; t += r.ExpFloat64() / p.Mu {
		at := somewhere()
		if centres > 0 && r.Float64() < 0.7 {
			c := around[r.IntN(centres)]
			at = orb.Point{c[0] + 0.02*w*r.NormFloat64(), c[1] + 0.02*h*r.NormFloat64()}
		}
		out = append(out, hotspot.Event{Day: t, At: at})
	}
	for i := 0; i < len(out); i++ { // out grows while we go along it
		for range poisson(r, p.Theta) {
			t := out[i].Day + r.ExpFloat64()/p.Omega
			at := orb.Point{out[i].At[0] + p.S*r.NormFloat64(), out[i].At[1] + p.S*r.NormFloat64()}
			if t < days {
				out = append(out, hotspot.Event{Day: t, At: at})
			}
		}
	}
	out = slices.DeleteFunc(out, func(e hotspot.Event) bool { return !box.Contains(e.At) })
	slices.SortFunc(out, func(a, b hotspot.Event) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.At[0], b.At[0]), cmp.Compare(a.At[1], b.At[1]))
	})
	return out
}

func poisson(r *rand.Rand, mean float64) int {
	n, p := 0, r.Float64()
	for limit := math.Exp(-mean); p > limit; n++ {
		p *= r.Float64()
	}
	return n
}

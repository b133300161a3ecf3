package etas

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/hotspot"
)

// laidOut returns the events that lie in a cell, sorted by time, with repeats
// of a place and dates without an hour moved as the options say. Where an event
// goes depends on the seed and its number only, so a longer history moves its
// beginning the same way.
func laidOut(s *hotspot.Space, past []hotspot.Event, until float64, o Options) []event {
	out := make([]event, 0, len(past))
	var seen map[orb.Point]struct{}
	if o.JitterM > 0 {
		seen = make(map[orb.Point]struct{}, len(past))
	}
	for i, e := range past {
		if s.CellAt(e.At) < 0 {
			continue
		}
		v := event{e.Day, e.At[0], e.At[1]}
		if o.DateOnly {
			v.t = min(math.Floor(e.Day)+random(o.Seed, i).Float64(), math.Nextafter(until, math.Inf(-1)))
			v.t = max(v.t, e.Day)
		}
		if seen != nil {
			if _, again := seen[e.At]; again {
				v.x, v.y = moved(s, e.At, o, i)
			}
			seen[e.At] = struct{}{}
		}
		out = append(out, v)
	}
	if o.DateOnly {
		slices.SortStableFunc(out, func(a, b event) int { return cmp.Compare(a.t, b.t) })
	}
	return out
}

// moved returns a place evenly from the disc around one, inside the city.
func moved(s *hotspot.Space, at orb.Point, o Options, i int) (x, y float64) {
	r := random(o.Seed^0x9e3779b97f4a7c15, i)
	for range 8 {
		d, a := o.JitterM*math.Sqrt(r.Float64()), 2*math.Pi*r.Float64()
		sin, cos := math.Sincos(a)
		x, y = at[0]+d*cos, at[1]+d*sin
		if s.CellAt(orb.Point{x, y}) >= 0 {
			return x, y
		}
	}
	return at[0], at[1]
}

func random(seed uint64, i int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(i))) }

// DatesOnly says whether events seem to be known by their date only: nine in
// ten begin with the day.
func DatesOnly(events []hotspot.Event) bool {
	n := 0
	for _, e := range events {
		if e.Day == math.Floor(e.Day) {
			n++
		}
	}
	return n > 0 && n*10 >= len(events)*9
}

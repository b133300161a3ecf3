package etas

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"onemap/layers/forecast/hotspot"
)

const (
	// latestAsked events are asked whether there are near repeats: those of long
	// ago say little of what is so now.
	latestAsked = 10_000
	// mostPairs near in space are looked at in each shuffle. Where events lie so
	// close that there are more, fewer of the latest are asked.
	mostPairs = 500_000
	shuffles  = 199
	// chance is how often near repeats may be found where there are none.
	chance = 0.05
)

// NearRepeats is [Knox]'s test with a p by permutation: the days of the latest
// ten thousand events, or fewer where they lie very close, are shuffled among
// them 199 times, and P is how often that brings as many pairs together, the
// events themselves counted as one of the shuffles. No distribution of the pairs
// is assumed, which for places with many events is not Poisson.
//
// Events are sorted by day. The same events, bands and seed give the same bits,
// on any number of cores. The worst city takes some tenths of a second.
func NearRepeats(ctx context.Context, events []hotspot.Event, bands []Band, seed uint64) ([]Repeat, error) {
	if out, err := Knox(ctx, nil, bands); err != nil || len(events) < 2 || len(bands) == 0 { // bands that are none
		return out, err
	}
	events = events[max(0, len(events)-latestAsked):]
	near, fits := nearby(events, bands)
	for !fits {
		events = events[len(events)/2:]
		near, fits = nearby(events, bands)
	}
	out, err := Knox(ctx, events, bands)
	if err != nil {
		return nil, err
	}
	asMany := make([][]bool, shuffles)
	err = share(ctx, shuffles, 0, func(k int) {
		r := rand.New(rand.NewPCG(seed, uint64(k)))
		days := make([]float64, len(events))
		for i, at := range r.Perm(len(events)) {
			days[i] = events[at].Day
		}
		asMany[k] = make([]bool, len(bands))
		for b, pairs := range near {
			var n int64
			for _, p := range pairs {
				if math.Abs(days[p[0]]-days[p[1]]) <= bands[b].Days {
					n++
				}
			}
			asMany[k][b] = n >= out[b].Pairs
		}
	})
	if err != nil {
		return nil, err
	}
	for b := range out {
		n := 1
		for _, as := range asMany {
			if as[b] {
				n++
			}
		}
		out[b].P = float64(n) / (shuffles + 1)
	}
	return out, nil
}

// nearby lists, by band, the pairs of events that are near in space; fits is
// false where there are too many.
func nearby(events []hotspot.Event, bands []Band) (near [][][2]int32, fits bool) {
	var reach float64
	for _, b := range bands {
		reach = max(reach, b.Metres)
	}
	c, _ := paired(events, nil, reach)
	near = make([][][2]int32, len(bands))
	all := 0
	// The catalogue has its own order; shuffled days are given to places, and
	// which place has which number does not matter.
	for j, e := range c.events {
		col, row := int(c.bucket[j])%c.cols, int(c.bucket[j])/c.cols
		for r := max(0, row-1); r <= min(c.rows-1, row+1); r++ {
			for q := max(0, col-1); q <= min(c.cols-1, col+1); q++ {
				b := r*c.cols + q
				for i := c.first[b]; i < min(c.first[b+1], int32(j)); i++ {
					dx, dy := e.x-c.events[i].x, e.y-c.events[i].y
					rr := dx*dx + dy*dy
					for k, band := range bands {
						if rr <= band.Metres*band.Metres {
							near[k] = append(near[k], [2]int32{i, int32(j)})
							all++
						}
					}
				}
			}
		}
		if all > mostPairs && len(events) > 2 {
			return nil, false
		}
	}
	return near, true
}

// Key is a band's name in findings, such as "knox 7 d 100 m"; "ratio" or "p"
// follows after a space.
func (b Band) Key() string { return fmt.Sprintf("knox %g d %g m", b.Days, b.Metres) }

// Premise is that a city's events bring others near by: in one of [Bands] there
// are more pairs than shuffled days have, by a test that errs one time in twenty.
// Where they do not, there is nothing for self-excitation to learn, and what such
// a model finds is chance.
func Premise(seed uint64, parts ...string) *hotspot.Premise {
	return &hotspot.Premise{Parts: parts, Ask: func(ctx context.Context, past []hotspot.Event, _ float64) (hotspot.Finding, error) {
		repeats, err := NearRepeats(ctx, past, Bands, seed)
		if err != nil {
			return hotspot.Finding{}, err
		}
		f := hotspot.Finding{Told: map[string]float64{}}
		for _, r := range repeats {
			f.Holds = f.Holds || r.Ratio > 1 && r.P <= chance/float64(len(repeats))
			f.Told[r.Key()+" ratio"], f.Told[r.Key()+" p"] = r.Ratio, r.P
		}
		return f, nil
	}}
}

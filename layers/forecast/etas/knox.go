package etas

import (
	"context"
	"fmt"
	"math"
	"sort"

	"github.com/paulmach/orb"
	"gonum.org/v1/gonum/mathext"

	"onemap/layers/forecast/hotspot"
)

// A Band is what counts as near: at most so many days and metres apart.
type Band struct{ Days, Metres float64 }

// Bands are those of the diagnosis of near repeats.
var Bands = []Band{{7, 100}, {14, 200}, {28, 400}}

// A Repeat is how often events follow one another nearby.
type Repeat struct {
	Band
	Pairs    int64   // of events within the band
	Expected float64 // of them, if place and time had nothing to do with each other
	Ratio    float64 // Pairs over Expected; 0 where nothing is expected
	// P is how likely so many or more pairs are without self-excitation, pairs
	// being taken as Poisson.
	P float64
}

// Knox diagnoses near repeats (Knox 1964, Applied Statistics 13:25): the pairs
// near in space and time beside those expected from how many are near in each
// alone. A city whose ratios are about one has nothing for a self-exciting model
// to learn. Events are sorted by day; of a hundred thousand it takes a second.
func Knox(ctx context.Context, events []hotspot.Event, bands []Band) ([]Repeat, error) {
	if len(events) > 0 {
		if err := hotspot.Check(events, math.Nextafter(events[len(events)-1].Day, math.Inf(1))); err != nil {
			return nil, err
		}
	}
	out := make([]Repeat, len(bands))
	var reach float64
	for k, b := range bands {
		if !(b.Days >= 0 && b.Metres > 0) || math.IsInf(b.Metres, 1) {
			return nil, fmt.Errorf("%w: knox: a band of %g days and %g m: give days from zero and metres above zero", hotspot.ErrInput, b.Days, b.Metres)
		}
		out[k].Band = b
		reach = max(reach, b.Metres)
	}
	n := len(events)
	if n < 2 || len(bands) == 0 {
		return out, nil
	}
	c, inTime := paired(events, bands, reach)
	pieces := min(max(n/2048, 1), 512)
	type pairs struct{ space, both []int64 }
	part := make([]pairs, pieces)
	err := share(ctx, pieces, 0, func(k int) {
		part[k] = pairs{make([]int64, len(bands)), make([]int64, len(bands))}
		c.near(n*k/pieces, n*(k+1)/pieces, bands, part[k].space, part[k].both)
	})
	if err != nil {
		return nil, err
	}
	all := float64(n) * float64(n-1) / 2
	for k := range out {
		var space int64
		for _, p := range part {
			space += p.space[k]
			out[k].Pairs += p.both[k]
		}
		out[k].Expected = float64(space) * float64(inTime[k]) / all
		out[k].P = 1
		if out[k].Expected > 0 {
			out[k].Ratio = float64(out[k].Pairs) / out[k].Expected
			if out[k].Pairs > 0 {
				out[k].P = mathext.GammaIncReg(float64(out[k].Pairs), out[k].Expected)
			}
		}
	}
	return out, nil
}

// paired indexes events by place and counts, by band, the pairs near in time.
func paired(events []hotspot.Event, bands []Band, reach float64) (*catalogue, []int64) {
	list := make([]event, len(events))
	box := orb.Bound{Min: events[0].At, Max: events[0].At}
	inTime := make([]int64, len(bands))
	for i, e := range events {
		list[i] = event{e.Day, e.At[0], e.At[1]}
		box = box.Extend(e.At)
		for k, b := range bands {
			first := sort.Search(i, func(j int) bool { return events[j].Day >= e.Day-b.Days })
			inTime[k] += int64(i - first)
		}
	}
	return index(list, box, reach, events[0].Day, events[len(events)-1].Day), inTime
}

// near counts pairs of which the later in the catalogue is one of [from, to).
func (c *catalogue) near(from, to int, bands []Band, space, both []int64) {
	for j := from; j < to; j++ {
		e := c.events[j]
		col, row := int(c.bucket[j])%c.cols, int(c.bucket[j])/c.cols
		for r := max(0, row-1); r <= min(c.rows-1, row+1); r++ {
			for q := max(0, col-1); q <= min(c.cols-1, col+1); q++ {
				b := r*c.cols + q
				for i := c.first[b]; i < min(c.first[b+1], int32(j)); i++ {
					o := c.events[i]
					dx, dy := e.x-o.x, e.y-o.y
					rr, dt := dx*dx+dy*dy, math.Abs(e.t-o.t)
					for k, band := range bands {
						if rr <= band.Metres*band.Metres {
							space[k]++
							if dt <= band.Days {
								both[k]++
							}
						}
					}
				}
			}
		}
	}
}

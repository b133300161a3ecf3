package hotspot

import (
	"fmt"
	"slices"
	"sync"
)

// Events become known when they are reported, which is later than they happen.
// What was not yet known at a cut is not learned from there, and the level of
// the days before it is what would be counted if all were known.

const (
	settledD   = 60.0  // an event of so many days ago is taken to be known, if ever
	learnedD   = 365.0 // delays are those of the year before
	fewDelays  = 50    // of fewer nothing is learned
	mostlyIn   = 0.95  // the season is of days of which so much is known
	keptStates = 4     // of the history, at the cuts that were asked for last
)

// Known says on which day each of the events of the series became known: one
// for each, in their order, none before the event's own day. It comes before
// the first fit. Without it, all are known at once.
//
// It returns an error wrapping [ErrInput] for days that are none of these events'.
func (r *Series) Known(days []float64) error {
	if len(days) != len(r.events) {
		return fmt.Errorf("%w: %d days on which events became known, of %d events: give one for each", ErrInput, len(days), len(r.events))
	}
	at := make([]float64, 0, r.placed.len())
	for i, e := range r.events {
		if !(days[i] >= e.Day) {
			return fmt.Errorf("%w: event %d is known on day %g, before it happens on day %g: take its own day where no later one is told", ErrInput, i, days[i], e.Day)
		}
		if r.Space.CellAt(e.At) >= 0 { // as place has it
			at = append(at, days[i])
		}
	}
	r.known, r.placed.known, r.placed.states = days, at, &states{}
	return nil
}

// eventsAt are those that a model may learn from at a cut.
func (r *Series) eventsAt(cut float64) []Event {
	past := r.events[:Before(r.events, cut)]
	if r.known == nil {
		return past
	}
	in := make([]Event, 0, len(past))
	for i, e := range past {
		if r.known[i] < cut {
			in = append(in, e)
		}
	}
	return in
}

// states keeps the history as it was known at some cuts: all models of a cut
// share it.
type states struct {
	mu   sync.Mutex
	cuts []float64
	kept []placed
}

// at is the history that was known at a cut. It is no longer one to which a
// later cut only adds at the end, so tallies of it begin anew.
func (s *states) at(p placed, cut float64) placed {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.cuts, cut); i >= 0 {
		return s.kept[i]
	}
	n := firstAt(p.day, cut)
	q := placed{day: make([]float64, 0, n), cell: make([]int32, 0, n), pixel: make([]int32, 0, n), levels: p.levels, late: true}
	var delays []float64
	for i, d := range p.day[:n] {
		if p.known[i] >= cut {
			continue
		}
		q.day, q.cell, q.pixel = append(q.day, d), append(q.cell, p.cell[i]), append(q.pixel, p.pixel[i])
		if age := cut - d; age >= settledD && age < settledD+learnedD {
			delays = append(delays, p.known[i]-d)
		}
	}
	q.delay = newDelay(delays)
	if len(s.cuts) == keptStates {
		s.cuts, s.kept = s.cuts[1:], s.kept[1:]
	}
	s.cuts, s.kept = append(s.cuts, cut), append(s.kept, q)
	return q
}

// A delay is how long after they happen events become known: the distribution
// function G(a) = P(delay <= a), of events that are old enough to be known all.
type delay struct {
	days []float64 // ascending
	sum  []float64 // of those before each
}

// newDelay is nil where too few are known, or none comes late.
func newDelay(days []float64) *delay {
	slices.Sort(days)
	if len(days) < fewDelays || days[len(days)-1] == 0 {
		return nil
	}
	d := &delay{days: days, sum: make([]float64, len(days)+1)}
	for i, v := range days {
		d.sum[i+1] = d.sum[i] + v
	}
	return d
}

// below is the integral of G from 0 to a: the mean of max(0, a - delay).
func (d *delay) below(a float64) float64 {
	n := firstAt(d.days, a)
	return (float64(n)*a - d.sum[n]) / float64(len(d.days))
}

// known is which share of the events between two days is known at a cut.
func (d *delay) known(from, to, cut float64) float64 {
	if d == nil {
		return 1
	}
	return (d.below(cut-from) - d.below(cut-to)) / (to - from)
}

// settled is the last day before a cut of whose events most are known.
func (d *delay) settled(cut float64) float64 {
	if d == nil {
		return cut
	}
	return cut - min(settledD, d.days[int(mostlyIn*float64(len(d.days)-1))])
}

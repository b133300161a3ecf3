package patrolplan

import (
	"context"
	"errors"
	"slices"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast"
)

// source is the forecast that a plan is made from.
type source struct {
	run   forecast.Run
	zones map[int]float64 // of a cell's expectation, what falls into the plan's hours, by the cell's zone
	even  float64         // the same where the zone's hours are not known: by the length of time
	notes []string
}

// share is the part of a cell's expectation that falls into the plan's hours.
func (s source) share(zone int) float64 {
	if v, ok := s.zones[zone]; ok {
		return v
	}
	return s.even
}

// source reads the run of an order, and when in the week its incidents happen.
func (s *Store) source(ctx context.Context, scope access.Scope, o *Order) (source, error) {
	run, err := s.Forecasts.Get(ctx, scope, o.Run)
	if err != nil {
		return source{}, err
	}
	hours, err := s.Forecasts.HoursOf(ctx, scope, o.Run)
	if err != nil && !errors.Is(err, layers.ErrNotFound) {
		return source{}, err
	}
	city, err := zone(ctx, s.Layers.DB())
	if err != nil {
		return source{}, err
	}
	return sourceOf(run, hours, city, o), nil
}

// sourceOf says how much of a forecast falls into the hours of an order. A
// forecast is of its hours from run.From to run.To; a zone's share s_h of each
// hour h of the week says how they are filled:
//
//	share = Σ s_h over the plan's hours / Σ s_h over the forecast's.
//
// A plan of other hours than the forecast's is told in the notes.
func sourceOf(run forecast.Run, hours forecast.Hours, city *time.Location, o *Order) source {
	from, until := o.span()
	src := source{run: run, zones: map[int]float64{}}
	even := func(int) float64 { return 1 }
	always := func(int) bool { return true }
	within := func(h int) bool { return len(run.Hours) == 0 || slices.Contains(run.Hours, h%24) }
	whole := week(run.From, run.To, city, even, within)
	if whole <= 0 { // less than a second: no run is
		whole = 1
	}
	src.even = week(from, until, city, even, always) / whole
	for _, z := range hours.Zones {
		if len(z.Shares) != 168 {
			continue
		}
		of := func(h int) float64 { return z.Shares[h] }
		if all := week(run.From, run.To, city, of, within); all > 0 {
			src.zones[z.Zone] = week(from, until, city, of, always) / all
		}
	}
	if len(src.zones) == 0 {
		src.notes = append(src.notes, "hours_even")
	} else {
		src.notes = append(src.notes, "hours_zone")
	}
	outside := func(h int) bool { return !within(h) }
	if from.Before(run.From) || until.After(run.To) || week(from, until, city, even, outside) > 0 {
		src.notes = append(src.notes, "other_time")
	}
	return src
}

// week adds up the weights of the hours from a time to another, in parts where
// they are cut; an hour of the week is counted from Monday's midnight in the city.
func week(from, to time.Time, city *time.Location, weight func(h int) float64, keep func(h int) bool) (sum float64) {
	for at := from.In(city); at.Before(to); {
		h := (int(at.Weekday())+6)%7*24 + at.Hour()
		next := at.Add(time.Hour - time.Duration(at.Minute())*time.Minute - time.Duration(at.Second())*time.Second - time.Duration(at.Nanosecond()))
		if next.After(to) {
			next = to
		}
		if keep(h) {
			sum += weight(h) * next.Sub(at).Hours()
		}
		at = next
	}
	return sum
}

// Package worktime counts the time that a limit allows, by the four clocks of
// the field: urgent hours (紧急工作时) and natural days (自然日) run without
// pause; working hours (工作时) run inside office hours of working days; working
// days (工作日) run on working days, all 24 hours of them.
//
// Working days are Monday to Friday without the holidays, and the weekend days
// that make up for them (调休). What counts is what a clock on the wall of the
// calendar's time zone shows: an hour that daylight saving repeats counts
// twice, one that it skips not at all. Counts are exact; an interval is
// half-open, [from, to). The package is pure: it knows no database and no
// present time.
package worktime

import (
	"time"
	_ "time/tzdata" // a server without the system's time zones counts as well
)

// A Unit is what a limit is given in.
type Unit string

// The four clocks.
const (
	UrgentHour  Unit = "urgent_hour"  // 紧急工作时
	WorkingHour Unit = "working_hour" // 工作时
	WorkingDay  Unit = "working_day"  // 工作日
	NaturalDay  Unit = "natural_day"  // 自然日
)

// Units are the four clocks.
var Units = []Unit{UrgentHour, WorkingHour, WorkingDay, NaturalDay}

// Known says whether u is one of the four.
func (u Unit) Known() bool {
	return u == UrgentHour || u == WorkingHour || u == WorkingDay || u == NaturalDay
}

// continuous says whether u runs without pause.
func (u Unit) continuous() bool { return u == UrgentHour || u == NaturalDay }

// A Span is part of a day, as time since its midnight: from From until before To.
type Span struct{ From, To time.Duration }

// A Calendar says when offices work. Its zero value has no office hours and
// every weekday a working day, in UTC. It may be used by many at once.
type Calendar struct {
	Zone   *time.Location  // nil: UTC
	Office []Span          // in order, apart
	Days   map[string]bool // "2026-10-01": false is a holiday, true a day that makes up for one
}

// Horizon is how far Add looks ahead: a clock that has not counted enough by
// then never will in practice, as one of working hours without office hours.
const Horizon = 50 * 366 * 24 * time.Hour

// Spent returns the time that u counts in [from, to), 0 where to is not after
// from. An unknown unit counts nothing.
func (c Calendar) Spent(from, to time.Time, u Unit) time.Duration {
	from, to = from.Round(0), to.Round(0) // by the wall clock, not by the process's own
	if !from.Before(to) {
		return 0
	}
	total := to.Sub(from) // of 292 years at most
	if u.continuous() {
		return total
	}
	var sum time.Duration
	for p := range c.pieces(from, total) {
		sum += c.counted(p, u)
	}
	return sum
}

// Add returns the first instant at which u has counted d since from; from
// itself where d is not positive. What is not reached within [Horizon] is put
// there.
func (c Calendar) Add(from time.Time, d time.Duration, u Unit) time.Time {
	from = from.Round(0)
	if d <= 0 {
		return from
	}
	if u.continuous() {
		return from.Add(min(d, Horizon))
	}
	for p := range c.pieces(from, Horizon) {
		n := c.counted(p, u)
		if n >= d {
			return from.Add(p.at + c.reach(p, d, u))
		}
		d -= n
	}
	return from.Add(Horizon)
}

// Deadline returns when a limit that starts at from ends.
func (c Calendar) Deadline(from time.Time, l Limit) time.Time {
	return c.Add(from, l.Length(), l.Unit)
}

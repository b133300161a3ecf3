// Package worktime counts the time that a limit allows, by the four clocks of
// the field: urgent hours (紧急工作时) and natural days (自然日) run without
// pause; working hours (工作时) run inside office hours of working days; working
// days (工作日) run on working days, all 24 hours of them.
//
// Working days are Monday to Friday without the holidays, and the weekend days
// that make up for those (调休). A count is of whole seconds in the calendar's
// time zone; an interval is half-open, [from, to). The package is pure: it
// knows no database and no clock.
package worktime

import "time"

// A Unit is what a limit is given in.
type Unit string

// The four clocks.
const (
	UrgentHour  Unit = "urgent_hour"  // 紧急工作时
	WorkingHour Unit = "working_hour" // 工作时
	WorkingDay  Unit = "working_day"  // 工作日
	NaturalDay  Unit = "natural_day"  // 自然日
)

// A Limit is how long something may take.
type Limit struct {
	N    int
	Unit Unit
}

// A Span is part of a day, as time since its midnight.
type Span struct{ From, To time.Duration }

// A Calendar says when offices work. Its zero value has no office hours and
// every weekday a working day, in UTC.
type Calendar struct {
	Zone   *time.Location
	Office []Span          // in order, apart
	Days   map[string]bool // "2026-10-01": false is a holiday, true a day that makes up for one
}

// Package model ranks places by the fires to be expected at them, says how far
// that can be trusted, and picks which places to inspect.
//
// It is pure: no database, HTTP, clock or files. Coordinates are metres in a
// local plane, times are days since 1970-01-01. A [Place] is a building or an
// enterprise; nothing in the types of this package is about a person, and so
// nothing about one can reach a score (a test walks the types).
//
// The score is the number of fires to be expected at a place within the
// horizon: a Poisson regression on what was known of the place on the day of
// the forecast ([Fit]), with a ridge. What a place is (use, storeys, area, water)
// is taken as it is now; what happened to it (fires, inspections, grades,
// hazards) has its time, and only what was known at the cut is looked at: a fire
// from its report on, an inspection and its grade from the end of their day on.
// So a model that is fitted for a day in the past is the model that would have
// been fitted then for the places of today, and [Evaluate] compares it there with two orders that need no model: the
// places with most fires before, and those that were longest without an
// inspection.
package model

import (
	"errors"
	"math"

	"github.com/paulmach/orb"
)

// ErrFew: there is too little to learn from; the error's text says of what.
var ErrFew = errors.New("too few")

// A Place is what the model may know of a building or an enterprise.
type Place struct {
	At      orb.Point // metres
	Use     string    // class of a building, industry of an enterprise; "" not known
	Storeys float64   // NaN: not known, as are the next four
	HeightM float64
	AreaM2  float64  // of the ground
	Built   float64  // year
	WaterM  float64  // to the nearest hydrant in use, straight
	Visits  []Visit  // inspections that took place, by day
	Grades  []Graded // by day: the last one holds
	Hazards []Hazard
}

// A Graded is a grade of the four colours that an inspection gave. The register's
// own grade has no day, and so no past: what is fitted on it looks ahead.
type Graded struct {
	Day   float64 // its midnight
	Level int     // 1 red to 4 blue
}

// A Visit is an inspection that took place.
type Visit struct {
	Day      float64 // its midnight: it is known from the next one on
	Findings float64 // minor ones count 1, serious 3, critical 6
	Failed   bool
}

// A Hazard was found at a place and rectified, or not yet (To is +Inf).
type Hazard struct {
	From, To float64 // days
	Major    bool
}

// A Fire is when it burnt and was reported and where, and nothing else.
type Fire struct {
	Day   float64
	Known float64   // day of its report; less than Day: at once
	At    orb.Point // metres
}

// by says whether a fire was known on a day.
func (f Fire) by(day float64) bool { return f.Day <= day && f.Known <= day }

// grade is what the place was graded by a day; 0: none was given.
func (p Place) grade(day float64) int {
	for k := len(p.Grades) - 1; k >= 0; k-- {
		if over(p.Grades[k].Day, day) {
			return p.Grades[k].Level
		}
	}
	return 0
}

// over says whether a day that began at midnight was over by another: nobody
// knows at what hour of it an inspection was, and some follow a fire of that day.
func over(midnight, day float64) bool { return midnight+1 <= day }

// Unknown is the value of a number that is not known.
func Unknown() float64 { return math.NaN() }

// Params are how a model is fitted. The zero value of a field is its default.
type Params struct {
	Horizon float64 // days that a score is for; 365
	NearM   float64 // a fire is of the nearest place within so many metres; 50
	Ridge   float64 // on standardised features; 4, a prior of standard deviation 1/2
	Years   float64 // of fires that are looked back on; 3
}

// WithDefaults returns p with its zero fields set.
func (p Params) WithDefaults() Params {
	set := func(v *float64, to float64) {
		if *v == 0 {
			*v = to
		}
	}
	set(&p.Horizon, 365)
	set(&p.NearM, 50)
	set(&p.Ridge, 4)
	set(&p.Years, 3)
	return p
}

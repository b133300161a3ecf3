// Package expect holds counts of incidents against their own expectation, by
// class and grid, and finds places where incidents come again.
//
// It is pure: no database, HTTP, clock or files. Days are whole numbers of any
// epoch, in the city's time zone; a [Count] is how many incidents of a class
// occurred in a grid on a day, and nothing about a person.
//
// What is to be expected of a class in the whole city is learnt from its own
// days ([fitSeason]): a level, which recent days say most about, the day of
// the week with days off as Sundays, and the season where two years are known.
// A grid's share of it is its share of the class's last year, drawn to the mean
// as far as it is little ([shares]). Counts scatter more than Poisson: each
// class has its dispersion, fitted on its own past windows, and a grid's
// uncertain share adds to it; so a count is negative binomial with
//
//	var = mu + mu² a.
//
// Some thousands of grids and classes are judged at a time. Those told are
// chosen so that of all told, no more than a share is expected to be chance
// (Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289).
//
// A class is not judged where that would only mislead: its data are late, or
// there is too little of it, or it began only lately. [ClassState] says so.
package expect

// A Count is how many incidents of a class occurred in a grid on a day.
type Count struct {
	Class, Cell, Day int // Cell -1: in no grid; it counts for the whole city
	N                int
}

// A Question is what is judged.
type Question struct {
	Classes int // classes are numbered from 0
	Cells   int // and so are grids
	// Today is the last day that is over. Days after it are not looked at.
	Today int
	// Windows are the numbers of days up to Today that are judged; nil: 1, 7 and 28.
	Windows []int
	Off     func(day int) bool  // days off, beside Sundays; may be nil
	Weekday func(day int) int   // 0 is Sunday
	Group   func(class int) int // classes whose data come together; nil: all do
	// Known is the share of a class's incidents that are known so many days after
	// they occurred, from the delay of its reports; nil: all are at once.
	Known func(class, daysLater int) float64
	// FDR is the expected share of chance among what is told; 0: 0.1.
	FDR float64
	// Least is the smallest count that is told; 0: 3. It is no part of the test.
	Least int
}

// Verdicts on a class.
const (
	Judged = "judged"
	Empty  = "empty"  // there is none of it
	New    = "new"    // it began less than 56 days ago
	Few    = "few"    // fewer than 20 in the last year
	Slow   = "slow"   // no class of its group has had any for longer than chance explains: the data are late
	Silent = "silent" // it has had none for longer than chance explains, others of its group have: nothing happens, or nobody writes it down
)

// A ClassState says whether a class was judged, and if not, why.
type ClassState struct {
	Class      int
	State      string
	First      int     // the day of its first incident; judged from there on
	Last       int     // the day of its last one
	LastYear   int     // incidents in the last 365 days
	PerDay     float64 // expected today
	Dispersion float64 // a of the whole city's windows of 7 days
	Seasonal   bool    // two years were known
}

// A Finding is a count that differs from what was to be expected.
type Finding struct {
	Class    int
	Cell     int // -1: the whole city
	Window   int // days up to today
	N        int
	Expected float64
	Low      int     // of a new count, 90 %: what would not surprise
	High     int     //
	P        float64 // probability of as many or more
	Q        float64 // P with multiplicity in hand: the FDR at which it is told
	Ratio    float64 // N over Expected

	a float64 // dispersion
}

// An Answer is what was judged and what is told.
type Answer struct {
	Classes []ClassState
	Told    []Finding // by Q, then by P
	Tests   int       // counts that were judged
	FDR     float64
	// Chance is how many of Told are expected to be chance at most.
	Chance float64
}

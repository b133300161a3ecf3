// Package siting says where posts should stand, so that help comes quickly to
// where it will probably be needed.
//
// It is pure: demand, candidates and the seconds between them go in, a plan
// comes out, with a bound that no plan of this many posts can pass and so a
// proven gap. The same problem, effort and seed give the same plan on every
// machine: effort is counted in steps, not in seconds.
//
// Four models, by their papers:
//   - [MCLP], maximal covering (Church & ReVelle 1974): the most demand within a
//     standard time of a post.
//   - [PMedian] (Hakimi 1964): the least mean time to demand.
//   - [MEXCLP], expected covering (Daskin 1983): units are busy for a share q of
//     the time, so demand within reach of k units is covered for 1 - q^k.
//   - [DSM], double standard (Gendreau, Laporte & Semet 1997): all demand within
//     an outer time, a share of it within the standard, and the most demand
//     within the standard of two units.
//
// Greedy, then tabu search over swaps of one post (the tables of Resende &
// Werneck 2007, kept up move by move), started again from what the Lagrangian
// relaxation proposes (Galvao & ReVelle 1996), which also gives the bound; for
// maximal covering without conditions, from its linear relaxation.
package siting

// Models.
const (
	MCLP    = "mclp"
	PMedian = "pmedian"
	MEXCLP  = "mexclp"
	DSM     = "dsm"
)

// A Problem is what is asked. Points and candidates are known by their place
// in its lists.
type Problem struct {
	Model   string
	Demand  []float64   // of each point: expected events, at least 0
	Area    []int       // of each point, from 0; -1 or no list: of none
	Seconds [][]float32 // [candidate][point]; +Inf: no way there
	Posts   int         // how many units are to be placed, those of Fixed among them

	Within float64 // seconds: the standard
	Outer  float64 // DSM: seconds within which all demand must lie
	Share  float64 // DSM: of demand, that must lie within the standard
	Busy   float64 // MEXCLP: q, the share of the time that a unit is busy
	Stack  int     // MEXCLP and DSM: most units at one place; 0 is 1
	// PMedian: what a place that is further away, or not reached at all,
	// counts as, in seconds.
	Longest float64

	Fixed []int   // candidates that have a unit whatever comes
	Must  []int   // points that must be within the standard of a unit
	Floor float64 // share of each area's demand that must lie within the standard
	// Balance is how many times the mean demand a unit may serve at most, where
	// each point is served by the nearest; 0: no limit.
	Balance float64
}

// Options say how hard to try.
type Options struct {
	Seed   uint64
	Effort int64 // steps of the search; 0: DefaultEffort, and half of it for plain MCLP
}

// DefaultEffort is about a second of two processors of 2020.
const DefaultEffort int64 = 700_000_000

// A Plan is an answer.
type Plan struct {
	Posts []int // candidates, ascending; a candidate as often as it has units
	// Value is what the model makes the most of: demand covered (MCLP), expected
	// to be covered (MEXCLP), covered twice (DSM); for PMedian the least it
	// makes: demand times seconds.
	Value float64
	// Bound: no plan that keeps to the same conditions has a better value.
	Bound float64
	// Gap is how far Value is from Bound, as a share of the larger: the plan
	// is at most that much worse than the best there is. 0: it is the best.
	Gap float64
	// Unmet are the conditions that the plan does not keep: none was found that
	// does. Its gap then says nothing.
	Unmet []Unmet
	Steps int64
}

// Unmet is a condition that is not kept.
type Unmet struct {
	What string  // must, floor, outer, share, balance
	At   int     // the point, the area or the post; -1: all together
	Has  float64 // what it has
	Want float64
}

// A Fault says what is wrong with a problem, in words for whoever posed it.
type Fault struct{ Field, Value, Remedy string }

func (f *Fault) Error() string {
	if f.Value == "" {
		return f.Field + ": " + f.Remedy
	}
	return f.Field + ": " + f.Value + ": " + f.Remedy
}

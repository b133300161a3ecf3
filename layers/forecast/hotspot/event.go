package hotspot

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/paulmach/orb"
)

// ErrInput is wrapped by the errors that the one who asks can mend. Their text
// names the field, the fault and the remedy.
var ErrInput = errors.New("cannot forecast")

// An Event is when and where, on purpose nothing else: what a model cannot be
// given it cannot learn. A test holds it to these two fields.
type Event struct {
	Day float64   // since the epoch of the forecast
	At  orb.Point // metres in the plane of its Space
}

// Sort puts events into the order that models want: by day, and those of one
// day by place, so that the order of their rows in a table changes no bit.
func Sort(events []Event) {
	slices.SortFunc(events, func(a, b Event) int {
		switch {
		case a.Day != b.Day:
			return sign(a.Day - b.Day)
		case a.At[0] != b.At[0]:
			return sign(a.At[0] - b.At[0])
		}
		return sign(a.At[1] - b.At[1])
	})
}

func sign(v float64) int {
	switch {
	case v < 0:
		return -1
	case v > 0:
		return 1
	}
	return 0
}

// Before returns how many of the events, sorted by day, are before the cut.
func Before(events []Event, cut float64) int {
	return sort.Search(len(events), func(i int) bool { return events[i].Day >= cut })
}

// Check says what is wrong with events for a forecast made at a cut: they must
// be finite, sorted by day, and before it. An empty list is right.
func Check(past []Event, until float64) error {
	if math.IsNaN(until) || math.IsInf(until, 0) {
		return fmt.Errorf("%w: the cut is no finite day: name the day up to which events are known", ErrInput)
	}
	last := math.Inf(-1)
	for i, e := range past {
		switch {
		case !finite(e.Day) || !finite(e.At[0]) || !finite(e.At[1]):
			return fmt.Errorf("%w: event %d has no finite day and place: leave out events without a time or coordinates", ErrInput, i)
		case e.Day < last:
			return fmt.Errorf("%w: event %d comes before the one ahead of it: sort events by day", ErrInput, i)
		case e.Day >= until:
			return fmt.Errorf("%w: event %d lies on day %g, and the forecast is made at day %g: leave out what is later than the cut", ErrInput, i, e.Day, until)
		}
		last = e.Day
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

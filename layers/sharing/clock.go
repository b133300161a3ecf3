package sharing

import (
	"time"

	"onemap/layers/worktime"
)

// A Clock is the limit that a step starts.
type Clock struct {
	Allowed worktime.Limit
	WarnAt  time.Time
	DueAt   time.Time
}

// clock starts a limit at a moment, of which some was spent before.
func clock(c worktime.Calendar, at time.Time, l worktime.Limit, warnPercent int, spent time.Duration) *Clock {
	left := func(d time.Duration) time.Time { return c.Add(at, max(d-spent, 0), l.Unit).Truncate(time.Microsecond) }
	return &Clock{Allowed: l, WarnAt: left(worktime.Share(l.Length(), warnPercent)), DueAt: left(l.Length())}
}

// spent is how much of the answering limit has gone by: the time that the
// request waited for the provider. While the asker is to say more it stands still.
func spent(c worktime.Calendar, steps []Step, u worktime.Unit) time.Duration {
	var sum time.Duration
	var since time.Time
	for _, s := range steps {
		switch s.Action {
		case "ask", "supplement":
			since = s.At
		case "query":
			sum += c.Spent(since, s.At, u)
		}
	}
	return sum
}

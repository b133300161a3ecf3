package incident

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// Stats are counts over the incidents that a query asks for.
type Stats struct {
	Total    int64   `json:"total"`
	Open     int64   `json:"open" doc:"Neither closed, rejected nor void"`
	State    []Count `json:"state" nullable:"false"`
	Severity []Count `json:"severity" nullable:"false"`
	Class    []Count `json:"class" nullable:"false" doc:"The most frequent 50"`
	Time     []Count `json:"time" nullable:"false" doc:"By the hour in which they occurred, UTC; by the day where that gives over 400 bars"`
	Bar      string  `json:"bar" enum:"hour,day" doc:"What one entry of time spans"`
}

// A Count is how many have a value.
type Count struct {
	Key string `json:"key"`
	N   int64  `json:"n"`
}

const mostClasses = 50

// mostHours is how long a span is still counted by the hour: 400 hours are a
// fortnight and a bit.
const mostHours = 400

//go:embed sql/stats.sql
var statsSQL string

// Stats counts the incidents of the list that q asks for, all pages of it.
// Counts by a field that the caller may not see are left out.
func (s *Store) Stats(ctx context.Context, scope access.Scope, q Query) (Stats, error) {
	v, err := s.sight(ctx, scope)
	if err != nil {
		return Stats{}, err
	}
	var a layers.Args
	cond, err := v.cond(q, &a)
	if err != nil {
		return Stats{}, err
	}
	rows, err := s.Layers.DB().Query(ctx, strings.Replace(statsSQL, "/*where*/", cond, 1), a...)
	if err != nil {
		return Stats{}, fmt.Errorf("incident statistics: %w", err)
	}
	st := Stats{State: []Count{}, Severity: []Count{}, Class: []Count{}, Time: []Count{}, Bar: "hour"}
	hours := map[time.Time]int64{}
	may := func(field string) bool { return q.Mine || slices.Contains(v.right.Fields, field) }
	var by, key string
	var hour *time.Time
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&by, &key, &hour, &n}, func() error {
		switch {
		case by == "total":
			st.Total = n
		case by == "state" && may("state"):
			st.State = append(st.State, Count{key, n})
			if !ended(key) {
				st.Open += n
			}
		case by == "severity" && may("severity"):
			st.Severity = append(st.Severity, Count{key, n})
		case by == "class" && may("class_code"):
			if len(st.Class) < mostClasses {
				st.Class = append(st.Class, Count{key, n})
			}
		case by == "time" && may("occurred_at") && hour != nil:
			hours[hour.UTC()] = n
		}
		return nil
	})
	if err != nil {
		return Stats{}, wrap("incident statistics", err)
	}
	st.bars(hours)
	return st, nil
}

// bars makes the histogram of time from counts by hour.
func (st *Stats) bars(hours map[time.Time]int64) {
	format := "2006-01-02T15:00:00Z"
	if len(hours) > mostHours {
		st.Bar, format = "day", "2006-01-02"
	}
	sums := map[string]int64{}
	for h, n := range hours {
		sums[h.Format(format)] += n
	}
	for k, n := range sums {
		st.Time = append(st.Time, Count{k, n})
	}
	slices.SortFunc(st.Time, func(a, b Count) int { return strings.Compare(a.Key, b.Key) })
}

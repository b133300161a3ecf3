package incident

import (
	"cmp"
	"context"
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
	Open     int64   `json:"open" doc:"Neither closed, rejected, void nor merged"`
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

// Stats counts the incidents of the list that q asks for, all pages of it.
// Counts by a field that the caller may not see are left out.
func (s *Store) Stats(ctx context.Context, scope access.Scope, q Query) (Stats, error) {
	v, err := s.sight(ctx, scope)
	if err != nil {
		return Stats{}, err
	}
	var a layers.Args
	cond, err := v.cond(scope, q, &a)
	if err != nil {
		return Stats{}, err
	}
	may := func(field string) bool { return q.Mine || slices.Contains(v.right.Fields, field) }
	st := Stats{State: []Count{}, Severity: []Count{}, Class: []Count{}, Time: []Count{}, Bar: "hour"}
	// Two plain groupings, which PostgreSQL counts with all cores, are faster
	// than one pass of grouping sets, which it does not.
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		first, last, err := st.byKind(ctx, tx, cond, a, may)
		if err != nil || !may("occurred_at") || first.IsZero() {
			return err
		}
		if last.Sub(first) > mostHours*time.Hour {
			st.Bar = "day"
		}
		return st.byTime(ctx, tx, cond, a)
	})
	if err != nil {
		return Stats{}, access.Wrap("incident statistics", err)
	}
	return st, nil
}

// byKind counts by state, severity and class, and finds the first and the last
// time.
func (st *Stats) byKind(ctx context.Context, tx pgx.Tx, cond string, a layers.Args, may func(string) bool) (first, last time.Time, err error) {
	rows, err := tx.Query(ctx, `SELECT f.state, f.severity::text, f.class_code, count(*), min(f.occurred_at), max(f.occurred_at)
		FROM map.incident f WHERE `+cond+` GROUP BY 1, 2, 3`, a...)
	if err != nil {
		return first, last, err
	}
	states, severities, classes := map[string]int64{}, map[string]int64{}, map[string]int64{}
	var state, severity, class string
	var n int64
	var from, to time.Time
	_, err = pgx.ForEachRow(rows, []any{&state, &severity, &class, &n, &from, &to}, func() error {
		st.Total += n
		states[state] += n
		severities[severity] += n
		classes[class] += n
		if first.IsZero() || from.Before(first) {
			first = from
		}
		if to.After(last) {
			last = to
		}
		return nil
	})
	if err != nil {
		return first, last, err
	}
	if may("state") {
		st.State = counts(states)
		for _, c := range st.State {
			if !ended(c.Key) {
				st.Open += c.N
			}
		}
	}
	if may("severity") {
		st.Severity = counts(severities)
	}
	if may("class_code") {
		st.Class = counts(classes)
		st.Class = st.Class[:min(len(st.Class), mostClasses)]
	}
	return first, last, nil
}

// byTime counts by what st.Bar says.
func (st *Stats) byTime(ctx context.Context, tx pgx.Tx, cond string, a layers.Args) error {
	format := "2006-01-02T15:04:05Z"
	if st.Bar == "day" {
		format = time.DateOnly
	}
	bar := a.Add("1 " + st.Bar)
	rows, err := tx.Query(ctx, `SELECT date_bin(`+bar+`::interval, f.occurred_at, 'epoch') AS bar, count(*)
		FROM map.incident f WHERE `+cond+` GROUP BY 1 ORDER BY 1`, a...)
	if err != nil {
		return err
	}
	var at time.Time
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&at, &n}, func() error {
		st.Time = append(st.Time, Count{at.UTC().Format(format), n})
		return nil
	})
	return err
}

// counts sorts by number, the largest first.
func counts(by map[string]int64) []Count {
	out := make([]Count, 0, len(by))
	for k, n := range by {
		out = append(out, Count{k, n})
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Key, b.Key)) })
	return out
}

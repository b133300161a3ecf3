package incident

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// noted are the actions that stand in a flow beside those of the table, and
// leave the case in its state.
var noted = []string{"take_in", "warn", "overdue", "long_overdue"}

// Legal replays a flow and says what in it the table does not have: a step from
// another state than the one before led to, an action that the state does not
// have, one whose guards did not hold, one that led elsewhere, a time before
// the one of the step before. It does not know who a person was, only which
// post acted.
func Legal(rules Rules, flow []Record) error {
	var s Standing
	for n, r := range flow {
		fault := func(format string, args ...any) error {
			return fmt.Errorf("step %d, %s from %q to %q: %s", n+1, r.Action, r.From, r.To, fmt.Sprintf(format, args...))
		}
		switch {
		case r.From != s.State:
			return fault("the case is %q", s.State)
		case r.At.Before(s.last):
			return fault("it is before the step before")
		case n == 0:
			if r.Action != "report" || r.To != Reported && r.To != SelfHandled {
				return fault("a case begins with its report")
			}
		case slices.Contains(noted, r.Action) || r.Action == "merge" && r.From == Merged:
			if r.To != r.From {
				return fault("what is noted moves nothing")
			}
		default:
			if err := s.permits(r); err != nil {
				return fault("%v", err)
			}
		}
		s.Apply(rules, r)
	}
	return nil
}

// permits says why a case that stands so does not allow a record.
func (s *Standing) permits(r Record) error {
	t, ok := transition(r.Action, s.State)
	if !ok {
		return fmt.Errorf("%s has no such action", s.State)
	}
	to := t.To
	switch {
	case to == "":
		to = s.State
	case r.Action == "return" && s.Returns > 0:
		to = Disputed
	case r.Action == "report_check" && r.Detail.Result == "failed":
		to = Feedback
	}
	if r.To != to {
		return fmt.Errorf("it leads to %s", to)
	}
	i := Incident{State: s.State, Dept: s.Dept, Handler: s.Handler, Pending: s.Pending, Overdue: s.Late(r.At), Excused: s.Excused, Appealed: s.Appealed,
		Extensions: s.Extensions, Suspensions: s.Suspensions, Decided: s.Decided, Supervised: s.Supervised}
	if !s.DueAt.IsZero() {
		i.DueAt = &s.DueAt
	}
	if g, bad := t.fails(i); bad {
		return fmt.Errorf("%s", g.Says)
	}
	if r.Post == system && r.Action == "resume" || r.Post == "rule" && r.Action == "dispatch" || r.Post == "reporter" && t.Reporter {
		return nil
	}
	for _, role := range t.By {
		if string(role) == r.Post {
			return nil
		}
	}
	return fmt.Errorf("a %s may not", r.Post)
}

// A Difference is a case whose columns do not say what its flow comes to, or
// whose flow the table does not have.
type Difference struct {
	Incident int64
	What     string // a column, or "flow"
	Has      any    // the column's value, or what is wrong with the flow
	Want     any
}

// Recheck counts all cases anew from their flows, a thousand at a time, and
// tells each difference to its columns. Cases without a flow are passed over.
// It returns how many it counted.
func Recheck(ctx context.Context, db *pgxpool.Pool, differs func(Difference)) (int, error) {
	rules, err := ReadRules(ctx, db)
	if err != nil {
		return 0, err
	}
	n := 0
	for last := int64(0); ; {
		var more bool
		err := pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			ids, columns, err := someColumns(ctx, tx, last)
			if err != nil || len(ids) == 0 {
				return err
			}
			more, last = true, ids[len(ids)-1]
			flows, err := flowsOf(ctx, tx, ids)
			if err != nil {
				return err
			}
			for k, id := range ids {
				flow := flows[id]
				if len(flow) == 0 {
					continue
				}
				n++
				if err := Legal(rules, flow); err != nil {
					differs(Difference{id, "flow", err.Error(), nil})
				}
				st := Recount(rules, flow)
				for c, want := range st.Values() {
					if got := columns[k][c]; !same(got, want) {
						differs(Difference{id, Columns[c], got, want})
					}
				}
			}
			return nil
		})
		if err != nil {
			return n, fmt.Errorf("recheck cases: %w", err)
		}
		if !more {
			return n, nil
		}
	}
}

// someColumns reads the next cases after id last, with the values of [Columns].
func someColumns(ctx context.Context, tx pgx.Tx, last int64) (ids []int64, columns [][]any, err error) {
	sql := "SELECT id"
	for _, c := range Columns {
		sql += ", " + c
	}
	rows, err := tx.Query(ctx, sql+" FROM map.incident WHERE id > $1 ORDER BY id LIMIT 1000", last)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := rows.Values()
		if err != nil {
			return nil, nil, err
		}
		ids, columns = append(ids, v[0].(int64)), append(columns, v[1:])
	}
	return ids, columns, rows.Err()
}

// same compares a column's value with what is to be in it. Times are kept to
// the microsecond.
func same(got, want any) bool {
	g, ok1 := got.(time.Time)
	w, ok2 := want.(time.Time)
	if ok1 && ok2 {
		return g.Sub(w).Abs() < time.Microsecond
	}
	return got == want
}

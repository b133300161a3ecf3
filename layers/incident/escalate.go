package incident

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers/access"
)

// escalateBatch is how many cases one transaction of the sweep takes up.
const escalateBatch = 200

// Escalate notes in the flow of cases what their clocks come to: the warning,
// told to the department or the post that has the case (level 1), the limit
// passed, told to the dispatcher (2), the limit passed by as much again, told
// to the command centre (3). It ends suspensions whose date has come. It is
// safe on many nodes at once: a case that another one holds is left to that
// one, and what is noted is not noted again. It returns how many it noted.
func (s *Store) Escalate(ctx context.Context) (int, error) {
	set, err := s.settings(ctx)
	if err != nil {
		return 0, err
	}
	all := 0
	for {
		n := 0
		err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) (err error) {
			n, err = s.escalateSome(ctx, tx, set)
			return err
		})
		if err != nil {
			return all, fmt.Errorf("escalate cases: %w", err)
		}
		if all += n; n < escalateBatch {
			return all, nil
		}
	}
}

func (s *Store) escalateSome(ctx context.Context, tx pgx.Tx, set settings) (int, error) {
	now := s.now().Truncate(time.Microsecond)
	rows, err := tx.Query(ctx, `SELECT f.id FROM map.incident f
		WHERE f.warn_at <= @now AND f.escalation < 3 AND ( -- which the others imply: an index holds it
		      f.escalation < 1
		   OR f.escalation < 2 AND f.due_at < @now
		   OR f.due_at + greatest(f.due_at - f.since, @long) < @now)
		   OR `+openSQL+` AND f.state = 'suspended' AND f.suspended_until <= @now
		ORDER BY f.id LIMIT @most FOR UPDATE SKIP LOCKED`, pgx.NamedArgs{"now": now, "long": set.LongOverdue, "most": escalateBatch})
	if err != nil {
		return 0, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	v := sight{whole: true, now: now}
	found, err := v.read(ctx, tx, access.Scope{}, selectSQL+"WHERE f.id = ANY($1)", []any{ids})
	if err != nil {
		return 0, err
	}
	flows, err := flowsOf(ctx, tx, ids)
	if err != nil {
		return 0, err
	}
	b := &pgx.Batch{}
	for _, i := range found {
		st := i.standing(set.Rules, flows[i.ID])
		r, ok := i.due(set, now)
		if !ok {
			continue
		}
		if r.At.Before(st.last) {
			r.At = st.last
		}
		queueStep(b, i.ID, uuid.Nil, r, &st, set.Rules)
		queueStanding(b, i.ID, st, r.From != r.To)
	}
	return len(ids), tx.SendBatch(ctx, b).Close()
}

// due is what the system has to note of a case, the highest level at once.
func (i Incident) due(set settings, now time.Time) (Record, bool) {
	r := Record{At: now, Actor: system, Post: system, From: i.State, To: i.State, Dept: i.Dept}
	if i.State == Suspended && i.Until != nil && !i.Until.After(now) {
		r.Action, r.To = "resume", Handling
		return r, true
	}
	if i.DueAt == nil || i.Since == nil {
		return r, false
	}
	long := i.DueAt.Add(max(i.DueAt.Sub(*i.Since), set.LongOverdue))
	switch {
	case i.Escalation < 3 && long.Before(now):
		r.Action, r.Detail.Told = "long_overdue", string(access.CommandCentre)
	case i.Escalation < 2 && i.DueAt.Before(now):
		r.Action, r.Detail.Told = "overdue", string(access.Dispatcher)
	case i.Escalation < 1 && i.WarnAt != nil && !i.WarnAt.After(now):
		r.Action, r.Detail.Told = "warn", i.holder()
	default:
		return r, false
	}
	return r, true
}

// holder is who has the case: its department while it is handled, else the
// post that it waits for, or the worker who was sent.
func (i Incident) holder() string {
	if i.running {
		return i.Dept
	}
	for _, w := range waits {
		if slices.Contains(w.states, i.State) {
			return string(w.role)
		}
	}
	return string(access.GridWorker)
}

// flowsOf reads the flows of several cases at once.
func flowsOf(ctx context.Context, tx pgx.Tx, ids []int64) (map[int64][]Record, error) {
	rows, err := tx.Query(ctx, `SELECT incident, at, actor, post, org, action, from_state, to_state, dept, opinion, detail
		FROM onemap.incident_flow WHERE incident = ANY(@ids) ORDER BY incident, id`, pgx.NamedArgs{"ids": ids})
	if err != nil {
		return nil, err
	}
	flows := map[int64][]Record{}
	var id int64
	var r Record
	_, err = pgx.ForEachRow(rows, []any{&id, &r.At, &r.Actor, &r.Post, &r.Org, &r.Action, &r.From, &r.To, &r.Dept, &r.Opinion, &r.Detail}, func() error {
		flows[id] = append(flows[id], r)
		r.Detail = Detail{}
		return nil
	})
	return flows, err
}

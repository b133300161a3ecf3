package sharing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/jobs"
)

// clockJob looks at the clock that a step started. It means nothing once the
// request has gone on to another state.
type clockJob struct {
	Request int64
	Version int64 // the step's number
}

func (clockJob) Kind() string { return "share_clock" }

// endingJob reminds of the end of a grant.
type endingJob struct{ Request int64 }

func (endingJob) Kind() string { return "share_ending" }

// sweepJob looks for clocks whose job was lost: with the jobs of a database
// that was restored, or written by hand.
type sweepJob struct{}

func (sweepJob) Kind() string { return "share_sweep" }

// Work makes the store's jobs known to the queue: before the queue runs.
func (s *Store) Work() {
	jobs.Handle(s.Jobs, time.Minute, nil, func(ctx context.Context, j *river.Job[clockJob]) error { return s.Look(ctx, j.Args.Request) })
	jobs.Handle(s.Jobs, time.Minute, nil, func(ctx context.Context, j *river.Job[endingJob]) error { return s.remindOfEnd(ctx, j.Args.Request) })
	jobs.Handle(s.Jobs, 5*time.Minute, nil, func(ctx context.Context, _ *river.Job[sweepJob]) error { return s.Sweep(ctx) })
	s.Jobs.Every(10*time.Minute, sweepJob{})
}

// lookAt puts a job down for a moment to come.
func (s *Store) lookAt(ctx context.Context, tx pgx.Tx, job river.JobArgs, at time.Time) error {
	if s.Jobs == nil {
		return nil
	}
	return s.Jobs.InsertTx(ctx, tx, job, &river.InsertOpts{ScheduledAt: at})
}

// Look notes what the clock of a request has come to: yellow, whoever is to act
// is reminded; run out, the authority is told, or a request whose asker did not
// say more lapses; run out by the authority's limit too, the government above is
// told. It notes the highest level at once, and none twice.
func (s *Store) Look(ctx context.Context, id int64) error {
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.share_request WHERE id = $1 FOR UPDATE`, id); err != nil {
			return err
		}
		r, err := s.get(ctx, tx, access.System("sharing"), id)
		if errors.Is(err, layers.ErrNotFound) || err == nil && r.DueAt == nil {
			return nil // an answer came first
		}
		if err != nil {
			return err
		}
		late, err := s.later(ctx, tx, *r.DueAt)
		if err != nil {
			return err
		}
		st, next := r.due(s.now(), late)
		if st.action != "" {
			if err := s.append(ctx, tx, st); err != nil {
				return err
			}
			err := access.RecordTx(ctx, tx, access.System("sharing"), access.Entry{Action: "share." + st.action, Object: fmt.Sprintf("request/%d", id), Result: access.Done,
				Detail: map[string]any{"resource": r.Code, "told": st.told, "due_at": r.DueAt}})
			if err != nil {
				return err
			}
		}
		if next.IsZero() {
			return nil
		}
		return s.lookAt(ctx, tx, clockJob{Request: id, Version: r.Version}, next)
	})
	if err != nil {
		return fmt.Errorf("look at the clock of request %d: %w", id, err)
	}
	return nil
}

// later is when the authority's limit, which begins when the provider's has
// run out, has run out too.
func (s *Store) later(ctx context.Context, tx pgx.Tx, due time.Time) (time.Time, error) {
	rules, err := s.rules(ctx, tx)
	if err != nil {
		return due, err
	}
	c, err := s.Classes.Calendar(ctx, tx)
	if err != nil {
		return due, err
	}
	return c.Deadline(due, rules.Limits[authorityLimit]), nil
}

// due is the step that a request's clock asks for now, with no action where it
// asks for none, and when to look again, zero for never. late is when the
// authority's time is up.
func (r Request) due(now, late time.Time) (st step, next time.Time) {
	st = step{request: r.ID, at: now, uuid: uuid.New(), actor: system}
	level := 0
	switch {
	case !now.Before(late) && r.State != Queried:
		level = above
	case !now.Before(*r.DueAt):
		level, next = silent, late
	case !now.Before(*r.WarnAt):
		level, next = reminded, *r.DueAt
	default:
		return st, *r.WarnAt
	}
	if r.State == Queried && level >= silent { // nobody is to be told: the asker did not want it
		st.action = "lapse"
		return st, time.Time{}
	}
	if level <= r.Escalation {
		return st, next
	}
	switch level {
	case reminded:
		st.action, st.told = "remind", r.holder()
	case silent:
		st.action, st.told = "overdue", r.Authority
		if r.State == Disputed {
			st.told = r.Above
		}
	case above:
		st.action, st.told = "long_overdue", r.Above
	}
	return st, next
}

// remindOfEnd tells the grantee that a grant ends soon, once.
func (s *Store) remindOfEnd(ctx context.Context, id int64) error {
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.share_request WHERE id = $1 FOR UPDATE`, id); err != nil {
			return err
		}
		r, err := s.get(ctx, tx, access.System("sharing"), id)
		if errors.Is(err, layers.ErrNotFound) || err == nil && (r.State != Granted && r.State != Delivered) {
			return nil
		}
		if err != nil {
			return err
		}
		var before bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.share_step WHERE request = $1 AND action = 'ending')`, id).Scan(&before); err != nil || before {
			return err
		}
		return s.append(ctx, tx, step{request: id, at: s.now(), uuid: uuid.New(), actor: system, action: "ending", told: r.Org})
	})
	if err != nil {
		return fmt.Errorf("remind of the end of what request %d was granted: %w", id, err)
	}
	return nil
}

// Sweep looks at every clock that should have been noted by now.
func (s *Store) Sweep(ctx context.Context) error {
	rows, err := s.Layers.DB().Query(ctx, `SELECT n.request FROM onemap.share_request_now n
		WHERE n.warn_at <= @now AND (n.escalation < 1 OR n.escalation < 2 AND n.due_at <= @now) ORDER BY n.due_at LIMIT 1000`, pgx.NamedArgs{"now": s.now()})
	if err != nil {
		return fmt.Errorf("sweep requests: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("sweep requests: %w", err)
	}
	for _, id := range ids {
		if err := s.Look(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

package pull

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers/access"
	"onemap/layers/jobs"
)

// runJob asks a source once.
type runJob struct {
	Source int64  `json:"source"`
	By     string `json:"by,omitempty"`
}

func (runJob) Kind() string { return "pull_run" }

// clockJob looks whose time has come, and who is silent.
type clockJob struct{}

func (clockJob) Kind() string { return "pull_clock" }

// attempts of a run before the next one by the schedule.
const attempts = 4

// backoff is how long to wait after so many attempts.
func backoff(attempt int) time.Duration {
	return []time.Duration{time.Minute, 5 * time.Minute, 20 * time.Minute}[min(max(attempt, 1), 3)-1]
}

// Work has the queue's nodes run sources. Call it before the queue runs.
func (s *Store) Work() {
	jobs.Handle(s.Jobs, 12*time.Minute, backoff, func(ctx context.Context, j *river.Job[runJob]) error {
		_, err := s.Run(ctx, j.Args.Source, j.Attempt, j.Args.By)
		if errors.Is(err, errGone) {
			return river.JobCancel(err)
		}
		return err
	})
	jobs.Handle(s.Jobs, time.Minute, nil, func(ctx context.Context, _ *river.Job[clockJob]) error {
		_, err := s.Due(ctx)
		return errors.Join(err, s.Silent(ctx))
	})
	s.Jobs.Every(30*time.Second, clockJob{})
}

// Due puts down a job for each source whose time has come, and returns how many.
func (s *Store) Due(ctx context.Context) (n int, err error) {
	err = pgx.BeginFunc(ctx, s.Uploads.Layers.DB(), func(tx pgx.Tx) error {
		// The next time is counted from now: a server that stood still does not
		// make up for what it missed.
		rows, err := tx.Query(ctx, `UPDATE onemap.pull SET next_at = $1 + every WHERE id IN (SELECT id FROM onemap.pull
			WHERE active AND ended_at IS NULL AND layer <> '' AND next_at <= $1 ORDER BY next_at LIMIT 100 FOR UPDATE SKIP LOCKED) RETURNING id`, s.now())
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		n = len(ids)
		for _, id := range ids {
			if err := s.put(ctx, tx, runJob{Source: id}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("sources that are due: %w", err)
	}
	return n, nil
}

func (s *Store) put(ctx context.Context, tx pgx.Tx, j runJob) error {
	return s.Jobs.InsertTx(ctx, tx, j, &river.InsertOpts{Queue: jobs.Pulls, MaxAttempts: attempts})
}

// Ask has a source run as soon as a node is free.
func (s *Store) Ask(ctx context.Context, by access.Scope, address string, id int64) error {
	x, err := s.Get(ctx, by, id)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.Uploads.Layers.DB(), func(tx pgx.Tx) error {
		who, _ := by.Person()
		if err := s.put(ctx, tx, runJob{Source: x.ID, By: who.Login}); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "pull.run", Object: fmt.Sprintf("pull/%d", id), Result: access.Done, Address: address})
	})
	return access.Wrap("run a source", err)
}

// Silent raises an alarm for each source that is silent beyond the update cycle
// of its layer, or, where that says nothing, beyond three of its own runs and a
// day. A source that answers, but with nothing new for half a cycle more than
// the cycle, is stale.
func (s *Store) Silent(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, s.Uploads.Layers.DB(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			WITH p AS (SELECT p.*, CASE l.update_cycle WHEN 'real_time' THEN interval '1 hour' WHEN 'daily' THEN interval '1 day' WHEN 'weekly' THEN interval '7 days'
					WHEN 'monthly' THEN interval '31 days' WHEN 'quarterly' THEN interval '92 days' WHEN 'yearly' THEN interval '366 days' END AS cycle
				FROM onemap.pull p JOIN onemap.layer l ON l.name = p.layer WHERE p.active AND p.ended_at IS NULL),
			silent AS (
				SELECT id, 'unreachable' AS kind, heard_at AS since FROM p WHERE heard_at + greatest(coalesce(cycle, greatest(every * 3, interval '1 day')), every) < @now
				UNION ALL
				SELECT id, 'stale', news_at FROM p WHERE news_at + cycle * 1.5 < @now AND heard_at > news_at + cycle)
			INSERT INTO onemap.pull_alarm (pull, kind, since, at) SELECT id, kind, since, @now FROM silent
			ON CONFLICT (pull, kind) WHERE ended_at IS NULL DO NOTHING RETURNING pull, kind, since`, pgx.NamedArgs{"now": s.now()})
		if err != nil {
			return err
		}
		type alarm struct {
			Pull  int64
			Kind  string
			Since time.Time
		}
		all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[alarm])
		if err != nil {
			return err
		}
		for _, a := range all {
			if err := access.RecordTx(ctx, tx, access.System("pull"), access.Entry{Action: "pull.silent", Object: fmt.Sprintf("pull/%d", a.Pull), Result: access.Done,
				Detail: map[string]any{"kind": a.Kind, "since": a.Since}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("silent sources: %w", err)
	}
	return nil
}

package alert

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers/jobs"
)

// expireJob takes alerts off the map that are over. One is put down for the
// end of each alert, and one runs every few minutes for what was missed.
type expireJob struct{}

func (expireJob) Kind() string { return "alert_expire" }

// Work makes the store's jobs known to the queue: before the queue runs.
func (s *Store) Work() {
	jobs.Handle(s.Jobs, time.Minute, nil, func(ctx context.Context, _ *river.Job[expireJob]) error { return s.expire(ctx) })
	s.Jobs.Every(5*time.Minute, expireJob{})
}

// endAt sees to it that an alert leaves the map when it is over.
func (s *Store) endAt(ctx context.Context, tx pgx.Tx, _ int64, at time.Time) error {
	return s.Jobs.InsertTx(ctx, tx, expireJob{}, &river.InsertOpts{ScheduledAt: at})
}

// expire ends all alerts that are over.
func (s *Store) expire(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `UPDATE onemap.alert SET state = 'expired', ended_at = expires WHERE state = 'in_force' AND expires <= now() RETURNING id`)
		if err != nil {
			return err
		}
		over, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(over) == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM map.alert WHERE alert = ANY (@over)`, pgx.NamedArgs{"over": over}); err != nil {
			return err
		}
		for _, id := range over {
			if err := s.tell(ctx, tx, "alert.expire", id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("expire alerts: %w", err)
	}
	return nil
}

package quality

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers"
)

// nightTime is how long one layer's nightly run may take.
const nightTime = time.Hour

// A nightJob asks, every few minutes, whether it is night and a layer has not
// been looked at since it began; a layerJob looks at one.
type (
	nightJob struct{}
	layerJob struct {
		Layer string `json:"layer"`
	}
)

func (nightJob) Kind() string { return "quality_night" }
func (layerJob) Kind() string { return "quality_layer" }

// nightFrom is the hour, in the city's time, from which on layers are looked
// at, unless the setting quality.hour says another.
const nightFrom = 2

// dusk puts down a job for the first layer that has rules and was not looked at
// since tonight's hour; done, it puts down the next: one layer at a time leaves
// the machine to the city. After a night without a server it is done in the
// morning. A layer whose run failed waits for the next night.
func (s *Store) dusk(ctx context.Context, done string) error {
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		since, err := s.evening(ctx, tx)
		if err != nil || s.now().Before(since) {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('onemap.quality_night', 0))`); err != nil {
			return err
		}
		var name *string
		err = tx.QueryRow(ctx, `SELECT min(r.layer) FROM onemap.quality_rule r WHERE r.ended_at IS NULL
			AND NOT EXISTS (SELECT FROM onemap.quality_run o WHERE o.layer = r.layer AND o.batch IS NULL AND o.at >= @since)
			AND NOT EXISTS (SELECT FROM river.river_job j WHERE j.kind = @kind AND j.args ->> 'layer' = r.layer AND j.state IN ('discarded', 'cancelled') AND j.finalized_at >= @since)
			AND NOT EXISTS (SELECT FROM river.river_job j WHERE j.kind = @kind AND j.state IN ('available', 'scheduled', 'retryable', 'running') AND NOT (j.state = 'running' AND j.args ->> 'layer' = @done))`,
			pgx.NamedArgs{"since": since, "kind": layerJob{}.Kind(), "done": done}).Scan(&name)
		if err != nil || name == nil {
			return err
		}
		return s.Jobs.InsertTx(ctx, tx, layerJob{Layer: *name}, &river.InsertOpts{MaxAttempts: 2})
	})
	if err != nil {
		return fmt.Errorf("nightly quality: %w", err)
	}
	return nil
}

// evening is when today's night begins, in the city's time.
func (s *Store) evening(ctx context.Context, tx pgx.Tx) (time.Time, error) {
	calendar, err := s.Classes.Calendar(ctx, tx)
	if err != nil {
		return time.Time{}, err
	}
	var hour int
	if err := tx.QueryRow(ctx, `SELECT coalesce((SELECT (value #>> '{}')::int FROM onemap.setting WHERE key = 'quality.hour'), $1)`, nightFrom).Scan(&hour); err != nil {
		return time.Time{}, err
	}
	zone := calendar.Zone
	if zone == nil {
		zone = time.UTC
	}
	now := s.now().In(zone)
	return time.Date(now.Year(), now.Month(), now.Day(), hour, 0, 0, 0, zone), nil
}

// night runs the rules of a layer.
func (s *Store) night(ctx context.Context, name string) error {
	l, err := s.Layers.Layer(ctx, name)
	if errors.Is(err, layers.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err = s.Check(ctx, s.Layers.DB(), l, "map."+l.Name, 0); err != nil {
		return err
	}
	return s.dusk(ctx, name)
}

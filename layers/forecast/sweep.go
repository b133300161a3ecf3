package forecast

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/access"
)

// Sweep makes standing orders that are due, and takes away what is old.
func (s *Store) Sweep(ctx context.Context) error {
	return errors.Join(s.due(ctx), s.age(ctx))
}

// stuckAfter is how long a run may stay running before it is given up: its node died for good.
const stuckAfter = 2 * time.Hour

// age takes away the cells of runs that another took the place of, once they are
// older than forecast.keep says or there are more than it says, with what they
// were made of. Their records, backtests and audit stay.
func (s *Store) age(ctx context.Context) error {
	set, err := s.settings(ctx)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE onemap.forecast_run SET state = 'failed', doing = '', finished_at = now(), why = 'The node that made it is gone; order it again.', why_zh = '执行节点已中断,请重新发起。'
			WHERE state = 'running' AND started_at < now() - $1::interval`, stuckAfter); err != nil {
			return fmt.Errorf("forecasts that are stuck: %w", err)
		}
		rows, err := tx.Query(ctx, `WITH done AS (
				SELECT id, finished_at, row_number() OVER (ORDER BY id DESC) AS n,
				       NOT EXISTS (SELECT FROM onemap.forecast_run n WHERE n.recipe = r.recipe AND n.id > r.id AND n.state IN ('done', 'withheld')) AND r.to_at > now() AS current
				FROM onemap.forecast_run r WHERE cells_gone_at IS NULL AND state IN ('done', 'withheld'))
			UPDATE onemap.forecast_run r SET cells_gone_at = now(), events = NULL, ground = NULL FROM done
			WHERE r.id = done.id AND NOT done.current AND (done.finished_at < now() - make_interval(days => $1) OR done.n > $2)
			RETURNING r.id`, set.keep.Days, set.keep.Runs)
		if err != nil {
			return fmt.Errorf("old forecasts: %w", err)
		}
		gone, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(gone) == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM map.forecast WHERE run = ANY ($1)`, gone); err != nil {
			return fmt.Errorf("old forecasts: %w", err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.forecast_content c WHERE NOT EXISTS (SELECT FROM onemap.forecast_run r WHERE r.events = c.hash OR r.ground = c.hash)`); err != nil {
			return fmt.Errorf("old forecasts: %w", err)
		}
		return access.RecordTx(ctx, tx, access.System("forecast"), access.Entry{Action: "forecast.age", Object: "forecast", Result: access.Done, Reason: "age",
			Detail: map[string]any{"runs": gone, "days": set.keep.Days}})
	})
}

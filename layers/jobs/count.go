package jobs

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Counts are how many jobs there are.
type Counts struct {
	Waiting int     // due now
	Running int     //
	Later   int     // due later, retries among them
	Dead    int     // given up, and not yet forgotten
	Oldest  float64 // seconds that the longest waiting job has been due; 0: none
}

// Count counts the jobs of a database.
func Count(ctx context.Context, db *pgxpool.Pool) (Counts, error) {
	var c Counts
	err := db.QueryRow(ctx, `SELECT count(*) FILTER (WHERE state IN ('available', 'retryable', 'scheduled') AND scheduled_at <= now()),
		count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE state IN ('available', 'retryable', 'scheduled') AND scheduled_at > now()),
		count(*) FILTER (WHERE state = 'discarded'),
		coalesce(extract(epoch FROM now() - min(scheduled_at) FILTER (WHERE state IN ('available', 'retryable', 'scheduled') AND scheduled_at <= now())), 0)::float8
		FROM river.river_job WHERE state IN ('available', 'retryable', 'scheduled', 'running', 'discarded')`).
		Scan(&c.Waiting, &c.Running, &c.Later, &c.Dead, &c.Oldest)
	if err != nil {
		return Counts{}, fmt.Errorf("count jobs: %w", err)
	}
	return c, nil
}

package evaluate

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Renew makes the facts of the cases that an import wrote, and drops those of
// cases that are gone. Other writers need it not, for the database keeps the
// facts; but an import may replace the table as a whole, which no trigger sees.
func Renew(ctx context.Context, db *pgxpool.Pool, batch int64) error {
	_, err := db.Exec(ctx, `SELECT onemap.case_facts_keep(array_agg(id)) FROM map.incident WHERE batch = @batch GROUP BY id / 5000`, pgx.NamedArgs{"batch": batch})
	if err == nil {
		_, err = db.Exec(ctx, `DELETE FROM onemap.case_fact f WHERE NOT EXISTS (SELECT FROM map.incident c WHERE c.id = f.incident)`)
	}
	if err != nil {
		return fmt.Errorf("renew the facts of cases: %w", err)
	}
	return nil
}

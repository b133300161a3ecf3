package upload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
)

// Sweep erases files that have been kept long enough, previews that nobody
// applied, and what was kept for undoing old batches. Any node may do it at any time.
func (s *Store) Sweep(ctx context.Context) error {
	db := s.Layers.DB()
	var errs []error
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		return dropStaged(ctx, tx, `started_at < $1`, time.Now().Add(-keepStaged))
	})
	errs = append(errs, err)
	rows, err := db.Query(ctx, `UPDATE onemap.upload SET erased_at = now() WHERE erased_at IS NULL AND created_at < $1 RETURNING key`, time.Now().Add(-keepFile))
	if err == nil {
		var keys []string
		if keys, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			for _, key := range keys {
				if e := os.Remove(s.path(Upload{key: key})); e != nil && !errors.Is(e, os.ErrNotExist) {
					errs = append(errs, e)
				}
			}
		}
	}
	errs = append(errs, err)
	// What was kept for an undo goes by its batch's age, and what no batch knows of goes.
	rows, err = db.Query(ctx, `SELECT c.relname FROM pg_class c WHERE c.relnamespace = to_regnamespace('import') AND c.relkind = 'r' AND (
		c.relname ~ '^before_[0-9]+$' AND NOT EXISTS (SELECT FROM onemap.batch b WHERE b.state = 'applied' AND b.finished_at > $1 AND 'before_' || b.id = c.relname)
		OR c.relname ~ '^(batch|gone)_[0-9]+$' AND NOT EXISTS (SELECT FROM onemap.batch b WHERE b.state IN ('staging', 'previewed') AND c.relname IN ('batch_' || b.id, 'gone_' || b.id)))`, time.Now().Add(-keepBefore))
	if err == nil {
		var names []string
		if names, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			for _, name := range names {
				if _, e := db.Exec(ctx, `DROP TABLE IF EXISTS `+pgx.Identifier{"import", name}.Sanitize()); e != nil {
					errs = append(errs, e)
				}
			}
		}
	}
	if err := errors.Join(append(errs, err)...); err != nil {
		return fmt.Errorf("sweep uploads: %w", err)
	}
	return nil
}

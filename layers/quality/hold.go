package quality

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// Hold moves the rows of a batch that failed a rule marked quarantine in its
// last [Store.Check] from the staging table to onemap.quarantine, and returns
// how many. Call it in the transaction that applies the batch, before it
// writes the layer.
func (s *Store) Hold(ctx context.Context, tx pgx.Tx, layer layers.Layer, table string, batch int64) (int64, error) {
	src, err := open(ctx, tx, layer, table, batch)
	if err != nil {
		return 0, err
	}
	if !src.staging {
		return 0, fmt.Errorf("quality: rows of %s itself are not held", layer.Name)
	}
	geom, orig := "NULL::geometry", "NULL::geometry"
	if src.has("geom") {
		geom = "f.geom"
	}
	if src.has("orig") {
		orig = "f.orig"
	}
	tag, err := tx.Exec(ctx, fmt.Sprintf(`WITH failed AS (
			SELECT x.row, array_agg(x.rule ORDER BY x.rule) AS rules FROM onemap.quality_failure x JOIN onemap.quality_rule r ON r.id = x.rule
			WHERE r.quarantine AND x.run = (SELECT max(id) FROM onemap.quality_run WHERE batch = $1 AND layer = $2) GROUP BY x.row
		), moved AS (
			DELETE FROM %s f USING failed WHERE failed.row = f.row_number
			RETURNING f.row_number, failed.rules, to_jsonb(f) - '{row_number,geom,orig,id}'::text[] AS content, %s AS geom, %s AS orig
		)
		INSERT INTO onemap.quarantine (layer, batch, row_number, rules, content, geom, orig)
		SELECT $2, $1, row_number, rules, content, geom, orig FROM moved
		ON CONFLICT (batch, row_number) DO UPDATE SET rules = excluded.rules, content = excluded.content, geom = excluded.geom, orig = excluded.orig,
			held_at = now(), state = 'held', feature = NULL, decided_by = NULL, decided_at = NULL, reason = ''`, src.sql, geom, orig), batch, layer.Name)
	if err != nil {
		return 0, fmt.Errorf("hold rows of batch %d: %w", batch, err)
	}
	return tag.RowsAffected(), nil
}

// Unhold marks the rows that a batch kept in quarantine, and that nobody
// decided on, as undone. Call it in the transaction that undoes the batch.
func (s *Store) Unhold(ctx context.Context, tx pgx.Tx, batch int64, login string) error {
	_, err := tx.Exec(ctx, `UPDATE onemap.quarantine SET state = 'undone', decided_by = $2, decided_at = now() WHERE batch = $1 AND state = 'held'`, batch, login)
	if err != nil {
		return fmt.Errorf("unhold rows of batch %d: %w", batch, err)
	}
	return nil
}

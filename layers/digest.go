package layers

import (
	"context"
	"fmt"
	"strings"
)

// Digest returns a short text that is as good as never equal for different
// contents of a layer: ids, geometries and the fields that are in tiles; and
// the pg_current_snapshot() that it is of. It reads the whole table: about five
// seconds for a million roads.
func (s *Store) Digest(ctx context.Context, l Layer) (digest, snapshot string, err error) {
	columns := []string{"f.id", "f.geom"}
	for _, f := range l.Fields {
		if f.InTile {
			column, typ, err := l.column(f.Name)
			if err != nil {
				return "", "", err
			}
			columns = append(columns, column+"::"+typ)
		}
	}
	// Numbers of each row; their exclusive or does not ask for an order. OFFSET 0
	// has a row's text written once. Times are written as the session's zone has
	// them, so the zone is fixed.
	sql := `SELECT count(*) || ':' || to_hex(coalesce(bit_xor(hashtextextended(t, 0)), 0)) || to_hex(coalesce(bit_xor(hashtextextended(t, 1)), 0)), pg_current_snapshot()::text
		FROM (SELECT ROW(` + strings.Join(columns, ", ") + `)::text AS t FROM ` + l.table() + ` f OFFSET 0) r`
	tx, err := s.db.Begin(ctx)
	if err != nil {
		return "", "", fmt.Errorf("digest of %s: %w", l.Name, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if _, err := tx.Exec(ctx, "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL statement_timeout = 0"); err != nil {
		return "", "", fmt.Errorf("digest of %s: %w", l.Name, err)
	}
	if err := tx.QueryRow(ctx, sql).Scan(&digest, &snapshot); err != nil {
		return "", "", fmt.Errorf("digest of %s: %w", l.Name, err)
	}
	return digest, snapshot, nil
}

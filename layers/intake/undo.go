package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// Later says what becomes of rows that were changed after a batch that is undone.
type Later string

const (
	RefuseLater    Later = ""          // nothing is undone, and they are counted
	KeepLater      Later = "keep"      // they stay as they are now
	OverwriteLater Later = "overwrite" // they become what they were before the batch
)

// A LaterError says how many rows were changed since a batch.
type LaterError struct{ Rows int64 }

func (e *LaterError) Error() string {
	return fmt.Sprintf("%d rows of the batch were changed after it: undo what came later first, keep them as they are, or overwrite them", e.Rows)
}
func (e *LaterError) Unwrap() error { return layers.ErrConflict }

// ErrNoBefore: what was there before the batch is no longer kept.
var ErrNoBefore = errors.New("what was there before is no longer kept")

// UndoTx puts back what was there before a batch of an existing layer: rows that
// it added go, rows that it changed or took away are as they were. xid is the
// transaction that applied it, as the batch records it. It returns a
// [LaterError] where rows were changed since and later does not say what to do.
func (t Target) UndoTx(ctx context.Context, tx pgx.Tx, xid uint64, later Later) (c Change, kept int64, err error) {
	table, before := pgx.Identifier{"map", t.Layer.Name}.Sanitize(), beforeTable(t.Batch)
	var there bool
	if err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, before).Scan(&there); err != nil {
		return c, 0, err
	}
	if !there {
		return c, 0, fmt.Errorf("batch %d: %w", t.Batch, errors.Join(ErrNoBefore, layers.ErrConflict))
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(`LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE`, table)); err != nil {
		return c, 0, err
	}
	// A row is as the batch left it if the batch's transaction wrote it last.
	gone := "undo_of = 'taken' AND"                                                     // which rows are put back that are not there
	ours := fmt.Sprintf(`(t.batch = %d AND t.xmin::text = '%d')`, t.Batch, uint32(xid)) //nolint:gosec // xmin has the lower half of it
	err = tx.QueryRow(ctx, fmt.Sprintf(`SELECT (SELECT count(*) FROM %[1]s t WHERE (t.batch = %[2]d OR EXISTS (SELECT FROM %[3]s b WHERE b.id = t.id)) AND NOT %[4]s)
		+ (SELECT count(*) FROM %[3]s b WHERE undo_of = 'changed' AND NOT EXISTS (SELECT FROM %[1]s t WHERE t.id = b.id))`, table, t.Batch, before, ours)).Scan(&kept)
	if err != nil {
		return c, 0, fmt.Errorf("look for later changes: %w", err)
	}
	if kept > 0 && later == RefuseLater {
		return c, kept, &LaterError{kept}
	}
	if later == OverwriteLater {
		ours, kept, gone = "true", 0, ""
	}
	tag, err := tx.Exec(ctx, fmt.Sprintf(`DELETE FROM %s t WHERE t.batch = %d AND NOT EXISTS (SELECT FROM %s b WHERE b.id = t.id) AND %s`, table, t.Batch, before, ours))
	if err != nil {
		return c, 0, fmt.Errorf("take away what was added: %w", err)
	}
	c.Deleted = tag.RowsAffected()
	columns, err := columnsOf(ctx, tx, before, table)
	if err != nil {
		return c, 0, err
	}
	var set []string
	for _, name := range columns {
		switch name {
		case `"id"`:
		case `"updated_at"`:
			set = append(set, "updated_at = now()")
		case `"version"`:
			set = append(set, "version = t.version + 1")
		default:
			set = append(set, name+" = b."+name)
		}
	}
	tag, err = tx.Exec(ctx, fmt.Sprintf(`UPDATE %s t SET %s FROM %s b WHERE b.id = t.id AND %s`, table, strings.Join(set, ", "), before, ours))
	if err != nil {
		return c, 0, fmt.Errorf("put back what was changed: %w", err)
	}
	c.Updated = tag.RowsAffected()
	tag, err = tx.Exec(ctx, fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM %s b WHERE %s NOT EXISTS (SELECT FROM %[1]s t WHERE t.id = b.id OR t.source_key = b.source_key)`,
		table, strings.Join(columns, ", "), prefixed(columns, "b."), before, gone))
	if err != nil {
		return c, 0, fmt.Errorf("put back what was taken away: %w", err)
	}
	c.Inserted = tag.RowsAffected()
	_, err = tx.Exec(ctx, `DROP TABLE `+before)
	return c, kept, err
}

// columnsOf are the columns that two tables share, but generated ones, quoted.
func columnsOf(ctx context.Context, tx pgx.Tx, a, b string) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT quote_ident(y.attname) FROM pg_attribute x JOIN pg_attribute y ON y.attname = x.attname
		WHERE x.attrelid = to_regclass($1) AND y.attrelid = to_regclass($2) AND x.attnum > 0 AND y.attnum > 0 AND NOT x.attisdropped AND NOT y.attisdropped AND y.attgenerated = ''
		ORDER BY y.attnum`, a, b)
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for i, n := range names {
		names[i] = `"` + strings.ReplaceAll(strings.Trim(n, `"`), `"`, `""`) + `"`
	}
	return names, err
}

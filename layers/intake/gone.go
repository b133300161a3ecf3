package intake

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// goneTable is the quoted name of the table with the rows that a batch takes away.
func goneTable(batch int64) string { return fmt.Sprintf("import.gone_%d", batch) }

// A Gone is a row of a delivery that takes a feature away.
type Gone struct {
	Line int
	Key  string // as the source knows it
}

// PutGone writes down which rows a batch takes away besides what is staged. Set
// Gone in the Target from then on. may is the condition on the layer's rows f,
// with its arguments, that the caller may write them; refused is told of those
// for which it does not hold, absent of keys that the layer has not.
func (t Target) PutGone(ctx context.Context, db DB, gone []Gone, may string, args layers.Args, refused, absent func(line int)) error {
	lines, keys := make([]int64, len(gone)), make([]string, len(gone))
	for i, g := range gone {
		lines[i], keys[i] = int64(g.Line), t.Source+":"+g.Key
	}
	// Logged, unlike what is staged: an apply does not count it.
	if _, err := db.Exec(ctx, fmt.Sprintf(`CREATE TABLE %s (source_key text PRIMARY KEY, row_number bigint NOT NULL)`, goneTable(t.Batch))); err != nil {
		return fmt.Errorf("make a table for what goes: %w", err)
	}
	if _, err := db.Exec(ctx, fmt.Sprintf(`INSERT INTO %s SELECT * FROM unnest($1::text[], $2::bigint[])`, goneTable(t.Batch)), keys, lines); err != nil {
		return fmt.Errorf("write what goes: %w", err)
	}
	table := pgx.Identifier{"map", t.Layer.Name}.Sanitize()
	take := func(sql string, args []any, tell func(int)) error {
		rows, err := db.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		var line int
		_, err = pgx.ForEachRow(rows, []any{&line}, func() error { tell(line); return nil })
		return err
	}
	if err := take(fmt.Sprintf(`DELETE FROM %s g WHERE NOT EXISTS (SELECT FROM %s f WHERE f.source_key = g.source_key) RETURNING g.row_number`, goneTable(t.Batch), table), nil, absent); err != nil {
		return fmt.Errorf("compare with the layer: %w", err)
	}
	err := take(fmt.Sprintf(`DELETE FROM %s g USING %s f WHERE f.source_key = g.source_key AND NOT coalesce(%s, false) RETURNING g.row_number`, goneTable(t.Batch), table, may), args, refused)
	if err != nil {
		return fmt.Errorf("compare with rights: %w", err)
	}
	return nil
}

// What becomes of a row.
const (
	Inserted  = "inserted"
	Updated   = "updated"
	Unchanged = "unchanged"
)

// Each tells of every staged row what [Target.ApplyTx] would make of it.
func (t Target) Each(ctx context.Context, db DB, tell func(line int, what string)) error {
	q := t.sql()
	rows, err := db.Query(ctx, fmt.Sprintf(`SELECT i.row_number, CASE WHEN t.id IS NULL THEN 'inserted' WHEN %s THEN 'updated' ELSE 'unchanged' END
		FROM %s i LEFT JOIN %s t USING (source_key)`, q.differs("t", "i"), StagingTable(t.Batch), q.table))
	if err != nil {
		return fmt.Errorf("compare with the layer: %w", err)
	}
	var line int
	var what string
	if _, err := pgx.ForEachRow(rows, []any{&line, &what}, func() error { tell(line, what); return nil }); err != nil {
		return fmt.Errorf("compare with the layer: %w", err)
	}
	return nil
}

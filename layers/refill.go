package layers

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/jackc/pgx/v5"
)

//go:embed sql/refillable.sql
var refillableSQL string

// RefillTx fills an empty table of schema map as [Store.Replace] does, but as a
// part of tx: fill writes a copy without indexes and keys, which are built
// after it, several times faster than they are kept row by row; then the copy
// takes the table's place. Readers wait from then until tx ends. The rows are
// written by tx, and ids go on where the table's would.
//
// It does nothing and returns false for a table that has rows, that others refer
// to, whose triggers do more than finding the grid, or that is another role's.
func RefillTx(ctx context.Context, tx pgx.Tx, table string, fill func(staging string) error) (bool, error) {
	name := pgx.Identifier{"map", table}.Sanitize()
	if _, err := tx.Exec(ctx, `LOCK TABLE `+name+` IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return false, err
	}
	var ok bool
	if err := tx.QueryRow(ctx, refillableSQL, name).Scan(&ok); err != nil || !ok {
		return false, err
	}
	if err := tx.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM `+name+`)`).Scan(&ok); err != nil || !ok {
		return false, err
	}
	p, err := planReplacement(ctx, tx, table)
	if err != nil {
		return false, err
	}
	run := func(statements ...string) error {
		for _, sql := range statements {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, viewInTheWay(err))
			}
		}
		return nil
	}
	first := []string{`SET LOCAL maintenance_work_mem = '256MB'`, "DROP TABLE IF EXISTS " + p.staging(),
		fmt.Sprintf(`CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING STORAGE INCLUDING COMMENTS)`, p.staging(), p.table())}
	if p.Sequence != "" {
		first = append(first, fmt.Sprintf(`SELECT setval(pg_get_serial_sequence('map.stage_%s', 'id'), last_value, is_called) FROM map.%s`, p.Name, pgx.Identifier{p.Sequence}.Sanitize()))
	}
	if err := run(first...); err != nil {
		return false, err
	}
	if err := fill(p.staging()); err != nil {
		return false, err
	}
	if err := run(append(append(p.indexes(), p.keys()...), "ANALYZE "+p.staging())...); err != nil {
		return false, err
	}
	return true, run(p.swap()...)
}

package intake

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// rebuildAt is from how many new and changed rows on a table is rebuilt rather
// than written row by row, if they are also a quarter of it or more: indexes are
// built faster than kept, and the feed is told once.
const rebuildAt = 50_000

func fileName(path string) string { return filepath.Base(path) }

// merge brings the file's rows into a table of their own, then takes over what is
// new and what differs. Rows that are equal are not written, and every feature
// keeps its id.
func (im *importer) merge(ctx context.Context, p *plan, f first) error {
	conn, err := im.store.DB().Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	q := newMergeSQL(im.table, p.written())
	if _, err := conn.Exec(ctx, q.create()); err != nil {
		return fmt.Errorf("make a table for what comes: %w", err)
	}
	defer func() {
		if _, err := conn.Exec(context.WithoutCancel(ctx), `DROP TABLE IF EXISTS pg_temp.incoming`); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx)) // the table goes with the session
		}
	}()
	s := &sink{conn: conn.Conn(), table: "pg_temp.incoming", columns: append([]string{"line"}, p.written()...), head: func(line int) int64 { return int64(line) }}
	if err := im.write(ctx, p, f, s); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `ANALYZE pg_temp.incoming`); err != nil {
		return err
	}
	if err := im.takenValues(ctx, conn, p, q); err != nil {
		return err
	}
	var added, changed, equal, before int64
	if err := conn.QueryRow(ctx, q.count()).Scan(&added, &changed, &equal, &before); err != nil {
		return fmt.Errorf("compare with the layer: %w", err)
	}
	if added+changed >= rebuildAt && (added+changed)*4 >= before {
		err := im.store.Replace(ctx, im.table.layer.Name, func(ctx context.Context, _ *pgxpool.Pool, staging string) error {
			// Counted again, now that nobody else can write.
			if err := conn.QueryRow(ctx, q.count()).Scan(&added, &changed, &equal, &before); err != nil {
				return err
			}
			for _, sql := range q.rebuild(staging) {
				if _, err := conn.Exec(ctx, sql); err != nil {
					return err
				}
			}
			im.sum.Inserted, im.sum.Updated, im.sum.Unchanged = added, changed, equal
			return nil
		})
		if err != nil {
			return err
		}
		return im.record(ctx, conn)
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		im.sum.Inserted, im.sum.Updated, im.sum.Unchanged = 0, 0, added+changed+equal
		if added+changed > 0 {
			if err := tx.QueryRow(ctx, q.upsert()).Scan(&im.sum.Inserted, &im.sum.Updated); err != nil {
				return fmt.Errorf("write to the layer: %w", err)
			}
			im.sum.Unchanged -= im.sum.Inserted + im.sum.Updated
		}
		return im.record(ctx, tx)
	})
}

// takenValues rejects rows whose unique value another feature of the layer has.
func (im *importer) takenValues(ctx context.Context, conn *pgxpool.Conn, p *plan, q mergeSQL) error {
	for i := range p.fields {
		c := p.fields[i].column
		if !c.unique {
			continue
		}
		rows, err := conn.Query(ctx, fmt.Sprintf(`DELETE FROM pg_temp.incoming i USING %s t
			WHERE t.%[2]s = i.%[2]s AND t.source_key IS DISTINCT FROM i.source_key RETURNING i.line, i.%[2]s::text`, q.table, pgx.Identifier{c.name}.Sanitize()))
		if err != nil {
			return err
		}
		var line int
		var value string
		if _, err := pgx.ForEachRow(rows, []any{&line, &value}, func() error {
			im.rejects.add(line, Fault{Field: c.name, Value: value, Reason: "the value of another feature, which must be unique"}, "")
			return nil
		}); err != nil {
			return fmt.Errorf("compare with the layer: %w", err)
		}
	}
	return nil
}

// mergeSQL writes the statements that compare and merge. Names come from the
// catalogue and are quoted.
type mergeSQL struct {
	table   string
	columns []string // all of the table but generated ones, quoted
	written []string // those that the import writes, quoted
	version bool
}

func newMergeSQL(t *table, written []string) mergeSQL {
	q := mergeSQL{table: t.sql(), version: t.byName["version"] != nil}
	for _, c := range t.columns {
		q.columns = append(q.columns, pgx.Identifier{c.name}.Sanitize())
	}
	for _, w := range written {
		q.written = append(q.written, pgx.Identifier{w}.Sanitize())
	}
	return q
}

// compared are the columns whose difference makes a row a changed one.
func (q mergeSQL) compared() []string {
	return slices.DeleteFunc(slices.Clone(q.written), func(c string) bool { return c == `"source_key"` || c == `"batch"` })
}

func prefixed(columns []string, with string) string {
	return with + strings.Join(columns, ", "+with)
}

// differs is the condition that t and i, rows of one key, are not the same.
func (q mergeSQL) differs(t, i string) string {
	return fmt.Sprintf("(%s) IS DISTINCT FROM (%s)", prefixed(q.compared(), t+"."), prefixed(q.compared(), i+"."))
}

func (q mergeSQL) create() string {
	return fmt.Sprintf(`DROP TABLE IF EXISTS pg_temp.incoming;
		CREATE TEMP TABLE incoming AS SELECT 0::bigint AS line, %s FROM %s WHERE false`, strings.Join(q.written, ", "), q.table)
}

func (q mergeSQL) count() string {
	return fmt.Sprintf(`SELECT count(*) FILTER (WHERE t.id IS NULL), count(*) FILTER (WHERE t.id IS NOT NULL AND %[2]s),
		count(*) FILTER (WHERE t.id IS NOT NULL AND NOT %[2]s), (SELECT count(*) FROM %[1]s)
		FROM pg_temp.incoming i LEFT JOIN %[1]s t USING (source_key)`, q.table, q.differs("t", "i"))
}

func (q mergeSQL) upsert() string {
	var set []string
	for _, c := range q.written {
		if c != `"source_key"` {
			set = append(set, c+" = excluded."+c)
		}
	}
	set = append(set, "updated_at = now()")
	if q.version {
		set = append(set, "version = t.version + 1")
	}
	return fmt.Sprintf(`WITH done AS (
			INSERT INTO %s AS t (%s) SELECT %s FROM pg_temp.incoming i ORDER BY line
			ON CONFLICT (source_key) DO UPDATE SET %s WHERE %s
			RETURNING xmax = 0 AS added)
		SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM done`,
		q.table, strings.Join(q.written, ", "), prefixed(q.written, "i."), strings.Join(set, ", "), q.differs("t", "excluded"))
}

// rebuild fills a staging table: the rows that are there, changed where they
// differ, then the new ones with new ids and the table's defaults.
func (q mergeSQL) rebuild(staging string) []string {
	values := make([]string, len(q.columns))
	for n, c := range q.columns {
		switch {
		case c == `"source_key"`, !slices.Contains(q.written, c):
			values[n] = "t." + c
		default:
			values[n] = fmt.Sprintf("CASE WHEN i.source_key IS NULL THEN t.%[1]s ELSE i.%[1]s END", c)
		}
		switch {
		case c == `"updated_at"`:
			values[n] = "CASE WHEN i.source_key IS NULL THEN t.updated_at ELSE now() END"
		case c == `"version"`:
			values[n] = "CASE WHEN i.source_key IS NULL THEN t.version ELSE t.version + 1 END"
		}
	}
	sequence := fmt.Sprintf("nextval(pg_get_serial_sequence('%s', 'id'))", q.table)
	return []string{
		fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM %s t LEFT JOIN pg_temp.incoming i ON i.source_key = t.source_key AND %s`,
			staging, strings.Join(q.columns, ", "), strings.Join(values, ", "), q.table, q.differs("t", "i")),
		fmt.Sprintf(`INSERT INTO %s (id, %s) SELECT %s, %s FROM pg_temp.incoming i WHERE NOT EXISTS (SELECT FROM %s t WHERE t.source_key = i.source_key) ORDER BY line`,
			staging, strings.Join(q.written, ", "), sequence, prefixed(q.written, "i."), q.table),
	}
}

package population

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// Kept is what became of the counts, rows of both tables together.
type Kept struct{ Inserted, Updated, Unchanged, Deleted int64 }

// Keep puts a tally in the place of all counts of a source, in one
// transaction. The same tally again changes nothing.
func Keep(ctx context.Context, store *layers.Store, source string, t Tally) (Kept, error) {
	var k Kept
	err := pgx.BeginFunc(ctx, store.DB(), func(tx pgx.Tx) error {
		var counts, flows [][]any
		for p, n := range t.Counts {
			counts = append(counts, []any{source, p.Grid, time.Unix(p.Hour, 0), n})
		}
		for f, n := range t.Flows {
			flows = append(flows, []any{source, f.From, f.To, time.Unix(f.Hour, 0), n})
		}
		// In the order of the keys, so that the indexes grow at one end.
		byKey := func(a, b []any) int {
			for i := 1; i < len(a)-1; i++ {
				var c int
				switch x := a[i].(type) {
				case string:
					c = cmp.Compare(x, b[i].(string))
				case time.Time:
					c = x.Compare(b[i].(time.Time))
				}
				if c != 0 {
					return c
				}
			}
			return 0
		}
		slices.SortFunc(counts, byKey)
		slices.SortFunc(flows, byKey)
		if err := keep(ctx, tx, &k, source, "population_count", []string{"grid_code", "hour"}, counts); err != nil {
			return err
		}
		return keep(ctx, tx, &k, source, "population_flow", []string{"from_grid", "to_grid", "hour"}, flows)
	})
	if err != nil {
		return Kept{}, fmt.Errorf("keep population counts: %w", err)
	}
	return k, nil
}

// keep brings one table's rows of a source to what is given. table and key are of this package.
func keep(ctx context.Context, tx pgx.Tx, k *Kept, source, table string, key []string, rows [][]any) error {
	if _, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TEMP TABLE new_%[1]s (LIKE onemap.%[1]s) ON COMMIT DROP`, table)); err != nil {
		return err
	}
	columns := append(append([]string{"source"}, key...), "n")
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"new_" + table}, columns, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	using := ""
	list := ""
	for i, c := range key {
		if i > 0 {
			using += ", "
		}
		using += c
		list += "t." + c + " = i." + c + " AND "
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(`ANALYZE new_%s`, table)); err != nil {
		return err
	}
	gone, err := tx.Exec(ctx, fmt.Sprintf(`DELETE FROM onemap.%[1]s t WHERE source = @source
		AND NOT EXISTS (SELECT FROM new_%[1]s i WHERE %[2]s true)`, table, list), pgx.NamedArgs{"source": source})
	if err != nil {
		return err
	}
	var added, changed int64
	if err := tx.QueryRow(ctx, fmt.Sprintf(`WITH done AS (
			INSERT INTO onemap.%[1]s AS t (source, %[2]s, n) SELECT source, %[2]s, n FROM new_%[1]s
			ON CONFLICT (source, %[2]s) DO UPDATE SET n = excluded.n WHERE t.n <> excluded.n RETURNING xmax = 0 AS added)
		SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM done`, table, using)).Scan(&added, &changed); err != nil {
		return err
	}
	k.Inserted += added
	k.Updated += changed
	k.Unchanged += int64(len(rows)) - added - changed
	k.Deleted += gone.RowsAffected()
	return nil
}

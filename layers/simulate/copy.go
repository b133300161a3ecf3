package simulate

import (
	"context"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// chunk is how many rows one COPY writes: short transactions, because a feed
// that starts waits for those open.
const chunk = 250_000

// A table is one of the map's tables and what goes into it.
type table struct {
	name    string
	columns []string
	total   int64           // rows, for the progress; 0: not known
	rows    iter.Seq[[]any] // the values of the columns, in their order
}

// copier is a pool, a connection or a transaction.
type copier interface {
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error)
}

// fill writes a table's rows to its staging table.
func (l *loader) fill(ctx context.Context, db *pgxpool.Pool, t table, staging string) error {
	return l.copy(ctx, db, t, strings.Split(strings.ReplaceAll(staging, `"`, ""), "."))
}

func (l *loader) copy(ctx context.Context, db copier, t table, to pgx.Identifier) error {
	next, stop := iter.Pull(t.rows)
	defer stop()
	for more := true; more; {
		n := 0
		_, err := db.CopyFrom(ctx, to, t.columns, pgx.CopyFromFunc(func() ([]any, error) {
			if n == chunk {
				return nil, nil
			}
			row, ok := next()
			if !ok {
				more = false
				return nil, nil
			}
			n++
			if l.rows[t.name]++; l.progress != nil && l.rows[t.name]%5000 == 0 {
				l.progress(t.name, l.rows[t.name], t.total)
			}
			return row, nil
		}))
		if err != nil {
			return err
		}
	}
	if l.progress != nil {
		l.progress(t.name, l.rows[t.name], l.rows[t.name])
	}
	return nil
}

// each turns what a city yields into rows, numbered from 1.
func each[T any](things iter.Seq[T], row func(n int, x T) []any) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		n := 0
		for x := range things {
			n++
			if !yield(row(n, x)) {
				return
			}
		}
	}
}

package layers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrInTheWay ends a scan of a table that somebody waits for, to change or
// replace it.
var ErrInTheWay = errors.New("someone waits for the table")

// A Scan reads a whole table as it was at one moment.
type Scan struct {
	Table string // of schema map, without the schema
	// Begin is told what the table is at that moment, and the
	// pg_current_snapshot() of the moment. It returns the columns to read.
	// ErrNotFound comes before it, where there is no such table.
	Begin func(t Table, snapshot string) (columns []string, err error)
	// Row takes one row: each column in its type's binary form, nil where it is
	// NULL. What it is given is used again for the next.
	Row func(values [][]byte) error
}

// scanLockWait is how long a scan waits for whoever changes the table. Who
// waits for such a lock makes others wait behind.
const scanLockWait = 2 * time.Second

// Scan reads a table by COPY. Readers and writers of the table do not wait for
// it, and it ends with [ErrInTheWay] soon after somebody wants the table for
// themselves. An error of Begin or Row ends it too, and is returned as it is.
func (s *Store) Scan(ctx context.Context, scan Scan) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := s.scan(ctx, cancel, scan)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, ErrInTheWay) {
		return fmt.Errorf("scan map.%s: %w", scan.Table, cause)
	}
	return err
}

func (s *Store) scan(ctx context.Context, cancel context.CancelCauseFunc, scan Scan) error {
	conn, err := s.db.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // closes it where COPY was broken off
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // it holds vacuum back
	// The lock comes before the snapshot: a table that is rewritten in between
	// looks empty to a snapshot from before.
	for _, sql := range []string{
		"SET LOCAL statement_timeout = 0",
		"SET LOCAL idle_in_transaction_session_timeout = 0",
		fmt.Sprintf("SET LOCAL lock_timeout = %d", scanLockWait.Milliseconds()),
		"LOCK TABLE " + pgx.Identifier{"map", scan.Table}.Sanitize() + " IN ACCESS SHARE MODE",
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("scan map.%s: %w", scan.Table, missing(err))
		}
	}
	var snapshot string
	if err := tx.QueryRow(ctx, "SELECT pg_current_snapshot()::text").Scan(&snapshot); err != nil {
		return err
	}
	tables, err := tablesOf(ctx, tx, []string{scan.Table})
	if err != nil {
		return err
	}
	t, ok := tables[scan.Table]
	if !ok {
		return fmt.Errorf("scan map.%s: %w", scan.Table, ErrNotFound)
	}
	columns, err := scan.Begin(t, snapshot)
	if err != nil {
		return err
	}
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	watched := make(chan struct{})
	watch, unwatch := context.WithCancel(ctx)
	go func() {
		defer close(watched)
		stepAside(watch, s.db, t.OID, cancel)
	}()
	defer func() {
		unwatch()
		<-watched
	}()
	rows := copyReader{row: scan.Row, values: make([][]byte, len(columns))}
	_, err = conn.Conn().PgConn().CopyTo(ctx, &rows,
		"COPY (SELECT "+strings.Join(quoted, ", ")+" FROM ONLY "+pgx.Identifier{"map", scan.Table}.Sanitize()+") TO STDOUT (FORMAT binary)")
	switch {
	case rows.err != nil:
		return rows.err
	case err != nil:
		return fmt.Errorf("scan map.%s: %w", scan.Table, err)
	case !rows.ended:
		return fmt.Errorf("scan map.%s: the copy has no end", scan.Table)
	}
	return nil
}

// stepAside cancels when somebody waits for the table.
func stepAside(ctx context.Context, db *pgxpool.Pool, table uint32, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var waited bool
		err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE relation = $1 AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`, table).Scan(&waited)
		if err == nil && waited {
			cancel(ErrInTheWay)
			return
		}
	}
}

// missing turns PostgreSQL's "no such table" into ours.
func missing(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42P01" { // undefined_table
		return ErrNotFound
	}
	return err
}

package position

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers/access"
)

// dayLock is the advisory lock of who makes or drops days.
const dayLock = 7330784

// days are the partitions of onemap.position that are known to be there.
type days struct {
	mu   sync.Mutex
	have map[string]bool
}

// partition is the name of a day's table.
func partition(day time.Time) string { return "position_" + day.UTC().Format("20060102") }

// ensure makes the days from the one of first to the one of last, if they are
// not there. They are PostgreSQL's days in UTC.
func (d *days) ensure(ctx context.Context, db *pgxpool.Pool, first, last time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for day := first.UTC().Truncate(24 * time.Hour); !day.After(last); day = day.AddDate(0, 0, 1) {
		name := partition(day)
		if d.have[name] {
			continue
		}
		err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, dayLock); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE IF NOT EXISTS onemap.%s PARTITION OF onemap.position FOR VALUES FROM ('%s') TO ('%s')`,
				name, day.Format(time.RFC3339), day.AddDate(0, 0, 1).Format(time.RFC3339)))
			return err
		})
		if err != nil {
			return fmt.Errorf("make a day of positions: %w", err)
		}
		if d.have == nil {
			d.have = map[string]bool{}
		}
		d.have[name] = true
	}
	return nil
}

// forget makes ensure look again.
func (d *days) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.have = nil
}

// drop drops the days that ended before a time, each in a transaction with its
// line in the audit.
func (s *Store) drop(ctx context.Context, before time.Time, keep int) error {
	rows, err := s.db().Query(ctx, `SELECT c.relname, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
		FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'onemap.position'::regclass ORDER BY 1`)
	if err != nil {
		return fmt.Errorf("list days of positions: %w", err)
	}
	type old struct {
		day         time.Time
		rows, bytes int64
	}
	var all []old
	var name string
	var o old
	if _, err := pgx.ForEachRow(rows, []any{&name, &o.rows, &o.bytes}, func() error {
		if day, err := time.Parse("position_20060102", name); err == nil && !day.AddDate(0, 0, 1).After(before) {
			o.day = day
			all = append(all, o)
		}
		return nil
	}); err != nil {
		return fmt.Errorf("list days of positions: %w", err)
	}
	for _, o := range all {
		err := pgx.BeginFunc(ctx, s.db(), func(tx pgx.Tx) error {
			// Who reads the history holds it for a moment; the writers must not queue up behind.
			if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '1s'`); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `DROP TABLE onemap.`+partition(o.day)); err != nil {
				return err
			}
			return access.RecordTx(ctx, tx, system, access.Entry{Action: "position.drop", Object: "position/" + o.day.Format(time.DateOnly), Result: access.Done,
				Reason: "age", Detail: map[string]any{"keep_days": keep, "about_rows": o.rows, "bytes": o.bytes}})
		})
		var refused *pgconn.PgError
		if errors.As(err, &refused) && (refused.Code == "55P03" || refused.Code == "42P01") {
			s.days.forget()
			continue // somebody is at it, or has done it: the next sweep looks again
		}
		if err != nil {
			return fmt.Errorf("drop a day of positions: %w", err)
		}
		s.days.forget()
		s.log().Info("a day of positions was dropped", "day", o.day.Format(time.DateOnly), "bytes", o.bytes)
	}
	return nil
}

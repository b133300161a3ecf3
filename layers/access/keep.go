package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The law asks for six months at least (网络安全法 art. 21), so no setting goes
// below that.
const (
	keepAtLeast = 6
	keepUsually = 12
	monthsAhead = 3
)

// Keep makes the audit's months to come, and lets those go that are older than
// audit.keep_months: whole, when every entry in them is sealed. Their seals
// stay, so the chain still holds together; what went is recorded.
func (a *Audit) Keep(ctx context.Context, now time.Time) error {
	err := pgx.BeginFunc(ctx, a.db, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, sealLock).Scan(&mine); err != nil || !mine {
			return err
		}
		first := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
		for i := range monthsAhead + 1 {
			if _, err := tx.Exec(ctx, `SELECT onemap.audit_month($1)`, first.AddDate(0, i, 0)); err != nil {
				return err
			}
		}
		keep, err := keepMonths(ctx, tx)
		if err != nil {
			return err
		}
		// A day of the month before is kept for keep months when its month is.
		old, err := oldMonths(ctx, tx, first.AddDate(0, -keep, 0))
		if err != nil {
			return err
		}
		for _, month := range old {
			if err := letGo(ctx, tx, month, keep); err != nil {
				return err
			}
		}
		return nil
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "55P03" { // lock_not_available
		return nil
	}
	if err != nil {
		return doing("keep the audit", err)
	}
	return nil
}

func keepMonths(ctx context.Context, tx pgx.Tx) (int, error) {
	var value []byte
	err := tx.QueryRow(ctx, `SELECT value FROM onemap.setting WHERE key = 'audit.keep_months'`).Scan(&value)
	if err != nil && !noRow(err) {
		return 0, err
	}
	n := keepUsually
	if err == nil && json.Unmarshal(value, &n) != nil {
		n = keepUsually
	}
	return max(n, keepAtLeast), nil
}

// oldMonths are those before a time that have a partition of their own.
func oldMonths(ctx context.Context, tx pgx.Tx, before time.Time) ([]time.Time, error) {
	rows, err := tx.Query(ctx, `SELECT to_date(right(c.relname, 6), 'YYYYMM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'onemap.audit'::regclass AND c.relname ~ '^audit_[0-9]{6}$' AND to_date(right(c.relname, 6), 'YYYYMM') < $1 ORDER BY 1`, before)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[time.Time])
}

// letGo drops a month, unless something in it is not sealed.
func letGo(ctx context.Context, tx pgx.Tx, month time.Time, keep int) error {
	name := pgx.Identifier{"onemap", "audit_" + month.Format("200601")}.Sanitize()
	// Nothing is written to so old a month; and if it is, it waits here and then
	// goes to audit_other.
	// The whole first, as whoever reads it does, or the two would wait for each
	// other; and not for long: everything that is recorded waits meanwhile. Who
	// reads on and on is waited for again in an hour.
	if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '500ms'`); err != nil {
		return err
	}
	for _, table := range []string{"ONLY onemap.audit", name} {
		if _, err := tx.Exec(ctx, `LOCK TABLE `+table+` IN ACCESS EXCLUSIVE MODE`); err != nil {
			return err
		}
	}
	var entries, waiting int64
	if err := tx.QueryRow(ctx, fmt.Sprintf(`SELECT (SELECT count(*) FROM %s), (SELECT count(*) FROM onemap.audit_unsealed u JOIN %s a USING (id))`, name, name)).Scan(&entries, &waiting); err != nil {
		return err
	}
	if waiting > 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `DROP TABLE `+name); err != nil {
		return err
	}
	if entries == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `INSERT INTO onemap.audit_dropped (month, entries) VALUES ($1, $2) ON CONFLICT (month) DO NOTHING`, month, entries); err != nil {
		return err
	}
	return record(ctx, tx, System("onemap"), Entry{Action: "audit.drop", Object: "audit/" + month.Format("2006-01"), Result: Done, Reason: "age",
		Detail: map[string]any{"entries": entries, "keep_months": keep}})
}

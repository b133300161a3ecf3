package feed

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// publication is the one that the migrations make and keep.
const publication = "onemap"

// An offError says what the database lacks for its log to be followed, in
// words for its operator.
type offError struct{ why string }

func (e *offError) Error() string { return "feed is off: " + e.why }

// preflight asks what would otherwise fail late or unclearly.
func preflight(ctx context.Context, db *pgxpool.Pool) error {
	var level string
	var standby, right, published bool
	err := db.QueryRow(ctx, `
		SELECT current_setting('wal_level'), pg_is_in_recovery(),
		       (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user),
		       EXISTS (SELECT FROM pg_publication WHERE pubname = $1)`, publication).
		Scan(&level, &standby, &right, &published)
	switch {
	case err != nil:
		return fmt.Errorf("feed: %w", err)
	case standby: // PostgreSQL 15 does not decode on a standby
		return &offError{"the database is a standby: connect to the primary"}
	case level != "logical":
		return &offError{"wal_level is " + level + ": set wal_level = logical and restart PostgreSQL"}
	case !right:
		return &offError{"the database role lacks the REPLICATION right: ALTER ROLE … REPLICATION"}
	case !published:
		return &offError{"there is no publication " + publication + ": run onemap migrate"}
	}
	return nil
}

// slot is a replication connection with its temporary slot.
type slot struct {
	conn     *pgconn.PgConn
	name     string
	snapshot string // exported; valid until the connection's next command
	at       Cursor // the snapshot's place
	seen     string // what it holds, as pg_current_snapshot() says it
}

// openSlot connects and makes a temporary slot. While PostgreSQL waits for
// write transactions that were open before, it tells waiting who they are.
func openSlot(ctx context.Context, db *pgxpool.Pool, waiting func(why string)) (_ *slot, err error) {
	cfg := db.Config().ConnConfig.Config.Copy()
	for k, v := range map[string]string{
		"replication":       "database",
		"application_name":  "onemap feed",
		"client_encoding":   "UTF8", // text comes in it
		"statement_timeout": "0",
		// While the readers load, the connection is idle in the transaction that exported the snapshot.
		"idle_in_transaction_session_timeout": "0",
		"lock_timeout":                        "0",
	} {
		cfg.RuntimeParams[k] = v
	}
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, whyOff(fmt.Errorf("feed: connect for replication: %w", err))
	}
	s := &slot{conn: conn}
	defer func() {
		if err != nil {
			s.close(ctx, db)
		}
	}()
	row, err := s.command(ctx, "IDENTIFY_SYSTEM")
	if err != nil {
		return nil, err
	}
	if s.at.System, err = strconv.ParseUint(row[0], 10, 64); err != nil {
		return nil, fmt.Errorf("feed: system identifier %q", row[0])
	}
	timeline, err := strconv.ParseUint(row[1], 10, 32)
	if err != nil {
		return nil, fmt.Errorf("feed: timeline %q", row[1])
	}
	s.at.Timeline = uint32(timeline)

	var id [8]byte
	rand.Read(id[:])
	s.name = "onemap_" + hex.EncodeToString(id[:])
	type made struct {
		row []string
		err error
	}
	done := make(chan made, 1)
	go func() {
		row, err := s.command(ctx, "CREATE_REPLICATION_SLOT "+s.name+" TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')")
		done <- made{row, err}
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case m := <-done: // also when ctx ends: command watches it
			if m.err != nil {
				return nil, whyOff(m.err)
			}
			s.snapshot = m.row[2]
			s.at.LSN, err = ParseLSN(m.row[1])
			return s, err
		case <-tick.C:
			waiting(blocker(ctx, db, conn.PID()))
		}
	}
}

// command runs a replication command that answers with one row.
func (s *slot) command(ctx context.Context, sql string) ([]string, error) {
	word, _, _ := strings.Cut(sql, " ")
	results, err := s.conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("feed: %s: %w", word, err)
	}
	if len(results) != 1 || len(results[0].Rows) != 1 || len(results[0].Rows[0]) < 4 {
		return nil, fmt.Errorf("feed: %s: unexpected answer", word)
	}
	var row []string
	for _, v := range results[0].Rows[0] {
		row = append(row, string(v))
	}
	return row, nil
}

// close ends the connection, and waits a little until the slot is gone with
// it, so that the database can be dropped, and a slot be had, at once.
func (s *slot) close(ctx context.Context, db *pgxpool.Pool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	s.conn.Close(ctx)
	for s.name != "" {
		var there bool
		err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)`, s.name).Scan(&there)
		if err != nil || !there {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// blocker says for which open write transaction the walsender waits. They may
// be in any database of the cluster.
func blocker(ctx context.Context, db *pgxpool.Pool, walsender uint32) string {
	rows, err := db.Query(ctx, `
		SELECT what FROM (SELECT format('process %s (role %s, database %s, application %s), open for %s s', pid, usename, datname,
		           coalesce(nullif(application_name, ''), 'unnamed'), extract(epoch FROM clock_timestamp() - xact_start)::int) AS what,
		       pid = ANY (pg_blocking_pids($1)) AS first, xact_start AS since
		FROM pg_stat_activity
		WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
		UNION ALL
		SELECT format('prepared transaction %s (role %s, database %s)', gid, owner, database), false, prepared FROM pg_prepared_xacts) t
		ORDER BY first DESC, since`, walsender)
	if err == nil {
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err == nil && len(all) > 0 {
			return "a place in the log is given only when open write transactions end: " + strings.Join(all[:min(3, len(all))], "; ")
		}
	}
	return "waiting for a place in the log"
}

// whyOff turns the refusals that an operator must lift into an offError.
func whyOff(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	switch {
	case pg.Code == "42501", pg.Code == "28000" && strings.Contains(pg.Message, "replication"):
		return &offError{"the database role may not replicate: ALTER ROLE … REPLICATION, and a line for it in pg_hba.conf"}
	case pg.Code == "55000" && strings.Contains(pg.Message, "wal_level"):
		return &offError{"wal_level is not logical: set wal_level = logical and restart PostgreSQL"}
	case pg.Code == "53400":
		return &offError{"all replication slots are in use: raise max_replication_slots"}
	case pg.Code == "53300" && strings.Contains(pg.Message, "wal_senders"):
		return &offError{"all walsenders are in use: raise max_wal_senders"}
	}
	return err
}

// ParseLSN reads a place in the log in PostgreSQL's form, "1/6B3748".
func ParseLSN(s string) (uint64, error) {
	hi, lo, ok := strings.Cut(s, "/")
	h, err1 := strconv.ParseUint(hi, 16, 32)
	l, err2 := strconv.ParseUint(lo, 16, 32)
	if !ok || err1 != nil || err2 != nil {
		return 0, fmt.Errorf("feed: log position %q", s)
	}
	return h<<32 | l, nil
}

package backup

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Checks say what the database held at a place in its log.
type Checks struct {
	At        LSN          `json:"at"`   // all that was committed before; 0 for a dump
	Seed      int64        `json:"seed"` // of the sums, another each time
	AuditHead string       `json:"audit_head,omitempty"`
	Tables    []TableCheck `json:"tables"`
	Seconds   float64      `json:"seconds"` // it took
}

// A TableCheck is a table's rows: how many, and the sum of their hashes, which
// does not depend on their order.
type TableCheck struct {
	Name string `json:"name"` // quoted where needed
	Rows int64  `json:"rows"`
	Sum  string `json:"sum"`
}

func newSeed() int64 {
	var b [8]byte
	rand.Read(b[:])
	return int64(binary.BigEndian.Uint64(b[:]))
}

// look reads the checks in a transaction. Unlogged tables are left out: a
// crash, and so a restored base, empties them. So are tables of extensions.
func look(ctx context.Context, tx pgx.Tx, seed int64, p Progress) (*Checks, error) {
	began := time.Now()
	c := &Checks{Seed: seed}
	// The text of a row depends on these.
	_, err := tx.Exec(ctx, `SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true), set_config('IntervalStyle', 'postgres', true),
		set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true), set_config('search_path', 'pg_catalog', true), set_config('statement_timeout', '0', true)`)
	if err != nil {
		return nil, fmt.Errorf("check tables: %w", err)
	}
	rows, err := tx.Query(ctx, `SELECT format('%I.%I', n.nspname, c.relname), greatest(c.relpages, 1)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
			AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
		ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("check tables: %w", err)
	}
	type table struct {
		Name  string
		Pages int64
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
	if err != nil {
		return nil, fmt.Errorf("check tables: %w", err)
	}
	var done, total int64
	for _, t := range tables {
		total += t.Pages
	}
	for _, t := range tables {
		one := TableCheck{Name: t.Name}
		if err := tx.QueryRow(ctx, `SELECT count(*), coalesce(sum(hashtextextended(onemap_row_::text, $1)), 0)::text FROM ONLY `+t.Name+` onemap_row_`, seed).Scan(&one.Rows, &one.Sum); err != nil {
			return nil, fmt.Errorf("check table %s: %w", t.Name, err)
		}
		c.Tables = append(c.Tables, one)
		done += t.Pages
		p.say("checks", done, total)
	}
	err = tx.QueryRow(ctx, `SELECT n || ':' || encode(hash, 'hex') FROM onemap.audit_seal ORDER BY n DESC LIMIT 1`).Scan(&c.AuditHead)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("head of the audit: %w", err)
	}
	c.Seconds = time.Since(began).Seconds()
	return c, nil
}

// lookAt reads the checks under the snapshot of a temporary logical slot, which
// sees exactly what was committed before its place in the log. It waits for
// write transactions that are open, and keeps nobody from writing.
func lookAt(ctx context.Context, db *pgxpool.Pool, p Progress) (*Checks, error) {
	conn, err := replicate(ctx, &db.Config().ConnConfig.Config)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // and the slot with it
	seed := newSeed()
	slot, err := row(ctx, conn, fmt.Sprintf("CREATE_REPLICATION_SLOT onemap_check_%016x TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')", uint64(seed)))
	if err != nil {
		return nil, fmt.Errorf("a place in the log to check at: %w", err)
	}
	at, err := parseLSN(slot[1])
	if err != nil {
		return nil, err
	}
	var c *Checks
	err = pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET TRANSACTION SNAPSHOT '`+slot[2]+`'`); err != nil {
			return fmt.Errorf("check tables: %w", err)
		}
		c, err = look(ctx, tx, seed, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.At = at
	return c, nil
}

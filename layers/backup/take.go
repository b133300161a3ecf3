package backup

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/zstd"
)

// Options of [Take].
type Options struct {
	Target   Target
	URL      string            // of the city's database
	Folders  map[string]string // what is copied beside it: photos, uploads -> folder
	BinDir   string            // of PostgreSQL's programs; "": look for them
	Program  string            // the version, for the manifest
	Key      string            // number of the key that seals secrets, which is not copied; "": none
	Full     bool              // a base even where the log since the last would do
	Dump     bool              // a dump even where a physical copy could be had
	Checks   bool              // checks even where the last are young
	FullDays int               // a new base after so many days; 0: 7
	Keep     Rule
	Progress Progress
}

// checksAge is how old checks are when a backup takes new ones.
const checksAge = 24 * time.Hour

// taking is a backup at work.
type taking struct {
	Options
	db    *pgxpool.Pool
	major int
	m     Manifest
}

// Take takes a backup and then lets go what the rule does not keep; dropped is
// how many backups that were. One at a time: [ErrBusy] otherwise.
func Take(ctx context.Context, o Options) (m Manifest, dropped int, err error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return m, 0, err
	}
	cfg.MaxConns = 4
	cfg.ConnConfig.RuntimeParams["statement_timeout"] = "0"
	cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	cfg.ConnConfig.RuntimeParams["application_name"] = "onemap backup"
	db, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return m, 0, err
	}
	defer db.Close()
	lock, err := db.Acquire(ctx)
	if err != nil {
		return m, 0, err
	}
	defer lock.Release()
	var free bool
	if err := lock.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended('onemap.backup', 0))`).Scan(&free); err != nil {
		return m, 0, err
	}
	if !free {
		return m, 0, ErrBusy
	}
	defer func() { _, _ = lock.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock_all()`) }()

	t := &taking{Options: o, db: db}
	mark, all, err := t.begin(ctx)
	if err != nil {
		return m, 0, err
	}
	var last *Manifest
	var before []File
	if len(all) > 0 {
		last = &all[len(all)-1]
		if before, err = files(ctx, o.Target, *last); err != nil {
			return m, 0, fmt.Errorf("the last backup: %w", err)
		}
	}
	if t.m.Kind == Physical {
		err = t.physical(ctx, "onemap_backup_"+mark.ID, last)
	} else {
		err = t.dump(ctx)
	}
	if err == nil {
		err = t.takeFiles(ctx, before)
	}
	if err != nil {
		return m, 0, err
	}
	t.m.Ended = time.Now().UTC().Truncate(time.Second)
	if err := writeJSON(ctx, o.Target, manifestName(t.m.ID), t.m); err != nil {
		return m, 0, fmt.Errorf("write the manifest: %w", err)
	}
	if t.m.Kind == Physical {
		if err := t.release(ctx, "onemap_backup_"+mark.ID); err != nil {
			return t.m, 0, err
		}
	}
	all = append(all, t.m)
	if _, drop := retain(all, o.Keep, time.Now()); len(drop) > 0 || t.m.Full() {
		dropped, err = prune(ctx, o.Target, all, o.Keep, time.Now())
	}
	return t.m, dropped, err
}

// begin looks at the database and at the target, and decides the kind.
func (t *taking) begin(ctx context.Context) (mark marker, all []Manifest, err error) {
	t.m = Manifest{Format: format, ID: time.Now().UTC().Format("20060102T150405Z"), Program: t.Program, Kind: Physical, Key: t.Key}
	var num int
	err = t.db.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_database()`).Scan(&num, &t.m.Database)
	if err != nil {
		return mark, nil, err
	}
	t.major = num / 10000
	t.m.PostgreSQL = t.major
	if why := t.cannot(ctx); why != "" {
		t.m.Kind = Dump
		t.m.Lost = []string{"a dump, because " + why + ": it brings back its own moment only, what was written between two dumps is lost with the database, and each dump is whole"}
	}
	mark, all, err = open(ctx, t.Target)
	if errors.Is(err, fs.ErrNotExist) {
		there, lerr := t.Target.List(ctx, "")
		if lerr != nil {
			return mark, nil, lerr
		}
		if len(there) > 0 {
			return mark, nil, fmt.Errorf("%w: %s is not empty and holds no backup: name an empty one", ErrOther, t.Target)
		}
		var id [4]byte
		rand.Read(id[:])
		mark = marker{Format: format, ID: hex.EncodeToString(id[:]), System: t.m.System}
		return mark, nil, writeJSON(ctx, t.Target, markerName, mark)
	}
	if err != nil {
		return mark, nil, err
	}
	if mark.System != t.m.System {
		return mark, nil, fmt.Errorf("%w: %s has backups of another city (system %s, this is %s)", ErrOther, t.Target, mark.System, t.m.System)
	}
	if len(all) > 0 && all[len(all)-1].ID >= t.m.ID { // two in a second, or a clock that went back
		last, err := time.Parse("20060102T150405Z", all[len(all)-1].ID)
		if err != nil {
			return mark, nil, fmt.Errorf("%w: backup %q", ErrTorn, all[len(all)-1].ID)
		}
		t.m.ID = last.Add(time.Second).Format("20060102T150405Z")
	}
	return mark, all, nil
}

// cannot says why no physical copy can be had, in words for the operator, or
// nothing. It fills in what identifies the server.
func (t *taking) cannot(ctx context.Context) string {
	var right, standby, ours bool
	var others int
	err := t.db.QueryRow(ctx, `SELECT (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user), pg_is_in_recovery(),
		(SELECT count(*) FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', current_database())),
		current_database() = 'onemap' AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'onemap') AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'postgres' AND rolsuper)`).
		Scan(&right, &standby, &others, &ours)
	if err != nil {
		return "the server does not say what we may: " + err.Error()
	}
	if err := t.db.QueryRow(ctx, `SELECT system_identifier::text FROM pg_control_system()`).Scan(&t.m.System); err != nil {
		t.m.System = "unknown"
	}
	switch {
	case t.Dump:
		return "that was asked for"
	case standby:
		return "the server is a standby"
	case !right:
		return "the role has no REPLICATION right"
	case others > 0:
		return fmt.Sprintf("the server has %d other databases, which a physical copy would take along", others)
	case !ours:
		return "onemap up, which restores a physical copy, needs the database and the role onemap and the superuser postgres in it"
	}
	conn, err := replicate(ctx, &t.db.Config().ConnConfig.Config)
	if err != nil {
		return "the server lets us not replicate (a line for it in pg_hba.conf)"
	}
	defer conn.Close(context.WithoutCancel(ctx))
	system, err := row(ctx, conn, "IDENTIFY_SYSTEM")
	if err != nil {
		return "the server lets us not replicate"
	}
	timeline, err := strconv.ParseUint(system[1], 10, 32)
	if err != nil {
		return "the server says no timeline"
	}
	t.m.System, t.m.Timeline = system[0], uint32(timeline)
	return ""
}

// physical takes a base where one is needed, and the log.
func (t *taking) physical(ctx context.Context, slot string, last *Manifest) error {
	if err := t.db.QueryRow(ctx, `SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'`).Scan(&t.m.SegmentSize); err != nil {
		return fmt.Errorf("ask for the log: %w", err)
	}
	begin := func(l LSN) LSN { return l - l%LSN(t.m.SegmentSize) }
	kept, err := t.kept(ctx, slot)
	if err != nil {
		return err
	}
	if last != nil && (last.Kind != Physical || last.Timeline != t.m.Timeline || last.SegmentSize != t.m.SegmentSize || kept == nil || *kept > begin(last.To)) {
		last = nil // the log has a gap: begin a new line
	}
	from := LSN(0)
	if last == nil {
		if from, err = t.makeSlot(ctx, slot, kept != nil); err != nil {
			return err
		}
		t.m.Line = t.m.ID
	} else {
		from, t.m.Line, t.m.Base = begin(last.To), last.Line, last.Base
	}
	days := t.FullDays
	if days <= 0 {
		days = 7
	}
	if last == nil || t.Full || time.Since(last.Base.Ended) > time.Duration(days)*24*time.Hour {
		if t.m.Base, err = t.takeBase(ctx); err != nil {
			return err
		}
	}
	if t.Checks || t.m.Full() || !t.checkedLately(ctx) {
		if err := t.check(ctx); err != nil {
			return err
		}
	}
	if err := t.mark(ctx); err != nil {
		return err
	}
	return t.takeLog(ctx, begin(from))
}

// check reads the checks where the server lets us.
func (t *taking) check(ctx context.Context) (err error) {
	var level string
	if err := t.db.QueryRow(ctx, `SELECT current_setting('wal_level')`).Scan(&level); err != nil {
		return err
	}
	if level != "logical" {
		t.m.Lost = append(t.m.Lost, "no checks of tables, because wal_level is "+level+": a drill compares nothing but files and the audit")
		return nil
	}
	t.m.Checks, err = lookAt(ctx, t.db, t.Progress)
	return err
}

// checkedLately says whether one of the last backups has checks.
func (t *taking) checkedLately(ctx context.Context) bool {
	all, err := List(ctx, t.Target)
	for _, m := range all {
		if err == nil && m.Checks != nil && m.Line == t.m.Line && time.Since(m.Moment) < checksAge {
			return true
		}
	}
	return false
}

// kept is from where on the slot keeps the log; nil where there is none, or
// where PostgreSQL has let go what it should have kept.
func (t *taking) kept(ctx context.Context, slot string) (*LSN, error) {
	var at *string
	err := t.db.QueryRow(ctx, `SELECT restart_lsn::text FROM pg_replication_slots WHERE slot_name = $1 AND slot_type = 'physical'`, slot).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ask for the slot: %w", err)
	}
	l := ^LSN(0) // lost
	if at != nil {
		if l, err = parseLSN(*at); err != nil {
			return nil, err
		}
	}
	return &l, nil
}

// makeSlot makes the slot anew and returns from where on it keeps the log.
func (t *taking) makeSlot(ctx context.Context, slot string, there bool) (LSN, error) {
	if there {
		if _, err := t.db.Exec(ctx, `SELECT pg_drop_replication_slot($1)`, slot); err != nil {
			return 0, fmt.Errorf("make the slot anew: %w", err)
		}
	}
	if _, err := t.db.Exec(ctx, `SELECT pg_create_physical_replication_slot($1, true)`, slot); err != nil {
		return 0, fmt.Errorf("make the slot that keeps the log: %w", err)
	}
	var at string
	if err := t.db.QueryRow(ctx, `SELECT restart_lsn::text FROM pg_replication_slots WHERE slot_name = $1`, slot).Scan(&at); err != nil {
		return 0, fmt.Errorf("make the slot that keeps the log: %w", err)
	}
	return parseLSN(at)
}

// mark writes a commit that is later than the backup's moment, so that a
// restore to any moment up to it finds where to stop.
func (t *taking) mark(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, t.db, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&t.m.Moment); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', true), pg_logical_emit_message(true, 'onemap.backup', $1), pg_sleep(0.000002)`, t.m.ID)
		return err
	})
	t.m.Moment = t.m.Moment.UTC().Truncate(time.Microsecond)
	var to string
	if err == nil {
		err = t.db.QueryRow(ctx, `SELECT pg_current_wal_flush_lsn()::text`).Scan(&to)
	}
	if err != nil {
		return fmt.Errorf("mark the log: %w", err)
	}
	t.m.To, err = parseLSN(to)
	return err
}

// takeLog ships the log from the beginning of a segment to t.m.To.
func (t *taking) takeLog(ctx context.Context, from LSN) error {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	total := int64(t.m.To - from)
	return receive(ctx, &t.db.Config().ConnConfig.Config, t.m.Timeline, t.m.SegmentSize, from, t.m.To, func(number uint64, b []byte, partial bool) error {
		name := "wal/" + t.m.Line + "/" + segmentName(t.m.Timeline, number, t.m.SegmentSize)
		if partial { // never in place of another: a manifest names it
			name += "." + t.m.ID
		}
		packed := z.EncodeAll(b, nil)
		o, err := put(ctx, t.Target, name+".zst", bytes.NewReader(packed), int64(len(packed)))
		if err != nil {
			return err
		}
		t.m.WAL = append(t.m.WAL, Segment{Object: o, Number: number, Partial: partial})
		t.m.NewBytes += o.Bytes
		t.Progress.say("log", min(total, int64((number+1)*t.m.SegmentSize)-int64(from)), total)
		return nil
	})
}

// release lets PostgreSQL remove the log that the backup has. Only now that
// the manifest is written: a backup cut short has taken nothing away.
func (t *taking) release(ctx context.Context, slot string) error {
	to := t.m.To - t.m.To%LSN(t.m.SegmentSize)
	kept, err := t.kept(ctx, slot)
	if err != nil || kept == nil || *kept >= to {
		return err
	}
	_, err = t.db.Exec(ctx, `SELECT pg_replication_slot_advance($1, $2::text::pg_lsn)`, slot, to.String())
	if err != nil {
		return fmt.Errorf("give the log free: %w", err)
	}
	return nil
}

// dump takes a consistent dump, with checks of the same snapshot.
func (t *taking) dump(ctx context.Context) error {
	err := pgx.BeginTxFunc(ctx, t.db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var snapshot string
		if err := tx.QueryRow(ctx, `SELECT pg_export_snapshot(), now()`).Scan(&snapshot, &t.m.Moment); err != nil {
			return err
		}
		t.m.Moment = t.m.Moment.UTC()
		// Coordinate systems are PostGIS's own, and only a superuser may write them.
		cmd, err := program(ctx, t.BinDir, "pg_dump", t.major, t.URL, "--format=custom", "--exclude-table-data=*.spatial_ref_sys", "--compress=1", "--snapshot="+snapshot, "--no-password")
		if err != nil {
			return err
		}
		var o Object
		if err := run(cmd, func(out *output) error {
			o, err = put(ctx, t.Target, "dump/"+t.m.ID+".dump", &counted{out, t.Progress, "dump", 0, 0}, -1)
			return err
		}); err != nil {
			return err
		}
		t.m.Dump = &o
		t.m.Checks, err = look(ctx, tx, newSeed(), t.Progress)
		return err
	})
	if err != nil {
		return fmt.Errorf("dump the database: %w", whyDump(err))
	}
	return nil
}

// whyDump says what the operator must do about a right that is missing.
func whyDump(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" || strings.Contains(err.Error(), "permission denied") {
		return fmt.Errorf("%w: the role must be able to read all of it: GRANT pg_read_all_data TO it", err)
	}
	return err
}

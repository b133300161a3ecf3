package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A Cursor is a place in the history of one PostgreSQL cluster: all that was
// committed up to and including the log sequence number LSN of its timeline.
// The zero value is nowhere.
type Cursor struct {
	System   uint64 // the cluster's system identifier
	Timeline uint32
	LSN      uint64
}

// ErrCursor: a text is no cursor.
var ErrCursor = errors.New("not a cursor")

// String returns "<system>.<timeline>.<LSN>", the LSN in hexadecimal without
// slash: "7345678901234567890.1.16B3748".
func (c Cursor) String() string {
	return string(c.Append(nil))
}

// Append appends c's text to b.
func (c Cursor) Append(b []byte) []byte {
	b = strconv.AppendUint(b, c.System, 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, uint64(c.Timeline), 10)
	b = append(b, '.')
	const digits = "0123456789ABCDEF"
	shift := 60
	for shift > 0 && c.LSN>>shift == 0 {
		shift -= 4
	}
	for ; shift >= 0; shift -= 4 {
		b = append(b, digits[c.LSN>>shift&15])
	}
	return b
}

// ParseCursor is the inverse of [Cursor.String]. It returns an error wrapping
// [ErrCursor] for a text that String does not return.
func ParseCursor(s string) (Cursor, error) {
	fail := fmt.Errorf("%w: want <system>.<timeline>.<LSN in hexadecimal>", ErrCursor)
	system, rest, _ := strings.Cut(s, ".")
	timeline, lsn, _ := strings.Cut(rest, ".")
	sys, err := strconv.ParseUint(system, 10, 64)
	if err != nil {
		return Cursor{}, fail
	}
	tl, err := strconv.ParseUint(timeline, 10, 32)
	if err != nil {
		return Cursor{}, fail
	}
	at, err := strconv.ParseUint(lsn, 16, 64)
	if err != nil {
		return Cursor{}, fail
	}
	c := Cursor{sys, uint32(tl), at}
	if c.String() != s { // leading zeros, signs, lower case: one text a cursor, so that texts can be compared
		return Cursor{}, fail
	}
	return c, nil
}

// IsZero says whether c is nowhere.
func (c Cursor) IsZero() bool { return c == Cursor{} }

// SameHistory says whether c and d are places of one timeline of one cluster,
// so that their LSNs can be compared.
func (c Cursor) SameHistory(d Cursor) bool {
	return c.System == d.System && c.Timeline == d.Timeline
}

// Compare returns -1, 0 or 1 as c is before, at or after d. Between cursors of
// different clusters the order means nothing.
func (c Cursor) Compare(d Cursor) int {
	return cmp.Or(cmp.Compare(c.System, d.System), cmp.Compare(c.Timeline, d.Timeline), cmp.Compare(c.LSN, d.LSN))
}

// A Querier is a pool, a connection or a transaction of pgx.
type Querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Now returns a cursor that holds everything committed before the call: the
// cursor for the answer to a write, read after its commit. (COMMIT itself
// returns no LSN.)
func Now(ctx context.Context, db Querier) (Cursor, error) {
	return position(ctx, db, "pg_current_wal_insert_lsn()")
}

// Push makes all that was written to the log so far come to the feeds at once.
// What belongs to no commit, PostgreSQL may otherwise leave unwritten for
// seconds where little is going on, and with it a place that [Now] gave.
func Push(ctx context.Context, db Querier) error {
	var at string
	// A commit is written at once. The message says nothing; it makes the
	// transaction one that is logged.
	if err := db.QueryRow(ctx, `SELECT pg_logical_emit_message(true, 'onemap', '{}')::text`).Scan(&at); err != nil {
		return fmt.Errorf("push the log: %w", err)
	}
	return nil
}

// position reads one of the log's positions. The timeline is that in a
// segment's name: pg_control_checkpoint would give that of the last
// checkpoint, which after a failover is the old one.
func position(ctx context.Context, db Querier, function string) (Cursor, error) {
	var system, at, segment int64
	var timeline string
	err := db.QueryRow(ctx, `
		SELECT (SELECT system_identifier FROM pg_control_system()),
		       substr(pg_walfile_name(at), 1, 8), at - '0/0', pg_size_bytes(current_setting('wal_segment_size'))
		FROM (SELECT `+function+` AS at) t`).Scan(&system, &timeline, &at, &segment)
	if err != nil {
		return Cursor{}, fmt.Errorf("read the log's position: %w", err)
	}
	tl, err := strconv.ParseUint(timeline, 16, 32)
	if err != nil {
		return Cursor{}, fmt.Errorf("read the log's position: timeline %q", timeline)
	}
	return Cursor{uint64(system), uint32(tl), endOfRecord(uint64(at), uint64(segment))}, nil
}

// endOfRecord turns a place to insert at into the end of the record before it.
// They differ where a record ends with a page: the place to insert at is
// behind the next page's header (40 bytes in the first page of a segment, 24 in
// any other), which the reader of an idle log does not pass. A record that
// began a page earlier may well end 40 bytes into any other page.
func endOfRecord(lsn, segment uint64) uint64 {
	const page = 8192
	header := uint64(24)
	if lsn%segment < page {
		header = 40
	}
	if lsn%page == header {
		return lsn - header
	}
	return lsn
}

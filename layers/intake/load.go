package intake

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// flushAt is how many bytes of tuples go to the database in one COPY: some ten
// thousand rows. Each is a transaction of its own, so that no long one holds
// up a feed that starts.
const flushAt = 8 << 20

// bulk is from how large a file on, in bytes, an empty layer is filled by
// building its table anew: without indexes first, then with them.
const (
	bulkPlain = 2 << 20
	bulkGzip  = 256 << 10
)

// load reads the file and writes its rows: an empty layer straight into a new
// table, any other by way of a table of what came.
func (im *importer) load(ctx context.Context, p *plan, f first) error {
	if err := im.store.DB().QueryRow(ctx, `SELECT nextval(pg_get_serial_sequence('onemap.batch', 'id'))`).Scan(&im.batch); err != nil {
		return fmt.Errorf("number the batch: %w", err)
	}
	if im.bulky() {
		err := im.fill(ctx, p, f)
		if !errors.Is(err, errNotEmpty) {
			return err
		}
		im.rejects.reset()
	}
	return im.merge(ctx, p, f)
}

func (im *importer) bulky() bool {
	in, err := openInput(im.o.File, nil)
	if err != nil {
		return false // the reading will say it
	}
	defer in.Close()
	if in.text == (*counted)(in) {
		return in.total >= bulkPlain
	}
	return in.total >= bulkGzip
}

var errNotEmpty = errors.New("the layer has features")

// fill builds an empty layer's table anew.
func (im *importer) fill(ctx context.Context, p *plan, f first) error {
	// A glance first, so as not to lock a table that is in use.
	if full, err := im.full(ctx); err != nil || full {
		return errors.Join(err, errNotEmpty)
	}
	err := im.store.Replace(ctx, im.table.layer.Name, func(ctx context.Context, db *pgxpool.Pool, staging string) error {
		if full, err := im.full(ctx); err != nil || full { // now under Replace's lock
			return errors.Join(err, errNotEmpty)
		}
		var next int64
		if err := db.QueryRow(ctx, `SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass), 0)`, im.table.sql()).Scan(&next); err != nil {
			return err
		}
		conn, err := db.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		s := &sink{conn: conn.Conn(), table: staging, columns: append([]string{"id"}, p.written()...), head: func(int) int64 { next++; return next }}
		if err := im.write(ctx, p, f, s); err != nil {
			return err
		}
		im.sum.Inserted = s.rows
		return nil
	})
	if err != nil {
		return err
	}
	return im.record(ctx, im.store.DB())
}

func (im *importer) full(ctx context.Context) (full bool, err error) {
	err = im.store.DB().QueryRow(ctx, fmt.Sprintf(`SELECT EXISTS (SELECT FROM %s)`, im.table.sql())).Scan(&full)
	return full, err
}

// write reads the file's rows into a sink, in the order of the file.
func (im *importer) write(ctx context.Context, p *plan, f first, s *sink) error {
	im.sum.Read, im.sum.Outside = 0, 0
	clear(im.sum.Skipped)
	seen := map[hash128]int32{}
	unique := map[hash128]bool{}
	var n int64 // of the row, as in first
	s.tuple = len(s.columns)
	newWork := func() func(context.Context, chunk) batch {
		w := p.worker(im.store.DB(), im.batch)
		if p.staged != nil {
			return w.readStaged
		}
		return w.read
	}
	err := inOrder(ctx, im.o.Workers, func(yield func(chunk) error) error { return im.chunks(&p.cols, im.passes-1, yield) }, newWork, func(b batch) error {
		if b.err != nil {
			return b.err
		}
		for i := range b.rows {
			r := &b.rows[i]
			im.sum.Read++
			why, dropped := f.drop[n]
			n++
			switch {
			case dropped:
				im.sum.Skipped[why]++
			case r.state == skipped:
				im.sum.Skipped[r.why]++
			case r.state == rejected:
				im.rejects.add(r.line, r.fault, r.raw)
			default:
				if err := im.take(ctx, s, b, r, seen, unique); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	if s.rows == 0 && im.sum.RejectedRows() > 0 {
		return fmt.Errorf("%w: %d rejected, most often for %q", ErrNothing, im.sum.RejectedRows(), mostOften(im.sum.Rejected))
	}
	return nil
}

// take writes a good row, unless one like it came before.
func (im *importer) take(ctx context.Context, s *sink, b batch, r *row, seen map[hash128]int32, unique map[hash128]bool) error {
	for _, u := range r.unique {
		if u != (hash128{}) && unique[u] {
			im.rejects.add(r.line, Fault{Field: im.uniqueFields(), Reason: "the value of an earlier row, which must be unique"}, r.raw)
			return nil
		}
	}
	seen[r.key]++
	again := seen[r.key]
	if again > 1 {
		switch im.m.Key.Duplicates {
		case "skip":
			im.sum.Skipped["a row like it came before"]++
			return nil
		case "number":
		default:
			im.rejects.add(r.line, Fault{Field: strings.Join(im.m.Key.Columns, ", "), Reason: "the key of an earlier row"}, r.raw)
			return nil
		}
	}
	for _, u := range r.unique {
		if u != (hash128{}) {
			unique[u] = true
		}
	}
	return s.add(ctx, r.line, b.bytes[r.at:r.end], again)
}

func (im *importer) uniqueFields() string {
	var names []string
	for _, c := range im.table.columns {
		if _, ok := im.m.Fields[c.name]; ok && c.unique {
			names = append(names, c.name)
		}
	}
	return strings.Join(names, ", ")
}

func mostOften(m map[string]int64) (label string) {
	for k, n := range m {
		if label == "" || n > m[label] || n == m[label] && k < label {
			label = k
		}
	}
	return label
}

// A sink writes tuples to a table by COPY. The first column is a number that
// head makes of the row's line.
type sink struct {
	conn    *pgx.Conn
	table   string // quoted
	columns []string
	head    func(line int) int64
	tuple   int
	buf     []byte
	rows    int64
}

// add writes a tuple. The again-th row with one key gets that number behind it.
func (s *sink) add(ctx context.Context, line int, tuple []byte, again int32) error {
	if len(s.buf) == 0 {
		s.buf = append(s.buf, copyHead...)
	}
	s.buf = binary.BigEndian.AppendUint16(s.buf, uint16(s.tuple))
	s.buf = appendInt8(s.buf, s.head(line))
	if again > 1 { // source_key comes first
		n := 4 + binary.BigEndian.Uint32(tuple)
		s.buf = appendText(s.buf, string(tuple[4:n])+"#"+strconv.Itoa(int(again)))
		tuple = tuple[n:]
	}
	s.buf = append(s.buf, tuple...)
	s.rows++
	if len(s.buf) < flushAt {
		return nil
	}
	return s.flush(ctx)
}

func (s *sink) flush(ctx context.Context) error {
	if len(s.buf) == 0 {
		return nil
	}
	s.buf = append(s.buf, copyTail...)
	quoted := make([]string, len(s.columns))
	for i, c := range s.columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	_, err := s.conn.PgConn().CopyFrom(ctx, bytes.NewReader(s.buf), fmt.Sprintf(`COPY %s (%s) FROM STDIN (FORMAT binary)`, s.table, strings.Join(quoted, ", ")))
	if err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	s.buf = s.buf[:0]
	return nil
}

// record writes the batch down, in the transaction or on the connection of the change.
func (im *importer) record(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) error {
	by := im.o.By
	if by == "" {
		by = "unknown"
	}
	err := db.QueryRow(ctx, `
		INSERT INTO onemap.batch (id, layer, file_name, sha256, crs, mapping, imported_by, started_at, finished_at, rows_read, inserted, updated, unchanged, rejected)
		OVERRIDING SYSTEM VALUE
		VALUES (@id, @layer, @file, @sha, @crs, @mapping, @by, @begun, now(), @read, @inserted, @updated, @unchanged, @rejected) RETURNING id`,
		pgx.NamedArgs{"id": im.batch, "layer": im.table.layer.Name, "file": fileName(im.o.File), "sha": im.sha, "crs": im.crs.String(), "mapping": im.m.Name,
			"by": by, "begun": im.begun, "read": im.sum.Read, "inserted": im.sum.Inserted, "updated": im.sum.Updated, "unchanged": im.sum.Unchanged,
			"rejected": im.sum.RejectedRows()}).Scan(&im.sum.Batch)
	if err != nil {
		return fmt.Errorf("record the batch: %w", err)
	}
	return nil
}

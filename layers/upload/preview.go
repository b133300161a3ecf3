package upload

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"onemap/geo/crsfit"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/datafile"
	"onemap/layers/intake"
)

// A Delivery is rows that are to be staged, wherever they come from: an upload,
// a push, a pull.
type Delivery struct {
	Plan    Plan
	Sheet   datafile.Sheet // whose columns the rows have
	Rows    intake.Rows
	Upload  int64 // 0: none
	File    string
	SHA256  []byte
	Address string // the caller's
	// Gone returns the rows that it takes away, once Rows has handed out all; nil: none.
	Gone func() []intake.Gone
	// Tell is told of each row that is refused, in no order, and Each of what
	// the others come to; nil: nobody. Absent: there was nothing to take away.
	Tell func(line int, f intake.Fault)
	Each func(line int, what string)
}

// What becomes of rows that take a feature away, beside intake's words.
const (
	Deleted = "deleted"
	Absent  = "absent"
)

// Stage reads a file by a plan into a batch, which is looked at, and then
// applied or dropped. Errors in rows are in the batch. It returns a
// [layers.InputError] for a plan that will not do, [access.ErrForbidden] for a
// layer that the caller may not write, and an error wrapping intake.ErrNothing
// where every row was wrong.
func (s *Store) Stage(ctx context.Context, by access.Scope, d Delivery) (Batch, error) {
	if err := may(by); err != nil {
		return Batch{}, err
	}
	b, err := s.stage(ctx, by, d)
	if err != nil {
		return Batch{}, fmt.Errorf("preview: %w", err)
	}
	return b, nil
}

// StageUpload is [Store.Stage] for a file that was brought.
func (s *Store) StageUpload(ctx context.Context, by access.Scope, address string, id int64, p Plan) (Batch, error) {
	u, err := s.Get(ctx, by, id)
	if err != nil {
		return Batch{}, err
	}
	done, err := s.turn(ctx)
	if err != nil {
		return Batch{}, err
	}
	defer done()
	f, err := s.file(ctx, u)
	if err != nil {
		return Batch{}, err
	}
	defer f.Close()
	sheet, err := f.Sheet(ctx, p.Sheet, datafile.Header{Line: p.HeaderLine, Rows: p.HeaderRows})
	if err != nil {
		return Batch{}, err
	}
	sum, err := hex.DecodeString(u.SHA256)
	if err != nil {
		return Batch{}, err
	}
	return s.Stage(ctx, by, Delivery{Plan: p, Sheet: sheet, Upload: u.ID, File: u.Name, SHA256: sum, Address: address,
		Rows: func(ctx context.Context, yield func(*datafile.Row) error) error { return f.Read(ctx, sheet, yield) }})
}

func (s *Store) stage(ctx context.Context, by access.Scope, d Delivery) (b Batch, err error) {
	p := d.Plan
	if err := p.check(d.Sheet); err != nil {
		return b, err
	}
	method, err := crsfit.ParseMethod(p.CRS)
	if err != nil {
		return b, &layers.InputError{Field: "crs", Value: layers.Short(p.CRS), Remedy: err.Error()}
	}
	if len(p.Place.Address) > 0 && s.Locate == nil {
		return b, &layers.InputError{Field: "place.address", Remedy: "coordinates: addresses are not looked up here"}
	}
	var l layers.Layer
	var edit access.Edit
	if p.New != nil {
		if p.New.Owner == "" {
			n := *p.New
			n.Owner = by.Org().Code
			p.New = &n
		}
		if p.New.Owner != by.Org().Code && !isOperator(by) {
			return b, fmt.Errorf("a layer for another organisation: %w", access.ErrForbidden)
		}
		l = p.layer()
		if err := layers.CheckNew(l); err != nil {
			return b, err
		}
		if _, err := s.Layers.Layer(ctx, l.Name); err == nil {
			return b, &layers.InputError{Field: "new.name", Value: l.Name, Remedy: "another name: there is a layer of this one"}
		}
		// Its owner may write it as any layer of theirs.
		if edit, err = by.Edit(layers.WithComputed(l)); err != nil {
			return b, err
		}
	} else {
		if l, edit, err = s.target(ctx, by, p.Layer); err != nil {
			return b, err
		}
		for i, f := range p.Fields {
			ok := false
			for _, name := range edit.Fields {
				ok = ok || name == f.Field
			}
			if !ok {
				return b, &layers.InputError{Field: fmt.Sprintf("fields.%d.field", i), Value: layers.Short(f.Field), Remedy: "a field of " + l.Name + " that you may write"}
			}
		}
	}
	id, err := intake.NextBatch(ctx, s.Layers.DB())
	if err != nil {
		return b, err
	}
	who, _ := by.Person()
	mode := "merge"
	if p.Full {
		mode = "full"
	}
	if _, err := s.Layers.DB().Exec(ctx, `
		INSERT INTO onemap.batch (id, layer, file_name, sha256, crs, imported_by, state, mode, upload, org, plan, made_layer) OVERRIDING SYSTEM VALUE
		VALUES (@id, @layer, @file, @sum, @crs, @by, 'staging', @mode, nullif(@upload, 0::bigint), @org, @plan, @made)`,
		pgx.NamedArgs{"id": id, "layer": l.Name, "file": d.File, "sum": d.SHA256, "crs": method.CRS.String(), "by": who.Login, "mode": mode, "upload": d.Upload,
			"org": by.Org().Code, "plan": p, "made": p.New != nil}); err != nil {
		return b, fmt.Errorf("record a batch: %w", err)
	}
	defer func() {
		if err != nil { // best effort: the sweep drops what stays
			ctx := context.WithoutCancel(ctx)
			_ = intake.Target{Batch: id}.Drop(ctx, s.Layers.DB())
			_, _ = s.Layers.DB().Exec(ctx, `DELETE FROM onemap.batch WHERE id = $1 AND state = 'staging'`, id)
		}
	}()
	begun := time.Now()
	rejects := &rejectList{tell: d.Tell}
	o := intake.StageOptions{Batch: id, Layer: l, New: p.New != nil, Mapping: p.mapping(l), Method: p.CRS, Columns: d.Sheet.Columns, Rows: d.Rows, Reject: rejects.add}
	if len(p.Place.Address) > 0 {
		o.Locate = func(ctx context.Context, addresses []string) ([]orb.Point, []bool, error) {
			return s.Locate(ctx, by, addresses)
		}
	}
	sum, written, err := intake.Stage(ctx, s.Layers, o)
	if err != nil {
		if errors.Is(err, intake.ErrNothing) {
			return b, &layers.InputError{Field: "file", Remedy: "rows that can be read: all were rejected, most often for: " + firstReasons(reasons(sum.Rejected, nil))}
		}
		return b, err
	}
	out := Summary{Notes: sum.Notes, Written: written}
	if err := s.inArea(ctx, l, edit, id, p.New != nil, sum.Rejected, rejects); err != nil {
		return b, err
	}
	out.Reasons = reasons(sum.Rejected, sum.Skipped)
	t := intake.Target{Batch: id, Layer: l, New: p.New != nil, Written: written, Source: p.Source, Full: p.Full}
	if d.Gone != nil && p.New == nil && !p.Full {
		if t.Gone, err = s.goes(ctx, t, edit, d, sum.Rejected, rejects); err != nil {
			return b, err
		}
		out.Gone = t.Gone
	}
	if d.Each != nil && p.New == nil {
		if err := t.Each(ctx, s.Layers.DB(), d.Each); err != nil {
			return b, err
		}
	}
	change, err := t.Compare(ctx, s.Layers.DB())
	if err != nil {
		return b, err
	}
	if s.Quality != nil {
		if err := s.assess(ctx, by, l, p.New != nil, id, &out); err != nil {
			return b, err
		}
	}
	var staged int64
	var west, south, east, north *float64
	if err := s.Layers.DB().QueryRow(ctx, `SELECT n, ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM (SELECT count(*) AS n, ST_Extent(geom) AS e FROM `+intake.StagingTable(id)+`) x`).
		Scan(&staged, &west, &south, &east, &north); err != nil {
		return b, err
	}
	if staged == 0 && !t.Gone {
		return b, &layers.InputError{Field: "file", Remedy: "rows that can be read: all were rejected, most often for: " + firstReasons(out.Reasons)}
	}
	if west != nil {
		out.Box = []float64{*west, *south, *east, *north}
	}
	out.TookMS = time.Since(begun).Milliseconds()
	total := func(m map[string]int64) (n int64) {
		for _, v := range m {
			n += v
		}
		return n
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := rejects.write(ctx, tx, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.batch SET state = 'previewed', rows_read = @read, staged = @staged, rejected = @rejected, skipped = @skipped,
			inserted = @inserted, updated = @updated, unchanged = @unchanged, deleted = @deleted, summary = @summary WHERE id = @id`,
			pgx.NamedArgs{"id": id, "read": sum.Read, "staged": staged, "rejected": total(sum.Rejected), "skipped": total(sum.Skipped),
				"inserted": change.Inserted, "updated": change.Updated, "unchanged": change.Unchanged, "deleted": change.Deleted, "summary": out}); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "batch.preview", Object: fmt.Sprintf("batch/%d", id), Result: access.Done, Address: d.Address,
			Detail: map[string]any{"layer": l.Name, "upload": d.Upload, "rows": sum.Read, "rejected": total(sum.Rejected)}})
	})
	if err != nil {
		return b, err
	}
	return batchOf(ctx, s.Layers.DB(), by, id, "")
}

// inArea takes out the rows that the caller may not write: those outside of the
// organisation's area, and those that would change a row that is not theirs.
func (s *Store) inArea(ctx context.Context, l layers.Layer, e access.Edit, batch int64, isNew bool, counts map[string]int64, list *rejectList) error {
	if isNew {
		l = layers.WithComputed(l)
	}
	take := func(sql string, args layers.Args, reason string) error {
		rows, err := s.Layers.DB().Query(ctx, sql, args...)
		if err != nil {
			return fmt.Errorf("compare with rights: %w", err)
		}
		var line int
		_, err = pgx.ForEachRow(rows, []any{&line}, func() error {
			counts[reason]++
			list.add(line, intake.Fault{Reason: reason}, "")
			return nil
		})
		return err
	}
	var a layers.Args
	cond, err := l.SQL(e.Where, &a)
	if err != nil {
		return err
	}
	if err := take(fmt.Sprintf(`DELETE FROM %s f WHERE NOT coalesce(%s, false) RETURNING f.row_number`, intake.StagingTable(batch), cond), a, "outside your organisation's area"); err != nil || isNew {
		return err
	}
	return take(fmt.Sprintf(`DELETE FROM %s i USING %s f WHERE f.source_key = i.source_key AND NOT coalesce(%s, false) RETURNING i.row_number`,
		intake.StagingTable(batch), pgx.Identifier{"map", l.Name}.Sanitize(), cond), a, "it would change a row of another organisation or area")
}

// goes writes down what a delivery takes away; false if it is nothing.
func (s *Store) goes(ctx context.Context, t intake.Target, e access.Edit, d Delivery, counts map[string]int64, list *rejectList) (bool, error) {
	gone := d.Gone()
	if len(gone) == 0 {
		return false, nil
	}
	var a layers.Args
	may, err := t.Layer.SQL(e.Where, &a)
	if err != nil {
		return false, err
	}
	left := map[int]string{}
	for _, g := range gone {
		left[g.Line] = Deleted
	}
	err = t.PutGone(ctx, s.Layers.DB(), gone, may, a, func(line int) {
		const reason = "it would take away a row of another organisation or area"
		delete(left, line)
		counts[reason]++
		list.add(line, intake.Fault{Reason: reason}, "")
	}, func(line int) { left[line] = Absent })
	if err != nil {
		return false, err
	}
	if d.Each != nil {
		for line, what := range left {
			d.Each(line, what)
		}
	}
	return true, nil
}

// assess runs the quality rules over what is staged. A new layer gets the rules
// that its rows suggest; since it is not there yet, that is done in a
// transaction which is rolled back.
func (s *Store) assess(ctx context.Context, by access.Scope, l layers.Layer, isNew bool, batch int64, out *Summary) error {
	if !isNew {
		card, err := s.Quality.Check(ctx, s.Layers.DB(), l, intake.StagingTable(batch), batch)
		if err != nil {
			return err
		}
		out.Card, out.Held = &card, card.Held
		return nil
	}
	tx, err := s.Layers.DB().Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := layers.RegisterLayer(ctx, tx, l); err != nil {
		return err
	}
	full := layers.WithComputed(l)
	if out.Rules, err = s.Quality.Guess(ctx, tx, full, intake.StagingTable(batch)); err != nil {
		return err
	}
	for _, r := range out.Rules {
		if _, err := s.Quality.AddRuleTx(ctx, tx, by, full, r); err != nil {
			return err
		}
	}
	card, err := s.Quality.Check(ctx, tx, full, intake.StagingTable(batch), batch)
	if err != nil {
		return err
	}
	card.Run = 0 // it is rolled back
	out.Card, out.Held = &card, card.Held
	return nil
}

// rejectList keeps the first rows that were rejected.
type rejectList struct {
	rows [][]any
	tell func(line int, f intake.Fault)
}

const keptRejects = 10_000

func (l *rejectList) add(line int, f intake.Fault, raw string) {
	if l.tell != nil {
		l.tell(line, f)
	}
	if len(l.rows) < keptRejects {
		text := func(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "") }
		l.rows = append(l.rows, []any{int64(line), text(f.Field), text(f.Value), text(f.Reason), text(raw)})
	}
}

func (l *rejectList) write(ctx context.Context, tx pgx.Tx, batch int64) error {
	for i := range l.rows {
		l.rows[i] = append([]any{batch}, l.rows[i]...)
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"onemap", "batch_reject"}, []string{"batch", "row_number", "field", "value", "reason", "row"}, pgx.CopyFromRows(l.rows))
	return err
}

func cutLabel(label string) (field, reason string, ok bool) { return strings.Cut(label, ": ") }

func firstReasons(all []Reason) string {
	var out []string
	for _, r := range all[:min(3, len(all))] {
		if r.Field != "" {
			out = append(out, r.Field+": "+r.Reason)
		} else {
			out = append(out, r.Reason)
		}
	}
	return strings.Join(out, "; ")
}

// isUndefined says whether a table is not there.
func isUndefined(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42P01"
}

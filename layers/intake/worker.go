package intake

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/asset"
	"onemap/layers/enterprise"
)

// What became of a row.
const (
	good = iota
	skipped
	rejected
)

// A row is a record after its worker is done with it.
type row struct {
	line    int
	state   uint8
	why     string // of a skipped one
	fault   Fault  // of a rejected one
	raw     string
	key     hash128
	unique  [2]hash128 // values that the table wants only once
	at, end int        // a good one's tuple in the batch's bytes, behind id
	keyAt   int        // where the key's number goes, for duplicates that are numbered
}

type hash128 [16]byte

// A batch is a chunk after its worker is done with it.
type batch struct {
	rows  []row
	bytes []byte
	err   error
}

// A worker reads chunks. Each goroutine has its own.
type worker struct {
	p      *plan
	db     *pgxpool.Pool
	batchN int64
	fields []field
	attrs  []field
	cells  []cell
	json   []byte
}

func (p *plan) worker(db *pgxpool.Pool, batch int64) *worker {
	return &worker{p: p, db: db, batchN: batch, fields: slices.Clone(p.fields), attrs: slices.Clone(p.attrs), cells: make([]cell, len(p.fields))}
}

// pending is a row whose place PostGIS has yet to transform.
type pending struct {
	row  int
	line int
	vals []string
	raw  string
	at   orb.Point
}

// read makes a chunk's rows.
func (w *worker) read(ctx context.Context, c chunk) batch {
	b := batch{bytes: make([]byte, 0, len(c.text)*2)}
	var wait []pending
	c.records(c, func(r *record) {
		b.rows = append(b.rows, row{line: r.line, raw: r.raw})
		out := &b.rows[len(b.rows)-1]
		orig, fault, why := w.first(r)
		switch {
		case fault != nil:
			out.reject(fault)
		case why != "":
			out.state, out.why = skipped, why
		case w.p.crs.NeedsPROJ():
			wait = append(wait, pending{row: len(b.rows) - 1, line: r.line, vals: slices.Clone(r.values), raw: r.raw, at: orig})
		default:
			at, err := w.p.crs.ToWGS84(orig)
			if err != nil {
				b.err = errors.Join(b.err, err)
				return
			}
			w.second(&b, out, r, orig, at)
		}
	})
	if len(wait) > 0 && b.err == nil {
		b.err = w.transformed(ctx, &b, wait)
	}
	return b
}

// transformed ends the rows that wait for PostGIS.
func (w *worker) transformed(ctx context.Context, b *batch, wait []pending) error {
	points := make([]orb.Point, len(wait))
	for i := range wait {
		points[i] = wait[i].at
	}
	at, ok, err := Transform(ctx, w.db, w.p.crs, points)
	if err != nil {
		return err
	}
	for i, p := range wait {
		r := record{line: p.line, values: p.vals, raw: p.raw}
		if !ok[i] {
			b.rows[p.row].reject(&Fault{Field: "geometry", Value: strconv.FormatFloat(p.at[0], 'g', -1, 64) + " " + strconv.FormatFloat(p.at[1], 'g', -1, 64),
				Reason: "outside the area of " + w.p.crs.String()})
			continue
		}
		w.second(b, &b.rows[p.row], &r, p.at, at[i])
	}
	return nil
}

func (r *row) reject(f *Fault) { r.state, r.fault = rejected, *f }

// first reads a row as far as its coordinates.
func (w *worker) first(r *record) (at orb.Point, fault *Fault, why string) {
	if r.fault != nil {
		return at, r.fault, ""
	}
	if why = w.p.unwanted(r); why != "" {
		return at, nil, why
	}
	at, fault = w.p.place(r)
	return at, fault, ""
}

// second reads the rest of a row that is a point and writes its tuple.
func (w *worker) second(b *batch, out *row, r *record, orig, at orb.Point) {
	if f := onMap(at, w.p.bounds); f != nil {
		out.reject(f)
		return
	}
	w.third(b, out, r, func(buf []byte) []byte {
		code, area := w.p.finder.At(at)
		buf = appendText(buf, code)
		buf = appendText(buf, area)
		buf = appendText(buf, w.p.crs.String())
		if w.p.crs.IsLonLat() {
			buf = appendNull(buf)
		} else {
			buf = appendPoint(buf, orig, w.p.crs.SRID())
		}
		buf = appendInt8(buf, w.batchN)
		return appendPoint(buf, at, 4326)
	})
}

// third reads the fields of a row and writes its tuple; place writes the columns
// from grid_code on.
func (w *worker) third(b *batch, out *row, r *record, place func(buf []byte) []byte) {
	key, digest, fault := w.key(r)
	if fault != nil {
		out.reject(fault)
		return
	}
	out.key = digest
	for i := range w.fields {
		if f := w.fields[i].cell(r, &w.cells[i]); f != nil {
			out.reject(f)
			return
		}
	}
	w.cases()
	class, fault := w.class()
	if fault == nil {
		fault = w.rules()
	}
	if fault != nil {
		out.reject(fault)
		return
	}
	attrs, fault := w.attributes(r)
	if fault != nil {
		out.reject(fault)
		return
	}
	start := len(b.bytes)
	buf := b.bytes
	out.keyAt = len(buf)
	buf = appendText(buf, key)
	var err error
	n := 0
	for i := range w.fields {
		f := &w.fields[i]
		if f.unique && !w.cells[i].null && n < len(out.unique) {
			out.unique[n] = hashOf(f.name, w.cells[i].s, strconv.FormatInt(w.cells[i].n, 10))
			n++
		}
		if buf, err = appendCell(buf, f.kind, &w.cells[i]); err != nil {
			b.bytes = buf[:start]
			out.reject(&Fault{Field: f.field, Reason: err.Error()})
			return
		}
	}
	if w.p.fillsSeverity() {
		buf, _ = appendCell(buf, int2, &cell{n: int64(class.severity)})
	}
	if w.p.fillsDept() {
		buf = appendText(buf, class.dept)
	}
	if len(w.attrs) > 0 {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(attrs)+1))
		buf = append(append(buf, 1), attrs...)
	}
	buf = place(buf)
	b.bytes = buf
	out.at, out.end = start, len(buf)
}

// key returns a row's source_key and its digest.
func (w *worker) key(r *record) (string, hash128, *Fault) {
	m := &w.p.m
	if m.Key.Hash {
		d := digest(r, w.p.key)
		return m.Source + ":" + hex.EncodeToString(d[:]), d, nil
	}
	var b strings.Builder
	b.WriteString(m.Source)
	b.WriteByte(':')
	for i, slot := range w.p.key {
		v := strings.TrimSpace(r.values[slot])
		if v == "" {
			return "", hash128{}, &Fault{Field: w.p.cols.names[slot], Reason: "no key"}
		}
		if i > 0 {
			b.WriteByte('|')
		}
		b.WriteString(v)
	}
	if b.Len() > 300 {
		return "", hash128{}, &Fault{Field: "key", Value: shorten(b.String(), 100), Reason: "longer than 300 characters"}
	}
	key := b.String()
	if strings.ContainsFunc(key, func(c rune) bool { return c < 0x20 || c == 0xfffd }) {
		return "", hash128{}, &Fault{Field: "key", Value: shorten(key, 100), Reason: "control character or not UTF-8"}
	}
	return key, hashOf(key), nil
}

// digest is the hash of some of a row's values.
func digest(r *record, slots []int) hash128 {
	h := sha256.New()
	var n [4]byte
	for _, slot := range slots {
		v := strings.TrimSpace(r.values[slot])
		binary.BigEndian.PutUint32(n[:], uint32(len(v)))
		h.Write(n[:])
		h.Write([]byte(v))
	}
	var sum [32]byte
	return hash128(h.Sum(sum[:0])[:16])
}

func hashOf(parts ...string) hash128 {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hash128(sum[:16])
}

// class finds the class of a row where the layer has classes.
func (w *worker) class() (class, *Fault) {
	p := w.p
	if p.classes == nil {
		return class{}, nil
	}
	standard, code := w.cells[p.standardAt].s, w.cells[p.codeAt].s
	c, ok := p.classes.find(standard, code)
	if !ok {
		return c, w.fields[p.codeAt].fault(code, "no such class in "+standard)
	}
	return c, nil
}

// rules are what a subject asks of a row beyond its table.
func (w *worker) rules() *Fault {
	var err error
	for i := range w.fields {
		switch {
		case w.cells[i].null:
		case w.fields[i].name == "uscc" && w.p.table.layer.Name == "enterprise":
			err = enterprise.CheckUSCC(w.cells[i].s)
		case w.fields[i].name == "code" && w.p.table.layer.Name == "asset":
			err = asset.CheckCode(w.cells[w.p.standardAt].s, w.cells[w.p.codeAt].s, w.cells[i].s)
		}
		if in := (*layers.InputError)(nil); errors.As(err, &in) {
			return &Fault{Field: in.Field, Value: shorten(in.Value, 100), Reason: in.Remedy}
		}
	}
	return nil
}

// attributes writes a row's further values as JSON; those without value are left out.
func (w *worker) attributes(r *record) ([]byte, *Fault) {
	b := append(w.json[:0], '{')
	for i := range w.attrs {
		f := &w.attrs[i]
		var c cell
		if fault := f.cell(r, &c); fault != nil {
			return nil, fault
		}
		if c.null {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = appendJSONText(b, f.name)
		b = append(b, ':')
		switch f.kind {
		case bigint:
			b = strconv.AppendInt(b, c.n, 10)
		case float8:
			b = strconv.AppendFloat(b, c.f, 'g', -1, 64)
		case boolean:
			b = strconv.AppendBool(b, c.n == 1)
		case date:
			b = append(b, '"')
			b = time.Unix(epoch.Unix()+c.n*86400, 0).UTC().AppendFormat(b, "2006-01-02")
			b = append(b, '"')
		case timestamp:
			b = append(b, '"')
			b = time.UnixMicro(epoch.UnixMicro()+c.n).UTC().AppendFormat(b, time.RFC3339Nano)
			b = append(b, '"')
		default:
			b = appendJSONText(b, c.s)
		}
	}
	w.json = append(b, '}')
	return w.json, nil
}

// appendJSONText appends a text that is UTF-8 and free of control characters
// but tab and line break.
func appendJSONText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

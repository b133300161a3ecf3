package push

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/datafile"
	"onemap/layers/intake"
	"onemap/layers/upload"
)

// keyColumn is the column of the source's key; no field is called so.
const keyColumn = "id of the line"

// pushing is one push that is being read.
type pushing struct {
	s     *Store
	by    access.Scope
	o     Options
	layer layers.Layer
	edit  access.Edit
	file  *os.File
	sha   []byte // of the body
	sum   Sum

	fields []string
	plan   upload.Plan
	in     *lines
	next   *row // was read, and begins the next batch
	ended  bool
}

func (p *pushing) run(ctx context.Context, out io.Writer) error {
	if err := p.prepare(); err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for !p.ended {
		if err := p.batch(ctx, enc); err != nil {
			return err
		}
	}
	if err := enc.Encode(Answer{Sum: &p.sum}); err != nil {
		return err
	}
	return w.Flush()
}

// prepare finds out which fields the lines have, and makes the plan.
func (p *pushing) prepare() error {
	p.fields = p.o.Fields
	if len(p.fields) == 0 {
		in := newLines(p.file)
		for {
			text, _, err := in.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			f, bad := readFeature(text)
			if text == nil || bad != nil || f.Delete {
				continue
			}
			for _, name := range slices.Sorted(maps.Keys(f.Properties)) {
				if !slices.Contains(p.edit.Fields, name) {
					return &layers.InputError{Field: "properties", Value: layers.Short(name), Remedy: fmt.Sprintf("fields of %s that you may write: %v (line %d)", p.layer.Name, p.edit.Fields, in.n)}
				}
				p.fields = append(p.fields, name)
			}
			break
		}
		if _, err := p.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	p.in = newLines(p.file)
	p.plan = upload.Plan{Layer: p.layer.Name, Source: p.o.Source, Key: []string{keyColumn}, Duplicates: "reject", CRS: p.o.CRS}
	for _, f := range p.fields {
		p.plan.Fields = append(p.plan.Fields, upload.Field{Column: f, Field: f})
	}
	if len(p.plan.Fields) == 0 { // only places, or only rows that go
		if len(p.edit.Fields) == 0 {
			return fmt.Errorf("%s has no field that you may write: %w", p.layer.Name, access.ErrForbidden)
		}
		p.fields = p.edit.Fields[:1]
		p.plan.Fields = []upload.Field{{Column: p.fields[0], Field: p.fields[0]}}
	}
	return nil
}

// read returns the next line that was understood, nil at the end. It tells of
// those that were not.
func (p *pushing) read(bad map[int]Answer) (*row, error) {
	if r := p.next; r != nil {
		p.next = nil
		return r, nil
	}
	text, long, err := p.in.next()
	if errors.Is(err, io.EOF) {
		p.ended = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p.sum.Lines++
	if long {
		bad[p.in.n] = Answer{Line: p.in.n, Result: Refused, Remedy: fmt.Sprintf("lines of at most %d bytes", MaxLine)}
		return &row{}, nil
	}
	r, refused := read(text, p.in.n, p.fields)
	if refused != nil {
		bad[p.in.n] = *refused
		return &row{}, nil
	}
	return &r, nil
}

// batch brings the next lines into the layer as one change. A key that comes
// again begins another, so that the order of the lines holds.
func (p *pushing) batch(ctx context.Context, enc *json.Encoder) error {
	most := p.o.Batch
	if p.o.Whole {
		most = mostWhole
	}
	bad := map[int]Answer{}        // lines that were not understood
	told := map[int]intake.Fault{} // that were rejected
	good := map[int]string{}       // what became of the others
	keys := map[string]int{}       // -> line
	names := map[int]string{}      // line -> key
	var gone []intake.Gone
	if r, err := p.read(bad); err != nil {
		return err
	} else if r == nil && len(bad) == 0 {
		return nil // the last batch was the last
	} else if r != nil && r.line != 0 {
		p.next = r
	}
	yielded, called := 0, false
	d := upload.Delivery{Plan: p.plan, Sheet: datafile.Sheet{Columns: append([]string{keyColumn}, p.fields...), Geometry: true}, File: "push", SHA256: p.sha, Address: p.o.Address,
		Gone: func() []intake.Gone { return gone },
		Tell: func(line int, f intake.Fault) { told[line] = f },
		Each: func(line int, what string) { good[line] = what },
	}
	d.Rows = func(ctx context.Context, yield func(*datafile.Row) error) error {
		called = true
		for n := 0; n < most; n++ {
			r, err := p.read(bad)
			if err != nil || r == nil {
				return err
			}
			if r.line == 0 {
				continue
			}
			if first, again := keys[r.key]; again {
				if !p.o.Whole {
					p.next = r
					return nil
				}
				bad[r.line] = Answer{Line: r.line, Result: Refused, Key: r.key, Field: "id", Value: r.key, Remedy: fmt.Sprintf("each key once where all is one change: line %d has it", first)}
				continue
			}
			keys[r.key], names[r.line] = r.line, r.key
			if r.gone {
				gone = append(gone, intake.Gone{Line: r.line, Key: r.key})
				continue
			}
			yielded++
			if err := yield(&datafile.Row{Line: r.line, Values: append([]string{r.key}, r.values...), Geometry: r.at}); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if p.o.Whole {
			return &layers.InputError{Field: "body", Remedy: fmt.Sprintf("at most %d lines as one change", mostWhole)}
		}
		return nil
	}
	b, err := p.s.Uploads.Stage(ctx, p.by, d)
	var input *layers.InputError
	if called && errors.As(err, &input) && input.Field == "file" && yielded == len(told) {
		if err = nil; len(gone) > 0 { // every row was rejected; what goes, goes
			d.Rows = func(context.Context, func(*datafile.Row) error) error { return nil }
			b, err = p.s.Uploads.Stage(ctx, p.by, d)
		}
	}
	if err != nil {
		return err
	}
	if b.ID != 0 {
		if err := p.take(ctx, b, good); err != nil {
			return err
		}
	}
	for line, f := range told {
		bad[line] = Answer{Line: line, Result: Refused, Key: names[line], Field: f.Field, Value: layers.Short(f.Value), Remedy: remedy(f.Reason)}
	}
	lines := slices.AppendSeq(make([]int, 0, len(good)+len(bad)), maps.Keys(good))
	lines = slices.AppendSeq(lines, maps.Keys(bad))
	slices.Sort(lines)
	for _, line := range lines {
		a, refused := bad[line]
		if !refused {
			a = Answer{Line: line, Result: good[line]}
		}
		p.sum.Results[a.Result]++
		if err := enc.Encode(a); err != nil {
			return err
		}
	}
	return nil
}

// take applies what was staged, if it changes anything.
func (p *pushing) take(ctx context.Context, b upload.Batch, good map[int]string) error {
	if b.Change.Inserted+b.Change.Updated+b.Change.Deleted+b.Summary.Held == 0 {
		return p.s.Uploads.Drop(ctx, p.by, p.o.Address, b.ID)
	}
	done, err := p.s.Uploads.Apply(ctx, p.by, p.o.Address, b.ID)
	if err != nil {
		return err
	}
	p.sum.Batches = append(p.sum.Batches, b.ID)
	if done.KeptOut == 0 {
		return nil
	}
	rows, err := p.s.Uploads.Layers.DB().Query(ctx, `SELECT row_number FROM onemap.quarantine WHERE batch = $1 AND state = 'held'`, b.ID)
	if err != nil {
		return err
	}
	var line int
	_, err = pgx.ForEachRow(rows, []any{&line}, func() error { good[line] = Held; return nil })
	return err
}

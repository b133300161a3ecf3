package intake

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"onemap/layers"
)

// rejects writes the reject file. It comes into being with the first rejected
// row, beside its place, and takes its name when the import is done.
type rejects struct {
	path string
	sum  *Summary
	file *os.File
	w    *csv.Writer
	err  error
	tell func(line int, f Fault, raw string) // of each, beside the file; nil for nobody
}

func newRejects(path string, sum *Summary) *rejects { return &rejects{path: path, sum: sum} }

func (r *rejects) add(line int, f Fault, raw string) {
	label := f.Reason
	if f.Field != "" {
		label = f.Field + ": " + f.Reason
	}
	r.sum.Rejected[label]++
	if r.tell != nil {
		r.tell(line, f, raw)
	}
	if r.path == "" || r.err != nil {
		return
	}
	if r.file == nil {
		if r.file, r.err = os.CreateTemp(filepath.Dir(r.path), ".rejects-*"); r.err != nil {
			return
		}
		r.w = csv.NewWriter(r.file)
		_ = r.w.Write([]string{"line", "field", "value", "reason", "row"})
	}
	_ = r.w.Write([]string{strconv.Itoa(line), f.Field, shown(f.Value), f.Reason, layers.Unformula(raw)}) // the error is kept for Flush
}

// shown keeps a spreadsheet from running a value; a number is one, whatever its sign.
func shown(value string) string {
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return value
	}
	return layers.Unformula(value)
}

// reset forgets what was added, for a run that begins anew.
func (r *rejects) reset() {
	clear(r.sum.Rejected)
	if r.file != nil {
		_ = r.file.Close() // it is thrown away
		_ = os.Remove(r.file.Name())
		r.file, r.w = nil, nil
	}
}

// close puts the file in its place; without rejected rows it removes an older one.
func (r *rejects) close() error {
	err := r.err
	switch {
	case r.path == "":
		return nil
	case err == nil && r.file == nil:
		if e := os.Remove(r.path); e != nil && !os.IsNotExist(e) {
			err = e
		}
	case err == nil:
		r.w.Flush()
		err = r.w.Error()
		if e := r.file.Close(); err == nil {
			err = e
		}
		if err == nil {
			err = os.Rename(r.file.Name(), r.path)
		}
	}
	if err != nil {
		if r.file != nil {
			_ = os.Remove(r.file.Name())
		}
		return fmt.Errorf("write reject file: %w", err)
	}
	return nil
}

// WriteRejects writes a list of rejected rows as an import does: line, field,
// value, reason, row.
func WriteRejects(path string, each func(yield func(line int64, field, value, reason, row string))) error {
	r := newRejects(path, &Summary{Rejected: map[string]int64{}})
	each(func(line int64, field, value, reason, row string) {
		r.add(int(line), Fault{Field: field, Value: value, Reason: reason}, row)
	})
	return r.close()
}

package upload

import (
	"context"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/datafile"
)

// A Local is a file of this machine that is brought in without being kept.
// Close it.
type Local struct {
	Sheet Sheet

	store *Store
	file  *datafile.File
	name  string
	sum   []byte
}

// OpenLocal looks at a file of this machine, at one sheet of it, the first for "".
func (s *Store) OpenLocal(ctx context.Context, by access.Scope, file, sheet string, h datafile.Header) (*Local, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, &layers.InputError{Field: "file", Value: filepath.Base(file), Remedy: "a file that can be read"}
	}
	defer in.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, in); err != nil {
		return nil, &layers.InputError{Field: "file", Value: filepath.Base(file), Remedy: "a file that can be read to its end"}
	}
	l := &Local{store: s, name: filepath.Base(file), sum: hash.Sum(nil)}
	if l.file, err = datafile.Open(ctx, file, l.name, "", s.limits()); err != nil {
		return nil, err
	}
	d, err := l.file.Sheet(ctx, sheet, h)
	if err == nil {
		l.Sheet, err = s.sheet(ctx, by, l.file, d, l.name)
	}
	if err != nil {
		l.file.Close()
		return nil, err
	}
	return l, nil
}

// Close lets the file go.
func (l *Local) Close() { l.file.Close() }

// Stage is [Store.Stage] for the file.
func (l *Local) Stage(ctx context.Context, by access.Scope, p Plan) (Batch, error) {
	p.columns = l.Sheet.Columns
	d := l.Sheet.Sheet
	return l.store.Stage(ctx, by, Delivery{Plan: p, Sheet: d, File: l.name, SHA256: l.sum,
		Rows: func(ctx context.Context, yield func(*datafile.Row) error) error { return l.file.Read(ctx, d, yield) }})
}

// For proposes how the sheet becomes rows of a layer that is there.
func (l *Local) For(ctx context.Context, by access.Scope, layer string) (Plan, error) {
	return l.store.planFor(ctx, by, l.Sheet, layer, by.Org().Code)
}

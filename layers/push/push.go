// Package push takes rows that a department's system sends, line by line: each
// line is a GeoJSON feature whose id is the source's key, and makes or changes
// the feature of that key, or takes it away:
//
//	{"type":"Feature","id":"XF001","geometry":{"type":"Point","coordinates":[120.06,29.3]},"properties":{"name":"甲","diameter":100}}
//	{"id":"XF002","delete":true}
//
// A line is the whole of what the source says of a feature: a field that other
// lines have and this one lacks becomes empty. Lines go into the layer in
// batches, each one change, or all as one; they pass the quality rules and may
// be undone as what is uploaded does (layers/upload). Every line gets an answer.
//
// What is sent is kept on disk until all of it is here, so that a slow sender
// holds a file and nothing of the database.
package push

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/upload"
)

// Limits of a push.
const (
	MaxBytes  = 2 << 30
	MaxLine   = 1 << 20
	MaxBatch  = 100_000
	Batch     = 5_000
	mostWhole = 1_000_000 // lines that become one change
	atOnce    = 2         // are read into the database
	perOrg    = 4         // of an organisation, those that still arrive too
	keep      = 7 * 24 * time.Hour
	mostKept  = 4 << 20 // bytes of an answer
)

// Store takes pushes. Its methods are safe for concurrent use.
type Store struct {
	Uploads *upload.Store
	Folder  string // for what arrives; "": the system's

	once  sync.Once
	turns chan struct{}
	mu    sync.Mutex
	under map[string]int // organisation -> its pushes under way
}

// Options say how a push is to be read.
type Options struct {
	Layer   string
	Source  string   // first part of the features' source key; "": push
	CRS     string   // in which the coordinates are, as upload.Plan has it
	Fields  []string // that the lines have; none: those of the first
	Batch   int      // lines that become one change; 0: [Batch]
	Whole   bool     // all lines become one change
	Key     string   // Idempotency-Key; "": none
	Address string   // the caller's
}

// An Answer says what became of a line; the last one, with Sum, of them all.
type Answer struct {
	Line   int    `json:"line,omitempty"`
	Result string `json:"result,omitempty"` // inserted, updated, unchanged, deleted, absent, held, refused
	Key    string `json:"key,omitempty"`
	Field  string `json:"field,omitempty"`
	Value  string `json:"value,omitempty"`
	Remedy string `json:"remedy,omitempty"`
	Sum    *Sum   `json:"sum,omitempty"`
}

// Results of lines beside those of intake and upload.
const (
	Held    = "held"    // waits in quarantine
	Refused = "refused" // the answer says why
)

// A Sum is what a push came to.
type Sum struct {
	Lines   int64            `json:"lines"`
	Results map[string]int64 `json:"results"`
	Batches []int64          `json:"batches"` // each may be looked at and undone
}

// Push reads a body and returns the answers to its lines, NDJSON in the order
// of the lines. again says that it was sent before, and that these are the
// answers of then. It returns an error wrapping [layers.ErrConflict] for a key
// that another push had or that is under way. Where it fails half-way, the batches
// before that stay; sent again, their lines are unchanged.
func (s *Store) Push(ctx context.Context, by access.Scope, o Options, body io.Reader) (answers io.ReadCloser, again bool, err error) {
	layer, edit, err := s.target(ctx, by, o.Layer)
	if err != nil {
		return nil, false, err
	}
	if err := o.check(edit); err != nil {
		return nil, false, err
	}
	leave, err := s.enter(by.Org().Code)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	file, sum, err := s.spool(body)
	if err != nil {
		return nil, false, err
	}
	defer file.Close()
	s.once.Do(func() { s.turns = make(chan struct{}, atOnce) })
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	if o.Key != "" {
		unlock, err := s.lock(ctx, by.Org().Code, o)
		if err != nil {
			return nil, false, err
		}
		defer unlock()
		if old, err := s.before(ctx, by.Org().Code, o, sum); old != nil || err != nil {
			return old, true, err
		}
	}
	p := &pushing{s: s, by: by, o: o, layer: layer, edit: edit, file: file, sha: sum, sum: Sum{Results: map[string]int64{}, Batches: []int64{}}}
	out, err := os.CreateTemp(s.Folder, "onemap-answers-*")
	if err != nil {
		return nil, false, fmt.Errorf("keep answers: %w", err)
	}
	_ = os.Remove(out.Name()) // it goes when it is closed
	if err := p.run(ctx, out); err != nil {
		_ = out.Close()
		return nil, false, fmt.Errorf("push: %w", err)
	}
	if o.Key != "" {
		if err := s.remember(ctx, by.Org().Code, o, sum, out, p.sum); err != nil {
			_ = out.Close()
			return nil, false, err
		}
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		_ = out.Close()
		return nil, false, err
	}
	return out, false, nil
}

func (s *Store) target(ctx context.Context, by access.Scope, name string) (layers.Layer, access.Edit, error) {
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return layers.Layer{}, access.Edit{}, err
	}
	l, err := s.Uploads.Layers.Layer(ctx, name)
	if err != nil {
		return l, access.Edit{}, err
	}
	if _, visible := by.Layer(l); !visible {
		return l, access.Edit{}, fmt.Errorf("layer %q: %w", layers.Short(name), layers.ErrNotFound)
	}
	e, err := by.Edit(l)
	return l, e, err
}

func (o *Options) check(e access.Edit) error {
	if o.Source == "" {
		o.Source = "push"
	}
	if o.Batch == 0 {
		o.Batch = Batch
	}
	if o.Batch < 1 || o.Batch > MaxBatch {
		return &layers.InputError{Field: "query.batch", Value: fmt.Sprint(o.Batch), Remedy: fmt.Sprintf("1 to %d lines", MaxBatch)}
	}
	if o.CRS == "" {
		return &layers.InputError{Field: "query.crs", Remedy: "the system that the coordinates are in, such as WGS84, CGCS2000 or GCJ02: it must be declared"}
	}
	if len(o.Key) > 200 {
		return &layers.InputError{Field: "Idempotency-Key", Remedy: "at most 200 bytes"}
	}
	for _, f := range o.Fields {
		if !slices.Contains(e.Fields, f) {
			return &layers.InputError{Field: "query.fields", Value: layers.Short(f), Remedy: "fields of the layer that you may write: " + strings.Join(e.Fields, ", ")}
		}
	}
	return nil
}

// enter counts the pushes of an organisation: what arrives takes room on disk.
func (s *Store) enter(org string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under == nil {
		s.under = map[string]int{}
	}
	if s.under[org] >= perOrg {
		return nil, fmt.Errorf("%d pushes of your organisation are under way: %w", perOrg, layers.ErrConflict)
	}
	s.under[org]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.under[org]--; s.under[org] == 0 {
			delete(s.under, org)
		}
	}, nil
}

// spool keeps a body in a file without a name.
func (s *Store) spool(body io.Reader) (*os.File, []byte, error) {
	f, err := os.CreateTemp(s.Folder, "onemap-push-*")
	if err != nil {
		return nil, nil, fmt.Errorf("keep a push: %w", err)
	}
	_ = os.Remove(f.Name()) // it goes when it is closed
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(body, MaxBytes+1))
	switch {
	case err == nil && n > MaxBytes:
		err = &layers.InputError{Field: "body", Remedy: fmt.Sprintf("at most %d MB at a time", MaxBytes>>20)}
	case err == nil && n == 0:
		err = &layers.InputError{Field: "body", Remedy: "a line of JSON for each row"}
	case err == nil:
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, h.Sum(nil), nil
}

// lock keeps others from using the key at the same time. It goes with the session.
func (s *Store) lock(ctx context.Context, org string, o Options) (unlock func(), err error) {
	conn, err := s.Uploads.Layers.DB().Acquire(ctx)
	if err != nil {
		return nil, err
	}
	name := strings.Join([]string{"push", org, o.Layer, o.Key}, "\x1f")
	var ok bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, name).Scan(&ok); err != nil || !ok {
		conn.Release()
		if err == nil {
			err = fmt.Errorf("a push of this Idempotency-Key is under way: %w", layers.ErrConflict)
		}
		return nil, err
	}
	return func() {
		defer conn.Release()
		if _, err := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, name); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}, nil
}

func (o Options) params() string {
	return fmt.Sprintf("%s %s %v %d %t", o.Source, o.CRS, o.Fields, o.Batch, o.Whole)
}

// before returns the answers of an earlier push with the key, nil if there was none.
func (s *Store) before(ctx context.Context, org string, o Options, sum []byte) (io.ReadCloser, error) {
	var params string
	var sha, answer []byte
	err := s.Uploads.Layers.DB().QueryRow(ctx, `SELECT params, sha256, answer FROM onemap.push WHERE org = $1 AND layer = $2 AND key = $3 AND at > $4`,
		org, o.Layer, o.Key, time.Now().Add(-keep)).Scan(&params, &sha, &answer)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for an earlier push: %w", err)
	}
	if params != o.params() || !bytes.Equal(sha, sum) {
		return nil, fmt.Errorf("another push had this Idempotency-Key: %w", layers.ErrConflict)
	}
	return gzip.NewReader(bytes.NewReader(answer))
}

// remember keeps the answers for when the push is sent again.
func (s *Store) remember(ctx context.Context, org string, o Options, sum []byte, answers io.ReadSeeker, total Sum) error {
	if _, err := answers.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, answers); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if b.Len() > mostKept {
		b.Reset()
		z.Reset(&b)
		if err := json.NewEncoder(z).Encode(Answer{Sum: &total}); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
	}
	db := s.Uploads.Layers.DB()
	if _, err := db.Exec(ctx, `DELETE FROM onemap.push WHERE at < $1`, time.Now().Add(-keep)); err != nil {
		return fmt.Errorf("forget old pushes: %w", err)
	}
	_, err := db.Exec(ctx, `INSERT INTO onemap.push (org, layer, key, params, sha256, answer) VALUES ($1, $2, $3, $4, $5, $6)`, org, o.Layer, o.Key, o.params(), sum, b.Bytes())
	if err != nil {
		return fmt.Errorf("remember a push: %w", err)
	}
	return nil
}

// lines reads the lines of a body.
type lines struct {
	in *bufio.Reader
	n  int
}

func newLines(r io.Reader) *lines { return &lines{in: bufio.NewReaderSize(r, 64<<10)} }

// next returns the next line that is not blank; long instead of one over [MaxLine].
func (l *lines) next() (text []byte, long bool, err error) {
	for {
		var line []byte
		long := false
		for {
			part, err := l.in.ReadSlice('\n')
			if !long {
				line = append(line, part...)
			}
			long = long || len(line) > MaxLine
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, false, err
			}
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return nil, false, io.EOF
			}
			break
		}
		l.n++
		if long {
			return nil, true, nil
		}
		line = bytes.Trim(line, " \t\r\n\x1e\ufeff")
		if len(line) > 0 {
			return line, false, nil
		}
	}
}

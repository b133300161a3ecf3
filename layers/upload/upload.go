// Package upload is how people bring files in: a file is kept and looked at
// (layers/datafile), a plan is guessed, changed and remembered, its rows are
// staged and shown (layers/intake), checked (layers/quality) and applied, and
// what was applied is undone as one change.
//
// A department officer brings data in for the organisation: into a layer that
// its line owns, or into a new one, which is the organisation's. A preview is
// seen by the organisation that made it, and by nobody else. Every step that
// changes something is recorded in its transaction.
//
// Rows that come otherwise, pushed or pulled, go the same way from [Store.Stage] on.
package upload

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/datafile"
	"onemap/layers/georef"
	"onemap/layers/quality"
)

// Store brings files in. Its methods are safe for concurrent use.
type Store struct {
	Layers  *layers.Store
	Folder  string          // where files are kept; it is made when the first comes
	Quality *quality.Store  // checks what comes; nil: nothing does
	Georef  *georef.Store   // judges coordinates; nil: nothing does
	Limits  datafile.Limits // zero: [datafile.Default]
	Log     *slog.Logger    // nil: slog's default
	// Locate finds addresses; nil: files of addresses cannot be brought in.
	Locate func(ctx context.Context, by access.Scope, addresses []string) (at []orb.Point, ok []bool, err error)

	turns chan struct{}
}

// New returns a Store that reads so many files at a time.
func New(store *layers.Store, folder string, atOnce int) *Store {
	return &Store{Layers: store, Folder: folder, turns: make(chan struct{}, max(atOnce, 1))}
}

// How long things are kept.
const (
	keepFile   = 7 * 24 * time.Hour  // a file, from its coming
	keepStaged = 2 * 24 * time.Hour  // a preview that nobody applied
	keepBefore = 92 * 24 * time.Hour // what an undo needs
)

// MaxFiles is how many files of an organisation wait at a time.
const MaxFiles = 60

// An Upload is a file that was brought, and what was found in it.
type Upload struct {
	ID     int64     `json:"id"`
	Name   string    `json:"name"`
	Format string    `json:"format"`
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"`
	By     string    `json:"by" doc:"Login"`
	At     time.Time `json:"at"`
	Gone   bool      `json:"gone,omitempty" doc:"The file is no longer kept"`
	Sheets []Sheet   `json:"sheets" nullable:"false"`

	key, org string
}

func (s *Store) limits() datafile.Limits {
	if s.Limits == (datafile.Limits{}) {
		return datafile.Default
	}
	return s.Limits
}

func (s *Store) log() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}

// turn waits until one more file may be read.
func (s *Store) turn(ctx context.Context) (done func(), err error) {
	if s.turns == nil {
		return func() {}, nil
	}
	select {
	case s.turns <- struct{}{}:
		return func() { <-s.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// may says whether the caller brings data in at all.
func may(by access.Scope) error { return by.Require(access.DepartmentOfficer) }

// isOperator says whether the caller is the machine's operator, who has the
// database in hand anyway.
func isOperator(by access.Scope) bool {
	p, ok := by.Person()
	return ok && p.ID == 0 && p.Org == "" && by.Has(access.Administrator) && by.Has(access.Auditor)
}

// Put keeps a file and looks what is in it. name is what its sender calls it;
// it is shown to people and never used as a path. It returns a
// [layers.InputError] for a file that cannot be read.
func (s *Store) Put(ctx context.Context, by access.Scope, address, name string, body io.Reader) (Upload, error) {
	if err := may(by); err != nil {
		return Upload{}, err
	}
	name, err := cleanName(name)
	if err != nil {
		return Upload{}, err
	}
	var waiting int
	if err := s.Layers.DB().QueryRow(ctx, `SELECT count(*) FROM onemap.upload WHERE org = $1 AND erased_at IS NULL`, by.Org().Code).Scan(&waiting); err != nil {
		return Upload{}, fmt.Errorf("count files: %w", err)
	}
	if waiting >= MaxFiles {
		return Upload{}, &layers.InputError{Field: "file", Remedy: fmt.Sprintf("fewer files: %d of your organisation wait; delete some", waiting)}
	}
	u := Upload{Name: name, org: by.Org().Code}
	sum, file, err := s.write(&u, body)
	if err != nil {
		return Upload{}, err
	}
	kept := false
	defer func() {
		if !kept {
			_ = os.Remove(file) // nobody knows of it
		}
	}()
	if err := s.look(ctx, by, file, &u); err != nil {
		return Upload{}, err
	}
	found, err := json.Marshal(u.Sheets)
	if err != nil {
		return Upload{}, err
	}
	p, _ := by.Person()
	u.By, u.SHA256 = p.Login, hex.EncodeToString(sum)
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `INSERT INTO onemap.upload (name, key, bytes, sha256, format, found, person, login, org)
			VALUES (@name, @key, @bytes, @sum, @format, @found, nullif(@person, 0::bigint), @login, @org) RETURNING id, created_at`,
			pgx.NamedArgs{"name": u.Name, "key": u.key, "bytes": u.Bytes, "sum": sum, "format": u.Format, "found": found, "person": p.ID, "login": p.Login, "org": u.org}).Scan(&u.ID, &u.At)
		if err != nil {
			return fmt.Errorf("record an upload: %w", err)
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "upload.create", Object: fmt.Sprintf("upload/%d", u.ID), Result: access.Done, Address: address,
			Detail: map[string]any{"format": u.Format, "bytes": u.Bytes, "sha256": u.SHA256}})
	})
	kept = err == nil
	return u, err
}

// cleanName takes the name of a file out of what a sender calls it.
func cleanName(name string) (string, error) {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	name = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfffd { // controls, and what turns text around
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if name = strings.TrimSpace(name); name == "" || name == "." || name == "/" || name == ".." {
		return "", &layers.InputError{Field: "name", Remedy: "the file's name"}
	}
	if r := []rune(name); len(r) > 200 {
		name = string(r[len(r)-200:]) // with its ending
	}
	return name, nil
}

// write brings the body to the folder, under a name of ours.
func (s *Store) write(u *Upload, body io.Reader) (sum []byte, file string, err error) {
	if err := os.MkdirAll(s.Folder, 0o700); err != nil {
		return nil, "", fmt.Errorf("the folder of uploads: %w", err)
	}
	var key [16]byte
	_, _ = rand.Read(key[:]) // it never fails
	u.key = hex.EncodeToString(key[:])
	file = s.path(*u)
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, "", fmt.Errorf("keep an upload: %w", err)
	}
	h := sha256.New()
	most := s.limits().Bytes
	u.Bytes, err = io.Copy(io.MultiWriter(out, h), io.LimitReader(body, most+1))
	if e := out.Close(); err == nil {
		err = e
	}
	switch {
	case err == nil && u.Bytes > most:
		err = &layers.InputError{Field: "file", Remedy: fmt.Sprintf("at most %d MB", most>>20)}
	case err == nil && u.Bytes == 0:
		err = &layers.InputError{Field: "file", Remedy: "a file with something in it"}
	}
	if err != nil {
		_ = os.Remove(file) // what came of it is of no use
		return nil, "", err
	}
	return h.Sum(nil), file, nil
}

func (s *Store) path(u Upload) string { return filepath.Join(s.Folder, u.key) }

// Get returns an upload of the caller's organisation.
func (s *Store) Get(ctx context.Context, by access.Scope, id int64) (Upload, error) {
	if err := may(by); err != nil {
		return Upload{}, err
	}
	all, err := s.uploads(ctx, by, `id = @id`, pgx.NamedArgs{"id": id})
	if err != nil {
		return Upload{}, err
	}
	if len(all) == 0 {
		return Upload{}, fmt.Errorf("upload %d: %w", id, layers.ErrNotFound)
	}
	return all[0], nil
}

// List returns the uploads of the caller's organisation whose files are kept,
// the latest first, without what is in them.
func (s *Store) List(ctx context.Context, by access.Scope) ([]Upload, error) {
	if err := may(by); err != nil {
		return nil, err
	}
	all, err := s.uploads(ctx, by, `erased_at IS NULL`, pgx.NamedArgs{})
	for i := range all {
		all[i].Sheets = []Sheet{}
	}
	return all, err
}

func (s *Store) uploads(ctx context.Context, by access.Scope, where string, args pgx.NamedArgs) ([]Upload, error) {
	args["org"] = by.Org().Code
	rows, err := s.Layers.DB().Query(ctx, `SELECT id, name, format, bytes, encode(sha256, 'hex'), login, created_at, erased_at IS NOT NULL, found, key, org
		FROM onemap.upload WHERE org = @org AND `+where+` ORDER BY id DESC LIMIT 200`, args)
	if err != nil {
		return nil, fmt.Errorf("read uploads: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u Upload, err error) {
		err = row.Scan(&u.ID, &u.Name, &u.Format, &u.Bytes, &u.SHA256, &u.By, &u.At, &u.Gone, &u.Sheets, &u.key, &u.org)
		return u, err
	})
	if err != nil {
		return nil, fmt.Errorf("read uploads: %w", err)
	}
	return all, nil
}

// Delete erases an upload's file, and its previews that were not applied.
func (s *Store) Delete(ctx context.Context, by access.Scope, address string, id int64) error {
	u, err := s.Get(ctx, by, id)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := dropStaged(ctx, tx, `upload = $1`, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.upload SET erased_at = coalesce(erased_at, now()) WHERE id = $1`, id); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "upload.delete", Object: fmt.Sprintf("upload/%d", id), Result: access.Done, Address: address})
	})
	if err != nil {
		return err
	}
	if err := os.Remove(s.path(u)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("erase an upload: %w", err)
	}
	return nil
}

// file opens an upload's file as what it is.
func (s *Store) file(ctx context.Context, u Upload) (*datafile.File, error) {
	if u.Gone {
		return nil, &layers.InputError{Field: "upload", Remedy: "bring the file again: it is no longer kept"}
	}
	return datafile.Open(ctx, s.path(u), u.Name, "", s.limits())
}

package pull

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/datafile"
	"onemap/layers/upload"
)

// A Run is one time that a source was asked.
type Run struct {
	ID       int64      `json:"id"`
	Attempt  int        `json:"attempt"`
	By       string     `json:"by,omitempty" doc:"Login of who asked for it; left out: the schedule"`
	Begun    time.Time  `json:"begun"`
	Ended    *time.Time `json:"ended,omitempty"`
	State    string     `json:"state" enum:"running,changed,unchanged,waiting,failed" doc:"waiting: it would take away so much that a person has to look at the preview"`
	Rows     int64      `json:"rows"`
	Bytes    int64      `json:"bytes"`
	Inserted int64      `json:"inserted"`
	Updated  int64      `json:"updated"`
	Deleted  int64      `json:"deleted"`
	Rejected int64      `json:"rejected"`
	KeptOut  int64      `json:"kept_out"`
	Batch    int64      `json:"batch,omitempty" doc:"Which may be looked at, and undone"`
	Error    string     `json:"error,omitempty"`
}

const runJSON = `jsonb_strip_nulls(jsonb_build_object('id', r.id, 'attempt', r.attempt, 'by', r.by, 'begun', r.begun_at, 'ended', r.ended_at, 'state', r.state, 'rows', r.rows, 'bytes', r.bytes,
	'inserted', r.inserted, 'updated', r.updated, 'deleted', r.deleted, 'rejected', r.rejected, 'kept_out', r.kept_out, 'batch', r.batch, 'error', r.error))`

// States of a [Run].
const (
	Running   = "running"
	Changed   = "changed"
	Unchanged = "unchanged"
	Waiting   = "waiting"
	Failed    = "failed"
)

// Runs returns the history of a source, the latest first.
func (s *Store) Runs(ctx context.Context, by access.Scope, id, before int64, limit int) ([]Run, error) {
	if _, err := s.Get(ctx, by, id); err != nil {
		return nil, err
	}
	rows, err := s.Uploads.Layers.DB().Query(ctx, `SELECT `+runJSON+` FROM onemap.pull_run r WHERE r.pull = $1 AND ($2 = 0 OR r.id < $2) ORDER BY r.id DESC LIMIT $3`, id, before, min(max(limit, 1), 200))
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[Run])
}

// Look asks a source now and keeps what it has as an upload of the caller's, to
// be mapped, judged and previewed as any other.
func (s *Store) Look(ctx context.Context, by access.Scope, address string, id int64) (upload.Upload, error) {
	x, err := s.Get(ctx, by, id)
	if err != nil {
		return upload.Upload{}, err
	}
	dir, err := os.MkdirTemp("", "onemap-pull-")
	if err != nil {
		return upload.Upload{}, err
	}
	defer os.RemoveAll(dir)
	key, err := s.secret(ctx, id)
	if err != nil {
		return upload.Upload{}, err
	}
	x.etag, x.modified = "", ""
	f, err := s.fetch(ctx, dir, x, key)
	if err != nil {
		if text := said(err); text != "" {
			return upload.Upload{}, &layers.InputError{Field: "source", Remedy: text}
		}
		return upload.Upload{}, err
	}
	in, err := os.Open(f.path)
	if err != nil {
		return upload.Upload{}, err
	}
	defer in.Close()
	return s.Uploads.Put(ctx, by, address, x.Title+filepath.Ext(f.path), in)
}

// errGone: the source was ended, stopped, or is being run by another node.
var errGone = errors.New("there is nothing to run")

// Run asks a source once and brings in what changed. It returns the run, and
// the error where it failed; the run says it in words.
func (s *Store) Run(ctx context.Context, id int64, attempt int, login string) (Run, error) {
	db := s.Uploads.Layers.DB()
	conn, err := db.Acquire(ctx)
	if err != nil {
		return Run{}, err
	}
	defer conn.Release()
	var alone bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended('pull', $1))`, id).Scan(&alone); err != nil {
		return Run{}, err
	}
	if !alone {
		return Run{}, errGone
	}
	defer func() {
		if _, err := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtextextended('pull', $1))`, id); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}()
	all, err := s.sources(ctx, db, `p.id = @id`, "", pgx.NamedArgs{"id": id})
	if err != nil {
		return Run{}, err
	}
	if len(all) == 0 {
		return Run{}, errGone
	}
	x := all[0]
	// A run that a crash cut off is not running any more: the lock is ours.
	if _, err := db.Exec(ctx, `UPDATE onemap.pull_run SET state = 'failed', ended_at = $2, error = 'the server stopped' WHERE pull = $1 AND state = 'running'`, id, s.now()); err != nil {
		return Run{}, err
	}
	r := Run{Attempt: attempt, By: login, Begun: s.now(), State: Running}
	if err := db.QueryRow(ctx, `INSERT INTO onemap.pull_run (pull, attempt, by, begun_at) VALUES ($1, $2, $3, $4) RETURNING id`, id, attempt, login, r.Begun).Scan(&r.ID); err != nil {
		return Run{}, err
	}
	f, sum, failed := s.bring(ctx, x, &r)
	if failed != nil {
		r.State, r.Error = Failed, said(failed)
		if r.Error == "" {
			switch {
			case errors.Is(failed, access.ErrForbidden), errors.Is(failed, access.ErrReason), errors.Is(failed, access.ErrUnauthenticated):
				r.Error = "its keeper may not write the layer any more: another officer takes it over by setting it"
			case errors.Is(failed, layers.ErrNotFound):
				r.Error = "its layer is not there any more, or its keeper's account is closed"
			default:
				r.Error = "a fault of this server: see its log"
			}
		}
	}
	if err := s.end(context.WithoutCancel(ctx), x, &r, f, sum); err != nil {
		return r, err
	}
	return r, failed
}

// end writes down what a run came to.
func (s *Store) end(ctx context.Context, x Source, r *Run, f fetched, sum []byte) error {
	now := s.now()
	r.Ended = &now
	if text := []rune(r.Error); len(text) > 500 {
		r.Error = string(text[:500])
	}
	return pgx.BeginFunc(ctx, s.Uploads.Layers.DB(), func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE onemap.pull_run SET state = @state, ended_at = @now, rows = @rows, bytes = @bytes, inserted = @inserted, updated = @updated, deleted = @deleted,
			rejected = @rejected, kept_out = @held, batch = nullif(@batch, 0::bigint), error = @error WHERE id = @id`,
			pgx.NamedArgs{"id": r.ID, "state": r.State, "now": now, "rows": r.Rows, "bytes": r.Bytes, "inserted": r.Inserted, "updated": r.Updated, "deleted": r.Deleted,
				"rejected": r.Rejected, "held": r.KeptOut, "batch": r.Batch, "error": r.Error})
		if err != nil {
			return err
		}
		if r.State == Failed {
			return nil
		}
		if r.State == Waiting { // not in the layer yet: the next run asks for it again
			f.etag, f.modified, sum = x.etag, x.modified, x.sha256
		}
		_, err = tx.Exec(ctx, `UPDATE onemap.pull SET heard_at = @now, news_at = CASE WHEN @news THEN @now ELSE news_at END, etag = @etag, modified = @modified,
			sha256 = coalesce(@sum, sha256), batch = CASE WHEN @state = 'changed' THEN nullif(@batch, 0::bigint) ELSE batch END WHERE id = @id`,
			pgx.NamedArgs{"id": x.ID, "now": now, "news": r.State == Changed || r.State == Waiting, "etag": f.etag, "modified": f.modified, "sum": sum, "state": r.State, "batch": r.Batch})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE onemap.pull_alarm SET ended_at = $2 WHERE pull = $1 AND ended_at IS NULL AND (kind = 'unreachable' OR $3)`, x.ID, now, r.State != Unchanged)
		return err
	})
}

// bring fetches, stages and applies. sum is the digest of what is now in the layer.
func (s *Store) bring(ctx context.Context, x Source, r *Run) (f fetched, sum []byte, err error) {
	if x.Layer == "" {
		return f, nil, wrong("it is not mapped yet: look at its rows and bring them into a layer once, then name the layer")
	}
	by, err := s.Directory.ScopeOf(ctx, x.keeper)
	if err != nil {
		return f, nil, err
	}
	if by.Org().Code != x.Org {
		return f, nil, access.ErrForbidden
	}
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return f, nil, err
	}
	key, err := s.secret(ctx, x.ID)
	if err != nil {
		return f, nil, err
	}
	dir, err := os.MkdirTemp("", "onemap-pull-")
	if err != nil {
		return f, nil, err
	}
	defer os.RemoveAll(dir)
	// What was undone stays so until the source has something else, or until a
	// person asks.
	if r.By != "" {
		x.etag, x.modified, x.sha256 = "", "", nil
	}
	if f, err = s.fetch(ctx, dir, x, key); err != nil {
		return f, nil, err
	}
	r.Rows, r.Bytes = f.rows, f.bytes
	if f.same {
		r.State = Unchanged
		return f, nil, nil
	}
	if sum, err = digest(f.path); err != nil {
		return f, nil, err
	}
	if bytes.Equal(sum, x.sha256) {
		r.State = Unchanged
		return f, sum, nil
	}
	return f, sum, s.into(ctx, by, x, f, r)
}

func digest(file string) ([]byte, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	h := sha256.New()
	_, err = io.Copy(h, in)
	return h.Sum(nil), err
}

// A full delivery that would take away more than a third of what it had waits
// for a person: a source that lost its rows should not empty the layer.
const mostTaken = 3

// into brings a file into the source's layer.
func (s *Store) into(ctx context.Context, by access.Scope, x Source, f fetched, r *Run) error {
	sheet, h := "", datafile.Header{}
	if x.Plan != nil {
		sheet, h = x.Plan.Sheet, datafile.Header{Line: x.Plan.HeaderLine, Rows: x.Plan.HeaderRows}
	}
	if x.Last != nil && x.Last.State == Waiting { // a later state takes the place of the one that waits
		if err := s.Uploads.Drop(ctx, by, "", x.Last.Batch); err != nil && !errors.Is(err, layers.ErrConflict) && !errors.Is(err, layers.ErrNotFound) {
			return err
		}
	}
	local, err := s.Uploads.OpenLocal(ctx, by, f.path, sheet, h)
	if err != nil {
		return err
	}
	defer local.Close()
	var p upload.Plan
	switch m := local.Sheet.Remembered; {
	case x.Plan != nil:
		p = *x.Plan
	case m != nil && m.Layer == x.Layer:
		p = *m
	default:
		return wrong("nobody said yet how such columns become %s: look at its rows and bring them in once", x.Layer)
	}
	p.Layer, p.New, p.Sheet = x.Layer, nil, local.Sheet.Name
	b, err := local.Stage(ctx, by, p)
	if err != nil {
		return err
	}
	r.Rows, r.Rejected = b.Read, b.Rejected
	change := b.Change
	switch {
	case b.Full && change.Deleted > 20 && change.Deleted*mostTaken > change.Deleted+change.Updated+change.Unchanged:
		r.State, r.Batch, r.Deleted = Waiting, b.ID, change.Deleted
		return nil
	case change.Inserted+change.Updated+change.Deleted+b.Summary.Held == 0:
		r.State = Unchanged
		return s.Uploads.Drop(ctx, by, "", b.ID)
	}
	if b, err = s.Uploads.Apply(ctx, by, "", b.ID); err != nil {
		return err
	}
	r.State, r.Batch, r.Inserted, r.Updated, r.Deleted, r.KeptOut = Changed, b.ID, b.Change.Inserted, b.Change.Updated, b.Change.Deleted, b.KeptOut
	return nil
}

// Package backup copies a city away and brings it back.
//
// A backup goes to a [Target]: a folder, or a bucket of an S3 server. It holds
//
//	onemap-backup.json     whose city this is
//	backups/ID.json        one manifest a backup; written last: what no manifest names is not there
//	base/ID.tar.zst        PostgreSQL's folder (pg_basebackup)
//	wal/LINE/SEGMENT.zst   the log since, without a gap within a line
//	dump/ID.dump           instead of both, where the database gives no physical copy
//	files/ab/SHA256        photos and uploads, each once by its content
//	lists/SHA256.zst       which files there were
//
// The first backup takes a base; those after it ship the log since, so that the
// city can be brought back to any moment from the base to the last backup. A
// physical replication slot makes PostgreSQL keep the log until a backup has it.
// Files are copied after the database: none that it names is missing.
//
// Every object stands in a manifest with its size and SHA-256, and is compared
// when it is read. A manifest may carry checks, too: how many rows each table had
// at a place in the log, and a sum over them, and the head of the audit's chain.
// They are read under the snapshot of a logical slot, which sees exactly what was
// committed before that place; [Drill] restores to it and compares.
package backup

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

var (
	// ErrTorn: something that a manifest names is missing or is not what it was.
	ErrTorn = errors.New("the backup is torn")
	// ErrOther: the target holds something else.
	ErrOther = errors.New("the target holds something else")
	// ErrMoment: there is no backup of that moment.
	ErrMoment = errors.New("no backup of that moment")
	// ErrBusy: another backup of this city is being taken.
	ErrBusy = errors.New("another backup of this city is being taken")
)

// Kinds of a backup.
const (
	Physical = "physical" // base and log: any moment
	Dump     = "dump"     // a snapshot: its own moment only
)

// format is raised when older programs could not read what we write.
const format = 1

// A marker says whose city the target holds.
type marker struct {
	Format int    `json:"format"`
	ID     string `json:"id"`     // of the target; names the slot
	System string `json:"system"` // of PostgreSQL
}

const markerName = "onemap-backup.json"

// An Object is a thing in the target.
type Object struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"` // as it is stored
	SHA256 string `json:"sha256"`
}

// A Base is a copy of PostgreSQL's folder. It is whole once the log from Start to End is replayed.
type Base struct {
	ID    string    `json:"id"` // of the backup that took it
	Of    Object    `json:"object"`
	Start LSN       `json:"start"`
	End   LSN       `json:"end"`
	Ended time.Time `json:"ended"` // the first moment that it can be brought to
}

// A Segment is a piece of the log.
type Segment struct {
	Object
	Number  uint64 `json:"number"`
	Partial bool   `json:"partial,omitempty"` // its end was not written yet
}

// A Manifest is one backup.
type Manifest struct {
	Format     int       `json:"format"`
	ID         string    `json:"id"` // when it began, 20261123T030000Z
	Kind       string    `json:"kind"`
	Moment     time.Time `json:"moment"` // it holds all that was committed before
	Ended      time.Time `json:"ended"`
	Program    string    `json:"program"`
	Key        string    `json:"key,omitempty"` // number of the key that its secrets are sealed with; the key is not in it
	System     string    `json:"system"`
	PostgreSQL int       `json:"postgresql"` // major version
	Database   string    `json:"database"`
	Lost       []string  `json:"lost,omitempty"` // what this kind cannot do, in words

	Base        *Base     `json:"base,omitempty"`
	Line        string    `json:"line,omitempty"` // the log has no gap within it
	Timeline    uint32    `json:"timeline,omitempty"`
	SegmentSize uint64    `json:"segment_bytes,omitempty"`
	To          LSN       `json:"to,omitempty"`
	WAL         []Segment `json:"wal,omitempty"`
	Dump        *Object   `json:"dump,omitempty"`

	Files     Object  `json:"files"` // the list
	FileCount int     `json:"file_count"`
	FileBytes int64   `json:"file_bytes"`
	NewFiles  int     `json:"new_files"`
	NewBytes  int64   `json:"new_bytes"` // that this backup brought to the target
	Checks    *Checks `json:"checks,omitempty"`
}

// Full says whether the backup stands on no earlier one.
func (m Manifest) Full() bool { return m.Kind == Dump || m.Base != nil && m.Base.ID == m.ID }

func manifestName(id string) string { return "backups/" + id + ".json" }

// List returns the manifests of a target, oldest first, and whose city it is.
func List(ctx context.Context, t Target) ([]Manifest, error) {
	_, all, err := open(ctx, t)
	return all, err
}

func open(ctx context.Context, t Target) (m marker, all []Manifest, err error) {
	if err := readJSON(ctx, t, markerName, &m); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return m, nil, fmt.Errorf("%w: there is no backup in %s", fs.ErrNotExist, t)
		}
		return m, nil, err
	}
	if m.Format > format {
		return m, nil, fmt.Errorf("%w: %s was written by a newer onemap", ErrOther, t)
	}
	names, err := t.List(ctx, "backups/")
	if err != nil {
		return m, nil, err
	}
	for name := range names {
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		var one Manifest
		if err := readJSON(ctx, t, name, &one); err != nil {
			return m, nil, err
		}
		if name != manifestName(one.ID) || one.Format > format {
			return m, nil, fmt.Errorf("%w: %s in %s is no manifest that this program knows", ErrTorn, name, t)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Manifest) int { return cmp.Compare(a.ID, b.ID) })
	return m, all, nil
}

func readJSON(ctx context.Context, t Target, name string, v any) error {
	r, err := t.Get(ctx, name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, 256<<20))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrTorn, name, err)
	}
	return nil
}

// Hash is the SHA-256 of the manifest as it is stored. Kept elsewhere, it shows
// later that nobody changed the backup: the manifest names all the rest.
func (m Manifest) Hash() string {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func writeJSON(ctx context.Context, t Target, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return t.Put(ctx, name, strings.NewReader(string(b)), int64(len(b)))
}

// put stores what r gives and says what it was. size is -1 where unknown.
func put(ctx context.Context, t Target, name string, r io.Reader, size int64) (Object, error) {
	h := &hashing{r: r, h: sha256.New()}
	if err := t.Put(ctx, name, h, size); err != nil {
		return Object{}, fmt.Errorf("write %s: %w", name, err)
	}
	return Object{Name: name, Bytes: h.n, SHA256: hex.EncodeToString(h.h.Sum(nil))}, nil
}

// get reads an object. Where it is not what the manifest says, its last Read
// returns an error wrapping [ErrTorn] instead of io.EOF: read to the end.
func get(ctx context.Context, t Target, o Object) (io.ReadCloser, error) {
	r, err := t.Get(ctx, o.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing", ErrTorn, o.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Name, err)
	}
	return &checked{hashing{r: r, h: sha256.New()}, r, o}, nil
}

type hashing struct {
	r io.Reader
	h hash.Hash
	n int64
}

func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.h.Write(p[:n])
	h.n += int64(n)
	return n, err
}

type checked struct {
	hashing
	io.Closer
	want Object
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.hashing.Read(p)
	if errors.Is(err, io.EOF) && (c.n != c.want.Bytes || hex.EncodeToString(c.h.Sum(nil)) != c.want.SHA256) {
		return n, fmt.Errorf("%w: %s is not what was written: %d bytes, %d expected", ErrTorn, c.want.Name, c.n, c.want.Bytes)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read %s: %w", c.want.Name, err)
	}
	return n, err
}

// whether reads what is left of an object that was being unpacked: where it is
// not what was written, that is why err came up.
func whether(in io.Reader, err error) error {
	if _, rest := io.Copy(io.Discard, in); errors.Is(rest, ErrTorn) || err == nil {
		return rest
	}
	return err
}

// Progress is told what is being done: a step, and of how much how much is
// done; total is 0 where it is not known. It may be called from one goroutine at a time.
type Progress func(step string, done, total int64)

func (p Progress) say(step string, done, total int64) {
	if p != nil {
		p(step, done, total)
	}
}

// Package base fills the base library of natural resources and space:
// boundaries, roads, waterways, water, land use, buildings, addresses, points
// of interest, and the road network that pgRouting reads. It reads
// OpenStreetMap extracts ([ImportOSM]) and any vector file that GDAL knows
// ([ImportVector]).
//
// An import is one change. It fills staging tables while readers go on seeing
// the old content, and takes their place in one short transaction; where it
// fails, the old content stays. The same file read twice gives the same rows
// with the same ids (batch and updated_at apart).
//
// Coordinates are longitude and latitude of EPSG:4326, lengths metres, speeds
// kilometres an hour, costs seconds.
package base

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// ErrBusy: another import into the base library is running.
var ErrBusy = errors.New("another import into the base library is running: wait for its end")

// A Summary says what became of an import.
type Summary struct {
	Batch   int64        // onemap.batch.id
	Layers  []LayerCount // in the order of the tables; only those that were filled
	Network *Network     // nil where no roads were imported
}

// LayerCount counts one layer's rows.
type LayerCount struct {
	Layer    string
	Rows     int64 // now in the table
	Repaired int64 // of these, put right on the way: the reject file says how
	Rejected int64 // not in the table: the reject file says why
}

// Rejected is how many objects were left out, over all layers.
func (s Summary) Rejected() (n int64) {
	for _, l := range s.Layers {
		n += l.Rejected
	}
	return n
}

// Rows is how many rows were written, over all layers.
func (s Summary) Rows() (n int64) {
	for _, l := range s.Layers {
		n += l.Rows
	}
	return n
}

// Layer returns the count of one layer, zero where it has none.
func (s Summary) Layer(name string) LayerCount {
	for _, l := range s.Layers {
		if l.Layer == name {
			return l
		}
	}
	return LayerCount{Layer: name}
}

// A batch is one row of onemap.batch.
type batch struct {
	layer, file, crs, mapping, by string
	sha256                        []byte
}

// open records that an import began; until it is finished its finished_at is NULL.
func (b batch) open(ctx context.Context, s *layers.Store) (id int64, err error) {
	by := b.by
	if by == "" {
		by = "import"
	}
	err = s.DB().QueryRow(ctx, `
		INSERT INTO onemap.batch (layer, file_name, sha256, crs, mapping, imported_by)
		VALUES (@layer, @file, @sha256, @crs, @mapping, @by) RETURNING id`,
		pgx.NamedArgs{"layer": b.layer, "file": filepath.Base(b.file), "sha256": b.sha256, "crs": b.crs, "mapping": b.mapping, "by": by}).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("record the import: %w", err)
	}
	return id, nil
}

// finishBatch records how an import ended.
func finishBatch(ctx context.Context, s *layers.Store, sum Summary, read int64) error {
	_, err := s.DB().Exec(ctx, `
		UPDATE onemap.batch SET finished_at = now(), rows_read = @read, inserted = @inserted, rejected = @rejected WHERE id = @id`,
		pgx.NamedArgs{"id": sum.Batch, "read": read, "inserted": sum.Rows(), "rejected": sum.Rejected()})
	if err != nil {
		return fmt.Errorf("record the end of the import: %w", err)
	}
	return nil
}

// alone runs f while no other import into the base library runs: two that
// swap the same tables would each throw the other's work away.
func alone(ctx context.Context, s *layers.Store, f func() error) error {
	c, err := s.DB().Acquire(ctx)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer c.Release()
	const key = 7330790 // any number that no other advisory lock of onemap uses
	var got bool
	if err := c.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&got); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if !got {
		return ErrBusy
	}
	defer func() {
		if _, err := c.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, key); err != nil {
			_ = c.Conn().Close(context.WithoutCancel(ctx)) // the lock ends with its session
		}
	}()
	return f()
}

// fingerprint is the SHA-256 of a file's bytes.
func fingerprint(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, &layers.InputError{Field: "file", Value: filepath.Base(file), Remedy: "a file that can be read"}
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(file), err)
	}
	return h.Sum(nil), nil
}

// plain returns what a caller can put right without the steps that led to it:
// ten names of staging tables say nothing about a broken file.
func plain(err error) error {
	var wrong *layers.InputError
	if errors.As(err, &wrong) {
		return wrong
	}
	return err
}

func sum256(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
}

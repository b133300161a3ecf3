package quality

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// DB is a pool, or a transaction that is already under way.
type DB interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Check runs the rules of a layer over a table and keeps what it found.
//
// table is "map.<layer>" or a staging table "import.<name>": it has the
// layer's columns by name (those it lacks make their rules skipped), geom, and,
// if it is a staging table, row_number bigint, the line of the file. batch is
// the import's number, 0 for the layer itself. Everything is one transaction,
// or a savepoint of db's.
//
// A layer without rules has a card without results.
func (s *Store) Check(ctx context.Context, db DB, layer layers.Layer, table string, batch int64) (Card, error) {
	return Card{}, errors.New("quality: not built yet")
}

// Hold moves the rows of a batch that failed a rule marked quarantine in its
// last [Store.Check] from the staging table to onemap.quarantine, and returns
// how many. Call it in the transaction that applies the batch, before it
// writes the layer.
func (s *Store) Hold(ctx context.Context, tx pgx.Tx, layer layers.Layer, table string, batch int64) (int64, error) {
	return 0, errors.New("quality: not built yet")
}

// Unhold marks the rows that a batch kept in quarantine as undone. Call it in
// the transaction that undoes the batch.
func (s *Store) Unhold(ctx context.Context, tx pgx.Tx, batch int64, login string) error {
	return errors.New("quality: not built yet")
}

// Guess proposes rules for a layer from its fields and from the rows of a
// table as [Store.Check] takes it. Nothing is kept.
func (s *Store) Guess(ctx context.Context, db DB, layer layers.Layer, table string) ([]Rule, error) {
	return nil, errors.New("quality: not built yet")
}

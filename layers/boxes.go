package layers

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/geo/where"
)

// Boxes returns the box of each feature that holds a condition, in degrees, in
// no order, read as they are used. An error ends the sequence.
func (s *Store) Boxes(ctx context.Context, l Layer, c where.Cond) iter.Seq2[orb.Bound, error] {
	return func(yield func(orb.Bound, error) bool) {
		fail := func(err error) { yield(orb.Bound{}, fmt.Errorf("boxes of %s: %w", l.Name, err)) }
		var a Args
		cond, err := l.SQL(c, &a)
		if err != nil {
			fail(err)
			return
		}
		rows, err := s.db.Query(ctx, `SELECT ST_XMin(f.geom), ST_YMin(f.geom), ST_XMax(f.geom), ST_YMax(f.geom)
			FROM `+l.table()+` f WHERE f.geom IS NOT NULL AND NOT ST_IsEmpty(f.geom) AND (`+cond+")", a...)
		if err != nil {
			fail(err)
			return
		}
		defer rows.Close()
		var b orb.Bound
		if _, err := pgx.ForEachRow(rows, []any{&b.Min[0], &b.Min[1], &b.Max[0], &b.Max[1]}, func() error {
			if !yield(b, nil) {
				return errLeft
			}
			return nil
		}); err != nil && !errors.Is(err, errLeft) {
			fail(err)
		}
	}
}

// errLeft ends the reading of rows that nobody wants any more.
var errLeft = errors.New("the caller has left")

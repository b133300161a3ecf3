package layers

import (
	"context"
	"iter"

	"onemap/geo/where"
)

// A Query asks for features of one layer.
type Query struct {
	Layer  Layer
	Where  where.Cond // the caller's right and filter, joined; required
	Fields []string   // names of the layer's fields, in the order wanted; nil for none
	After  int64      // features with a larger id only: the next page
	Limit  int        // at most so many; 0: all
}

// Features returns the features that q asks for in the order of their ids,
// read as they are used. An error ends the sequence.
func (s *Store) Features(ctx context.Context, q Query) iter.Seq2[Feature, error] {
	panic("being written")
}

// Count returns how many features hold q's condition.
func (s *Store) Count(ctx context.Context, q Query) (int64, error) {
	panic("being written")
}

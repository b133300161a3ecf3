package quality

import (
	"context"
	"errors"

	"onemap/layers"
)

// Guess proposes rules for a layer from its fields and from the rows of a
// table as [Store.Check] takes it. Nothing is kept.
func (s *Store) Guess(ctx context.Context, db DB, layer layers.Layer, table string) ([]Rule, error) {
	return nil, errors.New("quality: not built yet")
}

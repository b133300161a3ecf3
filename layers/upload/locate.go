package upload

import (
	"context"
	"slices"

	"github.com/paulmach/orb"

	"onemap/layers/access"
	"onemap/layers/address"
)

// sureEnough is from which confidence on an address's place is taken: below it
// the row is rejected, and a person gives it coordinates.
const sureEnough = 0.75

// ByAddress finds places by the base library's addresses; it is for [Store].Locate.
func ByAddress(a *address.Store) func(context.Context, access.Scope, []string) ([]orb.Point, []bool, error) {
	return func(ctx context.Context, by access.Scope, texts []string) ([]orb.Point, []bool, error) {
		queries := make([]address.Query, len(texts))
		for i, text := range texts {
			queries[i] = address.Query{Text: text, Limit: 1}
		}
		found, err := a.FindAll(ctx, by, queries)
		if err != nil {
			return nil, nil, err
		}
		at, ok := make([]orb.Point, len(texts)), make([]bool, len(texts))
		for i, f := range found {
			if len(f.Candidates) == 0 {
				continue
			}
			// A road, a grid or a division is too large to be a place.
			c := f.Candidates[0]
			ok[i] = c.Confidence >= sureEnough && slices.Contains([]string{"number", "between", "crossing", "place"}, c.Kind)
			at[i] = orb.Point{c.Lon, c.Lat}
		}
		return at, ok, nil
	}
}

package search

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

//go:embed sql/hours.sql
var hoursSQL string

// Hours returns the hours of which there are population counts for the caller, the first to
// the last, at most 2000, the latest of them where there are more. It returns
// an error wrapping [layers.ErrNotFound] where the caller may not see the layer.
func (x *Index) Hours(ctx context.Context, scope access.Scope) ([]time.Time, error) {
	l, err := x.Layers.Layer(ctx, "population")
	if err != nil {
		return nil, err
	}
	right, ok := scope.Layer(l)
	if !ok {
		return nil, fmt.Errorf("population: %w", layers.ErrNotFound)
	}
	rows, err := x.Layers.DB().Query(ctx, hoursSQL, pgx.NamedArgs{"audience": right.Audience})
	if err != nil {
		return nil, fmt.Errorf("population hours: %w", err)
	}
	hours, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return nil, fmt.Errorf("population hours: %w", err)
	}
	for i := range hours {
		hours[i] = hours[i].UTC()
	}
	return hours, nil
}

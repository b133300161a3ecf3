package search

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

func isGone(err error) bool { return errors.Is(err, layers.ErrNotFound) }

// Grids returns the codes themselves and those of the unit grids in force that
// are part of them: a feature bears the code of its finest grid, so that a
// responsibility grid's features are found by its unit grids.
func (x *Index) Grids(ctx context.Context, codes []string) ([]string, error) {
	rows, err := x.Layers.DB().Query(ctx, `SELECT unnest(@codes::text[]) UNION
		SELECT grid_code FROM map.grid_unit WHERE valid_to IS NULL AND (duty_code = ANY (@codes) OR community_code = ANY (@codes)) UNION
		SELECT grid_code FROM map.grid_duty WHERE valid_to IS NULL AND community_code = ANY (@codes) ORDER BY 1`,
		pgx.NamedArgs{"codes": codes})
	if err != nil {
		return nil, fmt.Errorf("parts of grids: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("parts of grids: %w", err)
	}
	return all, nil
}

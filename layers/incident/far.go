package incident

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
)

// notFar refuses a place further from every governance grid than the setting
// report.far_km: it is rather a wrong coordinate system, or latitude before
// longitude, than a matter of this city. A place outside of all grids but near
// is taken, with a warning. A city without grids refuses nothing.
//
// The distance is that of boxes in degrees, so it is not exact to a kilometre.
func notFar(ctx context.Context, tx pgx.Tx, field string, at orb.Point) error {
	var km float64
	var near, grids bool
	err := tx.QueryRow(ctx, `WITH far AS (SELECT (value #>> '{}')::float8 AS km FROM onemap.setting WHERE key = 'report.far_km' AND jsonb_typeof(value) = 'number'),
			box AS (SELECT km, ST_Expand(@at::geometry, km / (111.32 * greatest(cos(radians(ST_Y(@at::geometry))), 0.01)), km / 111.32) AS b FROM far WHERE km > 0)
		SELECT km, EXISTS (SELECT FROM map.grid_unit WHERE geom && b) OR EXISTS (SELECT FROM map.grid_duty WHERE geom && b) OR EXISTS (SELECT FROM map.grid_community WHERE geom && b),
			EXISTS (SELECT FROM map.grid_unit) OR EXISTS (SELECT FROM map.grid_duty) OR EXISTS (SELECT FROM map.grid_community)
		FROM box`, pgx.NamedArgs{"at": at}).Scan(&km, &near, &grids)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // the setting is away, or 0: nothing is far
	}
	if err != nil {
		return fmt.Errorf("how far a report is: %w", err)
	}
	if near || !grids {
		return nil
	}
	return &layers.InputError{Field: field + ".coordinates", Value: fmt.Sprintf("%g, %g in WGS 84", math.Round(at[0]*1e5)/1e5, math.Round(at[1]*1e5)/1e5),
		Remedy: fmt.Sprintf("a place within %g km of the city: check the coordinate system, and that longitude comes first", km)}
}

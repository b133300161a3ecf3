package intake

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/layers"
)

// transformBatch is how many points go to PostGIS in one round trip.
const transformBatch = 50_000

// Transform returns points of c as (lon, lat) of WGS 84, by PostGIS and PROJ
// where c needs them. A point that cannot be transformed comes back as not
// ok. It returns a [layers.InputError] if PostGIS does not know c.
func Transform(ctx context.Context, db *pgxpool.Pool, c crs.CRS, points []orb.Point) (out []orb.Point, ok []bool, err error) {
	out, ok = make([]orb.Point, len(points)), make([]bool, len(points))
	if !c.NeedsPROJ() {
		for i, p := range points {
			out[i], err = c.ToWGS84(p)
			ok[i] = err == nil
		}
		return out, ok, nil
	}
	for from := 0; from < len(points); from += transformBatch {
		to := min(from+transformBatch, len(points))
		if err := transform(ctx, db, c, points[from:to], out[from:to], ok[from:to]); err != nil {
			return nil, nil, err
		}
	}
	return out, ok, nil
}

// transform does one batch. PROJ refuses a whole statement for one point out
// of its reach, so a batch that fails is halved until the culprit stands alone.
func transform(ctx context.Context, db *pgxpool.Pool, c crs.CRS, in, out []orb.Point, ok []bool) error {
	xs, ys := make([]float64, len(in)), make([]float64, len(in))
	for i, p := range in {
		xs[i], ys[i] = p[0], p[1]
	}
	rows, err := db.Query(ctx, `
		SELECT ST_X(g), ST_Y(g) FROM unnest(@x::float8[], @y::float8[]) WITH ORDINALITY p(x, y, i),
		       LATERAL (SELECT ST_Transform(ST_SetSRID(ST_MakePoint(x, y), @srid::int), 4326) AS g) t ORDER BY i`,
		pgx.NamedArgs{"x": xs, "y": ys, "srid": c.SRID()})
	if err == nil {
		i := 0
		for rows.Next() {
			var x, y *float64 // infinity comes back as an empty point
			if err = rows.Scan(&x, &y); err != nil {
				rows.Close()
				break
			}
			if x != nil && y != nil {
				out[i], ok[i] = orb.Point{*x, *y}, true
			}
			i++
		}
		if err == nil {
			err = rows.Err()
		}
	}
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return fmt.Errorf("transform %v: %w", c, err)
	}
	if known, e := knows(ctx, db, c); e != nil || !known {
		return errors.Join(e, &layers.InputError{Field: "crs", Value: c.String(), Remedy: "PostGIS has no such coordinate system"})
	}
	if len(in) == 1 {
		return nil // not ok
	}
	mid := len(in) / 2
	clear(ok)
	if err := transform(ctx, db, c, in[:mid], out[:mid], ok[:mid]); err != nil {
		return err
	}
	return transform(ctx, db, c, in[mid:], out[mid:], ok[mid:])
}

// knows says whether PostGIS has a coordinate system.
func knows(ctx context.Context, db *pgxpool.Pool, c crs.CRS) (known bool, err error) {
	err = db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = $1)`, c.SRID()).Scan(&known)
	return known, err
}

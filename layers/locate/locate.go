// Package locate brings a place that a client declares, in one of the
// coordinate systems that onemap knows, to the map.
package locate

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/layers"
)

// A Place is where something is, in the coordinate system that its sender
// declares: WGS84, CGCS2000, GCJ02, BD09 or EPSG:n.
type Place struct {
	CRS  string
	X, Y float64 // longitude and latitude in degrees, or easting and northing in metres
}

// Located is a place on the map, with what came where it came otherwise.
type Located struct {
	At   orb.Point // EPSG:4326
	CRS  crs.CRS
	Orig *orb.Point // nil where it came as longitude and latitude of WGS 84 or CGCS2000
}

// Querier is a pool or a transaction.
type Querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// On brings p to EPSG:4326. It returns a [layers.InputError] naming field for a
// system that it does not know and for a point that is not on Earth in it. Only
// the systems that PROJ must convert ask the database.
func On(ctx context.Context, db Querier, field string, p Place) (Located, error) {
	wrong := func(remedy string) error {
		return &layers.InputError{Field: field + ".coordinates", Value: fmt.Sprintf("%g, %g", p.X, p.Y), Remedy: remedy}
	}
	if math.IsNaN(p.X+p.Y) || math.IsInf(p.X, 0) || math.IsInf(p.Y, 0) {
		return Located{}, wrong("two finite numbers")
	}
	c, err := crs.Parse(p.CRS)
	if err != nil {
		return Located{}, &layers.InputError{Field: field + ".crs", Value: layers.Short(p.CRS), Remedy: err.Error()}
	}
	given := orb.Point{p.X, p.Y}
	if given == (orb.Point{}) {
		return Located{}, wrong("where it is: 0, 0 is what a device without a position sends")
	}
	l := Located{CRS: c}
	if !c.IsLonLat() {
		l.Orig = &given
	}
	if c.NeedsPROJ() {
		if l.At, err = transform(ctx, db, field, given, c); err != nil {
			return Located{}, err
		}
	} else if l.At, err = c.ToWGS84(given); err != nil {
		return Located{}, err
	}
	if !(l.At[0] >= -180 && l.At[0] <= 180 && l.At[1] >= -90 && l.At[1] <= 90) {
		return Located{}, wrong("longitude -180 to 180, then latitude -90 to 90 (or easting, northing) of " + c.String())
	}
	return l, nil
}

// transform asks PostGIS. Axis order is (x, y) whatever the registry says.
func transform(ctx context.Context, db Querier, field string, p orb.Point, c crs.CRS) (orb.Point, error) {
	var known bool
	err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = @srid)`, pgx.NamedArgs{"srid": c.SRID()}).Scan(&known)
	if err != nil {
		return orb.Point{}, fmt.Errorf("look up %v: %w", c, err)
	}
	if !known {
		return orb.Point{}, &layers.InputError{Field: field + ".crs", Value: c.String(), Remedy: crs.Names}
	}
	var out orb.Point
	err = db.QueryRow(ctx, `SELECT ST_Transform(ST_SetSRID(ST_MakePoint(@x, @y), @srid::int), 4326)`,
		pgx.NamedArgs{"x": p[0], "y": p[1], "srid": c.SRID()}).Scan(&out)
	var refused *pgconn.PgError
	if errors.As(err, &refused) { // PROJ refuses what lies outside the system's domain
		return orb.Point{}, &layers.InputError{Field: field + ".coordinates", Value: fmt.Sprintf("%g, %g", p[0], p[1]),
			Remedy: "a point inside the domain of " + c.String()}
	}
	if err != nil {
		return orb.Point{}, fmt.Errorf("transform from %v: %w", c, err)
	}
	return out, nil
}

package incident

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
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

// located is a place on the map, with what came where it came otherwise.
type located struct {
	at   orb.Point // EPSG:4326
	crs  crs.CRS
	orig *orb.Point // nil where it came as longitude and latitude of WGS 84 or CGCS2000
}

// locate brings p to EPSG:4326. It returns an [layers.InputError] naming field
// for a system it does not know and for a point that is not on Earth in it.
func (s *Store) locate(ctx context.Context, field string, p Place) (located, error) {
	wrong := func(remedy string) error {
		return &layers.InputError{Field: field + ".coordinates", Value: fmt.Sprintf("%g, %g", p.X, p.Y), Remedy: remedy}
	}
	if math.IsNaN(p.X+p.Y) || math.IsInf(p.X, 0) || math.IsInf(p.Y, 0) {
		return located{}, wrong("two finite numbers")
	}
	c, err := crs.Parse(p.CRS)
	if err != nil {
		return located{}, &layers.InputError{Field: field + ".crs", Value: short(p.CRS), Remedy: err.Error()}
	}
	given := orb.Point{p.X, p.Y}
	if given == (orb.Point{}) {
		return located{}, wrong("where it is: 0, 0 is what a device without a position sends")
	}
	l := located{crs: c}
	if !c.IsLonLat() {
		l.orig = &given
	}
	if c.NeedsPROJ() {
		if l.at, err = s.transform(ctx, field, given, c); err != nil {
			return located{}, err
		}
	} else if l.at, err = c.ToWGS84(given); err != nil {
		return located{}, err
	}
	if !(l.at[0] >= -180 && l.at[0] <= 180 && l.at[1] >= -90 && l.at[1] <= 90) {
		return located{}, wrong("longitude -180 to 180, then latitude -90 to 90 (or easting, northing) of " + c.String())
	}
	return l, nil
}

// transform asks PostGIS. Axis order is (x, y) whatever the registry says.
func (s *Store) transform(ctx context.Context, field string, p orb.Point, c crs.CRS) (orb.Point, error) {
	var known bool
	err := s.Layers.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = @srid)`,
		pgx.NamedArgs{"srid": c.SRID()}).Scan(&known)
	if err != nil {
		return orb.Point{}, fmt.Errorf("look up %v: %w", c, err)
	}
	if !known {
		return orb.Point{}, &layers.InputError{Field: field + ".crs", Value: c.String(), Remedy: crs.Names}
	}
	var out orb.Point
	err = s.Layers.DB().QueryRow(ctx, `SELECT ST_Transform(ST_SetSRID(ST_MakePoint(@x, @y), @srid::int), 4326)`,
		pgx.NamedArgs{"x": p[0], "y": p[1], "srid": c.SRID()}).Scan(&out)
	if pgCode(err) != "" { // PROJ refuses what lies outside the system's domain
		return orb.Point{}, &layers.InputError{Field: field + ".coordinates", Value: fmt.Sprintf("%g, %g", p[0], p[1]),
			Remedy: "a point inside the domain of " + c.String()}
	}
	if err != nil {
		return orb.Point{}, fmt.Errorf("transform from %v: %w", c, err)
	}
	return out, nil
}

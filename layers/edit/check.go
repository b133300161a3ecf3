package edit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"

	"onemap/layers"
	"onemap/layers/access"
)

// check refuses what needs no database to be seen wrong.
func check(l layers.Layer, e access.Edit, d Draft) error {
	for _, name := range sorted(d.Values) {
		path := "properties." + name
		if !slices.Contains(e.Fields, name) {
			return &layers.InputError{Field: path, Remedy: "leave it out: layer " + l.Name + " has no such field for you to write"}
		}
		v := d.Values[name]
		if v == nil {
			continue
		}
		f, _ := l.Field(name) // Edit names fields of the layer only
		ok := false
		switch v := v.(type) {
		case string:
			ok = f.Type == "text"
			if err := l.CheckValues(path, name, []string{v}); ok && v != "" && err != nil {
				return err
			}
		case int64:
			ok = f.Type == "integer"
		case float64:
			ok = f.Type == "number"
		case bool:
			ok = f.Type == "boolean"
		case time.Time:
			ok = f.Type == "date" || f.Type == "time"
		}
		if !ok {
			return &layers.InputError{Field: path, Remedy: "a value of type " + f.Type}
		}
	}
	if d.Geometry != nil && d.Geometry.GeoJSONType() != l.Geometry {
		return &layers.InputError{Field: "geometry", Value: d.Geometry.GeoJSONType(), Remedy: "a " + l.Geometry}
	}
	return nil
}

func sorted(values map[string]any) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// valid refuses a geometry that crosses itself, with PostGIS's own words on where.
func valid(ctx context.Context, tx pgx.Tx, g orb.Geometry) error {
	switch g := g.(type) {
	case nil:
		return nil
	case orb.Point:
		if !(g[0] >= -180 && g[0] <= 180 && g[1] >= -90 && g[1] <= 90) {
			return &layers.InputError{Field: "geometry", Value: fmt.Sprintf("%g %g", g[0], g[1]),
				Remedy: "a place on Earth: are the axes swapped, or is the coordinate system another?"}
		}
		return nil
	}
	b := g.Bound()
	if !(b.Min[0] >= -180 && b.Max[0] <= 180 && b.Min[1] >= -90 && b.Max[1] <= 90) {
		return &layers.InputError{Field: "geometry", Remedy: "a place on Earth: are the axes swapped, or is the coordinate system another?"}
	}
	var reason *string
	err := tx.QueryRow(ctx, `SELECT CASE WHEN NOT ST_IsValid(g) THEN ST_IsValidReason(g) WHEN ST_IsEmpty(g) THEN 'Empty' END FROM (SELECT $1::geometry AS g) t`, g).Scan(&reason)
	if err == nil && reason != nil {
		err = &layers.InputError{Field: "geometry", Value: *reason, Remedy: "a valid " + g.GeoJSONType()}
	}
	return err
}

// geometrySQL returns the values of the columns geom, crs and orig.
func geometrySQL(d Draft, a *layers.Args) []string {
	out := []string{a.Add(d.Geometry) + "::geometry", a.Add(d.Declared.String()) + "::text", "NULL"}
	if d.Orig != nil {
		// orig has the writer's SRID, and every codec of ours says 4326.
		if b, err := ewkb.Marshal(d.Orig, d.Declared.SRID()); err == nil {
			out[2] = a.Add(layers.RawEWKB(b)) + "::geometry"
		}
	}
	return out
}

// sqlType is what a field's value is sent as; the column may be narrower.
func sqlType(l layers.Layer, name string) string {
	f, _ := l.Field(name)
	return map[string]string{"text": "text", "integer": "bigint", "number": "double precision", "boolean": "boolean",
		"date": "date", "time": "timestamptz"}[f.Type]
}

// fieldOf finds the field that a constraint of PostgreSQL's naming is on:
// "asset_state_check" is on state.
func fieldOf(l layers.Layer, constraint string) string {
	rest, ok := strings.CutPrefix(constraint, l.Name+"_")
	if !ok {
		return ""
	}
	best := ""
	for _, f := range l.Fields {
		if strings.HasPrefix(rest, f.Name+"_") && len(f.Name) > len(best) {
			best = f.Name
		}
	}
	return best
}

// Package search finds things on the map by name, by code and by place: what
// the search box shows, what is at a point, the list of classes, where a
// layer's data is.
//
// Coordinates are longitude and latitude in degrees (EPSG:4326). What a caller
// finds is bound by their [access.Scope].
package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
)

// Index searches a store. Its methods are safe for concurrent use.
type Index struct{ Layers *layers.Store }

// A City is what the deployment says of itself.
type City struct {
	NameZH string `json:"zh"`
	NameEN string `json:"en"`
}

// City returns the city's name.
func (x *Index) City(ctx context.Context) (City, error) {
	var raw []byte
	err := x.Layers.DB().QueryRow(ctx, `SELECT value FROM onemap.setting WHERE key = 'city.name'`).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return City{}, nil
	}
	if err != nil {
		return City{}, fmt.Errorf("read the city's name: %w", err)
	}
	var c City
	if err := json.Unmarshal(raw, &c); err != nil {
		return City{}, fmt.Errorf("read the city's name: %w", err)
	}
	return c, nil
}

// Empty is the bound of nothing.
var Empty = orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}

// Extent returns about where a layer's data is: from the planner's statistics
// where there are any, else from the rows. It is [Empty] for an empty layer.
func (x *Index) Extent(ctx context.Context, layer string) (orb.Bound, error) {
	l, err := x.Layers.Layer(ctx, layer)
	if err != nil {
		return Empty, err
	}
	var v [4]*float64
	err = x.Layers.DB().QueryRow(ctx, `SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
		FROM ST_EstimatedExtent('map', @table, 'geom') e`, pgx.NamedArgs{"table": l.Name}).Scan(&v[0], &v[1], &v[2], &v[3])
	if err != nil || v[0] == nil { // it fails, rather than answers NULL, for a table never analysed
		err = x.Layers.DB().QueryRow(ctx, fmt.Sprintf(`SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
			FROM (SELECT ST_Extent(geom) AS e FROM (SELECT geom FROM %s LIMIT 100000) t) u`,
			pgx.Identifier{"map", l.Name}.Sanitize())).Scan(&v[0], &v[1], &v[2], &v[3])
	}
	if err != nil {
		return Empty, fmt.Errorf("extent of %s: %w", layer, err)
	}
	if v[0] == nil || v[1] == nil || v[2] == nil || v[3] == nil {
		return Empty, nil
	}
	return orb.Bound{Min: orb.Point{*v[0], *v[1]}, Max: orb.Point{*v[2], *v[3]}}, nil
}

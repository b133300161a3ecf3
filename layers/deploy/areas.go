package deploy

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// areaSQL finds the area of each point: the grid in force that holds it, or the
// town that the finest grid lies in.
var areaSQL = map[string]string{
	"town": `WITH RECURSIVE t AS (
			SELECT code, code AS town FROM onemap.area WHERE level = 'town'
			UNION ALL SELECT a.code, t.town FROM onemap.area a JOIN t ON a.parent = t.code)
		SELECT p.n, a.code, a.name_zh, a.name_en FROM unnest(@x::float8[], @y::float8[]) WITH ORDINALITY p (x, y, n),
			LATERAL map.grid_at(ST_SetSRID(ST_MakePoint(p.x, p.y), 4326)) g JOIN t ON t.code = g.area_code JOIN onemap.area a ON a.code = t.town`,
	"grid_community": gridAreaSQL("grid_community"),
	"grid_duty":      gridAreaSQL("grid_duty"),
}

func gridAreaSQL(layer string) string {
	return `SELECT p.n, g.grid_code, coalesce(nullif(g.name, ''), g.grid_code), coalesce(nullif(g.name, ''), g.grid_code)
		FROM unnest(@x::float8[], @y::float8[]) WITH ORDINALITY p (x, y, n), LATERAL (
			SELECT grid_code, name FROM map.` + layer + ` WHERE valid_to IS NULL AND ST_Intersects(geom, ST_SetSRID(ST_MakePoint(p.x, p.y), 4326)) ORDER BY grid_code LIMIT 1) g`
}

// areas gives points their area and returns the areas that have any, by code.
func areas(ctx context.Context, tx pgx.Tx, kind string, points []Point) ([]Area, error) {
	x, y := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		x[i], y[i] = p.Lon, p.Lat
	}
	rows, err := tx.Query(ctx, `SELECT n, code, zh, en FROM (`+areaSQL[kind]+`) t (n, code, zh, en) ORDER BY code, n`, pgx.NamedArgs{"x": x, "y": y})
	if err != nil {
		return nil, fmt.Errorf("areas of demand: %w", err)
	}
	out := []Area{}
	var n int64
	var a Area
	_, err = pgx.ForEachRow(rows, []any{&n, &a.Code, &a.NameZH, &a.NameEN}, func() error {
		if len(out) == 0 || out[len(out)-1].Code != a.Code {
			out = append(out, a)
		}
		points[n-1].Area = len(out) - 1
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("areas of demand: %w", err)
	}
	return out, nil
}

package deploy

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
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

// areas gives points their area and returns the areas that have any, by code. A
// square at the edge may have its middle outside of all areas: then it counts
// where the mean of its cases lies.
func areas(ctx context.Context, tx pgx.Tx, kind string, points []Point) ([]Area, error) {
	var x, y []float64
	var of []int // of points; the first that is in an area counts
	for i, p := range points {
		x, y, of = append(x, p.Lon), append(y, p.Lat), append(of, i)
	}
	for i, p := range points {
		if p.mean != (orb.Point{}) {
			x, y, of = append(x, p.mean[0]), append(y, p.mean[1]), append(of, i)
		}
	}
	rows, err := tx.Query(ctx, `SELECT n, code, zh, en FROM (`+areaSQL[kind]+`) t (n, code, zh, en) ORDER BY n`, pgx.NamedArgs{"x": x, "y": y})
	if err != nil {
		return nil, fmt.Errorf("areas of demand: %w", err)
	}
	in := make([]Area, len(points))
	var n int64
	var a Area
	_, err = pgx.ForEachRow(rows, []any{&n, &a.Code, &a.NameZH, &a.NameEN}, func() error {
		if i := of[n-1]; in[i].Code == "" {
			in[i] = a
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("areas of demand: %w", err)
	}
	byCode := func(a, b Area) int { return cmp.Compare(a.Code, b.Code) }
	out := slices.DeleteFunc(slices.Clone(in), func(a Area) bool { return a.Code == "" })
	slices.SortFunc(out, byCode)
	out = append([]Area{}, slices.Compact(out)...)
	for i := range points {
		if k, ok := slices.BinarySearchFunc(out, in[i], byCode); ok {
			points[i].Area = k
		}
	}
	return out, nil
}

package grid

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/geo/griddraw"
)

//go:embed sql/keepcodes.sql
var keepCodesSQL string

// slackM2 is how large a gap or overlap of grids may be to be a slip of drawing.
const slackM2 = 5

// fit writes a statement for the table of a layer, which is of this package only.
func fit(sql, layer string) string {
	return strings.ReplaceAll(sql, "map.grid ", "map."+layer+" ")
}

// own are the columns that the kinds have for themselves.
func own(layer, column string) string {
	if layer == "grid_community" {
		return column
	}
	return map[string]string{"kind": "'general'", "parent": "''"}[column]
}

// inForce takes over the grids in force of communities, so that they fit
// together. Grids whose division lies outside of all the communities are left
// alone; which community one belongs to its area_code says.
func inForce(ctx context.Context, db *pgxpool.Pool, layer string, communities []griddraw.Community) ([]row, []griddraw.Remark, error) {
	codes := make([]string, len(communities))
	for i, c := range communities {
		codes[i] = c.Code
	}
	rows, err := db.Query(ctx, fmt.Sprintf(fit(`SELECT grid_code, area_code, name, area_class, %s, %s, geom FROM map.grid t
		WHERE valid_to IS NULL AND area_code = ANY($1) ORDER BY grid_code`, layer), own(layer, "kind"), own(layer, "parent")), codes)
	if err != nil {
		return nil, nil, fmt.Errorf("grids in force: %w", err)
	}
	var all []row
	var pieces []griddraw.Piece
	var r row
	if _, err := pgx.ForEachRow(rows, []any{&r.code, &r.community, &r.name, &r.class, &r.kind, &r.parent, &r.geom}, func() error {
		r.was, r.flags = r.code, []string{}
		pieces = append(pieces, griddraw.Piece{ID: int64(len(all)), Community: r.community, Shape: r.geom})
		all = append(all, r)
		r = row{}
		return nil
	}); err != nil {
		return nil, nil, fmt.Errorf("grids in force: %w", err)
	}
	// Micro grids lie inside of others: they are not part of the mesh.
	var meshed, apart []griddraw.Piece
	for _, p := range pieces {
		if all[p.ID].kind == "micro" {
			apart = append(apart, p)
		} else {
			meshed = append(meshed, p)
		}
	}
	fitted, findings := griddraw.Mesh(meshed, slackM2)
	var out []row
	for _, p := range append(fitted, apart...) {
		r := all[p.ID]
		r.geom, r.m2 = p.Shape, griddraw.AreaM2(p.Shape)
		out = append(out, r)
	}
	return out, findings, nil
}

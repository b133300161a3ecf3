package grid

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
)

// A DraftCell is one cell of a draft.
type DraftCell struct {
	Cell      int64
	Code      string
	Fresh     bool // the code is new; until it is published it may become another
	Was       string
	Community string
	Name      string
	Class     string
	Kind      string
	Parent    string
	Flags     []string
	AreaM2    float64
	Corners   int
	Geometry  orb.MultiPolygon
}

// Cells returns the cells of a draft whose box meets box, by number; no more
// than limit and one, which says that there are more.
func (d *Drafts) Cells(ctx context.Context, by access.Scope, id int64, box *orb.Bound, limit int) ([]DraftCell, error) {
	if _, err := d.Get(ctx, by, id); err != nil {
		return nil, err
	}
	args := pgx.NamedArgs{"draft": id, "limit": limit + 1, "box": nil}
	if box != nil {
		args["box"] = box.ToPolygon()
	}
	rows, err := d.Store.DB().Query(ctx, `SELECT cell, code, fresh, was, community, name, area_class, kind, parent, flags, area_m2, ST_NPoints(geom), geom
		FROM onemap.grid_draft_cell WHERE draft = @draft AND (@box::geometry IS NULL OR geom && @box::geometry) ORDER BY cell LIMIT @limit`, args)
	if err != nil {
		return nil, fmt.Errorf("cells of draft %d: %w", id, err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[DraftCell])
}

// A SnapLine is a line that an editor may snap to.
type SnapLine struct {
	Kind     string // road, water, border
	Class    string
	Geometry orb.Geometry
}

// maxSnapDegrees2 is how large the box of snapping lines may be.
const maxSnapDegrees2 = 0.0025

// SnapLines returns roads, water and the borders of a draft's communities within a box.
func (d *Drafts) SnapLines(ctx context.Context, by access.Scope, id int64, box orb.Bound) ([]SnapLine, error) {
	if _, err := d.Get(ctx, by, id); err != nil {
		return nil, err
	}
	if w, h := box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]; w < 0 || h < 0 || w*h > maxSnapDegrees2 {
		return nil, &layers.InputError{Field: "query.bbox", Remedy: "a box of at most 0.0025 square degrees: come nearer"}
	}
	rows, err := d.Store.DB().Query(ctx, `
		SELECT 'road', class, geom FROM map.base_road WHERE geom && @box::geometry AND NOT tunnel
		UNION ALL SELECT 'water', class, geom FROM map.base_waterway WHERE geom && @box::geometry
		UNION ALL SELECT 'water', class, l.geom FROM map.base_water w, LATERAL ST_Dump(ST_ClipByBox2D(ST_Boundary(w.geom), @box::geometry)) l WHERE w.geom && @box::geometry AND GeometryType(l.geom) = 'LINESTRING'
		UNION ALL SELECT 'border', community, l.geom FROM onemap.grid_draft_ground g, LATERAL ST_Dump(ST_ClipByBox2D(ST_Boundary(g.geom), @box::geometry)) l
			WHERE g.draft = @draft AND g.geom && @box::geometry AND GeometryType(l.geom) = 'LINESTRING'
		LIMIT 20000`, pgx.NamedArgs{"box": box.ToPolygon(), "draft": id})
	if err != nil {
		return nil, fmt.Errorf("lines to snap to: %w", err)
	}
	var out []SnapLine
	var l SnapLine
	var line orb.LineString
	if _, err := pgx.ForEachRow(rows, []any{&l.Kind, &l.Class, &line}, func() error {
		l.Geometry = line
		out = append(out, l)
		line = nil
		return nil
	}); err != nil {
		return nil, fmt.Errorf("lines to snap to: %w", err)
	}
	return out, nil
}

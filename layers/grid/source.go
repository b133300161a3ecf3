package grid

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/geo/griddraw"
	"onemap/layers"
)

// Ground says which communities to draw: those of the administrative division
// Area (itself where it is one), or those named. Where a deployment has no
// divisions, the outlines of base_boundary of a level are taken by their code,
// or the grids in force of a coarser layer.
type Ground struct {
	Area        string   `json:"area_code,omitempty"`
	Communities []string `json:"communities,omitempty"`
	Boundary    int      `json:"boundary_level,omitempty"` // of base_boundary; 0: divisions
	Grids       string   `json:"grids,omitempty"`          // grid_duty or grid_community: its grids in force are the communities
}

// communities reads the ground to be drawn, in the order of the codes.
func (g Ground) communities(ctx context.Context, db *pgxpool.Pool) ([]griddraw.Community, error) {
	sql := `WITH RECURSIVE below AS (
			SELECT code, level, geom FROM onemap.area WHERE code = @area OR code = ANY(@codes)
			UNION SELECT a.code, a.level, a.geom FROM onemap.area a JOIN below b ON a.parent = b.code)
		SELECT code, geom FROM below WHERE geom IS NOT NULL AND level = 'community' ORDER BY code`
	switch {
	case g.Boundary > 0:
		sql = `SELECT coalesce(nullif(code, ''), 'B' || min(id)), ST_Multi(ST_Union(geom)) FROM map.base_boundary
			WHERE level = @level AND (@codes::text[] IS NULL OR code = ANY(@codes)) GROUP BY code, CASE WHEN code = '' THEN id END ORDER BY 1`
	case g.Grids == "grid_duty" || g.Grids == "grid_community":
		sql = `SELECT grid_code, geom FROM map.` + g.Grids + ` WHERE valid_to IS NULL AND (@codes::text[] IS NULL OR grid_code = ANY(@codes)) ORDER BY 1`
	case g.Grids != "":
		return nil, &layers.InputError{Field: "grids", Value: g.Grids, Remedy: "grid_duty or grid_community"}
	case g.Area == "" && len(g.Communities) == 0:
		return nil, &layers.InputError{Field: "area_code", Remedy: "the code of a division, or communities"}
	}
	codes := g.Communities
	if len(codes) == 0 {
		codes = nil
	}
	rows, err := db.Query(ctx, sql, pgx.NamedArgs{"area": g.Area, "codes": codes, "level": g.Boundary})
	if err != nil {
		return nil, fmt.Errorf("communities to draw: %w", err)
	}
	var out []griddraw.Community
	var c griddraw.Community
	if _, err := pgx.ForEachRow(rows, []any{&c.Code, &c.Shape}, func() error {
		out = append(out, c)
		c.Shape = nil
		return nil
	}); err != nil {
		return nil, fmt.Errorf("communities to draw: %w", err)
	}
	if len(out) == 0 {
		return nil, &layers.InputError{Field: "area_code", Value: g.Area, Remedy: "a division that is or has communities with an outline"}
	}
	return out, nil
}

// roadRanks are the classes of base_road that make edges. What runs in the air
// or below the ground is no edge: see readLines.
var roadRanks = map[string]griddraw.Rank{
	"motorway": griddraw.Main, "trunk": griddraw.Main, "primary": griddraw.Main,
	"motorway_link": griddraw.Secondary, "trunk_link": griddraw.Secondary, "primary_link": griddraw.Secondary,
	"secondary": griddraw.Secondary, "secondary_link": griddraw.Secondary, "tertiary": griddraw.Collector, "tertiary_link": griddraw.Collector,
	"residential": griddraw.Lane, "unclassified": griddraw.Lane, "living_street": griddraw.Lane, "road": griddraw.Lane, "pedestrian": griddraw.Lane, "busway": griddraw.Lane,
	"service": griddraw.Service, "track": griddraw.Track, "cycleway": griddraw.Path, "footway": griddraw.Path, "path": griddraw.Path,
	"bridleway": griddraw.Path, "steps": griddraw.Path,
}

var waterwayRanks = map[string]griddraw.Rank{"river": griddraw.Collector, "canal": griddraw.Stream, "stream": griddraw.Stream, "drain": griddraw.Track, "ditch": griddraw.Path}

// reads is one layer that lines come from.
const (
	roadsSQL     = `SELECT class, geom FROM map.base_road WHERE NOT tunnel AND geom && @box ORDER BY id`
	waterwaysSQL = `SELECT class, geom FROM map.base_waterway WHERE geom && @box AND coalesce(tags ->> 'tunnel', 'no') = 'no' ORDER BY id`
	waterSQL     = `SELECT geom FROM map.base_water WHERE geom && @box AND class <> 'pool' AND ST_Area(geom::geography) > 2000 ORDER BY id`
	landuseSQL   = `SELECT geom FROM map.base_landuse WHERE geom && @box AND class NOT IN ('reserve', 'other') AND ST_Area(geom::geography) > 1500 ORDER BY id`
	buildingsSQL = `SELECT id, geom FROM map.base_building WHERE geom && @box ORDER BY id`
)

// base reads what the base library has to draw from within the communities'
// extent.
func base(ctx context.Context, db *pgxpool.Pool, communities []griddraw.Community) (griddraw.Input, error) {
	in := griddraw.Input{Communities: communities}
	bound := communities[0].Shape.Bound()
	for _, c := range communities[1:] {
		bound = bound.Union(c.Shape.Bound())
	}
	args := pgx.NamedArgs{"box": bound.Pad(0.001).ToPolygon()}
	fail := func(err error) (griddraw.Input, error) {
		return griddraw.Input{}, fmt.Errorf("read the base library: %w", err)
	}
	lines := func(sql string, ranks map[string]griddraw.Rank, road bool) error {
		rows, err := db.Query(ctx, sql, args)
		if err != nil {
			return err
		}
		var class string
		var line orb.LineString
		_, err = pgx.ForEachRow(rows, []any{&class, &line}, func() error {
			if rank, ok := ranks[class]; ok {
				in.Lines = append(in.Lines, griddraw.Line{Points: line, Rank: rank, Road: road})
			}
			line = nil
			return nil
		})
		return err
	}
	rings := func(sql string, rank griddraw.Rank) error {
		rows, err := db.Query(ctx, sql, args)
		if err != nil {
			return err
		}
		var shape orb.MultiPolygon
		_, err = pgx.ForEachRow(rows, []any{&shape}, func() error {
			for _, poly := range shape {
				for _, r := range poly {
					in.Lines = append(in.Lines, griddraw.Line{Points: orb.LineString(r), Rank: rank})
				}
			}
			shape = nil
			return nil
		})
		return err
	}
	if err := lines(roadsSQL, roadRanks, true); err != nil {
		return fail(err)
	}
	if err := lines(waterwaysSQL, waterwayRanks, false); err != nil {
		return fail(err)
	}
	if err := rings(waterSQL, griddraw.Water); err != nil {
		return fail(err)
	}
	if err := rings(landuseSQL, griddraw.Wall); err != nil {
		return fail(err)
	}
	rows, err := db.Query(ctx, buildingsSQL, args)
	if err != nil {
		return fail(err)
	}
	var id int64
	var shape orb.MultiPolygon
	if _, err := pgx.ForEachRow(rows, []any{&id, &shape}, func() error {
		for _, poly := range shape {
			in.Buildings = append(in.Buildings, griddraw.Building{ID: id, Shape: poly})
		}
		shape = nil
		return nil
	}); err != nil {
		return fail(err)
	}
	return in, nil
}

// Draw draws the unit grids of a ground from the base library. It writes nothing.
func Draw(ctx context.Context, db *pgxpool.Pool, g Ground, o griddraw.Options) ([]griddraw.Cell, griddraw.Report, error) {
	communities, err := g.communities(ctx, db)
	if err != nil {
		return nil, griddraw.Report{}, err
	}
	in, err := base(ctx, db, communities)
	if err != nil {
		return nil, griddraw.Report{}, err
	}
	cells, report := griddraw.Draw(in, o)
	return cells, report, nil
}

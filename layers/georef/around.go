package georef

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"onemap/geo/crsfit"
)

var (
	//go:embed sql/around.sql
	aroundSQL string
	//go:embed sql/roads.sql
	roadsSQL string
	//go:embed sql/areas.sql
	areasSQL string
)

const (
	// roadReachM and buildingReachM are how far around a place it is looked: as
	// far as crsfit tells distances apart.
	roadReachM     = 40
	buildingReachM = 14.5
	// chunk is how many places one query looks around.
	chunk = 4000
	// mostText of a row's name is looked at, in characters.
	mostText = 120
	// margin around the base library, in degrees: a file may reach beyond it.
	margin = 0.02
)

// cover returns the boxes in which the base library's roads and buildings are;
// none where it has neither.
func (s *Store) cover(ctx context.Context) ([]orb.Bound, error) {
	var out []orb.Bound
	for _, name := range []string{"base_road", "base_building"} {
		l, err := s.Layers.Layer(ctx, name)
		if err != nil {
			return nil, err
		}
		b, ok, err := s.Layers.Extent(ctx, l)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, b.Pad(margin))
		}
	}
	return out, nil
}

// byPROJ reads the rows in a declared system that only PROJ knows; nothing
// where crsfit reads it itself or PROJ does not take it.
func (s *Store) byPROJ(ctx context.Context, m crsfit.Method, pairs [][2]float64, cover []orb.Bound) ([]crsfit.Reading, error) {
	if _, err := m.Read([2]float64{1, 1}); err == nil || !m.CRS.NeedsPROJ() {
		return nil, nil
	}
	var xs, ys []float64
	for _, pair := range pairs {
		p, err := m.Coordinates(pair)
		if err != nil {
			return nil, nil
		}
		xs, ys = append(xs, p[0]), append(ys, p[1])
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT ST_X(g), ST_Y(g) FROM (
		SELECT ST_Transform(ST_SetSRID(ST_MakePoint(x, y), @srid::int), 4326) AS g, n FROM unnest(@x::float8[], @y::float8[]) WITH ORDINALITY q(x, y, n)
		WHERE EXISTS (SELECT FROM spatial_ref_sys WHERE srid = @srid)) t ORDER BY n`,
		pgx.NamedArgs{"srid": m.CRS.SRID(), "x": xs, "y": ys})
	if err != nil {
		return nil, fmt.Errorf("read the sample: %w", err)
	}
	at, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p orb.Point, err error) {
		err = row.Scan(&p[0], &p[1])
		return p, err
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil || len(at) != len(pairs) { // outside the system's domain, or no such system: not a candidate
		return nil, nil
	}
	return []crsfit.Reading{crsfit.NewReading(m, at, cover)}, nil
}

// named is what a row says of where it is, as far as the base library knows it.
type named struct {
	road  string             // the name of a road
	areas []orb.MultiPolygon // the smallest division, each part of its name that is one
}

// names finds what the rows' texts name.
func (s *Store) names(ctx context.Context, texts []string) ([]named, error) {
	out := make([]named, len(texts))
	if !slices.ContainsFunc(texts, func(t string) bool { return t != "" }) {
		return out, nil
	}
	short := make([]string, len(texts))
	for i, t := range texts {
		short[i] = t
		if r := []rune(t); len(r) > mostText {
			short[i] = string(r[:mostText])
		}
	}
	args := pgx.NamedArgs{"texts": short}
	rows, err := s.Layers.DB().Query(ctx, roadsSQL, args)
	if err != nil {
		return nil, fmt.Errorf("roads that rows name: %w", err)
	}
	roads, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("roads that rows name: %w", err)
	}
	rows, err = s.Layers.DB().Query(ctx, areasSQL, args)
	if err != nil {
		return nil, fmt.Errorf("divisions that rows name: %w", err)
	}
	type division struct {
		name string
		geom orb.Geometry
	}
	divisions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d division, err error) {
		err = row.Scan(&d.name, &d.geom)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("divisions that rows name: %w", err)
	}
	for i, text := range short {
		out[i].road = roads[i]
		// The one that is named last is the smallest: 浙江省义乌市稠城街道.
		last := -1
		for _, d := range divisions {
			at := strings.LastIndex(text, d.name)
			if at < 0 || at < last {
				continue
			}
			if at > last {
				out[i].areas, last = nil, at
			}
			switch g := d.geom.(type) {
			case orb.MultiPolygon:
				out[i].areas = append(out[i].areas, g)
			case orb.Polygon:
				out[i].areas = append(out[i].areas, orb.MultiPolygon{g})
			}
		}
	}
	return out, nil
}

// around asks the database what is around the places.
func (s *Store) around(ctx context.Context, places []crsfit.Place, names []named) ([]crsfit.Around, error) {
	out := make([]crsfit.Around, 0, len(places))
	for part := range slices.Chunk(places, chunk) {
		lon, lat, road := make([]float64, len(part)), make([]float64, len(part)), make([]string, len(part))
		for i, p := range part {
			lon[i], lat[i] = p.At[0], p.At[1]
			if p.Row < len(names) {
				road[i] = names[p.Row].road
			}
		}
		rows, err := s.Layers.DB().Query(ctx, aroundSQL, pgx.NamedArgs{"lon": lon, "lat": lat, "road": road, "far": float64(roadReachM), "near": buildingReachM})
		if err != nil {
			return nil, fmt.Errorf("look around: %w", err)
		}
		i := 0
		found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a crsfit.Around, err error) {
			var roadM, buildingM *float64
			var beside *bool
			if err := row.Scan(&roadM, &buildingM, &beside); err != nil {
				return a, err
			}
			a = crsfit.Around{RoadM: crsfit.ReachM, BuildingM: crsfit.ReachM}
			if roadM != nil {
				a.RoadM = *roadM
			}
			if buildingM != nil {
				a.BuildingM = *buildingM
			}
			switch p := part[i]; {
			case beside != nil:
				a.Named = inOrOut(*beside)
			case p.Row < len(names) && len(names[p.Row].areas) > 0:
				a.Named = inOrOut(slices.ContainsFunc(names[p.Row].areas, func(g orb.MultiPolygon) bool {
					return g.Bound().Contains(p.At) && planar.MultiPolygonContains(g, p.At)
				}))
			}
			i++
			return a, nil
		})
		if err != nil {
			return nil, fmt.Errorf("look around: %w", err)
		}
		out = append(out, found...)
	}
	return out, nil
}

func inOrOut(in bool) crsfit.Named {
	if in {
		return crsfit.Here
	}
	return crsfit.Elsewhere
}

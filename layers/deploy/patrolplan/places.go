package patrolplan

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/locate"
)

// hotspots are the densest cells of the order's forecast, as places.
func (s *Store) hotspots(ctx context.Context, scope access.Scope, o *Order) ([]Place, source, error) {
	if o.Run == 0 {
		return nil, source{}, nil
	}
	if s.Forecasts == nil {
		return nil, source{}, &layers.InputError{Field: "run", Remedy: "left out: this server makes no forecasts"}
	}
	src, err := s.source(ctx, scope, o)
	if err != nil {
		return nil, source{}, err
	}
	top := o.Top
	if top == 0 {
		top = defaultTop
	}
	cells, err := s.Forecasts.Top(ctx, scope, o.Run, top)
	if err != nil {
		return nil, source{}, err
	}
	if len(cells) == 0 {
		return nil, source{}, &layers.InputError{Field: "run", Value: fmt.Sprint(o.Run), Remedy: "a forecast with cells in your area"}
	}
	out := make([]Place, 0, len(cells))
	for _, c := range cells {
		out = append(out, Place{Title: fmt.Sprintf("#%d", c.Rank), Lon: c.Centre[0], Lat: c.Centre[1], Grid: c.GridCode, Cell: c.Cell, Rank: c.Rank,
			Score: c.Expected * src.share(c.Zone), WhyZH: c.Why.ZH, WhyEN: c.Why.EN})
	}
	return out, src, nil
}

// picked are the places that a person named.
func (s *Store) picked(ctx context.Context, drafts []PlaceDraft, among []Place) ([]Place, error) {
	mean := 1.0
	if len(among) > 0 {
		mean = 0
		for _, p := range among {
			mean += p.Score / float64(len(among))
		}
	}
	out := make([]Place, 0, len(drafts))
	for i, d := range drafts {
		l, err := locate.On(ctx, s.Layers.DB(), fmt.Sprintf("places[%d].place", i), d.At)
		if err != nil {
			return nil, err
		}
		p := Place{Title: strings.TrimSpace(d.Title), Lon: round7(l.At[0]), Lat: round7(l.At[1]), Score: d.Score, StayMin: d.StayMin, ByHand: true}
		if p.Title == "" {
			p.Title = fmt.Sprintf("P%d", i+1)
		}
		if p.Score == 0 {
			p.Score = mean
		}
		out = append(out, p)
	}
	return out, nil
}

// explored offers places for exploration, drawn by the seed: cells of the
// forecast that are not among the hot spots, or roads about them, none nearer
// than a cell to any of them.
func (s *Store) explored(ctx context.Context, o *Order, hot []Place, seed int64, cellM float64) ([]Place, error) {
	sql := `SELECT cell, rank, grid_code, ST_PointOnSurface(geom) FROM map.forecast WHERE run = @run AND NOT cell = ANY (@cells) ORDER BY md5(@seed::text || ' ' || cell::text) LIMIT @n`
	args := pgx.NamedArgs{"run": o.Run, "seed": strconv.FormatInt(seed, 10), "n": 3 * candidates}
	if o.Run != 0 {
		cells := make([]int, len(hot))
		for i, p := range hot {
			cells[i] = p.Cell
		}
		args["cells"] = cells
	} else {
		box := orb.MultiPoint{}
		for _, p := range hot {
			box = append(box, p.at())
		}
		b := geo.BoundPad(box.Bound(), 500)
		args["box"] = []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
		sql = `SELECT 0, 0, '', ST_LineInterpolatePoint(geom, 0.5) FROM map.road_edge
			WHERE geom && ST_MakeEnvelope((@box::float8[])[1], (@box::float8[])[2], (@box::float8[])[3], (@box::float8[])[4], 4326) AND class NOT IN ('motorway', 'trunk', 'motorway_link', 'trunk_link')
			ORDER BY md5(@seed::text || ' ' || id::text) LIMIT @n`
	}
	rows, err := s.Layers.DB().Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("places to explore: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (p Place, err error) {
		var at orb.Point
		err = r.Scan(&p.Cell, &p.Rank, &p.Grid, &at)
		p.Lon, p.Lat, p.Explore = round7(at[0]), round7(at[1]), true
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("places to explore: %w", err)
	}
	out := []Place{}
	for _, p := range found {
		if len(out) < candidates && apart(p, hot, cellM) && apart(p, out, cellM) {
			p.Title = fmt.Sprintf("R%d", len(out)+1)
			out = append(out, p)
		}
	}
	return out, nil
}

func apart(p Place, others []Place, metres float64) bool {
	for _, o := range others {
		if geo.Distance(p.at(), o.at()) < metres {
			return false
		}
	}
	return true
}

// near is how close two places are the same for caps, in cells: half a cell
// moved is the same place, the next cell of a lattice is not.
const near = 0.75

// distinct refuses places that a person picked twice, or where a hot spot is,
// which would have two caps; a hot spot gives way to the person's place.
func distinct(hand, hot []Place, cellM float64) ([]Place, error) {
	for i, p := range hand {
		for j, o := range hand[:i] {
			if geo.Distance(p.at(), o.at()) < near*cellM {
				return nil, &layers.InputError{Field: fmt.Sprintf("places[%d]", i), Value: layers.Short(p.Title),
					Remedy: fmt.Sprintf("a place of its own: it is within %.0f m of places[%d], which is one place for caps", near*cellM, j)}
			}
		}
	}
	out := hand
	for _, p := range hot {
		if apart(p, hand, near*cellM) {
			out = append(out, p)
		}
	}
	return out, nil
}

// ground finds the grids of places, adds the names of grid and road to what has
// a number for a title, and refuses those outside the area of the
// caller's organisation; of exploration, they are left out.
func (s *Store) ground(ctx context.Context, scope access.Scope, places []Place) ([]Place, error) {
	x, y := make([]float64, len(places)), make([]float64, len(places))
	for i, p := range places {
		x[i], y[i] = p.Lon, p.Lat
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT coalesce(g.grid_code, ''), coalesce(g.area_code, ''), concat_ws(' · ', nullif(u.name, ''), r.name) FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY AS p (x, y, n)
		CROSS JOIN LATERAL ST_SetSRID(ST_MakePoint(p.x, p.y), 4326) AS here
		LEFT JOIN LATERAL map.grid_at(here) g ON true
		LEFT JOIN map.grid_unit u ON u.grid_code = g.grid_code
		LEFT JOIN LATERAL (SELECT name FROM map.base_road WHERE name <> '' AND geom && ST_Expand(here, 0.002) ORDER BY geom <-> here LIMIT 1) r ON true ORDER BY p.n`, x, y)
	if err != nil {
		return nil, fmt.Errorf("grids of places: %w", err)
	}
	type at struct{ Grid, Area, Name string }
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[at])
	if err != nil {
		return nil, fmt.Errorf("grids of places: %w", err)
	}
	area := scope.Org().AreaCode
	out := make([]Place, 0, len(places))
	for i, p := range places {
		if found[i].Area != "" && !strings.HasPrefix(found[i].Area, area) {
			if p.Explore {
				continue
			}
			return nil, fmt.Errorf("place %q in %s: %w", layers.Short(p.Title), found[i].Area, access.ErrForbidden)
		}
		if p.Grid == "" {
			p.Grid = found[i].Grid
		}
		if numbered(p) {
			name := found[i].Name
			if name == "" {
				name = p.Grid
			}
			p.Title = strings.TrimSpace(p.Title + " " + name)
		}
		out = append(out, p)
	}
	return out, nil
}

// numbered says whether a place's title is a number that the machine gave it.
func numbered(p Place) bool {
	return p.Title != "" && strings.ContainsRune("#RPM", rune(p.Title[0])) && strings.Trim(p.Title[1:], "0123456789") == ""
}

func round7(x float64) float64 { return math.Round(x*1e7) / 1e7 }

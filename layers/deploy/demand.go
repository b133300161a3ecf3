package deploy

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
)

// demandSources are those of cases that somebody called in: a worker's finds
// follow the rounds, and posts that follow them would follow themselves.
var demandSources = []string{"public", "hotline", "import"}

// demand reads where help was or will be needed, by the caller's right, and the
// cases that were counted.
func (s *Store) demand(ctx context.Context, tx pgx.Tx, by access.Scope, q *Question) (points []Point, cases []int64, err error) {
	if q.Demand.Source == "forecast" {
		points, err = s.expected(ctx, tx, by, q.Demand.Run)
	} else {
		points, cases, err = s.counted(ctx, tx, by, q)
	}
	if err != nil {
		return nil, nil, err
	}
	switch {
	case len(points) == 0 && q.Demand.Source == "forecast":
		return nil, nil, &layers.InputError{Field: "demand.run", Value: fmt.Sprint(q.Demand.Run), Remedy: "the number of a forecast that is done, in force and that you may see: this one expects nothing, or is none of those"}
	case len(points) == 0 && len(cases) > 0:
		return nil, nil, &layers.InputError{Field: "demand", Value: fmt.Sprint(len(cases)), Remedy: fmt.Sprintf("more cases: %d near each other are the least that a point is told of. Choose other classes, a longer time or a larger cell", leastCases)}
	case len(points) == 0:
		return nil, nil, &layers.InputError{Field: "demand", Remedy: "there is none that you may see: choose other classes or a longer time, or take a forecast"}
	case len(points) > mostDemand:
		return nil, nil, &layers.InputError{Field: "demand.cell_m", Value: fmt.Sprint(q.Demand.CellM), Remedy: fmt.Sprintf("a larger cell: this one gives %d points of demand, and %d is the most", len(points), mostDemand)}
	}
	return points, cases, nil
}

// sight is the condition and the layer by which the caller sees rows.
func (s *Store) sight(ctx context.Context, by access.Scope, layer string, a *layers.Args) (string, error) {
	l, err := s.Layers.Layer(ctx, layer)
	if err != nil {
		return "", err
	}
	right, ok := by.Layer(l)
	if !ok {
		return "", access.ErrForbidden
	}
	return l.SQL(right.Where, a)
}

// classes checks those that were chosen. Without any, all count that are
// marked.
func (s *Store) classes(ctx context.Context, tx pgx.Tx, keys []ClassKey) error {
	for i, k := range keys {
		var reported, officers bool
		err := tx.QueryRow(ctx, `SELECT public_reported, officer_made FROM onemap.class WHERE standard = $1 AND kind = 'matter' AND code = $2`, k.Standard, k.Code).Scan(&reported, &officers)
		field := fmt.Sprintf("demand.classes[%d]", i)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return &layers.InputError{Field: field, Value: layers.Short(k.Standard + " " + k.Code), Remedy: "there is no such class of matters"}
		case err != nil:
			return fmt.Errorf("class %s %s: %w", k.Standard, k.Code, err)
		case officers || !reported:
			return &layers.InputError{Field: field, Value: layers.Short(k.Standard + " " + k.Code), Remedy: "a class that the public reports: what officers find follows where they are, and posts that follow it would follow themselves"}
		}
	}
	return nil
}

// counted counts cases by square, and returns their numbers.
func (s *Store) counted(ctx context.Context, tx pgx.Tx, by access.Scope, asked *Question) (points []Point, cases []int64, err error) {
	d := asked.Demand
	if err := s.classes(ctx, tx, d.Classes); err != nil {
		return nil, nil, err
	}
	var a layers.Args
	cond, err := s.sight(ctx, by, "incident", &a)
	if err != nil {
		return nil, nil, err
	}
	var standards, codes []string
	for _, k := range d.Classes {
		standards, codes = append(standards, k.Standard), append(codes, k.Code)
	}
	cell := a.Add(d.CellM)
	rows, err := tx.Query(ctx, `
		WITH seen AS (
			SELECT f.id, ST_X(f.geom) AS x, ST_Y(f.geom) AS y FROM map.incident f JOIN onemap.class c ON (c.standard, c.kind, c.code) = (f.class_standard, f.class_kind, f.class_code)
			 WHERE (`+cond+`) AND c.public_reported AND NOT c.officer_made AND f.source = ANY (`+a.Add(demandSources)+`)
			   AND f.state NOT IN ('rejected', 'void', 'merged') AND f.occurred_at >= `+a.Add(d.From)+` AND f.occurred_at < `+a.Add(d.Until)+`
			   AND (`+a.Add(len(codes))+`::int = 0 OR (f.class_standard, f.class_code) IN (SELECT * FROM unnest(`+a.Add(standards)+`::text[], `+a.Add(codes)+`::text[]))))
		SELECT floor(x * 111320 * shrink / `+cell+`)::int, floor(y * 111132 / `+cell+`)::int, shrink, array_agg(id ORDER BY id), avg(x), avg(y)
		  FROM seen, (SELECT cos(radians(round(avg(y)::numeric, 2)::float8)) AS shrink FROM seen) m
		 GROUP BY 1, 2, 3 ORDER BY 2, 1`, a...)
	if err != nil {
		return nil, nil, fmt.Errorf("read demand: %w", err)
	}
	var squares []square
	var ids []int64
	var shrink float64
	var q square
	_, err = pgx.ForEachRow(rows, []any{&q.x, &q.y, &shrink, &ids, &q.lon, &q.lat}, func() error {
		q.n, cases = float64(len(ids)), append(cases, ids...)
		squares = append(squares, q)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read demand: %w", err)
	}
	for _, q := range join(squares) {
		x, y := q.middle()
		points = append(points, Point{Lon: digits7(x * d.CellM / (111320 * shrink)), Lat: digits7(y * d.CellM / 111132), Demand: q.n, Area: -1, mean: orb.Point{q.lon, q.lat}})
	}
	slices.Sort(cases)
	return points, cases, nil
}

func digits7(v float64) float64 { return math.Round(v*1e7) / 1e7 }

// expected reads the cells of a forecast.
func (s *Store) expected(ctx context.Context, tx pgx.Tx, by access.Scope, run int64) ([]Point, error) {
	var a layers.Args
	cond, err := s.sight(ctx, by, "forecast", &a)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `SELECT ST_X(p), ST_Y(p), expected FROM (
			SELECT ST_PointOnSurface(f.geom) AS p, f.expected FROM map.forecast f JOIN onemap.forecast_run r ON r.id = f.run
			 WHERE (`+cond+`) AND f.run = `+a.Add(run)+` AND r.state = 'done' AND r.withdrawn_at IS NULL AND f.expected > 0 ORDER BY f.cell) t`, a...)
	if err != nil {
		return nil, fmt.Errorf("read demand: %w", err)
	}
	points, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Point, error) {
		p := Point{Area: -1}
		err := row.Scan(&p.Lon, &p.Lat, &p.Demand)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("read demand: %w", err)
	}
	return points, nil
}

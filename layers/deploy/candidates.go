package deploy

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// candidates reads where units may stand: stations in service, the middles of
// grids, points that were drawn. Stations come first, by their number.
func (s *Store) candidates(ctx context.Context, tx pgx.Tx, by access.Scope, q *Question) (all []Candidate, today []int, err error) {
	today = []int{}
	if len(q.Candidates.Places) > 0 || len(q.Keep) > 0 {
		stations, err := s.stations(ctx, tx, by, q.Candidates.Places, q.Keep)
		if err != nil {
			return nil, nil, err
		}
		for _, k := range q.Keep {
			i := slices.IndexFunc(stations, func(c Candidate) bool { return c.Place == k })
			if i < 0 {
				return nil, nil, &layers.InputError{Field: "keep", Value: fmt.Sprint(k), Remedy: "the number of a station in service that you may see"}
			}
			stations[i].Fixed = true
		}
		for i := range stations {
			today = append(today, i)
		}
		all = stations
	}
	if g := q.Candidates.Grids; g != "" {
		middles, err := s.middles(ctx, tx, by, g)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, middles...)
	}
	for i, p := range q.Candidates.Points {
		name := p.Name
		if name == "" {
			name = fmt.Sprintf("#%d", i+1)
		}
		all = append(all, Candidate{Lon: p.X, Lat: p.Y, Name: name, Kind: "point"})
	}
	switch {
	case len(all) == 0:
		return nil, nil, &layers.InputError{Field: "candidates", Remedy: "there is none that you may see: choose kinds of stations, grids, or draw points"}
	case len(all) > mostCandidates:
		return nil, nil, &layers.InputError{Field: "candidates", Value: fmt.Sprint(len(all)), Remedy: fmt.Sprintf("at most %d places: choose larger grids", mostCandidates)}
	}
	return all, today, nil
}

func (s *Store) stations(ctx context.Context, tx pgx.Tx, by access.Scope, kinds []string, keep []int64) ([]Candidate, error) {
	var a layers.Args
	cond, err := s.sight(ctx, by, "place", &a)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `SELECT ST_X(f.geom), ST_Y(f.geom), f.name, f.kind, f.id FROM map.place f
		WHERE (`+cond+`) AND f.state <> 'out_of_service' AND f.kind = ANY (`+a.Add(placeKinds)+`) AND (f.kind = ANY (`+a.Add(append([]string{}, kinds...))+`) OR f.id = ANY (`+a.Add(append([]int64{}, keep...))+`)) ORDER BY f.id`, a...)
	if err != nil {
		return nil, fmt.Errorf("stations: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Candidate, err error) {
		err = row.Scan(&c.Lon, &c.Lat, &c.Name, &c.Kind, &c.Place)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("stations: %w", err)
	}
	return out, nil
}

// middles are points inside of grids in force.
func (s *Store) middles(ctx context.Context, tx pgx.Tx, by access.Scope, grids string) ([]Candidate, error) {
	var a layers.Args
	cond, err := s.sight(ctx, by, grids, &a)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `SELECT ST_X(p), ST_Y(p), coalesce(nullif(name, ''), grid_code) FROM (
			SELECT ST_PointOnSurface(f.geom) AS p, f.name, f.grid_code FROM `+pgx.Identifier{"map", grids}.Sanitize()+` f
			 WHERE (`+cond+`) AND f.valid_to IS NULL ORDER BY f.grid_code LIMIT `+a.Add(mostCandidates+1)+`) t`, a...)
	if err != nil {
		return nil, fmt.Errorf("middles of %s: %w", grids, err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Candidate, error) {
		c := Candidate{Kind: grids}
		err := row.Scan(&c.Lon, &c.Lat, &c.Name)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("middles of %s: %w", grids, err)
	}
	return out, nil
}

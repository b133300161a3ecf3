package forecast

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers/forecast/glm"
	"onemap/layers/forecast/hotspot"
)

// squareDeg is the side, in degrees, of the squares that things of the map are
// counted in: about 50 m, less than any cell.
const squareDeg = 0.0005

// A fact is how many things of a kind stand in a square: never who is in them.
type fact struct {
	kind uint32 // of factKinds
	x, y int32  // the square's number, in squareDeg
	n    uint32
}

// factKinds are the columns of the regression that come from the map, in the
// order of their numbers. They are as the map is today, in the past windows of a
// backtest too: buildings hardly move.
var factKinds = []string{"buildings", "places of business", "street lights", "enterprise risk"}

// factsSQL counts them. An enterprise counts 1 if its risk is low (blue) to 4 if
// it is great (red).
const factsSQL = `WITH at AS (
		SELECT 0 AS kind, ST_PointOnSurface(geom) AS p, 1 AS n FROM map.base_building
		UNION ALL SELECT 1, geom, 1 FROM map.base_poi
		UNION ALL SELECT 2, a.geom, 1 FROM map.asset a JOIN onemap.class c ON (c.standard, c.kind, c.code) = (a.class_standard, a.class_kind, a.class_code)
			WHERE c.name_zh = '路灯' AND a.state NOT IN ('lost', 'removed', 'abandoned')
		UNION ALL SELECT 3, geom, 5 - risk FROM map.enterprise WHERE state = 'open')
	SELECT kind, floor(ST_X(p) / @side)::int, floor(ST_Y(p) / @side)::int, sum(n)::int FROM at WHERE NOT ST_IsEmpty(p) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`

// readFacts reads what the map has, and the holidays of the calendar as days
// since the epoch, under the run's snapshot.
func readFacts(ctx context.Context, tx pgx.Tx) (facts []fact, holidays []int32, err error) {
	rows, err := tx.Query(ctx, factsSQL, pgx.NamedArgs{"side": squareDeg})
	if err != nil {
		return nil, nil, fmt.Errorf("things of the map: %w", err)
	}
	if facts, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (f fact, err error) {
		return f, row.Scan(&f.kind, &f.x, &f.y, &f.n)
	}); err != nil {
		return nil, nil, fmt.Errorf("things of the map: %w", err)
	}
	if rows, err = tx.Query(ctx, `SELECT (day - DATE '2000-01-03')::int FROM onemap.calendar_day WHERE NOT working ORDER BY day`); err != nil {
		return nil, nil, fmt.Errorf("holidays: %w", err)
	}
	if holidays, err = pgx.CollectRows(rows, pgx.RowTo[int32]); err != nil {
		return nil, nil, fmt.Errorf("holidays: %w", err)
	}
	return facts, holidays, nil
}

// encodeFacts puts them behind the outlines of a kept ground.
func (g ground) encodeFacts(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(g.facts)))
	for _, f := range g.facts {
		b = binary.BigEndian.AppendUint32(b, f.kind)
		b = binary.BigEndian.AppendUint32(b, uint32(f.x))
		b = binary.BigEndian.AppendUint32(b, uint32(f.y))
		b = binary.BigEndian.AppendUint32(b, f.n)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(g.holidays)))
	for _, d := range g.holidays {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	return b
}

func (g *ground) decodeFacts(b []byte) error {
	var err error
	next := func() uint32 {
		if len(b) < 4 {
			err = errors.New("kept ground: its facts are cut short")
			return 0
		}
		v := binary.BigEndian.Uint32(b)
		b = b[4:]
		return v
	}
	for n := next(); n > 0 && err == nil; n-- {
		g.facts = append(g.facts, fact{next(), int32(next()), int32(next()), next()})
	}
	for n := next(); n > 0 && err == nil; n-- {
		g.holidays = append(g.holidays, int32(next()))
	}
	return err
}

// fewWith is in how many cells a thing must stand before anything is learned of it.
const fewWith = 10

// covariates are what the map has in each cell, as ln(1 + count); nil where it
// has nothing that differs.
func (g ground) covariates(s *hotspot.Space, plane Plane) *glm.Covariates {
	counts := make([][]float64, len(factKinds))
	for k := range counts {
		counts[k] = make([]float64, s.Len())
	}
	for _, f := range g.facts {
		at := plane.Forward(orb.Point{(float64(f.x) + 0.5) * squareDeg, (float64(f.y) + 0.5) * squareDeg})
		if c := s.CellAt(at); c >= 0 && int(f.kind) < len(counts) {
			counts[f.kind][c] += float64(f.n)
		}
	}
	var kinds []int
	for k, n := range counts {
		with := 0
		for _, v := range n {
			if v > 0 {
				with++
			}
		}
		if with >= fewWith {
			kinds = append(kinds, k)
		}
	}
	if kinds == nil {
		return nil
	}
	x := &glm.Covariates{Values: make([]float64, 0, s.Len()*len(kinds))}
	for _, k := range kinds {
		x.Names = append(x.Names, factKinds[k])
	}
	for c := range s.Len() {
		for _, k := range kinds {
			x.Values = append(x.Values, math.Log1p(counts[k][c]))
		}
	}
	return x
}

// mostRows bounds the rows that a regression is made of: cells by windows.
const mostRows = 120_000

// regression is the part of the ladder that knows the map and the calendar.
func (g ground) regression(s *hotspot.Space, plane Plane) glm.Model {
	m := glm.Model{Covariates: g.covariates(s, plane), Windows: min(12, max(1, mostRows/s.Len()))}
	if len(g.holidays) > 0 {
		m.Holiday = func(day float64) bool {
			_, is := slices.BinarySearch(g.holidays, int32(math.Floor(day)))
			return is
		}
	}
	return m
}

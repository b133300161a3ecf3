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
	n    int32  // below zero: so many less, from that day on
	day  int32  // since the epoch, from whose midnight on it is known; always
}

// always is the day of what was never dated.
const always = math.MinInt32

// factKinds are the columns of the regression that come from the map, in the
// order of their numbers. The first three are as the map is today, in the past
// windows of a backtest too: buildings hardly move. The risk of an enterprise
// is that of its last inspection before each window, and the register's where
// none gave one. Fires are those that were reported before each window; they
// are no column where they are among what is forecast.
var factKinds = []string{"buildings", "places of business", "street lights", "enterprise risk", "past fires"}

const kindFires = 4

// firesAroundM is how far fires are gathered: they are rare.
const firesAroundM = 300

// factsSQL counts them. An enterprise counts 1 if its risk is low (blue) to 4 if
// it is great (red). Of fires those count that may train a forecast of fires.
const factsSQL = `WITH rated AS (
		SELECT e.id, e.geom, (i.inspected_on - DATE '2000-01-03') + 1 AS day,
			(5 - i.risk) - coalesce(lag(5 - i.risk) OVER (PARTITION BY e.id ORDER BY i.inspected_on, i.id), 0) AS more
		FROM map.inspection i JOIN map.enterprise e ON e.id = i.enterprise
		WHERE e.state = 'open' AND i.risk IS NOT NULL AND i.inspected_on < (@until AT TIME ZONE @zone)::date),
	at AS (
		SELECT 0 AS kind, ST_PointOnSurface(geom) AS p, 1 AS n, NULL::int AS day FROM map.base_building
		UNION ALL SELECT 1, geom, 1, NULL FROM map.base_poi
		UNION ALL SELECT 2, a.geom, 1, NULL FROM map.asset a JOIN onemap.class c ON (c.standard, c.kind, c.code) = (a.class_standard, a.class_kind, a.class_code)
			WHERE c.name_zh = '路灯' AND a.state NOT IN ('lost', 'removed', 'abandoned')
		UNION ALL SELECT 3, geom, 5 - risk, NULL FROM map.enterprise e WHERE state = 'open' AND NOT EXISTS (SELECT FROM rated r WHERE r.id = e.id)
		UNION ALL SELECT 3, geom, more, day FROM rated
		UNION ALL SELECT 4, f.geom, 1, ((CASE WHEN f.reported_at BETWEEN f.occurred_at AND f.occurred_at + @latest::interval THEN f.reported_at ELSE f.occurred_at END
				AT TIME ZONE @zone)::date - DATE '2000-01-03') + 1
			FROM map.incident f JOIN onemap.class c ON (c.standard, c.kind, c.code) = (f.class_standard, f.class_kind, f.class_code)
			WHERE f.class_kind = 'matter' AND c.public_reported AND f.source = ANY (@sources) AND f.state NOT IN (` + DeadStates + `)
			  AND f.occurred_at >= @since AND f.occurred_at < @until AND f.reported_at < @until
			  AND EXISTS (SELECT FROM onemap.setting s, jsonb_to_recordset(s.value) AS w (standard text, code text)
				WHERE s.key = 'fire.classes' AND w.standard = f.class_standard
				  AND (w.code = f.class_code OR right(w.code, 1) = '*' AND starts_with(f.class_code, rtrim(w.code, '*'))))
			  AND (f.class_standard, f.class_code) NOT IN (SELECT * FROM unnest(@standards::text[], @codes::text[])))
	SELECT kind, floor(ST_X(p) / @side)::int, floor(ST_Y(p) / @side)::int, sum(n)::int, coalesce(day, @always) FROM at
	WHERE NOT ST_IsEmpty(p) GROUP BY 1, 2, 3, 5 HAVING sum(n) <> 0 ORDER BY 1, 5, 2, 3`

// readFacts reads what the map has, and the holidays of the calendar as days
// since the epoch, under the run's snapshot.
func readFacts(ctx context.Context, tx pgx.Tx, p Params) (facts []fact, holidays []int32, err error) {
	args := cutArgs(p, p.Until.Add(-oldest))
	args["side"], args["zone"], args["latest"], args["always"] = squareDeg, p.Zone, latestReport, always
	rows, err := tx.Query(ctx, factsSQL, args)
	if err != nil {
		return nil, nil, fmt.Errorf("things of the map: %w", err)
	}
	if facts, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (f fact, err error) {
		return f, row.Scan(&f.kind, &f.x, &f.y, &f.n, &f.day)
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
		b = binary.BigEndian.AppendUint32(b, uint32(f.n))
		b = binary.BigEndian.AppendUint32(b, uint32(f.day))
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(g.holidays)))
	for _, d := range g.holidays {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	return b
}

// decodeFacts reads them; version 1 of a record had no days.
func (g *ground) decodeFacts(b []byte, version int) error {
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
		f := fact{kind: next(), x: int32(next()), y: int32(next()), n: int32(next()), day: always}
		if version > 1 {
			f.day = int32(next())
		}
		g.facts = append(g.facts, f)
	}
	for n := next(); n > 0 && err == nil; n-- {
		g.holidays = append(g.holidays, int32(next()))
	}
	return err
}

// fewWith is in how many cells a thing must stand before anything is learned of it.
const fewWith = 10

// covariates are what the map has in each cell, as ln(1 + count), and what of it
// changed with time. What hardly any cell has is left out; none are nil.
func (g ground) covariates(s *hotspot.Space, plane Plane) (*glm.Covariates, []glm.Dated) {
	counts := make([]glm.Dated, len(factKinds))
	with := make([]map[int32]bool, len(factKinds))
	for k := range counts {
		counts[k].Name, counts[k].Base, with[k] = factKinds[k], make([]float64, s.Len()), map[int32]bool{}
	}
	counts[kindFires].AroundM = firesAroundM
	for _, f := range g.facts { // by kind and day
		at := plane.Forward(orb.Point{(float64(f.x) + 0.5) * squareDeg, (float64(f.y) + 0.5) * squareDeg})
		c := int32(s.CellAt(at))
		if c < 0 || int(f.kind) >= len(counts) {
			continue
		}
		k := &counts[f.kind]
		with[f.kind][c] = true
		if f.day == always {
			k.Base[c] += float64(f.n)
			continue
		}
		k.Day, k.Cell, k.Weight = append(k.Day, float64(f.day)), append(k.Cell, c), append(k.Weight, float64(f.n))
	}
	var still, dated []glm.Dated
	for k, d := range counts {
		switch {
		case len(with[k]) < fewWith:
		case d.Day == nil:
			still = append(still, d)
		default:
			dated = append(dated, d)
		}
	}
	if still == nil {
		return nil, dated
	}
	x := &glm.Covariates{Values: make([]float64, 0, s.Len()*len(still))}
	for _, d := range still {
		x.Names = append(x.Names, d.Name)
	}
	for c := range s.Len() {
		for _, d := range still {
			x.Values = append(x.Values, math.Log1p(d.Base[c]))
		}
	}
	return x, dated
}

// mostRows bounds the rows that a regression is made of: cells by windows.
const mostRows = 120_000

// regression is the part of the ladder that knows the map and the calendar.
func (g ground) regression(s *hotspot.Space, plane Plane) glm.Model {
	m := glm.Model{Windows: min(12, max(1, mostRows/s.Len()))}
	m.Covariates, m.Dated = g.covariates(s, plane)
	if len(g.holidays) > 0 {
		m.Holiday = func(day float64) bool {
			_, is := slices.BinarySearch(g.holidays, int32(math.Floor(day)))
			return is
		}
	}
	return m
}

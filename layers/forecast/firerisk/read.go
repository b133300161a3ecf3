package firerisk

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers/forecast"
	"onemap/layers/forecast/firerisk/model"
)

// world is what a run is made of: places with what happened to them, fires.
type world struct {
	places []model.Place
	ids    []int64
	heads  []head
	fires  []model.Fire
	left   map[string]int // cases of the classes that were not used, by why
}

// head is what is written beside a score and never goes to the model.
type head struct {
	name, dept, grid, area string
	at                     orb.Point
	last, due              *time.Time
}

// firesSQL reads the moments and places of fires, and no other column.
const firesSQL = `SELECT i.occurred_at, i.reported_at, ST_X(i.geom), ST_Y(i.geom) FROM map.incident i
	JOIN onemap.class c ON (c.standard, c.kind, c.code) = (i.class_standard, i.class_kind, i.class_code)
	WHERE ` + ofFire + ` AND c.public_reported AND i.source = ANY (@sources) AND i.state NOT IN (` + forecast.DeadStates + `)
	  AND i.occurred_at <= @until AND i.reported_at <= @until
	ORDER BY i.occurred_at, ST_X(i.geom), ST_Y(i.geom), i.reported_at`

const ofFire = `EXISTS (SELECT FROM unnest(@standards::text[], @codes::text[]) f (standard, code)
	WHERE f.standard = i.class_standard AND (f.code = i.class_code OR right(f.code, 1) = '*' AND starts_with(i.class_code, left(f.code, -1))))`

const leftOutSQL = `SELECT CASE WHEN i.state IN (` + forecast.DeadStates + `) THEN 'state' WHEN NOT c.public_reported THEN 'not_reported'
		WHEN NOT i.source = ANY (@sources) THEN 'source_' || i.source WHEN i.occurred_at > @until OR i.reported_at > @until THEN 'future' ELSE '' END, count(*)
	FROM map.incident i JOIN onemap.class c ON (c.standard, c.kind, c.code) = (i.class_standard, i.class_kind, i.class_code)
	WHERE ` + ofFire + ` GROUP BY 1`

// housesSQL reads buildings, with the terms of the enterprises in them. What a
// grade was is read from inspections: that of the register is of today.
const housesSQL = `SELECT b.id, b.name, b.class, coalesce(b.levels::float8, 'NaN'), coalesce(b.height_m::float8, 'NaN'),
		ST_Area(b.geom::geography), coalesce(substring(b.tags ->> 'start_date' from '^[12][0-9]{3}')::float8, 'NaN'),
		ST_X(c.p), ST_Y(c.p), b.grid_code, b.area_code, '' AS dept, e.last, e.due
	FROM map.base_building b CROSS JOIN LATERAL (SELECT ST_PointOnSurface(b.geom) AS p) c
	LEFT JOIN LATERAL (SELECT max(last_inspected_on) AS last, min(next_due_on) AS due
		FROM map.enterprise x WHERE x.state = 'open' AND ST_Intersects(b.geom, x.geom)) e ON true
	ORDER BY b.id`

// firmsSQL reads the open enterprises, with the house that each stands in.
const firmsSQL = `SELECT e.id, e.name, e.industry, coalesce(b.levels::float8, 'NaN'), coalesce(b.height_m::float8, 'NaN'),
		coalesce(b.area, 'NaN'), coalesce(b.built, 'NaN'), ST_X(e.geom), ST_Y(e.geom), e.grid_code, e.area_code, e.dept_code, e.last_inspected_on, e.next_due_on
	FROM map.enterprise e
	LEFT JOIN LATERAL (SELECT levels, height_m, ST_Area(h.geom::geography) AS area, substring(h.tags ->> 'start_date' from '^[12][0-9]{3}')::float8 AS built
		FROM map.base_building h WHERE ST_Intersects(h.geom, e.geom) ORDER BY h.id LIMIT 1) b ON true
	WHERE e.state = 'open' ORDER BY e.id`

// visitsSQL and hazardsSQL read what happened, by enterprise.
const (
	visitsSQL = `SELECT enterprise, inspected_on, minor + 3 * serious + 6 * critical, result = 'fail', coalesce(risk, 0) FROM map.inspection
		WHERE enterprise IS NOT NULL AND result <> 'not_done' AND inspected_on <= @until ORDER BY inspected_on, id`
	hazardsSQL = `SELECT enterprise, found_at, closed_at, level = 'major' FROM map.hazard
		WHERE enterprise IS NOT NULL AND state <> 'void' AND found_at <= @until ORDER BY found_at, id`
	housedSQL = `SELECT e.id, b.id FROM map.enterprise e JOIN map.base_building b ON ST_Intersects(b.geom, e.geom) ORDER BY 1, 2`
)

// hydrantsSQL reads the hydrants that can be used: resources of the emergency
// map, and components that are called so.
const hydrantsSQL = `SELECT ST_X(geom), ST_Y(geom) FROM map.place WHERE kind = 'hydrant' AND state <> 'out_of_service'
	UNION ALL SELECT ST_X(geom), ST_Y(geom) FROM map.asset WHERE state = 'intact' AND (name LIKE '%消火栓%' OR name ILIKE '%hydrant%')`

func (set settings) fireArgs(until time.Time) pgx.NamedArgs {
	standards, codes := []string{}, []string{}
	for _, c := range set.classes {
		standards, codes = append(standards, c.Standard), append(codes, c.Code)
	}
	return pgx.NamedArgs{"standards": standards, "codes": codes, "sources": forecast.SourcesThatTrain, "until": until}
}

// readWorld reads it under one snapshot.
func readWorld(ctx context.Context, tx pgx.Tx, kind string, until time.Time, set settings) (world, error) {
	w := world{left: map[string]int{}}
	sql := firmsSQL
	if kind == Building {
		sql = housesSQL
	}
	rows, err := tx.Query(ctx, sql)
	if err != nil {
		return w, fmt.Errorf("read places: %w", err)
	}
	var p model.Place
	var h head
	var id int64
	if _, err = pgx.ForEachRow(rows, []any{&id, &h.name, &p.Use, &p.Storeys, &p.HeightM, &p.AreaM2, &p.Built, &h.at[0], &h.at[1], &h.grid, &h.area, &h.dept, &h.last, &h.due}, func() error {
		w.ids, w.places, w.heads = append(w.ids, id), append(w.places, p), append(w.heads, h)
		return nil
	}); err != nil {
		return w, fmt.Errorf("read places: %w", err)
	}
	if len(w.places) == 0 {
		return w, nil
	}
	var middle orb.Point
	for _, h := range w.heads {
		middle[0] += h.at[0] / float64(len(w.heads))
		middle[1] += h.at[1] / float64(len(w.heads))
	}
	metres := forecast.PlaneAbout(middle).Forward
	for i := range w.places {
		w.places[i].At = metres(w.heads[i].at)
	}
	of, err := readHoused(ctx, tx, kind, w.ids)
	if err != nil {
		return w, err
	}
	if err := w.readPast(ctx, tx, of, until, set.zone); err != nil {
		return w, err
	}
	water, err := readPoints(ctx, tx, hydrantsSQL)
	if err != nil {
		return w, fmt.Errorf("read hydrants: %w", err)
	}
	for i := range water {
		water[i] = metres(water[i])
	}
	near := newNearest(water)
	for i := range w.places {
		w.places[i].WaterM = near.metres(w.places[i].At)
	}
	return w, w.readFires(ctx, tx, metres, until, set)
}

func (w *world) readFires(ctx context.Context, tx pgx.Tx, metres func(orb.Point) orb.Point, until time.Time, set settings) error {
	args := set.fireArgs(until)
	rows, err := tx.Query(ctx, firesSQL, args)
	if err != nil {
		return fmt.Errorf("read fires: %w", err)
	}
	var at, reported time.Time
	var p orb.Point
	if _, err := pgx.ForEachRow(rows, []any{&at, &reported, &p[0], &p[1]}, func() error {
		known, _ := forecast.KnownAt(at, reported)
		w.fires = append(w.fires, model.Fire{Day: dayOf(at, set.zone), Known: dayOf(known, set.zone), At: metres(p)})
		return nil
	}); err != nil {
		return fmt.Errorf("read fires: %w", err)
	}
	rows, err = tx.Query(ctx, leftOutSQL, args)
	if err != nil {
		return fmt.Errorf("count fires: %w", err)
	}
	var why string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&why, &n}, func() error {
		if why != "" {
			w.left[why] = n
		}
		return nil
	}); err != nil {
		return fmt.Errorf("count fires: %w", err)
	}
	return nil
}

// readHoused says of which places an enterprise's past is: itself, or the
// houses that it stands in.
func readHoused(ctx context.Context, tx pgx.Tx, kind string, ids []int64) (map[int64][]int, error) {
	number := make(map[int64]int, len(ids))
	for i, id := range ids {
		number[id] = i
	}
	of := map[int64][]int{}
	if kind == Enterprise {
		for id, i := range number {
			of[id] = []int{i}
		}
		return of, nil
	}
	rows, err := tx.Query(ctx, housedSQL)
	if err != nil {
		return nil, fmt.Errorf("read houses of enterprises: %w", err)
	}
	var firm, house int64
	_, err = pgx.ForEachRow(rows, []any{&firm, &house}, func() error {
		if i, ok := number[house]; ok {
			of[firm] = append(of[firm], i)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read houses of enterprises: %w", err)
	}
	return of, nil
}

// readPast gives the places their inspections and hazards.
func (w *world) readPast(ctx context.Context, tx pgx.Tx, of map[int64][]int, until time.Time, zone *time.Location) error {
	args := pgx.NamedArgs{"until": until}
	rows, err := tx.Query(ctx, visitsSQL, args)
	if err != nil {
		return fmt.Errorf("read inspections: %w", err)
	}
	var firm int64
	var day time.Time
	var v model.Visit
	var grade int
	grades := make([]map[int64]int, len(w.places)) // of the enterprises in each, so far
	if _, err := pgx.ForEachRow(rows, []any{&firm, &day, &v.Findings, &v.Failed, &grade}, func() error {
		v.Day = float64(day.Unix()) / 86400 // a date: its midnight is UTC's
		for _, i := range of[firm] {
			p := &w.places[i]
			p.Visits = append(p.Visits, v)
			if grade == 0 {
				continue
			}
			if grades[i] == nil {
				grades[i] = map[int64]int{}
			}
			grades[i][firm] = grade
			p.Grades = append(p.Grades, model.Graded{Day: v.Day, Level: slices.Min(slices.Collect(maps.Values(grades[i])))}) // of a house the worst
		}
		return nil
	}); err != nil {
		return fmt.Errorf("read inspections: %w", err)
	}
	rows, err = tx.Query(ctx, hazardsSQL, args)
	if err != nil {
		return fmt.Errorf("read hazards: %w", err)
	}
	var found time.Time
	var closed *time.Time
	var major bool
	if _, err := pgx.ForEachRow(rows, []any{&firm, &found, &closed, &major}, func() error {
		h := model.Hazard{From: dayOf(found, zone), To: math.Inf(1), Major: major}
		if closed != nil {
			h.To = dayOf(*closed, zone)
		}
		for _, i := range of[firm] {
			w.places[i].Hazards = append(w.places[i].Hazards, h)
		}
		return nil
	}); err != nil {
		return fmt.Errorf("read hazards: %w", err)
	}
	return nil
}

func readPoints(ctx context.Context, db querier, sql string, args ...any) ([]orb.Point, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p orb.Point, err error) {
		err = row.Scan(&p[0], &p[1])
		return p, err
	})
}

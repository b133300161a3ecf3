package deviation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers/class"
	"onemap/layers/forecast"
	"onemap/layers/forecast/deviation/expect"
)

// lookBack is how many days of counts are read.
const lookBack = 3*365 + 30

// keptLooks is for how long it is remembered what was looked at.
const keptLooks = "60 days"

// aClass is a class whose counts are looked at.
type aClass struct {
	standard, code, zh, en, major, majorZH, majorEN, dept string
}

// ground is what counts are read from, under one snapshot.
type ground struct {
	classes []aClass
	grids   []string // codes, and for each its name, division and middle
	names   []string
	areas   []string
	middles []orb.Point
	counts  []expect.Count
	events  []expect.Event // with the class's number as family
	places  []orb.Point    // of events, in degrees
	lags    [][]float64    // by class: days from occurring to being reported, of the last half year
	until   time.Time      // the last full hour: days end at it, so that what happens now is looked at now
	today   int            // the last of these days
	off     func(day int) bool
	zone    *time.Location
}

const countsSQL = `
	SELECT k.n, coalesce(g.n, -1), ((i.occurred_at - @shift::interval) AT TIME ZONE @zone)::date - DATE '1970-01-01', count(*)
	FROM map.incident i
	JOIN unnest(@standards::text[], @codes::text[]) WITH ORDINALITY k (standard, code, n) ON (k.standard, k.code) = (i.class_standard, i.class_code)
	LEFT JOIN unnest(@fine::text[], @coarse::int[]) g (code, n) ON g.code = i.grid_code
	WHERE i.class_kind = 'matter' AND i.source = ANY (@sources) AND i.state NOT IN (` + forecast.DeadStates + `) AND i.occurred_at >= @since AND i.occurred_at < @until AND i.reported_at <= @now
	GROUP BY 1, 2, 3`

const eventsSQL = `
	SELECT i.id, k.n, ((i.occurred_at - @shift::interval) AT TIME ZONE @zone)::date - DATE '1970-01-01', ST_X(i.geom), ST_Y(i.geom)
	FROM map.incident i
	JOIN unnest(@standards::text[], @codes::text[]) WITH ORDINALITY k (standard, code, n) ON (k.standard, k.code) = (i.class_standard, i.class_code)
	WHERE i.class_kind = 'matter' AND i.source = ANY (@sources) AND i.state NOT IN (` + forecast.DeadStates + `) AND i.occurred_at >= @since AND i.occurred_at <= @now AND i.reported_at <= @now`

const lagsSQL = `
	SELECT k.n, percentile_disc(ARRAY[0.5, 0.8, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM i.reported_at - i.occurred_at) / 86400)::float8[]
	FROM map.incident i
	JOIN unnest(@standards::text[], @codes::text[]) WITH ORDINALITY k (standard, code, n) ON (k.standard, k.code) = (i.class_standard, i.class_code)
	WHERE i.class_kind = 'matter' AND i.source = ANY (@sources) AND i.occurred_at >= @since AND i.occurred_at < @until AND i.reported_at <= @now
	GROUP BY 1`

func dayNumber(t time.Time, zone *time.Location) int {
	y, m, d := t.In(zone).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// midnight is the beginning of a day by the city's clock.
func midnight(day int, zone *time.Location) time.Time {
	t := time.Unix(int64(day)*86400, 0).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, zone)
}

func (s *Store) read(ctx context.Context, tx pgx.Tx, rules Rules, zone *time.Location) (ground, error) {
	now := s.now()
	local := now.In(zone)
	until := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), 0, 0, 0, zone)
	shift := time.Duration(until.Hour()) * time.Hour
	g := ground{zone: zone, until: until, today: dayNumber(until, zone) - 1}
	rows, err := tx.Query(ctx, `SELECT standard, code, name_zh, name_en, major, major_zh, major_en, coalesce(dept, '') FROM onemap.class WHERE kind = 'matter' AND public_reported ORDER BY standard, code`)
	if err != nil {
		return g, fmt.Errorf("classes: %w", err)
	}
	if g.classes, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c aClass, err error) {
		err = row.Scan(&c.standard, &c.code, &c.zh, &c.en, &c.major, &c.majorZH, &c.majorEN, &c.dept)
		return c, err
	}); err != nil {
		return g, fmt.Errorf("classes: %w", err)
	}
	args := pgx.NamedArgs{"zone": zone.String(), "sources": forecast.SourcesThatTrain, "since": until.AddDate(0, 0, -lookBack), "until": until, "now": now, "shift": fmt.Sprintf("%d hours", int(shift.Hours()))}
	standards, codes := make([]string, len(g.classes)), make([]string, len(g.classes))
	for i, c := range g.classes {
		standards[i], codes[i] = c.standard, c.code
	}
	args["standards"], args["codes"] = standards, codes
	if err := g.readGrids(ctx, tx, rules.Grid, args); err != nil {
		return g, err
	}
	if rows, err = tx.Query(ctx, countsSQL, args); err != nil {
		return g, fmt.Errorf("counts: %w", err)
	}
	var c expect.Count
	if _, err = pgx.ForEachRow(rows, []any{&c.Class, &c.Cell, &c.Day, &c.N}, func() error {
		c.Class-- // ordinality counts from 1
		g.counts = append(g.counts, c)
		return nil
	}); err != nil {
		return g, fmt.Errorf("counts: %w", err)
	}
	args["since"] = until.AddDate(0, 0, -365)
	if rows, err = tx.Query(ctx, eventsSQL, args); err != nil {
		return g, fmt.Errorf("places: %w", err)
	}
	var e expect.Event
	var at orb.Point
	if _, err = pgx.ForEachRow(rows, []any{&e.ID, &e.Family, &e.Day, &at[0], &at[1]}, func() error {
		e.Family--
		g.events, g.places = append(g.events, e), append(g.places, at)
		return nil
	}); err != nil {
		return g, fmt.Errorf("places: %w", err)
	}
	args["since"], args["until"] = until.AddDate(0, 0, -200), until.AddDate(0, 0, -20) // those that had time to come
	if rows, err = tx.Query(ctx, lagsSQL, args); err != nil {
		return g, fmt.Errorf("delays: %w", err)
	}
	g.lags = make([][]float64, len(g.classes))
	var k int
	var lag []float64
	if _, err = pgx.ForEachRow(rows, []any{&k, &lag}, func() error { g.lags[k-1] = slices.Clone(lag); return nil }); err != nil {
		return g, fmt.Errorf("delays: %w", err)
	}
	classes := s.Classes
	if classes == nil {
		classes = &class.Store{Layers: s.Layers}
	}
	calendar, err := classes.Calendar(ctx, tx)
	if err != nil {
		return g, err
	}
	g.off = func(day int) bool { return !calendar.Working(midnight(day, zone).Add(shift + 12*time.Hour)) }
	return g, nil
}

// readGrids reads the grids that counts are held in, and of which of them each
// finer code on an incident is.
func (g *ground) readGrids(ctx context.Context, tx pgx.Tx, kind string, args pgx.NamedArgs) error {
	rows, err := tx.Query(ctx, `SELECT grid_code, name, area_code, ST_X(p.p), ST_Y(p.p) FROM map.`+pgx.Identifier{kind}.Sanitize()+` f CROSS JOIN LATERAL (SELECT ST_PointOnSurface(f.geom) AS p) p
		WHERE valid_to IS NULL ORDER BY grid_code`)
	if err != nil {
		return fmt.Errorf("grids: %w", err)
	}
	number := map[string]int{}
	var code, name, area string
	var at orb.Point
	if _, err := pgx.ForEachRow(rows, []any{&code, &name, &area, &at[0], &at[1]}, func() error {
		number[code] = len(g.grids)
		g.grids, g.names, g.areas, g.middles = append(g.grids, code), append(g.names, name), append(g.areas, area), append(g.middles, at)
		return nil
	}); err != nil {
		return fmt.Errorf("grids: %w", err)
	}
	fine, coarse := []string{}, []int32{}
	for c, n := range number {
		fine, coarse = append(fine, c), append(coarse, int32(n))
	}
	for _, up := range map[string][]string{
		"grid_duty":      {`SELECT grid_code, duty_code FROM map.grid_unit WHERE valid_to IS NULL AND duty_code <> ''`},
		"grid_community": {`SELECT grid_code, community_code FROM map.grid_unit WHERE valid_to IS NULL AND community_code <> ''`, `SELECT grid_code, community_code FROM map.grid_duty WHERE valid_to IS NULL AND community_code <> ''`},
	}[kind] {
		rows, err := tx.Query(ctx, up)
		if err != nil {
			return fmt.Errorf("grids: %w", err)
		}
		var under, over string
		if _, err := pgx.ForEachRow(rows, []any{&under, &over}, func() error {
			if n, ok := number[over]; ok {
				if _, self := number[under]; !self {
					fine, coarse = append(fine, under), append(coarse, int32(n))
				}
			}
			return nil
		}); err != nil {
			return fmt.Errorf("grids: %w", err)
		}
	}
	args["fine"], args["coarse"] = fine, coarse
	return nil
}

// known is the share of a class that is known so many days after: a straight
// line between the quantiles of its delays.
func (g *ground) known(class, later int) float64 {
	q := g.lags[class]
	if q == nil {
		return 1
	}
	at, share := 0.0, 0.0
	days := float64(later) + 0.5
	for i, p := range []float64{0.5, 0.8, 0.9, 0.95, 0.99} {
		if days < q[i] {
			return math.Max(0.05, share+(p-share)*(days-at)/(q[i]-at))
		}
		at, share = q[i], p
	}
	return 1
}

// A Look is one time that counts were looked at.
type Look struct {
	ID      int64        `json:"id"`
	At      time.Time    `json:"at"`
	Until   time.Time    `json:"until" doc:"The last full hour: days are of 24 hours and end at it"`
	Tests   int          `json:"tests" doc:"Counts that were held against their expectation"`
	Told    int          `json:"told"`
	Chance  float64      `json:"chance" doc:"Of those told, so many are expected to be chance at most"`
	Repeats int          `json:"repeats"`
	Events  int          `json:"events" doc:"Cases that were counted"`
	Seconds float64      `json:"seconds"`
	Rules   Rules        `json:"rules"`
	Classes []ClassState `json:"classes" nullable:"false" doc:"What was judged, and what not and why"`
}

// A ClassState says whether a class was judged.
type ClassState struct {
	Standard string  `json:"standard"`
	Code     string  `json:"code"`
	NameZH   string  `json:"name_zh"`
	NameEN   string  `json:"name_en"`
	State    string  `json:"state" enum:"judged,new,few,slow,silent" doc:"new: began less than 56 days ago. few: fewer than 20 in a year. slow: the data of its list are late. silent: it alone has had none for longer than chance explains"`
	First    string  `json:"first,omitempty"`
	Last     string  `json:"last,omitempty"`
	LastYear int     `json:"last_year"`
	PerDay   float64 `json:"per_day" doc:"Expected"`
	Seasonal bool    `json:"seasonal" doc:"Two years are known: the season is reckoned with"`
}

// Look reads the counts, judges them, and writes what is told.
func (s *Store) Look(ctx context.Context) (Look, error) {
	began := time.Now()
	rules, zone, err := s.settings(ctx)
	if err != nil {
		return Look{}, err
	}
	var g ground
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		g, err = s.read(ctx, tx, rules, zone)
		return err
	})
	if err != nil {
		return Look{}, fmt.Errorf("look for deviations: %w", err)
	}
	lists := map[string]int{} // the data of a list of classes come together
	answer, err := expect.Judge(ctx, g.counts, expect.Question{Classes: len(g.classes), Cells: len(g.grids), Today: g.today, Off: g.off, Known: g.known, FDR: rules.FDR, Least: rules.Least,
		Group: func(c int) int {
			k := g.classes[c].standard
			if _, ok := lists[k]; !ok {
				lists[k] = len(lists)
			}
			return lists[k]
		}})
	if err != nil {
		return Look{}, fmt.Errorf("look for deviations: %w", err)
	}
	repeats := g.repeats(rules)
	l := Look{At: s.now(), Until: g.until, Tests: answer.Tests, Told: len(answer.Told), Chance: answer.Chance, Repeats: len(repeats), Events: len(g.events), Rules: rules, Classes: g.states(answer)}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := g.writeTold(ctx, tx, answer.Told, l.At); err != nil {
			return err
		}
		if err := g.writeRepeats(ctx, tx, repeats); err != nil {
			return err
		}
		l.Seconds = time.Since(began).Seconds()
		classes, err := json.Marshal(l.Classes)
		if err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `INSERT INTO onemap.deviation_run (at, until, tests, told, chance, repeats, classes, params, events, seconds) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
			l.At, l.Until, l.Tests, l.Told, l.Chance, l.Repeats, classes, rules, l.Events, float32(l.Seconds)).Scan(&l.ID); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM onemap.deviation_run WHERE at < $1::timestamptz - interval '`+keptLooks+`'`, l.At)
		return err
	})
	if err != nil {
		return Look{}, fmt.Errorf("write deviations: %w", err)
	}
	return l, nil
}

func date(day int) string { return time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly) }

// states are those of the classes that had any case.
func (g *ground) states(a expect.Answer) []ClassState {
	out := []ClassState{}
	for _, c := range a.Classes {
		if c.State == expect.Empty {
			continue
		}
		k := g.classes[c.Class]
		out = append(out, ClassState{k.standard, k.code, k.zh, k.en, c.State, date(c.First), date(c.Last), c.LastYear, c.PerDay, c.Seasonal})
	}
	slices.SortStableFunc(out, func(a, b ClassState) int { return cmp.Compare(b.LastYear, a.LastYear) })
	return out
}

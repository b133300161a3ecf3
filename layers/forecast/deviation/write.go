package deviation

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers/forecast"
	"onemap/layers/forecast/deviation/expect"
)

// writeTold brings the layer to what is told now. A deviation that goes on
// keeps its row, and what a person said of it; one that is over is taken away.
func (g *ground) writeTold(ctx context.Context, tx pgx.Tx, told []expect.Finding, now time.Time) error {
	keys := make([]string, 0, len(told))
	b := &pgx.Batch{}
	for _, f := range told {
		c := g.classes[f.Class]
		grid, name, area, at := "", "", g.common(), g.middle()
		if f.Cell >= 0 {
			grid, name, area, at = g.grids[f.Cell], g.names[f.Cell], g.areas[f.Cell], g.middles[f.Cell]
		}
		key := c.standard + " " + c.code + "@" + grid
		keys = append(keys, key)
		b.Queue(`INSERT INTO map.deviation AS d (source_key, class_standard, class_code, class_zh, class_en, grid_name, whole_city, window_days, n, expected, low, high, ratio, q, level, until, first_told, dept_code, grid_code, area_code, geom)
			VALUES (@key, @standard, @code, @zh, @en, @name, @city, @window, @n, @expected, @low, @high, @ratio, @q, @level, @until, @now, @dept, @grid, @area, @geom)
			ON CONFLICT (source_key) DO UPDATE SET (class_zh, class_en, grid_name, window_days, n, expected, low, high, ratio, q, level, until, dept_code, area_code, geom, updated_at)
				= (excluded.class_zh, excluded.class_en, excluded.grid_name, excluded.window_days, excluded.n, excluded.expected, excluded.low, excluded.high, excluded.ratio, excluded.q, excluded.level,
				   excluded.until, excluded.dept_code, excluded.area_code, excluded.geom, now())
			WHERE (d.n, d.window_days, d.level, d.until) IS DISTINCT FROM (excluded.n, excluded.window_days, excluded.level, excluded.until)`,
			pgx.NamedArgs{"key": key, "standard": c.standard, "code": c.code, "zh": c.zh, "en": c.en, "name": name, "city": f.Cell < 0, "window": f.Window, "n": f.N, "expected": f.Expected, "low": f.Low, "high": f.High,
				"ratio": f.Ratio, "q": f.Q, "level": level(f.Q), "until": g.until, "now": now, "dept": c.dept, "grid": grid, "area": area, "geom": at})
	}
	b.Queue(`DELETE FROM map.deviation WHERE NOT source_key = ANY ($1)`, keys)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("deviations: %w", err)
	}
	return nil
}

// level is how sure it is that a deviation is none of chance.
func level(q float64) int {
	switch {
	case q < 0.001:
		return 1
	case q < 0.01:
		return 2
	case q < 0.05:
		return 3
	}
	return 4
}

// common is the division that all grids are of.
func (g *ground) common() string {
	if len(g.areas) == 0 {
		return ""
	}
	out := g.areas[0]
	for _, a := range g.areas {
		n := 0
		for n < len(out) && n < len(a) && out[n] == a[n] {
			n++
		}
		out = out[:n]
	}
	return out
}

// middle is where the whole city's deviations stand: the middle of its cases,
// or of its grids.
func (g *ground) middle() orb.Point {
	of := g.places
	if len(of) == 0 {
		of = g.middles
	}
	var m orb.Point
	for _, p := range of {
		m[0] += p[0] / float64(len(of))
		m[1] += p[1] / float64(len(of))
	}
	return m
}

// aRepeat is a place with what its row has.
type aRepeat struct {
	expect.Repeat
	n28, n365 int
	dept      string
	at        orb.Point // degrees
	major     aClass
}

// repeats finds places that come again, by the major class: a fight and a
// brawl at one door are of one kind.
func (g *ground) repeats(r Rules) []aRepeat {
	if len(g.events) == 0 {
		return nil
	}
	plane := forecast.PlaneAbout(g.middle())
	number := map[string]int{}
	majors := []aClass{}
	events := make([]expect.Event, len(g.events))
	of := map[int64]int{} // case -> number of event
	for i, e := range g.events {
		c := g.classes[e.Family]
		k := c.standard + " " + c.major
		n, ok := number[k]
		if !ok {
			n = len(majors)
			number[k] = n
			majors = append(majors, c)
		}
		events[i] = expect.Event{ID: e.ID, Day: e.Day, Family: n, At: plane.Forward(g.places[i])}
		of[e.ID] = i
	}
	today := g.today + 1 // the hours since the last full one
	found := expect.Repeats(events, expect.Repeating{RadiusM: r.RadiusM, Today: today, Days: r.Days, Least: r.Repeats})
	out := make([]aRepeat, 0, len(found))
	for _, p := range found[:min(len(found), mostRepeats)] {
		q := aRepeat{Repeat: p, major: majors[p.Family], at: plane.Inverse(p.At)}
		depts := map[string]int{}
		for _, id := range p.Events {
			depts[g.classes[g.events[of[id]].Family].dept]++
		}
		for d, n := range depts {
			if n > depts[q.dept] || n == depts[q.dept] && d < q.dept {
				q.dept = d
			}
		}
		for _, e := range events {
			if e.Family == p.Family && math.Hypot(e.At[0]-p.At[0], e.At[1]-p.At[1]) <= r.RadiusM {
				q.n365++
				if e.Day > today-28 {
					q.n28++
				}
			}
		}
		out = append(out, q)
	}
	return out
}

// mostRepeats of a city are told: those with most incidents.
const mostRepeats = 200

// writeRepeats brings the layer to the places of now. A place keeps its row
// while it stays within a few metres.
func (g *ground) writeRepeats(ctx context.Context, tx pgx.Tx, all []aRepeat) error {
	keys := make([]string, 0, len(all))
	b := &pgx.Batch{}
	for _, p := range all {
		// The first case of it in these days names the place.
		key := fmt.Sprintf("%s %s@%d", p.major.standard, p.major.major, slices.Min(p.Events))
		keys = append(keys, key)
		ids := slices.Clone(p.Events)
		slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(b, a) })
		b.Queue(`INSERT INTO map.repeat_place AS d (source_key, major, major_zh, major_en, n, n28, n365, around, first_day, last_day, place, open, incidents, dept_code, geom)
			SELECT @key, @major, @zh, @en, @n, @n28, @n365, @around, @first::date, @last::date,
			       coalesce((SELECT a.street || a.number FROM map.base_address a WHERE a.geom && ST_Expand(@geom::geometry, 0.002) AND a.street <> '' ORDER BY a.geom <-> @geom::geometry LIMIT 1), ''),
			       (SELECT count(*) FROM map.incident i WHERE i.id = ANY (@ids::bigint[]) AND i.closed_at IS NULL), @ids::bigint[], @dept, @geom
			ON CONFLICT (source_key) DO UPDATE SET (n, n28, n365, around, first_day, last_day, place, open, incidents, dept_code, geom, updated_at)
				= (excluded.n, excluded.n28, excluded.n365, excluded.around, excluded.first_day, excluded.last_day, excluded.place, excluded.open, excluded.incidents, excluded.dept_code, excluded.geom, now())
			WHERE (d.incidents, d.n28, d.n365, d.open) IS DISTINCT FROM (excluded.incidents, excluded.n28, excluded.n365, excluded.open)`,
			pgx.NamedArgs{"key": key, "major": p.major.major, "zh": p.major.majorZH, "en": p.major.majorEN, "n": len(p.Events), "n28": p.n28, "n365": p.n365, "around": p.Around,
				"first": date(p.First), "last": date(p.Last), "ids": ids, "dept": p.dept, "geom": p.at})
	}
	b.Queue(`DELETE FROM map.repeat_place WHERE NOT source_key = ANY ($1)`, keys)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("places that come again: %w", err)
	}
	return nil
}

package firerisk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/deploy/roads"
	"onemap/layers/forecast"
	"onemap/layers/forecast/firerisk/model"
)

// mostLines of a list: what a city can decide on one by one.
const mostLines = 500

// A Draft asks for a list of inspections. Zero fields have their defaults.
type Draft struct {
	UUID    uuid.UUID // made by the client: sent again, it is the same list
	Kind    string
	Title   string
	Lines   int
	From    time.Time // first day; the next one that is worked on
	PerDay  int       // visits of a unit on a day; 6
	Random  float64   // 0.05 to 0.10; 0.08
	Overdue *float64  // of the rest, at most, for those past their legal term; 0.4
	Area    string    // division: its prefix; "": the caller's
	Seed    int64     // 0: one is drawn and recorded
	Address string
}

func (d *Draft) check(today time.Time) error {
	if err := checkKind("kind", d.Kind); err != nil {
		return err
	}
	if err := layers.CheckText("title", d.Title, 100); err != nil {
		return err
	}
	if err := layers.CheckText("area_code", d.Area, 20); err != nil {
		return err
	}
	if d.PerDay == 0 {
		d.PerDay = perDay
	}
	if d.Random == 0 {
		d.Random = 0.08
	}
	if d.Overdue == nil {
		v := 0.4
		d.Overdue = &v
	}
	switch {
	case d.Lines < 1 || d.Lines > mostLines:
		return &layers.InputError{Field: "lines", Value: fmt.Sprint(d.Lines), Remedy: fmt.Sprintf("1 to %d", mostLines)}
	case d.PerDay < 1 || d.PerDay > 50:
		return &layers.InputError{Field: "per_day", Value: fmt.Sprint(d.PerDay), Remedy: "1 to 50 visits of a unit on a day"}
	case !(d.Random >= 0.05 && d.Random <= 0.10):
		return &layers.InputError{Field: "random", Value: fmt.Sprint(d.Random), Remedy: "0.05 to 0.10: a part is always drawn at random, or the scores could never be checked"}
	case !(*d.Overdue >= 0 && *d.Overdue <= 1):
		return &layers.InputError{Field: "overdue", Value: fmt.Sprint(*d.Overdue), Remedy: "0 to 1"}
	case d.Seed < 0:
		return &layers.InputError{Field: "seed", Value: fmt.Sprint(d.Seed), Remedy: "a number from 1, or left out: one is drawn"}
	case !d.From.IsZero() && (d.From.Before(today) || d.From.Sub(today) > 366*24*time.Hour):
		return &layers.InputError{Field: "from_day", Value: d.From.Format(time.DateOnly), Remedy: "today or a day within a year"}
	}
	return nil
}

// candidate is a place that may be put on the list.
type candidate struct {
	id                     int64
	name, use              string
	last, due              *time.Time
	grid, area, dept       string
	at                     orb.Point
	rank                   *int
	expected, low, hi, any *float64
	whyZH, whyEN           string
}

// candidates are the places that the caller may see. Those that are on a list
// already, accepted and not yet visited, are left out, and so are those visited
// within four weeks whose term has not passed.
func (s *Store) candidates(ctx context.Context, tx pgx.Tx, by access.Scope, d Draft, today time.Time, scored bool) ([]candidate, error) {
	var a layers.Args
	table, own, cond := "enterprise", "f.industry, f.last_inspected_on, f.next_due_on", "f.state = 'open'"
	dept := "f.dept_code"
	if d.Kind == Building {
		table, own, cond, dept = "base_building", "f.class, r.last_inspected_on, r.next_due_on", "true", "''"
	} else {
		day := a.Add(today.Format(time.DateOnly)) + "::date"
		cond += " AND NOT coalesce(f.last_inspected_on > " + day + " - 28 AND coalesce(f.next_due_on >= " + day + ", true), false)"
	}
	l, err := s.Layers.Layer(ctx, table)
	if err != nil {
		return nil, err
	}
	right, ok := by.Layer(l)
	if !ok {
		return nil, fmt.Errorf("the layer %s is not shared with you: ask its owner: %w", table, access.ErrForbidden)
	}
	may, err := l.SQL(right.Where, &a)
	if err != nil {
		return nil, err
	}
	kind := a.Add(d.Kind)
	rows, err := tx.Query(ctx, `SELECT f.id, f.name, `+own+`, f.grid_code, f.area_code, `+dept+`, ST_X(p.p), ST_Y(p.p), r.rank, r.expected, r.low, r.high, r.likely, coalesce(r.why_zh, ''), coalesce(r.why_en, '')
		FROM map.`+table+` f CROSS JOIN LATERAL (SELECT ST_PointOnSurface(f.geom) AS p) p
		LEFT JOIN map.fire_risk r ON r.kind = `+kind+` AND r.place = f.id AND `+a.Add(scored)+`
		WHERE `+cond+` AND starts_with(f.area_code, `+a.Add(d.Area)+`) AND (`+may+`)
		  AND NOT EXISTS (SELECT FROM onemap.inspection_line n JOIN onemap.inspection_list l ON l.id = n.list LEFT JOIN onemap.task t ON t.id = n.task
			WHERE l.kind = `+kind+` AND n.place = f.id AND n.decision = 'accepted' AND (t.id IS NULL OR t.done_at IS NULL) AND l.made_at > now() - interval '180 days')
		ORDER BY f.id`, a...)
	if err != nil {
		return nil, fmt.Errorf("places for a list: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c candidate, err error) {
		err = row.Scan(&c.id, &c.name, &c.use, &c.last, &c.due, &c.grid, &c.area, &c.dept, &c.at[0], &c.at[1], &c.rank, &c.expected, &c.low, &c.hi, &c.any, &c.whyZH, &c.whyEN)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("places for a list: %w", err)
	}
	return out, nil
}

// Make makes a list and returns it. One of a UUID that is there already is
// answered with what it is now, again true, if its content is the same, and with
// an error wrapping [layers.ErrConflict] if not.
func (s *Store) Make(ctx context.Context, by access.Scope, d Draft) (out List, again bool, err error) {
	if err := by.Require(access.CommandCentre, access.Planner, access.DepartmentOfficer); err != nil {
		return out, false, err
	}
	if _, _, err := s.right(ctx, by); err != nil {
		return out, false, err
	}
	set, err := s.settings(ctx)
	if err != nil {
		return out, false, err
	}
	if !set.enabled {
		return out, false, ErrOff
	}
	who, _ := by.Person()
	content, err := contentOf(who.Login, d)
	if err != nil {
		return out, false, err
	}
	today := dateOf(s.now().In(set.zone))
	if err := d.check(today); err != nil {
		return out, false, err
	}
	if own := by.Org().AreaCode; d.Area == "" {
		d.Area = own
	} else if !strings.HasPrefix(d.Area, own) {
		return out, false, &layers.InputError{Field: "area_code", Value: layers.Short(d.Area), Remedy: "a division within your own area " + own}
	}
	if id, same, err := s.made(ctx, d.UUID, content); err != nil || id > 0 {
		if err == nil && !same {
			err = fmt.Errorf("a different list has the uuid %s: give a new list a new uuid: %w", d.UUID, layers.ErrConflict)
		}
		if err != nil {
			return out, false, err
		}
		out, err = s.List(ctx, by, id)
		return out, true, err
	}
	if d.Seed == 0 {
		d.Seed = rand.Int64N(1<<53-1) + 1
	}
	var id int64
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		var run *int64
		if err := tx.QueryRow(ctx, `SELECT max(run) FROM map.fire_risk WHERE kind = $1`, d.Kind).Scan(&run); err != nil {
			return err
		}
		all, err := s.candidates(ctx, tx, by, d, today, run != nil)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return &layers.InputError{Field: "area_code", Value: d.Area, Remedy: "there is no place to inspect: none is open here, or all are on a list or were just visited"}
		}
		picks, err := model.Choose(wanted(all, today), model.Wanted{Lines: d.Lines, Random: d.Random, Overdue: *d.Overdue, Seed: uint64(d.Seed), NoModel: run == nil})
		if err != nil {
			return &layers.InputError{Field: "lines", Remedy: err.Error()}
		}
		lines, measure, err := s.toured(ctx, tx, all, picks, d, today)
		if err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `INSERT INTO onemap.inspection_list (uuid, content, run, kind, title, area_code, from_day, per_day, random, overdue, seed, pool, scored, measure, made_by, org)
			VALUES (@uuid, @content, @run, @kind, @title, @area, @from, @per, @random, @overdue, @seed, @pool, @scored, @measure, @by, @org) RETURNING id`,
			pgx.NamedArgs{"uuid": orNull(d.UUID), "content": content, "run": run, "kind": d.Kind, "title": d.Title, "area": d.Area, "from": lines[0].onDay, "per": d.PerDay, "random": d.Random, "overdue": *d.Overdue,
				"seed": d.Seed, "pool": len(all), "scored": run != nil, "measure": measure, "by": who.Login, "org": who.Org}).Scan(&id); err != nil {
			return err
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"onemap", "inspection_line"}, []string{"list", "n", "place", "name", "use", "reason", "chance", "rank", "expected", "low", "high", "likely", "why_zh", "why_en",
			"last_inspected_on", "due_on", "unit", "unit_name", "unit_s", "on_day", "stop", "grid_code", "area_code", "dept_code", "geom"},
			pgx.CopyFromSlice(len(lines), func(i int) ([]any, error) {
				x := lines[i]
				c := all[x.pick.Place]
				var chance any
				if x.pick.Reason == model.ForAudit {
					chance = x.pick.Chance
				}
				return []any{id, int32(i + 1), c.id, c.name, c.use, x.pick.Reason, chance, c.rank, c.expected, c.low, c.hi, c.any, c.whyZH, c.whyEN, c.last, c.due,
					x.unit, x.unitName, x.unitS, x.onDay, int16(x.stop), c.grid, c.area, c.dept, c.at}, nil
			})); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "fire_risk.list", Object: fmt.Sprintf("inspection_list/%d", id), Result: access.Done, Address: d.Address,
			Detail: map[string]any{"kind": d.Kind, "lines": len(lines), "pool": len(all), "seed": d.Seed, "scored": run != nil}})
	})
	if err != nil {
		return out, false, access.Wrap("make a list of inspections", err)
	}
	out, err = s.List(ctx, by, id)
	return out, false, err
}

func orNull(u uuid.UUID) any {
	if u == uuid.Nil {
		return nil
	}
	return u
}

func contentOf(login string, d Draft) (string, error) {
	d.Address, d.UUID = "", uuid.Nil
	b, err := json.Marshal(struct {
		By string
		D  Draft
	}{login, d})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16]), err
}

func (s *Store) made(ctx context.Context, u uuid.UUID, content string) (id int64, same bool, err error) {
	if u == uuid.Nil {
		return 0, false, nil
	}
	err = s.Layers.DB().QueryRow(ctx, `SELECT id, content = $2 FROM onemap.inspection_list WHERE uuid = $1`, u, content).Scan(&id, &same)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("list of inspections: %w", err)
	}
	return id, same, nil
}

func dateOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func wanted(all []candidate, today time.Time) []model.Candidate {
	out := make([]model.Candidate, len(all))
	for i, c := range all {
		out[i] = model.Candidate{Place: i, Unseen: math.Inf(1)}
		if c.expected != nil {
			out[i].Score = *c.expected
		}
		if c.due != nil {
			out[i].Overdue = today.Sub(*c.due).Hours() / 24
		}
		if c.last != nil {
			out[i].Unseen = today.Sub(*c.last).Hours() / 24
		}
	}
	return out
}

// line is a pick with who goes there and when.
type line struct {
	pick     model.Pick
	unit     any // station, or nil
	unitName string
	unitS    any
	onDay    time.Time
	stop     int
}

// toured gives each pick the station that is nearest by road and a place in its
// tours, on days that are worked on.
func (s *Store) toured(ctx context.Context, tx pgx.Tx, all []candidate, picks []model.Pick, d Draft, today time.Time) ([]line, string, error) {
	stations, err := readStations(ctx, tx)
	if err != nil {
		return nil, "", err
	}
	points := make([]orb.Point, 0, len(stations)+len(picks))
	for _, t := range stations {
		points = append(points, t.at)
	}
	for _, p := range picks {
		points = append(points, all[p.Place].at)
	}
	seconds, measure, err := s.between(ctx, points)
	if err != nil {
		return nil, "", err
	}
	unit := make([]int, len(picks))
	for i := range picks {
		for u := range stations {
			if seconds(u, len(stations)+i) < seconds(unit[i], len(stations)+i) {
				unit[i] = u
			}
		}
	}
	tours := model.Tours(unit, d.PerDay, func(a, b int) float64 {
		at := func(n int) int {
			if n >= 0 {
				return len(stations) + n
			}
			return -1 - n
		}
		if len(stations) == 0 && (a < 0 || b < 0) {
			return 0 // there is no station to come from
		}
		return seconds(at(a), at(b))
	})
	from := d.From
	if from.IsZero() {
		from = today.AddDate(0, 0, 1)
	}
	last := 0
	for _, t := range tours {
		last = max(last, t.Day)
	}
	days, err := s.workingDays(ctx, tx, from, last+1)
	if err != nil {
		return nil, "", err
	}
	var out []line
	for _, t := range tours {
		for n, i := range t.Stops {
			x := line{pick: picks[i], onDay: days[t.Day], stop: n + 1}
			if len(stations) > 0 {
				x.unit, x.unitName = stations[t.Unit].id, stations[t.Unit].name
				if sec := seconds(t.Unit, len(stations)+i); !math.IsInf(sec, 1) {
					x.unitS = float32(sec)
				}
			}
			out = append(out, x)
		}
	}
	return out, measure, nil
}

// between gives the seconds between points, by road by car, or straight where
// there is no network. Where no road leads, it is +Inf.
func (s *Store) between(ctx context.Context, points []orb.Point) (func(a, b int) float64, string, error) {
	m, err := s.roads().Matrix(ctx, roads.Profile{Mode: roads.Car}, points, points, math.Inf(1))
	if errors.Is(err, roads.ErrNoRoads) {
		if len(points) == 0 {
			return nil, Straight, nil
		}
		metres := forecast.PlaneAbout(points[0]).Forward
		return func(a, b int) float64 {
			p, q := metres(points[a]), metres(points[b])
			return math.Hypot(p[0]-q[0], p[1]-q[1]) * straightMore / straightMS
		}, Straight, nil
	}
	if err != nil {
		return nil, "", err
	}
	return func(a, b int) float64 { return float64(m.Seconds[a][b]) }, ByRoad, nil
}

// workingDays are the first n days from a day on that the city works on.
func (s *Store) workingDays(ctx context.Context, db class.Reader, from time.Time, n int) ([]time.Time, error) {
	classes := s.Classes
	if classes == nil {
		classes = &class.Store{Layers: s.Layers}
	}
	c, err := classes.Calendar(ctx, db)
	if err != nil {
		return nil, err
	}
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	var out []time.Time
	for d := dateOf(from); len(out) < n; d = d.AddDate(0, 0, 1) {
		if c.Working(time.Date(d.Year(), d.Month(), d.Day(), 12, 0, 0, 0, zone)) {
			out = append(out, d)
		}
		if d.Sub(from) > 20*366*24*time.Hour {
			return nil, errors.New("calendar: hardly a day is worked on")
		}
	}
	return out, nil
}

package patrolplan

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
)

// planSQL reads plans with what was done of them.
const planSQL = `SELECT p.id, p.title, p.state, p.dept, p.area_code, p.mode, coalesce(p.run, 0), p.from_at, p.until_at, p.seed, p.hash, p.version, p.score,
	p.made_by, p.made_at, p.decided_by, p.decided_at, p.reason, p.notes, p.record -> 'asked', n.stops, n.explored, n.drive, n.stay, n.visited, n.far, n.skipped
	FROM onemap.patrol_plan p
	LEFT JOIN LATERAL (SELECT count(*)::int AS stops, count(*) FILTER (WHERE l.explore)::int AS explored,
			coalesce((SELECT sum(drive_s) FROM onemap.patrol_unit WHERE plan = p.id), 0)::float8 AS drive,
			coalesce(sum(extract(epoch FROM s.leave_at - s.start_at)), 0)::float8 AS stay,
			count(*) FILTER (WHERE t.visited_at IS NOT NULL)::int AS visited,
			count(*) FILTER (WHERE t.visited_at IS NOT NULL AND NOT coalesce(t.distance_m <= t.near_m, false))::int AS far,
			count(*) FILTER (WHERE t.skipped <> '')::int AS skipped
		FROM onemap.patrol_stop s JOIN onemap.patrol_place l ON l.plan = s.plan AND l.n = s.place
		JOIN onemap.patrol_unit u ON u.plan = s.plan AND u.n = s.unit
		LEFT JOIN onemap.task_point t ON t.task = u.task AND t.n = s.n WHERE s.plan = p.id) n ON true`

func scanPlan(r pgx.CollectableRow) (p Plan, err error) {
	var hash, rules []byte
	var drive, stay float64
	if err = r.Scan(&p.ID, &p.Title, &p.State, &p.Dept, &p.Area, &p.Mode, &p.Run, &p.From, &p.Until, &p.Seed, &hash, &p.Version, &p.Score,
		&p.MadeBy, &p.MadeAt, &p.DecidedBy, &p.DecidedAt, &p.Reason, &p.Notes, &rules, &p.Stops, &p.Explored, &drive, &stay, &p.Progress.Visited, &p.Progress.Far, &p.Progress.Skipped); err != nil {
		return p, err
	}
	p.Hash, p.DriveMin, p.StayMin, p.Actions = hex.EncodeToString(hash), minutes(drive), minutes(stay), actions(p.State)
	if p.State == Accepted || p.State == Withdrawn {
		p.Progress.Open = p.Stops - p.Progress.Visited - p.Progress.Skipped
	}
	if p.Notes == nil {
		p.Notes = []string{}
	}
	p.Rules = &Rules{}
	return p, json.Unmarshal(rules, p.Rules)
}

// A Query asks for plans.
type Query struct {
	State       string
	From, Until time.Time // that have hours in between; zero: no bound
	Run         int64
	Dept        string
	Page        string // "" or what an earlier answer called next
	Limit       int    // 1 to 200; 0: 50
}

// List returns plans, the latest hours first, without their routes, and what
// to put into Page for those after them, "" at the end.
func (s *Store) List(ctx context.Context, scope access.Scope, q Query) (plans []Plan, next string, err error) {
	v, err := see(scope)
	if err != nil {
		return nil, "", err
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, 200)
	var a layers.Args
	cond := v.sql(&a)
	if q.State != "" {
		cond += " AND p.state = " + a.Add(q.State)
	}
	if !q.From.IsZero() {
		cond += " AND p.until_at > " + a.Add(q.From)
	}
	if !q.Until.IsZero() {
		cond += " AND p.from_at < " + a.Add(q.Until)
	}
	if q.Run != 0 {
		cond += " AND p.run = " + a.Add(q.Run)
	}
	if q.Dept != "" {
		cond += " AND p.dept = " + a.Add(q.Dept)
	}
	if q.Page != "" {
		at, id, err := parsePage(q.Page)
		if err != nil {
			return nil, "", err
		}
		cond += fmt.Sprintf(" AND (p.from_at, p.id) < (%s::timestamptz, %s::bigint)", a.Add(at), a.Add(id))
	}
	rows, err := s.Layers.DB().Query(ctx, planSQL+" WHERE "+cond+" ORDER BY p.from_at DESC, p.id DESC LIMIT "+a.Add(q.Limit+1), a...)
	if err != nil {
		return nil, "", fmt.Errorf("list patrol plans: %w", err)
	}
	if plans, err = pgx.CollectRows(rows, scanPlan); err != nil {
		return nil, "", fmt.Errorf("list patrol plans: %w", err)
	}
	for i := range plans {
		plans[i].Rules = nil
	}
	if len(plans) > q.Limit {
		plans = plans[:q.Limit]
		last := plans[q.Limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(last.From.UnixMicro(), 36) + "." + strconv.FormatInt(last.ID, 36)))
	}
	return plans, next, nil
}

func parsePage(s string) (at time.Time, id int64, err error) {
	var us int64
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		for i, c := range b {
			if c == '.' {
				if us, err = strconv.ParseInt(string(b[:i]), 36, 64); err == nil {
					id, err = strconv.ParseInt(string(b[i+1:]), 36, 64)
				}
				if err == nil && us > -1<<53 && us < 1<<53 {
					return time.UnixMicro(us).UTC(), id, nil
				}
				break
			}
		}
	}
	return at, 0, &layers.InputError{Field: "page", Value: layers.Short(s), Remedy: "what an earlier answer called next"}
}

// Get returns a plan whole. It returns an error wrapping [layers.ErrNotFound]
// for one that is not there or that the caller may not see.
func (s *Store) Get(ctx context.Context, scope access.Scope, id int64) (Plan, error) {
	v, err := see(scope)
	if err != nil {
		return Plan{}, err
	}
	return s.read(ctx, s.Layers.DB(), v, id)
}

func (s *Store) read(ctx context.Context, db querier, v sight, id int64) (p Plan, err error) {
	var a layers.Args
	rows, err := db.Query(ctx, planSQL+" WHERE p.id = "+a.Add(id)+" AND "+v.sql(&a), a...)
	if err != nil {
		return p, fmt.Errorf("patrol plan %d: %w", id, err)
	}
	p, err = pgx.CollectExactlyOneRow(rows, scanPlan)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, fmt.Errorf("patrol plan %d: %w", id, layers.ErrNotFound)
	}
	for _, part := range []func(context.Context, querier, *Plan) error{readUnits, readStops, readPlaces, readFlow} {
		if err == nil {
			err = part(ctx, db, &p)
		}
	}
	if err != nil {
		return p, fmt.Errorf("patrol plan %d: %w", id, err)
	}
	return p, nil
}

func readUnits(ctx context.Context, db querier, p *Plan) error {
	rows, err := db.Query(ctx, `SELECT u.n, u.name, coalesce(w.login, ''), coalesce(w.name, ''), u.grid_code, u.from_at, u.until_at, u.start_title, u.start_geom, u.end_title, u.end_geom,
		u.breaks, u.drive_s, u.wait_s, u.back_at, u.line, coalesce(u.task, 0), CASE WHEN t.id IS NULL THEN '' WHEN t.done_at IS NULL THEN 'open' WHEN t.result = 'cancelled' THEN 'cancelled' ELSE 'done' END
		FROM onemap.patrol_unit u LEFT JOIN onemap.person w ON w.id = u.person LEFT JOIN onemap.task t ON t.id = u.task WHERE u.plan = $1 ORDER BY u.n`, p.ID)
	if err != nil {
		return err
	}
	p.Units, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (u Unit, err error) {
		var startTitle, endTitle string
		var start, end, line orb.Geometry
		var breaks []byte
		var drive, wait float64
		if err = r.Scan(&u.N, &u.Name, &u.Person, &u.PersonName, &u.Grid, &u.From, &u.Until, &startTitle, &start, &endTitle, &end, &breaks, &drive, &wait, &u.Back, &line, &u.Task, &u.TaskState); err != nil {
			return u, err
		}
		u.Start, u.End, u.DriveMin, u.WaitMin, u.Stops = endOf(startTitle, start), endOf(endTitle, end), minutes(drive), minutes(wait), []Stop{}
		if l, ok := line.(orb.LineString); ok {
			for _, at := range l {
				u.Line = append(u.Line, at)
			}
		}
		return u, json.Unmarshal(breaks, &u.Breaks)
	})
	return err
}

func endOf(title string, at orb.Geometry) *End {
	p, ok := at.(orb.Point)
	if !ok {
		return nil
	}
	return &End{Title: title, Lon: round7(p[0]), Lat: round7(p[1])}
}

func readStops(ctx context.Context, db querier, p *Plan) error {
	rows, err := db.Query(ctx, `SELECT s.unit, s.n, s.place, l.title, l.geom, s.arrive_at, s.start_at, s.leave_at, s.drive_s, s.score, s.visit, l.explore, s.by_hand,
		t.visited_at, t.distance_m, t.visited_at IS NOT NULL AND NOT coalesce(t.distance_m <= t.near_m, false), coalesce(t.skipped, ''), coalesce(t.note, '')
		FROM onemap.patrol_stop s JOIN onemap.patrol_place l ON l.plan = s.plan AND l.n = s.place JOIN onemap.patrol_unit u ON u.plan = s.plan AND u.n = s.unit
		LEFT JOIN onemap.task_point t ON t.task = u.task AND t.n = s.n WHERE s.plan = $1 ORDER BY s.unit, s.n`, p.ID)
	if err != nil {
		return err
	}
	var unit int
	var s Stop
	var at orb.Point
	var drive float64
	_, err = pgx.ForEachRow(rows, []any{&unit, &s.N, &s.Place, &s.Title, &at, &s.Arrive, &s.Start, &s.Leave, &drive, &s.Score, &s.Visit, &s.Explore, &s.ByHand,
		&s.VisitedAt, &s.DistanceM, &s.Far, &s.Skipped, &s.Note}, func() error {
		s.Lon, s.Lat, s.DriveMin, s.LateMin = round7(at[0]), round7(at[1]), minutes(drive), nil
		if s.VisitedAt != nil {
			late := math.Round(s.VisitedAt.Sub(s.Start).Minutes()*10) / 10
			s.LateMin = &late
		}
		for i := range p.Units {
			if p.Units[i].N == unit {
				p.Units[i].Stops = append(p.Units[i].Stops, s)
			}
		}
		return nil
	})
	return err
}

func readPlaces(ctx context.Context, db querier, p *Plan) error {
	rows, err := db.Query(ctx, `SELECT l.n, l.title, l.geom, l.grid_code, coalesce(l.cell, 0), coalesce(l.rank, 0), l.score, l.stay_s, l.explore, l.by_hand, l.used_min, l.most, NOT l.roads, l.why_zh, l.why_en,
		(SELECT count(*)::int FROM onemap.patrol_stop s WHERE s.plan = l.plan AND s.place = l.n) AS stops FROM onemap.patrol_place l
		WHERE l.plan = $1 AND (NOT l.explore OR EXISTS (SELECT FROM onemap.patrol_stop s WHERE s.plan = l.plan AND s.place = l.n)) ORDER BY l.n`, p.ID)
	if err != nil {
		return err
	}
	p.Places, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (l Place, err error) {
		var at orb.Point
		var stay float64
		err = r.Scan(&l.N, &l.Title, &at, &l.Grid, &l.Cell, &l.Rank, &l.Score, &stay, &l.Explore, &l.ByHand, &l.UsedMin, &l.Most, &l.NoRoad, &l.WhyZH, &l.WhyEN, &l.Stops)
		l.Lon, l.Lat, l.StayMin = round7(at[0]), round7(at[1]), minutes(stay)
		return l, err
	})
	return err
}

func readFlow(ctx context.Context, db querier, p *Plan) error {
	rows, err := db.Query(ctx, `SELECT at, actor, action, version, reason, coalesce((detail ->> 'removed')::int, 0), coalesce((detail ->> 'added')::int, 0), coalesce((detail ->> 'moved')::int, 0)
		FROM onemap.patrol_flow WHERE plan = $1 ORDER BY id`, p.ID)
	if err == nil {
		p.Flow, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Step])
	}
	return err
}

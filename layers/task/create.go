package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/locate"
)

// longestAhead is how far ahead a task may be due.
const longestAhead = 366 * 24 * time.Hour

// Create makes a patrol or a visit, and returns it with the cursor of the log
// after its commit. One of a UUID that is there already is answered with what
// it is now, again true, if its content is the same, and with an error
// wrapping [layers.ErrConflict] if not.
func (s *Store) Create(ctx context.Context, scope access.Scope, d Draft) (t Task, at feed.Cursor, again bool, err error) {
	if err := scope.Require(access.CommandCentre, access.DepartmentOfficer, access.Planner); err != nil {
		return t, at, false, err
	}
	v, err := s.sight(scope)
	if err != nil {
		return t, at, false, err
	}
	sent := d
	sent.Address, sent.DueAt = "", d.DueAt.UTC()
	content, err := hash(v.who.ID, sent)
	if err != nil {
		return t, at, false, err
	}
	if err := d.check(v.now); err != nil {
		return t, at, false, err
	}
	var id int64
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		id, again, err = s.create(ctx, tx, v, d, content)
		return err
	})
	if strings.Contains(constraint(err), "asked") { // made by another request at the same moment
		id, again, err = made(ctx, s.Layers.DB(), d.UUID, content)
	}
	if constraint(err) == "task_visit_open_key" {
		err = fmt.Errorf("enterprise %d has an open visit: assign or cancel that: %w", d.Enterprise, layers.ErrConflict)
	}
	if err != nil {
		return t, at, false, wrap("make task", err)
	}
	if at, err = feed.Now(ctx, s.Layers.DB()); err != nil {
		return t, at, false, fmt.Errorf("make task: %w", err)
	}
	t, err = s.Get(ctx, scope, id)
	return t, at, again, err
}

// CreateTx makes a patrol in the transaction of the plan that asks for it, and
// returns its number. Errors are those of [Store.Create].
func (s *Store) CreateTx(ctx context.Context, tx pgx.Tx, scope access.Scope, d Draft) (id int64, err error) {
	v, err := s.sight(scope)
	if err != nil {
		return 0, err
	}
	sent := d
	sent.Address, sent.DueAt = "", d.DueAt.UTC()
	content, err := hash(v.who.ID, sent)
	if err == nil {
		err = d.check(v.now)
	}
	if err != nil {
		return 0, err
	}
	id, _, err = s.create(ctx, tx, v, d, content)
	return id, err
}

func (s *Store) create(ctx context.Context, tx pgx.Tx, v sight, d Draft, content string) (id int64, again bool, err error) {
	if id, again, err = made(ctx, tx, d.UUID, content); err != nil || again {
		return id, again, err
	}
	if d.Kind == Patrol {
		id, err = s.patrol(ctx, tx, v, d, content)
	} else {
		id, err = s.visit(ctx, tx, v, d, content)
	}
	if err != nil {
		return 0, false, err
	}
	return id, false, access.RecordTx(ctx, tx, v.scope, access.Entry{Action: "task.create", Object: fmt.Sprintf("task/%d", id), Result: access.Done, Address: d.Address,
		Detail: map[string]any{"kind": d.Kind}})
}

// made finds the task that was made with a UUID.
func made(ctx context.Context, db querier, asked uuid.UUID, content string) (id int64, again bool, err error) {
	if asked == uuid.Nil {
		return 0, false, nil
	}
	var same bool
	err = db.QueryRow(ctx, `SELECT id, coalesce(detail ->> 'asked' = $2, false) FROM onemap.task WHERE asked = $1`, asked, content).Scan(&id, &same)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err == nil && !same {
		err = fmt.Errorf("a different task has the uuid %s: give a new task a new uuid: %w", asked, layers.ErrConflict)
	}
	return id, err == nil, err
}

func (d Draft) check(now time.Time) error {
	if d.Kind != Patrol && d.Kind != Visit {
		return &layers.InputError{Field: "kind", Value: layers.Short(d.Kind), Remedy: "patrol or visit: the other kinds are made by their case or hazard"}
	}
	for _, t := range []struct {
		field, text string
		most        int
	}{{"title", d.Title, 200}, {"grid_code", d.Grid, 40}, {"checklist", d.Checklist, 40}} {
		if err := layers.CheckText(t.field, t.text, t.most); err != nil {
			return err
		}
	}
	if !d.DueAt.IsZero() && (!d.DueAt.After(now) || d.DueAt.Sub(now) > longestAhead) {
		return &layers.InputError{Field: "due_at", Value: d.DueAt.Format(time.RFC3339), Remedy: "a time to come, within a year"}
	}
	switch {
	case d.Kind == Patrol && len(d.Points) == 0:
		return &layers.InputError{Field: "points", Remedy: "at least one point"}
	case d.Kind == Patrol && (d.Enterprise != 0 || d.Checklist != ""):
		return &layers.InputError{Field: "enterprise", Remedy: "leave enterprise and checklist out: they are of a visit"}
	case d.Kind == Visit && d.Enterprise == 0:
		return &layers.InputError{Field: "enterprise", Remedy: "the number of the enterprise to visit"}
	case d.Kind == Visit && len(d.Points) > 0:
		return &layers.InputError{Field: "points", Remedy: "leave them out: they are of a patrol"}
	}
	return checkPoints(d.Points)
}

// maxPoints of a patrol.
const maxPoints = 200

func checkPoints(ps []PointDraft) error {
	if len(ps) > maxPoints {
		return &layers.InputError{Field: "points", Remedy: fmt.Sprintf("at most %d points", maxPoints)}
	}
	for n, p := range ps {
		if err := layers.CheckText(fmt.Sprintf("points[%d].title", n), p.Title, 200); err != nil {
			return err
		}
		if !(p.NearM == 0 || p.NearM >= 1 && p.NearM <= 2000) {
			return &layers.InputError{Field: fmt.Sprintf("points[%d].near_m", n), Value: fmt.Sprint(p.NearM), Remedy: "1 to 2,000 metres, or 0 for what the city has set"}
		}
	}
	return nil
}

// placed brings points to the map.
func placed(ctx context.Context, tx pgx.Tx, ps []PointDraft) ([]SchedulePoint, error) {
	near := 50.0
	if err := setting(ctx, tx, "patrol.near_m", &near); err != nil {
		return nil, err
	}
	out := make([]SchedulePoint, len(ps))
	for n, p := range ps {
		l, err := locate.On(ctx, tx, fmt.Sprintf("points[%d].place", n), p.At)
		if err != nil {
			return nil, err
		}
		out[n] = SchedulePoint{Title: p.Title, Lon: l.At[0], Lat: l.At[1], NearM: p.NearM, explore: p.Explore, plannedAt: p.PlannedAt, stay: p.Stay}
		if p.NearM == 0 {
			out[n].NearM = near
		}
	}
	return out, nil
}

// whereabouts is the grid of a task and its division: the one named, else the
// finest that holds p. It must be in the area that the caller answers for.
func whereabouts(ctx context.Context, tx pgx.Tx, v sight, grid string, p orb.Point, anybody bool) (code, area string, err error) {
	if grid == "" {
		err = tx.QueryRow(ctx, `SELECT grid_code, area_code FROM map.grid_at($1)`, p).Scan(&code, &area)
	} else {
		err = tx.QueryRow(ctx, `SELECT grid_code, area_code FROM (
			SELECT grid_code, area_code, 1 AS n FROM map.grid_unit WHERE grid_code = $1 AND valid_to IS NULL
			UNION ALL SELECT grid_code, area_code, 2 FROM map.grid_duty WHERE grid_code = $1 AND valid_to IS NULL
			UNION ALL SELECT grid_code, area_code, 3 FROM map.grid_community WHERE grid_code = $1 AND valid_to IS NULL) g ORDER BY n LIMIT 1`, grid).Scan(&code, &area)
		if errors.Is(err, pgx.ErrNoRows) {
			return "", "", &layers.InputError{Field: "grid_code", Value: layers.Short(grid), Remedy: "the code of a grid in force"}
		}
	}
	if err != nil {
		return "", "", err
	}
	if code == "" && anybody {
		return "", "", &layers.InputError{Field: "person", Remedy: "name the worker: no grid holds the place"}
	}
	if area != "" && !strings.HasPrefix(area, v.scope.Org().AreaCode) {
		return "", "", fmt.Errorf("a task in %s: %w", area, access.ErrForbidden)
	}
	return code, area, nil
}

// patrol makes a patrol with its points.
func (s *Store) patrol(ctx context.Context, tx pgx.Tx, v sight, d Draft, content string) (id int64, err error) {
	worker, err := findWorker(ctx, tx, d.Person)
	if err != nil {
		return 0, err
	}
	points, err := placed(ctx, tx, d.Points)
	if err != nil {
		return 0, err
	}
	first := orb.Point{points[0].Lon, points[0].Lat}
	grid, area, err := whereabouts(ctx, tx, v, d.Grid, first, worker == nil)
	if err != nil {
		return 0, err
	}
	n := newTask{Kind: Patrol, Title: d.Title, Person: worker, Dept: cmp.Or(d.Dept, v.dept()), Grid: grid, Area: area, At: first, MadeBy: v.who.Login, MadeAt: v.now, Asked: d.UUID, Content: content}
	if !d.DueAt.IsZero() {
		n.due(v.now, d.DueAt)
	}
	if id, err = n.insert(ctx, tx); err != nil {
		return 0, err
	}
	return id, insertPoints(ctx, tx, id, points)
}

// dept is the department for which the caller has work done.
func (v sight) dept() string {
	if v.scope.Has(access.DepartmentOfficer) && !v.scope.Has(access.CommandCentre) {
		return v.who.Org
	}
	return ""
}

func insertPoints(ctx context.Context, tx pgx.Tx, task int64, points []SchedulePoint) error {
	b := &pgx.Batch{}
	for n, p := range points {
		b.Queue(`INSERT INTO onemap.task_point (task, n, title, geom, near_m, explore, planned_at, stay_s) VALUES ($1, $2, $3, ST_SetSRID(ST_MakePoint($4, $5), 4326), $6, $7, $8, $9)`,
			task, n+1, p.Title, p.Lon, p.Lat, p.NearM, p.explore, p.plannedAt, int(p.stay.Seconds()))
	}
	return tx.SendBatch(ctx, b).Close()
}

// newTask is a row of onemap.task to be.
type newTask struct {
	Kind, Title      string
	Person           *int64
	Dept, Grid, Area string
	At               orb.Point
	MadeBy           string
	MadeAt           time.Time
	WarnAt, DueAt    *time.Time
	Asked            uuid.UUID
	Content          string // of what asked for it
	Enterprise       int64
	Checklist        string
	ListVersion      int
	Schedule         int64
	Day              string
}

// due sets the clock: yellow at four fifths of the time.
func (n *newTask) due(from, at time.Time) {
	warn := from.Add(at.Sub(from) * 4 / 5)
	if at.Before(from) {
		warn = at
	}
	n.WarnAt, n.DueAt = &warn, &at
}

func (n newTask) insert(ctx context.Context, tx pgx.Tx) (id int64, err error) {
	args := pgx.NamedArgs{"kind": n.Kind, "title": n.Title, "person": n.Person, "dept": n.Dept, "grid": n.Grid, "area": n.Area, "geom": n.At, "by": n.MadeBy, "at": n.MadeAt,
		"warn": n.WarnAt, "due": n.DueAt, "asked": nil, "content": n.Content, "enterprise": n.Enterprise, "checklist": n.Checklist, "version": n.ListVersion,
		"schedule": n.Schedule, "day": n.Day}
	if n.Asked != uuid.Nil {
		args["asked"] = n.Asked
	}
	err = tx.QueryRow(ctx, `INSERT INTO onemap.task (kind, title, person, dept, grid_code, area_code, geom, made_by, made_at, warn_at, due_at, asked, enterprise, checklist, checklist_version, schedule, day, detail)
		VALUES (@kind, @title, @person, @dept, @grid, @area, @geom, @by, @at, @warn, @due, @asked, nullif(@enterprise, 0::bigint), nullif(@checklist, ''), nullif(@version, 0::int),
			nullif(@schedule, 0::bigint), nullif(@day, '')::date, CASE WHEN @content = '' THEN '{}'::jsonb ELSE jsonb_build_object('asked', @content::text) END) RETURNING id`, args).Scan(&id)
	return id, err
}

// visit makes the visit of an enterprise that the caller may see.
func (s *Store) visit(ctx context.Context, tx pgx.Tx, v sight, d Draft, content string) (id int64, err error) {
	l, err := s.Layers.Layer(ctx, "enterprise")
	if err != nil {
		return 0, err
	}
	unknown := &layers.InputError{Field: "enterprise", Value: fmt.Sprint(d.Enterprise), Remedy: "the number of an enterprise that you may see"}
	right, ok := v.scope.Layer(l)
	if !ok {
		return 0, unknown
	}
	var a layers.Args
	may, err := l.SQL(right.Where, &a)
	if err != nil {
		return 0, err
	}
	n := newTask{Kind: Visit, Title: d.Title, MadeBy: v.who.Login, MadeAt: v.now, Asked: d.UUID, Content: content, Enterprise: d.Enterprise, Dept: v.dept()}
	var name, industry, dept string
	err = tx.QueryRow(ctx, `SELECT name, industry, dept_code, grid_code, geom FROM map.enterprise f WHERE id = `+a.Add(d.Enterprise)+` AND (`+may+`)`, a...).
		Scan(&name, &industry, &dept, &n.Grid, &n.At)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, unknown
	}
	if err != nil {
		return 0, err
	}
	if n.Title == "" {
		n.Title = name
	}
	if n.Dept == "" {
		n.Dept = dept
	}
	if n.Person, err = findWorker(ctx, tx, d.Person); err != nil {
		return 0, err
	}
	if d.Grid != "" {
		n.Grid = d.Grid
	}
	if n.Grid, n.Area, err = whereabouts(ctx, tx, v, n.Grid, n.At, n.Person == nil); err != nil {
		return 0, err
	}
	if n.Checklist, n.ListVersion, err = listFor(ctx, tx, d.Checklist, industry); err != nil {
		return 0, err
	}
	if !d.DueAt.IsZero() {
		n.due(v.now, d.DueAt)
	}
	return n.insert(ctx, tx)
}

// listFor is the checklist of that code, or the one for an industry, in its
// current version; "" where there is none.
func listFor(ctx context.Context, db querier, code, industry string) (string, int, error) {
	var version int
	err := db.QueryRow(ctx, `SELECT code, version FROM (SELECT DISTINCT ON (code) * FROM onemap.checklist ORDER BY code, version DESC) c
		WHERE active AND CASE WHEN $1 <> '' THEN code = $1 ELSE $2 = ANY(industries) OR industries = '{}' END
		ORDER BY $2 = ANY(industries) DESC, code LIMIT 1`, code, industry).Scan(&code, &version)
	if errors.Is(err, pgx.ErrNoRows) {
		if code != "" {
			return "", 0, &layers.InputError{Field: "checklist", Value: layers.Short(code), Remedy: "the code of a checklist in use"}
		}
		return "", 0, nil
	}
	return code, version, err
}

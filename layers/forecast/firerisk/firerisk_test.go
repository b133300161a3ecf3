package firerisk_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast/firerisk"
	"onemap/layers/forecast/firerisk/model"
	"onemap/layers/hazard"
	"onemap/layers/incident"
	"onemap/layers/layerstest"
	"onemap/layers/task"
)

// town has 400 enterprises on a lattice of 100 m, of which the workshops burn,
// two stations, hydrants in the west only, one road, and years of fires.
type town struct {
	*testing.T
	db    *pgxpool.Pool
	store *firerisk.Store
	by    map[string]access.Scope
	now   time.Time
}

var operator = access.Operator("test")

func newTown(t *testing.T) *town {
	t.Helper()
	db := layerstest.DB(t)
	dir := access.NewDirectory(db)
	t.Cleanup(dir.Close)
	ctx := t.Context()
	w := &town{T: t, db: db, by: map[string]access.Scope{}, now: time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)} // Wednesday, ten in the morning
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "市政府", NameEN: "City"},
		{Code: "centre", Parent: "gov", Level: "county", Kind: "command_centre", AreaCode: "330799", NameZH: "指挥中心", NameEN: "Centre"},
		{Code: "fire", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "消防", NameEN: "Fire"},
		{Code: "market", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "市场监管局", NameEN: "Market"},
	} {
		if err := dir.CreateOrganisation(ctx, operator, o); err != nil {
			t.Fatal(err)
		}
	}
	if err := dir.SetOwners(ctx, operator, map[string]string{"fire_risk": "fire", "water_gap": "fire", "response_gap": "fire", "enterprise": "fire"}); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.SeedGrants(ctx, operator); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		login, org string
		role       access.Role
		grids      []string
	}{{"planner", "centre", access.Planner, nil}, {"fire", "fire", access.DepartmentOfficer, nil}, {"market", "market", access.DepartmentOfficer, nil},
		{"worker", "gov", access.GridWorker, []string{"330799001001001"}}, {"admin", "gov", access.Administrator, nil}} {
		made, err := dir.CreatePerson(ctx, operator, access.NewPerson{Login: p.login, Name: p.login, Org: p.org, Roles: []access.Role{p.role}, Grids: p.grids})
		if err != nil {
			t.Fatal(err)
		}
		if w.by[p.login], err = dir.ScopeOf(ctx, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, geom) VALUES ('330799001001001', '330799001001', ST_Multi(ST_MakeEnvelope(119.99, 29.29, 120.03, 29.33, 4326)))`)
	w.exec(`INSERT INTO map.enterprise (id, name, industry, risk, dept_code, last_inspected_on, next_due_on, grid_code, area_code, geom)
		SELECT i, CASE WHEN i % 5 = 0 THEN '工场' ELSE '商行' END || i, CASE WHEN i % 5 = 0 THEN '五金加工' ELSE '商贸市场' END, 1 + i % 4, CASE WHEN i % 2 = 0 THEN 'fire' ELSE 'market' END,
		       DATE '2025-03-01' + i % 300, CASE WHEN i % 10 = 3 THEN DATE '2026-02-01' - i % 7 ELSE DATE '2026-09-01' END, '330799001001001', '330799001001',
		       ST_SetSRID(ST_MakePoint(120.0 + (i % 20) * 0.00103, 29.3 + (i / 20) * 0.0009), 4326) FROM generate_series(0, 399) i`)
	w.exec(`INSERT INTO map.inspection (enterprise, name, inspected_on, result, minor, grid_code, area_code, geom)
		SELECT id, name, last_inspected_on - 200 * k, 'conditional', 1, grid_code, area_code, geom FROM map.enterprise, generate_series(0, 2) k`)
	w.exec(`INSERT INTO map.base_building (class, levels, grid_code, area_code, geom)
		SELECT 'industrial', 2, grid_code, area_code, ST_Multi(ST_Expand(geom, 0.0002)) FROM map.enterprise WHERE id % 2 = 0`)
	w.exec(`INSERT INTO map.place (id, kind, name, state, geom) SELECT 1000 + i, 'hydrant', '', 'ready', ST_SetSRID(ST_MakePoint(120.0 + (i % 5) * 0.001, 29.3 + (i / 5) * 0.001), 4326) FROM generate_series(0, 99) i`)
	w.exec(`INSERT INTO map.place (id, kind, name, geom) VALUES (1, 'fire_station', '一站', ST_SetSRID(ST_MakePoint(120.0, 29.309), 4326)), (2, 'fire_station', '二站', ST_SetSRID(ST_MakePoint(120.019, 29.309), 4326))`)
	// A fire every second day for four years, five of six at workshops; and what
	// workers found, which is none of the model's business.
	w.exec(`INSERT INTO map.incident (class_standard, class_code, severity, source, state, occurred_at, reported_at, grid_code, area_code, geom)
		SELECT 'onemap-calls', '119-102', 1, CASE WHEN n % 10 = 9 THEN 'worker' ELSE 'hotline' END, 'closed', at, at, '330799001001001', '330799001001', e.geom
		FROM generate_series(1, 730) n CROSS JOIN LATERAL (SELECT timestamptz '2026-03-04 00:00+08' - n * interval '2 days' AS at) d
		JOIN map.enterprise e ON e.id = CASE WHEN n % 6 < 5 THEN (n * 7919 % 80) * 5 ELSE n * 104729 % 400 END`)
	l := layers.NewStore(db)
	clock := func() time.Time { return w.now }
	w.store = &firerisk.Store{Layers: l, Clock: clock, Tasks: &task.Store{Layers: l, Incidents: &incident.Store{Layers: l}, Hazards: &hazard.Store{Layers: l}, Clock: clock}}
	return w
}

func (w *town) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

func (w *town) one(sql string, to any, args ...any) {
	w.Helper()
	if err := w.db.QueryRow(w.Context(), sql, args...).Scan(to); err != nil {
		w.Fatal(err)
	}
}

func TestARunFromOrderToVisit(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	id, err := w.store.Ask(ctx, w.by["planner"], firerisk.Order{Kind: firerisk.Enterprise, Visits: 80, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.store.Get(ctx, w.by["fire"], id)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != "done" || r.Places != 400 || r.Fires != 657 || r.Trial == nil || !r.Trial.Passed || r.Hash == "" || !strings.Contains(string(r.Record), `"source_worker":73`) {
		t.Fatalf("%s", r.Record)
	}
	if m := r.Trial.Orders[0]; m.Name != model.ByModel || m.Recall < 0.5 {
		t.Errorf("%+v", m)
	}
	places, err := w.store.Places(ctx, w.by["planner"], firerisk.PlaceQuery{Kind: firerisk.Enterprise, Limit: 80})
	if err != nil {
		t.Fatal(err)
	}
	shops := 0
	for i, p := range places {
		if p.Rank != i+1 || p.Low > p.Expected || p.High < p.Expected || p.WhyZH == "" || p.WhyEN == "" {
			t.Fatalf("%+v", p)
		}
		if p.Use == "五金加工" {
			shops++
		}
	}
	if shops < 76 || places[0].Level != 1 || places[79].Level != 3 {
		t.Errorf("%d of the first 80 are workshops; levels %d, %d", shops, places[0].Level, places[79].Level)
	}

	order := firerisk.Draft{UUID: uuid.New(), Kind: firerisk.Enterprise, Title: "三月", Lines: 30, PerDay: 4, Seed: 3}
	list, again, err := w.store.Make(ctx, w.by["planner"], order)
	if err != nil || again {
		t.Fatal(again, err)
	}
	n := map[string]int{}
	for _, x := range list.Lines {
		n[x.Reason]++
		if x.UnitName == "" || x.Day < "2026-03-05" || x.Stop < 1 || x.Stop > 4 || x.UnitS == nil {
			t.Errorf("%+v", x)
		}
		if x.Reason == model.ForOverdue && x.Due >= "2026-03-04" {
			t.Errorf("not overdue: %+v", x)
		}
		if d, _ := time.Parse(time.DateOnly, x.Day); d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
			t.Errorf("a visit on a %s", d.Weekday())
		}
	}
	if n[model.ForAudit] != 3 || n[model.ForOverdue] != 11 || n[model.ForRisk] != 16 || !list.Scored || list.Pool != 400 || list.Measure != firerisk.Straight || len(list.Tours) < 8 {
		t.Errorf("%v of %+v, %d tours", n, list.Counts, len(list.Tours))
	}
	if same, again, err := w.store.Make(ctx, w.by["planner"], order); err != nil || !again || same.ID != list.ID {
		t.Errorf("sent again: %v %v", again, err)
	}
	order.Lines = 31
	if _, _, err := w.store.Make(ctx, w.by["planner"], order); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another list of the same uuid: %v", err)
	}

	// A person decides.
	if _, err := w.store.Decide(ctx, w.by["planner"], list.ID, firerisk.Decision{Lines: []int{1}, Decision: firerisk.Refused}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("refused without a reason: %v", err)
	}
	if _, err := w.store.Decide(ctx, w.by["planner"], list.ID, firerisk.Decision{Lines: []int{1}, Decision: firerisk.Refused, Note: "已搬迁"}); err != nil {
		t.Fatal(err)
	}
	done, err := w.store.Decide(ctx, w.by["planner"], list.ID, firerisk.Decision{Lines: []int{2, 3}, Decision: firerisk.Accepted, Person: "worker"})
	if err != nil {
		t.Fatal(err)
	}
	if c := done.Counts; c.Accepted != 2 || c.Refused != 1 || c.Waiting != 27 || done.Lines[1].Task == 0 || done.Lines[1].TaskState != "open" {
		t.Errorf("%+v %+v", c, done.Lines[1])
	}
	// A visit that was due anyway is that of the line, and goes to whom the decision names.
	due, _, _, err := w.store.Tasks.Create(ctx, w.by["fire"], task.Draft{UUID: uuid.New(), Kind: task.Visit, Enterprise: list.Lines[3].Place, DueAt: w.now.Add(48 * time.Hour), Title: "到期检查"})
	if err != nil {
		t.Fatal(err)
	}
	for name, login := range map[string]string{"fire": "nobody", "planner": "worker"} { // there is no such worker; it is not the planner's to give
		if _, err := w.store.Decide(ctx, w.by[name], list.ID, firerisk.Decision{Lines: []int{4}, Decision: firerisk.Accepted, Person: login}); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("given to %s by %s: %v", login, name, err)
		}
	}
	given, err := w.store.Decide(ctx, w.by["fire"], list.ID, firerisk.Decision{Lines: []int{4}, Decision: firerisk.Accepted, Person: "worker"})
	if err != nil || given.Lines[3].Task != due.ID {
		t.Fatalf("%+v %v", given.Lines, err)
	}
	var holder string
	if w.one(`SELECT p.login FROM onemap.task t JOIN onemap.person p ON p.id = t.person WHERE t.id = $1`, &holder, due.ID); holder != "worker" {
		t.Errorf("the visit is %q's", holder)
	}
	if _, err := w.store.Decide(ctx, w.by["planner"], list.ID, firerisk.Decision{Lines: []int{2}, Decision: firerisk.Refused, Note: "不去"}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("decided a second time: %v", err)
	}
	// The worker finds it on the phone and makes the visit; what was found comes back.
	todo, _, err := w.store.Tasks.List(ctx, w.by["worker"], task.Query{Mine: true, Open: true, Kind: task.Visit})
	if err != nil || len(todo) != 3 {
		t.Fatalf("%d visits on the phone: %v", len(todo), err)
	}
	w.exec(`UPDATE onemap.checklist_item SET required = false`)
	if _, _, _, err := w.store.Tasks.Finish(ctx, w.by["worker"], done.Lines[1].Task, task.Result{UUID: uuid.New(), Result: task.Done, ClientAt: w.now}); err != nil {
		t.Fatal(err)
	}
	back, err := w.store.List(ctx, w.by["fire"], list.ID)
	if err != nil || back.Lines[1].TaskState != "done" || back.Lines[1].Outcome != "pass" || back.Counts.Done != 1 {
		t.Errorf("%+v %+v %v", back.Counts, back.Lines[1], err)
	}
	var audited int
	w.one(`SELECT count(*) FROM onemap.audit WHERE action IN ('fire_risk.run', 'fire_risk.list', 'fire_risk.decide')`, &audited)
	if audited != 6 {
		t.Errorf("%d entries of the audit", audited)
	}
}

func TestWhoSeesWhat(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	if _, err := w.store.Ask(ctx, w.by["planner"], firerisk.Order{Kind: firerisk.Enterprise}); err != nil {
		t.Fatal(err)
	}
	for login, want := range map[string]int{"planner": 400, "fire": 400, "market": 200} { // market sees its own
		got, err := w.store.Places(ctx, w.by[login], firerisk.PlaceQuery{Kind: firerisk.Enterprise, Limit: 1000})
		if err != nil || len(got) != want {
			t.Errorf("%s sees %d: %v", login, len(got), err)
		}
	}
	for name, by := range map[string]access.Scope{"worker": w.by["worker"], "admin": w.by["admin"], "public": {}} {
		for what, err := range map[string]error{
			"places": func() error {
				_, err := w.store.Places(ctx, by, firerisk.PlaceQuery{Kind: firerisk.Enterprise})
				return err
			}(),
			"runs":      func() error { _, err := w.store.Runs(ctx, by); return err }(),
			"lists":     func() error { _, err := w.store.Lists(ctx, by); return err }(),
			"gaps":      func() error { _, err := w.store.Gaps(ctx, by); return err }(),
			"make gaps": func() error { _, err := w.store.AskGaps(ctx, by, ""); return err }(),
			"ask":       func() error { _, err := w.store.Ask(ctx, by, firerisk.Order{Kind: firerisk.Enterprise}); return err }(),
			"make": func() error {
				_, _, err := w.store.Make(ctx, by, firerisk.Draft{Kind: firerisk.Enterprise, Lines: 3})
				return err
			}(),
		} {
			if !errors.Is(err, access.ErrForbidden) && !errors.Is(err, access.ErrUnauthenticated) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	w.exec(`UPDATE onemap.setting SET value = 'false' WHERE key = 'forecast.enabled'`)
	if _, err := w.store.Ask(ctx, w.by["planner"], firerisk.Order{Kind: firerisk.Enterprise}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("switched off: %v", err)
	}
	// And no scores: not on a map, in an export, or live.
	w.store.Layers.ForgetRegistry() // as the feed's reader does where the switch is turned
	if _, err := w.store.Places(ctx, w.by["planner"], firerisk.PlaceQuery{Kind: firerisk.Enterprise}); !errors.Is(err, firerisk.ErrOff) {
		t.Errorf("scores, switched off: %v", err)
	}
	if _, err := w.store.Layers.Layer(ctx, firerisk.LayerName); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("the layer of scores, switched off: %v", err)
	}
}

// Scores that say nothing are withheld, and a list then says so.
func TestWithheldScores(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	if _, err := w.store.Ask(ctx, w.by["planner"], firerisk.Order{Kind: firerisk.Enterprise}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, sql, why string }{
		{"fires that only workers found", `UPDATE map.incident SET source = 'worker'`, "few"},
		{"a class that the public does not report", `UPDATE onemap.class SET public_reported = false WHERE code LIKE '119-1%'`, "few"},
		{"no fires", `TRUNCATE map.incident`, "few"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.T = t
			w.exec(tt.sql)
			id, err := w.store.Ask(ctx, w.by["planner"], firerisk.Order{Kind: firerisk.Enterprise})
			if err != nil {
				t.Fatal(err)
			}
			r, err := w.store.Get(ctx, w.by["planner"], id)
			if err != nil || r.State != "withheld" || !strings.Contains(r.Why, tt.why) || r.WhyZH == "" {
				t.Errorf("%+v %v", r, err)
			}
			got, err := w.store.Places(ctx, w.by["planner"], firerisk.PlaceQuery{Kind: firerisk.Enterprise})
			if err != nil || len(got) != 0 {
				t.Errorf("%d scores are still shown: %v", len(got), err)
			}
		})
	}
	w.T = t
	list, _, err := w.store.Make(ctx, w.by["planner"], firerisk.Draft{Kind: firerisk.Enterprise, Lines: 20, Seed: 1})
	if err != nil || list.Scored || len(list.Lines) != 20 || slices.ContainsFunc(list.Lines, func(x firerisk.Line) bool { return x.Reason == model.ForRisk || x.Expected != nil }) {
		t.Errorf("%+v %v", list, err)
	}
}

func TestGaps(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	if err := w.store.MakeGaps(ctx); err != nil {
		t.Fatal(err)
	}
	g, err := w.store.Gaps(ctx, w.by["planner"])
	if err != nil || g.Water == nil || g.Response == nil {
		t.Fatalf("%+v %v", g, err)
	}
	// Hydrants stand in the west quarter only.
	if g.Water.Buildings != 200 || g.Water.Beyond < 120 || g.Water.Beyond > 160 || g.Water.Measure != firerisk.Straight || g.Response.Measure != firerisk.Straight {
		t.Errorf("water %+v response %+v", g.Water, g.Response)
	}
	var worst, exact float64
	w.one(`SELECT max(distance_m) FROM map.water_gap`, &worst)
	w.one(`SELECT max((SELECT min(ST_Distance(ST_PointOnSurface(b.geom)::geography, p.geom::geography)) FROM map.place p WHERE kind = 'hydrant')) FROM map.base_building b`, &exact)
	if math.Abs(worst-exact) > exact/200 {
		t.Errorf("farthest is %.1f m, PostGIS says %.1f m", worst, exact)
	}
	// A road that leads from the first station to the south-west corner alone.
	w.exec(`INSERT INTO map.road_edge (id, road, source, target, length_m, cost, reverse_cost, foot_cost, class, geom)
		SELECT i, 1, i, i + 1, 111, 10, 10, 80, 'primary', ST_SetSRID(ST_MakeLine(ST_MakePoint(120.0, 29.3 + (i - 1) * 0.001), ST_MakePoint(120.0, 29.3 + i * 0.001)), 4326) FROM generate_series(1, 20) i`)
	if g, err = w.store.AskGaps(ctx, w.by["fire"], ""); err != nil {
		t.Fatal(err)
	}
	if g.Response.Measure != firerisk.ByRoad {
		t.Errorf("%+v", g.Response)
	}
	// Whose layers they are not gets no sum that looks as if nothing were known, and has nothing written.
	for what, err := range map[string]error{
		"read": func() error { _, err := w.store.Gaps(ctx, w.by["market"]); return err }(),
		"make": func() error { _, err := w.store.AskGaps(ctx, w.by["market"], ""); return err }(),
	} {
		if !errors.Is(err, access.ErrForbidden) {
			t.Errorf("an officer who sees neither layer, %s: %v", what, err)
		}
	}
	dir := access.NewDirectory(w.db)
	t.Cleanup(dir.Close)
	if _, err := dir.Grant(ctx, operator, access.Grant{Layer: "water_gap", Org: "market", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	who, _ := w.by["market"].Person()
	market, err := dir.ScopeOf(ctx, who.ID)
	if err != nil {
		t.Fatal(err)
	}
	if g, err = w.store.Gaps(ctx, market); err != nil || g.Water == nil || g.Response != nil || !slices.Equal(g.Hidden, []string{"response_gap"}) {
		t.Errorf("one of the two: %+v %v", g, err)
	}
	if _, err := w.store.AskGaps(ctx, market, ""); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("one of the two, made anew: %v", err)
	}
	w.exec(`TRUNCATE map.place`)
	if err := w.store.MakeGaps(ctx); err != nil {
		t.Fatal(err)
	}
	if g, err = w.store.Gaps(ctx, w.by["planner"]); err != nil || g.Water != nil || g.Response != nil {
		t.Errorf("without hydrants and stations: %+v %v", g, err)
	}
	w.exec(`TRUNCATE map.base_building`)
	if err := w.store.MakeGaps(ctx); err != nil {
		t.Fatal(err)
	}
}

// A server that starts again makes no run that the day has, and the next day makes its own.
func TestDaily(t *testing.T) {
	w := newTown(t)
	made := func() (runs int, gaps time.Time) {
		t.Helper()
		if err := w.store.Daily(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.one(`SELECT count(*) FROM onemap.fire_run`, &runs)
		w.one(`SELECT max(made_at) FROM map.water_gap`, &gaps)
		return runs, gaps
	}
	runs, gaps := made()
	if runs != 2 || !gaps.Equal(w.now) {
		t.Fatalf("the first day: %d runs, gaps of %v", runs, gaps)
	}
	w.now = w.now.Add(13 * time.Hour) // 23:00
	if again, same := made(); again != runs || !same.Equal(gaps) {
		t.Errorf("started again: %d runs, gaps of %v", again, same)
	}
	w.exec(`UPDATE onemap.fire_run SET state = 'failed' WHERE kind = 'building'`)
	if again, _ := made(); again != 3 {
		t.Errorf("after one that failed long ago: %d runs", again)
	}
	w.exec(`UPDATE onemap.fire_run SET state = 'failed' WHERE id = (SELECT max(id) FROM onemap.fire_run)`)
	if again, _ := made(); again != 3 {
		t.Errorf("after one that failed just now: %d runs", again)
	}
	w.now = w.now.Add(2 * time.Hour) // one in the morning
	if again, next := made(); again != 5 || !next.Equal(w.now) {
		t.Errorf("the next day: %d runs, gaps of %v", again, next)
	}
}

func TestBadInput(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	neg := -1.0
	for name, err := range map[string]error{
		"kind": func() error { _, err := w.store.Ask(ctx, w.by["planner"], firerisk.Order{Kind: "person"}); return err }(),
		"horizon": func() error {
			_, err := w.store.Ask(ctx, w.by["planner"], firerisk.Order{Kind: "building", Horizon: 3})
			return err
		}(),
		"visits": func() error {
			_, err := w.store.Ask(ctx, w.by["planner"], firerisk.Order{Kind: "building", Visits: -3})
			return err
		}(),
		"lines": make3(w, firerisk.Draft{Kind: "enterprise"}), "random": make3(w, firerisk.Draft{Kind: "enterprise", Lines: 9, Random: 0.01}),
		"overdue": make3(w, firerisk.Draft{Kind: "enterprise", Lines: 9, Overdue: &neg}), "per_day": make3(w, firerisk.Draft{Kind: "enterprise", Lines: 9, PerDay: 99}),
		"from_day": make3(w, firerisk.Draft{Kind: "enterprise", Lines: 9, From: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}), "area_code": make3(w, firerisk.Draft{Kind: "enterprise", Lines: 9, Area: "11"}),
		"places": func() error {
			_, err := w.store.Places(ctx, w.by["planner"], firerisk.PlaceQuery{Kind: "x"})
			return err
		}(),
	} {
		if !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.store.List(ctx, w.by["planner"], 99); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if _, err := w.store.Get(ctx, w.by["planner"], 99); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func make3(w *town, d firerisk.Draft) error {
	_, _, err := w.store.Make(w.Context(), w.by["planner"], d)
	return err
}

// Nobody's name can reach the model: the reading queries name no such column.
func TestAPersonStaysOut(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	hash := func() string {
		id, err := w.store.Ask(ctx, w.by["planner"], firerisk.Order{Kind: firerisk.Enterprise, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := w.store.Get(ctx, w.by["planner"], id)
		if err != nil {
			t.Fatal(err)
		}
		_, hash, _ := strings.Cut(string(r.Record), `"data_hash"`)
		return hash[:80]
	}
	before := hash()
	w.exec(`UPDATE map.incident SET reporter = 7, description = '张三家起火', attributes = '{"suspect": "张三", "age": 44, "hukou": "外地"}'`)
	w.exec(`UPDATE map.enterprise SET attributes = '{"legal_person": "李四", "owner_age": 51}'`)
	if after := hash(); after != before {
		t.Errorf("what a model is given changed with columns about persons: %s, %s", before, after)
	}
}

// What a place was graded after the days that are played again, and when its
// fires were reported, is not known on those days.
func TestATrialKnowsWhatWasKnownThen(t *testing.T) {
	w := newTown(t)
	run := func() firerisk.Run {
		t.Helper()
		id, err := w.store.Ask(t.Context(), w.by["planner"], firerisk.Order{Kind: firerisk.Enterprise, Visits: 40, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		r, err := w.store.Get(t.Context(), w.by["planner"], id)
		if err != nil || r.Trial == nil {
			t.Fatal(err, r.Why)
		}
		return r
	}
	before := run()
	if len(before.Notes) == 0 || before.Notes[0].ZH == "" || before.Notes[0].EN == "" {
		t.Errorf("no notes: %+v", before.Notes)
	}
	// The day before the cut the workshops are made red, in the register and by inspections.
	w.exec(`UPDATE map.enterprise SET risk = CASE WHEN id % 5 = 0 THEN 1 ELSE 4 END`)
	w.exec(`INSERT INTO map.inspection (enterprise, name, inspected_on, result, risk, grid_code, area_code, geom)
		SELECT id, name, DATE '2026-03-03', 'pass', risk, grid_code, area_code, geom FROM map.enterprise`)
	after := run()
	for i, o := range before.Trial.Orders {
		if o.Recall != after.Trial.Orders[i].Recall || o.Name == model.ByGrade {
			t.Errorf("%s: recall %.3f, %.3f with grades of today", o.Name, o.Recall, after.Trial.Orders[i].Recall)
		}
	}
	// Graded two years before, they are the first by grade.
	w.exec(`UPDATE map.inspection SET inspected_on = DATE '2022-03-03' WHERE risk IS NOT NULL`)
	dated := run()
	i := slices.IndexFunc(dated.Trial.Orders, func(o model.Order) bool { return o.Name == model.ByGrade })
	if i < 0 || dated.Trial.Orders[i].Recall < 0.3 {
		t.Errorf("%+v", dated.Trial.Orders)
	}
	// Reports that came a month late leave less to know on a past day.
	w.exec(`UPDATE map.incident SET reported_at = least(occurred_at + interval '30 days', '2026-03-04 00:00+08')`)
	late := run()
	if late.Fires != dated.Fires || late.Trial.Fires != dated.Trial.Fires || late.Trial.Orders[0].AUC == dated.Trial.Orders[0].AUC {
		t.Errorf("%d fires of %d, AUC %g and %g", late.Fires, dated.Fires, late.Trial.Orders[0].AUC, dated.Trial.Orders[0].AUC)
	}
}

// Gaps that are made by several at once are the gaps that one makes.
func TestGapsAreMadeOnce(t *testing.T) {
	w := newTown(t)
	if err := w.store.MakeGaps(t.Context()); err != nil {
		t.Fatal(err)
	}
	count := func() (n [4]int) {
		t.Helper()
		w.one(`SELECT ARRAY[(SELECT count(*) FROM map.water_gap), (SELECT sum(buildings) FROM map.water_gap), (SELECT count(*) FROM map.response_gap), (SELECT sum(buildings) FROM map.response_gap)]::int[]`, &n)
		return n
	}
	once := count()
	done := make(chan error)
	const at = 12
	for range at {
		go func() { done <- w.store.MakeGaps(t.Context()) }()
	}
	for range at {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if now := count(); now != once || once[0] == 0 || once[2] == 0 {
		t.Errorf("%d at once made %v, one %v", at, now, once)
	}
}

// A run is made again, bit by bit, from what was kept of it, though the city has
// changed since.
func TestRefit(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	w.exec(`UPDATE map.inspection SET risk = 1 + enterprise % 4`)
	w.exec(`INSERT INTO map.hazard (title, level, state, found_at, enterprise, grid_code, area_code, geom)
		SELECT '隐患', 'major', 'registered', timestamptz '2026-01-01 08:00+08', id, grid_code, area_code, geom FROM map.enterprise WHERE id < 5`)
	ask := func(kind string) int64 {
		t.Helper()
		id, err := w.store.Ask(ctx, w.by["planner"], firerisk.Order{Kind: kind, Visits: 80, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	again := func(id int64, same, data bool) firerisk.Refitted {
		t.Helper()
		f, err := w.store.Refit(ctx, w.by["planner"], id, "")
		if err != nil {
			t.Fatal(err)
		}
		if f.Same != same || f.TrialIsSame != same || f.DataIsSame != data {
			t.Errorf("%+v", f)
		}
		return f
	}
	id, house := ask(firerisk.Enterprise), ask(firerisk.Building)
	again(id, true, true)
	again(house, true, true)
	if second := ask(firerisk.Enterprise); again(second, true, true).Hash != again(id, true, true).Hash {
		t.Error("the same data, parameters and seed gave another hash")
	}
	var kept int
	if w.one(`SELECT count(*) FROM onemap.fire_content`, &kept); kept != 2 {
		t.Errorf("%d data cuts are kept, of two kinds of places", kept)
	}
	var hash, of string
	w.one(`SELECT encode(hash, 'hex') FROM onemap.fire_run WHERE id = $1`, &hash, id)
	if w.one(`SELECT encode(sha256(convert_to(record::text, 'UTF8')), 'hex') FROM onemap.fire_run WHERE id = $1`, &of, id); hash != of {
		t.Error("the hash is not that of the record")
	}
	w.exec(`DELETE FROM map.incident WHERE id % 3 = 0`)
	if f := again(id, true, false); f.FiresNow >= f.FiresThen || f.PlacesNow != f.PlacesThen {
		t.Errorf("%+v", f)
	}
	// A record that was changed by hand comes out otherwise.
	w.exec(`UPDATE onemap.fire_run SET record = (record::jsonb || '{"seed": 8}')::json WHERE id = $1`, id)
	again(id, false, false)
	w.exec(`UPDATE onemap.fire_run SET data = NULL WHERE id = $1`, id)
	if _, err := w.store.Refit(ctx, w.by["planner"], id, ""); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("without its data: %v", err)
	}
	if _, err := w.store.Refit(ctx, w.by["worker"], id, ""); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("by a worker: %v", err)
	}
}

// Recall is told at what crews can visit: those who are there, or those asked for.
func TestVisitsAreThoseOfCrews(t *testing.T) {
	w := newTown(t)
	for _, tt := range []struct {
		name   string
		order  firerisk.Order
		visits int
		crew   *firerisk.Crew
	}{
		{"two stations, one day a week, half of 400 places at most", firerisk.Order{}, 200, &firerisk.Crew{Crews: 2, Days: 52, PerDay: 6}},
		{"a short horizon", firerisk.Order{Horizon: 28}, 48, &firerisk.Crew{Crews: 2, Days: 4, PerDay: 6}},
		{"crews that were asked for", firerisk.Order{Crew: firerisk.Crew{Crews: 3, Days: 10, PerDay: 4}}, 120, &firerisk.Crew{Crews: 3, Days: 10, PerDay: 4}},
		{"a number", firerisk.Order{Visits: 33}, 33, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.order.Kind, tt.order.Seed = firerisk.Enterprise, 7
			id, err := w.store.Ask(t.Context(), w.by["planner"], tt.order)
			if err != nil {
				t.Fatal(err)
			}
			r, err := w.store.Get(t.Context(), w.by["planner"], id)
			if err != nil || r.Visits != tt.visits || r.Trial == nil || r.Trial.K != tt.visits || (r.Crew == nil) != (tt.crew == nil) || r.Crew != nil && *r.Crew != *tt.crew {
				t.Errorf("%d visits of %+v, want %d of %+v; %v", r.Visits, r.Crew, tt.visits, tt.crew, err)
			}
		})
	}
	for field, o := range map[string]firerisk.Order{"visits": {Visits: 5, Crew: firerisk.Crew{Days: 3}}, "days": {Horizon: 28, Crew: firerisk.Crew{Days: 40}}, "crews": {Crew: firerisk.Crew{Crews: -1}}, "per_day": {Crew: firerisk.Crew{PerDay: 51}}} {
		o.Kind = firerisk.Enterprise
		var bad *layers.InputError
		if _, err := w.store.Ask(t.Context(), w.by["planner"], o); !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%+v: %v, want a fault of %s", o, err, field)
		}
	}
}

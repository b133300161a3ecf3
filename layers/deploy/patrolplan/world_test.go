package patrolplan_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy/patrolplan"
	"onemap/layers/deploy/roads"
	"onemap/layers/forecast"
	"onemap/layers/hazard"
	"onemap/layers/incident"
	"onemap/layers/layerstest"
	"onemap/layers/locate"
	"onemap/layers/task"
)

// town is streets in a lattice of 11 by 11 crossings 200 m apart, a unit grid
// over them, an island of roads that no bridge leads to, and people.
type town struct {
	*testing.T
	db    *pgxpool.Pool
	plans *patrolplan.Store
	tasks *task.Store
	by    map[string]access.Scope
	now   time.Time
}

const (
	west, south = 120.0, 29.3
	grid        = "330799001001001"
)

// at is the crossing in a column and row.
func at(column, row float64) locate.Place {
	return locate.Place{CRS: "WGS84", X: west + column*0.002, Y: south + row*0.0018}
}

func newTown(t *testing.T) *town {
	t.Helper()
	db := layerstest.DB(t)
	w := &town{T: t, db: db, by: map[string]access.Scope{}, now: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)} // a Wednesday, 8 in the city
	dir := access.NewDirectory(db)
	t.Cleanup(dir.Close)
	operator := access.Operator("test")
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "市政府", NameEN: "City"},
		{Code: "town", Parent: "gov", Level: "town", Kind: "government", AreaCode: "330799001", NameZH: "东镇", NameEN: "East"},
		{Code: "west", Parent: "gov", Level: "town", Kind: "government", AreaCode: "330799002", NameZH: "西镇", NameEN: "West"},
		{Code: "centre", Parent: "gov", Level: "county", Kind: "command_centre", AreaCode: "330799", NameZH: "指挥中心", NameEN: "Centre"},
		{Code: "police", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "公安", NameEN: "Police"},
		{Code: "fire", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "消防", NameEN: "Fire"},
	} {
		if err := dir.CreateOrganisation(t.Context(), operator, o); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, name, duty_code, geom) VALUES ($1, '330799001001', '东一', '', ST_Multi(ST_MakeEnvelope(119.99, 29.29, 120.03, 29.33, 4326)))`, grid)
	w.exec(`INSERT INTO map.road_edge (id, road, source, target, length_m, cost, reverse_cost, foot_cost, class, geom)
		SELECT row_number() OVER (), 1, a, b, 200, 20, 20, 150, 'residential', ST_SetSRID(ST_MakeLine(ST_MakePoint(120 + x1 * 0.002, 29.3 + y1 * 0.0018), ST_MakePoint(120 + x2 * 0.002, 29.3 + y2 * 0.0018)), 4326)
		FROM (SELECT x AS x1, y AS y1, x + 1 AS x2, y AS y2, y * 11 + x AS a, y * 11 + x + 1 AS b FROM generate_series(0, 9) x, generate_series(0, 10) y
			UNION ALL SELECT x, y, x, y + 1, y * 11 + x, y * 11 + x + 11 FROM generate_series(0, 10) x, generate_series(0, 9) y
			UNION ALL VALUES (14, 0, 14, 1, 500, 501)) e`)
	for _, p := range []struct {
		login, org string
		roles      []access.Role
		grids      []string
	}{{"centre", "centre", []access.Role{access.CommandCentre}, nil}, {"planner", "town", []access.Role{access.Planner}, nil}, {"westerner", "west", []access.Role{access.Planner}, nil},
		{"police", "police", []access.Role{access.DepartmentOfficer}, nil}, {"fire", "fire", []access.Role{access.DepartmentOfficer}, nil},
		{"worker", "town", []access.Role{access.GridWorker}, []string{grid}}, {"other", "town", []access.Role{access.GridWorker}, []string{grid}}} {
		if _, err := dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: p.login, Name: p.login, Org: p.org, Roles: p.roles, Grids: p.grids}); err != nil {
			t.Fatal(err)
		}
		w.by[p.login] = access.Scope{}
	}
	if _, err := dir.SeedGrants(t.Context(), operator); err != nil {
		t.Fatal(err)
	}
	if err := dir.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for login := range w.by {
		var id int64
		w.scan(`SELECT id FROM onemap.person WHERE login = $1`, []any{&id}, login)
		var err error
		if w.by[login], err = dir.ScopeOf(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	store, clock := layers.NewStore(db), func() time.Time { return w.now }
	w.tasks = &task.Store{Layers: store, Incidents: &incident.Store{Layers: store, Clock: clock}, Hazards: &hazard.Store{Layers: store, Clock: clock}, Clock: clock}
	w.plans = &patrolplan.Store{Layers: store, Roads: &roads.Store{Layers: store}, Tasks: w.tasks, Forecasts: &forecast.Store{Layers: store, Now: clock}, Now: clock, Rounds: 20}
	return w
}

func (w *town) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

func (w *town) scan(sql string, into []any, args ...any) {
	w.Helper()
	if err := w.db.QueryRow(w.Context(), sql, args...).Scan(into...); err != nil {
		w.Fatal(err)
	}
}

// order is two units of four hours, an hour from now, on eight places.
func (w *town) order() patrolplan.Order {
	from := w.now.Add(time.Hour)
	o := patrolplan.Order{Title: "夜间巡逻", Seed: 7}
	for i := range 8 {
		o.Places = append(o.Places, patrolplan.PlaceDraft{Title: string(rune('A' + i)), At: at(float64(1+i), float64(9-i)), Score: 1 + float64(i)/10})
	}
	for _, n := range []string{"甲", "乙"} {
		o.Units = append(o.Units, patrolplan.UnitDraft{Name: n, Person: "worker", From: from, Until: from.Add(4 * time.Hour), Start: &patrolplan.EndDraft{Title: "东站", At: at(5, 5)},
			Breaks: []patrolplan.BreakDraft{{Earliest: from.Add(time.Hour), Latest: from.Add(3 * time.Hour), Minutes: 20}}})
	}
	return o
}

func (w *town) make(login string, o patrolplan.Order) patrolplan.Plan {
	w.Helper()
	p, _, err := w.plans.Make(w.Context(), w.by[login], o)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func (w *town) decide(login, action string, p patrolplan.Plan) patrolplan.Plan {
	w.Helper()
	p, err := w.plans.Decide(w.Context(), w.by[login], p.ID, patrolplan.Decision{Action: action, Version: p.Version, Reason: "因为"})
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func visit(n int, where locate.Place) task.PointVisit {
	return task.PointVisit{UUID: uuid.New(), N: n, At: &where, Accuracy: 5}
}

package quality_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/edit"
	"onemap/layers/layerstest"
	"onemap/layers/quality"
)

// world is a market bureau's register of shops in a town of two grids, and the
// people around it.
type world struct {
	t      *testing.T
	db     *pgxpool.Pool
	dir    *access.Directory
	s      *quality.Store
	now    time.Time
	people map[string]int64
}

var operator = access.Operator("test")

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, db: layerstest.DB(t), people: map[string]int64{}, now: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)} // Monday, ten in Shanghai
	w.dir = access.NewDirectory(w.db)
	t.Cleanup(w.dir.Close)
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "市政府", NameEN: "City"},
		{Code: "centre", Parent: "gov", Level: "county", Kind: "command_centre", AreaCode: "330799", NameZH: "指挥中心", NameEN: "Centre"},
		{Code: "market", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "市场监管局", NameEN: "Market"},
		{Code: "market_east", Parent: "market", Level: "town", Kind: "department", AreaCode: "330799001", NameZH: "东所", NameEN: "Market, east"},
		{Code: "tax", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "税务局", NameEN: "Tax"},
	} {
		if err := w.dir.CreateOrganisation(t.Context(), operator, o); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, name, geom) VALUES
		('330799001001001', '330799001001', '东一', ST_Multi(ST_MakeEnvelope(120.00, 29.30, 120.01, 29.31, 4326))),
		('330799002001001', '330799002001', '西一', ST_Multi(ST_MakeEnvelope(120.01, 29.30, 120.02, 29.31, 4326)))`)
	w.layer("shop", "market", "conditional", `code text, uscc text, name text, kind text, stated_grid text, staff integer, opened date, seen_at timestamptz, phone text`, map[string]string{
		"code": "text", "uscc": "text", "name": "text", "kind": "text", "stated_grid": "text", "staff": "integer", "opened": "date", "seen_at": "time", "phone": "text"})
	w.exec(`UPDATE onemap.layer_field SET sensitivity = 'sensitive', in_tile = false WHERE layer = 'shop' AND name = 'phone'`)
	for login, p := range map[string]struct {
		org  string
		role access.Role
	}{"market": {"market", access.DepartmentOfficer}, "branch": {"market_east", access.DepartmentOfficer}, "tax": {"tax", access.DepartmentOfficer},
		"centre": {"centre", access.CommandCentre}, "admin": {"gov", access.Administrator}} {
		made, err := w.dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: login, Name: login, Org: p.org, Roles: []access.Role{p.role}})
		if err != nil {
			t.Fatal(err)
		}
		w.people[login] = made.ID
	}
	store := layers.NewStore(w.db)
	w.s = &quality.Store{Layers: store, Directory: w.dir, Classes: &class.Store{Layers: store}, Edit: &edit.Store{Layers: store}, Clock: func() time.Time { return w.now }}
	return w
}

// layer makes a layer of points with its table.
func (w *world) layer(name, owner, share, columns string, fields map[string]string) {
	w.t.Helper()
	w.exec(`SELECT map.feature_table($1, 'Point', $2)`, name, columns)
	w.exec(`INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, owner, share, share_basis, update_cycle, editable)
		VALUES ($1, '测试层', 'Test layer', 'other', 'Point', $2, $3, '测试', 'daily', true)`, name, owner, share)
	fields["grid_code"], fields["area_code"] = "text", "text"
	for f, typ := range fields {
		w.exec(`INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type) VALUES ($1, $2, '字段' || $2::text, $2, $3)`, name, f, typ)
	}
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(context.WithoutCancel(w.t.Context()), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) one(into any, sql string, args ...any) {
	w.t.Helper()
	if err := w.db.QueryRow(w.t.Context(), sql, args...).Scan(into); err != nil {
		w.t.Fatal(err)
	}
}

// as is the scope of a person.
func (w *world) as(login string) access.Scope {
	w.t.Helper()
	if err := w.dir.Load(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	sc, err := w.dir.ScopeOf(w.t.Context(), w.people[login])
	if err != nil {
		w.t.Fatal(err)
	}
	return sc
}

func (w *world) get(name string) layers.Layer {
	w.t.Helper()
	w.s.Layers.ForgetRegistry()
	l, err := w.s.Layers.Layer(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// rule puts a rule down past the checks of AddRule.
func (w *world) rule(r quality.Rule) int64 {
	w.t.Helper()
	if r.Params == nil {
		r.Params = map[string]any{}
	}
	if r.Layer == "" {
		r.Layer = "shop"
	}
	if r.Weight == 0 {
		r.Weight = 1
	}
	if r.Indicator == "" {
		for _, k := range quality.Kinds {
			if k.Name == r.Kind {
				r.Indicator = k.Indicator
			}
		}
	}
	var id int64
	w.one(&id, `INSERT INTO onemap.quality_rule (layer, indicator, kind, field, params, condition, weight, quarantine, title_zh, title_en, made_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '规则', 'Rule', 'test') RETURNING id`, r.Layer, r.Indicator, r.Kind, r.Field, r.Params, r.Condition, r.Weight, r.Quarantine)
	return id
}

// wall is the database's own time, for rules on when rows were written.
func (w *world) wall() (now time.Time) {
	w.t.Helper()
	w.one(&now, `SELECT now()`)
	return now
}

// failed are the rows that failed a rule in a run.
func (w *world) failed(run, rule int64) []int64 {
	w.t.Helper()
	var out []int64
	w.one(&out, `SELECT array_agg(row ORDER BY row) FROM onemap.quality_failure WHERE run = $1 AND rule = $2`, run, rule)
	return out
}

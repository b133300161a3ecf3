package match_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/layerstest"
	"onemap/layers/match"
)

// world is the market bureau's register and the fire brigade's, and who works
// with them.
type world struct {
	t      *testing.T
	db     *pgxpool.Pool
	dir    *access.Directory
	s      *match.Store
	people map[string]int64
}

var operator = access.Operator("test")

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, db: layerstest.DB(t), people: map[string]int64{}}
	w.dir = access.NewDirectory(w.db)
	t.Cleanup(w.dir.Close)
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "市政府", NameEN: "City"},
		{Code: "market", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "市场监管局", NameEN: "Market"},
		{Code: "fire", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "消防救援大队", NameEN: "Fire"},
		{Code: "tax", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "税务局", NameEN: "Tax"},
	} {
		if err := w.dir.CreateOrganisation(t.Context(), operator, o); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(`INSERT INTO onemap.area (code, level, name_zh, name_en) VALUES ('330799', 'county', '义乌市', 'Yiwu')`)
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, name, geom) VALUES ('330799001001001', '330799001001', '东一', ST_Multi(ST_MakeEnvelope(120, 29.3, 120.1, 29.4, 4326)))`)
	w.layer("shop", "market", "uscc text, name text, address text, legal_rep text")
	w.layer("fire_unit", "fire", "uscc text, name text, address text, exits text")
	for login, org := range map[string]string{"market": "market", "fire": "fire", "tax": "tax"} {
		made, err := w.dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: login, Name: login, Org: org, Roles: []access.Role{access.DepartmentOfficer}})
		if err != nil {
			t.Fatal(err)
		}
		w.people[login] = made.ID
	}
	w.s = &match.Store{Layers: layers.NewStore(w.db)}
	return w
}

// layer makes a layer of points that is shared with granted departments only;
// columns are all texts.
func (w *world) layer(name, owner, columns string) {
	w.t.Helper()
	w.exec(`SELECT map.feature_table($1, 'Point', $2)`, name, columns)
	w.exec(`INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, owner, share, share_basis) VALUES ($1, '登记', 'Register', 'other', 'Point', $2, 'conditional', '测试')`, name, owner)
	w.exec(`INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type)
		SELECT $1::text, column_name, column_name, column_name, 'text' FROM information_schema.columns WHERE table_schema = 'map' AND table_name = $1::text
		AND column_name NOT IN ('id', 'source_key', 'crs', 'orig', 'batch', 'updated_at', 'geom')`, name)
	w.s = &match.Store{Layers: layers.NewStore(w.db)}
}

// row puts a row into a register; the point is that many metres east of the corner.
func (w *world) row(layer, key, uscc, name, address string, east float64) {
	w.t.Helper()
	w.exec(fmt.Sprintf(`INSERT INTO map.%s (source_key, uscc, name, address, geom) VALUES ($1, $2, $3, $4, ST_SetSRID(ST_MakePoint(120.01 + $5::float8 / 96900, 29.35), 4326))`, layer), key, uscc, name, address, east)
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(context.WithoutCancel(w.t.Context()), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) count(sql string, args ...any) (n int) {
	w.t.Helper()
	if err := w.db.QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
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

// grant lets a department see a layer.
func (w *world) grant(layer, org string) {
	w.t.Helper()
	w.exec(`INSERT INTO onemap.layer_grant (layer, org, area_code, reason, granted_by) VALUES ($1, $2, '330799', '测试', 'test')`, layer, org)
}

// run runs a plan at once.
func (w *world) run(plan string) match.Run {
	w.t.Helper()
	id, err := w.s.Ask(w.t.Context(), operator, plan, "")
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.s.Run(w.t.Context(), id); err != nil {
		w.t.Fatal(err)
	}
	runs, err := w.s.Runs(w.t.Context(), operator, plan, 1)
	if err != nil {
		w.t.Fatal(err)
	}
	return runs[0]
}

// plan is the plan of all tests.
func plan() match.Plan {
	roles := match.Roles{Names: []string{"name"}, Address: []string{"address"}, Code: "uscc"}
	return match.Plan{Name: "shops", TitleZH: "市场主体与消防单位", TitleEN: "Shops and fire units", LeftLayer: "fire_unit", RightLayer: "shop", Left: roles, Right: roles, Follow: true,
		Items: []match.Item{{Name: "address", TitleZH: "地址", TitleEN: "Address", LeftField: "address", RightField: "address", Compare: match.Address, Authority: "right", Basis: "市场主体登记管理条例"}}}
}

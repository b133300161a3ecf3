package deviation_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast/deviation"
	"onemap/layers/layerstest"
)

var operator = access.Operator("test")

// town has six responsibility grids in a row, each with two unit grids, and two
// years of thefts and brawls that somebody called in.
type town struct {
	*testing.T
	db    *pgxpool.Pool
	store *deviation.Store
	by    map[string]access.Scope
	now   time.Time
}

func newTown(t *testing.T) *town {
	t.Helper()
	db := layerstest.DB(t)
	dir := access.NewDirectory(db)
	t.Cleanup(dir.Close)
	ctx := t.Context()
	w := &town{T: t, db: db, by: map[string]access.Scope{}, now: time.Date(2026, 3, 4, 6, 20, 0, 0, time.UTC)} // Wednesday, 14:20
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "市政府", NameEN: "City"},
		{Code: "centre", Parent: "gov", Level: "county", Kind: "command_centre", AreaCode: "330799", NameZH: "指挥中心", NameEN: "Centre"},
		{Code: "police", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "公安", NameEN: "Police"},
		{Code: "market", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "市场监管局", NameEN: "Market"},
	} {
		if err := dir.CreateOrganisation(ctx, operator, o); err != nil {
			t.Fatal(err)
		}
	}
	if err := dir.SetOwners(ctx, operator, map[string]string{"deviation": "centre", "repeat_place": "centre", "incident": "centre"}); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.SeedGrants(ctx, operator); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		login, org string
		role       access.Role
	}{{"centre", "centre", access.CommandCentre}, {"dispatcher", "centre", access.Dispatcher}, {"police", "police", access.DepartmentOfficer}, {"market", "market", access.DepartmentOfficer}, {"admin", "gov", access.Administrator}} {
		made, err := dir.CreatePerson(ctx, operator, access.NewPerson{Login: p.login, Name: p.login, Org: p.org, Roles: []access.Role{p.role}})
		if err != nil {
			t.Fatal(err)
		}
		if w.by[p.login], err = dir.ScopeOf(ctx, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(`UPDATE onemap.class SET dept = 'police' WHERE code LIKE '110-%'`)
	w.exec(`INSERT INTO map.grid_duty (grid_code, name, area_code, geom) SELECT '33079900100' || i, '网格' || i, '330799001001', ST_Multi(ST_MakeEnvelope(120 + i * 0.01, 29.30, 120.01 + i * 0.01, 29.31, 4326)) FROM generate_series(0, 5) i`)
	w.exec(`INSERT INTO map.grid_unit (grid_code, duty_code, area_code, geom) SELECT '33079900100' || i || '00' || k, '33079900100' || i, '330799001001',
		ST_Multi(ST_MakeEnvelope(120 + i * 0.01 + k * 0.005, 29.30, 120.005 + i * 0.01 + k * 0.005, 29.31, 4326)) FROM generate_series(0, 5) i, generate_series(0, 1) k`)
	// A Weyl sequence: even rain over grids and hours, without chance.
	w.cases("110-102", "hotline", 1500, 730*24, `120 + mod(n * 0.754877666, 1) * 0.06, 29.3 + mod(n * 0.569840296, 1) * 0.01`)
	w.cases("110-201", "hotline", 700, 730*24, `120 + mod(n * 0.618033988, 1) * 0.06, 29.3 + mod(n * 0.413, 1) * 0.01`)
	w.store = &deviation.Store{Layers: layers.NewStore(db), Clock: func() time.Time { return w.now }}
	return w
}

// cases makes n of a class over the last hours, evenly, at a place as SQL says.
func (w *town) cases(code, source string, n, hours int, at string) {
	w.Helper()
	w.exec(`INSERT INTO map.incident (class_standard, class_code, severity, source, state, occurred_at, reported_at, geom)
		SELECT 'onemap-calls', $1, 2, $2, 'closed', at, at + interval '5 minutes', ST_SetSRID(ST_MakePoint(`+at+`), 4326)
		FROM generate_series(1, $3::int) n CROSS JOIN LATERAL (SELECT $5::timestamptz - interval '30 minutes' - mod(n * 0.724557, 1) * $4::int * interval '1 hour' AS at) d`, code, source, n, hours, w.now)
}

func (w *town) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

func (w *town) look() deviation.Look {
	w.Helper()
	l, err := w.store.Look(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return l
}

func TestLook(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	quiet := w.look()
	if quiet.Told != 0 || quiet.Repeats != 0 || quiet.Tests != 2*3*7 || len(quiet.Classes) != 2 {
		t.Fatalf("a quiet town: %+v", quiet)
	}
	// Since this morning ten thefts in the fourth grid, at one market; a raid finds
	// more, which says where officers went.
	w.cases("110-102", "hotline", 10, 9, `120.032 + mod(n * 0.618, 1) * 0.0001, 29.305`)
	w.cases("110-201", "worker", 60, 9, `120.012, 29.305`)
	loud := w.look()
	got, last, err := w.store.List(ctx, w.by["dispatcher"])
	if err != nil || last == nil || last.ID != loud.ID {
		t.Fatal(err, last)
	}
	if len(got) == 0 || got[0].Code != "110-102" || got[0].Grid != "330799001003" || got[0].Window != 1 || got[0].N < 9 || got[0].N <= got[0].High || got[0].Dept != "police" || got[0].GridName != "网格3" {
		t.Fatalf("%+v", got)
	}
	for _, d := range got {
		if d.Code == "110-201" {
			t.Errorf("what officers found is told: %+v", d)
		}
	}
	repeats, err := w.store.Repeats(ctx, w.by["dispatcher"])
	if err != nil || len(repeats) != 1 || repeats[0].N < 10 || len(repeats[0].Incidents) != repeats[0].N || repeats[0].Major == "" {
		t.Fatalf("%+v %v", repeats, err)
	}

	// A person answers; the answer stays while it goes on.
	for name, err := range map[string]error{
		"no note":    second(w.store.Answer(ctx, w.by["centre"], got[0].ID, deviation.Known, " ", "")),
		"a word":     second(w.store.Answer(ctx, w.by["centre"], got[0].ID, "fine", "x", "")),
		"not theirs": second(w.store.Answer(ctx, w.by["market"], got[0].ID, deviation.Known, "x", "")),
		"no right":   second(w.store.Answer(ctx, w.by["dispatcher"], got[0].ID, deviation.Known, "x", "")),
		"none":       second(w.store.Answer(ctx, w.by["centre"], 999, deviation.Known, "x", "")),
	} {
		if err == nil || !errors.Is(err, layers.ErrInvalid) && !errors.Is(err, access.ErrForbidden) && !errors.Is(err, layers.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d, err := w.store.Answer(ctx, w.by["police"], got[0].ID, deviation.Acting, "已加派便衣", ""); err != nil || d.Answer != deviation.Acting || d.AnsweredBy != "police" {
		t.Fatalf("%+v %v", d, err)
	}
	w.now = w.now.Add(time.Hour)
	w.look()
	later, _, err := w.store.List(ctx, w.by["centre"])
	if err != nil || len(later) != len(got) || !slices.ContainsFunc(later, func(d deviation.Deviation) bool {
		return d.ID == got[0].ID && d.Answer == deviation.Acting && d.FirstTold.Equal(got[0].FirstTold)
	}) {
		t.Errorf("%+v %v", later, err)
	}
	// Months later it is over.
	w.now = w.now.AddDate(0, 0, 100)
	w.cases("110-102", "hotline", 205, 100*24, `120 + mod(n * 0.754877666, 1) * 0.06, 29.3 + mod(n * 0.569840296, 1) * 0.01`)
	w.cases("110-201", "hotline", 96, 100*24, `120 + mod(n * 0.618033988, 1) * 0.06, 29.3 + mod(n * 0.413, 1) * 0.01`)
	w.look()
	if over, _, err := w.store.List(ctx, w.by["centre"]); err != nil || len(over) != 0 {
		t.Errorf("still told: %+v %v", over, err)
	}
}

func TestWhoSeesDeviations(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	w.cases("110-102", "hotline", 12, 9, `120.032, 29.305`)
	w.look()
	for login, want := range map[string]bool{"centre": true, "dispatcher": true, "police": true, "market": false} {
		got, _, err := w.store.List(ctx, w.by[login])
		if err != nil || (len(got) > 0) != want {
			t.Errorf("%s sees %d: %v", login, len(got), err)
		}
		again, err := w.store.Repeats(ctx, w.by[login])
		if err != nil || (len(again) > 0) != want {
			t.Errorf("%s sees %d places: %v", login, len(again), err)
		}
	}
	for name, by := range map[string]access.Scope{"admin": w.by["admin"], "public": {}} {
		if _, _, err := w.store.List(ctx, by); !errors.Is(err, access.ErrForbidden) && !errors.Is(err, access.ErrUnauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := w.store.Ask(ctx, by, ""); !errors.Is(err, access.ErrForbidden) && !errors.Is(err, access.ErrUnauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An empty city, one without grids, one whose data stopped: each is said.
func TestPoorData(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	w.exec(`UPDATE map.incident SET occurred_at = occurred_at - interval '40 days', reported_at = reported_at - interval '40 days'`)
	for _, c := range w.look().Classes {
		if c.State != "slow" {
			t.Errorf("data that stopped 40 days ago: %+v", c)
		}
	}
	w.exec(`UPDATE map.incident SET occurred_at = occurred_at + interval '5 years'`)
	if l := w.look(); len(l.Classes) != 0 || l.Events != 0 {
		t.Errorf("times to come: %+v", l)
	}
	w.exec(`DELETE FROM map.grid_unit`)
	w.exec(`DELETE FROM map.grid_duty`)
	w.exec(`TRUNCATE map.incident`)
	if l := w.look(); l.Told != 0 {
		t.Errorf("%+v", l)
	}
	if got, l, err := w.store.List(ctx, w.by["centre"]); err != nil || len(got) != 0 || l == nil {
		t.Errorf("%v %v %v", got, l, err)
	}
	w.cases("110-102", "hotline", 400, 365*24, `120.03, 29.305`) // all at one point, no grid
	if l := w.look(); l.Repeats != 1 || l.Classes[0].State != "judged" {
		t.Errorf("%+v", l)
	}
}

func second(_ deviation.Deviation, err error) error { return err }

func TestRules(t *testing.T) {
	for value, ok := range map[string]bool{`{}`: true, `{"grid": "grid_unit"}`: true, `{"grid": "x"}`: false, `{"fdr": 0}`: false, `{"fdr": 2}`: false, `{"days": 1}`: false, `{"radius_m": 1e9}`: false, `{"repeats": 1}`: false, `{"least": 0}`: false, `[]`: false, `nonsense`: false} {
		if _, err := deviation.ParseRules([]byte(value)); (err == nil) != ok {
			t.Errorf("%s: %v", value, err)
		}
	}
}

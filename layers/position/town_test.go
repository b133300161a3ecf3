package position_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"go.uber.org/goleak"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/layerstest"
	"onemap/layers/locate"
	"onemap/layers/position"
)

// A town of two unit grids, each a responsibility grid too, with people.
type town struct {
	*testing.T
	url   string
	db    *pgxpool.Pool
	dir   *access.Directory
	store *position.Store
	by    map[string]access.Scope
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{T: t, url: layerstest.URL(t), by: map[string]access.Scope{}}
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	db, err := layers.Open(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	w.db = db
	w.dir = access.NewDirectory(db)
	t.Cleanup(w.dir.Close)
	operator := access.Operator("test")
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "市政府", NameEN: "City"},
		{Code: "east", Parent: "gov", Level: "town", Kind: "government", AreaCode: "330799001", NameZH: "东镇", NameEN: "East"},
		{Code: "west", Parent: "gov", Level: "town", Kind: "government", AreaCode: "330799002", NameZH: "西镇", NameEN: "West"},
		{Code: "centre", Parent: "gov", Level: "county", Kind: "command_centre", AreaCode: "330799", NameZH: "指挥中心", NameEN: "Centre"},
		{Code: "eastcentre", Parent: "east", Level: "town", Kind: "command_centre", AreaCode: "330799001", NameZH: "东镇指挥室", NameEN: "East centre"},
	} {
		if err := w.dir.CreateOrganisation(t.Context(), operator, o); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.dir.SeedGrants(t.Context(), operator); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"grid_unit", "grid_duty"} {
		w.exec(`INSERT INTO map.` + table + ` (grid_code, area_code, name, geom) VALUES
			('330799001001001', '330799001001', '东一', ST_Multi(ST_MakeEnvelope(120.00, 29.30, 120.01, 29.31, 4326))),
			('330799002001001', '330799002001', '西一', ST_Multi(ST_MakeEnvelope(120.01, 29.30, 120.02, 29.31, 4326)))`)
	}
	for _, p := range []struct {
		login, org string
		role       access.Role
	}{{"worker", "east", access.GridWorker}, {"other", "west", access.GridWorker}, {"centre", "centre", access.CommandCentre}, {"eastcentre", "eastcentre", access.CommandCentre},
		{"dispatcher", "centre", access.Dispatcher}, {"gateway", "east", access.Gateway}, {"officer", "gov", access.DepartmentOfficer}} {
		made, err := w.dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: p.login, Name: p.login, Org: p.org, Roles: []access.Role{p.role}})
		if err != nil {
			t.Fatal(err)
		}
		if w.by[p.login], err = w.dir.ScopeOf(t.Context(), made.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.store = w.open()
	return w
}

// open opens another node on the town.
func (w *town) open() *position.Store {
	s := position.New(layers.NewStore(w.db))
	s.Log, s.Every = slog.New(slog.DiscardHandler), time.Millisecond
	w.Cleanup(s.Close)
	return s
}

func (w *town) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Exec(context.WithoutCancel(w.Context()), sql, args...); err != nil {
		w.Fatal(err)
	}
}

// text reads what a query's only value reads.
func (w *town) text(sql string, args ...any) (out string) {
	w.Helper()
	if err := w.db.QueryRow(w.Context(), `SELECT coalesce((`+sql+`)::text, '')`, args...).Scan(&out); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
	return out
}

func (w *town) want(want, sql string, args ...any) {
	w.Helper()
	if got := w.text(sql, args...); got != want {
		w.Errorf("%s\nis  %s\nnot %s", sql, got, want)
	}
}

// events are the fence events so far: who, what, which fence, why.
const events = `SELECT string_agg(concat_ws(' ', name, what, fence, why), ', ' ORDER BY id) FROM map.fence_event`

func at(lon float64, when time.Time) position.Fix {
	return position.Fix{Place: locate.Place{CRS: "WGS84", X: lon, Y: 29.305}, AccuracyM: 8, At: when}
}

// put takes a live position.
func (w *town) put(login string, f position.Fix) position.Taken {
	w.Helper()
	t, err := w.store.Put(w.Context(), w.by[login], "", []position.Fix{f}, true, time.Time{})
	if err != nil {
		w.Fatalf("%s at %v: %v", login, f.Place, err)
	}
	return t
}

func box(x0, y0, x1, y1 float64) orb.MultiPolygon {
	return orb.MultiPolygon{{orb.Ring{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}}
}

func (w *town) draw(name string, g orb.MultiPolygon, change ...func(*position.FenceDraft)) position.Fence {
	w.Helper()
	d := position.FenceDraft{Name: name, CRS: "WGS84", Geometry: g}
	for _, c := range change {
		c(&d)
	}
	f, _, err := w.store.CreateFence(w.Context(), access.Operator("test"), d) // whose area is everywhere
	if err != nil {
		w.Fatal(err)
	}
	return f
}

func key(f position.Fence) string { return fmt.Sprintf("fence/%d", f.ID) }

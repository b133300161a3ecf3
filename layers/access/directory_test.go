package access_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/layerstest"
)

// newLiveCity is a newCity whose Directory follows the log.
func newLiveCity(t *testing.T) (*city, *feed.Feed) {
	t.Helper()
	url := layerstest.URL(t)
	db, err := layers.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(db.Close)
	c := &city{db: db, dir: access.NewDirectory(db), store: layers.NewStore(db)}
	t.Cleanup(c.dir.Close)
	c.organisations(t)
	f := feed.New(url, c.dir.Reader())
	c.dir.Follow(f.Status)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	eventually(t, "the feed is live", func() bool { return f.Status().State == feed.Live })
	return c, f
}

// eventually waits for what the log brings.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

// reach waits until the feed has applied all that was committed before.
func (c *city) reach(t *testing.T, f *feed.Feed) {
	t.Helper()
	at, err := feed.Now(t.Context(), c.db)
	must(t, err)
	must(t, f.Wait(t.Context(), at))
}

// All that rights are made of, changed by plain SQL, is in memory as soon as
// the feed is there; and each change is told.
func TestDirectoryFollowsTheLog(t *testing.T) {
	c, f := newLiveCity(t)
	c.exec(t, `INSERT INTO map.grid_unit (grid_code, area_code, duty_code, geom) VALUES
		('u1', '330799001', 'd1', ST_Multi(ST_MakeEnvelope(120, 29, 121, 30, 4326)))`)
	p, err := c.dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: "li", Name: "李", Org: "east", Roles: []access.Role{access.GridWorker}, Grids: []string{"d1"}, Password: password})
	must(t, err)
	token, _, err := opened(c.dir.SignIn(t.Context(), "li", password, access.From{}))
	must(t, err)
	l := testLayer("incident", layers.Conditional, "urban")
	layer := func() string {
		t.Helper()
		s, err := c.dir.Session(t.Context(), token)
		if err != nil {
			return err.Error()
		}
		return describe(s.Layer(l))
	}
	for _, step := range []struct{ what, sql, want string }{
		{"nothing granted", ``, "404"},
		{"a grant", `INSERT INTO onemap.layer_grant (layer, org, reason, granted_by) VALUES ('incident', 'gov', 'test', 'psql')`, "grid d1,u1 & area 330799001: pi"},
		{"narrower", `UPDATE onemap.layer_grant SET fields = '{name,state}'`, "grid d1,u1 & area 330799001: name state"},
		{"elsewhere", `UPDATE onemap.layer_grant SET fields = NULL, area_code = '330799'`, "grid d1,u1 & area 330799: pi"},
		{"one grid of it", `UPDATE onemap.layer_grant SET grids = '{u9}'`, "grid u9 & grid d1,u1 & area 330799: pi"},
		{"or one of the worker's", `UPDATE onemap.layer_grant SET grids = '{u1,u9}', fields = '{name}'`, "grid d1,u1 & grid u1,u9 & area 330799: name"},
		{"or all", `UPDATE onemap.layer_grant SET grids = NULL, fields = NULL`, "grid d1,u1 & area 330799: pi"},
		{"a new unit grid", `INSERT INTO map.grid_unit (grid_code, area_code, duty_code, geom) VALUES
			('u2', '330799001', 'd1', ST_Multi(ST_MakeEnvelope(121, 29, 122, 30, 4326)))`, "grid d1,u1,u2 & area 330799: pi"},
		{"one goes to another duty", `UPDATE map.grid_unit SET duty_code = 'd2' WHERE grid_code = 'u1'`, "grid d1,u2 & area 330799: pi"},
		{"one is out of force", `UPDATE map.grid_unit SET valid_from = '2020-01-01', valid_to = '2021-01-01' WHERE grid_code = 'u2'`, "grid d1 & area 330799: pi"},
		{"and back", `UPDATE map.grid_unit SET valid_to = NULL WHERE grid_code = 'u2'`, "grid d1,u2 & area 330799: pi"},
		{"deleted", `DELETE FROM map.grid_unit WHERE grid_code = 'u2'`, "grid d1 & area 330799: pi"},
		{"another grid for the worker", `INSERT INTO onemap.person_grid SELECT id, 'd2' FROM onemap.person WHERE login = 'li'`, "grid d1,d2,u1 & area 330799: pi"},
		{"and one less", `DELETE FROM onemap.person_grid WHERE grid_code = 'd1'`, "grid d2,u1 & area 330799: pi"},
		{"moved to another", `UPDATE onemap.person_grid SET grid_code = 'd7'`, "grid d7 & area 330799: pi"},
		{"made an officer", `INSERT INTO onemap.person_role SELECT id, 'department_officer' FROM onemap.person WHERE login = 'li'`, "area 330799: pi"},
		{"and no longer", `DELETE FROM onemap.person_role WHERE role = 'department_officer'`, "grid d7 & area 330799: pi"},
		{"moved to another office", `UPDATE onemap.person SET org = 'urban' WHERE login = 'li'`, "grid d7 & (dept urban,urban-east | area 330799): pis"},
		{"whose area is cut", `UPDATE onemap.organisation SET area_code = '33079900' WHERE code = 'urban'`, "grid d7 & (dept urban,urban-east | area 33079900): pis"},
		{"which loses a branch", `UPDATE onemap.organisation SET parent = 'gov' WHERE code = 'urban-east'`, "grid d7 & (dept urban | area 33079900): pis"},
		{"moved back", `UPDATE onemap.person SET org = 'east' WHERE login = 'li'`, "grid d7 & area 330799: pi"},
		{"the grant is revoked", `UPDATE onemap.layer_grant SET revoked_at = now()`, "404"},
		{"and given again", `UPDATE onemap.layer_grant SET revoked_at = NULL`, "grid d7 & area 330799: pi"},
		{"and deleted", `DELETE FROM onemap.layer_grant`, "404"},
		{"all grids emptied", `TRUNCATE map.grid_unit`, "404"},
		{"the account is closed", `UPDATE onemap.person SET active = false`, access.ErrUnauthenticated.Error()},
		{"and opened", `UPDATE onemap.person SET active = true`, "404"},
		{"the session is deleted", `DELETE FROM onemap.session`, access.ErrUnauthenticated.Error()},
	} {
		changed := c.dir.Changed()
		if step.sql != "" {
			c.exec(t, step.sql)
			c.reach(t, f)
			select {
			case <-changed:
			default:
				t.Errorf("%s: nobody was told", step.what)
			}
		}
		if got := layer(); got != step.want {
			t.Errorf("%s\n got  %s\n want %s", step.what, got, step.want)
		}
	}
	_ = p
}

// A failed attempt to sign in, or a session opened, changes nobody's rights.
func TestDirectoryIsQuietAboutSignIns(t *testing.T) {
	c, f := newLiveCity(t)
	_, err := c.dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: "li", Name: "李", Org: "east", Password: password})
	must(t, err)
	c.reach(t, f)
	changed := c.dir.Changed()
	_, err = c.dir.SignIn(t.Context(), "li", "guess", access.From{})
	if !errors.Is(err, access.ErrUnauthenticated) {
		t.Fatal(err)
	}
	token, _, err := opened(c.dir.SignIn(t.Context(), "li", password, access.From{}))
	must(t, err)
	c.reach(t, f)
	select {
	case <-changed:
		t.Error("told of a change")
	default:
	}
	must(t, c.dir.SignOut(t.Context(), token))
	select {
	case <-changed:
	default:
		t.Error("not told of a sign-out")
	}
}

// At the moment a grant ends, who waits for changes is told.
func TestEndOfAGrantIsTold(t *testing.T) {
	c, f := newLiveCity(t)
	s := c.person(t, "li", "centre", nil, access.CommandCentre)
	p, _ := s.Person()
	ends := time.Now().Add(1500 * time.Millisecond)
	_, err := c.dir.Grant(t.Context(), operator, access.Grant{Layer: "incident", Org: "centre", Reason: "drill", EndsAt: ends})
	must(t, err)
	c.reach(t, f)
	changed := c.dir.Changed()
	l := testLayer("incident", layers.Conditional, "")
	if _, visible := c.scopeNow(t, p.ID).Layer(l); !visible {
		t.Fatal("not granted")
	}
	select {
	case <-changed:
		if time.Now().Before(ends) {
			t.Error("told before the end")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("never told")
	}
	if _, visible := c.scopeNow(t, p.ID).Layer(l); visible {
		t.Error("visible after the end")
	}
}

// While the feed is live, a known session and the rights it gives cost no query:
// they work with the database's connections all taken.
func TestSessionCostsNoQuery(t *testing.T) {
	c, f := newLiveCity(t)
	_, err := c.dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: "li", Name: "李", Org: "urban", Password: password, Roles: []access.Role{access.DepartmentOfficer}})
	must(t, err)
	token, s, err := opened(c.dir.SignIn(t.Context(), "li", password, access.From{}))
	must(t, err)
	key, _, err := c.dir.CreateKey(t.Context(), s, "li", "test", time.Time{})
	must(t, err)
	_, err = c.dir.Key(t.Context(), key) // its first use in an hour is noted
	must(t, err)
	c.reach(t, f)
	before := c.db.Stat().AcquireCount()
	for range 100 {
		if _, err := c.dir.Session(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		s, err := c.dir.Key(t.Context(), key)
		must(t, err)
		if _, visible := s.Layer(testLayer("x", layers.Conditional, "urban")); !visible {
			t.Fatal("not visible")
		}
	}
	if n := c.db.Stat().AcquireCount() - before; n != 0 {
		t.Errorf("%d queries", n)
	}
}

// A table swapped as a whole is read anew.
func TestDirectoryReadsAReplacedTableAnew(t *testing.T) {
	c, f := newLiveCity(t)
	c.exec(t, `INSERT INTO map.grid_unit (grid_code, area_code, duty_code, geom) VALUES
		('u1', '330799001', 'd1', ST_Multi(ST_MakeEnvelope(120, 29, 121, 30, 4326)))`)
	s := c.person(t, "li", "east", []string{"d1"}, access.GridWorker)
	p, _ := s.Person()
	c.reach(t, f)
	must(t, c.store.Replace(t.Context(), "grid_unit", func(ctx context.Context, db *pgxpool.Pool, staging string) error {
		for id, code := range []string{"n1", "n2"} {
			_, err := db.Exec(ctx, `INSERT INTO `+staging+` (id, grid_code, area_code, duty_code, geom) VALUES
				($1, $2, '330799001', 'd1', ST_Multi(ST_MakeEnvelope(120, 29, 121, 30, 4326)))`, 100+id, code)
			if err != nil {
				return err
			}
		}
		return nil
	}))
	c.reach(t, f)
	cells := func() string {
		r, _ := c.scopeNow(t, p.ID).Layer(testLayer("x", layers.Unconditional, ""))
		return rowsOf(r.Where)
	}
	eventually(t, "the new grids are known", func() bool { return cells() == "grid d1,n1,n2" })
	// And it follows the new table.
	c.exec(t, `INSERT INTO map.grid_unit (grid_code, area_code, duty_code, geom) VALUES
		('n3', '330799001', 'd1', ST_Multi(ST_MakeEnvelope(120, 29, 121, 30, 4326)))`)
	eventually(t, "a grid after the swap is known", func() bool { return cells() == "grid d1,n1,n2,n3" })
}

// Without a feed the same answers come from PostgreSQL.
func TestDirectoryWithoutFeed(t *testing.T) {
	c := newCity(t)
	s := c.person(t, "li", "east", nil, access.DepartmentOfficer)
	p, _ := s.Person()
	l := testLayer("incident", layers.Conditional, "")
	if _, visible := c.scopeNow(t, p.ID).Layer(l); visible {
		t.Fatal("visible")
	}
	c.exec(t, `INSERT INTO onemap.layer_grant (layer, org, reason, granted_by) VALUES ('incident', 'gov', 'test', 'psql')`)
	eventually(t, "a grant is read from PostgreSQL", func() bool {
		_, visible := c.scopeNow(t, p.ID).Layer(l)
		return visible
	})
}

// An area's outline follows the log too: a right at a box is never decided by
// an outline that is no longer true.
func TestOutlinesFollowTheLog(t *testing.T) {
	c, f := newLiveCity(t)
	s := c.person(t, "li", "east", nil, access.DepartmentOfficer)
	p, _ := s.Person()
	_, err := c.dir.Grant(t.Context(), operator, access.Grant{Layer: "incident", Org: "gov", Reason: "test"})
	must(t, err)
	c.reach(t, f)
	l := testLayer("incident", layers.Conditional, "")
	at := func() string {
		r, _ := c.scopeNow(t, p.ID).Layer(l)
		return rowsOf(r.At(orb.Bound{Min: orb.Point{120.4, 29.4}, Max: orb.Point{120.5, 29.5}}, l).Where)
	}
	const unsure = "area 330799001"
	for _, step := range []struct{ sql, want string }{
		{`SELECT 1`, unsure},
		// 20,000 edges with a thousandth of noise: stored out of line, so that an
		// update that leaves it alone does not bring it.
		{`INSERT INTO onemap.area (code, level, name_zh, name_en, geom) SELECT '330799001', 'town', '东', 'East',
			ST_Multi(ST_MakePolygon(ST_MakeLine(array_agg(ST_SetSRID(ST_Point(120.5 + r * cos(a), 29.5 + r * sin(a)), 4326) ORDER BY i))))
			FROM (SELECT i, 2 * pi() * (i % 20000) / 20000 AS a, 0.5 + 0.001 * sin((i % 20000) * 7.1) AS r FROM generate_series(0, 20000) i) p`, "all"},
		{`UPDATE onemap.area SET name_en = 'Far East'`, "all"},
		{`UPDATE onemap.area SET geom = ST_Multi(ST_MakeEnvelope(130, 29, 131, 30, 4326))`, "none"},
		{`UPDATE onemap.area SET geom = NULL`, unsure},
		{`UPDATE onemap.area SET geom = ST_Multi(ST_MakeEnvelope(120, 29, 121, 30, 4326))`, "all"},
		{`INSERT INTO onemap.area (code, level, name_zh, name_en, geom) VALUES ('330799002', 'town', '西', 'West', ST_Multi(ST_MakeEnvelope(120.45, 29, 121, 30, 4326)))`, unsure},
		{`DELETE FROM onemap.area WHERE code = '330799002'`, "all"},
		{`TRUNCATE onemap.area`, unsure},
	} {
		c.exec(t, step.sql)
		c.reach(t, f)
		eventually(t, step.sql+" gives "+step.want, func() bool { return at() == step.want || at() == "("+step.want+")" })
	}
}

// Readers and the log do not disturb each other; for -race.
func TestDirectoryIsSafe(t *testing.T) {
	c, f := newLiveCity(t)
	var ids []int64
	for i := range 4 {
		s := c.person(t, fmt.Sprintf("p%d", i), "east", []string{"d1"}, access.GridWorker)
		p, _ := s.Person()
		ids = append(ids, p.ID)
	}
	l := testLayer("x", layers.Unconditional, "urban")
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-c.dir.Changed():
				default:
				}
				s, err := c.dir.ScopeOf(t.Context(), ids[i])
				if err != nil {
					t.Error(err)
					return
				}
				r, ok := s.Layer(l)
				r.At(orb.Bound{Min: orb.Point{120, 29}, Max: orb.Point{120.1, 29.1}}, l).Fingerprint()
				if !ok || where.IsTrue(r.Where) {
					t.Error("a worker sees all")
					return
				}
				time.Sleep(time.Millisecond) // two cores for all
			}
		})
	}
	for i := range 30 {
		c.exec(t, `INSERT INTO map.grid_unit (grid_code, area_code, duty_code, geom) VALUES ($1, '330799001', 'd1', ST_Multi(ST_MakeEnvelope(120, 29, 121, 30, 4326)))`, fmt.Sprintf("u%d", i))
		c.exec(t, `UPDATE onemap.person SET name = name || 'x'`)
	}
	c.reach(t, f)
	close(stop)
	wg.Wait()
}

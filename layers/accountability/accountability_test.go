package accountability_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/accountability"
	"onemap/layers/class"
	"onemap/layers/evaluate"
	"onemap/layers/layerstest"
)

type town struct {
	t   testing.TB
	db  *pgxpool.Pool
	dir *access.Directory
	s   *accountability.Store
}

func newTown(t testing.TB) *town {
	t.Helper()
	db := layerstest.DB(t)
	w := &town{t: t, db: db, dir: access.NewDirectory(db)}
	t.Cleanup(w.dir.Close)
	w.exec(`INSERT INTO onemap.organisation (code, parent, level, kind, area_code, name_zh, name_en) VALUES
		('gov', NULL, 'county', 'government', '', '政府', 'Government'), ('centre', 'gov', 'county', 'command_centre', '', '中心', 'Centre'),
		('market', 'gov', 'county', 'department', '', '市场局', 'Market'), ('urban', 'gov', 'county', 'department', '', '城管局', 'Urban')`)
	w.exec(`INSERT INTO onemap.person (login, name, org, password_hash) VALUES ('centre', 'c', 'centre', ''), ('market', 'm', 'market', ''), ('urban', 'u', 'urban', '')`)
	w.exec(`INSERT INTO onemap.person_role SELECT id, CASE login WHEN 'centre' THEN 'command_centre' ELSE 'department_officer' END FROM onemap.person`)
	w.exec(`UPDATE onemap.layer SET owner = 'market', share = 'conditional', share_basis = '职责' WHERE name IN ('enterprise', 'place')`)
	w.exec(`UPDATE onemap.resource SET published_on = '2026-01-01', made_at = '2026-01-01'`)
	store := layers.NewStore(db)
	w.s = &accountability.Store{Layers: store, Classes: &class.Store{Layers: store}}
	return w
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(context.WithoutCancel(w.t.Context()), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) as(login string) access.Scope {
	w.t.Helper()
	var id int64
	if err := w.db.QueryRow(w.t.Context(), `SELECT id FROM onemap.person WHERE login = $1`, login).Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	by, err := w.dir.ScopeOf(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return by
}

func (w *town) october() evaluate.Period {
	w.t.Helper()
	p, err := w.s.Period(w.t.Context(), "month", time.Date(2026, 10, 15, 4, 0, 0, 0, time.UTC))
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// request writes a request of October with its steps, days of October.
func (w *town) request(layer string, steps ...[3]string) (id int64) {
	w.t.Helper()
	err := w.db.QueryRow(w.t.Context(), `INSERT INTO onemap.share_request (uuid, at, resource, resource_code, resource_zh, resource_en, provider, layer, share, share_basis, org, asked_by, purpose, legal_ground, items, ends_at)
		SELECT gen_random_uuid(), '2026-10-02', r.id, r.code, '企业', 'Enterprises', 'market', r.layer, 'conditional', '', 'urban', 'urban', 'x', 'x', '{name}', '2027-10-02' FROM onemap.resource r WHERE r.layer = $1 RETURNING id`, layer).Scan(&id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range steps {
		w.exec(`INSERT INTO onemap.share_step (request, at, actor, org, action, basis, allowed, warn_at, due_at)
			VALUES ($1, ('2026-10-' || $2 || ' 12:00+08')::timestamptz, $3, $3, $4, 'x', CASE WHEN $4 = 'ask' THEN '10 natural_day' ELSE '' END,
			        CASE WHEN $4 = 'ask' THEN timestamptz '2026-10-10 12:00+08' END, CASE WHEN $4 = 'ask' THEN timestamptz '2026-10-12 12:00+08' END)`, id, s[0], s[1], s[2])
	}
	return id
}

func number(t testing.TB, cards []accountability.Card, org, indicator string) accountability.Number {
	t.Helper()
	for _, c := range cards {
		for _, n := range c.Numbers {
			if c.Org == org && n.Indicator == indicator {
				return n
			}
		}
	}
	return accountability.Number{}
}

func TestNumbersAreTheSumsOfWhatIsBehind(t *testing.T) {
	w := newTown(t)
	w.request("enterprise", [3]string{"02", "urban", "ask"}, [3]string{"05", "market", "grant"})                                                                       // in time
	w.request("enterprise", [3]string{"02", "urban", "ask"}, [3]string{"20", "market", "grant"})                                                                       // late
	silent := w.request("enterprise", [3]string{"02", "urban", "ask"})                                                                                                 // never
	w.request("place", [3]string{"02", "urban", "ask"}, [3]string{"03", "market", "refuse"}, [3]string{"04", "urban", "dispute"}, [3]string{"06", "centre", "grant"})  // overruled
	w.request("place", [3]string{"02", "urban", "ask"}, [3]string{"03", "market", "refuse"}, [3]string{"04", "urban", "dispute"}, [3]string{"06", "centre", "refuse"}) // upheld
	w.request("place", [3]string{"02", "urban", "ask"}, [3]string{"03", "urban", "cancel"})                                                                            // does not count
	w.exec(`INSERT INTO onemap.layer_usage (day, layer, org, calls) VALUES ('2026-10-31', 'enterprise', 'urban', 7), ('2026-10-01', 'enterprise', 'market', 100), ('2026-11-01', 'enterprise', 'urban', 50), ('2026-10-02', 'place', '', 5)`)
	cards, _, err := w.s.Score(t.Context(), w.as("centre"), w.october())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		indicator string
		a, b      int64
	}{{"answered", 3, 5}, {"refused", 1, 2}, {"mounted", 2, 2}, {"catalogue", 0, 2}, {"calls", 12, 0}, {"served", 1, 0}, {"corrected", 0, 0}} {
		n := number(t, cards, "market", want.indicator)
		if n.A != want.a || n.B != want.b {
			t.Errorf("%s: %d of %d, want %d of %d", want.indicator, n.A, n.B, want.a, want.b)
		}
		if (n.Percent == nil) != (want.b == 0) {
			t.Errorf("%s: percent %v", want.indicator, n.Percent)
		}
		items, err := w.s.Behind(t.Context(), w.as("market"), w.october(), want.indicator, "market")
		if err != nil {
			t.Fatal(err)
		}
		var a, b int64
		for _, i := range items {
			a, b = a+i.A, b+i.B
		}
		if a != want.a || b != want.b {
			t.Errorf("behind %s: %d of %d in %+v", want.indicator, a, b, items)
		}
	}
	// An officer sees the own department's alone.
	if cards, _, err := w.s.Score(t.Context(), w.as("urban"), w.october()); err != nil || len(cards) != 0 {
		t.Errorf("urban sees %+v, %v", cards, err)
	}
	if _, err := w.s.Behind(t.Context(), w.as("urban"), w.october(), "answered", "market"); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("behind another's number: %v", err)
	}

	// Published, it stays; what an accepted objection names does not count anew.
	x, err := w.s.Publish(t.Context(), w.as("centre"), w.october(), "", "")
	if err != nil || x.Revision != 1 || x.Period != "2026-10" {
		t.Fatalf("%+v, %v", x, err)
	}
	object := fmt.Sprintf("request/%d", silent)
	if _, err := w.s.Object(t.Context(), w.as("urban"), uuid.New(), x.ID, "answered", object, "x", ""); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("objection by another department: %v", err)
	}
	o, err := w.s.Object(t.Context(), w.as("market"), uuid.New(), x.ID, "answered", object, "系统停机", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.Decide(t.Context(), w.as("market"), o.ID, true, "x", ""); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("decided by the department: %v", err)
	}
	if o, err = w.s.Decide(t.Context(), w.as("centre"), o.ID, true, "属实", ""); err != nil || o.Accepted == nil || !*o.Accepted {
		t.Fatalf("%+v, %v", o, err)
	}
	if _, err := w.s.Decide(t.Context(), w.as("centre"), o.ID, false, "again", ""); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("decided twice: %v", err)
	}
	next, err := w.s.Publish(t.Context(), w.as("centre"), w.october(), "更正", "")
	if err != nil || next.Revision != 2 {
		t.Fatalf("%+v, %v", next, err)
	}
	for id, want := range map[int64]int64{x.ID: 5, next.ID: 4} {
		_, cards, err := w.s.Published(t.Context(), w.as("urban"), id)
		if n := number(t, cards, "market", "answered"); err != nil || n.A != 3 || n.B != want {
			t.Errorf("published %d: %+v, %v", id, n, err)
		}
	}
	if _, err := w.s.Publish(t.Context(), w.as("market"), w.october(), "", ""); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("published by a department: %v", err)
	}
	present, err := w.s.Period(t.Context(), "month", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.Publish(t.Context(), w.as("centre"), present, "", ""); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("published before it ended: %v", err)
	}
}

func TestUsageIsWrittenInBatchesAndPeopleBecomeANumber(t *testing.T) {
	w := newTown(t)
	u := &accountability.Usage{Layers: w.s.Layers, Classes: w.s.Classes}
	day := time.Date(2026, 10, 5, 1, 0, 0, 0, time.UTC)
	for range 3 {
		u.Count(w.as("urban"), "enterprise")
		u.Count(w.as("market"), "enterprise")
		u.Count(access.Scope{}, "enterprise")
	}
	calls := func() (n int64) {
		if err := w.db.QueryRow(t.Context(), `SELECT coalesce(sum(calls), 0) FROM onemap.layer_usage WHERE day = '2026-10-05'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := calls(); n != 0 {
		t.Errorf("%d calls are written before the batch", n)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := u.Flush(ended, day); err == nil {
		t.Error("written without a database")
	}
	for range 2 {
		if err := u.Flush(t.Context(), day); err != nil {
			t.Fatal(err)
		}
	}
	u.Count(w.as("urban"), "enterprise")
	if err := u.Flush(t.Context(), day); err != nil {
		t.Fatal(err)
	}
	if n := calls(); n != 10 {
		t.Errorf("%d calls, want 10", n)
	}
	if err := u.Flush(t.Context(), day.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	var users, left int
	if err := w.db.QueryRow(t.Context(), `SELECT (SELECT users FROM onemap.layer_usage WHERE org = 'urban'), (SELECT count(*) FROM onemap.layer_usage_today)`).Scan(&users, &left); err != nil {
		t.Fatal(err)
	}
	if users != 1 || left != 0 {
		t.Errorf("%d users of urban, %d rows of people left", users, left)
	}
}

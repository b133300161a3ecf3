package forecast_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast"
	"onemap/layers/jobs"
)

// staff gives the town a city with planners, two towns of it, and police.
func (w *town) staff() map[string]access.Scope {
	w.t.Helper()
	dir := access.NewDirectory(w.db)
	w.t.Cleanup(dir.Close)
	for _, o := range []access.Organisation{
		{Code: "city", Level: "city", Kind: "government", AreaCode: "3307", NameZH: "市政府", NameEN: "City"},
		{Code: "east", Parent: "city", Level: "town", Kind: "government", AreaCode: "330700005", NameZH: "东镇", NameEN: "East"},
		{Code: "west", Parent: "city", Level: "town", Kind: "government", AreaCode: "330700000", NameZH: "西镇", NameEN: "West"},
		{Code: "police", Parent: "city", Level: "city", Kind: "department", AreaCode: "3307", NameZH: "公安", NameEN: "Police"},
	} {
		if err := dir.CreateOrganisation(w.t.Context(), operator, o); err != nil {
			w.t.Fatal(err)
		}
	}
	people := []struct {
		login, org string
		role       access.Role
	}{{"mayor", "city", access.Planner}, {"vice", "city", access.Planner}, {"east", "east", access.Planner}, {"easter", "east", access.Planner}, {"west", "west", access.Planner},
		{"police", "police", access.DepartmentOfficer}}
	for _, p := range people {
		if _, err := dir.CreatePerson(w.t.Context(), operator, access.NewPerson{Login: p.login, Name: p.login, Org: p.org, Roles: []access.Role{p.role}}); err != nil {
			w.t.Fatal(err)
		}
	}
	if _, err := dir.SeedGrants(w.t.Context(), operator); err != nil {
		w.t.Fatal(err)
	}
	if err := dir.Load(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	by := map[string]access.Scope{}
	for _, p := range people {
		var id int64
		err := w.db.QueryRow(w.t.Context(), `SELECT id FROM onemap.person WHERE login = $1`, p.login).Scan(&id)
		if err == nil {
			by[p.login], err = dir.ScopeOf(w.t.Context(), id)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return by
}

// later has orders wait in the queue, which nobody works on.
func (w *town) later() {
	w.t.Helper()
	q, err := jobs.New(w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	w.s.Jobs = q
	w.s.Work()
}

// waiting returns when n others wait for a lock.
func (w *town) waiting(n int) {
	w.t.Helper()
	for w.count(`SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT granted AND datname = current_database()`) < n {
		time.Sleep(10 * time.Millisecond)
	}
}

// An order that comes again with its uuid is the run that is there, at once too;
// another order, or somebody else's, is refused by the uuid.
func TestAnOrderThatComesAgain(t *testing.T) {
	w := newTown(t)
	w.report(60, 300, burglary, "hotline")
	by := w.staff()
	w.later()
	o := small()
	o.UUID = uuid.New()
	stop, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop.Rollback(t.Context()) }()
	if _, err := stop.Exec(t.Context(), `LOCK TABLE onemap.forecast_run IN SHARE MODE`); err != nil { // readers pass
		t.Fatal(err)
	}
	var runs [2]forecast.Run
	var again [2]bool
	var faults [2]error
	var both sync.WaitGroup
	for i := range runs {
		both.Go(func() { runs[i], again[i], faults[i] = w.s.Order(t.Context(), by["east"], o) })
	}
	w.waiting(2)
	if err := stop.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	both.Wait()
	if faults[0] != nil || faults[1] != nil || runs[0].ID != runs[1].ID || again[0] == again[1] {
		t.Fatalf("at once: %d %v %v, %d %v %v", runs[0].ID, again[0], faults[0], runs[1].ID, again[1], faults[1])
	}
	r, same, err := w.s.Order(t.Context(), by["east"], o)
	if err != nil || !same || r.ID != runs[0].ID {
		t.Errorf("again: run %d, %v, %v", r.ID, same, err)
	}
	other := o
	other.Share = 0.2
	for name, err := range map[string]error{
		"another order":      second(w.s.Order(t.Context(), by["east"], other)),
		"somebody else's":    second(w.s.Order(t.Context(), by["west"], o)),
		"one that is unseen": second(w.s.Order(t.Context(), by["police"], o)),
		"the operator's":     second(w.s.Order(t.Context(), operator, o)),
	} {
		if !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), o.UUID.String()) {
			t.Errorf("%s with the uuid: %v", name, err)
		}
	}
	if n := w.count(`SELECT count(*) FROM onemap.forecast_run`); n != 1 {
		t.Errorf("%d runs", n)
	}

	st, same, err := w.s.Stand(t.Context(), by["east"], o, "week")
	if err != nil || same {
		t.Fatalf("standing: %v, %v", same, err)
	}
	if got, same, err := w.s.Stand(t.Context(), by["east"], o, "week"); err != nil || !same || got.ID != st.ID {
		t.Errorf("standing again: %d, %v, %v", got.ID, same, err)
	}
	if err := second(w.s.Stand(t.Context(), by["east"], o, "day")); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another standing order with the uuid: %v", err)
	}
}

func second[T any](_ T, _ bool, err error) error { return err }

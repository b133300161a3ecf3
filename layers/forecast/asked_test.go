package forecast_test

import (
	"context"
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

// A person and an organisation may have so many runs open, and an organisation so
// many standing orders; what waits in the queue can be taken back, and is not made.
func TestRoom(t *testing.T) {
	w := newTown(t)
	w.report(60, 300, burglary, "hotline")
	by := w.staff()
	w.later()
	var last forecast.Run
	until := func(order func() error) (n int) {
		t.Helper()
		for {
			err := order()
			if errors.Is(err, layers.ErrConflict) {
				return n
			}
			if n++; err != nil || n > 50 {
				t.Fatalf("%d orders: %v", n, err)
			}
		}
	}
	as := func(login string) func() error {
		return func() error {
			r, _, err := w.s.Order(t.Context(), by[login], small())
			if err == nil {
				last = r
			}
			return err
		}
	}
	if n := until(as("east")); n != 5 {
		t.Errorf("a person has %d runs open", n)
	}
	if err := as("west")(); err != nil {
		t.Errorf("another organisation: %v", err)
	}
	if _, err := w.s.Withdraw(t.Context(), by["west"], last.ID, "ordered by mistake", ""); err != nil {
		t.Fatal(err)
	}
	if err := w.s.Make(t.Context(), last.ID); err != nil {
		t.Fatal(err)
	}
	if r, err := w.s.Get(t.Context(), by["west"], last.ID); err != nil || r.State != forecast.Failed || r.Hash != "" || !strings.Contains(r.Why.EN, "ordered by mistake") || !strings.Contains(r.Why.ZH, "ordered by mistake") {
		t.Errorf("taken back, then made: %s %+v, %v", r.State, r.Why, err)
	}
	w.exec(`UPDATE onemap.forecast_run SET made_by = 'another' WHERE made_by = 'east'`)
	until(as("east"))
	w.exec(`UPDATE onemap.forecast_run SET made_by = 'third' WHERE made_by = 'east'`)
	until(as("east"))
	if n := w.count(`SELECT count(*) FROM onemap.forecast_run WHERE org = 'east'`); n != 15 {
		t.Errorf("an organisation has %d runs open", n)
	}
	w.exec(`UPDATE onemap.forecast_run SET state = 'failed'`)
	if err := as("east")(); err != nil {
		t.Errorf("when all have ended: %v", err)
	}

	stand := func() error { return second(w.s.Stand(t.Context(), by["east"], small(), "week")) }
	if n := until(stand); n != 20 {
		t.Errorf("an organisation has %d standing orders", n)
	}
	w.exec(`UPDATE onemap.forecast_standing SET ended_at = now() WHERE id = (SELECT min(id) FROM onemap.forecast_standing)`)
	if err := stand(); err != nil {
		t.Errorf("when one has ended: %v", err)
	}
}

// One run is made again at a time, and none that takes longer than is left.
func TestMadeAgainOneByOne(t *testing.T) {
	w := newTown(t)
	w.report(500, 300, burglary, "hotline")
	o := small()
	o.Horizon = "week"
	r := w.order(o)
	stop, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop.Rollback(t.Context()) }()
	if _, err := stop.Exec(t.Context(), `LOCK TABLE onemap.forecast_content`); err != nil {
		t.Fatal(err)
	}
	first := make(chan error)
	go func() {
		_, err := w.s.Refit(t.Context(), operator, r.ID, "")
		first <- err
	}()
	w.waiting(1)
	if _, err := w.s.Refit(t.Context(), operator, r.ID, ""); !errors.Is(err, forecast.ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	if err := stop.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-first; err != nil {
		t.Errorf("the first: %v", err)
	}
	w.exec(`UPDATE onemap.forecast_run SET finished_at = started_at + interval '3 days'`)
	ctx, cancel := context.WithTimeout(t.Context(), 48*time.Hour)
	defer cancel()
	if _, err := w.s.Refit(ctx, operator, r.ID, ""); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "backtest") {
		t.Errorf("one that takes three days, in two: %v", err)
	}
}

// A town's planner takes back what the town ordered, and neither the city's nor
// another town's; the city's takes back a town's.
func TestWhoTakesBack(t *testing.T) {
	w := newTown(t)
	w.report(60, 300, burglary, "hotline")
	by := w.staff()
	w.later()
	for _, tt := range []struct {
		made, takes string
		may         bool
	}{
		{"mayor", "east", false}, {"mayor", "police", false}, {"mayor", "vice", true}, {"mayor", "mayor", true},
		{"east", "west", false}, {"east", "easter", true}, {"east", "mayor", true},
		{"police", "police", true}, {"police", "mayor", true}, {"police", "east", false},
		{"the machine", "east", false}, {"the machine", "mayor", true}, {"east", "the machine", true},
	} {
		t.Run(tt.made+" "+tt.takes, func(t *testing.T) {
			by["the machine"] = operator
			w.exec(`UPDATE onemap.forecast_run SET state = 'failed' WHERE state = 'queued'`)
			r, _, err := w.s.Order(t.Context(), by[tt.made], small())
			if err != nil {
				t.Fatal(err)
			}
			st, _, err := w.s.Stand(t.Context(), by[tt.made], small(), "week")
			if err != nil {
				t.Fatal(err)
			}
			if tt.takes == "mayor" { // what the standing order made is its organisation's
				w.exec(`UPDATE onemap.forecast_run SET made_by = 'system', standing = $2 WHERE id = $1`, r.ID, st.ID)
			}
			_, err = w.s.Withdraw(t.Context(), by[tt.takes], r.ID, "not needed", "")
			ended := w.s.End(t.Context(), by[tt.takes], st.ID, "")
			for what, err := range map[string]error{"the run": err, "the standing order": ended} {
				seen := tt.takes != "police" || tt.made == "police"
				switch {
				case tt.may && err != nil, !tt.may && seen && !errors.Is(err, access.ErrForbidden), !seen && !errors.Is(err, layers.ErrNotFound):
					t.Errorf("%s: %v", what, err)
				}
			}
			if n := w.count(`SELECT count(*) FROM onemap.forecast_run WHERE id = $1 AND state = 'queued'`, r.ID); (n == 0) != tt.may {
				t.Errorf("it waits still: %d", n)
			}
		})
	}
}

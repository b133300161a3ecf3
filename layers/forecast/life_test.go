package forecast_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast"
	"onemap/layers/forecast/hotspot"
)

func (w *town) count(sql string, args ...any) (n int) {
	w.t.Helper()
	if err := w.db.QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *town) set(key, value string) {
	w.t.Helper()
	w.exec(`INSERT INTO onemap.setting (key, value) VALUES ($1, $2::jsonb) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
}

// small is quick: grids, few windows.
func small() forecast.Order {
	return forecast.Order{Classes: []forecast.ClassKey{burglary}, Horizon: "month", Space: forecast.Unit, Share: 0.1, Origins: 12, Seed: 5}
}

// A table of cases with columns about persons is fed in, and nothing of it
// reaches a model: the bits are the same. There is nowhere to put it, either.
func TestNothingAboutAPersonGetsIn(t *testing.T) {
	e := reflect.TypeFor[hotspot.Event]()
	if e.NumField() != 2 || e.Field(0).Name != "Day" || e.Field(1).Name != "At" {
		t.Errorf("an event has grown: %v; it is a moment and a place and nothing else", reflect.VisibleFields(e))
	}
	w := newTown(t)
	w.report(500, 500, burglary, "hotline")
	without := w.order(small())
	// Columns that would tell a model where to look, if it read them.
	w.exec(`ALTER TABLE map.incident ADD COLUMN suspect_id text, ADD COLUMN suspect_age integer, ADD COLUMN suspect_home geometry(Point, 4326)`)
	w.exec(`UPDATE map.incident SET suspect_id = 'p' || (ST_X(geom) > 120.05)::int, suspect_age = round((ST_X(geom) - 120) * 1000), suspect_home = ST_Translate(geom, 0.01, 0),
		description = 'a young man from the west', place = 'his flat'`)
	with := w.order(small())
	if without.State != forecast.Done || without.ResultHash == "" || with.ResultHash != without.ResultHash {
		t.Errorf("without persons %s %s, with them %s %s: %+v", without.State, without.ResultHash, with.State, with.ResultHash, without.Why)
	}
	if n := w.count(`SELECT count(*) FROM onemap.forecast_content WHERE kind = 'events'`); n != 1 {
		t.Errorf("%d data cuts are kept: the columns made a difference", n)
	}
	if strings.Contains(string(with.Record), "suspect") {
		t.Error("the record names them")
	}
}

// Only a run that passed its gate, of all hours and of the latest cut, crowns a
// champion or dethrones one.
func TestWhoCrowns(t *testing.T) {
	w := newTown(t)
	w.report(500, 300, burglary, "hotline")
	reigns := func() (model string) {
		t.Helper()
		if err := w.db.QueryRow(t.Context(), `SELECT coalesce(string_agg(model, ','), '') FROM onemap.forecast_champion WHERE dethroned_at IS NULL`).Scan(&model); err != nil {
			t.Fatal(err)
		}
		return model
	}
	whole := small()
	whole.Horizon = "week"
	few := whole
	few.Origins = 1
	if r := w.order(few); r.State != forecast.Withheld || reigns() != "" {
		t.Fatalf("one window of the past: %s, and %q reigns", r.State, reigns())
	}
	first := w.order(whole)
	if first.State != forecast.Done || reigns() != first.Model {
		t.Fatalf("%s %s, and %q reigns: %+v", first.State, first.Model, reigns(), first.Why)
	}
	// One that any run would beat.
	w.exec(`UPDATE onemap.forecast_champion SET model = 'uniform'`)
	hours, earlier := whole, whole
	hours.Hours = []int{20, 21, 22, 23}
	earlier.Until, earlier.From = now.AddDate(0, 0, -30), now.AddDate(0, 0, -29)
	for name, o := range map[string]forecast.Order{"one window": few, "some hours": hours, "an older cut": earlier} {
		r := w.order(o)
		if want := map[bool]string{true: forecast.Withheld, false: forecast.Done}[name == "one window"]; r.State != want || reigns() != "uniform" {
			t.Errorf("%s: %s, and %q reigns", name, r.State, reigns())
		}
	}
	if r := w.order(whole); r.State != forecast.Done || reigns() != r.Model || r.Model == "uniform" {
		t.Errorf("%s %s, and %q reigns", r.State, r.Model, reigns())
	}
	if n := w.count(`SELECT count(*) FROM onemap.forecast_champion WHERE dethroned_by IS NOT NULL`); n != 1 {
		t.Errorf("%d were dethroned", n)
	}
}

// A run whose time is up says so at once; one that a stopping node leaves is
// made by another.
func TestTimeIsUp(t *testing.T) {
	w := newTown(t)
	w.report(60, 300, burglary, "hotline")
	w.later()
	r := w.order(small())
	stop, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop.Rollback(t.Context()) }()
	if _, err := stop.Exec(t.Context(), `LOCK TABLE map.incident`); err != nil { // the cut waits for ever
		t.Fatal(err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.s.Make(stopped, r.ID) }()
	w.waiting(1)
	cancel()
	if err := <-ended; err == nil {
		t.Error("a node that stops leaves a run without an error, and it is not tried again")
	}
	if got, err := w.s.Get(t.Context(), operator, r.ID); err != nil || got.State != forecast.Running {
		t.Errorf("its node stopped: %s %+v, %v", got.State, got.Why, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var give *river.JobCancelError
	if err := w.s.Make(short, r.ID); !errors.As(err, &give) {
		t.Errorf("it would be tried again: %v", err)
	}
	if got, err := w.s.Get(t.Context(), operator, r.ID); err != nil || got.State != forecast.Failed || !strings.Contains(got.Why.EN, "larger cells") || !strings.Contains(got.Why.ZH, "分钟") {
		t.Errorf("its time is up: %s %+v, %v", got.State, got.Why, err)
	}
}

// Switched off, nothing is made, shown or planned on; on again, all is there.
func TestKillSwitch(t *testing.T) {
	w := newTown(t)
	w.report(500, 500, burglary, "hotline")
	r := w.order(small())
	st, _, err := w.s.Stand(t.Context(), operator, small(), "day")
	if err != nil {
		t.Fatal(err)
	}
	w.set("forecast.enabled", "false")
	for name, do := range map[string]func() error{
		"order":       func() error { _, _, err := w.s.Order(t.Context(), operator, small()); return err },
		"stand":       func() error { _, _, err := w.s.Stand(t.Context(), operator, small(), "day"); return err },
		"see":         func() error { _, err := w.s.Get(t.Context(), operator, r.ID); return err },
		"plan on":     func() error { _, err := w.s.Top(t.Context(), operator, r.ID, 3); return err },
		"reliability": func() error { _, err := w.s.Reliability(t.Context(), operator, r.ID); return err },
		"make again":  func() error { _, err := w.s.Refit(t.Context(), operator, r.ID, ""); return err },
	} {
		if err := do(); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("%s while switched off: %v", name, err)
		}
	}
	w.s.Layers.ForgetRegistry() // as a node's log does
	if _, err := w.s.Layers.Layer(t.Context(), forecast.LayerName); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("the layer while switched off: %v", err)
	}
	w.exec(`UPDATE onemap.forecast_standing SET next_at = $1`, now.Add(-time.Hour))
	if err := w.s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.count(`SELECT count(*) FROM onemap.forecast_run`); n != 1 {
		t.Errorf("%d runs: a standing order was made while switched off", n)
	}
	// One that waited in the queue is not made either.
	w.exec(`UPDATE onemap.forecast_run SET state = 'queued'`)
	if err := w.s.Make(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	w.set("forecast.enabled", "true")
	w.s.Layers.ForgetRegistry()
	if got, err := w.s.Get(t.Context(), operator, r.ID); err != nil || got.State != forecast.Failed || !strings.Contains(got.Why.EN, "switched off") {
		t.Errorf("the one in the queue: %s %+v, %v", got.State, got.Why, err)
	}
	if all, err := w.s.Standings(t.Context(), operator); err != nil || len(all) != 1 || all[0].ID != st.ID || all[0].EndedAt != nil {
		t.Errorf("standing orders %+v, %v", all, err)
	}
}

// A standing order is made once when it is due, by nobody's hand, and ends by
// itself when its classes may not train any more.
func TestStandingOrders(t *testing.T) {
	w := newTown(t)
	w.report(500, 500, burglary, "hotline")
	st, _, err := w.s.Stand(t.Context(), operator, small(), "day")
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 6, 1, 15, 30, 0, 0, time.UTC); !st.NextAt.Equal(want) { // half an hour before midnight in Shanghai
		t.Errorf("due at %v, want %v", st.NextAt, want)
	}
	sweep := func() {
		t.Helper()
		if err := w.s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	if n := w.count(`SELECT count(*) FROM onemap.forecast_run`); n != 0 {
		t.Fatalf("%d runs before it was due", n)
	}
	w.s.Now = func() time.Time { return st.NextAt.Add(time.Minute) }
	sweep()
	sweep()
	runs, _, err := w.s.List(t.Context(), operator, forecast.Query{Limit: 10})
	if err != nil || len(runs) != 1 || runs[0].Standing != st.ID || runs[0].MadeBy != "system" || runs[0].State != forecast.Done {
		t.Fatalf("runs %+v, %v", runs, err)
	}
	if got := runs[0].From; !got.Equal(st.NextAt.Add(30 * time.Minute)) {
		t.Errorf("it begins at %v", got)
	}
	all, err := w.s.Standings(t.Context(), operator)
	if err != nil || len(all) != 1 || all[0].LastRun != runs[0].ID || !all[0].NextAt.Equal(st.NextAt.AddDate(0, 0, 1)) {
		t.Errorf("standing %+v, %v", all, err)
	}
	w.exec(`UPDATE onemap.class SET public_reported = false WHERE standard = $1 AND code = $2`, burglary.Standard, burglary.Code)
	w.s.Now = func() time.Time { return st.NextAt.AddDate(0, 0, 1).Add(time.Minute) }
	sweep()
	all, err = w.s.Standings(t.Context(), operator)
	if err != nil || len(all) != 1 || all[0].EndedAt == nil {
		t.Errorf("its class may not train any more: %+v, %v", all, err)
	}
	if err := w.s.End(t.Context(), operator, st.ID, ""); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("ended twice: %v", err)
	}
}

// Age takes cells and what they were made of; records and backtests stay.
func TestRetention(t *testing.T) {
	w := newTown(t)
	w.report(500, 500, burglary, "hotline")
	old := w.order(small())
	o := small()
	o.From, o.Until = now.Add(48*time.Hour), now.Add(-24*time.Hour)
	latest := w.order(o)
	w.set("forecast.keep", `{"runs": 1}`)
	if err := w.s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := w.s.Get(t.Context(), operator, old.ID)
	if err != nil || got.CellsGoneAt == nil || got.Shown || got.Hash != old.Hash || got.Record == nil {
		t.Errorf("the old one: %+v, %v", got, err)
	}
	if _, err := w.s.Reliability(t.Context(), operator, old.ID); err != nil {
		t.Errorf("its backtest: %v", err)
	}
	if _, err := w.s.Top(t.Context(), operator, old.ID, 3); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "forecast.keep") {
		t.Errorf("its cells: %v", err)
	}
	if _, err := w.s.Refit(t.Context(), operator, old.ID, ""); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("made again: %v", err)
	}
	if got, err := w.s.Get(t.Context(), operator, latest.ID); err != nil || got.CellsGoneAt != nil || !got.Shown {
		t.Errorf("the latest: %+v, %v", got, err)
	}
	if n := w.count(`SELECT count(*) FROM map.forecast WHERE run <> $1`, latest.ID); n != 0 {
		t.Errorf("%d cells of the old one are left", n)
	}
	if n := w.count(`SELECT count(*) FROM onemap.forecast_content WHERE kind = 'events'`); n != 1 {
		t.Errorf("%d data cuts are kept, want that of the latest", n)
	}
	if n := w.count(`SELECT count(*) FROM onemap.audit WHERE action = 'forecast.age'`); n != 1 {
		t.Errorf("%d records of it in the audit", n)
	}
}

// What guards say of a run, and that the map of the city is among what it learns from.
func TestGuards(t *testing.T) {
	w := newTown(t)
	w.report(500, 500, burglary, "hotline")
	// A building in every other place; lights of half the town.
	w.exec(`INSERT INTO map.base_building (class, grid_code, area_code, geom) SELECT 'yes', '', '', ST_Multi(ST_MakeEnvelope(x, y, x + 0.0002, y + 0.0002, 4326))
		FROM generate_series(120.021, 120.078, 0.002) x, generate_series(29.281, 29.329, 0.003) y`)
	o := small()
	o.Space, o.CellM = forecast.Lattice, 500
	r := w.order(o)
	rel, err := w.s.Reliability(t.Context(), operator, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if g := rel.Grid; g == nil || g.Origins != 4 || g.Windows != 12 || !(g.HitLow > 0 && g.HitLow <= g.HitHigh && g.HitHigh <= 1) {
		t.Errorf("the lattice moved by half a cell: %+v", rel.Grid)
	}
	found := false
	for _, m := range rel.Models {
		found = found || m.Model == "glm" && m.IG.Value > 0
	}
	if !found {
		t.Errorf("no regression gains anything: %+v", rel.Models)
	}
	e, err := w.s.ExposureOf(t.Context(), operator, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, g := range e.Groups {
		if m := g.IfMissing; m != nil {
			tried++
			if m.Removed == 0 && g.Reported > 0.1 || m.Jaccard < 0 || m.Jaccard > 1 {
				t.Errorf("%s with less reported: %+v", g.Area, m)
			}
		}
	}
	if tried == 0 {
		t.Errorf("no division was thinned: %+v", e.Groups)
	}
	if again, err := w.s.Refit(t.Context(), operator, r.ID, ""); err != nil || !again.Same {
		t.Errorf("made again from what is kept: %+v, %v", again, err)
	}
}

// late makes the reports come after the incidents: by hours, as SQL of the id.
func (w *town) late(hours string) {
	w.t.Helper()
	w.exec(`UPDATE map.incident SET reported_at = occurred_at + interval '1 hour' * (` + hours + `)`)
}

// Reports that come late are expected too, and no forecast of the past knows them.
func TestLateReports(t *testing.T) {
	w := newTown(t)
	w.report(1500, 450, burglary, "hotline")
	w.late(`CASE WHEN id % 3 = 0 THEN 1 ELSE (id * 7919) % 960 END`) // of two in three, up to 40 days
	o := weekly()
	o.Share = 0.1
	r := w.order(o)
	if r.State != forecast.Done {
		t.Fatalf("state %s: %+v", r.State, r.Why)
	}
	var rec forecast.Record
	if err := json.Unmarshal(r.Record, &rec); err != nil {
		t.Fatal(err)
	}
	d := rec.Delay
	if d == nil || d.MostDays < 34 || d.MostDays > 40 || d.HeldOut != 28 || d.Known < 0.75 || d.Known > 0.95 {
		t.Fatalf("the record says of delays: %+v", d)
	}
	if rate := 1500.0 / 450 * 7; math.Abs(r.Expected/rate-1) > 0.1 {
		t.Errorf("it expects %.1f a week, and %.1f happen", r.Expected, rate)
	}
	said := false
	for _, n := range r.Summary.Notes {
		said = said || strings.Contains(n.EN, "reported some time after") && strings.Contains(n.ZH, "上报")
	}
	rel, err := w.s.Reliability(t.Context(), operator, r.ID)
	if err != nil || !said || now.Sub(rel.To) < 28*24*time.Hour {
		t.Errorf("said: %v; the backtest ends %s, %v", said, rel.To, err)
	}
	if got, err := w.s.Refit(t.Context(), operator, r.ID, ""); err != nil || !got.Same || !got.DataIsSame {
		t.Errorf("made again: %+v, %v", got, err)
	}

	// Where all is reported 50 days late, the last 28 days teach nothing.
	w.late(`1200`)
	if r = w.order(o); r.State == forecast.Failed {
		t.Fatalf("all late: %+v", r.Why)
	}
	if rel, err = w.s.Reliability(t.Context(), operator, r.ID); err != nil {
		t.Fatal(err)
	}
	for _, m := range rel.Models {
		if m.Model == "count-28" && math.Abs(m.IG.Value) > 1e-9 {
			t.Errorf("a count of 28 days gains %g from what nobody had reported", m.IG.Value)
		}
		if m.Model == "count-365" && m.IG.Value <= 0 {
			t.Errorf("a count of a year gains %g", m.IG.Value)
		}
	}
	// An archive that was loaded yesterday is history all the same.
	w.exec(`UPDATE map.incident SET reported_at = greatest(occurred_at, $1) `, now.Add(-24*time.Hour))
	r = w.order(o)
	rec = forecast.Record{}
	if err := json.Unmarshal(r.Record, &rec); err != nil || r.State != forecast.Done || rec.Cut.Loaded < 1200 {
		t.Errorf("state %s, %d loaded later: %v", r.State, rec.Cut.Loaded, err)
	}
}

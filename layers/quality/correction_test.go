package quality_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/edit"
	"onemap/layers/jobs"
	"onemap/layers/locate"
	"onemap/layers/quality"
)

// wrongName is a correction of shop 2's name, which tax sees by a grant.
func wrongName(w *world) quality.Ask {
	w.t.Helper()
	if _, err := w.dir.Grant(w.t.Context(), operator, access.Grant{Layer: "shop", Org: "tax", Fields: []string{"name", "code", "staff", "opened"}, AreaCode: "330799", Reason: "test"}); err != nil {
		w.t.Fatal(err)
	}
	return quality.Ask{UUID: uuid.New(), Layer: "shop", Feature: 2, Kind: quality.WrongValue, Field: "name", Proposed: "西方百货", Reason: "门牌上写的"}
}

func (w *world) ask(login string, a quality.Ask) quality.Correction {
	w.t.Helper()
	c, _, err := w.s.AskCorrection(w.t.Context(), w.as(login), a)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) act(login string, c quality.Correction, do quality.Action) (quality.Correction, error) {
	w.t.Helper()
	do.UUID, do.Version = uuid.New(), c.Version
	return w.s.Act(w.t.Context(), w.as(login), c.ID, do)
}

func (w *world) must(c quality.Correction, err error) quality.Correction {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestARowIsCorrected(t *testing.T) {
	w := newWorld(t)
	fill(w)
	ctx := t.Context()
	a := wrongName(w)
	c := w.ask("tax", a)
	// Ten working days from a Monday morning: Monday two weeks on, the same time.
	due := time.Date(2026, 12, 7, 2, 0, 0, 0, time.UTC)
	if c.State != quality.Asked || c.Provider != "market" || c.DueAt == nil || !c.DueAt.Equal(due) || !c.Mine || !slices.Equal(c.Actions, []string{"withdraw"}) {
		t.Fatalf("%+v", c)
	}
	if again := w.ask("tax", a); again.ID != c.ID {
		t.Errorf("asked twice: %d", again.ID)
	}
	if _, _, err := w.s.AskCorrection(ctx, w.as("market"), a); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another's uuid: %v", err)
	}
	for login, want := range map[string]int{"market": 1, "branch": 0, "centre": 1, "admin": 0, "tax": 1} { // 2 lies in the west, the branch is in the east
		all, err := w.s.Corrections(ctx, w.as(login), quality.CorrectionQuery{})
		if err != nil || len(all) != want {
			t.Errorf("%s sees %d, want %d: %v", login, len(all), want, err)
		}
		if _, err := w.s.Correction(ctx, w.as(login), c.ID); (err == nil) != (want == 1) {
			t.Errorf("%s: %v", login, err)
		}
	}
	if n, err := w.s.Waiting(ctx, w.as("market")); err != nil || n.ToAnswer != 1 || n.Overdue != 0 {
		t.Errorf("%+v %v", n, err)
	}
	if _, err := w.act("tax", c, quality.Action{Name: "accept"}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("the asker accepts: %v", err)
	}
	if _, err := w.act("market", c, quality.Action{Name: "answer"}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("an action that the state has not: %v", err)
	}
	if _, err := w.act("market", c, quality.Action{Name: "refuse"}); field(err) != "opinion" {
		t.Errorf("a refusal without its basis: %v", err)
	}
	back := w.must(w.act("market", c, quality.Action{Name: "return", Opinion: "哪一家?"}))
	if back.State != quality.Returned || back.DueAt != nil {
		t.Errorf("%+v", back)
	}
	if _, err := w.act("market", c, quality.Action{Name: "refuse", Opinion: "x"}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("on an old version: %v", err)
	}
	w.now = w.now.Add(time.Hour)
	c = w.must(w.act("tax", back, quality.Action{Name: "answer", Opinion: "人民路那家"}))
	if c.State != quality.Asked || c.DueAt == nil || !c.DueAt.Equal(due.Add(time.Hour)) {
		t.Errorf("the clock starts anew: %v", c.DueAt)
	}
	c = w.must(w.act("market", c, quality.Action{Name: "accept"}))
	if c.DueAt == nil || !c.DueAt.Equal(due.Add(time.Hour)) {
		t.Errorf("the clock goes on: %v", c.DueAt)
	}
	c = w.must(w.act("market", c, quality.Action{Name: "correct", How: quality.ByEdit}))
	last := c.Steps[len(c.Steps)-1]
	if c.State != quality.Corrected || c.InTime == nil || !*c.InTime || last.Detail["how"] != "edit" || last.Detail["before"] == last.Detail["after"] {
		t.Errorf("%+v with %+v", c, last)
	}
	var name string
	w.one(&name, `SELECT name FROM map.shop WHERE id = 2`)
	if name != "西方百货" {
		t.Errorf("the row says %s", name)
	}
	var audited int
	w.one(&audited, `SELECT count(*) FROM onemap.audit WHERE (action LIKE 'correction.%' OR action = 'feature.update') AND detail::text NOT LIKE '%百货%'`)
	if audited != 6 {
		t.Errorf("%d entries in the audit", audited)
	}
	// The asker objects once; the centre settles it.
	c = w.must(w.act("tax", c, quality.Action{Name: "object", Opinion: "还是错的"}))
	if _, err := w.act("market", c, quality.Action{Name: "uphold", Opinion: "x"}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("the provider settles: %v", err)
	}
	c = w.must(w.act("centre", c, quality.Action{Name: "overrule", Opinion: "重新核实"}))
	c = w.must(w.act("market", c, quality.Action{Name: "refuse", Opinion: "登记如此"}))
	if mine := w.must(w.s.Correction(ctx, w.as("tax"), c.ID)); len(mine.Actions) != 0 {
		t.Errorf("the asker may still %v", mine.Actions)
	}
}

// Two officers who act at once: one does, and the row is written once.
func TestACorrectionIsActedOnOnce(t *testing.T) {
	w := newWorld(t)
	fill(w)
	c := w.ask("tax", wrongName(w))
	results := make(chan error, 4)
	scope := w.as("market")
	for range 4 {
		go func() {
			_, err := w.s.Act(context.WithoutCancel(t.Context()), scope, c.ID, quality.Action{UUID: uuid.New(), Name: "correct", How: quality.ByEdit, Version: c.Version})
			results <- err
		}()
	}
	done := 0
	for range 4 {
		switch err := <-results; {
		case err == nil:
			done++
		case !errors.Is(err, layers.ErrConflict) && !errors.Is(err, edit.ErrChanged):
			t.Errorf("%v", err)
		}
	}
	var edits, steps int
	w.one(&edits, `SELECT count(*) FROM onemap.audit WHERE action = 'feature.update'`)
	w.one(&steps, `SELECT count(*) FROM onemap.correction_step WHERE action = 'correct'`)
	if done != 1 || edits != 1 || steps != 1 {
		t.Errorf("%d done, %d edits, %d steps", done, edits, steps)
	}
}

func TestOtherCorrections(t *testing.T) {
	w := newWorld(t)
	fill(w)
	a := wrongName(w)
	// A proposal for a row that changed since is not written unseen.
	c := w.ask("tax", a)
	w.exec(`UPDATE map.shop SET name = '第三个名字' WHERE id = 2`)
	if _, err := w.act("market", c, quality.Action{Name: "correct", How: quality.ByEdit}); !errors.Is(err, edit.ErrChanged) {
		t.Errorf("a row that changed since: %v", err)
	}
	value := "第四个名字"
	w.must(w.act("market", c, quality.Action{Name: "correct", How: quality.ByEdit, Value: &value}))
	place := w.ask("tax", quality.Ask{UUID: uuid.New(), Layer: "shop", Feature: 1, Kind: quality.WrongPlace, Place: &locate.Place{CRS: "WGS84", X: 120.0151, Y: 29.3051}, Reason: "在路西"})
	w.must(w.act("market", place, quality.Action{Name: "correct", How: quality.ByEdit}))
	var grid string
	w.one(&grid, `SELECT grid_code FROM map.shop WHERE id = 1`)
	if grid != "330799002001001" {
		t.Errorf("it stands in grid %s", grid)
	}
	gone := w.ask("tax", quality.Ask{UUID: uuid.New(), Layer: "shop", Feature: 3, Kind: quality.Gone, Reason: "拆了"})
	w.must(w.act("market", gone, quality.Action{Name: "correct", How: quality.ByEdit}))
	var left int
	w.one(&left, `SELECT count(*) FROM map.shop WHERE id = 3`)
	if left != 0 {
		t.Error("it is still there")
	}
	missing := w.ask("tax", quality.Ask{UUID: uuid.New(), Layer: "shop", Kind: quality.Missing, Place: &locate.Place{CRS: "WGS84", X: 120.004, Y: 29.304}, Reason: "新店"})
	if _, err := w.act("market", missing, quality.Action{Name: "correct", How: quality.ByEdit}); field(err) != "how" {
		t.Errorf("nothing to edit: %v", err)
	}
	if _, err := w.act("market", missing, quality.Action{Name: "correct", How: quality.ByImport, Batch: 77}); field(err) != "batch" {
		t.Errorf("no such import: %v", err)
	}
	w.must(w.act("market", missing, quality.Action{Name: "correct", How: quality.Elsewhere, Opinion: "下次更新"}))
	for name, bad := range map[string]struct {
		a     quality.Ask
		field string
	}{
		"hidden field":     {quality.Ask{Layer: "shop", Feature: 2, Kind: quality.WrongValue, Field: "phone", Reason: "x"}, "field"},
		"value of no type": {quality.Ask{Layer: "shop", Feature: 2, Kind: quality.WrongValue, Field: "staff", Proposed: "many", Reason: "x"}, "proposed"},
		"no reason":        {quality.Ask{Layer: "shop", Feature: 2, Kind: quality.Gone, Reason: " "}, "reason"},
		"no feature":       {quality.Ask{Layer: "shop", Kind: quality.Gone, Reason: "x"}, "feature"},
		"no place":         {quality.Ask{Layer: "shop", Feature: 2, Kind: quality.WrongPlace, Reason: "x"}, "place"},
		"kind":             {quality.Ask{Layer: "shop", Feature: 2, Kind: "ugly", Reason: "x"}, "kind"},
	} {
		bad.a.UUID = uuid.New()
		if _, _, err := w.s.AskCorrection(t.Context(), w.as("tax"), bad.a); field(err) != bad.field {
			t.Errorf("%s: %v, want a fault of %s", name, err, bad.field)
		}
	}
	for name, a := range map[string]quality.Ask{"a layer that one may not know of": {Layer: "shop", Feature: 2}, "a row out of sight": {Layer: "shop", Feature: 7}} {
		login := map[bool]string{true: "centre", false: "tax"}[a.Feature == 2]
		a.UUID, a.Kind, a.Reason = uuid.New(), quality.Gone, "x"
		if _, _, err := w.s.AskCorrection(t.Context(), w.as(login), a); !errors.Is(err, layers.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The clock's jobs remind, find it overdue and escalate, once each, and leave
// alone what was answered.
func TestTheClockOfACorrection(t *testing.T) {
	w := newWorld(t)
	fill(w)
	ctx := t.Context()
	q, err := jobs.New(w.db)
	if err != nil {
		t.Fatal(err)
	}
	q.Poll, q.Log = 20*time.Millisecond, slog.New(slog.DiscardHandler)
	w.s.Jobs = q
	w.s.Work()
	w.now = time.Date(2020, 3, 2, 2, 0, 0, 0, time.UTC) // long over
	late := w.ask("tax", wrongName(w))
	answered := w.ask("tax", quality.Ask{UUID: uuid.New(), Layer: "shop", Feature: 4, Kind: quality.Gone, Reason: "x"})
	w.must(w.act("market", answered, quality.Action{Name: "refuse", Opinion: "在营业"}))
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- q.Run(run) }()
	for waited := time.Now(); ; {
		var n int
		w.one(&n, `SELECT count(*) FROM river.river_job WHERE kind = 'correction_clock' AND state = 'completed'`)
		if n == 6 {
			break
		}
		if time.Since(waited) > time.Minute {
			t.Fatalf("%d of 6 jobs are done after a minute", n)
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	c := w.must(w.s.Correction(ctx, w.as("centre"), late.ID))
	var marks []string
	for _, st := range c.Steps[1:] {
		marks = append(marks, st.Action)
	}
	slices.Sort(marks)
	if !slices.Equal(marks, []string{"escalate", "overdue", "remind"}) || c.Escalation != 3 || c.State != quality.Asked || c.InTime == nil || *c.InTime {
		t.Errorf("%v %+v", marks, c)
	}
	c = w.must(w.s.Correction(ctx, w.as("centre"), answered.ID))
	if c.Escalation != 0 || len(c.Steps) != 2 || c.InTime == nil || !*c.InTime {
		t.Errorf("%+v", c)
	}
}

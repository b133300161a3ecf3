package patrolplan_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy/patrolplan"
	"onemap/layers/locate"
	"onemap/layers/task"
)

// One town for the whole life of plans; each part begins with its own plan.
func TestPlans(t *testing.T) {
	w := newTown(t)
	t.Run("a plan keeps shifts, breaks and distances, and is made again from its record", w.makes)
	t.Run("who sees and decides", w.rights)
	t.Run("accepted, it is the worker's task, and what was done comes back", w.worked)
	t.Run("edited by hand", w.edited)
	t.Run("caps count what was accepted", w.capped)
	t.Run("a forecast that stands no more", func(t *testing.T) { testStands(t, w.on(t)) })
	t.Run("whom one may send", func(t *testing.T) { testSends(t, w.on(t)) })
	t.Run("they wait for their turn", func(t *testing.T) { testTurn(t, w.on(t)) })
	t.Run("bad input", w.refusals)
}

// on tells a part's faults to its own test: the clock is one for all.
func (w *town) on(t *testing.T) *town {
	w.T = t
	return w
}

func (w *town) makes(t *testing.T) {
	w = w.on(t)
	o := w.order()
	o.UUID = uuid.New()
	p := w.make("planner", o)
	if p.State != patrolplan.Draft || p.Stops < 12 || p.Explored < 1 || p.Seed != 7 || len(p.Hash) != 64 || len(p.Flow) != 1 {
		t.Errorf("plan %+v", p)
	}
	for _, u := range p.Units {
		if u.Back.After(u.Until) || len(u.Line) < 2 || u.Breaks[0].From == nil || u.End == nil || u.End.Title != "东站" {
			t.Errorf("unit %+v", u)
		}
		for k, s := range u.Stops {
			if s.Start.Before(s.Arrive) || s.Leave.Sub(s.Start) != 15*time.Minute || k > 0 && s.Arrive.Before(u.Stops[k-1].Leave) || s.Leave.After(u.Until) {
				t.Errorf("stop %+v", s)
			}
		}
	}
	if same, err := w.plans.Remake(t.Context(), w.by["planner"], p.ID); err != nil || !same {
		t.Errorf("made again: %v %v", same, err)
	}
	if again := w.make("planner", o); again.ID != p.ID {
		t.Error("the same order made another plan")
	}
	o.Title = "别的"
	if _, _, err := w.plans.Make(t.Context(), w.by["planner"], o); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another order with the same uuid: %v", err)
	}
	w.exec(`UPDATE onemap.patrol_plan SET record = jsonb_set(record, '{rules,StayS}', '60') WHERE id = $1`, p.ID)
	if _, err := w.plans.Remake(t.Context(), w.by["planner"], p.ID); err == nil || !strings.Contains(err.Error(), "record was changed") {
		t.Errorf("a changed record: %v", err)
	}
	if refused := w.decide("centre", "refuse", p); refused.State != patrolplan.Refused || refused.Reason != "因为" || len(refused.Actions) != 0 {
		t.Errorf("refused: %+v", refused)
	}
}

func (w *town) rights(t *testing.T) {
	w = w.on(t)
	o := w.order()
	o.Units = o.Units[:1]
	byPolice, byTown := w.make("police", o), w.make("planner", o)
	if byPolice.Dept != "police" {
		t.Errorf("an officer's plan is of %q", byPolice.Dept)
	}
	for _, tt := range []struct {
		login string
		plan  patrolplan.Plan
		want  error
	}{{"police", byPolice, nil}, {"centre", byPolice, nil}, {"centre", byTown, nil}, {"planner", byTown, nil},
		{"fire", byPolice, layers.ErrNotFound}, {"police", byTown, layers.ErrNotFound}, {"westerner", byTown, layers.ErrNotFound}, {"planner", byPolice, layers.ErrNotFound}, {"worker", byTown, access.ErrForbidden}} {
		if _, err := w.plans.Get(t.Context(), w.by[tt.login], tt.plan.ID); !errors.Is(err, tt.want) {
			t.Errorf("%s sees plan of %q: %v, wanted %v", tt.login, tt.plan.Dept, err, tt.want)
		}
		if _, err := w.plans.Decide(t.Context(), w.by[tt.login], tt.plan.ID, patrolplan.Decision{Action: "refuse", Version: 99, Reason: "x"}); tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s decides: %v, wanted %v", tt.login, err, tt.want)
		}
	}
	if _, _, err := w.plans.Make(t.Context(), w.by["westerner"], o); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a planner of the west plans in the east: %v", err)
	}
	if list, _, err := w.plans.List(t.Context(), w.by["police"], patrolplan.Query{}); err != nil || len(list) != 1 || list[0].ID != byPolice.ID {
		t.Errorf("police list %v %v", list, err)
	}
	if _, _, err := w.plans.List(t.Context(), access.Scope{}, patrolplan.Query{}); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("the public lists: %v", err)
	}
}

func (w *town) worked(t *testing.T) {
	w = w.on(t)
	o := w.order()
	o.Units, o.Dept = o.Units[:1], "police"
	p := w.decide("planner", "accept", w.make("planner", o))
	u := p.Units[0]
	if p.State != patrolplan.Accepted || u.Task == 0 || u.TaskState != "open" || p.Progress.Open != p.Stops {
		t.Fatalf("accepted: %+v", p)
	}
	got, err := w.tasks.Get(t.Context(), w.by["worker"], u.Task)
	if err != nil || len(got.Points) != len(u.Stops) || got.Dept != "police" || !got.DueAt.Equal(u.Until) {
		t.Fatalf("task %+v %v", got, err)
	}
	explored := 0
	for k, point := range got.Points {
		s := u.Stops[k]
		if point.Explore != s.Explore || !point.PlannedAt.Equal(s.Start) || point.StayMin != 15 || point.Lon != s.Lon {
			t.Errorf("point %+v of stop %+v", point, s)
		}
		if point.Explore {
			explored++
		}
	}
	if explored == 0 {
		t.Error("no point says that chance chose it")
	}
	if _, err := w.tasks.Get(t.Context(), w.by["police"], u.Task); err != nil {
		t.Errorf("the department does not see the task: %v", err)
	}
	w.now = u.Stops[0].Start.Add(5 * time.Minute)
	first := locate.Place{CRS: "WGS84", X: u.Stops[0].Lon, Y: u.Stops[0].Lat}
	if _, _, _, err := w.tasks.VisitPoint(t.Context(), w.by["worker"], u.Task, visit(1, first)); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := w.tasks.VisitPoint(t.Context(), w.by["worker"], u.Task, task.PointVisit{UUID: uuid.New(), N: 2, Skipped: "封路"}); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := w.tasks.VisitPoint(t.Context(), w.by["worker"], u.Task, visit(3, at(0, 0))); err != nil {
		t.Fatal(err)
	}
	p, err = w.plans.Get(t.Context(), w.by["planner"], p.ID)
	if err != nil {
		t.Fatal(err)
	}
	s := p.Units[0].Stops
	if s[0].VisitedAt == nil || s[0].Far || *s[0].LateMin != 5 || s[1].Skipped != "封路" || !s[2].Far || s[3].VisitedAt != nil {
		t.Errorf("stops %+v", s[:4])
	}
	if p.Progress != (patrolplan.Progress{Visited: 2, Far: 1, Skipped: 1, Open: p.Stops - 3}) {
		t.Errorf("progress %+v", p.Progress)
	}
	p = w.decide("centre", "withdraw", p)
	if p.State != patrolplan.Withdrawn || p.Units[0].TaskState != "cancelled" || p.Progress.Visited != 2 {
		t.Errorf("withdrawn: %+v", p)
	}
	if _, err := w.plans.Decide(t.Context(), w.by["centre"], p.ID, patrolplan.Decision{Action: "accept", Version: p.Version, Reason: "x"}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("a withdrawn plan is accepted: %v", err)
	}
	var audited int
	w.scan(`SELECT count(*) FROM onemap.audit WHERE object = 'patrol/' || $1::bigint AND action IN ('patrol.make', 'patrol.accept', 'patrol.withdraw')`, []any{&audited}, p.ID)
	if audited != 3 {
		t.Errorf("%d entries of the audit, wanted 3", audited)
	}
}

func (w *town) edited(t *testing.T) {
	w = w.on(t)
	o := w.order()
	p := w.make("planner", o)
	first, second := p.Units[0].Stops, p.Units[1].Stops
	stops := []patrolplan.StopEdit{{New: &patrolplan.PlaceDraft{Title: "学校", At: at(2, 2)}}, {Place: first[2].Place}, {Place: first[1].Place}}
	name := "other"
	p2, err := w.plans.Edit(t.Context(), w.by["planner"], p.ID, patrolplan.Edit{Version: p.Version, Reason: "学校开学", Units: []patrolplan.UnitEdit{{N: 1, Stops: &stops, Person: &name}}})
	if err != nil {
		t.Fatal(err)
	}
	u := p2.Units[0]
	if len(u.Stops) != 3 || u.Stops[0].Title != "学校" || !u.Stops[0].ByHand || u.Stops[1].Place != first[2].Place || u.Stops[1].ByHand || u.Person != "other" || len(p2.Units[1].Stops) != len(second) {
		t.Errorf("edited: %+v", u)
	}
	last := p2.Flow[len(p2.Flow)-1]
	if p2.Version != 2 || last.Action != "edit" || last.Added != 1 || last.Removed != len(first)-2 || last.Reason != "学校开学" || p2.Hash == p.Hash {
		t.Errorf("flow %+v", last)
	}
	if same, err := w.plans.Remake(t.Context(), w.by["planner"], p.ID); err != nil || !same {
		t.Errorf("an edited plan made again: %v %v", same, err)
	}
	many := []patrolplan.StopEdit{}
	for range 30 {
		many = append(many, patrolplan.StopEdit{Place: first[0].Place})
	}
	for _, tt := range []struct {
		name string
		e    patrolplan.Edit
		want string
	}{
		{"no reason", patrolplan.Edit{Version: 2, Units: []patrolplan.UnitEdit{{N: 1, Stops: &stops}}}, "reason"},
		{"an old version", patrolplan.Edit{Version: 1, Reason: "x"}, "version 2"},
		{"a place that is none", patrolplan.Edit{Version: 2, Reason: "x", Units: []patrolplan.UnitEdit{{N: 1, Stops: &[]patrolplan.StopEdit{{Place: 999}}}}}, "the number of a place"},
		{"a unit that is none", patrolplan.Edit{Version: 2, Reason: "x", Units: []patrolplan.UnitEdit{{N: 3}}}, "units[0].n"},
		{"more than the shift holds", patrolplan.Edit{Version: 2, Reason: "x", Units: []patrolplan.UnitEdit{{N: 1, Stops: &many}}}, "at most"},
	} {
		if _, err := w.plans.Edit(t.Context(), w.by["planner"], p.ID, tt.e); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, wanted %q", tt.name, err, tt.want)
		}
	}
}

func (w *town) capped(t *testing.T) {
	w = w.on(t)
	w.now = w.now.AddDate(0, 0, 7) // a week of its own
	w.exec(`UPDATE onemap.setting SET value = '{"minutes": 45, "cell_m": 150}' WHERE key = 'patrol.cap'`)
	o := w.order()
	o.Places, o.Units, o.NoExplore = o.Places[:3], o.Units[:1], true
	count := func(p patrolplan.Plan) map[string]int {
		n := map[string]int{}
		for _, s := range p.Units[0].Stops {
			n[s.Title]++
		}
		return n
	}
	one, two := w.make("planner", o), w.make("planner", o)
	for title, n := range count(one) {
		if n > 3 {
			t.Errorf("%d stops of 15 minutes at %s, its cap is 45", n, title)
		}
	}
	one = w.decide("planner", "accept", one)
	_, err := w.plans.Decide(t.Context(), w.by["planner"], two.ID, patrolplan.Decision{Action: "accept", Version: two.Version, Reason: "x"})
	if !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "its cap is 45") {
		t.Errorf("a second plan over the cap is accepted: %v", err)
	}
	o.Places = append(o.Places, patrolplan.PlaceDraft{Title: "Z", At: at(9, 9)})
	three := w.make("planner", o)
	for title, n := range count(three) {
		if title != "Z" && n+count(one)[title] > 3 {
			t.Errorf("%d more stops at %s after %d", n, title, count(one)[title])
		}
	}
	// What a worker skipped was no stop; the next week is another.
	u := one.Units[0]
	if _, _, _, err := w.tasks.VisitPoint(t.Context(), w.by["worker"], u.Task, task.PointVisit{UUID: uuid.New(), N: 1, Skipped: "封路"}); err != nil {
		t.Fatal(err)
	}
	o.Units[0].From, o.Units[0].Until, o.Units[0].Breaks = u.Until, u.Until.Add(8*time.Hour), nil
	if four := count(w.make("planner", o)); four[u.Stops[0].Title]+count(one)[u.Stops[0].Title] != 4 {
		t.Errorf("after a skipped stop: %v and %v of %s", four, count(one), u.Stops[0].Title)
	}
	w.exec(`UPDATE onemap.setting SET value = '{"minutes": 300, "cell_m": 150}' WHERE key = 'patrol.cap'`)
}

func (w *town) refusals(t *testing.T) {
	w = w.on(t)
	for _, tt := range []struct {
		name  string
		spoil func(*patrolplan.Order)
		want  string
	}{
		{"zero units", func(o *patrolplan.Order) { o.Units = nil }, "units: at least one unit"},
		{"nowhere to go", func(o *patrolplan.Order) { o.Places = nil }, "run: a forecast, or places"},
		{"a shift that ends before it begins", func(o *patrolplan.Order) { o.Units[0].Until = o.Units[0].From }, "units[0].until"},
		{"a shift of yesterday", func(o *patrolplan.Order) {
			u := &o.Units[1]
			u.From, u.Until = u.From.AddDate(0, 0, -1), u.Until.AddDate(0, 0, -1)
		}, "units[1].until"},
		{"a shift too short for any stop", func(o *patrolplan.Order) {
			o.Units = o.Units[:1]
			o.Units[0].Breaks, o.Units[0].Until = nil, o.Units[0].From.Add(10*time.Minute)
		}, "every shift is too short"},
		{"a break outside the shift", func(o *patrolplan.Order) { o.Units[0].Breaks[0].Latest = o.Units[0].Until }, "units[0].breaks[0]"},
		{"a start without a road", func(o *patrolplan.Order) { o.Units[0].Start.At.Y += 1 }, "within 2000 m of a road"},
		{"roads that do not meet", func(o *patrolplan.Order) {
			o.Places = []patrolplan.PlaceDraft{{Title: "岛", At: at(14, 0.5)}}
			o.NoExplore = true
		}, "the road network is in parts that do not meet"},
		{"a place in the sea", func(o *patrolplan.Order) { o.Places[1].At = locate.Place{CRS: "WGS84", X: 123, Y: 29} }, "places[1]"},
		{"a place at 0, 0", func(o *patrolplan.Order) { o.Places[2].At = locate.Place{CRS: "WGS84"} }, "places[2]"},
		{"the same place twice", func(o *patrolplan.Order) { o.Places[3].At = o.Places[2].At }, "places[3]"},
		{"a worker who is none", func(o *patrolplan.Order) { o.Units[0].Person = "police" }, "units[0].person"},
		{"a grid that is none", func(o *patrolplan.Order) { o.Units[0].Grid = "nowhere" }, "units[0].grid_code"},
		{"a forecast that is none", func(o *patrolplan.Order) { o.Run = 99 }, "not found"},
		{"a stay of three hours", func(o *patrolplan.Order) { o.Rules.StayMin = 180 }, "rules.stay_min"},
		{"a mode that is none", func(o *patrolplan.Order) { o.Mode = "boat" }, "mode"},
	} {
		o := w.order()
		tt.spoil(&o)
		if _, _, err := w.plans.Make(t.Context(), w.by["centre"], o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, wanted %q", tt.name, err, tt.want)
		}
	}
	o := w.order()
	o.Places[0].At, o.NoExplore = at(14, 0.5), true
	p := w.make("centre", o)
	if !p.Places[0].NoRoad || p.Places[0].Stops != 0 || strings.Join(p.Notes, " ") != "unreachable" {
		t.Errorf("a place on the island: %+v, notes %v", p.Places[0], p.Notes)
	}
	o.Units[0].Person = ""
	p = w.make("centre", o)
	if _, err := w.plans.Decide(t.Context(), w.by["centre"], p.ID, patrolplan.Decision{Action: "accept", Version: 1, Reason: "x"}); err == nil || !strings.Contains(err.Error(), "name the worker") {
		t.Errorf("accepted without a worker: %v", err)
	}
	w.exec(`TRUNCATE map.road_edge`)
	if _, _, err := w.plans.Make(t.Context(), w.by["centre"], w.order()); err == nil || !strings.Contains(err.Error(), "there is no road network") {
		t.Errorf("without roads: %v", err)
	}
}

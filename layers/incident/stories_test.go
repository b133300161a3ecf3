package incident_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
)

// at gives the store a clock that the test sets.
func (w *town) at(start time.Time) *time.Time {
	now := start
	w.store.Clock = func() time.Time { return now }
	return &now
}

// handled brings a new case to a department's desk with two urgent hours.
func (w *town) handled(t *testing.T) incident.Incident {
	t.Helper()
	i := w.report(t)
	for _, x := range []struct {
		login string
		do    incident.Action
	}{{"acceptor", incident.Action{Name: "register"}}, {"leader", incident.Action{Name: "file"}}, {"dispatcher", incident.Action{Name: "dispatch"}}, {"urban", incident.Action{Name: "accept"}}} {
		i = w.act(t, x.login, i, x.do)
	}
	return i
}

func (w *town) limit(t *testing.T, n int, unit string) {
	t.Helper()
	if _, err := w.db.Exec(t.Context(), `INSERT INTO onemap.class_condition (standard, class, code, position, text_zh, limit_n, limit_unit) VALUES ('test', 'T01', 'a', 1, '缺失', $1, $2)`, n, unit); err != nil {
		t.Fatal(err)
	}
}

func (w *town) refused(t *testing.T, login string, i incident.Incident, do incident.Action, as error, says string) {
	t.Helper()
	do.Version = i.Version
	_, _, err := w.store.Act(t.Context(), w.by[login], i.ID, do)
	if !errors.Is(err, as) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %s from %s: %v, want %q", login, do.Name, i.State, err, says)
	}
}

func (w *town) recheck(t *testing.T) {
	t.Helper()
	if _, err := incident.Recheck(t.Context(), w.db, func(d incident.Difference) {
		t.Errorf("incident %d: %s is %v, want %v", d.Incident, d.What, d.Has, d.Want)
	}); err != nil {
		t.Fatal(err)
	}
}

// Two returns, the decision, and what the rule learns: the next case of the
// class in the grid goes straight to whom it was decided for.
func TestTheSecondReturnIsDecidedAndLearnt(t *testing.T) {
	w := newTown(t)
	i := w.report(t)
	i = w.act(t, "acceptor", i, incident.Action{Name: "register"})
	i = w.act(t, "leader", i, incident.Action{Name: "file"})
	i = w.act(t, "dispatcher", i, incident.Action{Name: "dispatch"})
	w.refused(t, "urban", i, incident.Action{Name: "return", Opinion: "no", Dept: "urban"}, layers.ErrInvalid, "another department")
	sent := incident.Action{UUID: uuid.New(), Name: "return", Opinion: "not ours", Dept: "police", Version: i.Version}
	i = w.act(t, "urban", i, sent)
	if i.State != incident.Returned || i.Dept != "urban" || i.Returns != 1 {
		t.Fatalf("returned: %+v", i)
	}
	s, err := w.store.Suggestion(t.Context(), w.by["dispatcher"], i.ID)
	if err != nil || s.Dept != "police" || s.By != "returned" {
		t.Errorf("suggested: %+v, %v", s, err)
	}
	i = w.act(t, "dispatcher", i, incident.Action{Name: "dispatch"}) // to whom it was said to be
	if i.Dept != "police" || i.Dispatches != 2 {
		t.Errorf("dispatched again: %+v", i)
	}
	// Whose answer was lost, and who does not see the case any more, is not told
	// that it is not there; of the case itself, nothing.
	if out, _, err := w.store.Act(t.Context(), w.by["urban"], i.ID, sent); err != nil || out.ID != i.ID || out.State != "" {
		t.Errorf("sent again: %+v, %v", out, err)
	}
	sent.Opinion = "something else"
	if _, _, err := w.store.Act(t.Context(), w.by["urban"], i.ID, sent); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("something else under the same UUID: %v", err)
	}
	i = w.act(t, "police", i, incident.Action{Name: "return", Opinion: "not ours either", Dept: "urban"})
	if i.State != incident.Disputed || i.Returns != 2 {
		t.Fatalf("returned twice: %+v", i)
	}
	w.refused(t, "dispatcher", i, incident.Action{Name: "dispatch"}, layers.ErrConflict, "disputed")
	w.refused(t, "dispatcher", i, incident.Action{Name: "decide", Dept: "police", Opinion: "so"}, access.ErrForbidden, "")
	i = w.act(t, "centre", i, incident.Action{Name: "decide", Dept: "police", Opinion: "by the list of duties"})
	if i.State != incident.Dispatched || i.Dept != "police" || !i.Decided {
		t.Fatalf("decided: %+v", i)
	}
	w.refused(t, "police", i, incident.Action{Name: "return", Opinion: "still", Dept: "urban"}, layers.ErrConflict, "has decided whose it is")

	next := w.report(t)
	if next.Dept != "police" {
		t.Errorf("the next report is likely of %s", next.Dept)
	}
	next = w.act(t, "acceptor", next, incident.Action{Name: "register"})
	next = w.act(t, "leader", next, incident.Action{Name: "file"})
	last := next.Flow[len(next.Flow)-1]
	if next.State != incident.Dispatched || next.Dept != "police" || last.Post != "rule" || last.Actor != "system" || last.Detail.By != "learnt" {
		t.Errorf("the rule did not send it on: %+v", next)
	}
	w.recheck(t)
}

// The clock of a department: extended, suspended and resumed by the sweep,
// told of by level, appealed against.
func TestClocksAreToldOfAndStand(t *testing.T) {
	w := newTown(t)
	now := w.at(time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC))
	w.limit(t, 2, "urgent_hour")
	i := w.handled(t)
	if i.DueAt == nil || !i.DueAt.Equal(now.Add(2*time.Hour)) || i.Light != "green" || i.Limit.N != 2 {
		t.Fatalf("due %v, %s", i.DueAt, i.Light)
	}
	sweep := func(want int) {
		t.Helper()
		for n, w2 := range []int{want, 0} { // what is noted is not noted again
			if got, err := w.store.Escalate(t.Context()); err != nil || got != w2 {
				t.Fatalf("sweep %d noted %d, %v; want %d", n, got, err, w2)
			}
		}
		var err error
		if i, err = w.store.Get(t.Context(), w.by["centre"], i.ID); err != nil {
			t.Fatal(err)
		}
	}
	told := func() string { return i.Flow[len(i.Flow)-1].Detail.Told }
	*now = now.Add(100 * time.Minute)
	version := i.Version
	if sweep(1); i.Light != "yellow" || i.Escalation != 1 || told() != "urban" || i.Version != version {
		t.Errorf("after 100 minutes: %s, level %d, told %q, version %d", i.Light, i.Escalation, told(), i.Version)
	}
	i = w.act(t, "urban", i, incident.Action{Name: "ask_extension", Opinion: "parts"})
	w.refused(t, "urban", i, incident.Action{Name: "feedback"}, layers.ErrConflict, "waiting for its answer")
	i = w.act(t, "dispatcher", i, incident.Action{Name: "grant_extension"})
	if !i.DueAt.Equal(time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)) || i.Escalation != 0 || i.Light != "green" {
		t.Errorf("extended: due %v, level %d", i.DueAt, i.Escalation)
	}
	until := now.Add(50 * time.Hour)
	i = w.act(t, "urban", i, incident.Action{Name: "ask_suspension", Opinion: "parts", Until: until})
	i = w.act(t, "dispatcher", i, incident.Action{Name: "grant_suspension"})
	if i.State != incident.Suspended || i.DueAt != nil || !i.Until.Equal(until) {
		t.Errorf("suspended: %+v", i)
	}
	*now = now.Add(49 * time.Hour)
	sweep(0)
	*now = now.Add(2 * time.Hour)
	// The sweep came an hour late; 100 minutes of four hours are used.
	if sweep(1); i.State != incident.Handling || !i.DueAt.Equal(now.Add(140*time.Minute)) {
		t.Errorf("resumed: %s, due %v", i.State, i.DueAt)
	}
	w.refused(t, "urban", i, incident.Action{Name: "ask_suspension", Opinion: "again", Until: now.Add(time.Hour)}, layers.ErrConflict, "no second time")
	*now = now.Add(141 * time.Minute)
	w.refused(t, "urban", i, incident.Action{Name: "ask_extension", Opinion: "late"}, layers.ErrConflict, "the limit has passed")
	if sweep(1); i.Escalation != 2 || told() != "dispatcher" || !i.Overdue {
		t.Errorf("overdue: level %d, told %q", i.Escalation, told())
	}
	*now = now.Add(5 * time.Hour)
	if sweep(1); i.Escalation != 3 || told() != "command_centre" {
		t.Errorf("long overdue: level %d, told %q", i.Escalation, told())
	}
	i = w.act(t, "urban", i, incident.Action{Name: "feedback"})
	i = w.act(t, "acceptor", i, incident.Action{Name: "send_check", Worker: "worker"})
	i = w.act(t, "worker", i, incident.Action{Name: "report_check", Result: "passed"})
	i = w.act(t, "leader", i, incident.Action{Name: "close"})
	i = w.act(t, "urban", i, incident.Action{Name: "appeal", Opinion: "the street was closed by the police"})
	w.refused(t, "centre", i, incident.Action{Name: "grant_appeal", Opinion: "so"}, layers.ErrConflict, "nothing of the kind")
	i = w.act(t, "dispatcher", i, incident.Action{Name: "pass_appeal", Opinion: "true"})
	i = w.act(t, "centre", i, incident.Action{Name: "grant_appeal", Opinion: "true"})
	if !i.Overdue || !i.Excused || i.Pending != "" || i.State != incident.Closed {
		t.Errorf("the fact is kept and excused: %+v", i)
	}
	w.refused(t, "urban", i, incident.Action{Name: "appeal", Opinion: "more"}, layers.ErrConflict, "not overdue")
	w.recheck(t)
}

// The same matter, told by two: offered, merged, and the second reporter sees
// what becomes of it.
func TestDuplicatesAreOfferedAndMerged(t *testing.T) {
	w := newTown(t)
	first := w.report(t)
	r := newReport()
	r.At.X += 0.0004 // 39 m
	second, _, _, err := w.store.Report(t.Context(), w.by["worker"], r)
	if err != nil || len(second.Duplicates) != 1 || second.Duplicates[0].ID != first.ID || second.Duplicates[0].Metres < 38 || second.Duplicates[0].Metres > 40 {
		t.Fatalf("offered: %+v, %v", second.Duplicates, err)
	}
	r = newReport()
	r.At.X -= 0.001 // 97 m
	if far, _, _, err := w.store.Report(t.Context(), w.by["worker"], r); err != nil || len(far.Duplicates) != 0 {
		t.Errorf("offered at 97 m: %+v, %v", far.Duplicates, err)
	}
	w.refused(t, "acceptor", second, incident.Action{Name: "merge", Into: second.ID}, layers.ErrInvalid, "an open case")
	w.refused(t, "acceptor", second, incident.Action{Name: "merge", Into: 999}, layers.ErrInvalid, "an open case")
	third := w.report(t)
	third = w.act(t, "acceptor", third, incident.Action{Name: "merge", Into: second.ID})
	second, err = w.store.Get(t.Context(), w.by["acceptor"], second.ID)
	if err != nil || !slices.Equal(second.Merged, []int64{third.ID}) {
		t.Fatalf("took in: %v, %v", second.Merged, err)
	}
	second = w.act(t, "acceptor", second, incident.Action{Name: "merge", Into: first.ID})
	first, err = w.store.Get(t.Context(), w.by["centre"], first.ID)
	if err != nil || !slices.Equal(first.Merged, []int64{second.ID, third.ID}) {
		t.Fatalf("took both in: %v, %v", first.Merged, err)
	}
	w.refused(t, "acceptor", first, incident.Action{Name: "merge", Into: second.ID}, layers.ErrConflict, "is merged")
	first = w.act(t, "leader", w.act(t, "acceptor", first, incident.Action{Name: "register"}), incident.Action{Name: "file"})
	w.act(t, "leader", first, incident.Action{Name: "force_close", Opinion: "done"})
	mine, err := w.store.Get(t.Context(), w.by["worker"], second.ID)
	if err != nil || mine.State != incident.Merged || mine.Main == nil || mine.Main.ID != first.ID || mine.Main.State != incident.Closed || mine.Main.ClosedAt == nil {
		t.Errorf("its reporter sees %+v, %v", mine.Main, err)
	}
	w.recheck(t)
}

func (w *town) photo(t *testing.T, c uint8) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 64, 64))
	for n := range m.Pix {
		m.SetGray(n%64, n/64, color.Gray{c})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	p, err := w.store.Photos.Put(t.Context(), w.by["worker"], b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// What was settled on the spot is reviewed and closed; without a photo of
// after it is not taken.
func TestSelfHandled(t *testing.T) {
	w := newTown(t)
	r := newReport()
	r.SelfHandled = true
	var input *layers.InputError
	if _, _, _, err := w.store.Report(t.Context(), w.by["worker"], r); !errors.As(err, &input) || input.Field != "photos" {
		t.Errorf("without a photo: %v", err)
	}
	lon, lat, taken := 120.0, 29.0, time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	r.Photos = []incident.Shown{{ID: w.photo(t, 10), Kind: "before"}, {ID: w.photo(t, 200), Kind: "after", TakenAt: &taken, Lon: &lon, Lat: &lat}}
	i, _, _, err := w.store.Report(t.Context(), w.by["worker"], r)
	if err != nil || i.State != incident.SelfHandled || len(i.Photos) != 2 || i.Photos[1].TakenAt == nil || *i.Photos[1].Lat != lat {
		t.Fatalf("%+v, %v", i.Photos, err)
	}
	i = w.act(t, "acceptor", i, incident.Action{Name: "refuse_self", Opinion: "the picture shows another place"})
	if i.State != incident.Reported {
		t.Errorf("refused: %s", i.State)
	}
	r.UUID = uuid.New()
	if i, _, _, err = w.store.Report(t.Context(), w.by["worker"], r); err != nil {
		t.Fatal(err)
	}
	if i = w.act(t, "acceptor", i, incident.Action{Name: "approve_self"}); i.State != incident.Closed || i.Contact != "" {
		t.Errorf("approved: %+v", i)
	}
}

// The component that a report is about fills its class, and what does not fit
// is told.
func TestReportOfAComponent(t *testing.T) {
	w := newTown(t)
	if _, err := w.db.Exec(t.Context(), `INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en, dept) VALUES
			('test', 'matter', 'T09', 'T', '测试', 'Test', '暴露垃圾', 'Garbage', 'urban'), ('test', 'matter', 'T02', 'T', '测试', 'Test', '路灯异常', 'Lamp', 'urban'),
			('test', 'component', 'T02', 'T', '测试', 'Test', '路灯', 'Lamp', 'urban');
		INSERT INTO map.asset (id, class_standard, class_code, name, dept_code, geom) VALUES (77, 'test', 'T01', '井盖', 'police', ST_SetSRID(ST_MakePoint(120.0001, 29), 4326))`); err != nil {
		t.Fatal(err)
	}
	r := newReport()
	r.Class, r.Asset = "", 77
	i, _, _, err := w.store.Report(t.Context(), w.by["worker"], r)
	if err != nil || i.Class != "T01" || i.Asset != 77 || i.Dept != "police" {
		t.Fatalf("%+v, %v", i, err)
	}
	for _, tt := range []struct {
		change func(*incident.Report)
		field  string // "": taken
	}{
		{func(r *incident.Report) { r.Class = "T09" }, ""},
		{func(r *incident.Report) { r.Class = "T02" }, "class.code"},
		{func(r *incident.Report) { r.Asset = 78 }, "asset"},
		{func(r *incident.Report) { r.At.X += 0.01 }, "asset"},
	} {
		r := newReport()
		r.Class, r.Asset = "", 77
		tt.change(&r)
		_, _, _, err := w.store.Report(t.Context(), w.by["worker"], r)
		if input := (*layers.InputError)(nil); (err == nil) != (tt.field == "") || err != nil && (!errors.As(err, &input) || input.Field != tt.field) {
			t.Errorf("%+v: %v, want a fault of %q", r, err, tt.field)
		}
	}
}

// Sent again, an action is done once; another under its uuid is refused. What
// another system reports again is the same report.
func TestOnce(t *testing.T) {
	w := newTown(t)
	i := w.report(t)
	do := incident.Action{UUID: uuid.New(), Name: "register", Version: i.Version}
	one, _, err := w.store.Act(t.Context(), w.by["acceptor"], i.ID, do)
	if err != nil {
		t.Fatal(err)
	}
	two, at, err := w.store.Act(t.Context(), w.by["acceptor"], i.ID, do)
	if err != nil || at.IsZero() || two.Version != one.Version || two.State != incident.Registered || len(two.Flow) != 2 {
		t.Errorf("sent again: %+v, %v", two, err)
	}
	for name, other := range map[string]struct {
		login string
		do    incident.Action
	}{
		"another action": {"acceptor", incident.Action{UUID: do.UUID, Name: "reject", Opinion: "x", Version: two.Version}},
		"another person": {"centre", do},
	} {
		if _, _, err := w.store.Act(t.Context(), w.by[other.login], i.ID, other.do); !errors.Is(err, layers.ErrConflict) {
			t.Errorf("%s under the same uuid: %v", name, err)
		}
	}
	r := newReport()
	r.Source, r.ExternalSource, r.ExternalID = "hotline", "12345", "A-7"
	bridge := access.Operator("bridge")
	first, _, again, err := w.store.Report(t.Context(), bridge, r)
	if err != nil || again || first.External == nil || first.External.ID != "A-7" {
		t.Fatalf("%+v, %v", first, err)
	}
	r.UUID, r.Description = uuid.New(), "said again in other words"
	same, _, again, err := w.store.Report(t.Context(), bridge, r)
	if err != nil || !again || same.ID != first.ID {
		t.Errorf("reported again by the other system: %d, %t, %v", same.ID, again, err)
	}
}

// Workers of the grid come first, then who is near by road; the straight line
// stands in where there is no road.
func TestSuggestedWorkers(t *testing.T) {
	w := newTown(t)
	for _, p := range []struct {
		login string
		x     float64
	}{{"near", 120.02}, {"far", 120.03}} {
		made, err := w.dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: p.login, Name: p.login, Org: "gov", Roles: []access.Role{access.GridWorker}, Grids: []string{"330799009009009"}})
		if err != nil {
			t.Fatal(err)
		}
		if w.by[p.login], err = w.dir.ScopeOf(t.Context(), made.ID); err != nil {
			t.Fatal(err)
		}
	}
	// The near one stands beside a river without a bridge: his way leads around.
	if _, err := w.db.Exec(t.Context(), `INSERT INTO map.worker (person, name, org, accuracy_m, crs, geom)
			SELECT id, name, org, 5, 'WGS84', ST_SetSRID(ST_MakePoint(CASE login WHEN 'near' THEN 120.02 WHEN 'far' THEN 120.03 ELSE 120.004 END, 29), 4326) FROM onemap.person WHERE login IN ('near', 'far', 'worker');
		INSERT INTO map.road_node (id, geom) SELECT n, ST_SetSRID(ST_MakePoint(x, y), 4326) FROM (VALUES (1, 120.0, 29.0), (2, 120.02, 29.0), (3, 120.03, 29.0), (4, 120.04, 29.0)) v (n, x, y);
		INSERT INTO map.road_edge (id, road, source, target, length_m, cost, reverse_cost, foot_cost, class, geom)
			SELECT n, 1, a, b, s * 5 / 3.6, s, s, s, 'residential', ST_SetSRID(ST_MakeLine(ST_MakePoint(120, 29), ST_MakePoint(120.03, 29)), 4326) FROM (VALUES (1, 1, 3, 2400), (2, 3, 2, 1200)) v (n, a, b, s)`); err != nil {
		t.Fatal(err)
	}
	i := w.report(t)
	s, err := w.store.Suggestion(t.Context(), w.by["acceptor"], i.ID)
	if err != nil || s.Dept != "urban" || s.By != "class" || len(s.Workers) != 4 {
		t.Fatalf("%+v, %v", s, err)
	}
	var order []string
	for _, c := range s.Workers {
		order = append(order, c.Login)
	}
	if !slices.Equal(order, []string{"worker", "handler", "far", "near"}) || !s.Workers[0].OfGrid || s.Workers[1].OnDuty || !s.Workers[2].ByRoad || *s.Workers[2].Minutes < 39 || *s.Workers[2].Minutes > 42 || *s.Workers[3].Minutes < 59 {
		t.Errorf("%v: %+v", order, s.Workers)
	}
	if _, err := w.store.Suggestion(t.Context(), w.by["planner"], i.ID); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a planner is told where workers are: %v", err)
	}
	i = w.act(t, "acceptor", i, incident.Action{Name: "send_verify"})
	if last := i.Flow[len(i.Flow)-1]; last.Detail.Worker != "worker" {
		t.Errorf("sent %+v", last.Detail)
	}
	w.refused(t, "handler", i, incident.Action{Name: "report_verify", Result: "true"}, access.ErrForbidden, "")
	i = w.act(t, "acceptor", i, incident.Action{Name: "send_verify", Worker: "far"}) // the other does not come
	if i = w.act(t, "far", i, incident.Action{Name: "report_verify", Result: "false"}); i.Verified != "false" {
		t.Errorf("%+v", i)
	}
}

// A case of the time before records said the department and the post goes on
// with the department that it is with, and is reopened with it.
func TestFlowOfAnEarlierVersion(t *testing.T) {
	w := newTown(t)
	for _, state := range []string{"handling", "closed"} {
		var id int64
		if err := w.db.QueryRow(t.Context(), `INSERT INTO map.incident (class_standard, class_code, severity, source, state, dept_code, occurred_at, closed_at, geom)
			VALUES ('test', 'T01', 3, 'worker', $1, 'urban', now() - interval '2 hours', CASE $1 WHEN 'closed' THEN now() END, ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326)) RETURNING id`, state).Scan(&id); err != nil {
			t.Fatal(err)
		}
		if _, err := w.db.Exec(t.Context(), `INSERT INTO onemap.incident_flow (incident, at, actor, org, action, from_state, to_state)
			SELECT $1, now() - interval '1 hour', 'x', '', a, f, t FROM (VALUES (1, 'report', '', 'reported'), (2, 'file', 'reported', 'filed'), (3, 'dispatch', 'filed', 'dispatched'),
				(4, 'accept', 'dispatched', 'handling'), (5, 'feedback', 'handling', 'feedback'), (6, 'close', 'feedback', 'closed')) v(n, a, f, t)
			WHERE $2 = 'closed' OR n < 5 ORDER BY n`, id, state); err != nil {
			t.Fatal(err)
		}
		i, err := w.store.Get(t.Context(), w.by["centre"], id)
		if err != nil {
			t.Fatal(err)
		}
		if state == "closed" {
			i = w.act(t, "leader", i, incident.Action{Name: "reopen", Opinion: "it is broken again"})
			if i.State != incident.Registered || i.Dept != "urban" {
				t.Errorf("reopened: %s, with %q", i.State, i.Dept)
			}
			continue
		}
		i = w.act(t, "urban", i, incident.Action{Name: "feedback"})
		if i.State != incident.Feedback || i.Dept != "urban" || i.Dispatches != 1 {
			t.Errorf("fed back: %s, with %q, dispatched to %d", i.State, i.Dept, i.Dispatches)
		}
		i = w.act(t, "dispatcher", i, incident.Action{Name: "rework", Opinion: "look again"})
		if i.Dept != "urban" {
			t.Errorf("reworked: with %q", i.Dept)
		}
	}
}

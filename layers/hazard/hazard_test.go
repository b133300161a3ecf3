package hazard_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/hazard"
	"onemap/layers/incident"
	"onemap/layers/layerstest"
	"onemap/layers/locate"
)

// town is a street with two grids, an enterprise, and one person of each kind.
type town struct {
	*testing.T
	db     *pgxpool.Pool
	store  *hazard.Store
	photos *incident.Photos
	by     map[string]access.Scope
	id     map[string]int64
	now    time.Time // of the store; zero: time.Now
}

var operator = access.Operator("test")

func newTown(t *testing.T) *town {
	t.Helper()
	db := layerstest.DB(t)
	dir := access.NewDirectory(db)
	t.Cleanup(dir.Close)
	ctx := t.Context()
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "市政府", NameEN: "City"},
		{Code: "centre", Parent: "gov", Level: "county", Kind: "command_centre", AreaCode: "330799", NameZH: "指挥中心", NameEN: "Centre"},
		{Code: "fire", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "消防", NameEN: "Fire"},
		{Code: "market", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "市场监管局", NameEN: "Market"},
	} {
		if err := dir.CreateOrganisation(ctx, operator, o); err != nil {
			t.Fatal(err)
		}
	}
	w := &town{T: t, db: db, by: map[string]access.Scope{}, id: map[string]int64{}}
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, geom) VALUES
		('330799001001001', '330799001001', ST_Multi(ST_MakeEnvelope(120.00, 29.30, 120.01, 29.31, 4326))),
		('330799002001001', '330799002001', ST_Multi(ST_MakeEnvelope(120.01, 29.30, 120.02, 29.31, 4326)))`)
	w.exec(`INSERT INTO map.enterprise (id, name, industry, risk, dept_code, grid_code, area_code, geom)
		VALUES (7, '东方餐馆', '餐饮服务', 2, 'fire', NULL, NULL, ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326))`)
	if _, err := dir.SeedGrants(ctx, operator); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.photos, err = incident.OpenPhotos(filepath.Join(t.TempDir(), "photos"), db); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.photos.Close() })
	w.store = &hazard.Store{Layers: layers.NewStore(db), Clock: func() time.Time {
		if w.now.IsZero() {
			return time.Now()
		}
		return w.now
	}}
	for _, p := range []struct {
		login, org string
		role       access.Role
		grids      []string
	}{{"centre", "centre", access.CommandCentre, nil}, {"acceptor", "centre", access.Acceptor, nil}, {"leader", "centre", access.ShiftLeader, nil},
		{"dispatcher", "centre", access.Dispatcher, nil}, {"fire", "fire", access.DepartmentOfficer, nil}, {"fire2", "fire", access.DepartmentOfficer, nil}, {"market", "market", access.DepartmentOfficer, nil},
		{"worker", "gov", access.GridWorker, []string{"330799001001001"}}, {"other", "gov", access.GridWorker, []string{"330799001001001"}}, {"far", "gov", access.GridWorker, []string{"330799002001001"}},
		{"planner", "centre", access.Planner, nil}, {"admin", "gov", access.Administrator, nil}, {"security", "gov", access.SecurityAdministrator, nil}, {"auditor", "gov", access.Auditor, nil}} {
		made, err := dir.CreatePerson(ctx, operator, access.NewPerson{Login: p.login, Name: p.login, Org: p.org, Roles: []access.Role{p.role}, Grids: p.grids})
		if err != nil {
			t.Fatal(err)
		}
		w.id[p.login] = made.ID
	}
	if err := dir.Load(ctx); err != nil {
		t.Fatal(err)
	}
	for login, id := range w.id {
		if w.by[login], err = dir.ScopeOf(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *town) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

// photo uploads a picture of one colour.
func (w *town) photo(colour uint8) incident.Shown {
	w.Helper()
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range img.Pix {
		img.Pix[i] = colour
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		w.Fatal(err)
	}
	p, err := w.photos.Put(w.Context(), w.by["worker"], b.Bytes())
	if err != nil {
		w.Fatal(err)
	}
	return incident.Shown{ID: p.ID}
}

func (w *town) report(login string) hazard.Hazard {
	w.Helper()
	h, _, _, err := w.store.Report(w.Context(), w.by[login], hazard.Report{UUID: uuid.New(), Title: "安全出口锁闭", Enterprise: 7})
	if err != nil {
		w.Fatal(err)
	}
	return h
}

// act does it, and fails the test where it does not go.
func (w *town) act(login string, h hazard.Hazard, do hazard.Action) hazard.Hazard {
	w.Helper()
	do.Version = h.Version
	out, _, _, err := w.store.Act(w.Context(), w.by[login], h.ID, do)
	if err != nil {
		w.Fatalf("%s by %s: %v", do.Name, login, err)
	}
	return out
}

// whole is an action with all that its line of the table needs.
func (w *town) whole(name string, photo incident.Shown) hazard.Action {
	do := hazard.Action{Name: name}
	for _, t := range hazard.Transitions {
		if t.Action != name {
			continue
		}
		if t.Opinion {
			do.Opinion = "理由"
		}
		for _, need := range t.Needs {
			switch need {
			case "photos":
				do.Photos = []incident.Shown{photo}
			case "level":
				do.Level = hazard.General
			case "measure":
				do.Measure = "拆除门锁"
			case "responsible":
				do.Responsible = "店长"
			case "term":
				do.Term = time.Now().Add(20 * 24 * time.Hour)
			case "dept":
				do.Dept = "market"
			case "result":
				do.Result = "passed"
			default:
				w.Fatalf("the test does not know what %s is", need)
			}
		}
	}
	if name == "register" {
		do.Dept = "fire"
	}
	if name == "replan" {
		do.Measure = "换锁"
	}
	return do
}

// Every action in every state, on a general and a major one, by everyone: what
// the table has happens, what it has for others is forbidden, what the state
// does not have or a guard refuses is a conflict that says what is possible,
// and what the caller may not see is not there. The actions that are shown are
// those that happen.
func TestEveryActionInEveryStateByEveryone(t *testing.T) {
	w := newTown(t)
	photo := w.photo(1)
	h, _, _, err := w.store.Report(t.Context(), w.by["far"], hazard.Report{UUID: uuid.New(), Title: "x", At: &locate.Place{CRS: "WGS84", X: 120.005, Y: 29.305}}) // passing by
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, tr := range hazard.Transitions {
		if !slices.Contains(actions, tr.Action) {
			actions = append(actions, tr.Action)
		}
	}
	n := 0
	for _, level := range []string{hazard.General, hazard.Major} {
		for _, state := range hazard.States {
			for login, scope := range w.by {
				reset := func(rectifier string) {
					w.exec(`DELETE FROM onemap.task WHERE hazard = $1`, h.ID)
					w.exec(`DELETE FROM onemap.hazard_photo WHERE hazard = $1`, h.ID)
					w.exec(`UPDATE map.hazard SET state = $2, level = $3, dept_code = 'fire', supervised = false, extensions = 0, rectifier = $4, term_at = now() + interval '1 day',
						closed_at = CASE WHEN $2 IN ('closed', 'void') THEN now() END WHERE id = $1`, h.ID, state.Name, level, w.id[rectifier])
					if state.Name == hazard.Rechecking {
						w.exec(`INSERT INTO onemap.task (kind, hazard, person, made_by) VALUES ('recheck', $1, $2, 'test')`, h.ID, w.id["worker"])
					}
				}
				reset("other")
				_, err := w.store.Get(t.Context(), scope, h.ID)
				sees := err == nil
				if sees == (slices.Contains([]string{"admin", "security", "auditor", "market"}, login)) {
					t.Errorf("%s sees a %s hazard: %v (%v)", login, state.Name, sees, err)
				}
				for _, name := range actions {
					n++
					before, _ := w.store.Get(t.Context(), scope, h.ID)
					do := w.whole(name, photo)
					if do.Version = before.Version; do.Version == 0 {
						do.Version = 1
					}
					_, _, _, err := w.store.Act(t.Context(), scope, h.ID, do)
					if err == nil { // else it is as it was, which the version of the next one checks
						reset("other")
					}
					want := w.expect(login, name, state.Name, level)
					if !sees {
						want = layers.ErrNotFound
					}
					if !errors.Is(err, want) || want == nil && err != nil {
						t.Errorf("%s of a %s %s hazard by %s: %v, want %v", name, level, state.Name, login, err, want)
					}
					if shown := slices.Contains(before.Actions, name); shown != (err == nil) {
						t.Errorf("%s of a %s %s hazard by %s: shown %v, then %v", name, level, state.Name, login, shown, err)
					}
					if errors.Is(err, layers.ErrConflict) && !strings.Contains(err.Error(), "possible now") {
						t.Errorf("%s of a %s hazard: the conflict does not say what is possible: %v", name, state.Name, err)
					}
				}
			}
		}
	}
	t.Logf("%d combinations", n)
}

// expect is the rule in other words than the table's code: a plain list of who
// may do what, written from the field's description.
func (w *town) expect(login, action, state, level string) error {
	role := map[string]string{"centre": "centre", "fire": "officer", "fire2": "officer", "worker": "assigned", "other": "worker", "far": "worker"}[login]
	type rule struct {
		states, who string
		level       string
	}
	rules := map[string][]rule{
		"register":       {{"found", "officer centre", ""}},
		"fix":            {{"found", "officer centre worker assigned", "general"}},
		"void":           {{"found registered", "officer centre", ""}},
		"assess":         {{"registered", "officer centre", ""}},
		"replan":         {{"rectifying", "officer centre", ""}},
		"extend":         {{"rectifying", "officer centre", "general"}, {"rectifying", "centre", "major"}},
		"upgrade":        {{"rectifying", "officer centre", "general"}},
		"rectify":        {{"rectifying", "officer centre worker assigned", ""}},
		"send_recheck":   {{"rectified", "officer centre", ""}},
		"recheck":        {{"rectified", "officer centre", "general"}},
		"refuse":         {{"rectified rechecked", "officer centre", ""}},
		"report_recheck": {{"rechecking", "assigned", ""}},
		"recall":         {{"rechecking", "officer centre", ""}},
		"close":          {{"rechecked", "officer centre", ""}},
		"reopen":         {{"closed void", "officer centre", ""}},
		"supervise":      {{"found registered rectifying rectified rechecking rechecked", "centre", ""}},
		"transfer":       {{"found registered rectifying", "officer centre", ""}},
		"photo":          {{"found registered rectifying rectified rechecking rechecked", "officer centre worker assigned", ""}},
	}[action]
	if rules == nil {
		w.Fatalf("the test has no rule for %s", action)
	}
	ever := false
	for _, r := range rules {
		may := role != "" && (slices.Contains(strings.Fields(r.who), role) || role == "worker" && r.who == "assigned")
		ever = ever || may
		if may && slices.Contains(strings.Fields(r.states), state) && (r.level == "" || r.level == level) && !(r.who == "assigned" && role == "worker") {
			return nil
		}
	}
	if !ever {
		return access.ErrForbidden
	}
	return layers.ErrConflict
}

// The whole loop of a major hazard: it has all five parts, is supervised, and
// who reported its rectification neither checks nor closes it.
func TestLifeOfAMajorHazard(t *testing.T) {
	w := newTown(t)
	before, after := w.photo(1), w.photo(2)
	h, _, _, err := w.store.Report(t.Context(), w.by["worker"], hazard.Report{UUID: uuid.New(), Level: hazard.Major, Title: "仓库住人", Description: "二楼隔间", Enterprise: 7,
		Photos: []incident.Shown{before}, FoundAt: time.Now().Add(-100 * 24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if h.EnterpriseName != "东方餐馆" || h.Dept != "fire" || h.Grid != "330799001001001" || h.State != hazard.Found || !h.Mine || len(h.Photos) != 1 || h.Flow[0].Detail["client_at"] == nil {
		t.Fatalf("found as %+v", h)
	}
	if age := time.Since(*h.FoundAt); age > time.Minute {
		t.Errorf("the finder's clock was believed: found %v ago", age)
	}
	h = w.act("fire", h, hazard.Action{Name: "register"})
	assess := hazard.Action{Name: "assess", Level: hazard.Major, Measure: "清退住人,拆除隔间", Responsible: "厂长", Term: time.Now().Add(10 * 24 * time.Hour)}
	assess.Version = h.Version
	for _, missing := range []string{"money_yuan", "contingency"} {
		var bad *layers.InputError
		if _, _, _, err := w.store.Act(t.Context(), w.by["fire"], h.ID, assess); !errors.As(err, &bad) || bad.Field != missing {
			t.Errorf("a major hazard's plan without %s: %v", missing, err)
		}
		money := 5000.0
		assess.MoneyYuan = &money
	}
	assess.Contingency = "停产"
	h = w.act("fire", h, assess)
	if !h.Supervised || h.Supervisor != "fire" || h.Plan == nil || *h.Plan.MoneyYuan != 5000 || !h.DueAt.Equal(assess.Term.Truncate(time.Microsecond)) {
		t.Fatalf("assessed as %+v, plan %+v", h, h.Plan)
	}
	seen, err := w.store.Get(t.Context(), w.by["other"], h.ID)
	if err != nil || seen.Plan != nil || seen.Flow[0].Actor != "" {
		t.Errorf("a worker of the grid sees the plan %v, the finder %q (%v)", seen.Plan, seen.Flow[0].Actor, err)
	}
	h = w.act("worker", h, hazard.Action{Name: "rectify", Opinion: "已清退", Photos: []incident.Shown{after}})
	h = w.act("fire", h, hazard.Action{Name: "refuse", Opinion: "照片看不清"})
	h = w.act("worker", h, hazard.Action{Name: "rectify", Opinion: "已清退", Photos: []incident.Shown{after}})
	bad := hazard.Action{Name: "send_recheck", Worker: "worker", Version: h.Version}
	if _, _, _, err := w.store.Act(t.Context(), w.by["fire"], h.ID, bad); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("who rectified a major hazard is sent to check it: %v", err)
	}
	h = w.act("fire", h, hazard.Action{Name: "send_recheck"})
	// Any worker of the grid may, but not who rectified it.
	report := hazard.Action{UUID: uuid.New(), Name: "report_recheck", Result: "failed", Opinion: "隔间还在", Photos: []incident.Shown{after}}
	if _, _, _, err := w.store.Act(t.Context(), w.by["worker"], h.ID, report); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("who rectified a major hazard checks it: %v", err)
	}
	if _, _, _, err := w.store.Act(t.Context(), w.by["far"], h.ID, report); err == nil {
		t.Error("a worker of another grid checked it")
	}
	h = w.act("other", h, report)
	if h.State != hazard.Rectifying || h.Rechecks != 1 {
		t.Fatalf("a failed re-check leaves it %s", h.State)
	}
	h = w.act("fire", h, hazard.Action{Name: "rectify", Opinion: "隔间已拆", Photos: []incident.Shown{after}})
	h = w.act("fire2", h, hazard.Action{Name: "send_recheck", Worker: "other"})
	h = w.act("other", h, hazard.Action{Name: "report_recheck", Result: "passed", Photos: []incident.Shown{after}})
	stop := hazard.Action{Name: "close", Opinion: "销号", Version: h.Version}
	if _, _, _, err := w.store.Act(t.Context(), w.by["fire"], h.ID, stop); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "somebody else") {
		t.Errorf("who rectified it closes it: %v", err)
	}
	h = w.act("fire2", h, stop)
	if h.State != hazard.Closed || h.ClosedAt == nil || h.DueAt != nil || h.Plan.Responsible != "厂长" {
		t.Fatalf("closed as %+v", h)
	}
	// The post of who was responsible goes some time after.
	w.now = time.Now().Add(91 * 24 * time.Hour)
	if err := w.store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h, err = w.store.Get(t.Context(), w.by["fire"], h.ID); err != nil || h.Plan.Responsible != "" || h.Plan.Measure == "" {
		t.Errorf("after its time the plan is %+v (%v)", h.Plan, err)
	}
}

// A phone that sends again, from several connections at once, is answered as
// the first time, and it happened once; another content under the number is a
// conflict.
func TestSentAgain(t *testing.T) {
	w := newTown(t)
	r := hazard.Report{UUID: uuid.New(), Title: "灭火器失效 🔥 مطفأة", Enterprise: 7}
	ids := make([]int64, 12)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			h, _, _, err := w.store.Report(t.Context(), w.by["worker"], r)
			if err != nil {
				t.Error(err)
			}
			ids[i] = h.ID
		})
	}
	wg.Wait()
	if len(slices.Compact(ids)) != 1 {
		t.Errorf("one report became %v", ids)
	}
	other := r
	other.Title = "x"
	if _, _, _, err := w.store.Report(t.Context(), w.by["worker"], other); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another content: %v", err)
	}
	if _, _, _, err := w.store.Report(t.Context(), w.by["other"], r); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another's number: %v", err)
	}
	do := hazard.Action{UUID: uuid.New(), Name: "fix", Opinion: "已换", Photos: []incident.Shown{w.photo(3)}, Version: 1}
	var first atomic.Int32
	for range 8 {
		wg.Go(func() {
			h, _, again, err := w.store.Act(t.Context(), w.by["worker"], ids[0], do)
			if err != nil || h.State != hazard.Rectified {
				t.Errorf("%s: %v", h.State, err)
			}
			if !again {
				first.Add(1)
			}
		})
	}
	wg.Wait()
	if n := first.Load(); n != 1 {
		t.Errorf("it was done %d times", n)
	}
	do.Opinion = "没换"
	if _, _, _, err := w.store.Act(t.Context(), w.by["worker"], ids[0], do); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another action under the number: %v", err)
	}
}

// Two officers act at once on what they saw: one wins, the other is told.
func TestTwoAtOnce(t *testing.T) {
	w := newTown(t)
	h := w.report("worker")
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, login := range []string{"fire", "centre"} {
		wg.Go(func() {
			_, _, _, errs[i] = w.store.Act(t.Context(), w.by[login], h.ID, hazard.Action{Name: "register", Dept: "fire", Version: h.Version})
		})
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("%v", errs)
	}
}

// The clock: each state has its days, the term its own; what runs over is
// escalated once by many nodes at once, and stays noted.
func TestEscalation(t *testing.T) {
	w := newTown(t)
	start := time.Date(2026, 9, 30, 16, 0, 0, 0, time.UTC) // into a week of holidays: natural days run on
	w.now = start
	h := w.report("worker")
	at := func(d time.Duration) {
		t.Helper()
		w.now = start.Add(d)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := w.store.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var err error
		if h, err = w.store.Get(t.Context(), w.by["centre"], h.ID); err != nil {
			t.Fatal(err)
		}
	}
	escalated := func() (n int) {
		for _, s := range h.Flow {
			if s.Action == "escalate" {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{19 * time.Hour, 0}, {20 * time.Hour, 1}, {24 * time.Hour, 1}, {25 * time.Hour, 2}, {49 * time.Hour, 3}, {400 * time.Hour, 3}} {
		at(step.after)
		if h.Escalation != step.want || escalated() != min(step.want, 3) {
			t.Errorf("after %v: escalation %d, %d records, want %d", step.after, h.Escalation, escalated(), step.want)
		}
	}
	if !h.Supervised || h.Overdue {
		t.Errorf("long overdue: supervised %v; overdue is of the term: %v", h.Supervised, h.Overdue)
	}
	h = w.act("fire", h, hazard.Action{Name: "register"})
	if h.Escalation != 0 || h.DueAt.Sub(w.now) != 3*24*time.Hour {
		t.Errorf("a new state: escalation %d, due in %v", h.Escalation, h.DueAt.Sub(w.now))
	}
	term := w.now.Add(48 * time.Hour)
	h = w.act("fire", h, hazard.Action{Name: "assess", Level: hazard.General, Measure: "x", Responsible: "店长", Term: term})
	at(400*time.Hour + 49*time.Hour)
	if !h.Overdue || h.Escalation != 2 {
		t.Errorf("after its term: overdue %v, escalation %d", h.Overdue, h.Escalation)
	}
	h = w.act("fire", h, hazard.Action{Name: "extend", Opinion: "备件未到", Term: term.Add(48 * time.Hour)})
	if !h.Overdue || h.Escalation != 0 || h.Extensions != 1 {
		t.Errorf("extended: overdue %v is a fact, escalation %d", h.Overdue, h.Escalation)
	}
	h = w.act("fire", h, hazard.Action{Name: "extend", Opinion: "备件未到", Term: term.Add(72 * time.Hour)})
	_, _, _, err := w.store.Act(t.Context(), w.by["fire"], h.ID, hazard.Action{Name: "extend", Opinion: "x", Term: term.Add(96 * time.Hour), Version: h.Version})
	if !errors.Is(err, layers.ErrConflict) {
		t.Errorf("a third extension: %v", err)
	}
}

// What is wrong is said by its field, and nothing is written.
func TestReportsThatAreNotTaken(t *testing.T) {
	w := newTown(t)
	at := func(crs string, x, y float64) *locate.Place { return &locate.Place{CRS: crs, X: x, Y: y} }
	for name, tt := range map[string]struct {
		change func(*hazard.Report)
		field  string
	}{
		"no number":            {func(r *hazard.Report) { r.UUID = uuid.Nil }, "uuid"},
		"no title":             {func(r *hazard.Report) { r.Title = " \t" }, "title"},
		"a long title":         {func(r *hazard.Report) { r.Title = strings.Repeat("火", 201) }, "title"},
		"NUL":                  {func(r *hazard.Report) { r.Description = "a\x00b" }, "description"},
		"broken UTF-8":         {func(r *hazard.Report) { r.Description = "a\xff" }, "description"},
		"no place":             {func(r *hazard.Report) { r.Enterprise = 0 }, "place"},
		"no such enterprise":   {func(r *hazard.Report) { r.Enterprise = 99 }, "enterprise"},
		"an unknown system":    {func(r *hazard.Report) { r.At = at("EPSG:1", 1, 1) }, "place.crs"},
		"no system":            {func(r *hazard.Report) { r.At = at("", 120, 29) }, "place.crs"},
		"a level there is not": {func(r *hazard.Report) { r.Level = "huge" }, "level"},
		"a term that is past":  {func(r *hazard.Report) { r.Plan = &hazard.Proposal{Term: time.Now().Add(-time.Hour)} }, "plan.term"},
		"a long measure":       {func(r *hazard.Report) { r.Plan = &hazard.Proposal{Measure: strings.Repeat("长", 4001)} }, "plan.measure"},
		"a photo never sent":   {func(r *hazard.Report) { r.Photos = []incident.Shown{{ID: strings.Repeat("a", 64)}} }, "photos[0].id"},
	} {
		r := hazard.Report{UUID: uuid.New(), Title: "x", Enterprise: 7}
		tt.change(&r)
		_, _, _, err := w.store.Report(t.Context(), w.by["worker"], r)
		var bad *layers.InputError
		if !errors.As(err, &bad) || bad.Field != tt.field {
			t.Errorf("%s: %v, want a fault of %s", name, err, tt.field)
		}
	}
	var n int
	if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM map.hazard`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d were written (%v)", n, err)
	}
	// An enterprise that the caller may not see is as one that there is not.
	if _, _, _, err := w.store.Report(t.Context(), w.by["far"], hazard.Report{UUID: uuid.New(), Title: "x", Enterprise: 7}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a worker of another grid: %v", err)
	}
}

// What the finder proposes stands in the hazard until it is assessed; a term
// that was to come when it was put down may be past when it arrives.
func TestProposal(t *testing.T) {
	w := newTown(t)
	found := time.Now().Add(-48 * time.Hour)
	money := 800.0
	r := hazard.Report{UUID: uuid.New(), Title: "燃气管老化", Enterprise: 7, FoundAt: found,
		Plan: &hazard.Proposal{Measure: "更换软管", Responsible: "店长", MoneyYuan: &money, Term: found.Add(24 * time.Hour), Contingency: "关阀"}}
	h, _, _, err := w.store.Report(t.Context(), w.by["worker"], r)
	if err != nil || !h.TermAt.Equal(r.Plan.Term.Truncate(time.Microsecond)) || h.Overdue {
		t.Fatalf("%+v (%v)", h, err)
	}
	if _, _, again, err := w.store.Report(t.Context(), w.by["worker"], r); err != nil || !again {
		t.Errorf("sent again: %v, %v", again, err)
	}
	other := *r.Plan
	other.Measure = "关店"
	r.Plan = &other
	if _, _, _, err := w.store.Report(t.Context(), w.by["worker"], r); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another plan under the same number: %v", err)
	}
	h, err = w.store.Get(t.Context(), w.by["fire"], h.ID)
	if err != nil || h.Plan == nil || h.Plan.Measure != "更换软管" || h.Plan.Responsible != "店长" || *h.Plan.MoneyYuan != 800 || h.Plan.Contingency != "关阀" {
		t.Fatalf("%+v (%v)", h.Plan, err)
	}
	h = w.act("fire", h, hazard.Action{Name: "register"})
	h = w.act("fire", h, hazard.Action{Name: "assess", Level: hazard.General, Measure: "停用", Responsible: "房东", Term: time.Now().Add(24 * time.Hour)})
	if h.Plan.Measure != "停用" || h.Plan.MoneyYuan != nil || h.Plan.Contingency != "" || !h.TermAt.After(time.Now()) {
		t.Errorf("assessed: %+v until %v", h.Plan, h.TermAt)
	}
}

// The list is by right, in pages, and finds by words.
func TestList(t *testing.T) {
	w := newTown(t)
	for i := range 5 {
		if _, _, _, err := w.store.Report(t.Context(), w.by["worker"], hazard.Report{UUID: uuid.New(), Title: fmt.Sprintf("隐患%d", i), Enterprise: 7}); err != nil {
			t.Fatal(err)
		}
	}
	list := func(login string, q hazard.Query) (titles []string, next string) {
		t.Helper()
		found, next, err := w.store.List(t.Context(), w.by[login], q)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range found {
			titles = append(titles, h.Title)
		}
		return titles, next
	}
	first, next := list("centre", hazard.Query{Limit: 3})
	rest, end := list("centre", hazard.Query{Limit: 3, Page: next})
	if len(first) != 3 || len(rest) != 2 || end != "" || slices.Contains(rest, first[2]) {
		t.Errorf("pages %v, %v, then %q", first, rest, end)
	}
	for login, want := range map[string]int{"centre": 5, "fire": 5, "worker": 5, "other": 5, "far": 0, "market": 0, "admin": 0} {
		if got, _ := list(login, hazard.Query{}); len(got) != want {
			t.Errorf("%s sees %d, want %d", login, len(got), want)
		}
	}
	if got, _ := list("centre", hazard.Query{Text: "患3"}); !slices.Equal(got, []string{"隐患3"}) {
		t.Errorf("by words: %v", got)
	}
	if got, _ := list("other", hazard.Query{Mine: true}); len(got) != 0 {
		t.Errorf("another's finds: %v", got)
	}
	if _, _, err := w.store.List(t.Context(), w.by["centre"], hazard.Query{Page: "!"}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a page that is none: %v", err)
	}
}

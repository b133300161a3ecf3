package task_test

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
	"onemap/layers/task"
)

// town is a street with two unit grids, an enterprise, a class, and people.
type town struct {
	*testing.T
	db    *pgxpool.Pool
	dir   *access.Directory
	store *task.Store
	by    map[string]access.Scope
	id    map[string]int64
	now   time.Time // of the stores; zero: time.Now
}

var operator = access.Operator("test")

const east, west = "330799001001001", "330799002001001"

func newTown(t *testing.T) *town {
	t.Helper()
	db := layerstest.DB(t)
	w := &town{T: t, db: db, dir: access.NewDirectory(db), by: map[string]access.Scope{}, id: map[string]int64{}}
	t.Cleanup(w.dir.Close)
	ctx := t.Context()
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "市政府", NameEN: "City"},
		{Code: "town", Parent: "gov", Level: "town", Kind: "government", AreaCode: "330799001", NameZH: "东镇", NameEN: "East"},
		{Code: "centre", Parent: "gov", Level: "county", Kind: "command_centre", AreaCode: "330799", NameZH: "指挥中心", NameEN: "Centre"},
		{Code: "fire", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "消防", NameEN: "Fire"},
		{Code: "urban", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "城管局", NameEN: "Urban"},
	} {
		if err := w.dir.CreateOrganisation(ctx, operator, o); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(`INSERT INTO map.grid_duty (grid_code, area_code, name, geom) VALUES
		('D1', '330799001001', '东责任区', ST_Multi(ST_MakeEnvelope(120.00, 29.30, 120.01, 29.31, 4326)))`)
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, name, duty_code, geom) VALUES
		('330799001001001', '330799001001', '东一', 'D1', ST_Multi(ST_MakeEnvelope(120.00, 29.30, 120.01, 29.31, 4326))),
		('330799002001001', '330799002001', '西一', '', ST_Multi(ST_MakeEnvelope(120.01, 29.30, 120.02, 29.31, 4326)))`)
	w.exec(`INSERT INTO map.enterprise (id, name, industry, risk, dept_code, grid_code, area_code, geom) VALUES
		(7, '东方餐馆', '餐饮服务', 2, 'fire', NULL, NULL, ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326)),
		(8, '西方五金', '五金加工', 1, 'fire', NULL, NULL, ST_SetSRID(ST_MakePoint(120.015, 29.305), 4326))`)
	w.exec(`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en, dept) VALUES
		('test', 'matter', 'T01', 'T', '测试', 'Test', '井盖缺失', 'Missing cover', 'urban')`)
	if _, err := w.dir.SeedGrants(ctx, operator); err != nil {
		t.Fatal(err)
	}
	photos, err := incident.OpenPhotos(filepath.Join(t.TempDir(), "photos"), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = photos.Close() })
	store := layers.NewStore(db)
	clock := func() time.Time {
		if w.now.IsZero() {
			return time.Now()
		}
		return w.now
	}
	w.store = &task.Store{Layers: store, Incidents: &incident.Store{Layers: store, Photos: photos, Clock: clock}, Hazards: &hazard.Store{Layers: store, Clock: clock}, Clock: clock}
	for _, p := range []struct {
		login, org string
		roles      []access.Role
		grids      []string
	}{{"centre", "centre", []access.Role{access.CommandCentre}, nil}, {"acceptor", "centre", []access.Role{access.Acceptor}, nil},
		{"fire", "fire", []access.Role{access.DepartmentOfficer}, nil}, {"urban", "urban", []access.Role{access.DepartmentOfficer}, nil},
		{"planner", "town", []access.Role{access.Planner}, nil},
		{"worker", "town", []access.Role{access.GridWorker}, []string{"D1"}}, {"other", "town", []access.Role{access.GridWorker}, []string{east}},
		{"far", "gov", []access.Role{access.GridWorker}, []string{west}}, {"both", "urban", []access.Role{access.DepartmentOfficer, access.GridWorker}, []string{west}},
		{"admin", "gov", []access.Role{access.Administrator}, nil}, {"auditor", "gov", []access.Role{access.Auditor}, nil}} {
		made, err := w.dir.CreatePerson(ctx, operator, access.NewPerson{Login: p.login, Name: p.login, Org: p.org, Roles: p.roles, Grids: p.grids})
		if err != nil {
			t.Fatal(err)
		}
		w.id[p.login] = made.ID
	}
	if err := w.dir.Load(ctx); err != nil {
		t.Fatal(err)
	}
	for login, id := range w.id {
		if w.by[login], err = w.dir.ScopeOf(ctx, id); err != nil {
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

func (w *town) count(sql string, args ...any) (n int) {
	w.Helper()
	if err := w.db.QueryRow(w.Context(), sql, args...).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
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
	p, err := w.store.Incidents.Photos.Put(w.Context(), w.by["worker"], b.Bytes())
	if err != nil {
		w.Fatal(err)
	}
	return incident.Shown{ID: p.ID}
}

func at(x, y float64) *locate.Place { return &locate.Place{CRS: "WGS84", X: x, Y: y} }

func (w *town) patrol(by, person string, points ...[2]float64) task.Task {
	w.Helper()
	d := task.Draft{UUID: uuid.New(), Kind: task.Patrol, Title: "夜间巡查", Person: person}
	for _, p := range points {
		d.Points = append(d.Points, task.PointDraft{At: *at(p[0], p[1])})
	}
	t, _, again, err := w.store.Create(w.Context(), w.by[by], d)
	if err != nil || again {
		w.Fatal(err, again)
	}
	return t
}

func (w *town) visit(person string, enterprise int64) task.Task {
	w.Helper()
	t, _, _, err := w.store.Create(w.Context(), w.by["centre"], task.Draft{Kind: task.Visit, Enterprise: enterprise, Person: person})
	if err != nil {
		w.Fatal(err)
	}
	return t
}

// well answers every item of a checklist without a fault.
func well(list task.Checklist) []task.AnswerDraft {
	var out []task.AnswerDraft
	for _, i := range list.Items {
		if i.Required {
			out = append(out, task.AnswerDraft{Item: i.Code, Value: map[string]string{"yes_no": "yes", "number": "4", "text": "好"}[i.Kind]})
		}
	}
	return out
}

// A patrol's points are noted one by one with their time and distance; far
// away is noted and not refused; the last one finishes the patrol, which may
// still get words.
func TestPatrol(t *testing.T) {
	w := newTown(t)
	p := w.patrol("planner", "", [2]float64{120.001, 29.301}, [2]float64{120.002, 29.302}, [2]float64{120.003, 29.303})
	if p.Grid != east || p.Mine || len(p.Points) != 3 || p.Points[0].NearM != 50 {
		t.Fatalf("made as %+v", p)
	}
	send := func(login string, v task.PointVisit) (task.Task, error) {
		t, _, _, err := w.store.VisitPoint(w.Context(), w.by[login], p.ID, v)
		return t, err
	}
	first := task.PointVisit{UUID: uuid.New(), N: 1, At: at(120.0011, 29.301), ClientAt: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), Photos: []incident.Shown{w.photo(1)}}
	got, err := send("worker", first)
	if err != nil {
		t.Fatal(err)
	}
	if n := got.Points[0]; n.VisitedAt == nil || time.Since(*n.VisitedAt) > time.Minute || n.ClientAt.Year() != 1970 || n.Far || *n.DistanceM < 9 || *n.DistanceM > 11 || got.Photos[0].Subject != "1" {
		t.Errorf("the first point is %+v, photos %+v", n, got.Photos)
	}
	if _, err := send("worker", first); err != nil {
		t.Errorf("sent again: %v", err)
	}
	changed := first
	changed.Note = "x"
	if _, err := send("worker", changed); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another visit under its number: %v", err)
	}
	if _, err := send("other", task.PointVisit{UUID: uuid.New(), N: 1}); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "worker") {
		t.Errorf("a point that was visited: %v", err)
	}
	if _, err := send("far", task.PointVisit{UUID: uuid.New(), N: 2}); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("by a worker of another grid: %v", err)
	}
	if _, err := send("worker", task.PointVisit{UUID: uuid.New(), N: 4}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a point that there is not: %v", err)
	}
	got, err = send("other", task.PointVisit{UUID: uuid.New(), N: 2, At: &locate.Place{CRS: "GCJ02", X: 120.01, Y: 29.31}})
	if err != nil || !got.Points[1].Far || got.State != "open" {
		t.Errorf("from far away: %+v (%v)", got.Points[1], err)
	}
	if _, _, _, err := w.store.Finish(t.Context(), w.by["worker"], p.ID, task.Result{UUID: uuid.New(), Result: task.Done}); !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "points 3") {
		t.Errorf("done with a point left: %v", err)
	}
	last := task.PointVisit{UUID: uuid.New(), N: 3, Skipped: "施工围挡,进不去"}
	got, err = send("worker", last)
	if err != nil || got.State != "done" || got.DoneBy != "worker" || got.Points[2].Skipped == "" || got.Points[2].VisitedAt != nil {
		t.Fatalf("after the last point it is %s (%v)", got.State, err)
	}
	words := task.Result{UUID: uuid.New(), Result: task.Done, Opinion: "一切正常"}
	for range 2 {
		got, _, _, err = w.store.Finish(t.Context(), w.by["worker"], p.ID, words)
		if err != nil || got.Opinion != "一切正常" {
			t.Errorf("its words: %q (%v)", got.Opinion, err)
		}
	}
	if _, err := send("worker", last); err != nil {
		t.Errorf("the last point sent again: %v", err)
	}
	if _, _, _, err := w.store.Finish(t.Context(), w.by["other"], p.ID, task.Result{UUID: uuid.New(), Result: task.Done}); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "done by worker") {
		t.Errorf("what another finished: %v", err)
	}
}

// A phone that was away sends its whole patrol at once, some of it sent before.
func TestPatrolSentAtOnce(t *testing.T) {
	w := newTown(t)
	p := w.patrol("centre", "far", [2]float64{120.011, 29.301}, [2]float64{120.012, 29.302})
	one := task.PointVisit{UUID: uuid.New(), N: 1, At: at(120.011, 29.301)}
	if _, _, _, err := w.store.VisitPoint(t.Context(), w.by["far"], p.ID, one); err != nil {
		t.Fatal(err)
	}
	r := task.Result{UUID: uuid.New(), Result: task.Done, Points: []task.PointVisit{one, {UUID: uuid.New(), N: 2, Skipped: "x"}}}
	var wg sync.WaitGroup
	var first atomic.Int32
	for range 8 {
		wg.Go(func() {
			got, _, again, err := w.store.Finish(t.Context(), w.by["far"], p.ID, r)
			if err != nil || got.State != "done" {
				t.Error(got.State, err)
			}
			if !again {
				first.Add(1)
			}
		})
	}
	wg.Wait()
	if first.Load() != 1 {
		t.Errorf("it was taken %d times", first.Load())
	}
	r.Opinion = "x"
	if _, _, _, err := w.store.Finish(t.Context(), w.by["far"], p.ID, r); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another result under its number: %v", err)
	}
}

// A visit by its checklist: what fails opens a hazard, once for each item that
// is still open; the inspection and the next due day follow by rule.
func TestVisit(t *testing.T) {
	w := newTown(t)
	w.now = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC) // the 23rd in the city
	list, err := w.store.Checklist(t.Context(), "small-place-fire", 0)
	if err != nil {
		t.Fatal(err)
	}
	v := w.visit("worker", 7)
	if v.Checklist != list.Code || v.ListVer != list.Version || v.Dept != "fire" || v.Grid != east {
		t.Fatalf("made as %+v", v)
	}
	if _, _, _, err := w.store.Create(t.Context(), w.by["centre"], task.Draft{Kind: task.Visit, Enterprise: 7}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("a second open visit: %v", err)
	}
	photo := w.photo(1)
	r := task.Result{UUID: uuid.New(), Result: task.Done, At: at(120.0051, 29.305), Answers: well(list)}
	set := func(item, value, note string) {
		i := slices.IndexFunc(r.Answers, func(a task.AnswerDraft) bool { return a.Item == item })
		r.Answers[i].Value, r.Answers[i].Note = value, note
		if value == "no" {
			r.Answers[i].Photos = []incident.Shown{photo}
		}
	}
	set("exit", "no", "后门上锁")
	money, term := 300.5, w.now.Add(72*time.Hour)
	r.Answers[0].Plan = &hazard.Proposal{Measure: " 拆锁 ", Responsible: "店长", MoneyYuan: &money, Term: term, Contingency: "停业"}
	set("extinguishers", "1", "")
	set("staff", "no", "") // opens none
	set("gas", "na", "")
	got, _, _, err := w.store.Finish(t.Context(), w.by["worker"], v.ID, r)
	if err != nil {
		t.Fatal(err)
	}
	if got.Outcome != "fail" || len(got.Answers) != len(r.Answers) || got.Answers[0].Hazard == 0 || got.Answers[0].Photos[0].ID != photo.ID {
		t.Errorf("the visit is %s: %+v", got.Outcome, got.Answers)
	}
	levels := map[string]int{}
	found, _, err := w.store.Hazards.List(t.Context(), w.by["fire"], hazard.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range found {
		levels[h.Level+" "+h.Item+" "+h.Dept]++
	}
	if len(found) != 2 || levels["major small-place-fire/exit fire"] != 1 || levels["general small-place-fire/extinguishers fire"] != 1 {
		t.Errorf("hazards %v", levels)
	}
	// What the worker proposes is in the hazard's own columns, the post nowhere else.
	major := found[slices.IndexFunc(found, func(h hazard.Hazard) bool { return h.Level == "major" })].ID
	h, err := w.store.Hazards.Get(t.Context(), w.by["centre"], major)
	if err != nil || h.Plan == nil || h.Plan.Measure != "拆锁" || h.Plan.Responsible != "店长" || *h.Plan.MoneyYuan != money || h.Plan.Contingency != "停业" || !h.TermAt.Equal(term) {
		t.Errorf("proposed: %+v until %v (%v)", h.Plan, h.TermAt, err)
	}
	if said := fmt.Sprint(h.Flow[0].Detail); !strings.Contains(said, "拆锁") || strings.Contains(said, "店长") {
		t.Errorf("the flow keeps %s", said)
	}
	var result, due, last string
	var critical, serious, minor int
	if err := w.db.QueryRow(t.Context(), `SELECT i.result, i.critical, i.serious, i.minor, e.last_inspected_on::text, e.next_due_on::text
		FROM map.inspection i JOIN map.enterprise e ON e.id = i.enterprise WHERE i.source_key = $1`, fmt.Sprintf("visit:%d", v.ID)).Scan(&result, &critical, &serious, &minor, &last, &due); err != nil {
		t.Fatal(err)
	}
	if result != "fail" || critical != 1 || serious != 1 || minor != 1 || last != "2026-11-23" || due != "2027-02-23" { // orange: three months
		t.Errorf("inspected %s as %s (%d, %d, %d), next due %s", last, result, critical, serious, minor, due)
	}
	// The next visit finds the same: no second hazard, and a flow that says so.
	w.now = w.now.Add(24 * time.Hour)
	v = w.visit("worker", 7)
	r.UUID = uuid.New()
	set("extinguishers", "4", "")
	set("staff", "yes", "")
	r.Answers[0].Plan = &hazard.Proposal{Measure: "换推杠门"}
	if got, _, _, err = w.store.Finish(t.Context(), w.by["worker"], v.ID, r); err != nil || got.Outcome != "fail" {
		t.Fatal(got.Outcome, err)
	}
	h, err = w.store.Hazards.Get(t.Context(), w.by["centre"], major)
	if err != nil || h.Plan.Measure != "换推杠门" || h.Plan.Responsible != "店长" || w.count(`SELECT count(*) FROM map.hazard`) != 2 || h.Flow[len(h.Flow)-1].Action != "seen_again" {
		t.Errorf("found again: %d hazards, %+v (%v)", w.count(`SELECT count(*) FROM map.hazard`), h.Flow, err)
	}
	// Nobody there: noted, with the reason; nothing else changes.
	w.now = w.now.Add(24 * time.Hour)
	v = w.visit("worker", 7)
	if _, _, _, err := w.store.Finish(t.Context(), w.by["worker"], v.ID, task.Result{UUID: uuid.New(), Result: task.Failed}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	got, _, _, err = w.store.Finish(t.Context(), w.by["worker"], v.ID, task.Result{UUID: uuid.New(), Result: task.Failed, Opinion: "关门"})
	if err != nil || got.Outcome != "not_done" || w.count(`SELECT count(*) FROM map.enterprise WHERE id = 7 AND last_inspected_on = '2026-11-24'`) != 1 {
		t.Errorf("nobody there: %s (%v)", got.Outcome, err)
	}
}

// Answers that are none are refused by their field, and nothing is written.
func TestAnswersThatAreNotTaken(t *testing.T) {
	w := newTown(t)
	list, err := w.store.Checklist(t.Context(), "small-place-fire", 0)
	if err != nil {
		t.Fatal(err)
	}
	v := w.visit("worker", 7)
	failing := func(p hazard.Proposal) func(*task.Result) {
		return func(r *task.Result) { r.Answers[0].Value, r.Answers[0].Plan = "no", &p }
	}
	for name, tt := range map[string]struct {
		change func(*task.Result)
		field  string
	}{
		"an item there is not":  {func(r *task.Result) { r.Answers[0].Item = "x" }, "answers[0].item"},
		"an item twice":         {func(r *task.Result) { r.Answers[1] = r.Answers[0] }, "answers[1].item"},
		"an item left out":      {func(r *task.Result) { r.Answers = r.Answers[1:] }, "answers"},
		"neither yes nor no":    {func(r *task.Result) { r.Answers[0].Value = "是" }, "answers[0].value"},
		"no number":             {func(r *task.Result) { r.Answers[3].Value = "NaN" }, "answers[3].value"},
		"a huge number":         {func(r *task.Result) { r.Answers[3].Value = "1e999" }, "answers[3].value"},
		"huge words":            {func(r *task.Result) { r.Answers[0].Note = strings.Repeat("长", 2001) }, "answers[0].note"},
		"NUL":                   {func(r *task.Result) { r.Answers[0].Note = "a\x00" }, "answers[0].note"},
		"a level without fault": {func(r *task.Result) { r.Answers[0].Level = "major" }, "answers[0].level"},
		"a level there is not":  {func(r *task.Result) { r.Answers[0].Level = "x" }, "answers[0].level"},
		"a plan without fault":  {func(r *task.Result) { r.Answers[0].Plan = &hazard.Proposal{Measure: "x"} }, "answers[0].plan"},
		"a plan for no hazard": {func(r *task.Result) {
			r.Answers[9].Value, r.Answers[9].Plan = "no", &hazard.Proposal{Measure: "x"} // staff: opens none
		}, "answers[9].plan"},
		"money below nothing":    {failing(hazard.Proposal{MoneyYuan: new(-1.0)}), "answers[0].plan.money_yuan"},
		"a term that is past":    {failing(hazard.Proposal{Term: time.Now().Add(-time.Hour)}), "answers[0].plan.term"},
		"a term of an age":       {failing(hazard.Proposal{Term: time.Now().AddDate(3, 0, 0)}), "answers[0].plan.term"},
		"a long post":            {failing(hazard.Proposal{Responsible: strings.Repeat("长", 101)}), "answers[0].plan.responsible"},
		"NUL in the measure":     {failing(hazard.Proposal{Measure: "a\x00"}), "answers[0].plan.measure"},
		"a list of another kind": {func(r *task.Result) { r.List = "work-safety" }, "checklist"},
		"a version to come":      {func(r *task.Result) { r.Version = 9 }, "checklist_version"},
		"a result of others":     {func(r *task.Result) { r.Result = "passed" }, "result"},
		"points":                 {func(r *task.Result) { r.Points = []task.PointVisit{{N: 1}} }, "points"},
		"no number of its own":   {func(r *task.Result) { r.UUID = uuid.Nil }, "uuid"},
		"an unknown system":      {func(r *task.Result) { r.At = &locate.Place{CRS: "mars", X: 1, Y: 1} }, "place.crs"},
		"nowhere":                {func(r *task.Result) { r.At = at(0, 0) }, "place.coordinates"},
		"a photo never sent":     {func(r *task.Result) { r.Photos = []incident.Shown{{ID: strings.Repeat("0", 64)}} }, "photos[0].id"},
	} {
		r := task.Result{UUID: uuid.New(), Result: task.Done, Answers: well(list)}
		tt.change(&r)
		_, _, _, err := w.store.Finish(t.Context(), w.by["worker"], v.ID, r)
		var bad *layers.InputError
		if !errors.As(err, &bad) || bad.Field != tt.field {
			t.Errorf("%s: %v, want a fault of %s", name, err, tt.field)
		}
	}
	if n := w.count(`SELECT (SELECT count(*) FROM map.inspection) + (SELECT count(*) FROM onemap.task_answer) + (SELECT count(*) FROM map.hazard) + (SELECT count(*) FROM onemap.task WHERE done_at IS NOT NULL)`); n != 0 {
		t.Errorf("%d rows were written", n)
	}
	// Words in any script are kept as they are.
	r := task.Result{UUID: uuid.New(), Result: task.Done, Opinion: "ок ✅ हाँ نعم \U0001F525 e\u0301", Answers: well(list), ClientAt: time.Now().Add(1000 * time.Hour)}
	got, _, _, err := w.store.Finish(t.Context(), w.by["worker"], v.ID, r)
	if err != nil || got.Opinion != r.Opinion || got.Outcome != "pass" || time.Since(*got.DoneAt) > time.Minute {
		t.Errorf("%q at %v (%v)", got.Opinion, got.DoneAt, err)
	}
}

// A checklist keeps its versions: a phone that has an older one may send it.
func TestChecklistVersions(t *testing.T) {
	w := newTown(t)
	old, err := w.store.Checklist(t.Context(), "small-place-fire", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.PutChecklist(t.Context(), w.by["centre"], old, ""); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("by the command centre: %v", err)
	}
	next := old
	next.Items = slices.Clone(old.Items[1:])
	made, err := w.store.PutChecklist(t.Context(), w.by["admin"], next, "")
	if err != nil || made.Version != 2 || len(made.Items) != len(old.Items)-1 || made.MadeBy != "admin" {
		t.Fatalf("%+v (%v)", made, err)
	}
	if _, err := w.store.PutChecklist(t.Context(), w.by["admin"], next, ""); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("from an old version: %v", err)
	}
	v := w.visit("worker", 7)
	if v.ListVer != 2 {
		t.Errorf("a new visit has version %d", v.ListVer)
	}
	got, _, _, err := w.store.Finish(t.Context(), w.by["worker"], v.ID, task.Result{UUID: uuid.New(), Result: task.Done, Version: 1, Answers: well(old)})
	if err != nil || got.ListVer != 1 || len(got.Answers) != len(well(old)) {
		t.Errorf("answered by the old one: version %d (%v)", got.ListVer, err)
	}
	for name, change := range map[string]func(*task.Checklist){
		"no items":                func(c *task.Checklist) { c.Items = nil },
		"a code twice":            func(c *task.Checklist) { c.Items[1].Code = c.Items[0].Code },
		"a kind there is not":     func(c *task.Checklist) { c.Items[0].Kind = "video" },
		"words that open hazards": func(c *task.Checklist) { c.Items[0].Kind, c.Items[0].FailOpens = "text", "major" },
		"NUL":                     func(c *task.Checklist) { c.Items[0].TextZH = "\x00" },
	} {
		c := made
		c.Items = slices.Clone(made.Items)
		change(&c)
		if _, err := w.store.PutChecklist(t.Context(), w.by["admin"], c, ""); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Visits that are due are made once, whichever node is first: a week ahead, for
// open enterprises in a grid, not again while one is open or was in vain.
func TestVisitsThatAreDue(t *testing.T) {
	w := newTown(t)
	w.now = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC) // the 23rd in the city
	w.exec(`INSERT INTO map.enterprise (id, name, industry, next_due_on, state, grid_code, area_code, geom)
		SELECT n, 'e' || n, CASE WHEN n % 2 = 0 THEN '餐饮服务' ELSE '?' END, d::date, s, NULL, NULL, ST_SetSRID(ST_MakePoint(x, 29.305), 4326)
		FROM (VALUES (11, '2026-11-30', 'open', 120.005), (12, '2026-12-01', 'open', 120.005), (13, '2020-01-01', 'open', 120.005), (14, '2026-11-23', 'closed', 120.005),
			(15, '2026-11-23', 'open', 121), (16, NULL, 'open', 120.005), (18, '2026-11-23', 'open', 120.005)) v (n, d, s, x)`)
	var made atomic.Int64
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			n, err := w.store.SweepVisits(t.Context())
			if err != nil {
				t.Error(err)
			}
			made.Add(n)
		})
	}
	wg.Wait()
	tasks, _, err := w.store.List(t.Context(), w.by["worker"], task.Query{Mine: true, Open: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, k := range tasks {
		got = append(got, fmt.Sprintf("%d %s %s", k.Enterprise.ID, k.Checklist, k.DueAt.UTC().Format("2006-01-02T15")))
	}
	want := []string{"13 work-safety 2020-01-01T16", "18 small-place-fire 2026-11-23T16", "11 work-safety 2026-11-30T16"}
	if !slices.Equal(got, want) || made.Load() != 3 {
		t.Errorf("made %d: %v, want %v", made.Load(), got, want)
	}
	// In vain: not at once again, but after a week.
	if _, _, _, err := w.store.Finish(t.Context(), w.by["worker"], tasks[0].ID, task.Result{UUID: uuid.New(), Result: task.Failed, Opinion: "关门"}); err != nil {
		t.Fatal(err)
	}
	if n, err := w.store.SweepVisits(t.Context()); n != 0 || err != nil {
		t.Errorf("at once again: %d (%v)", n, err)
	}
	w.now = w.now.Add(8 * 24 * time.Hour)
	if n, err := w.store.SweepVisits(t.Context()); n != 2 || err != nil { // and the one due on the 1st
		t.Errorf("after a week: %d (%v)", n, err)
	}
	w.exec(`UPDATE onemap.setting SET value = '{"make": false}' WHERE key = 'visit.tasks'`)
	w.exec(`DELETE FROM onemap.task`)
	if n, err := w.store.SweepVisits(t.Context()); n != 0 || err != nil {
		t.Errorf("switched off: %d (%v)", n, err)
	}
}

// A patrol that comes again has one task a day of its weekdays, until it ends.
func TestPatrolsThatComeAgain(t *testing.T) {
	w := newTown(t)
	d := task.ScheduleDraft{UUID: uuid.New(), Title: "晨巡", Grid: "D1", Weekdays: []int{1, 3}, From: "08:00", Until: "10:30", EndsOn: "2026-11-30",
		Points: []task.PointDraft{{At: *at(120.001, 29.301)}, {At: *at(120.002, 29.301)}}}
	sch, err := w.store.CreateSchedule(t.Context(), w.by["planner"], d)
	if err != nil || sch.Grid != "D1" || sch.Until != "10:30" || len(sch.Points) != 2 {
		t.Fatalf("%+v (%v)", sch, err)
	}
	if again, err := w.store.CreateSchedule(t.Context(), w.by["planner"], d); err != nil || again.ID != sch.ID {
		t.Errorf("made again: %d (%v)", again.ID, err)
	}
	for _, day := range []struct {
		at   time.Time
		want int64
	}{
		{time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC), 1}, // Monday 01:00 in the city
		{time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC), 0},  // the same day
		{time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC), 0},  // Tuesday
		{time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC), 0},  // Wednesday 11:00: over
		{time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC), 1},  // the last Monday
		{time.Date(2026, 12, 2, 1, 0, 0, 0, time.UTC), 0},   // after its end
	} {
		w.now = day.at
		var made atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				n, err := w.store.SweepPatrols(t.Context())
				if err != nil {
					t.Error(err)
				}
				made.Add(n)
			})
		}
		wg.Wait()
		if made.Load() != day.want {
			t.Errorf("at %v: %d, want %d", day.at, made.Load(), day.want)
		}
	}
	tasks, _, err := w.store.List(t.Context(), w.by["worker"], task.Query{Mine: true, Kind: task.Patrol})
	if err != nil || len(tasks) != 2 || tasks[0].DueAt.UTC().Format("15:04") != "02:30" || len(tasks[0].Points) != 2 {
		t.Fatalf("%+v (%v)", tasks, err)
	}
	for login, want := range map[string]int{"planner": 1, "centre": 1, "fire": 0} {
		if got, err := w.store.Schedules(t.Context(), w.by[login]); err != nil || len(got) != want {
			t.Errorf("%s sees %d (%v)", login, len(got), err)
		}
	}
	if err := w.store.EndSchedule(t.Context(), w.by["fire"], sch.ID, ""); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("ended by another department: %v", err)
	}
	if err := w.store.EndSchedule(t.Context(), w.by["planner"], sch.ID, ""); err != nil {
		t.Error(err)
	}
}

// A verification through the task is the case's action, once; when somebody
// else was sent, or the case went on without it, the phone is told.
func TestVerification(t *testing.T) {
	w := newTown(t)
	report := func() incident.Incident {
		i, _, _, err := w.store.Incidents.Report(t.Context(), w.by["centre"], incident.Report{UUID: uuid.New(), Standard: "test", Class: "T01", Source: "hotline",
			At: incident.Place{CRS: "WGS84", X: 120.015, Y: 29.305}, Description: "井盖没了"})
		if err != nil {
			t.Fatal(err)
		}
		i, _, err = w.store.Incidents.Act(t.Context(), w.by["acceptor"], i.ID, incident.Action{Name: "send_verify", Version: i.Version, Worker: "worker"})
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	i := report()
	tasks, _, err := w.store.List(t.Context(), w.by["worker"], task.Query{Mine: true, Open: true})
	if err != nil || len(tasks) != 1 || tasks[0].Incident == nil || tasks[0].Incident.Description != "井盖没了" || !slices.Equal(tasks[0].Results, []string{"true", "false", "unknown"}) {
		t.Fatalf("%+v (%v)", tasks, err)
	}
	k := tasks[0]
	r := task.Result{UUID: uuid.New(), Result: "true", Opinion: "属实", Photos: []incident.Shown{w.photo(1)}, ClientAt: time.Now().Add(48 * time.Hour)}
	for n := range 2 {
		got, _, again, err := w.store.Finish(t.Context(), w.by["worker"], k.ID, r)
		if err != nil || got.State != "done" || got.Result != "true" || again != (n == 1) {
			t.Fatalf("time %d: %+v, again %v (%v)", n, got, again, err)
		}
	}
	i, err = w.store.Incidents.Get(t.Context(), w.by["centre"], i.ID)
	if err != nil || i.State != incident.Reported || len(i.Photos) != 1 || w.count(`SELECT count(*) FROM onemap.incident_flow WHERE incident = $1 AND action = 'report_verify'`, i.ID) != 1 {
		t.Errorf("the case is %s (%v)", i.State, err)
	}
	r.Result = "false"
	if _, _, _, err := w.store.Finish(t.Context(), w.by["worker"], k.ID, r); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("another result under the number: %v", err)
	}
	// Given to somebody else while the phone was away.
	report()
	tasks, _, _ = w.store.List(t.Context(), w.by["worker"], task.Query{Mine: true, Open: true})
	k = tasks[0]
	if k, _, err = w.store.Change(t.Context(), w.by["acceptor"], k.ID, task.Change{Action: "assign", Person: "far", Version: k.Version}); err != nil || k.Person != "far" {
		t.Fatal(k.Person, err)
	}
	if _, _, _, err := w.store.Finish(t.Context(), w.by["worker"], k.ID, task.Result{UUID: uuid.New(), Result: "true"}); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "given to far") {
		t.Errorf("a task that was given away: %v", err)
	}
	if got, _, _ := w.store.List(t.Context(), w.by["worker"], task.Query{Mine: true, Open: true}); len(got) != 0 {
		t.Errorf("it is still listed: %+v", got)
	}
	// The case ends without it.
	j, err := w.store.Incidents.Get(t.Context(), w.by["centre"], k.Incident.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.exec(`UPDATE onemap.task SET done_at = now(), done_by = 'centre', result = 'cancelled', cancelled_why = '重复' WHERE id = $1`, k.ID)
	w.exec(`UPDATE map.incident SET state = 'void' WHERE id = $1`, j.ID)
	if _, _, _, err := w.store.Finish(t.Context(), w.by["far"], k.ID, task.Result{UUID: uuid.New(), Result: "true"}); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "cancelled by centre") {
		t.Errorf("a task that was cancelled: %v", err)
	}
}

// A re-check through the task is the hazard's action.
func TestRecheck(t *testing.T) {
	w := newTown(t)
	h, _, _, err := w.store.Hazards.Report(t.Context(), w.by["fire"], hazard.Report{UUID: uuid.New(), Title: "x", Enterprise: 7})
	if err != nil {
		t.Fatal(err)
	}
	w.exec(`UPDATE map.hazard SET state = 'rectified' WHERE id = $1`, h.ID)
	if _, _, _, err := w.store.Hazards.Act(t.Context(), w.by["fire"], h.ID, hazard.Action{Name: "send_recheck", Version: h.Version}); err != nil {
		t.Fatal(err)
	}
	tasks, _, err := w.store.List(t.Context(), w.by["worker"], task.Query{Mine: true, Open: true})
	if err != nil || len(tasks) != 1 || tasks[0].Hazard == nil || tasks[0].Kind != task.Recheck {
		t.Fatalf("%+v (%v)", tasks, err)
	}
	k := tasks[0].ID
	if _, _, _, err := w.store.Finish(t.Context(), w.by["worker"], k, task.Result{UUID: uuid.New(), Result: "passed"}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("without photos: %v", err)
	}
	r := task.Result{UUID: uuid.New(), Result: "passed", Photos: []incident.Shown{w.photo(1)}}
	for n := range 2 {
		got, _, again, err := w.store.Finish(t.Context(), w.by["worker"], k, r)
		if err != nil || got.State != "done" || again != (n == 1) {
			t.Fatalf("%+v (%v)", got, err)
		}
	}
	if h, err = w.store.Hazards.Get(t.Context(), w.by["worker"], h.ID); err != nil || h.State != hazard.Rechecked {
		t.Errorf("the hazard is %s (%v)", h.State, err)
	}
	if _, _, _, err := w.store.Finish(t.Context(), w.by["other"], k, task.Result{UUID: uuid.New(), Result: "passed", Photos: r.Photos}); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "done by worker") {
		t.Errorf("what another did: %v", err)
	}
}

// Who sees and does what.
func TestRights(t *testing.T) {
	w := newTown(t)
	mine := w.patrol("planner", "worker", [2]float64{120.001, 29.301})
	grids := w.patrol("fire", "", [2]float64{120.015, 29.301})
	for login, want := range map[string][2]bool{
		"centre": {true, true}, "acceptor": {true, true}, "planner": {true, false}, "fire": {false, true}, "urban": {false, false},
		"worker": {true, false}, "other": {false, false}, "far": {false, true}, "both": {false, true}, "admin": {false, false}, "auditor": {false, false},
	} {
		for i, k := range []task.Task{mine, grids} {
			_, err := w.store.Get(t.Context(), w.by[login], k.ID)
			if got := err == nil; got != want[i] || err != nil && !errors.Is(err, layers.ErrNotFound) {
				t.Errorf("%s sees task %d: %v (%v)", login, i, got, err)
			}
			all, _, err := w.store.List(t.Context(), w.by[login], task.Query{})
			if got := slices.ContainsFunc(all, func(a task.Task) bool { return a.ID == k.ID }); got != want[i] || err != nil {
				t.Errorf("%s lists task %d: %v (%v)", login, i, got, err)
			}
		}
	}
	for login, want := range map[string]error{"centre": nil, "planner": nil, "fire": nil, "worker": access.ErrForbidden, "admin": access.ErrForbidden, "acceptor": access.ErrForbidden} {
		_, _, _, err := w.store.Create(t.Context(), w.by[login], task.Draft{Kind: task.Patrol, Points: []task.PointDraft{{At: *at(120.001, 29.301)}}})
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s makes a patrol: %v", login, err)
		}
	}
	if _, _, _, err := w.store.Create(t.Context(), w.by["planner"], task.Draft{Kind: task.Patrol, Points: []task.PointDraft{{At: *at(120.015, 29.301)}}}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("in another town: %v", err)
	}
	if _, _, _, err := w.store.Finish(t.Context(), w.by["centre"], mine.ID, task.Result{UUID: uuid.New(), Result: task.Failed, Opinion: "x"}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("finished by who is no worker: %v", err)
	}
	for login, want := range map[string]error{"worker": access.ErrForbidden, "acceptor": access.ErrForbidden, "fire": layers.ErrNotFound} {
		if _, _, err := w.store.Change(t.Context(), w.by[login], mine.ID, task.Change{Action: "cancel", Version: 1, Opinion: "x"}); !errors.Is(err, want) {
			t.Errorf("cancelled by %s: %v", login, err)
		}
	}
	if _, _, err := w.store.Change(t.Context(), w.by["centre"], mine.ID, task.Change{Action: "cancel", Version: 9, Opinion: "x"}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("of another version: %v", err)
	}
	k, _, err := w.store.Change(t.Context(), w.by["planner"], mine.ID, task.Change{Action: "cancel", Version: 1, Opinion: "改期"})
	if err != nil || k.State != "cancelled" || len(k.Actions) != 0 {
		t.Errorf("cancelled: %+v (%v)", k, err)
	}
	if _, _, _, err := w.store.VisitPoint(t.Context(), w.by["worker"], mine.ID, task.PointVisit{UUID: uuid.New(), N: 1}); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "改期") {
		t.Errorf("a point of a cancelled patrol: %v", err)
	}
}

// The list comes by clock in pages, or by distance.
func TestOrder(t *testing.T) {
	w := newTown(t)
	for i := range 5 {
		d := task.Draft{Kind: task.Patrol, Title: fmt.Sprint(i), Person: "worker", Points: []task.PointDraft{{At: *at(120.001+float64(4-i)*0.001, 29.301)}}}
		if i < 3 {
			d.DueAt = time.Now().Add(time.Duration(10-i) * time.Hour)
		}
		if _, _, _, err := w.store.Create(t.Context(), w.by["centre"], d); err != nil {
			t.Fatal(err)
		}
	}
	titles := func(q task.Query) string {
		t.Helper()
		var out []string
		for range 9 {
			found, next, err := w.store.List(t.Context(), w.by["worker"], q)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range found {
				out = append(out, k.Title)
			}
			if q.Page = next; next == "" {
				break
			}
		}
		return strings.Join(out, "")
	}
	if got := titles(task.Query{Mine: true, Limit: 2}); got != "21034" {
		t.Errorf("by clock: %s", got)
	}
	if got := titles(task.Query{Mine: true, ByDistance: true, Near: &task.Near{Lon: 120.001, Lat: 29.301}}); got != "43210" {
		t.Errorf("by distance: %s", got)
	}
	if _, _, err := w.store.List(t.Context(), w.by["worker"], task.Query{ByDistance: true}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("by distance from nowhere: %v", err)
	}
	if got := titles(task.Query{Grid: "D1"}); len(got) != 5 {
		t.Errorf("of a responsibility grid: %s", got)
	}
}

// What a phone keeps: own grids with outlines, tiles within the bound, counts.
func TestPack(t *testing.T) {
	w := newTown(t)
	w.patrol("centre", "worker", [2]float64{120.001, 29.301})
	w.exec(`UPDATE onemap.layer SET open = true WHERE name LIKE 'base%'`)
	w.exec(`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en) VALUES ('test', 'component', 'C01', 'T', '测试', 'Test', '井盖', 'Cover')`)
	w.exec(`INSERT INTO map.asset (code, class_standard, class_code, name, dept_code, grid_code, area_code, geom)
		SELECT '33079901001' || lpad(n::text, 6, '0'), 'test', 'C01', '盖' || n, 'urban', NULL, NULL, ST_SetSRID(ST_MakePoint(120.0001 + n * 0.001, 29.305), 4326) FROM generate_series(1, 15) n`)
	p, err := w.store.Pack(t.Context(), w.by["worker"])
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Grids) != 2 || p.Grids[0].Kind != "duty" || !p.Grids[0].Own || p.Grids[1].Code != east || p.Grids[1].Own || !strings.Contains(string(p.Grids[1].Outline), "MultiPolygon") {
		t.Errorf("grids %+v", p.Grids)
	}
	if len(p.Tiles.Addresses) == 0 || len(p.Tiles.Addresses) > 300 || !strings.HasPrefix(p.Tiles.Addresses[0], "/tiles/base_landuse,") || p.Tiles.MaxZoom != 16 {
		t.Errorf("tiles to zoom %d: %d", p.Tiles.MaxZoom, len(p.Tiles.Addresses))
	}
	if p.Tasks.Open != 1 || p.Tasks.Kinds["patrol"] != 1 || p.Assets != 9 || len(p.Checklists) != 2 || p.Classes.Count == 0 || p.Settings.DuplicateMetres != 50 || p.Settings.PhotosPerReport != 20 {
		t.Errorf("%+v, %d assets, %d lists, %+v, %+v", p.Tasks, p.Assets, len(p.Checklists), p.Classes, p.Settings)
	}
	a, err := w.store.Assets(t.Context(), w.by["worker"], 0, 5)
	if err != nil || len(a.Rows) != 5 || a.Next == 0 || len(a.Rows[0]) != len(a.Fields) {
		t.Fatalf("%+v (%v)", a, err)
	}
	rest, err := w.store.Assets(t.Context(), w.by["worker"], a.Next, 5)
	if err != nil || len(rest.Rows) != 4 || rest.Next != 0 {
		t.Errorf("the rest: %+v (%v)", rest, err)
	}
	w.exec(`UPDATE onemap.class SET name_zh = '井盖儿' WHERE code = 'C01'`)
	if q, err := w.store.Pack(t.Context(), w.by["worker"]); err != nil || q.Classes.Version == p.Classes.Version {
		t.Errorf("the class list changed, its version did not: %s (%v)", q.Classes.Version, err)
	}
	// Without grids there is nothing to keep of the map.
	p, err = w.store.Pack(t.Context(), w.by["centre"])
	if err != nil || len(p.Grids)+len(p.Tiles.Addresses)+len(p.Bounds)+p.Assets != 0 {
		t.Errorf("%+v (%v)", p, err)
	}
	for login, want := range map[string]int{"worker": 1, "far": 0, "urban": 1, "admin": 0} {
		if got, err := w.store.AssetByCode(t.Context(), w.by[login], "33079901001000003"); err != nil || len(got) != want || want == 1 && (got[0].ClassZH != "井盖儿" || got[0].DeptZH != "城管局") {
			t.Errorf("%s finds %+v (%v)", login, got, err)
		}
	}
}

package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onemap/layers/hazard"
	"onemap/layers/task"
)

// taskReply is a task with the cursor of its write.
type taskReply struct {
	Cursor string `json:"cursor"`
	task.Task
}

type hazardReply struct {
	Cursor string `json:"cursor"`
	hazard.Hazard
}

// upload sends a photo as login and returns its id.
func (w *world) upload(login string, size int) string {
	w.t.Helper()
	var p struct{ ID string }
	w.want(201, w.as(login, "POST", "/api/v1/photos", strings.NewReader(string(photo(w.t, size, size, nil))), "Content-Type", "image/jpeg")).into(w.t, &p)
	return p.ID
}

// A worker's morning over the API: what the phone keeps, a visit whose failed
// item opens a hazard, and the hazard up to its re-check and closing.
func TestVisitToClosedHazard(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE onemap.layer SET share = 'conditional' WHERE name = 'enterprise'`)
	w.exec(`UPDATE map.enterprise SET industry = '餐饮服务' WHERE name = '东方化工'`)
	var firm int64
	if err := w.db.QueryRow(t.Context(), `SELECT id FROM map.enterprise WHERE name = '东方化工'`).Scan(&firm); err != nil {
		t.Fatal(err)
	}
	var made taskReply
	w.want(201, w.as("police", "POST", "/api/v1/tasks", map[string]any{"uuid": uuid.NewString(), "kind": "visit", "enterprise": firm, "person": "worker"})).into(t, &made)
	if made.Cursor == "" || made.Person != "worker" || made.Checklist != "small-place-fire" {
		t.Fatalf("%+v", made)
	}

	first := w.want(200, w.as("worker", "GET", "/api/v1/phone", nil))
	var pack task.Pack
	first.into(t, &pack)
	if len(pack.Grids) != 1 || pack.Tasks.Open != 1 || len(pack.Checklists) != 2 || pack.ServerTime.IsZero() || time.Since(pack.ServerTime) > time.Minute {
		t.Errorf("the phone keeps %+v", pack)
	}
	w.want(304, w.as("worker", "GET", "/api/v1/phone", nil, "If-None-Match", first.Header.Get("ETag")))
	w.want(200, w.as("worker", "GET", "/api/v1/phone/assets", nil))

	var list struct{ Tasks []task.Task }
	w.want(200, w.as("worker", "GET", "/api/v1/tasks?mine=true&open=true&lon=120.005&lat=29.305&sort=distance", nil)).into(t, &list)
	if len(list.Tasks) != 1 || *list.Tasks[0].DistanceM != 0 || list.Tasks[0].Enterprise.Name != "东方化工" {
		t.Fatalf("%+v", list)
	}
	picture := w.upload("worker", 16)
	answers := []map[string]any{}
	for _, c := range pack.Checklists {
		for _, i := range c.Items {
			if c.Code == made.Checklist && i.Required {
				a := map[string]any{"item": i.Code, "value": map[string]string{"yes_no": "yes", "number": "3"}[i.Kind]}
				if i.Code == "exit" {
					a = map[string]any{"item": i.Code, "value": "no", "note": "后门上锁", "plan": map[string]any{"measure": "拆锁", "responsible": "店长", "money_yuan": 200, "term": time.Now().Add(72 * time.Hour)}, "photos": []any{map[string]any{"id": picture}}}
				}
				answers = append(answers, a)
			}
		}
	}
	result := map[string]any{"uuid": uuid.NewString(), "result": "done", "client_at": "2031-01-01T00:00:00Z", "answers": answers, "checklist_version": 1,
		"place": map[string]any{"crs": "GCJ02", "coordinates": []float64{120.0096, 29.3025}, "accuracy_m": 12}}
	at := "/api/v1/tasks/" + jsonOf(made.ID) + "/result"
	w.want(403, w.as("police", "POST", at, result))
	var done taskReply
	w.want(200, w.as("worker", "POST", at, result)).into(t, &done)
	w.want(200, w.as("worker", "POST", at, result))
	if done.Outcome != "fail" || done.State != "done" || done.Answers[0].Hazard == 0 {
		t.Fatalf("%+v", done)
	}
	result["opinion"] = "x"
	if p := w.want(409, w.as("worker", "POST", at, result)).problem(t); !strings.Contains(p.Detail, "uuid") {
		t.Errorf("another content: %+v", p)
	}
	result["uuid"] = uuid.NewString()
	if p := w.want(409, w.as("worker", "POST", at, result)).problem(t); !strings.Contains(p.Detail, "done by worker") {
		t.Errorf("a second result: %+v", p)
	}

	// The hazard's photo is seen by those who see the hazard.
	h := "/api/v1/hazards/" + jsonOf(done.Answers[0].Hazard)
	w.want(200, w.as("police", "GET", "/api/v1/photos/"+picture, nil))
	w.want(404, w.as("urban", "GET", "/api/v1/photos/"+picture, nil))
	w.want(404, w.as("urban", "GET", h, nil))
	var now hazardReply
	w.want(200, w.as("police", "GET", h, nil)).into(t, &now)
	if now.Plan == nil || now.Plan.Measure != "拆锁" || *now.Plan.MoneyYuan != 200 || now.TermAt == nil {
		t.Errorf("what the worker proposed: %+v until %v", now.Plan, now.TermAt)
	}
	act := func(login, action string, more map[string]any) reply {
		t.Helper()
		body := map[string]any{"action": action, "version": now.Version}
		for k, v := range more {
			body[k] = v
		}
		return w.as(login, "POST", h+"/actions", body)
	}
	do := func(login, action string, more map[string]any) {
		t.Helper()
		w.want(200, act(login, action, more)).into(t, &now)
	}
	if p := w.want(409, act("centre", "close", map[string]any{"opinion": "x"})).problem(t); !strings.Contains(p.Detail, "possible now: register") {
		t.Errorf("%+v", p)
	}
	do("police", "register", nil)
	if p := w.want(422, act("police", "assess", map[string]any{"level": "major", "measure": "x", "responsible": "店长", "term": time.Now().Add(-time.Hour)})).problem(t); p.Errors[0].Field != "money_yuan" {
		t.Errorf("%+v", p)
	}
	do("police", "assess", map[string]any{"level": "major", "measure": "拆锁", "responsible": "店长", "money_yuan": 300, "contingency": "停业", "term": time.Now().Add(72 * time.Hour)})
	do("centre", "rectify", map[string]any{"opinion": "企业来函", "photos": []any{map[string]any{"id": picture, "kind": "after"}}})
	do("police", "send_recheck", map[string]any{"worker": "worker"})
	w.want(200, w.as("worker", "GET", "/api/v1/tasks?mine=true&open=true&kind=recheck", nil)).into(t, &list)
	w.want(200, w.as("worker", "POST", "/api/v1/tasks/"+jsonOf(list.Tasks[0].ID)+"/result", map[string]any{"uuid": uuid.NewString(), "result": "passed", "photos": []any{map[string]any{"id": picture}}}))
	w.want(200, w.as("police", "GET", h, nil)).into(t, &now)
	w.want(409, act("centre", "close", map[string]any{"opinion": "销号"}))
	do("police", "close", map[string]any{"opinion": "销号"})
	if now.State != hazard.Closed || len(now.Flow) != 7 {
		t.Errorf("%+v", now)
	}

	// It is a layer, by right; and what was done is on record.
	w.want(200, w.as("police", "GET", "/api/v1/layers/hazard/features", nil))
	var audit struct {
		Entries []struct{ Action, Object string }
	}
	w.want(200, w.as("auditor", "GET", "/api/v1/audit?object=hazard/"+jsonOf(now.ID), nil)).into(t, &audit)
	if len(audit.Entries) != 7 {
		t.Errorf("%d entries of 7: %+v", len(audit.Entries), audit)
	}
}

func jsonOf(v any) string {
	b, _ := json.Marshal(v) // of a number
	return string(b)
}

// What is sent wrong is the sender's fault and is said by its field; nothing is
// too large to be answered.
func TestTasksThatAreNotTaken(t *testing.T) {
	w := newWorld(t)
	patrol := func(change func(map[string]any)) map[string]any {
		b := map[string]any{"kind": "patrol", "points": []any{map[string]any{"place": map[string]any{"crs": "WGS84", "coordinates": []float64{120.005, 29.305}}}}}
		change(b)
		return b
	}
	set := func(k string, v any) func(map[string]any) { return func(b map[string]any) { b[k] = v } }
	for name, tt := range map[string]struct {
		status int
		body   any
	}{
		"no points":             {422, patrol(set("points", []any{}))},
		"no system":             {422, patrol(set("points", []any{map[string]any{"place": map[string]any{"coordinates": []float64{120, 29}}}}))},
		"nobody":                {422, patrol(set("person", "nobody-there"))},
		"somebody no worker":    {422, patrol(set("person", "police"))},
		"a grid there is not":   {422, patrol(set("grid_code", "x"))},
		"due in the past":       {422, patrol(set("due_at", "2020-01-01T00:00:00Z"))},
		"a kind of cases":       {422, patrol(set("kind", "verify"))},
		"no number":             {422, patrol(set("uuid", "x"))},
		"NUL":                   {422, patrol(set("title", "a\x00b"))},
		"an unknown field":      {422, patrol(set("colour", "red"))},
		"a thousand points":     {422, patrol(set("points", make([]map[string]any, 1000)))},
		"huge":                  {413, patrol(set("title", strings.Repeat("长", 200_000)))},
		"an enterprise of none": {422, map[string]any{"kind": "visit", "enterprise": 99}},
	} {
		r := w.want(tt.status, w.as("centre", "POST", "/api/v1/tasks", tt.body))
		if p := r.problem(t); tt.status == 422 && len(p.Errors) == 0 {
			t.Errorf("%s: %+v names no field", name, p)
		}
	}
	w.want(404, w.as("worker", "POST", "/api/v1/tasks/99/result", map[string]any{"uuid": uuid.NewString(), "result": "done"}))
	w.want(404, w.as("worker", "POST", "/api/v1/tasks/99/points", map[string]any{"uuid": uuid.NewString(), "n": 1}))
	for _, path := range []string{"/api/v1/tasks?page=%21", "/api/v1/tasks?sort=distance", "/api/v1/tasks?kind=x", "/api/v1/tasks?grid=%00", "/api/v1/hazards?page=%21", "/api/v1/hazards?q=%00",
		"/api/v1/phone?x=1", "/api/v1/phone/assets?after=x", "/api/v1/phone/assets?limit=0", "/api/v1/assets", "/api/v1/assets?code=%00"} {
		if r := w.as("centre", "GET", path, nil); r.StatusCode != 422 {
			t.Errorf("%s: %d %s", path, r.StatusCode, r.body)
		}
	}
	w.want(404, w.as("worker", "GET", "/api/v1/checklists/none", nil))
	w.want(200, w.as("worker", "GET", "/api/v1/checklists/work-safety?version=1", nil))
	w.want(200, w.as("worker", "GET", "/api/v1/hazard-flow", nil))
}

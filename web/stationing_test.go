package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// streets are a net of roads over the world's two grids, 11 by 6 crossings; calls
// came in at 40 of them.
func (w *world) streets() {
	w.t.Helper()
	w.exec(`INSERT INTO map.road_edge (id, road, source, target, length_m, cost, reverse_cost, foot_cost, class, geom)
		SELECT row_number() OVER (), 1, y * 11 + x + 1, v * 11 + u + 1, 200, 20, 20, 150, 'residential',
			ST_SetSRID(ST_MakeLine(ST_MakePoint(120 + x * 0.002, 29.3 + y * 0.002), ST_MakePoint(120 + u * 0.002, 29.3 + v * 0.002)), 4326)
		  FROM generate_series(0, 10) x, generate_series(0, 5) y, LATERAL (VALUES (x + 1, y), (x, y + 1)) n (u, v) WHERE u <= 10 AND v <= 5`)
	w.exec(`UPDATE onemap.class SET public_reported = true WHERE standard = 'test' AND code = 'T01'`)
	w.exec(`INSERT INTO map.incident (class_standard, class_code, severity, source, state, dept_code, description, occurred_at, geom)
		SELECT 'test', 'T01', 2, 'public', 'closed', 'urban', '', now() - i * interval '1 day', ST_SetSRID(ST_MakePoint(120.0003 + 0.002 * (i * i % 10), 29.3003 + 0.002 * (i % 5)), 4326) FROM generate_series(1, 40) i`)
	w.exec(`INSERT INTO map.place (id, kind, name, state, geom) SELECT i, 'fire_station', 'station ' || i, 'ready', ST_SetSRID(ST_MakePoint(120.001 + 0.004 * i, 29.301 + 0.002 * (i % 3)), 4326) FROM generate_series(1, 4) i`)
}

type stationingReply struct {
	ID     int64
	State  string
	Org    string
	Parent int64
	Answer struct {
		Plan struct {
			Covered float64
			Posts   []struct {
				Number   int
				Name     string
				Lon, Lat float64
				Units    int
				Place    int64
			}
		}
		Today *struct{ Covered float64 }
		Gap   *float64
	}
	Decisions []struct{ Decision, Reason, By string }
}

func (p stationingReply) stands() (out []map[string]any) {
	for _, x := range p.Answer.Plan.Posts {
		out = append(out, map[string]any{"name": x.Name, "x": x.Lon, "y": x.Lat, "units": x.Units})
	}
	return out
}

func stationingOrder(change func(q map[string]any)) map[string]any {
	q := map[string]any{"model": "mclp", "posts": 2, "within_s": 60, "mode": "car", "demand": map[string]any{"source": "incidents"},
		"candidates": map[string]any{"places": []string{"fire_station"}}, "areas": "grid_duty"}
	if change != nil {
		change(q)
	}
	return map[string]any{"uuid": uuid.NewString(), "title": "布点", "question": q}
}

const stationingPlans = "/api/v1/stationing/plans"

// A planner orders a plan, moves a post, keeps what came of it, and decides; the
// posts of an accepted plan are on the map.
func TestStationing(t *testing.T) {
	w := newWorld(t)
	w.streets()
	order := stationingOrder(nil)
	var p, again stationingReply
	w.want(http.StatusCreated, w.as("planner", "POST", stationingPlans, order)).into(t, &p)
	w.want(http.StatusOK, w.as("planner", "POST", stationingPlans, order)).into(t, &again)
	if again.ID != p.ID || p.State != "proposed" || p.Org != "centre" || len(p.Answer.Plan.Posts) != 2 || p.Answer.Gap == nil || *p.Answer.Gap != 0 || p.Answer.Today == nil ||
		p.Answer.Today.Covered < p.Answer.Plan.Covered {
		t.Errorf("the plan: %+v, sent again %d", p, again.ID)
	}
	path := fmt.Sprintf("%s/%d", stationingPlans, p.ID)

	// What it was made from has lists where there is nothing, never null.
	var material map[string]json.RawMessage
	w.want(200, w.as("planner", "GET", path+"/material", nil)).into(t, &material)
	var preview map[string]json.RawMessage
	w.want(200, w.as("planner", "POST", "/api/v1/stationing/preview", map[string]any{"question": order["question"]})).into(t, &preview)
	for _, name := range []string{"points", "candidates", "areas", "today", "notes"} {
		if !strings.HasPrefix(string(material[name]), "[") || !strings.HasPrefix(string(preview[name]), "[") {
			t.Errorf("%s of the material is %.40s, of a preview %.40s", name, material[name], preview[name])
		}
	}

	var remade struct{ Same bool }
	if w.want(200, w.as("centre", "POST", path+"/remake", nil)).into(t, &remade); !remade.Same {
		t.Error("made again, it is another")
	}
	w.want(http.StatusNotFound, w.as("police", "POST", path+"/remake", nil))

	// One post less: something is lost, nothing gained, and nothing is kept of it.
	var c struct{ Gained, Lost, Later float64 }
	w.want(200, w.as("planner", "POST", path+"/what-if", map[string]any{"crs": "WGS84", "posts": p.stands()[1:]})).into(t, &c)
	if c.Lost <= 0 || c.Gained != 0 || c.Later < 0 {
		t.Errorf("a post less: %+v", c)
	}
	for field, body := range map[string]any{
		"posts":                map[string]any{"crs": "WGS84", "posts": []any{}},
		"posts[0].coordinates": map[string]any{"crs": "WGS84", "posts": []any{map[string]any{"x": 720, "y": 29.3}}},
		"posts[0].crs":         map[string]any{"crs": "", "posts": []any{map[string]any{"x": 120, "y": 29.3}}},
		"posts[0].units":       map[string]any{"crs": "WGS84", "posts": []any{map[string]any{"x": 120, "y": 29.3, "units": 99}}},
	} {
		w.stationingRefused(t, "POST", path+"/what-if", body, field)
	}
	moved := p.stands()
	moved[0]["x"], moved[0]["y"], moved[0]["name"] = 120.0151, 29.3071, ""
	var edit stationingReply
	w.want(http.StatusCreated, w.as("planner", "POST", path+"/edits", map[string]any{"crs": "WGS84", "posts": moved})).into(t, &edit)
	if edit.Parent != p.ID || edit.State != "proposed" || edit.Answer.Gap != nil {
		t.Errorf("the plan that was changed: %+v", edit)
	}

	// Refused only with a reason; accepted once; on the map until it is ended.
	decide := func(login string, id int64, decision, reason string) reply {
		return w.as(login, "POST", fmt.Sprintf("%s/%d/decisions", stationingPlans, id), map[string]any{"decision": decision, "reason": reason})
	}
	w.stationingRefused(t, "POST", fmt.Sprintf("%s/%d/decisions", stationingPlans, edit.ID), map[string]any{"decision": "refused"}, "reason")
	var refused stationingReply
	w.want(200, decide("planner", edit.ID, "refused", "离学校太远")).into(t, &refused)
	if n := len(refused.Decisions); refused.State != "refused" || n != 1 || refused.Decisions[0].Reason != "离学校太远" || refused.Decisions[0].By != "planner" {
		t.Errorf("the refused plan: %+v", refused)
	}
	w.want(200, decide("centre", p.ID, "accepted", ""))
	w.want(http.StatusConflict, decide("planner", p.ID, "accepted", ""))
	w.want(http.StatusConflict, decide("planner", p.ID, "refused", "too late"))
	var posts struct {
		Features []struct{ Properties map[string]any }
	}
	w.want(200, w.as("planner", "GET", "/api/v1/layers/post/features", nil)).into(t, &posts)
	if len(posts.Features) != 2 {
		t.Errorf("posts on the map: %+v", posts)
	}
	if r := w.want(200, w.as("planner", "GET", path+"/file?format=geojson", nil)); strings.Count(string(r.body), `"Point"`) != 2 || !strings.Contains(r.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the file: %s", r.body)
	}
	w.want(200, w.as("planner", "GET", path+"/file?format=csv&lang=en", nil))
	w.want(200, decide("planner", p.ID, "ended", "试点结束"))
	if w.want(200, w.as("planner", "GET", "/api/v1/layers/post/features", nil)).into(t, &posts); len(posts.Features) != 0 {
		t.Errorf("posts of a plan that has ended are on the map: %+v", posts)
	}

	// A uuid that is used, by a plan that the caller does not see, is told.
	theirs := stationingOrder(nil)
	theirs["uuid"] = order["uuid"]
	if f := w.want(http.StatusConflict, w.as("urban", "POST", stationingPlans, theirs)).problem(t); !strings.Contains(f.Detail, "uuid") {
		t.Errorf("another's uuid: %+v", f)
	}

	// Officers plan for their own department and see no other's plans; a worker and
	// the public see none.
	w.want(http.StatusNotFound, w.as("police", "GET", path, nil))
	w.want(http.StatusNotFound, decide("police", p.ID, "accepted", ""))
	w.want(http.StatusForbidden, w.as("worker", "GET", path, nil))
	w.want(http.StatusUnauthorized, w.as("", "GET", path, nil))
	other := stationingOrder(nil)
	other["org"] = "urban"
	if f := w.want(http.StatusUnprocessableEntity, w.as("police", "POST", stationingPlans, other)).problem(t); len(f.Errors) == 0 || f.Errors[0].Field != "org" {
		t.Errorf("an officer plans for others: %+v", f)
	}
	for action, most := range map[string]int{"stationing.material": 1, "stationing.what-if": 1, "stationing.preview": 1} {
		w.want(200, w.as("planner", "GET", path+"/material", nil)) // again, within the hour
		var n int
		if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.audit WHERE action = $1 AND login = 'planner'`, action).Scan(&n); err != nil || n != most {
			t.Errorf("the audit has %d of %s, %v", n, action, err)
		}
	}
	var audit []string
	rows, err := w.db.Query(t.Context(), `SELECT DISTINCT action FROM onemap.audit WHERE object = 'stationing/' || $1::bigint ORDER BY 1`, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var a string
		if err := rows.Scan(&a); err != nil {
			t.Fatal(err)
		}
		audit = append(audit, a)
	}
	if got := strings.Join(audit, " "); got != "stationing.decide stationing.export stationing.material stationing.plan stationing.remake stationing.view stationing.what-if" {
		t.Errorf("the audit has %s", got)
	}
}

// stationingRefused wants a 422 that names a field and a remedy.
func (w *world) stationingRefused(t *testing.T, method, path string, body any, field string) {
	t.Helper()
	r := w.as("planner", method, path, body)
	if r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("%s: %d, want 422: %s", field, r.StatusCode, r.body)
		return
	}
	p := r.problem(t)
	for _, e := range p.Errors {
		if e.Field == field && e.Remedy != "" {
			return
		}
	}
	t.Errorf("%+v, want one about %s with a remedy", p.Errors, field)
}

func TestStationingsThatCannotBe(t *testing.T) {
	w := newWorld(t)
	w.streets()
	for _, tt := range []struct {
		field  string
		change func(q map[string]any)
	}{
		{"question.posts", func(q map[string]any) { q["posts"] = 0 }},
		{"posts", func(q map[string]any) { q["posts"] = 5 }}, // more than candidates
		{"question.within_s", func(q map[string]any) { q["within_s"] = 0 }},
		{"candidates", func(q map[string]any) { q["candidates"] = map[string]any{} }},
		{"demand", func(q map[string]any) {
			q["demand"] = map[string]any{"source": "incidents", "from": "2001-01-01T00:00:00Z", "until": "2002-01-01T00:00:00Z"}
		}},
		{"demand.from", func(q map[string]any) {
			q["demand"] = map[string]any{"source": "incidents", "from": "2222-01-01T00:00:00Z", "until": "2223-01-01T00:00:00Z"}
		}},
		{"demand.run", func(q map[string]any) { q["demand"] = map[string]any{"source": "forecast", "run": 77} }},
		{"demand.classes[0]", func(q map[string]any) {
			q["demand"] = map[string]any{"source": "incidents", "classes": []any{map[string]any{"standard": "test", "code": "T02"}}}
		}},
		{"keep", func(q map[string]any) { q["keep"] = []int{99} }},
		{"keep", func(q map[string]any) { q["keep"] = []int{1, 2, 3} }}, // more than units
		{"must[0].crs", func(q map[string]any) { q["must"] = []any{map[string]any{"x": 120.001, "y": 29.301}} }},
		{"outer_s", func(q map[string]any) { q["model"], q["outer_s"] = "dsm", 30 }},
	} {
		w.stationingRefused(t, "POST", stationingPlans, stationingOrder(tt.change), tt.field)
	}
	// Roads that do not hang together are told with the plan; none at all refuse it.
	w.exec(`DELETE FROM map.road_edge WHERE ST_Intersects(geom, ST_SetSRID(ST_MakeLine(ST_MakePoint(120.011, 29), ST_MakePoint(120.011, 30)), 4326))`)
	r := w.want(http.StatusCreated, w.as("planner", "POST", stationingPlans, stationingOrder(nil)))
	if !strings.Contains(string(r.body), "do not hang together") {
		t.Errorf("a city in two parts: %s", r.body)
	}
	w.exec(`TRUNCATE map.road_edge`)
	w.stationingRefused(t, "POST", stationingPlans, stationingOrder(nil), "mode")
}

// Whoever may not see the cases that a plan's demand was counted from sees what
// is covered, and no points: neither in its material nor in a what-if.
func TestDemandIsShownByTheRightToItsCases(t *testing.T) {
	w := newWorld(t)
	w.streets() // cases of urban
	order := stationingOrder(nil)
	order["org"] = "police"
	var p stationingReply
	w.want(http.StatusCreated, w.as("planner", "POST", stationingPlans, order)).into(t, &p)
	path := fmt.Sprintf("%s/%d", stationingPlans, p.ID)
	for login, sees := range map[string]bool{"planner": true, "centre": true, "police": false} {
		var m struct {
			Points   []struct{ Demand float64 }
			Withheld bool `json:"points_withheld"`
		}
		r := w.want(200, w.as(login, "GET", path+"/material", nil))
		if r.into(t, &m); m.Withheld == sees || (len(m.Points) > 0) != sees || strings.Contains(string(r.body), "You have no right") == sees {
			t.Errorf("%s sees %+v", login, m)
		}
		var c struct {
			Lost     float64
			Points   []struct{ Demand float64 }
			Withheld bool `json:"points_withheld"`
		}
		w.want(200, w.as(login, "POST", path+"/what-if", map[string]any{"crs": "WGS84", "posts": p.stands()[1:]})).into(t, &c)
		if c.Withheld == sees || (len(c.Points) > 0) != sees || c.Lost == 0 {
			t.Errorf("%s sees of a what-if %+v", login, c)
		}
		if text, _ := printed(t, w.want(200, w.as(login, "GET", path+"/file?format=pdf&lang=en", nil)).body); strings.Contains(text, "You have no right") == sees {
			t.Errorf("the paper of %s: %s", login, text)
		}
	}
}

// Who waits too long for their turn is told when to come again.
func TestPlansThatWaitTooLong(t *testing.T) {
	w := newWorld(t)
	w.streets()
	turn := &w.server.Stationing.Turn
	turn.Wait = time.Millisecond
	done, err := turn.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	from := time.Now().Add(time.Hour)
	for path, body := range map[string]any{stationingPlans: stationingOrder(nil), "/api/v1/patrols": map[string]any{
		"places": []any{map[string]any{"place": map[string]any{"crs": "WGS84", "coordinates": []float64{120.005, 29.305}}}},
		"units":  []any{map[string]any{"from": from, "until": from.Add(4 * time.Hour)}}}} {
		r := w.want(http.StatusServiceUnavailable, w.as("planner", "POST", path, body))
		if p := r.problem(t); p.Type != "/problems/busy" || p.Detail == "" || r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %+v, %v", path, p, r.Header)
		}
	}
}

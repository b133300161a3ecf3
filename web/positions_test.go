package web_test

import (
	"net/url"
	"testing"
	"time"
)

func TestPositions(t *testing.T) {
	w := newWorld(t)
	put := func(login string, lon float64) reply {
		return w.as(login, "PUT", "/api/v1/positions", map[string]any{"crs": "WGS84", "coordinates": []float64{lon, 29.305}, "accuracy_m": 8})
	}
	w.want(200, put("worker", 120.005))
	r := w.want(200, put("worker", 120.015))
	if r.Header.Get("Onemap-Cursor") == "" {
		t.Error("no cursor")
	}
	var taken struct {
		OnDuty, Latest bool
		Grid           string `json:"grid_code"`
		KeepDays       int    `json:"keep_days"`
	}
	if r.into(t, &taken); !taken.Latest || taken.Grid != "330799002001001" || taken.KeepDays != 7 {
		t.Errorf("%s", r.body)
	}
	w.want(403, put("centre", 120.005))
	var c collection
	w.want(200, w.as("centre", "GET", "/api/v1/layers/worker/features?bbox=120.01,29.3,120.02,29.31", nil)).into(t, &c)
	if len(c.Features) != 1 || c.Features[0].Properties["grid_code"] != "330799002001001" {
		t.Errorf("%+v", c)
	}
	w.want(204, w.as("worker", "DELETE", "/api/v1/positions", nil))
	c = collection{}
	w.want(200, w.as("centre", "GET", "/api/v1/layers/worker/features", nil)).into(t, &c)
	if len(c.Features) != 0 {
		t.Error("off duty, and still on the map")
	}
}

func TestKeptPositions(t *testing.T) {
	w := newWorld(t)
	begin := time.Now().Add(-time.Hour)
	at := func(n int, more ...any) map[string]any {
		m := map[string]any{"crs": "GCJ02", "coordinates": []float64{120.005, 29.305}, "accuracy_m": 8, "at": begin.Add(time.Duration(n) * time.Minute)}
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	send := func(login string, body map[string]any) reply { return w.as(login, "POST", "/api/v1/positions", body) }
	var got struct {
		Workers map[string]struct {
			Latest        bool
			Late, Refused int
		}
	}
	w.want(200, send("worker", map[string]any{"positions": []any{at(1)}})).into(t, &got)
	if got.Workers["worker"].Refused != 1 {
		t.Errorf("kept while off duty: %+v", got)
	}
	w.want(200, send("worker", map[string]any{"on_duty_since": begin, "positions": []any{at(2), at(1)}})).into(t, &got)
	if x := got.Workers["worker"]; !x.Latest || x.Late != 0 || x.Refused != 0 {
		t.Errorf("%+v", got)
	}
	w.want(403, send("worker", map[string]any{"positions": []any{at(3, "login", "other")}}))
	p := w.want(422, send("worker", map[string]any{"positions": []any{at(3), at(4, "at", time.Now().Add(time.Hour))}})).problem(t)
	if len(p.Errors) != 1 || p.Errors[0].Field != "positions[1].at" {
		t.Errorf("%+v", p)
	}
	w.want(422, send("worker", map[string]any{"positions": []any{}}))

	// The history: to oneself; to the command centre with a reason; to nobody else.
	var h struct {
		Positions []struct{ CRS string }
		Looks     []struct{ Name, Reason string }
	}
	history := "/api/v1/positions/history?login=worker"
	w.want(422, w.as("centre", "GET", history, nil))
	w.want(403, w.as("urban", "GET", history+"&reason=none", nil))
	w.want(404, w.as("centre", "GET", "/api/v1/positions/history?login=nosuch&reason=nobody", nil))
	w.want(200, w.as("centre", "GET", history+"&reason="+url.QueryEscape("核实走失报警"), nil)).into(t, &h)
	if len(h.Positions) != 2 || h.Positions[0].CRS != "GCJ02" {
		t.Errorf("%+v", h)
	}
	w.want(200, w.as("worker", "GET", "/api/v1/positions/history", nil)).into(t, &h)
	if len(h.Positions) != 2 || len(h.Looks) != 1 || h.Looks[0].Reason != "核实走失报警" {
		t.Errorf("%+v", h)
	}
	var audit struct {
		Entries []struct{ Login, Reason string }
	}
	w.want(200, w.as("auditor", "GET", "/api/v1/audit?action=position.history", nil)).into(t, &audit)
	if len(audit.Entries) != 1 || audit.Entries[0].Reason != "核实走失报警" {
		t.Errorf("%+v", audit)
	}
}

func TestFences(t *testing.T) {
	w := newWorld(t)
	ring := [][]float64{{120.00, 29.30}, {120.01, 29.30}, {120.01, 29.31}, {120.00, 29.31}, {120.00, 29.30}}
	draft := func(change ...any) map[string]any {
		m := map[string]any{"name": "庙会", "crs": "WGS84", "geometry": map[string]any{"type": "Polygon", "coordinates": []any{ring}}}
		for i := 0; i < len(change); i += 2 {
			m[change[i].(string)] = change[i+1]
		}
		return m
	}
	var f struct {
		ID      int64
		Key     string
		Version int
	}
	w.want(201, w.as("centre", "POST", "/api/v1/fences", draft())).into(t, &f)
	w.want(201, w.as("planner", "POST", "/api/v1/fences", draft("kind", "site")))
	w.want(403, w.as("worker", "POST", "/api/v1/fences", draft()))
	for _, bad := range [][]any{{"name", ""}, {"crs", ""}, {"crs", "EPSG:1"}, {"kind", "grid"}, {"orgs", []string{"nosuch"}}, {"geometry", map[string]any{"type": "Point", "coordinates": []float64{120, 29}}},
		{"geometry", map[string]any{"type": "Polygon", "coordinates": []any{[][]float64{{120, 29}, {121, 30}, {121, 29}, {120, 30}, {120, 29}}}}}, {"geometry", nil}, {"valid_to", time.Now().Add(-time.Hour)}} {
		if r := w.as("centre", "POST", "/api/v1/fences", draft(bad...)); r.StatusCode != 422 {
			t.Errorf("%v: %d %s", bad, r.StatusCode, r.body)
		}
	}
	w.want(200, w.as("worker", "PUT", "/api/v1/positions", map[string]any{"crs": "WGS84", "coordinates": []float64{120.005, 29.305}, "accuracy_m": 8}))
	var list struct {
		Fences []struct {
			Name   string
			Inside int
		}
	}
	w.want(200, w.as("centre", "GET", "/api/v1/fences", nil)).into(t, &list)
	if len(list.Fences) != 2 || list.Fences[1].Inside != 1 {
		t.Errorf("%+v", list)
	}
	// Who may not see the layer sees none.
	for _, login := range []string{"urban", "admin"} {
		if w.want(200, w.as(login, "GET", "/api/v1/fences", nil)).into(t, &list); len(list.Fences) != 0 {
			t.Errorf("%s: %+v", login, list)
		}
	}
	at := "/api/v1/fences/" + f.Key[len("fence/"):]
	w.want(409, w.as("centre", "PUT", at, draft("version", 2)))
	w.want(200, w.as("centre", "PUT", at, draft("version", 1, "name", "灯会"))).into(t, &f)
	if f.Version != 2 {
		t.Errorf("%+v", f)
	}
	w.want(204, w.as("centre", "DELETE", at, nil))
	w.want(204, w.as("centre", "DELETE", at, nil))
	w.want(404, w.as("centre", "DELETE", "/api/v1/fences/999", nil))
	var c collection
	w.want(200, w.as("centre", "GET", "/api/v1/layers/fence_event/features", nil)).into(t, &c)
	if len(c.Features) != 3 || c.Features[2].Properties["why"] != "fence" || c.Features[2].Properties["fence_name"] != "灯会" {
		t.Errorf("%+v", c)
	}
}

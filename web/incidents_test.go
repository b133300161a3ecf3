package web_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The life of an incident through the API: reported, handled, closed, and who
// sees what of it on the way.
func TestIncidentFromReportToClosing(t *testing.T) {
	w := newWorld(t)
	i := w.report("worker", 120.005, 29.305)
	if i.Grid != "330799001001001" || i.Area != "330799001001" || i.State != "reported" || i.Severity != 2 || i.Dept != "urban" || i.Outside {
		t.Fatalf("reported as %+v", i)
	}
	if i.Cursor == "" || len(i.Flow) != 1 || i.Flow[0].Actor != "worker" || i.Contact != "13800000000" || !i.Mine {
		t.Errorf("the reporter sees %+v", i)
	}
	at := "/api/v1/incidents/" + strconv.FormatInt(i.ID, 10)
	act := func(login, action string, version int, more map[string]any) reply {
		b := map[string]any{"action": action, "version": version}
		for k, v := range more {
			b[k] = v
		}
		return w.as(login, "POST", at+"/actions", b)
	}

	// Police neither own the layer nor are responsible: it is not there for them.
	w.want(404, w.as("police", "GET", at, nil))
	w.want(404, act("police", "accept", 1, nil))
	// Urban management is responsible from the start, and may not dispatch.
	var seen incidentReply
	w.want(200, w.as("urban", "GET", at, nil)).into(t, &seen)
	if seen.Flow[0].Actor != "" {
		t.Error("the reporter is named to others")
	}
	w.want(403, act("urban", "dispatch", 1, nil))
	w.want(403, act("planner", "register", 1, nil))
	w.want(409, act("urban", "accept", 1, nil))  // not yet
	w.want(422, act("centre", "reject", 1, nil)) // without a reason
	w.want(422, act("centre", "dance", 1, nil))

	for _, step := range []struct {
		login, action string
		more          map[string]any
		state         string
	}{
		{"centre", "register", nil, "registered"},
		{"centre", "file", nil, "filed"},
		{"centre", "dispatch", map[string]any{"dept": "urban"}, "dispatched"},
		{"urban", "return", map[string]any{"opinion": "不归我们管", "dept": "police"}, "returned"},
		{"centre", "dispatch", map[string]any{"dept": "urban"}, "dispatched"},
		{"urban", "accept", nil, "handling"},
		{"urban", "feedback", nil, "feedback"},
		{"centre", "rework", map[string]any{"opinion": "还没修好"}, "handling"},
		{"urban", "feedback", nil, "feedback"},
		{"centre", "send_check", map[string]any{"worker": "worker"}, "checking"},
		{"worker", "report_check", map[string]any{"result": "passed"}, "checked"},
		{"centre", "close", nil, "closed"},
	} {
		w.want(200, w.as(step.login, "GET", at, nil)).into(t, &seen)
		// What the state does not have, and what is out of date, is a conflict.
		w.want(http.StatusConflict, act(step.login, step.action, seen.Version+1, step.more))
		r := w.want(200, act(step.login, step.action, seen.Version, step.more))
		if r.Header.Get("Onemap-Cursor") == "" {
			t.Errorf("%s: no cursor", step.action)
		}
		seen = incidentReply{}
		r.into(t, &seen)
		if seen.State != step.state {
			t.Fatalf("after %s it is %s", step.action, seen.State)
		}
	}
	if len(seen.Flow) != 13 || seen.ClosedAt == nil || seen.Contact != "" || !slices.Equal(seen.Actions, []string{"reopen"}) || len(seen.Number) != 19 || seen.Reworks != 1 || seen.Returns != 1 {
		t.Errorf("closed as %+v", seen)
	}
	p := w.want(409, act("centre", "close", seen.Version, nil)).problem(t)
	if !strings.Contains(p.Detail, "closed") || p.Type != "/problems/conflict" {
		t.Errorf("closing twice says %+v", p)
	}
	var audited int
	if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.audit WHERE object = $1`, "incident/"+strconv.FormatInt(i.ID, 10)).Scan(&audited); err != nil || audited != 13 {
		t.Errorf("%d audit entries (%v), want 13", audited, err)
	}
}

func TestReportSentAgainIsTheSameReport(t *testing.T) {
	w := newWorld(t)
	b := reportBody(120.005, 29.305)
	var first, second incidentReply
	w.want(201, w.as("worker", "POST", "/api/v1/incidents", b)).into(t, &first)
	r := w.want(200, w.as("worker", "POST", "/api/v1/incidents", b))
	r.into(t, &second)
	if second.ID != first.ID || second.Cursor == "" || r.Header.Get("Onemap-Cursor") != second.Cursor {
		t.Errorf("sent again: %+v", second)
	}
	b["description"] = "另一件事"
	w.want(409, w.as("worker", "POST", "/api/v1/incidents", b))
	b["description"] = "井盖坏了"
	w.want(409, w.as("centre", "POST", "/api/v1/incidents", b)) // another person's is not the same either
	var n int
	if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM map.incident`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d incidents (%v)", n, err)
	}
}

func TestReportsThatAreNotTaken(t *testing.T) {
	w := newWorld(t)
	place := func(crs string, x, y any) func(map[string]any) {
		return func(b map[string]any) { b["place"] = map[string]any{"crs": crs, "coordinates": []any{x, y}} }
	}
	set := func(k string, v any) func(map[string]any) { return func(b map[string]any) { b[k] = v } }
	for _, tt := range []struct {
		name   string
		change func(map[string]any)
		field  string
	}{
		{"no coordinate system", place("", 120.0, 29.3), "place.crs"},
		{"unknown system", place("MARS", 120.0, 29.3), "place.crs"},
		{"Beijing 1954", place("EPSG:2437", 500000.0, 3200000.0), "place.crs"},
		{"EPSG code that is none", place("EPSG:999999", 1.0, 2.0), "place.crs"},
		{"latitude first", place("WGS84", 29.3, 120.0), "place.coordinates"},
		{"no position", place("WGS84", 0, 0), "place.coordinates"},
		{"three coordinates", set("place", map[string]any{"crs": "WGS84", "coordinates": []float64{1, 2, 3}}), "place.coordinates"},
		{"unknown class", set("class", map[string]any{"standard": "test", "code": "X"}), "class.code"},
		{"code of two lists", set("class", map[string]any{"code": "T02"}), "class.standard"},
		{"no uuid", set("uuid", "1"), "uuid"},
		{"nil uuid", set("uuid", "00000000-0000-0000-0000-000000000000"), "uuid"},
		{"severity 5", set("severity", 5), "severity"},
		{"from the future", set("occurred_at", "2999-01-01T00:00:00Z"), "occurred_at"},
		{"from before time", set("occurred_at", "0001-01-01T00:00:00Z"), "occurred_at"},
		{"too long", set("description", strings.Repeat("长", 4001)), "description"},
		{"NUL", set("description", "a\x00b"), "description"},
		{"photo that nobody uploaded", set("photos", []map[string]any{{"id": strings.Repeat("a", 64)}}), "photos[0].id"},
		{"unknown field", set("colour", "red"), "colour"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := reportBody(120.005, 29.305)
			tt.change(b)
			p := w.want(422, w.as("worker", "POST", "/api/v1/incidents", b)).problem(t)
			if len(p.Errors) == 0 || p.Errors[0].Field != tt.field || p.Errors[0].Remedy == "" {
				t.Errorf("answered %+v, want a fault of %s", p, tt.field)
			}
		})
	}
	var n int
	if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM map.incident`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d incidents (%v), want none", n, err)
	}
}

func TestReportPlaces(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE onemap.setting SET value = '0' WHERE key = 'report.far_km'`) // of any city
	for _, tt := range []struct {
		crs  string
		x, y float64
	}{
		{"WGS84", 120.005, 29.305},
		{"CGCS2000", 120.005, 29.305},
		{"GCJ02", 120.0097, 29.3023},
		{"EPSG:4326", 120.005, 29.305},
		{"EPSG:3857", 13358895.49, 3414523.3},
		{"EPSG:4549", 500485.8, 3243095.0}, // CGCS2000 3-degree, 120E
	} {
		b := reportBody(0, 0)
		b["place"] = map[string]any{"crs": tt.crs, "coordinates": []float64{tt.x, tt.y}}
		var i incidentReply
		w.want(201, w.as("worker", "POST", "/api/v1/incidents", b)).into(t, &i)
		if d := abs(i.Lon-120.005) + abs(i.Lat-29.305); d > 0.002 {
			t.Errorf("%s comes out at %g, %g", tt.crs, i.Lon, i.Lat)
		}
	}
	if i := w.report("centre", 10, 50); !i.Outside || i.Grid != "" {
		t.Errorf("outside of all grids: %+v", i)
	}
}

func abs(f float64) float64 { return max(f, -f) }

type incidentsReply struct {
	Incidents []incidentReply `json:"incidents"`
	Next      string          `json:"next"`
}

func TestListOfIncidents(t *testing.T) {
	w := newWorld(t)
	var ids []int64
	for range 5 {
		ids = append(ids, w.report("centre", 120.005, 29.305).ID)
	}
	west := w.report("centre", 120.015, 29.305).ID
	list := func(login, query string) incidentsReply {
		t.Helper()
		var l incidentsReply
		w.want(200, w.as(login, "GET", "/api/v1/incidents?"+query, nil)).into(t, &l)
		return l
	}
	if l := list("centre", ""); len(l.Incidents) != 6 || l.Incidents[0].ID != west || l.Next != "" {
		t.Errorf("the centre sees %d, the latest %v", len(l.Incidents), l)
	}
	if l := list("worker", ""); len(l.Incidents) != 5 {
		t.Errorf("the worker of the east sees %d", len(l.Incidents))
	}
	if l := list("police", ""); len(l.Incidents) != 0 {
		t.Errorf("police see %d", len(l.Incidents))
	}
	// Page by page, each once.
	page, got := "", []int64{}
	for {
		l := list("centre", "limit=2&page="+page)
		for _, i := range l.Incidents {
			got = append(got, i.ID)
		}
		if page = l.Next; page == "" {
			break
		}
	}
	if len(got) != 6 || got[0] != west || got[5] != ids[0] {
		t.Errorf("pages give %v", got)
	}
	for query, n := range map[string]int{
		"bbox=120.0,29.3,120.009,29.31": 5, "grid=330799002001001": 1, "grid=D2": 1, "area=330799001": 5, "class=T01": 6, "class=T02": 0, "state=reported": 6,
		"state=closed,filed": 0, "severity=1,2": 6, "severity=4": 0, "dept=urban": 6, "mine=true": 6, "q=%23" + strconv.FormatInt(west, 10): 1, "q=井盖": 6, "q=100%25": 0,
		"datetime=2000-01-01/..": 6, "datetime=../2000-01-01": 0,
	} {
		if l := list("centre", query); len(l.Incidents) != n {
			t.Errorf("?%s gives %d, want %d", query, len(l.Incidents), n)
		}
	}
	for _, query := range []string{"bbox=1,2,3", "bbox=0,10,0,5", "bbox=NaN,0,1,1", "datetime=yesterday", "datetime=2001-01-01/2000-01-01", "severity=9", "page=zzz", "colour=red", "limit=0", "mine=perhaps"} {
		w.want(422, w.as("centre", "GET", "/api/v1/incidents?"+query, nil)).problem(t)
	}
	for param, values := range map[string][]string{"state": {"nosuch", "reported,nosuch", "Reported"}, "severity": {"9", "red", "0"}, "class": {"T 01", "T01,%27"}} {
		for _, v := range values {
			v = strings.ReplaceAll(v, " ", "%20")
			for _, path := range []string{"/api/v1/incidents", "/api/v1/stats", "/api/v1/layers/incident/features", "/api/v1/layers/incident/export", "/tiles/incident/14/13653/6796.mvt"} {
				p := w.want(422, w.as("centre", "GET", path+"?"+param+"="+v, nil)).problem(t)
				if len(p.Errors) != 1 || p.Errors[0].Field != "query."+param || p.Errors[0].Value == "" || p.Errors[0].Remedy == "" {
					t.Errorf("%s?%s=%s: %+v", path, param, v, p)
				}
			}
			w.want(400, w.as("centre", "GET", "/ogc/collections/incident/items?"+param+"="+v, nil))
		}
	}
	if p := w.as("centre", "GET", "/api/v1/incidents?state=nosuch", nil).problem(t); !strings.Contains(p.Detail, "reported, verifying, self_handled, registered, filed") {
		t.Errorf("the states are not named: %s", p.Detail)
	}
	var st struct {
		Total, Open     int64
		State, Severity []struct {
			Key string
			N   int64
		}
	}
	w.want(200, w.as("worker", "GET", "/api/v1/stats", nil)).into(t, &st)
	if st.Total != 5 || st.Open != 5 || len(st.State) != 1 || st.State[0].N != 5 {
		t.Errorf("the worker's statistics: %+v", st)
	}
}

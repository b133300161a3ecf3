package web_test

import (
	"encoding/csv"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/web"
)

// What a caller sends wrong is the caller's fault: never a 500, and never the
// database's words.
func TestHostileInputIsTheCallersFault(t *testing.T) {
	w := newWorld(t)
	w.report("worker", 120.005, 29.305)
	type call struct {
		login, method, path string
		body                any
	}
	nul := "a\x00b"
	var calls []call
	get := func(login string, paths ...string) {
		for _, p := range paths {
			calls = append(calls, call{login, "GET", p, nil})
		}
	}
	for _, bad := range []string{"%00", "%FF", "%ED%A0%80", "%F0%9F%98%80", "..%2f..%2fetc%2fpasswd", "-1", "99999999999999999999", "'", "%25", strings.Repeat("9", 2000)} {
		get("centre", "/api/v1/photos/"+bad, "/api/v1/incidents/"+bad, "/api/v1/layers/"+bad, "/api/v1/layers/incident/features/"+bad,
			"/tiles/"+bad+"/1/1/1.mvt", "/tiles/incident/"+bad+"/1/1.mvt", "/tiles/"+bad+".json", "/ogc/collections/"+bad, "/ogc/collections/incident/items/"+bad,
			"/api/v1/search?q="+bad, "/api/v1/search?limit="+bad+"&q=x", "/api/v1/classes?q="+bad, "/api/v1/classes?kind="+bad, "/api/v1/at?lat=1&lon="+bad, "/api/v1/at?lat=1&lon=1&layers="+bad,
			"/api/v1/keys?login="+bad, "/api/v1/stats?q="+bad, "/live/sse?layer="+bad)
		calls = append(calls, call{"security", "GET", "/api/v1/keys?login=" + bad, nil}, call{"centre", "DELETE", "/api/v1/keys/" + bad, nil},
			call{"security", "PUT", "/api/v1/people/" + bad + "/roles", map[string]any{"roles": []string{"planner"}}},
			call{"admin", "PUT", "/api/v1/people/" + bad + "/active", map[string]any{"active": true}})
		for _, p := range []string{"login", "action", "object", "before", "limit", "from", "to"} {
			get("auditor", "/api/v1/audit?"+p+"="+bad)
		}
		for _, p := range []string{"bbox", "grid", "area", "class", "datetime", "state", "severity", "dept", "limit", "after", "properties", "q", "page", "mine", "format", "filter", "filter-lang", "filter-crs"} {
			get("centre", "/api/v1/layers/incident/features?"+p+"="+bad, "/api/v1/layers/incident/export?"+p+"="+bad, "/ogc/collections/incident/items?"+p+"="+bad,
				"/api/v1/incidents?"+p+"="+bad, "/api/v1/stats?"+p+"="+bad, "/tiles/incident/14/13653/6796.mvt?"+p+"="+bad)
		}
	}
	for _, when := range []string{"0000-01-01", "0001-01-01", "9999-12-31", "99999-01-01", "-0044-03-15", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00%2B14:00",
		"../9999-12-31", "0001-01-01/..", "2026-13-01", "2026-01-01/2025-01-01", "/", "../..", "2026-01-01/2026-01-02/2026-01-03"} {
		for _, l := range []string{"incident", "inspection", "population"} {
			get("centre", "/api/v1/layers/"+l+"/features?datetime="+when, "/ogc/collections/"+l+"/items?datetime="+when, "/tiles/"+l+"/14/13653/6796.mvt?datetime="+when)
		}
		get("centre", "/api/v1/stats?datetime="+when, "/api/v1/incidents?datetime="+when)
	}
	for _, box := range []string{"1,2,3", "170,-10,-170,10", "NaN,0,1,1", "Inf,0,1,1", "-1e400,0,1,1", "0,0,0,0", "180,90,180,90", "-180,-90,180,90", "0,0,1,1,2", "0,-90,0,0,90,0", "5,5,1,1", "1e-320,0,1,1", "0x1p-2,0,1,1"} {
		get("centre", "/api/v1/layers/incident/features?bbox="+box, "/api/v1/layers/base_road/features?bbox="+box, "/api/v1/stats?bbox="+box, "/tiles/base_road,incident/3/6/3.mvt?bbox="+box)
	}
	for _, f := range []string{"id=9223372036854775808", "id<1e308", "severity=1e-320", "severity IN(-0)", "state='\x00'", "state='\\'", `state LIKE '\'`, `state LIKE 'a\\\\'`, "state LIKE '%%%%%%%%_'", "CASEI(state) LIKE '%İ\\'",
		"occurred_at<TIMESTAMP('9999-12-31T23:59:59.999999Z')", "occurred_at>DATE('0001-01-01')", "occurred_at<=DATE('9999-12-31')", "T_AFTER(occurred_at,INTERVAL('..','..'))", "T_EQUALS(occurred_at,DATE('9999-12-31'))",
		"S_INTERSECTS(geom,BBOX(180,90,180,90))", "S_INTERSECTS(geom,BBOX(180,-90,-180,90))", "S_TOUCHES(geom,BBOX(170,0,-170,0))", "S_WITHIN(geom,BBOX(0,0,0,1))", "S_EQUALS(geom,POINT(-0 0))", "S_CROSSES(geom,LINESTRING(0 0,0 1e-320))",
		"S_INTERSECTS(geom,GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 1))))", strings.Repeat("(", 5000), strings.Repeat("NOT ", 4000) + "TRUE", "TRUE" + strings.Repeat(" OR TRUE", 1900), "id IN (1" + strings.Repeat(",1", 900) + ")"} {
		q := "filter=" + url.QueryEscape(f)
		get("centre", "/api/v1/layers/incident/features?"+q, "/ogc/collections/incident/items?"+q, "/api/v1/stats?"+q, "/tiles/incident/14/13653/6796.mvt?"+q, "/tiles/base_road/3/6/3.mvt?"+q, "/live/sse?layer=incident&cursor=x&"+q)
	}
	for _, at := range []string{"lon=180&lat=90", "lon=-180&lat=-90", "lon=0&lat=90&radius_m=5000", "lon=179.9999&lat=0&radius_m=5000", "lon=NaN&lat=0", "lon=Inf&lat=0", "lon=120&lat=29&radius_m=-1", "lon=120&lat=29&limit=-1"} {
		get("centre", "/api/v1/at?"+at)
	}
	get("centre", "/tiles/incident/0/0/0.mvt", "/tiles/base_road/22/4194303/4194303.mvt", "/tiles/base_road/23/0/0.mvt", "/tiles/incident/1/2/0.mvt")
	post := func(login, method, path string, change func(b map[string]any)) {
		b := reportBody(120.005, 29.305)
		change(b)
		calls = append(calls, call{login, method, path, b})
	}
	for _, field := range []string{"description", "contact", "source", "uuid"} {
		post("worker", "POST", "/api/v1/incidents", func(b map[string]any) { b[field] = nul })
	}
	post("worker", "POST", "/api/v1/incidents", func(b map[string]any) { b["class"] = map[string]any{"standard": "test", "code": nul} })
	post("worker", "POST", "/api/v1/incidents", func(b map[string]any) { b["class"] = map[string]any{"standard": nul, "code": "T01"} })
	for _, c := range []string{nul, "EPSG:0", "EPSG:999999", "EPSG:4978", "EPSG:2154", "EPSG:-1", "", "wgs84", "EPSG:3857"} {
		for _, xy := range [][]float64{{120, 29}, {1e308, 1e308}, {-1e308, 1}, {500000, 3200000}} {
			post("worker", "POST", "/api/v1/incidents", func(b map[string]any) {
				b["place"] = map[string]any{"crs": c, "coordinates": xy, "text": "x"}
			})
		}
	}
	post("worker", "POST", "/api/v1/incidents", func(b map[string]any) {
		b["place"] = map[string]any{"crs": "WGS84", "coordinates": []float64{120, 29}, "text": nul}
	})
	for _, when := range []string{"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", nul} {
		post("worker", "POST", "/api/v1/incidents", func(b map[string]any) { b["occurred_at"] = when })
	}
	for _, b := range []map[string]any{
		{"action": nul, "version": 1}, {"action": "file", "version": 1, "opinion": nul}, {"action": "file", "version": 1 << 40}, {"action": "file", "version": -1},
		{"action": "file", "version": 1, "dept": nul}, {"action": "file", "version": 1, "photos": []any{map[string]any{"id": strings.Repeat("0", 64), "kind": "near"}}},
	} {
		calls = append(calls, call{"centre", "POST", "/api/v1/incidents/1/actions", b})
	}
	calls = append(calls,
		call{"", "POST", "/api/v1/session", map[string]any{"login": nul, "password": "x"}},
		call{"", "POST", "/api/v1/session", map[string]any{"login": "x", "password": nul}},
		call{"security", "POST", "/api/v1/keys", map[string]any{"name": "x", "login": nul}},
		call{"admin", "POST", "/api/v1/people", map[string]any{"login": nul, "name": nul, "org": nul, "password": ""}},
		call{"admin", "PUT", "/api/v1/people/worker/grids", map[string]any{"grids": []string{nul}}},
		call{"security", "PUT", "/api/v1/people/worker/roles", map[string]any{"roles": []string{nul}}},
		call{"admin", "POST", "/api/v1/organisations", map[string]any{"code": nul, "parent": nul, "name_zh": nul, "name_en": nul, "level": "town", "kind": "government", "area_code": nul}},
		call{"worker", "PUT", "/api/v1/positions", map[string]any{"crs": "EPSG:4978", "coordinates": []float64{1, 1}, "accuracy_m": 1e300}},
		call{"worker", "PUT", "/api/v1/positions", map[string]any{"crs": "BD09", "coordinates": []float64{1e300, -1e300}}},
		call{"worker", "POST", "/api/v1/incidents", strings.NewReader(strings.Repeat("[", 60000))},
		call{"worker", "POST", "/api/v1/incidents", strings.NewReader("")},
		call{"worker", "POST", "/api/v1/incidents", strings.NewReader("{\"uuid\":\"\xff\xfe\"}")},
		call{"worker", "POST", "/api/v1/photos", strings.NewReader("")},
	)
	for _, c := range calls {
		var header []string
		if _, raw := c.body.(*strings.Reader); raw {
			header = []string{"Content-Type", "application/json"}
			if strings.HasSuffix(c.path, "photos") {
				header[1] = "image/png"
			}
		}
		if strings.HasPrefix(c.path, "/live/sse") { // no hub here
			continue
		}
		r := w.as(c.login, c.method, c.path, c.body, header...)
		if r.StatusCode >= 500 {
			t.Errorf("%s %.80s %v by %q: %d %.200s", c.method, c.path, c.body, c.login, r.StatusCode, r.body)
		}
		for _, word := range []string{"SQLSTATE", "ERROR:", "pgconn", "relation \""} {
			if strings.Contains(string(r.body), word) {
				t.Errorf("%s %.80s: the answer has the database's words: %.200s", c.method, c.path, r.body)
			}
		}
	}
	if f := w.faults(); f != "" {
		t.Errorf("faults of ours:\n%.4000s", f)
	}
}

// Keys are made by who signed in only.
func TestHostileKeys(t *testing.T) {
	w := newWorld(t)
	cookie := w.signIn("worker")
	for _, b := range []map[string]any{{"name": "\x00"}, {"name": " "}, {"name": "x", "login": "\x00"}, {"name": "x", "expires_at": "9999-12-31T23:59:59-14:00"},
		{"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, {"name": strings.Repeat("长", 100)}} {
		if r := w.as("", "POST", "/api/v1/keys", b, "Cookie", cookie); r.StatusCode >= 500 || strings.Contains(string(r.body), "SQLSTATE") {
			t.Errorf("%v: %d %s", b, r.StatusCode, r.body)
		}
	}
	if f := w.faults(); f != "" {
		t.Errorf("faults of ours:\n%.4000s", f)
	}
}

// A key that ends in the year 1 is not one that never ends.
func TestKeyOfThePast(t *testing.T) {
	w := newWorld(t)
	w.want(422, w.as("centre", "POST", "/api/v1/keys", map[string]any{"name": "x", "expires_at": "0001-01-01T00:00:00Z"}))
}

// An export holds one of the few connections to the database while its reader
// reads. Readers that do not must not take them all.
func TestSlowExportsLeaveTheServerAlive(t *testing.T) {
	w := newWorld(t)
	conns := int(w.db.Config().MaxConns)
	w.exec(`INSERT INTO map.base_road (name, class, grid_code, area_code, geom)
		SELECT repeat(md5(n::text), 400), 'primary', '', '', ST_SetSRID(ST_MakeLine(ST_MakePoint(120.001, 29.305), ST_MakePoint(120.019, 29.305)), 4326)
		FROM generate_series(1, 4000) n`)
	srv := httptest.NewServer(w.server.Handler())
	t.Cleanup(srv.Close)
	for range 2 * conns {
		go func() {
			req, _ := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/api/v1/layers/base_road/export?format=ndjson", nil)
			req.Header.Set("Accept-Encoding", "identity")
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				return
			}
			<-t.Context().Done() // unread
			_ = res.Body.Close()
		}()
	}
	for running := 0; running == 0; {
		if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.audit WHERE action = 'layer.export'`).Scan(&running); err != nil {
			t.Fatal(err)
		}
	}
	r := w.as("centre", "GET", "/api/v1/stats", nil)
	if r.StatusCode != 200 {
		t.Errorf("with %d exports unread of %d connections: %d %s", 2*conns, conns, r.StatusCode, r.body)
	}
}

// The edges of a layer's data tell where its rows are: who sees a part of them
// gets the city's edges.
func TestExtentTellsNothingOfHiddenRows(t *testing.T) {
	w := newWorld(t)
	w.report("centre", 120.0123456, 29.3012345) // not in the worker's grid
	w.exec(`ANALYZE map.incident`)
	for _, path := range []string{"/tiles/incident.json", "/ogc/collections/incident"} {
		if r := w.want(200, w.as("worker", "GET", path, nil)); strings.Contains(string(r.body), "120.012") {
			t.Errorf("%s tells the worker where an incident is: %s", path, r.body)
		}
	}
	w.exec(`UPDATE onemap.layer SET open = false WHERE name = 'grid_unit'`)
	w.server.Store.ForgetRegistry()
	if r := w.want(200, w.as("", "GET", "/api/v1/at?lon=120.005&lat=29.305", nil)); strings.Contains(string(r.body), "330799001001001") {
		t.Errorf("the public reads the code of a grid that it may not see: %s", r.body)
	}
	if r := w.want(200, w.as("", "GET", "/api/v1/layers/base_road/features?grid=D1", nil)); !strings.Contains(string(r.body), `"numberReturned":0`) {
		t.Errorf("the public finds out what a grid is made of: %s", r.body)
	}
}

// An hour of a layer that has days only asks for its day.
func TestHoursOfALayerOfDays(t *testing.T) {
	w := newWorld(t)
	w.exec(`INSERT INTO map.inspection (name, inspected_on, result, dept_code, grid_code, area_code, geom) VALUES
		('a', '2026-11-21', 'pass', 'police', NULL, NULL, ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326)),
		('b', '2026-11-22', 'pass', 'police', NULL, NULL, ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326))`)
	for when, n := range map[string]string{"2026-11-22T08:00:00Z": "1", "2026-11-22T08:00:00Z/2026-11-22T10:00:00Z": "1", "2026-11-21/2026-11-22": "1",
		"2026-11-21T23:00:00Z/2026-11-22T01:00:00Z": "2", "2026-11-22": "1", "2026-11-23T00:00:00Z/..": "0", "../2026-11-22T00:00:00Z": "1"} {
		if r := w.want(200, w.as("police", "GET", "/api/v1/layers/inspection/features?datetime="+when, nil)); !strings.Contains(string(r.body), `"numberReturned":`+n) {
			t.Errorf("%s: want %s: %s", when, n, r.body)
		}
	}
}

// No text runs in the spreadsheet that opens an export.
func TestFormulasDoNotRun(t *testing.T) {
	q := layers.Query{Layer: layers.Layer{Name: "x", Geometry: "Point", Fields: []layers.Field{{Name: "name", Type: "text"}}}, Fields: []string{"name"}}
	for _, s := range []string{"=1+1", "+1", "-1", "@A1", "\t=1", "\n=1", "＝1+1", "＋1", "－1", "＠A1"} {
		var b strings.Builder
		_, err := web.WriteFeatures(&b, "csv", q, func(yield func(layers.Feature, error) bool) {
			yield(layers.Feature{ID: 1, Geometry: orb.Point{120, 29}, Values: []any{s}}, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll(); err != nil || rows[1][1] != "'"+s {
			t.Errorf("%q is written as %q %v", s, b.String(), err)
		}
	}
}

// A client may not hold a connection by not reading its answer.
func TestRequestsHaveDeadlines(t *testing.T) {
	w := &deadlines{ResponseWriter: httptest.NewRecorder()}
	before := time.Now()
	web.LimitTime(time.Second)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.written.Before(before.Add(time.Second)) || w.written.After(before.Add(time.Hour)) {
		t.Errorf("write deadline %v", w.written)
	}
}

type deadlines struct {
	http.ResponseWriter
	read, written time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = t; return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.written = t; return nil }

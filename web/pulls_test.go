package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/pull"
	"onemap/layers/upload"
)

// officer is the scope of a person as they have signed in.
func (w *world) officer(login string) access.Scope {
	w.t.Helper()
	var id int64
	if err := w.db.QueryRow(w.t.Context(), `SELECT id FROM onemap.person WHERE login = $1`, login).Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	by, err := w.server.Directory.ScopeOf(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return by
}

// wells makes a layer of the department urban.
func (w *world) wells() {
	w.t.Helper()
	l := layers.Layer{Name: "wells", TitleZH: "水井", TitleEN: "Wells", Subject: "other", Geometry: "Point", Owner: "urban", Share: layers.Conditional, ShareBasis: "test", MaxZoom: 22, DetailZoom: 13, UpdateCycle: "daily",
		Editable: true, TileBudget: 256 << 10, Fields: []layers.Field{{Name: "name", TitleZH: "名称", TitleEN: "Name", Type: "text", Sensitivity: layers.Internal},
			{Name: "depth", TitleZH: "深度", TitleEN: "Depth", Type: "integer", Sensitivity: layers.Internal}, {Name: "dug", TitleZH: "开挖", TitleEN: "Dug", Type: "time", Sensitivity: layers.Internal}}}
	tx, err := w.db.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	defer tx.Rollback(w.t.Context())
	if err := layers.MakeLayer(w.t.Context(), tx, l, func() error { return nil }); err != nil {
		w.t.Fatal(err)
	}
	if err := tx.Commit(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.server.Store.ForgetRegistry()
}

func (w *world) wellRows() (all string) {
	w.t.Helper()
	err := w.db.QueryRow(w.t.Context(), `SELECT coalesce(string_agg(concat_ws(' ', split_part(source_key, ':', 2), name, depth, round(ST_X(geom)::numeric, 4)), ', ' ORDER BY source_key), '') FROM map.wells`).Scan(&all)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func wellPlan(key string, fields ...string) *upload.Plan {
	p := &upload.Plan{Layer: "wells", Source: "wells", Key: []string{key}, CRS: "WGS84", Full: true}
	for _, f := range fields {
		column, field, _ := strings.Cut(f, ">")
		p.Fields = append(p.Fields, upload.Field{Column: column, Field: field})
	}
	return p
}

func (w *world) source(by access.Scope, x pull.Setting) pull.Source {
	w.t.Helper()
	x.Layer, x.Minutes, x.Active = "wells", 60, true
	if x.Title == "" {
		x.Title = "wells of " + x.Kind
	}
	out, err := w.server.Pulls.Put(w.t.Context(), by, "", 0, x)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) runs(id int64, login, state string) pull.Run {
	w.t.Helper()
	r, err := w.server.Pulls.Run(w.t.Context(), id, 1, login)
	if r.State != state {
		w.t.Fatalf("%+v, %v, want %s", r, err, state)
	}
	return r
}

// A real server of ArcGIS REST: two rows a page, whatever is asked for.
func arcServer(t *testing.T, rows *[]string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			fmt.Fprint(w, `{"error":{"code":499,"message":"Token Required"}}`)
			return
		}
		if !strings.HasSuffix(r.URL.Path, "/query") {
			fmt.Fprint(w, `{"type":"Feature Layer","geometryType":"esriGeometryPoint","maxRecordCount":2,"objectIdField":"OBJECTID","advancedQueryCapabilities":{"supportsPagination":true}}`)
			return
		}
		at, err := strconv.Atoi(q.Get("resultOffset"))
		if err != nil || q.Get("outSR") != "4326" || q.Get("orderByFields") != "OBJECTID" || q.Get("resultRecordCount") != "2" {
			fmt.Fprint(w, `{"error":{"code":400,"message":"bad query"}}`)
			return
		}
		end := min(at+2, len(*rows))
		fmt.Fprintf(w, `{"fields":[{"name":"OBJECTID","type":"esriFieldTypeOID"},{"name":"NAME","type":"esriFieldTypeString"},{"name":"DUG","type":"esriFieldTypeDate"}],"exceededTransferLimit":%t,"features":[%s]}`,
			end < len(*rows), strings.Join((*rows)[at:end], ","))
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/arcgis/rest/services/wells/FeatureServer/0"
}

func arcRow(id int, lon float64) string {
	return fmt.Sprintf(`{"attributes":{"OBJECTID":%d,"NAME":"井%d","DUG":1767225600000},"geometry":{"x":%g,"y":29.305}}`, id, id, lon)
}

func TestSourcesArePulled(t *testing.T) {
	w := newWorld(t)
	w.wells()
	by := w.officer("urban")
	key := "s3cret"

	t.Run("ArcGIS REST", func(t *testing.T) {
		defer func(before testing.TB) { w.t = before }(w.t)
		w.t = t
		rows := []string{arcRow(1, 120.001), arcRow(2, 120.002), arcRow(3, 120.003), arcRow(4, 120.004), arcRow(5, 120.005)}
		x := w.source(by, pull.Setting{Kind: pull.ArcGIS, Place: pull.Place{URL: arcServer(t, &rows)}, Plan: wellPlan("OBJECTID", "NAME>name", "DUG>dug")})
		if r := w.runs(x.ID, "", pull.Failed); !strings.Contains(r.Error, "token") {
			t.Fatalf("%+v", r)
		}
		set := pull.Setting{Title: "ArcGIS", Kind: x.Kind, Place: x.Place, Layer: "wells", Plan: x.Plan, Minutes: 60, Active: true, Secret: &key}
		x, err := w.server.Pulls.Put(t.Context(), by, "", x.ID, set)
		if err != nil || !x.Secret {
			t.Fatalf("%+v, %v", x, err)
		}
		if r := w.runs(x.ID, "", pull.Changed); r.Inserted != 5 || r.Rows != 5 {
			t.Fatalf("%+v", r)
		}
		var dug time.Time
		if err := w.db.QueryRow(t.Context(), `SELECT dug FROM map.wells WHERE source_key = 'wells:3'`).Scan(&dug); err != nil || dug.Unix() != 1767225600 {
			t.Errorf("%v, %v", dug, err)
		}
		w.runs(x.ID, "", pull.Unchanged)
		rows = append(rows[:4], arcRow(6, 120.006))
		if r := w.runs(x.ID, "", pull.Changed); r.Inserted != 1 || r.Deleted != 1 {
			t.Fatalf("%+v", r)
		}
		// A secret is not sent elsewhere, and nothing reads it back.
		set.Secret, set.Place.URL = nil, "https://elsewhere.example/0"
		var in *layers.InputError
		if _, err := w.server.Pulls.Put(t.Context(), by, "", x.ID, set); !errors.As(err, &in) || in.Field != "secret" {
			t.Fatalf("%v", err)
		}
		for _, path := range []string{"/api/v1/pulls", fmt.Sprintf("/api/v1/pulls/%d", x.ID), fmt.Sprintf("/api/v1/pulls/%d/runs", x.ID)} {
			if r := w.want(200, w.as("urban", "GET", path, nil)); strings.Contains(string(r.body), key) {
				t.Errorf("%s tells the secret", path)
			}
		}
		w.want(404, w.as("police", "GET", fmt.Sprintf("/api/v1/pulls/%d", x.ID), nil))
		w.want(404, w.as("police", "POST", fmt.Sprintf("/api/v1/pulls/%d/run", x.ID), nil))
		w.want(202, w.as("urban", "POST", fmt.Sprintf("/api/v1/pulls/%d/run", x.ID), nil))
		// Four hundred wells, of which one is left: a person looks first.
		for i := range 60 {
			rows = append(rows, arcRow(10+i, 120.001+0.0001*float64(i)))
		}
		w.runs(x.ID, "", pull.Changed)
		rows = rows[:2]
		r := w.runs(x.ID, "", pull.Waiting)
		if n := strings.Count(w.wellRows(), ","); n != 64 {
			t.Errorf("%d rows are left", n+1)
		}
		if b, err := w.server.Uploads.Batch(t.Context(), by, r.Batch); err != nil || b.State != upload.Previewed {
			t.Errorf("%+v, %v", b, err)
		}
		w.exec(`UPDATE onemap.pull SET active = false`)
		w.exec(`TRUNCATE map.wells`)
	})

	t.Run("OGC API Features", func(t *testing.T) {
		defer func(before testing.TB) { w.t = before }(w.t)
		w.t = t
		w.exec(`UPDATE onemap.layer SET owner = 'urban', share = 'unconditional' WHERE name = 'enterprise'`)
		w.exec(`INSERT INTO map.enterprise (name, geom) SELECT '厂' || i, ST_SetSRID(ST_MakePoint(120.001 + 0.001 * i, 29.305), 4326) FROM generate_series(1, 5) i`)
		w.server.Store.ForgetRegistry()
		if err := w.server.Directory.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		token := w.tokens["urban"]
		x := w.source(w.officer("urban"), pull.Setting{Kind: pull.OGC, Place: pull.Place{URL: w.url + "/ogc/collections/enterprise/items?limit=2"}, Secret: &token, Plan: wellPlan("id", "name>name")})
		r := w.runs(x.ID, "", pull.Changed)
		if r.Inserted != 7 || !strings.Contains(w.wellRows(), "厂5 120.0060") {
			t.Fatalf("%+v: %s", r, w.wellRows())
		}
		// What a person undid stays so, until a person asks again.
		if _, err := w.server.Uploads.Undo(t.Context(), w.officer("urban"), "", r.Batch, ""); err != nil {
			t.Fatal(err)
		}
		w.runs(x.ID, "", pull.Unchanged)
		w.runs(x.ID, "urban", pull.Changed)
		w.exec(`TRUNCATE map.wells`)
	})

	t.Run("PostgreSQL", func(t *testing.T) {
		defer func(before testing.TB) { w.t = before }(w.t)
		w.t = t
		u, err := url.Parse(w.database)
		if err != nil {
			t.Fatal(err)
		}
		if u.Hostname() == "" {
			t.Skip("the tests' server has no TCP: set ONEMAP_TEST_DATABASE_URL")
		}
		port, _ := strconv.Atoi(u.Port())
		w.exec(`CREATE SCHEMA dept; CREATE TABLE dept.well (no text, name text, depth int, at geometry(Point, 4326)); INSERT INTO dept.well SELECT 'W' || i, '深井' || i, i * 10, ST_SetSRID(ST_MakePoint(120.001 + 0.001 * i, 29.305), 4326) FROM generate_series(1, 3) i`)
		login, none := u.User.Username(), ""
		if p, ok := u.User.Password(); ok {
			none = p
		}
		place := pull.Place{Host: u.Hostname(), Port: port, Database: strings.TrimPrefix(u.Path, "/"), Table: "dept.well"}
		set := pull.Setting{Kind: pull.Postgres, Place: place, Login: &login, Secret: &none, Plan: wellPlan("no", "name>name", "depth>depth")}
		x := w.source(by, set)
		if r := w.runs(x.ID, "", pull.Changed); r.Inserted != 3 || w.wellRows() != "W1 深井1 10 120.0020, W2 深井2 20 120.0030, W3 深井3 30 120.0040" {
			t.Fatalf("%+v: %s", r, w.wellRows())
		}
		for query, why := range map[string]string{
			"SELECT pg_sleep(5), 1 AS no":                                                 "longer than it may",
			"WITH x AS (DELETE FROM dept.well RETURNING *) SELECT * FROM x":               "",
			"SELECT 1 AS no) q; DELETE FROM dept.well; SELECT * FROM (SELECT 1":           "",
			"SELECT nextval('onemap.batch_id_seq') AS no":                                 "only read",
			"SELECT set_config('transaction_read_only', 'off', false), 1 AS no WHERE 1=2": "",
		} {
			set.Place.Table, set.Place.Query, set.Place.Seconds = "", query, 1
			y := w.source(by, set)
			if r := w.runs(y.ID, "", pull.Failed); !strings.Contains(r.Error, why) || r.Error == "" {
				t.Errorf("%s: %+v", query, r)
			}
		}
		var n int
		if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM dept.well`).Scan(&n); err != nil || n != 3 {
			t.Errorf("%d rows are left of the department's, %v", n, err)
		}
		// An address inside that nobody named is not even dialled.
		set.Place = pull.Place{Host: "10.0.0.1", Database: "x", Table: "t"}
		if r := w.runs(w.source(by, set).ID, "", pull.Failed); !strings.Contains(r.Error, "inside the network") {
			t.Errorf("%+v", r)
		}
		w.exec(`TRUNCATE map.wells`)
	})

	t.Run("a file", func(t *testing.T) {
		defer func(before testing.TB) { w.t = before }(w.t)
		w.t = t
		text, asked, same := "no,name,lon,lat\n1,甲,120.001,29.305\n2,乙,120.002,29.305\n", 0, 0
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			etag := fmt.Sprintf(`"%d"`, len(text))
			if r.Header.Get("If-None-Match") == etag {
				same++
				w.WriteHeader(304)
				return
			}
			w.Header().Set("ETag", etag)
			fmt.Fprint(w, text)
		}))
		defer srv.Close()
		p := wellPlan("no", "name>name")
		p.Place = upload.Place{X: "lon", Y: "lat"}
		x := w.source(by, pull.Setting{Kind: pull.File, Place: pull.Place{URL: srv.URL + "/wells.csv"}, Plan: p})
		w.runs(x.ID, "", pull.Changed)
		w.runs(x.ID, "", pull.Unchanged)
		if asked != 2 || same != 1 {
			t.Errorf("asked %d times, %d of them not changed", asked, same)
		}
		text += "3,丙,120.003,29.305\n4,丁,bad,29.305\n"
		if r := w.runs(x.ID, "", pull.Changed); r.Inserted != 1 || r.Rejected != 1 {
			t.Fatalf("%+v", r)
		}
		// It falls silent: the run fails, is told once, and the alarm ends when it answers.
		srv.Close()
		now := time.Now()
		w.server.Pulls.Now = func() time.Time { return now }
		defer func() { w.server.Pulls.Now = nil }()
		w.runs(x.ID, "", pull.Failed)
		now = now.Add(36*time.Hour + time.Minute)
		for range 2 {
			if err := w.server.Pulls.Silent(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		got, err := w.server.Pulls.Get(t.Context(), by, x.ID)
		if err != nil || !slices.ContainsFunc(got.Alarms, func(a pull.Alarm) bool { return a.Kind == "unreachable" }) || len(got.Alarms) != 1 || got.Last.State != pull.Failed {
			t.Fatalf("%+v, %v", got, err)
		}
		// It is due, and its keeper has lost the role.
		w.exec(`UPDATE onemap.pull SET active = false WHERE id <> $1`, x.ID)
		if n, err := w.server.Pulls.Due(t.Context()); err != nil || n != 1 {
			t.Fatalf("%d, %v", n, err)
		}
		if n, err := w.server.Pulls.Due(t.Context()); err != nil || n != 0 {
			t.Fatalf("twice: %d, %v", n, err)
		}
		if err := w.server.Directory.SetRoles(t.Context(), operator, "urban", []access.Role{access.CommandCentre}); err != nil {
			t.Fatal(err)
		}
		if err := w.server.Directory.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := w.runs(x.ID, "", pull.Failed); !strings.Contains(r.Error, "keeper") {
			t.Errorf("%+v", r)
		}
	})
}

// Rows are pushed by the layer's department alone, and answered line by line.
func TestRowsArePushed(t *testing.T) {
	w := newWorld(t)
	w.wells()
	body := func() *strings.Reader {
		return strings.NewReader(`{"id":"1","geometry":{"type":"Point","coordinates":[120.001,29.305]},"properties":{"name":"甲","depth":12}}` + "\n" +
			`{"id":"2","geometry":{"type":"Point","coordinates":[120.001,29.305]},"properties":{"name":"乙","depth":"deep"}}` + "\n")
	}
	path := "/api/v1/layers/wells/rows?crs=WGS84"
	nd := []string{"Content-Type", "application/x-ndjson", "Idempotency-Key", "a"}
	w.want(404, w.as("police", "POST", path, body(), nd...)) // it may not know of the layer
	w.want(403, w.as("worker", "POST", path, body(), nd...))
	w.want(401, w.as("", "POST", path, body(), nd...))
	w.want(415, w.as("urban", "POST", path, body(), "Content-Type", "text/html"))
	w.want(422, w.as("urban", "POST", "/api/v1/layers/wells/rows", body(), nd...))
	r := w.want(200, w.as("urban", "POST", path, body(), nd...))
	lines := strings.Split(strings.TrimSpace(string(r.body)), "\n")
	var refused struct {
		Line                              int
		Result, Key, Field, Value, Remedy string
	}
	if len(lines) != 3 || lines[0] != `{"line":1,"result":"inserted"}` || json.Unmarshal([]byte(lines[1]), &refused) != nil || refused.Key != "2" || refused.Field != "depth" || refused.Value != "deep" || refused.Remedy == "" {
		t.Fatalf("%s", r.body)
	}
	again := w.want(200, w.as("urban", "POST", path, body(), nd...))
	if string(again.body) != string(r.body) || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Fatalf("%s", again.body)
	}
	if got := w.wellRows(); got != "1 甲 12 120.0010" {
		t.Error(got)
	}
}

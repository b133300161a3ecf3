package web_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var paperStream = regexp.MustCompile(`(?s)stream\r?\n(.*?)\r?\nendstream`)
var paperText = regexp.MustCompile(`\(((?:[^()\\]|\\.)*)\) Tj`)

// printed is the Latin text of a PDF that we wrote, and how often it draws an area.
func printed(t *testing.T, pdf []byte) (text string, areas int) {
	t.Helper()
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Fatalf("no PDF: %.60q", pdf)
	}
	var out strings.Builder
	for _, m := range paperStream.FindAllSubmatch(pdf, -1) {
		z, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue // not a page
		}
		body, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range paperText.FindAllSubmatch(body, -1) {
			out.WriteString(strings.NewReplacer(`\(`, "(", `\)`, ")").Replace(string(s[1])))
			out.WriteByte(' ')
		}
		areas += bytes.Count(body, []byte(" rg f*"))
	}
	return out.String(), areas
}

// A plan on paper says what it covers beside today, what is proven, where posts
// stand and who loses; as GPX it has a waypoint for each post.
func TestStationingOnPaper(t *testing.T) {
	w := newWorld(t)
	w.streets()
	w.exec(`INSERT INTO map.grid_duty (grid_code, area_code, name, geom) SELECT '330799001001D0' || n, '330799001001', 'duty ' || n,
		ST_Multi(ST_MakeEnvelope(120 + (n - 1) * 0.01, 29.30, 120 + n * 0.01, 29.31, 4326)) FROM generate_series(1, 2) n`)
	var p stationingReply
	w.want(http.StatusCreated, w.as("planner", "POST", stationingPlans, stationingOrder(func(q map[string]any) { q["posts"], q["within_s"] = 1, 90 }))).into(t, &p)
	file := func(format, lang string) reply {
		return w.want(200, w.as("planner", "GET", fmt.Sprintf("%s/%d/file?format=%s&lang=%s", stationingPlans, p.ID, format, lang), nil))
	}
	text, areas := printed(t, file("pdf", "en").body)
	for _, says := range []string{"Plan, units 1:", "Today:", "of demand within 1.5 min", "Proven: no plan under the same conditions is better", "Proposed", "Hollow ones", "Against today, of 2 areas", "A plan is advice"} {
		if !strings.Contains(text, says) {
			t.Errorf("the paper does not say %q:\n%s", says, text)
		}
	}
	if !regexp.MustCompile(`areas [12] have less`).MatchString(text) {
		t.Errorf("nobody loses, with one station of four:\n%s", text)
	}
	if areas < 10+1 { // cells with calls, and the post
		t.Errorf("the map has %d areas", areas)
	}
	printed(t, file("pdf", "zh").body)
	if r := file("gpx", "en"); strings.Count(string(r.body), "<wpt ") != 1 || !strings.Contains(r.Header.Get("Content-Type"), "gpx") {
		t.Errorf("GPX: %s", r.body)
	}
	w.want(http.StatusNotFound, w.as("police", "GET", fmt.Sprintf("%s/%d/file?format=pdf", stationingPlans, p.ID), nil))
}

// Road speeds are seen by who plans, set by the command centre and planners with
// faults named, and what changed stands in the audit.
func TestRoadSpeeds(t *testing.T) {
	w := newWorld(t)
	w.streets()
	const path = "/api/v1/stationing/speeds"
	type line map[string]any
	var got struct {
		Speeds  []line
		Classes []struct {
			Class   string
			KM, KMH float64
		}
	}
	w.want(200, w.as("urban", "GET", path, nil)).into(t, &got)
	if len(got.Speeds) == 0 || len(got.Classes) != 1 || got.Classes[0].Class != "residential" || got.Classes[0].KMH != 36 || got.Classes[0].KM < 20 {
		t.Fatalf("%+v", got)
	}
	put := func(change func(l line)) any {
		l := line{"mode": "car", "class": "residential", "days": "workday", "from": 7, "to": 9, "factor": 0.5}
		change(l)
		return map[string]any{"speeds": []any{l}}
	}
	for field, change := range map[string]func(line){
		"speeds[0].class": func(l line) { l["class"] = "primrary" },
		"speeds[0].from":  func(l line) { l["from"], l["to"] = 9, 7 },
	} {
		w.stationingRefused(t, "PUT", path, put(change), field)
	}
	for name, change := range map[string]func(line){
		"factor": func(l line) { l["factor"] = 0 },
		"mode":   func(l line) { l["mode"] = "foot" },
		"days":   func(l line) { l["days"] = "feasts" },
	} {
		if r := w.as("planner", "PUT", path, put(change)); r.StatusCode != 422 || !strings.Contains(string(r.body), name) {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
	}
	w.want(http.StatusForbidden, w.as("urban", "PUT", path, put(func(line) {})))
	reload := func() {
		t.Helper()
		if err := w.server.Directory.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// A planner of a department, of a town, or of a county beside another reads them only.
	for _, org := range []string{"urban", "east", "centre"} {
		w.exec(`UPDATE onemap.person SET org = $1 WHERE login = 'planner'`, org)
		if org == "centre" {
			w.exec(`INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ('beside', 'county', 'government', '330798', '邻县', 'Beside')`)
		}
		reload()
		var seen struct {
			MaySet bool `json:"may_set"`
		}
		if w.want(200, w.as("planner", "GET", path, nil)).into(t, &seen); seen.MaySet {
			t.Errorf("a planner of %s may set speeds", org)
		}
		if p := w.want(http.StatusForbidden, w.as("planner", "PUT", path, put(func(line) {}))).problem(t); !strings.Contains(p.Detail, "planner of the city") {
			t.Errorf("of %s: %+v", org, p)
		}
	}
	w.exec(`UPDATE onemap.organisation SET kind = 'department' WHERE code = 'beside'`)
	reload()
	w.want(200, w.as("planner", "PUT", path, put(func(line) {}))).into(t, &got)
	if len(got.Speeds) != 1 || got.Speeds[0]["factor"] != 0.5 {
		t.Errorf("%+v", got.Speeds)
	}
	var after, before int
	if err := w.db.QueryRow(t.Context(), `SELECT jsonb_array_length(detail -> 'after'), jsonb_array_length(detail -> 'before') FROM onemap.audit WHERE action = 'roads.speeds'`).Scan(&after, &before); err != nil || after != 1 || before < 10 {
		t.Errorf("the audit tells of %d lines that came and %d that went, %v", after, before, err)
	}
}

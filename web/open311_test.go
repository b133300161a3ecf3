package web_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A client of GeoReport v2, written from the standard's text.

type georeport struct {
	w   *world
	key string
}

type grRequest struct {
	ID          string  `xml:"service_request_id" json:"service_request_id"`
	Status      string  `xml:"status" json:"status"`
	Notes       *string `xml:"status_notes" json:"status_notes"`
	Name        string  `xml:"service_name" json:"service_name"`
	Code        string  `xml:"service_code" json:"service_code"`
	Description *string `xml:"description" json:"description"`
	Agency      *string `xml:"agency_responsible" json:"agency_responsible"`
	Requested   string  `xml:"requested_datetime" json:"requested_datetime"`
	Updated     string  `xml:"updated_datetime" json:"updated_datetime"`
	Expected    *string `xml:"expected_datetime" json:"expected_datetime"`
	Address     *string `xml:"address" json:"address"`
	Lat         float64 `xml:"lat" json:"lat"`
	Long        float64 `xml:"long" json:"long"`
}

func (g georeport) url(path string, v url.Values) string {
	if v == nil {
		v = url.Values{}
	}
	if g.key != "" {
		v.Set("api_key", g.key)
	}
	return "/open311/v2/" + path + "?" + v.Encode()
}

// get asks in both formats, checks what both must have, and returns the answers.
func (g georeport) get(t *testing.T, path string, v url.Values, status int, asXML, asJSON any) {
	t.Helper()
	for _, f := range []struct {
		name, kind string
		read       func([]byte, any) error
		into       any
	}{{"xml", "text/xml; charset=utf-8", xml.Unmarshal, asXML}, {"json", "application/json; charset=utf-8", json.Unmarshal, asJSON}} {
		r := g.w.as("", "GET", g.url(path+"."+f.name, v), nil)
		if r.StatusCode != status || r.Header.Get("Content-Type") != f.kind {
			t.Fatalf("%s.%s: %d %s, want %d: %s", path, f.name, r.StatusCode, r.Header.Get("Content-Type"), status, r.body)
		}
		if f.name == "xml" && !bytes.HasPrefix(r.body, []byte(`<?xml version="1.0" encoding="UTF-8"?>`)) {
			t.Errorf("%s: no XML declaration: %.80s", path, r.body)
		}
		if f.into != nil {
			if err := f.read(r.body, f.into); err != nil {
				t.Errorf("%s.%s: %v: %s", path, f.name, err, r.body)
			}
		}
	}
}

func (g georeport) requests(t *testing.T, v url.Values) []grRequest {
	t.Helper()
	var x struct {
		XMLName xml.Name    `xml:"service_requests"`
		All     []grRequest `xml:"request"`
	}
	var j []grRequest
	g.get(t, "requests", v, 200, &x, &j)
	if len(x.All) != len(j) {
		t.Errorf("%d requests as XML, %d as JSON", len(x.All), len(j))
	}
	return j
}

func (g georeport) post(t *testing.T, form url.Values) reply {
	t.Helper()
	if g.key != "" {
		form.Set("api_key", g.key)
	}
	return g.w.as("", "POST", "/open311/v2/requests.json", strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

type grMade []struct {
	ID     string  `json:"service_request_id"`
	Token  string  `json:"token"`
	Notice *string `json:"service_notice"`
}

func newOpen311World(t *testing.T, settings string) (*world, georeport) {
	w := newWorld(t)
	w.exec(`UPDATE onemap.class SET public_reported = (standard = 'test')`)
	w.exec(`UPDATE onemap.setting SET value = value || $1::jsonb WHERE key = 'open311'`, settings)
	return w, georeport{w, w.tokens["centre"]}
}

func TestOpen311(t *testing.T) {
	w, g := newOpen311World(t, `{"jurisdiction": "yiwu.example"}`)
	anyone := georeport{w: w}

	var d struct {
		Endpoints []struct {
			Specification, URL string
			Formats            []string
		}
	}
	anyone.get(t, "discovery", nil, 200, &struct {
		XMLName xml.Name `xml:"discovery"`
	}{}, &d)
	if len(d.Endpoints) != 1 || d.Endpoints[0].Specification != "http://wiki.open311.org/GeoReport_v2" || d.Endpoints[0].URL != w.url+"/open311/v2" || len(d.Endpoints[0].Formats) != 2 {
		t.Errorf("discovery: %+v", d)
	}

	type service struct {
		Code     string `xml:"service_code" json:"service_code"`
		Name     string `xml:"service_name" json:"service_name"`
		Metadata bool   `xml:"metadata" json:"metadata"`
		Type     string `xml:"type" json:"type"`
	}
	var sx struct {
		XMLName xml.Name  `xml:"services"`
		All     []service `xml:"service"`
	}
	var sj []service
	anyone.get(t, "services", url.Values{"locale": {"en"}}, 200, &sx, &sj)
	if len(sj) != 2 || len(sx.All) != 2 || sj[0] != (service{"T01", "Missing manhole cover", true, "realtime"}) || sx.All[0] != sj[0] {
		t.Errorf("services: %+v %+v", sj, sx)
	}
	anyone.get(t, "services", nil, 200, nil, &sj)
	if sj[0].Name != "井盖缺失" {
		t.Errorf("in Chinese: %+v", sj)
	}

	w.exec(`INSERT INTO onemap.class_condition (standard, class, code, text_zh, text_en, limit_n, limit_unit) VALUES ('test', 'T01', '1', '井盖缺失', 'Gone', 2, 'urgent_hour')`)
	var def struct {
		Code       string `json:"service_code"`
		Attributes []struct {
			Code, Datatype string
			Order          int
			Values         []struct{ Key, Name string }
		}
	}
	anyone.get(t, "services/T01", url.Values{"locale": {"en"}}, 200, &struct {
		XMLName xml.Name `xml:"service_definition"`
	}{}, &def)
	if def.Code != "T01" || len(def.Attributes) != 2 || def.Attributes[1].Datatype != "singlevaluelist" || def.Attributes[1].Values[0].Name != "Gone" {
		t.Errorf("definition: %+v", def)
	}

	form := url.Values{"service_code": {"T01"}, "lat": {"29.3052"}, "long": {"120.0051"}, "description": {"井盖 <坏了> & \"trop\" 🕳 العربية"}, "address_string": {"人民路口"},
		"first_name": {"三"}, "last_name": {"张"}, "phone": {"13800000000"}, "email": {"z@example.org"}, "attribute[condition]": {"1"}, "attribute[occurred_at]": {"2026-11-01T08:00:00+08:00"}}
	var made grMade
	w.want(201, g.post(t, form)).into(t, &made)
	if len(made) != 1 || made[0].ID == "" {
		t.Fatalf("made %+v", made)
	}
	all := g.requests(t, url.Values{"service_request_id": {made[0].ID}})
	if len(all) != 1 || all[0].Status != "open" || all[0].Code != "T01" || *all[0].Description != form.Get("description") || *all[0].Address != "人民路口" || all[0].Lat != 29.3052 {
		t.Errorf("by its number: %+v", all)
	}
	for field, at := range map[string]string{"requested": all[0].Requested, "updated": all[0].Updated} {
		if _, err := time.Parse(time.RFC3339, at); err != nil {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, tt := range []struct {
		name string
		v    url.Values
		n    int
	}{
		{"everything of late", nil, 1},
		{"open", url.Values{"status": {"open"}}, 1},
		{"closed", url.Values{"status": {"closed"}}, 0},
		{"both", url.Values{"status": {"open,closed"}}, 1},
		{"its class", url.Values{"service_code": {"T01,T99"}}, 1},
		{"another class", url.Values{"service_code": {"T02"}}, 0},
		{"long ago", url.Values{"start_date": {"2020-01-01T00:00:00Z"}, "end_date": {"2020-02-01T00:00:00Z"}}, 0},
		{"changed since yesterday", url.Values{"updated_after": {time.Now().Add(-24 * time.Hour).Format(time.RFC3339)}}, 1},
		{"changed tomorrow", url.Values{"updated_after": {time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)}}, 0},
		{"the second page", url.Values{"page": {"2"}, "page_size": {"1"}}, 0},
	} {
		if got := g.requests(t, tt.v); len(got) != tt.n {
			t.Errorf("%s: %d, want %d", tt.name, len(got), tt.n)
		}
	}
	g.get(t, "requests/"+made[0].ID, nil, 200, nil, &all)
	if len(all) != 1 || all[0].ID != made[0].ID {
		t.Errorf("one: %+v", all)
	}
	// What is expected is when a department is to have handled it, not when the
	// centre is to have looked at it.
	if e := all[0].Expected; e != nil && *e != "" {
		t.Errorf("expected at %q before a department has it", *e)
	}
	w.exec(`UPDATE map.incident SET state = 'handling', due_at = '2026-11-30T04:00:00Z' WHERE id = ` + made[0].ID)
	g.get(t, "requests/"+made[0].ID, nil, 200, nil, &all)
	if e := all[0].Expected; e == nil || *e != "2026-11-30T04:00:00Z" {
		t.Errorf("expected at %v", e)
	}
	w.exec(`UPDATE map.incident SET state = 'reported' WHERE id = ` + made[0].ID)
	// A second page, and the link to it.
	w.want(201, g.post(t, url.Values{"service_code": {"T02"}, "lat": {"29.306"}, "long": {"120.006"}}))
	r := w.want(200, w.as("", "GET", g.url("requests.json", url.Values{"page": {"1"}, "page_size": {"1"}}), nil))
	if link := r.Header.Get("Link"); !strings.Contains(link, "page=2") || strings.Contains(link, "om_") {
		t.Errorf("link %q", link)
	}
	// The contact is where contacts are, and nowhere else.
	var contact string
	if err := w.db.QueryRow(t.Context(), `SELECT contact FROM onemap.incident_contact WHERE incident = $1::bigint`, made[0].ID).Scan(&contact); err != nil || contact != "三 张; 13800000000; z@example.org" {
		t.Errorf("contact %q, %v", contact, err)
	}
}

// Every error is of the standard's form, in both formats.
func TestOpen311Errors(t *testing.T) {
	w, g := newOpen311World(t, `{"jurisdiction": "yiwu.example"}`)
	type faults []struct {
		Code        int
		Description string
	}
	for _, tt := range []struct {
		path   string
		v      url.Values
		g      georeport
		status int
	}{
		{"services/T99", nil, g, 404},
		{"services", url.Values{"jurisdiction_id": {"elsewhere"}}, g, 404},
		{"requests/999999", nil, g, 404},
		{"requests/abc", nil, g, 404},
		{"requests/99999999999999999999", nil, g, 404},
		{"tokens/" + uuid.NewString(), nil, g, 404},
		{"tokens/x", nil, g, 404},
		{"requests", nil, georeport{w: w}, 403},
		{"requests", nil, georeport{w, "om_wrong"}, 403},
		{"requests", url.Values{"status": {"half"}}, g, 400},
		{"requests", url.Values{"start_date": {"yesterday"}}, g, 400},
		{"requests", url.Values{"start_date": {"2026-01-01T00:00:00Z"}, "end_date": {"2026-12-01T00:00:00Z"}}, g, 400},
		{"requests", url.Values{"start_date": {"2026-02-01T00:00:00Z"}, "end_date": {"2026-01-01T00:00:00Z"}}, g, 400},
		{"requests", url.Values{"service_request_id": {"1,two"}}, g, 400},
		{"requests", url.Values{"page": {"0"}}, g, 400},
		{"requests", url.Values{"page_size": {"100000"}}, g, 400},
	} {
		var x struct {
			XMLName xml.Name `xml:"errors"`
			All     []struct {
				Code        int    `xml:"code"`
				Description string `xml:"description"`
			} `xml:"error"`
		}
		var j faults
		tt.g.get(t, tt.path, tt.v, tt.status, &x, &j)
		if len(j) != 1 || j[0].Code != tt.status || j[0].Description == "" || len(x.All) != 1 || x.All[0].Code != tt.status {
			t.Errorf("%s %v: %+v %+v", tt.path, tt.v, j, x)
		}
	}
	form := func(change ...string) url.Values {
		v := url.Values{"service_code": {"T01"}, "lat": {"29.305"}, "long": {"120.005"}}
		for i := 0; i < len(change); i += 2 {
			v.Set(change[i], change[i+1])
		}
		return v
	}
	for name, tt := range map[string]struct {
		g      georeport
		v      url.Values
		status int
	}{
		"no key":                   {georeport{w: w}, form(), 403},
		"a planner's key":          {georeport{w, w.tokens["planner"]}, form(), 403},
		"no service":               {g, form("service_code", ""), 400},
		"an unknown service":       {g, form("service_code", "T99"), 404},
		"no place":                 {g, form("lat", "", "long", ""), 400},
		"an address alone":         {g, form("lat", "", "long", "", "address_string", "人民路"), 400},
		"half a place":             {g, form("long", ""), 400},
		"beyond the pole":          {g, form("lat", "91"), 400},
		"no number":                {g, form("lat", "north"), 400},
		"NaN":                      {g, form("lat", "NaN", "long", "NaN"), 400},
		"nowhere":                  {g, form("lat", "0", "long", "0"), 400},
		"an unknown system":        {g, form("crs", "moon"), 400},
		"a long description":       {g, form("description", strings.Repeat("长", 4001)), 400},
		"broken UTF-8":             {g, form("description", "\xff\xfe"), 400},
		"a NUL":                    {g, form("description", "a\x00b"), 400},
		"a time to come":           {g, form("attribute[occurred_at]", "2099-01-01T00:00:00Z"), 400},
		"a time without an offset": {g, form("attribute[occurred_at]", "2026-01-01T00:00:00"), 400},
		"no UUID":                  {g, form("uuid", "1"), 400},
	} {
		r := tt.g.post(t, tt.v)
		var j faults
		if r.StatusCode != tt.status || json.Unmarshal(r.body, &j) != nil || len(j) != 1 || j[0].Code != tt.status {
			t.Errorf("%s: %d, want %d: %s", name, r.StatusCode, tt.status, r.body)
		}
	}
	if r := w.as("", "POST", "/open311/v2/requests.json", strings.NewReader(`{"service_code": "T01"}`), "Content-Type", "application/json"); r.StatusCode != 400 {
		t.Errorf("JSON as a form: %d: %s", r.StatusCode, r.body)
	}
	if f := w.faults(); f != "" {
		t.Errorf("faults of the server: %s", f)
	}
}

// What the city opened shows nothing that somebody wrote, and about where it is.
func TestOpen311ForAnyone(t *testing.T) {
	w, g := newOpen311World(t, `{"public": true, "anonymous": true}`)
	anyone := georeport{w: w}
	var made grMade
	w.want(201, anyone.post(t, url.Values{"service_code": {"T01"}, "lat": {"29.30523"}, "long": {"120.00517"}, "description": {"私密"}, "address_string": {"某楼某室"},
		"phone": {"13800000000"}, "return_token": {"true"}})).into(t, &made)
	all := anyone.requests(t, nil)
	if len(all) != 1 || all[0].Lat != 29.305 || all[0].Long != 120.005 || all[0].Code != "T01" || all[0].Status != "open" || *all[0].Notes != "已收到" {
		t.Errorf("anyone sees %+v", all)
	}
	r := w.as("", "GET", "/open311/v2/requests.xml", nil)
	for _, secret := range []string{"私密", "某楼", "138", "城管"} {
		if bytes.Contains(r.body, []byte(secret)) {
			t.Errorf("anyone reads %s: %s", secret, r.body)
		}
	}
	// The token finds it again.
	var tokens []struct {
		ID string `json:"service_request_id"`
	}
	anyone.get(t, "tokens/"+made[0].Token, nil, 200, nil, &tokens)
	if len(tokens) != 1 || tokens[0].ID != made[0].ID {
		t.Errorf("token: %+v, made %+v", tokens, made)
	}
	// Classes that the public does not report are not opened.
	w.exec(`UPDATE onemap.class SET public_reported = false WHERE code = 'T01'`)
	if all := anyone.requests(t, nil); len(all) != 0 {
		t.Errorf("anyone sees %+v", all)
	}
	if all := g.requests(t, nil); len(all) != 1 || *all[0].Description != "私密" {
		t.Errorf("the centre sees %+v", all)
	}
	// Not without end.
	limited := false
	for range 10 {
		limited = limited || anyone.post(t, url.Values{"service_code": {"T02"}, "lat": {"29.305"}, "long": {"120.005"}}).StatusCode == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("ten reports a minute without a key")
	}
	// The case is public's, and nobody's.
	var source string
	var reporter *int64
	if err := w.db.QueryRow(t.Context(), `SELECT source, reporter FROM map.incident WHERE id = $1::bigint`, made[0].ID).Scan(&source, &reporter); err != nil || source != "public" || reporter != nil {
		t.Errorf("source %s, reporter %v, %v", source, reporter, err)
	}
}

// By right: who may not see incidents sees no requests, but their own.
func TestOpen311ByRight(t *testing.T) {
	w, g := newOpen311World(t, `{}`)
	w.want(201, g.post(t, url.Values{"service_code": {"T01"}, "lat": {"29.305"}, "long": {"120.015"}}))
	worker := georeport{w, w.tokens["worker"]}
	if all := worker.requests(t, nil); len(all) != 0 {
		t.Errorf("a worker of another grid sees %+v", all)
	}
	w.want(201, worker.post(t, url.Values{"service_code": {"T02"}, "lat": {"29.305"}, "long": {"120.015"}}))
	if all := worker.requests(t, nil); len(all) != 1 || all[0].Code != "T02" {
		t.Errorf("the worker's own: %+v", all)
	}
	if all := (georeport{w, w.tokens["admin"]}).requests(t, nil); len(all) != 0 {
		t.Errorf("an administrator sees %+v", all)
	}
}

func TestOpen311Pictures(t *testing.T) {
	w, g := newOpen311World(t, `{}`)
	send := func(picture []byte, more ...string) reply {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		fields := append([]string{"service_code", "T01", "lat", "29.305", "long", "120.005", "api_key", g.key}, more...)
		for i := 0; i < len(fields); i += 2 {
			_ = m.WriteField(fields[i], fields[i+1])
		}
		if picture != nil {
			p, _ := m.CreateFormFile("media", "a.jpg")
			_, _ = p.Write(picture)
		}
		_ = m.Close()
		return w.as("", "POST", "/open311/v2/requests.json", &b, "Content-Type", m.FormDataContentType())
	}
	var made grMade
	w.want(201, send(photo(t, 64, 48, nil))).into(t, &made)
	var n int
	if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.incident_photo WHERE incident = $1::bigint`, made[0].ID).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d pictures, %v", n, err)
	}
	if r := send([]byte("no picture")); r.StatusCode != 400 {
		t.Errorf("no picture: %d: %s", r.StatusCode, r.body)
	}
	// A picture by its address: fetched where that is allowed, never from inside.
	srv := newFile(t, photo(t, 32, 32, nil))
	w.want(201, send(nil, "media_url", srv)).into(t, &made)
	if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.incident_photo WHERE incident = $1::bigint`, made[0].ID).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d pictures by address, %v; notice %v", n, err, made[0].Notice)
	}
	w.want(201, send(nil, "media_url", "http://169.254.169.254/latest/meta-data")).into(t, &made)
	if made[0].Notice == nil || !strings.Contains(*made[0].Notice, "could not be fetched") {
		t.Errorf("notice %v", made[0].Notice)
	}
}

func newFile(t *testing.T, b []byte) string {
	srv := newServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, bytes.NewReader(b)) })
	return srv + "/a.jpg"
}

// Sent again with its uuid it is the same request.
func TestOpen311Again(t *testing.T) {
	w, g := newOpen311World(t, `{}`)
	form := url.Values{"service_code": {"T01"}, "lat": {"29.305"}, "long": {"120.005"}, "uuid": {uuid.NewString()}}
	var a, b grMade
	w.want(201, g.post(t, form)).into(t, &a)
	w.want(200, g.post(t, form)).into(t, &b)
	if a[0].ID != b[0].ID {
		t.Errorf("%s and %s", a[0].ID, b[0].ID)
	}
	form.Set("description", "another")
	if r := g.post(t, form); r.StatusCode != 409 {
		t.Errorf("another of the same uuid: %d", r.StatusCode)
	}
	// Another site's page may report with a key: no cookie is looked at.
	r := w.as("", "POST", "/open311/v2/requests.xml", strings.NewReader(url.Values{"service_code": {"T01"}, "lat": {"29.305"}, "long": {"120.005"}, "api_key": {g.key}}.Encode()),
		"Content-Type", "application/x-www-form-urlencoded", "Origin", "https://city.example", "Sec-Fetch-Site", "cross-site")
	if r.StatusCode != 201 || r.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("from another site: %d %v: %s", r.StatusCode, r.Header, r.body)
	}
	r = w.as("", "GET", "/open311/v2/requests.json", nil, "Cookie", "onemap_session="+g.key)
	if r.StatusCode != 403 {
		t.Errorf("by a cookie: %d", r.StatusCode)
	}
}

// What a refused report brought leaves no file behind.
func TestOpen311LeavesNoFiles(t *testing.T) {
	w, g := newOpen311World(t, `{"anonymous": true}`)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for name, fields := range map[string][]string{
		"key": {"api_key", "om_none"}, "place": {"api_key", g.key, "service_code", "T01"}, "jurisdiction": {"jurisdiction_id", "elsewhere"},
	} {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		for i := 0; i < len(fields); i += 2 {
			_ = m.WriteField(fields[i], fields[i+1])
		}
		p, _ := m.CreateFormFile("media", "a.jpg")
		_, _ = p.Write(bytes.Repeat([]byte("x"), 12<<20))
		_ = m.Close()
		if r := w.as("", "POST", "/open311/v2/requests.json", &b, "Content-Type", m.FormDataContentType()); r.StatusCode < 400 || r.StatusCode >= 500 {
			t.Errorf("%s: %d: %s", name, r.StatusCode, r.body)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: %d files are left, %v", name, len(left), err)
		}
	}
}

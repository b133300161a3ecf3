package web_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"onemap/tiles"
)

// sourceFunc is a source of tiles made by a test.
type sourceFunc func() ([]byte, error)

func (f sourceFunc) Tile(context.Context, tiles.Request) ([]tiles.Part, error) {
	mvt, err := f()
	return []tiles.Part{{Held: true, MVT: mvt}}, err
}

// What nobody foresaw may name tables and hosts: it goes to the log and not to
// the caller.
func TestUnforeseenErrorsStayInside(t *testing.T) {
	w := newWorld(t)
	secret := `relation "onemap.person" on host db.internal does not exist`
	for name, source := range map[string]sourceFunc{
		"error": func() ([]byte, error) { return nil, errors.New(secret) },
		"panic": func() ([]byte, error) { panic(secret) },
	} {
		t.Run(name, func(t *testing.T) {
			w.server.Tiles = &tiles.Maker{PostGIS: source}
			r := w.as("", "GET", "/tiles/base_road/14/13653/6796.mvt", nil)
			p := r.problem(t)
			if r.StatusCode != 500 || p.Detail != "" || len(p.Errors) > 0 || bytes.Contains(r.body, []byte("person")) || bytes.Contains(r.body, []byte("internal")) {
				t.Errorf("%d: %s", r.StatusCode, r.body)
			}
			if log := w.faults(); !strings.Contains(log, "db.internal") || !strings.Contains(log, p.Instance) {
				t.Errorf("the log does not tell: %s", log)
			}
		})
	}
}

func TestTimeoutIsSaidAsSuch(t *testing.T) {
	w := newWorld(t)
	w.server.Tiles = &tiles.Maker{PostGIS: sourceFunc(func() ([]byte, error) { return nil, context.DeadlineExceeded })}
	if p := w.as("", "GET", "/tiles/base_road/14/13653/6796.mvt", nil).problem(t); p.Status != 504 || p.Detail != "" {
		t.Errorf("%+v", p)
	}
}

func TestWhatHTTPRefuses(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("x", 1<<17)
	for _, tt := range []struct {
		name         string
		method, path string
		body         string
		header       []string
		status       int
		typ          string
	}{
		{"no such address", "GET", "/api/v1/nothing", "", nil, 404, "no-route"},
		{"no such page", "GET", "/index.html", "", nil, 404, "no-route"},
		{"no such method", "PATCH", "/api/v1/incidents", "", nil, 405, "method-not-allowed"},
		{"no such type", "GET", "/api/v1/layers", "", []string{"Accept", "text/html"}, 406, "not-acceptable"},
		{"too large", "POST", "/api/v1/incidents", `{"description":"` + long + `"}`, []string{"Content-Type", "application/json"}, 413, "too-large"},
		{"not JSON", "POST", "/api/v1/incidents", `a=b`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported-media-type"},
		{"broken JSON", "POST", "/api/v1/incidents", `{"password":"hunter2`, []string{"Content-Type", "application/json"}, 400, "bad-request"},
		{"no body", "POST", "/api/v1/incidents", ``, []string{"Content-Type", "application/json"}, 400, "bad-request"},
		{"a list", "POST", "/api/v1/incidents", `[]`, []string{"Content-Type", "application/json"}, 422, "invalid-input"},
		{"wrong types", "POST", "/api/v1/session", `{"login":{"a":"hunter2"},"password":"hunter2"}`, []string{"Content-Type", "application/json"}, 422, "invalid-input"},
		{"no photo", "POST", "/api/v1/photos", `hunter2`, []string{"Content-Type", "text/plain"}, 415, "unsupported-media-type"},
		{"false photo", "POST", "/api/v1/photos", `hunter2`, []string{"Content-Type", "image/jpeg"}, 422, "invalid-input"},
		{"unknown parameter", "GET", "/api/v1/layers?colour=red", "", nil, 422, "invalid-input"},
		{"no number", "GET", "/api/v1/incidents/abc", "", nil, 422, "invalid-input"},
		{"basic", "GET", "/api/v1/layers", "", []string{"Authorization", "Basic aHVudGVyMg=="}, 401, "unauthenticated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := w.as("worker", tt.method, tt.path, strings.NewReader(tt.body), tt.header...)
			p := r.problem(t)
			if r.StatusCode != tt.status || p.Type != "/problems/"+tt.typ || p.Title == "" || p.Instance == "" {
				t.Errorf("%d %+v, want %d %s", r.StatusCode, p, tt.status, tt.typ)
			}
			if allow := r.Header.Get("Allow"); tt.status == 405 && allow != "GET, HEAD, POST" {
				t.Errorf("Allow: %q", allow)
			}
			if bytes.Contains(r.body, []byte("hunter2")) {
				t.Errorf("the body comes back: %s", r.body)
			}
		})
	}
	if strings.Contains(w.log.String(), "hunter2") {
		t.Error("the body is in the log")
	}
}

// Another site's page cannot make a browser write with our cookie.
func TestCrossOriginWrites(t *testing.T) {
	w := newWorld(t)
	cookie := w.signIn("worker")
	for _, tt := range []struct {
		name   string
		header []string
		status int
	}{
		{"our page", []string{"Cookie", cookie, "Sec-Fetch-Site", "same-origin"}, 201},
		{"a program", []string{"Cookie", cookie}, 201},
		{"another site's page", []string{"Cookie", cookie, "Sec-Fetch-Site", "cross-site"}, 403},
		{"an old browser on another site", []string{"Cookie", cookie, "Origin", "https://evil.example"}, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.want(tt.status, w.as("", "POST", "/api/v1/incidents", reportBody(120.005, 29.305), tt.header...))
		})
	}
	// A page elsewhere may read with a key, and never with the cookie.
	r := w.as("worker", "GET", "/tiles/base_road.json", nil, "Origin", "https://other.example")
	if r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("headers %v", r.Header)
	}
	r = w.as("", "OPTIONS", "/tiles/base_road/14/13653/6796.mvt", nil, "Origin", "https://other.example",
		"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
	if r.StatusCode != http.StatusOK || r.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("preflight: %d %v", r.StatusCode, r.Header)
	}
	if r := w.as("worker", "GET", "/api/v1/incidents", nil, "Origin", "https://other.example"); r.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("incidents are open to other sites")
	}
}

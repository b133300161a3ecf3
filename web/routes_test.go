package web_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"onemap/layers/access"
	"onemap/web"
)

// The table of who may call what, as people read it. Read its difference
// before committing it.
func TestRouteTable(t *testing.T) {
	var b strings.Builder
	for _, l := range new(web.Server).Table() {
		fmt.Fprintf(&b, "%-6s %-45s %s\n", l.Method, l.Pattern, l.Who)
	}
	const golden = "testdata/routes.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the routes are not those of %s: run go test ./web -run Table -update and read the difference", golden)
	}
}

// walkValues stand for the names in routes' patterns.
var walkValues = map[string]string{"layer": "base_road", "layers": "base_road", "id": "1", "z": "14", "x": "13653", "y": "6796",
	"login": "nobody-there", "prefix": "om_00000000", "standard": "test", "kind": "matter", "code": "T01", "condition": "a", "format": "json", "source": "sensor"}

// notByKey are the routes that even a body that says nothing sensible does not
// get past with an API key: who calls them has to have signed in.
var notByKey = []string{"POST /api/v1/totp"}

// Every route is called by every role, by nobody, and with credentials that do
// not hold. Who is in its audience passes (and may fail later, for want of a
// sensible request); who is not gets 401 or 403.
func TestEveryRouteByEveryRole(t *testing.T) {
	w := newWorld(t)
	// Sums of layers are for who sees the layers too.
	w.exec(`INSERT INTO onemap.layer_grant (layer, org, reason, granted_by) SELECT l, o, 'the walk', 'test' FROM unnest(ARRAY['water_gap', 'response_gap']) l, unnest(ARRAY['urban', 'police']) o`)
	callers := []struct {
		name, login string
		role        access.Role
	}{{"nobody", "", ""}, {"a false key", "om_aaaaaaaa_" + strings.Repeat("b", 32), ""}}
	for _, p := range people {
		callers = append(callers, struct {
			name, login string
			role        access.Role
		}{p.login, p.login, p.role})
	}
	for _, l := range w.server.Table() {
		path := strings.Replace(fill(l.Pattern, walkValues), "/*", "/assets/app-1234.js", 1)
		for _, c := range callers {
			var body any
			if l.Method == http.MethodPost || l.Method == http.MethodPut {
				body = map[string]any{}
			}
			r := w.as(c.login, l.Method, path, body)
			if strings.HasPrefix(path, "/open311/") { // has a way of its own to say who may not: see its tests
				if r.StatusCode >= 500 || r.StatusCode == 404 && strings.Contains(path, ".xml") {
					t.Errorf("%s %s by %s: %d\n%s", l.Method, l.Pattern, c.name, r.StatusCode, w.faults())
				}
				continue
			}
			want := "passes"
			switch {
			case l.IgnoresCredentials:
			case c.name == "a false key":
				want = "401"
			case l.FromThisMachine: // and the test is on this machine
			case l.SignedIn && c.login == "":
				want = "401"
			case len(l.Roles) > 0 && !slices.Contains(l.Roles, c.role):
				want = "403"
			case slices.Contains(notByKey, l.Method+" "+l.Pattern) && c.role != "":
				want = "403"
			}
			got := "passes"
			if r.StatusCode == 401 || r.StatusCode == 403 {
				got = fmt.Sprint(r.StatusCode)
			}
			if got != want {
				t.Errorf("%s %s by %s: %d, want %s: %s", l.Method, l.Pattern, c.name, r.StatusCode, want, r.body)
			}
			if r.StatusCode >= 400 && !(r.StatusCode == 503 && !strings.HasPrefix(path, "/live")) {
				if p := r.problem(t); p.Instance != r.Header.Get("X-Request-Id") || p.Status != r.StatusCode {
					t.Errorf("%s %s: problem %+v", l.Method, l.Pattern, p)
				}
			}
			if r.StatusCode >= 500 && r.StatusCode != 503 {
				t.Errorf("%s %s by %s: %d\n%s", l.Method, l.Pattern, c.name, r.StatusCode, w.faults())
			}
		}
	}
}

// From elsewhere than this machine, /metrics is for administrators only.
func TestMetricsFromElsewhere(t *testing.T) {
	w := newWorld(t)
	for login, want := range map[string]int{"": 401, "centre": 403, "admin": 200} {
		r := w.as(login, "GET", "/metrics", nil, "X-Forwarded-For", "203.0.113.9")
		if r.StatusCode != want {
			t.Errorf("%q: %d, want %d", login, r.StatusCode, want)
		}
	}
}

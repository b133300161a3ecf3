package web_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Officers of two departments and the public ask for everything that can be
// read, all at once and over and over, with tiles from memory that are kept and
// shared: each gets what they would get alone, and no byte of the others'.
func TestTwoScopesSideBySide(t *testing.T) {
	rounds := 5
	if os.Getenv("ONEMAP_LONG") != "" {
		rounds = 1000
	}
	w := newWorld(t)
	// Each department's rows bear its mark, in the same places.
	w.exec(`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en) VALUES ('test', 'component', '1', '1', '一', 'one', '灯', 'lamp')`)
	w.exec(`INSERT INTO map.asset (class_standard, class_code, dept_code, name, geom) SELECT 'test', '1', d, 'MARKOF' || d || i,
		ST_SetSRID(ST_MakePoint(120.004 + 0.0001 * (i % 20), 29.304 + 0.0001 * (i / 20)), 4326) FROM generate_series(1, 200) i, unnest(ARRAY['urban', 'police']) d`)
	w.exec(`INSERT INTO map.incident (class_standard, class_code, severity, source, state, dept_code, description, occurred_at, geom)
		SELECT 'test', 'T01', 2, 'import', 'filed', d, 'MARKOF' || d || i, now(), ST_SetSRID(ST_MakePoint(120.004 + 0.0001 * (i % 20), 29.304), 4326)
		FROM generate_series(1, 40) i, unnest(ARRAY['urban', 'police']) d`)
	w.exec(`INSERT INTO map.inspection (name, dept_code, result, inspected_on, geom) SELECT 'MARKOF' || d, d, 'pass', '2026-11-01', ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326)
		FROM unnest(ARRAY['urban', 'police']) d`)
	w.fromMemory("asset")

	paths := w.readable()
	logins := []string{"urban", "police", ""}
	// Alone first: what is the same twice must be the same in company.
	type answer struct {
		status int
		body   []byte // nil: it changes by itself
	}
	alone := map[string]answer{}
	marked := map[string]int{}
	for _, login := range logins {
		for _, path := range paths {
			a, b := w.as(login, "GET", path, nil), w.as(login, "GET", path, nil)
			if a.StatusCode >= 500 && a.StatusCode != 503 {
				t.Errorf("%s by %q: %d: %s", path, login, a.StatusCode, a.body)
			}
			one := answer{status: a.StatusCode}
			if a.StatusCode < 400 && bytes.Equal(timeless(a.body), timeless(b.body)) {
				one.body = timeless(a.body)
			}
			alone[login+" "+path] = one
			if login != "" && bytes.Contains(a.body, []byte("MARKOF"+login)) {
				marked[login]++
			}
		}
	}
	if marked["urban"] < 10 || marked["police"] < 10 {
		t.Fatalf("the test tests little: marks in %v answers of %d", marked, len(paths))
	}
	before := w.server.Tiles.Stats()
	var all sync.WaitGroup
	for caller := range 2 * len(logins) {
		login := logins[caller%len(logins)]
		all.Go(func() {
			for round := range rounds {
				for i := range paths {
					path := paths[(i*7+round*13+caller)%len(paths)]
					r := w.as(login, "GET", path, nil)
					for _, other := range []string{"urban", "police"} {
						if other != login && bytes.Contains(r.body, []byte("MARKOF"+other)) {
							t.Errorf("%s by %q has what is %s's", path, login, other)
							return
						}
					}
					if want := alone[login+" "+path]; r.StatusCode != want.status || want.body != nil && !bytes.Equal(timeless(r.body), want.body) {
						t.Errorf("%s by %q: %d and %d bytes, alone %d and %d", path, login, r.StatusCode, len(r.body), want.status, len(want.body))
						return
					}
				}
			}
		})
	}
	// Meanwhile the place is written to, so that tiles are made anew.
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				w.exec(`UPDATE map.asset SET name = name WHERE id = (SELECT min(id) FROM map.asset)`)
			}
		}
	})
	all.Wait()
	close(stop)
	writing.Wait()
	if s := w.server.Tiles.Stats(); s.Hits == before.Hits || s.Stale == before.Stale || s.Memory == before.Memory {
		t.Errorf("tiles were neither kept nor made: %+v", s)
	}
}

// timeless leaves out when an answer was made.
func timeless(body []byte) []byte {
	return timeStamp.ReplaceAll(body, nil)
}

var timeStamp = regexp.MustCompile(`"timeStamp":"[^"]*"`)

// readable is the address of everything that can be read, of several layers.
func (w *world) readable() []string {
	w.t.Helper()
	var id string
	if err := w.db.QueryRow(w.t.Context(), `SELECT max(id)::text FROM map.asset`).Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, l := range w.server.Table() {
		switch {
		case l.Method != http.MethodGet,
			strings.HasPrefix(l.Pattern, "/api/v1/oidc/"),   // so many a minute from an address
			strings.HasPrefix(l.Pattern, "/live"),           // streams: package live has its own test
			l.Pattern == "/metrics", l.Pattern == "/readyz", // count requests; tell the lag
			l.Pattern == "/api/v1/history/mine": // grows with what is done beside
			continue
		}
		values := map[string]string{"id": id, "layers": "asset,incident,base_road", "prefix": "om_00000000", "login": "nobody", "tms": "WebMercatorQuad",
			"style": "base", "z": "16", "x": "54614", "y": "27186", "tileMatrix": "16", "tileRow": "27186", "tileCol": "54614"}
		layers := []string{""}
		if strings.Contains(l.Pattern, "{layer}") {
			layers = []string{"asset", "incident", "inspection", "enterprise", "base_road"}
		}
		for _, layer := range layers {
			values["layer"] = layer
			out = append(out, strings.Replace(fill(l.Pattern, values), "/*", "/assets/app-1234.js", 1))
		}
	}
	for _, layers := range []string{"asset", "incident", "inspection", "enterprise", "asset,incident"} {
		for _, at := range []string{"16/54614/27186", "14/13653/6796", "10/853/424", "0/0/0"} {
			out = append(out, fmt.Sprintf("/tiles/%s/%s.mvt", layers, at))
		}
		out = append(out, fmt.Sprintf("/tiles/%s/14/13653/6796.mvt?bbox=120,29,121,30", layers))
	}
	out = append(out, "/api/v1/search?q=MARKOF", "/api/v1/at?lon=120.004&lat=29.304&radius=100", "/api/v1/layers/asset/features?limit=500",
		"/api/v1/layers/asset/export?format=csv", "/tiles/asset/16/54614/27186.mvt?class=1", "/ogc/collections/asset/items?limit=300")
	return out
}

package web_test

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"

	"onemap/tiles/tilestest"
)

// offAndPublic are what answers to anybody while open data is off, and why. What
// is not here says 401.
var offAndPublic = map[string]string{
	"POST /api/v1/session": "sign-in", "GET /api/v1/session": "sign-in", "DELETE /api/v1/session": "sign-in", "GET /api/v1/settings": "sign-in",
	"GET /api/v1/oidc/start": "sign-in", "GET /api/v1/oidc/callback": "sign-in",
	"GET /pmtiles/{name}.pmtiles": "by what is published: 404",
	"GET /cap/alerts.atom":        "CAP", "GET /cap/{file}": "CAP",
	"GET /api/openapi.json": "page", "GET /api/asyncapi.yaml": "page", "GET /api/docs": "page", "GET /api/docs/start.js": "page",
	"GET /livez": "health", "GET /readyz": "health", "GET /": "page", "GET /m": "page", "GET /desk": "page", "GET /*": "page", "GET /open": "404",
}

// With open data off, the anonymous get nothing but sign-in, health, the pages,
// and what CAP and Open311 have settings of their own for.
func TestNothingAnswersTheAnonymous(t *testing.T) {
	w := newWorld(t)
	w.want(200, w.as("admin", "PUT", "/api/v1/open", map[string]any{"on": false, "reason": "test"}))
	for _, l := range w.server.Table() {
		path := strings.Replace(fill(l.Pattern, walkValues), "/*", "/assets/app-1234.js", 1)
		why, public := offAndPublic[l.Method+" "+l.Pattern]
		if strings.HasPrefix(path, "/open311/") || l.FromThisMachine {
			continue // its tests have it; its answers depend on the setting open311
		}
		if public != l.IgnoresCredentials && why != "sign-in" && why != "CAP" {
			t.Errorf("%s %s: looks at credentials %v, and is listed as %q", l.Method, l.Pattern, !l.IgnoresCredentials, why)
		}
		r := w.as("", l.Method, path, nil)
		if got := r.StatusCode == 401; got == public && l.Method != "POST" || !public && !got {
			t.Errorf("%s %s (%s): %d", l.Method, l.Pattern, why, r.StatusCode)
		}
	}
	for _, path := range []string{"/open", "/pmtiles/base.pmtiles"} {
		w.want(404, w.as("", "GET", path, nil))
	}
	w.want(200, w.as("admin", "PUT", "/api/v1/open", map[string]any{"on": true, "reason": "test"}))
	w.want(200, w.as("", "GET", "/api/v1/layers/base_road/features", nil))
}

// openFeatures is features as JSON has them.
type openFeatures struct {
	Features []struct {
		ID         int64 `json:"id"`
		Properties map[string]any
		Geometry   struct {
			Type        string
			Coordinates []float64
		}
	} `json:"features"`
}

// A generalised layer is what the public gets on every way, and no filter, box,
// zoom or sorting finds out more: what the rule leaves out is not in the table.
func TestGeneralisedCannotBeUndone(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE onemap.layer SET owner = 'police', share = 'unconditional', share_basis = '', open = true WHERE name = 'enterprise'`)
	w.exec(`UPDATE onemap.layer_field SET sensitivity = 'public' WHERE layer = 'enterprise' AND name IN ('name', 'industry', 'risk', 'address')`)
	w.exec(`DELETE FROM map.enterprise`)
	// 40 in one place and around it, one alone, one that is new.
	w.exec(`INSERT INTO map.enterprise (name, industry, risk, address, updated_at, geom) SELECT 'E' || i, 'food', 1 + i % 3, i || ' Road', now() - interval '3 days',
		ST_SetSRID(ST_MakePoint(120.0051 + 0.00001 * i, 29.3051 + 0.000007 * i), 4326) FROM generate_series(1, 40) i`)
	w.exec(`INSERT INTO map.enterprise (name, industry, risk, address, updated_at, geom) VALUES
		('alone', 'chemicals', 1, 'x', now() - interval '3 days', ST_SetSRID(ST_MakePoint(120.0178, 29.3011), 4326)),
		('new', 'food', 1, 'x', now(), ST_SetSRID(ST_MakePoint(120.00513, 29.30512), 4326))`)
	w.server.Store.ForgetRegistry()
	anon := func(path string) reply { return w.as("", "GET", path, nil) }
	w.want(404, anon("/api/v1/layers/enterprise/features")) // open, and without a rule

	rule := map[string]any{"as_is": false, "fields": []string{"industry", "risk"}, "cell_m": 500, "delay_hours": 24, "floor": 3, "licence": "CC BY 4.0"}
	for field, bad := range map[string]map[string]any{
		"fields":       {"as_is": false, "fields": []string{"uscc"}},                                    // not public
		"simplify_m":   {"as_is": false, "fields": []string{"name"}, "simplify_m": 50},                  // of points
		"floor":        {"as_is": false, "fields": []string{"name"}, "floor": 3},                        // without cells
		"fields ":      {"as_is": false, "fields": []string{"grid_code"}},                               // finer than a cell
		"as_is":        {"as_is": true, "cell_m": 500},                                                  //
		"body.cell_m ": {"as_is": false, "fields": []string{"name"}, "cell_m": 500, "k_floor": "other"}, //
	} {
		if r := w.as("admin", "PUT", "/api/v1/open/rules/enterprise", bad); r.StatusCode != 422 {
			t.Errorf("%s: %d %s", field, r.StatusCode, r.body)
		}
	}
	w.want(404, w.as("urban", "PUT", "/api/v1/open/rules/enterprise", rule)) // another's layer
	const try = "/api/v1/open/rules/enterprise/preview"
	w.want(404, w.as("urban", "POST", try, rule))
	w.want(403, w.as("security", "POST", try, rule))
	var seen struct {
		Rows, Shown, Late, Shapeless, Few int
		openFeatures
	}
	w.want(200, w.as("police", "POST", try, rule)).into(t, &seen)
	if seen.Shown != 40 || seen.Rows != seen.Shown+seen.Late+seen.Shapeless+seen.Few || seen.Late == 0 || seen.Few == 0 || len(seen.Features) != 40 {
		t.Errorf("the preview has %d of %d rows, %d late, %d too few, and shows %d", seen.Shown, seen.Rows, seen.Late, seen.Few, len(seen.Features))
	}
	for _, f := range seen.Features {
		if len(f.Properties) != 2 || f.Geometry.Coordinates[0] != seen.Features[0].Geometry.Coordinates[0] {
			t.Errorf("the preview shows %+v", f)
		}
	}
	w.want(404, anon("/api/v1/layers/open_enterprise")) // nothing was made
	w.want(200, w.as("police", "PUT", "/api/v1/open/rules/enterprise", rule))

	w.want(404, anon("/api/v1/layers/enterprise/features"))
	w.want(404, anon("/tiles/enterprise/14/13653/6796.mvt"))
	w.want(404, w.as("centre", "GET", "/api/v1/layers/open_enterprise", nil)) // staff have the original
	var all openFeatures
	w.want(200, anon("/api/v1/layers/open_enterprise/features?limit=100")).into(t, &all)
	if len(all.Features) != 40 {
		t.Fatalf("%d features, want those that are old and not alone", len(all.Features))
	}
	at := all.Features[0].Geometry.Coordinates
	for _, f := range all.Features {
		if fmt.Sprint(f.Geometry.Coordinates) != fmt.Sprint(at) {
			t.Errorf("%v is not in the middle of the cell, %v", f.Geometry.Coordinates, at)
		}
		for name := range f.Properties {
			if name != "industry" && name != "risk" {
				t.Errorf("has %s = %v", name, f.Properties[name])
			}
		}
	}
	if d := math.Abs(at[1] - 29.3051); d > 250.0/110574+1e-9 || math.Mod(at[1]/(500.0/110574)-0.5+1e-6, 1) > 1e-5 {
		t.Errorf("%v is no middle of a cell of 500 m", at)
	}

	// No filter by what is not there, or by place, tells more.
	for _, filter := range []string{"name = 'E1'", "address LIKE '1%'", "grid_code = '330799001001001'", "area_code = '330799001'", "updated_at > '2020-01-01'"} {
		if r := anon("/api/v1/layers/open_enterprise/features?filter=" + url.QueryEscape(filter)); r.StatusCode != 422 {
			t.Errorf("filter %s: %d %s", filter, r.StatusCode, r.body)
		}
	}
	for _, box := range []string{"120.00515,29.30515,120.0052,29.3052", "120.0177,29.3010,120.0179,29.3012"} { // on the true places
		var found openFeatures
		w.want(200, anon("/api/v1/layers/open_enterprise/features?bbox="+box)).into(t, &found)
		for _, f := range found.Features {
			if fmt.Sprint(f.Geometry.Coordinates) != fmt.Sprint(at) {
				t.Errorf("box %s finds %v", box, f.Geometry.Coordinates)
			}
		}
	}
	for _, path := range []string{"/ogc/collections/open_enterprise/items?limit=100", "/api/v1/layers/open_enterprise/export?format=geojson",
		"/api/v1/layers/open_enterprise/export?format=csv", "/api/v1/layers/open_enterprise/export?format=ndjson"} {
		body := string(w.want(200, anon(path)).body)
		for _, leak := range []string{"E1", "alone", "new", "chemicals", "Road", "120.0051", "29.3051", "330799"} {
			if strings.Contains(body, leak) {
				t.Errorf("%s tells %q", path, leak)
			}
		}
	}
	n := 0
	for z := 6; z <= 20; z += 2 {
		x, y := tileOf(at[0], at[1], z)
		r := anon(fmt.Sprintf("/tiles/open_enterprise/%d/%d/%d.mvt", z, x, y))
		if r.StatusCode == 200 && len(r.body) > 0 {
			n++
			m, err := tilestest.Decode(r.body)
			if err != nil {
				t.Fatal(err)
			}
			if s := fmt.Sprintf("%+v", m); strings.Contains(s, "Road") || strings.Contains(s, "330799") || strings.Contains(s, "chemicals") {
				t.Errorf("tile of zoom %d tells %s", z, s)
			}
		}
	}
	if n == 0 {
		t.Error("no tile shows anything")
	}

	// The feed names it; what it names can be had.
	feed := string(w.want(200, anon("/api/v1/open/catalogue.jsonld")).body)
	if !strings.Contains(feed, "/api/v1/layers/open_enterprise/export?format=gpkg") || strings.Contains(feed, "layers/enterprise") || !strings.Contains(feed, "CC BY 4.0") {
		t.Errorf("DCAT: %s", feed)
	}
	// A field that is closed takes the copy away at once, before it is made anew.
	w.exec(`UPDATE onemap.layer_field SET sensitivity = 'internal' WHERE layer = 'enterprise' AND name = 'risk'`)
	w.server.Store.ForgetRegistry()
	w.want(404, anon("/api/v1/layers/open_enterprise/features"))
	w.want(204, w.as("police", "DELETE", "/api/v1/open/rules/enterprise", nil))
	w.want(404, anon("/api/v1/layers/open_enterprise"))
}

// Whoever keeps the rules of rights opens a layer to the public and closes it,
// saying why; only what is shared unconditionally can be open. Closed, it is
// gone at once, its copy with it.
func TestLayersAreOpenedAndClosed(t *testing.T) {
	w := newWorld(t)
	mark := func(layer string, open bool, reason string) reply {
		return w.as("security", "PUT", "/api/v1/open/layers/"+layer, map[string]any{"open": open, "reason": reason})
	}
	w.want(403, w.as("admin", "PUT", "/api/v1/open/layers/asset", map[string]any{"open": true, "reason": "test"}))
	w.want(403, w.as("police", "PUT", "/api/v1/open/layers/enterprise", map[string]any{"open": true, "reason": "test"}))
	w.want(422, mark("asset", true, ""))
	w.want(422, mark("asset", true, "  "))
	w.want(404, mark("nothing", true, "test"))
	w.want(422, mark("enterprise", true, "test")) // not shared
	w.exec(`UPDATE onemap.layer SET owner = 'police', share = 'unconditional' WHERE name = 'enterprise'`)
	w.server.Store.ForgetRegistry()
	rule := map[string]any{"as_is": false, "fields": []string{"industry"}, "cell_m": 500}
	w.want(422, w.as("police", "PUT", "/api/v1/open/rules/enterprise", rule)) // not open yet
	w.want(204, mark("enterprise", true, "年度开放计划"))
	w.want(200, w.as("police", "PUT", "/api/v1/open/rules/enterprise", rule))
	w.want(200, w.as("", "GET", "/api/v1/layers/open_enterprise/features", nil))

	var list struct {
		Rules  []struct{ Layer string }
		Layers []struct {
			Name            string
			Open, Published bool
		}
	}
	w.want(200, w.as("police", "GET", "/api/v1/open/rules", nil)).into(t, &list)
	for _, l := range list.Layers {
		if l.Name == "enterprise" && (!l.Open || !l.Published) || l.Name == "base_road" {
			t.Errorf("the police's list has %+v", l)
		}
	}
	w.want(200, w.as("security", "GET", "/api/v1/open/rules", nil)).into(t, &list)
	names := map[string]bool{}
	for _, l := range list.Layers {
		names[l.Name] = true
	}
	if !names["enterprise"] || !names["base_road"] || names["open_enterprise"] {
		t.Errorf("who keeps the rules sees %v", names)
	}

	w.want(204, mark("enterprise", false, "复核"))
	w.want(404, w.as("", "GET", "/api/v1/layers/open_enterprise/features", nil))
	var tables int
	if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM pg_class WHERE oid = to_regclass('map.open_enterprise')`).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d copies are left, %v", tables, err)
	}
}

func tileOf(lon, lat float64, z int) (x, y int) {
	n := math.Exp2(float64(z))
	phi := lat * math.Pi / 180
	return int((lon + 180) / 360 * n), int((1 - math.Asinh(math.Tan(phi))/math.Pi) / 2 * n)
}

// Keys of the public are made without an account, are kept as hashes, give no
// right, and end.
func TestOpenKeys(t *testing.T) {
	w := newWorld(t)
	var k struct{ Key, Prefix string }
	w.want(201, w.as("", "POST", "/api/v1/open/keys", map[string]any{"name": "a bus map", "days": 30})).into(t, &k)
	w.tokens[k.Key] = k.Key
	w.want(200, w.as(k.Key, "GET", "/api/v1/layers/base_road/features", nil))
	w.want(404, w.as(k.Key, "GET", "/api/v1/layers/enterprise", nil))
	w.want(401, w.as(k.Key, "GET", "/api/v1/incidents", nil))
	w.want(401, w.as("op_"+strings.Repeat("a", 8)+"_"+strings.Repeat("b", 26), "GET", "/api/v1/layers", nil))
	var stored int
	if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.open_key WHERE position(convert_to($1, 'UTF8') IN key_hash) > 0 OR octet_length(key_hash) <> 32`, k.Key).Scan(&stored); err != nil || stored != 0 {
		t.Errorf("%d keys are not hashed, %v", stored, err)
	}
	w.want(204, w.as("admin", "DELETE", "/api/v1/open/keys/"+k.Prefix, nil))
	w.want(401, w.as(k.Key, "GET", "/api/v1/layers/base_road/features", nil))
	w.want(422, w.as("", "POST", "/api/v1/open/keys", map[string]any{"name": "  "}))
	// An address has its share; a key's holder has another.
	w.want(201, w.as("", "POST", "/api/v1/open/keys", map[string]any{"name": "another"})).into(t, &k)
	w.tokens[k.Key] = k.Key
	w.server.VisitorRate = 5
	last := 0
	for range 12 { // a minute may end in between, once
		last = w.as("", "GET", "/api/v1/open/catalogue.jsonld", nil).StatusCode
	}
	if last != 429 {
		t.Errorf("the last of twelve requests where five a minute are allowed: %d", last)
	}
	w.want(200, w.as(k.Key, "GET", "/api/v1/layers", nil))
	w.want(200, w.as("centre", "GET", "/api/v1/layers", nil))
}

package web_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

const firms = "/ogc/collections/enterprise/items"

// firm makes a feature to write on, and returns its address and ETag.
func (c *conf) firm(name string) (at, tag string) {
	c.t.Helper()
	r := c.want(201, c.as("police", "POST", firms, enterprise(name, 120.005, 29.305, `"risk":2`), "Content-Type", geoJSON))
	return strings.TrimPrefix(r.Header.Get("Location"), c.url), r.Header.Get("ETag")
}

func (c *conf) write(method, at string, body io.Reader, header ...string) reply {
	c.t.Helper()
	return c.as("police", method, at, body, header...)
}

func (c *conf) feature(at string) (f featureReply, tag string) {
	c.t.Helper()
	r := c.want(200, c.as("police", "GET", at, nil))
	r.into(c.t, &f)
	return f, r.Header.Get("ETag")
}

const patchType = "application/merge-patch+json"

// OGC API - Features - Part 4: Create, Replace, Update and Delete (20-002),
// which has no abstract tests yet: its requirements.
var features4 = []conformanceTest{
	{"ogcapi-features-4/conf/create-replace-delete/methods", func(t *testing.T, c *conf) {
		r := c.want(200, c.write("OPTIONS", firms, nil))
		if allow := r.Header.Get("Allow"); allow != "GET, HEAD, OPTIONS, POST" {
			t.Errorf("allows %q", allow)
		}
	}},
	{"ogcapi-features-4/conf/create-replace-delete/options-op", func(t *testing.T, c *conf) {
		at, _ := c.firm("options")
		c.want(200, c.write("OPTIONS", at, nil))
		c.want(404, c.write("OPTIONS", firms+"/999999", nil))
		// A browser's preflight from another site is told what it may read.
		r := c.as("", "OPTIONS", "/ogc/collections/base_poi/items", nil, "Origin", "https://elsewhere.example", "Access-Control-Request-Method", "GET")
		if r.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%v", r.Header)
		}
	}},
	{"ogcapi-features-4/conf/create-replace-delete/options-response", func(t *testing.T, c *conf) {
		at, _ := c.firm("options")
		for _, tt := range []struct{ login, path, want string }{
			{"police", at, "GET, HEAD, OPTIONS, PUT, PATCH, DELETE"}, {"police", "/ogc/collections/grid_unit/items", "GET, HEAD, OPTIONS"},
			{"urban", "/ogc/collections/base_water/items", "GET, HEAD, OPTIONS"}, {"police", "/ogc/collections/base_water/items", "GET, HEAD, OPTIONS, POST"},
			{"", "/ogc/collections/base_poi/items/1", "GET, HEAD, OPTIONS"},
		} {
			if allow := c.want(200, c.as(tt.login, "OPTIONS", tt.path, nil)).Header.Get("Allow"); allow != tt.want {
				t.Errorf("%q on %s is allowed %q", tt.login, tt.path, allow)
			}
		}
	}},
	{"ogcapi-features-4/conf/create-replace-delete/post-op", func(t *testing.T, c *conf) { c.firm("post") }},
	{"ogcapi-features-4/conf/create-replace-delete/post-content-type", func(t *testing.T, c *conf) {
		for kind, want := range map[string]int{geoJSON: 201, "application/json": 201, "application/geo+json; charset=utf-8": 201, "text/plain": 415, "application/gml+xml": 415, "": 415} {
			c.want(want, c.write("POST", firms, enterprise("x", 120.005, 29.305, ""), "Content-Type", kind))
		}
	}},
	{"ogcapi-features-4/conf/create-replace-delete/post-body", func(t *testing.T, c *conf) {
		c.want(422, c.write("POST", firms, strings.NewReader(`{"name":"x"}`), "Content-Type", geoJSON))
		c.want(422, c.write("POST", firms, strings.NewReader(``), "Content-Type", geoJSON))
	}},
	{"ogcapi-features-4/conf/create-replace-delete/post-response", func(t *testing.T, c *conf) {
		at, _ := c.firm("where")
		if f, _ := c.feature(at); f.Properties["name"] != "where" {
			t.Errorf("%v", f)
		}
		r := c.want(201, c.write("POST", firms, enterprise("x", 120.005, 29.305, ""), "Content-Type", geoJSON, "Prefer", "return=minimal"))
		if len(r.body) != 0 || r.Header.Get("Preference-Applied") != "return=minimal" || r.Header.Get("Location") == "" || r.Header.Get("Onemap-Cursor") == "" {
			t.Errorf("%v %s", r.Header, r.body)
		}
	}},
	{"ogcapi-features-4/conf/create-replace-delete/post-response-rid", func(t *testing.T, c *conf) {
		a, _ := c.firm("one")
		b, _ := c.firm("two")
		if a == b {
			t.Errorf("both at %s", a)
		}
	}},
	{"ogcapi-features-4/conf/create-replace-delete/put-op", func(t *testing.T, c *conf) {
		at, tag := c.firm("put")
		c.want(200, c.write("PUT", at, enterprise("put again", 120.015, 29.305, ""), "Content-Type", geoJSON, "If-Match", tag))
		f, _ := c.feature(at)
		if f.Properties["name"] != "put again" || f.Properties["risk"] != 4.0 || f.Geometry.Coordinates[0] != 120.015 {
			t.Errorf("what PUT leaves out is as by default: %v", f)
		}
	}},
	{"ogcapi-features-4/conf/create-replace-delete/put-content-type", func(t *testing.T, c *conf) {
		at, tag := c.firm("put")
		c.want(415, c.write("PUT", at, enterprise("x", 120.015, 29.305, ""), "Content-Type", patchType, "If-Match", tag))
	}},
	{"ogcapi-features-4/conf/create-replace-delete/put-body", func(t *testing.T, c *conf) {
		at, tag := c.firm("put")
		c.want(422, c.write("PUT", at, strings.NewReader(`{"type":"Feature","properties":{"name":"x"}}`), "Content-Type", geoJSON, "If-Match", tag))
		// What the API does not show is kept.
		c.exec(fmt.Sprintf(`UPDATE map.enterprise SET attributes = '{"note": "kept"}', source_key = 'ours:1' WHERE id = %s`, at[strings.LastIndex(at, "/")+1:]))
		_, tag = c.feature(at)
		c.want(200, c.write("PUT", at, enterprise("whole", 120.005, 29.305, ""), "Content-Type", geoJSON, "If-Match", tag))
		var kept bool
		if err := c.db.QueryRow(t.Context(), `SELECT attributes = '{"note": "kept"}' AND source_key = 'ours:1' FROM map.enterprise WHERE name = 'whole'`).Scan(&kept); err != nil || !kept {
			t.Errorf("%v %v", kept, err)
		}
	}},
	{"ogcapi-features-4/conf/create-replace-delete/put-rid", func(t *testing.T, c *conf) {
		at, tag := c.firm("put")
		body := strings.NewReader(`{"type":"Feature","id":424242,"geometry":{"type":"Point","coordinates":[120.005,29.305]},"properties":{"name":"same"}}`)
		c.want(200, c.write("PUT", at, body, "Content-Type", geoJSON, "If-Match", tag))
		if f, _ := c.feature(at); f.Properties["name"] != "same" {
			t.Errorf("%v", f)
		}
		c.want(404, c.write("GET", firms+"/424242", nil))
	}},
	{"ogcapi-features-4/conf/create-replace-delete/put-rid-exception", func(t *testing.T, c *conf) {
		c.want(404, c.write("PUT", firms+"/999999", enterprise("x", 120.005, 29.305, ""), "Content-Type", geoJSON))
		c.want(412, c.write("PUT", firms+"/999999", enterprise("x", 120.005, 29.305, ""), "Content-Type", geoJSON, "If-Match", `"x-84"`))
	}},
	{"ogcapi-features-4/conf/create-replace-delete/put-response", func(t *testing.T, c *conf) {
		at, tag := c.firm("put")
		r := c.want(200, c.write("PUT", at, enterprise("one", 120.005, 29.305, ""), "Content-Type", geoJSON, "If-Match", tag))
		r = c.want(204, c.write("PUT", at, enterprise("two", 120.005, 29.305, ""), "Content-Type", geoJSON, "If-Match", r.Header.Get("ETag"), "Prefer", "return=minimal"))
		if len(r.body) != 0 || r.Header.Get("Onemap-Cursor") == "" {
			t.Errorf("%v", r.Header)
		}
	}},
	{"ogcapi-features-4/conf/create-replace-delete/delete-op", func(t *testing.T, c *conf) {
		at, tag := c.firm("gone")
		c.want(204, c.write("DELETE", at, nil, "If-Match", tag))
		c.want(404, c.write("GET", at, nil))
	}},
	{"ogcapi-features-4/conf/create-replace-delete/delete-response", func(t *testing.T, c *conf) {
		at, _ := c.firm("gone")
		if r := c.want(204, c.write("DELETE", at, nil, "If-Match", "*")); len(r.body) != 0 || r.Header.Get("Onemap-Cursor") == "" {
			t.Errorf("%v", r.Header)
		}
		c.want(404, c.write("DELETE", at, nil, "If-Match", "*"))
	}},

	{"ogcapi-features-4/conf/update/methods", func(t *testing.T, c *conf) {
		at, _ := c.firm("patch")
		r := c.write("OPTIONS", at, nil)
		if !strings.Contains(r.Header.Get("Allow"), "PATCH") || r.Header.Get("Accept-Patch") != patchType {
			t.Errorf("%v", r.Header)
		}
	}},
	{"ogcapi-features-4/conf/update/update-patch-op", func(t *testing.T, c *conf) {
		at, tag := c.firm("patch")
		c.want(200, c.write("PATCH", at, strings.NewReader(`{"properties":{"name":"changed"}}`), "Content-Type", patchType, "If-Match", tag))
		if f, _ := c.feature(at); f.Properties["name"] != "changed" || f.Properties["risk"] != 2.0 {
			t.Errorf("%v", f)
		}
	}},
	{"ogcapi-features-4/conf/update/update-patch-body", func(t *testing.T, c *conf) {
		at, tag := c.firm("patch")
		r := c.want(200, c.write("PATCH", at, strings.NewReader(`{"geometry":{"coordinates":[120.015,29.305]}}`), "Content-Type", patchType, "If-Match", tag))
		if f, _ := c.feature(at); f.Geometry.Coordinates[0] != 120.015 || f.Properties["grid_code"] != "330799002001001" || f.Properties["name"] != "patch" {
			t.Errorf("%v", f)
		}
		tag = r.Header.Get("ETag")
		for _, bad := range []string{`[]`, `null`, `{"properties":null}`, `{"geometry":null}`, `{"properties":{"nothing":1}}`, `{"type":"Point"}`} {
			c.want(422, c.write("PATCH", at, strings.NewReader(bad), "Content-Type", patchType, "If-Match", tag))
		}
		c.want(415, c.write("PATCH", at, strings.NewReader(`{}`), "Content-Type", geoJSON, "If-Match", tag))
	}},
	{"ogcapi-features-4/conf/update/update-patch-response", func(t *testing.T, c *conf) {
		at, tag := c.firm("patch")
		c.want(204, c.write("PATCH", at, strings.NewReader(`{}`), "Content-Type", patchType, "If-Match", tag, "Prefer", "return=minimal"))
	}},
	{"ogcapi-features-4/conf/update/rid", func(t *testing.T, c *conf) {
		at, tag := c.firm("patch")
		c.want(200, c.write("PATCH", at, strings.NewReader(`{"id":424242,"properties":{"name":"same"}}`), "Content-Type", patchType, "If-Match", tag))
		if f, _ := c.feature(at); f.Properties["name"] != "same" {
			t.Errorf("%v", f)
		}
	}},

	{"ogcapi-features-4/conf/optimistic-locking-etags/get-etag-response", func(t *testing.T, c *conf) {
		at, _ := c.firm("tag")
		_, tag := c.feature(at)
		if !strings.HasPrefix(tag, `"`) {
			t.Errorf("%q is no strong tag", tag)
		}
		c.want(304, c.write("GET", at, nil, "If-None-Match", tag))
		if html := c.want(200, c.write("GET", at+"?f=html", nil)).Header.Get("ETag"); html == tag || html == "" {
			t.Errorf("the page has the tag %s, as the JSON", html)
		}
		// Someone's plain SQL is a change too.
		c.exec(`UPDATE map.enterprise SET address = 'elsewhere' WHERE name = 'tag'`)
		c.want(200, c.write("GET", at, nil, "If-None-Match", tag))
		c.want(412, c.write("DELETE", at, nil, "If-Match", tag))
	}},
	{"ogcapi-features-4/conf/optimistic-locking-etags/put-etag-response", func(t *testing.T, c *conf) {
		at, tag := c.firm("tag")
		r := c.want(200, c.write("PUT", at, enterprise("x", 120.005, 29.305, ""), "Content-Type", geoJSON, "If-Match", tag))
		if _, now := c.feature(at); now != r.Header.Get("ETag") || now == tag {
			t.Errorf("%s, then %s", r.Header.Get("ETag"), now)
		}
	}},
	{"ogcapi-features-4/conf/optimistic-locking-etags/patch-etag-response", func(t *testing.T, c *conf) {
		at, tag := c.firm("tag")
		r := c.want(204, c.write("PATCH", at, strings.NewReader(`{"properties":{"name":"y"}}`), "Content-Type", patchType, "If-Match", tag, "Prefer", "return=minimal"))
		if _, now := c.feature(at); now != r.Header.Get("ETag") || now == tag {
			t.Errorf("%s, then %s", r.Header.Get("ETag"), now)
		}
	}},
	{"ogcapi-features-4/conf/optimistic-locking-etags/ifmatch-put-op", func(t *testing.T, c *conf) {
		at, _ := c.firm("tag")
		c.want(428, c.write("PUT", at, enterprise("x", 120.005, 29.305, ""), "Content-Type", geoJSON)).problem(t)
	}},
	{"ogcapi-features-4/conf/optimistic-locking-etags/ifmatch-patch-op", func(t *testing.T, c *conf) {
		at, _ := c.firm("tag")
		c.want(428, c.write("PATCH", at, strings.NewReader(`{}`), "Content-Type", patchType)).problem(t)
	}},
	{"ogcapi-features-4/conf/optimistic-locking-etags/ifmatch-put-eval", func(t *testing.T, c *conf) {
		at, tag := c.firm("tag")
		for _, bad := range []string{`"nothing"`, `W/` + tag, `"0123456789abcdef01234567-84"`} {
			c.want(412, c.write("PUT", at, enterprise("x", 120.005, 29.305, ""), "Content-Type", geoJSON, "If-Match", bad)).problem(t)
		}
		c.want(200, c.write("PUT", at, enterprise("x", 120.005, 29.305, ""), "Content-Type", geoJSON, "If-Match", `"nothing", `+tag))
	}},
	{"ogcapi-features-4/conf/optimistic-locking-etags/ifmatch-patch-eval", func(t *testing.T, c *conf) {
		at, tag := c.firm("tag")
		c.want(200, c.write("PATCH", at, strings.NewReader(`{"properties":{"name":"first"}}`), "Content-Type", patchType, "If-Match", tag))
		c.want(412, c.write("PATCH", at, strings.NewReader(`{"properties":{"name":"second"}}`), "Content-Type", patchType, "If-Match", tag)).problem(t)
		if f, _ := c.feature(at); f.Properties["name"] != "first" {
			t.Errorf("%v", f)
		}
	}},

	{"ogcapi-features-4/conf/features/resources-endpoint", func(t *testing.T, c *conf) {
		at, _ := c.firm("where")
		if !strings.HasPrefix(at, firms+"/") {
			t.Errorf("%s", at)
		}
	}},
	{"ogcapi-features-4/conf/features/resource-endpoint", func(t *testing.T, c *conf) {
		at, _ := c.firm("where")
		if f, _ := c.feature(at); fmt.Sprintf("%s/%d", firms, f.ID) != at {
			t.Errorf("%s has %v", at, f)
		}
	}},
	{"ogcapi-features-4/conf/features/content-crs-header", func(t *testing.T, c *conf) {
		body := `{"type":"Feature","geometry":{"type":"Point","coordinates":[29.305,120.005]},"properties":{"name":"x"}}`
		r := c.want(201, c.write("POST", firms, strings.NewReader(body), "Content-Type", geoJSON, "Content-Crs", "<http://www.opengis.net/def/crs/EPSG/0/4490>"))
		if got := r.Header.Get("Content-Crs"); got != "<http://www.opengis.net/def/crs/EPSG/0/4490>" {
			t.Errorf("answered in %s", got)
		}
		if f, _ := c.feature(strings.TrimPrefix(r.Header.Get("Location"), c.url)); f.Geometry.Coordinates[0] != 120.005 {
			t.Errorf("%v", f)
		}
	}},
	{"ogcapi-features-4/conf/features/default-crs", func(t *testing.T, c *conf) {
		at, _ := c.firm("where")
		if f, _ := c.feature(at); f.Geometry.Coordinates[0] != 120.005 || f.Geometry.Coordinates[1] != 29.305 {
			t.Errorf("%v", f)
		}
	}},
	{"ogcapi-features-4/conf/features/crs-other-crs", func(t *testing.T, c *conf) {
		c.want(400, c.write("POST", firms, enterprise("x", 120.005, 29.305, ""), "Content-Type", geoJSON, "Content-Crs", "<http://www.opengis.net/def/crs/EPSG/0/2437>")).problem(t)
	}},
	{"ogcapi-features-4/conf/features/schema", func(t *testing.T, c *conf) {
		doc := c.doc("/collections/enterprise/schema")
		properties, _ := doc["properties"].(map[string]any)
		for name, readOnly := range map[string]bool{"id": true, "grid_code": true, "area_code": true, "name": false, "risk": false, "geom": false} {
			p, _ := properties[name].(map[string]any)
			if p == nil || (p["readOnly"] == true) != readOnly {
				t.Errorf("%s: %v", name, p)
			}
		}
		other, _ := c.doc("/collections/base_poi/schema")["properties"].(map[string]any)
		for name, p := range other { // nobody's to write
			if m, _ := p.(map[string]any); m["readOnly"] != true {
				t.Errorf("%s: %v", name, p)
			}
		}
	}},
}

package web_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// OGC API - Features - Part 1: Core (17-069r4), annex A.
var features1 = []conformanceTest{
	{"ogcapi-features-1/conf/core/http", func(t *testing.T, c *conf) {
		if r := c.get(""); r.ProtoMajor != 1 || r.ProtoMinor != 1 {
			t.Errorf("%s", r.Proto)
		}
		c.want(200, c.ask("HEAD", "/collections"))
		if r := c.want(405, c.ask("DELETE", "/collections")); !strings.Contains(r.Header.Get("Allow"), "GET") {
			t.Errorf("allows %q", r.Header.Get("Allow"))
		}
		c.want(406, c.ask("GET", "", "Accept", "image/png"))
	}},
	{"ogcapi-features-1/conf/core/root-op", func(t *testing.T, c *conf) { c.get("") }},
	{"ogcapi-features-1/conf/core/root-success", func(t *testing.T, c *conf) {
		c.wantLinks(c.doc(""), "self", "alternate", "service-desc", "service-doc", "conformance", "data")
	}},
	{"ogcapi-features-1/conf/core/api-definition-op", func(t *testing.T, c *conf) {
		doc := c.doc("")
		c.get(linkTo(doc, "service-desc", ""))
		c.get(linkTo(doc, "service-doc", ""))
	}},
	{"ogcapi-features-1/conf/core/api-definition-success", func(t *testing.T, c *conf) {
		doc := c.openapi()
		paths, _ := doc["paths"].(map[string]any)
		for _, path := range []string{"/", "/api", "/conformance", "/collections", "/collections/{layer}", "/collections/{layer}/items", "/collections/{layer}/items/{id}"} {
			if paths[path] == nil {
				t.Errorf("no %s", path)
			}
		}
		if v := text(doc, "openapi"); !strings.HasPrefix(v, "3.0.") || text(doc, "info", "title") == "" {
			t.Errorf("openapi %q", v)
		}
	}},
	{"ogcapi-features-1/conf/core/conformance-op", func(t *testing.T, c *conf) {
		c.get("/conformance")
		c.get(linkTo(c.doc(""), "conformance", ""))
	}},
	{"ogcapi-features-1/conf/core/conformance-success", func(t *testing.T, c *conf) {
		all, _ := c.doc("/conformance")["conformsTo"].([]any)
		for _, class := range []string{"core", "oas30", "html", "geojson"} {
			if !slices.Contains(all, any("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"+class)) {
				t.Errorf("%s is not declared", class)
			}
		}
	}},
	{"ogcapi-features-1/conf/core/crs84", func(t *testing.T, c *conf) {
		for _, id := range withFeatures {
			for _, f := range c.items(id, "") {
				if !meet(boxOf(f), [4]float64{119, 29, 121, 30}) {
					t.Errorf("%s has %v", id, f["geometry"])
				}
			}
		}
	}},
	{"ogcapi-features-1/conf/core/fc-md-op", func(t *testing.T, c *conf) { c.get("/collections") }},
	{"ogcapi-features-1/conf/core/fc-md-success", func(t *testing.T, c *conf) {
		doc := c.doc("/collections")
		c.wantLinks(doc, "self", "alternate")
		if len(list(doc["collections"])) == 0 {
			t.Error("none")
		}
	}},
	{"ogcapi-features-1/conf/core/fc-md-links", func(t *testing.T, c *conf) {
		doc := c.doc("/collections")
		if h := c.get(linkTo(doc, "alternate", "text/html")).Header.Get("Content-Type"); !strings.HasPrefix(h, "text/html") {
			t.Error(h)
		}
	}},
	{"ogcapi-features-1/conf/core/fc-md-items", func(t *testing.T, c *conf) {
		for _, id := range withFeatures {
			if !slices.Contains(c.collections(), id) {
				t.Errorf("%s is not described", id)
			}
		}
	}},
	{"ogcapi-features-1/conf/core/fc-md-items-links", func(t *testing.T, c *conf) {
		for _, one := range list(c.doc("/collections")["collections"]) {
			c.wantLinks(one, "self", "items")
			for _, kind := range []string{"application/geo+json", "text/html"} {
				if linkTo(one, "items", kind) == "" {
					t.Errorf("%s has no link to its items as %s", text(one, "id"), kind)
				}
			}
			if text(one, "itemType") != "feature" {
				t.Errorf("%s: %v", text(one, "id"), one["itemType"])
			}
		}
	}},
	{"ogcapi-features-1/conf/core/fc-md-extent", func(t *testing.T, c *conf) {
		for _, id := range withFeatures {
			doc := c.doc("/collections/" + id)
			extent, _ := doc["extent"].(map[string]any)
			spatial, _ := extent["spatial"].(map[string]any)
			boxes, _ := spatial["bbox"].([]any)
			if len(boxes) == 0 {
				t.Errorf("%s has no extent", id)
				continue
			}
			v, _ := boxes[0].([]any)
			for _, f := range c.items(id, "") {
				b := boxOf(f)
				if b[0] < v[0].(float64)-1e-7 || b[1] < v[1].(float64)-1e-7 || b[2] > v[2].(float64)+1e-7 || b[3] > v[3].(float64)+1e-7 {
					t.Errorf("%s: %v is outside %v", id, b, v)
				}
			}
		}
		extent, _ := c.doc("/collections/inspection")["extent"].(map[string]any)
		temporal, _ := extent["temporal"].(map[string]any)
		if got := jsonText(temporal["interval"]); got != `[["2026-01-02T00:00:00Z","2026-01-31T00:00:00Z"]]` && got != `[[null,null]]` {
			t.Errorf("times %s", got)
		}
	}},
	{"ogcapi-features-1/conf/core/sfc-md-op", func(t *testing.T, c *conf) {
		for _, id := range c.collections() {
			c.get("/collections/" + id)
		}
		c.want(404, c.ask("GET", "/collections/nothing"))
	}},
	{"ogcapi-features-1/conf/core/sfc-md-success", func(t *testing.T, c *conf) {
		for _, one := range list(c.doc("/collections")["collections"]) {
			alone := c.doc("/collections/" + text(one, "id"))
			for _, key := range []string{"id", "title", "description", "extent", "itemType"} {
				if !reflect.DeepEqual(one[key], alone[key]) {
					t.Errorf("%s of %s: %v and %v", key, text(one, "id"), one[key], alone[key])
				}
			}
			for _, l := range list(one["links"]) {
				if !slices.ContainsFunc(list(alone["links"]), func(m map[string]any) bool { return reflect.DeepEqual(l, m) }) {
					t.Errorf("%s lacks %v", text(one, "id"), l)
				}
			}
		}
	}},
	{"ogcapi-features-1/conf/core/fc-op", func(t *testing.T, c *conf) {
		for _, id := range c.collections() {
			c.get("/collections/" + id + "/items")
		}
		c.want(404, c.ask("GET", "/collections/nothing/items"))
		both := c.items("inspection", query("bbox", "120,29,120.005,30", "datetime", "2026-01-05/2026-01-08"))
		if len(both) != 4 { // 4 to 7: on 5 to 8 January, at 120.002 to 120.0035
			t.Errorf("%d features in the box and the time", len(both))
		}
	}},
	{"ogcapi-features-1/conf/core/fc-bbox-definition", func(t *testing.T, c *conf) {
		p := c.parameter(c.operation("get", "/collections/{layer}/items"), "bbox")
		schema, _ := p["schema"].(map[string]any)
		if text(p, "in") != "query" || p["required"] == true || text(p, "style") != "form" || p["explode"] != false ||
			text(schema, "type") != "array" || text(schema, "items", "type") != "number" || len(list(schema["oneOf"])) != 2 {
			t.Errorf("%v", p)
		}
	}},
	{"ogcapi-features-1/conf/core/fc-bbox-response", func(t *testing.T, c *conf) {
		for _, box := range []string{"120.001,29.3,120.006,29.304", "120.001,29.3,-10,120.006,29.304,100"} {
			want := [4]float64{120.001, 29.3, 120.006, 29.304}
			for _, id := range withFeatures {
				in := ids(c.items(id, query("bbox", box)))
				for _, f := range c.items(id, "") {
					if meet(boxOf(f), want) != slices.Contains(in, num(f, "id")) {
						t.Errorf("%s %v: %v", id, num(f, "id"), boxOf(f))
					}
				}
			}
		}
		c.want(400, c.ask("GET", "/collections/base_poi/items?bbox=1,2,3"))
		c.want(400, c.ask("GET", "/collections/base_poi/items?bbox=120,30,121,29"))
	}},
	{"ogcapi-features-1/conf/core/fc-limit-definition", func(t *testing.T, c *conf) {
		p := c.parameter(c.operation("get", "/collections/{layer}/items"), "limit")
		if text(p, "in") != "query" || p["required"] == true || text(p, "schema", "type") != "integer" || p["explode"] == true {
			t.Errorf("%v", p)
		}
	}},
	{"ogcapi-features-1/conf/core/fc-limit-response", func(t *testing.T, c *conf) {
		if n := len(c.items("inspection", "?limit=7")); n != 7 {
			t.Errorf("%d of 7", n)
		}
		if n := len(c.items("inspection", "?limit=99999999")); n != 30 {
			t.Errorf("%d where more than the most was asked for", n)
		}
		c.want(400, c.ask("GET", "/collections/inspection/items?limit=0"))
	}},
	{"ogcapi-features-1/conf/core/fc-time-definition", func(t *testing.T, c *conf) {
		p := c.parameter(c.operation("get", "/collections/{layer}/items"), "datetime")
		if text(p, "in") != "query" || p["required"] == true || text(p, "schema", "type") != "string" || text(p, "style") != "form" || p["explode"] != false {
			t.Errorf("%v", p)
		}
	}},
	{"ogcapi-features-1/conf/core/fc-time-response", func(t *testing.T, c *conf) {
		for when, want := range map[string]int{
			"2026-01-05": 1, "2026-01-05T00:00:00Z": 1, "2026-01-05/2026-01-08": 4, "2026-01-05T00:00:00Z/2026-01-08T00:00:00Z": 4,
			"2026-01-20/..": 12, "2026-01-20/": 12, "../2026-01-20": 19, "/2026-01-20": 19, "2025-01-01": 0,
		} {
			if n := len(c.items("inspection", query("datetime", when))); n != want {
				t.Errorf("%s: %d, want %d", when, n, want)
			}
		}
		if n := len(c.items("base_poi", query("datetime", "2026-01-05"))); n != 12 {
			t.Errorf("%d of 12 features without a time", n)
		}
	}},
	{"ogcapi-features-1/conf/core/query-param-unknown", func(t *testing.T, c *conf) {
		for _, path := range []string{"", "/conformance", "/collections", "/collections/base_poi", "/collections/base_poi/items", "/api"} {
			c.want(400, c.ask("GET", path+"?colour=red")).problem(t)
		}
	}},
	{"ogcapi-features-1/conf/core/query-param-invalid", func(t *testing.T, c *conf) {
		for _, q := range []string{"limit=x", "limit=-1", "bbox=a,b,c,d", "datetime=yesterday", "datetime=2026-02-01/2026-01-01", "f=gml", "crs=x", "bbox-crs=x"} {
			c.want(400, c.ask("GET", "/collections/inspection/items?"+q)).problem(t)
		}
	}},
	{"ogcapi-features-1/conf/core/fc-response", func(t *testing.T, c *conf) {
		for _, id := range withFeatures {
			doc := c.doc("/collections/" + id + "/items")
			if text(doc, "type") != "FeatureCollection" || len(list(doc["features"])) == 0 {
				t.Errorf("%s: %v", id, doc)
			}
		}
	}},
	{"ogcapi-features-1/conf/core/fc-links", func(t *testing.T, c *conf) {
		doc := c.doc("/collections/inspection/items?limit=12")
		c.wantLinks(doc, "self", "alternate", "collection", "next")
		if linkTo(doc, "alternate", "text/html") == "" {
			t.Error("no link to the page")
		}
		// Following next, each feature comes once, though rows are written meanwhile.
		var all []int
		for page := 0; ; page++ {
			all = append(all, ids(list(doc["features"]))...)
			next := linkTo(doc, "next", "")
			if page > 9 {
				t.Fatalf("page %d of 3 has a next: %s", page+1, next)
			}
			if next == "" {
				break
			}
			if page == 0 {
				c.exec(`UPDATE map.inspection SET kind = 'again'`)
				c.exec(`INSERT INTO map.inspection (name, inspected_on, result, dept_code, geom) VALUES ('late', '2026-03-01', 'pass', 'police', 'SRID=4326;POINT(120.001 29.301)')`)
				c.exec(`DELETE FROM map.inspection WHERE name = 'number 1'`)
			}
			doc = c.doc(next)
		}
		c.exec(`DELETE FROM map.inspection WHERE name = 'late'`)
		c.exec(`INSERT INTO map.inspection (name, inspected_on, result, dept_code, geom) VALUES ('number 1', '2026-01-02', 'pass', 'police', 'SRID=4326;POINT(120.0005 29.305)')`)
		unique := slices.Compact(slices.Sorted(slices.Values(all)))
		if len(all) != 31 || len(unique) != 31 {
			t.Errorf("%d features, %d different, want 31: the 30 and the one written meanwhile", len(all), len(unique))
		}
	}},
	{"ogcapi-features-1/conf/core/fc-timeStamp", func(t *testing.T, c *conf) {
		at, err := time.Parse(time.RFC3339, text(c.doc("/collections/inspection/items"), "timeStamp"))
		if err != nil || time.Since(at) > time.Minute || time.Until(at) > time.Minute {
			t.Errorf("%v %v", at, err)
		}
	}},
	{"ogcapi-features-1/conf/core/fc-numberMatched", func(t *testing.T, c *conf) {
		for q, want := range map[string]int{"?limit=3": 30, "?bbox=120,29,120.005,30&limit=2": 10, "?datetime=2026-01-05": 1, "?bbox=1,1,2,2": 0} {
			if n := num(c.doc("/collections/inspection/items"+q), "numberMatched"); n != want {
				t.Errorf("%s: %d, want %d", q, n, want)
			}
		}
	}},
	{"ogcapi-features-1/conf/core/fc-numberReturned", func(t *testing.T, c *conf) {
		doc := c.doc("/collections/inspection/items?limit=3")
		if n := num(doc, "numberReturned"); n != 3 || len(list(doc["features"])) != 3 {
			t.Errorf("%d", n)
		}
	}},
	{"ogcapi-features-1/conf/core/f-op", func(t *testing.T, c *conf) {
		for _, id := range withFeatures {
			for _, f := range c.items(id, "?limit=3") {
				c.get(fmt.Sprintf("/collections/%s/items/%d", id, num(f, "id")))
			}
		}
		c.want(404, c.ask("GET", "/collections/base_poi/items/999999"))
		c.want(404, c.ask("GET", "/collections/base_poi/items/x"))
	}},
	{"ogcapi-features-1/conf/core/f-success", func(t *testing.T, c *conf) {
		for _, id := range withFeatures {
			f := c.items(id, "?limit=1")[0]
			alone := c.doc(fmt.Sprintf("/collections/%s/items/%d", id, num(f, "id")))
			for _, key := range []string{"type", "id", "geometry", "properties"} {
				if !reflect.DeepEqual(f[key], alone[key]) {
					t.Errorf("%s: %v and %v", key, f[key], alone[key])
				}
			}
		}
	}},
	{"ogcapi-features-1/conf/core/f-links", func(t *testing.T, c *conf) {
		f := c.items("base_poi", "?limit=1")[0]
		doc := c.doc(fmt.Sprintf("/collections/base_poi/items/%d", num(f, "id")))
		c.wantLinks(doc, "self", "alternate", "collection")
		c.get(linkTo(doc, "self", ""))
		c.get(linkTo(doc, "collection", ""))
	}},

	{"ogcapi-features-1/conf/geojson/definition", func(t *testing.T, c *conf) {
		for path, want := range map[string]string{"": "application/json", "/conformance": "application/json", "/collections": "application/json",
			"/collections/base_poi": "application/json", "/collections/base_poi/items": "application/geo+json", "/collections/base_poi/items/1": "application/geo+json"} {
			for _, accept := range []string{"application/geo+json", "application/json", "*/*", ""} {
				if got := c.get(path, "Accept", accept).Header.Get("Content-Type"); got != want {
					t.Errorf("%s as %q is %s", path, accept, got)
				}
			}
		}
	}},
	{"ogcapi-features-1/conf/geojson/content", func(t *testing.T, c *conf) {
		types := map[string]string{"inspection": "Point", "base_road": "LineString", "base_water": "MultiPolygon"}
		for id, want := range types {
			for _, f := range c.items(id, "") {
				if text(f, "type") != "Feature" || text(f, "geometry", "type") != want || num(f, "id") < 1 || f["properties"] == nil || len(coordinates(f)) == 0 {
					t.Errorf("%v", f)
				}
				if alone := c.doc(fmt.Sprintf("/collections/%s/items/%d", id, num(f, "id"))); num(alone, "id") != num(f, "id") {
					t.Errorf("%v", alone)
				}
			}
		}
	}},

	{"ogcapi-features-1/conf/html/definition", func(t *testing.T, c *conf) {
		for _, path := range []string{"", "/api", "/conformance", "/collections", "/collections/base_poi", "/collections/base_poi/items", "/collections/base_poi/items/1",
			"/collections/base_poi/queryables", "/collections/base_poi/schema", "/tileMatrixSets", "/tileMatrixSets/CGCS2000Quad", "/tiles", "/tiles/CGCS2000Quad",
			"/collections/base_poi/tiles", "/collections/base_poi/tiles/WebMercatorQuad", "/styles", "/styles/base"} {
			for _, r := range []reply{c.get(path + "?f=html"), c.get(path, "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")} {
				if ct := r.Header.Get("Content-Type"); ct != "text/html; charset=utf-8" {
					t.Errorf("%s is %s", path, ct)
				}
			}
		}
	}},
	{"ogcapi-features-1/conf/html/content", func(t *testing.T, c *conf) {
		poi := string(c.get("/collections/base_poi/items?f=html", "Accept-Language", "en-GB").body)
		for _, want := range []string{"<!doctype html>", `<html lang="en">`, "<title>", "poi 12", "12 features", "/collections/base_poi/items/1?f=html"} {
			if !strings.Contains(poi, want) {
				t.Errorf("no %s in %s", want, poi)
			}
		}
		if strings.Contains(poi, "<script") {
			t.Error("a page needs no script")
		}
		if zh := string(c.get("/collections/base_poi/items?f=html", "Accept-Language", "zh-CN,zh;q=0.9,en;q=0.8").body); !strings.Contains(zh, `<html lang="zh">`) || !strings.Contains(zh, "共 12 个要素") {
			t.Errorf("%s", zh)
		}
		// A document says all its titles in one language.
		for _, path := range []string{"/collections/base_poi/items", "/collections/base_poi/items/1"} {
			const own = "本文档"
			zh, en := string(c.get(path).body), string(c.get(path, "Accept-Language", "en").body)
			if !strings.Contains(zh, own) || strings.Contains(zh, "This document") || !strings.Contains(en, "This document") || strings.Contains(en, own) {
				t.Errorf("%s mixes languages:\n%s\n%s", path, zh, en)
			}
		}
		// What a department writes is shown, and never runs.
		c.exec(`UPDATE map.base_poi SET name = '<script>alert(1)</script>' WHERE name = 'poi 3'`)
		if page := string(c.get("/collections/base_poi/items?f=html").body); strings.Contains(page, "<script>") || !strings.Contains(page, "&lt;script&gt;") {
			t.Errorf("%s", page)
		}
		c.exec(`UPDATE map.base_poi SET name = 'poi 3' WHERE name LIKE '<%'`)
	}},

	{"ogcapi-features-1/conf/oas30/oas-definition-1", func(t *testing.T, c *conf) {
		doc := c.doc("")
		if r := c.get(linkTo(doc, "service-desc", "application/vnd.oai.openapi+json;version=3.0")); r.Header.Get("Content-Type") != "application/vnd.oai.openapi+json;version=3.0" {
			t.Error(r.Header.Get("Content-Type"))
		}
		if r := c.get(linkTo(doc, "service-doc", "text/html")); !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
			t.Error(r.Header.Get("Content-Type"))
		}
	}},
	{"ogcapi-features-1/conf/oas30/oas-definition-2", func(t *testing.T, c *conf) {
		r := c.get("/api")
		if !json.Valid(r.body) {
			t.Fatal("no JSON")
		}
		// What 3.1 has and 3.0 has not.
		for _, no := range []string{`"type":["`, `"examples":[`, `"const":`, `"exclusiveMinimum":0`} {
			if strings.Contains(string(r.body), no) {
				t.Errorf("the description has %s", no)
			}
		}
		// Every reference leads somewhere.
		doc := c.openapi()
		for _, part := range strings.Split(string(r.body), `"$ref":"`)[1:] {
			ref := part[:strings.Index(part, `"`)]
			var at any = doc
			for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
				m, _ := at.(map[string]any)
				at = m[step]
			}
			if at == nil {
				t.Errorf("%s leads nowhere", ref)
			}
		}
	}},
	{"ogcapi-features-1/conf/oas30/oas-impl", func(t *testing.T, c *conf) {
		values := map[string]string{"layer": "base_poi", "id": "1", "tms": "WebMercatorQuad", "tileMatrix": "14", "tileRow": "6796", "tileCol": "13653", "style": "base"}
		doc := c.openapi()
		servers := list(doc["servers"])
		paths, _ := doc["paths"].(map[string]any)
		for path, item := range paths {
			ops, _ := item.(map[string]any)
			if ops["get"] == nil {
				continue
			}
			r := c.ask("GET", text(servers[0], "url")+strings.TrimSuffix(fill(path, values), "/"))
			if r.StatusCode != 200 && r.StatusCode != 204 {
				t.Errorf("%s: %d %s", path, r.StatusCode, r.body)
			}
		}
	}},
	{"ogcapi-features-1/conf/oas30/completeness", func(t *testing.T, c *conf) {
		paths, _ := c.openapi()["paths"].(map[string]any)
		for path, item := range paths {
			ops, _ := item.(map[string]any)
			for method, op := range ops {
				o, _ := op.(map[string]any)
				if o == nil {
					continue
				}
				responses, _ := o["responses"].(map[string]any)
				if len(responses) < 2 || text(o, "operationId") == "" {
					t.Errorf("%s %s: %v", method, path, responses)
				}
				for status, r := range responses {
					if m, _ := r.(map[string]any); text(m, "description") == "" {
						t.Errorf("%s %s %s says nothing", method, path, status)
					}
				}
			}
		}
	}},
	{"ogcapi-features-1/conf/oas30/exceptions-codes", func(t *testing.T, c *conf) {
		responses, _ := c.operation("get", "/collections/{layer}/items")["responses"].(map[string]any)
		if problem, _ := responses["default"].(map[string]any); problem == nil || !strings.Contains(jsonText(problem), "application/problem+json") {
			t.Errorf("%v", responses)
		}
	}},
	{"ogcapi-features-1/conf/oas30/security", func(t *testing.T, c *conf) {
		schemes, _ := c.openapi()["components"].(map[string]any)["securitySchemes"].(map[string]any)
		if schemes["key"] == nil || schemes["session"] == nil {
			t.Errorf("%v", schemes)
		}
		if all := list(c.operation("get", "/collections")["security"]); len(all) != 3 { // none, session, key
			t.Errorf("%v", all)
		}
	}},
}

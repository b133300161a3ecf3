package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
)

const queryablesRel = "http://www.opengis.net/def/rel/ogc/1.0/queryables"

// filtered asks for features of a collection by a filter.
func (c *conf) filtered(collection, filter string, more ...string) []map[string]any {
	c.t.Helper()
	return c.items(collection, query(append([]string{"filter", filter}, more...)...))
}

func (c *conf) refused(collection string, pairs ...string) {
	c.t.Helper()
	c.want(400, c.ask("GET", "/collections/"+collection+"/items"+query(pairs...))).problem(c.t)
}

func (c *conf) declares(class string) {
	c.t.Helper()
	if all, _ := c.doc("/conformance")["conformsTo"].([]any); !slices.Contains(all, any("http://www.opengis.net/spec/"+class)) {
		c.t.Errorf("%s is not declared", class)
	}
}

// OGC API - Features - Part 3: Filtering (19-079r2), annex A. There are no
// functions but the standard ones, so get-functions has nothing to ask; nor do
// we say that queryables are query parameters.
var features3 = []conformanceTest{
	{"ogcapi-features-3/conf/queryables/get-conformance", func(t *testing.T, c *conf) { c.declares("ogcapi-features-3/1.0/conf/queryables") }},
	{"ogcapi-features-3/conf/queryables/get-queryables-uris", func(t *testing.T, c *conf) {
		for _, id := range withFeatures {
			r := c.want(200, c.ask("HEAD", "/collections/"+id+"/items"))
			if links := strings.Join(r.Header.Values("Link"), " "); !strings.Contains(links, "/collections/"+id+`/queryables>; rel="`+queryablesRel+`"`) {
				t.Errorf("%s: Link %s", id, links)
			}
		}
	}},
	{"ogcapi-features-3/conf/queryables/get-queryables", func(t *testing.T, c *conf) {
		for _, id := range c.collections() {
			at := "/collections/" + id + "/queryables"
			if ct := c.get(at, "Accept", "application/schema+json").Header.Get("Content-Type"); ct != "application/schema+json" {
				t.Errorf("%s is %s", at, ct)
			}
			doc := c.doc(at)
			if text(doc, "$schema") != "https://json-schema.org/draft/2020-12/schema" || text(doc, "$id") != c.url+"/ogc"+at || text(doc, "type") != "object" || doc["additionalProperties"] != false {
				t.Errorf("%v", doc)
			}
			properties, _ := doc["properties"].(map[string]any)
			spatial := 0
			for name, p := range properties {
				m, _ := p.(map[string]any)
				switch {
				case strings.HasPrefix(text(m, "format"), "geometry-") && m["type"] == nil && m["$ref"] == nil:
					spatial++
				case text(m, "type") == "":
					t.Errorf("%s of %s has no type", name, id)
				}
			}
			if spatial != 1 || len(properties) < 3 {
				t.Errorf("%s: %v", id, properties)
			}
		}
		// What one may not see, one may not ask for.
		properties, _ := c.doc("/collections/grid_unit/queryables")["properties"].(map[string]any)
		var public struct{ Properties map[string]any }
		c.want(200, c.as("", "GET", "/ogc/collections/grid_unit/queryables", nil)).into(t, &public)
		if properties["duty_code"] == nil || public.Properties["duty_code"] != nil {
			t.Errorf("an officer: %v, the public: %v", properties, public)
		}
	}},
	{"ogcapi-features-3/conf/filter/get-conformance", func(t *testing.T, c *conf) { c.declares("ogcapi-features-3/1.0/conf/filter") }},
	{"ogcapi-features-3/conf/filter/filter-param", func(t *testing.T, c *conf) {
		found := c.filtered("inspection", "result = 'fail'", "filter-lang", "cql2-text")
		if len(found) != 10 {
			t.Errorf("%d of 10", len(found))
		}
		for _, f := range found {
			if text(f, "properties", "result") != "fail" {
				t.Errorf("%v", f["properties"])
			}
		}
		for filter, want := range map[string]int{
			"result <> 'fail'": 20, "inspected_on < DATE('2026-01-11')": 9, "name LIKE 'number 1%'": 11, "name IN ('number 4','number 5')": 2,
			"NOT (result = 'fail')": 20, "result = 'fail' AND inspected_on >= DATE('2026-01-20')": 4, "result = 'fail' OR name = 'number 1'": 11,
			"risk IS NULL": 30, "critical BETWEEN 0 AND 1": 30, "T_AFTER(inspected_on, DATE('2026-01-28'))": 3,
		} {
			if n := len(c.filtered("inspection", filter)); n != want {
				t.Errorf("%s: %d, want %d", filter, n, want)
			}
		}
		c.refused("inspection", "filter", "THIS IS NOT A FILTER")
		p := c.parameter(c.operation("get", "/collections/{layer}/items"), "filter")
		if text(p, "in") != "query" || text(p, "schema", "type") != "string" || p["required"] == true {
			t.Errorf("%v", p)
		}
	}},
	{"ogcapi-features-3/conf/filter/filter-lang-default", func(t *testing.T, c *conf) {
		p := c.parameter(c.operation("get", "/collections/{layer}/items"), "filter-lang")
		if text(p, "schema", "default") != "cql2-text" || jsonText(p["schema"].(map[string]any)["enum"]) != `["cql2-text","cql2-json"]` {
			t.Errorf("%v", p)
		}
		a, b := ids(c.filtered("inspection", "result = 'fail'")), ids(c.filtered("inspection", "result = 'fail'", "filter-lang", "cql2-text"))
		if !slices.Equal(a, b) {
			t.Errorf("%v and %v", a, b)
		}
		c.refused("inspection", "filter", "result = 'fail'", "filter-lang", "cql2-json")
		c.refused("inspection", "filter", "result = 'fail'", "filter-lang", "ecql")
	}},
	{"ogcapi-features-3/conf/filter/expression-construction", func(t *testing.T, c *conf) {
		c.refused("inspection", "filter", "this_is_not_a_queryable = 'x'")
		r := c.as("", "GET", "/ogc/collections/grid_unit/items"+query("filter", "duty_code = 'D1'"), nil)
		c.want(400, r).problem(t) // not for the public
	}},
	{"ogcapi-features-3/conf/filter/filter-crs-wgs84", func(t *testing.T, c *conf) {
		for _, id := range withFeatures {
			if got, want := len(c.filtered(id, "S_INTERSECTS(geom, BBOX(119, 29, 121, 30))")), len(c.items(id, "")); got != want {
				t.Errorf("%s: %d of %d", id, got, want)
			}
			c.refused(id, "filter", "S_INTERSECTS(geom, BBOX(1000000, 1000000, 2000000, 2000000))")
		}
	}},
	{"ogcapi-features-3/conf/filter/filter-crs-param", func(t *testing.T, c *conf) {
		for _, uri := range c.systems() {
			ref, err := crs.ParseReference(uri)
			if err != nil {
				t.Fatal(err)
			}
			a, err := ref.Write(orb.Point{119.9, 29.2})
			if err != nil {
				t.Fatal(err)
			}
			b, err := ref.Write(orb.Point{120.1, 29.4})
			if err != nil {
				t.Fatal(err)
			}
			// In a zone far away the box stands on its corner, and its sides may change places.
			box := fmt.Sprintf("S_INTERSECTS(geom, BBOX(%f, %f, %f, %f))", min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
			if got := len(c.filtered("base_poi", box, "filter-crs", uri)); got != 12 {
				t.Errorf("%s: %d of 12", uri, got)
			}
		}
		c.refused("base_poi", "filter", "S_INTERSECTS(geom, BBOX(119, 29, 121, 30))", "filter-crs", "http://www.opengis.net/def/crs/OGC/0/does_not_exist")
	}},
	{"ogcapi-features-3/conf/features-filter/get-conformance", func(t *testing.T, c *conf) {
		c.declares("ogcapi-features-3/1.0/conf/features-filter")
	}},
	{"ogcapi-features-3/conf/features-filter/get-collections", func(t *testing.T, c *conf) {
		if all := list(c.doc("/collections")["collections"]); len(all) == 0 || text(all[0], "id") == "" {
			t.Errorf("%v", all)
		}
	}},
	{"ogcapi-features-3/conf/features-filter/get-collection", func(t *testing.T, c *conf) {
		for _, id := range c.collections() {
			if got := linkTo(c.doc("/collections/"+id), queryablesRel, ""); got != c.url+"/ogc/collections/"+id+"/queryables" {
				t.Errorf("%s: %q", id, got)
			}
		}
	}},
	{"ogcapi-features-3/conf/features-filter/filter-on-items", func(t *testing.T, c *conf) {
		for id, filter := range map[string]string{"inspection": "id > 0", "base_poi": "name LIKE 'poi%'", "base_water": "class = 'lake'", "base_road": "oneway = FALSE"} {
			if len(c.filtered(id, filter)) != len(c.items(id, "")) {
				t.Errorf("%s: %s leaves some out", id, filter)
			}
		}
	}},
	{"ogcapi-features-3/conf/features-filter/mixing-expression", func(t *testing.T, c *conf) {
		const all = "S_INTERSECTS(geom, BBOX(119, 29, 121, 30))"
		for _, id := range withFeatures {
			if got, want := len(c.filtered(id, all, "bbox", "119,29,121,30")), len(c.items(id, "")); got != want {
				t.Errorf("%s: %d of %d", id, got, want)
			}
			if got := len(c.filtered(id, all, "bbox", "10,10,11,11")); got != 0 {
				t.Errorf("%s: %d far away", id, got)
			}
		}
		if got := len(c.filtered("inspection", "result = 'fail'", "datetime", "../2026-01-11", "bbox", "120,29,120.004,30")); got != 2 {
			t.Errorf("%d by filter, time and box together, want 2", got)
		}
	}},
}

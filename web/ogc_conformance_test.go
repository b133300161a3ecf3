package web_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// One test for each abstract test of the OGC standards that we say we hold, by
// its id; where a standard has no abstract tests yet (part 4), one for each
// requirement. They run against one city, as an officer who sees much of it.
//
//	OGC API Features 1 (17-069r4)   ogc_conformance_core_test.go
//	OGC API Features 2 (18-058r1)   ogc_conformance_crs_test.go
//	OGC API Features 3 (19-079r2)   ogc_conformance_filter_test.go
//	OGC API Features 4 (20-002)     ogc_conformance_edit_test.go
//	OGC API Tiles 1 (20-057)        ogc_conformance_tiles_test.go
var conformance = slices.Concat(features1, features2, features3, features4, tiles1)

type conformanceTest struct {
	id  string // the standard's short name and the test's id in it
	run func(*testing.T, *conf)
}

func TestOGCConformance(t *testing.T) {
	w := newConformanceWorld(t)
	seen := map[string]bool{}
	for _, c := range conformance {
		if seen[c.id] {
			t.Errorf("%s stands twice", c.id)
		}
		seen[c.id] = true
		t.Run(c.id, func(t *testing.T) {
			inner := *w
			inner.t = t
			c.run(t, &conf{world: &inner, t: t, login: "police"})
		})
	}
}

// Every class that we declare has tests here, and every class that has tests
// is declared.
func TestConformanceClassesHaveTests(t *testing.T) {
	w := newWorld(t)
	var declared struct{ ConformsTo []string }
	w.want(200, w.as("", "GET", "/ogc/conformance", nil)).into(t, &declared)
	tested := map[string]bool{}
	for _, c := range conformance {
		parts := strings.Split(c.id, "/") // ogcapi-features-1/conf/core/root-op
		tested[parts[0]+"/"+parts[2]] = true
	}
	elsewhere := []string{"ogcapi-common-1", "cql2", "tms"} // tested as part of the others, and in geo/cql2
	for _, uri := range declared.ConformsTo {
		parts := strings.Split(strings.TrimPrefix(uri, "http://www.opengis.net/spec/"), "/") // ogcapi-features-1/1.0/conf/core
		if len(parts) != 4 {
			t.Errorf("%s is no conformance class", uri)
			continue
		}
		if slices.Contains(elsewhere, parts[0]) {
			continue
		}
		class := parts[0] + "/" + parts[3]
		if !tested[class] {
			t.Errorf("%s is declared and has no test", class)
		}
		delete(tested, class)
	}
	for class := range tested {
		t.Errorf("%s has tests and is not declared", class)
	}
}

// newConformanceWorld has features of every kind of geometry, with times and without.
func newConformanceWorld(t *testing.T) *world {
	w := newWorld(t)
	w.exec(`UPDATE onemap.layer SET owner = 'police', share = 'none', share_basis = 'test' WHERE name IN ('inspection', 'base_water')`)
	w.exec(`UPDATE onemap.layer SET share = 'unconditional', share_basis = '' WHERE name = 'base_water'`)
	w.exec(`INSERT INTO map.inspection (name, inspected_on, result, dept_code, geom)
		SELECT 'number ' || i, date '2026-01-01' + i, CASE WHEN i % 3 = 0 THEN 'fail' ELSE 'pass' END, 'police', ST_SetSRID(ST_MakePoint(120 + i * 0.0005, 29.305), 4326)
		FROM generate_series(1, 30) i`)
	w.exec(`INSERT INTO map.base_water (name, class, geom) VALUES
		('湖', 'lake', ST_Multi(ST_SetSRID(ST_MakeEnvelope(120.002, 29.302, 120.004, 29.304), 4326)))`)
	w.exec(`INSERT INTO map.base_poi (name, class, geom) SELECT 'poi ' || i, 'shop', ST_SetSRID(ST_MakePoint(120 + i * 0.001, 29.301 + i * 0.0005), 4326) FROM generate_series(1, 12) i`)
	return w
}

// conf is what the tests ask with.
type conf struct {
	*world
	t     *testing.T
	login string
}

// get asks for a path below /ogc, or a whole address, and wants 200.
func (c *conf) get(path string, header ...string) reply {
	c.t.Helper()
	return c.want(200, c.ask("GET", path, header...))
}

func (c *conf) ask(method, path string, header ...string) reply {
	c.t.Helper()
	return c.as(c.login, method, c.path(path), nil, header...)
}

func (c *conf) path(path string) string {
	if rest, ok := strings.CutPrefix(path, c.url); ok {
		return rest
	}
	return "/ogc" + path
}

// doc reads a resource as JSON.
func (c *conf) doc(path string, header ...string) map[string]any {
	c.t.Helper()
	var v map[string]any
	c.get(path, header...).into(c.t, &v)
	return v
}

// collections are the ids of those that there are.
func (c *conf) collections() []string {
	c.t.Helper()
	var ids []string
	for _, one := range list(c.doc("/collections")["collections"]) {
		ids = append(ids, text(one, "id"))
	}
	if len(ids) < 8 {
		c.t.Fatalf("only %v", ids)
	}
	return ids
}

// withFeatures are those collections that have features.
var withFeatures = []string{"inspection", "base_poi", "base_water", "base_road", "enterprise", "grid_unit"}

func (c *conf) items(collection, query string) []map[string]any {
	c.t.Helper()
	return list(c.doc("/collections/" + collection + "/items" + query)["features"])
}

func list(v any) []map[string]any {
	all, _ := v.([]any)
	out := make([]map[string]any, 0, len(all))
	for _, one := range all {
		m, _ := one.(map[string]any)
		out = append(out, m)
	}
	return out
}

func text(m map[string]any, path ...string) string {
	var v any = m
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	s, _ := v.(string)
	return s
}

func num(m map[string]any, key string) int {
	f, ok := m[key].(float64)
	if !ok {
		return -1
	}
	return int(f)
}

// linkTo returns the address of the first link with a relation, and a type if one is given.
func linkTo(doc map[string]any, rel, kind string) string {
	for _, l := range list(doc["links"]) {
		if text(l, "rel") == rel && (kind == "" || text(l, "type") == kind) {
			return text(l, "href")
		}
	}
	return ""
}

// wantLinks asks for links of these relations, each with its type.
func (c *conf) wantLinks(doc map[string]any, rels ...string) {
	c.t.Helper()
	for _, rel := range rels {
		if linkTo(doc, rel, "") == "" {
			c.t.Errorf("no link %s in %v", rel, doc["links"])
		}
	}
	for _, l := range list(doc["links"]) {
		if text(l, "rel") == "" || text(l, "type") == "" || text(l, "href") == "" {
			c.t.Errorf("a link lacks its relation, type or address: %v", l)
		}
	}
}

// openapi is the description, whose paths are below /ogc.
func (c *conf) openapi() map[string]any {
	c.t.Helper()
	return c.doc("/api")
}

// operation is one of its operations.
func (c *conf) operation(method, path string) map[string]any {
	c.t.Helper()
	paths, _ := c.openapi()["paths"].(map[string]any)
	item, _ := paths[path].(map[string]any)
	op, ok := item[method].(map[string]any)
	if !ok {
		c.t.Fatalf("the description has no %s %s", method, path)
	}
	return op
}

// parameter is one of an operation's, references resolved.
func (c *conf) parameter(op map[string]any, name string) map[string]any {
	c.t.Helper()
	for _, p := range list(op["parameters"]) {
		if ref := text(p, "$ref"); ref != "" {
			components, _ := c.openapi()["components"].(map[string]any)
			all, _ := components["parameters"].(map[string]any)
			p, _ = all[ref[strings.LastIndex(ref, "/")+1:]].(map[string]any)
		}
		if text(p, "name") == name {
			return p
		}
	}
	c.t.Fatalf("no parameter %s in %v", name, op["parameters"])
	return nil
}

// coordinates are all places of a GeoJSON geometry.
func coordinates(feature map[string]any) [][2]float64 {
	g, _ := feature["geometry"].(map[string]any)
	var out [][2]float64
	var walk func(v any)
	walk = func(v any) {
		a, _ := v.([]any)
		if len(a) >= 2 {
			x, okX := a[0].(float64)
			y, okY := a[1].(float64)
			if okX && okY {
				out = append(out, [2]float64{x, y})
				return
			}
		}
		for _, one := range a {
			walk(one)
		}
	}
	walk(g["coordinates"])
	return out
}

// boxOf is the box around a feature's places.
func boxOf(feature map[string]any) [4]float64 {
	b := [4]float64{1e9, 1e9, -1e9, -1e9}
	for _, p := range coordinates(feature) {
		b[0], b[1], b[2], b[3] = min(b[0], p[0]), min(b[1], p[1]), max(b[2], p[0]), max(b[3], p[1])
	}
	return b
}

func meet(a, b [4]float64) bool { return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3] }

func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}

func ids(features []map[string]any) []int {
	var out []int
	for _, f := range features {
		out = append(out, num(f, "id"))
	}
	return out
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

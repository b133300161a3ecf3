package web_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/mvt"

	"onemap/web"
)

// names of the enterprises, or of whatever has a name, in an answer.
func (c collection) names() string {
	var out []string
	for _, f := range c.Features {
		out = append(out, fmt.Sprint(f.Properties["name"]))
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}

// One filter means the same on every route.
func TestFilterOnEveryRoute(t *testing.T) {
	w := newWorld(t)
	const both, east, west, none = "东方化工,西方食品", "东方化工", "西方食品", ""
	for _, tt := range []struct{ filter, want string }{
		{"risk = 1", east},
		{"risk <> 1", west},
		{"risk > 1 OR name LIKE '东%'", both},
		{"NOT risk IN (1, 3)", none},
		{"CASEI(industry) = 'CHEMICALS'", east},
		{"uscc IS NULL", west},
		{"address = '=1+1'", west},
		{"next_due_on > DATE('2000-01-01')", none},
		{"id >= 1 AND S_INTERSECTS(geom, BBOX(120.01, 29.3, 120.02, 29.31))", west},
		{"S_WITHIN(geometry, POLYGON((120 29.3, 120.01 29.3, 120.01 29.31, 120 29.31, 120 29.3)))", east},
		{"S_DISJOINT(geom, POINT(120.005 29.305))", west},
	} {
		q := "filter=" + url.QueryEscape(tt.filter)
		for _, path := range []string{"/api/v1/layers/enterprise/features?", "/ogc/collections/enterprise/items?f=json&", "/api/v1/layers/enterprise/export?"} {
			var c collection
			w.want(200, w.as("police", "GET", path+q, nil)).into(t, &c)
			if got := c.names(); got != tt.want {
				t.Errorf("%s%s: %s, want %s", path, tt.filter, got, tt.want)
			}
		}
		var got []string
		for x := 13650; x < 13660; x++ { // the grids span tiles
			for y := 6790; y < 6800; y++ {
				r := w.as("police", "GET", fmt.Sprintf("/tiles/enterprise/14/%d/%d.mvt?%s", x, y, q), nil)
				if r.StatusCode == 204 {
					continue
				}
				layers, err := mvt.Unmarshal(w.want(200, r).body)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range layers[0].Features {
					got = append(got, fmt.Sprint(f.Properties["name"]))
				}
			}
		}
		slices.Sort(got)
		if got := strings.Join(slices.Compact(got), ","); got != tt.want { // one in the buffer of two tiles comes twice
			t.Errorf("tiles, %s: %s, want %s", tt.filter, got, tt.want)
		}
	}
	var c collection
	w.want(200, w.as("police", "GET", "/api/v1/layers/enterprise/features?filter-lang=cql2-json&filter="+url.QueryEscape(`{"op":"=","args":[{"property":"risk"},1]}`), nil)).into(t, &c)
	if got := c.names(); got != east {
		t.Errorf("in JSON: %s", got)
	}
	w.report("centre", 120.005, 29.305)
	for filter, total := range map[string]int64{"severity = 2": 1, "severity < 2": 0, "state = 'reported' AND occurred_at > DATE('2020-01-01')": 1} {
		var stats struct{ Total int64 }
		w.want(200, w.as("centre", "GET", "/api/v1/stats?filter="+url.QueryEscape(filter), nil)).into(t, &stats)
		var list struct{ Incidents []any }
		w.want(200, w.as("centre", "GET", "/api/v1/incidents?filter="+url.QueryEscape(filter), nil)).into(t, &list)
		if stats.Total != total || int64(len(list.Incidents)) != total {
			t.Errorf("%s: %d counted, %d listed, want %d", filter, stats.Total, len(list.Incidents), total)
		}
	}
}

// A wrong filter is answered alike everywhere, with its position and a remedy;
// and to a filter, a hidden field is as one that there is not.
func TestWrongFilters(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct{ as, query, field, words string }{
		{"police", "filter=risk+%3D", "query.filter", "position 7: found the end: expected a value after ="},
		{"police", "filter=" + url.QueryEscape("S_INTERSECTS(geom, POINT(29.3 120))"), "query.filter", "longitude, then latitude"},
		{"police", "filter=risk%3D1&filter-lang=ecql", "query.filter-lang", "cql2-text or cql2-json"},
		{"police", "filter=risk%3D1&filter-crs=EPSG:4326", "query.filter-crs", "URI"},
		{"police", "filter=risk%3D1&filter=risk%3D2", "query.filter", "once"},
		{"police", "filter=" + strings.Repeat("x", 17000), "query.filter", "at most 16384"},
		{"police", "filter=risk%3D1&filter-lang=cql2-json", "query.filter", "position 1: this is no JSON"},
		{"police", "properties=name,risc", "query.properties", "name"},
		{"police", "properties=name,name", "query.properties", "once"},
		{"police", "filter=owner%3D1", "query.filter", "there is no field owner"},
	} {
		for _, path := range []string{"/api/v1/layers/enterprise/features", "/api/v1/layers/enterprise/export", "/tiles/enterprise/14/13653/6799.mvt", "/tiles/enterprise.json", "/ogc/collections/enterprise/items"} {
			status := 422
			if strings.HasPrefix(path, "/ogc") {
				status = 400
			}
			var p struct{ Errors []web.Fault }
			w.want(status, w.as(tt.as, "GET", path+"?"+tt.query, nil)).into(t, &p)
			if len(p.Errors) != 1 || p.Errors[0].Field != tt.field || !strings.Contains(p.Errors[0].Remedy, tt.words) {
				t.Errorf("%s?%.60s: %+v", path, tt.query, p.Errors)
			}
		}
	}
	// The public sees incidents' places and grids if the layer is opened, not their state.
	w.exec(`UPDATE onemap.layer SET owner = 'centre', share = 'unconditional', open = true WHERE name = 'incident'`)
	w.publish("incident")
	w.server.Store.ForgetRegistry()
	w.report("centre", 120.005, 29.305)
	ask := func(field string) string {
		var p struct{ Detail string }
		w.want(422, w.as("", "GET", "/api/v1/layers/incident/features?filter="+url.QueryEscape(field+" = 'reported'"), nil)).into(t, &p)
		return strings.ReplaceAll(p.Detail, field, "F")
	}
	hidden, unknown := ask("state"), ask("nothing")
	if hidden != unknown || !strings.Contains(hidden, "there is no field F") || strings.Contains(hidden, "severity") {
		t.Errorf("hidden: %s\nunknown: %s", hidden, unknown)
	}
}

func TestPropertiesNarrowFields(t *testing.T) {
	w := newWorld(t)
	for properties, want := range map[string]string{"name": "name", "risk,name": "name risk", "": ""} {
		for _, path := range []string{"/api/v1/layers/enterprise/features", "/ogc/collections/enterprise/items"} {
			var c collection
			w.want(200, w.as("police", "GET", path+"?properties="+properties, nil)).into(t, &c)
			for _, f := range c.Features {
				var names []string
				for name := range f.Properties {
					names = append(names, name)
				}
				slices.Sort(names)
				if got := strings.Join(names, " "); got != want {
					t.Errorf("%s properties=%s: %s", path, properties, got)
				}
			}
		}
		var described struct {
			VectorLayers []struct{ Fields map[string]string } `json:"vector_layers"`
		}
		w.want(200, w.as("police", "GET", "/tiles/enterprise.json?properties="+properties, nil)).into(t, &described)
		for _, name := range strings.Fields(want) {
			if f := described.VectorLayers[0].Fields; f[name] == "" || f["state"] != "" {
				t.Errorf("properties=%s: %v", properties, f)
			}
		}
	}
	// Of several layers, each has its own of the fields.
	var described struct {
		VectorLayers []struct{ Fields map[string]string } `json:"vector_layers"`
	}
	w.want(200, w.as("police", "GET", "/tiles/enterprise,base_road.json?properties=class,risk", nil)).into(t, &described)
	if a, b := described.VectorLayers[0].Fields, described.VectorLayers[1].Fields; a["risk"] == "" || b["class"] == "" || a["class"] != "" || b["risk"] != "" {
		t.Errorf("%v %v", a, b)
	}
}

// The order of coordinates is that of filter-crs.
func TestFilterCRS(t *testing.T) {
	w := newWorld(t)
	for crs, filter := range map[string]string{
		"":              "S_INTERSECTS(geom, BBOX(120, 29.3, 120.01, 29.31))",
		"OGC/1.3/CRS84": "S_INTERSECTS(geom, BBOX(120, 29.3, 120.01, 29.31))",
		"EPSG/0/4326":   "S_INTERSECTS(geom, BBOX(29.3, 120, 29.31, 120.01))",
		"EPSG/0/4490":   "S_WITHIN(geom, POLYGON((29.3 120, 29.3 120.01, 29.31 120.01, 29.31 120, 29.3 120)))",
		"EPSG/0/3857":   "S_INTERSECTS(geom, BBOX(13358338.9, 3413000, 13359452.1, 3414600))",
	} {
		q := url.Values{"filter": {filter}}
		if crs != "" {
			q.Set("filter-crs", "http://www.opengis.net/def/crs/"+crs)
		}
		var c collection
		w.want(200, w.as("police", "GET", "/api/v1/layers/enterprise/features?"+q.Encode(), nil)).into(t, &c)
		if got := c.names(); got != "东方化工" {
			t.Errorf("%s: %q", crs, got)
		}
	}
}

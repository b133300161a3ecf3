package web_test

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
)

// systems are the URIs that the collections list.
func (c *conf) systems() []string {
	c.t.Helper()
	var out []string
	all, _ := c.doc("/collections")["crs"].([]any)
	for _, uri := range all {
		s, _ := uri.(string)
		out = append(out, s)
	}
	if len(out) != 46 {
		c.t.Errorf("%d systems, want CRS84, 4326, 4490, 3857 and 42 zones", len(out))
	}
	return out
}

// transformed says whether PostGIS agrees, within tol metres, that got, in the
// registry's order of axes, is where lonLat is in the system.
func (c *conf) transformed(uri string, got, lonLat [2]float64, tol float64) bool {
	c.t.Helper()
	code := uri[strings.LastIndex(uri, "/")+1:]
	if code == "CRS84" {
		return math.Hypot(got[0]-lonLat[0], got[1]-lonLat[1]) < 1e-6
	}
	var x, y float64 // PostGIS has x before y, whatever the registry says
	if err := c.db.QueryRow(c.t.Context(), `SELECT ST_X(g), ST_Y(g) FROM (SELECT ST_Transform(ST_SetSRID(ST_MakePoint($1, $2), 4326), $3::text::int) AS g) t`,
		lonLat[0], lonLat[1], code).Scan(&x, &y); err != nil {
		c.t.Fatal(err)
	}
	if code != "3857" { // latitude or northing first
		x, y = y, x
	}
	if code == "4326" || code == "4490" {
		tol = 1e-6
	}
	return math.Hypot(got[0]-x, got[1]-y) < tol
}

// OGC API - Features - Part 2: Coordinate Reference Systems by Reference (18-058r1), annex A.
var features2 = []conformanceTest{
	{"ogcapi-features-2/conf/crs/crs-uri", func(t *testing.T, c *conf) {
		for _, uri := range c.systems() {
			if u, err := url.Parse(uri); err != nil || u.Scheme != "http" || u.Host != "www.opengis.net" || !strings.HasPrefix(u.Path, "/def/crs/") {
				t.Errorf("%q", uri)
			}
		}
		for _, one := range list(c.doc("/collections")["collections"]) {
			if got := jsonText(one["crs"]); got != `["#/crs"]` {
				t.Errorf("%s lists %s", text(one, "id"), got)
			}
		}
	}},
	{"ogcapi-features-2/conf/crs/default-crs", func(t *testing.T, c *conf) {
		for _, id := range c.collections() {
			all, _ := c.doc("/collections/" + id)["crs"].([]any)
			if !slices.Contains(all, any(crs.CRS84)) || len(all) != 46 {
				t.Errorf("%s: %v", id, all)
			}
		}
	}},
	{"ogcapi-features-2/conf/crs/storageCrs", func(t *testing.T, c *conf) {
		systems := c.systems()
		for _, one := range list(c.doc("/collections")["collections"]) {
			if !slices.Contains(systems, text(one, "storageCrs")) {
				t.Errorf("%v", one["storageCrs"])
			}
		}
	}},
	{"ogcapi-features-2/conf/crs/crs-parameter", func(t *testing.T, c *conf) {
		for i, uri := range c.systems() {
			id := withFeatures[i%len(withFeatures)]
			items := c.get("/collections/" + id + "/items" + query("crs", uri))
			f := c.items(id, "?limit=1")[0]
			one := c.get(fmt.Sprintf("/collections/%s/items/%d", id, num(f, "id")) + query("crs", uri))
			for _, r := range []reply{items, one} {
				if got := r.Header.Get("Content-Crs"); got != "<"+uri+">" {
					t.Errorf("%s: Content-Crs %s", uri, got)
				}
			}
		}
	}},
	{"ogcapi-features-2/conf/crs/crs-parameter-invalid", func(t *testing.T, c *conf) {
		for _, uri := range []string{"http://www.opengis.net/def/crs/EPSG/0/2437", "http://www.opengis.net/def/crs/EPSG/0/0", "EPSG:4326", "4326", "urn:x"} {
			c.want(400, c.ask("GET", "/collections/base_poi/items"+query("crs", uri))).problem(t)
			c.want(400, c.ask("GET", "/collections/base_poi/items/1"+query("crs", uri))).problem(t)
		}
	}},
	{"ogcapi-features-2/conf/crs/crs-parameter-default", func(t *testing.T, c *conf) {
		for _, id := range withFeatures {
			if got := c.get("/collections/" + id + "/items").Header.Get("Content-Crs"); got != "<"+crs.CRS84+">" {
				t.Errorf("%s: %s", id, got)
			}
		}
	}},
	{"ogcapi-features-2/conf/crs/crs-parameter-transform", func(t *testing.T, c *conf) {
		for _, uri := range c.systems() {
			for _, id := range []string{"inspection", "base_road", "base_water"} {
				plain, other := c.items(id, "?limit=2"), c.items(id, query("crs", uri, "limit", "2"))
				for i := range plain {
					a, b := coordinates(plain[i]), coordinates(other[i])
					for k := range a {
						if !c.transformed(uri, b[k], a[k], 0.02) { // both are rounded
							t.Errorf("%s %s: %v is written %v", uri, id, a[k], b[k])
						}
					}
				}
			}
		}
	}},
	{"ogcapi-features-2/conf/crs/bbox-crs-parameter", func(t *testing.T, c *conf) {
		lower, upper := orb.Point{120.0012, 29.3}, orb.Point{120.0062, 29.3042}
		for _, uri := range c.systems() {
			ref, err := crs.ParseReference(uri)
			if err != nil {
				t.Fatal(err)
			}
			a, err := ref.Write(lower)
			if err != nil {
				t.Fatal(err)
			}
			b, err := ref.Write(upper)
			if err != nil {
				t.Fatal(err)
			}
			box := fmt.Sprintf("%.9f,%.9f,%.9f,%.9f", a[0], a[1], b[0], b[1])
			found := c.items("base_poi", query("bbox", box, "bbox-crs", uri, "crs", uri))
			want := [4]float64{a[0], a[1], b[0], b[1]}
			for _, f := range found {
				if b := boxOf(f); !meet([4]float64{b[0] - 0.1, b[1] - 0.1, b[2] + 0.1, b[3] + 0.1}, want) {
					t.Errorf("%s: %v is outside %v", uri, b, want)
				}
			}
			if near := !strings.Contains(uri, "/4") || strings.HasSuffix(uri, "4528") || strings.HasSuffix(uri, "4549") || strings.HasSuffix(uri, "4490") || strings.HasSuffix(uri, "4326"); near && len(found) != 5 {
				t.Errorf("%s: %d features in the box, want 5", uri, len(found))
			}
		}
		// Longitude first is another place.
		if n := len(c.items("base_poi", query("bbox", "120.001,29.3,120.006,29.304", "bbox-crs", crs.CRS84))); n != 6 {
			t.Errorf("%d in CRS84", n)
		}
		c.want(400, c.ask("GET", "/collections/base_poi/items"+query("bbox", "120.001,29.3,120.006,29.304", "bbox-crs", "http://www.opengis.net/def/crs/EPSG/0/4490")))
	}},
	{"ogcapi-features-2/conf/crs/bbox-crs-parameter-invalid", func(t *testing.T, c *conf) {
		for _, uri := range []string{"http://www.opengis.net/def/crs/EPSG/0/2437", "EPSG:4326"} {
			c.want(400, c.ask("GET", "/collections/base_poi/items"+query("bbox", "1,2,3,4", "bbox-crs", uri))).problem(t)
		}
	}},
	{"ogcapi-features-2/conf/crs/bbox-crs-parameter-default", func(t *testing.T, c *conf) {
		for _, id := range withFeatures {
			const box = "120.001,29.3,120.006,29.306"
			a, b := ids(c.items(id, query("bbox", box))), ids(c.items(id, query("bbox", box, "bbox-crs", crs.CRS84)))
			if !slices.Equal(a, b) || len(a) == 0 {
				t.Errorf("%s: %v and %v", id, a, b)
			}
		}
	}},
}

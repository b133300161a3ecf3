package web_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
)

const (
	tilesetsRel = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
	schemeRel   = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
)

// matrixSets are the tile matrix sets, with the address of the tile at the
// middle of the city whose width is 360/2^14 degrees.
var matrixSets = []struct{ id, matrix, row, col string }{
	{"WebMercatorQuad", "14", "6796", "13653"},
	{"WorldCRS84Quad", "13", "2762", "13653"},
	{"CGCS2000Quad", "14", "2762", "13653"},
}

// tile reads a tile as its layers.
func (c *conf) tile(path string) map[string][]*geojson.Feature {
	c.t.Helper()
	r := c.get(path)
	if ct := r.Header.Get("Content-Type"); ct != "application/vnd.mapbox-vector-tile" {
		c.t.Errorf("%s is %s", path, ct)
	}
	ls, err := mvt.Unmarshal(r.body)
	if err != nil {
		c.t.Fatal(err)
	}
	out := map[string][]*geojson.Feature{}
	for _, l := range ls {
		out[l.Name] = l.Features
	}
	return out
}

// OGC API - Tiles - Part 1: Core (20-057), annex A.
var tiles1 = []conformanceTest{
	{"ogcapi-tiles-1/conf/core/conformance-success", func(t *testing.T, c *conf) { c.declares("ogcapi-tiles-1/1.0/conf/core") }},
	{"ogcapi-tiles-1/conf/core/tc-op", func(t *testing.T, c *conf) {
		for _, m := range matrixSets {
			c.get("/collections/base_road/tiles/" + m.id + "/" + m.matrix + "/" + m.row + "/" + m.col)
		}
	}},
	{"ogcapi-tiles-1/conf/core/tc-tilematrix-definition", func(t *testing.T, c *conf) {
		if p := c.parameter(c.operation("get", "/collections/{layer}/tiles/{tms}/{tileMatrix}/{tileRow}/{tileCol}"), "tileMatrix"); text(p, "in") != "path" || text(p, "schema", "type") != "string" || p["required"] != true {
			t.Errorf("%v", p)
		}
	}},
	{"ogcapi-tiles-1/conf/core/tc-tilerow-definition", func(t *testing.T, c *conf) {
		p := c.parameter(c.operation("get", "/tiles/{tms}/{tileMatrix}/{tileRow}/{tileCol}"), "tileRow")
		if schema, _ := p["schema"].(map[string]any); text(p, "in") != "path" || text(schema, "type") != "integer" || schema["minimum"] != 0.0 || p["required"] != true {
			t.Errorf("%v", p)
		}
	}},
	{"ogcapi-tiles-1/conf/core/tc-tilecol-definition", func(t *testing.T, c *conf) {
		p := c.parameter(c.operation("get", "/tiles/{tms}/{tileMatrix}/{tileRow}/{tileCol}"), "tileCol")
		if schema, _ := p["schema"].(map[string]any); text(p, "in") != "path" || text(schema, "type") != "integer" || schema["minimum"] != 0.0 || p["required"] != true {
			t.Errorf("%v", p)
		}
	}},
	{"ogcapi-tiles-1/conf/core/tc-success", func(t *testing.T, c *conf) {
		// Each set's tiles together hold each feature, where it lies.
		for _, m := range matrixSets {
			found := c.tile("/collections/base_poi/tiles/" + m.id + "/" + m.matrix + "/" + m.row + "/" + m.col)["base_poi"]
			if len(found) == 0 {
				t.Errorf("%s is empty", m.id)
			}
		}
		a := c.get("/collections/base_poi/tiles/WebMercatorQuad/14/6796/13653").body
		b := c.want(200, c.as("police", "GET", "/tiles/base_poi/14/13653/6796.mvt", nil)).body
		if string(a) != string(b) {
			t.Error("the tile of WebMercatorQuad is not the one of /tiles")
		}
	}},
	{"ogcapi-tiles-1/conf/core/tc-error", func(t *testing.T, c *conf) {
		for _, at := range []string{"WebMercatorQuad/0/0/1", "WebMercatorQuad/23/0/0", "WebMercatorQuad/x/0/0", "WorldCRS84Quad/0/1/0", "CGCS2000Quad/0/0/0", "CGCS2000Quad/1/1/0", "CGCS2000Quad/1/0/-1"} {
			if r := c.ask("GET", "/collections/base_poi/tiles/"+at); r.StatusCode != 400 && r.StatusCode != 404 {
				t.Errorf("%s: %d", at, r.StatusCode)
			}
		}
		c.want(404, c.ask("GET", "/collections/base_poi/tiles/Nothing/0/0/0"))
		c.want(404, c.ask("GET", "/collections/nothing/tiles/CGCS2000Quad/1/0/0"))
		for _, at := range []string{"WebMercatorQuad/14/0/0", "WorldCRS84Quad/13/0/0", "CGCS2000Quad/14/0/0"} {
			c.want(204, c.ask("GET", "/collections/base_poi/tiles/"+at))
		}
	}},
	{"ogcapi-tiles-1/conf/tileset/description", func(t *testing.T, c *conf) {
		for _, of := range []string{"", "/collections/base_poi"} {
			for _, m := range matrixSets {
				doc := c.doc(of + "/tiles/" + m.id)
				scheme := c.doc(linkTo(doc, schemeRel, "application/json"))
				if text(doc, "dataType") != "vector" || text(doc, "crs") == "" || text(scheme, "id") != m.id || text(doc, "tileMatrixSetURI") != text(scheme, "uri") {
					t.Errorf("%v", doc)
				}
				item := linkTo(doc, "item", "application/vnd.mapbox-vector-tile")
				for _, l := range list(doc["links"]) {
					if text(l, "rel") == "item" && l["templated"] != true {
						t.Errorf("%v", l)
					}
				}
				at := strings.NewReplacer("{tileMatrix}", m.matrix, "{tileRow}", m.row, "{tileCol}", m.col).Replace(item)
				if strings.Contains(at, "{") || len(c.tile(at)["base_poi"]) == 0 {
					t.Errorf("nothing at %s", at)
				}
				if len(list(doc["layers"])) == 0 {
					t.Errorf("%v", doc)
				}
			}
		}
	}},
	{"ogcapi-tiles-1/conf/tilesets-list/tileset-links", func(t *testing.T, c *conf) {
		for _, of := range []string{"", "/collections/base_road"} {
			sets := list(c.doc(of + "/tiles")["tilesets"])
			if len(sets) != 3 {
				t.Fatalf("%v", sets)
			}
			for i, one := range sets {
				if text(one, "dataType") != "vector" || text(one, "crs") == "" || linkTo(one, schemeRel, "") == "" {
					t.Errorf("%v", one)
				}
				if self := linkTo(one, "self", "application/json"); self != c.url+"/ogc"+of+"/tiles/"+matrixSets[i].id {
					t.Errorf("%s", self)
				}
				c.get(linkTo(one, "self", ""))
			}
		}
	}},
	{"ogcapi-tiles-1/conf/dataset-tilesets/landingpage", func(t *testing.T, c *conf) {
		c.get(linkTo(c.doc(""), tilesetsRel, "application/json"))
	}},
	{"ogcapi-tiles-1/conf/dataset-tilesets/operation", func(t *testing.T, c *conf) {
		c.get("/tiles")
		found := c.tile("/tiles/CGCS2000Quad/14/2762/13653") // without collections, the base library
		if len(found["base_road"]) == 0 || len(found["base_poi"]) == 0 || found["enterprise"] != nil {
			t.Errorf("%v", found)
		}
	}},
	{"ogcapi-tiles-1/conf/geodata-tilesets/desc-links", func(t *testing.T, c *conf) {
		for _, id := range c.collections() {
			if got := linkTo(c.doc("/collections/"+id), tilesetsRel, "application/json"); got != c.url+"/ogc/collections/"+id+"/tiles" {
				t.Errorf("%s: %q", id, got)
			}
		}
	}},
	{"ogcapi-tiles-1/conf/geodata-tilesets/operation", func(t *testing.T, c *conf) {
		for _, id := range c.collections() {
			c.get("/collections/" + id + "/tiles")
		}
	}},
	{"ogcapi-tiles-1/conf/collections-selection/query-collections", func(t *testing.T, c *conf) {
		p := c.parameter(c.operation("get", "/tiles/{tms}/{tileMatrix}/{tileRow}/{tileCol}"), "collections")
		if text(p, "schema", "type") != "array" || text(p, "schema", "items", "type") != "string" || p["explode"] != false || text(p, "style") != "form" {
			t.Errorf("%v", p)
		}
		c.get("/tiles/WorldCRS84Quad?collections=base_road,base_poi")
		c.want(400, c.ask("GET", "/tiles/WorldCRS84Quad?collections=nothing"))
		c.want(400, c.ask("GET", "/tiles/WorldCRS84Quad/13/2762/13653?collections=nothing"))
	}},
	{"ogcapi-tiles-1/conf/collections-selection/collections-response", func(t *testing.T, c *conf) {
		doc := c.doc("/tiles/WorldCRS84Quad?collections=base_road,inspection")
		var names []string
		for _, l := range list(doc["layers"]) {
			names = append(names, text(l, "id"))
		}
		if !slices.Equal(names, []string{"base_road", "inspection"}) {
			t.Errorf("%v", names)
		}
		for _, collections := range []string{"base_road,base_poi", c.url + "/ogc/collections/base_road," + c.url + "/ogc/collections/base_poi"} {
			for _, m := range matrixSets {
				found := c.tile("/tiles/" + m.id + "/" + m.matrix + "/" + m.row + "/" + m.col + query("collections", collections))
				if len(found) != 2 || len(found["base_road"]) != 1 || len(found["base_poi"]) == 0 {
					t.Errorf("%s: %v", m.id, found)
				}
			}
		}
	}},
	{"ogcapi-tiles-1/conf/oas30/completeness", func(t *testing.T, c *conf) {
		for _, path := range []string{"/tiles", "/tiles/{tms}", "/tiles/{tms}/{tileMatrix}/{tileRow}/{tileCol}", "/collections/{layer}/tiles",
			"/collections/{layer}/tiles/{tms}", "/collections/{layer}/tiles/{tms}/{tileMatrix}/{tileRow}/{tileCol}"} {
			c.operation("get", path)
		}
	}},
	{"ogcapi-tiles-1/conf/oas30/operation-id", func(t *testing.T, c *conf) {
		for path, suffix := range map[string]string{"/tiles": ".dataset.vector.getTileSetsList", "/tiles/{tms}": ".dataset.vector.getTileSet",
			"/tiles/{tms}/{tileMatrix}/{tileRow}/{tileCol}": ".dataset.vector.getTile", "/collections/{layer}/tiles": ".collection.vector.getTileSetsList",
			"/collections/{layer}/tiles/{tms}":                                  ".collection.vector.getTileSet",
			"/collections/{layer}/tiles/{tms}/{tileMatrix}/{tileRow}/{tileCol}": ".collection.vector.getTile",
			"/tileMatrixSets": ".getTileMatrixSetsList", "/tileMatrixSets/{tms}": ".getTileMatrixSet"} {
			if id := text(c.operation("get", path), "operationId"); !strings.HasSuffix(id, suffix) {
				t.Errorf("%s is %s", path, id)
			}
		}
	}},
	{"ogcapi-tiles-1/conf/mvt/content", func(t *testing.T, c *conf) {
		// The grid of a tile maps linearly to the plane of its set: a feature's
		// place, read back through the set's own definition, is where it is.
		places := map[float64]orb.Point{}
		for _, f := range c.items("base_poi", "") {
			p := coordinates(f)[0]
			places[float64(num(f, "id"))] = orb.Point(p)
		}
		for _, m := range matrixSets {
			set := c.doc("/tileMatrixSets/" + m.id)
			for _, x := range list(set["tileMatrices"]) {
				if text(x, "id") != m.matrix {
					continue
				}
				origin, _ := x["pointOfOrigin"].([]any)
				left, top := origin[0].(float64), origin[1].(float64)
				if text(set, "crs") == "http://www.opengis.net/def/crs/EPSG/0/4490" { // latitude first
					left, top = top, left
				}
				size := x["cellSize"].(float64) * x["tileWidth"].(float64)
				var row, col float64
				if _, err := fmt.Sscan(m.row, &row); err != nil {
					t.Fatal(err)
				}
				if _, err := fmt.Sscan(m.col, &col); err != nil {
					t.Fatal(err)
				}
				for _, f := range c.tile("/collections/base_poi/tiles/" + m.id + "/" + m.matrix + "/" + m.row + "/" + m.col)["base_poi"] {
					at := f.Geometry.(orb.Point)
					got := orb.Point{left + (col+at[0]/4096)*size, top - (row+at[1]/4096)*size}
					want := places[f.ID.(float64)]
					if m.id == "WebMercatorQuad" {
						want = orb.Point{want[0] * 20037508.342789244 / 180, 6378137 * math.Asinh(math.Tan(want[1]*math.Pi/180))}
					}
					if d := math.Hypot(got[0]-want[0], got[1]-want[1]); d > size/4096 {
						t.Errorf("%s: feature %v is at %v, want %v", m.id, f.ID, got, want)
					}
				}
			}
		}
		// Counts add up in the plane of degrees too.
		c.exec(`UPDATE onemap.layer SET detail_zoom = 16 WHERE name = 'base_poi'`)
		c.server.Store.ForgetRegistry()
		sum := 0.0
		for row := 2760; row <= 2764; row++ {
			for col := 13651; col <= 13656; col++ {
				r := c.ask("GET", fmt.Sprintf("/collections/base_poi/tiles/CGCS2000Quad/14/%d/%d", row, col))
				ls, err := mvt.Unmarshal(r.body)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range ls {
					for _, f := range l.Features {
						n, _ := f.Properties["count"].(float64)
						sum += n
					}
				}
			}
		}
		c.exec(`UPDATE onemap.layer SET detail_zoom = NULL WHERE name = 'base_poi'`)
		c.server.Store.ForgetRegistry()
		if sum != 12 {
			t.Errorf("the cells count %v of 12", sum)
		}
	}},
}

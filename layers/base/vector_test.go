package base_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/base"
	"onemap/layers/layerstest"
)

func needGDAL(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		t.Skip("ogr2ogr is not installed")
	}
}

// write makes a file of features: "name=a class=b | POINT…" as GeoJSON geometry.
func write(t *testing.T, name string, features ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	text := `{"type": "FeatureCollection", "features": [` + strings.Join(features, ",\n") + `]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func feature(properties, kind, coordinates string) string {
	return fmt.Sprintf(`{"type": "Feature", "properties": {%s}, "geometry": {"type": "%s", "coordinates": %s}}`, properties, kind, coordinates)
}

func importVector(t *testing.T, db *pgxpool.Pool, o base.VectorOptions) (base.Summary, []string, error) {
	t.Helper()
	o.Rejects, o.By = filepath.Join(t.TempDir(), "rejects.csv"), "test"
	sum, err := base.ImportVector(t.Context(), layers.NewStore(db), o)
	var out []string
	for _, r := range readCSV(t, o.Rejects) {
		out = append(out, strings.Join(r, "|"))
	}
	return sum, out, err
}

func mapping(t *testing.T, layer, text string) base.Mapping {
	t.Helper()
	m, err := base.ParseMapping(layer, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const houseA = `[[[120.001, 29.001], [120.002, 29.001], [120.002, 29.002], [120.001, 29.002], [120.001, 29.001]]]`

func TestVectorBuildings(t *testing.T) {
	needGDAL(t)
	db := layerstest.DB(t)
	file := write(t, "houses.geojson",
		feature(`"OBJECTID": 7, "MC": "义乌大厦", "LX": "住宅", "CS": 12, "GD": "36.5", "备注": "旧"`, "Polygon", houseA),
		feature(`"OBJECTID": 8, "LX": "飞船", "CS": 1`, "Polygon", houseA),
		feature(`"OBJECTID": 9, "LX": "厂房", "CS": "many"`, "Polygon", houseA),
		feature(`"OBJECTID": 10, "LX": "厂房"`, "Point", `[120, 29]`),
		feature(`"OBJECTID": 11, "LX": "厂房"`, "Polygon", `[[[120, 29], [120.002, 29.002], [120.002, 29], [120, 29.002], [120, 29]]]`),
		feature(`"OBJECTID": 7, "LX": "厂房"`, "Polygon", houseA),
		feature(`"OBJECTID": 12, "LX": "厂房"`, "Polygon", `[[[500, 29], [501, 29], [501, 30], [500, 29]]]`),
		`{"type": "Feature", "properties": {"OBJECTID": 13, "LX": "厂房"}, "geometry": null}`,
	)
	o := base.VectorOptions{Layer: "base_building", File: file, CRS: "CGCS2000", Mapping: mapping(t, "base_building", `
source: houses
key: OBJECTID
fields:
  name: {column: MC}
  class: {column: LX, lookup: {住宅: residential, 厂房: industrial}}
  levels: {column: CS}
  height_m: {column: GD}
`)}
	sum, rejects, err := importVector(t, db, o)
	if err != nil {
		t.Fatal(err)
	}
	got := column(t, db, `SELECT concat_ws(' ', source_key, name, class, levels, height_m, crs, tags ->> '备注', round((ST_Area(geom) * 1e6)::numeric, 2)) FROM map.base_building ORDER BY source_key`)
	want := []string{"houses:11 industrial CGCS2000 2.00", "houses:7 义乌大厦 residential 12 36.5 CGCS2000 旧 1.00"}
	// concat_ws keeps the empty name of the first.
	want[0] = "houses:11  industrial CGCS2000 2.00"
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, want := range []string{
		"8|LX|飞船|base_building|rejected|the mapping's lookup of class does not have it",
		"9|CS|many|base_building|rejected|levels: a count of storeys",
		"10|geometry|Point|base_building|rejected|the layer takes areas",
		"11|geometry||base_building|repaired|Self-intersection",
		"7|OBJECTID|7|base_building|rejected|the key came before in this file",
		"12|geometry|(500, 29)|base_building|rejected|it is not on Earth in CGCS2000",
		"13|geometry||base_building|rejected|there is none",
	} {
		name, rest, _ := strings.Cut(want, "|")
		if !hasPrefix(rejects, want) && !(name == "7" && hasPrefix(rejects, "6|"+rest)) {
			t.Errorf("no line %q in\n%s", want, strings.Join(rejects, "\n"))
		}
	}
	if l := sum.Layer("base_building"); l.Rows != 2 || l.Repaired != 1 || l.Rejected != 6 || int(l.Repaired+l.Rejected) != len(rejects) {
		t.Errorf("summary %+v with %d lines", l, len(rejects))
	}
	// Again, in another order and with one more: those that were there keep their ids.
	before := column(t, db, `SELECT source_key || ' ' || id FROM map.base_building ORDER BY 1`)
	o.File = write(t, "houses2.geojson",
		feature(`"OBJECTID": 99, "LX": "住宅"`, "Polygon", houseA),
		feature(`"OBJECTID": 11, "LX": "厂房"`, "Polygon", houseA),
		feature(`"OBJECTID": 7, "LX": "住宅"`, "Polygon", houseA))
	if _, _, err := importVector(t, db, o); err != nil {
		t.Fatal(err)
	}
	after := column(t, db, `SELECT source_key || ' ' || id FROM map.base_building WHERE source_key <> 'houses:99' ORDER BY 1`)
	if strings.Join(after, " ") != strings.Join(before, " ") {
		t.Errorf("ids were %v, are %v", before, after)
	}
}

// One place in all systems: the tower of Yiwu's railway station, roughly.
func TestVectorSystems(t *testing.T) {
	needGDAL(t)
	db := layerstest.DB(t)
	var x, y float64
	if err := db.QueryRow(t.Context(), `SELECT ST_X(p), ST_Y(p) FROM ST_Transform(ST_SetSRID(ST_Point(120.05, 29.35), 4490), 4549) p`).Scan(&x, &y); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		crs, at string
		within  float64 // degrees
		orig    int     // SRID of orig, -1: NULL
	}{
		{"WGS84", "[120.05, 29.35]", 1e-9, -1},
		{"EPSG:4490", "[120.05, 29.35]", 1e-9, -1},
		{"GCJ02", "[120.05458, 29.34746]", 1e-3, 0},
		{"BD09", "[120.06113, 29.35323]", 2e-3, 0},
		{"EPSG:4549", fmt.Sprintf("[%.6f, %.6f]", x, y), 1e-6, 4549},
	} {
		file := write(t, "poi.geojson", feature(`"name": "站"`, "Point", tt.at))
		if _, rejects, err := importVector(t, db, base.VectorOptions{Layer: "base_poi", File: file, CRS: tt.crs}); err != nil {
			t.Errorf("%s: %v %v", tt.crs, err, rejects)
			continue
		}
		var lon, lat float64
		var orig int
		if err := db.QueryRow(t.Context(), `SELECT ST_X(geom), ST_Y(geom), coalesce(ST_SRID(orig), -1) FROM map.base_poi`).Scan(&lon, &lat, &orig); err != nil {
			t.Fatal(err)
		}
		if lon < 120.05-tt.within || lon > 120.05+tt.within || lat < 29.35-tt.within || lat > 29.35+tt.within || orig != tt.orig {
			t.Errorf("%s: got (%.7f, %.7f), orig %d", tt.crs, lon, lat, orig)
		}
	}
	file := write(t, "poi.geojson", feature(`"name": "站"`, "Point", "[120, 29]"))
	for _, crs := range []string{"", "EPSG:4214", "EPSG:4610", "EPSG:2437", "EPSG:2362", "EPSG:21420", "EPSG:999999", "utm"} {
		if _, _, err := importVector(t, db, base.VectorOptions{Layer: "base_poi", File: file, CRS: crs}); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%q: got %v, want an input error", crs, err)
		}
	}
	// Coordinates that are none of the declared system: nothing is replaced, and the list says why.
	file = write(t, "poi.geojson", feature(`"name": "站"`, "Point", "[1e12, 29]"))
	_, rejects, err := importVector(t, db, base.VectorOptions{Layer: "base_poi", File: file, CRS: "EPSG:4549"})
	if !errors.Is(err, layers.ErrInvalid) || !hasPrefix(rejects, "1|geometry||base_poi|rejected|its coordinates are not in the area of EPSG:4549") {
		t.Errorf("got %v, %q", err, rejects)
	}
	if n := count(t, db, `SELECT count(*) FROM map.base_poi`); n != 1 {
		t.Errorf("%d points of interest are left of the last good import, want 1", n)
	}
}

func TestVectorRoadsMakeANetwork(t *testing.T) {
	needGDAL(t)
	db := layerstest.DB(t)
	file := write(t, "roads.geojson",
		feature(`"highway": "residential", "name": "A"`, "LineString", `[[120, 29], [120.005, 29], [120.01, 29]]`),
		feature(`"highway": "residential", "name": "B", "oneway": "yes"`, "MultiLineString", `[[[120.005, 28.995], [120.005, 29], [120.005, 29.005]], [[121, 29], [121.1, 29]]]`))
	sum, rejects, err := importVector(t, db, base.VectorOptions{Layer: "base_road", File: file, CRS: "WGS84"})
	if err != nil {
		t.Fatal(err, rejects)
	}
	if n := sum.Network; n == nil || n.Edges != 5 || n.Nodes != 7 || n.Cars.Count != 2 || n.Cars.Largest != 5 {
		t.Errorf("network %+v", sum.Network)
	}
	for _, tt := range []struct {
		from, to string
		edges    int
	}{{"120 29", "120.005 29.005", 2}, {"120.005 29.005", "120 29", 0}, {"120.01 29", "120 29", 2}} {
		var edges int
		err := db.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE edge > 0) FROM pgr_dijkstra('SELECT id, source, target, cost, reverse_cost FROM map.road_edge',
			(SELECT id FROM map.road_node ORDER BY geom <-> ST_GeomFromText('POINT(' || $1 || ')', 4326) LIMIT 1),
			(SELECT id FROM map.road_node ORDER BY geom <-> ST_GeomFromText('POINT(' || $2 || ')', 4326) LIMIT 1))`, tt.from, tt.to).Scan(&edges)
		if err != nil {
			t.Fatal(err)
		}
		if edges != tt.edges {
			t.Errorf("%s to %s: %d edges, want %d", tt.from, tt.to, edges, tt.edges)
		}
	}
	if n := count(t, db, `SELECT count(*) FROM map.base_road WHERE source_key IN ('roads:1', 'roads:2', 'roads:2#2')`); n != 3 {
		t.Errorf("%d roads, want 3", n)
	}
}

// Shapefile, GeoPackage, FlatGeobuf, KML, GML and DXF of the same houses.
func TestVectorFormats(t *testing.T) {
	needGDAL(t)
	db := layerstest.DB(t)
	source := write(t, "houses.geojson", feature(`"name": "义乌大厦", "levels": 3`, "Polygon", houseA), feature(`"name": "北楼", "levels": 5`, "Polygon", houseA))
	for _, tt := range []struct {
		file string
		args []string
		name string // of the first, "" where the format has none
	}{
		{"a.shp", []string{"-f", "ESRI Shapefile", "-lco", "ENCODING=GB18030"}, "义乌大厦"},
		{"b.gpkg", []string{"-f", "GPKG"}, "义乌大厦"},
		{"c.fgb", []string{"-f", "FlatGeobuf", "-lco", "SPATIAL_INDEX=NO"}, "义乌大厦"},
		{"d.kml", []string{"-f", "KML"}, "义乌大厦"},
		{"e.gml", []string{"-f", "GML"}, "义乌大厦"},
		{"f.geojsonl", []string{"-f", "GeoJSONSeq"}, "义乌大厦"},
		{"g.dxf", []string{"-f", "DXF", "-select", ""}, ""},
	} {
		t.Run(tt.file, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.file)
			if out, err := exec.Command("ogr2ogr", append(tt.args, path, source)...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if tt.file == "a.shp" { // as departments send it: nobody says the encoding
				if err := os.Remove(strings.TrimSuffix(path, ".shp") + ".cpg"); err != nil {
					t.Fatal(err)
				}
			}
			_, rejects, err := importVector(t, db, base.VectorOptions{Layer: "base_building", File: path, CRS: "WGS84"})
			if err != nil {
				t.Fatal(err, rejects)
			}
			got := column(t, db, `SELECT name FROM map.base_building ORDER BY source_key`)
			if len(got) != 2 || got[0] != tt.name {
				t.Errorf("got %q", got)
			}
		})
	}
}

// What GDAL would do for a file that asks for it, the cage refuses.
func TestVectorCage(t *testing.T) {
	needGDAL(t)
	db := layerstest.DB(t)
	dir := t.TempDir()
	secret := write(t, "secret.geojson", feature(`"name": "secret"`, "Point", "[120, 29]"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	called := make(chan struct{}, 16)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			called <- struct{}{}
			c.Close()
		}
	}()
	vrt := `<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>%s</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`
	for name, content := range map[string]string{
		"another_file.geojson":       fmt.Sprintf(vrt, secret),
		"another_file.kml":           fmt.Sprintf(vrt, secret),
		"another_file.gml":           fmt.Sprintf(vrt, secret),
		"address.kml":                fmt.Sprintf(vrt, "/vsicurl/http://"+l.Addr().String()+"/a.geojson"),
		"address.geojson":            fmt.Sprintf(`{"type": "Topology", "href": "http://%s/"}`, l.Addr()),
		"entity.gml":                 fmt.Sprintf(`<!DOCTYPE x [<!ENTITY e SYSTEM "http://%s/">]><x>&e;</x>`, l.Addr()),
		"wfs.gml":                    fmt.Sprintf(`<OGRWFSDataSource><URL>http://%s/</URL></OGRWFSDataSource>`, l.Addr()),
		"wrong.gpkg":                 "not a database",
		"archive.zip":                "PK",
		"table.vrt":                  fmt.Sprintf(vrt, secret),
		"empty.geojson":              "",
		"no_features_at_all.geojson": `{"type": "FeatureCollection", "features": []}`,
		"broken.geojson":             `{"type": "FeatureCollection", "features": [{"type": "Feat`,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := importVector(t, db, base.VectorOptions{Layer: "base_poi", File: path, CRS: "WGS84"})
		if !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%s: got %v, want an input error", name, err)
		} else if strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "onemap-gdal") {
			t.Errorf("%s: the error names folders of ours: %v", name, err)
		}
	}
	for _, path := range []string{"/vsicurl/http://" + l.Addr().String() + "/a.geojson", "/vsizip/a.zip/a.geojson", filepath.Join(dir, "absent.gpkg"), "PG:dbname=onemap.gml"} {
		if _, _, err := importVector(t, db, base.VectorOptions{Layer: "base_poi", File: path, CRS: "WGS84"}); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%s: got %v, want an input error", path, err)
		}
	}
	if n := count(t, db, `SELECT count(*) FROM map.base_poi`); n != 0 {
		t.Errorf("%d features came out of the cage", n)
	}
	select {
	case <-called:
		t.Error("the cage let a call through")
	default:
	}
}

func TestVectorStops(t *testing.T) {
	needGDAL(t)
	t.Setenv("TMPDIR", t.TempDir()) // where the cage is made
	db := layerstest.DB(t)
	var many []string
	for i := range 2000 {
		many = append(many, feature(fmt.Sprintf(`"name": "%d"`, i), "Point", "[120, 29]"))
	}
	file := write(t, "many.geojson", many...)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := base.ImportVector(ctx, layers.NewStore(db), base.VectorOptions{Layer: "base_poi", File: file, CRS: "WGS84", Progress: func(n int64) {
		if n > 500 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := count(t, db, `SELECT count(*) FROM map.base_poi`); n != 0 {
		t.Errorf("%d rows of a cancelled import", n)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "onemap-gdal-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers/gdal"
	"onemap/layers/layerstest"
	"onemap/tiles/archive"
)

// exportWorld is a database with a few features, named in the environment.
func exportWorld(t *testing.T) *pgxpool.Pool {
	t.Helper()
	db := layerstest.DB(t)
	_, err := db.Exec(t.Context(), `
		INSERT INTO map.base_road (name, class, geom) VALUES
			('人民路', 'primary', 'SRID=4326;LINESTRING(120.001 29.305, 120.009 29.305)'),
			('解放路', 'residential', 'SRID=4326;LINESTRING(120.201 29.305, 120.209 29.305)');
		INSERT INTO map.base_water (name, class, geom) VALUES ('小湖', 'lake', ST_Multi('SRID=4326;POLYGON((120 29.3, 120.1 29.3, 120.1 29.4, 120 29.4, 120 29.3))'));
		INSERT INTO map.enterprise (name, industry, risk, last_inspected_on, geom) VALUES ('东方化工', 'chemicals', 1, '2026-11-20', 'SRID=4326;POINT(120.005 29.305)');
		UPDATE onemap.layer SET open = true WHERE subject = 'base';
		UPDATE onemap.setting SET value = 'true' WHERE key = 'open.portal';
		INSERT INTO onemap.open_rule (layer, as_is, set_by) SELECT name, true, 'test' FROM onemap.layer WHERE subject = 'base'`)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ONEMAP_DATABASE_URL", db.Config().ConnString())
	return db
}

// exportJSON runs an export and returns its answer.
func exportJSON(t *testing.T, args ...string) (e exported) {
	t.Helper()
	status, out, errs := typed(t, append([]string{"--json", "export"}, args...)...)
	if err := json.Unmarshal([]byte(out), &e); status != statusDone || err != nil {
		t.Fatalf("%q: status %d, printed %q, said %q", args, status, out, errs)
	}
	return e
}

func TestExportMisuse(t *testing.T) {
	for _, args := range [][]string{
		{"export", "--format", "csv"},
		{"export", "asset", "--format", "pmtiles"},
		{"export", "asset", "--format", "gpkg"},
		{"export", "asset", "incident"},
		{"export", "--base"},
		{"export", "asset", "--maxzoom", "9"},
		{"export", "asset", "--format", "pmtiles", "-o", "x", "--minzoom", "9", "--maxzoom", "8"},
		{"export", "asset", "--format", "pmtiles", "-o", "x", "--maxzoom", "23"},
		{"export", "asset", "--bbox", "1,2,3"},
		{"export", "asset", "--bbox", "121,29,120,30"},
		{"export", "asset", "--crs", "EPSG:4549"},
		{"export", "asset", "--format", "gpkg", "-o", "x", "--crs", "GCJ02"},
		{"export", "asset", "--format", "gpkg", "-o", "x", "--crs", "EPSG:2436"},
		{"export", "asset", "--public", "--as", "police"},
	} {
		status, out, errs := typed(t, args...)
		if status != statusUsage || out != "" || !strings.HasPrefix(errs, "onemap: ") {
			t.Errorf("%q: status %d, printed %q, said %q", args, status, out, errs)
		}
	}
	exportWorld(t)
	for _, args := range [][]string{
		{"export", "base_road", "--filter", "class = "},
		{"export", "base_road", "--filter", "secret = 1"},
		{"export", "base_road", "--properties", "name,secret"},
	} {
		if status, out, errs := typed(t, args...); status != statusUsage || out != "" {
			t.Errorf("%q: status %d, printed %q, said %q", args, status, out, errs)
		}
	}
}

func TestExportArchives(t *testing.T) {
	exportWorld(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "base.pmtiles")
	e := exportJSON(t, "--base", "--public", "--format", "pmtiles", "-o", file, "--maxzoom", "13", "--attribution", "© 测绘院")
	if e.Tiles == 0 || e.Bytes == 0 || len(e.Layers) != 8 {
		t.Errorf("%+v", e)
	}
	a, err := archive.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	m := a.Metadata
	if a.Tiles != e.Tiles || m.Attribution != "© 测绘院" || m.Type != "baselayer" || m.Onemap.Right != archive.RightPublic || m.Onemap.Cursor == "" || m.Onemap.Cut || a.MaxZoom != 13 {
		t.Errorf("%+v, %d tiles", m, a.Tiles)
	}
	for _, v := range m.VectorLayers {
		if v.ID == "base_address" { // it begins at zoom 16
			t.Error("a layer without zooms is described")
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("in the folder are %v", left)
	}
	// Of a box there are the tiles that meet it.
	box := exportJSON(t, "base_road", "--format", "pmtiles", "-o", file, "--bbox", "120.0,29.3,120.01,29.31", "--minzoom", "12", "--maxzoom", "12")
	if box.Tiles < 1 || box.Tiles > 2 {
		t.Errorf("of the box there are %d tiles", box.Tiles)
	}
	if a, err = archive.Open(file); err != nil || !a.Metadata.Onemap.Cut {
		t.Errorf("%+v %v", a, err)
	}
	both := exportJSON(t, "base_road", "base_water", "--format", "mbtiles", "-o", filepath.Join(dir, "a.mbtiles"), "--filter", "name LIKE '%路'", "--maxzoom", "14")
	if both.Tiles == 0 || both.Layers[0].Layer != "base_water" || both.Layers[0].Tiles != 0 || both.Layers[1].Tiles != both.Tiles {
		t.Errorf("%+v", both)
	}
}

func TestExportTables(t *testing.T) {
	db := exportWorld(t)
	dir := t.TempDir()
	folder := filepath.Join(dir, "roads")
	e := exportJSON(t, "base_road", "base_water", "--format", "ndjson", "-o", folder, "--properties", "name", "--filter", "class <> 'residential'")
	if len(e.Layers) != 2 || *e.Layers[0].Features != 1 || *e.Layers[1].Features != 1 {
		t.Errorf("%+v", e)
	}
	if b, err := os.ReadFile(filepath.Join(folder, "base_road.ndjson")); err != nil || !bytes.Contains(b, []byte(`"properties":{"name":"人民路"}`)) || bytes.Count(b, []byte("\n")) != 1 {
		t.Errorf("%s %v", b, err)
	}
	if status, out, errs := typed(t, "export", "base_road", "--format", "ndjson", "--bbox", "120.2,29.3,120.3,29.4"); status != statusDone || !strings.Contains(out, "解放路") || strings.Contains(out, "人民路") {
		t.Errorf("status %d, printed %q, said %q", status, out, errs)
	}
	if status, _, errs := typed(t, "export", "enterprise", "--public"); status != statusFailed || !strings.Contains(errs, "not found") {
		t.Errorf("what the public may not see: status %d, said %q", status, errs)
	}
	var n int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.audit WHERE action = 'layer.export'`).Scan(&n); err != nil || n != 3 {
		t.Errorf("%d exports are in the audit (%v)", n, err)
	}
	if !gdal.Installed() {
		t.Skip(gdal.ErrMissing)
	}
	file := filepath.Join(dir, "a.gpkg")
	exportJSON(t, "base_road", "enterprise", "--format", "gpkg", "-o", file, "--crs", "EPSG:4549")
	out, err := exec.CommandContext(t.Context(), "ogrinfo", "-ro", "-al", file).CombinedOutput()
	for _, want := range []string{"Layer name: base_road", "Layer name: enterprise", "name (String) = 东方化工", "risk (Integer64) = 1", "last_inspected_on (Date) = 2026/11/20", `ID["EPSG",4549]`, "Feature Count: 2\n", "Feature Count: 1\n"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("no %q (%v)", want, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("in the folder are %v", left)
	}
}

// An export that was interrupted goes on with the layers that are missing, and
// with them only.
func TestExportGoesOn(t *testing.T) {
	db := exportWorld(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "a.pmtiles")
	args := []string{"export", "base_road", "base_water", "--format", "pmtiles", "-o", file, "--maxzoom", "13"}
	audited := func() (n int) {
		t.Helper()
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.audit WHERE action = 'layer.export'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	// The second of the two, in the registry's order, cannot be read.
	if _, err := db.Exec(t.Context(), `ALTER TABLE map.base_road RENAME TO base_road_away`); err != nil {
		t.Fatal(err)
	}
	if status, out, errs := typed(t, args...); status != statusFailed || out != "" {
		t.Fatalf("status %d, printed %q, said %q", status, out, errs)
	}
	if exists(file) || !exists(filepath.Join(file+".part", "base_water.pmtiles")) || audited() != 2 {
		t.Error("what was finished is not kept, or what was not is there")
	}
	if _, err := db.Exec(t.Context(), `ALTER TABLE map.base_road_away RENAME TO base_road`); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := typed(t, append(args, "--properties", "name")...); status != statusFailed || !strings.Contains(errs, "--anew") {
		t.Errorf("another export goes on with it: status %d, said %q", status, errs)
	}
	e := exportJSON(t, args[1:]...)
	if !e.Layers[0].Resumed || e.Layers[0].Layer != "base_water" || e.Layers[1].Resumed || e.Layers[0].Tiles == 0 || e.Layers[1].Tiles == 0 || audited() != 3 {
		t.Errorf("%+v, %d in the audit", e, audited())
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("in the folder are %v", left)
	}
	a, err := archive.Open(file)
	if err != nil || len(a.Metadata.VectorLayers) != 2 {
		t.Errorf("%v", err)
	}
	// Once whole, the next begins anew.
	if e := exportJSON(t, args[1:]...); e.Layers[0].Resumed {
		t.Errorf("%+v", e)
	}
	// Stopped by its caller, with nothing finished, it leaves nothing.
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out, errs bytes.Buffer
	other := filepath.Join(dir, "b.pmtiles")
	if status := execute(ctx, []string{"export", "base_road", "--format", "pmtiles", "-o", other}, &out, &errs); status != statusFailed || exists(other) || exists(other+".part") {
		t.Errorf("status %d, said %q", status, errs.String())
	}
}

func TestWorkshopIsOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x.part")
	a, err := openWorkshop(dir, "one", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openWorkshop(dir, "one", false); err == nil {
		t.Error("two exports share a workshop")
	}
	if err := a.finish("asset", 7); err != nil {
		t.Fatal(err)
	}
	a.close(false)
	if b, err := openWorkshop(dir, "one", false); err != nil {
		t.Error(err)
	} else {
		var n int
		if !b.finished("asset", &n) || n != 7 || b.finished("other", &n) {
			t.Errorf("finished %v", b.Done)
		}
		b.close(false)
	}
	if _, err := openWorkshop(dir, "another", false); err == nil {
		t.Error("another export goes on with it")
	}
	c, err := openWorkshop(dir, "another", true)
	if err != nil || len(c.Done) != 0 {
		t.Error(c, err)
	}
	c.close(true)
	if exists(dir) {
		t.Error("the workshop is left")
	}
}

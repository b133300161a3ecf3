package web_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// gdal runs one of GDAL's programs as the login.
func (w *world) gdal(login, program string, args ...string) string {
	w.t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		w.t.Skip(program + " is not installed (gdal-bin)")
	}
	cmd := exec.CommandContext(w.t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "CPL_DEBUG=OFF")
	if login != "" {
		cmd.Env = append(cmd.Env, "GDAL_HTTP_HEADERS=Authorization: Bearer "+w.tokens[login])
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s %v: %v: %s", program, args, err, out)
	}
	return string(out)
}

func (w *world) says(out string, wants ...string) {
	w.t.Helper()
	for _, want := range wants {
		if !strings.Contains(out, want) {
			w.t.Errorf("no %q in %s", want, out)
		}
	}
}

// GDAL's own driver reads the collections: each by right, page by page, whole,
// filtered by what it knows how to ask, and where they are.
func TestGDALReadsCollections(t *testing.T) {
	w := newConformanceWorld(t)
	at := "OAPIF:" + w.url + "/ogc"
	public, police := w.gdal("", "ogrinfo", "-ro", at), w.gdal("police", "ogrinfo", "-ro", at)
	w.says(public, "base_road", "grid_unit")
	w.says(police, "base_road", "inspection (title: 安全检查) (Point)")
	if strings.Contains(public, "inspection") {
		t.Errorf("the public sees %s", public)
	}
	// Who sees a part of a layer is told the city's extent.
	w.says(w.gdal("police", "ogrinfo", "-ro", "-so", "-oo", "PAGE_SIZE=7", at, "inspection"), "Feature Count: 30", "inspected_on: Date", "critical: Integer",
		`ID["EPSG",4326]`, "Extent: (120.000000, 29.300000) - (120.020000, 29.310000)")
	whole := w.gdal("police", "ogrinfo", "-ro", "-al", "-q", "-oo", "PAGE_SIZE=7", at, "inspection")
	if n := strings.Count(whole, "OGRFeature"); n != 30 {
		t.Errorf("%d features in pages of 7", n)
	}
	w.says(w.gdal("police", "ogrinfo", "-ro", "-so", "-where", "result = 'fail'", at, "inspection"), "Feature Count: 10")
	w.says(w.gdal("police", "ogrinfo", "-ro", "-so", "-spat", "120.001", "29.3", "120.0042", "29.31", at, "inspection"), "Feature Count: 7")
	w.says(w.gdal("police", "ogrinfo", "-ro", "-so", at, "base_water"), "Geometry: Multi Polygon", "Feature Count: 1")
	// One collection by its own address.
	w.says(w.gdal("police", "ogrinfo", "-ro", "-so", "OAPIF_COLLECTION:"+w.url+"/ogc/collections/inspection"), "inspection")
}

// GDAL's MVT driver reads tiles, and puts their features where they are.
func TestGDALReadsTiles(t *testing.T) {
	w := newConformanceWorld(t)
	file := filepath.Join(t.TempDir(), "6796.pbf")
	if err := os.WriteFile(file, w.want(200, w.as("", "GET", "/tiles/base_poi,base_road/14/13653/6796.mvt", nil)).body, 0o600); err != nil {
		t.Fatal(err)
	}
	out := w.gdal("", "ogrinfo", "-ro", "-al", "-oo", "X=13653", "-oo", "Y=6796", "-oo", "Z=14", file, "base_road")
	w.says(out, "Layer name: base_road", "class (String) = primary", "name (String) = 人民路", "Feature Count: 1", `ID["EPSG",3857]`)
	in := w.gdal("", "ogr2ogr", "-f", "CSV", "/vsistdout/", file, "-oo", "X=13653", "-oo", "Y=6796", "-oo", "Z=14", "-t_srs", "EPSG:4326", "-lco", "GEOMETRY=AS_XY", "-where", "name = 'poi 6'", "base_poi")
	lines := strings.Split(strings.TrimSpace(in), "\n")
	var x, y float64
	if _, err := fmt.Sscanf(lines[len(lines)-1], "%f,%f", &x, &y); err != nil {
		t.Fatalf("%v: %s", err, in)
	}
	if x < 120.00599 || x > 120.00601 || y < 29.30399 || y > 29.30401 { // 2.4 m a unit
		t.Errorf("poi 6 is at %v %v, want 120.006 29.304", x, y)
	}
}

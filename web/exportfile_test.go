package web_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"onemap/cmd/onemap/tilefeed"
	"onemap/geo/where"
	"onemap/layers/gdal"
	"onemap/tiles"
	"onemap/tiles/archive"
	"onemap/tiles/pmtiles"
	"onemap/web/takeout"
)

// ogrinfo says what GDAL finds in a file.
func ogrinfo(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "ogrinfo", "-ro", "-al", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// Files that GDAL makes hold what the caller may see, in types of the registry.
func TestExportByGDAL(t *testing.T) {
	if !gdal.Installed() {
		t.Skip(gdal.ErrMissing)
	}
	w := newWorld(t)
	for _, format := range []string{"gpkg", "fgb"} {
		r := w.want(200, w.as("police", "GET", "/api/v1/layers/enterprise/export?format="+format+"&filter=risk%3D1", nil))
		if kind := r.Header.Get("Content-Type"); kind != gdal.Formats[format].Type || !strings.Contains(r.Header.Get("Content-Disposition"), "."+format+`"`) {
			t.Errorf("%s is sent as %q, %q", format, kind, r.Header.Get("Content-Disposition"))
		}
		got := ogrinfo(t, "a."+format, r.body)
		for _, want := range []string{"Feature Count: 1\n", "name (String) = 东方化工\n", "risk (Integer64) = 1\n", "Extent: (120.005000, 29.305000) - (120.005000, 29.305000)", `ID["EPSG",4326]`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s has no %q:\n%s", format, want, got)
			}
		}
	}
	w.want(404, w.as("", "GET", "/api/v1/layers/enterprise/export?format=gpkg", nil))
	w.want(422, w.as("police", "GET", "/api/v1/layers/enterprise/export?format=gpkg&maxzoom=3", nil))
	t.Setenv("PATH", t.TempDir())
	p := w.want(422, w.as("police", "GET", "/api/v1/layers/enterprise/export?format=gpkg", nil)).problem(t)
	if !strings.Contains(p.Detail, "gdal-bin") {
		t.Errorf("without GDAL: %+v", p)
	}
	var audit struct{ Entries []struct{ Object string } }
	w.want(200, w.as("auditor", "GET", "/api/v1/audit?action=layer.export", nil)).into(t, &audit)
	if len(audit.Entries) != 2 {
		t.Errorf("recorded %+v", audit.Entries)
	}
}

// readArchive reads what the API gave.
func readArchive(t *testing.T, b []byte) (*pmtiles.Reader, archive.Metadata) {
	t.Helper()
	r, err := pmtiles.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := archive.ReadMetadata(r)
	if err != nil {
		t.Fatal(err)
	}
	return r, m
}

// An archive's tiles are those that the same caller gets one by one: of the
// public it has the public's fields, of an officer theirs.
func TestExportArchive(t *testing.T) {
	w := newWorld(t)
	for _, login := range []string{"", "urban"} {
		r, m := readArchive(t, w.want(200, w.as(login, "GET", "/api/v1/layers/grid_unit/export?format=pmtiles&maxzoom=14", nil)).body)
		if r.MinZoom != 12 || r.MaxZoom != 14 || m.VectorLayers[0].ID != "grid_unit" || m.Onemap.Right != map[string]string{"": "public", "urban": "urban"}[login] {
			t.Errorf("%q: zooms %d to %d, %+v", login, r.MinZoom, r.MaxZoom, m)
		}
		if _, ok := m.VectorLayers[0].Fields["duty_code"]; ok == (login == "") {
			t.Errorf("%q: fields %v", login, m.VectorLayers[0].Fields)
		}
		n := 0
		for c, err := range r.All() {
			if err != nil {
				t.Fatal(err)
			}
			z, x, y, _ := pmtiles.Address(c.ID)
			got, err := pmtiles.Decompress(c.Data, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			want := w.want(200, w.as(login, "GET", fmt.Sprintf("/tiles/grid_unit/%d/%d/%d.mvt", z, x, y), nil)).body
			if !bytes.Equal(got, want) {
				t.Errorf("%q: %d/%d/%d differs", login, z, x, y)
			}
			n++
		}
		if n < 4 {
			t.Errorf("%q: %d tiles", login, n)
		}
	}
	b := w.want(200, w.as("", "GET", "/api/v1/layers/base_road/export?format=mbtiles&minzoom=10&maxzoom=11", nil)).body
	if !bytes.HasPrefix(b, []byte("SQLite format 3\x00")) {
		t.Errorf("mbtiles begins with %.20q", b)
	}
	for _, query := range []string{"minzoom=12&maxzoom=11", "maxzoom=23", "maxzoom=x", "minzoom=-1"} {
		w.want(422, w.as("", "GET", "/api/v1/layers/base_road/export?format=pmtiles&"+query, nil))
	}
	w.want(404, w.as("", "GET", "/api/v1/layers/enterprise/export?format=pmtiles", nil))
	// A box over the whole world at a large zoom is more than one caller may ask for.
	w.exec(`INSERT INTO map.base_road (name, class, geom) VALUES ('长路', 'primary', 'SRID=4326;LINESTRING(100 20, 120 40)')`)
	if p := w.want(422, w.as("", "GET", "/api/v1/layers/base_road/export?format=pmtiles&maxzoom=16", nil)).problem(t); len(p.Errors) != 1 || p.Errors[0].Field != "query.maxzoom" {
		t.Errorf("too many tiles: %+v", p)
	}
}

// archiveOf makes an archive of layers with these fields, as the command line
// does for the operator.
func archiveOf(w *world, fields map[string][]string) *archive.File {
	w.t.Helper()
	dir := w.t.TempDir()
	whole := takeout.Whole{Format: "pmtiles", Path: filepath.Join(dir, "base.pmtiles"), Name: "test", Right: archive.RightOperator, Made: time.Now(), By: "test"}
	for name, list := range fields {
		l, err := w.server.Store.Layer(w.t.Context(), name)
		if err != nil {
			w.t.Fatal(err)
		}
		wanted := []takeout.Layer{{Layer: l, Where: where.True, Fields: list}}
		takeout.Zooms(wanted, -1, 14)
		part := filepath.Join(dir, name)
		built, err := takeout.Build(w.t.Context(), w.server.Store, &tiles.Maker{PostGIS: tilefeed.PostGIS{Store: w.server.Store}}, wanted[0], nil, 0, part, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		whole.Layers, whole.Built, whole.Parts = append(whole.Layers, wanted...), append(whole.Built, built), append(whole.Parts, part)
	}
	if _, err := takeout.Finish(w.t.Context(), whole, nil); err != nil {
		w.t.Fatal(err)
	}
	f, err := archive.Open(whole.Path)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func TestArchiveInRanges(t *testing.T) {
	w := newWorld(t)
	file := archiveOf(w, map[string][]string{"base_road": {"name", "class"}})
	w.server.Archives = map[string]func() *archive.File{"base": func() *archive.File { return file }, "none": func() *archive.File { return nil }}
	const at = "/pmtiles/base.pmtiles"

	all := w.want(200, w.as("", "GET", at, nil, "Accept-Encoding", "gzip, zstd"))
	etag := all.Header.Get("ETag")
	if int64(len(all.body)) != file.Bytes || all.Header.Get("Content-Encoding") != "" || all.Header.Get("Content-Type") != "application/vnd.pmtiles" ||
		!strings.HasPrefix(etag, `"`) || !strings.HasPrefix(all.Header.Get("Cache-Control"), "public, ") || all.Header.Get("Accept-Ranges") != "bytes" || strings.Contains(all.Header.Get("Vary"), "Cookie") {
		t.Errorf("%d bytes, %v", len(all.body), all.Header)
	}
	for _, tt := range []struct {
		name   string
		status int
		header []string
		body   []byte
	}{
		{"the head", 206, []string{"Range", "bytes=0-16383"}, all.body[:16384]},
		{"the end", 206, []string{"Range", "bytes=-10"}, all.body[len(all.body)-10:]},
		{"a range that is still of this file", 206, []string{"Range", "bytes=5-9", "If-Range", etag}, all.body[5:10]},
		{"a range of another file", 200, []string{"Range", "bytes=5-9", "If-Range", `"other"`}, all.body},
		{"past the end", 416, []string{"Range", "bytes=99999999-"}, nil},
		{"as the client has it", 304, []string{"If-None-Match", etag}, nil},
		{"only of another file", 412, []string{"Range", "bytes=0-9", "If-Match", `"other"`}, nil},
		{"a credential that does not hold", 206, []string{"Range", "bytes=0-6", "Authorization", "Bearer om_nobody"}, []byte("PMTiles")},
	} {
		r := w.want(tt.status, w.as("", "GET", at, nil, append(tt.header, "Accept-Encoding", "gzip")...))
		if tt.body != nil && !bytes.Equal(r.body, tt.body) {
			t.Errorf("%s: %d bytes, want %d", tt.name, len(r.body), len(tt.body))
		}
	}
	if r := w.want(200, w.as("", "GET", at, nil, "Origin", "https://elsewhere.example")); r.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("another site's page: %v", r.Header)
	}
	w.want(404, w.as("", "GET", "/pmtiles/none.pmtiles", nil))
	w.want(404, w.as("", "GET", "/pmtiles/other.pmtiles", nil))
	w.want(422, w.as("", "GET", at+"?x=1", nil))

	r, _ := readArchive(t, all.body)
	tile := maptile.At([2]float64{120.01, 29.305}, 13)
	b, err := r.Tile(13, tile.X, tile.Y)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := pmtiles.Decompress(b, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if ls, err := mvt.Unmarshal(plain); err != nil || len(ls) != 1 || ls[0].Features[0].Properties["name"] != "人民路" {
		t.Errorf("%v %v", ls, err)
	}

	// A layer that is closed takes its archive with it.
	w.exec(`UPDATE onemap.layer SET open = false WHERE name = 'base_road'`)
	w.server.Store.ForgetRegistry()
	w.want(404, w.as("", "GET", at, nil))
	w.want(404, w.as("admin", "GET", at, nil))
}

// What is not the public's is served to nobody as a file, not even to who may
// see the layer.
func TestArchiveOfWhatIsNotPublic(t *testing.T) {
	w := newWorld(t)
	for name, fields := range map[string]map[string][]string{
		"a layer that is not open":          {"base_road": {"name"}, "enterprise": {"name"}},
		"an internal field":                 {"grid_unit": {"grid_code", "duty_code"}},
		"a layer that the registry has not": nil,
	} {
		file := &archive.File{}
		if fields != nil {
			file = archiveOf(w, fields)
		} else {
			file.Metadata.Onemap = &archive.Origin{Layers: []archive.OriginLayer{{Name: "atlantis"}}}
		}
		w.server.Archives = map[string]func() *archive.File{"base": func() *archive.File { return file }}
		for _, login := range []string{"", "centre", "admin"} {
			if r := w.as(login, "GET", "/pmtiles/base.pmtiles", nil); r.StatusCode != 404 {
				t.Errorf("%s: %q gets %d", name, login, r.StatusCode)
			}
		}
	}
	// A field that was the public's and in tiles, when the archive was made, is
	// neither now: the archive still has its values.
	once := archiveOf(w, map[string][]string{"base_road": {"name", "class"}})
	w.server.Archives = map[string]func() *archive.File{"base": func() *archive.File { return once }}
	w.want(200, w.as("", "GET", "/pmtiles/base.pmtiles", nil))
	w.exec(`UPDATE onemap.layer_field SET sensitivity = 'sensitive', in_tile = false WHERE layer = 'base_road' AND name = 'name'`)
	w.server.Store.ForgetRegistry()
	w.want(404, w.as("", "GET", "/pmtiles/base.pmtiles", nil))

	// Others' archives do not say what they hold.
	file := &archive.File{}
	w.server.Archives = map[string]func() *archive.File{"base": func() *archive.File { return file }}
	w.want(404, w.as("", "GET", "/pmtiles/base.pmtiles", nil))
}

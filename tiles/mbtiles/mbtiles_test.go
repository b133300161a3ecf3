package mbtiles_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"onemap/tiles/mbtiles"
	"onemap/tiles/pmtiles"
)

// ask runs SQL in SQLite's own program.
func ask(t *testing.T, path, sql string) string {
	t.Helper()
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("no sqlite3: apt-get install sqlite3")
	}
	out, err := exec.CommandContext(t.Context(), "sqlite3", "-readonly", path, sql).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

type address struct {
	z    uint8
	x, y uint32
}

// SQLite finds every page in order, and every tile where it was put, in
// databases from nothing to three levels of pages.
func TestSQLiteReadsIt(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 3))
	for _, tt := range []struct {
		name  string
		tiles int
		size  func() int
	}{
		{"nothing", 0, nil},
		{"one", 1, func() int { return 10 }},
		{"a leaf's edge", 170, func() int { return 10 }},
		{"past a leaf's edge", 171, func() int { return 10 }},
		{"each second one past", 342, func() int { return 10 }},
		{"sizes at which rows spill", 300, func() int { return 3900 + rnd.IntN(400) }},
		{"large tiles", 50, func() int { return rnd.IntN(200_000) }},
		{"three levels", 60_000, func() int { return 20 + rnd.IntN(100) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.mbtiles")
			w, err := mbtiles.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			want := map[address][]byte{}
			for len(want) < tt.tiles {
				z := uint8(rnd.IntN(20))
				a := address{z, rnd.Uint32N(1 << z), rnd.Uint32N(1 << z)}
				if want[a] != nil {
					continue
				}
				b := make([]byte, 1+tt.size())
				for i := range b {
					b[i] = byte(rnd.Uint32())
				}
				want[a] = b
				if err := w.Add(a.z, a.x, a.y, b); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Finish([]mbtiles.Row{{Name: "name", Value: "义乌"}, {Name: "json", Value: strings.Repeat("长", 5000)}}); err != nil {
				t.Fatal(err)
			}
			if got := ask(t, path, "PRAGMA integrity_check"); got != "ok" {
				t.Fatal(got)
			}
			if got := ask(t, path, "SELECT count(*), count(DISTINCT tile_data) FROM tiles"); got != fmt.Sprintf("%d|%d", tt.tiles, tt.tiles) {
				t.Errorf("tiles, different ones: %s", got)
			}
			if got := ask(t, path, "SELECT value FROM metadata WHERE name = 'name'"); got != "义乌" {
				t.Errorf("name %q", got)
			}
			if got := ask(t, path, "SELECT length(value) FROM metadata WHERE name = 'json'"); got != "5000" {
				t.Errorf("json of %s characters", got)
			}
			var script strings.Builder
			var asked []address
			for a := range want {
				fmt.Fprintf(&script, "SELECT hex(tile_data) FROM tiles WHERE zoom_level = %d AND tile_column = %d AND tile_row = %d;\n", a.z, a.x, 1<<a.z-1-a.y)
				if asked = append(asked, a); len(asked) == 100 {
					break
				}
			}
			for i, line := range strings.Fields(ask(t, path, script.String())) {
				if got, _ := hex.DecodeString(line); !bytes.Equal(got, want[asked[i]]) {
					t.Fatalf("%v is %.60s", asked[i], line)
				}
			}
		})
	}
}

// A file over 1 GiB leaves out the page by which SQLite locks. Long: it is
// written whole.
func TestLockPage(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := mbtiles.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	b := bytes.Repeat([]byte("onemap"), 100_000)
	for i := range uint32(2000) {
		if err := w.Add(11, i, i, append(b, strconv.Itoa(int(i))...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(nil); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, path, "PRAGMA integrity_check; SELECT count(*), sum(length(tile_data)) FROM tiles"); got != "ok\n2000|1200006890" {
		t.Error(got)
	}
}

func TestEqualTilesAreWrittenOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := mbtiles.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for x := range uint32(1024) {
		if err := w.Add(10, x, 7, []byte("sea")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(nil); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, path, "SELECT (SELECT count(*) FROM images), (SELECT count(*) FROM tiles)"); got != "1|1024" {
		t.Error(got)
	}
}

func TestTheSameTileTwice(t *testing.T) {
	dir := t.TempDir()
	w, err := mbtiles.Create(filepath.Join(dir, "a.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Add(1, 0, 0, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(nil); err == nil || !strings.Contains(err.Error(), "1/0/0") {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// GDAL's own driver opens the archive and finds the feature in its tile.
func TestGDALReadsIt(t *testing.T) {
	if _, err := exec.LookPath("ogrinfo"); err != nil {
		t.Skip("no ogrinfo: apt-get install gdal-bin")
	}
	at := maptile.At(orb.Point{120.0745, 29.3068}, 10)
	f := geojson.NewFeature(orb.Point{120.0745, 29.3068})
	f.Properties = geojson.Properties{"name": "义乌"}
	layer := mvt.NewLayer("base_poi", &geojson.FeatureCollection{Features: []*geojson.Feature{f}})
	layer.Version = 2
	layer.ProjectToTile(at)
	b, err := mvt.Marshal(mvt.Layers{layer})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := mbtiles.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add(10, at.X, at.Y, pmtiles.Compress(b)); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish([]mbtiles.Row{{Name: "name", Value: "test"}, {Name: "format", Value: "pbf"}, {Name: "minzoom", Value: "10"}, {Name: "maxzoom", Value: "10"},
		{Name: "bounds", Value: "119,29,121,30"}, {Name: "json", Value: `{"vector_layers":[{"id":"base_poi","fields":{"name":"String"}}]}`}}); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "ogrinfo", "-ro", "-al", path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Layer name: base_poi") || !strings.Contains(string(out), "name (String) = 义乌") || !strings.Contains(string(out), "Feature Count: 1") {
		t.Errorf("%v\n%s", err, out)
	}
}

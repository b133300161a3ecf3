package base_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/base"
	"onemap/layers/layerstest"
)

// state is the content of the base library but for what says when it came.
func state(t testing.TB, db *pgxpool.Pool) string {
	t.Helper()
	var all []string
	for _, table := range []string{"base_boundary", "base_landuse", "base_water", "base_waterway", "base_road", "base_building", "base_address", "base_poi", "road_node", "road_edge"} {
		all = append(all, column(t, db, `SELECT '`+table+` ' || count(*) || ' ' || coalesce(md5(string_agg((to_jsonb(r) - 'batch' - 'updated_at')::text, ',' ORDER BY id)), '') FROM map.`+table+` r`)...)
	}
	return strings.Join(all, "\n")
}

// town is a small extract with something for most layers.
func town(t *testing.T) string {
	f := newOSM(t)
	f.way(1, "highway=residential name=Long_Street", 1010, 1510, 2010)
	f.way(2, "highway=residential oneway=yes", 1505, 1510, 1515)
	f.way(3, "building=yes", 1111, 1112, 1212, 1211, 1111)
	f.node(1313, "amenity=cafe name=茶")
	return f.write()
}

func TestTheSameFileTwiceGivesTheSame(t *testing.T) {
	db := layerstest.DB(t)
	file := town(t)
	importOSM(t, db, file)
	first := state(t, db)
	importOSM(t, db, file)
	if again := state(t, db); again != first {
		t.Errorf("the second import differs:\n%s\nthe first:\n%s", again, first)
	}
	if n := count(t, db, `SELECT count(*) FROM onemap.batch WHERE layer = 'base' AND finished_at IS NOT NULL AND inserted > 0 AND imported_by = 'test'`); n != 2 {
		t.Errorf("%d finished imports are recorded, want 2", n)
	}
}

func TestAFailedImportLeavesTheOldState(t *testing.T) {
	db := layerstest.DB(t)
	file := town(t)
	importOSM(t, db, file)
	before := state(t, db)
	store := layers.NewStore(db)

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"cut.osm":     string(text[:len(text)-20]),
		"empty.osm":   "",
		"nothing.osm": `<osm version="0.6"></osm>`,
		"other.pbf":   "this is no extract at all",
		"history.osm": `<osm><node id="1" version="1" lat="1" lon="1"/><node id="1" version="2" lat="1" lon="2"/></osm>`,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		rejects := path + ".rejects.csv"
		_, err := base.ImportOSM(t.Context(), store, base.OSMOptions{File: path, Rejects: rejects})
		if !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%s: got %v, want an input error", name, err)
		}
		if _, err := os.Stat(rejects); !os.IsNotExist(err) {
			t.Errorf("%s: a failed import left half a reject file", name)
		}
	}

	// A stop in the middle, at the start of the second pass.
	ctx, cancel := context.WithCancel(t.Context())
	_, err = base.ImportOSM(ctx, store, base.OSMOptions{File: file, Progress: func(done, total int64) {
		if done >= total/2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled import: %v", err)
	}

	if after := state(t, db); after != before {
		t.Errorf("after the failures:\n%s\nbefore:\n%s", after, before)
	}
	if n := count(t, db, `SELECT count(*) FROM pg_class WHERE relnamespace = 'map'::regnamespace AND relname LIKE 'stage%'`); n != 0 {
		t.Errorf("%d staging tables are left", n)
	}
	if n := count(t, db, `SELECT count(*) FROM onemap.batch WHERE finished_at IS NULL`); n == 0 {
		t.Error("no failed import is recorded")
	}
	importOSM(t, db, file) // no lock is left either
}

// A file that broke off, or that a bad disk changed, must not become half a city.
func TestACorruptExtractLeavesTheOldState(t *testing.T) {
	whole, err := os.ReadFile(shared(t, "portland/streets.osm.pbf"))
	if err != nil {
		t.Fatal(err)
	}
	db := layerstest.DB(t)
	importOSM(t, db, town(t))
	before := state(t, db)
	for name, change := range map[string]func([]byte) []byte{
		"the last byte is missing": func(b []byte) []byte { return b[:len(b)-1] },
		"half of it is missing":    func(b []byte) []byte { return b[:len(b)/2] },
		"a byte near the end is another": func(b []byte) []byte {
			b[len(b)-1000] ^= 0x55
			return b
		},
	} {
		path := filepath.Join(t.TempDir(), "corrupt.osm.pbf")
		if err := os.WriteFile(path, change(append([]byte(nil), whole...)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := base.ImportOSM(t.Context(), layers.NewStore(db), base.OSMOptions{File: path})
		if !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%s: got %v, want an input error", name, err)
		}
		if after := state(t, db); after != before {
			t.Errorf("%s: after the failure:\n%s\nbefore:\n%s", name, after, before)
		}
	}
}

// Whoever reads while an import runs sees the old library, and no second
// import starts.
func TestReadersSeeTheOldStateUntilTheEnd(t *testing.T) {
	db := layerstest.DB(t)
	file := town(t)
	importOSM(t, db, file)
	before := state(t, db)
	store := layers.NewStore(db)

	f := newOSM(t)
	f.way(7, "highway=primary", 1010, 1510)
	asked := false
	_, err := base.ImportOSM(t.Context(), store, base.OSMOptions{File: f.write(), Progress: func(done, total int64) {
		if done < total || asked {
			return
		}
		asked = true
		if during := state(t, db); during != before {
			t.Errorf("during the import:\n%s\nbefore:\n%s", during, before)
		}
		if _, err := base.ImportOSM(t.Context(), store, base.OSMOptions{File: file}); !errors.Is(err, base.ErrBusy) {
			t.Errorf("a second import at the same time: %v", err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if !asked {
		t.Fatal("the import never came to its end")
	}
	if n := count(t, db, `SELECT count(*) FROM map.base_road WHERE class = 'primary'`); n != 1 {
		t.Errorf("%d primary roads after the import, want 1", n)
	}
}

func TestFeaturesGetTheirGrid(t *testing.T) {
	db := layerstest.DB(t)
	_, err := db.Exec(t.Context(), `
		INSERT INTO map.grid_unit (grid_code, area_code, geom) VALUES
			('330782001001001', '330782001001', ST_Multi(ST_MakeEnvelope(120.0, 30.0, 120.0125, 30.1, 4326))),
			('330782001001002', '330782001001', ST_Multi(ST_MakeEnvelope(120.0125, 30.0, 120.03, 30.1, 4326)));
		INSERT INTO map.grid_community (grid_code, area_code, geom) VALUES ('C1', '330782001', ST_Multi(ST_MakeEnvelope(120.0, 30.0, 121, 31, 4326)))`)
	if err != nil {
		t.Fatal(err)
	}
	f := newOSM(t)
	f.way(3, "building=yes", 1111, 1112, 1212, 1211, 1111)
	f.way(4, "building=yes", 2111, 2112, 2212, 2211, 2111)
	f.way(5, "building=yes", 5111, 5112, 5212, 5211, 5111)
	f.node(1313, "amenity=cafe")
	f.way(6, "highway=residential", 1010, 2010)
	importOSM(t, db, f.write())
	got := column(t, db, `SELECT source_key || ' ' || grid_code || ' ' || area_code FROM (
		SELECT source_key, grid_code, area_code, geom FROM map.base_building UNION ALL SELECT source_key, grid_code, area_code, geom FROM map.base_poi
		UNION ALL SELECT source_key, grid_code, area_code, geom FROM map.base_road) x ORDER BY 1`)
	want := []string{"osm:n1313 330782001001002 330782001001", "osm:w3 330782001001001 330782001001", "osm:w4 330782001001002 330782001001",
		"osm:w5 C1 330782001", "osm:w6 330782001001001 330782001001"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := count(t, db, `SELECT count(*) FROM map.base_building b, map.grid_at(b.geom) g WHERE (b.grid_code, b.area_code) IS DISTINCT FROM (g.grid_code, g.area_code)`); n != 0 {
		t.Errorf("%d buildings have another grid than map.grid_at gives", n)
	}
}

package grid_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/geo/griddraw"
	"onemap/layers"
	"onemap/layers/base"
	"onemap/layers/grid"
	"onemap/layers/layerstest"
	"onemap/layers/simulate"
)

// data returns a file of real data, or skips.
func data(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "../shared/data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skip("no real data here: ", name)
	}
	return path
}

func importOSM(t *testing.T, db *pgxpool.Pool, file string) {
	t.Helper()
	if _, err := base.ImportOSM(t.Context(), layers.NewStore(db), base.OSMOptions{File: data(t, file), By: "test"}); err != nil {
		t.Fatal(err)
	}
}

// TestDrawRealGround draws a simulated city, a country and a city without
// buildings, and asks PostGIS, not the drawing's own code, what it thinks of them.
func TestDrawRealGround(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	for _, tt := range []struct {
		name      string
		load      func(t *testing.T, db *pgxpool.Pool)
		ground    grid.Ground
		land      string     // the ground, by SQL
		cells     [2]int     // at least, at most
		builtUpM2 [2]float64 // the middle cell in built-up land
	}{
		{"the simulated city", func(t *testing.T, db *pgxpool.Pool) {
			if _, err := simulate.Load(t.Context(), layers.NewStore(db), simulate.Options{Seed: 1, Size: "small", Now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}); err != nil {
				t.Fatal(err)
			}
		}, grid.Ground{Area: "330782"}, `SELECT code, geom FROM onemap.area WHERE level = 'community'`, [2]int{1000, 2200}, [2]float64{8000, 14_000}},
		{"Liechtenstein", func(t *testing.T, db *pgxpool.Pool) { importOSM(t, db, "osm/liechtenstein.osm.pbf") },
			grid.Ground{Boundary: 8}, `SELECT code, geom FROM map.base_boundary WHERE level = 8`, [2]int{2000, 3600}, [2]float64{8000, 14_000}},
		{"central Portland", func(t *testing.T, db *pgxpool.Pool) {
			importOSM(t, db, "portland/streets.osm.pbf")
			districts(t, db, data(t, "portland/police_districts.geojson"))
		}, grid.Ground{Grids: "grid_duty"}, `SELECT grid_code AS code, geom FROM map.grid_duty`, [2]int{2500, 9000}, [2]float64{8000, 14_000}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := layerstest.DB(t)
			tt.load(t, db)
			began := time.Now()
			cells, report, err := grid.Draw(t.Context(), db, tt.ground, griddraw.Options{})
			if err != nil {
				t.Fatal(err)
			}
			notes := map[string]int{}
			for _, list := range [][]griddraw.Remark{report.Violations, report.Outliers, report.Notes} {
				for _, x := range list {
					notes[x.Kind]++
				}
			}
			t.Logf("%d cells in %v; all %+v; built-up %+v; %v", len(cells), time.Since(began).Round(time.Millisecond), report.All, report.BuiltUp, notes)
			if len(cells) < tt.cells[0] || len(cells) > tt.cells[1] {
				t.Errorf("%d cells", len(cells))
			}
			if m := report.BuiltUp.P50; m < tt.builtUpM2[0] || m > tt.builtUpM2[1] {
				t.Errorf("the middle cell in built-up land has %.0f m²", m)
			}
			for _, v := range report.Violations {
				t.Errorf("violation: %+v", v)
			}
			exec(t, db, `CREATE TABLE public.cell (code text PRIMARY KEY, community text, m2 float8, geom geometry(Polygon, 4326))`)
			for _, c := range cells {
				exec(t, db, `INSERT INTO public.cell VALUES ($1, $2, $3, $4)`, c.Code, c.Community, c.AreaM2, c.Shape)
			}
			exec(t, db, `CREATE INDEX ON public.cell USING gist (geom); ANALYZE public.cell`)
			for _, rule := range []struct{ name, sql string }{
				{"invalid outlines", `SELECT count(*) FROM cell WHERE NOT ST_IsValid(geom)`},
				{"pairs that overlap", `SELECT count(*) FROM cell a JOIN cell b ON a.code < b.code AND a.geom && b.geom WHERE ST_Relate(a.geom, b.geom, '2********')`},
				{"times five millimetres along the borders, of gaps and of ground outside", `SELECT floor(sum(ST_Area(ST_SymDifference(l.geom, c.geom)::geography)) / sum(0.005 * ST_Perimeter(l.geom::geography))) FROM (` + tt.land + `) l
					JOIN (SELECT community AS code, ST_Union(geom) AS geom FROM cell GROUP BY 1) c USING (code)`},
				{"square metres that the sum is more than the union", `SELECT floor(abs((SELECT sum(ST_Area(geom::geography)) FROM cell) - ST_Area((SELECT ST_Union(geom) FROM cell)::geography)))`},
				{"slivers", `SELECT count(*) FROM cell WHERE ST_IsEmpty(ST_Buffer(ST_Scale(geom, 111320 * cos(radians(ST_YMin(geom))), 110900), -2))`},
				{"buildings cut", `SELECT count(*) FROM (SELECT b.id FROM map.base_building b JOIN cell c ON b.geom && c.geom
					WHERE ST_Area(ST_Intersection(b.geom, c.geom)::geography) > 0.5 GROUP BY b.id, c.community HAVING count(*) > 1) x`},
				{"areas that are not what they say", `SELECT count(*) FROM cell WHERE abs(m2 - ST_Area(geom::geography)) > 0.001 * m2`},
			} {
				var n float64
				if err := db.QueryRow(t.Context(), rule.sql).Scan(&n); err != nil {
					t.Fatalf("%s: %v", rule.name, err)
				}
				if n != 0 {
					t.Errorf("%s: %.0f", rule.name, n)
				}
			}
		})
	}
}

// districts puts outlines in as responsibility grids.
func districts(t *testing.T, db *pgxpool.Pool, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var fc struct {
		Features []struct {
			Properties map[string]any  `json:"properties"`
			Geometry   json.RawMessage `json:"geometry"`
		} `json:"features"`
	}
	if err := json.Unmarshal(b, &fc); err != nil {
		t.Fatal(err)
	}
	for i, f := range fc.Features {
		exec(t, db, `INSERT INTO map.grid_duty (grid_code, area_code, geom)
			SELECT 'd' || $1::int, '', ST_Multi(ST_CollectionExtract(ST_MakeValid(ST_SetSRID(ST_GeomFromGeoJSON($2), 4326), 'method=structure'), 3))
			WHERE ST_Intersects(ST_SetSRID(ST_GeomFromGeoJSON($2), 4326), ST_MakeEnvelope(-122.71, 45.47, -122.60, 45.56, 4326))`, i, string(f.Geometry))
	}
}

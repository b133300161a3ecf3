package georef_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/geo/crsfit"
	"onemap/layers"
	"onemap/layers/georef"
	"onemap/layers/layerstest"
)

// file writes the places of a layer of the demo city by a method.
func file(t *testing.T, store *layers.Store, query, method string) georef.Sample {
	t.Helper()
	m, err := crsfit.ParseMethod(method)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := store.DB().Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var s georef.Sample
	for rows.Next() {
		var p orb.Point
		var name string
		if err := rows.Scan(&p, &name); err != nil {
			t.Fatal(err)
		}
		pair, err := m.Write(p)
		if err != nil {
			t.Fatal(err)
		}
		s.Points, s.Names = append(s.Points, pair), append(s.Names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	assets      = `SELECT geom, '' FROM map.asset ORDER BY md5(id::text) LIMIT 200`
	enterprises = `SELECT geom, address FROM map.enterprise ORDER BY md5(id::text) LIMIT 200`
	ten         = `SELECT geom, '' FROM map.asset ORDER BY id LIMIT 10`
)

// town makes streets at uneven distances, houses along them with an enterprise
// in each, and lamps at the kerb; in the middle of Yiwu.
func town(t *testing.T) *layers.Store {
	t.Helper()
	db := layerstest.DB(t)
	for _, sql := range []string{
		`SELECT setseed(0.5)`,
		`CREATE TEMP TABLE street AS SELECT i, d, (i * 97 + random() * 60) AS at, format('%s%s', (ARRAY['云栖', '稠岩', '枫渡', '望月'])[1 + i % 4], i) || CASE d WHEN 0 THEN '路' ELSE '街' END AS name
			FROM generate_series(0, 25) i, generate_series(0, 1) d`,
		`CREATE FUNCTION pg_temp.place(x float8, y float8, d int) RETURNS geometry LANGUAGE sql AS
			$$ SELECT ST_SetSRID(ST_MakePoint(120.06 + CASE d WHEN 0 THEN x ELSE y END / 97085, 29.29 + CASE d WHEN 0 THEN y ELSE x END / 111320), 4326) $$`,
		`INSERT INTO map.base_road (name, class, geom) SELECT name, 'residential', ST_MakeLine(pg_temp.place(0, at, d), pg_temp.place(2600, at, d)) FROM street`,
		`CREATE TEMP TABLE house AS SELECT name, d, at, k * 65 + random() * 20 AS x, k FROM street, generate_series(1, 38) k`,
		`INSERT INTO map.base_building (class, geom) SELECT 'residential', ST_Multi(ST_MakeEnvelope(ST_X(p), ST_Y(p), ST_X(p) + 0.00012, ST_Y(p) + 0.00012, 4326))
			FROM (SELECT pg_temp.place(x, at + 14, d) AS p FROM house) h`,
		`INSERT INTO map.enterprise (name, address, geom) SELECT 'e', name || k || '号', pg_temp.place(x + 6, at + 20, d) FROM house`,
		`INSERT INTO map.asset (class_standard, class_code, geom) SELECT c.standard, c.code, pg_temp.place(x, at - 6 - random(), d) FROM house,
			(SELECT standard, code FROM onemap.class WHERE kind = 'component' LIMIT 1) c`,
		`ANALYZE map.base_road, map.base_building`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return layers.NewStore(db)
}

func TestAnEmptyBaseLibrarySaysSo(t *testing.T) {
	s := &georef.Store{Layers: layers.NewStore(layerstest.DB(t))}
	v, err := s.Judge(t.Context(), georef.Sample{Points: [][2]float64{{120, 29}}})
	if err != nil || v.Why != "base" || v.Sure {
		t.Fatalf("%+v, %v", v, err)
	}
}

func TestJudge(t *testing.T) {
	store := town(t)
	s := &georef.Store{Layers: store}
	for _, tt := range []struct {
		name, query, method, declared string
		want                          string // "" not sure
		why                           string
	}{
		{"assets in GCJ-02, declared as WGS 84", assets, "GCJ02", "WGS84", "GCJ02", "fits"},
		{"assets in a zone without the declared prefix", assets, "EPSG:4549", "EPSG:4528", "EPSG:4549", "fits"},
		{"CGCS2000 keeps its name", assets, "WGS84", "CGCS2000", "CGCS2000", "fits"},
		{"northing first", assets, "EPSG:4549/yx", "EPSG:4549", "EPSG:4549/yx", "fits"},
		{"a system that only PROJ knows", assets, "WGS84", "EPSG:4480", "EPSG:4480", "fits"},
		{"enterprises with addresses in BD-09", enterprises, "BD09", "", "BD09", "fits"},
		{"degrees, minutes and seconds", enterprises, "GCJ02/dd.mmss", "GCJ02", "GCJ02/dd.mmss", "fits"},
		{"ten rows", ten, "WGS84", "WGS84", "", "few"},
		{"Beijing 1954", assets, "EPSG:4549", "EPSG:2436", "", "refused"},
		{"Xi'an 1980", assets, "EPSG:4549", "EPSG:2384", "", "refused"},
		{"a name nobody knows", assets, "WGS84", "MARS2000", "WGS84", "fits"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sample := file(t, store, tt.query, tt.method)
			sample.Declared = tt.declared
			began := time.Now()
			v, err := s.Judge(t.Context(), sample)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%v in %v, %d candidates", v.Why, time.Since(began).Round(time.Millisecond), len(v.Candidates))
			if v.Why != tt.why || v.Sure != (tt.want != "") || v.Sure && v.Best != tt.want {
				t.Errorf("best %q, sure %v, %s", v.Best, v.Sure, v.Why)
				for _, c := range v.Candidates {
					t.Logf("  %s measure %.1f share %.2f near %.1f named %.2f", c.CRS, c.Measure, c.Share, c.NearM, c.Named)
				}
			}
		})
	}
}

// Addresses decide where roads and buildings do not: places strewn
// around, each with its address.
func TestNamesDecide(t *testing.T) {
	store := town(t)
	s := &georef.Store{Layers: store}
	const strewn = `SELECT ST_Translate(geom, (id %% 23 - 11) * 0.00002, (id %% 19 - 9) * 0.00002), %s FROM map.enterprise ORDER BY md5(id::text) LIMIT 150`
	sample := file(t, store, fmt.Sprintf(strewn, "'望云镇' || address"), "GCJ02")
	v, err := s.Judge(t.Context(), sample)
	if err != nil || !v.Sure || v.Best != "GCJ02" || v.Candidates[0].Named < 0.9 {
		t.Errorf("with names: %+v %v %v, %v", v.Best, v.Why, v.Candidates[0].Named, err)
	}
	p, err := crs.GCJ02.ToWGS84(sample.Points[0])
	if err != nil || math.Hypot(p[0]-v.Candidates[0].Points[0][0], p[1]-v.Candidates[0].Points[0][1]) > 1e-6 {
		t.Errorf("the picture has %v for %v", v.Candidates[0].Points[0], p)
	}
}

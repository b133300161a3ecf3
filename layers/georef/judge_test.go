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
	"onemap/layers/simulate"
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
	parks       = `SELECT ST_SetSRID(ST_MakePoint(120 + id * 0.0001, 29.3), 4326), '' FROM map.asset ORDER BY id LIMIT 10`
)

func TestJudge(t *testing.T) {
	store := layers.NewStore(layerstest.DB(t))
	s := &georef.Store{Layers: store}
	v, err := s.Judge(t.Context(), georef.Sample{Points: [][2]float64{{120, 29}}})
	if err != nil || v.Why != "base" || v.Sure {
		t.Fatalf("an empty base library: %+v, %v", v, err)
	}
	if _, err := simulate.Load(t.Context(), store, simulate.Options{Seed: 1, Size: "small", Now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
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
		{"ten rows", parks, "WGS84", "WGS84", "", "few"},
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

// Addresses decide where roads and buildings do not: places at random, each
// with the name of the nearest road.
func TestNamesDecide(t *testing.T) {
	store := layers.NewStore(layerstest.DB(t))
	if _, err := simulate.Load(t.Context(), store, simulate.Options{Seed: 1, Size: "small", Now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	s := &georef.Store{Layers: store}
	const strewn = `SELECT p, name FROM (SELECT ST_Translate(ST_LineInterpolatePoint(geom, 0.5), (id %% 13 - 6) * 0.00005, (id %% 11 - 5) * 0.00005) AS p, %s AS name
		FROM map.base_road WHERE name <> '' ORDER BY md5(id::text) LIMIT 150) t`
	sample := file(t, store, fmt.Sprintf(strewn, "'望云镇' || name || '8号'"), "GCJ02")
	v, err := s.Judge(t.Context(), sample)
	if err != nil || !v.Sure || v.Best != "GCJ02" || v.Candidates[0].Named < 0.9 {
		t.Errorf("with names: %+v %v, %v", v.Best, v.Why, err)
	}
	p, err := crs.GCJ02.ToWGS84(sample.Points[0])
	if err != nil || math.Hypot(p[0]-v.Candidates[0].Points[0][0], p[1]-v.Candidates[0].Points[0][1]) > 1e-6 {
		t.Errorf("the picture has %v for %v", v.Candidates[0].Points[0], p)
	}
}

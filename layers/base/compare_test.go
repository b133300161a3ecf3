package base_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers/layerstest"
)

// GDAL's OSM driver is a second opinion on what is in an extract. The two are
// compared object by object; where they differ, the reason must be known.
var comparisons = []struct {
	layer string
	gdal  string // what GDAL says is of this kind: osm_id, osm_way_id, value
	ours  string // the same among onemap's rows, as a condition
	kind  byte   // what GDAL's osm_id is: r for multipolygons, n for points, - where there is none
	// reasons are by GDAL's value or by object ("w123"). An object of the
	// reject file needs none here: its reason is there.
	reasons map[string]string
}{
	{"base_road", `SELECT '' AS osm_id, osm_id AS osm_way_id, highway AS value FROM lines WHERE highway IS NOT NULL`, "true", '-', map[string]string{
		"construction": "not built yet",
		"proposed":     "not built yet",
		"abandoned":    "gone",
		"raceway":      "for races, not for traffic",
		"platform":     "beside the road",
	}},
	{"base_waterway", `SELECT '' AS osm_id, osm_id AS osm_way_id, waterway AS value FROM lines WHERE waterway IS NOT NULL`, "true", '-', map[string]string{
		"dam":       "a work in the water",
		"weir":      "a work in the water",
		"riverbank": "a piece of the edge of an area, which is in base_water",
	}},
	{"base_building", `SELECT osm_id, osm_way_id, building AS value FROM multipolygons WHERE building IS NOT NULL`, "true", 'r', map[string]string{
		"no":         "says that it is no building",
		"w376886036": twoAreas,
	}},
	{"base_boundary", `SELECT osm_id, osm_way_id, admin_level AS value FROM multipolygons WHERE boundary = 'administrative'`, "true", 'r', nil},
	{"base_landuse", `SELECT osm_id, osm_way_id, landuse AS value FROM multipolygons WHERE landuse IS NOT NULL`, "tags ? 'landuse'", 'r', map[string]string{
		"basin":     "in base_water",
		"pond":      "in base_water",
		"reservoir": "in base_water",
		// Delaware. In the old style the outer way has the tags and the relation
		// speaks for it, and a hole with the tags of its surroundings is a hole.
		"w171696524": aHole, "w84822080": aHole,
		"w67287315": itsRelation, "w52878689": itsRelation, "w129999466": itsRelation, "w313900822": itsRelation, "w40334017": itsRelation, "w40416753": itsRelation, "w40321081": itsRelation,
		"r1752737": aNameOnly, "r1752738": aNameOnly, "r555342": aNameOnly,
	}},
	{"base_water", `SELECT osm_id, osm_way_id, "natural" AS value FROM multipolygons WHERE "natural" = 'water'`, "tags @> '{\"natural\": \"water\"}'", 'r', map[string]string{
		"r177386":   twoAreas,
		"w37923898": twoAreas,
	}},
	{"base_address", `SELECT osm_id, '' AS osm_way_id, 'address' AS value FROM points WHERE other_tags LIKE '%"addr:housenumber"=>%'`, "source_key LIKE 'osm:n%'", 'n', nil},
	{"base_poi", `SELECT osm_id, '' AS osm_way_id, 'restaurant' AS value FROM points WHERE other_tags LIKE '%"amenity"=>"restaurant"%'`,
		"source_key LIKE 'osm:n%' AND tags @> '{\"amenity\": \"restaurant\"}'", 'n', nil},
}

const (
	aHole       = "a hole of an old-style multipolygon that carries its surroundings' tags"
	itsRelation = "onemap has its relation: an old-style multipolygon, of which the file has a part, or that has but a name"
	aNameOnly   = "an old-style multipolygon that has but a name"
	twoAreas    = "two outers that differ are two areas, whatever relation joins them; GDAL takes the first for both"
)

func TestRealExtractsWhole(t *testing.T) {
	for _, tt := range []struct {
		file string
		long bool
		rows map[string]int64 // what the import gave when it was last looked at by eye
	}{
		{"portland/streets.osm.pbf", false, map[string]int64{"base_road": 7089}},
		{"osm/liechtenstein.osm.pbf", false, map[string]int64{"base_road": 6957, "base_building": 15834, "base_boundary": 14, "base_address": 3497}},
		{"osm/delaware.osm.pbf", true, map[string]int64{"base_road": 52362}},
	} {
		t.Run(filepath.Base(tt.file), func(t *testing.T) {
			if tt.long && os.Getenv("ONEMAP_LONG") == "" {
				t.Skip("long: make test-long")
			}
			file := shared(t, tt.file)
			if _, err := exec.LookPath("ogr2ogr"); err != nil {
				t.Skip("ogr2ogr is not installed: nothing to compare with")
			}
			db := layerstest.DB(t)
			sum, rejects := importOSM(t, db, file)
			for layer, want := range tt.rows {
				if got := sum.Layer(layer).Rows; got != want || got != count(t, db, "SELECT count(*) FROM map."+layer) {
					t.Errorf("%s: %d rows, want %d", layer, got, want)
				}
			}
			rejected := map[string]bool{}
			for _, r := range rejects {
				kind, rest, _ := strings.Cut(r, "/")
				id, rest, _ := strings.Cut(rest, " ")
				layer, _, _ := strings.Cut(rest, " ")
				rejected[layer+" "+kind[:1]+id] = true
			}
			for _, c := range comparisons {
				theirs := gdalObjects(t, file, c.kind, c.gdal)
				ours := ourObjects(t, db, c.layer, c.ours)
				explained := map[string]int{}
				check := func(who, object, value string) {
					why := c.reasons[value]
					if w, ok := c.reasons[object]; ok {
						why = w
					}
					if rejected[c.layer+" "+object] {
						why = "in the reject file"
					}
					if why == "" {
						t.Errorf("%s: only %s has %s (%s)", c.layer, who, object, value)
					}
					explained[who+" alone: "+why]++
				}
				for object, value := range theirs {
					if _, ok := ours[object]; !ok {
						check("GDAL", object, value)
					}
				}
				for object := range ours {
					if _, ok := theirs[object]; !ok {
						check("onemap", object, "")
					}
				}
				t.Logf("%s: GDAL has %d, onemap %d; %v", c.layer, len(theirs), len(ours), explained)
			}
		})
	}
}

// gdalObjects asks GDAL's OSM driver and returns values by object.
func gdalObjects(t *testing.T, file string, kind byte, sql string) map[string]string {
	t.Helper()
	c := exec.Command("ogr2ogr", "--config", "OSM_USE_CUSTOM_INDEXING", "NO", "-f", "CSV", "/vsistdout/", file, "-dialect", "OGRSQL", "-sql", sql)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	all, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	if len(all) == 0 {
		return m
	}
	for _, r := range all[1:] {
		if r[0] != "" {
			m[string(kind)+r[0]] = r[2]
		} else {
			m["w"+r[1]] = r[2]
		}
	}
	return m
}

func ourObjects(t *testing.T, db *pgxpool.Pool, layer, where string) map[string]bool {
	t.Helper()
	m := map[string]bool{}
	for _, object := range column(t, db, fmt.Sprintf(`SELECT substr(split_part(source_key, '#', 1), 5) FROM map.%s WHERE %s`, layer, where)) {
		m[object] = true
	}
	return m
}

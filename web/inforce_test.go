package web_test

import (
	"strings"
	"testing"

	"onemap/tiles/tilestest"
)

// A grid that ended is not drawn, listed or exported beside the one that
// followed it, unless the caller asks for days.
func TestGridsThatEndedAreNotShown(t *testing.T) {
	w := newWorld(t)
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, name, duty_code, valid_from, valid_to, geom) VALUES
		('330799001001009', '330799001001', '从前', 'D1', '2020-01-01', '2021-01-01', ST_Multi(ST_MakeEnvelope(120.00, 29.30, 120.02, 29.31, 4326)))`)
	for _, path := range []string{"/api/v1/layers/grid_unit/features", "/ogc/collections/grid_unit/items?f=json", "/api/v1/layers/grid_unit/export"} {
		body := string(w.want(200, w.as("urban", "GET", path, nil)).body)
		if strings.Contains(body, "330799001001009") || !strings.Contains(body, "330799001001001") {
			t.Errorf("%s: %s", path, body)
		}
	}
	past := string(w.want(200, w.as("urban", "GET", "/api/v1/layers/grid_unit/features?filter=valid_from%20%3C%20DATE('2020-06-01')", nil)).body)
	if !strings.Contains(past, "330799001001009") || strings.Contains(past, "330799001001001") {
		t.Errorf("the past: %s", past)
	}
	drawn, err := tilestest.Decode(w.want(200, w.as("urban", "GET", "/tiles/grid_unit/14/13653/6796.mvt", nil)).body)
	if err != nil || len(drawn) == 0 {
		t.Fatalf("%v, %v", drawn, err)
	}
	codes := map[any]bool{}
	for _, f := range drawn[0].Features {
		codes[f.Properties["grid_code"]] = true
	}
	if codes["330799001001009"] || !codes["330799001001001"] {
		t.Errorf("the tile draws %v", codes)
	}
}

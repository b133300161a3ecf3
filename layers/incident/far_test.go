package incident_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"onemap/layers"
	"onemap/layers/incident"
)

// A place in the sea: near the city it is taken with no grid, far away it is
// rather a wrong coordinate system, and is refused with that remedy; a city
// without grids refuses nothing. What was taken once is never refused when it
// is sent again.
func TestPlaceInTheSea(t *testing.T) {
	w := newTown(t)
	report := func(x, y float64) (incident.Report, incident.Incident, error) {
		r := incident.Report{UUID: uuid.New(), Standard: "test", Class: "T01", At: incident.Place{CRS: "WGS84", X: x, Y: y}}
		i, _, _, err := w.store.Report(t.Context(), w.by["centre"], r)
		return r, i, err
	}
	set := func(km string) {
		t.Helper()
		if _, err := w.db.Exec(t.Context(), `UPDATE onemap.setting SET value = $1::jsonb WHERE key = 'report.far_km'`, km); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.db.Exec(t.Context(), `DELETE FROM map.grid_unit; DELETE FROM map.grid_duty; DELETE FROM map.grid_community`); err != nil {
		t.Fatal(err)
	}
	early, _, err := report(125, 29.3)
	if err != nil {
		t.Fatalf("where there are no grids: %v", err)
	}
	if _, err := w.db.Exec(t.Context(), `INSERT INTO map.grid_unit (grid_code, area_code, geom) VALUES ('330799009001001', '330799009', ST_Multi(ST_MakeEnvelope(120.00, 29.30, 120.01, 29.31, 4326)))`); err != nil {
		t.Fatal(err)
	}
	var bad *layers.InputError
	for _, tt := range []struct {
		x, y float64
		far  bool
	}{{120.005, 29.305, false}, {120.4, 29.3, false}, {119.6, 29.305, false}, {120.005, 29.7, false}, {120.6, 29.305, true}, {120.005, 28.8, true}, {-120, 29.3, true}, {179.99, -89, true}} {
		_, i, err := report(tt.x, tt.y)
		if got := errors.As(err, &bad) && bad.Field == "place.coordinates"; got != tt.far || !tt.far && err != nil {
			t.Errorf("at %v, %v: %v", tt.x, tt.y, err)
		}
		if err == nil && i.OutsideGrids() != (tt.x != 120.005 || tt.y != 29.305) {
			t.Errorf("at %v, %v: outside of all grids: %v", tt.x, tt.y, i.OutsideGrids())
		}
	}
	if _, _, again, err := w.store.Report(t.Context(), w.by["centre"], early); err != nil || !again {
		t.Errorf("what was taken before there were grids: %v", err)
	}
	set("0")
	if _, _, err := report(-120, 29.3); err != nil {
		t.Errorf("switched off: %v", err)
	}
}

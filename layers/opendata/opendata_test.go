package opendata_test

import (
	"context"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/jobs"
	"onemap/layers/layerstest"
	"onemap/layers/opendata"
)

// A rule's copy is made by a job, with shapes that are simplified onto a
// lattice, and made anew when it is due; a layer that may not be shown any more
// loses it.
func TestCopiesAreMadeByJobsWithSimplifiedShapes(t *testing.T) {
	db := layerstest.DB(t)
	ctx := t.Context()
	exec := func(sql string) {
		t.Helper()
		if _, err := db.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ('water', 'city', 'department', '', '水务局', 'Water')`)
	exec(`UPDATE onemap.layer SET owner = 'water', share = 'unconditional', open = true WHERE name = 'base_water'`)
	// A lake of a kilometre with a shore of 361 points, and a pond of two metres.
	exec(`INSERT INTO map.base_water (class, area_code, grid_code, geom) VALUES
		('lake', '', '', ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(120.05, 29.3), 4326)::geography, 500, 90)::geometry)),
		('pond', '', '', ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(120.1, 29.3), 4326)::geography, 1)::geometry))`)
	queue, err := jobs.New(db)
	if err != nil {
		t.Fatal(err)
	}
	s := &opendata.Store{Layers: layers.NewStore(db), Jobs: queue}
	s.Work()
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- queue.Run(run) }()
	t.Cleanup(func() { stop(); <-done })

	rule, err := s.Put(ctx, access.Operator("test"), opendata.Rule{Layer: "base_water", Fields: []string{"class"}, SimplifyM: 50, Licence: "CC BY 4.0"})
	if err != nil {
		t.Fatal(err)
	}
	if rule.BuiltAt != nil {
		t.Error("it was made without a job")
	}
	made := func(after time.Time) opendata.Rule {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			all, err := s.Rules(ctx, access.Operator("test"))
			if err != nil {
				t.Fatal(err)
			}
			if len(all) == 1 && all[0].BuiltAt != nil && all[0].BuiltAt.After(after) {
				return all[0]
			}
		}
		t.Fatal("no job made the copy")
		return opendata.Rule{}
	}
	rule = made(time.Time{})
	if !rule.Current || rule.Failed != "" || rule.Rows == nil || *rule.Rows != 1 {
		t.Errorf("%+v", rule)
	}
	// The step is metres in degrees of latitude; the shore is on its lattice.
	var points, off int
	var valid bool
	var far float64
	err = db.QueryRow(ctx, `WITH step AS (SELECT 50 / 110574.0 AS s), p AS (SELECT (ST_DumpPoints(geom)).geom AS g FROM map.open_base_water)
		SELECT (SELECT count(*) FROM p), (SELECT count(*) FROM p, step WHERE abs(ST_Y(g) / s - round(ST_Y(g) / s)) > 1e-6), (SELECT bool_and(ST_IsValid(geom)) FROM map.open_base_water),
		(SELECT max(abs(ST_Distance(g::geography, ST_SetSRID(ST_MakePoint(120.05, 29.3), 4326)::geography) - 500)) FROM p)`).Scan(&points, &off, &valid, &far)
	if err != nil {
		t.Fatal(err)
	}
	if points < 5 || points > 60 || !valid || far > 150 || off > 0 {
		t.Errorf("%d points of 361, %d beside the lattice, valid: %v, up to %.0f m off", points, off, valid, far)
	}

	exec(`UPDATE onemap.open_rule SET built_at = now() - interval '25 hours'`)
	before := time.Now().Add(-time.Hour)
	exec(`DELETE FROM map.base_water WHERE class = 'lake'`)
	if err := s.RefreshDue(ctx); err != nil {
		t.Fatal(err)
	}
	if rule = made(before); *rule.Rows != 0 {
		t.Errorf("what was taken away is still shown: %d", *rule.Rows)
	}
	exec(`UPDATE onemap.layer SET open = false WHERE name = 'base_water'`)
	if err := s.Refresh(ctx, "base_water"); err != nil {
		t.Fatal(err)
	}
	var there bool
	if err := db.QueryRow(ctx, `SELECT to_regclass('map.open_base_water') IS NOT NULL`).Scan(&there); err != nil || there {
		t.Errorf("the copy of a layer that is not open any more stays: %v", err)
	}
}

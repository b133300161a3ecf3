package accountability_test

import (
	"testing"
	"time"

	"onemap/layers/accountability"
)

// A layer that is written by SQL counts as updated, whoever wrote it and
// whether a server ran; one that is not stays as old as its rows.
func TestLayersWrittenBySQLCountAsUpdated(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	conn, err := w.db.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	write := func(sql string) { // and has the counters told at once
		t.Helper()
		for _, sql := range []string{sql, `SELECT pg_stat_force_next_flush()`, `SELECT 1`} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				t.Fatal(err)
			}
		}
	}
	updated := func(layer string) *time.Time {
		t.Helper()
		if err := accountability.Activity(ctx, w.s.Layers); err != nil {
			t.Fatal(err)
		}
		var at *time.Time
		if err := w.db.QueryRow(ctx, `SELECT onemap.layer_updated_at($1)`, layer).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	old := time.Date(2020, 5, 1, 0, 0, 0, 0, time.UTC)
	write(`INSERT INTO map.place (kind, area_code, grid_code, geom, updated_at) VALUES ('shelter', '', '', 'SRID=4326;POINT(120 29)', '2020-05-01 00:00Z')`)
	if at := updated("place"); at == nil || !at.Equal(old) {
		t.Errorf("at the first look: %v", at)
	}
	if at := updated("place"); at == nil || !at.Equal(old) {
		t.Errorf("nothing was written: %v", at)
	}
	write(`UPDATE map.place SET name = 'x'`) // updated_at stays
	if at := updated("place"); at == nil || time.Since(*at) > time.Hour {
		t.Errorf("after an update by hand: %v", at)
	}
	if at := updated("enterprise"); at != nil {
		t.Errorf("an empty layer was updated %v", at)
	}
	// After a crash the counters begin anew: that is no update.
	w.exec(`UPDATE onemap.layer_activity SET at = '2020-05-01 00:00Z'`)
	if _, err := conn.Exec(ctx, `SELECT pg_stat_reset_single_table_counters('map.place'::regclass)`); err != nil {
		t.Fatal(err)
	}
	if at := updated("place"); at == nil || !at.Equal(old) {
		t.Errorf("after a reset: %v", at)
	}
}

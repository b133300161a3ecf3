package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Who saw which places may burn is in the audit, by whatever way they saw it:
// once an hour for each thing. Who saw nothing is not.
func TestLooksAtFireRiskAreRecorded(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE onemap.layer SET owner = 'centre', share = 'none', share_basis = 'test' WHERE name IN ('fire_risk', 'water_gap', 'response_gap')`)
	w.exec(`INSERT INTO map.fire_risk (run, kind, place, rank, level, expected, low, high, likely, grid_code, area_code, geom)
		VALUES (1, 'enterprise', 1, 1, 1, 0.1, 0, 1, 0.1, '330799001001001', '330799001001', ST_SetSRID(ST_MakePoint(120.005, 29.306), 4326))`)
	var run, list int64
	one := func(sql string, to any) {
		t.Helper()
		if err := w.db.QueryRow(t.Context(), sql).Scan(to); err != nil {
			t.Fatal(err)
		}
	}
	one(`INSERT INTO onemap.fire_run (kind, until, horizon_days, visits, seed, made_by) VALUES ('enterprise', now(), 365, 10, 1, 'system') RETURNING id`, &run)
	one(`INSERT INTO onemap.inspection_list (kind, from_day, per_day, random, overdue, seed, pool, scored, measure, made_by, org)
		VALUES ('enterprise', '2026-11-23', 5, 0.05, 0.3, 1, 1, true, 'straight', 'planner', 'centre') RETURNING id`, &list)
	w.exec(`INSERT INTO onemap.inspection_line (list, n, place, reason, on_day, stop, grid_code, area_code, geom)
		VALUES ($1, 1, 1, 'risk', '2026-11-23', 1, '330799001001001', '330799001001', ST_SetSRID(ST_MakePoint(120.005, 29.306), 4326))`, list)
	seen := func() []string {
		t.Helper()
		rows, err := w.db.Query(t.Context(), `SELECT login || ' ' || action || ' ' || object FROM onemap.audit WHERE action IN ('fire_risk.look', 'layer.look') ORDER BY 1`)
		if err != nil {
			t.Fatal(err)
		}
		out, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	ways := map[string]string{
		"/api/v1/fire-risk/runs":                        "fire_risk.look fire_risk/runs",
		fmt.Sprintf("/api/v1/fire-risk/runs/%d", run):   "fire_risk.look fire_run/" + fmt.Sprint(run),
		"/api/v1/fire-risk/places?kind=building":        "fire_risk.look fire_places/building",
		"/api/v1/fire-risk/places":                      "fire_risk.look fire_places/enterprise",
		"/api/v1/fire-risk/gaps":                        "fire_risk.look fire_risk/gaps",
		"/api/v1/fire-risk/lists":                       "fire_risk.look fire_risk/lists",
		fmt.Sprintf("/api/v1/fire-risk/lists/%d", list): "fire_risk.look inspection_list/" + fmt.Sprint(list),
		"/api/v1/layers/fire_risk/features?limit=5":     "layer.look layer/fire_risk",
		"/api/v1/layers/water_gap/features?limit=5":     "layer.look layer/water_gap",
		"/api/v1/layers/response_gap/features?limit=5":  "layer.look layer/response_gap",
	}
	for path := range ways {
		if r := w.as("urban", http.MethodGet, path, nil); r.StatusCode < 400 {
			t.Errorf("%s: %d to who has no right to it", path, r.StatusCode)
		}
	}
	if got := seen(); len(got) != 0 {
		t.Errorf("looks of who saw nothing: %q", got)
	}
	var want []string
	for path, entry := range ways {
		want = append(want, "planner "+entry)
		for range 3 {
			w.want(http.StatusOK, w.as("planner", http.MethodGet, path, nil))
		}
	}
	slices.Sort(want)
	if got := seen(); !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

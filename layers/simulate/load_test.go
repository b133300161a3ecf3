package simulate_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/incident"
	"onemap/layers/layerstest"
	"onemap/layers/simulate"
)

var now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// TestLoad loads the small city and asks PostGIS what it thinks of it.
func TestLoad(t *testing.T) {
	db := layerstest.DB(t)
	store := layers.NewStore(db)
	s, err := simulate.Load(t.Context(), store, simulate.Options{Seed: 1, Size: "small", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v in %v", s.Rows, s.Duration)

	for _, rule := range []struct{ name, query string }{
		{"unit grids overlap", `SELECT count(*) FROM map.grid_unit a JOIN map.grid_unit b ON a.id < b.id AND a.geom && b.geom
			AND ST_Relate(a.geom, b.geom, '2********')`},
		{"unit grids leave a gap", `SELECT count(*) FROM (SELECT ST_Area(ST_Difference((SELECT geom FROM onemap.area WHERE code = '330782'),
			(SELECT ST_Union(geom) FROM map.grid_unit))::geography) AS m2) d WHERE m2 > 1`},
		{"a responsibility grid is not its unit grids", `SELECT count(*) FROM map.grid_duty d WHERE ST_Area(ST_SymDifference(d.geom,
			(SELECT ST_Union(u.geom) FROM map.grid_unit u WHERE u.duty_code = d.grid_code))) > 0`},
		{"a community grid is not its unit grids", `SELECT count(*) FROM map.grid_community d WHERE ST_Area(ST_SymDifference(d.geom,
			(SELECT ST_Union(u.geom) FROM map.grid_unit u WHERE u.community_code = d.grid_code))) > 0`},
		{"a code is not under its community's", `SELECT count(*) FROM map.grid_unit WHERE substr(grid_code, 1, 12) <> area_code
			OR NOT EXISTS (SELECT FROM onemap.area a WHERE a.code = area_code AND ST_Covers(a.geom, ST_PointOnSurface(grid_unit.geom)))`},
		{"an asset is in another grid", `SELECT count(*) FROM map.asset x WHERE (grid_code, area_code) IS DISTINCT FROM (SELECT (g.grid_code, g.area_code) FROM map.grid_at(x.geom) g)`},
		{"an incident is in another grid", `SELECT count(*) FROM map.incident x WHERE grid_code <> (SELECT g.grid_code FROM map.grid_at(x.geom) g)`},
		{"an enterprise is in another grid", `SELECT count(*) FROM map.enterprise x WHERE grid_code <> (SELECT g.grid_code FROM map.grid_at(x.geom) g)`},
		{"a place is in another grid", `SELECT count(*) FROM map.place x WHERE grid_code <> (SELECT g.grid_code FROM map.grid_at(x.geom) g)`},
		{"a department is unknown", `SELECT count(*) FROM (SELECT dept_code FROM map.asset UNION SELECT dept_code FROM map.incident
			UNION SELECT dept_code FROM map.enterprise UNION SELECT dept_code FROM map.inspection UNION SELECT dept_code FROM map.place) d
			WHERE dept_code NOT IN (SELECT code FROM onemap.organisation)`},
		{"an open matter has no department", `SELECT count(*) FROM onemap.class c LEFT JOIN onemap.class_edition e USING (standard) WHERE dept IS NULL AND coalesce(e.active, true)`},
		{"a small count is released", `SELECT count(*) FROM (SELECT audience, n FROM map.population UNION ALL SELECT audience, n FROM map.population_od) p
			JOIN onemap.audience a ON a.name = p.audience WHERE n < floor OR n % rounding <> 0`},
		{"a flow's last step is not the incident's state", `SELECT count(*) FROM map.incident i WHERE state <>
			(SELECT to_state FROM onemap.incident_flow f WHERE f.incident = i.id ORDER BY id DESC LIMIT 1)`},
		{"an edge leads nowhere", `SELECT count(*) FROM map.road_edge WHERE source NOT IN (SELECT id FROM map.road_node) OR target NOT IN (SELECT id FROM map.road_node)`},
		{"a layer has no owner", `SELECT count(*) FROM onemap.layer WHERE owner IS NULL`},
		{"a worker has no grid", `SELECT count(*) FROM onemap.person_role r WHERE role = 'grid_worker' AND NOT EXISTS
			(SELECT FROM onemap.person_grid g JOIN map.grid_duty d USING (grid_code) WHERE g.person = r.person)`},
	} {
		var n int
		if err := db.QueryRow(t.Context(), rule.query).Scan(&n); err != nil {
			t.Fatalf("%s: %v", rule.name, err)
		}
		if n != 0 {
			t.Errorf("%s: %d times", rule.name, n)
		}
	}
	for table, least := range map[string]int64{"grid_unit": 450, "asset": 19_500, "enterprise": 1_500, "incident": 7_500, "base_building": 4_000, "base_road": 700, "population": 30_000, "worker": 20} {
		var n int64
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM map.`+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n < least || n != s.Rows[table] {
			t.Errorf("%s: %d rows, the summary says %d, want at least %d", table, n, s.Rows[table], least)
		}
	}

	// A route from one end to the other, by car.
	var legs int
	err = db.QueryRow(t.Context(), `SELECT count(*) FROM pgr_dijkstra('SELECT id, source, target, cost, reverse_cost FROM map.road_edge',
		(SELECT source FROM map.road_edge ORDER BY ST_X(ST_StartPoint(geom)) LIMIT 1),
		(SELECT source FROM map.road_edge ORDER BY ST_X(ST_StartPoint(geom)) DESC LIMIT 1))`).Scan(&legs)
	if err != nil {
		t.Fatal(err)
	}
	if legs < 5 {
		t.Errorf("a route across the city has %d legs", legs)
	}

	t.Run("every case is legal", func(t *testing.T) { legal(t, db) })

	// Again: the same rows. Then a report of a person is in the way.
	if _, err := simulate.Load(t.Context(), store, simulate.Options{Seed: 1, Size: "small", Now: now}); err != nil {
		t.Fatalf("load again: %v", err)
	}
	if _, err := db.Exec(t.Context(), `TRUNCATE onemap.incident_flow`); err == nil {
		t.Error("the load left the flow open to be emptied")
	}
	if _, err := db.Exec(t.Context(), `INSERT INTO map.incident (class_standard, class_code, severity, source, state, occurred_at, geom)
		VALUES ('GB/T 47678.5-2026', '06010', 3, 'public', 'reported', now(), ST_SetSRID(ST_MakePoint(120.07, 29.3), 4326))`); err != nil {
		t.Fatal(err)
	}
	if _, err := simulate.Load(t.Context(), store, simulate.Options{Seed: 2, Size: "small", Now: now}); !errors.Is(err, simulate.ErrOtherData) {
		t.Errorf("a load over a person's report: %v, want ErrOtherData", err)
	}
	if _, err := simulate.Load(t.Context(), store, simulate.Options{Seed: 2, Size: "huge", Replace: true}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a size that there is not: %v", err)
	}
}

// legal: the flow of every simulated case is one that the table of transitions
// has, and each stands where its flow leads.
func legal(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	bad := 0
	n, err := incident.Recheck(t.Context(), db, func(d incident.Difference) {
		if bad++; bad < 20 {
			t.Errorf("incident %d: %s is %v, want %v", d.Incident, d.What, d.Has, d.Want)
		}
	})
	if err != nil || n < 7_500 {
		t.Errorf("%d cases are counted anew, %v", n, err)
	}
	for _, some := range []struct{ what, where string }{
		{"returned", "returns = 1"}, {"decided", "decided"}, {"reworked", "reworks > 0"}, {"extended", "extensions > 0"}, {"suspended", "suspensions > 0"},
		{"self-handled", "state = 'closed' AND number IS NULL"}, {"verified", "verified = 'true'"}, {"overdue", "overdue"}, {"in time", "state = 'closed' AND NOT overdue AND limit_n IS NOT NULL"},
		{"green", "warn_at > '2026-11-22 09:00Z'"}, {"yellow", "warn_at <= '2026-11-22 09:00Z' AND due_at >= '2026-11-22 09:00Z'"}, {"red", "due_at < '2026-11-22 09:00Z'"},
	} {
		var n int
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM map.incident WHERE `+some.where).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if t.Logf("%s: %d", some.what, n); n == 0 {
			t.Errorf("no case is %s", some.what)
		}
	}
}

package patrolplan_test

import (
	"slices"
	"strings"
	"testing"
)

// A planner chooses among the workers whom they may send, and may send no other:
// those of their organisation, and those of grids in their area.
func testSends(t *testing.T, w *town) {
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, name, duty_code, geom) VALUES ('330799002001001', '330799002001', '西一', '', ST_Multi(ST_MakeEnvelope(119.9, 29.2, 119.95, 29.25, 4326)))`)
	w.exec(`WITH p AS (INSERT INTO onemap.person (login, name, org, password_hash) VALUES ('of-west', 'of-west', 'west', ''), ('patrol-of-police', 'p', 'police', ''), ('patrol-of-fire', 'f', 'fire', '') RETURNING id, login),
			r AS (INSERT INTO onemap.person_role SELECT id, 'grid_worker' FROM p)
		INSERT INTO onemap.person_grid SELECT id, '330799002001001' FROM p WHERE login = 'of-west'`)
	for login, want := range map[string][]string{
		"planner":   {"other", "worker"},
		"westerner": {"of-west"},
		"police":    {"of-west", "other", "patrol-of-police", "worker"},
		"centre":    {"of-west", "other", "patrol-of-fire", "patrol-of-police", "worker"},
	} {
		c, err := w.plans.Choices(t.Context(), w.by[login])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range c.Workers {
			got = append(got, x.Login)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s may send %v, want %v", login, got, want)
		}
	}
	for login, worker := range map[string]string{"planner": "of-west", "police": "patrol-of-fire"} {
		o := w.order()
		o.Units[1].Person = worker
		if _, _, err := w.plans.Make(t.Context(), w.by[login], o); err == nil || !strings.Contains(err.Error(), "units[1].person") || !strings.Contains(err.Error(), "may send") {
			t.Errorf("%s sends %s: %v", login, worker, err)
		}
	}
}

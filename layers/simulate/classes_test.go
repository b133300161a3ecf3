package simulate_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"onemap/layers/layerstest"
)

// TestClassesOfTheStandard counts GB/T 47678.5-2026 as its annexes do: 153
// components, 250 matters, and 51, 7, 16, 21 and 2 of them beyond components.
func TestClassesOfTheStandard(t *testing.T) {
	db := layerstest.DB(t)
	rows, err := db.Query(t.Context(), `SELECT kind, major, count(*) FROM onemap.class
		WHERE standard = 'GB/T 47678.5-2026' GROUP BY 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	var kind, major string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&kind, &major, &n}, func() error {
		got[kind+" "+major] = n
		got[kind] += n
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for what, n := range map[string]int{
		"component": 153, "component 01": 76, "component 02": 44, "component 03": 16, "component 04": 14, "component 05": 3,
		"matter": 250, "matter 01": 76, "matter 02": 44, "matter 03": 16, "matter 04": 14, "matter 05": 3,
		"matter 06": 51, "matter 07": 7, "matter 08": 16, "matter 09": 21, "matter 10": 2,
	} {
		if got[what] != n {
			t.Errorf("%s: %d classes, want %d", what, got[what], n)
		}
	}
	if len(got) != 17 {
		t.Errorf("groups %v", fmt.Sprint(got))
	}

	// Every component has its defect under the same digits, and nothing that
	// patrols look for may train a forecast.
	var bad int
	err = db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.class c
		WHERE standard = 'GB/T 47678.5-2026' AND (
		      kind = 'component' AND (public_reported OR NOT EXISTS (SELECT FROM onemap.class m
		        WHERE m.standard = c.standard AND m.kind = 'matter' AND m.code = c.code AND m.name_zh = c.name_zh || '异常'))
		   OR kind = 'matter' AND code IN ('07001', '09001', '09003', '09006') AND public_reported
		   OR initials !~ '^[a-z0-9]+$')`).Scan(&bad)
	if err != nil {
		t.Fatal(err)
	}
	if bad != 0 {
		t.Errorf("%d classes break the rules of the list", bad)
	}
}

package class_test

import (
	"testing"

	"onemap/layers"
	"onemap/layers/class"
	"onemap/layers/layerstest"
)

// BenchmarkFiling asks what filing a case asks, with 200,000 rules and 20,000 grids.
func BenchmarkFiling(b *testing.B) {
	db := layerstest.DB(b)
	for _, sql := range []string{
		`INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ('urban', 'city', 'department', '', 'u', 'u')`,
		`INSERT INTO map.grid_unit (grid_code, area_code, duty_code, community_code, geom)
			SELECT 'g' || i, '330782001', 'd' || i / 10, 'c' || i / 30, ST_Multi(ST_MakeEnvelope(120 + i % 200 * 0.001, 29 + i / 200 * 0.001, 120.001 + i % 200 * 0.001, 29.001 + i / 200 * 0.001, 4326)) FROM generate_series(1, 20000) i`,
		`INSERT INTO onemap.class_rule (standard, code, grid_code, dept, made_by)
			SELECT standard, code, 'g' || i * 100, 'urban', 'bench' FROM onemap.class, generate_series(1, 800) i WHERE standard = 'GB/T 47678.5-2026' AND kind = 'matter'`,
		`ANALYZE onemap.class_rule`, `ANALYZE map.grid_unit`, `ANALYZE onemap.class`, `ANALYZE onemap.class_condition`,
	} {
		if _, err := db.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	s := &class.Store{Layers: layers.NewStore(db)}
	b.Run("responsible", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Responsible(b.Context(), db, class.Question{Standard: national, Code: "06010", Grid: "g777", Area: "330782001"}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("condition", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Condition(b.Context(), db, national, "06010", "", "A"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("calendar", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Calendar(b.Context(), db); err != nil {
				b.Fatal(err)
			}
		}
	})
}

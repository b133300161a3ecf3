package forecast

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/forecast/hotspot"
	"onemap/layers/layerstest"
	"onemap/layers/worktime"
)

// A city that has all layers has all of them in its regression: buildings,
// shops, lights, the risk of enterprises, past fires, season, weekday, holidays.
// Of fires and inspections a window knows what was known before it.
func TestRegressionKnowsTheCity(t *testing.T) {
	db := layerstest.DB(t)
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, sql := range []string{
		`INSERT INTO map.grid_unit (grid_code, area_code, geom) SELECT '330700' || lpad((10 * x + y)::text, 9, '0'), '330700001',
			ST_Multi(ST_MakeEnvelope(120.02 + x * 0.01, 29.28 + y * 0.01, 120.03 + x * 0.01, 29.29 + y * 0.01, 4326)) FROM generate_series(0, 5) x, generate_series(0, 4) y`,
		`CREATE TABLE spot AS SELECT n, ST_SetSRID(ST_MakePoint(120.021 + (n * 37 % 58) * 0.001, 29.281 + (n * 17 % 48) * 0.001), 4326) AS p FROM generate_series(1, 60) n`,
		`INSERT INTO map.base_building (class, grid_code, area_code, geom) SELECT 'yes', '', '', ST_Multi(ST_Expand(p, 0.0001)) FROM spot`,
		`INSERT INTO map.base_poi (class, name, grid_code, area_code, geom) SELECT 'shop', 's' || n, '', '', p FROM spot WHERE n % 2 = 0`,
		`INSERT INTO map.asset (class_standard, class_kind, class_code, grid_code, area_code, geom)
			SELECT c.standard, c.kind, c.code, '', '', p FROM spot, (SELECT * FROM onemap.class WHERE name_zh = '路灯' ORDER BY standard, code LIMIT 1) c WHERE n % 3 = 0`,
		`INSERT INTO map.enterprise (name, licence, risk, grid_code, area_code, geom) SELECT 'e' || n, 'L' || n, 4, '', '', p FROM spot WHERE n % 2 = 1`,
		`INSERT INTO map.inspection (enterprise, inspected_on, result, risk, grid_code, area_code, geom)
			SELECT id, DATE '2026-05-01', 'fail', 1, '', '', geom FROM map.enterprise ORDER BY id LIMIT 12`,
		`INSERT INTO map.inspection (enterprise, inspected_on, result, risk, grid_code, area_code, geom)
			SELECT id, DATE '2026-07-01', 'pass', 4, '', '', geom FROM map.enterprise ORDER BY id LIMIT 12`,
		`INSERT INTO map.incident (class_standard, class_code, severity, source, state, dept_code, occurred_at, reported_at, grid_code, area_code, geom)
			SELECT 'onemap-calls', '119-101', 2, 'hotline', 'closed', 'fire', TIMESTAMPTZ '2026-04-01' + n * interval '1 day', TIMESTAMPTZ '2026-04-03' + n * interval '1 day', '', '', p FROM spot WHERE n <= 40`,
		`INSERT INTO map.incident (class_standard, class_code, severity, source, state, dept_code, occurred_at, reported_at, grid_code, area_code, geom)
			SELECT 'onemap-calls', '119-101', 2, 'hotline', 'closed', 'fire', TIMESTAMPTZ '2026-05-31', TIMESTAMPTZ '2026-06-09', '', '', p FROM spot WHERE n > 40`,
		`INSERT INTO onemap.calendar_day (day, working, name) VALUES ('2026-05-01', false, 'Labour Day') ON CONFLICT DO NOTHING`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
	}
	read := func(p Params) ground {
		t.Helper()
		var g ground
		err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) (err error) {
			if g, err = readGround(t.Context(), tx, Unit); err != nil {
				return err
			}
			g.facts, g.holidays, err = readFacts(t.Context(), tx, p)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	p := Params{Classes: []ClassKey{{Standard: "onemap-calls", Code: "110-101"}}, Until: now, Zone: "Asia/Shanghai", Space: Unit}
	g := read(p)
	plane := g.plane()
	space, err := g.space(p, plane)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := worktime.ParseZone(p.Zone)
	if err != nil {
		t.Fatal(err)
	}
	cut := dayOf(now, zone)
	var past []hotspot.Event
	for i := range 1200 {
		past = append(past, hotspot.Event{Day: cut - 1000 + float64(i)*1000/1200, At: space.Centre(i * 7 % space.Len())})
	}
	m := g.regression(space, plane)
	f, err := m.Fit(t.Context(), space, past, cut)
	if err != nil {
		t.Fatal(err)
	}
	has := f.(hotspot.Told).Parameters()
	for _, name := range append(slices.Clone(factKinds), "weekday 1", "weekday 6", "season 1", "season 4", "holiday") {
		if _, ok := has["b "+name]; !ok {
			t.Errorf("the regression does not know of %s: %v", name, slices.Sorted(maps.Keys(has)))
		}
	}
	fires, risen := 0, 0.0
	for _, d := range m.Dated {
		for i, day := range d.Day {
			if day > math.Floor(cut)+1 {
				t.Errorf("%s: something is of day %g, after the cut at %g", d.Name, day, cut)
			}
			switch d.Name {
			case "past fires":
				fires++
				if first := math.Floor(dayOf(time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC), zone)); day <= first {
					t.Errorf("a fire is known on day %g, and the first was reported on day %g", day, first)
				}
			case "enterprise risk":
				risen += d.Weight[i]
			}
		}
	}
	if fires != 40 || risen != 12*4 {
		t.Errorf("%d fires and a risk of %g are known at the cut, want 40 and 48", fires, risen)
	}
	// Kept and read again it is the same ground.
	c, err := g.encode()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := decodeGround(c, Unit, Version); err != nil || !slices.Equal(again.facts, g.facts) || !slices.Equal(again.holidays, g.holidays) {
		t.Errorf("kept, the ground is another: %v", err)
	}
	// What is forecast is no covariate of itself.
	p.Classes = []ClassKey{{Standard: "onemap-calls", Code: "119-101"}}
	if slices.ContainsFunc(read(p).facts, func(f fact) bool { return f.kind == kindFires }) {
		t.Error("fires are a covariate of fires")
	}
}

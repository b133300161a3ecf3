package class_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/class"
	"onemap/layers/layerstest"
	"onemap/layers/worktime"
)

// national is the list in force.
const national = "GB/T 47678.5-2026"

// A world is a database with a few organisations and grids.
type world struct {
	t  *testing.T
	db *pgxpool.Pool
	s  *class.Store
}

func newWorld(t *testing.T) *world {
	db := layerstest.DB(t)
	w := &world{t, db, &class.Store{Layers: layers.NewStore(db)}}
	for _, code := range []string{"city", "urban", "water", "roads", "police"} {
		w.exec(`INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ($1, 'city', 'department', '', $1, $1)`, code)
	}
	w.exec(`UPDATE onemap.class SET dept = 'city' WHERE standard = $1`, national)
	w.exec(`INSERT INTO map.grid_community (grid_code, area_code, geom) VALUES ('C1', '330782001001', ST_Multi(ST_MakeEnvelope(120, 29, 120.02, 29.01, 4326)))`)
	w.exec(`INSERT INTO map.grid_duty (grid_code, area_code, community_code, geom) VALUES ('D1', '330782001001', 'C1', ST_Multi(ST_MakeEnvelope(120, 29, 120.02, 29.01, 4326)))`)
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, duty_code, community_code, geom) VALUES
		('330782001001001', '330782001001', 'D1', 'C1', ST_Multi(ST_MakeEnvelope(120, 29, 120.01, 29.01, 4326))),
		('330782001001002', '330782001001', 'D1', 'C1', ST_Multi(ST_MakeEnvelope(120.01, 29, 120.02, 29.01, 4326)))`)
	return w
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) one(sql string, into any, args ...any) {
	w.t.Helper()
	if err := w.db.QueryRow(w.t.Context(), sql, args...).Scan(into); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) tx(f func(tx pgx.Tx) error) {
	w.t.Helper()
	if err := pgx.BeginFunc(w.t.Context(), w.db, f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) responsible(q class.Question) class.Answer {
	w.t.Helper()
	a, err := w.s.Responsible(w.t.Context(), w.db, q)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// TestTheMostParticularRuleWins takes the rules away one by one, the winner first.
func TestTheMostParticularRuleWins(t *testing.T) {
	w := newWorld(t)
	const code = "01001"
	var asset int64
	w.one(`INSERT INTO map.asset (class_standard, class_code, dept_code, crs, geom) VALUES ($1, $2, 'water', 'WGS84', ST_Point(120.005, 29.005, 4326)) RETURNING id`, &asset, national, code)
	for _, r := range []struct{ grid, area, dept string }{
		{"330782001001001", "", "urban"}, {"D1", "", "roads"}, {"C1", "", "water"},
		{"", "330782001001", "police"}, {"", "330782", "city"}, {"", "", "roads"},
		{"330782001001002", "", "city"}, {"", "330783", "city"}, // of other places
	} {
		w.exec(`INSERT INTO onemap.class_rule (standard, code, grid_code, area_code, dept, made_by) VALUES ($1, $2, $3, $4, $5, 'test')`, national, code, r.grid, r.area, r.dept)
	}
	w.exec(`INSERT INTO onemap.class_rule (standard, code, dept, made_by) VALUES ($1, '01002', 'city', 'test'), ('another list', $2, 'city', 'test')`, national, code)
	q := class.Question{Standard: national, Code: code, Grid: "330782001001001", Area: "330782001001", Asset: asset}
	for _, want := range []struct{ dept, by, ends string }{
		{"urban", class.ByRule, "grid_code = '330782001001001'"},
		{"roads", class.ByRule, "grid_code = 'D1'"},
		{"water", class.ByRule, "grid_code = 'C1'"},
		{"police", class.ByRule, "area_code = '330782001001'"},
		{"city", class.ByRule, "area_code = '330782'"},
		{"roads", class.ByRule, "grid_code = '' AND area_code = ''"},
		{"water", class.ByAsset, ""},
	} {
		got := w.responsible(q)
		if got.Dept != want.dept || got.By != want.by || (got.Rule == 0) != (want.by == class.ByAsset) {
			t.Errorf("before %q ends: %+v, want %s by %s", want.ends, got, want.dept, want.by)
		}
		if want.ends != "" {
			w.exec(`UPDATE onemap.class_rule SET ended_at = now() WHERE code = '` + code + `' AND standard = '` + national + `' AND ` + want.ends)
		}
	}
	q.Asset = 0
	if got := w.responsible(q); got != (class.Answer{Dept: "city", By: class.ByClass}) {
		t.Errorf("without a component: %+v", got)
	}
	w.exec(`UPDATE onemap.class SET dept = NULL WHERE standard = $1 AND code = $2`, national, code)
	if got := w.responsible(q); got != (class.Answer{}) {
		t.Errorf("nobody is named: %+v", got)
	}
}

func TestADecisionIsLearntForClassAndGrid(t *testing.T) {
	w := newWorld(t)
	q := class.Question{Standard: national, Code: "06010", Grid: "330782001001001", Area: "330782001001"}
	learn := func(dept string) {
		w.tx(func(tx pgx.Tx) error {
			return w.s.Learn(t.Context(), tx, class.Lesson{Standard: q.Standard, Code: q.Code, Grid: q.Grid, Dept: dept, Incident: 7, By: "centre", Reason: "the bins are theirs"})
		})
	}
	learn("urban")
	first := w.responsible(q)
	if first.Dept != "urban" || first.By != class.ByLearnt || first.Rule == 0 {
		t.Fatalf("after the decision: %+v", first)
	}
	if got := w.responsible(class.Question{Standard: q.Standard, Code: q.Code, Grid: "330782001001002", Area: q.Area}); got.By != class.ByClass {
		t.Errorf("the neighbouring grid learnt too: %+v", got)
	}
	if got := w.responsible(class.Question{Standard: q.Standard, Code: "06011", Grid: q.Grid, Area: q.Area}); got.By != class.ByClass {
		t.Errorf("the neighbouring class learnt too: %+v", got)
	}
	learn("urban")
	if again := w.responsible(q); again != first {
		t.Errorf("the same decision once more made rule %+v of %+v", again, first)
	}
	learn("roads")
	second := w.responsible(q)
	if second.Dept != "roads" || second.Rule == first.Rule {
		t.Errorf("a later decision: %+v", second)
	}
	var rules, ended int
	w.one(`SELECT count(*) FROM onemap.class_rule`, &rules)
	w.one(`SELECT count(ended_at) FROM onemap.class_rule`, &ended)
	if rules != 2 || ended != 1 {
		t.Errorf("%d rules, %d ended; want 2 and 1", rules, ended)
	}
	err := pgx.BeginFunc(t.Context(), w.db, func(tx pgx.Tx) error {
		return w.s.Learn(t.Context(), tx, class.Lesson{Standard: q.Standard, Code: q.Code, Grid: q.Grid, Dept: "nobody", By: "centre"})
	})
	if !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a department that is none: %v", err)
	}
}

func TestCondition(t *testing.T) {
	w := newWorld(t)
	w.exec(`DELETE FROM onemap.class_condition WHERE class IN ('06010', '06011')`)
	w.exec(`INSERT INTO onemap.class_condition (standard, class, code, position, text_zh, limit_n, limit_unit, limits, original, active) VALUES
		($1, '06010', 'old', 0, '旧', 1, 'working_day', '{}', '', false),
		($1, '06010', 'little', 1, '少量', 4, 'working_hour', '{"A": [2, "working_hour"], "C": [1, "working_day"]}', '4小时', true),
		($1, '06010', 'much', 2, '大量', 1, 'working_day', '{}', '1天', true)`, national)
	ask := func(code, condition, area string) (class.Condition, error) {
		return w.s.Condition(t.Context(), w.db, national, code, condition, area)
	}
	for _, tt := range []struct {
		condition, area string
		want            worktime.Limit
	}{
		{"", "A", worktime.Limit{N: 2, Unit: worktime.WorkingHour}},
		{"", "B", worktime.Limit{N: 4, Unit: worktime.WorkingHour}},
		{"little", "C", worktime.Limit{N: 1, Unit: worktime.WorkingDay}},
		{"much", "A", worktime.Limit{N: 1, Unit: worktime.WorkingDay}},
	} {
		c, err := ask("06010", tt.condition, tt.area)
		if err != nil || !c.OK || c.Limit != tt.want || tt.condition != "" && c.Code != tt.condition {
			t.Errorf("condition %q in %s: %+v, %v; want %v", tt.condition, tt.area, c, err, tt.want)
		}
	}
	if c, err := ask("06011", "", "B"); err != nil || c.OK {
		t.Errorf("a class without conditions: %+v, %v", c, err)
	}
	for _, tt := range []struct{ code, condition string }{{"06010", "none"}, {"06010", "old"}, {"06011", "little"}, {"99999", ""}, {"", ""}} {
		if c, err := ask(tt.code, tt.condition, "B"); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%q %q: %+v, %v; want an input error", tt.code, tt.condition, c, err)
		}
	}
}

// TestAClassThatEnded is refused with the name of what follows it.
func TestAClassThatEnded(t *testing.T) {
	w := newWorld(t)
	w.exec(`INSERT INTO onemap.class_crosswalk VALUES ($1, 'matter', '06044', $1, 'matter', '06036', 'own')`, national)
	w.exec(`UPDATE onemap.class SET ended_on = '2026-10-01' WHERE standard = $1 AND kind = 'matter' AND code = '06044'`, national)
	_, err := w.s.Condition(t.Context(), w.db, national, "06044", "", "B")
	if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "2026-10-01") || !strings.Contains(err.Error(), "06036 乱堆杂物") {
		t.Errorf("filing it: %v", err)
	}
	_, err = w.s.Matter(t.Context(), w.db, "", "06044")
	if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "06036 乱堆杂物") {
		t.Errorf("reporting it: %v", err)
	}
	w.exec(`UPDATE onemap.class SET ended_on = '2999-01-01', active = false WHERE standard = $1 AND kind = 'matter' AND code = '06044'`, national)
	if _, err := w.s.Matter(t.Context(), w.db, "", "06044"); !errors.Is(err, layers.ErrInvalid) || strings.Contains(err.Error(), "2999") {
		t.Errorf("one that is switched off and ends in the future: %v", err)
	}
	w.exec(`UPDATE onemap.class SET active = true WHERE standard = $1 AND kind = 'matter' AND code = '06044'`, national)
	if c, err := w.s.Matter(t.Context(), w.db, "", "06044"); err != nil || c.NameZH != "节庆装饰物破损" {
		t.Errorf("one that ends in the future: %+v, %v", c, err)
	}
}

func TestCalendarIsReadAnew(t *testing.T) {
	w := newWorld(t)
	read := func() worktime.Calendar {
		c, err := w.s.Calendar(t.Context(), w.db)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := read(); c.Zone.String() != "Asia/Shanghai" || len(c.Office) != 2 {
		t.Errorf("at first: %+v", c)
	}
	w.exec(`UPDATE onemap.setting SET value = '"Europe/Vaduz"' WHERE key = 'city.time_zone'`)
	w.exec(`INSERT INTO onemap.calendar_day (day, working) VALUES ('2031-08-15', false)`)
	w.s.Forget()
	c := read()
	if c.Zone.String() != "Europe/Vaduz" || c.Working(time.Date(2031, 8, 15, 12, 0, 0, 0, c.Zone)) {
		t.Errorf("after the change: %+v", c)
	}
	stages, err := w.s.StageLimits(t.Context(), w.db)
	if err != nil || stages["disputed"] != (worktime.Allowance{Time: 4 * time.Hour, Unit: worktime.WorkingHour}) {
		t.Errorf("stages: %v, %v", stages, err)
	}
	w.exec(`UPDATE onemap.setting SET value = '[]' WHERE key = 'city.office_hours'`)
	w.s.Forget()
	if _, err := w.s.Calendar(t.Context(), w.db); err == nil || !strings.Contains(err.Error(), "city.office_hours") {
		t.Errorf("office hours that are none: %v", err)
	}
}

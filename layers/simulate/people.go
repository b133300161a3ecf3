package simulate

import (
	"context"

	"github.com/jackc/pgx/v5"

	"onemap/layers/simulate/city"
)

// people writes the organisations, areas and grid workers, and says who owns
// which layer. Grid workers get no password: they cannot sign in until
// somebody gives them one.
func (l *loader) people(ctx context.Context, tx pgx.Tx) error {
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO onemap.setting (key, value) VALUES ('city.name', '{"zh": "义乌(示例)", "en": "Yiwu (example)"}')
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
	for _, o := range l.city.Organisations() {
		b.Queue(`INSERT INTO onemap.organisation (code, parent, level, kind, area_code, name_zh, name_en, uscc)
			VALUES (@code, nullif(@parent, ''), @level, @kind, @area, @zh, @en, @uscc)
			ON CONFLICT (code) DO UPDATE SET parent = excluded.parent, level = excluded.level, kind = excluded.kind,
			    area_code = excluded.area_code, name_zh = excluded.name_zh, name_en = excluded.name_en, uscc = excluded.uscc`,
			pgx.NamedArgs{"code": o.Code, "parent": o.Parent, "level": o.Level, "kind": o.Kind, "area": o.AreaCode, "zh": o.NameZH, "en": o.NameEN, "uscc": o.USCC})
	}
	// Areas of an earlier city go; nothing refers to them but each other.
	b.Queue(`DELETE FROM onemap.area WHERE code = '33' OR code LIKE '3307%'`)
	area := func(code, parent, level, zh, en string, outline any) {
		b.Queue(`INSERT INTO onemap.area (code, parent, level, name_zh, name_en, geom) VALUES (@code, nullif(@parent, ''), @level, @zh, @en, @geom)`,
			pgx.NamedArgs{"code": code, "parent": parent, "level": level, "zh": zh, "en": en, "geom": outline})
	}
	area("33", "", "province", "浙江省(示例)", "Zhejiang Province (example)", nil)
	area("3307", "33", "city", "金华市(示例)", "Jinhua (example)", nil)
	for _, a := range l.city.Divisions() {
		level := map[int]string{6: "county", 8: "town", 10: "community"}[a.Level]
		parent := map[int]string{6: "3307", 8: city.County, 10: a.Code[:min(9, len(a.Code))]}[a.Level]
		area(a.Code, parent, level, a.Name, a.NameEN, a.Outline)
	}
	// Grid workers of an earlier city go, unless they have become real accounts.
	b.Queue(`DELETE FROM onemap.person WHERE login ~ '^w-[0-9]{6}-[0-9]{2}$' AND password_hash = ''
		AND NOT EXISTS (SELECT FROM onemap.api_key WHERE person = person.id)`)
	workers := l.city.Workers()
	for _, w := range workers {
		b.Queue(`WITH p AS (
			    INSERT INTO onemap.person (login, name, org, password_hash) VALUES (@login, @name, @org, '')
			    ON CONFLICT (login) DO UPDATE SET name = excluded.name, org = excluded.org RETURNING id),
			r AS (INSERT INTO onemap.person_role SELECT id, 'grid_worker' FROM p ON CONFLICT DO NOTHING)
			INSERT INTO onemap.person_grid SELECT id, @grid FROM p ON CONFLICT DO NOTHING`,
			pgx.NamedArgs{"login": w.Login, "name": w.Name, "org": w.Org, "grid": w.Grid})
	}
	for _, c := range city.ClassDepts() {
		b.Queue(`UPDATE onemap.class SET dept = @dept WHERE standard = @standard AND kind = @kind AND code = @code AND dept IS DISTINCT FROM @dept`,
			pgx.NamedArgs{"standard": c.Standard, "kind": c.Kind, "code": c.Code, "dept": c.Dept})
	}
	b.Queue(`UPDATE onemap.class SET dept = CASE WHEN code LIKE '119-%' THEN 'fire' ELSE 'police' END WHERE standard = 'onemap-calls' AND dept IS NULL`)
	for _, r := range rights {
		b.Queue(`UPDATE onemap.layer SET owner = @owner, share = @share, share_basis = @basis, open = @open WHERE name = @layer`,
			pgx.NamedArgs{"layer": r.layer, "owner": r.owner, "share": r.share, "basis": r.basis, "open": r.open})
		if r.open {
			b.Queue(`INSERT INTO onemap.open_rule (layer, as_is, set_by) VALUES (@layer, true, 'simulate') ON CONFLICT DO NOTHING`, pgx.NamedArgs{"layer": r.layer})
		}
		for _, org := range r.granted {
			b.Queue(`INSERT INTO onemap.layer_grant (layer, org, reason, granted_by)
				SELECT @layer, @org, @reason, 'simulate' WHERE NOT EXISTS (SELECT FROM onemap.layer_grant WHERE layer = @layer AND org = @org)`,
				pgx.NamedArgs{"layer": r.layer, "org": org, "reason": "示例城市的共享约定 (agreement of the example city)"})
		}
	}
	// The public portal is off in a real city until somebody opens it. This one is made up.
	b.Queue(`UPDATE onemap.setting SET value = 'true' WHERE key = 'open.portal'`)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	l.rows["organisation"] = int64(len(l.city.Organisations()))
	l.rows["person"] = int64(len(workers))
	rows, err := tx.Query(ctx, `SELECT login, id FROM onemap.person`)
	if err != nil {
		return err
	}
	l.persons = map[string]int64{}
	var login string
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&login, &id}, func() error {
		l.persons[login] = id
		return nil
	})
	return err
}

// rights show each way of sharing: the base library and the grids are open to
// all, components to every department, the rest by condition and grant, and
// inspections to nobody but their owner and the department that made them.
var rights = []struct {
	layer, owner, share, basis string
	open                       bool
	granted                    []string
}{
	{"base_landuse", "natural", "unconditional", "", true, nil},
	{"base_water", "natural", "unconditional", "", true, nil},
	{"base_waterway", "natural", "unconditional", "", true, nil},
	{"base_building", "natural", "unconditional", "", true, nil},
	{"base_road", "natural", "unconditional", "", true, nil},
	{"base_boundary", "natural", "unconditional", "", true, nil},
	{"base_address", "natural", "unconditional", "", true, nil},
	{"base_poi", "natural", "unconditional", "", true, nil},
	{"grid_unit", "centre", "unconditional", "", true, nil},
	{"grid_duty", "centre", "unconditional", "", true, nil},
	{"grid_community", "centre", "unconditional", "", true, nil},
	{"asset", "urban", "unconditional", "", false, nil},
	{"incident", "centre", "conditional", duty, false, []string{"centre"}},
	{"forecast", "centre", "conditional", forecastDuty, false, []string{"centre"}}, // police and fire see their own
	{"post", "centre", "conditional", duty, false, []string{"centre"}},
	{"worker", "centre", "conditional", duty, false, []string{"centre"}},
	{"fence", "centre", "conditional", duty, false, []string{"centre"}},
	{"fence_event", "centre", "conditional", duty, false, []string{"centre"}},
	{"alert", "emergency", "unconditional", "", true, nil}, // warnings are for everybody
	{"place", "fire", "conditional", duty, false, []string{"centre", "police", "emergency"}},
	{"enterprise", "emergency", "conditional", duty, false, []string{"centre", "fire"}},
	{"hazard", "emergency", "conditional", duty, false, []string{"centre", "fire"}},
	{"fire_risk", "fire", "conditional", duty, false, []string{"centre"}},
	{"water_gap", "fire", "conditional", duty, false, []string{"centre"}},
	{"response_gap", "fire", "conditional", duty, false, []string{"centre"}},
	{"deviation", "centre", "conditional", duty, false, []string{"centre"}},
	{"repeat_place", "centre", "conditional", duty, false, []string{"centre"}},
	{"inspection", "emergency", "none", "安全生产执法检查信息,结案前不予共享 (law enforcement records of work safety are not shared before the case is closed)", false, nil},
	{"population", "telecom", "conditional", duty, false, []string{"centre", "police"}},
	{"population_od", "telecom", "conditional", duty, false, []string{"centre", "police"}},
}

const forecastDuty = "警情、火情预测只供承担巡防部署职责的人员使用 (for those whose duty is the deployment of patrols)"

const duty = "履行城市运行管理职责 (for the duties of city operation management)"

package web_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onemap/layers/access"
)

// mark stands in everything that belongs to the police, and nowhere else.
const mark = "MARKOFPOLICE"

// A police station: one of everything that has a number or a code.
type station struct {
	*world
	ids    map[string][]string // names in patterns and their values, by the beginning of a pattern: the longest holds
	tables []string            // where the things are kept
	plan   map[string]any      // how the uploaded file might be read
}

// one reads one value.
func (s *station) one(sql string) (v string) {
	s.t.Helper()
	if err := s.db.QueryRow(s.t.Context(), sql).Scan(&v); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func (s *station) has(pattern string, values ...string) { s.ids[pattern] = values }

// newStation fills a world with things of the police.
func newStation(t *testing.T) *station {
	w := newWorld(t)
	s := &station{world: w, ids: map[string][]string{}}
	w.exec(`UPDATE onemap.layer SET editable = true WHERE name = 'enterprise'`)
	w.exec(`UPDATE onemap.layer SET owner = 'centre' WHERE name = 'asset'`)
	w.exec(`INSERT INTO map.enterprise (name, dept_code, geom) VALUES ('` + mark + `', 'police', ST_SetSRID(ST_MakePoint(120.005, 29.306), 4326))`)
	dir, ctx := w.server.Directory, t.Context()
	if err := dir.CreateOrganisation(ctx, operator, access.Organisation{Code: "west", Parent: "gov", Level: "town", Kind: "government", AreaCode: "330799002", NameZH: "西镇", NameEN: "West"}); err != nil {
		t.Fatal(err)
	}
	grids := map[access.Role][]string{access.GridWorker: {"330799002001001"}}
	for login, role := range map[string]access.Role{"westworker": access.GridWorker, "westofficer": access.DepartmentOfficer} {
		if _, err := dir.CreatePerson(ctx, operator, access.NewPerson{Login: login, Name: login, Org: "west", Roles: []access.Role{role}, Grids: grids[role]}); err != nil {
			t.Fatal(err)
		}
		key, _, err := dir.CreateKey(ctx, operator, login, "test", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		w.tokens[login] = key
	}
	if err := dir.SetPassword(ctx, operator, "police", password); err != nil {
		t.Fatal(err)
	}
	w.signIn("police") // makes a session; the new password has ended the key
	key, _, err := dir.CreateKey(ctx, operator, "police", "test", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	w.tokens["police"] = key
	if err := dir.Load(ctx); err != nil {
		t.Fatal(err)
	}

	firm := s.one(`SELECT id::text FROM map.enterprise WHERE name = '` + mark + `'`)
	s.has("/api/v1/layers/{layer}/features/{id}", "layer", "enterprise", "id", firm)
	s.has("/ogc/collections/{layer}/items/{id}", "layer", "enterprise", "id", firm)
	s.has("/api/v1/layers/{layer}", "layer", "enterprise")
	s.has("/ogc/collections/{layer}", "layer", "enterprise", "tms", "WebMercatorQuad", "tileMatrix", "16", "tileRow", "27183", "tileCol", "54614")
	s.has("/tiles/{layers}", "layers", "enterprise", "z", "16", "x", "54614", "y", "27183")
	s.has("/api/v1/sessions/", "id", s.one(`SELECT max(id)::text FROM onemap.session`))
	s.has("/api/v1/keys/", "prefix", s.one(`SELECT prefix FROM onemap.api_key k JOIN onemap.person p ON p.id = k.person WHERE login = 'police' AND k.revoked_at IS NULL`))
	s.tables = append(s.tables, "map.enterprise")

	// A case that the police handle, and a hazard, with what hangs on them.
	s.has("/api/v1/incidents/", "id", s.one(`INSERT INTO map.incident (class_standard, class_code, severity, source, state, dept_code, description, occurred_at, geom)
		VALUES ('test', 'T01', 2, 'import', 'dispatched', 'police', '`+mark+`', now(), ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326)) RETURNING id::text`))
	picture := w.upload("police", 16)
	s.has("/api/v1/photos/", "id", picture)
	var h hazardReply
	w.want(201, w.as("police", "POST", "/api/v1/hazards", map[string]any{"uuid": uuid.NewString(), "title": mark, "enterprise": number(firm), "photos": []any{map[string]any{"id": picture}}})).into(t, &h)
	s.has("/api/v1/hazards/", "id", fmt.Sprint(h.ID))
	s.has("/api/v1/tasks/", "id", s.one(`INSERT INTO onemap.task (kind, title, enterprise, made_by, dept, grid_code, area_code) VALUES ('visit', '`+mark+`', `+firm+`, 'police', 'police', '330799001001001', '330799001001') RETURNING id::text`))
	s.has("/api/v1/patrol-schedules/", "id", s.one(`INSERT INTO onemap.patrol_schedule (title, dept, grid_code, area_code, weekdays, points, made_by)
		VALUES ('`+mark+`', 'police', '330799001001001', '330799001001', '{1}', '[]', 'police') RETURNING id::text`))
	s.has("/api/v1/patrols/", "id", s.one(`INSERT INTO onemap.patrol_plan (title, dept, area_code, from_at, until_at, seed, score, record, travel, hash, made_by)
		VALUES ('`+mark+`', 'police', '330799001', now(), now() + interval '8 hours', 1, 0, '{"asked": {}}', '', sha256(''), 'police') RETURNING id::text`))
	s.has("/api/v1/stationing/plans/", "id", s.one(`INSERT INTO onemap.stationing (uuid, title, org, area_code, model, question, answer, data, seed, hash, made_by)
		VALUES (gen_random_uuid(), '`+mark+`', 'police', '330799001', 'mclp', '{"within_s": 300}', '{"plan": {"posts": [{"name": "`+mark+`", "units": 1}]}}', '\x1f8b0800000000000203abae050043bfa6a302000000', 1, repeat('0', 64), 'police') RETURNING id::text`))
	s.has("/api/v1/forecasts/", "id", s.one(`INSERT INTO onemap.forecast_run (state, title, dept_code, classes, class_key, recipe, horizon, from_at, to_at, space, params, seed, made_by, record, hash, result_hash)
		VALUES ('done', '`+mark+`', 'police', '[]', 'x', 'x', 'week', now(), now() + interval '7 days', 'lattice', '{"from": "2026-01-01T00:00:00Z"}', 1, 'police', '{}', sha256(''), sha256('')) RETURNING id::text`), "cell", "0")
	s.has("/api/v1/fire-risk/lists/", "id", s.one(`INSERT INTO onemap.inspection_list (kind, title, area_code, from_day, per_day, random, overdue, seed, pool, scored, measure, made_by, org)
		VALUES ('enterprise', '`+mark+`', '330799001', '2026-11-23', 5, 0.05, 0.3, 1, 1, true, 'straight', 'police', 'police') RETURNING id::text`))
	w.exec(`INSERT INTO onemap.inspection_line (list, n, place, name, reason, on_day, stop, dept_code, grid_code, area_code, geom)
		SELECT id, 1, ` + firm + `, '` + mark + `', 'risk', '2026-11-23', 1, 'police', '330799001001001', '330799001001', ST_SetSRID(ST_MakePoint(120.005, 29.306), 4326) FROM onemap.inspection_list`)
	s.has("/api/v1/deviations/", "id", s.one(`INSERT INTO map.deviation (class_standard, class_code, class_zh, window_days, n, expected, low, high, ratio, q, level, until, dept_code, geom)
		VALUES ('test', 'T01', '`+mark+`', 1, 9, 1, 0, 3, 9, 0.001, 1, now(), 'police', ST_SetSRID(ST_MakePoint(120.005, 29.306), 4326)) RETURNING id::text`))
	s.tables = append(s.tables, "onemap.inspection_list", "onemap.inspection_line", "map.deviation", "onemap.forecast_run", "map.incident", "map.hazard", "onemap.task", "onemap.patrol_schedule", "onemap.patrol_plan", "onemap.stationing", "onemap.stationing_decision")

	// Files, batches, rows that were kept out.
	file := strings.NewReader("名称,经度,纬度\n" + mark + ",120.005,29.305\n" + mark + "2,120.006,29.305\n")
	var up struct {
		ID     int64
		Sheets []struct{ Plan map[string]any }
	}
	w.want(201, w.as("police", "POST", "/api/v1/uploads?name=marks.csv", file)).into(t, &up)
	s.has("/api/v1/uploads/", "id", fmt.Sprint(up.ID))
	up.Sheets[0].Plan["crs"] = "WGS84"
	s.plan = map[string]any{"plan": up.Sheets[0].Plan}
	var batch struct{ ID int64 }
	w.want(201, w.as("police", "POST", fmt.Sprintf("/api/v1/uploads/%d/preview", up.ID), s.plan)).into(t, &batch)
	s.has("/api/v1/batches/", "id", fmt.Sprint(batch.ID))
	s.tables = append(s.tables, "onemap.upload", "onemap.batch", "onemap.quarantine")

	// Rules, runs, a correction.
	var rule, run, correction struct{ ID, Run int64 }
	w.want(201, w.as("police", "POST", "/api/v1/quality/rules", map[string]any{"layer": "enterprise", "kind": "uscc", "field": "uscc"})).into(t, &rule)
	s.has("/api/v1/quality/rules/", "id", fmt.Sprint(rule.ID))
	s.has("/api/v1/quality/quarantine/", "id", s.one(fmt.Sprintf(`INSERT INTO onemap.quarantine (layer, batch, row_number, rules, content)
		VALUES ('enterprise', %d, 2, '{%d}', '{"name": "`+mark+`"}') RETURNING id::text`, batch.ID, rule.ID)))
	w.want(200, w.as("police", "POST", "/api/v1/quality/runs", map[string]any{"layer": "enterprise"})).into(t, &run)
	s.has("/api/v1/quality/runs/", "id", s.one(`SELECT max(id)::text FROM onemap.quality_run`))
	w.want(201, w.as("police", "POST", "/api/v1/corrections", map[string]any{"uuid": uuid.NewString(), "layer": "enterprise", "feature": number(firm), "kind": "value", "field": "address",
		"proposed": "x", "reason": mark})).into(t, &correction)
	s.has("/api/v1/corrections/", "id", fmt.Sprint(correction.ID))
	s.tables = append(s.tables, "onemap.quality_rule", "onemap.correction", "onemap.correction_step")

	// A request of the police to the centre, granted; a resource nobody else knows of.
	var request requestReply
	ask := askBody(w.resource("asset"), "name")
	ask["purpose"] = mark
	w.want(201, w.as("police", "POST", "/api/v1/requests", ask)).into(t, &request)
	s.has("/api/v1/requests/", "id", fmt.Sprint(request.ID))
	s.has("/api/v1/grants/", "kind", "layer", "id", s.one(`INSERT INTO onemap.layer_grant (layer, org, reason, granted_by) VALUES ('asset', 'police', '`+mark+`', 'test') RETURNING id::text`))
	code := w.resource("enterprise")
	w.exec(`UPDATE onemap.resource SET known_to = 'line', abstract = '` + mark + `' WHERE layer = 'enterprise'`)
	class, n, _ := strings.Cut(code, "/")
	s.has("/api/v1/catalogue/{class}/{number}", "class", class, "number", n, "file", "1")
	s.tables = append(s.tables, "onemap.share_request", "onemap.share_step", "onemap.layer_grant", "onemap.resource", "onemap.resource_file")

	// A comparison of registers of theirs.
	w.exec(`UPDATE onemap.layer SET owner = 'police', share = 'none' WHERE name = 'inspection'`)
	w.exec(`INSERT INTO onemap.match_plan (name, title_zh, title_en, owner, left_layer, right_layer, left_roles, right_roles, created_by)
		VALUES ('marks', '` + mark + `', '` + mark + `', 'police', 'enterprise', 'inspection', '{"names": ["name"]}', '{"names": ["name"]}', 'police')`)
	s.has("/api/v1/matching/", "plan", "marks")
	s.tables = append(s.tables, "onemap.match_plan", "onemap.match_run", "onemap.match_decision")
	return s
}

func number(text string) (n int64) {
	_, _ = fmt.Sscan(text, &n)
	return n
}

// nobodys are the routes whose names belong to nobody: to everyone, or to an
// office that one has by role, which the walk over all roles looks at. (Sources
// that are pulled have a test of their own.)
var nobodys = []string{"/ogc/tileMatrixSets/", "/ogc/tiles/", "/ogc/styles/", "/pmtiles/", "/open311/", "/cap/", "/api/v1/alerts/", "/api/v1/checklists/",
	"/api/v1/bridge", "/api/v1/webhooks/", "/api/v1/fences/", "/api/v1/class", "/api/v1/grids/", "/api/v1/grid-drafts/", "/api/v1/service-index/",
	"/api/v1/objections/", "/api/v1/stationing/speeds", "/api/v1/fire-risk/runs/", "/api/v1/open/", "/api/v1/pulls", "/api/v1/people/", "/api/v1/organisations/", "/api/v1/layers/{layer}/ask-reason"}

// of is the values for a route; nil where they belong to nobody.
func (s *station) of(pattern string) []string {
	best := ""
	for p := range s.ids {
		if strings.HasPrefix(pattern, p) && len(p) > len(best) {
			best = p
		}
	}
	if best == "" && !slices.ContainsFunc(nobodys, func(p string) bool { return strings.HasPrefix(pattern, p) }) {
		s.t.Errorf("%s: whose is it? Give the station one, or say in nobodys why not", pattern)
	}
	return s.ids[best]
}

// body is what a route would take from the police.
func (s *station) body(method, pattern string) any {
	feature := map[string]any{"type": "Feature", "geometry": map[string]any{"type": "Point", "coordinates": []float64{120.015, 29.305}}, "properties": map[string]any{"name": "taken"}}
	act := func(action string) map[string]any {
		return map[string]any{"uuid": uuid.NewString(), "action": action, "version": 1}
	}
	switch {
	case method == "GET" || method == "DELETE":
		return nil
	case strings.HasPrefix(pattern, "/ogc/"):
		return feature
	case strings.HasSuffix(pattern, "/crs") || strings.HasSuffix(pattern, "/preview"):
		return s.plan
	}
	switch pattern {
	case "/api/v1/incidents/{id}/actions":
		return act("accept")
	case "/api/v1/hazards/{id}/actions":
		return act("photo")
	case "/api/v1/tasks/{id}/result":
		return map[string]any{"uuid": uuid.NewString(), "result": "done"}
	case "/api/v1/tasks/{id}/points":
		return map[string]any{"points": []any{}}
	case "/api/v1/tasks/{id}/actions":
		return map[string]any{"action": "cancel", "version": 1}
	case "/api/v1/patrols/{id}/edits":
		return map[string]any{"version": 1, "reason": mark, "units": []any{map[string]any{"n": 1}}}
	case "/api/v1/patrols/{id}/decisions":
		return map[string]any{"action": "refuse", "version": 1, "reason": mark}
	case "/api/v1/stationing/plans/{id}/what-if", "/api/v1/stationing/plans/{id}/edits":
		return map[string]any{"crs": "WGS84", "posts": []any{map[string]any{"x": 120.005, "y": 29.305}}}
	case "/api/v1/stationing/plans/{id}/decisions":
		return map[string]any{"decision": "refused", "reason": mark}
	case "/api/v1/forecasts/{id}/withdrawal":
		return map[string]any{"reason": "because I can"}
	case "/api/v1/requests/{id}/actions":
		return act("cancel")
	case "/api/v1/corrections/{id}/actions":
		return act("withdraw")
	case "/api/v1/grants/{kind}/{id}/withdrawal":
		return map[string]any{"basis": "x"}
	case "/api/v1/quality/quarantine/{id}/decision":
		return map[string]any{"action": "drop", "reason": "x"}
	case "/api/v1/matching/{plan}":
		return map[string]any{"title_zh": "x", "title_en": "x", "left_layer": "enterprise", "right_layer": "inspection", "left_roles": map[string]any{"names": []string{"name"}}, "right_roles": map[string]any{"names": []string{"name"}}}
	}
	return map[string]any{}
}

// Officers and workers of others, and nobody at all, call every route with the
// numbers and codes of what belongs to the police: none of it is shown, none of
// it changes, and each answer is as if it did not exist or were forbidden.
func TestOthersThingsByNumber(t *testing.T) {
	s := newStation(t)
	digest := func() map[string]string {
		out := map[string]string{}
		for _, table := range s.tables {
			out[table] = s.one(`SELECT coalesce(string_agg(t::text, E'\n' ORDER BY t::text), '') FROM ` + table + ` t`)
		}
		return out
	}
	before := digest()
	walked, shown := 0, 0
	for _, l := range s.server.Table() {
		if !strings.Contains(l.Pattern, "{") || l.Method == http.MethodOptions {
			continue
		}
		values := s.of(l.Pattern)
		if values == nil {
			continue
		}
		named := map[string]string{}
		for i := 0; i+1 < len(values); i += 2 {
			named[values[i]] = values[i+1]
		}
		path := fill(l.Pattern, named)
		if strings.Contains(path, "{") {
			t.Errorf("%s: the station has no value for %s", l.Pattern, path)
			continue
		}
		if l.Method == http.MethodGet { // it is there at all
			if r := s.as("police", l.Method, path, nil); bytes.Contains(r.body, []byte(mark)) {
				shown++
			}
		}
		for _, login := range []string{"", "urban", "westofficer", "westworker"} {
			walked++
			r := s.as(login, l.Method, path, s.body(l.Method, l.Pattern))
			switch {
			case bytes.Contains(r.body, []byte(mark)):
				t.Errorf("%s %s by %q shows what is the police's: %d %.300s", l.Method, path, login, r.StatusCode, r.body)
			case r.StatusCode >= 500:
				t.Errorf("%s %s by %q: %d %.300s", l.Method, path, login, r.StatusCode, r.body)
			// 415 and 422: refused for what was sent, before anything was looked up.
			case !slices.Contains([]int{401, 403, 404, 415, 422}, r.StatusCode):
				t.Errorf("%s %s by %q: %d, want 401, 403 or 404: %.300s", l.Method, path, login, r.StatusCode, r.body)
			}
		}
	}
	if walked < 200 || shown < 12 {
		t.Errorf("%d calls, and %d routes that show the police what is theirs", walked, shown)
	}
	for table, now := range digest() {
		if now != before[table] {
			t.Errorf("%s has changed:\n%.600s\nwas\n%.600s", table, now, before[table])
		}
	}
	s.want(200, s.as("police", "GET", "/api/v1/session", nil))
	if n := s.one(`SELECT count(*)::text FROM onemap.session`); n != "1" {
		t.Errorf("%s sessions, of the one of the police", n)
	}
	if f := s.faults(); f != "" {
		t.Errorf("faults of ours:\n%.3000s", f)
	}
}

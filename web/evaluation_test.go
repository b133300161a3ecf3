package web_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"onemap/layers/evaluate"
)

// cases puts three cases of today into the world: one of the east and the
// department urban, closed; one of the west and police, open; one merely reported.
func (w *world) cases() {
	w.exec(`UPDATE onemap.layer SET owner = 'centre', share = 'conditional' WHERE name = 'incident'`)
	for i, c := range []struct{ dept, grid, area, state string }{
		{"urban", "330799001001001", "330799001001", "closed"}, {"police", "330799002001001", "330799002001", "dispatched"}, {"", "330799002001001", "330799002001", "reported"},
	} {
		w.exec(fmt.Sprintf(`WITH c AS (INSERT INTO map.incident (class_standard, class_code, severity, source, state, dept_code, description, occurred_at, reported_at, filed_at, dispatched_at, handled_at, closed_at, grid_code, area_code, geom)
			SELECT 'test', 'T01', 2, 'worker', '%[4]s', '%[1]s', '=HYPERLINK("http://evil")', now(), now(), CASE WHEN '%[4]s' <> 'reported' THEN now() END, CASE WHEN '%[4]s' <> 'reported' THEN now() END,
			CASE WHEN '%[4]s' = 'closed' THEN now() END, CASE WHEN '%[4]s' = 'closed' THEN now() END, '%[2]s', '%[3]s', ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326) RETURNING id)
			INSERT INTO onemap.incident_contact SELECT id, 'secret-%[5]d' FROM c`, c.dept, c.grid, c.area, c.state, i))
	}
}

func TestEvaluationByRight(t *testing.T) {
	w := newWorld(t)
	w.cases()
	report := func(login, query string) (r evaluate.Report) {
		t.Helper()
		w.want(200, w.as(login, "GET", "/api/v1/evaluation?period=day&compare=false"+query, nil)).into(t, &r)
		return r
	}
	all := report("centre", "&subject=department")
	if all.Total.Counts["received"] != 2 || len(all.Rows) != 2 {
		t.Errorf("the centre sees %d dispatches, %d departments", all.Total.Counts["received"], len(all.Rows))
	}
	if r := report("urban", "&subject=department"); len(r.Rows) != 1 || r.Rows[0].Key != "urban" || r.Rows[0].Counts["received"] != 1 {
		t.Errorf("urban sees %+v", r.Rows)
	}
	if n := report("worker", "&level=community").Total.Counts["reported"]; n != 1 {
		t.Errorf("the worker of the east sees %d of the three", n)
	}
	if r := report("urban", "&subject=post&post=collector&by=person"); len(r.Rows) != 0 {
		t.Errorf("a department sees persons: %+v", r.Rows)
	}
	if n := report("centre", "&level=community").Total.Counts["reported"]; n != 3 {
		t.Errorf("%d reported, want 3", n)
	}
	for login, status := range map[string]int{"": 401, "admin": 403, "auditor": 403, "security": 403} {
		w.want(status, w.as(login, "GET", "/api/v1/evaluation", nil))
	}
	for _, bad := range []string{"subject=person", "period=decade", "at=yesterday", "period=custom&from=2026-02-01&to=2026-01-01", "level=province", "subject=post&post=mayor", "format=pdf", "unknown=1",
		"period=custom&from=1900-01-01&to=2026-01-01", "at=0001-01-01", "parent=" + strings.Repeat("9", 100)} {
		if p := w.want(422, w.as("centre", "GET", "/api/v1/evaluation?"+bad, nil)).problem(t); p.Detail == "" {
			t.Errorf("%s: %+v", bad, p)
		}
	}
	w.want(422, w.as("centre", "GET", "/api/v1/evaluation/cases?count=nothing", nil))
	var list struct {
		Total int64
		Cases []evaluate.Case
	}
	w.want(200, w.as("centre", "GET", "/api/v1/evaluation/cases?subject=department&period=day&count=received&key=urban", nil)).into(t, &list)
	if list.Total != 1 || len(list.Cases) != 1 || list.Cases[0].Dept != "urban" {
		t.Errorf("%+v", list)
	}
	w.want(404, w.as("centre", "GET", "/api/v1/evaluation/cases?subject=department&period=day&count=received&key=nobody", nil))
}

func TestSheetsRunNothingAndTellNoContact(t *testing.T) {
	w := newWorld(t)
	w.cases()
	w.want(422, w.as("centre", "GET", "/api/v1/incidents/export?q=a%00b", nil)) // said, not a file cut off
	for _, path := range []string{"/api/v1/evaluation?period=day", "/api/v1/evaluation/cases?period=day&count=reported", "/api/v1/incidents/export?"} {
		for _, lang := range []string{"zh", "en"} {
			text := w.want(200, w.as("centre", "GET", path+"&format=csv&lang="+lang, nil)).body
			if !bytes.HasPrefix(text, []byte("\ufeff")) {
				t.Errorf("%s: no mark of UTF-8: %.40q", path, text)
			}
			rows, err := csv.NewReader(bytes.NewReader(text[3:])).ReadAll()
			if err != nil || len(rows) < 2 {
				t.Fatalf("%s: %d rows, %v", path, len(rows), err)
			}
			book, err := excelize.OpenReader(bytes.NewReader(w.want(200, w.as("centre", "GET", path+"&format=xlsx&lang="+lang, nil)).body))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			sheets := book.GetSheetList()
			cells, err := book.GetRows(sheets[0])
			if err != nil || len(cells) != len(rows) {
				t.Errorf("%s: %d rows in XLSX, %d in CSV, %v", path, len(cells), len(rows), err)
			}
			for _, row := range append(cells, rows...) {
				for _, cell := range row {
					if strings.HasPrefix(cell, "=") || strings.Contains(cell, "secret") {
						t.Errorf("%s: a cell %q", path, cell)
					}
				}
			}
			// States and sources are said in the words of the field.
			if col := slices.Index(rows[0], map[string]string{"zh": "状态", "en": "State"}[lang]); col >= 0 {
				if got := rows[1][col]; !slices.Contains(map[string][]string{"zh": {"已结案", "待处置", "待受理"}, "en": {"Closed", "Dispatched", "Reported"}}[lang], got) {
					t.Errorf("%s: the state is %q", path, got)
				}
				if got, want := rows[1][col+1], map[string]string{"zh": "网格员", "en": "Grid worker"}[lang]; got != want {
					t.Errorf("%s: the source is %q, want %q", path, got, want)
				}
			} else if path != "/api/v1/evaluation?period=day" {
				t.Errorf("%s: no column of states in %q", path, rows[0])
			}
			_ = book.Close()
		}
	}
	w.want(401, w.as("", "GET", "/api/v1/incidents/export", nil))
	w.want(422, w.as("centre", "GET", "/api/v1/incidents/export?format=json", nil))
}

func TestEvaluationRules(t *testing.T) {
	w := newWorld(t)
	var all struct{ Versions []evaluate.Version }
	w.want(200, w.as("centre", "GET", "/api/v1/evaluation/rules", nil)).into(t, &all)
	if len(all.Versions) != 1 {
		t.Fatalf("%d versions", len(all.Versions))
	}
	rules := all.Versions[0].Rules
	rules.Grades[0].From = 95
	day := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	body := map[string]any{"valid_from": day, "reason": "stricter", "rules": rules}
	w.want(403, w.as("centre", "PUT", "/api/v1/evaluation/rules", body))
	w.want(200, w.as("admin", "PUT", "/api/v1/evaluation/rules", body))
	w.want(409, w.as("admin", "PUT", "/api/v1/evaluation/rules", body))
	past := map[string]any{"valid_from": "2020-01-01", "reason": "x", "rules": rules}
	w.want(422, w.as("admin", "PUT", "/api/v1/evaluation/rules", past))
	rules.Scores["area"][0].Weight = 99
	w.want(422, w.as("admin", "PUT", "/api/v1/evaluation/rules", map[string]any{"valid_from": time.Now().AddDate(0, 0, 9).Format(time.DateOnly), "reason": "x", "rules": rules}))
	var r evaluate.Report
	w.want(200, w.as("centre", "GET", "/api/v1/evaluation?period=day&compare=false", nil)).into(t, &r)
	if r.Rules.ValidFrom != "1900-01-01" || r.Rules.Rules.Grades[0].From != 90 {
		t.Errorf("today's report goes by the rules from %s", r.Rules.ValidFrom)
	}
}

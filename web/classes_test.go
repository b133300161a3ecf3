package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"onemap/layers/class"
)

const national = "/api/v1/classes/GB%2FT%2047678.5-2026/matter/"

// faultOf is the field that an answer complains of.
func faultOf(t *testing.T, r reply) string {
	t.Helper()
	p := r.problem(t)
	if len(p.Errors) == 0 {
		return p.Type
	}
	return p.Errors[0].Field
}

// An administrator changes a class, its conditions and the rules for it;
// others look on.
func TestClassesAreEdited(t *testing.T) {
	w := newWorld(t)
	var c struct {
		Code       string
		NameZH     string `json:"name_zh"`
		Version    int64
		Severity   int
		InUse      bool `json:"in_use"`
		Note       string
		Conditions []class.Filing
		Crosswalk  []class.Link
		Rules      []class.Rule
	}
	w.want(200, w.as("worker", "GET", national+"06010", nil)).into(t, &c)
	if c.NameZH != "暴露垃圾" || len(c.Conditions) != 1 || len(c.Crosswalk) != 2 || !strings.Contains(c.Note, "Second-hand") {
		t.Errorf("read: %+v", c)
	}
	edit := map[string]any{"name_zh": "暴露垃圾", "name_en": "Rubbish", "severity": 2, "dept": "urban", "active": true, "aliases": []string{"垃圾"}, "version": c.Version, "reason": "as we say"}
	w.want(403, w.as("centre", "PUT", national+"06010", edit))
	w.want(200, w.as("admin", "PUT", national+"06010", edit)).into(t, &c)
	if c.Severity != 2 || !c.InUse {
		t.Errorf("changed: %+v", c)
	}
	w.want(409, w.as("admin", "PUT", national+"06010", edit))
	edit["version"], edit["dept"] = c.Version, "nobody"
	if got := faultOf(t, w.want(422, w.as("admin", "PUT", national+"06010", edit))); got != "dept" {
		t.Errorf("a department that is none: %s", got)
	}
	w.want(404, w.as("admin", "GET", national+"77777", nil))

	limit := map[string]any{"text_zh": "很多", "limit": map[string]any{"n": 1, "unit": "urgent_hour"}, "limits": map[string]any{"C": map[string]any{"n": 2, "unit": "working_day"}}, "active": true}
	w.want(200, w.as("admin", "PUT", national+"06010/conditions/much", limit)).into(t, &c)
	if len(c.Conditions) != 2 || c.Conditions[0].Code != "much" || c.Conditions[0].Limits["C"].N != 2 {
		t.Errorf("conditions: %+v", c.Conditions)
	}
	limit["limit"] = map[string]any{"n": 1, "unit": "week"}
	if got := faultOf(t, w.want(422, w.as("admin", "PUT", national+"06010/conditions/much", limit))); got != "limit.unit" {
		t.Errorf("a unit that is none: %s", got)
	}

	rule := map[string]any{"standard": "GB/T 47678.5-2026", "code": "06010", "grid_code": "330799001001001", "dept": "police"}
	var made struct{ ID int64 }
	w.want(201, w.as("admin", "POST", "/api/v1/class-rules", rule)).into(t, &made)
	var whose struct {
		Dept, By string
		Rule     int64
	}
	at := "/api/v1/responsible?" + url.Values{"standard": {"GB/T 47678.5-2026"}, "code": {"06010"}, "grid": {"330799001001001"}}.Encode()
	w.want(200, w.as("worker", "GET", at, nil)).into(t, &whose)
	if whose.Dept != "police" || whose.By != "rule" || whose.Rule != made.ID {
		t.Errorf("whose matter: %+v", whose)
	}
	w.want(204, w.as("admin", "DELETE", fmt.Sprintf("/api/v1/class-rules/%d?reason=no", made.ID), nil))
	w.want(200, w.as("worker", "GET", at, nil)).into(t, &whose)
	if whose.Dept != "urban" || whose.By != "class" {
		t.Errorf("whose matter without the rule: %+v", whose)
	}

	var history struct{ Changes []class.Revision }
	w.want(200, w.as("auditor", "GET", "/api/v1/class-history?what=rule", nil)).into(t, &history)
	if len(history.Changes) != 2 || history.Changes[0].After != nil || history.Changes[0].Login != "admin" {
		t.Fatalf("history: %+v", history)
	}
	w.want(204, w.as("admin", "POST", fmt.Sprintf("/api/v1/class-history/%d/restore", history.Changes[0].ID), nil))
	w.want(200, w.as("worker", "GET", at, nil)).into(t, &whose)
	if whose.Dept != "police" {
		t.Errorf("whose matter with the rule put back: %+v", whose)
	}
	w.want(404, w.as("admin", "POST", "/api/v1/class-history/99999/restore", nil))

	var added struct{ Code string }
	own := map[string]any{"standard": "GB/T 47678.5-2026", "kind": "matter", "major": "06", "name_zh": "占用充电车位", "name_en": "Charging bay taken", "severity": 4, "dept": "", "active": true}
	w.want(201, w.as("admin", "POST", "/api/v1/classes", own)).into(t, &added)
	if added.Code != "06999" {
		t.Errorf("a class of our own: %+v", added)
	}
}

// A phone keeps the list and hears what changed since.
func TestClassListIsKept(t *testing.T) {
	w := newWorld(t)
	type list struct {
		Version int64
		Classes []class.Class
	}
	var all, old, news list
	w.want(200, w.as("centre", "GET", "/api/v1/classes?kind=matter&limit=1000", nil)).into(t, &all)
	for _, c := range all.Classes {
		if !c.InUse || strings.HasPrefix(c.Standard, "CJ/T") {
			t.Fatalf("not in use: %+v", c)
		}
	}
	w.want(200, w.as("centre", "GET", "/api/v1/classes?all=true&edition="+url.QueryEscape("CJ/T 214-2007")+"&q=0102", nil)).into(t, &old)
	if len(old.Classes) != 1 || old.Classes[0].InUse || !strings.Contains(old.Classes[0].Successor, "06010 暴露垃圾") {
		t.Errorf("of 2007: %+v", old)
	}
	since := fmt.Sprintf("/api/v1/classes?since=%d", all.Version)
	w.want(200, w.as("worker", "GET", since, nil)).into(t, &news)
	if len(news.Classes) != 0 {
		t.Errorf("nothing changed: %+v", news)
	}
	w.exec(`UPDATE onemap.class SET ended_on = '2020-01-01' WHERE code = 'T01'`)
	w.want(200, w.as("worker", "GET", since, nil)).into(t, &news)
	if len(news.Classes) != 1 || news.Classes[0].Code != "T01" || news.Classes[0].InUse || news.Version <= all.Version {
		t.Errorf("T01 ended: %+v", news)
	}
	var walk struct {
		Links     []class.Link
		Component *class.Converted
		Note      string
	}
	w.want(200, w.as("centre", "GET", "/api/v1/class-crosswalk?component=3307820137123456", nil)).into(t, &walk)
	if walk.Component == nil || walk.Component.Code != "33078201037123456" || !strings.Contains(walk.Note, "Second-hand") {
		t.Errorf("a component's code: %+v", walk)
	}
	if got := faultOf(t, w.want(422, w.as("centre", "GET", "/api/v1/class-crosswalk?component=12", nil))); got != "component" {
		t.Errorf("no code: %s", got)
	}
}

func TestConditionsAsAFile(t *testing.T) {
	w := newWorld(t)
	out := w.want(200, w.as("centre", "GET", "/api/v1/class-conditions?edition="+url.QueryEscape("GB/T 47678.5-2026"), nil))
	if !strings.HasPrefix(out.Header.Get("Content-Type"), "text/csv") || !strings.Contains(string(out.body), "06010,暴露垃圾,present") {
		t.Errorf("%s: %.200s", out.Header.Get("Content-Type"), out.body)
	}
	w.want(403, w.as("centre", "POST", "/api/v1/class-conditions", strings.NewReader(string(out.body)), "Content-Type", "text/csv"))
	var took class.FileTaken
	w.want(200, w.as("admin", "POST", "/api/v1/class-conditions?try=true", strings.NewReader(string(out.body)+"GB/T 47678.5-2026,1,,x,0,x,,,1天,,,,,true\n"), "Content-Type", "text/csv")).into(t, &took)
	if took.Unchanged != 675 || took.Changed != 0 || len(took.Rejects) != 1 || took.Rejects[0].Field != "class" {
		t.Errorf("%+v", took)
	}
	if got := faultOf(t, w.want(422, w.as("admin", "POST", "/api/v1/class-conditions", strings.NewReader("a,b\n"), "Content-Type", "text/csv"))); got != "file" {
		t.Errorf("no such columns: %s", got)
	}
}

func TestCalendarOfAYear(t *testing.T) {
	w := newWorld(t)
	var y class.Year
	w.want(200, w.as("worker", "GET", "/api/v1/calendar?year=2026", nil)).into(t, &y)
	if len(y.Days) != 39 || y.Missing != "" || len(y.Office) != 2 || y.StageLimit["disputed"].Minutes != 240 {
		t.Errorf("2026: %d days, %+v", len(y.Days), y)
	}
	w.want(200, w.as("worker", "GET", "/api/v1/calendar?year=2027", nil)).into(t, &y)
	if !strings.Contains(y.Missing, "PUT /api/v1/calendar") {
		t.Errorf("2027: %+v", y)
	}
	set := map[string]any{"year": 2027, "days": []map[string]any{{"day": "2027-01-01", "working": false, "name": "元旦"}}}
	w.want(403, w.as("centre", "PUT", "/api/v1/calendar", set))
	y = class.Year{}
	w.want(200, w.as("admin", "PUT", "/api/v1/calendar", set)).into(t, &y)
	if len(y.Days) != 1 || y.Missing != "" {
		t.Errorf("2027: %+v", y)
	}
	set["days"] = []map[string]any{{"day": "2028-01-01", "working": false}}
	if got := faultOf(t, w.want(422, w.as("admin", "PUT", "/api/v1/calendar", set))); got != "days[0].day" {
		t.Errorf("a day of another year: %s", got)
	}
}

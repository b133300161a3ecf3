package class_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/worktime"
)

var admin = access.Operator("test")

func (w *world) get(k class.Key) class.Class {
	w.t.Helper()
	c, err := w.s.Get(w.t.Context(), w.db, k)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// undo puts back what was there before the latest change.
func (w *world) undo() {
	w.t.Helper()
	h, err := w.s.History(w.t.Context(), class.HistoryQuery{Limit: 1})
	if err != nil || len(h) == 0 {
		w.t.Fatal(h, err)
	}
	if err := w.s.Restore(w.t.Context(), admin, h[0].ID, ""); err != nil {
		w.t.Fatal(err)
	}
}

// field is the field that an error is about, "" where it is about none.
func field(err error) string {
	var input *layers.InputError
	if errors.As(err, &input) {
		return input.Field
	}
	return ""
}

func TestAClassIsChanged(t *testing.T) {
	w := newWorld(t)
	k := class.Key{Standard: national, Kind: class.Matter, Code: "06010"}
	before := w.get(k)
	list, err := w.s.List(t.Context(), class.Query{Limit: 5000})
	if err != nil {
		t.Fatal(err)
	}
	e := class.Edit{NameZH: "暴露垃圾(重复)", NameEN: "Garbage", Severity: 3, Dept: "urban", Active: true, Aliases: []string{"垃圾", "垃圾", "堆"}}
	after, err := w.s.Put(t.Context(), admin, k, e, before.Version, "our words", "")
	if err != nil {
		t.Fatal(err)
	}
	if after.NameEN != "Garbage" || after.Initials != "blljcf" || after.Dept != "urban" || after.Version <= before.Version || !after.InUse {
		t.Errorf("after: %+v", after)
	}
	if _, err := w.s.Put(t.Context(), admin, k, e, before.Version, "", ""); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("at the version of before: %v", err)
	}
	news, err := w.s.List(t.Context(), class.Query{Since: list.Version, Limit: 10})
	if err != nil || len(news.Classes) != 1 || news.Classes[0].Code != "06010" || news.Version != after.Version {
		t.Errorf("what changed since: %+v, %v", news, err)
	}
	if none, err := w.s.List(t.Context(), class.Query{Since: news.Version, Limit: 10}); err != nil || len(none.Classes) != 0 {
		t.Errorf("nothing changed since: %+v, %v", none, err)
	}

	w.undo()
	back := w.get(k)
	if back.NameZH != before.NameZH || back.Initials != before.Initials || back.Severity != before.Severity || back.Dept != before.Dept {
		t.Errorf("put back: %+v, want %+v", back, before)
	}
	aliases, err := w.s.Aliases(t.Context(), w.db, k)
	if err != nil || len(aliases) != 2 || aliases[0] != "垃圾堆" {
		t.Errorf("aliases put back: %q, %v", aliases, err)
	}
	var audited int
	w.one(`SELECT count(*) FROM onemap.audit WHERE action = 'class.change' AND object = 'class/GB/T 47678.5-2026 matter 06010'`, &audited)
	if audited != 2 {
		t.Errorf("%d audit records, want 2", audited)
	}

	e.Active, e.EndedOn = false, "2026-11-01"
	if _, err := w.s.Put(t.Context(), admin, k, e, back.Version, "", ""); err != nil {
		t.Fatal(err)
	}
	gone, err := w.s.List(t.Context(), class.Query{Since: news.Version, Limit: 10})
	if err != nil || len(gone.Classes) != 1 || gone.Classes[0].InUse || gone.Classes[0].Active {
		t.Errorf("a phone hears that it is gone: %+v, %v", gone, err)
	}
	e.Active = true // and it ended all the same
	if c, err := w.s.Put(t.Context(), admin, k, e, gone.Classes[0].Version, "", ""); err != nil || c.InUse || !c.Active {
		t.Errorf("its own mark beside whether it is in use: %+v, %v", c, err)
	}

	good := class.Edit{NameZH: "甲", NameEN: "A", Severity: 3}
	for name, spoil := range map[string]func(*class.Edit){
		"name_zh":    func(e *class.Edit) { e.NameZH = "" },
		"name_en":    func(e *class.Edit) { e.NameEN = " a" },
		"severity":   func(e *class.Edit) { e.Severity = 5 },
		"dept":       func(e *class.Edit) { e.Dept = "nobody" },
		"ended_on":   func(e *class.Edit) { e.EndedOn = "tomorrow" },
		"aliases[0]": func(e *class.Edit) { e.Aliases = []string{"a\x00b"} },
	} {
		bad := good
		spoil(&bad)
		if _, err := w.s.Put(t.Context(), admin, k, bad, w.get(k).Version, "", ""); field(err) != name {
			t.Errorf("a bad %s: %v", name, err)
		}
	}
	if _, err := w.s.Put(t.Context(), admin, class.Key{Standard: national, Kind: class.Matter, Code: "99999"}, good, 1, "", ""); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("a class that is none: %v", err)
	}
	if _, err := w.s.Put(t.Context(), access.Scope{}, k, good, 1, "", ""); err == nil {
		t.Error("the public changes classes")
	}
}

// TestExtensionCodes come from the top down and are shared by both kinds.
func TestExtensionCodes(t *testing.T) {
	w := newWorld(t)
	add := func(standard, kind, major, name string) (string, error) {
		c, err := w.s.Extend(t.Context(), admin, class.Extension{Standard: standard, Kind: kind, Major: major, Edit: class.Edit{NameZH: name, NameEN: name, Severity: 4, Active: true}}, "", "")
		return c.Code, err
	}
	for _, tt := range []struct{ standard, kind, major, want string }{
		{national, class.Component, "01", "01999"},
		{national, class.Component, "01", "01998"},
		{national, class.Matter, "01", "01997"},
		{national, class.Matter, "06", "06999"},
		{of2013, class.Matter, "01", "0199"},
		{of2013, class.Component, "01", "0198"},
		{of2007, class.Matter, "01", "0198"}, // 0199 is its "other"
	} {
		if got, err := add(tt.standard, tt.kind, tt.major, "充电重卡位"); err != nil || got != tt.want {
			t.Errorf("%s %s %s: %q, %v; want %s", tt.standard, tt.kind, tt.major, got, err, tt.want)
		}
	}
	c := w.get(class.Key{Standard: national, Kind: class.Matter, Code: "06999"})
	if !c.Extension || c.Certainty != "own" || c.MajorZH != "市容环境" || c.Initials != "cdzkw" {
		t.Errorf("what was added: %+v", c)
	}
	w.exec(`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en)
		SELECT $1, 'matter', '10' || lpad(n::text, 3, '0'), '10', '', '', '', '' FROM generate_series(80, 998) n`, national)
	if got, err := add(national, class.Matter, "10", "最后一个"); err != nil || got != "10999" {
		t.Errorf("the last: %q, %v", got, err)
	}
	if got, err := add(national, class.Matter, "10", "没有了"); field(err) != "major" {
		t.Errorf("below 080: %q, %v", got, err)
	}
	for _, tt := range []struct{ standard, kind, major, want string }{{"another", class.Matter, "01", "standard"}, {"onemap-calls", class.Matter, "110-1", "standard"}, {national, class.Matter, "77", "major"}} {
		if got, err := add(tt.standard, tt.kind, tt.major, "x"); field(err) != tt.want {
			t.Errorf("%+v: %q, %v", tt, got, err)
		}
	}
	w.undo() // of 10999
	if c := w.get(class.Key{Standard: national, Kind: class.Matter, Code: "10999"}); c.InUse {
		t.Error("an extension that was taken back is in use")
	}
}

func TestConditionsAreChanged(t *testing.T) {
	w := newWorld(t)
	k := class.Key{Standard: national, Kind: class.Matter, Code: "06012"}
	all := func() []class.Filing {
		t.Helper()
		f, err := w.s.Filings(t.Context(), w.db, k)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	before := all()
	if len(before) != 1 || !before[0].Default {
		t.Fatalf("as installed: %+v", before)
	}
	f := before[0]
	f.Limit, f.Limits = class.LimitBody{N: 3, Unit: worktime.WorkingHour}, map[string]class.LimitBody{"A": {N: 1, Unit: worktime.UrgentHour}}
	if err := w.s.PutFiling(t.Context(), admin, k, f, "ours", ""); err != nil {
		t.Fatal(err)
	}
	c, err := w.s.Condition(t.Context(), w.db, national, k.Code, "", "A")
	if err != nil || c.Limit != (worktime.Limit{N: 1, Unit: worktime.UrgentHour}) || all()[0].Default {
		t.Errorf("changed: %+v, %v", c, err)
	}
	w.undo()
	if got := all()[0]; got.Limit != before[0].Limit || got.Limits["C"] != before[0].Limits["C"] || len(got.Limits) != 1 {
		t.Errorf("put back: %+v, want %+v", got, before[0])
	}
	f.Code = "new"
	if err := w.s.PutFiling(t.Context(), admin, k, f, "", ""); err != nil {
		t.Fatal(err)
	}
	w.undo()
	if got := all(); len(got) != 2 || got[1].Code != "new" || got[1].Active {
		t.Errorf("a new one taken back: %+v", got)
	}
	for want, spoil := range map[string]func(*class.Filing){
		"code":     func(f *class.Filing) { f.Code = "a b" },
		"text_zh":  func(f *class.Filing) { f.TextZH = "" },
		"limit":    func(f *class.Filing) { f.Limit.Unit = "week" },
		"limits.A": func(f *class.Filing) { f.Limits = map[string]class.LimitBody{"A": {N: -1, Unit: worktime.WorkingDay}} },
		"limits":   func(f *class.Filing) { f.Limits = map[string]class.LimitBody{"D": {N: 1, Unit: worktime.WorkingDay}} },
	} {
		bad := f
		spoil(&bad)
		if err := w.s.PutFiling(t.Context(), admin, k, bad, "", ""); field(err) != want {
			t.Errorf("a bad %s: %v", want, err)
		}
	}
	if err := w.s.PutFiling(t.Context(), admin, class.Key{Standard: national, Kind: class.Component, Code: "01001"}, f, "", ""); field(err) != "kind" {
		t.Errorf("of a component: %v", err)
	}
}

func TestRulesAreSetAndEnded(t *testing.T) {
	w := newWorld(t)
	q := class.Question{Standard: national, Code: "06010", Grid: "330782001001001", Area: "330782001001"}
	set := func(grid, area, dept string) (int64, error) {
		return w.s.AddRule(t.Context(), admin, class.NewRule{Standard: national, Code: "06010", Grid: grid, Area: area, Dept: dept, Reason: "权责清单"}, "")
	}
	first, err := set("D1", "", "urban")
	if err != nil {
		t.Fatal(err)
	}
	if got := w.responsible(q); got != (class.Answer{Dept: "urban", By: class.ByRule, Rule: first}) {
		t.Errorf("set: %+v", got)
	}
	second, err := set("D1", "", "roads")
	if err != nil || second == first {
		t.Fatal(second, err)
	}
	w.undo()
	if got := w.responsible(q); got.Dept != "urban" {
		t.Errorf("put back: %+v", got)
	}
	rules, err := w.s.Rules(t.Context(), class.RuleQuery{Standard: national, Ended: true, Limit: 10})
	if err != nil || len(rules) != 3 || rules[0].Ended != nil || rules[1].Ended == nil || rules[0].ClassZH != "暴露垃圾" || rules[0].DeptZH != "urban" {
		t.Errorf("all of them: %+v, %v", rules, err)
	}
	if err := w.s.EndRule(t.Context(), admin, rules[0].ID, "no more", ""); err != nil {
		t.Fatal(err)
	}
	if got := w.responsible(q); got.By != class.ByClass {
		t.Errorf("ended: %+v", got)
	}
	if err := w.s.EndRule(t.Context(), admin, rules[0].ID, "", ""); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("ended twice: %v", err)
	}
	w.undo()
	if got := w.responsible(q); got.Dept != "urban" {
		t.Errorf("an end taken back: %+v", got)
	}
	for _, tt := range []struct{ grid, area, dept, want string }{
		{"D1", "330782", "urban", "area_code"}, {"D9", "", "urban", "grid_code"}, {"", "a b", "urban", "area_code"}, {"", "", "nobody", "dept"},
	} {
		if _, err := set(tt.grid, tt.area, tt.dept); field(err) != tt.want {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	if _, err := w.s.AddRule(t.Context(), admin, class.NewRule{Standard: national, Code: "1", Dept: "urban"}, ""); field(err) != "code" {
		t.Errorf("of no class: %v", err)
	}
}

func TestAYearIsSet(t *testing.T) {
	w := newWorld(t)
	if _, err := w.s.Calendar(t.Context(), w.db); err != nil { // kept now
		t.Fatal(err)
	}
	days := []class.Day{{Day: "2027-01-01", Name: "元旦", Source: "test"}, {Day: "2027-01-03", Working: true, Name: "元旦调休"}}
	office := [][]string{{"09:00", "17:00"}}
	if err := w.s.PutYear(t.Context(), admin, 2027, days, office, "", ""); err != nil {
		t.Fatal(err)
	}
	c, err := w.s.Calendar(t.Context(), w.db)
	if err != nil || c.Working(time.Date(2027, 1, 1, 9, 0, 0, 0, c.Zone)) || !c.Working(time.Date(2027, 1, 3, 9, 0, 0, 0, c.Zone)) || len(c.Office) != 1 {
		t.Errorf("at once: %+v, %v", c.Office, err)
	}
	w.undo()
	c, err = w.s.Calendar(t.Context(), w.db)
	if err != nil || !c.Working(time.Date(2027, 1, 1, 9, 0, 0, 0, c.Zone)) || len(c.Office) != 2 {
		t.Errorf("put back: %+v, %v", c.Office, err)
	}
	for _, tt := range []struct {
		year   int
		days   []class.Day
		office [][]string
		want   string
	}{
		{1999, nil, nil, "year"},
		{2027, []class.Day{{Day: "2026-01-01"}}, nil, "days[0].day"},
		{2027, []class.Day{{Day: "2027-01-01"}, {Day: "2027-01-01"}}, nil, "days[1].day"},
		{2027, []class.Day{{Day: "2027-01-04", Working: true}}, nil, "days[0].working"},
		{2027, []class.Day{{Day: "2027-02-30"}}, nil, "days[0].day"},
		{2027, nil, [][]string{{"22:00", "06:00"}}, "office_hours"},
		{2027, nil, [][]string{}, "office_hours"},
	} {
		if err := w.s.PutYear(t.Context(), admin, tt.year, tt.days, tt.office, "", ""); field(err) != tt.want {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

func TestAListIsSwitchedOn(t *testing.T) {
	w := newWorld(t)
	had, err := w.s.List(t.Context(), class.Query{Limit: 5000})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.s.PutEdition(t.Context(), admin, of2013, true, "we are not ready", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.Matter(t.Context(), w.db, of2013, "0110"); err != nil {
		t.Errorf("a new case of it: %v", err)
	}
	news, err := w.s.List(t.Context(), class.Query{Since: had.Version, Limit: 5000})
	if err != nil || len(news.Classes) != 141 || !news.Classes[0].InUse {
		t.Errorf("%d classes are news, %v", len(news.Classes), err)
	}
	w.undo()
	if _, err := w.s.Matter(t.Context(), w.db, of2013, "0110"); err == nil {
		t.Error("switched off, it takes new cases")
	}
}

func TestConditionsGoOutAndIn(t *testing.T) {
	w := newWorld(t)
	var file bytes.Buffer
	if err := w.s.WriteFilings(t.Context(), &file, ""); err != nil {
		t.Fatal(err)
	}
	took, err := w.s.ReadFilings(t.Context(), admin, file.Bytes(), false, "", "")
	if err != nil || took.Rows != 707 || took.Unchanged != took.Rows || len(took.Rejects) != 0 {
		t.Fatalf("what went out is not what comes in: %+v, %v", took, err)
	}
	const head = "class,condition,text_zh,limit,limit_a\n"
	text := head + "06010,present,\"现场有垃圾,很多\",3小时,1 working_hour\n" +
		"06010,second,=1+1,1天,\n" +
		"9999,present,没有,1天,\n" +
		"06011,present,积存,soon,\n" +
		"06011,bad code,积存,1天,\n" +
		"06012,present,路面,2工作时,x\n"
	tried, err := w.s.ReadFilings(t.Context(), admin, []byte(text), true, "", "")
	if err != nil || !tried.Tried || tried.Changed != 2 || len(tried.Rejects) != 4 {
		t.Fatalf("tried: %+v, %v", tried, err)
	}
	if c, err := w.s.Condition(t.Context(), w.db, national, "06010", "", "B"); err != nil || c.Limit.N != 4 {
		t.Errorf("trying wrote: %+v, %v", c, err)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	took, err = w.s.ReadFilings(t.Context(), admin, []byte(gb), false, "", "")
	if err != nil || took.Rows != 6 || took.Changed != 2 {
		t.Fatalf("taken: %+v, %v", took, err)
	}
	for i, want := range []struct {
		line  int
		field string
	}{{4, "class"}, {5, "limit"}, {6, "code"}, {7, "limit_a"}} {
		if r := took.Rejects[i]; r.Line != want.line || r.Field != want.field || r.Reason == "" {
			t.Errorf("reject %d: %+v, want %+v", i, r, want)
		}
	}
	c, err := w.s.Condition(t.Context(), w.db, national, "06010", "", "B")
	if err != nil || c.TextZH != "现场有垃圾,很多" || c.Limit != (worktime.Limit{N: 3, Unit: worktime.WorkingHour}) || c.Original != "3小时" {
		t.Errorf("after: %+v, %v", c, err)
	}
	file.Reset()
	if err := w.s.WriteFilings(t.Context(), &file, national); err != nil || !strings.Contains(file.String(), ",'=1+1,") {
		t.Errorf("a formula goes out as it is (%v)", err)
	}
	if took, err = w.s.ReadFilings(t.Context(), admin, file.Bytes(), true, "", ""); err != nil || took.Unchanged != took.Rows {
		t.Errorf("and does not come back: %+v, %v", took, err)
	}
	for name, text := range map[string]string{"empty": "", "a strange column": "class,condition,text_zh,limit,colour\n", "a missing column": "class,condition\n", "a picture": "\xff\xd8\xff\xe0\x00", "a quote": head + "06010,\"a,b\n"} {
		if _, err := w.s.ReadFilings(t.Context(), admin, []byte(text), false, "", ""); field(err) != "file" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

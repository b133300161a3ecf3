package quality_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/quality"
)

// field is the field that an InputError names.
func field(err error) string {
	var in *layers.InputError
	if errors.As(err, &in) {
		return in.Field
	}
	return ""
}

func TestOnlyTheOwnerMakesRules(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	r := quality.Rule{Layer: "shop", Kind: "filled", Field: "name"}
	for login, want := range map[string]error{"market": nil, "branch": access.ErrForbidden, "tax": layers.ErrNotFound, "centre": layers.ErrNotFound, "admin": layers.ErrNotFound} {
		if _, err := w.s.AddRule(ctx, w.as(login), r, ""); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", login, err, want)
		}
	}
	mine, err := w.s.Rules(ctx, w.as("branch"), "shop", false)
	if err != nil || len(mine) != 1 || mine[0].TitleZH == "" || mine[0].Indicator != "completeness.element" || mine[0].Weight != 1 {
		t.Fatalf("%+v %v", mine, err)
	}
	if err := w.s.EndRule(ctx, w.as("tax"), mine[0].ID, ""); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("another's rule: %v", err)
	}
	if err := w.s.EndRule(ctx, w.as("branch"), mine[0].ID, ""); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a branch ended a rule: %v", err)
	}
	if err := w.s.EndRule(ctx, w.as("market"), mine[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	now, _ := w.s.Rules(ctx, w.as("market"), "shop", false)
	all, _ := w.s.Rules(ctx, w.as("market"), "shop", true)
	if len(now) != 0 || len(all) != 1 || all[0].EndedAt == nil {
		t.Errorf("in force %v, all %v", now, all)
	}
}

func TestARuleThatCannotBeTestedIsRefused(t *testing.T) {
	w := newWorld(t)
	w.layer("returns", "tax", "conditional", `number text`, map[string]string{"number": "text"})
	p := func(k string, v any) map[string]any { return map[string]any{k: v} }
	for _, tt := range []struct {
		name, field string
		rule        quality.Rule
	}{
		{"no such kind", "kind", quality.Rule{Kind: "magic"}},
		{"no such indicator", "indicator", quality.Rule{Kind: "placed", Indicator: "accuracy.magic"}},
		{"no field", "field", quality.Rule{Kind: "filled"}},
		{"another's field", "field", quality.Rule{Kind: "filled", Field: "batch"}},
		{"field of another type", "field", quality.Rule{Kind: "not_future", Field: "name"}},
		{"field where none is", "field", quality.Rule{Kind: "placed", Field: "name"}},
		{"weight", "weight", quality.Rule{Kind: "placed", Weight: -1}},
		{"quarantine of the layer", "quarantine", quality.Rule{Kind: "documented", Quarantine: true}},
		{"unknown parameter", "params.x", quality.Rule{Kind: "placed", Params: p("x", 1.0)}},
		{"missing parameter", "params.values", quality.Rule{Kind: "one_of", Field: "kind"}},
		{"values that are no texts", "params.values", quality.Rule{Kind: "one_of", Field: "kind", Params: p("values", []any{"a", 1.0})}},
		{"broken pattern", "params.pattern", quality.Rule{Kind: "pattern", Field: "code", Params: p("pattern", "(")}},
		{"pattern of another dialect", "params.pattern", quality.Rule{Kind: "pattern", Field: "code", Params: p("pattern", `\pN+`)}},
		{"back reference", "params.pattern", quality.Rule{Kind: "pattern", Field: "code", Params: p("pattern", `(a*)\1`)}},
		{"broken condition", "condition", quality.Rule{Kind: "placed", Condition: "nowhere = 1"}},
		{"condition on another's column", "condition", quality.Rule{Kind: "placed", Condition: "source_key = 'x'"}},
		{"broken filter", "params.filter", quality.Rule{Kind: "matches", Params: p("filter", "1 = ")}},
		{"range without ends", "params", quality.Rule{Kind: "range", Field: "staff"}},
		{"number for a date", "params.min", quality.Rule{Kind: "range", Field: "opened", Params: p("min", 1.0)}},
		{"too far", "params.metres", quality.Rule{Kind: "apart", Params: p("metres", 1e6)}},
		{"register unseen", "params.register", quality.Rule{Kind: "in_register", Field: "code", Params: map[string]any{"register": "returns", "their_field": "number"}}},
		{"register of people", "params.register", quality.Rule{Kind: "in_register", Field: "code", Params: map[string]any{"register": "person", "their_field": "login"}}},
		{"register's field", "params.their_field", quality.Rule{Kind: "in_register", Field: "code", Params: p("register", "base_poi")}},
	} {
		tt.rule.Layer = "shop"
		if _, err := w.s.AddRule(t.Context(), w.as("market"), tt.rule, ""); field(err) != tt.field {
			t.Errorf("%s: %v, want a fault of %s", tt.name, err, tt.field)
		}
	}
}

// Who sees only some rows and fields sees only what fails of these; the values
// are the rows' own of now.
func TestFailingRowsByRight(t *testing.T) {
	w := newWorld(t)
	fill(w)
	w.exec(`UPDATE map.shop SET phone = 'x' WHERE id IN (1, 2)`)
	ctx := t.Context()
	named := w.rule(quality.Rule{Kind: "filled", Field: "name"})
	phone := w.rule(quality.Rule{Kind: "pattern", Field: "phone", Params: map[string]any{"pattern": "[0-9]+"}})
	hidden := w.rule(quality.Rule{Kind: "filled", Field: "name", Condition: "phone = 'x'"})
	w.rule(quality.Rule{Kind: "unique", Field: "code"})
	if _, err := w.s.RunNow(ctx, w.as("branch"), "shop", ""); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a branch ran the rules: %v", err)
	}
	card, err := w.s.RunNow(ctx, w.as("market"), "shop", "")
	if err != nil || len(card.Results) != 4 {
		t.Fatalf("%+v %v", card, err)
	}
	ids := func(login string, q quality.FailureQuery) (out []int64) {
		t.Helper()
		q.Layer = "shop"
		f, err := w.s.Failures(ctx, w.as(login), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range f.Rows {
			out = append(out, r.ID)
		}
		return out
	}
	if got := ids("market", quality.FailureQuery{}); !slices.Equal(got, []int64{1, 2, 4, 5}) {
		t.Errorf("the owner sees %v: all in its area, which 7 is not", got)
	}
	if got := ids("branch", quality.FailureQuery{}); !slices.Equal(got, []int64{1, 4, 5}) {
		t.Errorf("the branch sees %v: 2 lies in the west", got)
	}
	box := orb.Bound{Min: orb.Point{120.0049, 29.3}, Max: orb.Point{120.0051, 29.31}}
	if got := ids("market", quality.FailureQuery{Box: &box, Rule: named}); !slices.Equal(got, []int64{5}) {
		t.Errorf("in the box %v", got)
	}
	if got := ids("market", quality.FailureQuery{After: 2, Limit: 1}); !slices.Equal(got, []int64{4}) {
		t.Errorf("the next page is %v", got)
	}
	// Another department is granted the names in the town, and not the phones.
	if _, err := w.dir.Grant(ctx, operator, access.Grant{Layer: "shop", Org: "tax", Fields: []string{"name", "code"}, AreaCode: "330799001", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	f, err := w.s.Failures(ctx, w.as("tax"), quality.FailureQuery{Layer: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	got := []int64{}
	for _, r := range f.Rows {
		got = append(got, r.ID)
		if slices.Contains(r.Rules, phone) || slices.Contains(r.Rules, hidden) {
			t.Errorf("row %d tells of a field that is hidden: %v", r.ID, r.Rules)
		}
	}
	if !slices.Equal(got, []int64{1, 4, 5}) || slices.Contains(f.Fields, "phone") { // 1 and 4 for their code
		t.Errorf("rows %v with %v", got, f.Fields)
	}
	c, err := w.s.Card(ctx, w.as("tax"), card.Run)
	if err != nil || len(c.Results) != 2 {
		t.Errorf("%d results of rules that name a hidden field or not: %v", len(c.Results), err)
	}
	if _, err := w.s.Card(ctx, w.as("admin"), card.Run); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("who may not know of the layer: %v", err)
	}
	w.exec(`DELETE FROM map.shop WHERE id = 5`)
	if got := ids("branch", quality.FailureQuery{Rule: named}); len(got) != 0 {
		t.Errorf("a row that is gone still fails: %v", got)
	}
}

func TestMarksOverTime(t *testing.T) {
	w := newWorld(t)
	fill(w)
	ctx := t.Context()
	w.rule(quality.Rule{Kind: "filled", Field: "name"}) // 5 of 7
	w.rule(quality.Rule{Kind: "placed"})                // 7 of 7
	w.rule(quality.Rule{Kind: "length", Field: "name", Params: map[string]any{"min": 100.0}, Weight: 3})
	w.exec(`UPDATE onemap.setting SET value = '{"completeness": 1, "accuracy": 3}' WHERE key = 'quality.weights'`)
	run := func() quality.Card {
		c, err := w.s.Check(ctx, w.db, w.get("shop"), "map.shop", 0)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := run()
	// accuracy: (7/7 · 1 + 0/6 · 3) / 4 = 1/4; score: (5/7 · 1 + 1/4 · 3) / 4
	if want := 100 * (5./7 + 3./4) / 4; first.Score == nil || *first.Score < want-1e-9 || *first.Score > want+1e-9 || first.Grade != 5 {
		t.Errorf("score %v grade %d, want %v and 5", first.Score, first.Grade, want)
	}
	w.now = w.now.Add(24 * time.Hour)
	w.exec(`UPDATE map.shop SET name = repeat('店', 100)`)
	second := run()
	if *second.Score != 100 || second.Grade != 1 {
		t.Errorf("mended: %v", *second.Score)
	}
	points, err := w.s.History(ctx, w.as("market"), "shop", w.now.Add(-48*time.Hour), w.now.Add(time.Hour), false)
	if err != nil || len(points) != 2 || *points[0].Score != *first.Score || points[1].Run != second.Run {
		t.Errorf("%+v %v", points, err)
	}
	days, err := w.s.OrgHistory(ctx, "market", w.now.Add(-time.Hour), w.now.Add(time.Hour))
	if err != nil || len(days) != 1 || *days[0].Score != 100 {
		t.Errorf("%+v %v", days, err)
	}
	orgs, err := w.s.OrgMarks(ctx, w.now.Add(-time.Hour))
	if err != nil || len(orgs) != 1 || orgs[0].Org != "market" || *orgs[0].Score != *first.Score {
		t.Errorf("%+v %v", orgs, err)
	}
	for login, want := range map[string]int{"market": 1, "tax": 0} {
		marks, err := w.s.LayerMarks(ctx, w.as(login))
		if err != nil || len(marks) != want {
			t.Errorf("%s: %+v %v", login, marks, err)
		}
		for _, m := range marks {
			if m.Rules != 3 || m.Failing != 0 || *m.Score != 100 || !m.MayRule {
				t.Errorf("%+v", m)
			}
		}
	}
}

func TestGuess(t *testing.T) {
	w := newWorld(t)
	w.exec(`INSERT INTO map.shop (source_key, code, uscc, name, kind, stated_grid, staff, opened, seen_at, geom)
		SELECT 's:' || i, lpad(i::text, 6, '0'), CASE WHEN i < 40 THEN '91350100M000100Y43' ELSE '' END, '店' || i, CASE WHEN i = 7 THEN 'fod' WHEN i % 2 = 0 THEN 'food' ELSE 'drink' END,
			'330799001001001', i, '2020-01-01', now(), ST_SetSRID(ST_MakePoint(120.001 + i * 0.0001, 29.301), 4326) FROM generate_series(1, 60) i`)
	rules, err := w.s.Guess(t.Context(), w.db, w.get("shop"), "map.shop")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]quality.Rule{}
	for _, r := range rules {
		have[r.Kind+" "+r.Field] = r
	}
	for _, want := range []string{"filled code", "filled name", "unique code", "pattern code", "uscc uscc", "one_of kind", "in_stated_grid stated_grid", "range staff",
		"not_future opened", "placed ", "in_duty_area ", "apart ", "clean ", "no_person_numbers ", "in_cycle ", "documented ", "answers "} {
		if _, ok := have[want]; !ok {
			t.Errorf("%q is not proposed", want)
		}
	}
	for _, not := range []string{"filled uscc", "filled phone", "filled area_code"} {
		if _, ok := have[not]; ok {
			t.Errorf("%q is proposed", not)
		}
	}
	if got := have["one_of kind"].Params["values"]; !slices.Equal(got.([]string), []string{"drink", "food"}) {
		t.Errorf("the list of kinds is %v: a misprint is none of it", got)
	}
	if have["pattern code"].Params["pattern"] != "[0-9]{6}" {
		t.Errorf("pattern %v", have["pattern code"].Params)
	}
	for _, r := range rules { // what is proposed can be made
		if _, err := w.s.AddRule(t.Context(), w.as("market"), r, ""); err != nil {
			t.Errorf("%s %s: %v", r.Kind, r.Field, err)
		}
	}
	card, err := w.s.RunNow(t.Context(), w.as("market"), "shop", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range card.Results {
		if r.Skipped == "failed" || r.Skipped == "no_column" {
			t.Errorf("%s %s is skipped: %s", r.Rule.Kind, r.Rule.Field, r.Skipped)
		}
		if r.Rule.Kind == "one_of" && (r.A != 59 || r.B != 60) {
			t.Errorf("the misprint: %d of %d", r.A, r.B)
		}
	}
}

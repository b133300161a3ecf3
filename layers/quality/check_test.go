package quality_test

import (
	"fmt"
	"slices"
	"testing"

	"onemap/layers/quality"
)

// fill puts seven shops down; what is wrong with them:
//
//	1  nothing
//	2  its credit code's check digit; the kind is none of the list
//	3  states the other grid; opened in the future
//	4  has 1's code
//	5  30 cm from 1, and no name
//	6  garbled name with a citizen number in it; seen before it opened
//	7  all fields empty, lies outside of all grids
func fill(w *world) {
	w.exec(`INSERT INTO map.shop (id, source_key, code, uscc, name, kind, stated_grid, staff, opened, seen_at, geom) VALUES
		(1, 's:1', 'A1', '91350100M000100Y43', '东方商店', 'food',  '330799001001001', 3,    '2020-01-01', now(), ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326)),
		(2, 's:2', 'A2', '91350100M000100Y44', '西方商店', 'wood',  '330799002001001', 5,    '2021-01-01', now(), ST_SetSRID(ST_MakePoint(120.015, 29.305), 4326)),
		(3, 's:3', 'A3', NULL,                 '南方商店', 'food',  '330799002001001', -1,   current_date + 30, now(), ST_SetSRID(ST_MakePoint(120.006, 29.306), 4326)),
		(4, 's:4', 'A1', '',                   '北方商店', 'drink', '330799001001001', 1,    '2020-01-01', now() - interval '90 days', ST_SetSRID(ST_MakePoint(120.007, 29.307), 4326)),
		(5, 's:5', 'B2', NULL,                 ' ',        'food',  '',                NULL, NULL,         now(), ST_SetSRID(ST_MakePoint(120.005003, 29.305), 4326)),
		(6, 's:6', 'B3', NULL,                 '锟斤拷 330782199001011234', 'food', NULL, 2,   '2024-01-01', '2023-01-01', ST_SetSRID(ST_MakePoint(120.016, 29.306), 4326)),
		(7, 's:7', NULL, NULL,                 NULL,       NULL,    NULL,              NULL, NULL,         NULL, ST_SetSRID(ST_MakePoint(121, 30), 4326))`)
}

func TestEachKindCounts(t *testing.T) {
	w := newWorld(t)
	fill(w)
	w.exec(`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en) VALUES
		('list', 'matter', 'food', 'F', '食', 'Food', '食', 'Food'), ('other', 'matter', 'wood', 'W', '木', 'Wood', '木', 'Wood')`)
	w.layer("licence", "market", "conditional", `number text, holder text`, map[string]string{"number": "text", "holder": "text"})
	w.exec(`INSERT INTO map.licence (number, holder, geom) VALUES ('A1', '东方 商店', ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326)), ('A2', '他人', ST_SetSRID(ST_MakePoint(120.2, 29.3), 4326)),
		('Z9', '无人', ST_SetSRID(ST_MakePoint(120.3, 29.3), 4326))`)
	w.layer("returns", "tax", "conditional", `number text`, map[string]string{"number": "text"})
	type want struct {
		rule   quality.Rule
		a, b   int64
		failed []int64
	}
	p := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	wants := []want{
		{quality.Rule{Kind: "filled", Field: "name"}, 5, 7, []int64{5, 7}},
		{quality.Rule{Kind: "filled", Field: "staff"}, 5, 7, []int64{5, 7}},
		{quality.Rule{Kind: "filled", Field: "staff", Condition: "kind = 'food'"}, 3, 4, []int64{5}},
		{quality.Rule{Kind: "uscc", Field: "uscc"}, 1, 2, []int64{2}},
		{quality.Rule{Kind: "one_of", Field: "kind", Params: p("values", []string{"food", "drink"})}, 5, 6, []int64{2}},
		{quality.Rule{Kind: "in_class", Field: "kind", Params: p("class_kind", "matter")}, 5, 6, []int64{4}},
		{quality.Rule{Kind: "in_class", Field: "kind", Params: p("class_kind", "matter", "standard", "list")}, 4, 6, []int64{2, 4}},
		{quality.Rule{Kind: "in_register", Field: "stated_grid", Params: p("register", "grid")}, 4, 4, nil},
		{quality.Rule{Kind: "in_register", Field: "code", Params: p("register", "licence", "their_field", "number")}, 3, 6, []int64{3, 5, 6}},
		{quality.Rule{Kind: "pattern", Field: "code", Params: p("pattern", "A[0-9]")}, 4, 6, []int64{5, 6}},
		{quality.Rule{Kind: "length", Field: "name", Params: p("max", 10)}, 5, 6, []int64{6}},
		{quality.Rule{Kind: "range", Field: "staff", Params: p("min", 0, "max", 100)}, 4, 5, []int64{3}},
		{quality.Rule{Kind: "range", Field: "opened", Params: p("from", "2020-06-01")}, 3, 5, []int64{1, 4}},
		{quality.Rule{Kind: "matches", Params: p("filter", "staff > 1 OR kind = 'drink'")}, 4, 7, []int64{3, 5, 7}},
		{quality.Rule{Kind: "placed"}, 7, 7, nil},
		{quality.Rule{Kind: "in_stated_grid", Field: "stated_grid"}, 3, 4, []int64{3}},
		{quality.Rule{Kind: "in_duty_area"}, 6, 7, []int64{7}},
		{quality.Rule{Kind: "unique", Field: "code"}, 4, 6, []int64{1, 4}},
		{quality.Rule{Kind: "unique", Field: "code", Params: p("with", []string{"kind"})}, 6, 6, nil},
		{quality.Rule{Kind: "apart", Params: p("metres", 0.5)}, 5, 7, []int64{1, 5}},
		{quality.Rule{Kind: "apart", Params: p("metres", 0.25)}, 7, 7, nil},
		{quality.Rule{Kind: "apart", Params: p("metres", 0.5, "same", []string{"code"})}, 7, 7, nil},
		{quality.Rule{Kind: "clean", Field: "name"}, 5, 6, []int64{6}},
		{quality.Rule{Kind: "clean"}, 6, 7, []int64{6}},
		{quality.Rule{Kind: "clean", Field: "kind", Params: p("words", []string{"Food"})}, 2, 6, []int64{1, 3, 5, 6}},
		{quality.Rule{Kind: "no_person_numbers"}, 6, 7, []int64{6}},
		{quality.Rule{Kind: "not_future", Field: "opened"}, 4, 5, []int64{3}},
		{quality.Rule{Kind: "not_future", Field: "seen_at"}, 6, 6, nil},
		{quality.Rule{Kind: "fresh", Field: "seen_at", Params: p("days", 30)}, 4, 6, []int64{4, 6}},
		{quality.Rule{Kind: "order", Field: "seen_at", Params: p("after", "opened")}, 3, 5, []int64{3, 6}},
		{quality.Rule{Kind: "starts_with", Field: "stated_grid", Params: p("of", "area_code")}, 3, 4, []int64{3}},
		{quality.Rule{Kind: "agrees", Field: "name", Params: p("register", "licence", "key", "code", "their_key", "number", "their_field", "holder")}, 0, 3, []int64{1, 2, 4}},
		{quality.Rule{Kind: "agrees", Field: "name", Params: p("register", "licence", "key", "code", "their_key", "number", "their_field", "holder", "fold", true)}, 1, 3, []int64{2, 4}},
		{quality.Rule{Kind: "near", Params: p("register", "licence", "metres", 50)}, 2, 7, []int64{2, 3, 4, 6, 7}},
		{quality.Rule{Kind: "covers", Field: "code", Params: p("register", "licence", "their_field", "number")}, 2, 3, nil},
		{quality.Rule{Kind: "records", Params: p("expected", 10)}, 7, 10, nil},
		{quality.Rule{Kind: "modelled"}, 11, 11, nil},
		{quality.Rule{Kind: "documented"}, 15, 15, nil},
		{quality.Rule{Kind: "in_cycle"}, 1, 1, nil},
		{quality.Rule{Kind: "answers"}, 3, 3, nil},
		{quality.Rule{Kind: "answers_in_time", Params: p("ms", 10000)}, 3, 3, nil},
	}
	tried := map[string]bool{}
	byRule := map[int64]want{}
	for _, x := range wants {
		byRule[w.rule(x.rule)] = x
		tried[x.rule.Kind] = true
	}
	for _, k := range quality.Kinds {
		if !tried[k.Name] && k.Name != "accepted" {
			t.Errorf("kind %s is not tried", k.Name)
		}
	}
	skips := map[int64]string{
		w.rule(quality.Rule{Kind: "filled", Field: "nowhere"}):                                                              "no_column",
		w.rule(quality.Rule{Kind: "in_register", Field: "code", Params: p("register", "gone", "their_field", "x")}):         "no_table",
		w.rule(quality.Rule{Kind: "in_register", Field: "code", Params: p("register", "returns", "their_field", "number")}): "no_right",
		w.rule(quality.Rule{Kind: "pattern", Field: "code", Params: p("pattern", "(")}):                                     "failed",
		w.rule(quality.Rule{Kind: "accepted"}):                                                                              "not_here",
		w.rule(quality.Rule{Kind: "from_the_future", Indicator: "accuracy.content"}):                                        "failed",
	}
	w.now = w.wall()
	card, err := w.s.Check(t.Context(), w.db, w.get("shop"), "map.shop", 0)
	if err != nil {
		t.Fatal(err)
	}
	if card.Rows != 7 || len(card.Results) != len(wants)+len(skips) || len(card.Dimensions) != 6 || card.Score == nil {
		t.Errorf("card of %d rows, %d results, %d dimensions, score %v", card.Rows, len(card.Results), len(card.Dimensions), card.Score)
	}
	for _, r := range card.Results {
		name := fmt.Sprintf("%s %s %v %s", r.Rule.Kind, r.Rule.Field, r.Rule.Params, r.Rule.Condition)
		if why, ok := skips[r.Rule.ID]; ok {
			if r.Skipped != why || r.B != 0 || r.X != nil {
				t.Errorf("%s: skipped %q with %d, want %q", name, r.Skipped, r.B, why)
			}
			continue
		}
		x := byRule[r.Rule.ID]
		if r.A != x.a || r.B != x.b || r.Skipped != "" {
			t.Errorf("%s: %d / %d %s, want %d / %d", name, r.A, r.B, r.Skipped, x.a, x.b)
		}
		if got := w.failed(card.Run, r.Rule.ID); !slices.Equal(got, x.failed) {
			t.Errorf("%s: rows %v fail, want %v", name, got, x.failed)
		}
	}
	again, err := w.s.Check(t.Context(), w.db, w.get("shop"), "map.shop", 0)
	if err != nil {
		t.Fatal(err)
	}
	var old, fresh int
	w.one(&old, `SELECT count(*) FROM onemap.quality_failure WHERE run = $1`, card.Run)
	w.one(&fresh, `SELECT count(*) FROM onemap.quality_failure WHERE run = $1`, again.Run)
	if old != 0 || fresh == 0 {
		t.Errorf("%d failing rows of the old run and %d of the new one are kept", old, fresh)
	}
}

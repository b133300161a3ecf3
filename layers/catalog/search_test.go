package catalog_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/catalog"
)

func TestFoundByWhatPeopleType(t *testing.T) {
	c := newCity(t)
	officer := c.person(t, "officer", "urban", access.DepartmentOfficer)
	for _, d := range []catalog.Draft{
		{NameZH: "路灯养护台账", Abstract: "道路照明设施", AreaCode: "330799001", PeriodFrom: "2020-01-01", PeriodTo: "2021-12-31", Items: []catalog.ItemDraft{{NameZH: "灯杆编号"}, {NameZH: "养护日期"}}},
		{NameZH: "银行网点名录", NameEN: "Bank branches", Items: []catalog.ItemDraft{{NameZH: "统一社会信用代码"}}},
		{NameZH: "空调设备ABC登记", PublishedOn: "2025-03-01"},
	} {
		d.Provider, d.Share, d.ShareBasis, d.UpdateCycle = "urban", layers.Conditional, "工作需要", "weekly"
		if d.PublishedOn == "" {
			d.PublishedOn = "2026-01-05"
		}
		c.put(t, officer, d, 0)
	}
	asset, err := c.store.OfLayer(t.Context(), officer, "asset")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ what, text, first string }{
		{"two characters within a name", "养护", "路灯养护台账"},
		{"one character", "账", "路灯养护台账"},
		{"full pinyin", "ludengyanghu", "路灯养护台账"},
		{"full pinyin from the middle", "yanghutaizhang", "路灯养护台账"},
		{"first letters", "ldyhtz", "路灯养护台账"},
		{"first letters of an item", "dgbh", "路灯养护台账"},
		{"pinyin of an item", "dengganbianhao", "路灯养护台账"},
		{"a character read otherwise", "yinhangwangdian", "银行网点名录"},
		{"and its first letters", "yhwd", "银行网点名录"},
		{"another", "kongtiao", "空调设备ABC登记"},
		{"letters between", "abc", "空调设备ABC登记"},
		{"full width", "ABC", "空调设备ABC登记"},
		{"English", "bank", "银行网点名录"},
		{"an item", "信用代码", "银行网点名录"},
		{"the abstract", "照明设施", "路灯养护台账"},
		{"words of several parts", "东镇 灯杆", "路灯养护台账"},
		{"the provider and a word", "csglj 名录", "银行网点名录"},
		{"a code", asset.Code, "城市部件"},
		{"a class", "城市部件", "城市部件"},
	} {
		if got := c.codes(t, officer, catalog.Query{Text: tt.text}); len(got) == 0 || got[0] != tt.first {
			t.Errorf("%s: %q finds %v, want %s first", tt.what, tt.text, got, tt.first)
		}
	}
	for what, text := range map[string]string{"the middle of a syllable": "deng-yan", "letters across syllables' ends": "engyang", "a word more": "路灯 没有的", "nothing": "zzzzqq"} {
		if got := c.codes(t, officer, catalog.Query{Text: text}); len(got) != 0 {
			t.Errorf("%s: %q finds %v", what, text, got)
		}
	}
	// In the searcher's own words.
	found, err := c.store.Search(t.Context(), officer, catalog.Query{Text: "全市路灯养护的情况"})
	if err != nil || !found.Loose || len(found.Hits) == 0 || found.Hits[0].NameZH != "路灯养护台账" {
		t.Errorf("loosely: %+v, %v", found.Hits, err)
	}
	found, err = c.store.Search(t.Context(), officer, catalog.Query{Text: "灯杆编号"})
	if err != nil || len(found.Hits) != 1 || !slices.Equal(found.Hits[0].Matched, []string{"灯杆编号"}) {
		t.Errorf("which items were found: %+v, %v", found.Hits, err)
	}
	for name, q := range map[string]catalog.Query{
		"what speaks of 2021":     {PeriodFrom: "2021-06-01", PeriodTo: "2021-06-30", Text: "路灯"},
		"by division":             {Area: []string{"330799001"}, Text: "路灯"},
		"by a division above":     {Area: []string{"3307"}, Text: "路灯"},
		"published since":         {PublishedFrom: "2026-01-01", Text: "路灯"},
		"by class above":          {Class: []string{"3"}, Text: "路灯"},
		"of one provider or more": {Provider: []string{"urban", "police"}, Text: "路灯"},
	} {
		if got := c.codes(t, officer, q); !slices.Equal(got, []string{"路灯养护台账"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	for name, q := range map[string]catalog.Query{
		"what speaks of 2023": {PeriodFrom: "2023-01-01", Text: "路灯"},
		"another division":    {Area: []string{"330799002"}, Text: "路灯"},
		"of another class":    {Class: []string{"1"}, Text: "路灯"},
	} {
		if got := c.codes(t, officer, q); len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestFacetsCountAsIfTheirOwnFilterWereNotThere(t *testing.T) {
	c := newCity(t)
	officer := c.person(t, "officer", "urban", access.DepartmentOfficer)
	all, err := c.store.Search(t.Context(), officer, catalog.Query{})
	if err != nil {
		t.Fatal(err)
	}
	count := func(f catalog.Found, name, value string) int {
		for _, facet := range f.Facets {
			if facet.Name == name {
				for _, v := range facet.Values {
					if v.Value == value {
						return v.Count
					}
				}
			}
		}
		return 0
	}
	base, err := c.store.Search(t.Context(), officer, catalog.Query{Class: []string{"103001"}, Share: []string{layers.Unconditional}})
	if err != nil {
		t.Fatal(err)
	}
	if base.Total != 8 || count(base, "kind", "1") != 8 || count(base, "share", layers.Unconditional) != 8 {
		t.Errorf("the base map: %d, %+v", base.Total, base.Facets)
	}
	if got, want := count(base, "class", "209"), count(all, "class", "209"); got != 0 || want != 1 {
		t.Errorf("the class 209 shared without condition: %d; of all %d", got, want)
	}
	if got := count(base, "class", "103"); got != 8 {
		t.Errorf("class 103: %d", got)
	}
	// Choosing another share type beside it would give so many.
	one, err := c.store.Search(t.Context(), officer, catalog.Query{Provider: []string{"urban"}, Share: []string{layers.Unconditional}})
	if err != nil || one.Total != 0 || count(one, "share", layers.Conditional) != 1 {
		t.Errorf("of one provider: %d, %+v, %v", one.Total, one.Facets, err)
	}
	_, err = c.store.Search(t.Context(), officer, catalog.Query{Sort: "x"})
	wantInput(t, err, "sort")
}

// A search sees what was committed before it, also what began before something
// that an earlier search saw.
func TestASearchSeesEveryCommitBeforeIt(t *testing.T) {
	c := newCity(t)
	officer := c.person(t, "officer", "urban", access.DepartmentOfficer)
	c.codes(t, officer, catalog.Query{}) // it is read now
	ctx := t.Context()
	early, err := c.db.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = early.Rollback(context.WithoutCancel(ctx)) }()
	const sql = `INSERT INTO onemap.resource (code, name_zh, provider, share, share_basis, open, update_cycle, published_on) VALUES (@code, @name, 'urban', 'conditional', 'x', false, 'daily', '2026-01-01')`
	if _, err := early.Exec(ctx, sql, pgx.NamedArgs{"code": "3/1", "name": "先开始后提交"}); err != nil {
		t.Fatal(err)
	}
	late := lamp()
	late.NameZH = "后开始先提交"
	c.put(t, officer, late, 0)
	if got := c.codes(t, officer, catalog.Query{Text: "提交"}); !slices.Equal(got, []string{"后开始先提交"}) {
		t.Errorf("before the commit: %v", got)
	}
	if err := early.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if got := c.codes(t, officer, catalog.Query{Text: "提交", Sort: "code"}); len(got) != 2 {
		t.Errorf("after the commit: %v", got)
	}
	// By anybody's SQL, and by the registry.
	c.exec(t, `UPDATE onemap.resource SET name_zh = '换了名字' WHERE code = '3/1'`)
	c.exec(t, `UPDATE onemap.layer SET title_zh = '市政设施' WHERE name = 'asset'`)
	c.exec(t, `UPDATE onemap.organisation SET name_zh = '示例市行政执法局' WHERE code = 'urban'`)
	for text, want := range map[string]string{"换了": "换了名字", "市政设施": "市政设施"} {
		if got := c.codes(t, officer, catalog.Query{Text: text}); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if got := c.codes(t, officer, catalog.Query{Text: "行政执法局"}); len(got) != 3 {
		t.Errorf("by the provider's new name: %v", got)
	}
	c.exec(t, `DELETE FROM onemap.resource WHERE code = '3/1'`)
	if got := c.codes(t, officer, catalog.Query{Text: "换了"}); len(got) != 0 {
		t.Errorf("after it was deleted: %v", got)
	}
}

// More changes than are searched one by one give the same results as a new reading.
func TestManyChangesAndMany(t *testing.T) {
	c := newCity(t)
	officer := c.person(t, "officer", "urban", access.DepartmentOfficer)
	c.codes(t, officer, catalog.Query{})
	for i := range 3 {
		c.exec(t, `INSERT INTO onemap.resource (code, name_zh, provider, share, share_basis, open, update_cycle, published_on)
			SELECT '3/' || n, '名字' || n, 'urban', 'conditional', 'x', false, 'daily', '2026-01-01' FROM generate_series($1::int, $1 + 119) n`, 1+120*i)
		c.exec(t, `UPDATE onemap.resource SET name_zh = name_zh || '改' WHERE code LIKE '3/%' AND id % 3 = $1`, i)
		got := c.codes(t, officer, catalog.Query{Text: "名字", Limit: 1000})
		again := (&catalog.Store{Layers: c.store.Layers})
		fresh, err := again.Search(t.Context(), officer, catalog.Query{Text: "名字", Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, h := range fresh.Hits {
			want = append(want, h.NameZH)
		}
		if len(got) != 120*(i+1) || !slices.Equal(got, want) {
			t.Errorf("round %d: %d results, a new reading has %d", i, len(got), len(want))
		}
	}
	// Many at once get one answer each.
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if found, err := c.store.Search(t.Context(), officer, catalog.Query{Text: "名字"}); err != nil || found.Total != 360 {
				t.Errorf("%d results, %v", found.Total, err)
			}
		})
	}
	wg.Wait()
}

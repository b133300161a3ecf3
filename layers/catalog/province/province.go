// Package province makes up the catalogue of a whole province, of the size that
// the documents behind onemap tell of: 87 departments, 6,988 resources, 62,332
// items. It is for measuring and for trying; nothing in it is of a real place.
package province

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/catalog"
)

// The size of the catalogue.
const (
	Departments = 87
	Resources   = 6988
	Items       = 62332
)

// Government is the code of the organisation above the departments.
const Government = "example-province"

// Organisations returns the province's government and its departments, which
// have no administrative division: they can be put beside any city.
func Organisations() []access.Organisation {
	out := []access.Organisation{{Code: Government, Level: "province", Kind: "government", NameZH: "示例省人民政府", NameEN: "Government of the example province"}}
	for i, d := range departments {
		out = append(out, access.Organisation{Code: code(i), Parent: Government, Level: "province", Kind: "department",
			NameZH: "示例省" + d.zh, NameEN: d.en + ", example province"})
	}
	return out
}

func code(department int) string { return fmt.Sprintf("example-d%02d", department+1) }

// Drafts returns the resources, the same each time, without codes and classes:
// the import gives each department its 项 and each resource its number.
func Drafts() []catalog.Draft {
	r := rand.New(rand.NewPCG(87, 6988))
	out := make([]catalog.Draft, 0, Resources)
	for n := 0; len(out) < Resources; n++ {
		for i, d := range departments {
			// Each round gives each department one more; large ones go on longer.
			most := len(d.topics) * len(kinds)
			if n >= most*2 || len(out) == Resources {
				continue
			}
			// In an order of its own for each department, each pair once: the step
			// shares no factor with their number.
			step := 7
			if most%step == 0 {
				step = 5
			}
			pair := (n%most*step + i) % most
			topic, kind := d.topics[pair/len(kinds)], kinds[pair%len(kinds)]
			name := topic + kind.suffix
			if n >= most {
				name += "(历史)"
			}
			out = append(out, draft(r, i, d, topic, name, pair%len(kinds)))
		}
	}
	spread(r, out)
	return out
}

func draft(r *rand.Rand, i int, d department, topic, name string, kind int) catalog.Draft {
	k := kinds[kind]
	out := catalog.Draft{
		Provider: code(i), NameZH: name, Format: k.format, UpdateCycle: k.cycle, Grading: "general", KnownTo: catalog.KnownToStaff,
		Abstract:    fmt.Sprintf("%s履职形成的%s%s,包括%s等信息。", d.zh, topic, k.suffix, strings.Join(k.items[:min(3, len(k.items))], "、")),
		PublishedOn: fmt.Sprintf("%d-%02d-%02d", 2018+r.IntN(8), 1+r.IntN(12), 1+r.IntN(28)),
		Share:       layers.Conditional, ShareBasis: "因履行职责需要,经提供方同意后共享",
	}
	switch p := r.Float64(); {
	case p < 0.35:
		out.Share, out.ShareBasis = layers.Unconditional, ""
		out.Open = r.Float64() < 0.3
	case p > 0.93:
		out.Share, out.ShareBasis = layers.NotShared, "依据有关法律、行政法规规定不予共享"
		out.Grading = "important"
	}
	if r.Float64() < 0.02 {
		out.KnownTo = catalog.KnownToLine
	}
	// 477 of 6,988 were mounted in the province that the documents tell of.
	if r.IntN(Resources) < 477 {
		out.Address = fmt.Sprintf("https://data.example.org/%s/%d", code(i), r.IntN(1_000_000))
	}
	if kind == 4 || kind == 5 {
		out.PeriodFrom = fmt.Sprintf("%d-01-01", 2010+r.IntN(10))
	}
	var names []string
	for _, n := range append(append([]string{topic + "编号", topic + "名称"}, k.items...), shuffled(r, common)...) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	for _, n := range names {
		out.Items = append(out.Items, item(r, n))
	}
	return out
}

func item(r *rand.Rand, name string) catalog.ItemDraft {
	it := catalog.ItemDraft{NameZH: name, Type: "text", Length: []int{20, 50, 100, 200}[r.IntN(4)], Sensitivity: layers.Internal}
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) })
	}
	switch {
	case has("时间"):
		it.Type, it.Length = "time", 0
	case has("日期", "有效期"):
		it.Type, it.Length = "date", 0
	case has("数量", "年度", "得分"):
		it.Type, it.Length = "integer", 0
	case has("经度", "纬度", "面积", "增长", "监测值"):
		it.Type, it.Length = "number", 0
	}
	switch {
	case has("名称", "编号", "代码", "年度", "月份", "数量"):
		it.Sensitivity = layers.Public
	case has("电话", "违法事实"):
		it.Sensitivity = layers.Sensitive
	}
	return it
}

func shuffled(r *rand.Rand, all []string) []string {
	out := slices.Clone(all)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// spread cuts the items so that there are exactly as many as there should be:
// 4 to 14 a resource.
func spread(r *rand.Rand, all []catalog.Draft) {
	left := Items
	for i := range all {
		rest := len(all) - i
		n := left / rest
		if rest > 1 {
			n += r.IntN(7) - 3
			// What stays must be enough for the rest, and not too much.
			n = max(n, left-(rest-1)*9-3)
			n = min(n, left-(rest-1)*8+3)
		}
		n = min(max(n, 4), len(all[i].Items))
		if rest == 1 {
			n = min(left, len(all[i].Items))
		}
		all[i].Items = all[i].Items[:n]
		left -= n
	}
}

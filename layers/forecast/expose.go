package forecast

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers/forecast/hotspot"
)

// backWindows is on how many windows of the past calibration by division is.
const backWindows = 12

// lookBack asks the chosen model for the last windows of the past, each at its
// own cut, and adds up by cell what it expected and what came.
func (o *made) lookBack(ctx context.Context, roll *hotspot.Roll, j judgement, cut float64) error {
	o.backExpected, o.backSeen = make([]float64, o.space.Len()), make([]float64, o.space.Len())
	n := min(backWindows, o.trust.Origins)
	o.backFrom, o.backTo = cut-float64(n)*j.windowDays, cut
	q := make([]float64, o.space.Len())
	for w := n; w >= 1; w-- {
		from := cut - float64(w)*j.windowDays
		f, err := roll.At(ctx, from)
		if err != nil {
			return asInput("classes", err)
		}
		o.chosen(f, j.pool).Expect(from, from+j.windowDays, q)
		for i, v := range q {
			o.backExpected[i] += v
		}
		o.space.Counts(o.past[hotspot.Before(o.past, from):hotspot.Before(o.past, from+j.windowDays)], o.backSeen)
	}
	return nil
}

// exposure groups the cells by division. codes are those of the cells.
func (o *made) exposure(run int64, codes []string, cut float64) Exposure {
	e := Exposure{Run: run, From: timeOf(o.backFrom, o.zone), To: timeOf(o.backTo, o.zone), Groups: []ExposedGroup{}, Notes: []Words{}}
	type sums struct{ m2, hot, expected, reported, back, seen float64 }
	by := map[string]*sums{}
	of := func(cell int) *sums {
		code := division(codes[cell])
		if by[code] == nil {
			by[code] = &sums{}
		}
		return by[code]
	}
	var all sums
	for i := range codes {
		g := of(i)
		g.m2 += o.space.AreaM2(i)
		g.expected += o.expected[i]
		g.back += o.backExpected[i]
		g.seen += o.backSeen[i]
		all.expected += o.expected[i]
	}
	for _, c := range o.order[:o.hot] {
		of(int(c)).hot += o.space.AreaM2(int(c))
		all.hot += o.space.AreaM2(int(c))
	}
	for _, ev := range o.past[hotspot.Before(o.past, cut-365):] {
		if c := o.space.CellAt(ev.At); c >= 0 {
			of(c).reported++
			all.reported++
		}
	}
	for code, g := range by {
		x := ExposedGroup{Area: code, KM2: round6(g.m2 / 1e6), Seen: int(g.seen)}
		x.Hot, x.Expected, x.Reported = plain(ratioOr(g.hot, all.hot, 0)), plain(ratioOr(g.expected, all.expected, 0)), plain(ratioOr(g.reported, all.reported, 0))
		x.Ratio = plain(ratioOr(g.seen, g.back, 1))
		if t, ok := o.thinned[code]; ok {
			x.IfMissing = &Thinned{t.Removed, plain(t.Jaccard), plain(t.Before), plain(t.After)}
		}
		e.Groups = append(e.Groups, x)
	}
	slices.SortFunc(e.Groups, func(a, b ExposedGroup) int { return cmp.Or(cmp.Compare(b.Hot, a.Hot), cmp.Compare(a.Area, b.Area)) })
	return e
}

// division is the town (乡镇, 街道) of a code of GB/T 10114: its first nine
// digits; a shorter code, and one of other letters, is its own.
func division(code string) string {
	if len(code) > 9 {
		return code[:9]
	}
	return code
}

// named gives the groups their names and their share of the people, and notes
// those that stand out. The people are those of the release for staff, whoever
// asks: sums of the finer release beside those of their own would tell officers
// the counts that are hidden from them (layers/release).
func (e *Exposure) named(ctx context.Context, db querier) error {
	codes := make([]string, len(e.Groups))
	for i, g := range e.Groups {
		codes[i] = g.Area
	}
	rows, err := db.Query(ctx, `SELECT c.n - 1, coalesce(a.name_zh, c.code), coalesce(a.name_en, c.code),
			(SELECT sum(p.n) FROM map.population p WHERE p.audience = 'staff' AND c.code <> '' AND p.area_code LIKE c.code || '%'
			 AND p.hour = (SELECT max(hour) FROM map.population WHERE audience = 'staff'))::float8
		FROM unnest($1::text[]) WITH ORDINALITY AS c (code, n) LEFT JOIN onemap.area a ON a.code = c.code`, codes)
	if err != nil {
		return fmt.Errorf("divisions of a forecast: %w", err)
	}
	people := make([]*float64, len(codes))
	var total float64
	var i int
	var zh, en string
	var n *float64
	if _, err := pgx.ForEachRow(rows, []any{&i, &zh, &en, &n}, func() error {
		e.Groups[i].NameZH, e.Groups[i].NameEN = zh, en
		if n != nil {
			v := *n
			people[i] = &v
			total += v
		}
		return nil
	}); err != nil {
		return fmt.Errorf("divisions of a forecast: %w", err)
	}
	for i := range e.Groups {
		if people[i] != nil && total > 0 {
			share := round6(*people[i] / total)
			e.Groups[i].People = &share
		}
	}
	e.note()
	return nil
}

func (e *Exposure) note() {
	for _, g := range e.Groups {
		name := Words{g.NameZH, g.NameEN}
		if g.Area == "" {
			name = Words{"区划之外", "Outside of all divisions"}
		}
		if g.Hot > 0.05 && g.Hot > 2*g.Reported {
			e.Notes = append(e.Notes, Words{fmt.Sprintf("%s:占热点面积 %.0f%%,只占上报的 %.0f%%。", name.ZH, 100*g.Hot, 100*g.Reported), fmt.Sprintf("%s: %.0f %% of the hot area and only %.0f %% of the reports.", name.EN, 100*g.Hot, 100*g.Reported)})
		}
		if t := g.IfMissing; t != nil && t.Before > 0.05 && t.After < 0.7*t.Before {
			e.Notes = append(e.Notes, Words{fmt.Sprintf("%s:若少报三成,占前 1%% 面积的份额由 %.0f%% 降到 %.0f%%。", name.ZH, 100*t.Before, 100*t.After), fmt.Sprintf("%s: with three in ten of its reports missing its share of the top 1 %% would be %.0f %% and not %.0f %%.", name.EN, 100*t.After, 100*t.Before)})
		}
		if g.Seen >= 20 && (g.Ratio > 1.3 || g.Ratio < 0.7) {
			e.Notes = append(e.Notes, Words{fmt.Sprintf("%s:过去实际为预计的 %.2f 倍。", name.ZH, g.Ratio), fmt.Sprintf("%s: %.2f times as many came as were expected.", name.EN, g.Ratio)})
		}
	}
}

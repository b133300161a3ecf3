package forecast

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"onemap/layers"
	"onemap/layers/access"
)

// A Comparison holds two runs of one space against each other, cell by cell.
type Comparison struct {
	A          int64    `json:"a"`
	B          int64    `json:"b"`
	Cells      int      `json:"cells" doc:"That both have, of those that I may see"`
	HotBoth    int      `json:"hot_both"`
	HotA       int      `json:"hot_a" doc:"Hot in the first only"`
	HotB       int      `json:"hot_b" doc:"Hot in the second only"`
	Jaccard    float64  `json:"jaccard" doc:"Hot in both by hot in either"`
	Rank       float64  `json:"rank" doc:"Spearman's correlation of the ranks of all cells"`
	Overlap    float64  `json:"overlap" doc:"Share of the expected incidents that lies in the same cells, 0 to 1"`
	ExpectedA  float64  `json:"expected_a" doc:"A day"`
	ExpectedB  float64  `json:"expected_b" doc:"A day"`
	Differ     []Differ `json:"differ" nullable:"false" doc:"Cells whose share differs most, the most first"`
	SameSpace  bool     `json:"same_space"`
	SameParams bool     `json:"same_recipe" doc:"They differ in time only"`
	Words      Words    `json:"words"`
}

// A Differ is a cell of both runs.
type Differ struct {
	Cell     int     `json:"cell"`
	GridCode string  `json:"grid_code"`
	RankA    int     `json:"rank_a"`
	RankB    int     `json:"rank_b"`
	ShareA   float64 `json:"share_a"`
	ShareB   float64 `json:"share_b"`
	Centre   any     `json:"centre" doc:"Longitude and latitude"`
}

// Compare holds two runs against each other. They must have the same cells: an
// [layers.InputError] says what differs.
func (s *Store) Compare(ctx context.Context, by access.Scope, a, b int64, most int) (Comparison, error) {
	c := Comparison{A: a, B: b, Differ: []Differ{}}
	ra, err := s.Get(ctx, by, a)
	if err != nil {
		return c, err
	}
	rb, err := s.Get(ctx, by, b)
	if err != nil {
		return c, err
	}
	ga, gb, err := s.grounds(ctx, a, b)
	if err != nil {
		return c, err
	}
	pa, pb := ra.Params, rb.Params
	c.SameSpace = ga == gb && ra.Space == rb.Space && pa.CellM == pb.CellM && pa.Angle == pb.Angle && fmt.Sprint(pa.Origin) == fmt.Sprint(pb.Origin)
	if !c.SameSpace {
		return c, &layers.InputError{Field: "b", Value: fmt.Sprint(b), Remedy: fmt.Sprintf("its cells are not those of forecast %d: compare runs of one space, size, angle and origin, made over the same outline", a)}
	}
	c.SameParams = ra.recipe == rb.recipe
	ca, err := s.cells(ctx, by, a, nil, maxCells)
	if err != nil {
		return c, err
	}
	cb, err := s.cells(ctx, by, b, nil, maxCells)
	if err != nil {
		return c, err
	}
	c.hold(ca, cb, most, ra.To.Sub(ra.From).Hours()/24, rb.To.Sub(rb.From).Hours()/24)
	return c, nil
}

func (s *Store) grounds(ctx context.Context, a, b int64) (ga, gb string, err error) {
	err = s.Layers.DB().QueryRow(ctx, `SELECT coalesce((SELECT encode(ground, 'hex') FROM onemap.forecast_run WHERE id = $1), 'a'), coalesce((SELECT encode(ground, 'hex') FROM onemap.forecast_run WHERE id = $2), 'b')`, a, b).Scan(&ga, &gb)
	if err != nil {
		return "", "", fmt.Errorf("grounds of forecasts: %w", err)
	}
	return ga, gb, nil
}

func (c *Comparison) hold(as, bs []Cell, most int, daysA, daysB float64) {
	other := make(map[int]Cell, len(bs))
	for _, x := range bs {
		other[x.Cell] = x
	}
	var totalA, totalB float64
	for _, x := range as {
		totalA += x.Expected
	}
	for _, x := range bs {
		totalB += x.Expected
	}
	var d2 float64
	type pair struct{ a, b Cell }
	var pairs []pair
	for _, x := range as {
		y, ok := other[x.Cell]
		if !ok {
			continue
		}
		pairs = append(pairs, pair{x, y})
		c.Cells++
		switch {
		case x.Hot && y.Hot:
			c.HotBoth++
		case x.Hot:
			c.HotA++
		case y.Hot:
			c.HotB++
		}
		d := float64(x.Rank - y.Rank)
		d2 += d * d
		if totalA > 0 && totalB > 0 {
			c.Overlap += min(x.Expected/totalA, y.Expected/totalB)
		}
	}
	if n := float64(c.Cells); n > 1 {
		c.Rank = round6(1 - 6*d2/(n*(n*n-1)))
	}
	if n := c.HotBoth + c.HotA + c.HotB; n > 0 {
		c.Jaccard = round6(float64(c.HotBoth) / float64(n))
	}
	c.ExpectedA, c.ExpectedB, c.Overlap = round6(totalA/daysA), round6(totalB/daysB), round6(c.Overlap)
	slices.SortFunc(pairs, func(p, q pair) int {
		return cmp.Or(cmp.Compare(math.Abs(q.a.Share-q.b.Share), math.Abs(p.a.Share-p.b.Share)), cmp.Compare(p.a.Cell, q.a.Cell))
	})
	for _, p := range pairs[:min(most, len(pairs))] {
		c.Differ = append(c.Differ, Differ{p.a.Cell, p.a.GridCode, p.a.Rank, p.b.Rank, round6(p.a.Share), round6(p.b.Share), p.a.Centre})
	}
	c.Words = Words{
		fmt.Sprintf("热点重合 %d 个,只在前者 %d 个,只在后者 %d 个;预计案件有 %.0f%% 落在相同的单元。", c.HotBoth, c.HotA, c.HotB, 100*c.Overlap),
		fmt.Sprintf("%d cells are hot in both, %d in the first only, %d in the second only; %.0f %% of the expected incidents lie in the same cells.", c.HotBoth, c.HotA, c.HotB, 100*c.Overlap)}
}

// newlyHot counts the hot cells that would not have been among as many a month before.
func newlyHot(all []Cell, hot int) int {
	before := slices.Clone(all)
	slices.SortFunc(before, func(a, b Cell) int {
		return cmp.Or(cmp.Compare((b.Expected-b.Change)/b.AreaM2, (a.Expected-a.Change)/a.AreaM2), cmp.Compare(a.Cell, b.Cell))
	})
	n := 0
	for i, x := range before {
		if x.Hot && i >= hot {
			n++
		}
	}
	return n
}

// extremes are the cells that gained and lost most.
func extremes(all []Cell, most int) (more, fewer []Cell) {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b Cell) int { return cmp.Or(cmp.Compare(b.Change, a.Change), cmp.Compare(a.Cell, b.Cell)) })
	more, fewer = []Cell{}, []Cell{}
	for i := range min(most, len(sorted)) {
		if c := sorted[i]; c.Change > 0 {
			more = append(more, c)
		}
		if c := sorted[len(sorted)-1-i]; c.Change < 0 {
			fewer = append(fewer, c)
		}
	}
	return more, fewer
}

func round(x, by float64) float64 { return math.Round(x*by) / by }

package forecast

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"onemap/layers/forecast/backtest"
	"onemap/layers/forecast/hotspot"
)

// A judgement is what the backtest of a run decided.
type judgement struct {
	pool       hotspot.Pool
	cells      float64 // dispersion of counts in cells
	city       float64 // of the city's
	windowDays float64
	weights    map[string]float64
}

// learnDays is how much history a first forecast of the past must have behind it.
const learnDays = 120

// fewPerWindow is how many incidents a window has at least, where a longer one
// can have them: of single days with one incident nothing is learned.
const fewPerWindow = 8

// windowOf is how long the windows of a backtest are: as the horizon, or longer
// where incidents are rare.
func windowOf(p Params, past []hotspot.Event, cut float64) float64 {
	days := min(horizons[p.Horizon].days, 28)
	n := float64(len(past) - hotspot.Before(past, cut-365))
	span := min(365, cut-past[0].Day)
	for _, longer := range []float64{7, 28} {
		if days < longer && n/max(span, 1)*days < fewPerWindow {
			days = longer
		}
	}
	return days
}

// judge forecasts the past and decides which model the numbers come from, and
// whether they may be shown.
func judge(ctx context.Context, o *made, m material, cut float64, progress func(float64)) (judgement, error) {
	p := m.params
	j := judgement{windowDays: windowOf(p, o.past, cut)}
	end := o.delay.end(cut)
	origins := min(p.Origins, int((end-o.past[0].Day-learnDays)/j.windowDays))
	if origins < 1 {
		return j, cannot("classes", "历史只有 %.0f 天;要检验预测,至少需要 %.0f 天:等一等,或导入更早的案件",
			"the history is %.0f days long; before a forecast can be held against anything it takes %.0f: wait, or import older cases", cut-o.past[0].Day, learnDays+j.windowDays)
	}
	j.pool = ladder(j.windowDays, uint64(p.Seed), m.ground.regression(o.space, o.plane))
	areas := []backtest.Area{{Name: "hot", Share: p.Share}, {Name: "1 %", Share: 0.01}, {Name: "5 %", Share: 0.05}}
	if p.Count > 0 {
		areas[0] = backtest.Area{Name: "hot", M2: float64(p.Count) * o.space.TotalM2() / float64(o.space.Len())}
	}
	// The areas ascend: what is asked for may lie anywhere among them.
	asked := areas[0]
	slices.SortStableFunc(areas, func(a, b backtest.Area) int { return sign(m2Of(a, o.space) - m2Of(b, o.space)) })
	rep, err := backtest.Run(ctx, o.space, o.past, j.pool, backtest.Options{
		From: end - float64(origins)*j.windowDays, To: end, Known: o.known, Areas: areas, Seed: uint64(p.Seed), Level: level,
		Progress: func(done, of int) { progress(0.85 * float64(done) / float64(of)) },
	})
	if err != nil {
		return j, asInput("classes", err)
	}
	first := slices.Index(areas, asked)
	o.trust = reliability(o, rep, areas, first, end, origins)
	j.weights = rep.Last
	j.cells, j.city = max(1, finiteOr(rep.Intervals.Cells.Dispersion, 1)), max(1, finiteOr(rep.Intervals.City.Dispersion, 1))
	o.crown(rep, m.incumbent)
	champion, best := o.trust.Models[0], bestBaseline(o.trust.Models)
	o.checks = m.gate.judge(&o.trust, champion, best)
	o.trust.Gate = o.checks
	return j, o.shift(ctx, m, j, areas, first, end, origins)
}

func m2Of(a backtest.Area, s *hotspot.Space) float64 {
	if a.M2 > 0 {
		return a.M2
	}
	return a.Share * s.TotalM2()
}

func sign(v float64) int {
	switch {
	case v < 0:
		return -1
	case v > 0:
		return 1
	}
	return 0
}

func finiteOr(v, or float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return or
	}
	return v
}

// fit makes the forecast itself with the model that was chosen, and what the
// same would have been a month before.
func (o *made) fit(ctx context.Context, p Params, j judgement, cut float64) error {
	roll, err := hotspot.NewRoll(o.space, j.pool, o.past)
	if err != nil {
		return asInput("classes", err)
	}
	if o.known != nil {
		if err := roll.Known(o.known); err != nil {
			return asInput("classes", err)
		}
	}
	o.clock = learnHours(o.space, o.past)
	o.expected, o.before = make([]float64, o.space.Len()), make([]float64, o.space.Len())
	if err := o.lookBack(ctx, roll, j, o.delay.end(cut)); err != nil {
		return err
	}
	earlier, err := roll.At(ctx, cut-monthDays)
	if err != nil {
		return asInput("classes", err)
	}
	o.expect(o.chosen(earlier, j.pool), p, monthDays, o.before)
	now, err := roll.At(ctx, cut)
	if err != nil {
		return asInput("classes", err)
	}
	model := o.chosen(now, j.pool)
	if o.delay != nil {
		o.delay.Known = round6(now.Known())
	}
	o.pool, o.weights, o.windowDays = j.pool, now.Parameters(), j.windowDays
	o.expect(model, p, 0, o.expected)
	if told, ok := model.(hotspot.Told); ok {
		o.learned = told.Parameters()
	}
	if o.repeats = now.Found; o.repeats != nil {
		if o.learned == nil {
			o.learned = map[string]float64{}
		}
		maps.Copy(o.learned, o.repeats.Told)
	}
	o.shareOut(now, j.pool, p)
	o.low, o.high = make([]int, len(o.expected)), make([]int, len(o.expected))
	for i, v := range o.expected {
		if !(v >= 0) || math.IsInf(v, 0) {
			return fmt.Errorf("model %s expects %g of cell %d", o.model, v, i)
		}
		o.low[i], o.high[i], _ = hotspot.NegBin{Mean: v, Dispersion: j.cells}.Interval(level)
		o.total += v
	}
	low, high, _ := hotspot.NegBin{Mean: o.total, Dispersion: j.city}.Interval(level)
	o.totalLow, o.totalHigh = float64(low), float64(high)
	return nil
}

// monthDays is how long before "last month" was: whole weeks.
const monthDays = 28

// chosen is the fitted model of a name: the pool, or one of its parts.
func (o *made) chosen(f *hotspot.PoolFitted, pool hotspot.Pool) hotspot.Fitted {
	for k, m := range pool.Parts {
		if m.Name() == o.model {
			return f.Parts[k]
		}
	}
	return f
}

// Families of models: what drives a cell, in words.
const (
	longStanding = "long"   // counts and densities of all history, or of a year
	lately       = "recent" // of weeks and months
	again        = "repeat" // what one incident sets off near by
	surroundings = "place"  // what stands there, by the map
	spread       = "even"   // nothing in particular
)

// shareOut says for each cell which share of its expectation comes from which
// family of the pool's parts.
func (o *made) shareOut(f *hotspot.PoolFitted, pool hotspot.Pool, p Params) {
	o.parts = map[string][]float64{}
	q := make([]float64, o.space.Len())
	sum := make([]float64, o.space.Len())
	for k, m := range pool.Parts {
		w := f.Weights[k]
		if o.model != pool.Label {
			w = 0
			if m.Name() == o.model {
				w = 1
			}
		}
		if w == 0 {
			continue
		}
		f.Parts[k].Expect(dayOf(p.From, o.zone), dayOf(p.From, o.zone)+1, q)
		var all float64
		for _, v := range q {
			all += v
		}
		if all <= 0 {
			continue
		}
		family := familyOf(m.Name())
		if o.parts[family] == nil {
			o.parts[family] = make([]float64, len(q))
		}
		for i, v := range q {
			o.parts[family][i] += w * v / all
			sum[i] += w * v / all
		}
	}
	for _, v := range o.parts {
		for i := range v {
			if sum[i] > 0 {
				v[i] /= sum[i]
			}
		}
	}
}

// summarise writes what the page says first.
func (o *made) summarise(p Params, j judgement) {
	s := Summary{Events: len(o.past), First: timeOf(o.past[0].Day, o.zone), AreaKM2: round6(o.space.TotalM2() / 1e6), Notes: []Words{}}
	for _, c := range o.order[:o.hot] {
		s.HotExpected += o.expected[c]
		s.HotAreaKM2 += o.space.AreaM2(int(c)) / 1e6
	}
	if o.total > 0 {
		s.HotShare = round6(s.HotExpected / o.total)
	}
	s.HotExpected, s.HotAreaKM2 = round6(s.HotExpected), round6(s.HotAreaKM2)
	champion, best := o.trust.Models[0], bestBaseline(o.trust.Models)
	t := Trust{Passed: failing(o.checks) == nil, Origins: o.trust.Origins, Events: o.trust.Events, AreaShare: o.trust.Areas[0].Share, HitRate: champion.At[0].HitRate.Value,
		HitLow: champion.At[0].HitRate.Low, HitHigh: champion.At[0].HitRate.High, PAI: champion.At[0].PAI.Value, PAILow: champion.At[0].PAI.Low, PAIHigh: champion.At[0].PAI.High,
		Best: best.Model, BestPAI: best.At[0].PAI.Value, IG: champion.IG.Value, BestIG: best.IG.Value}
	for _, c := range o.trust.Intervals {
		if c.Of == "blocks" {
			t.Coverage, t.Nominal = c.Covered, c.Nominal
		}
	}
	t.Grade = grade(t, o.trust.Difference, champion)
	if o.trust.Grid != nil {
		t.GridSpread = round6(o.trust.Grid.HitHigh - o.trust.Grid.HitLow)
	}
	s.Trust = t
	if o.outside > 0 {
		s.Notes = append(s.Notes, Words{fmt.Sprintf("%d 起在城市范围之外,未使用。", o.outside), fmt.Sprintf("%d incidents lie outside of the city and are not used.", o.outside)})
	}
	s.Notes = append(append(s.Notes, o.delay.words()...), repeatWords(o.repeats)...)
	s.Notes = append(s.Notes, o.otherThanAsked(p, j)...)
	if want := min(horizons[p.Horizon].days, 28); j.windowDays > want {
		s.Notes = append(s.Notes, Words{fmt.Sprintf("此类警情较少,可信度按 %.0f 天一段检验。", j.windowDays), fmt.Sprintf("Incidents are rare: the forecast is held against windows of %.0f days.", j.windowDays)})
	}
	if n := float64(len(o.past) - hotspot.Before(o.past, dayOf(p.Until, o.zone)-90)); n < 20 {
		s.Notes = append(s.Notes, Words{fmt.Sprintf("最近 90 天只有 %.0f 起:总数不确定。", n), fmt.Sprintf("Only %.0f incidents in the last 90 days: how many to expect in all is uncertain.", n)})
	}
	s.Verdict = verdict(t)
	o.summary = s
}

// otherThanAsked says where the backtest is of something else than the forecast,
// and what of the past it does not know.
func (o *made) otherThanAsked(p Params, j judgement) []Words {
	var all []Words
	switch {
	case p.Hours != nil:
		all = append(all, Words{"可信度按全天检验,不是只按所选时段:所选时段的命中率可能不同。", "How wrong it has been is of all hours of the day, not of those that were chosen alone: in them the hit rate may be another."})
	case p.Horizon == "shift":
		all = append(all, Words{"可信度按整天检验,不是按一个班次:单个班次的命中率可能不同。", "How wrong it has been is of whole days, not of one shift: in a shift the hit rate may be another."})
	}
	if longest := horizons[p.Horizon].days; longest > 28 {
		all = append(all, Words{fmt.Sprintf("可信度按 %.0f 天一段检验,不是按 %.0f 天:更远的预测没有检验过。", j.windowDays, longest),
			fmt.Sprintf("How wrong it has been is of windows of %.0f days, not of %.0f: what lies farther ahead was not held against anything.", j.windowDays, longest)})
	}
	all = append(all, Words{"回溯检验用的建筑、店铺、灯光是今天的,被驳回、作废的案件也按今天的状态去掉:当时还不知道这些,实际可能略差。",
		"The backtest knows buildings, shops and lights as they are today, and leaves out cases that are refused or void by now: at the time nobody knew, so it may look a little better than it was."})
	if g := o.trust.Grid; g != nil {
		all = append(all, Words{fmt.Sprintf("网格位置的影响按模型中最重的至多 %d 个部分、最近 %d 段检验,不含回归。", lightParts, g.Windows),
			fmt.Sprintf("How much it depends on where the lattice lies is of the %d heaviest parts of the model at most, over the last %d windows, without the regression.", lightParts, g.Windows)})
	}
	return all
}

// grade is one word for how far it can be trusted.
func grade(t Trust, d Difference, champion Judged) string {
	switch {
	case !t.Passed:
		return "none"
	case d.IG.Low > 0 && !champion.Baseline:
		return "good"
	case t.IG >= t.BestIG-0.02 && t.PAI >= 0.95*t.BestPAI && champion.IG.Low > 0:
		return "fair"
	}
	return "weak"
}

// verdict says it in one sentence.
func verdict(t Trust) Words {
	if !t.Passed {
		return Words{"回溯检验未通过,不应据此部署。", "Its backtest did not pass: do not deploy by it."}
	}
	w := Words{
		fmt.Sprintf("过去 %d 次预测中,热点(面积的 %.2g%%)命中 %.0f%% 的案件(95%% 区间 %.0f–%.0f%%),是随机布点的 %.1f 倍", t.Origins, 100*t.AreaShare, 100*t.HitRate, 100*t.HitLow, 100*t.HitHigh, t.PAI),
		fmt.Sprintf("In %d forecasts of the past, hot cells (%.2g %% of the area) caught %.0f %% of the incidents (95 %%: %.0f to %.0f %%), %.1f times what chance would", t.Origins, 100*t.AreaShare, 100*t.HitRate, 100*t.HitLow, 100*t.HitHigh, t.PAI)}
	if t.BestPAI > 0 {
		w.ZH += fmt.Sprintf(";最好的简单方法是 %.1f 倍", t.BestPAI)
		w.EN += fmt.Sprintf("; the best simple method, %.1f times", t.BestPAI)
	}
	w.ZH += "。命中率高不等于巡逻能减少案件。"
	w.EN += ". A high hit rate does not say that patrols reduce crime."
	return w
}

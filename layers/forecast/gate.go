package forecast

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
)

// A Gate is what a backtest must show, or its forecast is withheld. It is a
// setting (forecast.gate).
type Gate struct {
	Origins       int     `json:"origins"`         // windows of the past, at least
	Events        int     `json:"events"`          // incidents in them, at least
	IGOverUniform float64 `json:"ig_over_uniform"` // nats an incident that it gains over an even spread, more than
	PAIOfBest     float64 `json:"pai_of_best"`     // its PAI by that of the best baseline, at least
	IntervalPoint float64 `json:"interval_points"` // percentage points that its intervals' coverage may miss, at most
}

// ParseGate reads the setting; what it does not name is as by default.
func ParseGate(value []byte) (Gate, error) {
	g := Gate{Origins: 12, Events: 100, IGOverUniform: 0, PAIOfBest: 0.9, IntervalPoint: 7}
	if err := json.Unmarshal(value, &g); err != nil {
		return g, errors.New(`an object like {"origins": 12, "events": 100, "ig_over_uniform": 0, "pai_of_best": 0.9, "interval_points": 7}`)
	}
	switch {
	case g.Origins < 1 || g.Origins > maxOrigins:
		return g, fmt.Errorf("origins from 1 to %d", maxOrigins)
	case g.Events < 1:
		return g, errors.New("at least 1 event")
	case !(g.PAIOfBest >= 0 && g.PAIOfBest <= 1.5) || !(g.IGOverUniform >= -1 && g.IGOverUniform <= 5) || !(g.IntervalPoint >= 1 && g.IntervalPoint <= 100):
		return g, errors.New("pai_of_best from 0 to 1.5, ig_over_uniform from -1 to 5, interval_points from 1 to 100")
	}
	return g, nil
}

// judge holds a champion's record against the gate, at the area that was asked for.
func (g Gate) judge(r *Reliability, champion Judged, best Judged) []Check {
	ofBest := ratioOr(champion.At[0].PAI.Value, best.At[0].PAI.Value, 1)
	off := 0.0
	for _, c := range r.Intervals {
		if c.Of == "blocks" && c.Judged > 0 {
			off = math.Abs(c.Covered-c.Nominal) * 100
		}
	}
	return []Check{
		{"origins", r.Origins >= g.Origins, float64(r.Origins), float64(g.Origins), Words{
			fmt.Sprintf("对过去预测了 %d 次,至少需要 %d 次", r.Origins, g.Origins), fmt.Sprintf("The past was forecast %d times; it takes %d", r.Origins, g.Origins)}},
		{"events", r.Events >= g.Events, float64(r.Events), float64(g.Events), Words{
			fmt.Sprintf("检验期内有 %d 起,至少需要 %d 起", r.Events, g.Events), fmt.Sprintf("%d incidents to be held against; it takes %d", r.Events, g.Events)}},
		{"over_uniform", champion.IG.Value > g.IGOverUniform, champion.IG.Value, g.IGOverUniform, Words{
			fmt.Sprintf("每起的信息增益 %.2f,须大于 %.2f(0 即等于平均分布)", champion.IG.Value, g.IGOverUniform),
			fmt.Sprintf("Gains %.2f nats an incident over an even spread; it takes more than %.2f", champion.IG.Value, g.IGOverUniform)}},
		{"of_best", ofBest >= g.PAIOfBest, ofBest, g.PAIOfBest, Words{
			fmt.Sprintf("命中为最好的简单方法(%s)的 %.0f%%,至少需要 %.0f%%", best.Title.ZH, 100*ofBest, 100*g.PAIOfBest),
			fmt.Sprintf("Hits are %.0f %% of the best simple method's (%s); it takes %.0f %%", 100*ofBest, best.Title.EN, 100*g.PAIOfBest)}},
		{"intervals", off <= g.IntervalPoint, off, g.IntervalPoint, Words{
			fmt.Sprintf("区间覆盖率偏差 %.1f 个百分点,至多 %.1f 个", off, g.IntervalPoint),
			fmt.Sprintf("The intervals' coverage is off by %.1f points; at most %.1f", off, g.IntervalPoint)}},
	}
}

// failing says in words which checks were not passed; nil: all were.
func failing(checks []Check) *Words {
	var zh, en []string
	for _, c := range checks {
		if !c.Passed {
			zh, en = append(zh, c.Words.ZH), append(en, c.Words.EN)
		}
	}
	if zh == nil {
		return nil
	}
	return &Words{"回溯检验未通过,预测不予发布:" + strings.Join(zh, ";") + "。", "Withheld, for its backtest did not pass: " + strings.Join(en, "; ") + "."}
}

func ratioOr(a, b, or float64) float64 {
	if b == 0 || math.IsNaN(a) || math.IsNaN(b) {
		return or
	}
	return a / b
}

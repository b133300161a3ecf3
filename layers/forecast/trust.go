package forecast

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"onemap/layers/forecast/backtest"
)

// reliability is the report of a backtest as its page shows it; the area that
// was asked for comes first. The champion is marked later.
func reliability(o *made, rep *backtest.Report, areas []backtest.Area, first int, cut float64, origins int) Reliability {
	r := Reliability{WindowDays: rep.HorizonD, From: timeOf(cut-float64(origins)*rep.HorizonD, o.zone), To: timeOf(cut, o.zone), Origins: origins}
	order := []int{first}
	for i := range areas {
		if i != first {
			order = append(order, i)
		}
	}
	for _, i := range order {
		m2 := m2Of(areas[i], o.space)
		r.Areas = append(r.Areas, AreaOf{areas[i].Name, round6(m2 / o.space.TotalM2()), round6(m2 / 1e6)})
	}
	for _, m := range rep.Models {
		j := Judged{Model: m.Name, Title: titleOfModel(m.Name), Baseline: m.Baseline, Weight: round6(rep.Weights[m.Name]), IG: rangeOf(m.Pooled.IG, 1), Deviance: plain(m.Pooled.Deviance)}
		for _, i := range order {
			at := m.Pooled.At[i]
			share := at.FlagM2 / rep.TotalM2
			j.At = append(j.At, JudgeAt{PAI: rangeOf(at.PAI, 1), HitRate: rangeOf(at.PAI, share), PEI: plain(at.PEI)})
		}
		r.Models = append(r.Models, j)
		r.Events = int(m.Pooled.N)
	}
	for i, share := range rep.Curve.Share {
		r.Curve = append(r.Curve, CurveAt{share, plain(rep.Curve.Hit[i]), plain(rep.Curve.Best[i])})
	}
	r.Calibrated = Calibrated{Slope: plain(rep.Calibration.Slope), Level: plain(rep.Calibration.Level)}
	for _, b := range rep.Calibration.Bins {
		r.Calibrated.Bins = append(r.Calibrated.Bins, Tenths{plain(b.Cells), plain(b.Expected), plain(b.Seen)})
	}
	for _, c := range []struct {
		of string
		backtest.Coverage
	}{{"cells", rep.Intervals.Cells}, {"blocks", rep.Intervals.Blocks}, {"city", rep.Intervals.City}} {
		r.Intervals = append(r.Intervals, Covered{c.of, plain(c.Covered), plain(c.Nominal), plain(c.Dispersion), c.Judged})
	}
	return r
}

// plain is a number for JSON, which knows neither NaN nor infinity: where there
// was nothing to measure it is 0.
func plain(v float64) float64 { return round6(finiteOr(v, 0)) }

func rangeOf(v backtest.Value, times float64) Range {
	return Range{plain(v.Value * times), plain(v.Low * times), plain(v.High * times)}
}

func familyOf(model string) string {
	switch {
	case model == "uniform":
		return spread
	case model == "glm":
		return surroundings
	case model == "sepp" || model == "etas" || model == "promap":
		return again
	case strings.Contains(model, "-28") || strings.Contains(model, "-90") || strings.Contains(model, "decay") || strings.Contains(model, "-30") || strings.Contains(model, "-180"),
		strings.HasSuffix(model, "-t30"), strings.HasSuffix(model, "-t60"), strings.HasSuffix(model, "-t180"):
		return lately
	}
	return longStanding
}

// bestBaseline is the plain method that gained most.
func bestBaseline(models []Judged) Judged {
	var best Judged
	found := false
	for _, m := range models {
		if m.Baseline && (!found || m.IG.Value > best.IG.Value) {
			best, found = m, true
		}
	}
	if !found {
		return models[0]
	}
	return best
}

// margin is by how much a challenger must gain over the one that reigns, in
// nats an incident: less is of no use to anybody.
const margin = 0.005

// crown chooses the model of the run: the one that reigns over these classes,
// the pool where none does, unless another gains more and the difference, paired
// window by window, is no chance (95 % bootstrap).
func (o *made) crown(rep *backtest.Report, incumbent string) {
	index := func(name string) int {
		return slices.IndexFunc(rep.Models, func(m backtest.Model) bool { return m.Name == name })
	}
	reigns := index(incumbent)
	if reigns < 0 {
		reigns = len(rep.Models) - 1
		incumbent = ""
	}
	best := reigns
	for k, m := range rep.Models {
		if finiteOr(m.Pooled.IG.Value, -1e9) > finiteOr(rep.Models[best].Pooled.IG.Value, -1e9) {
			best = k
		}
	}
	chosen := reigns
	diff := paired(rep.Models[best].Windows, rep.Models[reigns].Windows)
	a, b := titleOfModel(rep.Models[best].Name), titleOfModel(rep.Models[reigns].Name)
	switch {
	case best != reigns && diff.Low > 0 && diff.Value >= margin:
		chosen, o.dethrone = best, incumbent != ""
		o.why = Words{fmt.Sprintf("%s 每起多得 %.3f 的信息(95%% 区间 %.3f 至 %.3f),取代 %s。", a.ZH, diff.Value, diff.Low, diff.High, b.ZH),
			fmt.Sprintf("%s gains %.3f nats an incident more (95 %%: %.3f to %.3f) and takes the place of %s.", a.EN, diff.Value, diff.Low, diff.High, b.EN)}
	case best != reigns:
		o.why = Words{fmt.Sprintf("%s 略高 %.3f,但差异可能出于偶然(95%% 区间 %.3f 至 %.3f):沿用 %s。", a.ZH, diff.Value, diff.Low, diff.High, b.ZH),
			fmt.Sprintf("%s gains %.3f more, which may be chance (95 %%: %.3f to %.3f): %s stays.", a.EN, diff.Value, diff.Low, diff.High, b.EN)}
	default:
		o.why = Words{b.ZH + "的信息增益最高。", b.EN + " gains most."}
	}
	o.model = rep.Models[chosen].Name
	for i := range o.trust.Models {
		o.trust.Models[i].Champion = o.trust.Models[i].Model == o.model
	}
	slices.SortStableFunc(o.trust.Models, func(a, b Judged) int {
		if a.Champion != b.Champion {
			if a.Champion {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.IG.Value, a.IG.Value)
	})
	against := bestBaseline(o.trust.Models)
	ba, ch := rep.Models[index(against.Model)], rep.Models[chosen]
	first := slices.Index(rep.Areas, o.trust.Areas[0].Name)
	o.trust.Difference = Difference{Against: against.Model, IG: paired(ch.Windows, ba.Windows), PAI: pairedPAI(ch.Windows, ba.Windows, first, rep.TotalM2)}
	o.trust.OverTime = overTime(o, ch.Windows, ba.Windows, first, rep.TotalM2)
}

const draws = 1000

// paired is the mean difference of information gain an incident, with its 95 %
// bootstrap over the windows: both models are judged on the same ones.
func paired(a, b []backtest.Window) Range {
	return bootstrap(len(a), func(pick func(int) int) float64 {
		var gain, n float64
		for i := range a {
			k := pick(i)
			gain += a[k].LogGain - b[k].LogGain
			n += a[k].N
		}
		return gain / n
	})
}

func pairedPAI(a, b []backtest.Window, area int, totalM2 float64) Range {
	return bootstrap(len(a), func(pick func(int) int) float64 {
		var ha, hb, fa, fb, n float64
		for i := range a {
			k := pick(i)
			ha, hb, fa, fb, n = ha+a[k].Hits[area], hb+b[k].Hits[area], fa+a[k].FlagM2[area], fb+b[k].FlagM2[area], n+a[k].N
		}
		w := float64(len(a)) * totalM2
		return ha/n/(fa/w) - hb/n/(fb/w)
	})
}

// bootstrap draws windows with replacement; the seed is fixed, so that a run
// made again decides the same.
func bootstrap(n int, f func(pick func(i int) int) float64) Range {
	r := rand.New(rand.NewPCG(20, 95))
	got := make([]float64, 0, draws)
	index := make([]int, n)
	for range draws {
		for i := range index {
			index[i] = r.IntN(n)
		}
		if v := f(func(i int) int { return index[i] }); !math.IsNaN(v) && !math.IsInf(v, 0) {
			got = append(got, v)
		}
	}
	slices.Sort(got)
	if len(got) == 0 {
		return Range{}
	}
	return Range{plain(f(func(i int) int { return i })), plain(got[len(got)*25/1000]), plain(got[len(got)*975/1000])}
}

// rolling is over how many windows the PAI over time is pooled.
const rolling = 12

// overTime is how the model did as time went by. The band is Wilson's interval
// of the hit rate, by the share of the area.
func overTime(o *made, a, b []backtest.Window, area int, totalM2 float64) []WindowOf {
	out := make([]WindowOf, len(a))
	for i, w := range a {
		var hits, against, n, flagged, flaggedB, windows float64
		for k := max(0, i-rolling+1); k <= i; k++ {
			hits, against, n = hits+a[k].Hits[area], against+b[k].Hits[area], n+a[k].N
			flagged, flaggedB, windows = flagged+a[k].FlagM2[area], flaggedB+b[k].FlagM2[area], windows+totalM2
		}
		out[i] = WindowOf{From: timeOf(w.Cut, o.zone), Seen: w.N, Expected: plain(w.Expected), Hits: w.Hits[area]}
		if n > 0 && flagged > 0 && flaggedB > 0 {
			low, high := wilson(hits, n)
			share := flagged / windows
			out[i].PAI, out[i].Low, out[i].High = plain(hits/n/share), plain(low/share), plain(high/share)
			out[i].Against = plain(against / n / (flaggedB / windows))
		}
	}
	return out
}

// wilson is the 95 % score interval of a share (Wilson 1927).
func wilson(k, n float64) (low, high float64) {
	const z = 1.959964
	p := k / n
	mid := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, mid-half), min(1, mid+half)
}

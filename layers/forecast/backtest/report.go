package backtest

import (
	"slices"

	"onemap/layers/forecast/hotspot"
)

// A Report is what a backtest found. It can be written as JSON.
type Report struct {
	HorizonD float64   `json:"horizon_days"`
	Cells    int       `json:"cells"`
	TotalM2  float64   `json:"total_m2"`
	Areas    []string  `json:"areas"`
	areasM2  []float64 // resolved
	Outside  int       `json:"outside"` // events in no cell, of all windows
	Models   []Model   `json:"models"`  // the parts, and last the pool
	// Weights are the pool's mean weights over the cuts, and Last those of the
	// last cut, by part.
	Weights map[string]float64 `json:"weights"`
	Last    map[string]float64 `json:"last_weights"`

	Curve       Curve       `json:"curve"`       // of the pool
	Calibration Calibration `json:"calibration"` // of the pool
	Intervals   Intervals   `json:"intervals"`   // of the pool

	options  Options
	draws    [][]uint16 // of the bootstrap: how often each window was drawn
	curve    curveSum
	weighted []float64
	lasts    []float64
	cuts     int

	calibration *calibrator
	intervals   *coverer
}

// A Model is one line of the report.
type Model struct {
	Name     string   `json:"name"`
	Baseline bool     `json:"baseline"`
	Windows  []Window `json:"windows"`
	Pooled   Pooled   `json:"pooled"`
}

// A Value is a measure and its 95 % bootstrap interval over the cuts.
type Value struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Pooled are the measures of a model over all windows.
type Pooled struct {
	N        float64    `json:"n"`
	Expected float64    `json:"expected"`
	IG       Value      `json:"ig"`       // nats an event
	Deviance float64    `json:"deviance"` // mean of the windows
	At       []PooledAt `json:"at"`       // by area
}

// PooledAt are the measures at one area.
type PooledAt struct {
	PAI     Value   `json:"pai"`
	PEI     float64 `json:"pei"`
	HitRate float64 `json:"hit_rate"`
	Hits    float64 `json:"hits"`
	FlagM2  float64 `json:"flag_m2"` // mean of the windows, exact
}

func newReport(s *hotspot.Space, pool hotspot.Pool, o Options) *Report {
	r := &Report{HorizonD: pool.HorizonD, Cells: s.Len(), TotalM2: s.TotalM2(), options: o, weighted: make([]float64, len(pool.Parts))}
	for _, a := range o.Areas {
		m2 := a.M2
		if m2 == 0 {
			m2 = a.Share * s.TotalM2()
		}
		r.Areas, r.areasM2 = append(r.Areas, a.Name), append(r.areasM2, m2)
	}
	r.calibration = newCalibrator()
	r.intervals = newCoverer(s, o)
	return r
}

func (r *Report) weigh(w []float64) {
	for k, v := range w {
		r.weighted[k] += v
	}
	r.lasts = append(r.lasts[:0], w...)
	r.cuts++
}

// finish pools what was gathered.
func (r *Report) finish() {
	r.draws = draws(r.options.Seed, r.options.Draws, r.cuts)
	for i := range r.Models {
		r.Models[i].Pooled = r.pool(r.Models[i].Windows)
	}
	r.Weights, r.Last = map[string]float64{}, map[string]float64{}
	for k, m := range r.Models[:len(r.Models)-1] {
		r.Weights[m.Name], r.Last[m.Name] = r.weighted[k]/float64(max(1, r.cuts)), r.lasts[k]
	}
	r.Curve = r.curve.result()
	r.Calibration = r.calibration.table()
	r.Intervals = r.intervals.result(r.options.Level)
}

func (r *Report) pool(ws []Window) Pooled {
	var p Pooled
	var gain float64
	for _, w := range ws {
		p.N += w.N
		p.Expected += w.Expected
		p.Deviance += w.Deviance / float64(len(ws))
		gain += w.LogGain
	}
	ns, gains := column(ws, func(w Window) float64 { return w.N }), column(ws, func(w Window) float64 { return w.LogGain })
	p.IG = Value{Value: ratio(gain, p.N)}
	p.IG.Low, p.IG.High = r.bootstrap(func(sum func([]float64) float64) float64 { return ratio(sum(gains), sum(ns)) })
	for a := range r.areasM2 {
		hits := column(ws, func(w Window) float64 { return w.Hits[a] })
		flagged := column(ws, func(w Window) float64 { return w.FlagM2[a] / r.TotalM2 })
		pai := func(sum func([]float64) float64) float64 {
			return ratio(ratio(sum(hits), sum(ns)), sum(flagged)/sum(ones(len(ws))))
		}
		at := PooledAt{Hits: total(hits), HitRate: ratio(total(hits), p.N), FlagM2: total(flagged) / float64(len(ws)) * r.TotalM2}
		at.PEI = ratio(total(hits), total(column(ws, func(w Window) float64 { return w.Best[a] })))
		at.PAI.Value = pai(total)
		at.PAI.Low, at.PAI.High = r.bootstrap(pai)
		p.At = append(p.At, at)
	}
	return p
}

func column(ws []Window, f func(Window) float64) []float64 {
	out := make([]float64, len(ws))
	for i, w := range ws {
		out[i] = f(w)
	}
	return out
}

func ones(n int) []float64 { return slices.Repeat([]float64{1}, n) }

func total(v []float64) (sum float64) {
	for _, x := range v {
		sum += x
	}
	return sum
}

// Model returns the line of a model by name.
func (r *Report) Model(name string) (Model, bool) {
	i := slices.IndexFunc(r.Models, func(m Model) bool { return m.Name == name })
	if i < 0 {
		return Model{}, false
	}
	return r.Models[i], true
}

// Pool is the line of the pool.
func (r *Report) Pool() Model { return r.Models[len(r.Models)-1] }

// BestBaseline is the baseline with the largest information gain; false if the
// run had none.
func (r *Report) BestBaseline() (Model, bool) {
	return r.best(func(m Model) bool { return m.Baseline }, func(m Model) float64 { return m.Pooled.IG.Value })
}

// BestSingle is the part of the pool with the largest information gain.
func (r *Report) BestSingle() (Model, bool) {
	return r.best(func(m Model) bool { return m.Name != r.Pool().Name }, func(m Model) float64 { return m.Pooled.IG.Value })
}

// BestPAI is the baseline with the largest PAI at an area.
func (r *Report) BestPAI(area int) (Model, bool) {
	return r.best(func(m Model) bool { return m.Baseline }, func(m Model) float64 { return m.Pooled.At[area].PAI.Value })
}

func (r *Report) best(is func(Model) bool, by func(Model) float64) (best Model, found bool) {
	for _, m := range r.Models {
		if is(m) && (!found || by(m) > by(best)) {
			best, found = m, true
		}
	}
	return best, found
}

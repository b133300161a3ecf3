package backtest

import (
	"math"
	"math/rand/v2"
	"slices"
)

// draws are samples of the windows with replacement, the same for every model
// and measure, so that differences are paired. draws[d][i] is how often window
// i was drawn.
func draws(seed uint64, n, windows int) [][]uint16 {
	r := rand.New(rand.NewPCG(seed, 0x6f6e656d6170))
	out := make([][]uint16, n)
	for d := range out {
		out[d] = make([]uint16, windows)
		for range windows {
			out[d][r.IntN(windows)]++
		}
	}
	return out
}

// bootstrap returns the 2.5th and 97.5th percentile of a statistic over the
// draws. The statistic is made of sums over the windows, which sum adds up as
// they were drawn.
func (r *Report) bootstrap(statistic func(sum func([]float64) float64) float64) (low, high float64) {
	if len(r.draws) == 0 {
		v := statistic(total)
		return v, v
	}
	values := make([]float64, len(r.draws))
	for d, drawn := range r.draws {
		values[d] = statistic(func(v []float64) (sum float64) {
			for i, n := range drawn {
				sum += float64(n) * v[i]
			}
			return sum
		})
	}
	slices.Sort(values)
	at := func(p float64) float64 { return values[int(math.Round(p*float64(len(values)-1)))] }
	return at(0.025), at(0.975)
}

// Difference is the information gain of model a less that of model b, in nats
// an event, on the same windows and draws. Unknown names give zero.
func (r *Report) Difference(a, b string) Value {
	ma, oka := r.Model(a)
	mb, okb := r.Model(b)
	if !oka || !okb {
		return Value{}
	}
	ns := column(ma.Windows, func(w Window) float64 { return w.N })
	gap := make([]float64, len(ns))
	for i := range gap {
		gap[i] = ma.Windows[i].LogGain - mb.Windows[i].LogGain
	}
	v := Value{Value: ratio(total(gap), total(ns))}
	v.Low, v.High = r.bootstrap(func(sum func([]float64) float64) float64 { return ratio(sum(gap), sum(ns)) })
	return v
}

// PAIRatio is the PAI of model a over that of model b at an area, on the same
// windows and draws. Unknown names give zero.
func (r *Report) PAIRatio(a, b string, area int) Value {
	ma, oka := r.Model(a)
	mb, okb := r.Model(b)
	if !oka || !okb {
		return Value{}
	}
	of := func(m Model, f func(Window) []float64) []float64 {
		return column(m.Windows, func(w Window) float64 { return f(w)[area] })
	}
	ha, hb := of(ma, func(w Window) []float64 { return w.Hits }), of(mb, func(w Window) []float64 { return w.Hits })
	fa, fb := of(ma, func(w Window) []float64 { return w.FlagM2 }), of(mb, func(w Window) []float64 { return w.FlagM2 })
	f := func(sum func([]float64) float64) float64 { return ratio(sum(ha)*sum(fb), sum(hb)*sum(fa)) }
	v := Value{Value: f(total)}
	v.Low, v.High = r.bootstrap(f)
	return v
}

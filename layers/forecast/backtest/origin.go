package backtest

import (
	"math"
	"slices"
)

// uniformPart is mixed into every forecast where its logarithm is taken.
const uniformPart = 0.02

// A Window is what a model said at one cut, held against what came.
type Window struct {
	Cut      float64   `json:"cut"`
	N        float64   `json:"n"`        // events in the city
	Expected float64   `json:"expected"` // by the model, of the city
	Hits     []float64 `json:"hits"`     // in each Area: events in the flagged cells
	FlagM2   []float64 `json:"flag_m2"`  // in each Area: their exact area
	Best     []float64 `json:"best"`     // in each Area: events that the best choice would have caught
	LogGain  float64   `json:"log_gain"` // sum over events of ln(q_c / (a_c/A)), nats
	Deviance float64   `json:"deviance"` // Poisson, of all cells
}

// judge compares one forecast with what was seen, by cell.
func (r *ranking) judge(cut float64, expected, seen []float64, areasM2 []float64, best []float64) Window {
	w := Window{Cut: cut, Best: best}
	for _, v := range expected {
		w.Expected += v
	}
	top := r.top(expected, slices.Max(areasM2))
	for _, m2 := range areasM2 {
		hits, area := flag(r, top, seen, m2)
		w.Hits, w.FlagM2 = append(w.Hits, hits), append(w.FlagM2, area)
	}
	for i, y := range seen {
		even := r.s.AreaM2(i) / r.s.TotalM2()
		q := even
		if w.Expected > 0 {
			q = (1-uniformPart)*expected[i]/w.Expected + uniformPart*even
		}
		l := q * w.Expected
		w.Deviance += 2 * (l - y)
		if y > 0 {
			w.N += y
			w.LogGain += y * math.Log(q/even)
			w.Deviance += 2 * y * math.Log(y/max(l, 1e-12))
		}
	}
	return w
}

// flag adds up what was seen in the first cells of top that cover m2.
func flag(r *ranking, top []int32, seen []float64, m2 float64) (hits, area float64) {
	for _, c := range top {
		if area >= m2 {
			break
		}
		area += r.s.AreaM2(int(c))
		hits += seen[c]
	}
	return hits, area
}

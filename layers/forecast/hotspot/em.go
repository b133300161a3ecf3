package hotspot

import "math"

// evidence is what a pool learns from: for events of past windows, the share
// that each part's forecast had given their cell. Events of one cell and
// window are one row.
type evidence struct {
	parts int
	n     []float64 // events, by row
	q     []float64 // by row and part
}

func (e *evidence) add(n float64, q []float64) {
	e.n = append(e.n, n)
	e.q = append(e.q, q...)
}

// weigh finds the weights w of a linear pool, not negative and adding up to
// one, that give the events the largest log score sum_j ln sum_k w_k q_jk.
// Each step of EM sets
//
//	r_jk = w_k q_jk / sum_k w_k q_jk
//	w_k  = (a_k + sum_j r_jk) / (A + N)
//
// and never lowers the score plus the prior sum_k a_k ln w_k (Dirichlet, in
// events). The problem is concave: any start leads to the same score. It
// returns the mean score as well, and stops after the given steps or when a
// step gains less than 1e-9 an event.
func (e *evidence) weigh(prior []float64, steps int) (w []float64, score float64) {
	w = make([]float64, e.parts)
	var total, held float64
	for _, n := range e.n {
		total += n
	}
	for _, a := range prior {
		held += a
	}
	for k := range w {
		if w[k] = 1 / float64(e.parts); held > 0 {
			w[k] = prior[k] / held
		}
	}
	if total == 0 {
		return w, math.Inf(-1)
	}
	next := make([]float64, e.parts)
	last := math.Inf(-1)
	for range steps {
		copy(next, prior)
		var sum, known float64
		single := newLogSum() // most cells have one event in a window
		for i, n := range e.n {
			q := e.q[i*e.parts : (i+1)*e.parts]
			var p float64
			for k, v := range q {
				p += w[k] * v
			}
			if p <= 0 { // no part held it possible: nothing tells them apart
				continue
			}
			known += n
			if n == 1 {
				single.add(p)
			} else {
				sum += n * math.Log(p)
			}
			for k, v := range q {
				next[k] += n * w[k] * v / p
			}
		}
		sum += single.total()
		for k, a := range prior {
			if a > 0 {
				sum += a * math.Log(w[k])
			}
		}
		if known+held == 0 {
			return w, math.Inf(-1)
		}
		for k := range w {
			w[k] = next[k] / (known + held)
		}
		score = sum / total
		if score-last < 1e-9 {
			break
		}
		last = score
	}
	return w, score
}

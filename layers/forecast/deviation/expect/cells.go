package expect

import (
	"math"
	"sort"
)

// cellWeights are what grids are expected to have of any class that nothing
// more is known of: nine tenths as all classes have, one tenth alike.
func cellWeights(all []past, q Question) []float64 {
	w := make([]float64, q.Cells)
	sum := 0.0
	for c := range all {
		for k := range w {
			for _, x := range all[c].cells[k] {
				if x.Day > q.Today-shareDays {
					w[k] += float64(x.N)
					sum += float64(x.N)
				}
			}
		}
	}
	for k := range w {
		if sum > 0 {
			w[k] = 0.9 * w[k] / sum
		}
		w[k] += 0.1 / float64(q.Cells)
	}
	return w
}

// shares are a class's share in each grid, from its counts n in the last year:
// the rate of a grid is Gamma with mean weight times all and shape alpha,
// fitted by moments over the grids. mean is its mean after n, loose its
// relative variance 1/(alpha + n): how little is known of it.
func shares(n []float64, weights []float64) (mean, loose []float64) {
	total := 0.0
	for _, v := range n {
		total += v
	}
	over, square := 0.0, 0.0
	for k, v := range n {
		e := weights[k] * total
		over += (v-e)*(v-e) - e
		square += e * e
	}
	alpha := 50.0
	if over > 0 {
		alpha = math.Min(50, math.Max(0.3, square/over))
	}
	mean, loose = make([]float64, len(n)), make([]float64, len(n))
	sum := 0.0
	for k, v := range n {
		mean[k] = (alpha + v) / (alpha/math.Max(weights[k]*total, 1e-9) + 1)
		loose[k] = 1 / (alpha + v)
		sum += mean[k]
	}
	for k := range mean {
		mean[k] /= sum
	}
	return mean, loose
}

// inDays is how many of a grid's incidents, sorted by day, are of days from..to.
func inDays(x []Count, from, to int) (n int) {
	for i := sort.Search(len(x), func(i int) bool { return x[i].Day >= from }); i < len(x) && x[i].Day <= to; i++ {
		n += x[i].N
	}
	return n
}

// judgeClass judges one class in one window: the city, then every grid.
func judgeClass(c, window int, p *past, s season, weights []float64, st *ClassState, q Question) []Finding {
	begin := q.Today - window + 1
	expected := func(s *season, from int, late int) float64 {
		s.correct(p.days, from)
		sum := 0.0
		for d := from; d < from+window; d++ {
			sum += s.at(d) * q.Known(c, late-d)
		}
		return sum
	}
	// The shares are of the year before the window.
	n, inGrids := make([]float64, q.Cells), 0.0
	for k := range n {
		n[k] = float64(inDays(p.cells[k], begin-shareDays, begin-1))
		inGrids += n[k]
	}
	year := 0.0
	for d := max(p.start, begin-shareDays); d < begin; d++ {
		year += p.days[d-p.start]
	}
	within := 1.0
	if year > 0 {
		within = math.Min(1, inGrids/year) // the rest lies in no grid
	}
	mean, loose := shares(n, weights)

	// Dispersion, by windows that are over: what the city's and the grids' counts
	// did beyond Poisson when they were forecast the same way.
	var over, square, cellOver, cellSquare float64
	for j, from := 0, begin-window; j < 26 && from >= p.start+28; j, from = j+1, from-window {
		mu := expected(&s, from, math.MaxInt32)
		seen := 0.0
		for d := from; d < from+window; d++ {
			seen += p.days[d-p.start]
		}
		over += (seen-mu)*(seen-mu) - mu
		square += mu * mu
		base := mu * within
		for k := range q.Cells {
			x := p.cells[k]
			if len(x) == 0 {
				continue
			}
			e := base * mean[k]
			v := float64(inDays(x, from, from+window-1))
			cellOver += (v-e)*(v-e) - e
			cellSquare += e * e
		}
	}
	ratio := func(a, b float64) float64 {
		if b <= 0 {
			return 0
		}
		return math.Max(0, a/b)
	}
	city := math.Max(ratio(over, square), 1.0/200)
	cells := ratio(cellOver, cellSquare)
	if window == 7 {
		st.Dispersion = city
	}
	mu := expected(&s, begin, q.Today)
	seen := 0
	for d := begin; d <= q.Today; d++ {
		seen += int(p.days[d-p.start])
	}
	out := []Finding{finding(c, -1, window, seen, mu, city)}
	for k := range q.Cells {
		out = append(out, finding(c, k, window, inDays(p.cells[k], begin, q.Today), mu*within*mean[k], cells+loose[k]))
	}
	return out
}

func finding(class, cell, window, n int, mu, a float64) Finding {
	return Finding{Class: class, Cell: cell, Window: window, N: n, Expected: mu, P: atLeast(n, mu, a), Ratio: float64(n) / math.Max(mu, 1e-9), a: a}
}

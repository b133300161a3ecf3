package model

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// A Model is what was learnt up to a day. It never changes.
type Model struct {
	Until  float64 // the cut
	Params Params
	Fires  int     // that it learnt from
	Far    int     // fires that were too far from every place to be of one
	Phi    float64 // dispersion: Pearson's, at least 1

	design     *design
	mean, sd   []float64
	beta       []float64 // the first is the constant; of standardised columns
	covariance *mat.SymDense
	byDay      float64 // days of the windows that it learnt from
	typical    raw     // the mean of each value, for the words
}

// fewestFires that a model is fitted on.
const fewestFires = 20

// mostRows that are held at a time: places times windows.
const mostRows = 2_000_000

// Fit learns from what was known up to and on the day until. It returns an
// error wrapping [ErrFew] where there are fewer than 20 fires at places, or
// less than a quarter of a year of them.
//
// The days before until are cut into windows; each place in each window is one
// row: what was known at its beginning, and the fires in it. The number of
// fires y at a place is Poisson with mean exp(x·b) times the days; b has the
// penalty ridge/2 |b|² but for the constant. Newton's method (IRLS):
//
//	z = eta + (y - mu)/mu,  W = mu,  (X'WX + ridge I) b = X'Wz.
func Fit(ctx context.Context, places []Place, fires []Fire, until float64, p Params) (*Model, error) {
	p = p.WithDefaults()
	fires = sortedFires(fires)
	fires = slices.DeleteFunc(fires, func(f Fire) bool { return !f.by(until) }) // a copy already
	switch {
	case len(places) < 2:
		return nil, fmt.Errorf("%d places: %w", len(places), ErrFew)
	case len(fires) == 0:
		return nil, fmt.Errorf("no fires before the day of the forecast: %w", ErrFew)
	}
	first := math.Max(fires[0].Day, until-6*365)
	if until-first < 90 {
		return nil, fmt.Errorf("%.0f days of fires, fewer than 90: %w", until-first, ErrFew)
	}
	// A third of the history is looked back on first; the rest is learnt from.
	width := math.Min(p.Horizon, (until-first)/3)
	windows := max(1, min(int((until-first)*2/3/width), 6, mostRows/len(places)))
	m := &Model{Until: until, Params: p, design: newDesign(places, until), byDay: width * float64(windows)}
	all := attribute(m.design.at, fires, p.NearM)
	for i := range all {
		if len(all[i]) == 0 {
			m.Far++
		}
	}
	k, rows := len(m.design.columns), len(places)*windows
	x, y := make([]float64, rows*k), make([]float64, rows)
	for w := range windows {
		from := until - width*float64(w+1)
		for i, r := range m.design.describe(places, fires, from, p) {
			m.design.row(r, x[(w*len(places)+i)*k:][:k])
		}
		for n, f := range fires {
			if f.Day <= from || f.Day > from+width {
				continue
			}
			if len(all[n]) > 0 {
				m.Fires++
			}
			for _, h := range all[n] {
				y[w*len(places)+h.place] += h.share
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if m.Fires < fewestFires {
		return nil, fmt.Errorf("%d fires at places in %.0f days, fewer than %d (%d lie farther than %g m from every place): %w", m.Fires, m.byDay, fewestFires, m.Far, p.NearM, ErrFew)
	}
	m.standardise(x, k)
	if err := m.solve(ctx, x, y, k, width); err != nil {
		return nil, err
	}
	m.typical = mean(m.design.describe(places, fires, until, p))
	return m, nil
}

// standardise brings each column to mean 0 and deviation 1; what is not known is the mean.
func (m *Model) standardise(x []float64, k int) {
	m.mean, m.sd = make([]float64, k), make([]float64, k)
	for j := range k {
		sum, square, n := 0.0, 0.0, 0.0
		for i := j; i < len(x); i += k {
			if v := x[i]; !math.IsNaN(v) {
				sum, square, n = sum+v, square+v*v, n+1
			}
		}
		if n > 0 {
			m.mean[j] = sum / n
			m.sd[j] = math.Sqrt(math.Max(0, square/n-m.mean[j]*m.mean[j]))
		}
		if m.sd[j] < 1e-3 { // all as good as alike: rounding would be made into a feature
			m.sd[j] = 1
		}
	}
	for i := range x {
		x[i] = m.standard(i%k, x[i])
	}
}

func (m *Model) standard(j int, v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return (v - m.mean[j]) / m.sd[j]
}

// solve runs Newton's steps until the coefficients move by less than 1e-8.
func (m *Model) solve(ctx context.Context, x, y []float64, k int, days float64) error {
	total := 0.0
	for _, v := range y {
		total += v
	}
	m.beta = make([]float64, k+1)
	m.beta[0] = math.Log(total / (float64(len(y)) * days))
	h := mat.NewSymDense(k+1, nil)
	g, step := mat.NewVecDense(k+1, nil), mat.NewVecDense(k+1, nil)
	var chol mat.Cholesky
	for range 50 {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw := make([]float64, (k+1)*(k+1))
		grad := make([]float64, k+1)
		for i := range y {
			r := x[i*k:][:k]
			mu := days * math.Exp(m.eta(r))
			grad[0] += y[i] - mu
			raw[0] += mu
			for a, va := range r {
				grad[a+1] += va * (y[i] - mu)
				wa := mu * va
				line := raw[(a+1)*(k+1):]
				line[0] += wa
				for b := 0; b <= a; b++ {
					line[b+1] += wa * r[b]
				}
			}
		}
		for a := range k + 1 {
			for b := 0; b <= a; b++ {
				h.SetSym(a, b, raw[a*(k+1)+b])
			}
			if a > 0 {
				h.SetSym(a, a, h.At(a, a)+m.Params.Ridge)
				grad[a] -= m.Params.Ridge * m.beta[a]
			}
			g.SetVec(a, grad[a])
		}
		if !chol.Factorize(h) {
			return fmt.Errorf("fire risk: the features are not independent enough to be told apart")
		}
		if err := chol.SolveVecTo(step, g); err != nil {
			return fmt.Errorf("fire risk: %w", err)
		}
		// Halve a step that goes too far: where few places burn, the first ones do.
		before, old, moved := m.fitness(x, y, days), slices.Clone(m.beta), 0.0
		for share := 1.0; share > 1e-6; share /= 2 {
			moved = 0
			for a := range m.beta {
				m.beta[a] = old[a] + share*step.AtVec(a)
				moved = math.Max(moved, math.Abs(share*step.AtVec(a)))
			}
			if m.fitness(x, y, days) >= before-1e-9*math.Abs(before) {
				break
			}
		}
		if moved < 1e-8 {
			break
		}
	}
	m.covariance = mat.NewSymDense(k+1, nil)
	if err := chol.InverseTo(m.covariance); err != nil {
		return fmt.Errorf("fire risk: %w", err)
	}
	pearson := 0.0
	for i := range y {
		mu := days * math.Exp(m.eta(x[i*k:][:k]))
		pearson += (y[i] - mu) * (y[i] - mu) / mu
	}
	m.Phi = math.Max(1, pearson/math.Max(1, float64(len(y)-k-1)))
	return nil
}

// fitness is the log likelihood less the penalty, without the constant.
func (m *Model) fitness(x, y []float64, days float64) float64 {
	k, sum := len(m.beta)-1, 0.0
	for i := range y {
		eta := m.eta(x[i*k:][:k])
		sum += y[i]*eta - days*math.Exp(eta)
	}
	for _, b := range m.beta[1:] {
		sum -= m.Params.Ridge / 2 * b * b
	}
	return sum
}

// eta is the logarithm of the fires a day, of standardised columns.
func (m *Model) eta(r []float64) float64 {
	e := m.beta[0]
	for j, v := range r {
		e += m.beta[j+1] * v
	}
	return e
}

// A Coefficient is what one column adds to the logarithm of the fires a day,
// for one standard deviation of it.
type Coefficient struct {
	Factor string  `json:"factor"`
	Name   string  `json:"name,omitempty"` // of Use which, of Grade which
	Beta   float64 `json:"beta"`
	Error  float64 `json:"error"` // standard error, with the dispersion
	Mean   float64 `json:"mean"`
	SD     float64 `json:"sd"`
}

// Coefficients are the model's, the constant first.
func (m *Model) Coefficients() []Coefficient {
	se := func(a int) float64 { return math.Sqrt(math.Max(0, m.covariance.At(a, a)) * m.Phi) }
	out := []Coefficient{{Factor: "constant", Beta: m.beta[0], Error: se(0)}}
	for j, c := range m.design.columns {
		x := Coefficient{Factor: c.factor, Name: c.use, Beta: m.beta[j+1], Error: se(j + 1), Mean: m.mean[j], SD: m.sd[j]}
		if c.level > 0 {
			x.Name = fmt.Sprint(c.level)
		}
		out = append(out, x)
	}
	return out
}

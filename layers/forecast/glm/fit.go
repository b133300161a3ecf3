package glm

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"onemap/layers/forecast/hotspot"
)

// Data are the rows of a regression.
type Data struct {
	Names  []string  // of the columns of X
	X      []float64 // row by row, without a column of ones: that is added
	Y      []float64 // counts
	Offset []float64 // ln of the exposure of each row; nil: 0
}

// Options say how to fit.
type Options struct {
	// Lambda is the ridge on coefficients of columns brought to deviation 1, as
	// if so many expected events had shown no effect. The intercept has none.
	Lambda     float64
	Iterations int     // at most; 0: 50
	Tolerance  float64 // of the deviance, relative; 0: 1e-9
	Workers    int     // cores; 0: all. It changes no bit of the result
}

// A Result is a fitted regression, on the scale of the columns as given.
type Result struct {
	Names     []string
	Intercept float64
	Beta, SE  []float64 // by column; SE from the penalised information
	Mean, SD  []float64 // of the columns
	Deviance  float64
	// Dispersion is Pearson's χ² over the degrees of freedom: 1 for Poisson.
	Dispersion float64
	// Alpha is the negative binomial's, by moments: Var = μ + αμ².
	Alpha      float64
	Iterations int
	Converged  bool
}

// Predict returns exp(x b + offset).
func (r *Result) Predict(x []float64, offset float64) float64 {
	eta := r.Intercept + offset
	for k, b := range r.Beta {
		eta += b * x[k]
	}
	return math.Exp(min(eta, maxEta))
}

// maxEta keeps e^η a number: nobody expects e^30 events.
const maxEta = 30

// Fit finds the coefficients:
//
//	η = X b + offset, μ = e^η, z = η - offset + (y-μ)/μ, W = μ
//	(X'WX + λI) b = X'Wz
//
// A step that makes the penalised deviance grow is halved. It returns errors
// wrapping [hotspot.ErrInput] for rows that do not fit together, numbers that
// are not finite, negative counts and no event at all.
func Fit(ctx context.Context, d Data, o Options) (*Result, error) {
	f, err := prepare(d, o)
	if err != nil {
		return nil, err
	}
	b := make([]float64, f.p)
	b[0] = math.Log(f.total / f.exposure)
	best, err := f.deviance(ctx, b)
	if err != nil {
		return nil, err
	}
	r := &Result{Names: d.Names, Mean: f.mean, SD: f.sd}
	for r.Iterations = 1; r.Iterations <= f.o.Iterations; r.Iterations++ {
		a, rhs, err := f.normal(ctx, b)
		if err != nil {
			return nil, err
		}
		chol, ok := cholesky(a, f.p)
		if !ok {
			return nil, fmt.Errorf("%w: glm: the columns determine each other: leave some out, or raise the ridge", hotspot.ErrInput)
		}
		next := chol.solve(rhs)
		v, err := f.deviance(ctx, next)
		for range 10 {
			if err != nil || v <= best+1e-12*math.Abs(best) {
				break
			}
			for i := range next {
				next[i] = (next[i] + b[i]) / 2
			}
			v, err = f.deviance(ctx, next)
		}
		if err != nil {
			return nil, err
		}
		if !(v <= best+1e-9*math.Abs(best)) {
			break // no better step: b stands
		}
		change := math.Abs(best - v)
		b, best = next, v
		if change <= f.o.Tolerance*(math.Abs(best)+0.1) {
			r.Converged = true
			break
		}
	}
	return r, f.report(ctx, r, b)
}

// A fitting is data brought to columns of mean 0 and deviation 1.
type fitting struct {
	d        Data
	o        Options
	n, p     int // rows; columns with the one of ones
	mean, sd []float64
	x        []float64 // n × (p-1)
	total    float64   // Σ y
	exposure float64   // Σ e^offset
	pieces   int
}

func prepare(d Data, o Options) (*fitting, error) {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: glm: %s", hotspot.ErrInput, fmt.Sprintf(format, args...))
	}
	n, k := len(d.Y), len(d.Names)
	switch {
	case n == 0:
		return nil, bad("there are no rows")
	case len(d.X) != n*k:
		return nil, bad("%d values for %d rows of %d columns", len(d.X), n, k)
	case d.Offset != nil && len(d.Offset) != n:
		return nil, bad("%d offsets for %d rows", len(d.Offset), n)
	case !(o.Lambda >= 0) || math.IsInf(o.Lambda, 1) || o.Iterations < 0 || !(o.Tolerance >= 0):
		return nil, bad("the ridge, the iterations and the tolerance must not be negative")
	}
	if o.Iterations == 0 {
		o.Iterations = 50
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-9
	}
	f := &fitting{d: d, o: o, n: n, p: k + 1, mean: make([]float64, k), sd: make([]float64, k), x: make([]float64, n*k), pieces: min(max(n/1024, 1), 256)}
	for i, y := range d.Y {
		if !(y >= 0) || math.IsInf(y, 1) {
			return nil, bad("the count of row %d is %g", i, y)
		}
		f.total += y
		off := 0.0
		if d.Offset != nil {
			off = d.Offset[i]
		}
		if math.IsNaN(off) || math.Abs(off) > 700 {
			return nil, bad("the offset of row %d is %g: it is the logarithm of area times days, both above zero", i, off)
		}
		f.exposure += math.Exp(off)
	}
	if f.total == 0 {
		return nil, bad("no row has an event: there is nothing to learn from")
	}
	for c := range k {
		var sum, sq float64
		for i := range n {
			v := d.X[i*k+c]
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, bad("%s of row %d is no finite number", d.Names[c], i)
			}
			sum += v
		}
		f.mean[c] = sum / float64(n)
		for i := range n {
			v := d.X[i*k+c] - f.mean[c]
			sq += v * v
		}
		f.sd[c] = math.Sqrt(sq / float64(n))
		for i := range n {
			// A column that is the same everywhere says nothing and stays 0.
			if f.sd[c] > 1e-12*(1+math.Abs(f.mean[c])) {
				f.x[i*k+c] = (d.X[i*k+c] - f.mean[c]) / f.sd[c]
			}
		}
	}
	return f, nil
}

func (f *fitting) eta(i int, b []float64) float64 {
	k := f.p - 1
	eta := b[0]
	for c, v := range f.x[i*k : (i+1)*k] {
		eta += b[c+1] * v
	}
	if f.d.Offset != nil {
		eta += f.d.Offset[i]
	}
	return min(eta, maxEta)
}

// deviance is 2 Σ (y ln(y/μ) - (y - μ)) + λ Σ b².
func (f *fitting) deviance(ctx context.Context, b []float64) (float64, error) {
	part := make([]float64, f.pieces)
	err := f.share(ctx, func(k, from, to int) {
		for i := from; i < to; i++ {
			eta, y := f.eta(i, b), f.d.Y[i]
			d := math.Exp(eta) - y
			if y > 0 {
				d += y * (math.Log(y) - eta)
			}
			part[k] += 2 * d
		}
	})
	var sum float64
	for _, v := range part {
		sum += v
	}
	for _, v := range b[1:] {
		sum += f.o.Lambda * v * v
	}
	return sum, err
}

// normal returns X'WX + λI and X'Wz.
func (f *fitting) normal(ctx context.Context, b []float64) ([]float64, []float64, error) {
	p := f.p
	as, rs := make([][]float64, f.pieces), make([][]float64, f.pieces)
	err := f.share(ctx, func(k, from, to int) {
		a, r, row := make([]float64, p*p), make([]float64, p), make([]float64, p)
		row[0] = 1
		for i := from; i < to; i++ {
			copy(row[1:], f.x[i*(p-1):(i+1)*(p-1)])
			eta := f.eta(i, b)
			mu := max(math.Exp(eta), 1e-12)
			off := 0.0
			if f.d.Offset != nil {
				off = f.d.Offset[i]
			}
			z := eta - off + (f.d.Y[i]-mu)/mu
			for c, v := range row {
				if v == 0 {
					continue
				}
				w := mu * v
				r[c] += w * z
				for e := 0; e <= c; e++ {
					a[c*p+e] += w * row[e]
				}
			}
		}
		as[k], rs[k] = a, r
	})
	if err != nil {
		return nil, nil, err
	}
	for k := 1; k < f.pieces; k++ {
		for i, v := range as[k] {
			as[0][i] += v
		}
		for i, v := range rs[k] {
			rs[0][i] += v
		}
	}
	for c := 1; c < p; c++ {
		as[0][c*p+c] += f.o.Lambda
		if as[0][c*p+c] == 0 { // a column that says nothing, without a ridge
			as[0][c*p+c] = 1
		}
	}
	return as[0], rs[0], nil
}

// report brings the coefficients to the scale of the columns, and measures.
func (f *fitting) report(ctx context.Context, r *Result, b []float64) error {
	a, _, err := f.normal(ctx, b)
	if err != nil {
		return err
	}
	r.Beta, r.SE = make([]float64, f.p-1), make([]float64, f.p-1)
	r.Intercept = b[0]
	chol, ok := cholesky(a, f.p)
	for c := range r.Beta {
		if f.sd[c] > 1e-12*(1+math.Abs(f.mean[c])) {
			r.Beta[c] = b[c+1] / f.sd[c]
			r.Intercept -= r.Beta[c] * f.mean[c]
			if ok {
				unit := make([]float64, f.p)
				unit[c+1] = 1
				r.SE[c] = math.Sqrt(chol.solve(unit)[c+1]) / f.sd[c]
			}
		}
	}
	var pearson, over, squares float64
	for i, y := range f.d.Y {
		eta := f.eta(i, b)
		mu := math.Exp(eta)
		r.Deviance += 2 * (mu - y)
		if y > 0 {
			r.Deviance += 2 * y * (math.Log(y) - eta)
		}
		pearson += (y - mu) * (y - mu) / max(mu, 1e-12)
		over += (y-mu)*(y-mu) - mu
		squares += mu * mu
	}
	r.Dispersion = pearson / float64(max(1, f.n-f.p))
	if squares > 0 {
		r.Alpha = max(0, over/squares)
	}
	return nil
}

// share does the pieces of all rows on some cores. Their number depends on the
// rows only, and what they make is added in their order.
func (f *fitting) share(ctx context.Context, do func(piece, from, to int)) error {
	workers := f.o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(workers, f.pieces) {
		all.Go(func() {
			for ctx.Err() == nil {
				k := int(next.Add(1)) - 1
				if k >= f.pieces {
					return
				}
				do(k, f.n*k/f.pieces, f.n*(k+1)/f.pieces)
			}
		})
	}
	all.Wait()
	return ctx.Err()
}

package hotspot

import (
	"context"
	"math"
)

// Shrunk is the count of a cell drawn towards what its neighbours have: much
// where little was counted, little where much was.
//
// The rate of a cell has a Gamma prior of shape a about m, the Gaussian mean of
// the counts of its neighbours (itself left out), so after n events it is
//
//	E(rate | n) = m (n + a) / (m + a)
//
// and a is where the likelihood of the counts, negative binomial of mean m and
// size a, is largest (empirical Bayes). Decayed counts are first multiplied by
// sum w / sum w², the events that they are worth.
type Shrunk struct {
	Label string
	Weighing
}

// Name implements [Model].
func (m Shrunk) Name() string { return m.Label }

// Fit implements [Model].
func (m Shrunk) Fit(ctx context.Context, s *Space, past []Event, until float64) (Fitted, error) {
	return fitLocal(ctx, m, s, past, until)
}

func (m Shrunk) fit(_ context.Context, s *Space, past placed, until float64) (localFitted, error) {
	t := newTally(m.Weighing, len(s.owner))
	t.advance(past.day, past.pixel, until)
	f := &shrunkFitted{shares: shares{s: s}, model: m, t: t}
	f.see(past, until, true)
	return f, nil
}

type shrunkFitted struct {
	shares
	model Shrunk
	t     *tally
	// Estimated when it was fitted, and kept when it is moved.
	shape   float64   // a
	weights []float64 // of the scales of m
}

// Parameters implements [Told].
func (f *shrunkFitted) Parameters() map[string]float64 {
	return map[string]float64{"shape": f.shape}
}

func (f *shrunkFitted) move(_ context.Context, past placed, until float64) (localFitted, error) {
	n := &shrunkFitted{shares: shares{s: f.s}, model: f.model, t: f.t.moved(past, past.pixel, until), shape: f.shape, weights: f.weights}
	n.see(past, until, false)
	return n, nil
}

// see makes the map at the tally's cut.
func (f *shrunkFitted) see(past placed, until float64, estimate bool) {
	s := f.s
	f.level = past.level(until)
	f.q = make([]float64, s.Len())
	count, mean := borrow(len(s.owner)), borrow(len(s.owner))
	defer giveBack(count)
	defer giveBack(mean)
	worth := f.t.scale * f.t.worth(past.day, until)
	for i, v := range f.t.sum {
		(*count)[i] = v * worth
	}
	f.weights = s.around(*count, f.weights, *mean)
	if estimate {
		f.shape = gammaShape(s.owner, *count, *mean)
	}
	for i, c := range s.owner {
		if c >= 0 {
			m := (*mean)[i]
			(*mean)[i] = m * ((*count)[i] + f.shape) / (m + f.shape)
		}
	}
	s.cells(*mean, f.q)
	normalise(s, f.q)
}

// worth is sum w / sum w²: one for plain counts, near two for decayed ones.
func (t *tally) worth(days []float64, until float64) float64 {
	if t.TauD == 0 || t.hi == 0 {
		return 1
	}
	span := until - days[0]
	return t.days / (-t.TauD / 2 * math.Expm1(-2*span/t.TauD))
}

// gammaShape is the a that maximises the negative binomial likelihood
//
//	sum_c ln G(n+a) - ln G(a) + a ln(a/(a+m)) + n ln(m/(a+m))
//
// by golden section over ln a, between 0.01 and 1000.
func gammaShape(owner []int32, count, mean []float64) float64 {
	var whole [256]float64 // ln G(n+a) of small whole counts, which most are
	logL := func(a float64) float64 {
		base, _ := math.Lgamma(a)
		for n := range whole {
			whole[n] = math.NaN()
		}
		var sum float64
		for i, c := range owner {
			if c < 0 || mean[i] == 0 {
				continue
			}
			n, m := count[i], mean[i]
			sum -= a * math.Log1p(m/a)
			if n > 0 {
				sum += gamma(n, a, &whole) - base + n*math.Log(m/(a+m))
			}
		}
		return sum
	}
	return math.Exp(golden(func(x float64) float64 { return logL(math.Exp(x)) }, math.Log(0.01), math.Log(1000), 24))
}

// gamma is ln G(n+a), remembered in whole for whole n.
func gamma(n, a float64, whole *[256]float64) float64 {
	k := int(min(n, float64(len(whole))))
	if k == len(whole) || float64(k) != n {
		g, _ := math.Lgamma(n + a)
		return g
	}
	if math.IsNaN(whole[k]) {
		whole[k], _ = math.Lgamma(n + a)
	}
	return whole[k]
}

// golden finds where f, with one peak between a and b, is largest.
func golden(f func(float64) float64, a, b float64, steps int) float64 {
	const ratio = 0.6180339887498949
	x, y := b-ratio*(b-a), a+ratio*(b-a)
	fx, fy := f(x), f(y)
	for range steps {
		if fx >= fy {
			b, y, fy = y, x, fx
			x = b - ratio*(b-a)
			fx = f(x)
		} else {
			a, x, fx = x, y, fy
			y = a + ratio*(b-a)
			fy = f(y)
		}
	}
	return (a + b) / 2
}

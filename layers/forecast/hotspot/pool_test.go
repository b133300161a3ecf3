package hotspot

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// Two parts, two events: the first gives them 0.8 and 0.1, the second 0.2 and
// 0.4. From even weights the responsibilities are 0.8 and 0.2, so w_1 = 0.5; the
// score ln(0.5) + ln(0.25) stands there, and w = 1/2 is where its slope
// 0.6/(0.2+0.6w) = 0.3/(0.4-0.3w) is zero.
func TestWeightsByHand(t *testing.T) {
	e := evidence{parts: 2}
	e.add(1, []float64{0.8, 0.1 * 2})
	e.add(1, []float64{0.1, 0.4})
	w, score := e.weigh([]float64{0, 0}, 1)
	if math.Abs(w[0]-0.5) > 1e-12 || math.Abs(score-(math.Log(0.5)+math.Log(0.25))/2) > 1e-12 {
		t.Errorf("after a step %v and %g", w, score)
	}
	// One more event like the first: w_1 = (0.8+0.8+0.2)/3 after a step, and in
	// the end 2*0.6/(0.2+0.6w) = 0.3/(0.4-0.3w): w = 0.42/0.54.
	e.add(1, []float64{0.8, 0.2})
	if w, _ = e.weigh([]float64{0, 0}, 1); math.Abs(w[0]-0.6) > 1e-12 {
		t.Errorf("after a step %v, want 0.6", w)
	}
	if w, _ = e.weigh([]float64{0, 0}, 5000); math.Abs(w[0]-0.42/0.54) > 1e-3 {
		t.Errorf("in the end %v, want %g", w, 0.42/0.54)
	}
	// A prior of six events that say even: (0.6*3 + 3)/(3+6).
	if w, _ = e.weigh([]float64{3, 3}, 1); math.Abs(w[0]-(1.8+3)/9) > 1e-12 {
		t.Errorf("with a prior %v, want %g", w, (1.8+3)/9)
	}
}

func TestStepsNeverLowerTheScore(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	e := evidence{parts: 6}
	for range 300 {
		q := make([]float64, 6)
		for k := range q {
			q[k] = math.Exp(2 * r.NormFloat64())
		}
		e.add(float64(1+r.IntN(3)), q)
	}
	last := math.Inf(-1)
	for steps := 1; steps < 60; steps++ {
		w, score := e.weigh(make([]float64, 6), steps)
		var sum float64
		for _, v := range w {
			sum += v
		}
		if score < last-1e-12 || math.Abs(sum-1) > 1e-9 {
			t.Fatalf("step %d: score %.12f after %.12f, weights add up to %g", steps, score, last, sum)
		}
		last = score
	}
}

func TestNoEvidenceLeavesThePrior(t *testing.T) {
	for _, e := range []evidence{{parts: 2}, {parts: 2, n: []float64{5}, q: []float64{0, 0}}} {
		w, _ := e.weigh([]float64{1, 3}, 50)
		if math.Abs(w[0]-0.25) > 1e-9 {
			t.Errorf("weights %v, want 0.25 and 0.75", w)
		}
		if w, _ = e.weigh([]float64{0, 0}, 50); math.Abs(w[0]-0.5) > 1e-9 {
			t.Errorf("without a prior %v, want halves", w)
		}
	}
}

// Two years of a level of two a day with a summer of e^0.5 over a winter of
// e^-0.5: the level knows both.
func TestLevelKnowsTheSeason(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	var days []float64
	rate := func(d float64) float64 { return 5 * math.Exp(-0.5*math.Cos(2*math.Pi*d/yearDays)) }
	for d := range 4 * 365 {
		for n := rate(float64(d)); n > 0; n-- {
			if r.Float64() < n {
				days = append(days, float64(d)+0.5)
			}
		}
	}
	l := newLevel(days, 4*365)
	for _, ahead := range []float64{0, 91, 182, 273} {
		want := 0.0
		for d := range 28 {
			want += rate(4*365 + ahead + float64(d))
		}
		if got := l.total(4*365+ahead, 4*365+ahead+28); math.Abs(got/want-1) > 0.12 {
			t.Errorf("%g days ahead: %.1f events, want %.1f", ahead, got, want)
		}
	}
}

func TestLevelOfAShortHistoryIsItsRate(t *testing.T) {
	l := newLevel([]float64{10, 15, 20}, 40)
	if got := l.total(40, 50); math.Abs(got-1) > 1e-12 { // 3 in 30 days
		t.Errorf("%g events in 10 days, want 1", got)
	}
	if got := newLevel(nil, 40).total(40, 50); got != 0 {
		t.Errorf("no events give %g", got)
	}
}

// Poisson of mean 2: P(0) = 0.1353, P(0..5) = 0.9834, so 90 % is [0, 5].
// Dispersion 2 with mean 2 is geometric-like of size 2 and p = 1/2:
// P(k) = (k+1) / 2^(k+2), so P(0) = 0.25, P(<=6) = 0.9648 and [0, 6].
func TestIntervals(t *testing.T) {
	for _, tt := range []struct {
		d         NegBin
		low, high int
		within    float64
	}{
		{NegBin{Mean: 2, Dispersion: 1}, 0, 5, 0.9834364},
		{NegBin{Mean: 2, Dispersion: 0.3}, 0, 5, 0.9834364},
		{NegBin{Mean: 2, Dispersion: 2}, 0, 6, 0.96484375},
		{NegBin{Mean: 0, Dispersion: 1}, 0, 0, 1},
		{NegBin{Mean: 0.01, Dispersion: 1}, 0, 0, 0.9900498},
	} {
		low, high, within := tt.d.Interval(0.9)
		if low != tt.low || high != tt.high || math.Abs(within-tt.within) > 1e-6 {
			t.Errorf("%+v: [%d, %d] with %.7f, want [%d, %d] with %.7f", tt.d, low, high, within, tt.low, tt.high, tt.within)
		}
	}
	if got := math.Exp(NegBin{Mean: 2, Dispersion: 2}.LogP(3)); math.Abs(got-4.0/32) > 1e-12 {
		t.Errorf("P(3) = %g, want 1/8", got)
	}
	low, high, within := NegBin{Mean: 1e5, Dispersion: 3}.Interval(0.9)
	if mean, half := (low+high)/2, 1.645*math.Sqrt(3e5); math.Abs(float64(mean)-1e5) > 50 || math.Abs(float64(high-low)/2-half) > 10 || within < 0.9 {
		t.Errorf("a mean of 100,000: [%d, %d] with %g", low, high, within)
	}
}

func TestDispersion(t *testing.T) {
	d, cells := Dispersion([]float64{3, 0, 9}, []float64{1, 1, 0.001}, 0.05)
	if d != (4.0+1)/2 || cells != 2 {
		t.Errorf("%g over %d cells", d, cells)
	}
}

// The sum of exp((t-anchor)/tau) begins anew before it overflows.
func TestDecayedCountsOfCenturies(t *testing.T) {
	s, err := Lattice(orb.MultiPolygon{{{{0, 0}, {100, 0}, {100, 100}, {0, 100}, {0, 0}}}}, 100, 0, orb.Point{})
	if err != nil {
		t.Fatal(err)
	}
	var days []float64
	for d := 0.0; d < 9000; d += 0.5 {
		days = append(days, d)
	}
	tl := newTally(Weighing{TauD: 3}, s.Len())
	tl.advance(days, make([]int32, len(days)), 9000)
	if got, want := tl.sum[0]*tl.scale, 1/(math.Exp(0.5/3)-1); math.Abs(got/want-1) > 1e-9 {
		t.Errorf("decayed count %g, want %g", got, want)
	}
}

// Logarithms added up as products, and the gamma function of whole counts that is
// looked up, are what they stand for.
func TestSumsOfLogarithms(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, spread := range []float64{1, 30, 400} {
		l, want := newLogSum(), 0.0
		for range 5000 {
			v := math.Exp(spread * r.NormFloat64())
			if v == 0 || math.IsInf(v, 1) {
				continue
			}
			l.add(v)
			want += math.Log(v)
		}
		if got := l.total(); math.Abs(got-want) > 1e-12*5000*spread {
			t.Errorf("spread %g: %g, want %g", spread, got, want)
		}
	}
	var whole [256]float64
	for n := range whole {
		whole[n] = math.NaN()
	}
	for range 2 { // the second time from the table
		for _, n := range []float64{1, 2, 2.5, 17, 254.9, 255, 256, 1e6} {
			if want, _ := math.Lgamma(n + 0.7); gamma(n, 0.7, &whole) != want {
				t.Errorf("ln G(%g + 0.7) is %g, want %g", n, gamma(n, 0.7, &whole), want)
			}
		}
	}
}

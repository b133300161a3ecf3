package glm_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/glm"
	"onemap/layers/forecast/hotspot"
)

func poisson(r *rand.Rand, mean float64) float64 {
	n := 0.0
	for t := r.ExpFloat64(); t < mean; t += r.ExpFloat64() {
		n++
	}
	return n
}

// The classic of Dobson (1990, p. 93), which R's help of glm has: counts by
// outcome and treatment. glm(counts ~ outcome + treatment, family = poisson())
// gives 3.045, -0.4543, -0.2930, 0, 0, a residual deviance of 5.129 and standard
// errors 0.1709, 0.2022, 0.1927, 0.2, 0.2.
func TestAsInR(t *testing.T) {
	d := glm.Data{Names: []string{"o2", "o3", "t2", "t3"}, Y: []float64{18, 17, 15, 20, 10, 20, 25, 13, 12}}
	for i := range 9 {
		is := func(b bool) float64 {
			if b {
				return 1
			}
			return 0
		}
		d.X = append(d.X, is(i%3 == 1), is(i%3 == 2), is(i/3 == 1), is(i/3 == 2))
	}
	r, err := glm.Fit(t.Context(), d, glm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{-0.4543, -0.2930, 0, 0}
	se := []float64{0.2022, 0.1927, 0.2, 0.2}
	for i := range want {
		if math.Abs(r.Beta[i]-want[i]) > 1e-4 || math.Abs(r.SE[i]-se[i]) > 1e-3 {
			t.Errorf("%s: %.5f ± %.5f, want %.4f ± %.4f", d.Names[i], r.Beta[i], r.SE[i], want[i], se[i])
		}
	}
	if math.Abs(r.Intercept-3.0445) > 1e-4 || math.Abs(r.Deviance-5.1291) > 1e-3 || !r.Converged {
		t.Errorf("intercept %.5f, deviance %.5f, converged %v", r.Intercept, r.Deviance, r.Converged)
	}
}

// Coefficients are found in rows of unlike exposure, and negative binomial noise
// shows in the dispersions.
func TestRecovers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var d, noisy glm.Data
	d.Names, noisy.Names = []string{"a", "b"}, []string{"a", "b"}
	for range 20_000 {
		a, b, h := r.NormFloat64(), 3+10*r.Float64(), 0.5+r.Float64()
		mu := h * math.Exp(-1+0.5*a+0.2*b)
		d.X, d.Y, d.Offset = append(d.X, a, b), append(d.Y, poisson(r, mu)), append(d.Offset, math.Log(h))
		gamma := 0.0 // mean 1, variance 1/4
		for range 4 {
			gamma += r.ExpFloat64() / 4
		}
		noisy.Y = append(noisy.Y, poisson(r, mu*gamma))
	}
	noisy.X, noisy.Offset = d.X, d.Offset
	fit := func(d glm.Data, workers int) *glm.Result {
		res, err := glm.Fit(t.Context(), d, glm.Options{Lambda: 1, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	got := fit(d, 1)
	if math.Abs(got.Intercept+1) > 0.03 || math.Abs(got.Beta[0]-0.5) > 0.01 || math.Abs(got.Beta[1]-0.2) > 0.005 {
		t.Errorf("%+v", got)
	}
	if math.Abs(got.Dispersion-1) > 0.05 || got.Alpha > 0.02 {
		t.Errorf("Poisson counts have dispersion %g, α %g", got.Dispersion, got.Alpha)
	}
	if res := fit(noisy, 1); math.Abs(res.Alpha-0.25) > 0.05 || res.Dispersion < 1.3 {
		t.Errorf("α %g, want 0.25; dispersion %g", res.Alpha, res.Dispersion)
	}
	if again := fit(d, 5); !slices.Equal(again.Beta, got.Beta) || again.Deviance != got.Deviance {
		t.Error("five cores give other bits than one")
	}
}

func TestOddRows(t *testing.T) {
	one := []string{"a"}
	for _, tt := range []struct {
		name string
		d    glm.Data
		o    glm.Options
	}{
		{"no rows", glm.Data{}, glm.Options{}},
		{"a value too few", glm.Data{Names: one, Y: []float64{1, 2}, X: []float64{1}}, glm.Options{}},
		{"an offset too few", glm.Data{Names: one, Y: []float64{1, 2}, X: []float64{1, 2}, Offset: []float64{1}}, glm.Options{}},
		{"a negative count", glm.Data{Y: []float64{-1}}, glm.Options{}},
		{"no number", glm.Data{Names: one, Y: []float64{1}, X: []float64{math.NaN()}}, glm.Options{}},
		{"an area of nothing", glm.Data{Y: []float64{1}, Offset: []float64{math.Inf(-1)}}, glm.Options{}},
		{"no event", glm.Data{Y: []float64{0, 0}}, glm.Options{}},
		{"columns that determine each other", glm.Data{Names: []string{"a", "b"}, Y: []float64{1, 2, 3, 4}, X: []float64{1, 1, 2, 2, 3, 3, 5, 5}}, glm.Options{}},
		{"a negative ridge", glm.Data{Y: []float64{1}}, glm.Options{Lambda: -1}},
	} {
		if r, err := glm.Fit(t.Context(), tt.d, tt.o); !errors.Is(err, hotspot.ErrInput) {
			t.Errorf("%s: %+v, %v, want what is wrong", tt.name, r, err)
		}
	}
	// A column that is the same everywhere has no effect and does no harm.
	r, err := glm.Fit(t.Context(), glm.Data{Names: one, Y: []float64{1, 3}, X: []float64{7, 7}}, glm.Options{})
	if err != nil || r.Beta[0] != 0 || math.Abs(math.Exp(r.Intercept)-2) > 1e-6 {
		t.Errorf("%+v, %v", r, err)
	}
}

func city(t *testing.T) *hotspot.Space {
	t.Helper()
	s, err := hotspot.Lattice(orb.MultiPolygon{{{{0, 0}, {4000, 0}, {4000, 4000}, {0, 4000}, {0, 0}}}}, 200, 0, orb.Point{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Shops double the burglaries of a cell, weekends halve those of a day, and
// holidays have three times as many: all of it is found, and the total is right.
func TestModelFindsWhatMakesEvents(t *testing.T) {
	s := city(t)
	r := rand.New(rand.NewPCG(2, 2))
	shops := glm.Covariates{Names: []string{"shops"}, Values: make([]float64, s.Len())}
	for c := range shops.Values {
		shops.Values[c] = float64(r.IntN(2))
	}
	holiday := func(day float64) bool { return int(day)%30 == 0 }
	rate := func(c int, day float64) float64 {
		v := 0.02 * (1 + shops.Values[c])
		if w := int(day) % 7; w >= 5 {
			v /= 2
		}
		if holiday(day) {
			v *= 3
		}
		return v
	}
	var past []hotspot.Event
	for day := range 500 {
		for c := range s.Len() {
			for range int(poisson(r, rate(c, float64(day)))) {
				past = append(past, hotspot.Event{Day: float64(day) + r.Float64(), At: s.Centre(c)})
			}
		}
	}
	hotspot.Sort(past)
	f, err := glm.Model{Covariates: &shops, Holiday: holiday}.Fit(t.Context(), s, past, 500)
	if err != nil {
		t.Fatal(err)
	}
	total := func(from, to float64) (got, want float64) {
		into := make([]float64, s.Len())
		f.Expect(from, to, into)
		for c, v := range into {
			got += v
			for day := from; day < to; day++ {
				want += rate(c, day)
			}
		}
		return got, want
	}
	for _, days := range [][2]float64{{500, 528}, {510, 511}, {502, 503}, {503, 504}, {504, 505}} {
		if got, want := total(days[0], days[1]); math.Abs(got/want-1) > 0.12 {
			t.Errorf("days %v: %g events are expected, want %g", days, got, want)
		}
	}
	into := make([]float64, s.Len())
	f.Expect(500, 507, into)
	var with, without, nWith, nWithout float64
	for c, v := range into {
		if shops.Values[c] > 0 {
			with, nWith = with+v, nWith+1
		} else {
			without, nWithout = without+v, nWithout+1
		}
	}
	if ratio := with / nWith / (without / nWithout); math.Abs(ratio-2) > 0.3 {
		t.Errorf("cells with shops expect %.2f times as many, want 2", ratio)
	}
	for c := range s.Len() {
		d := f.(*glm.Fitted).Drivers(c)
		if len(d) != 6 || !(d[0].Factor > 0) {
			t.Fatalf("drivers of cell %d: %+v", c, d)
		}
	}
}

func TestOddHistories(t *testing.T) {
	s := city(t)
	one := []hotspot.Event{{Day: 3, At: orb.Point{500, 500}}}
	for _, tt := range []struct {
		name  string
		past  []hotspot.Event
		until float64
		most  float64
	}{
		{"no events", nil, 10, 0},
		{"one event", one, 10, 1.01},
		{"one event just now", one, 3.0000001, 20},
		{"one event long ago", one, 1000, 0},
		{"all at one place", slices.Repeat(one, 300), 10, 400},
		{"all outside", []hotspot.Event{{Day: 3, At: orb.Point{-1, 0}}}, 10, 0},
	} {
		f, err := glm.Model{}.Fit(t.Context(), s, tt.past, tt.until)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		into := make([]float64, s.Len())
		f.Expect(tt.until, tt.until+7, into)
		var sum float64
		for c, v := range into {
			if !(v >= 0) || math.IsInf(v, 0) {
				t.Fatalf("%s: cell %d expects %g", tt.name, c, v)
			}
			sum += v
		}
		if sum > tt.most || tt.most > 0 && sum == 0 {
			t.Errorf("%s: %g events are expected in a week", tt.name, sum)
		}
	}
	if _, err := (glm.Model{Covariates: &glm.Covariates{Names: []string{"a"}, Values: []float64{1}}}).Fit(t.Context(), s, one, 10); !errors.Is(err, hotspot.ErrInput) {
		t.Errorf("covariates of another city: %v", err)
	}
}

package etas

import (
	"context"
	"math"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/hotspot"
)

// Fitted is an estimate that forecasts the cells of its Space.
type Fitted struct {
	*Estimate
	s         *hotspot.Space
	until     float64
	base      []float64 // by cell: the background's events a day
	triggered []float64 // by cell: events a day set off by the past, at the cut
}

// forecast integrates the intensity at the cut over the cells.
func (e *Estimate) forecast(ctx context.Context, s *hotspot.Space, until float64) (*Fitted, error) {
	f := &Fitted{Estimate: e, s: s, until: until, base: make([]float64, s.Len()), triggered: make([]float64, s.Len())}
	if e.Events == 0 {
		return f, nil
	}
	if b := e.mu.field; b != nil {
		integrate(s, b, f.base)
		// The raster cuts the city's edge a little differently than the cells.
		var sum float64
		for _, v := range f.base {
			sum += v
		}
		for c := range f.base {
			if sum > 0 {
				f.base[c] *= (1 - e.mu.uniform) * e.mu.mass / (e.mu.days * sum)
			}
		}
	}
	for c := range f.base {
		f.base[c] += e.mu.uniform * e.mu.mass / e.mu.days * s.AreaM2(c) / s.TotalM2()
	}
	if e.Theta == 0 {
		return f, nil
	}
	pixels := newField(s.Bound(), e.S/3)
	pixels.spread(e.S)
	for _, v := range e.c.events {
		if age := until - v.t; age <= e.opts.ReachDays && e.Omega*age < far {
			pixels.put(v.x, v.y, e.Theta*e.Omega*math.Exp(-e.Omega*age))
		}
	}
	if err := pixels.blur(ctx, e.opts.Workers); err != nil {
		return nil, err
	}
	integrate(s, pixels, f.triggered)
	return f, nil
}

// Expect writes the expected events of each cell in (from, to]: the mean of the
// process given its past. Let x(t) be the part of the intensity that was set
// off. Offspring have offspring, so x falls more slowly than g and the
// background feeds it,
//
//	dx/dt = -ω(1-θ) x + θω μ,   x(T) = Σ_i θω e^(-ωR_i) Φ_c(x_i; s)
//
// whose integral is, with κ = ω(1-θ) and a, b the days from the cut,
//
//	x(T) E + θ/(1-θ) μ (b - a - E),   E = (e^(-κa) - e^(-κb))/κ
//
// For one day that is forecast.md's first generation, Σ θ(e^(-ωR) - e^(-ω(R+H)));
// for long the same over 1-θ. Later generations are drawn where the first falls.
func (f *Fitted) Expect(from, to float64, into []float64) {
	a, b := max(from-f.until, 0), max(to-f.until, 0)
	theta := min(f.Theta, 0.99)
	kappa := f.Omega * (1 - theta)
	e := b - a
	if kappa > 0 {
		e = math.Exp(-kappa*a) * -math.Expm1(-kappa*(b-a)) / kappa
	}
	fed := theta / (1 - theta) * (b - a - e)
	for c := range into {
		into[c] = f.base[c]*(b-a+fed) + f.triggered[c]*e
	}
}

// integrate adds the integral of a field over each cell: the mean of its
// density at points spread over the cell, times the cell's area.
func integrate(s *hotspot.Space, f *field, into []float64) {
	for c := range into {
		var sum float64
		n := 0
		for p := range points(s, c, f.d) {
			sum += f.read(p[0], p[1])
			n++
		}
		into[c] += sum / float64(n) / (f.d * f.d) * s.AreaM2(c)
	}
}

// points yields points evenly over a cell, at least 3 by 3 in a square, about d
// metres apart.
func points(s *hotspot.Space, c int, d float64) func(func(orb.Point) bool) {
	return func(yield func(orb.Point) bool) {
		if s.IsLattice() {
			r := s.Ring(c)[0]
			k := min(max(int(math.Ceil(s.CellM()/d)), 3), 32)
			ax, ay := (r[1][0]-r[0][0])/float64(k), (r[1][1]-r[0][1])/float64(k)
			bx, by := (r[3][0]-r[0][0])/float64(k), (r[3][1]-r[0][1])/float64(k)
			for i := range k * k {
				u, v := float64(i%k)+0.5, float64(i/k)+0.5
				if !yield(orb.Point{r[0][0] + u*ax + v*bx, r[0][1] + u*ay + v*by}) {
					return
				}
			}
			return
		}
		b := s.Outline(c).Bound()
		w, h := b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]
		step := max(min(d, min(w, h)/5), max(w, h)/200)
		found := false
		for y := b.Min[1] + step/2; y < b.Max[1]; y += step {
			for x := b.Min[0] + step/2; x < b.Max[0]; x += step {
				if p := (orb.Point{x, y}); s.CellAt(p) == c {
					found = true
					if !yield(p) {
						return
					}
				}
			}
		}
		if !found {
			yield(s.Centre(c))
		}
	}
}

// Parameters are what was learned, for the record and for the reasons.
func (f *Fitted) Parameters() map[string]float64 {
	m := map[string]float64{"mu_per_day": f.Mu, "theta": f.Theta, "mean_days": 0, "s_m": f.S, "events": float64(f.Events), "at_floor": 0}
	if f.Omega > 0 {
		m["mean_days"] = 1 / f.Omega
	}
	if f.AtFloor {
		m["at_floor"] = 1
	}
	if n := len(f.LogL); n > 0 {
		m["log_likelihood"], m["iterations"] = f.LogL[n-1], float64(n)
	}
	return m
}

package etas

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// scattered is a catalogue of n events of a hundred days in a square.
func scattered(n int, sideM, reachM float64) *catalogue {
	r := rand.New(rand.NewPCG(3, 3))
	events := make([]event, n)
	for i := range events {
		events[i] = event{t: 100 * r.Float64(), x: sideM * r.Float64(), y: sideM * r.Float64()}
	}
	slices.SortFunc(events, func(a, b event) int { return int(math.Copysign(1, a.t-b.t)) })
	return index(events, orb.Bound{Max: orb.Point{sideM, sideM}}, reachM, 0, 100)
}

// The buckets, the gathered pairs and the table of e^-z against the sum over all
// pairs as it is written.
func TestExpectIsTheSumOverPairs(t *testing.T) {
	p := Params{Mu: 1, Theta: 0.4, Omega: 0.1, S: 90}
	const reachM, reachDays = 300.0, 60.0
	// In the small square an event has more pairs than are gathered at once.
	for _, side := range []float64{5000, 200} {
		c := scattered(2500, side, reachM)
		mu, own := make([]float64, len(c.events)), make([]float64, len(c.events))
		for j := range mu {
			mu[j] = 1e-9
		}
		got, err := c.expect(t.Context(), p, mu, own, reachM, reachDays, 2)
		if err != nil {
			t.Fatal(err)
		}
		var want sums
		for j, e := range c.events {
			var g, gdt, grr float64
			for _, o := range c.events {
				dt, rr := e.t-o.t, (e.x-o.x)*(e.x-o.x)+(e.y-o.y)*(e.y-o.y)
				z := p.Omega*dt + rr/(2*p.S*p.S)
				if dt <= 0 || dt > reachDays || rr > reachM*reachM || z > far {
					continue
				}
				f := p.Theta * p.Omega / (2 * math.Pi * p.S * p.S) * math.Exp(-z)
				g, gdt, grr = g+f, gdt+f*dt, grr+f*rr
				want.n++
			}
			lambda := mu[j] + g
			want.add(sums{p: g / lambda, pdt: gdt / lambda, prr: grr / lambda, lnl: math.Log(lambda)})
			if d := own[j] - mu[j]/lambda; math.Abs(d) > 1e-9 {
				t.Fatalf("%g m: event %d is of the background by %g, want %g", side, j, own[j], mu[j]/lambda)
			}
		}
		for name, v := range map[string][2]float64{"p": {got.p, want.p}, "pdt": {got.pdt, want.pdt}, "prr": {got.prr, want.prr}, "lnl": {got.lnl, want.lnl}} {
			if math.Abs(v[0]/v[1]-1) > 1e-9 {
				t.Errorf("%g m: %s is %g, want %g", side, name, v[0], v[1])
			}
		}
		if got.n != want.n {
			t.Errorf("%g m: %d pairs, want %d", side, got.n, want.n)
		}
	}
}

// What is kept of earlier deviations is what is computed anew.
func TestMassesThatAreKept(t *testing.T) {
	c := scattered(3000, 4000, 500)
	box := orb.Bound{Max: orb.Point{4000, 4000}}
	for _, reachM := range []float64{500, math.Inf(1)} {
		kept := newEdge(c, box, reachM, 40, 2)
		for _, p := range [][2]float64{{0.1, 100}, {0.2, 100}, {0.2, 140}, {0.3, 80}, {0.3, 140}, {0.1, 100}, {0.1, 60}, {0.1, 140}} {
			anew := newEdge(c, box, reachM, 40, 1)
			if a, b := kept.seen(t.Context(), p[0], p[1]), anew.seen(t.Context(), p[0], p[1]); a != b {
				t.Errorf("ω %g, s %g: W is %g, want %g", p[0], p[1], a, b)
			}
			a, b := kept.slopes(t.Context(), p[0], p[1])
			if c, d := anew.slopes(t.Context(), p[0], p[1]); a != c || b != d {
				t.Errorf("ω %g, s %g: slopes %g and %g, want %g and %g", p[0], p[1], a, b, c, d)
			}
			// The definition, and its slopes by differences.
			var w float64
			for i, v := range c.events {
				inside := func(x float64) float64 { return 0.5 * math.Erfc(-x/(p[1]*math.Sqrt2)) }
				f := (inside(v.x) + inside(4000-v.x) - 1) * (inside(v.y) + inside(4000-v.y) - 1) * (1 - math.Exp(-reachM*reachM/(2*p[1]*p[1])))
				w += (1 - math.Exp(-p[0]*min(c.till-c.events[i].t, 40))) * f
			}
			if got := kept.seen(t.Context(), p[0], p[1]); math.Abs(got/w-1) > 1e-7 {
				t.Errorf("ω %g, s %g: W is %g, by its definition %g", p[0], p[1], got, w)
			}
			const h = 1e-5
			up, down := newEdge(c, box, reachM, 40, 1).seen(t.Context(), p[0]+h, p[1]), newEdge(c, box, reachM, 40, 1).seen(t.Context(), p[0]-h, p[1])
			if d := (up - down) / (2 * h); math.Abs(a/d-1) > 1e-4 {
				t.Errorf("ω %g, s %g: ∂W/∂ω is %g, by differences %g", p[0], p[1], a, d)
			}
		}
	}
}

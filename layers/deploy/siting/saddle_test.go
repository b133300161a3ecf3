package siting

import (
	"math/rand/v2"
	"testing"
)

// town is a problem of maximal covering in a square of 30 minutes' drive.
func town(seed uint64, points, candidates, posts int) *Problem {
	r := rand.New(rand.NewPCG(seed, 1))
	at := func() [2]float64 { return [2]float64{1800 * r.Float64(), 1800 * r.Float64()} }
	p := &Problem{Model: MCLP, Posts: posts, Within: 240, Longest: 3600}
	var places [][2]float64
	for range points {
		p.Demand = append(p.Demand, float64(r.IntN(6)))
		places = append(places, at())
	}
	for range candidates {
		c := at()
		row := make([]float32, points)
		for i, q := range places {
			row[i] = float32(max(c[0]-q[0], q[0]-c[0]) + max(c[1]-q[1], q[1]-c[1]))
		}
		p.Seconds = append(p.Seconds, row)
	}
	return p
}

// The bound by steps towards both sides at once holds, as no plan passes it; it
// is what the subgradient steps come to as well, and sooner. Its multipliers give
// it again: it is no number that the method believes in, but one it can show.
func TestTheSaddlesBoundHolds(t *testing.T) {
	for seed := range uint64(8) {
		p := town(seed%4, 400, 90, 12)
		if seed%4 == 3 {
			p.Fixed = []int{4, 40}
		}
		if seed >= 4 { // units may be busy, and several stand at one place
			p.Model, p.Busy, p.Stack = MEXCLP, 0.1*float64(seed-3), 1+int(seed%3)
		}
		x := covering(p)
		slow := newCoverDual(x)
		s := newSaddle(x, slow.start())
		got := s.run(0, 600)
		long := descend(newCoverDual(x), nil, 0, 5000)
		if got.bound > 1.002*long.bound {
			t.Errorf("town %d: bound %g, by long subgradient steps %g", seed, got.bound, long.bound)
		}
		if again := slow.at(got.multipliers, make([]float64, len(got.multipliers))); abs(again-got.bound) > 1e-9*again {
			t.Errorf("town %d: bound %g, and at its multipliers %g", seed, got.bound, again)
		}
		for _, start := range got.starts {
			posts := make([]int, len(start))
			for k, j := range start {
				posts[k] = int(j)
			}
			if v := p.Evaluate(posts).Value; v > got.bound+1e-6 {
				t.Errorf("town %d: a plan of value %g passes the bound %g", seed, v, got.bound)
			}
		}
		plan, err := Solve(t.Context(), p, Options{Seed: 1, Effort: 20_000_000})
		if err != nil {
			t.Fatal(err)
		}
		if plan.Gap > 0.02 || plan.Value > got.bound+1e-6 {
			t.Errorf("town %d: value %g, bound %g, gap %.1f %%", seed, plan.Value, plan.Bound, 100*plan.Gap)
		}
	}
}

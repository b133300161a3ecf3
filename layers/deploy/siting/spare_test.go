package siting_test

import (
	"testing"

	"onemap/layers/deploy/siting"
)

// Where fewer units cover all that can be covered, the others stand where help
// comes soonest, not just anywhere; those that were to stay, stay.
func TestUnitsThatAreLeftOverMakeTheRestSooner(t *testing.T) {
	inf := float32(1e30)
	p := &siting.Problem{Model: siting.MCLP, Posts: 3, Within: 300, Longest: 3600, Demand: []float64{10, 90, 0}, Seconds: [][]float32{
		{inf, inf, 10},  // near nothing that anybody asks for
		{200, 200, inf}, // covers all
		{inf, inf, 20},
		{inf, 20, inf}, // next to where most of it is
		{30, inf, inf},
	}}
	plan, err := siting.Solve(t.Context(), p, siting.Options{Seed: 1, Effort: 100_000})
	if err != nil || plan.Value != 100 || plan.Gap != 0 {
		t.Fatalf("%+v, %v", plan, err)
	}
	if e := p.Evaluate(plan.Posts); e.MeanS > 21.1 {
		t.Errorf("%v with %v s on the mean", plan.Posts, e.MeanS)
	}
	p.Fixed = []int{0}
	plan, err = siting.Solve(t.Context(), p, siting.Options{Seed: 1, Effort: 100_000})
	if err != nil || plan.Value != 100 || plan.Posts[0] != 0 {
		t.Errorf("with one that stays: %+v, %v", plan, err)
	}
	if e := p.Evaluate(plan.Posts); e.MeanS > 38.1 { // 1 and 3, or 3 and 4, which is 21
		t.Errorf("with one that stays: %v, %v s on the mean", plan.Posts, e.MeanS)
	}
}

package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"onemap/layers/deploy/patrol"
)

// patrols measures team orienteering: 10 units on 60 hot spots for a shift of
// eight hours, and how far small plans are from the optimum that dynamic
// programming finds.
func (o Options) patrols(ctx context.Context) error {
	o.Progress("patrols: 10 units, 60 hot spots")
	p := patrolTown(rand.New(rand.NewPCG(14, 0)), 60, 1800)
	for i := range 10 {
		from := float64(i%2) * 3600
		p.Units = append(p.Units, patrol.Unit{FromS: from, UntilS: from + 8*3600, Breaks: []patrol.Break{{EarliestS: from + 3*3600, LatestS: from + 5*3600, LengthS: 2700, Place: -1}}})
	}
	p.Rules.Detour = patrol.Defaults().Detour
	began := time.Now()
	plan, err := patrol.Solve(ctx, p)
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	o.Report(Result{Bench: "deploy", Case: fmt.Sprintf("patrols, 10 units x 60 hot spots, %d stops", plan.Stops), Value: took, Unit: "s", Target: "<= 5 s", Met: took <= 5})
	once := p
	once.Rules.Rounds = 1
	start, err := patrol.Solve(ctx, once)
	if err != nil {
		return err
	}
	o.Report(Result{Bench: "deploy", Case: "patrols, 10 units x 60 hot spots, what the stops are worth, beside one round of the search", Value: plan.Score, Baseline: start.Score, Ratio: plan.Score / start.Score, Met: plan.Score >= start.Score})
	late := 0.0
	for u, r := range plan.Routes {
		late = math.Max(late, r.EndS-p.Units[u].UntilS)
	}
	o.Report(Result{Bench: "deploy", Case: "patrols, latest return after the shift's end", Value: math.Max(late, 0), Unit: "s", Target: "0", Met: late <= 0})

	o.Progress("patrols: 60 plans of 10 stops beside dynamic programming")
	worst := 1.0
	for i := range 60 {
		rng := rand.New(rand.NewPCG(15, uint64(i)))
		p := patrolTown(rng, 10, 2400)
		for s := range p.Spots {
			p.Spots[s].Most = 1
		}
		p.Rules.MaxSpots = 10
		for range 1 + i%3 {
			p.Units = append(p.Units, patrol.Unit{UntilS: (1.2 + 2*rng.Float64()) * 3600})
		}
		best, err := patrol.Exact(p)
		if err != nil {
			return err
		}
		if best == 0 {
			continue
		}
		plan, err := patrol.Solve(ctx, p)
		if err != nil {
			return err
		}
		worst = math.Min(worst, plan.Score/best)
	}
	o.Report(Result{Bench: "deploy", Case: "patrols, worst of 60 plans of 10 stops, share of the optimum", Value: 100 * worst, Unit: "%", Baseline: 100, Ratio: worst, Target: ">= 99 %", Met: worst >= 0.99})
	return nil
}

// patrolTown is places in a square of so many seconds' drive, the first the post.
func patrolTown(rng *rand.Rand, spots int, side float64) patrol.Problem {
	at := make([][2]float64, spots+1)
	for i := range at {
		at[i] = [2]float64{side * rng.Float64(), side * rng.Float64()}
	}
	p := patrol.Problem{Travel: make([][]float32, len(at))}
	for i := range at {
		p.Travel[i] = make([]float32, len(at))
		for j := range at {
			p.Travel[i][j] = float32(math.Hypot(at[i][0]-at[j][0], at[i][1]-at[j][1]))
		}
	}
	for i := range spots {
		p.Spots = append(p.Spots, patrol.Spot{Place: i + 1, Score: 0.05 + math.Pow(rng.Float64(), 2)})
	}
	return p
}

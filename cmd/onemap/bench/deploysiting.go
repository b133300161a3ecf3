package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/deploy/siting"
	"onemap/layers/deploy/siting/sitingtest"
	"onemap/layers/forecast/backtest/backtesttest"
	"onemap/layers/forecast/hotspot"
)

// coverM is the standard of the reference instance, as the crow flies.
const coverM = 1500

// referenceGap is the proven gap of the project's first prototype (greedy, single
// swaps, Lagrangian bound) on the same city, in percent.
var referenceGap = map[int]float64{10: 0.82, 20: 1.95, 40: 2.80}

// siting measures plans of stationing on Portland's vehicle thefts: how far from
// the best they are at most, how long that takes, and what exact solvers say
// where they are installed and finish.
func (o Options) siting(ctx context.Context) error {
	p, err := o.portlandProblem()
	if err != nil {
		return err
	}
	for _, posts := range []int{10, 20, 30, 40} {
		p.Model, p.Posts = siting.MCLP, posts
		name := fmt.Sprintf("MCLP Portland %d x %d, p = %d", len(p.Demand), len(p.Seconds), posts)
		o.Progress(name)
		start := time.Now()
		plan, err := siting.Solve(ctx, p, siting.Options{Seed: 1})
		if err != nil {
			return err
		}
		took := time.Since(start)
		gap := 100 * plan.Gap
		r := Result{Bench: "deploy", Case: name + ": proven gap, beside the first prototype's", Value: gap, Unit: "%", Baseline: referenceGap[posts], Target: "at most 2 %", Met: gap <= 2}
		if r.Baseline > 0 {
			r.Ratio = r.Baseline / max(gap, 0.01)
		}
		o.Report(r)
		greedy := greedyCover(p)
		o.Report(Result{Bench: "deploy", Case: name + ": demand covered, beside the greedy plan", Value: plan.Value, Unit: "calls", Baseline: greedy, Ratio: plan.Value / greedy, Met: true})
		solver, exact, err := o.exact(ctx, name, p, plan, posts)
		if err != nil {
			return err
		}
		o.Report(Result{Bench: "deploy", Case: name + ": time" + solver, Value: took.Seconds(), Unit: "s", Baseline: exact.Seconds(), Ratio: faster(took.Seconds(), exact.Seconds()), Target: "at most 1 s", Met: took <= time.Second})
	}
	return nil
}

// portlandProblem is Portland's, read from the shared data.
func (o Options) portlandProblem() (*siting.Problem, error) {
	file, err := shared("portland/burglary_vehicle_theft_2012_2017.csv.gz")
	if err != nil {
		return nil, err
	}
	p, err := portlandPosts(filepath.Dir(filepath.Dir(file)))
	if err != nil {
		return nil, err
	}
	o.Progress(fmt.Sprintf("%d points of demand, %d candidates", len(p.Demand), len(p.Seconds)))
	return p, nil
}

// greedyCover is what posts cover that are chosen one by one, each where it adds
// most.
func greedyCover(p *siting.Problem) (covered float64) {
	left := slices.Clone(p.Demand)
	for range p.Posts {
		best, most := 0, -1.0
		for j, row := range p.Seconds {
			sum := 0.0
			for i, s := range row {
				if float64(s) <= p.Within {
					sum += left[i]
				}
			}
			if sum > most {
				best, most = j, sum
			}
		}
		covered += most
		for i, s := range p.Seconds[best] {
			if float64(s) <= p.Within {
				left[i] = 0
			}
		}
	}
	return covered
}

// exact holds a plan against the optimum of CBC and GLPK, and says how long the
// faster one of them took.
func (o Options) exact(ctx context.Context, name string, p *siting.Problem, plan *siting.Plan, posts int) (by string, took time.Duration, err error) {
	if posts > 20 { // neither finishes within minutes
		return "", 0, nil
	}
	for _, solver := range []string{"cbc", "glpsol"} {
		o.Progress(fmt.Sprintf("%s with %d posts, at most a minute", solver, posts))
		start := time.Now()
		best, err := sitingtest.Exact(ctx, solver, p, time.Minute)
		switch {
		case errors.Is(err, sitingtest.ErrAbsent), errors.Is(err, sitingtest.ErrUnfinished):
			o.Progress(err.Error())
			continue
		case err != nil:
			return "", 0, err
		}
		if d := time.Since(start); took == 0 || d < took {
			by, took = ", beside "+solver, d
		}
		o.Report(Result{Bench: "deploy", Case: name + ": demand covered, beside the optimum of " + solver, Value: plan.Value, Unit: "calls", Baseline: best, Ratio: plan.Value / best,
			Target: "at least 0.99 of it", Met: plan.Value >= 0.99*best})
	}
	return by, took, nil
}

// otherModels says how the models without a target of their own do, beside a
// plan that a tenth of the search finds.
func (o Options) otherModels(ctx context.Context) error {
	p, err := o.portlandProblem()
	if err != nil {
		return err
	}
	p.Busy, p.Stack, p.Outer, p.Share, p.Posts = 0.3, 2, 6*coverM, 0.5, 20
	for _, model := range []string{siting.PMedian, siting.MEXCLP, siting.DSM} {
		p.Model = model
		o.Progress(model + ", p = 20")
		start := time.Now()
		tenth, err := siting.Solve(ctx, p, siting.Options{Seed: 1, Effort: siting.DefaultEffort / 10})
		if err != nil {
			return err
		}
		short := time.Since(start).Seconds()
		start = time.Now()
		plan, err := siting.Solve(ctx, p, siting.Options{Seed: 1})
		if err != nil {
			return err
		}
		took := time.Since(start).Seconds()
		o.Report(Result{Bench: "deploy", Case: model + ", p = 20: proven gap, beside a tenth of the search", Value: 100 * plan.Gap, Unit: "%", Baseline: 100 * tenth.Gap, Ratio: faster(plan.Gap, tenth.Gap), Met: true})
		o.Report(Result{Bench: "deploy", Case: model + ", p = 20: time, beside a tenth of the search", Value: took, Unit: "s", Baseline: short, Ratio: faster(took, short), Met: true})
	}
	return nil
}

// portlandPosts is the instance of the reference: vehicle thefts by cell of 550
// ft, a candidate in each square of four by four cells. Its seconds are metres.
func portlandPosts(dir string) (*siting.Problem, error) {
	c, err := backtesttest.Portland(dir)
	if err != nil {
		return nil, err
	}
	cells, err := hotspot.Lattice(c.Outline, nijCellM, 0, orb.Point{})
	if err != nil {
		return nil, err
	}
	squares, err := hotspot.Lattice(c.Outline, 4*nijCellM, 0, orb.Point{})
	if err != nil {
		return nil, err
	}
	count := make([]float64, cells.Len())
	for _, e := range c.Events["vehicle theft"] {
		if i := cells.CellAt(e.At); i >= 0 {
			count[i]++
		}
	}
	p := &siting.Problem{Within: coverM, Longest: 10 * coverM}
	var at []orb.Point
	for i, n := range count {
		if n > 0 {
			p.Demand, at = append(p.Demand, n), append(at, cells.Centre(i))
		}
	}
	for j := range squares.Len() {
		from := squares.Centre(j)
		row := make([]float32, len(at))
		for i, to := range at {
			row[i] = float32(math.Hypot(to[0]-from[0], to[1]-from[1]))
		}
		p.Seconds = append(p.Seconds, row)
	}
	return p, nil
}

package siting

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// Solve looks for the best plan and proves how far from the best it may be. It
// returns a [*Fault] for a problem that cannot be solved by anyone, and ctx's
// error when it is ended early.
func Solve(ctx context.Context, p *Problem, o Options) (*Plan, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	s := solver{p: p, seed: o.Seed, effort: o.Effort}
	if s.effort <= 0 {
		s.effort = DefaultEffort
	}
	if p.Model == PMedian {
		x := newMedian(p)
		s.field = func() field { return newMedianField(x) }
		s.lower = subgradient(func() relaxation { return newMedianDual(x) })
		s.plain = len(x.conditions) == 0
	} else {
		x := covering(p)
		s.field = func() field { return newCoverField(x) }
		s.lower = subgradient(func() relaxation { return newCoverDual(x) })
		s.plain = len(x.conditions) == 0 && p.Model != DSM
		if s.plain {
			d := newSaddle(x, newCoverDual(x).start())
			s.lower = func(_ []float64, target float64, effort int64) dual { return d.run(target, rounds(effort, d.size)) }
			if o.Effort <= 0 && p.Model == MCLP { // this bound is near after half of it
				s.effort /= 2
			}
		}
	}
	posts, bound := s.solve(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	plan := p.planOf(posts)
	if p.Model == MCLP && p.Balance == 0 {
		for s, j := range p.spare(plan.Posts) {
			posts[s] = int32(j)
		}
		plan = p.planOf(posts)
	}
	if p.Balance > 0 {
		posts = p.even(posts, rand.New(rand.NewPCG(o.Seed, 9)))
		plan = p.planOf(posts)
	}
	plan.Steps = s.steps
	plan.bounded(p, bound)
	return plan, nil
}

// planOf measures posts anew, free of what sums ran off in the search.
func (p *Problem) planOf(posts []int32) *Plan {
	plan := &Plan{Posts: make([]int, len(posts))}
	for i, j := range posts {
		plan.Posts[i] = int(j)
	}
	slices.Sort(plan.Posts)
	e := p.Evaluate(plan.Posts)
	plan.Value, plan.Unmet = e.Value, e.Unmet
	return plan
}

// bounded gives the plan its bound, in the sense of the model. A bound in
// whole events is a whole number.
func (plan *Plan) bounded(p *Problem, bound float64) {
	if (p.Model == MCLP || p.Model == DSM) && !slices.ContainsFunc(p.Demand, func(d float64) bool { return d != math.Trunc(d) }) {
		bound = math.Floor(bound + 1e-6)
	}
	if p.Model == PMedian {
		plan.Bound = max(0, -bound)
		plan.Bound = min(plan.Bound, plan.Value)
	} else {
		plan.Bound = max(bound, plan.Value)
	}
	if len(plan.Unmet) > 0 && p.Model != PMedian {
		plan.Bound = bound
	}
	if most := max(plan.Bound, plan.Value); most > 0 {
		plan.Gap = abs(plan.Bound-plan.Value) / most
	}
	if plan.Gap < 1e-9 {
		plan.Gap = 0
	}
}

type solver struct {
	p      *Problem
	seed   uint64
	effort int64
	plain  bool
	field  func() field
	// lower brings the bound down towards a plan's value with so many steps, from
	// the multipliers that it ended with before, if any.
	lower func(from []float64, target float64, effort int64) dual
	steps int64
}

// solve runs two lines of search beside each other, whatever the machine has,
// and meets twice: they share what they know, and so the answer does not
// depend on which was faster.
func (s *solver) solve(ctx context.Context) (posts []int32, bound float64) {
	line := [2]*hunt{s.hunt(0), s.hunt(1)}
	place(line[0].f, s.p.Fixed)
	never := func(best) bool { return false }
	line[0].run(ctx, s.effort/40, nil, never)
	place(line[1].f, s.p.Fixed)

	// The bound, and meanwhile more of the search.
	var d dual
	var work sync.WaitGroup
	work.Go(func() { d = s.lower(nil, line[0].best.value, s.effort/3) })
	work.Go(func() { line[1].run(ctx, s.effort/6, nil, never) })
	work.Wait()
	top := line[0].best
	if line[1].best.before(top) {
		top = line[1].best
	}
	s.steps += d.steps

	// The search again, from what the relaxation chose, among the candidates that
	// a better plan may hold.
	s.narrow(line[:], d, top)
	proved := func(b best) bool { return b.short == 0 && d.bound-b.value <= 1e-9*abs(d.bound) }
	if !proved(top) {
		for i, h := range line {
			h.best = top
			var starts [][]int32
			for n := i; n < len(d.starts); n += 2 {
				starts = append(starts, d.starts[n])
			}
			starts = starts[:min(len(starts), 40)]
			work.Go(func() { h.run(ctx, s.effort/3, starts, proved) })
		}
		work.Wait()
		for _, h := range line {
			if h.best.before(top) {
				top = h.best
			}
		}
	}
	// A better plan makes better steps towards the bound.
	if !proved(top) && len(top.posts) > 0 {
		again := s.lower(d.multipliers, top.value, s.effort/8)
		d.bound = min(d.bound, again.bound)
		s.steps += again.steps
	}
	for _, h := range line {
		s.steps += h.f.table().steps
	}
	return top.posts, d.bound
}

// subgradient is the lower of a relaxation.
func subgradient(relaxed func() relaxation) func([]float64, float64, int64) dual {
	return func(from []float64, target float64, effort int64) dual {
		r := relaxed()
		return descend(r, from, target, rounds(effort, r.size()))
	}
}

func rounds(effort, size int64) int { return int(max(60, min(600, effort/max(1, size)))) }

func (s *solver) hunt(i uint64) *hunt {
	h := &hunt{f: s.field(), rnd: rand.New(rand.NewPCG(s.seed, i)), plain: s.plain}
	for j := range s.p.Seconds {
		h.open = append(h.open, int32(j))
	}
	return h
}

// narrow leaves out of the search the candidates that no better plan holds: even
// the relaxed problem would be worth less than the plan we have if it had to
// choose one of them (reduced costs).
func (s *solver) narrow(line []*hunt, d dual, top best) {
	if top.short > 0 || len(d.worth) == 0 {
		return
	}
	_, chosen := choose(d.worth, order(len(d.worth)), s.p.Fixed, s.p.Posts, s.p.stack())
	last := math.Inf(1)
	for _, j := range chosen {
		if !slices.Contains(s.p.Fixed, int(j)) {
			last = min(last, d.worth[j])
		}
	}
	var open []int32
	for j, w := range d.worth {
		if d.bound+w-last >= top.value-1e-9*abs(top.value) || slices.Contains(top.posts, int32(j)) {
			open = append(open, int32(j))
		}
	}
	for _, h := range line {
		h.open = open
	}
}

func order(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

package patrol

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// effort says how many searches are made, each with its own random numbers, and
// how many rounds of each: a small problem has its best plan in a corner that
// only another beginning finds, a large one needs the time for its rounds.
func effort(p *Problem) (searches, rounds int) {
	size := len(p.Units) * len(p.Spots)
	return max(4, min(600/size, 24)), max(20, min(300_000/size, 500))
}

// Solve plans the routes. It returns a [*Fault] for a problem that has no
// sensible answer, and the context's error if that ends before.
func Solve(ctx context.Context, p Problem) (Plan, error) {
	p.Rules = p.Rules.filled()
	if err := p.check(); err != nil {
		return Plan{}, err
	}
	p = p.stays()
	searches, rounds := effort(&p)
	if p.Rules.Rounds == 0 {
		p.Rules.Rounds = rounds
	}
	unreachable, can, err := p.reach()
	if err != nil {
		return Plan{}, err
	}
	worth := p.draw(can)
	found := make([]*state, searches)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range found {
		g.Go(func() (err error) {
			found[i], err = p.search(ctx, worth, rand.New(rand.NewPCG(p.Rules.Seed, uint64(i)+1)))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return Plan{}, err
	}
	best := found[0]
	for _, st := range found[1:] {
		if st.beats(best) {
			best = st
		}
	}
	best.shuffle(rand.New(rand.NewPCG(p.Rules.Seed, 0)))
	plan := best.plan()
	plan.Unreachable = unreachable
	for s, spot := range p.Spots {
		if can[s] && !spot.Explore && len(best.visits[s]) == len(spot.Taken) {
			plan.Left = append(plan.Left, s)
		}
	}
	return plan, nil
}

// stays gives each spot its stay, and exploration one stop only.
func (p Problem) stays() Problem {
	spots := make([]Spot, len(p.Spots))
	for i, s := range p.Spots {
		if s.StayS == 0 {
			s.StayS = p.Rules.StayS
		}
		if s.Explore && s.Most != None {
			s.Most = 1
		}
		spots[i] = s
	}
	p.Spots = spots
	return p
}

// beats says whether st is worth more, or as much with less driving.
func (st *state) beats(other *state) bool {
	near := 1e-9 * math.Max(math.Abs(st.score), math.Abs(other.score))
	if math.Abs(st.score-other.score) > near {
		return st.score > other.score
	}
	return st.travel < other.travel-soon
}

// search ruins and recreates from a greedy beginning. A change for the worse is
// kept by chance, less and less (Kirkpatrick et al. 1983).
func (p *Problem) search(ctx context.Context, worth []float64, rng *rand.Rand) (*state, error) {
	now := newState(p, worth)
	now.recreate(rng)
	for u := range p.Units {
		now.tidy(u)
	}
	now.recreate(nil)
	best := now
	scale, drive := now.real(), math.Max(now.travel, 1)
	if scale == 0 {
		scale = 1
	}
	// At first the loss of a third of a mean stop is soon accepted, at last of none.
	stops := 0
	for _, r := range now.routes {
		stops += len(r)
	}
	hot := 0.5 / float64(max(stops, 1))
	const cooling, miles = 0.01, 0.05
	for round := range p.Rules.Rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next := now.clone()
		if !next.ruin(rng) {
			continue
		}
		next.recreate(rng)
		for u := range p.Units {
			if !same(next.routes[u], now.routes[u]) {
				next.tidy(u)
			}
		}
		next.recreate(nil)
		heat := hot * math.Pow(cooling, float64(round)/float64(p.Rules.Rounds))
		loss := (now.score-next.score)/scale + miles*(next.travel-now.travel)/drive
		if loss <= 0 || rng.Float64() < math.Exp(-loss/heat) {
			now = next
		}
		if next.beats(best) {
			best = next
		}
	}
	return best, nil
}

// real is the score without exploration.
func (st *state) real() (score float64) {
	for s, spot := range st.p.Spots {
		if spot.Explore {
			continue
		}
		g := st.worth[s]
		for k := range st.visits[s] {
			if k >= len(spot.Taken) {
				score += g
			}
			g *= st.p.Rules.Fade
		}
	}
	return score
}

// same says whether two routes are one: routes are replaced, never changed.
func same(a, b []int32) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

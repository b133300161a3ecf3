package siting

import (
	"math"
	"slices"
)

// saddle looks for the bound of a covering model without conditions whose rows
// are worth less and less with each unit more (all but DSM),
//
//	max_y min_u  sum_i max_k (w_i f(k) - u_i k) + sum_j y_j sum_{i in N_j} u_i
//
// with y of sum p, each between what is fixed and what may stand there, and u
// between 0 and w f(1), by steps towards both at once (Chambolle & Pock 2011, with the step sizes of Pock & Chambolle 2011),
// begun anew from the mean of the steps as in Applegate et al. 2021. The bound at
// any u holds; where the method ends it is that of the linear relaxation,
// which the subgradient steps of [descend] come near to only slowly.
type saddle struct {
	x      *instance
	u, y   []float64
	mean   saddlePoint // of the steps since it began anew
	began  saddlePoint // where that was
	n      int         // steps since then
	tau    []float64   // step sizes of candidates
	sigma  []float64   // and of rows
	weight float64     // of steps in u against those in y
	low    []float64   // units fixed at each candidate
	most   []int       // units that may cover a row
	worth  []float64   // of candidates: sum of u over what they cover
	next   []float64
	last   float64 // gap when it began anew
	round  int
	best   dual
	seen   map[uint64]bool
	size   int64 // of what a step adds up
}

// A saddlePoint is a u and a y.
type saddlePoint struct{ u, y []float64 }

func newSaddle(x *instance, u []float64) *saddle {
	n, m := len(x.covers), len(x.rows)
	s := &saddle{x: x, u: make([]float64, m), y: make([]float64, n), tau: make([]float64, n), sigma: make([]float64, m), weight: 4,
		low: make([]float64, n), most: newCoverDual(x).most, worth: make([]float64, n), next: make([]float64, n), last: math.Inf(1), seen: map[uint64]bool{}}
	for i := range s.u {
		s.u[i] = min(u[i], x.rows[i].weight*x.worth[1])
		s.sigma[i] = 1 / float64(max(1, len(x.by[i])))
	}
	for j, rows := range x.covers {
		s.tau[j] = 1 / float64(max(1, len(rows)))
		s.size += 2 * int64(len(rows))
	}
	for _, j := range x.p.Fixed {
		s.low[j]++
	}
	s.mean = saddlePoint{make([]float64, m), make([]float64, n)}
	s.began = saddlePoint{slices.Clone(s.u), slices.Clone(s.y)}
	s.best = dual{bound: math.Inf(1), worth: make([]float64, n), multipliers: make([]float64, m)}
	return s
}

// lookEvery so many steps the bound is looked at.
const lookEvery = 20

// run takes some more rounds of steps, and fewer where the bound comes down to
// a plan's value.
func (s *saddle) run(target float64, rounds int) dual {
	u, y := make([]float64, len(s.u)), make([]float64, len(s.y))
	before := s.best.steps
	for range rounds {
		s.step()
		if s.round++; s.round%lookEvery != 0 {
			continue
		}
		for i, v := range s.mean.u {
			u[i] = v / float64(s.n)
		}
		for j, v := range s.mean.y {
			y[j] = v / float64(s.n)
		}
		at := saddlePoint{u, y}
		gap := s.look(at)
		if here := (saddlePoint{s.u, s.y}); s.look(here) < gap {
			at, gap = here, s.look(here)
		}
		if s.best.bound-target <= 1e-9*abs(target) {
			break
		}
		if gap < s.last/2 || 3*s.n > s.round {
			s.anew(at, gap)
		}
	}
	d := s.best
	d.starts = slices.Clone(d.starts)
	slices.Reverse(d.starts)
	d.steps -= before
	return d
}

// step takes one step towards the largest y and, beyond it, the least u.
func (s *saddle) step() {
	s.add(s.u, s.worth)
	for j := range s.y {
		s.next[j] = s.y[j] + s.tau[j]/s.weight*s.worth[j]
	}
	s.project(s.next)
	for j, v := range s.next {
		s.y[j], s.next[j] = v, 2*v-s.y[j]
		s.mean.y[j] += v
	}
	for i, by := range s.x.by {
		var cover float64
		for _, j := range by {
			cover += s.next[j]
		}
		s.u[i] = s.prox(i, s.u[i], s.weight*s.sigma[i], cover)
		s.mean.u[i] += s.u[i]
	}
	s.n++
	s.best.steps += s.size
}

// prox is the u that solves u = from + step (k - cover), k being the units that
// row i takes at the price u: as many as are worth it.
func (s *saddle) prox(i int, from, step, cover float64) float64 {
	worth := func(k int) float64 { return s.x.rows[i].weight * (s.x.worth[k] - s.x.worth[k-1]) } // of the k-th unit
	dearest := worth(1)
	for k := range s.most[i] {
		next := worth(k + 1)
		if u := from + step*(float64(k)-cover); u >= next {
			return min(u, dearest)
		}
		dearest = next
	}
	return min(dearest, max(0, from+step*(float64(s.most[i])-cover)))
}

// row is what row i is worth at the price u beside it, and what it is worth with
// so many units, of which a part may be.
func (s *saddle) row(i int, u, cover float64) (priced, plain float64) {
	w := s.x.rows[i].weight
	for k := 1; k <= s.most[i]; k++ {
		more := w * (s.x.worth[k] - s.x.worth[k-1])
		priced += max(0, more-u)
		plain += more * min(1, max(0, cover-float64(k-1)))
	}
	return priced, plain
}

// add sums u over what each candidate covers.
func (s *saddle) add(u, into []float64) {
	for j, rows := range s.x.covers {
		var v float64
		for _, i := range rows {
			v += u[i]
		}
		into[j] = v
	}
}

// project moves y to the nearest, as the steps measure, that has the sum p and
// lies between what is fixed and what may stand at a place: y - l tau for some l,
// cut to that.
func (s *saddle) project(y []float64) {
	lo, hi, most := math.Inf(1), math.Inf(-1), float64(s.x.stack)
	for j, v := range y {
		lo, hi = min(lo, (v-most)/s.tau[j]), max(hi, (v-s.low[j])/s.tau[j])
	}
	move := func(j int, l float64) float64 {
		return min(most, max(s.low[j], y[j]-l*s.tau[j]))
	}
	for range 40 {
		mid, sum := (lo+hi)/2, 0.0
		for j := range y {
			sum += move(j, mid)
		}
		if sum > float64(s.x.units) {
			lo = mid
		} else {
			hi = mid
		}
	}
	for j := range y {
		y[j] = move(j, (lo+hi)/2)
	}
}

// look keeps the bound at a point if it is the best, and the candidates that
// are worth most there, and returns how far the point's values are apart.
func (s *saddle) look(p saddlePoint) (gap float64) {
	var bound, value float64
	for i := range s.x.rows {
		var cover float64
		for _, j := range s.x.by[i] {
			cover += p.y[j]
		}
		priced, plain := s.row(i, p.u[i], cover)
		bound += priced
		value += plain
	}
	s.add(p.u, s.worth)
	sum, _ := choose(s.worth, order(len(s.worth)), s.x.p.Fixed, s.x.units, s.x.stack)
	bound += sum
	s.best.steps += s.size
	if bound < s.best.bound {
		s.best.bound = bound
		copy(s.best.multipliers, p.u)
		copy(s.best.worth, s.worth)
		_, picked := choose(p.y, order(len(p.y)), s.x.p.Fixed, s.x.units, s.x.stack)
		if h := hash(picked); !s.seen[h] {
			s.seen[h] = true
			s.best.starts = append(s.best.starts, picked)
		}
	}
	return bound - value
}

// anew begins again at a point, steps in u and y balanced by how far it has moved.
func (s *saddle) anew(at saddlePoint, gap float64) {
	s.last, s.n = gap, 0
	copy(s.u, at.u)
	copy(s.y, at.y)
	var du, dy float64
	for i, v := range s.u {
		du += (v - s.began.u[i]) * (v - s.began.u[i]) / s.sigma[i]
	}
	for j, v := range s.y {
		dy += (v - s.began.y[j]) * (v - s.began.y[j]) / s.tau[j]
	}
	if du > 0 && dy > 0 {
		s.weight = math.Sqrt(s.weight * math.Sqrt(du/dy))
	}
	copy(s.began.u, s.u)
	copy(s.began.y, s.y)
	clear(s.mean.u)
	clear(s.mean.y)
}

package etas

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// sums are what an expectation step adds up over all pairs i < j, with
// p_ij = g(t_j - t_i, r_ij)/λ_j, the chance that i set off j.
type sums struct {
	p   float64 // Σ p_ij: events that were set off
	pdt float64 // Σ p_ij (t_j - t_i)
	prr float64 // Σ p_ij r_ij²
	lnl float64 // Σ ln λ_j
	n   int64   // pairs within reach
}

func (s *sums) add(o sums) {
	s.p += o.p
	s.pdt += o.pdt
	s.prr += o.prr
	s.lnl += o.lnl
	s.n += o.n
}

// expect is the expectation step: it writes p_jj = μ(x_j)/λ_j, the chance that
// an event is of the background, into own and returns the sums. mu is μ at each
// event, per day and m².
//
// The events are cut into pieces whose number depends on nothing but how many
// they are, and the sums of the pieces are added in their order, so the result
// has the same bits on any number of cores.
func (c *catalogue) expect(ctx context.Context, p Params, mu, own []float64, reachM, reachDays float64, workers int) (sums, error) {
	n := len(c.events)
	pieces := min(max(n/2048, 1), 512)
	part := make([]sums, pieces)
	err := share(ctx, pieces, workers, func(k int) {
		part[k] = c.piece(n*k/pieces, n*(k+1)/pieces, p, mu, own, reachM, reachDays)
	})
	var all sums
	for _, s := range part {
		all.add(s)
	}
	return all, err
}

// A near is the pairs of one event that count, gathered before they are worked
// on: whether a pair counts is a coin toss that no processor foresees, so it is
// looked up without a jump, and what is costly then runs straight through.
type near struct{ z, dt, rr [batch]float64 }

const batch = 256

func (c *catalogue) piece(from, to int, p Params, mu, own []float64, reachM, reachDays float64) sums {
	var s sums
	var w [9]window
	var b near
	windows, at := 0, int32(-1)
	scale := p.Theta * p.Omega / (2 * math.Pi * p.S * p.S)
	halfOverSS := 1 / (2 * p.S * p.S)
	rr2 := min(reachM*reachM, far/halfOverSS)
	for j := from; j < to; j++ {
		e := c.events[j]
		if c.bucket[j] != at {
			at = c.bucket[j]
			windows = c.windows(&w, at, e.t, reachDays)
		}
		var g effect
		n := 0
		for k := range w[:windows] {
			v := &w[k]
			for v.lo < v.end && c.events[v.lo].t < e.t-reachDays {
				v.lo++
			}
			for v.hi < v.end && c.events[v.hi].t < e.t {
				v.hi++
			}
			for lo := v.lo; lo < v.hi; {
				some := min(v.hi-lo, int32(batch-n))
				n = b.gather(n, c.events[lo:lo+some], e, p.Omega, halfOverSS, rr2)
				if lo += some; n == batch {
					g.add(&b, n)
					s.n += int64(n)
					n = 0
				}
			}
		}
		g.add(&b, n)
		s.n += int64(n)
		lambda := mu[j] + scale*g.g
		own[j] = mu[j] / lambda
		q := scale / lambda
		s.p += q * g.g
		s.pdt += q * g.gdt
		s.prr += q * g.grr
		s.lnl += math.Log(lambda)
	}
	return s
}

// An effect is what all that came before adds to the rate at an event, over
// the rate of the first moment; and the same times days and square metres.
type effect struct{ g, gdt, grr float64 }

func (g *effect) add(b *near, n int) {
	sum := *g
	dt, rr := b.dt[:n], b.rr[:n]
	for i, z := range b.z[:n] {
		f := decay(z)
		sum.g += f
		sum.gdt += f * dt[i]
		sum.grr += f * rr[i]
	}
	*g = sum
}

// gather keeps those events that may have set off e, in their order, after the
// n that are kept already, and returns how many there are then. Together there
// are at most batch.
func (b *near) gather(n int, events []event, e event, omega, halfOverSS, rr2 float64) int {
	for _, o := range events {
		dx, dy := e.x-o.x, e.y-o.y
		rr := dx*dx + dy*dy
		dt := e.t - o.t
		z := omega*dt + rr*halfOverSS
		b.z[n&(batch-1)], b.dt[n&(batch-1)], b.rr[n&(batch-1)] = z, dt, rr
		var close, soon int
		if rr <= rr2 {
			close = 1
		}
		if z <= far {
			soon = 1
		}
		n += close & soon
	}
	return n
}

// share does pieces of work on some cores, all if workers is 0, and stops
// early when ctx ends.
func share(ctx context.Context, pieces, workers int, do func(piece int)) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(workers, pieces) {
		all.Go(func() {
			for ctx.Err() == nil {
				k := int(next.Add(1)) - 1
				if k >= pieces {
					return
				}
				do(k)
			}
		})
	}
	all.Wait()
	return ctx.Err()
}

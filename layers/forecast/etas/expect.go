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

func (c *catalogue) piece(from, to int, p Params, mu, own []float64, reachM, reachDays float64) sums {
	var s sums
	var w [9]window
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
		var g, gdt, grr float64
		for k := range w[:windows] {
			v := &w[k]
			for v.lo < v.end && c.events[v.lo].t < e.t-reachDays {
				v.lo++
			}
			for v.hi < v.end && c.events[v.hi].t < e.t {
				v.hi++
			}
			if v.lo >= v.hi {
				continue
			}
			for _, o := range c.events[v.lo:v.hi] {
				dx, dy := e.x-o.x, e.y-o.y
				rr := dx*dx + dy*dy
				if rr > rr2 {
					continue
				}
				dt := e.t - o.t
				z := p.Omega*dt + rr*halfOverSS
				if z > far {
					continue
				}
				f := decay(z)
				g += f
				gdt += f * dt
				grr += f * rr
				s.n++
			}
		}
		lambda := mu[j] + scale*g
		own[j] = mu[j] / lambda
		q := scale / lambda
		s.p += q * g
		s.pdt += q * gdt
		s.prr += q * grr
		s.lnl += math.Log(lambda)
	}
	return s
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

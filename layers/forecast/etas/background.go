package etas

import (
	"context"

	"onemap/layers/forecast/hotspot"
)

// A background is μ: a density of the events that nothing set off,
//
//	μ(x) = (1/T) Σ_j p_jj [(1-u) K_h(x - x_j)/m_j + u/A]
//
// K_h being a Gaussian kernel of which the share m_j lies inside the city, A
// the city's area, and u the share that is the same everywhere. Dividing by m_j
// keeps the mass: the background expects as many events a day inside the city
// as there were.
type background struct {
	c       *catalogue
	field   *field // nil where u is 1
	uniform float64
	area    float64   // m²
	days    float64   // T
	within  []float64 // m_j
	mass    float64   // Σ p_jj
}

// leastWithin is the smallest m_j that is divided by: an event so far from all
// cells must not count for many.
const leastWithin = 0.1

func newBackground(ctx context.Context, s *hotspot.Space, c *catalogue, o Options) (*background, error) {
	b := &background{c: c, uniform: o.Uniform, area: s.TotalM2(), days: c.till - c.from}
	if o.Uniform >= 1 {
		return b, nil
	}
	b.field = newField(s.Bound(), o.BandwidthM/4)
	b.field.spread(o.BandwidthM)
	// The city itself, blurred, says how much of a kernel lies inside it.
	f := b.field
	for row := range f.rows {
		for col := range f.cols {
			if s.CellAt(f.middle(col, row)) >= 0 {
				f.v[row*f.cols+col] = 1
			}
		}
	}
	if err := f.blur(ctx, o.Workers); err != nil {
		return nil, err
	}
	b.within = make([]float64, len(c.events))
	for j, e := range c.events {
		b.within[j] = max(f.read(e.x, e.y), leastWithin)
	}
	return b, nil
}

// draw makes the background of p_jj.
func (b *background) draw(ctx context.Context, own []float64, workers int) error {
	b.mass = 0
	for _, p := range own {
		b.mass += p
	}
	if b.field == nil {
		return nil
	}
	clear(b.field.v)
	for j, e := range b.c.events {
		b.field.put(e.x, e.y, own[j]/b.within[j])
	}
	return b.field.blur(ctx, workers)
}

// atEvents writes μ at each event, per day and m², without what the event
// itself adds (p_jj is in own).
func (b *background) atEvents(ctx context.Context, mu, own []float64, workers int) error {
	flat := b.uniform * b.mass / (b.days * b.area)
	if b.field == nil {
		for j := range mu {
			mu[j] = flat
		}
		return nil
	}
	n, f := len(mu), b.field
	scale := (1 - b.uniform) / (b.days * f.d * f.d)
	pieces := max(n/4096, 1)
	return share(ctx, pieces, workers, func(k int) {
		for j := n * k / pieces; j < n*(k+1)/pieces; j++ {
			e := b.c.events[j]
			others := f.read(e.x, e.y) - own[j]/b.within[j]*f.self(e.x, e.y)
			mu[j] = max(others, 0)*scale + flat
		}
	})
}

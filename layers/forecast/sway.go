package forecast

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/backtest"
	"onemap/layers/forecast/guard"
	"onemap/layers/forecast/hotspot"
)

// What a forecast sways with: where the lattice happens to lie, and who reports.

const (
	swayWindows = 12   // of the past, on each of the shifted lattices
	lightParts  = 5    // of the pool, the heaviest: the rest hardly moves it
	mostGroups  = 12   // divisions that are thinned, each a forecast of its own
	missing     = 0.3  // of a division's reports
	thinTop     = 0.01 // of the area
)

// A share is a part of the pool with its weight.
type share struct {
	hotspot.Model
	weight float64
}

// heaviest are the parts that the champion is made of, the heaviest first.
func (o *made) heaviest(pool hotspot.Pool, weights map[string]float64) []share {
	var all []share
	for _, m := range pool.Parts {
		w := weights[m.Name()]
		if o.model != pool.Label {
			w = 0
			if m.Name() == o.model {
				w = 1
			}
		}
		if w > 0 {
			all = append(all, share{m, w})
		}
	}
	slices.SortStableFunc(all, func(a, b share) int { return cmp.Compare(b.weight, a.weight) })
	return all[:min(lightParts, len(all))]
}

// shift judges the champion's heaviest parts on lattices that lie half a cell
// apart: how much of the hit rate is luck of the raster. The regression on the
// map stays out, for its columns are those of one lattice.
func (o *made) shift(ctx context.Context, m material, j judgement, areas []backtest.Area, first int, cut float64, origins int) error {
	p := m.params
	if p.Space != Lattice || o.space.Len() < 4 {
		return nil
	}
	light := hotspot.Pool{Label: "pool", HorizonD: j.windowDays, Windows: swayWindows, Steps: 100, Prior: 50}
	for _, s := range o.heaviest(j.pool, j.weights) {
		if s.Name() != "glm" {
			light.Parts, light.Belief = append(light.Parts, s.Model), append(light.Belief, s.weight)
		}
	}
	if light.Parts == nil {
		return nil
	}
	var origin orb.Point
	if p.Origin != nil {
		origin = o.plane.Forward(*p.Origin)
	}
	n := min(swayWindows, origins)
	got, _, err := backtest.Shift(ctx, o.plane.MultiPolygon(m.ground.polys[0]), p.CellM, p.Angle, origin, o.past, light,
		backtest.Options{From: cut - float64(n)*j.windowDays, To: cut, Areas: areas, Seed: uint64(p.Seed), Level: level, Draws: 40, Known: o.known})
	if err != nil {
		return asInput("cell_m", err)
	}
	o.trust.Grid = &GridShift{Origins: 4, Windows: n, HitLow: plain(got.Hit[first].Low), HitHigh: plain(got.Hit[first].High)}
	return nil
}

// mixed is the champion with the weights that it has: what a thinned city would
// be forecast with.
type mixed struct{ parts []share }

func (mixed) Name() string { return "mixed" }

func (m mixed) Fit(ctx context.Context, s *hotspot.Space, past []hotspot.Event, until float64) (hotspot.Fitted, error) {
	f := mixedFitted{parts: m.parts}
	for _, p := range m.parts {
		one, err := p.Fit(ctx, s, past, until)
		if err != nil {
			return nil, err
		}
		f.fitted = append(f.fitted, one)
	}
	return f, nil
}

type mixedFitted struct {
	parts  []share
	fitted []hotspot.Fitted
}

// Expect gives shares of the city by the weights; their sum says nothing.
func (f mixedFitted) Expect(from, to float64, into []float64) {
	clear(into)
	q := make([]float64, len(into))
	for k, one := range f.fitted {
		one.Expect(from, to, q)
		var sum float64
		for _, v := range q {
			sum += v
		}
		if sum > 0 {
			for c, v := range q {
				into[c] += f.parts[k].weight * v / sum
			}
		}
	}
}

// thin asks how the top of the map would differ if one division after the other
// had reported less: those that expect most, each by itself.
func (o *made) thin(ctx context.Context, codes []string, p Params, cut float64) error {
	parts := o.heaviest(o.pool, o.weights)
	if len(parts) == 0 {
		return nil
	}
	expected := map[string]float64{}
	for i, code := range codes {
		if d := division(code); d != "" {
			expected[d] += o.expected[i]
		}
	}
	var g guard.Groups
	for d := range expected {
		g.Names = append(g.Names, d)
	}
	slices.SortFunc(g.Names, func(a, b string) int { return cmp.Or(cmp.Compare(expected[b], expected[a]), cmp.Compare(a, b)) })
	g.Names = g.Names[:min(mostGroups, len(g.Names))]
	for _, code := range codes {
		g.OfCell = append(g.OfCell, slices.Index(g.Names, division(code)))
	}
	got, err := guard.UnderReport(ctx, mixed{parts}, o.space, o.past, cut, g, guard.Thinning{Missing: missing, Top: thinTop, HorizonD: o.windowDays, Seed: uint64(p.Seed)})
	if err != nil {
		return fmt.Errorf("under-reporting: %w", err)
	}
	o.thinned = map[string]guard.Sensitivity{}
	for _, s := range got {
		o.thinned[s.Group] = s
	}
	return nil
}

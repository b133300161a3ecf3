package guard

import (
	"context"
	"fmt"
	"math/rand/v2"

	"onemap/layers/forecast/hotspot"
)

// Thinning says how reports are taken away.
type Thinning struct {
	Missing  float64 // share of an area's reports that were never made, such as 0.3
	Top      float64 // share of the city that is flagged, such as 0.01
	HorizonD float64 // days that are forecast
	Seed     uint64
}

// A Sensitivity is how the flagged cells change when one area reports less.
type Sensitivity struct {
	Group   string  `json:"group"`
	Events  int     `json:"events"`  // of the group
	Removed int     `json:"removed"` // taken away
	Jaccard float64 `json:"jaccard"` // flagged in both over flagged in either
	Before  float64 `json:"before"`  // share of the flagged area that lies in the group
	After   float64 `json:"after"`
}

// UnderReport makes the forecast anew for each area with a part of that area's
// reports missing, as where people report less (Akpinar, De-Arteaga &
// Chouldechova 2021), and compares what is flagged. It fits the model once for
// each group and once more. It returns errors wrapping [hotspot.ErrInput].
func UnderReport(ctx context.Context, m hotspot.Model, s *hotspot.Space, past []hotspot.Event, until float64, g Groups, o Thinning) ([]Sensitivity, error) {
	if err := g.check(s); err != nil {
		return nil, err
	}
	if !(o.Missing > 0 && o.Missing <= 1) || !(o.Top > 0 && o.Top < 1) || !(o.HorizonD > 0) {
		return nil, fmt.Errorf("%w: under-reporting: the missing share and the flagged share must lie between 0 and 1, and the horizon above 0 days", hotspot.ErrInput)
	}
	flagged := func(past []hotspot.Event) ([]bool, error) {
		f, err := m.Fit(ctx, s, past, until)
		if err != nil {
			return nil, err
		}
		expected := make([]float64, s.Len())
		f.Expect(until, until+o.HorizonD, expected)
		return hot(s, expected, o.Top), nil
	}
	whole, err := flagged(past)
	if err != nil {
		return nil, err
	}
	group := make([]int, len(past))
	for i, e := range past {
		group[i] = -1
		if c := s.CellAt(e.At); c >= 0 {
			group[i] = g.OfCell[c]
		}
	}
	out := make([]Sensitivity, 0, len(g.Names))
	for k, name := range g.Names {
		r := Sensitivity{Group: name}
		kept := make([]hotspot.Event, 0, len(past))
		for i, e := range past {
			if group[i] == k {
				r.Events++
				if rand.New(rand.NewPCG(o.Seed, uint64(i))).Float64() < o.Missing {
					r.Removed++
					continue
				}
			}
			kept = append(kept, e)
		}
		less, err := flagged(kept)
		if err != nil {
			return nil, err
		}
		r.Jaccard, r.Before, r.After = compare(s, whole, less, g.OfCell, k)
		out = append(out, r)
	}
	return out, nil
}

// compare returns the Jaccard index of two choices of cells, and which share of
// the area of each lies in a group.
func compare(s *hotspot.Space, a, b []bool, of []int, group int) (jaccard, inA, inB float64) {
	var both, either, areaA, areaB float64
	for c := range a {
		if !a[c] && !b[c] {
			continue
		}
		either++
		if a[c] && b[c] {
			both++
		}
		m2 := s.AreaM2(c)
		if a[c] {
			areaA += m2
			if of[c] == group {
				inA += m2
			}
		}
		if b[c] {
			areaB += m2
			if of[c] == group {
				inB += m2
			}
		}
	}
	return both / either, inA / areaA, inB / areaB
}

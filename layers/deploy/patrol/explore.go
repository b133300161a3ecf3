package patrol

import (
	"math"
	"math/rand/v2"
)

// draw says what a first stop at each spot is worth to the search: nothing
// where no unit can be, its score at a hot spot, and at those places of
// exploration that chance chooses more than anything else. As many are chosen
// as make up the share of the stops of a plan without them.
func (p *Problem) draw(can []bool) []float64 {
	worth := make([]float64, len(p.Spots))
	most := 0.0
	var places []int
	for s, spot := range p.Spots {
		switch {
		case !can[s]:
		case spot.Explore:
			places = append(places, s)
		default:
			worth[s] = spot.Score
			most = max(most, spot.Score)
		}
	}
	if p.Rules.Explore == 0 || len(places) == 0 {
		return worth
	}
	rng := rand.New(rand.NewPCG(p.Rules.Seed, math.MaxUint64))
	first := newState(p, worth)
	first.recreate(nil)
	stops := 0
	for _, r := range first.routes {
		stops += len(r)
	}
	n := max(1, int(math.Round(p.Rules.Explore*float64(stops))))
	rng.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	if most == 0 {
		most = 1
	}
	for _, s := range places[:min(n, len(places))] {
		worth[s] = dear * most
	}
	return worth
}

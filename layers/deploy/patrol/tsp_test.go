package patrol_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"onemap/layers/deploy/patrol"
	"onemap/layers/layerstest"
)

// With time for all stops a route is a travelling salesman's tour: none of ours
// is longer than pgRouting's.
func TestNoTourIsLongerThanPgRoutings(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	db := layerstest.DB(t)
	for i := range 50 {
		rng := rand.New(rand.NewPCG(20, uint64(i)))
		n := 5 + i%26
		p := patrol.Problem{Travel: plain(rng, n, 1800, 0), Spots: spots(rng, n), Units: []patrol.Unit{{UntilS: 24 * hour}}, Rules: patrol.Rules{MaxSpots: n, StayS: 60, Rounds: 60}}
		var rows []string
		for a := range p.Travel {
			for b := range p.Travel {
				if p.Travel[a][b] = float32(math.Round(float64(p.Travel[a][b]))); a != b {
					rows = append(rows, fmt.Sprintf("(%d, %d, %v::float8)", a+1, b+1, p.Travel[a][b]))
				}
			}
		}
		for s := range p.Spots {
			p.Spots[s].Most = 1
		}
		var theirs float64
		if err := db.QueryRow(t.Context(), `SELECT max(agg_cost) FROM pgr_TSP('SELECT * FROM (VALUES `+strings.Join(rows, ",")+`) t (start_vid, end_vid, agg_cost)', 1, 1)`).Scan(&theirs); err != nil {
			t.Fatal(err)
		}
		plan := solve(t, p)
		if plan.Stops != n || plan.TravelS > theirs+1e-6 {
			t.Errorf("instance %d: %d of %d stops, %.0f s of driving; pgr_TSP needs %.0f", i, plan.Stops, n, plan.TravelS, theirs)
		}
	}
}

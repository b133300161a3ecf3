package patrol

import (
	"fmt"
	"math"
)

// MostExact is how many spots [Exact] takes.
const MostExact = 14

// Exact is the best score there is, by dynamic programming over subsets, of a
// problem with one stop a spot, no breaks and no exploration: for each unit the
// earliest end of each set of spots (Held & Karp 1962), then the best way to
// share the spots out. It returns a [*Fault] for a problem that is larger or of
// another kind.
func Exact(p Problem) (float64, error) {
	p.Rules = p.Rules.filled()
	if err := p.check(); err != nil {
		return 0, err
	}
	if len(p.Spots) > MostExact {
		return 0, &Fault{"spots", fmt.Sprint(len(p.Spots)), fmt.Sprintf("at most %d spots", MostExact)}
	}
	p = p.stays()
	for i, s := range p.Spots {
		if s.Most != 1 || s.Explore || len(s.Taken) > 0 {
			return 0, &Fault{fmt.Sprintf("spots[%d]", i), "", "one stop at most, no exploration, none taken"}
		}
	}
	sets := 1 << len(p.Spots)
	score := make([]float64, sets)
	for set := 1; set < sets; set++ {
		for s := range p.Spots {
			if set>>s&1 == 1 {
				score[set] += p.Spots[s].Score
			}
		}
	}
	best := make([]float64, sets) // of all units so far, of the spots of a set
	for u := range p.Units {
		if len(p.Units[u].Breaks) > 0 {
			return 0, &Fault{fmt.Sprintf("units[%d].breaks", u), "", "none"}
		}
		fits := p.within(u)
		next := make([]float64, sets)
		for set := range sets {
			for own := set; ; own = (own - 1) & set { // each subset, the empty one last
				if fits[own] {
					next[set] = max(next[set], score[own]+best[set&^own])
				}
				if own == 0 {
					break
				}
			}
		}
		best = next
	}
	return best[sets-1], nil
}

// within says of each set of spots whether unit u can stop at all of them.
func (p *Problem) within(u int) []bool {
	unit, n := &p.Units[u], len(p.Spots)
	sets := 1 << n
	early := make([]float64, sets*n) // earliest leaving of the set's last spot
	for i := range early {
		early[i] = math.Inf(1)
	}
	fits := make([]bool, sets)
	fits[0] = unit.FromS+p.drive(unit.Start, unit.End) <= unit.UntilS+soon
	for set := 1; set < sets; set++ {
		spots := 0
		for s := range n {
			if set>>s&1 == 0 {
				continue
			}
			spots++
			rest, t := set&^(1<<s), math.Inf(1)
			if rest == 0 {
				t = unit.FromS + p.drive(unit.Start, p.Spots[s].Place)
			}
			for before := range n {
				if rest>>before&1 == 1 {
					t = min(t, early[rest*n+before]+p.drive(p.Spots[before].Place, p.Spots[s].Place))
				}
			}
			t += p.Spots[s].StayS
			early[set*n+s] = t
			if t+p.drive(p.Spots[s].Place, unit.End) <= unit.UntilS+soon {
				fits[set] = true
			}
		}
		if spots > p.Rules.MaxSpots || unit.MaxStops > 0 && spots > unit.MaxStops || unit.Unreachable {
			fits[set] = false
		}
	}
	return fits
}

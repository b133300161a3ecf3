package patrol

import (
	"fmt"
	"math"
)

// retime drives the routes one after the other, each keeping its distance from
// those before it.
func (p *Problem) retime(orders [][]int) (Plan, error) {
	if len(orders) != len(p.Units) {
		return Plan{}, &Fault{"units", fmt.Sprint(len(orders)), fmt.Sprintf("an order of stops for each of the %d units", len(p.Units))}
	}
	st := newState(p, make([]float64, len(p.Spots)))
	count := make([]int, len(p.Spots))
	for u, order := range orders {
		field := fmt.Sprintf("units[%d].stops", u)
		if len(order) > mostStops {
			return Plan{}, &Fault{field, fmt.Sprint(len(order)), fmt.Sprintf("at most %d stops", mostStops)}
		}
		if len(order) > 0 && p.Units[u].Unreachable {
			return Plan{}, &Fault{field, "", "none: no road leads from where this unit begins"}
		}
		route := make([]int32, len(order))
		for k, s := range order {
			if s < 0 || s >= len(p.Spots) {
				return Plan{}, &Fault{fmt.Sprintf("%s[%d]", field, k), fmt.Sprint(s), "a place of the plan"}
			}
			if p.Spots[s].Most == None {
				return Plan{}, &Fault{fmt.Sprintf("%s[%d]", field, k), "", "another place: the cap of this one is used up"}
			}
			if count[s]++; p.Spots[s].Most > 0 && count[s] > p.Spots[s].Most {
				return Plan{}, &Fault{fmt.Sprintf("%s[%d]", field, k), "", fmt.Sprintf("at most %d stops at this place: its cap, or exploration, which is one stop", p.Spots[s].Most)}
			}
			route[k] = int32(s)
		}
		if p.Units[u].Unreachable || st.set(u, route) {
			continue
		}
		return Plan{}, p.misfit(u, route, st.visits, field)
	}
	return st.plan(), nil
}

// misfit says how a route does not fit: it is driven with a shift without end.
func (p *Problem) misfit(u int, route []int32, visits [][]visit, field string) error {
	long := *p
	long.Units = append([]Unit{}, p.Units...)
	long.Units[u].UntilS = math.MaxFloat64
	r, ok := long.write(u, route, visits)
	over := r.EndS - p.Units[u].UntilS
	switch {
	case ok && math.IsInf(over, 1):
		return &Fault{field, "", "stops that roads lead to: one of them cannot be reached"}
	case ok:
		return &Fault{field, "", fmt.Sprintf("fewer stops, or nearer ones: the unit would be back %.0f min after the end of its shift", math.Ceil(over/minutes))}
	}
	return &Fault{field, "", "another order: a break would begin too late, or a stop cannot be reached"}
}

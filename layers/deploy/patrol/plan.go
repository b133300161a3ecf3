package patrol

import (
	"cmp"
	"slices"
)

// plan writes the routes down with their times.
func (st *state) plan() Plan {
	out := Plan{Routes: make([]Route, len(st.routes)), Left: []int{}, Unreachable: []int{}}
	for u, route := range st.routes {
		out.Routes[u] = Route{Stops: []Stop{}, Breaks: []Pause{}}
		if !st.p.Units[u].Unreachable {
			out.Routes[u], _ = st.p.write(u, route, st.visits)
		}
		out.TravelS += out.Routes[u].TravelS
		out.Stops += len(route)
	}
	st.p.count(&out)
	return out
}

// write drives a route and writes down what happens when.
func (p *Problem) write(unit int, route []int32, visits [][]visit) (Route, bool) {
	u := &p.Units[unit]
	out := Route{Stops: make([]Stop, 0, len(route)), Breaks: []Pause{}}
	paused := func(from, drive float64, after moment) {
		out.Breaks = append(out.Breaks, Pause{Before: len(out.Stops), FromS: from, ToS: after.t, Place: u.Breaks[after.breaks-1].Place, DriveS: drive})
	}
	m, ok := u.begin(), true
	starts := make([]float64, len(route))
	for k, s := range route {
		was, rests := m, len(out.Breaks)
		var arrive float64
		if m, arrive, starts[k], ok = p.step(u, int32(unit), m, s, visits[s], last(route, starts, k, s), paused); !ok {
			return out, false
		}
		drive := m.travel - was.travel
		for _, b := range out.Breaks[rests:] {
			drive -= b.DriveS
		}
		out.Stops = append(out.Stops, Stop{Spot: int(s), ArriveS: arrive, StartS: starts[k], LeaveS: m.t, DriveS: drive})
	}
	m, ok = p.home(u, m, paused)
	out.TravelS, out.WaitS, out.EndS = m.travel, m.wait, m.t
	return out, ok
}

// count numbers the stops at each spot by their time, and gives each its score.
func (p *Problem) count(plan *Plan) {
	type ref struct {
		start   float64
		unit, k int // unit -1: of another plan
	}
	at := make([][]ref, len(p.Spots))
	for s, spot := range p.Spots {
		for _, t := range spot.Taken {
			at[s] = append(at[s], ref{t, -1, 0})
		}
	}
	for u, r := range plan.Routes {
		for k, stop := range r.Stops {
			at[stop.Spot] = append(at[stop.Spot], ref{stop.StartS, u, k})
		}
	}
	for s, refs := range at {
		slices.SortStableFunc(refs, func(a, b ref) int { return cmp.Compare(a.start, b.start) })
		// Other plans were there first, whatever their hour: what a plan is worth
		// does not hang on the order in which plans are accepted.
		worth := p.Spots[s].Score
		for range p.Spots[s].Taken {
			worth *= p.Rules.Fade
		}
		for n, r := range refs {
			if r.unit < 0 {
				continue
			}
			stop := &plan.Routes[r.unit].Stops[r.k]
			stop.Visit = n + 1
			if p.Spots[s].Explore {
				plan.Explored++
				continue
			}
			stop.Score = worth
			plan.Score += worth
			worth *= p.Rules.Fade
		}
	}
}

// Retime drives routes that a person has put into order, stop by stop as
// given: orders[u] are indexes into p.Spots. Nothing is left out or added. It
// returns a [*Fault] naming the unit whose route no longer fits.
func Retime(p Problem, orders [][]int) (Plan, error) {
	p.Rules = p.Rules.filled()
	if err := p.check(); err != nil {
		return Plan{}, err
	}
	p = p.stays()
	return p.retime(orders)
}

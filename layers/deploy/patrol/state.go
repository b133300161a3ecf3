package patrol

import "slices"

// dear is what an exploration stop is worth to the search, in first stops of
// the best spot: they are drawn by chance, so that nothing may push them out.
const dear = 1000

// state is a set of routes that keep all rules, with what is needed to change
// one of them quickly.
type state struct {
	p      *Problem
	routes [][]int32
	at     [][]moment  // at[u][k]: unit u after k stops
	starts [][]float64 // of its stops
	end    []moment
	visits [][]visit // by spot; those of other plans are of the unit -1
	worth  []float64 // of a spot's first stop, to the search
	score  float64   // of worth
	travel float64

	detours []bool // of units that take a break at a place

	route  []int32 // scratch
	during []float64
}

func newState(p *Problem, worth []float64) *state {
	st := &state{p: p, worth: worth, routes: make([][]int32, len(p.Units)), at: make([][]moment, len(p.Units)), starts: make([][]float64, len(p.Units)),
		end: make([]moment, len(p.Units)), visits: make([][]visit, len(p.Spots)), detours: make([]bool, len(p.Units))}
	for u := range p.Units {
		st.detours[u] = slices.ContainsFunc(p.Units[u].Breaks, func(b Break) bool { return b.Place >= 0 })
	}
	for s, spot := range p.Spots {
		for _, t := range spot.Taken {
			st.visits[s] = append(st.visits[s], visit{-1, t})
		}
	}
	for u := range p.Units {
		if !p.Units[u].Unreachable {
			st.set(u, nil) // reach has seen that it may stay empty
		}
	}
	return st
}

func (st *state) clone() *state {
	c := *st
	// Routes and their times are replaced as a whole, never changed in place.
	c.routes, c.at, c.starts, c.end = slices.Clone(st.routes), slices.Clone(st.at), slices.Clone(st.starts), slices.Clone(st.end)
	c.visits = make([][]visit, len(st.visits))
	for s, v := range st.visits {
		c.visits[s] = slices.Clone(v)
	}
	c.route, c.during = nil, nil
	return &c
}

// set gives unit u another route; no, and nothing changed, if it cannot be driven.
func (st *state) set(u int, route []int32) bool {
	p, unit := st.p, &st.p.Units[u]
	m, ok := unit.begin(), true
	at, starts := append(make([]moment, 0, len(route)+1), m), make([]float64, 0, len(route))
	for k, s := range route {
		var start float64
		if m, _, start, ok = p.step(unit, int32(u), m, s, st.visits[s], last(route, starts, k, s), nil); !ok {
			return false
		}
		at, starts = append(at, m), append(starts, start)
	}
	end, ok := p.home(unit, m, nil)
	if !ok {
		return false
	}
	for k, s := range st.routes[u] {
		st.drop(s, int32(u), st.starts[u][k])
	}
	for k, s := range route {
		st.score += st.gain(s)
		st.visits[s] = append(st.visits[s], visit{int32(u), starts[k]})
	}
	st.travel += end.travel - st.end[u].travel
	st.routes[u], st.at[u], st.starts[u], st.end[u] = route, at, starts, end
	return true
}

func (st *state) drop(s, unit int32, start float64) {
	for i, v := range st.visits[s] {
		if v.unit == unit && v.start == start {
			st.visits[s] = slices.Delete(st.visits[s], i, i+1)
			break
		}
	}
	st.score -= st.gain(s)
}

// gain is what one more stop at s is worth.
func (st *state) gain(s int32) float64 {
	g := st.worth[s]
	for range st.visits[s] {
		g *= st.p.Rules.Fade
	}
	return g
}

// wanted says whether one more stop at s is allowed, of whichever unit.
func (st *state) wanted(s int32) bool {
	spot := &st.p.Spots[s]
	return st.worth[s] > 0 && spot.Most != None && (spot.Most == 0 || len(st.visits[s])-len(spot.Taken) < spot.Most)
}

// room says whether unit u may take one more stop, at s.
func (st *state) room(u int, s int32) bool {
	route, unit := st.routes[u], &st.p.Units[u]
	if unit.Unreachable || len(route) >= mostStops || unit.MaxStops > 0 && len(route) >= unit.MaxStops {
		return false
	}
	if st.p.Spots[s].Explore {
		return true
	}
	different := 0
	for k, r := range route {
		if r == s {
			return true
		}
		if !st.p.Spots[r].Explore && !slices.Contains(route[:k], r) {
			different++
		}
	}
	return different < st.p.Rules.MaxSpots
}

// place is where a stop fits best into a route.
type place struct {
	pos  int
	cost float64 // seconds of time that it takes
	ok   bool
}

// best finds where s fits into unit u's route at the least cost.
func (st *state) best(u int, s int32) (b place) {
	if !st.room(u, s) {
		return b
	}
	p, unit, old, n := st.p, &st.p.Units[u], st.end[u], len(st.routes[u])
	spot := &p.Spots[s]
	route := append(append(st.route[:0], s), st.routes[u]...)
	starts := append(append(st.during[:0], 0), st.starts[u]...)
	st.route, st.during = route, starts
	for pos := 0; ; pos++ {
		m := st.at[u][pos]
		next := unit.End
		if pos < n {
			next = p.Spots[route[pos+1]].Place
		}
		extra := p.drive(m.place, spot.Place) + p.drive(spot.Place, next) - p.drive(m.place, next)
		// What is waited from here on may be used up; more than that and the time
		// left at the end there is not.
		if extra+spot.StayS <= unit.UntilS-old.t+old.wait-m.wait+soon {
			if end, ok := st.drive(u, pos, route, starts); ok {
				cost := max(0.5*(end.travel-old.travel+spot.StayS)+0.5*(end.t-old.t), 1)
				if !b.ok || cost < b.cost {
					b = place{pos, cost, true}
				}
			}
		}
		if pos == n {
			return b
		}
		route[pos], route[pos+1] = route[pos+1], s
		starts[pos] = st.starts[u][pos]
	}
}

// drive goes on with a changed route of unit u from stop pos.
func (st *state) drive(u, pos int, route []int32, starts []float64) (moment, bool) {
	p, unit, m, ok := st.p, &st.p.Units[u], st.at[u][pos], true
	for k := pos; k < len(route); k++ {
		s := route[k]
		if m, _, starts[k], ok = p.step(unit, int32(u), m, s, st.visits[s], last(route, starts, k, s), nil); !ok {
			return m, false
		}
	}
	return p.home(unit, m, nil)
}

// insert puts s into unit u's route.
func (st *state) insert(u int, s int32, pos int) bool {
	return st.set(u, slices.Insert(slices.Clone(st.routes[u]), pos, s))
}

package patrol

import "slices"

// tidy shortens unit u's route by 2-opt and or-opt (Croes 1958; Or 1976) until
// neither helps. Waiting is not travel: a change that only waits less counts
// half, so that the time gained can be filled.
func (st *state) tidy(u int) {
	for better := true; better; {
		better = false
		n := len(st.routes[u])
		for i := 0; i < n && !better; i++ {
			for j := i + 1; j < n && !better; j++ {
				better = st.shorter(u, reversed(st.copy(u), i, j))
			}
			for long := 1; long <= 3 && i+long <= n && !better; long++ {
				for to := 0; to <= n-long && !better; to++ {
					if to != i {
						better = st.shorter(u, moved(st.copy(u), i, long, to))
					}
				}
			}
		}
	}
}

// copy is unit u's route in scratch.
func (st *state) copy(u int) []int32 {
	st.route = append(st.route[:0], st.routes[u]...)
	return st.route
}

// shorter takes a route with the same stops if it is shorter.
func (st *state) shorter(u int, route []int32) bool {
	// A longer drive is no gain: most changes end here. Where a break is taken at
	// a place, only driving tells how long it is.
	if !st.detours[u] && st.length(u, route) > st.length(u, st.routes[u])-soon {
		return false
	}
	from := 0
	for from < len(route) && route[from] == st.routes[u][from] {
		from++
	}
	if from == len(route) {
		return false
	}
	starts := append(append(st.during[:0], st.starts[u][:from]...), make([]float64, len(route)-from)...)
	st.during = starts
	end, ok := st.drive(u, from, route, starts)
	old := st.end[u]
	if !ok || end.travel+0.5*end.t >= old.travel+0.5*old.t-soon || end.travel > old.travel+soon {
		return false
	}
	return st.set(u, slices.Clone(route))
}

// length is the driving of a route without its breaks.
func (st *state) length(u int, route []int32) (s float64) {
	at := st.p.Units[u].Start
	for _, r := range route {
		next := st.p.Spots[r].Place
		s += st.p.drive(at, next)
		at = next
	}
	return s + st.p.drive(at, st.p.Units[u].End)
}

// reversed turns the stops i to j of r round, in place.
func reversed(r []int32, i, j int) []int32 {
	slices.Reverse(r[i : j+1])
	return r
}

// moved puts the long stops from i, at most 3, before the to-th of the rest, in place.
func moved(r []int32, i, long, to int) []int32 {
	var part [3]int32
	copy(part[:], r[i:i+long])
	r = append(r[:i], r[i+long:]...)
	return slices.Insert(r, to, part[:long]...)
}

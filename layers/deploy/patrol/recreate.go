package patrol

import (
	"math"
	"math/rand/v2"
)

// recreate fills the routes: again and again the stop that is worth most for
// the time that it takes. Where rng is given, what a spot is worth
// to a unit is made up to a half larger or smaller by chance, and now and then time counts less or not.
func (st *state) recreate(rng *rand.Rand) {
	units, spots := len(st.p.Units), len(st.p.Spots)
	power, wide := 1.0, 0.0
	if rng != nil {
		power = [...]float64{1, 1, 1, 0.5, 0}[rng.IntN(5)]
		wide = [...]float64{0.05, 0.2, 1}[rng.IntN(3)]
	}
	luck := make([]float64, units*spots)
	for i := range luck {
		luck[i] = 1
		if rng != nil {
			luck[i] += wide * (rng.Float64() - 0.5)
		}
	}
	known := make([]place, units*spots)
	fresh := make([]bool, units*spots)
	for {
		unit, spot, value := -1, int32(-1), 0.0
		for s := range int32(spots) {
			if !st.wanted(s) {
				continue
			}
			gain := st.gain(s)
			for u := range units {
				i := u*spots + int(s)
				if !fresh[i] {
					known[i], fresh[i] = st.best(u, s), true
				}
				b := known[i]
				if !b.ok {
					continue
				}
				if v := gain * luck[i] / math.Pow(b.cost, power); v > value {
					unit, spot, value = u, s, v
				}
			}
		}
		if unit < 0 {
			return
		}
		if !st.insert(unit, spot, known[unit*spots+int(spot)].pos) {
			known[unit*spots+int(spot)].ok = false // the times of others have moved under it
			continue
		}
		for s := range spots { // the route has changed for all spots,
			fresh[unit*spots+s] = false
		}
		for u := range units { // the spot for all routes
			fresh[u*spots+int(spot)] = false
		}
	}
}

// ruin takes stops out of the routes, in one of four ways, and says of which
// units; no if a route could then not be driven.
func (st *state) ruin(rng *rand.Rand) bool {
	all := 0
	for _, r := range st.routes {
		all += len(r)
	}
	if all == 0 {
		return true
	}
	n := 1 + rng.IntN(min(max(all/3, 5), 15))
	out := make([][]bool, len(st.routes))
	for u, r := range st.routes {
		out[u] = make([]bool, len(r))
	}
	switch rng.IntN(4) {
	case 0: // any
		for range n {
			u, k := st.any(rng)
			out[u][k] = true
		}
	case 1: // a part of a route
		u, k := st.any(rng)
		for i := k; i < min(k+n, len(out[u])); i++ {
			out[u][i] = true
		}
	case 2: // what is near to a stop
		u, k := st.any(rng)
		centre := st.p.Spots[st.routes[u][k]].Place
		for range n {
			bestU, bestK, best := -1, 0, 0.0
			for u, r := range st.routes {
				for k, s := range r {
					if d := st.p.drive(centre, st.p.Spots[s].Place); !out[u][k] && (bestU < 0 || d < best) {
						bestU, bestK, best = u, k, d
					}
				}
			}
			if bestU >= 0 {
				out[bestU][bestK] = true
			}
		}
	case 3: // all stops at some spots
		for range 1 + n/4 {
			u, k := st.any(rng)
			s := st.routes[u][k]
			for u, r := range st.routes {
				for k := range r {
					out[u][k] = out[u][k] || r[k] == s
				}
			}
		}
	}
	for u, r := range st.routes {
		kept := make([]int32, 0, len(r))
		for k, s := range r {
			if !out[u][k] {
				kept = append(kept, s)
			}
		}
		if len(kept) < len(r) && !st.set(u, kept) {
			return false
		}
	}
	return true
}

// any draws a stop of any route; there must be one.
func (st *state) any(rng *rand.Rand) (unit, k int) {
	n := 0
	for _, r := range st.routes {
		n += len(r)
	}
	i := rng.IntN(n)
	for u, r := range st.routes {
		if i < len(r) {
			return u, i
		}
		i -= len(r)
	}
	panic("patrol: no stop drawn")
}

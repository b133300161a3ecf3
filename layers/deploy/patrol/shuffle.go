package patrol

import (
	"math/rand/v2"
	"slices"
)

// shuffle brings each route into a random order, so that nobody learns where a
// unit will be: the same stops, within the shift, at most Rules.Detour more
// driving. Stops are swapped, turned round and moved by chance; what breaks a
// rule is not done.
func (st *state) shuffle(rng *rand.Rand) {
	if st.p.Rules.Detour == 0 {
		return
	}
	for u := range st.routes {
		n := len(st.routes[u])
		if n < 2 {
			continue
		}
		most := st.end[u].travel*(1+st.p.Rules.Detour) + soon
		for range 30 * n {
			i, j := rng.IntN(n), rng.IntN(n)
			if i == j {
				continue
			}
			route := slices.Clone(st.routes[u])
			switch rng.IntN(3) {
			case 0:
				route[i], route[j] = route[j], route[i]
			case 1:
				slices.Reverse(route[min(i, j) : max(i, j)+1])
			case 2:
				route = moved(route, i, 1, j)
			}
			starts := make([]float64, n)
			if end, ok := st.drive(u, 0, route, starts); ok && end.travel <= most {
				st.set(u, route)
			}
		}
	}
}

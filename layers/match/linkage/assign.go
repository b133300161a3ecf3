package linkage

import (
	"cmp"
	"math"
	"slices"
)

// mostExact is the size of a knot of rows up to which the best assignment is
// found exactly. Larger ones, chains without addresses, go best first.
const mostExact = 160

// assign chooses edges so that no row is in two of them and the sum of their
// worth, which must be above 0, is the greatest. It answers for each edge
// whether it is chosen.
func assign(edges []edge, worth func(edge) float64) []bool {
	chosen := make([]bool, len(edges))
	for _, knot := range knots(edges) {
		lefts, rights := map[int]int{}, map[int]int{}
		for _, i := range knot {
			lefts[edges[i].left] = 0
			rights[edges[i].right] = 0
		}
		switch {
		case len(knot) == 1:
			chosen[knot[0]] = true
		case len(lefts) <= mostExact && len(rights) <= mostExact:
			exact(edges, knot, worth, chosen)
		default:
			greedy(edges, knot, worth, chosen)
		}
	}
	return chosen
}

// knots are the edges in groups that share no row, in the order of the edges.
func knots(edges []edge) [][]int {
	parent := map[int]int{} // rows: left as they are, right as ^right
	var find func(int) int
	find = func(a int) int {
		p, ok := parent[a]
		if !ok || p == a {
			parent[a] = a
			return a
		}
		parent[a] = find(p)
		return parent[a]
	}
	for _, e := range edges {
		parent[find(e.left)] = find(^e.right)
	}
	at := map[int]int{}
	var out [][]int
	for i, e := range edges {
		root := find(e.left)
		n, ok := at[root]
		if !ok {
			n = len(out)
			at[root] = n
			out = append(out, nil)
		}
		out[n] = append(out[n], i)
	}
	return out
}

func greedy(edges []edge, knot []int, worth func(edge) float64, chosen []bool) {
	slices.SortFunc(knot, func(a, b int) int { return cmp.Or(cmp.Compare(worth(edges[b]), worth(edges[a])), cmp.Compare(a, b)) })
	usedLeft, usedRight := map[int]bool{}, map[int]bool{}
	for _, i := range knot {
		e := edges[i]
		if !usedLeft[e.left] && !usedRight[e.right] {
			usedLeft[e.left], usedRight[e.right], chosen[i] = true, true, true
		}
	}
}

// exact is the Hungarian method with potentials (Kuhn 1955; in the form of
// Jonker and Volgenant), on a square of costs in which no edge costs nothing.
func exact(edges []edge, knot []int, worth func(edge) float64, chosen []bool) {
	lefts, rights := map[int]int{}, map[int]int{}
	number := func(m map[int]int, row int) int {
		n, ok := m[row]
		if !ok {
			n = len(m) + 1
			m[row] = n
		}
		return n
	}
	for _, i := range knot {
		number(lefts, edges[i].left)
		number(rights, edges[i].right)
	}
	n := max(len(lefts), len(rights))
	cost := make([][]float64, n+1)
	at := make([][]int, n+1)
	for i := range cost {
		cost[i], at[i] = make([]float64, n+1), make([]int, n+1)
	}
	for _, i := range knot {
		l, r := lefts[edges[i].left], rights[edges[i].right]
		if c := -worth(edges[i]); c < cost[l][r] {
			cost[l][r], at[l][r] = c, i+1
		}
	}
	u, v, row, way := make([]float64, n+1), make([]float64, n+1), make([]int, n+1), make([]int, n+1)
	for i := 1; i <= n; i++ {
		row[0] = i
		j0 := 0
		least, used := make([]float64, n+1), make([]bool, n+1)
		for j := range least {
			least[j] = math.Inf(1)
		}
		for {
			used[j0] = true
			i0, j1, delta := row[j0], 0, math.Inf(1)
			for j := 1; j <= n; j++ {
				if used[j] {
					continue
				}
				if c := cost[i0][j] - u[i0] - v[j]; c < least[j] {
					least[j], way[j] = c, j0
				}
				if least[j] < delta {
					delta, j1 = least[j], j
				}
			}
			for j := 0; j <= n; j++ {
				if used[j] {
					u[row[j]] += delta
					v[j] -= delta
				} else {
					least[j] -= delta
				}
			}
			if j0 = j1; row[j0] == 0 {
				break
			}
		}
		for j0 != 0 {
			j1 := way[j0]
			row[j0] = row[j1]
			j0 = j1
		}
	}
	for j := 1; j <= n; j++ {
		if i := row[j]; i > 0 && at[i][j] > 0 {
			chosen[at[i][j]-1] = true
		}
	}
}

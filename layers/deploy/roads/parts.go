package roads

import "slices"

// findParts numbers the connected parts, largest first, and marks the core: the
// nodes of the largest part that all reach each other.
func (g *Graph) findParts() {
	n := len(g.nodes)
	g.part, g.core = make([]int32, n), make([]bool, n)
	root := make([]int32, n) // union-find; -1: no edge that is open
	for i := range root {
		root[i] = -1
	}
	find := func(v int32) int32 {
		for root[v] != v {
			root[v] = root[root[v]]
			v = root[v]
		}
		return v
	}
	for e := range g.edges {
		if !g.open(int32(e)) {
			continue
		}
		g.parts.Edges++
		a, b := g.source[e], g.target[e]
		for _, v := range []int32{a, b} {
			if root[v] < 0 {
				root[v] = v
			}
		}
		root[find(a)] = find(b)
	}
	size := make([]int, n)
	var roots []int32
	for v := range int32(n) {
		if root[v] < 0 {
			continue
		}
		r := find(v)
		if size[r] == 0 {
			roots = append(roots, r)
		}
		size[r]++
		g.parts.Nodes++
	}
	slices.SortStableFunc(roots, func(a, b int32) int { return size[b] - size[a] })
	rank := make([]int32, n)
	for i, r := range roots {
		rank[r] = int32(i)
	}
	for v := range int32(n) {
		g.part[v] = -1
		if root[v] >= 0 {
			g.part[v] = rank[find(v)]
		}
	}
	g.parts.Count = len(roots)
	if len(roots) > 0 {
		g.parts.Largest = size[roots[0]]
		g.findCore()
	}
}

// findCore looks for the largest strongly connected set of the largest part:
// what can be reached from a node and reaches it. A city's network has one that
// is nearly all of it, so the first node tried is nearly always in it; the
// best of a few is kept where it is not.
func (g *Graph) findCore() {
	first, tails := g.against()
	tries := 0
	for v := range int32(len(g.nodes)) {
		if g.part[v] != 0 || g.core[v] {
			continue
		}
		there := reached(v, g.first, g.heads)
		back := reached(v, first, tails)
		size := 0
		for u := range there {
			there[u] = there[u] && back[u]
			if there[u] {
				size++
			}
		}
		if size > g.parts.Core {
			g.parts.Core, g.core = size, there
		}
		if tries++; 2*g.parts.Core > g.parts.Largest || tries == 64 {
			return
		}
	}
}

// against lists what leads into each node.
func (g *Graph) against() (first, tails []int32) {
	first = make([]int32, len(g.nodes)+1)
	for _, to := range g.heads {
		first[to+1]++
	}
	for v := range g.nodes {
		first[v+1] += first[v]
	}
	tails = make([]int32, len(g.heads))
	at := slices.Clone(first)
	for v := range g.nodes {
		for a := g.first[v]; a < g.first[v+1]; a++ {
			to := g.heads[a]
			tails[at[to]] = int32(v)
			at[to]++
		}
	}
	return first, tails
}

func reached(from int32, first, heads []int32) []bool {
	seen := make([]bool, len(first)-1)
	seen[from] = true
	for todo := []int32{from}; len(todo) > 0; {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, u := range heads[first[v]:first[v+1]] {
			if !seen[u] {
				seen[u] = true
				todo = append(todo, u)
			}
		}
	}
	return seen
}

package base

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
)

// A node is a crossing or an end of the road network.
type node struct {
	id int64
	at location
}

// An edge is the road between two crossings, drawn from source to target.
type edge struct {
	id, road       int64
	source, target int64
	pace           pace
	class          string
	line           orb.LineString
}

// A vertex is one point of a road. Roads meet where they have vertices with
// the same id, not where their lines merely cross: a bridge meets nothing.
type vertex struct {
	id int64
	at location
}

// crossings knows the vertices where roads must be cut: those that come more
// than once, and the ends. Add all roads, then sort once, then ask.
type crossings struct{ ids []int64 }

func (c *crossings) add(ids []int64) {
	if len(ids) == 0 {
		return
	}
	c.ids = append(c.ids, ids...)
	c.ids = append(c.ids, ids[0], ids[len(ids)-1]) // so that ends count twice
}

// sort keeps of the vertices those that came twice or more.
func (c *crossings) sort() {
	slices.Sort(c.ids)
	kept := c.ids[:0]
	for i := 0; i < len(c.ids); {
		j := i + 1
		for j < len(c.ids) && c.ids[j] == c.ids[i] {
			j++
		}
		if j-i > 1 {
			kept = append(kept, c.ids[i])
		}
		i = j
	}
	c.ids = slices.Clip(kept)
}

func (c *crossings) has(id int64) bool {
	_, ok := slices.BinarySearchFunc(c.ids, id, cmp.Compare)
	return ok
}

// edgesPerRoad bounds a road's vertices in an edge's id; OSM allows 2,000.
const edgesPerRoad = 4096

// cut makes the edges of one road. line is its unbroken course, which begins
// at vertex number first of road number; an edge's id is made of the road's
// number and that of the edge's first vertex, so it stays while the road does.
func (c *crossings) cut(number, road int64, first int, line []vertex, p pace, class string) []edge {
	var out []edge
	from := 0
	for i := 1; i < len(line); i++ {
		if i < len(line)-1 && !c.has(line[i].id) {
			continue
		}
		e := edge{id: number*edgesPerRoad + int64(first+from), road: road, source: line[from].id, target: line[i].id, pace: p, class: class}
		for _, v := range line[from : i+1] {
			e.line = append(e.line, v.at.point())
		}
		out = append(out, e)
		from = i
	}
	return out
}

// A Network says how well the imported roads hang together.
type Network struct {
	Nodes, Edges int64
	// Cars and Foot are the parts that are joined: how many, and which share
	// of their nodes is in the largest. A city's network has one large part
	// and, at the edge of an extract and behind barriers, crumbs.
	Cars, Foot Parts
}

// Parts counts the connected parts of a network, directions left aside.
type Parts struct {
	Count   int
	Nodes   int // in all parts
	Largest int // nodes in the largest
	// Trapped are nodes of the largest part that cannot be reached from its
	// core or cannot reach it, because one-way roads lead only out or in.
	Trapped int
}

// A linker finds the parts of a network as its edges go by: 16 bytes an edge.
type linker struct {
	cars, foot [][2]int64
	nodes      []node
	edges      int64
}

func (l *linker) add(e edge, from, to location) {
	l.edges++
	l.nodes = append(l.nodes, node{e.source, from}, node{e.target, to})
	if e.pace.forward > 0 {
		l.cars = append(l.cars, [2]int64{e.source, e.target})
	}
	if e.pace.backward > 0 {
		l.cars = append(l.cars, [2]int64{e.target, e.source})
	}
	if e.pace.foot > 0 {
		l.foot = append(l.foot, [2]int64{e.source, e.target}, [2]int64{e.target, e.source})
	}
}

// unique returns the network's nodes, each once, in the order of their ids.
func (l *linker) unique() []node {
	slices.SortFunc(l.nodes, func(a, b node) int { return cmp.Compare(a.id, b.id) })
	l.nodes = slices.CompactFunc(l.nodes, func(a, b node) bool { return a.id == b.id })
	return l.nodes
}

func (l *linker) report() *Network {
	return &Network{Nodes: int64(len(l.unique())), Edges: l.edges, Cars: partsOf(l.cars), Foot: partsOf(l.foot)}
}

// partsOf looks at arcs from one node to another.
func partsOf(arcs [][2]int64) Parts {
	if len(arcs) == 0 {
		return Parts{}
	}
	ids := make([]int64, 0, 2*len(arcs))
	for _, a := range arcs {
		ids = append(ids, a[0], a[1])
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	n := len(ids)
	index := func(id int64) int32 { i, _ := slices.BinarySearch(ids, id); return int32(i) }
	numbered := make([][2]int32, len(arcs))
	part := make([]int32, n) // union-find
	for i := range part {
		part[i] = int32(i)
	}
	find := func(x int32) int32 {
		for part[x] != x {
			part[x] = part[part[x]]
			x = part[x]
		}
		return x
	}
	for i, a := range arcs {
		numbered[i] = [2]int32{index(a[0]), index(a[1])}
		part[find(numbered[i][0])] = find(numbered[i][1])
	}
	size := make(map[int32]int)
	for i := range int32(n) {
		size[find(i)]++
	}
	p := Parts{Count: len(size), Nodes: n}
	for _, s := range size {
		p.Largest = max(p.Largest, s)
	}
	p.Trapped = p.Largest - min(p.Largest, largestStrong(n, numbered))
	return p
}

// largestStrong is the size of the largest set of nodes that can all reach
// each other (Tarjan 1972, with a stack of its own in the place of recursion,
// because a country's roads are deeper than a goroutine's stack should be).
func largestStrong(n int, arcs [][2]int32) int {
	first := make([]int32, n+1) // arcs sorted by their start, as offsets
	for _, a := range arcs {
		first[a[0]+1]++
	}
	for i := range n {
		first[i+1] += first[i]
	}
	to := make([]int32, len(arcs))
	fill := slices.Clone(first)
	for _, a := range arcs {
		to[fill[a[0]]] = a[1]
		fill[a[0]]++
	}
	next := slices.Clone(first[:n]) // the arc to follow next
	order := make([]int32, n)       // when the node was met, from 1; 0: not yet
	low := make([]int32, n)
	onStack := make([]bool, n)
	var stack, path []int32
	var met int32
	largest := 0
	for start := range int32(n) {
		if order[start] != 0 {
			continue
		}
		path = append(path, start)
		for len(path) > 0 {
			v := path[len(path)-1]
			if order[v] == 0 {
				met++
				order[v], low[v] = met, met
				stack, onStack[v] = append(stack, v), true
			}
			if next[v] < first[v+1] {
				w := to[next[v]]
				next[v]++
				if order[w] == 0 {
					path = append(path, w)
				} else if onStack[w] {
					low[v] = min(low[v], order[w])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				u := path[len(path)-1]
				low[u] = min(low[u], low[v])
			}
			if low[v] == order[v] {
				size := 0
				for {
					w := stack[len(stack)-1]
					stack, onStack[w] = stack[:len(stack)-1], false
					size++
					if w == v {
						break
					}
				}
				largest = max(largest, size)
			}
		}
	}
	return largest
}

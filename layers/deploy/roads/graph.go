package roads

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"sync"
)

// Graph is the network as one profile travels it. It never changes and is safe
// for concurrent use.
type Graph struct {
	*network
	profile Profile
	// Seconds over an edge as drawn and against it; below 0 where it is closed.
	forward, backward []float64
	// Arcs out of node v: heads and costs[first[v]:first[v+1]].
	first []int32
	heads []int32
	costs []float64

	part  []int32 // of each node, 0 the largest; -1: the profile cannot get there
	core  []bool
	parts Parts

	searches sync.Pool // *search, reused: their arrays are as long as the network
}

// Factors say how many times as fast as the network's own costs a profile
// passes a class of road: 1 where there is none.
type Factors map[string]float64

// New makes the graph of edges. It returns [ErrNoRoads] where the profile may
// use none of them.
func New(edges []Edge, p Profile, f Factors) (*Graph, error) {
	return newGraph(newNetwork(edges), p, f)
}

func newGraph(n *network, p Profile, f Factors) (*Graph, error) {
	g := &Graph{network: n, profile: p, forward: make([]float64, len(n.edges)), backward: make([]float64, len(n.edges))}
	for i, e := range n.edges {
		there, back := e.Forward, e.Backward
		if p.Mode == Foot {
			there, back = e.Foot, e.Foot
		}
		factor := 1.0
		if v := f[e.Class]; v > 0 {
			factor = v
		} else if v := f[""]; v > 0 {
			factor = v
		}
		g.forward[i], g.backward[i] = there/factor, back/factor
	}
	g.arcs()
	g.findParts()
	if g.parts.Edges == 0 {
		return nil, ErrNoRoads
	}
	g.searches.New = func() any { return newSearch(len(n.nodes)) }
	return g, nil
}

// arcs lists what leads out of each node.
func (g *Graph) arcs() {
	g.first = make([]int32, len(g.nodes)+1)
	each := func(visit func(from, to int32, cost float64)) {
		for i := range g.edges {
			if g.forward[i] >= 0 {
				visit(g.source[i], g.target[i], g.forward[i])
			}
			if g.backward[i] >= 0 {
				visit(g.target[i], g.source[i], g.backward[i])
			}
		}
	}
	each(func(from, _ int32, _ float64) { g.first[from+1]++ })
	for v := range g.nodes {
		g.first[v+1] += g.first[v]
	}
	n := g.first[len(g.nodes)]
	g.heads, g.costs = make([]int32, n), make([]float64, n)
	at := append([]int32(nil), g.first...)
	each(func(from, to int32, cost float64) {
		g.heads[at[from]], g.costs[at[from]] = to, cost
		at[from]++
	})
}

// Profile says how the graph is travelled.
func (g *Graph) Profile() Profile { return g.profile }

// Parts says how the graph hangs together.
func (g *Graph) Parts() Parts { return g.parts }

// Print is equal for networks whose edges and times are equal: 16 hexadecimal
// digits (FNV-1a).
func (g *Graph) Print() string {
	h := fnv.New64a()
	var b [24]byte
	for i, e := range g.edges {
		binary.LittleEndian.PutUint64(b[:8], uint64(e.ID))
		binary.LittleEndian.PutUint64(b[8:16], math.Float64bits(g.forward[i]))
		binary.LittleEndian.PutUint64(b[16:], math.Float64bits(g.backward[i]))
		h.Write(b[:])
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// offMS is how fast the way between a place and its road is passed, in metres
// a second: at walking pace; by car as on a private drive.
func (g *Graph) offMS() float64 {
	if g.profile.Mode == Foot {
		return 5 / 3.6
	}
	return 15 / 3.6
}

// open says whether edge e may be used in one of the two directions.
func (g *Graph) open(e int32) bool { return g.forward[e] >= 0 || g.backward[e] >= 0 }

package roads

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Path returns the quickest way from a to b, from a.At to b.At; nil where
// there is none. See [Graph.Route] for its time and length.
func (g *Graph) Path(a, b Place) orb.LineString { return g.Route(a, b).Line }

// A Route is the quickest way between two places.
type Route struct {
	Line    orb.LineString // nil where there is none
	Seconds float64
	Metres  float64
}

// Route returns the quickest way from a to b. Its Line is nil and its Seconds
// are +Inf where there is none.
func (g *Graph) Route(a, b Place) Route {
	none := Route{Seconds: math.Inf(1)}
	if a.At == b.At {
		return Route{Line: orb.LineString{a.At, b.At}}
	}
	s := g.searches.Get().(*search)
	defer g.searches.Put(s)
	s.begin()
	g.start(s, 0, a)
	// Both ends of b's edge count, and the nearer one need not be the better.
	left := g.endsOfOne(b)
	g.run(s, math.Inf(1), func(v int32) bool {
		if left[v] {
			delete(left, v)
		}
		return len(left) == 0
	})
	seconds, by := g.end(s, b)
	if direct := g.beside(a, b); direct <= seconds {
		if math.IsInf(direct, 1) {
			return none
		}
		return g.routeOf(direct, a, b, [][]orb.Point{g.between(a.edge, a.along, b.along)})
	}
	if by < 0 {
		return none
	}
	var pieces [][]orb.Point
	pieces = append(pieces, g.between(b.edge, g.doorAlong(b, by, false), b.along))
	v := by
	for s.before[v] >= 0 {
		u := s.before[v]
		e, there := g.edgeOf(u, v)
		if there {
			pieces = append(pieces, g.between(e, 0, 1))
		} else {
			pieces = append(pieces, g.between(e, 1, 0))
		}
		v = u
	}
	pieces = append(pieces, g.between(a.edge, a.along, g.doorAlong(a, v, true)))
	slices.Reverse(pieces)
	return g.routeOf(seconds, a, b, pieces)
}

func (g *Graph) routeOf(seconds float64, a, b Place, pieces [][]orb.Point) Route {
	line := orb.LineString{a.At}
	for _, p := range append(pieces, []orb.Point{b.At}) {
		for _, at := range p {
			if at != line[len(line)-1] {
				line = append(line, at)
			}
		}
	}
	r := Route{Line: line, Seconds: seconds}
	for i := 1; i < len(line); i++ {
		m, n := g.plane.metres(line[i-1]), g.plane.metres(line[i])
		r.Metres += math.Hypot(n[0]-m[0], n[1]-m[1])
	}
	return r
}

// between is the edge's line from one share of its length to another, against
// its drawing where to is the smaller.
func (g *Graph) between(e int32, from, to float64) []orb.Point {
	if from <= to {
		return g.piece(e, from, to)
	}
	p := g.piece(e, to, from)
	slices.Reverse(p)
	return p
}

// edgeOf is the quickest edge from u to v, and whether it is passed as drawn.
// Only a route asks, so it looks through u's arcs for the cost and then
// through the edges about it.
func (g *Graph) edgeOf(u, v int32) (edge int32, there bool) {
	best := math.Inf(1)
	for _, e := range g.edgesAt(u) {
		if g.source[e] == u && g.target[e] == v && g.forward[e] >= 0 && g.forward[e] < best {
			best, edge, there = g.forward[e], e, true
		}
		if g.target[e] == u && g.source[e] == v && g.backward[e] >= 0 && g.backward[e] < best {
			best, edge, there = g.backward[e], e, false
		}
	}
	return edge, there
}

// doorAlong is where the edge of p is left or entered at its end v, as a share
// of its length. A loop has both ends in v: the quicker one counts.
func (g *Graph) doorAlong(p Place, v int32, out bool) float64 {
	d := g.doors(p, out)
	if d[0].node == v && (d[1].node != v || d[0].seconds <= d[1].seconds) {
		return 0
	}
	return 1
}

func (g *Graph) endsOfOne(p Place) map[int32]bool {
	left := map[int32]bool{}
	for _, d := range g.doors(p, false) {
		if !math.IsInf(d.seconds, 1) {
			left[d.node] = true
		}
	}
	return left
}

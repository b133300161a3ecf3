package roads

import (
	"math"

	"github.com/paulmach/orb"
)

// A Reached is what lies within some seconds of one or more places. Close it
// when done: its arrays are then used again.
type Reached struct {
	g     *Graph
	s     *search
	from  []Place
	on    map[int32][]int32 // which of from are on an edge
	limit float64
}

// Reach looks how far one gets from the nearest of some places in seconds.
func (g *Graph) Reach(from []Place, seconds float64) *Reached {
	r := &Reached{g: g, s: g.searches.Get().(*search), from: from, on: make(map[int32][]int32, len(from)), limit: seconds}
	r.s.begin()
	for i, p := range from {
		g.start(r.s, i, p)
		r.on[p.edge] = append(r.on[p.edge], int32(i))
	}
	g.run(r.s, seconds, nil)
	return r
}

// At returns the seconds to a place from the nearest start and the start's
// number; [Unreachable] and -1 beyond the limit.
func (r *Reached) At(p Place) (seconds float32, from int) {
	best, by := r.g.end(r.s, p)
	from = -1
	if by >= 0 && !math.IsInf(best, 1) {
		from = int(r.s.from[by])
	}
	for _, i := range r.on[p.edge] {
		if t := r.g.beside(r.from[i], p); t < best {
			best, from = t, int(i)
		}
	}
	if best > r.limit {
		return Unreachable, -1
	}
	return float32(best), from
}

// Lines are the roads that were reached, cut where the time is up. Where two
// pieces of an edge were reached from its two ends, both are in it.
func (r *Reached) Lines() orb.MultiLineString {
	var out orb.MultiLineString
	add := func(line orb.LineString) {
		if len(line) > 1 {
			out = append(out, line)
		}
	}
	for e := range r.g.edges {
		line := r.g.edges[e].Line
		there, back := r.share(r.s.at(r.g.source[e]), r.g.forward[e]), r.share(r.s.at(r.g.target[e]), r.g.backward[e])
		switch {
		case there+back >= 1:
			add(line)
		default:
			add(r.g.piece(int32(e), 0, there))
			add(r.g.piece(int32(e), 1-back, 1))
		}
	}
	for e, starts := range r.on {
		for _, i := range starts {
			p := r.from[i]
			off := p.OffM / r.g.offMS()
			add(r.g.piece(e, p.along, min(1, p.along+r.share(off, r.g.forward[e]))))
			add(r.g.piece(e, max(0, p.along-r.share(off, r.g.backward[e])), p.along))
		}
	}
	return out
}

// share is how much of an edge is passed after its end was reached.
func (r *Reached) share(reached, cost float64) float64 {
	switch {
	case cost < 0 || reached > r.limit || math.IsInf(reached, 1):
		return 0
	case cost == 0:
		return 1
	}
	return min(1, (r.limit-reached)/cost)
}

// Close gives the arrays back.
func (r *Reached) Close() {
	if r.s != nil {
		r.g.searches.Put(r.s)
		r.s = nil
	}
}

// piece is the edge's line from one share of its length to another, as drawn.
func (g *Graph) piece(e int32, from, to float64) orb.LineString {
	if to <= from {
		return nil
	}
	line := g.edges[e].Line
	length := make([]float64, len(line))
	for i := 1; i < len(line); i++ {
		a, b := g.plane.metres(line[i-1]), g.plane.metres(line[i])
		length[i] = length[i-1] + math.Hypot(b[0]-a[0], b[1]-a[1])
	}
	all := length[len(line)-1]
	at := func(i int, m float64) orb.Point { // on the segment that ends in i
		f := 0.0
		if d := length[i] - length[i-1]; d > 0 {
			f = (m - length[i-1]) / d
		}
		return orb.Point{line[i-1][0] + f*(line[i][0]-line[i-1][0]), line[i-1][1] + f*(line[i][1]-line[i-1][1])}
	}
	var out orb.LineString
	for i := 1; i < len(line); i++ {
		if length[i] < from*all || length[i-1] > to*all {
			continue
		}
		if out == nil {
			out = append(out, at(i, max(from*all, length[i-1])))
		}
		out = append(out, at(i, min(to*all, length[i])))
	}
	return out
}

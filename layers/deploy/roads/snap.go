package roads

import (
	"math"

	"github.com/paulmach/orb"
)

// MaxSnapM is how far from every road a place may be.
const MaxSnapM = 2000.0

// crumbM is how much further a road of the core may be than the nearest one:
// a place beside a crumb of the network (a parking lot behind a barrier, the
// cut end of an extract) belongs to the street next to it.
const crumbM = 150.0

// Snap brings a point (lon, lat) to the nearest road that the profile may use;
// roads of the core are preferred to others that are not much nearer. ok is
// false where no road is within [MaxSnapM].
func (g *Graph) Snap(at orb.Point) (p Place, ok bool) {
	if math.IsNaN(at[0]) || math.IsNaN(at[1]) {
		return Place{}, false
	}
	m := g.plane.metres(at)
	any, core := hit{off: MaxSnapM, edge: -1}, hit{off: MaxSnapM, edge: -1}
	g.places.near(m, func(s segment, ringM float64) bool {
		if s.edge < 0 { // a ring is done
			return core.edge >= 0 && core.off <= ringM || any.edge >= 0 && any.off+crumbM <= ringM
		}
		if !g.open(s.edge) {
			return false
		}
		h := g.hitOf(s, m)
		if h.nearer(any) {
			any = h
		}
		if g.core[g.source[s.edge]] && g.core[g.target[s.edge]] && h.nearer(core) {
			core = h
		}
		return false
	})
	best := any
	if core.edge >= 0 && core.off <= any.off+crumbM {
		best = core
	}
	if best.edge < 0 {
		return Place{}, false
	}
	s, t := g.source[best.edge], g.target[best.edge]
	return Place{At: at, On: g.pointAt(best), OffM: best.off, Part: int(g.part[s]), Core: g.core[s] && g.core[t], edge: best.edge, along: g.alongOf(best)}, true
}

// A hit is the nearest point of a segment.
type hit struct {
	off  float64 // metres
	edge int32
	at   int32   // the segment's number in its edge
	f    float64 // of the segment's length
}

// nearer breaks ties by the edge's number, so that the same place is always
// snapped alike.
func (h hit) nearer(o hit) bool {
	return h.off < o.off || h.off == o.off && o.edge >= 0 && h.edge < o.edge
}

func (g *Graph) hitOf(s segment, m [2]float64) hit {
	line := g.edges[s.edge].Line
	a, b := g.plane.metres(line[s.at]), g.plane.metres(line[s.at+1])
	dx, dy := b[0]-a[0], b[1]-a[1]
	f := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		f = max(0, min(1, ((m[0]-a[0])*dx+(m[1]-a[1])*dy)/l))
	}
	return hit{off: math.Hypot(a[0]+f*dx-m[0], a[1]+f*dy-m[1]), edge: s.edge, at: s.at, f: f}
}

func (g *Graph) pointAt(h hit) orb.Point {
	a, b := g.edges[h.edge].Line[h.at], g.edges[h.edge].Line[h.at+1]
	return orb.Point{a[0] + h.f*(b[0]-a[0]), a[1] + h.f*(b[1]-a[1])}
}

// alongOf is the share of the edge's length that lies before the hit.
func (g *Graph) alongOf(h hit) float64 {
	line := g.edges[h.edge].Line
	var before, all float64
	for i := range len(line) - 1 {
		a, b := g.plane.metres(line[i]), g.plane.metres(line[i+1])
		d := math.Hypot(b[0]-a[0], b[1]-a[1])
		all += d
		if int32(i) < h.at {
			before += d
		} else if int32(i) == h.at {
			before += d * h.f
		}
	}
	switch {
	case before <= crossingM:
		return 0
	case before >= all-crossingM:
		return 1
	}
	return before / all
}

// crossingM is how near to its end an edge is the crossing.
const crossingM = 1.0

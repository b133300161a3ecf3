package relate

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Invalid says what makes g no valid geometry (OGC 06-103r4, 6.1), and where,
// in words that follow "the geometry"; "" where it is valid. A geometry without
// any point is not valid here: nothing can be asked of it.
func Invalid(g orb.Geometry) string {
	switch g := g.(type) {
	case orb.Point:
		return badPoint(g)
	case orb.MultiPoint:
		if len(g) == 0 {
			return "is empty"
		}
		for _, p := range g {
			if why := badPoint(p); why != "" {
				return why
			}
		}
		return ""
	case orb.LineString:
		return badLine(g)
	case orb.MultiLineString:
		if len(g) == 0 {
			return "is empty"
		}
		for _, l := range g {
			if why := badLine(l); why != "" {
				return why
			}
		}
		return ""
	case orb.Ring:
		return badPolygons(orb.MultiPolygon{{g}})
	case orb.Bound:
		return badPolygons(orb.MultiPolygon{g.ToPolygon()})
	case orb.Polygon:
		return badPolygons(orb.MultiPolygon{g})
	case orb.MultiPolygon:
		return badPolygons(g)
	case orb.Collection:
		if len(g) == 0 {
			return "is empty"
		}
		for _, m := range g {
			if why := Invalid(m); why != "" {
				return why
			}
		}
		return ""
	}
	return "is none"
}

func badPoint(p orb.Point) string {
	if math.IsNaN(p[0]+p[1]) || math.IsInf(p[0], 0) || math.IsInf(p[1], 0) {
		return "has a coordinate that is no number"
	}
	return ""
}

func badLine(l orb.LineString) string {
	for _, p := range l {
		if why := badPoint(p); why != "" {
			return why
		}
	}
	if len(l) < 2 {
		return "has a line of fewer than 2 points"
	}
	if !slices.ContainsFunc(l, func(p orb.Point) bool { return p != l[0] }) {
		return "has a line without length" + spot(l[0])
	}
	return ""
}

func spot(p orb.Point) string { return fmt.Sprintf(" at (%.9g %.9g)", p[0], p[1]) }

// edge is a segment with its ring and its place in it, repeated points left out.
type edge struct {
	segment
	ring, i int
	n       int // edges of the ring
}

// badPolygons checks rings alone, rings against each other, and whether each
// interior hangs together.
func badPolygons(ps orb.MultiPolygon) string {
	if len(ps) == 0 {
		return "is empty"
	}
	var edges []edge
	rings := 0
	var of []int // the polygon of each ring
	for k, p := range ps {
		if len(p) == 0 {
			return "has a polygon without a ring"
		}
		for _, r := range p {
			for _, pt := range r {
				if why := badPoint(pt); why != "" {
					return why
				}
			}
			if len(r) < 4 {
				return "has a ring of fewer than 4 points"
			}
			if r[0] != r[len(r)-1] {
				return "has a ring that does not end where it begins, at" + spot(r[0])[3:]
			}
			from := len(edges)
			for i := 1; i < len(r); i++ {
				if r[i] != r[i-1] {
					edges = append(edges, edge{segment{r[i-1], r[i]}, rings, len(edges) - from, 0})
				}
			}
			if len(edges)-from < 3 {
				return "has a ring without area" + spot(r[0])
			}
			for j := from; j < len(edges); j++ {
				edges[j].n = len(edges) - from
			}
			rings++
			of = append(of, k)
		}
	}
	touches, why := badEdges(edges)
	if why != "" {
		return why
	}
	if why := badNesting(ps, touches); why != "" {
		return why
	}
	return split(touches, of)
}

// A touch is a point that two rings share.
type touch struct {
	at   orb.Point
	a, b int
}

// badEdges looks for edges that cross, run along each other, or touch within
// one ring. It goes through them from west to east, so that only those are
// compared that share a longitude.
func badEdges(edges []edge) (touches []touch, why string) {
	slices.SortStableFunc(edges, func(a, b edge) int { return cmp.Compare(min(a.a[0], a.b[0]), min(b.a[0], b.b[0])) })
	var open []edge
	var cuts []cut
	for _, e := range edges {
		low := min(e.a[0], e.b[0])
		open = slices.DeleteFunc(open, func(o edge) bool { return max(o.a[0], o.b[0]) < low })
		for _, o := range open {
			if max(o.a[1], o.b[1]) < min(e.a[1], e.b[1]) || min(o.a[1], o.b[1]) > max(e.a[1], e.b[1]) {
				continue
			}
			cuts = meet(cuts[:0], e.segment, o.segment)
			for _, c := range cuts {
				ends := (c.at == e.a || c.at == e.b) && (c.at == o.a || c.at == o.b)
				neighbours := e.ring == o.ring && (e.i+1 == o.i || o.i+1 == e.i || (e.i == 0 && o.i == e.n-1) || (o.i == 0 && e.i == o.n-1))
				exact := c.at == e.a || c.at == e.b || c.at == o.a || c.at == o.b
				switch {
				case c.to > c.t:
					return nil, "has edges that lie on each other" + spot(e.a)
				case !exact:
					return nil, "crosses itself" + spot(c.at)
				case e.ring == o.ring && !(ends && neighbours):
					return nil, "touches itself" + spot(c.at)
				case e.ring != o.ring:
					touches = append(touches, touch{c.at, e.ring, o.ring})
				}
			}
		}
		open = append(open, e)
	}
	return touches, ""
}

// badNesting looks for holes outside their polygon or in another hole, and for
// polygons that overlap. No edges cross, so two rings that share no point are
// one in the other or apart as a whole, and one point tells; else their matrix.
func badNesting(ps orb.MultiPolygon, touches []touch) string {
	shared := map[[2]int]bool{} // by the rings' numbers
	for _, t := range touches {
		shared[[2]int{t.a, t.b}], shared[[2]int{t.b, t.a}] = true, true
	}
	wholes := make([]operand, len(ps))
	first := make([]int, len(ps)) // the number of each polygon's shell
	ring := 0
	for k, p := range ps {
		first[k] = ring
		ring += len(p)
		if len(p) > 1 {
			shell := operands(orb.Polygon{p[0]})[0]
			holes := make([]operand, len(p)-1)
			for i, r := range p[1:] {
				holes[i] = operands(orb.Polygon{r})[0]
				at := first[k] + 1 + i
				switch {
				case shared[[2]int{first[k], at}] && relate(holes[i], shell)[interior][exterior] >= 0,
					!shared[[2]int{first[k], at}] && shell.locate(r[0]) != interior:
					return "has a hole outside its polygon" + spot(r[0])
				}
				for j, other := range holes[:i] {
					if overlap(holes[i], other, shared[[2]int{at, first[k] + 1 + j}]) {
						return "has a hole in a hole" + spot(r[0])
					}
				}
			}
		}
		wholes[k] = operands(p)[0]
		for l, other := range wholes[:k] {
			touch := false
			for i := range p {
				for j := range ps[l] {
					touch = touch || shared[[2]int{first[k] + i, first[l] + j}]
				}
			}
			if overlap(wholes[k], other, touch) {
				return "has polygons that overlap" + spot(p[0][0])
			}
		}
	}
	return ""
}

// overlap says whether two areas whose edges do not cross have interior in
// common; touch, that they share points of their edges.
func overlap(a, b operand, touch bool) bool {
	switch {
	case !a.bound.Intersects(b.bound):
		return false
	case touch:
		return relate(a, b)[interior][interior] >= 0
	}
	return a.locate(b.segs[0].a) == interior || b.locate(a.segs[0].a) == interior
}

// split looks for a polygon whose rings touch so that its interior is in two
// parts: in a circle of rings, or at two points.
func split(touches []touch, of []int) string {
	// The rings and the points at which they touch are the nodes of a graph; a
	// circle in it, found by joining what each edge joins, cuts something off.
	type node struct {
		ring int // -1: a point
		at   orb.Point
		of   int
	}
	parent := map[node]node{}
	root := func(n node) node {
		for {
			p, ok := parent[n]
			if !ok {
				return n
			}
			n = p
		}
	}
	type joint struct {
		at   orb.Point
		ring int
	}
	seen := map[joint]bool{}
	for _, t := range touches {
		if of[t.a] != of[t.b] {
			continue
		}
		for _, r := range []int{t.a, t.b} {
			if seen[joint{t.at, r}] {
				continue
			}
			seen[joint{t.at, r}] = true
			a, b := root(node{ring: r}), root(node{-1, t.at, of[r]})
			if a == b {
				return "has rings that touch so that its interior falls apart" + spot(t.at)
			}
			parent[a] = b
		}
	}
	return ""
}

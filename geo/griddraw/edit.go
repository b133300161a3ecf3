package griddraw

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// reachM is how far, in metres, the end of a drawn line may lie from the edge it should meet.
const reachM = 3

// Split divides a cell along a line from edge to edge. The largest part keeps
// the cell's number, the others are new.
func (s *Sheet) Split(id int64, line orb.LineString) (Edit, error) {
	x, fault := s.piece("cell", id)
	if fault != nil {
		return Edit{}, fault
	}
	pts, fault := s.drawn(line, x)
	if fault != nil {
		return Edit{}, fault
	}
	inside := s.within(pts, []int{x})
	a := arrange(node(append(segmentsOfPieces(s.pieces, s.rings), inside...)))
	of := a.pieces(s.rings)
	var parts []int32
	for f, p := range of {
		if p == int32(x) {
			parts = append(parts, int32(f))
		}
	}
	if len(parts) < 2 {
		return Edit{}, faultAt("line", pts[len(pts)-1], "the line does not divide the cell: it must go from edge to edge")
	}
	largest := parts[0]
	for _, f := range parts {
		if a.faces[f].areaM2 > a.faces[largest].areaM2 {
			largest = f
		}
	}
	n := len(s.pieces)
	var parent []int32
	for _, f := range parts {
		if f != largest {
			of[f] = int32(n)
			parent = append(parent, int32(x))
			n++
		}
	}
	return s.done(a, of, n, parent)
}

// Merge joins cells of one community; the largest keeps its number.
func (s *Sheet) Merge(ids []int64) (Edit, error) {
	var all []int
	for _, id := range ids {
		x, fault := s.piece("cells", id)
		if fault != nil {
			return Edit{}, fault
		}
		if s.pieces[x].Community != s.pieces[s.number[ids[0]]].Community {
			return Edit{}, faultAt("cells", s.rings[x][0][0], "cells of two communities: a cell never lies in two")
		}
		all = append(all, x)
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) < 2 {
		return Edit{}, &Fault{Field: "cells", Reason: "two cells or more"}
	}
	largest := all[0]
	for _, x := range all {
		if AreaM2(s.pieces[x].Shape) > AreaM2(s.pieces[largest].Shape) {
			largest = x
		}
	}
	a := arrange(segmentsOfPieces(s.pieces, s.rings))
	of := a.pieces(s.rings)
	for f, p := range of {
		if p >= 0 && slices.Contains(all, int(p)) {
			of[f] = int32(largest)
		}
	}
	return s.done(a, of, len(s.pieces), nil)
}

// Shift lets the edge between a cell and its neighbours of the same community
// run along a line: what the line cuts off a neighbour joins the cell, what it
// cuts off the cell joins the neighbour with the longest shared edge. Of each,
// the largest part stays what it is.
func (s *Sheet) Shift(id int64, line orb.LineString) (Edit, error) {
	x, fault := s.piece("cell", id)
	if fault != nil {
		return Edit{}, fault
	}
	pts, fault := s.drawn(line, x)
	if fault != nil {
		return Edit{}, fault
	}
	var ours []int
	for i, p := range s.pieces {
		if p.Community == s.pieces[x].Community {
			ours = append(ours, i)
		}
	}
	a := arrange(node(append(segmentsOfPieces(s.pieces, s.rings), s.within(pts, ours)...)))
	of := a.pieces(s.rings)
	largest := make([]int32, len(s.pieces))
	for i := range largest {
		largest[i] = -1
	}
	for f, p := range of {
		if p >= 0 && (largest[p] < 0 || a.faces[f].areaM2 > a.faces[largest[p]].areaM2) {
			largest[p] = int32(f)
		}
	}
	shares := make([]map[int32]float64, len(a.faces)) // metres of edge with each piece
	for f := range shares {
		shares[f] = map[int32]float64{}
	}
	for e, g := range a.edges {
		f, h := a.face[2*e], a.face[2*e+1]
		if f < 0 || h < 0 || of[f] < 0 || of[h] < 0 || of[f] == of[h] || s.pieces[of[f]].Community != s.pieces[of[h]].Community {
			continue
		}
		shares[f][of[h]] += distM(g.a, g.b)
		shares[h][of[f]] += distM(g.a, g.b)
	}
	moved := 0
	next := slices.Clone(of)
	for f, p := range of {
		if p < 0 || int32(f) == largest[p] {
			continue
		}
		if p == int32(x) {
			best, most := int32(-1), 0.0
			for q, m := range shares[f] {
				if m > most || m == most && q < best {
					best, most = q, m
				}
			}
			if best >= 0 {
				next[f] = best
				moved++
			}
		} else if shares[f][int32(x)] > 0 {
			next[f] = int32(x)
			moved++
		}
	}
	if moved == 0 {
		return Edit{}, faultAt("line", pts[0], "the line cuts nothing off the cell or a neighbour of its community")
	}
	return s.done(a, next, len(s.pieces), nil)
}

// drawn brings a drawn line to the lattice; its ends reach for the cell's edge.
func (s *Sheet) drawn(line orb.LineString, x int) ([]pt, *Fault) {
	var pts []pt
	for _, p := range line {
		if math.IsNaN(p[0]) || math.IsNaN(p[1]) || math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90 {
			return nil, &Fault{Field: "line", Reason: "longitudes and latitudes in degrees"}
		}
		if q := toLattice(p); len(pts) == 0 || pts[len(pts)-1] != q {
			pts = append(pts, q)
		}
	}
	if len(pts) < 2 {
		return nil, &Fault{Field: "line", Reason: "two points or more"}
	}
	for _, i := range []int{0, len(pts) - 1} {
		if q, ok := nearestOn(s.rings[x], pts[i], reachM); ok {
			pts[i] = q
		}
	}
	return pts, nil
}

// nearestOn returns the place on rings that is nearest to p, a corner where one
// is within a quarter of the reach.
func nearestOn(rings [][]pt, p pt, reach float64) (pt, bool) {
	best, d := pt{}, reach
	ok := false
	mx, my := metres(float64(p.y))
	for _, r := range rings {
		for i, a := range r {
			b := r[(i+1)%len(r)]
			dx, dy := float64(b.x-a.x)*mx, float64(b.y-a.y)*my
			px, py := float64(p.x-a.x)*mx, float64(p.y-a.y)*my
			t := min(1, max(0, (px*dx+py*dy)/max(dx*dx+dy*dy, 1e-12)))
			if e := math.Hypot(px-t*dx, py-t*dy); e < d {
				best, d, ok = pt{a.x + int64(math.Round(t*float64(b.x-a.x))), a.y + int64(math.Round(t*float64(b.y-a.y)))}, e, true
			}
		}
	}
	for _, r := range rings {
		for _, a := range r {
			if ok && distM(a, best) < reach/4 {
				return a, true
			}
		}
	}
	return best, ok
}

// within returns the pieces of a line that run inside cells, not along their edges.
func (s *Sheet) within(line []pt, cells []int) []seg {
	var edges []seg
	on := map[[2]pt]bool{}
	for _, x := range cells {
		for _, r := range s.rings[x] {
			for i, p := range r {
				edges = append(edges, seg{p, r[(i+1)%len(r)], border, false})
			}
		}
	}
	for i := 1; i < len(line); i++ {
		edges = append(edges, seg{line[i-1], line[i], Cut, false})
	}
	var out []seg
	for _, e := range node(edges) {
		if e.rank == border || on[[2]pt{e.a, e.b}] {
			continue
		}
		x, y := float64(e.a.x+e.b.x)/2+1e-3, float64(e.a.y+e.b.y)/2+1.7e-3
		for _, c := range cells {
			if inRings(s.rings[c], x, y) {
				out = append(out, e)
				break
			}
		}
	}
	return out
}

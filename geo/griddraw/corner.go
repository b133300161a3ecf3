package griddraw

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// A Move takes a corner to another place. Where From is no corner but lies on
// an edge, the edge gets one there.
type Move struct {
	From orb.Point `json:"from"`
	To   orb.Point `json:"to"`
}

// takeM is how far, in metres, a place may lie from the corner or edge it means.
const takeM = 0.5

// Move moves corners; all cells that share one follow. Corners on the border of
// communities stay: the border wins.
func (s *Sheet) Move(moves []Move) (Edit, error) {
	if len(moves) == 0 {
		return Edit{}, &Fault{Field: "moves", Reason: "one or more"}
	}
	rings := s.copied()
	for _, m := range moves {
		from, fault := s.take(rings, m.From, true)
		if fault != nil {
			return Edit{}, fault
		}
		if !(math.Abs(m.To[0]) <= 180 && math.Abs(m.To[1]) <= 90) {
			return Edit{}, &Fault{Field: "moves", Reason: "longitudes and latitudes in degrees"}
		}
		to := toLattice(m.To)
		for _, piece := range rings {
			for _, r := range piece {
				for i := range r {
					if r[i] == from {
						r[i] = to
					}
				}
			}
		}
	}
	return s.reshaped("moves", rings)
}

// Remove takes corners out that only two edges share.
func (s *Sheet) Remove(points []orb.Point) (Edit, error) {
	if len(points) == 0 {
		return Edit{}, &Fault{Field: "points", Reason: "one or more"}
	}
	rings := s.copied()
	for _, p := range points {
		at, fault := s.take(rings, p, false)
		if fault != nil {
			fault.Field = "points"
			return Edit{}, fault
		}
		ends := map[pt]bool{}
		for _, piece := range rings {
			for _, r := range piece {
				for i, q := range r {
					if q == at {
						ends[r[(i+1)%len(r)]], ends[r[(i+len(r)-1)%len(r)]] = true, true
					}
				}
			}
		}
		if len(ends) != 2 {
			return Edit{}, faultAt("points", at, "more than two edges meet here")
		}
		for _, piece := range rings {
			for k, r := range piece {
				if len(r) == 3 && slices.Contains(r, at) {
					return Edit{}, faultAt("points", at, "a cell would have no ground left")
				}
				piece[k] = slices.DeleteFunc(r, func(q pt) bool { return q == at })
			}
		}
	}
	return s.reshaped("points", rings)
}

func (s *Sheet) copied() [][][]pt {
	out := make([][][]pt, len(s.rings))
	for i, piece := range s.rings {
		for _, r := range piece {
			out[i] = append(out[i], slices.Clone(r))
		}
	}
	return out
}

// take finds the corner at p, or makes one in the edge there.
func (s *Sheet) take(rings [][][]pt, p orb.Point, make bool) (pt, *Fault) {
	if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
		return pt{}, &Fault{Field: "moves", Reason: "longitudes and latitudes in degrees"}
	}
	at := toLattice(p)
	best, d := pt{}, math.Inf(1)
	for _, piece := range rings {
		for _, r := range piece {
			for _, q := range r {
				if e := distM(q, at); e < d {
					best, d = q, e
				}
			}
		}
	}
	borders := map[pt]bool{}
	var edge *seg
	nearest := math.Inf(1)
	for _, e := range segmentsOfPieces(s.pieces, rings) {
		if e.rank == border {
			borders[e.a], borders[e.b] = true, true
		}
		if q, ok := nearestOn([][]pt{{e.a, e.b}}, at, takeM); ok {
			if m := distM(q, at); m < nearest {
				e := e
				nearest, edge = m, &e
			}
		}
	}
	if d <= takeM {
		if borders[best] {
			return pt{}, faultAt("moves", best, "a corner on the border of communities, or of the draft, stays where it is")
		}
		return best, nil
	}
	if !make || edge == nil {
		return pt{}, faultAt("moves", at, "there is no corner here")
	}
	if edge.rank == border {
		return pt{}, faultAt("moves", at, "the border of communities, or of the draft, stays where it is")
	}
	q, _ := nearestOn([][]pt{{edge.a, edge.b}}, at, takeM)
	if q == edge.a || q == edge.b {
		return pt{}, faultAt("moves", at, "there is no corner here")
	}
	for _, piece := range rings {
		for k, r := range piece {
			for i := range r {
				if u, v := r[i], r[(i+1)%len(r)]; u == edge.a && v == edge.b || u == edge.b && v == edge.a {
					piece[k] = slices.Insert(r, i+1, q)
					break
				}
			}
		}
	}
	return q, nil
}

// reshaped checks that rings with moved corners still fit together.
func (s *Sheet) reshaped(field string, rings [][][]pt) (Edit, error) {
	var e Edit
	after := make([]Piece, len(s.pieces))
	var before, now int64
	for i, piece := range rings {
		after[i] = s.pieces[i]
		before += cross2(s.rings[i])
		changed := !same(s.rings[i], piece)
		if changed {
			for k := range piece {
				piece[k] = slices.Compact(piece[k])
				for len(piece[k]) > 1 && piece[k][0] == piece[k][len(piece[k])-1] {
					piece[k] = piece[k][:len(piece[k])-1]
				}
				if len(piece[k]) < 3 || (ringSign(piece[k]) != ringSign(s.rings[i][k])) {
					return Edit{}, faultAt(field, s.rings[i][k][0], "a cell would have no ground left, or be turned over")
				}
			}
			after[i].Shape = reshape(s.pieces[i].Shape, piece)
			e.Changed = append(e.Changed, after[i])
		}
		now += cross2(piece)
	}
	edges := segmentsOfPieces(after, rings)
	if at, bad := firstCrossing(edges); bad {
		return Edit{}, faultAt(field, at, "edges would cross or touch here")
	}
	if before != now {
		return Edit{}, &Fault{Field: field, Reason: "a gap or an overlap would open"}
	}
	if len(e.Changed) == 0 {
		return Edit{}, &Fault{Field: field, Reason: "nothing would change"}
	}
	e.Cut = s.newlyCut(after)
	return e, nil
}

// cross2 is twice the area of rings in lattice units, holes taken off; exact.
func cross2(rings [][]pt) int64 {
	var sum int64
	for i, r := range rings {
		var c int64
		o := r[0]
		for k, p := range r {
			c += turn(o, p, r[(k+1)%len(r)])
		}
		// The first ring of a polygon and its holes run opposite ways in what
		// PostGIS and we write, whichever way that is.
		if i == 0 && c < 0 {
			return -cross2(reversed(rings))
		}
		sum += c
	}
	return sum
}

func reversed(rings [][]pt) [][]pt {
	out := make([][]pt, len(rings))
	for i, r := range rings {
		out[i] = slices.Clone(r)
		slices.Reverse(out[i])
	}
	return out
}

func ringSign(r []pt) bool { c, _ := ringCross(r); return c > 0 }

// reshape puts rings in the place of a shape's.
func reshape(shape orb.MultiPolygon, rings [][]pt) orb.MultiPolygon {
	var out orb.MultiPolygon
	n := 0
	for _, poly := range shape {
		var p orb.Polygon
		for _, r := range poly {
			if len(latticeRing(r)) < 3 {
				continue
			}
			p = append(p, orbRing(rings[n]))
			n++
		}
		if len(p) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// firstCrossing finds a place where noded edges cross or a corner lies on another edge.
func firstCrossing(edges []seg) (pt, bool) {
	b := &bins{size: binSize(edges)}
	for i, e := range edges {
		b.addSegment(i, e.a, e.b)
	}
	b.done()
	for i := 0; i < len(b.entries); {
		j := i
		for j < len(b.entries) && b.entries[j].square == b.entries[i].square {
			j++
		}
		for k := i; k < j; k++ {
			e := edges[b.entries[k].n]
			for l := k + 1; l < j; l++ {
				f := edges[b.entries[l].n]
				if p, ok := crossing(e, f); ok {
					return p, true
				}
				for _, q := range []pt{f.a, f.b} {
					if q != e.a && q != e.b && passes(e, q) {
						return q, true
					}
				}
				for _, q := range []pt{e.a, e.b} {
					if q != f.a && q != f.b && passes(f, q) {
						return q, true
					}
				}
			}
		}
		i = j
	}
	return pt{}, false
}

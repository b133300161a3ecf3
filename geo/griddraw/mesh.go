package griddraw

import (
	"math"

	"github.com/paulmach/orb"
)

// Kinds of findings of [Mesh].
const (
	Overlap = "overlap" // ground of two cells; it stays the first's
	Gap     = "gap"     // ground between cells that is nobody's
)

// Mesh makes cells fit together: corners go to the lattice, where edges meet
// both get a corner, ground of two cells goes to the first, and gaps and
// overlaps below slackM2, slips of drawing, to a neighbour or the first without
// a word. Others are reported; a gap stays. Cells that lose all their ground
// are left out.
func Mesh(pieces []Piece, slackM2 float64) ([]Piece, []Remark) {
	rings := make([][][]pt, len(pieces))
	for i, p := range pieces {
		rings[i] = ringsOf(p.Shape)
	}
	a := arrange(node(segmentsOfPieces(pieces, rings)))
	of := a.pieces(rings)
	findings := []Remark{}
	spot := func(f int) orb.Point {
		x, y := pointIn(a.rings(int32(f)))
		return orb.Point{x / perDegree, y / perDegree}
	}
	for f, p := range of {
		x, y := pointIn(a.rings(int32(f)))
		if p < 0 {
			if a.faces[f].areaM2 > slackM2 {
				findings = append(findings, Remark{Kind: Gap, M2: math.Round(a.faces[f].areaM2), At: spot(f)})
			}
			continue
		}
		for i := int(p) + 1; i < len(pieces); i++ {
			if a.faces[f].areaM2 > slackM2 && inBox(rings[i], x, y) && inRings(rings[i], x, y) {
				findings = append(findings, Remark{Kind: Overlap, M2: math.Round(a.faces[f].areaM2), At: spot(f)})
			}
		}
	}
	// Small gaps join the neighbour with the longest edge.
	share := map[int32]map[int32]float64{}
	for e, g := range a.edges {
		for _, x := range [2][2]int32{{a.face[2*e], a.face[2*e+1]}, {a.face[2*e+1], a.face[2*e]}} {
			f, h := x[0], x[1]
			if f >= 0 && of[f] < 0 && a.faces[f].areaM2 <= slackM2 && h >= 0 && of[h] >= 0 {
				if share[f] == nil {
					share[f] = map[int32]float64{}
				}
				share[f][of[h]] += distM(g.a, g.b)
			}
		}
	}
	for f, by := range share {
		best, most := int32(-1), 0.0
		for p, m := range by {
			if m > most || m == most && p < best {
				best, most = p, m
			}
		}
		of[f] = best
	}
	var out []Piece
	for i, shape := range a.outlines(of, len(pieces)) {
		if len(shape) == 0 {
			continue
		}
		p := pieces[i]
		if !same(rings[i], ringsOf(shape)) {
			p.Shape = shape
		}
		out = append(out, p)
	}
	return out, findings
}

func inBox(rings [][]pt, x, y float64) bool {
	for _, r := range rings {
		b := boxOf(r)
		if x >= float64(b.x0) && x <= float64(b.x1) && y >= float64(b.y0) && y <= float64(b.y1) {
			return true
		}
	}
	return false
}

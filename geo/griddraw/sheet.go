package griddraw

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// A Piece is a cell that is edited. Its corners lie on the lattice.
type Piece struct {
	ID        int64
	Community string
	Shape     orb.MultiPolygon
	From      int64 // of a new piece: the cell that it was part of
}

// A Fault says why an operation is not possible, and where.
type Fault struct {
	Field  string // of the operation
	Reason string
	At     orb.Point
	Placed bool // At is set
}

func (f *Fault) Error() string { return f.Field + ": " + f.Reason }

func faultAt(field string, at pt, reason string, args ...any) *Fault {
	return &Fault{field, fmt.Sprintf(reason, args...), at.degrees(), true}
}

// An Edit is what an operation did to the cells that it was given.
type Edit struct {
	Changed []Piece // with their new shape; ID 0: new
	Gone    []int64
	Cut     []Remark // buildings that lie across an edge now and did not before
}

// A Sheet is cells that are edited together: those that an operation is about
// and all that touch them. They must fit together as [Mesh] leaves them.
// Operations return what changed and leave the sheet as it is.
type Sheet struct {
	pieces []Piece
	rings  [][][]pt // of a piece: those of all its polygons
	number map[int64]int
	town   *town
}

// NewSheet takes cells, and the buildings near them.
func NewSheet(pieces []Piece, buildings []Building) *Sheet {
	s := &Sheet{pieces: pieces, number: map[int64]int{}, town: newTown(housesOf(buildings))}
	for i, p := range pieces {
		s.rings = append(s.rings, ringsOf(p.Shape))
		s.number[p.ID] = i
	}
	return s
}

func ringsOf(shape orb.MultiPolygon) [][]pt {
	var out [][]pt
	for _, poly := range shape {
		for _, r := range poly {
			if ring := latticeRing(r); len(ring) >= 3 {
				out = append(out, ring)
			}
		}
	}
	return out
}

// segments are all edges of the pieces; those between communities, and to
// ground that is no piece's, have the rank border.
func segmentsOfPieces(pieces []Piece, rings [][][]pt) []seg {
	type side struct{ a, b int32 }
	sides := map[[2]pt]side{}
	for i := range pieces {
		for _, r := range rings[i] {
			for k, p := range r {
				q := r[(k+1)%len(r)]
				if q.less(p) {
					p, q = q, p
				}
				e, ok := sides[[2]pt{p, q}]
				if !ok {
					e = side{int32(i), -1}
				} else {
					e.b = int32(i)
				}
				sides[[2]pt{p, q}] = e
			}
		}
	}
	out := make([]seg, 0, len(sides))
	for e, s := range sides {
		rank := Lane
		if s.b < 0 || pieces[s.a].Community != pieces[s.b].Community {
			rank = border
		}
		out = append(out, seg{e[0], e[1], rank, false})
	}
	return distinct(out)
}

func (s *Sheet) piece(field string, id int64) (int, *Fault) {
	i, ok := s.number[id]
	if !ok {
		return 0, &Fault{Field: field, Reason: fmt.Sprintf("there is no cell %d", id)}
	}
	return i, nil
}

// owners says which piece each face of an arrangement of the sheet's edges
// lies in, -1 none.
func (a *arrangement) pieces(rings [][][]pt) []int32 {
	at := &bins{size: 1 << 15}
	for i, rs := range rings {
		b := noBox
		for _, r := range rs {
			c := boxOf(r)
			b = box{min(b.x0, c.x0), min(b.y0, c.y0), max(b.x1, c.x1), max(b.y1, c.y1)}
		}
		if b != noBox {
			at.addBox(i, b)
		}
	}
	at.done()
	of := make([]int32, len(a.faces))
	for f := range of {
		of[f] = -1
		x, y := pointIn(a.rings(int32(f)))
		q := pt{int64(math.Floor(x)), int64(math.Floor(y))}
		at.near(box{q.x, q.y, q.x, q.y}, func(i int) {
			if of[f] < 0 && inRings(rings[i], x, y) {
				of[f] = int32(i)
			}
		})
	}
	return of
}

// done makes an Edit of an arrangement whose faces have been given to cells: of
// has numbers of pieces, and from len(pieces) on new cells of the community of
// parent.
func (s *Sheet) done(a *arrangement, of []int32, cells int, parent []int32) (Edit, error) {
	var e Edit
	shapes := a.outlines(of, cells)
	var after []Piece
	for c, shape := range shapes {
		p := Piece{}
		was := -1
		if c < len(s.pieces) {
			p, was = s.pieces[c], c
		} else {
			p.Community = s.pieces[parent[c-len(s.pieces)]].Community
			p.From = s.pieces[parent[c-len(s.pieces)]].ID
		}
		if len(shape) == 0 {
			if was >= 0 {
				e.Gone = append(e.Gone, p.ID)
			}
			continue
		}
		if was >= 0 && same(s.rings[was], ringsOf(shape)) {
			after = append(after, p)
			continue
		}
		if len(shape) > 1 && (was < 0 || len(s.pieces[was].Shape) < len(shape)) {
			x, y := pointIn([][]pt{latticeRing(shape[1][0])})
			return Edit{}, faultAt("cells", pt{int64(x), int64(y)}, "a cell would fall into parts that do not touch along an edge")
		}
		p.Shape = shape
		after = append(after, p)
		e.Changed = append(e.Changed, p)
	}
	e.Cut = s.newlyCut(after)
	return e, nil
}

// newlyCut finds buildings across edges between cells of a community that were not there.
func (s *Sheet) newlyCut(after []Piece) []Remark {
	rings := make([][][]pt, len(after))
	for i, p := range after {
		rings[i] = ringsOf(p.Shape)
	}
	before := map[[2]pt]bool{}
	for _, e := range segmentsOfPieces(s.pieces, s.rings) {
		before[[2]pt{e.a, e.b}] = true
	}
	var fresh []seg
	for _, e := range segmentsOfPieces(after, rings) {
		if e.rank != border && !before[[2]pt{e.a, e.b}] {
			fresh = append(fresh, e)
		}
	}
	out := []Remark{}
	for _, n := range s.town.cutBy(fresh) {
		h := s.town.houses[n]
		out = append(out, Remark{Kind: string(CutsBuilding), Building: h.id, At: h.ring[0].degrees()})
	}
	return out
}

// same says whether two sets of rings are one shape, wherever they begin and
// whichever way they run.
func same(a, b [][]pt) bool {
	if len(a) != len(b) {
		return false
	}
	return slices.EqualFunc(canonical(a), canonical(b), slices.Equal[[]pt])
}

// Same says whether two shapes are one on the lattice.
func Same(a, b orb.MultiPolygon) bool { return same(ringsOf(a), ringsOf(b)) }

func canonical(rings [][]pt) [][]pt {
	out := make([][]pt, len(rings))
	for i, r := range rings {
		r = slices.Clone(r)
		if c, _ := ringCross(r); c < 0 {
			slices.Reverse(r)
		}
		first := 0
		for k, p := range r {
			if p.less(r[first]) {
				first = k
			}
		}
		out[i] = append(r[first:], r[:first]...)
	}
	slices.SortFunc(out, func(r, t []pt) int {
		return cmp.Or(slices.CompareFunc(r, t, func(p, q pt) int { return cmp.Or(cmp.Compare(p.x, q.x), cmp.Compare(p.y, q.y)) }))
	})
	return out
}

// IsThin says that a shape is too long and thin to be a cell.
func IsThin(shape orb.MultiPolygon) bool {
	perim := 0.0
	for _, r := range ringsOf(shape) {
		for i, p := range r {
			perim += distM(p, r[(i+1)%len(r)])
		}
	}
	p := part{areaM2: AreaM2(shape), perimM: perim}
	return p.sliver()
}

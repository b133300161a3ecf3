// Package gridindex finds the governance grid that holds a point, in memory.
//
// It answers exactly as PostGIS's ST_Intersects does: borders belong to a
// grid, and of several grids that hold a point the one with the lowest code
// wins. An import of a million points asks it instead of the database.
//
// Coordinates are (lon, lat) in degrees; nothing here depends on it.
package gridindex

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// A Grid is one polygon with a code.
type Grid struct {
	Code     string
	Area     string // the administrative division it lies in
	Geometry orb.MultiPolygon
}

// An Index finds grids by place. It is safe for concurrent use once built.
//
// It is a raster over the extent of all grids. Each cell lists the grids that
// touch it, lowest code first; for most cells that is one grid which covers the
// cell whole, and no geometry is looked at.
type Index struct {
	grids []Grid // by code
	bound orb.Bound
	cols  int
	rows  int
	perX  float64 // cells a degree
	perY  float64
	// Candidates of cell c are list[start[c]:start[c+1]]: the grid's number
	// doubled, plus one where the grid covers the cell whole.
	start []uint32
	list  []uint32
}

// New builds an index. It keeps the geometries it is given.
func New(grids []Grid) *Index {
	x := &Index{grids: slices.Clone(grids)}
	slices.SortStableFunc(x.grids, func(a, b Grid) int { return cmp.Compare(a.Code, b.Code) })
	first := true
	for _, g := range x.grids {
		if len(g.Geometry) == 0 {
			continue
		}
		if b := g.Geometry.Bound(); first {
			x.bound, first = b, false
		} else {
			x.bound = x.bound.Union(b)
		}
	}
	if first {
		return x
	}
	x.size()
	x.fill()
	return x
}

// size chooses the raster: about 64 cells a grid, so that a grid's border runs
// through a small part of its cells, within 4 MB for the cells themselves.
func (x *Index) size() {
	w := math.Max(x.bound.Max[0]-x.bound.Min[0], 1e-9)
	h := math.Max(x.bound.Max[1]-x.bound.Min[1], 1e-9)
	want := math.Min(math.Max(float64(len(x.grids))*64, 1<<14), 1<<20)
	side := math.Sqrt(w * h / want)
	x.cols = int(math.Min(math.Max(math.Ceil(w/side), 1), 1<<14))
	x.rows = int(math.Min(math.Max(math.Ceil(h/side), 1), 1<<14))
	x.perX, x.perY = float64(x.cols)/w, float64(x.rows)/h
}

// Len returns how many grids there are.
func (x *Index) Len() int { return len(x.grids) }

// Bound returns the extent of all grids; of an empty index the empty bound.
func (x *Index) Bound() orb.Bound {
	if x.cols == 0 {
		return orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}
	}
	return x.bound
}

// At returns the grid that holds p. Borders belong to a grid; of several, the
// one with the lowest code is taken. NaN is nowhere.
func (x *Index) At(p orb.Point) (g *Grid, ok bool) {
	// Compared as floats, so that NaN fails.
	if x.cols == 0 || !(p[0] >= x.bound.Min[0] && p[0] <= x.bound.Max[0] && p[1] >= x.bound.Min[1] && p[1] <= x.bound.Max[1]) {
		return nil, false
	}
	c := x.cell(p)
	for _, e := range x.list[x.start[c]:x.start[c+1]] {
		g := &x.grids[e>>1]
		if e&1 == 1 || holds(g.Geometry, p) {
			return g, true
		}
	}
	return nil, false
}

func (x *Index) cell(p orb.Point) int {
	col := min(int((p[0]-x.bound.Min[0])*x.perX), x.cols-1)
	row := min(int((p[1]-x.bound.Min[1])*x.perY), x.rows-1)
	return row*x.cols + col
}

// Package fenceindex finds the fences that hold a point among many, and says
// how far the point is from a fence's edge, in memory. Fences come and go one
// by one: nothing is built anew.
//
// Containment is PostGIS's ST_Intersects: a fence's edge belongs to it.
// Coordinates are (lon, lat) in degrees, distances metres.
package fenceindex

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"onemap/geo/gridindex"
)

// A Fence is an area with a key. It must not be changed once it is in an Index.
type Fence struct {
	Key      string
	Geometry orb.MultiPolygon

	bound orb.Bound
	level int
}

// An Index is fences by place. It is a stack of grids of cells, each level with
// cells twice as wide as the one below; a fence is in the cells that its box
// meets of the level where a cell is as wide as the box, so in four at most.
// A point is looked for in one cell of each level that has fences.
//
// It is not safe for concurrent use.
type Index struct {
	byKey  map[string]*Fence
	levels [levels]map[cell][]*Fence
}

type cell struct{ x, y int32 }

// finest is the width of level 0's cells in degrees: about 100 m. The topmost
// level's are wider than the Earth.
const (
	finest = 0.001
	levels = 20
)

// New returns an empty Index.
func New() *Index { return &Index{byKey: map[string]*Fence{}} }

// Len returns how many fences there are.
func (x *Index) Len() int { return len(x.byKey) }

// Put adds a fence, in the place of the one with its key if there is one. A
// fence without a polygon is the same as none.
func (x *Index) Put(key string, geometry orb.MultiPolygon) {
	x.Remove(key)
	if len(geometry) == 0 {
		return
	}
	f := &Fence{Key: key, Geometry: geometry, bound: geometry.Bound()}
	wide := max(f.bound.Max[0]-f.bound.Min[0], f.bound.Max[1]-f.bound.Min[1])
	for f.level < levels-1 && width(f.level) < wide {
		f.level++
	}
	x.byKey[key] = f
	if x.levels[f.level] == nil {
		x.levels[f.level] = map[cell][]*Fence{}
	}
	f.cells(func(c cell) { x.levels[f.level][c] = append(x.levels[f.level][c], f) })
}

// Remove takes the fence with a key away, if there is one.
func (x *Index) Remove(key string) {
	f := x.byKey[key]
	if f == nil {
		return
	}
	delete(x.byKey, key)
	in := x.levels[f.level]
	f.cells(func(c cell) {
		left := slices.DeleteFunc(in[c], func(o *Fence) bool { return o == f })
		if len(left) == 0 {
			delete(in, c)
		} else {
			in[c] = left
		}
	})
}

// Get returns the fence with a key, nil if there is none.
func (x *Index) Get(key string) *Fence { return x.byKey[key] }

// At calls yes for each fence that holds p, in no order. NaN is in none.
func (x *Index) At(p orb.Point, yes func(*Fence)) {
	if !(math.Abs(p[0]) <= 360 && math.Abs(p[1]) <= 360) { // compared so that NaN fails
		return
	}
	for level, cells := range x.levels {
		if len(cells) == 0 {
			continue
		}
		for _, f := range cells[cellOf(p, level)] {
			if f.Holds(p) {
				yes(f)
			}
		}
	}
}

// Holds says whether p is in the fence or on its edge.
func (f *Fence) Holds(p orb.Point) bool {
	return f.bound.Contains(p) && gridindex.Holds(f.Geometry, p)
}

// cells calls do for each cell of the fence's level that its box meets.
func (f *Fence) cells(do func(cell)) {
	from, to := cellOf(f.bound.Min, f.level), cellOf(f.bound.Max, f.level)
	for y := from.y; y <= to.y; y++ {
		for x := from.x; x <= to.x; x++ {
			do(cell{x, y})
		}
	}
}

func width(level int) float64 { return finest * float64(int(1)<<level) }

func cellOf(p orb.Point, level int) cell {
	w := width(level)
	return cell{int32(math.Floor(p[0] / w)), int32(math.Floor(p[1] / w))}
}

package access

import (
	"slices"
	"strings"
	"sync"

	"github.com/paulmach/orb"
)

// gridKind says which of the three tables a grid is from.
type gridKind int

const (
	unitGrid gridKind = iota
	dutyGrid
	communityGrid
)

var gridTables = map[string]gridKind{"grid_unit": unitGrid, "grid_duty": dutyGrid, "grid_community": communityGrid}

// grid is what rights need of a governance grid in force.
type grid struct {
	code, duty, community string
	bound                 orb.Bound
}

// geography is the grids in force and the areas. Its methods are safe for
// concurrent use.
type geography struct {
	mu    sync.Mutex
	grids [3]map[int64]grid // by kind and feature id
	areas map[string]area

	// Made from the above when first asked for, nil when it changed.
	outlines *areas
	index    map[string][]grid // name of any grid -> the grids that rows in it may carry
}

func newGeography() *geography {
	return &geography{grids: [3]map[int64]grid{{}, {}, {}}, areas: map[string]area{}}
}

func (g *geography) setGrid(kind gridKind, id int64, to grid) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.grids[kind][id] = to
	g.index = nil
}

func (g *geography) dropGrid(kind gridKind, id int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.grids[kind], id)
	g.index = nil
}

func (g *geography) clearGrids(kind gridKind) {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.grids[kind])
	g.index = nil
}

func (g *geography) setArea(a area) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.areas[a.code] = a
	g.outlines = nil
}

func (g *geography) dropArea(code string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.areas, code)
	g.outlines = nil
}

func (g *geography) clearAreas() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.areas)
	g.outlines = nil
}

// allAreas returns the outlines of all areas.
func (g *geography) allAreas() *areas {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.outlines == nil {
		all := make([]area, 0, len(g.areas))
		for _, a := range g.areas {
			all = append(all, a)
		}
		slices.SortFunc(all, func(a, b area) int { return strings.Compare(a.code, b.code) })
		g.outlines = newAreas(all)
	}
	return g.outlines
}

// cells returns the codes that rows in the named grids may carry, sorted, with
// their bounds. A row carries the finest grid that holds it, so a community
// grid means itself, its responsibility grids and all their unit grids. A name
// that no grid in force has stays, with the empty bound.
func (g *geography) cells(names []string) ([]string, []orb.Bound) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.index == nil {
		g.index = makeIndex(g.grids)
	}
	bounds := map[string]orb.Bound{}
	for _, n := range names {
		if n == "" { // what stands on rows outside of all grids
			continue
		}
		if _, ok := bounds[n]; !ok {
			bounds[n] = nowhere
		}
		for _, c := range g.index[n] {
			if have, ok := bounds[c.code]; ok {
				bounds[c.code] = c.bound.Union(have)
			} else {
				bounds[c.code] = c.bound
			}
		}
	}
	codes := make([]string, 0, len(bounds))
	for c := range bounds {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	out := make([]orb.Bound, len(codes))
	for i, c := range codes {
		out[i] = bounds[c]
	}
	return codes, out
}

func makeIndex(grids [3]map[int64]grid) map[string][]grid {
	index := make(map[string][]grid, len(grids[unitGrid]))
	add := func(c grid, names ...string) {
		slices.Sort(names)
		for _, n := range slices.Compact(names) {
			if n != "" {
				index[n] = append(index[n], c)
			}
		}
	}
	communityOf := make(map[string]string, len(grids[dutyGrid])) // of a responsibility grid
	for _, d := range grids[dutyGrid] {
		communityOf[d.code] = d.community
		add(d, d.code, d.community)
	}
	for _, u := range grids[unitGrid] {
		add(u, u.code, u.duty, u.community, communityOf[u.duty])
	}
	for _, c := range grids[communityGrid] {
		add(c, c.code)
	}
	return index
}

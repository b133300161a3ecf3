package city

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// A Town is a street office (街道) or a town (镇) with its communities.
type Town struct {
	Code        string // 9 digits
	NameZH      string
	NameEN      string
	Outline     orb.MultiPolygon
	Communities []Community
	blocks      []int
	at          orb.Point
}

// A Community is a neighbourhood or village committee's ground.
type Community struct {
	Code    string // 12 digits
	NameZH  string
	NameEN  string
	Outline orb.MultiPolygon
	blocks  []int
}

// A Grid is a unit grid, a responsibility grid or a community grid.
type Grid struct {
	Code      string
	Name      string
	AreaCode  string // of its community
	Duty      string // unit grids: the responsibility grid it is part of
	Cell      string // unit and responsibility grids: the community grid of its middle
	AreaClass string
	Outline   orb.MultiPolygon
}

// newTowns groups blocks into towns, these into communities, and these into
// responsibility and community grids, and gives all of them codes. Groups grow
// from seeds across the easiest edges, so that borders follow main streets and
// the river.
func (c *City) newTowns() {
	s := c.site
	all := make([]int, len(c.blocks))
	for i := range all {
		all[i] = i
	}
	// The old town and the new district lie in one street office each, every
	// rural town in one of its own; large cities have more.
	var seeds []orb.Point
	for i, k := range s.centres {
		if i != 2 || s.radius > 5000 {
			if i == 3 && s.radius < 5000 || i > 3 && s.radius < 5000 {
				continue
			}
			seeds = append(seeds, k.at)
		}
	}
	if s.radius < 5000 { // small: old town, new district, and the south bank's town
		seeds = append(seeds, orb.Point{0.15 * s.radius, -0.62 * s.radius})
	}
	if extra := c.size.people / 150_000; extra > len(seeds) {
		r := c.stream("street offices", 0)
		for len(seeds) < extra {
			t, d := between(r, 0, 2*math.Pi), math.Sqrt(r.Float64())*s.core*1.05
			p := add(s.centres[0].at, orb.Point{d * math.Cos(t), d * math.Sin(t)})
			if !slices.ContainsFunc(seeds, func(q orb.Point) bool { return dist(p, q) < 0.22*s.core }) {
				seeds = append(seeds, p)
			} else if r.IntN(60) == 0 {
				break
			}
		}
	}
	names := c.townNames(len(seeds))
	street, town := 0, 99
	for g, blocks := range c.group(all, seeds, 6) {
		if len(blocks) == 0 {
			continue
		}
		built := 0.0
		for _, b := range blocks {
			built += c.blocks[b].built / float64(len(blocks))
		}
		t := Town{blocks: blocks, at: seeds[g]}
		if built > 0.3 || g < 2 {
			street++
			t.Code = fmt.Sprintf("%s%03d", County, street)
			t.NameZH, t.NameEN = names[g].zh+"街道", names[g].en+" Subdistrict"
		} else {
			town++
			t.Code = fmt.Sprintf("%s%03d", County, town)
			t.NameZH, t.NameEN = names[g].zh+"镇", names[g].en+" Town"
		}
		c.towns = append(c.towns, t)
	}
	used := map[string]bool{}
	for ti := range c.towns {
		t := &c.towns[ti]
		t.Outline = c.outline(t.blocks)
		parts := c.groupEvenly(t.blocks, 26, "communities "+t.Code, 4)
		slices.SortFunc(parts, c.westToEast)
		for ci, blocks := range parts {
			n := c.communityName(ti*1000+ci, used, blocks)
			k := Community{Code: fmt.Sprintf("%s%03d", t.Code, ci+1), NameZH: n.zh, NameEN: n.en, blocks: blocks, Outline: c.outline(blocks)}
			slices.SortFunc(k.blocks, func(a, b int) int { return c.westToEast([]int{a}, []int{b}) })
			for seq, b := range k.blocks {
				x := &c.blocks[b]
				x.town, x.community = ti, ci
				x.area = k.Code
				x.code = fmt.Sprintf("%s%03d", k.Code, seq+1)
				x.class = "C"
				if x.built > 0.75 || x.use == "shops" || x.use == "market" {
					x.class = "A"
				} else if x.built > 0.25 {
					x.class = "B"
				}
			}
			t.Communities = append(t.Communities, k)
			cells := c.groupEvenly(blocks, 5, "cells "+k.Code, 2)
			slices.SortFunc(cells, c.westToEast)
			for n, part := range cells {
				g := Grid{Code: fmt.Sprintf("%s%02d", k.Code, n+1), Name: fmt.Sprintf("%s第%d网格", k.NameZH, n+1), AreaCode: k.Code, AreaClass: c.classOf(part), Outline: c.outline(part)}
				for _, b := range part {
					c.blocks[b].cell = g.Code
				}
				c.cells = append(c.cells, g)
			}
			duties := c.groupEvenly(blocks, 9, "duties "+k.Code, 2)
			slices.SortFunc(duties, c.westToEast)
			for n, part := range duties {
				g := Grid{Code: fmt.Sprintf("%s-Z%02d", k.Code, n+1), Name: fmt.Sprintf("%s责任网格%d", k.NameZH, n+1), AreaCode: k.Code, AreaClass: c.classOf(part), Outline: c.outline(part)}
				for _, b := range part {
					c.blocks[b].duty = g.Code
				}
				g.Cell = c.blocks[part[0]].cell
				c.duties = append(c.duties, g)
			}
		}
	}
}

// westToEast orders groups as codes run (GB/T 30428.1): from west to east,
// and from north to south where they lie about equally far west.
func (c *City) westToEast(a, b []int) int {
	pa, pb := c.middle(a), c.middle(b)
	band := 250.0
	if x, y := math.Floor(pa[0]/band), math.Floor(pb[0]/band); x != y {
		return int(x - y)
	}
	switch {
	case pa[1] > pb[1]:
		return -1
	case pa[1] < pb[1]:
		return 1
	}
	return 0
}

func (c *City) middle(blocks []int) orb.Point {
	var p orb.Point
	a := 0.0
	for _, b := range blocks {
		p = add(p, mul(c.blocks[b].at, c.blocks[b].areaM2))
		a += c.blocks[b].areaM2
	}
	return mul(p, 1/a)
}

// classOf is the area class of most of a group's blocks.
func (c *City) classOf(blocks []int) string {
	n := map[string]int{}
	for _, b := range blocks {
		n[c.blocks[b].class]++
	}
	best := "C"
	for _, k := range []string{"B", "A"} {
		if n[k] >= n[best] {
			best = k
		}
	}
	return best
}

// UnitGrids returns one grid a block, in the order of the blocks.
func (c *City) UnitGrids() []Grid {
	out := make([]Grid, len(c.blocks))
	for i, b := range c.blocks {
		out[i] = Grid{Code: b.code, Name: fmt.Sprintf("%s%s", c.towns[b.town].Communities[b.community].NameZH, b.code[12:]),
			AreaCode: b.area, Duty: b.duty, Cell: b.cell, AreaClass: b.class, Outline: c.outline([]int{i})}
	}
	return out
}

// DutyGrids returns the responsibility grids: each the ground of one worker.
func (c *City) DutyGrids() []Grid { return c.duties }

// CommunityGrids returns the grids of community governance.
func (c *City) CommunityGrids() []Grid { return c.cells }

// Towns returns the towns in the order of their codes.
func (c *City) Towns() []Town { return c.towns }

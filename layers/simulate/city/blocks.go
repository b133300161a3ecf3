package city

import (
	"math"

	"github.com/paulmach/orb"
)

// A block is the ground between streets: one face of the mesh, one unit grid,
// one kind of land.
type block struct {
	face   int
	ring   []orb.Point // metres, anticlockwise
	at     orb.Point   // a point inside: where its counts stand
	areaM2 float64
	built  float64 // how built-up, 0 to about 1
	use    string  // see uses
	people int     // residents
	jobs   int
	near   []int // the blocks across an edge, in the order of the ring

	town, community int // indexes
	code            string
	area            string // area code: of its community, 12 digits
	duty            string // code of its responsibility grid
	cell            string // code of its community grid
	class           string // area class A, B, C
}

// The uses of land, with persons living and working on a hectare.
var uses = map[string]struct {
	residents, jobs float64
	landuse         string // class of base_landuse; "" where no land is shown
}{
	"towers":       {330, 25, "residential"},
	"slabs":        {240, 20, "residential"},
	"lanes":        {190, 35, "residential"}, // 城中村: old lanes inside the city
	"village":      {45, 5, "residential"},
	"shops":        {60, 300, "commercial"},
	"market":       {5, 380, "retail"},
	"offices":      {10, 350, "commercial"},
	"industry":     {25, 110, "industrial"},
	"logistics":    {5, 60, "industrial"},
	"school":       {20, 90, "education"},
	"hospital":     {15, 200, "hospital"},
	"government":   {0, 160, "commercial"},
	"park":         {0, 2, "park"},
	"construction": {8, 30, "construction"},
	"station":      {0, 60, "transport"},
	"farm":         {1, 1, "farmland"},
	"orchard":      {0.5, 0.5, "orchard"},
	"wood":         {0, 0, "forest"},
	"water":        {0, 0, ""},
}

// newBlocks makes a block of every face and decides what stands on it.
func (c *City) newBlocks() {
	m := c.mesh
	c.blockOf = make([]int, len(m.faces))
	for f := 1; f < len(m.faces); f++ {
		ring := m.points(f)
		b := block{face: f, ring: ring, at: c.insidePoint(ring), areaM2: areaOf(ring)}
		b.built = c.site.built(b.at)
		c.blockOf[f] = len(c.blocks)
		c.blocks = append(c.blocks, b)
	}
	for i := range c.blocks {
		b := &c.blocks[i]
		for _, h := range m.ring(b.face) {
			if f := m.half[h^1].face; f != 0 {
				b.near = append(b.near, c.blockOf[f])
			}
		}
		b.use = c.useOf(i)
	}
	c.placeServices()
	total := 0.0
	for i := range c.blocks {
		b := &c.blocks[i]
		total += uses[b.use].residents * b.areaM2 / 1e4 * (0.4 + b.built)
	}
	scale := float64(c.size.people) / total
	for i := range c.blocks {
		b := &c.blocks[i]
		r := c.stream("people", i)
		b.people = int(scale * uses[b.use].residents * b.areaM2 / 1e4 * (0.4 + b.built) * between(r, 0.7, 1.3))
		b.jobs = int(scale * uses[b.use].jobs * b.areaM2 / 1e4 * (0.4 + b.built) * between(r, 0.6, 1.4))
	}
}

// insidePoint is the centroid, or a point well inside where the centroid is
// near or beyond the ring.
func (c *City) insidePoint(ring []orb.Point) orb.Point {
	best := centroid(ring)
	if inside(ring, best) && toRing(ring, best) > 15 {
		return best
	}
	lo, hi := bounds(ring)
	depth := math.Inf(-1)
	for i := range 21 {
		for j := range 21 {
			p := orb.Point{lo[0] + (hi[0]-lo[0])*(float64(i)+0.5)/21, lo[1] + (hi[1]-lo[1])*(float64(j)+0.5)/21}
			if inside(ring, p) {
				if d := toRing(ring, p); d > depth {
					best, depth = p, d
				}
			}
		}
	}
	return best
}

func bounds(ring []orb.Point) (lo, hi orb.Point) {
	lo, hi = ring[0], ring[0]
	for _, p := range ring {
		lo = orb.Point{min(lo[0], p[0]), min(lo[1], p[1])}
		hi = orb.Point{max(hi[0], p[0]), max(hi[1], p[1])}
	}
	return lo, hi
}

// useOf draws a block's use by where it lies: shops in the middle, flats
// around, works to the north-east of the rings, fields and villages beyond.
func (c *City) useOf(i int) string {
	b, s := &c.blocks[i], c.site
	r := c.stream("use", i)
	x := r.Float64()
	kind, _ := c.ground(b.at)
	old := s.centres[0].at
	d := sub(b.at, old)
	share := norm(d) / s.core
	switch kind {
	case "water":
		return "water"
	case "hill":
		return "wood"
	case "country":
		switch {
		case b.areaM2 < 260_000 && x < 0.22:
			return "village"
		case x < 0.36:
			return "orchard"
		case x < 0.44:
			return "wood"
		}
		return "farm"
	case "edge":
		switch {
		case x < 0.24:
			return "industry"
		case x < 0.45:
			return "village"
		case x < 0.53:
			return "construction"
		case x < 0.60:
			return "logistics"
		}
		return "farm"
	}
	river := toLine(s.river, b.at) - s.riverM
	angle := math.Atan2(d[1], d[0])
	works := share > 0.55 && angle > 0.25 && angle < 1.15 || share > 0.7 && angle > 2.6
	switch {
	case river < 160 && x < 0.34:
		return "park"
	case works && x < 0.72:
		if x < 0.12 {
			return "logistics"
		}
		return "industry"
	case share < 0.14 && x < 0.62:
		return "shops"
	case share < 0.3 && x < 0.12:
		return "offices"
	case share < 0.45 && x < 0.2:
		return "shops"
	case b.built > 0.7 && x < 0.26:
		return "shops"
	case x < 0.31:
		return "park"
	case x < 0.50:
		return "towers"
	case x < 0.78:
		return "slabs"
	case x < 0.93:
		return "lanes"
	case x < 0.97:
		return "construction"
	}
	return "offices"
}

// placeServices gives the city what it has few of: markets, schools,
// hospitals, offices of the government, a railway station.
func (c *City) placeServices() {
	r := c.stream("services", 0)
	var homes []int
	for i, b := range c.blocks {
		if b.use == "towers" || b.use == "slabs" || b.use == "lanes" {
			homes = append(homes, i)
		}
	}
	put := func(use string, n int) {
		for range n {
			if len(homes) == 0 {
				return
			}
			k := r.IntN(len(homes))
			c.blocks[homes[k]].use = use
			homes = append(homes[:k], homes[k+1:]...)
		}
	}
	n := len(homes)
	put("school", max(4, n/18))
	put("hospital", max(2, n/70))
	put("government", max(2, n/90))
	put("market", max(2, n/60))
	put("station", 1)
	// The great market of small goods, for which such a city is known, is in
	// the new district.
	best, near := -1, math.Inf(1)
	for i, b := range c.blocks {
		if d := dist(b.at, c.site.centres[1].at); b.use != "water" && b.use != "wood" && d < near {
			best, near = i, d
		}
	}
	c.blocks[best].use = "market"
	for _, k := range c.blocks[best].near[:min(2, len(c.blocks[best].near))] {
		if c.blocks[k].use != "water" {
			c.blocks[k].use = "market"
		}
	}
}

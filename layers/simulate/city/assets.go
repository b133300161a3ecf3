package city

import (
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"
)

// An Asset is a city component (部件).
type Asset struct {
	Code     string // 17 digits: county, class, serial
	Class    string
	Name     string
	Dept     string
	State    string
	Surveyed time.Time
	Changed  time.Time // zero: never
	Block    int
	At       orb.Point
}

// A host is something that components stand on or along, with how many fit.
type host struct {
	half   int // a street's half-edge, or -1
	block  int
	door   int // a building, or -1
	weight float64
}

// Assets makes all components, class by class, and hands each to yield, until
// it returns false. It holds none of them.
func (c *City) Assets(yield func(Asset) bool) {
	hosts := c.hosts()
	total := 0.0
	for _, r := range assetRules {
		total += r.weight
	}
	for _, rule := range assetRules {
		// Six digits of serial number; a few of each class even in a small city.
		n := min(990_000, max(3, int(math.Round(rule.weight/total*float64(c.size.assets)))))
		on := hosts[rule.where]
		if len(on) == 0 {
			on = hosts["block"]
		}
		sum := 0.0
		for _, h := range on {
			sum += h.weight
		}
		serial, passed, given := 0, 0.0, 0
		for i, h := range on {
			passed += h.weight
			here := int(math.Round(passed/sum*float64(n))) - given
			given += here
			if here == 0 {
				continue
			}
			r := c.stream(rule.class, i)
			for j := range here {
				at, block := c.stand(h, rule, (float64(j)+between(r, 0.15, 0.85))/float64(here), r.Float64(), r.Float64())
				serial++
				a := Asset{Class: rule.class, Name: rule.name, Dept: rule.dept, State: "intact", Block: block, At: lonLat(at)}
				a.Code = fmt.Sprintf("%s%s%06d", County, rule.class, serial)
				a.Surveyed = c.day(-int(between(r, 200, 2400)))
				if x := r.Float64(); x < 0.045 {
					a.State = []string{"damaged", "damaged", "damaged", "lost", "abandoned", "removed"}[r.IntN(6)]
					a.Changed = c.day(-int(between(r, 1, 190)))
				}
				if !yield(a) {
					return
				}
			}
		}
	}
}

// day is the date that many days after the city's now.
func (c *City) day(n int) time.Time {
	y, m, d := c.Now.In(Zone).Date()
	return time.Date(y, m, d+n, 0, 0, 0, 0, time.UTC)
}

// Zone is China Standard Time: no summer time since 1992.
var Zone = time.FixedZone("CST", 8*3600)

// hosts lists what there is to stand on, by the names the rules use.
func (c *City) hosts() map[string][]host {
	m := c.mesh
	out := map[string][]host{}
	put := func(where string, h host) { out[where] = append(out[where], h) }
	for h := range m.half {
		e := m.edge[h/2]
		k := classRank[e.class]
		f := m.half[h].face
		if f == 0 {
			continue
		}
		block := c.blockOf[f]
		b := &c.blocks[block]
		length := dist(m.at[m.half[h].from], m.at[m.to(h)])
		if b.use == "water" {
			if k > 0 && c.isWater(m.half[h^1].face) {
				put("bridge", host{h, block, -1, length})
			}
			continue
		}
		if c.isWater(m.half[h^1].face) && b.built > 0.3 {
			put("bank", host{h, block, -1, length})
		}
		if k == 0 {
			continue
		}
		urban := 0.05 + b.built*b.built
		if k >= 8 || k == 6 {
			put("road", host{h, block, -1, length})
		}
		if k >= 5 && k <= 8 {
			put("main", host{h, block, -1, length * urban})
		}
		if k >= 4 && k <= 8 {
			put("street", host{h, block, -1, length * urban * (0.6 + 0.1*float64(k))})
		}
		v := m.half[h].from
		if k >= 4 && k <= 8 && len(m.around(v)) > 2 && length > 20 {
			put("corner", host{h, block, -1, urban * float64(k-3)})
		}
	}
	for i := range c.blocks {
		b := &c.blocks[i]
		h := host{-1, i, -1, b.areaM2 * (0.05 + b.built)}
		switch b.use {
		case "towers", "slabs", "lanes", "village":
			put("home", h)
			put("block", h)
		case "shops", "market", "offices", "hospital", "school", "government":
			put("shop", h)
			put("block", h)
		case "industry", "logistics", "station":
			put("works", h)
		case "park":
			put("green", h)
			put("block", h)
		case "wood", "orchard":
			put("wood", h)
		}
	}
	for i, b := range c.buildings {
		if b.Street == "" {
			continue
		}
		put("door", host{-1, b.Block, i, 1})
		if b.Class == "commercial" {
			put("shopdoor", host{-1, b.Block, i, 3})
		} else if c.blocks[b.Block].use == "lanes" {
			put("shopdoor", host{-1, b.Block, i, 1})
		}
	}
	return out
}

// stand finds a place on a host; s, t and u are even numbers from [0, 1), s
// the share of the way along.
func (c *City) stand(h host, rule assetRule, s, t, u float64) (orb.Point, int) {
	b := &c.blocks[h.block]
	switch {
	case h.door >= 0:
		d := c.buildings[h.door]
		p := add(d.at, mul(orb.Point{t - 0.5, u - 0.5}, 8))
		if inside(b.ring, p) {
			return p, h.block
		}
		return d.at, h.block
	case h.half >= 0:
		m := c.mesh
		length := dist(m.at[m.half[h.half].from], m.at[m.to(h.half)])
		if rule.where == "corner" {
			s = min(0.45, (10+6*t)/length)
		}
		if at, block, ok := c.beside(h.half, 0.04+0.92*s, rule.offM+(u-0.5)*1.2); ok {
			return at, block
		}
	}
	// Somewhere in the block, by trial.
	lo, hi := bounds(b.ring)
	for i := range 12 {
		x := math.Mod(t+float64(i)*0.61803398875, 1)
		y := math.Mod(u+float64(i)*0.75487766625, 1)
		if p := (orb.Point{lo[0] + (hi[0]-lo[0])*x, lo[1] + (hi[1]-lo[1])*y}); inside(b.ring, p) && toRing(b.ring, p) > 4 {
			return p, h.block
		}
	}
	return b.at, h.block
}

package city

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/paulmach/orb"
)

// A Building is a footprint with its height and address.
type Building struct {
	Name    string
	Class   string // as base_building knows them
	Levels  int
	HeightM float64
	Block   int
	Street  string // "" for what has no address
	Number  int
	Outline orb.MultiPolygon
	Door    orb.Point // where its address stands

	at    orb.Point // metres
	half  int       // the half-edge of the street it belongs to
	floor float64   // ground area, m²
}

// A pattern is how a use fills a block: rows of one kind of house.
type pattern struct {
	class      string
	wide, deep [2]float64 // metres: along the row, across it
	gap, row   [2]float64 // between houses, between rows
	levels     [2]int
	fill       float64 // share of places that are built on
	setback    float64 // from the street's middle
	south      bool    // rows look south, as flats in China do; else along the longest street
}

var patterns = map[string]pattern{
	"towers":       {"residential", [2]float64{24, 34}, [2]float64{16, 20}, [2]float64{26, 40}, [2]float64{36, 50}, [2]int{17, 32}, 0.9, 19, true},
	"slabs":        {"residential", [2]float64{38, 62}, [2]float64{11, 14}, [2]float64{9, 16}, [2]float64{18, 25}, [2]int{5, 11}, 0.96, 16, true},
	"lanes":        {"residential", [2]float64{10, 16}, [2]float64{11, 14}, [2]float64{2, 5}, [2]float64{6, 9}, [2]int{3, 6}, 0.92, 12, false},
	"village":      {"residential", [2]float64{10, 14}, [2]float64{10, 13}, [2]float64{4, 12}, [2]float64{9, 18}, [2]int{2, 4}, 0.5, 26, true},
	"shops":        {"commercial", [2]float64{28, 44}, [2]float64{20, 28}, [2]float64{7, 13}, [2]float64{12, 18}, [2]int{4, 18}, 0.95, 15, false},
	"market":       {"commercial", [2]float64{70, 110}, [2]float64{45, 60}, [2]float64{16, 22}, [2]float64{18, 26}, [2]int{4, 5}, 1, 18, false},
	"offices":      {"commercial", [2]float64{30, 46}, [2]float64{26, 34}, [2]float64{24, 36}, [2]float64{26, 40}, [2]int{9, 36}, 0.9, 18, false},
	"industry":     {"industrial", [2]float64{55, 95}, [2]float64{24, 42}, [2]float64{12, 20}, [2]float64{14, 22}, [2]int{1, 4}, 0.93, 16, false},
	"logistics":    {"industrial", [2]float64{90, 140}, [2]float64{40, 55}, [2]float64{24, 30}, [2]float64{28, 38}, [2]int{1, 2}, 0.95, 24, false},
	"school":       {"public", [2]float64{48, 70}, [2]float64{13, 18}, [2]float64{18, 30}, [2]float64{28, 40}, [2]int{4, 6}, 0.6, 24, true},
	"hospital":     {"public", [2]float64{50, 80}, [2]float64{20, 28}, [2]float64{18, 26}, [2]float64{26, 36}, [2]int{6, 18}, 0.75, 24, true},
	"government":   {"public", [2]float64{50, 80}, [2]float64{18, 26}, [2]float64{24, 36}, [2]float64{34, 46}, [2]int{5, 14}, 0.7, 28, true},
	"construction": {"construction", [2]float64{26, 40}, [2]float64{18, 26}, [2]float64{34, 50}, [2]float64{40, 60}, [2]int{3, 12}, 0.3, 26, true},
	"station":      {"public", [2]float64{160, 200}, [2]float64{50, 60}, [2]float64{40, 60}, [2]float64{90, 120}, [2]int{2, 3}, 1, 26, false},
	"park":         {"public", [2]float64{14, 22}, [2]float64{9, 14}, [2]float64{70, 120}, [2]float64{70, 120}, [2]int{1, 2}, 0.35, 26, false},
	"orchard":      {"agricultural", [2]float64{9, 14}, [2]float64{7, 10}, [2]float64{120, 200}, [2]float64{120, 200}, [2]int{1, 1}, 0.3, 24, true},
	"farm":         {"agricultural", [2]float64{30, 50}, [2]float64{8, 9}, [2]float64{60, 160}, [2]float64{60, 200}, [2]int{1, 1}, 0.12, 24, true},
}

// newBuildings fills the blocks. A house stands where all of it is inside its
// block and clear of the streets.
func (c *City) newBuildings() {
	for i := range c.blocks {
		p, ok := patterns[c.blocks[i].use]
		if !ok {
			continue
		}
		before := len(c.buildings)
		c.fill(i, p, c.stream("buildings", i))
		if len(c.buildings) == before && c.blocks[i].built > 0.2 { // a small block wants smaller houses
			for _, side := range []*[2]float64{&p.wide, &p.deep, &p.gap, &p.row} {
				side[0] *= 0.55
				side[1] *= 0.55
			}
			p.setback *= 0.75
			c.fill(i, p, c.stream("small buildings", i))
		}
	}
	c.numberHouses()
}

func (c *City) fill(block int, p pattern, r *rand.Rand) {
	b := &c.blocks[block]
	along := orb.Point{1, 0}
	if p.south {
		along = turned(along, between(r, -0.18, 0.18))
	} else {
		axis, _, _ := longSide(b.ring)
		if along = axis; along[0] < 0 {
			along = mul(along, -1)
		}
	}
	across := left(along)
	lo, hi := orb.Point{math.Inf(1), math.Inf(1)}, orb.Point{math.Inf(-1), math.Inf(-1)}
	for _, q := range b.ring {
		x, y := dot(q, along), dot(q, across)
		lo, hi = orb.Point{min(lo[0], x), min(lo[1], y)}, orb.Point{max(hi[0], x), max(hi[1], y)}
	}
	levels := p.levels[0] + r.IntN(p.levels[1]-p.levels[0]+1)
	wide := between(r, p.wide[0], p.wide[1])
	limit := 160
	if b.use == "village" || b.use == "lanes" {
		limit = 90
	}
	for y := lo[1] + 6; y < hi[1] && limit > 0; {
		before := len(c.buildings)
		deep := between(r, p.deep[0], p.deep[1])
		for x := lo[0] + between(r, 4, 14); x < hi[0] && limit > 0; {
			w := wide * between(r, 0.9, 1.1)
			if c.put(block, p, along, orb.Point{x, y}, w, deep, levels, r) {
				limit--
				x += w + between(r, p.gap[0], p.gap[1])
			} else {
				x += 7
			}
		}
		if len(c.buildings) > before {
			y += deep + between(r, p.row[0], p.row[1])
		} else {
			y += 5
		}
	}
}

// put builds one house with its corner at (x, y) in the turned axes, if it fits.
func (c *City) put(block int, p pattern, along orb.Point, corner orb.Point, w, deep float64, levels int, r *rand.Rand) bool {
	b := &c.blocks[block]
	across := left(along)
	o := add(mul(along, corner[0]), mul(across, corner[1]))
	quad := []orb.Point{o, add(o, mul(along, w)), add(add(o, mul(along, w)), mul(across, deep)), add(o, mul(across, deep))}
	for i, q := range quad {
		for _, x := range []orb.Point{q, mix(q, quad[(i+1)%4], 0.5)} {
			if !inside(b.ring, x) || toRing(b.ring, x) < p.setback {
				return false
			}
		}
	}
	if b.use != "school" && c.onWay(block, quad) {
		return false
	}
	if r.Float64() > p.fill {
		return true // an open place
	}
	n := max(p.levels[0], min(p.levels[1], levels+r.IntN(5)-2))
	h := 3.0
	if p.class == "industrial" || p.class == "commercial" {
		h = 4.2
	}
	x := Building{Class: p.class, Levels: n, HeightM: math.Round(float64(n)*h*10) / 10, Block: block,
		Outline: orb.MultiPolygon{{closed(quad)}}, at: mix(quad[0], quad[2], 0.5), floor: w * deep, half: -1}
	// Some houses are an L: a wing cut away.
	if (p.class == "commercial" || p.class == "public") && w > 40 && r.Float64() < 0.5 {
		a, d := between(r, 0.35, 0.6), between(r, 0.4, 0.6)
		at := func(s, t float64) orb.Point { return add(add(o, mul(along, w*s)), mul(across, deep*t)) }
		x.Outline = orb.MultiPolygon{{closed([]orb.Point{at(0, 0), at(1, 0), at(1, d), at(a, d), at(a, 1), at(0, 1)})}}
	}
	c.buildings = append(c.buildings, x)
	return true
}

// onWay says whether a footprint lies on the block's own service way.
func (c *City) onWay(block int, quad []orb.Point) bool {
	g, ok := c.gateOf[block]
	if !ok {
		return false
	}
	line := c.gates[g].line
	for i := 1; i < len(line); i++ {
		for k, q := range quad {
			if _, _, hit := meet(line[i-1], line[i], q, quad[(k+1)%4]); hit || toSegment(q, line[i-1], line[i]) < 6 {
				return true
			}
		}
	}
	return false
}

// numberHouses gives every building the nearest street of its block and, along
// each street, odd numbers on the left and even ones on the right.
func (c *City) numberHouses() {
	m := c.mesh
	type place struct {
		road int
		at   float64
	}
	where := map[int]place{} // half-edge -> its road, and how far along it begins
	for i, r := range c.roads {
		along := 0.0
		for _, h := range r.edges {
			d := dist(m.at[m.half[h].from], m.at[m.to(h)])
			where[h] = place{i, along}
			where[h^1] = place{i, along + d}
			along += d
		}
	}
	used := map[[2]int]bool{}
	for i := range c.buildings {
		b := &c.buildings[i]
		near := math.Inf(1)
		for _, h := range m.ring(c.blocks[b.Block].face) {
			if m.edge[h/2].class == "" || m.edge[h/2].class == "motorway" || m.edge[h/2].class == "track" {
				continue
			}
			if d := toSegment(b.at, m.at[m.half[h].from], m.at[m.to(h)]); d < near {
				b.half, near = h, d
			}
		}
		if b.half < 0 || b.Class == "agricultural" || b.Class == "construction" {
			continue
		}
		w := where[b.half]
		from, to := m.at[m.half[b.half].from], m.at[m.to(b.half)]
		d := dot(sub(b.at, from), unit(sub(to, from)))
		at, side := w.at+d, 1
		if len(c.roads[w.road].edges) > 0 && !contains(c.roads[w.road].edges, b.half) {
			at, side = w.at-d, 2
		}
		// One number each eight metres, and the next free one where taken.
		at += c.roads[w.road].start
		n := 2*int(max(0, at)/8) + side
		for used[[2]int{c.roads[w.road].street, n}] {
			n += 2
		}
		used[[2]int{c.roads[w.road].street, n}] = true
		b.Street, b.Number = strings.TrimSuffix(c.roads[w.road].Name, "桥"), n
		foot := add(from, mul(unit(sub(to, from)), max(0, min(dist(from, to), d))))
		toward := sub(foot, b.at)
		b.Door = lonLat(add(b.at, mul(unit(toward), min(norm(toward)*0.4, 9))))
	}
}

func contains(list []int, x int) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// Buildings returns all buildings, block by block.
func (c *City) Buildings() []Building { return c.buildings }

// Address is the building's street and number, "" where it has none.
func (b Building) Address() string {
	if b.Street == "" {
		return ""
	}
	return fmt.Sprintf("%s%d号", b.Street, b.Number)
}

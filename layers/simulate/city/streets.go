package city

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// A Road is one way of the street network: a run of one street with one class.
type Road struct {
	Name, NameEN string
	Class        string // motorway … track, as in OpenStreetMap
	Ref          string
	Bridge       bool
	SpeedKMH     float64
	Line         orb.LineString
	Block        int // the block on its left, for its grid

	metres []orb.Point
	edges  []int   // half-edges along it; none for a service way
	nodes  []int   // the corners along it
	street int     // which street it is part of
	start  float64 // how far from the street's beginning it begins, in metres
}

var classRank = map[string]int{"motorway": 9, "trunk": 8, "primary": 7, "secondary": 6, "tertiary": 5, "unclassified": 4, "residential": 4, "service": 2, "track": 1}

var speedKMH = map[string]float64{"motorway": 100, "trunk": 70, "primary": 60, "secondary": 50, "tertiary": 40, "unclassified": 40, "residential": 30, "service": 15, "track": 15}

// newRoads joins the edges of cuts that run on into each other to streets,
// names them, and cuts them into ways.
func (c *City) newRoads() {
	m := c.mesh
	street := newUnion(c.cuts)
	class := make([]string, c.cuts)
	for _, x := range m.edge {
		if x.class == "" {
			continue
		}
		class[x.cut] = x.class
	}
	// A street goes on where it ends at another's end, nearly straight ahead.
	for v := range m.at {
		var ends []int
		count := map[int]int{}
		for _, h := range m.around(v) {
			if e := m.edge[h/2]; e.class != "" {
				count[e.cut]++
				ends = append(ends, h)
			}
		}
		for i, g := range ends {
			for _, h := range ends[i+1:] {
				a, b := m.edge[g/2], m.edge[h/2]
				if a.cut == b.cut || count[a.cut] != 1 || count[b.cut] != 1 || classRank[a.class] > 6 && a.class != b.class || classRank[b.class] > 6 && a.class != b.class {
					continue
				}
				da, db := unit(sub(m.at[m.to(g)], m.at[v])), unit(sub(m.at[m.to(h)], m.at[v]))
				if dot(da, db) < -0.93 && math.Abs(float64(classRank[a.class]-classRank[b.class])) <= 1 {
					street.join(a.cut, b.cut)
				}
			}
		}
	}
	// The higher class holds for a whole street.
	top := make([]string, c.cuts)
	for i := range class {
		if s := street.find(i); classRank[class[i]] > classRank[top[s]] {
			top[s] = class[i]
		}
	}
	for e := range m.edge {
		if x := &m.edge[e]; x.class != "" {
			x.class = top[street.find(x.cut)]
		}
	}
	c.nameStreets(street)
	c.layWays(street)
	c.serviceWays()
}

// nameStreets gives each street a name of its own, main roads those of the site.
func (c *City) nameStreets(street *union) {
	m := c.mesh
	c.streetNames = make([]name, c.cuts)
	refs := make([]string, c.cuts)
	way := make([]orb.Point, c.cuts) // the sum of a street's directions, without sign
	length := make([]float64, c.cuts)
	classes := make([]string, c.cuts)
	for e, x := range m.edge {
		if x.class == "" {
			continue
		}
		d := sub(m.at[m.to(2*e)], m.at[m.half[2*e].from])
		s := street.find(x.cut)
		way[s] = add(way[s], orb.Point{math.Abs(d[0]), math.Abs(d[1])})
		length[s] += norm(d)
		classes[s] = x.class
	}
	for i, r := range c.site.roads {
		s := street.find(i + 3) // cuts 1 and 2 are the banks
		if r.name != "" {
			c.streetNames[s], refs[s] = name{r.name, englishRoads[r.name]}, r.ref
		}
	}
	free := c.names("streets")
	taken := map[string]bool{}
	n := 0
	for s := range c.cuts {
		if classes[s] == "" || c.streetNames[s].zh != "" || classes[s] == "track" {
			continue
		}
		suffix := streetSuffix(classes[s], way[s][0] > way[s][1])
		for tries := 0; tries < len(free); tries++ {
			x := free[n%len(free)]
			n++
			if full := x.zh + suffix.zh; !taken[full] {
				taken[full] = true
				c.streetNames[s] = name{full, x.en + suffix.en}
				break
			}
		}
		if c.streetNames[s].zh == "" { // a very large city: numbered lanes
			x := free[s%len(free)]
			c.streetNames[s] = name{fmt.Sprintf("%s%d%s", x.zh, s, suffix.zh), fmt.Sprintf("%s%s No. %d", x.en, suffix.en, s)}
		}
	}
	for i := range c.streetNames { // every cut knows its street's name
		s := street.find(i)
		c.streetNames[i] = c.streetNames[s]
		refs[i] = refs[s]
	}
	c.streetRefs = refs
}

var englishRoads = map[string]string{"云稠高速": "Yunchou Expressway", "望云公路": "Wangyun Highway", "内环路": "Inner Ring Road", "中环路": "Middle Ring Road",
	"外环路": "Outer Ring Road", "绕城路": "Orbital Road", "稠岩大道": "Chouyan Avenue", "人和大道": "Renhe Avenue"}

// layWays walks along each street and lays a way for every run of at most
// about 700 m that is all bridge or all ground.
func (c *City) layWays(street *union) {
	m := c.mesh
	used := make([]bool, len(m.edge))
	bridge := func(h int) bool {
		return c.isWater(m.half[h].face) && c.isWater(m.half[h^1].face)
	}
	// ahead returns the next half-edge of the same street from h's end.
	ahead := func(h int) int {
		s := street.find(m.edge[h/2].cut)
		from := m.half[h].from
		v := m.to(h)
		best, straight := -1, -0.2
		for _, g := range m.around(v) {
			if e := m.edge[g/2]; e.class == "" || used[g/2] || street.find(e.cut) != s {
				continue
			}
			if d := dot(unit(sub(m.at[v], m.at[from])), unit(sub(m.at[m.to(g)], m.at[v]))); d > straight {
				best, straight = g, d
			}
		}
		return best
	}
	for e := range m.edge {
		if m.edge[e].class == "" || used[e] {
			continue
		}
		// Back to the street's beginning, then forward.
		used[e] = true
		path := []int{2 * e}
		for h := ahead(2 * e); h >= 0; h = ahead(h) {
			used[h/2] = true
			path = append(path, h)
		}
		for h := ahead(2*e + 1); h >= 0; h = ahead(h) {
			used[h/2] = true
			path = append([]int{h ^ 1}, path...)
		}
		start := 0.0
		for len(path) > 0 {
			n, length := 1, 0.0
			b := bridge(path[0])
			for n < len(path) && bridge(path[n]) == b {
				h := path[n-1]
				length += dist(m.at[m.half[h].from], m.at[m.to(h)])
				if length > 700 && len(m.around(m.half[path[n]].from)) > 2 {
					break
				}
				n++
			}
			c.addRoad(path[:n], b, street.find(m.edge[e].cut), start)
			r := c.roads[len(c.roads)-1].metres
			for i := 1; i < len(r); i++ {
				start += dist(r[i-1], r[i])
			}
			path = path[n:]
		}
	}
}

func (c *City) addRoad(path []int, bridge bool, street int, start float64) {
	m := c.mesh
	cut, class := m.edge[path[0]/2].cut, m.edge[path[0]/2].class
	r := Road{Name: c.streetNames[cut].zh, NameEN: c.streetNames[cut].en, Class: class, Ref: c.streetRefs[cut], Bridge: bridge,
		SpeedKMH: speedKMH[class], edges: path, street: street, start: start}
	r.nodes = append(r.nodes, m.half[path[0]].from)
	for _, h := range path {
		r.nodes = append(r.nodes, m.to(h))
	}
	for _, v := range r.nodes {
		r.metres = append(r.metres, m.at[v])
	}
	if bridge && r.Name != "" {
		r.Name, r.NameEN = r.Name+"桥", r.NameEN+" Bridge"
	}
	side := path[len(path)/2]
	f := m.half[side].face
	if f == 0 {
		f = m.half[side^1].face
	}
	r.Block = c.blockOf[f]
	r.Line = orb.LineString(lonLats(r.metres))
	c.roads = append(c.roads, r)
}

func (c *City) isWater(face int) bool {
	return face != 0 && c.blocks[c.blockOf[face]].use == "water"
}

// A gate is where a block's own way leaves the street.
type gate struct {
	block  int
	vertex int
	line   []orb.Point
}

// findGates puts a gate on the street of every larger block in the city.
func (c *City) findGates() {
	m := c.mesh
	c.gateOf = map[int]int{}
	for i := range c.blocks {
		b := &c.blocks[i]
		if b.areaM2 < 14_000 || b.use == "water" || b.use == "wood" || b.use == "farm" || b.use == "orchard" || b.use == "park" && b.areaM2 < 40_000 {
			continue
		}
		// In the middle of the longest edge that is no main road.
		best, long := -1, 45.0
		for _, h := range m.ring(b.face) {
			if k := classRank[m.edge[h/2].class]; k == 0 || k > 6 || m.half[h^1].face == 0 {
				continue
			}
			if d := dist(m.at[m.half[h].from], m.at[m.to(h)]); d > long {
				best, long = h, d
			}
		}
		if best < 0 {
			continue
		}
		r := c.stream("service", i)
		from := mix(m.at[m.half[best].from], m.at[m.to(best)], between(r, 0.4, 0.6))
		to := mix(from, b.at, between(r, 0.8, 1.05))
		if dist(from, to) < 35 || toRing(b.ring, to) < 18 || !inside(b.ring, to) {
			continue
		}
		knee := add(mix(from, to, 0.55), mul(left(sub(to, from)), between(r, -0.08, 0.08)))
		c.gateOf[i] = len(c.gates)
		c.gates = append(c.gates, gate{i, m.splitEdge(best, from), []orb.Point{from, knee, to}})
	}
}

// serviceWays leads a short way through each gate. Its points are no corners
// of the mesh: it cuts no block.
func (c *City) serviceWays() {
	m := c.mesh
	for _, g := range c.gates {
		r := Road{Class: "service", SpeedKMH: speedKMH["service"], Block: g.block, metres: g.line, nodes: []int{g.vertex}, street: -1}
		for _, p := range g.line[1:] {
			m.at = append(m.at, p)
			m.out = append(m.out, -1)
			r.nodes = append(r.nodes, len(m.at)-1)
		}
		r.Line = orb.LineString(lonLats(r.metres))
		c.roads = append(c.roads, r)
	}
}

// A union joins numbers into sets.
type union struct{ parent []int }

func newUnion(n int) *union {
	u := &union{make([]int, n)}
	for i := range u.parent {
		u.parent[i] = i
	}
	return u
}

func (u *union) find(i int) int {
	for u.parent[i] != i {
		u.parent[i] = u.parent[u.parent[i]]
		i = u.parent[i]
	}
	return i
}

// join keeps the smaller number as the set's name: main roads were cut first.
func (u *union) join(a, b int) {
	a, b = u.find(a), u.find(b)
	u.parent[max(a, b)] = min(a, b)
}

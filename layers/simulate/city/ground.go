package city

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// An Area is a piece of land use, water or an administrative division.
type Area struct {
	Name, NameEN string
	Class        string
	Level        int    // divisions: 6 county, 8 town, 10 community, as in OpenStreetMap
	Code         string // divisions
	Block        int    // for its grid
	Outline      orb.MultiPolygon
}

// LandUse returns one area a block that has a use. Streets run on their edges.
func (c *City) LandUse() []Area {
	var out []Area
	parks := c.names("parks")
	for i, b := range c.blocks {
		class := uses[b.use].landuse
		if class == "" {
			continue
		}
		a := Area{Class: class, Block: i, Outline: c.outline([]int{i})}
		x := parks[i%len(parks)]
		switch b.use {
		case "park":
			a.Name, a.NameEN = x.zh+"公园", x.en+" Park"
		case "school":
			a.Name, a.NameEN = c.schoolName(i)
		case "hospital":
			a.Name, a.NameEN = c.hospitalName(i)
		case "market":
			a.Name, a.NameEN = c.marketName(i)
		case "industry":
			if i%7 == 0 {
				a.Name, a.NameEN = x.zh+"工业园", x.en+" Industrial Park"
			}
		case "station":
			a.Name, a.NameEN = "稠岩站", "Chouyan Railway Station"
		case "towers", "slabs":
			a.Name, a.NameEN = c.estateName(i)
		}
		out = append(out, a)
	}
	return out
}

func (c *City) estateName(i int) (string, string) {
	x := c.estates[i%len(c.estates)]
	kind := []name{{"花园", " Garden"}, {"小区", " Estate"}, {"家园", " Homes"}, {"新村", " New Village"}, {"苑", " Court"}, {"府", " Residence"}}[i%6]
	return x.zh + kind.zh, x.en + kind.en
}

func (c *City) schoolName(i int) (string, string) {
	x := c.estates[(i*3+1)%len(c.estates)]
	kind := []name{{"小学", " Primary School"}, {"中学", " Middle School"}, {"实验小学", " Experimental Primary School"}, {"高级中学", " High School"}}[i%4]
	return x.zh + kind.zh, x.en + kind.en
}

func (c *City) hospitalName(i int) (string, string) {
	x := c.estates[(i*5+2)%len(c.estates)]
	return x.zh + "医院", x.en + " Hospital"
}

func (c *City) marketName(i int) (string, string) {
	if dist(c.blocks[i].at, c.site.centres[1].at) < 700 {
		return "云栖国际小商品城", "Yunqi International Small Goods City"
	}
	x := c.estates[(i*7+3)%len(c.estates)]
	kind := []name{{"农贸市场", " Farmers' Market"}, {"装饰城", " Decoration City"}, {"副食品市场", " Food Market"}, {"五金城", " Hardware City"}}[i%4]
	return x.zh + kind.zh, x.en + kind.en
}

// Water returns the river, the reservoir and some ponds.
func (c *City) Water() []Area {
	var out []Area
	// The river is narrower than its bed: streets run on the banks.
	var ring []orb.Point
	s := c.site
	var north []orb.Point
	in := func(i int) bool { return i >= 0 && i < len(s.river) && inside(s.outline, s.river[i]) }
	for i, p := range s.river {
		if !in(i-1) && !in(i) && !in(i+1) { // one step beyond the border, for no gap there
			continue
		}
		d := unit(sub(s.river[min(i+1, len(s.river)-1)], s.river[max(i-1, 0)]))
		w := s.riverM*(1+0.15*math.Sin(float64(i)*0.7)) - 17
		ring = append(ring, add(p, mul(left(d), -w)))
		north = append(north, add(p, mul(left(d), w)))
	}
	for i := len(north) - 1; i >= 0; i-- {
		ring = append(ring, north[i])
	}
	mid := north[len(north)/2]
	out = append(out, Area{Name: "稠云江", NameEN: "Chouyun River", Class: "river", Block: c.blockAt(sub(mid, orb.Point{0, s.riverM / 2})), Outline: orb.MultiPolygon{{closed(ring)}}})
	if i, room := c.lakeBlock(); i >= 0 {
		out = append(out, Area{Name: "云栖水库", NameEN: "Yunqi Reservoir", Class: "reservoir", Block: i,
			Outline: orb.MultiPolygon{{closed(c.blob("lake", c.blocks[i].at, min(s.lakeM, 0.55*room)))}}})
	}
	for i, b := range c.blocks {
		r := c.stream("pond", i)
		if b.use == "farm" && r.Float64() < 0.22 || b.use == "park" && b.areaM2 > 25_000 && r.Float64() < 0.5 {
			if d := min(toRing(b.ring, b.at)*0.55, 60); d > 18 {
				out = append(out, Area{Class: "pond", Block: i, Outline: orb.MultiPolygon{{closed(c.blob(fmt.Sprint("pond", i), b.at, d))}}})
			}
		}
	}
	return out
}

// lakeBlock is the wooded block around the site's lake that has the most room,
// in metres from its middle to its edge.
func (c *City) lakeBlock() (block int, roomM float64) {
	block = -1
	for i := range c.blocks {
		b := &c.blocks[i]
		if b.use != "wood" || dist(b.at, c.site.lake) > 0.4*c.site.radius {
			continue
		}
		if d := toRing(b.ring, b.at) - 0.15*dist(b.at, c.site.lake); d > roomM {
			block, roomM = i, d
		}
	}
	if block >= 0 {
		roomM = toRing(c.blocks[block].ring, c.blocks[block].at)
	}
	return block, roomM
}

// blob is a round shape with a wavy edge.
func (c *City) blob(subject string, at orb.Point, radius float64) []orb.Point {
	w := c.wave(subject, 5)
	n := 28
	var ring []orb.Point
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		d := radius * (1 + 0.16*w.at(a))
		ring = append(ring, add(at, orb.Point{1.2 * d * math.Cos(a), 0.85 * d * math.Sin(a)}))
	}
	return ring
}

// A Waterway is a line that water flows along.
type Waterway struct {
	Name, Class string
	Block       int
	Line        orb.LineString
}

// Waterways returns the river's course and the brook from the hills.
func (c *City) Waterways() []Waterway {
	var river []orb.Point
	for _, p := range c.site.river {
		if inside(c.site.outline, p) {
			river = append(river, p)
		}
	}
	return []Waterway{
		{Name: "稠云江", Class: "river", Block: c.blockAt(river[len(river)/2]), Line: orb.LineString(lonLats(river))},
		{Name: "栖溪", Class: "stream", Block: c.blockAt(c.site.stream[12]), Line: orb.LineString(lonLats(c.site.stream))},
	}
}

// Divisions returns the county, its towns and its communities.
func (c *City) Divisions() []Area {
	all := make([]int, len(c.blocks))
	for i := range all {
		all[i] = i
	}
	out := []Area{{Name: "义乌市(示例)", NameEN: "Yiwu (example)", Class: "county", Level: 6, Code: County, Block: c.blockAt(c.site.centres[0].at), Outline: c.outline(all)}}
	for _, t := range c.towns {
		out = append(out, Area{Name: t.NameZH, NameEN: t.NameEN, Class: "town", Level: 8, Code: t.Code, Block: t.blocks[0], Outline: t.Outline})
		for _, k := range t.Communities {
			out = append(out, Area{Name: k.NameZH, NameEN: k.NameEN, Class: "community", Level: 10, Code: k.Code, Block: k.blocks[0], Outline: k.Outline})
		}
	}
	return out
}

// blockAt returns the block that holds p, or the nearest.
func (c *City) blockAt(p orb.Point) int {
	best, near := 0, math.Inf(1)
	for i := range c.blocks {
		b := &c.blocks[i]
		d := dist(b.at, p)
		if d < near {
			best, near = i, d
		}
		if d < 4*math.Sqrt(b.areaM2) && inside(b.ring, p) {
			return i
		}
	}
	return best
}

// Grid returns the unit grid and the area code of a block.
func (c *City) Grid(block int) (code, area string) { return c.blocks[block].code, c.blocks[block].area }

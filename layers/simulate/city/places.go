package city

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// A POI is a point of interest, or the label of a town or village. Classes are
// those of base_poi.
type POI struct {
	Name, NameEN string
	Class        string
	Address      string
	Block        int
	At           orb.Point
}

// shopKinds are what opens in commercial ground floors, by how common it is.
var shopKinds = []struct {
	class  string
	weight float64
	zh, en string
}{
	{"restaurant", 16, "饭店", " Restaurant"}, {"fast-food", 9, "快餐", " Fast Food"}, {"cafe", 5, "咖啡", " Café"}, {"teahouse", 3, "茶馆", " Teahouse"},
	{"convenience", 12, "便利店", " Convenience Store"}, {"grocery", 6, "超市", " Supermarket"}, {"pharmacy", 5, "药房", " Pharmacy"},
	{"bank", 4, "银行", " Bank"}, {"clothing-store", 7, "服饰", " Clothing"}, {"hairdresser", 5, "美发", " Hairdresser"}, {"lodging", 4, "宾馆", " Hotel"},
	{"mobile-phone", 3, "手机", " Mobile Phones"}, {"hardware", 4, "五金", " Hardware"}, {"gift", 4, "饰品", " Accessories"}, {"laundry", 2, "洗衣", " Laundry"},
	{"doctor", 2, "诊所", " Clinic"}, {"karaoke", 1, "KTV", " KTV"}, {"fitness-centre", 1, "健身", " Gym"}, {"library", 0.5, "书店", " Bookshop"}, {"car-repair", 2, "汽修", " Car Repair"},
}

// POIs returns labels, institutions and shops.
func (c *City) POIs() []POI {
	var out []POI
	for _, t := range c.towns {
		out = append(out, POI{Name: t.NameZH, NameEN: t.NameEN, Class: "suburb", Block: c.nearest(t.blocks, t.at), At: lonLat(t.at)})
		for _, k := range t.Communities {
			class := "neighbourhood"
			mid := c.nearest(k.blocks, c.middle(k.blocks))
			if c.blocks[mid].built < 0.4 {
				class = "village"
			}
			out = append(out, POI{Name: k.NameZH, NameEN: k.NameEN, Class: class, Block: mid, At: lonLat(c.blocks[mid].at)})
		}
	}
	for i, b := range c.blocks {
		p := POI{Block: i, At: lonLat(b.at)}
		switch b.use {
		case "school":
			p.Name, p.NameEN = c.schoolName(i)
			p.Class = "school"
		case "hospital":
			p.Name, p.NameEN = c.hospitalName(i)
			p.Class = "hospital"
		case "market":
			p.Name, p.NameEN = c.marketName(i)
			p.Class = "shop"
		case "station":
			p.Name, p.NameEN, p.Class = "稠岩站", "Chouyan Railway Station", "rail"
		case "government":
			p.Name, p.NameEN, p.Class = c.towns[b.town].NameZH+"办事处", c.towns[b.town].NameEN+" Office", "town-hall"
		case "park":
			p.Name, p.NameEN, p.Class = c.estates[(i*11)%len(c.estates)].zh+"公园", c.estates[(i*11)%len(c.estates)].en+" Park", "park"
		case "towers", "slabs":
			p.Name, p.NameEN = c.estateName(i)
			p.Class = "residential-community"
		default:
			continue
		}
		out = append(out, p)
	}
	w := newWheel(len(shopKinds), func(i int) float64 { return shopKinds[i].weight })
	share := map[string]float64{"shops": 0.95, "market": 0.9, "lanes": 0.16, "slabs": 0.12, "towers": 0.14, "offices": 0.3, "village": 0.04}
	for i, b := range c.buildings {
		r := c.stream("poi", i)
		if b.Street == "" || r.Float64() > share[c.blocks[b.Block].use] {
			continue
		}
		k := shopKinds[w.draw(r)]
		x := c.estates[r.IntN(len(c.estates))]
		out = append(out, POI{Name: x.zh + k.zh, NameEN: x.en + k.en, Class: k.class, Address: b.Address(), Block: b.Block, At: b.Door})
	}
	return out
}

// A Place is a resource of the emergency map.
type Place struct {
	Kind     string // as in map.place
	Name     string
	Capacity int // 0: none
	Dept     string
	State    string
	Block    int
	At       orb.Point
}

// Places returns hydrants along the streets, cameras at crossings, fire and
// police stations, hospitals, shelters and depots.
func (c *City) Places() []Place {
	var out []Place
	m := c.mesh
	n := 0
	for i, r := range c.roads { // hydrants: about every 120 m of street in the city (GB 50974)
		if k := classRank[r.Class]; k < 4 || k > 7 || r.Bridge {
			continue
		}
		rnd := c.stream("hydrant", i)
		left := between(rnd, 20, 110)
		for _, h := range r.edges {
			a, b := m.at[m.half[h].from], m.at[m.to(h)]
			d := dist(a, b)
			for ; left < d; left += between(rnd, 105, 135) {
				at, block, ok := c.beside(h, left/d, 7)
				if !ok || c.blocks[block].built < 0.4 {
					continue
				}
				n++
				state := "ready"
				if x := rnd.Float64(); x < 0.02 {
					state = "out_of_service"
				} else if x < 0.05 {
					state = "limited"
				}
				out = append(out, Place{"hydrant", fmt.Sprintf("%s消火栓%d", r.Name, n), 0, "fire", state, block, lonLat(at)})
			}
			left -= d
		}
	}
	n = 0
	for v := range m.at { // cameras: where main streets cross
		if m.out[v] < 0 {
			continue
		}
		top := 0
		var side int
		for _, h := range m.around(v) {
			if k := classRank[m.edge[h/2].class]; k >= 5 {
				top++
				side = h
			}
		}
		if top < 3 {
			continue
		}
		at, block, ok := c.beside(side, min(0.4, 14/dist(m.at[v], m.at[m.to(side)])), 9)
		if !ok {
			continue
		}
		n++
		out = append(out, Place{"camera", fmt.Sprintf("%s路口摄像机%03d", c.streetNames[m.edge[side/2].cut].zh, n), 0, "police", "ready", block, lonLat(at)})
	}
	for i, t := range c.towns {
		// One fire station for about 7 km² of town, police by street office.
		stations := max(1, len(t.blocks)/150)
		for k := range stations {
			b := t.blocks[(k*2+1)*len(t.blocks)/(2*stations)%len(t.blocks)]
			b = c.dry(t.blocks, c.blocks[b].at)
			out = append(out, Place{"fire_station", fmt.Sprintf("%s消防救援站%s", t.NameZH, ordinal(k, stations)), 6 * (k%2 + 1), "fire", "ready", b, lonLat(add(c.blocks[b].at, orb.Point{14, 10}))})
		}
		b := c.dry(t.blocks, t.at)
		out = append(out, Place{"police_station", t.NameZH + "派出所", 30 + 5*(i%5), "police", "ready", b, lonLat(add(c.blocks[b].at, orb.Point{-12, 8}))})
		b = c.dry(t.blocks, c.middle(t.blocks))
		out = append(out, Place{"depot", t.NameZH + "应急物资仓库", 0, "emergency", "ready", b, lonLat(add(c.blocks[b].at, orb.Point{6, -16}))})
	}
	for i, b := range c.blocks {
		switch b.use {
		case "hospital":
			name, _ := c.hospitalName(i)
			out = append(out, Place{"hospital", name, int(math.Round(b.areaM2/600)) * 10, "health", "ready", i, lonLat(b.at)})
		case "school":
			name, _ := c.schoolName(i)
			out = append(out, Place{"shelter", name + "应急避难场所", int(b.areaM2/20) * 5, "emergency", "ready", i, lonLat(add(b.at, orb.Point{8, 8}))})
		case "park":
			if b.areaM2 > 20_000 && i%3 == 0 {
				out = append(out, Place{"shelter", c.estates[(i*11)%len(c.estates)].zh + "公园应急避难场所", int(b.areaM2/15) * 5, "emergency", "ready", i, lonLat(b.at)})
			}
		}
	}
	return out
}

func ordinal(k, n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("(%d)", k+1)
}

// dry is the block of the list nearest to p that is no water and no wood.
func (c *City) dry(blocks []int, p orb.Point) int {
	best, near := blocks[0], math.Inf(1)
	for _, b := range blocks {
		if d := dist(c.blocks[b].at, p); d < near && c.blocks[b].use != "water" && c.blocks[b].use != "wood" {
			best, near = b, d
		}
	}
	return best
}

// beside returns a point at a share of the way along a half-edge, a little to
// its left, and the block there. It is not ok where no block is.
func (c *City) beside(h int, share, offM float64) (at orb.Point, block int, ok bool) {
	m := c.mesh
	f := m.half[h].face
	if f == 0 {
		return at, 0, false
	}
	a, b := m.at[m.half[h].from], m.at[m.to(h)]
	foot := mix(a, b, share)
	block = c.blockOf[f]
	for range 5 {
		at = add(foot, mul(left(unit(sub(b, a))), offM))
		// Well inside, so that the rounding of coordinates cannot move it across.
		if ring := c.blocks[block].ring; inside(ring, at) && toRing(ring, at) > 0.3 {
			return at, block, true
		}
		offM /= 2
	}
	return at, block, false
}

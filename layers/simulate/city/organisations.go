package city

import "github.com/paulmach/orb"

// An Organisation is part of the government, or serves it.
type Organisation struct {
	Code, Parent   string
	Level, Kind    string
	AreaCode       string
	NameZH, NameEN string
	USCC           string
}

// Departments of the county, by the code that components, enterprises and
// incidents carry as dept_code.
var departments = []struct{ code, zh, en string }{
	{"urban", "综合行政执法局(城市管理)", "Urban Management and Law Enforcement Bureau"},
	{"police", "公安局", "Public Security Bureau"},
	{"fire", "消防救援大队", "Fire and Rescue Brigade"},
	{"emergency", "应急管理局", "Emergency Management Bureau"},
	{"natural", "自然资源和规划局", "Natural Resources and Planning Bureau"},
	{"market", "市场监督管理局", "Market Supervision Bureau"},
	{"housing", "住房和城乡建设局", "Housing and Urban-Rural Development Bureau"},
	{"transport", "交通运输局", "Transport Bureau"},
	{"water", "水务局", "Water Bureau"},
	{"ecology", "生态环境分局", "Ecology and Environment Bureau"},
	{"health", "卫生健康局", "Health Bureau"},
	{"civil", "民政局", "Civil Affairs Bureau"},
	{"power", "供电公司", "Power Supply Company"},
	{"gas", "燃气公司", "Gas Company"},
	{"telecom", "通信运营单位", "Telecom Operators"},
}

// Organisations returns the governments from the province to the communities,
// the county's departments and its command centre; parents come first.
func (c *City) Organisations() []Organisation {
	const county = "义乌市(示例)"
	n := 0
	uscc := func() string { n++; return USCC("11", County, 5_000_000+n) }
	out := []Organisation{
		{"province-33", "", "province", "government", "33", "浙江省(示例)", "Zhejiang Province (example)", uscc()},
		{"city-3307", "province-33", "city", "government", "3307", "金华市(示例)", "Jinhua (example)", uscc()},
		{"county-" + County, "city-3307", "county", "government", County, county, "Yiwu (example)", uscc()},
		{"centre", "county-" + County, "county", "command_centre", County, county + "城市运行管理中心", "Yiwu (example) City Operation Centre", uscc()},
	}
	for _, d := range departments {
		out = append(out, Organisation{d.code, "county-" + County, "county", "department", County, county + d.zh, d.en, uscc()})
	}
	for _, t := range c.towns {
		out = append(out, Organisation{"town-" + t.Code, "county-" + County, "town", "government", t.Code, t.NameZH + "办事处", t.NameEN + " Office", uscc()})
		if t.Code[6] != '0' || t.Code >= County+"100" {
			out[len(out)-1].NameZH = t.NameZH + "人民政府"
		}
		for _, k := range t.Communities {
			out = append(out, Organisation{"community-" + k.Code, "town-" + t.Code, "community", "government", k.Code, k.NameZH + "委员会", k.NameEN + " Committee", uscc()})
		}
	}
	return out
}

// A Worker is a grid worker with the responsibility grid they patrol.
type Worker struct {
	Login, Name string
	Org         string
	Grid        string
	Block       int // where they are now, if on duty
	OnDuty      bool
}

// Workers returns one grid worker for each responsibility grid.
func (c *City) Workers() []Worker {
	var out []Worker
	in := map[string][]int{}
	for i, b := range c.blocks {
		if b.use != "water" && b.use != "wood" {
			in[b.duty] = append(in[b.duty], i)
		}
	}
	for i, g := range c.duties {
		r := c.stream("worker", i)
		w := Worker{Name: pick(r, surnames) + pick(r, given), Org: "town-" + g.Code[:9], Grid: g.Code}
		if r.IntN(2) == 0 {
			w.Name += pick(r, given)
		}
		w.Login = "w-" + g.Code[6:9] + g.Code[9:12] + "-" + g.Code[len(g.Code)-2:]
		if at := in[g.Code]; len(at) > 0 {
			w.OnDuty = r.Float64() < 0.6
			w.Block = pick(r, at)
		}
		out = append(out, w)
	}
	return out
}

// Stand returns a point on a street of the block, for something that moves there.
func (c *City) Stand(block int, subject string, n int) orb.Point {
	r := c.stream(subject, n)
	ring := c.mesh.ring(c.blocks[block].face)
	for range 8 {
		if at, _, ok := c.beside(pick(r, ring), between(r, 0.2, 0.8), 6); ok {
			return lonLat(at)
		}
	}
	return lonLat(c.blocks[block].at)
}

// A ClassDept says which department answers for a class by default.
type ClassDept struct{ Standard, Kind, Code, Dept string }

// ClassDepts returns the departments of all classes that have one.
func ClassDepts() []ClassDept {
	var out []ClassDept
	for _, r := range assetRules {
		out = append(out, ClassDept{gb, "component", r.class, r.dept}, ClassDept{gb, "matter", r.class, r.dept})
	}
	for _, k := range incidentKinds {
		if k.standard == calls || k.code >= "06" {
			out = append(out, ClassDept{k.standard, "matter", k.code, k.dept})
		}
	}
	for _, t := range tailMatters {
		out = append(out, ClassDept{gb, "matter", t.code, t.dept})
	}
	return out
}

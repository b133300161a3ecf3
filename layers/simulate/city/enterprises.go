package city

import (
	"math"
	"time"

	"github.com/paulmach/orb"
)

// An Enterprise is one entry of the safety register.
type Enterprise struct {
	USCC          string
	Name          string
	Industry      string
	Address       string
	Risk          int // 1 red, 2 orange, 3 yellow, 4 blue
	State         string
	LastInspected time.Time
	NextDue       time.Time
	Dept          string
	Block         int
	At            orb.Point
	Inspections   []Inspection

	at orb.Point // metres
}

// An Inspection is one visit to an enterprise.
type Inspection struct {
	On                       time.Time
	Kind                     string
	Result                   string // pass, conditional, fail, not_done
	Critical, Serious, Minor int
	Dept                     string
}

// industries are what a city of small goods lives from. risk is the share of
// red, orange and yellow; the rest is blue.
var industries = []struct {
	zh, suffix string
	weight     float64
	uses       []string
	risk       [3]float64
	dept       string
}{
	{"饰品制造", "饰品有限公司", 13, []string{"industry"}, [3]float64{0.01, 0.08, 0.3}, "emergency"},
	{"袜业针织", "针织有限公司", 10, []string{"industry"}, [3]float64{0.01, 0.10, 0.34}, "emergency"},
	{"塑料制品", "塑料制品厂", 7, []string{"industry"}, [3]float64{0.03, 0.18, 0.38}, "emergency"},
	{"印刷包装", "彩印包装有限公司", 6, []string{"industry"}, [3]float64{0.02, 0.14, 0.36}, "emergency"},
	{"五金加工", "五金制品有限公司", 7, []string{"industry"}, [3]float64{0.02, 0.12, 0.36}, "emergency"},
	{"玩具制造", "玩具有限公司", 6, []string{"industry"}, [3]float64{0.01, 0.08, 0.3}, "emergency"},
	{"化妆品制造", "化妆品有限公司", 3, []string{"industry"}, [3]float64{0.04, 0.2, 0.4}, "emergency"},
	{"危险化学品经营", "化工有限公司", 1.6, []string{"industry", "logistics"}, [3]float64{0.35, 0.4, 0.25}, "emergency"},
	{"烟花爆竹批发", "烟花爆竹有限公司", 0.4, []string{"logistics", "industry"}, [3]float64{0.6, 0.4, 0}, "emergency"},
	{"加油站", "加油站", 1.6, []string{"shops", "logistics", "industry"}, [3]float64{0.2, 0.5, 0.3}, "emergency"},
	{"仓储物流", "物流有限公司", 6, []string{"logistics", "industry"}, [3]float64{0.03, 0.16, 0.4}, "fire"},
	{"商贸市场", "商行", 10, []string{"market", "shops"}, [3]float64{0.01, 0.08, 0.32}, "fire"},
	{"餐饮服务", "餐饮店", 11, []string{"shops", "lanes", "slabs"}, [3]float64{0.005, 0.06, 0.34}, "market"},
	{"宾馆旅店", "宾馆", 4, []string{"shops", "lanes"}, [3]float64{0.01, 0.12, 0.42}, "police"},
	{"娱乐场所", "娱乐有限公司", 2, []string{"shops"}, [3]float64{0.02, 0.2, 0.44}, "fire"},
	{"食品加工", "食品有限公司", 4, []string{"industry"}, [3]float64{0.02, 0.12, 0.36}, "market"},
	{"建筑施工", "建设工程有限公司", 3, []string{"construction"}, [3]float64{0.08, 0.3, 0.4}, "housing"},
	{"燃气经营", "燃气有限公司", 0.6, []string{"industry", "logistics"}, [3]float64{0.4, 0.4, 0.2}, "gas"},
	{"养老托育", "养老服务中心", 1, []string{"slabs", "towers"}, [3]float64{0.01, 0.1, 0.4}, "civil"},
}

// daysBetween inspections, by risk: monthly, quarterly, half-yearly, yearly.
var daysBetween = [5]int{0, 30, 91, 182, 365}

// Enterprises makes the register, in the order of its codes, and hands each
// entry with its inspections of the last two years to yield.
func (c *City) Enterprises(yield func(Enterprise) bool) {
	byUse := map[string][]int{}
	for i, b := range c.buildings {
		if b.Street != "" || c.blocks[b.Block].use == "construction" {
			byUse[c.blocks[b.Block].use] = append(byUse[c.blocks[b.Block].use], i)
		}
	}
	wheelOf := newWheel(len(industries), func(i int) float64 { return industries[i].weight })
	free := c.names("enterprises")
	for n := range c.size.enterprises {
		r := c.stream("enterprise", n)
		k := industries[wheelOf.draw(r)]
		var in []int
		for _, u := range k.uses {
			if in = byUse[u]; len(in) > 0 && r.Float64() < 0.75 {
				break
			}
		}
		if len(in) == 0 {
			in = byUse["shops"]
		}
		b := c.buildings[pick(r, in)]
		risk, x := 4, r.Float64()
		for level, share := range k.risk {
			if x < share {
				risk = level + 1
				break
			}
			x -= share
		}
		name := free[(n*13)%len(free)].zh
		if round := n * 13 / len(free); round > 0 && n >= len(free) {
			name += pick(r, []string{"鑫", "达", "盛", "源", "隆", "泰", "丰", "顺", "佳", "恒"})
		}
		e := Enterprise{USCC: USCC("91", County, n), Name: "义乌市示例" + name + k.suffix, Industry: k.zh, Address: b.Address(), Risk: risk, State: "open", Dept: k.dept, Block: b.Block}
		if x := r.Float64(); x < 0.03 {
			e.State = "closed"
		} else if x < 0.045 {
			e.State = "suspended"
		}
		// Several share a house: spread over its ground.
		side := math.Sqrt(b.floor) * 0.4
		p := add(b.at, orb.Point{between(r, -side, side), between(r, -side, side)})
		if !inside(c.blocks[b.Block].ring, p) {
			p = b.at
		}
		e.At, e.at = lonLat(p), p
		c.inspect(&e, n)
		if !yield(e) {
			return
		}
	}
}

// inspect makes the visits of two years. One enterprise in ten is late.
func (c *City) inspect(e *Enterprise, n int) {
	r := c.stream("inspections", n)
	every := daysBetween[e.Risk]
	day := -730 + r.IntN(every)
	careless := r.Float64() // how bad its house is kept
	last := 0
	for ; day < 0; day += int(float64(every) * between(r, 0.85, 1.12)) {
		v := Inspection{On: c.day(day), Kind: pick(r, []string{"日常检查", "日常检查", "日常检查", "专项检查", "双随机抽查", "复查"}), Result: "pass", Dept: e.Dept}
		bad := careless*0.5 + []float64{0, 0.30, 0.2, 0.12, 0.05}[e.Risk]
		v.Minor = poisson(r, 2.5*bad)
		v.Serious = poisson(r, 0.6*bad)
		v.Critical = poisson(r, 0.06*bad)
		switch {
		case v.Critical > 0 || v.Serious > 2:
			v.Result = "fail"
		case v.Serious > 0 || v.Minor > 2:
			v.Result = "conditional"
		}
		if r.Float64() < 0.02 {
			v.Result, v.Minor, v.Serious, v.Critical = "not_done", 0, 0, 0
		}
		e.Inspections = append(e.Inspections, v)
		last = day
	}
	due := last + every
	if r.Float64() < 0.9 && due < 0 {
		due = r.IntN(every)
	}
	e.LastInspected, e.NextDue = c.day(last), c.day(due)
	if len(e.Inspections) == 0 {
		e.LastInspected, e.NextDue = time.Time{}, c.day(r.IntN(90))
	}
}

package address

import (
	"strconv"
	"strings"
	"unicode"
)

// Parsed is an address by its levels; a level that is absent is "". Names keep
// their endings (稠城街道, 望云路); numbers are without theirs (12-1 of 12-1号).
type Parsed struct {
	Province  string `json:"province,omitempty" doc:"省、自治区、直辖市"`
	City      string `json:"city,omitempty" doc:"市、州、盟"`
	County    string `json:"county,omitempty" doc:"县、区、县级市"`
	Town      string `json:"town,omitempty" doc:"街道、镇、乡"`
	Community string `json:"community,omitempty" doc:"社区、村"`
	Grid      string `json:"grid,omitempty" doc:"网格"`
	Road      string `json:"road,omitempty" doc:"路、街、巷"`
	Cross     string `json:"cross,omitempty" doc:"The other road of a crossing (交叉口)"`
	Lane      string `json:"lane,omitempty" doc:"A lane of the road, by number (弄) or name (巷)"`
	Number    string `json:"number,omitempty" doc:"门牌号, without 号"`
	Estate    string `json:"estate,omitempty" doc:"小区、大厦、园区"`
	Building  string `json:"building,omitempty" doc:"幢、栋、号楼"`
	Unit      string `json:"unit,omitempty" doc:"单元"`
	Floor     string `json:"floor,omitempty" doc:"层、楼"`
	Room      string `json:"room,omitempty" doc:"室"`
	Rest      string `json:"rest,omitempty" doc:"What is left: the name of a place, or what could not be read"`
}

// Parse takes an address apart. It never fails: what it cannot read is Rest.
func Parse(text string) Parsed {
	p := &parser{rest: []rune(normal(text))}
	p.divisions()
	p.local()
	return p.out
}

type parser struct {
	out  Parsed
	rest []rune
}

var municipalities = []string{"北京", "上海", "天津", "重庆"}

// provinces that are written without their ending as a rule.
var provinces = strings.Fields(`河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门`)

// divisions reads the administrative levels, in their order; any may be left out.
func (p *parser) divisions() {
	for _, m := range municipalities {
		if p.has(m + "市") {
			p.out.Province, p.out.City = m+"市", m+"市"
			p.take(3)
			if p.has(m + "市") { // 上海市上海市
				p.take(3)
			}
		}
	}
	if name, ok := p.ending([]string{"特别行政区", "自治区", "省"}, 2, 11, nil); ok {
		p.out.Province = name
	} else if p.out.Province == "" {
		for _, name := range provinces {
			n := len([]rune(name))
			// 浙江金华市 has a province, 河南路 has none.
			if p.has(name) && len(p.rest) > n+1 && !strings.ContainsRune("路街大东西南北中省市县区", p.rest[n]) && p.divisionFollows(n) {
				p.out.Province = name
				p.take(n)
				break
			}
		}
	}
	if p.out.City == "" {
		if name, ok := p.ending([]string{"自治州", "地区", "盟", "市"}, 2, 11, cityTrap); ok {
			p.out.City = name
		}
	}
	if name, ok := p.ending([]string{"自治县", "自治旗", "县", "区", "旗", "市"}, 2, 12, countyTrap); ok {
		p.out.County = name
	}
	if name, ok := p.ending([]string{"街道办事处", "街道", "苏木", "镇", "乡"}, 2, 10, roadFollows); ok {
		p.out.Town = strings.TrimSuffix(name, "办事处")
	}
	if name, ok := p.ending([]string{"社区居民委员会", "社区居委会", "村民委员会", "居民委员会", "居委会", "村委会", "社区", "嘎查", "村"}, 2, 12, villageTrap); ok {
		for _, end := range []string{"居民委员会", "村民委员会", "居委会", "村委会"} {
			if cut := strings.TrimSuffix(name, end); cut != name {
				if name = cut; !strings.HasSuffix(name, "社区") && !strings.HasSuffix(name, "村") {
					name += map[bool]string{true: "村", false: "社区"}[strings.HasPrefix(end, "村")]
				}
				break
			}
		}
		p.out.Community = name
	}
	if i := strings.Index(string(p.rest), "网格"); i >= 0 && len([]rune(string(p.rest)[:i])) <= 10 {
		name := []rune(string(p.rest)[:i] + "网格")
		for k := len(name); k < len(p.rest) && isNumber(p.rest[k]); k++ { // 责任网格3
			name = append(name, p.rest[k])
		}
		p.out.Grid = string(name)
		p.take(len(name))
	}
}

// divisionFollows says whether the text from the nth character on begins with a
// city or county.
func (p *parser) divisionFollows(n int) bool {
	for i := n + 1; i < len(p.rest) && i < n+10; i++ {
		if strings.ContainsRune("市县区州盟", p.rest[i]) {
			return true
		}
	}
	return false
}

// A trap says that an ending found at [at, next) of the text is not one.
type trap func(rs []rune, at, next int) bool

// roadFollows: 城镇路 is a road, no town of 城镇; nor is 乡 in 乡8号.
func roadFollows(rs []rune, _, next int) bool {
	return next < len(rs) && (strings.ContainsRune("路街巷弄道", rs[next]) || strings.HasPrefix(string(rs[next:min(len(rs), next+2)]), "大道"))
}

// cityTrap: 市场, 市政 and 市民 are no ends of a city.
func cityTrap(rs []rune, at, next int) bool {
	return next < len(rs) && strings.ContainsRune("场政民心区", rs[next]) || roadFollows(rs, at, next)
}

// countyTrap: 小区, 园区 and their like are estates, 一区 and A区 their parts.
func countyTrap(rs []rune, at, next int) bool {
	if rs[at] == '区' && at > 0 {
		if strings.ContainsRune("小社园校厂景库矿宅活务业住街片灾战防山林牧作库营分商港港厅", rs[at-1]) || isNumber(rs[at-1]) || rs[at-1] < 128 {
			return true
		}
		if at == 1 || strings.ContainsRune("东西南北中", rs[at-1]) && at > 3 {
			return true
		}
	}
	if rs[at] == '市' && next < len(rs) && strings.ContainsRune("场政民", rs[next]) {
		return true
	}
	return roadFollows(rs, at, next)
}

// villageTrap: 新村 is an estate where a building follows, and a village's
// committee has a longer ending.
func villageTrap(rs []rune, at, next int) bool {
	if after := string(rs[next:]); strings.HasPrefix(after, "委会") || strings.HasPrefix(after, "民委员会") || strings.HasPrefix(after, "居委会") || strings.HasPrefix(after, "居民委员会") {
		return true
	}
	if rs[at] == '村' && at > 0 && rs[at-1] == '新' {
		i := next
		for i < len(rs) && (isNumber(rs[i]) || rs[i] < 128) {
			i++
		}
		if i > next && i < len(rs) && strings.ContainsRune("幢栋座单", rs[i]) {
			return true
		}
	}
	return roadFollows(rs, at, next)
}

// ending takes the shortest text from here that ends in one of some endings
// and is from least to most characters long, if none of them is a trap.
func (p *parser) ending(ends []string, least, most int, not trap) (string, bool) {
	for n := least; n <= most && n <= len(p.rest); n++ {
		for _, e := range ends {
			er := []rune(e)
			at := n - len(er)
			if at < 1 || string(p.rest[at:n]) != e {
				continue
			}
			if hasStop(p.rest[:at]) {
				return "", false
			}
			if not != nil && not(p.rest, at, n) {
				continue
			}
			name := string(p.rest[:n])
			p.take(n)
			return name, true
		}
	}
	return "", false
}

// hasStop says whether a text holds what no name of a division holds: a house
// number, the end of a road.
func hasStop(rs []rune) bool {
	for i, r := range rs {
		if r == '号' || r == '幢' || r == '栋' || r == '路' && i > 1 || r == '街' && i > 1 && i+1 < len(rs) && rs[i+1] != '道' || r >= '0' && r <= '9' {
			return true
		}
	}
	return false
}

func (p *parser) has(prefix string) bool { return strings.HasPrefix(string(p.rest), prefix) }
func (p *parser) take(n int)             { p.rest = p.rest[min(n, len(p.rest)):] }

func isNumber(r rune) bool {
	_, digit := chineseDigits[r]
	return r >= '0' && r <= '9' || digit || r == '十' || r == '百'
}

// number reads a run of a number with its parts (12, 12-1, 12A, 甲12, 二十三) at the start
// of a text: it returns it in digits, and its length in characters; 0 where there is none.
func number(rs []rune) (string, int) {
	i := 0
	prefix := ""
	if i < len(rs) && strings.ContainsRune("甲乙丙丁附临第", rs[i]) {
		if rs[i] != '第' {
			prefix = string(rs[i])
		}
		i++
	}
	from := i
	for i < len(rs) && rs[i] >= '0' && rs[i] <= '9' {
		i++
	}
	if i > from {
		text := string(rs[from:i])
		for i < len(rs) && (rs[i] < 128 && unicode.IsLetter(rs[i]) || (rs[i] == '-' || rs[i] == '之') && i+1 < len(rs) && (rs[i+1] < 128 && (unicode.IsLetter(rs[i+1]) || unicode.IsDigit(rs[i+1])))) {
			if rs[i] == '-' || rs[i] == '之' {
				text += "-"
				i++
				for i < len(rs) && rs[i] >= '0' && rs[i] <= '9' {
					text += string(rs[i])
					i++
				}
				continue
			}
			text += strings.ToUpper(string(rs[i]))
			i++
		}
		return prefix + text, i
	}
	for i < len(rs) && isNumber(rs[i]) {
		i++
	}
	if n, ok := numeral(string(rs[from:i])); ok && i > from {
		return prefix + strconv.Itoa(n), i
	}
	return "", 0
}

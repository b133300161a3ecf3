package address

import "strings"

// local reads the levels below the community, in whatever order they come.
func (p *parser) local() {
	var rest strings.Builder
	for len(p.rest) > 0 {
		if p.numbered() || p.road() || p.estate() {
			continue
		}
		rest.WriteRune(p.rest[0])
		p.take(1)
	}
	p.out.Rest = strings.Trim(rest.String(), " -")
	if i := strings.IndexAny(p.out.Rest, " "); i < 0 {
		for _, word := range []string{"交叉路口", "交叉口", "交汇处", "交界处", "路口"} {
			p.out.Rest = strings.TrimSuffix(p.out.Rest, word)
		}
	}
}

// numberEnds are what follows a number, and which level it makes it. Longer
// endings come before those that they begin with.
var numberEnds = []struct {
	end string
	put func(*Parsed, string)
}{
	{"号楼", func(a *Parsed, n string) { a.Building = n }},
	{"#楼", func(a *Parsed, n string) { a.Building = n }},
	{"号房", func(a *Parsed, n string) { a.Room = n }},
	{"号室", func(a *Parsed, n string) { a.Room = n }},
	{"号", numberOrBuilding},
	{"#", numberOrBuilding},
	{"弄", func(a *Parsed, n string) { a.Lane = n + "弄" }},
	{"幢", func(a *Parsed, n string) { a.Building = n }},
	{"栋", func(a *Parsed, n string) { a.Building = n }},
	{"座", func(a *Parsed, n string) { a.Building = n }},
	{"单元", func(a *Parsed, n string) { a.Unit = n }},
	{"层", func(a *Parsed, n string) { a.Floor = n }},
	{"楼", func(a *Parsed, n string) { a.Floor = n }},
	{"F", func(a *Parsed, n string) { a.Floor = n }},
	{"室", func(a *Parsed, n string) { a.Room = n }},
	{"房", func(a *Parsed, n string) { a.Room = n }},
}

// A number after a number is a building's: 云栖路12号3号.
func numberOrBuilding(a *Parsed, n string) {
	switch {
	case a.Number == "":
		a.Number = n
	case a.Building == "":
		a.Building = n
	default:
		a.Room = n
	}
}

func (p *parser) numbered() bool {
	n, length := number(p.rest)
	if length == 0 { // A座
		if len(p.rest) > 1 && (p.rest[0] >= 'A' && p.rest[0] <= 'Z' || p.rest[0] >= 'a' && p.rest[0] <= 'z') && strings.ContainsRune("座幢栋", p.rest[1]) {
			p.out.Building = strings.ToUpper(string(p.rest[0]))
			p.take(2)
			return true
		}
		return false
	}
	after := string(p.rest[length:])
	for _, e := range numberEnds {
		if e.end == "F" && len(after) > 1 && after[1] < 128 {
			continue
		}
		if strings.HasPrefix(after, e.end) {
			e.put(&p.out, n)
			p.take(length + len([]rune(e.end)))
			if e.end == "号" && (p.has("之") || p.has("附")) && p.out.Number == n { // 12号之1, 12号附1号
				if part, k := number(p.rest[1:]); k > 0 {
					p.out.Number += "-" + part
					p.take(1 + k)
					if p.has("号") {
						p.take(1)
					}
				}
			}
			return true
		}
	}
	digits := p.rest[0] >= '0' && p.rest[0] <= '9'
	if digits && strings.TrimLeft(after, "- ") == "" { // the last number has no ending as a rule
		parts := strings.Split(n, "-")
		switch {
		case len(parts) == 3 && p.out.Building == "": // 3-2-501
			p.out.Building, p.out.Unit, p.out.Room = parts[0], parts[1], parts[2]
		case len(parts) == 2 && p.out.Building == "" && p.out.Estate != "" && p.out.Road == "": // 锦绣花园3-501
			p.out.Building, p.out.Room = parts[0], parts[1]
		case p.out.Building != "" || p.out.Unit != "" || p.out.Floor != "":
			p.out.Room = strings.TrimLeft(n, "-")
		case p.out.Number == "" && p.out.Road != "":
			p.out.Number = n
		case p.out.Number != "":
			p.out.Room = n
		default:
			return false
		}
		p.take(len(p.rest))
		return true
	}
	return false
}

var roadEnds = []string{"大道", "胡同", "公路", "高速", "马路", "路", "街", "巷", "弄", "道"}

// afterRoad are characters that go on with a road's name: 丝路街, 中山路步行街.
const afterRoad = "路街巷弄道"

// road reads a road's name: at least two characters, without digits but at the
// start (一二三路, G320国道).
func (p *parser) road() bool {
	const most = 12
	for n := 2; n <= most && n <= len(p.rest); n++ {
		r := p.rest[n-1]
		if strings.ContainsRune("号幢栋室 楼", r) {
			return false
		}
		for _, e := range roadEnds {
			er := []rune(e)
			if n <= len(er) || string(p.rest[n-len(er):n]) != e {
				continue
			}
			if n < len(p.rest) && strings.ContainsRune(afterRoad, p.rest[n]) {
				break // it goes on
			}
			if e == "道" && n < len(p.rest) && p.rest[n] == '口' {
				break
			}
			name := strings.TrimLeft(string(p.rest[:n]), "与和近、- ")
			p.take(n)
			switch {
			case p.out.Road == "":
				p.out.Road = name
			case (strings.HasSuffix(name, "巷") || strings.HasSuffix(name, "弄")) && p.out.Lane == "" && p.out.Number == "":
				p.out.Lane = name
			case p.out.Cross == "":
				p.out.Cross = name
			default:
				p.out.Estate += name
			}
			for _, word := range []string{"交叉路口", "交叉口", "交汇处", "交界处", "路口"} {
				if p.out.Cross != "" && p.has(word) {
					p.take(len([]rune(word)))
				}
			}
			return true
		}
	}
	return false
}

var estateEnds = []string{"住宅小区", "小区", "花园", "家园", "公寓", "大厦", "广场", "新村", "公馆", "山庄", "名苑", "嘉苑", "工业园区", "工业园", "产业园", "科技园", "物流园", "园区", "开发区", "市场", "商厦", "商城", "中心", "别墅", "华庭", "雅苑", "新苑", "苑"}

// estate reads an estate's or a large building's name.
func (p *parser) estate() bool {
	if p.out.Estate != "" {
		return false
	}
	const most = 16
	for n := 3; n <= most && n <= len(p.rest); n++ {
		if strings.ContainsRune("号幢栋室", p.rest[n-1]) {
			return false
		}
		for _, e := range estateEnds {
			er := []rune(e)
			if n <= len(er) || string(p.rest[n-len(er):n]) != e {
				continue
			}
			// The longest: 云栖国际中心广场.
			if n < len(p.rest) && !isNumber(p.rest[n]) && longerEstate(p.rest, n, most) {
				break
			}
			p.out.Estate = strings.Trim(string(p.rest[:n]), " -")
			p.take(n)
			// 锦绣小区二区
			if k, length := number(p.rest); length > 0 && length < len(p.rest) && p.rest[length] == '区' {
				p.out.Estate += k + "区"
				p.take(length + 1)
			}
			return true
		}
	}
	return false
}

func longerEstate(rs []rune, from, most int) bool {
	for n := from + 1; n <= most && n <= len(rs); n++ {
		if isNumber(rs[n-1]) || strings.ContainsRune("号幢栋室 ", rs[n-1]) {
			return false
		}
		for _, e := range estateEnds {
			er := []rune(e)
			if n-len(er) >= from-1 && string(rs[n-len(er):n]) == e && n-len(er) <= from {
				return true
			}
		}
	}
	return false
}

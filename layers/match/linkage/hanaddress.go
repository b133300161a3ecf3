package linkage

import (
	"regexp"
	"strconv"
	"strings"
)

// The parts of a Chinese address that tell one place from the next. Towns and
// divisions above are left out: registers write them or not.
var (
	hanRoad     = regexp.MustCompile(`^(\p{Han}{1,10}?(?:大道|路|街|巷|弄|线))`)
	hanVillage  = regexp.MustCompile(`(\p{Han}{0,8}?(?:国际商贸城|工业园区|工业区|商贸区|开发区|小区|社区|市场|广场|大厦|中心|新村|村|苑|[东南西北一二三四五六]区))`)
	hanTown     = regexp.MustCompile(`^\p{Han}{2,5}?(?:街道办事处|街道|镇|乡)`)
	hanNumber   = regexp.MustCompile(`^\s*([0-9]+)(?:\s*(?:至|到|~|TO)\s*([0-9]+))?\s*号?`)
	hanBuilding = regexp.MustCompile(`([0-9A-Z]+|[一二三四五六七八九十]+)(?:幢|栋|号楼|座|区)`)
	hanRoom     = regexp.MustCompile(`([0-9A-Z]+)(?:室|号?店面|号?商位|号?摊位|号?铺|房)`)
)

var hanDigits = strings.NewReplacer("十一", "11", "十二", "12", "一", "1", "二", "2", "三", "3", "四", "4", "五", "5", "六", "6", "七", "7", "八", "8", "九", "9", "十", "10")

// hanAddress reads 浙江省义乌市稠城街道宾王路223号3幢201室, with any part left out.
func hanAddress(s string, areas map[string]bool) Address {
	s = strings.NewReplacer(" ", "", "(", "", ")", "").Replace(s)
	for {
		area, rest := cutArea(s, areas)
		if area == "" {
			break
		}
		s = rest
	}
	if town := hanTown.FindString(s); town != "" {
		s = s[len(town):]
	}
	var a Address
	if m := hanRoad.FindString(s); m != "" {
		a.Street, s = m, s[len(m):]
	} else if m := hanVillage.FindStringIndex(s); m != nil {
		a.Street, s = s[m[0]:m[1]], s[m[1]:]
	}
	if m := hanNumber.FindStringSubmatch(s); m != nil && a.Street != "" && !followedByPart(s[len(m[0]):], m[0]) {
		a.From, _ = strconv.Atoi(m[1]) // too long a number: 0, none
		if a.To, _ = strconv.Atoi(m[2]); a.To < a.From {
			a.To = a.From
		}
		s = s[len(m[0]):]
	}
	if m := hanBuilding.FindStringSubmatch(s); m != nil {
		a.Building = hanDigits.Replace(m[1])
	}
	if m := hanRoom.FindStringSubmatch(s); m != nil {
		a.Room = m[1]
	}
	return a
}

// followedByPart says whether a number is that of a building or a room: 3幢, 5号楼, 201室.
func followedByPart(rest, number string) bool {
	if strings.HasSuffix(number, "号") {
		return strings.HasPrefix(rest, "楼") || strings.HasPrefix(rest, "店") || strings.HasPrefix(rest, "铺") || strings.HasPrefix(rest, "商位") || strings.HasPrefix(rest, "摊")
	}
	for _, p := range []string{"幢", "栋", "座", "区", "室", "房", "楼", "层"} {
		if strings.HasPrefix(rest, p) {
			return true
		}
	}
	return false
}

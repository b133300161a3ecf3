package linkagetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/paulmach/orb"

	"onemap/layers/match/linkage"
)

// What simulated firms are made of. Brands are two characters each, so that
// many are alike, by ear and by eye.
var (
	brandFirst  = strings.Fields("宏 华 新 金 恒 鑫 联 东 永 顺 双 三 嘉 佳 美 盛 瑞 祥 天 海 富 安 康 德 正 大 中 国 万 百 千 龙 凤 星 明 光 春 荣 兴 旺")
	brandSecond = strings.Fields("达 丰 光 利 发 源 泰 隆 昌 成 泽 润 辉 捷 通 诚 信 和 顺 洋 鹏 宇 阳 峰 盛 翔 博 源 胜 艺 佳 美 艳 蕾 丽 景 雅 欣 怡 馨")
	tradesOf    = strings.Fields("饰品 针织 袜业 服装 工艺品 玩具 五金制品 塑料制品 包装 印刷 化妆品 贸易 进出口 电子商务 物流 食品 餐饮 箱包 文具 日用品")
	formsOf     = []string{"有限公司", "有限公司", "有限公司", "有限责任公司", "厂", "商行", "经营部"}
	roads       = strings.Fields("宾王路 稠州北路 稠州西路 城中中路 雪峰西路 宗泽路 江滨北路 化工路 工人西路 丹溪北路 香山路 苏福路 机场路 西城路 义东路 国贸大道 春晗路 城店路 贝村路 戚宅路 新科路 杨村路 四海大道 镇东路 杭畴路 康庄路 雪雁路 龙海路 宏迪路 荷叶塘路")
	towns       = strings.Fields("稠城街道 北苑街道 稠江街道 江东街道 福田街道 后宅街道 城西街道 廿三里街道 佛堂镇 苏溪镇 上溪镇 大陈镇 义亭镇 赤岸镇")
	englishOf   = map[string]string{"饰品": "Jewelry", "针织": "Knitting", "袜业": "Socks", "服装": "Garments", "工艺品": "Crafts", "玩具": "Toys", "五金制品": "Hardware Products", "塑料制品": "Plastic Products", "包装": "Packaging",
		"印刷": "Printing", "化妆品": "Cosmetics", "贸易": "Trading", "进出口": "Import & Export", "电子商务": "E-commerce", "物流": "Logistics", "食品": "Food", "餐饮": "Catering", "箱包": "Bags", "文具": "Stationery", "日用品": "Commodity"}
	// Characters that are written for each other: by ear, or by a slip.
	slips = map[string]string{"华": "花", "丰": "峰", "宏": "弘", "鑫": "新", "达": "大", "辉": "晖", "泽": "择", "源": "元", "诚": "成", "佳": "嘉", "胜": "盛", "祥": "翔", "艺": "易", "欣": "鑫", "美": "羙", "利": "丽", "顺": "舜", "永": "水", "洋": "详"}
)

// firm is one simulated establishment.
type firm struct {
	brand, trade, form, town, road string
	number, branch                 int // branch 0: none
	at                             orb.Point
	code                           string
}

// Chinese makes n firms of a city, and two registers of them: the market
// bureau's (right), in full and with nearly all codes, and another
// department's (left), with nine in ten of them and a tenth of others, which
// has hardly any codes and writes names short, by ear, with slips or in
// English, and addresses short or of where the firm was before. Chains have
// several branches in different streets. The same seed gives the same
// registers. code gives the unified social credit code of the i-th firm.
func Chinese(n int, seed uint64, code func(i int) string) Registers {
	rnd := rand.New(rand.NewPCG(seed, 7))
	pick := func(of []string) string { return of[rnd.IntN(len(of))] }
	place := func(f *firm) {
		f.town, f.road, f.number = pick(towns), pick(roads), 1+rnd.IntN(400)
		// A street is a line; numbers run along it.
		h := uint64(0)
		for _, r := range f.road + f.town {
			h = h*31 + uint64(r)
		}
		f.at = orb.Point{120 + float64(h%1000)/8000 + float64(f.number)*0.00006, 29.25 + float64(h/1000%1000)/8000}
	}
	reg := Registers{LeftIs: map[string]string{}, RightIs: map[string]string{}}
	var last firm
	for i := range n {
		f := firm{brand: pick(brandFirst) + pick(brandSecond), trade: pick(tradesOf), form: pick(formsOf), code: code(i)}
		if rnd.IntN(3) == 0 {
			f.brand += pick(brandSecond)
		}
		if i > 0 && rnd.IntN(25) == 0 { // a branch of the firm before
			f.brand, f.trade, f.form, f.branch = last.brand, last.trade, "有限公司", last.branch+1
		}
		place(&f)
		last = f
		id := fmt.Sprint(i)
		inRight, inLeft := rnd.IntN(20) != 0, rnd.IntN(10) != 0
		if inRight {
			r := linkage.Record{Key: "r" + id, Names: []string{f.full()}, Address: "浙江省义乌市" + f.town + f.road + fmt.Sprint(f.number) + "号", Place: near(rnd, f.at, 8)}
			if rnd.IntN(20) != 0 {
				r.Code = f.code
			}
			reg.Right, reg.RightIs[r.Key] = append(reg.Right, r), id
		}
		if inLeft {
			l := linkage.Record{Key: "l" + id, Names: []string{f.asWritten(rnd)}, Address: f.addressAsWritten(rnd), Place: near(rnd, f.at, 40)}
			switch rnd.IntN(12) {
			case 0: // moved, and only one register knows
				moved := f
				place(&moved)
				l.Address, l.Place = moved.addressAsWritten(rnd), near(rnd, moved.at, 40)
			case 1:
				l.Place = nil
			case 2:
				l.Address = ""
			}
			if rnd.IntN(5) == 0 {
				l.Code = f.code
			}
			reg.Left, reg.LeftIs[l.Key] = append(reg.Left, l), id
		}
	}
	return reg
}

func near(rnd *rand.Rand, p orb.Point, metres float64) *orb.Point {
	return &orb.Point{p[0] + rnd.NormFloat64()*metres/97_000, p[1] + rnd.NormFloat64()*metres/111_000}
}

func (f firm) full() string {
	name := "义乌市" + f.brand + f.trade + f.form
	if f.branch > 0 {
		name += "第" + string([]rune("一二三四五六七八九")[min(f.branch, 9)-1]) + "分公司"
	}
	return name
}

// asWritten is the name as another department has it.
func (f firm) asWritten(rnd *rand.Rand) string {
	brand := f.brand
	if rnd.IntN(8) == 0 {
		for _, r := range f.brand {
			if slip, ok := slips[string(r)]; ok {
				brand = strings.Replace(brand, string(r), slip, 1)
				break
			}
		}
	}
	tail := ""
	if f.branch > 0 {
		tail = f.full()[strings.LastIndex(f.full(), "第"):]
	}
	switch rnd.IntN(10) {
	case 0, 1:
		return brand + f.trade + tail
	case 2:
		return "义乌" + brand + f.trade + f.form + tail
	case 3:
		return "浙江义乌" + brand + f.trade + "有限责任公司" + tail
	case 4:
		return brand + f.trade + "（义乌）有限公司" + tail
	case 5:
		if f.branch == 0 {
			return "Yiwu " + linkage.Pinyin(brand) + " " + englishOf[f.trade] + " Co., Ltd."
		}
	case 6:
		return "义乌市" + brand + f.form + tail
	}
	return "义乌市" + brand + f.trade + f.form + tail
}

func (f firm) addressAsWritten(rnd *rand.Rand) string {
	switch rnd.IntN(4) {
	case 0:
		return f.road + fmt.Sprint(f.number) + "号"
	case 1:
		return "义乌市" + f.road + fmt.Sprint(f.number) + "号"
	case 2:
		return f.town + f.road + fmt.Sprint(f.number)
	}
	return "义乌市" + f.town + f.road + fmt.Sprint(f.number) + "号1楼"
}

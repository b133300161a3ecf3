package linkage

import (
	"slices"
	"strings"
)

// Legal forms and the like: what a name may carry or leave out without being
// another's. In Chinese the ends of names, the longer first.
var hanForms = longestFirst(
	"有限责任公司", "股份有限公司", "有限公司", "股份公司", "集团公司", "集团有限公司", "控股有限公司", "控股集团有限公司", "连锁有限公司", "连锁有限责任公司", "连锁股份有限公司", "连锁", "公司", "集团", "股份", "总公司", "有限合伙", "合伙企业", "普通合伙",
	"个体工商户", "个人独资", "农民专业合作社", "专业合作社", "合作社", "联合社", "工作室", "经营部", "经营户", "服务部", "商行", "商店", "门市部", "加工厂", "加工场", "加工点",
	"总厂", "工厂", "厂", "店", "行", "铺", "部", "坊", "社", "摊", "户", "中心",
)

// companyForms end the name of the company: what follows is a branch of it.
var companyForms = longestFirst("有限责任公司", "股份有限公司", "有限公司", "股份公司", "集团公司", "专业合作社", "合作社")

// branchEnds end the name of a branch.
var branchEnds = longestFirst("分公司", "分店", "分厂", "分部", "分行", "支行", "分理处", "营业部", "营业厅", "办事处", "门店", "店", "厂区", "校区", "院区", "站", "仓库")

// Trades: what a business does, as it stands in its name before the legal
// form, with the English words for the same. Common ones; a word that is
// missing here is compared as part of the brand.
var trades = map[string][]string{
	"饰品": {"JEWELRY", "JEWELLERY", "ACCESSORIES", "ORNAMENTS", "ORNAMENT"}, "工艺品": {"CRAFTS", "HANDICRAFTS", "ARTS"}, "礼品": {"GIFTS", "GIFT"},
	"袜业": {"SOCKS", "HOSIERY"}, "针织": {"KNITTING", "KNITWEAR"}, "服装": {"GARMENTS", "GARMENT", "CLOTHING", "APPAREL"}, "服饰": {"GARMENTS", "CLOTHING", "APPAREL"}, "制衣": {"GARMENTS"},
	"纺织": {"TEXTILE", "TEXTILES"}, "印染": {"DYEING"}, "印刷": {"PRINTING"}, "彩印": {"PRINTING"}, "包装": {"PACKAGING", "PACKING"}, "纸业": {"PAPER"}, "五金": {"HARDWARE"}, "制品": {"PRODUCTS"},
	"塑料": {"PLASTIC", "PLASTICS"}, "塑胶": {"PLASTIC", "PLASTICS"}, "橡胶": {"RUBBER"}, "模具": {"MOULD", "MOLD"}, "机械": {"MACHINERY"}, "电子": {"ELECTRONIC", "ELECTRONICS"}, "电器": {"ELECTRIC", "APPLIANCE"},
	"玩具": {"TOYS", "TOY"}, "化妆品": {"COSMETICS", "COSMETIC"}, "日用品": {"COMMODITY", "DAILY"}, "文具": {"STATIONERY"}, "箱包": {"BAGS", "LUGGAGE"}, "家具": {"FURNITURE"}, "化工": {"CHEMICAL", "CHEMICALS"},
	"烟花爆竹": {"FIREWORKS"}, "木业": {"WOOD"}, "建材": {"BUILDING", "MATERIALS"}, "建设": {"CONSTRUCTION"}, "建设工程": {"CONSTRUCTION"}, "建筑": {"CONSTRUCTION"}, "装饰": {"DECORATION"}, "房地产": {"ESTATE"}, "物业": {"PROPERTY"},
	"贸易": {"TRADING", "TRADE"}, "进出口": {"IMPORT", "EXPORT"}, "商贸": {"TRADING", "COMMERCE"}, "电子商务": {"ECOMMERCE", "COMMERCE"}, "供应链": {"SUPPLY", "CHAIN"}, "物流": {"LOGISTICS"}, "货运": {"FREIGHT"}, "快递": {"EXPRESS"}, "仓储": {"STORAGE", "WAREHOUSING"},
	"科技": {"TECHNOLOGY", "TECH"}, "网络": {"NETWORK"}, "信息": {"INFORMATION"}, "技术": {"TECHNOLOGY"}, "实业": {"INDUSTRY", "INDUSTRIAL"}, "工贸": {"INDUSTRY", "TRADE"}, "投资": {"INVESTMENT"}, "管理": {"MANAGEMENT"}, "咨询": {"CONSULTING"},
	"食品": {"FOOD", "FOODS"}, "餐饮": {"CATERING", "RESTAURANT"}, "餐饮管理": {"CATERING"}, "酒店": {"HOTEL"}, "宾馆": {"HOTEL"}, "旅馆": {"HOTEL", "INN"}, "饭店": {"RESTAURANT", "HOTEL"}, "餐厅": {"RESTAURANT"}, "酒楼": {"RESTAURANT"}, "小吃": {"SNACK", "SNACKS"},
	"面馆": {"NOODLES"}, "火锅": {"HOTPOT"}, "超市": {"SUPERMARKET", "MARKET"}, "便利": {"CONVENIENCE"}, "百货": {"STORE"}, "药房": {"PHARMACY"}, "大药房": {"PHARMACY"}, "医院": {"HOSPITAL"}, "诊所": {"CLINIC"}, "娱乐": {"ENTERTAINMENT"}, "网吧": {"CAFE"},
	"幼儿园": {"KINDERGARTEN"}, "小学": {"PRIMARY", "SCHOOL"}, "中学": {"SCHOOL"}, "学校": {"SCHOOL"}, "培训": {"TRAINING"}, "汽车": {"AUTO", "AUTOMOBILE"}, "汽修": {"AUTO", "REPAIR"}, "维修": {"REPAIR"}, "加油": {"GAS", "PETROL"}, "燃气": {"GAS"},
	"农业": {"AGRICULTURE"}, "养殖": {"FARM"}, "美容": {"BEAUTY"}, "美发": {"HAIR"}, "理发": {"BARBER", "HAIR"}, "服务": {"SERVICE", "SERVICES"}, "批发": {"WHOLESALE"}, "零售": {"RETAIL"},
}

var hanTrades = longestFirst(keysOf(trades)...)

// latinForms are legal forms and fillers of Latin names.
var latinForms = setOf("INC", "INCORPORATED", "LLC", "CORP", "CORPORATION", "LTD", "LIMITED", "CO", "COMPANY", "LP", "LLP", "PLC", "PC", "PLLC", "GMBH", "THE", "AND", "OF", "A", "DBA", "AT", "IN", "NO", "ENTERPRISE", "ENTERPRISES", "GROUP")

// dottedForms are those whose letters may be written apart: L.L.C.
var dottedForms = setOf("LLC", "LLP", "LP", "PLC", "PC", "PA", "INC", "LTD")

// latinSame are words of Latin names that are written for each other.
var latinSame = map[string]string{
	"RESTAURANTE": "RESTAURANT", "REST": "RESTAURANT", "RESTURANT": "RESTAURANT", "RESTAURANTS": "RESTAURANT", "ST": "SAINT", "STE": "SAINT", "SCH": "SCHOOL", "ELEM": "ELEMENTARY", "HS": "HIGH SCHOOL", "ACAD": "ACADEMY",
	"CTR": "CENTER", "CENTRE": "CENTER", "MKT": "MARKET", "INTL": "INTERNATIONAL", "INT": "INTERNATIONAL", "PIZZERIA": "PIZZA", "SUPERMKT": "SUPERMARKET", "DAYCARE": "DAY CARE", "CHILDCARE": "CHILD CARE", "BBQ": "BARBECUE", "BARBEQUE": "BARBECUE",
	"FOODS": "FOOD", "SUBS": "SUB", "COFFE": "COFFEE", "MINI": "MINI", "MART": "MART", "N": "AND", "TACOS": "TACO", "TAQUERIAS": "TAQUERIA", "SVC": "SERVICE", "SVCS": "SERVICE", "SERVICES": "SERVICE", "UNIV": "UNIVERSITY", "HOSP": "HOSPITAL", "CHGO": "CHICAGO",
}

// latinTrade are words that many names of Latin script share, in Chinese.
var latinTrade = func() map[string]bool {
	m := map[string]bool{}
	for _, words := range trades {
		for _, w := range words {
			m[w] = true
		}
	}
	return m
}()

func longestFirst(words ...string) []string {
	slices.SortFunc(words, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return words
}

func keysOf(m map[string][]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

func setOf(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

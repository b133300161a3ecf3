package linkage

import "fmt"

// A Reason is what one field says about a pair. It holds no values: those are
// read by right by whoever looks.
type Reason struct {
	Field  string  `json:"field"` // name, address, code, number, distance, rivals, house
	Level  Level   `json:"level"`
	Bits   float64 `json:"bits"`             // above 0: for the two being the same; 1 bit doubles the odds
	Metres float64 `json:"metres,omitempty"` // of a distance
	Count  int     `json:"count,omitempty"`  // rows of the right register with this address; of rivals: how many fit about as well; of house: at how many houses one of each register is left over
}

var levelWords = map[Level][2]string{
	Missing: {"无", "missing"}, Same: {"相同", "the same"}, SameButForm: {"除组织形式、区划和符号外相同", "the same but for legal form, area and signs"},
	SameSound: {"同音", "other characters that sound alike"}, OtherLanguage: {"拼音或英文对应", "the same in the other language"}, Similar: {"近似，似为笔误", "nearly the same, perhaps a slip"},
	Shortened: {"一方为简称", "one is a short form of the other"}, SameSite: {"同一门牌，房号不同或缺", "the same house, another unit or none"}, Near: {"邻近", "near by"}, Partly: {"部分相同", "the same in part"},
	SameStreet: {"同一道路，门牌不同", "the same street, another house"}, OtherBranch: {"分支机构不同", "another branch"}, Far: {"相距较远", "far apart"}, Different: {"不同", "different"},
}

var fieldWords = map[string][2]string{
	"name": {"名称", "name"}, "address": {"地址", "address"}, "code": {"统一社会信用代码", "social credit code"}, "number": {"证照编号", "number"}, "distance": {"距离", "distance"}, "rivals": {"其他候选", "rivals"}, "house": {"同址余一", "house"},
}

// Words is the reason as a person reads it. chinese chooses the language.
func (r Reason) Words(chinese bool) string {
	i := 1
	if chinese {
		i = 0
	}
	field := fieldWords[r.Field][i]
	switch {
	case r.Field == "distance" && chinese:
		return fmt.Sprintf("%s %.0f 米（%+.1f）", field, r.Metres, r.Bits)
	case r.Field == "distance":
		return fmt.Sprintf("%s %.0f m (%+.1f)", field, r.Metres, r.Bits)
	case r.Field == "house" && chinese:
		return fmt.Sprintf("该门牌两侧登记各只剩这一家（同类 %d 处）", r.Count)
	case r.Field == "house":
		return fmt.Sprintf("the only ones left at this house in both registers (as at %d houses)", r.Count)
	case r.Field == "rivals" && chinese:
		return fmt.Sprintf("另有 %d 条记录同样接近（%+.1f）", r.Count, r.Bits)
	case r.Field == "rivals":
		return fmt.Sprintf("%d more rows fit about as well (%+.1f)", r.Count, r.Bits)
	case chinese:
		return fmt.Sprintf("%s%s（%+.1f）", field, levelWords[r.Level][i], r.Bits)
	}
	return fmt.Sprintf("%s %s (%+.1f)", field, levelWords[r.Level][i], r.Bits)
}

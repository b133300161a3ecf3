package quality

import "strings"

// An Indicator is a sub-indicator of GB/T 36344-2018.
type Indicator struct {
	Name string `json:"name" doc:"accuracy.uniqueness"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

// A Dimension is one of the six, with its sub-indicators.
type Dimension struct {
	Name       string      `json:"name"`
	ZH         string      `json:"zh"`
	EN         string      `json:"en"`
	Indicators []Indicator `json:"indicators" nullable:"false"`
}

// Dimensions are the six of GB/T 36344-2018 with their sub-indicators, in the
// standard's order.
var Dimensions = []Dimension{
	{"normative", "规范性", "Normative", []Indicator{
		{"normative.data_standard", "数据标准", "Data standard"},
		{"normative.data_model", "数据模型", "Data model"},
		{"normative.metadata", "元数据", "Metadata"},
		{"normative.business_rule", "业务规则", "Business rule"},
		{"normative.reference_data", "权威参考数据", "Authoritative reference data"},
		{"normative.security", "安全规范", "Security rule"},
	}},
	{"completeness", "完整性", "Completeness", []Indicator{
		{"completeness.element", "数据元素完整性", "Elements filled"},
		{"completeness.record", "数据记录完整性", "Records present"},
	}},
	{"accuracy", "准确性", "Accuracy", []Indicator{
		{"accuracy.content", "数据内容正确性", "Content right"},
		{"accuracy.format", "数据格式合规性", "Format right"},
		{"accuracy.duplication", "数据重复率", "Not recorded twice"},
		{"accuracy.uniqueness", "数据唯一性", "Unique"},
		{"accuracy.dirty", "脏数据出现率", "Free of dirt"},
	}},
	{"consistency", "一致性", "Consistency", []Indicator{
		{"consistency.same", "相同数据一致性", "The same data agree"},
		{"consistency.related", "关联数据一致性", "Related data agree"},
	}},
	{"timeliness", "时效性", "Timeliness", []Indicator{
		{"timeliness.period", "基于时间段的正确性", "Right by period"},
		{"timeliness.promptness", "基于时间点的及时性", "In time"},
		{"timeliness.sequence", "时序性", "In sequence"},
	}},
	{"accessibility", "可访问性", "Accessibility", []Indicator{
		{"accessibility.access", "可访问", "Can be had"},
		{"accessibility.availability", "可用性", "Is of use in time"},
	}},
}

// dimensionOf is the dimension that an indicator's name begins with.
func dimensionOf(indicator string) string {
	d, _, _ := strings.Cut(indicator, ".")
	return d
}

// knownIndicator says whether there is such a sub-indicator.
func knownIndicator(name string) bool {
	for _, d := range Dimensions {
		for _, i := range d.Indicators {
			if i.Name == name {
				return true
			}
		}
	}
	return false
}

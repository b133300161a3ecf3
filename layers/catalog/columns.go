package catalog

import (
	"strings"

	"onemap/layers"
)

// The customary table of a catalogue (政务信息资源目录): a row for each item,
// with the core metadata of the guide of 2017 in its order, and after them what
// onemap knows beyond them. It is read back as it was written.

// A column of the table.
type column int

const (
	colClass1 column = iota
	colClass2
	colClass3
	colClass4
	colName
	colCode
	colProvider
	colUSCC
	colAbstract
	colFormat
	colFormatType
	colItem
	colType
	colLength
	colShare
	colBasis
	colHow
	colOpen
	colOpenBasis
	colCycle
	colPublished
	colRelated
	colItemEN
	colSensitivity
	colItemNote
	colGrading
	colKnown
	colArea
	colFrom
	colTo
	colNameEN
	colAddress
	colUpdated
	colLayer
	columns
)

// titles are the columns' names in both languages, and what else files call
// them. Blanks, brackets and signs do not count.
var titles = [columns]struct {
	zh, en string
	also   []string
}{
	colClass1:      {"类", "Class 1", nil},
	colClass2:      {"项", "Class 2", nil},
	colClass3:      {"目", "Class 3", nil},
	colClass4:      {"细目", "Class 4", nil},
	colName:        {"信息资源名称", "Resource", []string{"资源名称", "目录名称", "数据资源名称", "政务信息资源名称"}},
	colCode:        {"信息资源代码", "Resource code", []string{"资源代码", "目录代码", "目录编码", "信息资源编码", "资源编码"}},
	colProvider:    {"信息资源提供方", "Provider", []string{"提供方", "资源提供方", "提供单位", "提供部门", "信息资源提供方名称", "提供方名称"}},
	colUSCC:        {"信息资源提供方代码", "Provider's code", []string{"提供方代码", "资源提供方代码", "提供方统一社会信用代码"}},
	colAbstract:    {"信息资源摘要", "Abstract", []string{"资源摘要", "摘要", "目录摘要"}},
	colFormat:      {"信息资源格式分类", "Format", []string{"信息资源格式", "资源格式", "格式分类", "资源格式分类"}},
	colFormatType:  {"信息资源格式类型", "Format type", []string{"格式类型", "资源格式类型"}},
	colItem:        {"信息项名称", "Item", []string{"信息项", "数据项名称", "数据项", "字段名称"}},
	colType:        {"数据类型", "Type", []string{"信息项数据类型", "字段类型", "信息项类型"}},
	colLength:      {"数据长度", "Length", []string{"长度", "信息项长度", "字段长度"}},
	colShare:       {"共享类型", "Sharing", []string{"共享属性"}},
	colBasis:       {"共享条件", "Condition or basis", []string{"共享条件不予共享依据", "不予共享依据", "共享条件或依据"}},
	colHow:         {"共享方式", "How shared", []string{"共享方式分类", "共享方式类型"}},
	colOpen:        {"是否向社会开放", "Open to the public", []string{"是否开放", "开放类型", "开放属性"}},
	colOpenBasis:   {"开放条件", "Condition of opening", nil},
	colCycle:       {"更新周期", "Update cycle", []string{"更新频率", "更新频度"}},
	colPublished:   {"发布日期", "Published", []string{"发布时间"}},
	colRelated:     {"关联资源代码", "Related resources", []string{"关联资源", "关联信息资源代码", "关联目录代码"}},
	colItemEN:      {"信息项英文名称", "Item in English", []string{"字段英文名", "英文名称", "信息项英文名"}},
	colSensitivity: {"信息项敏感级别", "Item's sensitivity", []string{"敏感级别", "信息项敏感度"}},
	colItemNote:    {"信息项说明", "Item's description", []string{"字段说明", "信息项描述", "备注"}},
	colGrading:     {"数据分级", "Grading", []string{"数据级别", "安全级别", "分级"}},
	colKnown:       {"知晓范围", "Known to", nil},
	colArea:        {"覆盖区划代码", "Division", []string{"行政区划代码", "区划代码"}},
	colFrom:        {"内容起始日期", "Speaks of from", nil},
	colTo:          {"内容截止日期", "Speaks of to", nil},
	colNameEN:      {"信息资源英文名称", "Resource in English", []string{"资源英文名称"}},
	colAddress:     {"访问地址", "Address", []string{"接口地址", "服务地址"}},
	colUpdated:     {"最近更新时间", "Last updated", []string{"更新时间", "最近更新日期"}},
	colLayer:       {"挂接图层", "Layer", nil},
}

// label is a heading as it is compared.
func label(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '一' && r <= '鿿', r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, fold(s))
}

var columnOf = func() map[string]column {
	m := map[string]column{}
	for c := column(0); c < columns; c++ {
		for _, name := range append([]string{titles[c].zh, titles[c].en}, titles[c].also...) {
			m[label(name)] = c
		}
	}
	return m
}()

// A word says one value in the table. The first is written, all are read; a
// cell that begins with one of them is it.
type word struct {
	value string
	words []string
}

var (
	formatWords = []word{{"document", []string{"电子文件", "文档"}}, {"spreadsheet", []string{"电子表格", "表格"}}, {"database", []string{"数据库"}},
		{"image", []string{"图形图像", "图像", "图片"}}, {"stream", []string{"流媒体"}}, {"self_describing", []string{"自描述格式", "自描述"}}}
	shareWords = []word{{layers.Unconditional, []string{"无条件共享", "无条件"}}, {layers.Conditional, []string{"有条件共享", "有条件", "受限共享"}}, {layers.NotShared, []string{"不予共享", "不共享"}}}
	openWords  = []word{{"yes", []string{"是", "开放", "无条件开放", "yes"}}, {"no", []string{"否", "不开放", "不予开放", "禁止开放", "有条件开放", "受限开放", "no"}}}
	cycleWords = []word{{"real_time", []string{"实时"}}, {"daily", []string{"每日", "每天", "日"}}, {"weekly", []string{"每周", "周"}}, {"monthly", []string{"每月", "月"}},
		{"quarterly", []string{"每季度", "每季", "季"}}, {"yearly", []string{"每年", "年"}}, {"irregular", []string{"不定期", "每半年", "半年", "其他", "自定义", "按需"}}}
	gradingWords     = []word{{"core", []string{"核心"}}, {"important", []string{"重要"}}, {"general", []string{"一般"}}}
	knownWords       = []word{{KnownToPublic, []string{"社会公众", "公众"}}, {KnownToStaff, []string{"政务部门", "全体部门"}}, {KnownToLine, []string{"本部门", "本系统"}}}
	sensitivityWords = []word{{layers.Public, []string{"公开"}}, {layers.Internal, []string{"内部"}}, {layers.Sensitive, []string{"敏感"}}}
	// 日期时间 before 日期: what begins with the longer is it.
	typeWords = []word{{"text", []string{"字符型C", "字符", "文本", "备注", "C", "M", "varchar", "char", "string"}}, {"time", []string{"日期时间型T", "日期时间", "时间", "T", "datetime", "timestamp"}},
		{"date", []string{"日期型D", "日期", "D", "date"}}, {"integer", []string{"整型I", "整型", "整数", "I", "int"}},
		{"number", []string{"数值型N", "数值", "数字", "货币", "双精度", "浮点", "N", "Y", "B", "F", "number", "numeric", "float", "double", "decimal"}},
		{"boolean", []string{"逻辑型L", "逻辑", "布尔", "L", "bool"}}, {"binary", []string{"通用型G", "通用", "二进制", "G", "blob"}}}
)

// say is the word for a value.
func say(words []word, value string) string {
	for _, w := range words {
		if w.value == value {
			return w.words[0]
		}
	}
	return value
}

// mean is the value of a cell; false where it means none. The value's own
// English word is taken too.
func mean(words []word, cell string) (string, bool) {
	cell = fold(cell)
	best, value := 0, ""
	for _, w := range words {
		for _, t := range append([]string{w.value}, w.words...) {
			t = fold(t)
			// A single letter means a type only alone, or with its length: C(20).
			if !strings.HasPrefix(cell, t) || len(t) == 1 && len(cell) > 1 && cell[1] != '(' && cell[1] != ' ' {
				continue
			}
			if len(t) > best {
				best, value = len(t), w.value
			}
		}
	}
	return value, best > 0
}

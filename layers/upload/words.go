package upload

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"

	"onemap/layers"
)

// words are what departments call their columns, with the name and English
// title that a field gets. The longest that a column's name holds counts.
var words = []struct{ zh, name, en string }{
	{"统一社会信用代码", "uscc", "Unified social credit code"}, {"社会信用代码", "uscc", "Unified social credit code"},
	{"许可证号", "licence", "Licence"}, {"许可证编号", "licence", "Licence"},
	{"企业名称", "name", "Name"}, {"单位名称", "name", "Name"}, {"设施名称", "name", "Name"}, {"项目名称", "name", "Name"}, {"名称", "name", "Name"},
	{"详细地址", "address", "Address"}, {"所在地址", "address", "Address"}, {"地址", "address", "Address"}, {"位置", "location", "Location"}, {"地点", "location", "Location"}, {"坐落", "address", "Address"},
	{"行政区划代码", "division_code", "Division code"}, {"行政区划", "division", "Division"}, {"所属街道", "town", "Town"}, {"街道", "town", "Town"}, {"乡镇", "town", "Town"}, {"镇街", "town", "Town"},
	{"社区", "community", "Community"}, {"村居", "community", "Community"}, {"网格编码", "grid", "Grid"}, {"所属网格", "grid", "Grid"},
	{"编号", "code", "Code"}, {"编码", "code", "Code"}, {"代码", "code", "Code"}, {"标识码", "code", "Code"}, {"序号", "serial", "Serial number"},
	{"类别", "category", "Category"}, {"类型", "kind", "Kind"}, {"种类", "kind", "Kind"}, {"等级", "grade", "Grade"}, {"级别", "grade", "Grade"},
	{"状态", "state", "State"}, {"是否", "flag", "Yes or no"}, {"材质", "material", "Material"}, {"规格", "size", "Size"}, {"型号", "model", "Model"},
	{"数量", "quantity", "Quantity"}, {"面积", "area_m2", "Area"}, {"长度", "length_m", "Length"}, {"高度", "height_m", "Height"}, {"宽度", "width_m", "Width"}, {"口径", "diameter", "Diameter"}, {"管径", "diameter", "Diameter"}, {"压力", "pressure", "Pressure"}, {"容量", "capacity", "Capacity"},
	{"建成日期", "built_on", "Built on"}, {"建成时间", "built_on", "Built on"}, {"安装日期", "installed_on", "Installed on"}, {"检查日期", "inspected_on", "Inspected on"}, {"更新日期", "updated_on", "Updated on"}, {"登记日期", "registered_on", "Registered on"}, {"日期", "day", "Date"}, {"时间", "moment", "Time"}, {"年份", "year", "Year"},
	{"主管部门", "department", "Department"}, {"权属单位", "owner_unit", "Owner"}, {"管理单位", "managing_unit", "Managed by"}, {"养护单位", "maintained_by", "Maintained by"}, {"单位", "unit", "Unit"}, {"部门", "department", "Department"},
	{"联系电话", "phone", "Telephone"}, {"手机", "phone", "Telephone"}, {"电话", "phone", "Telephone"}, {"联系人", "contact", "Contact"}, {"负责人", "contact", "Person responsible"}, {"法定代表人", "legal_representative", "Legal representative"}, {"姓名", "person_name", "Name of a person"}, {"身份证", "id_number", "Identity number"},
	{"备注", "remarks", "Remarks"}, {"说明", "remarks", "Remarks"}, {"描述", "description", "Description"}, {"邮编", "postcode", "Postcode"},
	{"经度", "longitude", "Longitude"}, {"纬度", "latitude", "Latitude"}, {"坐标", "coordinates", "Coordinates"},
}

// fieldName makes a column's name of a file's, and an English title. used are
// the names that others have.
func fieldName(column string, used map[string]bool) (name, en string) {
	leaf := column
	if i := strings.LastIndexByte(column, '/'); i >= 0 {
		leaf = column[i+1:]
	}
	best := ""
	for _, w := range words {
		if strings.Contains(leaf, w.zh) && len(w.zh) > len(best) {
			best, name, en = w.zh, w.name, w.en
		}
	}
	// A word inside of a longer name says too little: 消防栓编号 is the code, but
	// 上次检查单位意见 is not the unit.
	if best == "" || len([]rune(leaf)) > len([]rune(best))+4 {
		name, en = romanised(leaf), strings.TrimSpace(leaf)
		if !chinese(leaf) {
			en = strings.TrimSpace(strings.ReplaceAll(leaf, "_", " "))
		}
	}
	if !layers.LayerName.MatchString(name) || layers.ReservedField(name) {
		if name = "f_" + strings.TrimLeft(name, "_"); !layers.LayerName.MatchString(name) {
			name = "field"
		}
	}
	base := name
	for n := 2; used[name]; n++ {
		suffix := "_" + strings.TrimLeft(string(rune('0'+n/10))+string(rune('0'+n%10)), "0")
		name = base[:min(len(base), 48-len(suffix))] + suffix
	}
	used[name] = true
	return name, en
}

var notName = regexp.MustCompile(`[^a-z0-9]+`)

// romanised writes a name in small letters, Chinese by its pinyin.
func romanised(s string) string {
	var b strings.Builder
	args := pinyin.NewArgs()
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			if p := pinyin.SinglePinyin(r, args); len(p) > 0 {
				b.WriteString(p[0])
			}
			continue
		}
		b.WriteRune(unicode.ToLower(r))
	}
	out := strings.Trim(notName.ReplaceAllString(b.String(), "_"), "_")
	if len(out) > 40 {
		out = strings.Trim(out[:40], "_")
	}
	return out
}

func chinese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

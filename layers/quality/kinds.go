package quality

var anyField = []string{"text", "integer", "number", "boolean", "date", "time"}

// Kinds are all ways to test data, in the order of the dimensions.
var Kinds = []Kind{
	// 规范性
	{Name: "uscc", ZH: "统一社会信用代码校验位正确", EN: "Credit code with the right check digit (GB 32100-2015)", Indicator: "normative.data_standard", Of: "row", Fields: []string{"text"}, row: usccRow},
	{Name: "modelled", ZH: "字段与登记的数据类型相符", EN: "Columns are of the registered types", Indicator: "normative.data_model", Of: "layer", layer: modelledLayer},
	{Name: "documented", ZH: "元数据填写完整", EN: "Titles, owner, sharing basis and update cycle are stated", Indicator: "normative.metadata", Of: "layer", layer: documentedLayer},
	{Name: "matches", ZH: "符合业务规则", EN: "Meets a business rule", Indicator: "normative.business_rule", Of: "row", row: matchesRow, Params: []Param{
		{"filter", "text", true, "What must hold of the row, in CQL2 text"}}},
	{Name: "one_of", ZH: "取值在规定范围内", EN: "One of a closed list of values", Indicator: "normative.reference_data", Of: "row", Fields: anyField, row: oneOfRow, Params: []Param{
		{"values", "texts", true, "The values, as text"}}},
	{Name: "in_class", ZH: "代码在部件/事项分类表中", EN: "Code of a class of components or matters", Indicator: "normative.reference_data", Of: "row", Fields: []string{"text"}, rows: inClassRows, Params: []Param{
		{"class_kind", "text", true, "component or matter"},
		{"standard", "text", false, "The list that it is of; left out: any"},
		{"standard_field", "field", false, "The column that names the row's list"}}},
	{Name: "in_register", ZH: "代码在权威登记中", EN: "Value that another register has", Indicator: "normative.reference_data", Of: "row", Fields: anyField, rows: inRegisterRows, Params: []Param{
		{"register", "register", true, "organisation, area, grid, or the name of a layer"},
		{"their_field", "text", false, "The layer's field; left out: of the same name"}}},
	{Name: "no_person_numbers", ZH: "不含公民身份号码", EN: "No citizen numbers in fields that are not sensitive", Indicator: "normative.security", Of: "row", Fields: []string{"text"}, Optional: true, row: noPersonNumbersRow, Params: []Param{
		{"phones", "boolean", false, "Mobile numbers are not allowed either"}}},

	// 完整性
	{Name: "filled", ZH: "必填项已填", EN: "Is filled", Indicator: "completeness.element", Of: "row", Fields: anyField, row: filledRow},
	{Name: "records", ZH: "记录数达到应有数量", EN: "As many records as there should be", Indicator: "completeness.record", Of: "layer", layer: recordsLayer, Params: []Param{
		{"expected", "integer", true, "How many there are in truth, by survey"}}},
	{Name: "covers", ZH: "覆盖权威登记的全部对象", EN: "Has what another register has", Indicator: "completeness.record", Of: "layer", Fields: anyField, layer: coversLayer, Params: []Param{
		{"register", "register", true, "The name of a layer"},
		{"their_field", "text", false, "Its field; left out: of the same name"}}},

	// 准确性
	{Name: "range", ZH: "数值在合理范围内", EN: "Within a range", Indicator: "accuracy.content", Of: "row", Fields: []string{"integer", "number", "date", "time"}, row: rangeRow, Params: []Param{
		{"min", "number", false, "Smallest number"}, {"max", "number", false, "Largest number"},
		{"from", "text", false, "First date, 2000-01-01"}, {"to", "text", false, "Last date"}}},
	{Name: "placed", ZH: "位置有效", EN: "Has a valid place", Indicator: "accuracy.content", Of: "row", row: placedRow},
	{Name: "in_stated_grid", ZH: "位置在所填网格内", EN: "Lies inside the grid that it states", Indicator: "accuracy.content", Of: "row", Fields: []string{"text"}, rows: inStatedGridRows},
	{Name: "in_duty_area", ZH: "位置在提供方辖区内", EN: "Lies inside the owner's area", Indicator: "accuracy.content", Of: "row", row: inDutyAreaRow},
	{Name: "pattern", ZH: "格式合规", EN: "Written as a pattern says", Indicator: "accuracy.format", Of: "row", Fields: anyField, row: patternRow, Params: []Param{
		{"pattern", "text", true, "A regular expression for the whole value"}}},
	{Name: "length", ZH: "长度合规", EN: "So many characters", Indicator: "accuracy.format", Of: "row", Fields: []string{"text"}, row: lengthRow, Params: []Param{
		{"min", "integer", false, "At least"}, {"max", "integer", false, "At most"}}},
	{Name: "accepted", ZH: "入库时通过格式检查", EN: "Rows of the latest file that could be read", Indicator: "accuracy.format", Of: "layer", layer: acceptedLayer},
	{Name: "apart", ZH: "无重复(同类一定距离内)", EN: "No other within a distance", Indicator: "accuracy.duplication", Of: "row", rows: apartRows, Params: []Param{
		{"metres", "number", true, "0.5: nearer than that, two rows are one thing; up to 1000"},
		{"same", "fields", false, "Only rows that are equal in these fields are compared"}}},
	{Name: "unique", ZH: "标识唯一", EN: "Stands once only", Indicator: "accuracy.uniqueness", Of: "row", Fields: anyField, rows: uniqueRows, Params: []Param{
		{"with", "fields", false, "Further fields: together they stand once only"}}},
	{Name: "clean", ZH: "无脏数据", EN: "No garbled or meaningless text", Indicator: "accuracy.dirty", Of: "row", Fields: []string{"text"}, Optional: true, row: cleanRow, Params: []Param{
		{"words", "texts", false, "Further texts that mean nothing, as test"}}},

	// 一致性
	{Name: "agrees", ZH: "与另一登记的同一数据一致", EN: "Agrees with another register", Indicator: "consistency.same", Of: "row", Fields: anyField, rows: agreesRows, Params: []Param{
		{"register", "register", true, "The name of a layer"},
		{"key", "field", true, "The field by which rows are matched"},
		{"their_key", "text", false, "Its field; left out: of the same name"},
		{"their_field", "text", false, "Its field that must be equal; left out: of the same name"},
		{"fold", "boolean", false, "Width, case and spaces make no difference"}}},
	{Name: "near", ZH: "与底图要素相符(附近有)", EN: "Near a feature of the base library", Indicator: "consistency.related", Of: "row", row: nearRow, Params: []Param{
		{"register", "register", true, "The name of a layer, such as base_building"},
		{"metres", "number", true, "How near, up to 5000"}}},
	{Name: "starts_with", ZH: "代码前缀一致", EN: "Begins with another code", Indicator: "consistency.related", Of: "row", Fields: []string{"text"}, row: startsWithRow, Params: []Param{
		{"of", "field", true, "The field that it begins with"}}},

	// 时效性
	{Name: "not_future", ZH: "日期不在将来", EN: "Not in the future", Indicator: "timeliness.period", Of: "row", Fields: []string{"date", "time"}, row: notFutureRow},
	{Name: "in_cycle", ZH: "在更新周期内更新", EN: "Updated within its cycle", Indicator: "timeliness.promptness", Of: "layer", layer: inCycleLayer, Params: []Param{
		{"days", "number", false, "Left out: what the layer's update cycle allows"}}},
	{Name: "fresh", ZH: "记录在期限内更新", EN: "Row updated within a term", Indicator: "timeliness.promptness", Of: "row", Fields: []string{"date", "time"}, row: freshRow, Params: []Param{
		{"days", "number", true, "How old it may be"}}},
	{Name: "order", ZH: "时间先后正确", EN: "Times in order", Indicator: "timeliness.sequence", Of: "row", Fields: []string{"date", "time"}, row: orderRow, Params: []Param{
		{"after", "field", true, "The time that comes first, or at once"}}},

	// 可访问性
	{Name: "answers", ZH: "服务可访问", EN: "Features and tiles are answered", Indicator: "accessibility.access", Of: "layer", layer: answersLayer},
	{Name: "answers_in_time", ZH: "服务及时可用", EN: "Features and tiles are answered in time", Indicator: "accessibility.availability", Of: "layer", layer: answersInTimeLayer, Params: []Param{
		{"ms", "integer", false, "How long an answer may take; left out: 2000"}}},
}

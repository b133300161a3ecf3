package incident

// A Name is what something is called in the field, and in English.
type Name struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

var stageNames = map[string]Name{
	"collection": {"信息收集", "Collection"},
	"filing":     {"案件建立", "Filing"},
	"dispatch":   {"任务派遣", "Dispatch"},
	"handling":   {"任务处理", "Handling"},
	"feedback":   {"处理反馈", "Feedback"},
	"closing":    {"核查结案", "Check and closing"},
	"":           {"结束", "Ended"},
}

var stateNames = map[string]Name{
	Reported:    {"待受理", "Reported"},
	Verifying:   {"核实中", "Being verified"},
	SelfHandled: {"自处理待审", "Self-handled, to be reviewed"},
	Registered:  {"待立案", "Registered"},
	Filed:       {"待派遣", "Filed"},
	Returned:    {"已回退", "Returned"},
	Disputed:    {"待裁决", "Disputed"},
	Dispatched:  {"待处置", "Dispatched"},
	Handling:    {"处置中", "Being handled"},
	Suspended:   {"挂账", "Suspended"},
	Feedback:    {"已反馈", "Fed back"},
	Checking:    {"核查中", "Being checked"},
	Checked:     {"待结案", "Checked"},
	Closed:      {"已结案", "Closed"},
	Rejected:    {"不予受理", "Rejected"},
	Void:        {"已作废", "Void"},
	Merged:      {"已并案", "Merged"},
}

// actionNames are those of the table, and after them what the flow holds
// beside: the report, and what the system notes.
var actionNames = map[string]Name{
	"send_verify":       {"发核实", "Send to verify"},
	"report_verify":     {"核实回复", "Report the verification"},
	"approve_self":      {"自处理通过", "Approve as self-handled"},
	"refuse_self":       {"自处理退回", "Refuse as self-handled"},
	"register":          {"受理", "Register"},
	"reject":            {"不予受理", "Reject"},
	"merge":             {"并案", "Merge"},
	"file":              {"立案", "File"},
	"send_back":         {"退回受理", "Send back"},
	"void":              {"作废", "Void"},
	"dispatch":          {"派遣", "Dispatch"},
	"give_back":         {"退回立案", "Give back"},
	"decide":            {"裁决", "Decide"},
	"accept":            {"接收", "Accept"},
	"assign":            {"指派", "Assign"},
	"revoke":            {"撤回指派", "Revoke the assignment"},
	"return":            {"回退", "Return"},
	"ask_extension":     {"申请延时", "Ask for an extension"},
	"grant_extension":   {"准予延时", "Grant the extension"},
	"refuse_extension":  {"不准延时", "Refuse the extension"},
	"ask_suspension":    {"申请挂账", "Ask for a suspension"},
	"grant_suspension":  {"准予挂账", "Grant the suspension"},
	"refuse_suspension": {"不准挂账", "Refuse the suspension"},
	"resume":            {"恢复处置", "Resume"},
	"feedback":          {"反馈", "Feed back"},
	"send_check":        {"发核查", "Send to check"},
	"report_check":      {"核查回复", "Report the check"},
	"rework":            {"返工", "Rework"},
	"close":             {"结案", "Close"},
	"force_close":       {"强制结案", "Close by force"},
	"reopen":            {"重新立案", "Reopen"},
	"appeal":            {"申诉", "Appeal"},
	"pass_appeal":       {"申诉初审通过", "Pass the appeal on"},
	"grant_appeal":      {"申诉通过", "Grant the appeal"},
	"refuse_appeal":     {"申诉驳回", "Refuse the appeal"},
	"supervise":         {"督办", "Supervise"},
	"photo":             {"补充照片", "Add photos"},

	"report":       {"上报", "Reported"},
	"take_in":      {"并入", "Took another report in"},
	"warn":         {"预警", "Warned"},
	"overdue":      {"超时", "Overdue"},
	"long_overdue": {"严重超时", "Long overdue"},
}

var sourceNames = map[string]Name{
	"worker":  {"网格员", "Grid worker"},
	"public":  {"公众", "Public"},
	"hotline": {"热线", "Hotline"},
	"sensor":  {"物联感知", "Sensor"},
	"video":   {"视频", "Video"},
	"import":  {"导入", "Import"},
}

// StateName says what a state is called; a state that is none, such as a hidden
// one, is called as it is.
func StateName(state string) Name { return named(stateNames, state) }

// SourceName says what a source of reports is called.
func SourceName(source string) Name { return named(sourceNames, source) }

// ActionName says what an action, or what the system notes in a flow, is called.
func ActionName(action string) Name { return named(actionNames, action) }

func named(names map[string]Name, code string) Name {
	if n, ok := names[code]; ok {
		return n
	}
	return Name{code, code}
}

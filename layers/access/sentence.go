package access

import (
	"fmt"
	"strings"
)

// Sentences. An entry is read as "who did what to what, why": in Chinese and in
// English, made of the words for its subject and its verb below. Whole
// sentences stand in special; in them {} is the object's key. An action that
// has no words is told by its own name.

// words are a word in Chinese and in English.
type words struct{ zh, en string }

// special are actions that do not read well as verb and subject.
var special = map[string]words{
	"sign-in":               {"登录", "signed in"},
	"sign-out":              {"退出登录", "signed out"},
	"session.end":           {"结束了 {} 的一个会话", "ended a session of {}"},
	"second_factor.set":     {"启用了双因素认证", "set up a second factor"},
	"second_factor.show":    {"通过了双因素认证", "showed the second factor"},
	"second_factor.remove":  {"停用了双因素认证", "took away the second factor"},
	"second_factor.codes":   {"更换了恢复码", "renewed the recovery codes"},
	"second_factor.reset":   {"重置了 {} 的双因素认证", "took away the second factor of {}"},
	"sign_in_rules.change":  {"修改了登录规则", "changed the rules of signing in"},
	"reason.give":           {"说明了查看 {} 的理由", "said why they look at {}"},
	"person.password":       {"更改了 {} 的密码", "changed the password of {}"},
	"person.active":         {"启用或停用了账号 {}", "opened or closed the account {}"},
	"person.roles":          {"设置了 {} 的角色", "set the roles of {}"},
	"person.grids":          {"设置了 {} 负责的网格", "set the grids of {}"},
	"person.unlock":         {"解除了 {} 的锁定", "unlocked {}"},
	"person.link":           {"首次通过统一身份认证登录", "was bound to the identity provider"},
	"person.unlink":         {"解除了 {} 与统一身份认证的绑定", "released {} from the identity provider"},
	"layer.rights":          {"设置了图层 {} 的归属和共享方式", "set the owner and the sharing of the layer {}"},
	"layer.ask_reason":      {"设置了图层 {} 是否需说明理由", "set whether the layer {} asks for a reason"},
	"layer.owners":          {"设置了图层的归属", "set the owners of layers"},
	"layer.look":            {"查看了敏感图层 {}", "looked at the sensitive layer {}"},
	"layer.export":          {"导出了图层 {}", "exported the layer {}"},
	"incident.export":       {"导出了案件清单", "exported the list of cases"},
	"evaluation.export":     {"导出了评价结果 {}", "exported the evaluation {}"},
	"evaluation.rules":      {"修改了评价规则", "changed the rules of the evaluation"},
	"audit.export":          {"导出了审计记录", "exported the audit"},
	"audit.drop":            {"按规定清除了 {} 的审计记录", "let the audit of {} go by rule"},
	"audit.verify":          {"校验了审计链", "verified the chain of the audit"},
	"position.history":      {"查看了 {} 的在岗轨迹", "looked at where {} was on duty"},
	"position.drop":         {"按规定清除了 {} 及更早的位置记录", "let positions up to {} go by rule"},
	"duty.begin":            {"上岗", "went on duty"},
	"duty.end":              {"下岗", "went off duty"},
	"setting.change":        {"修改了设置 {}", "changed the setting {}"},
	"grant.seed":            {"设置了初始授权", "set the grants of a new city"},
	"task.point":            {"到访了任务 {} 的一个点位", "visited a point of the task {}"},
	"task.result":           {"完成了任务 {}", "finished the task {}"},
	"webhook.secret":        {"更换了推送 {} 的密钥", "gave the webhook {} another secret"},
	"bridge.message":        {"经对接 {} 收到一条消息", "handed in a message through the bridge {}"},
	"bridge.classes":        {"设置了对接 {} 的类别对照", "set the classes of the bridge {}"},
	"share.ask":             {"提出了共享申请 {}", "asked for data with request {}"},
	"correction.ask":        {"提出了校核纠错 {}", "asked for correction {}"},
	"quality.run":           {"检查了 {} 的数据质量", "checked the quality of {}"},
	"match.run":             {"运行了比对 {}", "ran the matching {}"},
	"match.plan":            {"设置了比对方案 {}", "set the plan of matching {}"},
	"match.decide":          {"确认了比对 {} 的一对记录", "decided a pair of the matching {}"},
	"resource.bind":         {"为资源 {} 挂接了数据", "bound data to the resource {}"},
	"resource.file-add":     {"为资源 {} 添加了文件", "added a file to the resource {}"},
	"resource.file-remove":  {"移除了资源 {} 的一个文件", "took a file of the resource {} away"},
	"resource.file-read":    {"下载了资源 {} 的文件", "took a file of the resource {}"},
	"release.make":          {"生成了保护后的发布 {}", "made the protected release {}"},
	"catalogue.import":      {"导入了资源目录", "imported the catalogue"},
	"open.key":              {"为公众发放了开放数据密钥 {}", "gave the public key {} of open data"},
	"open.rule":             {"设置了图层 {} 的开放规则", "set the rule by which the layer {} is open"},
	"open.rule.drop":        {"撤下了图层 {} 的开放规则", "took away the rule by which the layer {} is open"},
	"layer.open":            {"将图层 {} 设为可向社会开放", "opened the layer {} to the public"},
	"layer.close":           {"取消图层 {} 向社会开放", "closed the layer {} to the public"},
	"alert.alert":           {"发布了预警 {}", "issued the alert {}"},
	"pull.silent":           {"定时抽取 {} 多次没有结果", "found that the pull {} brings nothing"},
	"share.query":           {"要求补充共享申请 {}", "asked for more on request {}"},
	"share.overdue":         {"共享申请 {} 逾期未答复，已上报主管部门", "told the authority that request {} is overdue"},
	"share.long_overdue":    {"共享申请 {} 长期未答复，已上报上级", "told those above that request {} is long overdue"},
	"share.lapse":           {"共享申请 {} 逾期未补正，视为撤回", "let request {} lapse: nothing more was said"},
	"correction.object":     {"对校核纠错 {} 的答复提出异议", "objected to the answer to correction {}"},
	"correction.uphold":     {"维持了对校核纠错 {} 的答复", "upheld the answer to correction {}"},
	"correction.overrule":   {"要求更正校核纠错 {}", "had correction {} made after all"},
	"correction.correct":    {"按校核纠错 {} 作了更正", "made correction {}"},
	"service-index.publish": {"公布了 {} 的共享服务指数", "published the service index of {}"},
	"service-index.object":  {"对共享服务指数提出异议 {}", "objected to the service index: {}"},
	"service-index.decide":  {"答复了对共享服务指数的异议 {}", "decided the objection {} to the service index"},
	"fire_risk.run":         {"评估了处所火灾风险 {}", "scored places by their risk of fire {}"},
	"fire_risk.list":        {"生成了消防检查清单 {}", "made the list of fire inspections {}"},
	"fire_risk.decide":      {"确定了消防检查清单 {} 的条目", "decided on a line of the list of fire inspections {}"},
	"fire_risk.export":      {"导出了消防检查清单 {}", "took the list of fire inspections {} as a file"},
	"fire_risk.refit":       {"重做了火灾风险评估 {} 并核对", "made the scoring by risk of fire {} again and compared it"},
	"fire_risk.look":        {"查看了火灾风险 {}", "looked at the risk of fire {}"},
	"fire_risk.gaps":        {"重新计算了消防水源和到场时间盲区", "computed the gaps of fire water and response anew"},
	"deviation.answer":      {"处置了数量异常 {}", "answered the deviation {}"},
	"deviation.run":         {"重新检查了数量异常", "looked for deviations anew"},
	"forecast.order":        {"发起了热点预测 {}", "ordered the forecast {}"},
	"forecast.make":         {"完成了热点预测 {}", "made the forecast {}"},
	"forecast.look":         {"查看了热点预测 {}", "looked at the forecast {}"},
	"forecast.export":       {"导出了热点预测 {}", "took the forecast {} as a file"},
	"forecast.refit":        {"复算核对了热点预测 {}", "made the forecast {} again and compared"},
	"forecast.withdraw":     {"撤回了热点预测 {}", "withdrew the forecast {}"},
	"forecast.stand":        {"设定了定期预测 {}", "had the forecast {} made again and again"},
	"forecast.end":          {"终止了定期预测 {}", "ended the standing forecast {}"},
	"forecast.age":          {"按期清理了旧预测的单元", "took away the cells of old forecasts"},
	"stationing.plan":       {"编制了布警方案 {}", "planned the posts {}"},
	"stationing.edit":       {"人工调整出布警方案 {}", "moved posts by hand into the plan of posts {}"},
	"stationing.decide":     {"对布警方案 {} 作出了决定", "decided on the plan of posts {}"},
	"stationing.view":       {"查看了布警方案 {}", "looked at the plan of posts {}"},
	"stationing.material":   {"查看了布警方案 {} 所依据的需求", "looked at the demand that the plan of posts {} is made from"},
	"stationing.preview":    {"预览了布警需求", "previewed the demand of a plan of posts"},
	"stationing.what-if":    {"推演了布警方案 {}", "tried other posts in the plan of posts {}"},
	"stationing.remake":     {"复算核对了布警方案 {}", "made the plan of posts {} again and compared"},
	"stationing.export":     {"导出了布警方案 {}", "took the plan of posts {} as a file"},
	"roads.speeds":          {"设定了各时段道路速度", "set how fast roads are by hour"},
	"patrol.make":           {"编制了巡逻方案 {}", "planned the patrols {}"},
	"patrol.edit":           {"人工调整了巡逻方案 {}", "edited the plan of patrols {} by hand"},
	"patrol.accept":         {"采纳了巡逻方案 {}", "accepted the plan of patrols {}"},
	"patrol.refuse":         {"否决了巡逻方案 {}", "refused the plan of patrols {}"},
	"patrol.withdraw":       {"撤回了巡逻方案 {}", "called the plan of patrols {} back"},
	"patrol.look":           {"查看了巡逻方案 {}", "looked at the plan of patrols {}"},
	"patrol.remake":         {"复算核对了巡逻方案 {}", "made the plan of patrols {} again and compared"},
	"patrol.export":         {"导出了巡逻方案 {}", "took the plan of patrols {} as a file"},
	"hazard.forget":         {"清除了隐患 {} 的责任人岗位", "let the post responsible for the hazard {} go by rule"},
}

// subjects are the first half of an action.
var subjects = map[string]words{
	"alert": {"预警", "the alert"}, "asset": {"部件", "the asset"}, "audit": {"审计", "the audit"}, "batch": {"数据批次", "the batch"},
	"bridge": {"对接", "the bridge"}, "catalogue": {"目录", "the catalogue"}, "checklist": {"检查表", "the checklist"}, "class": {"类别", "the class"},
	"calendar": {"日历", "the calendar"}, "condition": {"立案条件", "the filing condition"}, "correction": {"校核纠错", "the correction"}, "edition": {"标准版本", "the list"},
	"evaluation": {"评价", "the evaluation"}, "forecast": {"预测", "the forecast"}, "feature": {"要素", "the feature"}, "fence": {"电子围栏", "the fence"}, "grant": {"授权", "the grant"},
	"grid_draft": {"网格草案", "the draft of grids"}, "hazard": {"隐患", "the hazard"}, "incident": {"案件", "the case"}, "key": {"接口密钥", "the API key"},
	"layer": {"图层", "the layer"}, "match": {"比对", "the matching"}, "organisation": {"机构", "the organisation"}, "patrol_schedule": {"巡查计划", "the patrol schedule"},
	"person": {"账号", "the account"}, "position": {"位置", "the position"}, "quality": {"质量规则", "the quality of"}, "quality.quarantine": {"隔离记录", "rows held back"},
	"quality.rule": {"质量规则", "the quality rule"}, "release": {"发布", "the release"}, "resource": {"信息资源", "the resource"}, "rule": {"责任规则", "the rule"},
	"backup": {"备份", "the backup"}, "note": {"便笺", "the note"}, "open.key": {"开放数据密钥", "the public key"}, "pull": {"定时抽取", "the pull"},
	"score": {"评分", "the score"}, "setting": {"设置", "the setting"}, "share": {"共享申请", "the request"}, "task": {"任务", "the task"}, "upload": {"上传文件", "the upload"},
	"webhook": {"推送", "the webhook"},
}

// verbs are the second half.
var verbs = map[string]words{
	"accept": {"受理了", "accepted"}, "act": {"处理了", "acted on"}, "add": {"新增了", "added"}, "adopt": {"采用了", "adopted"}, "amend": {"修订了", "amended"}, "answer": {"答复了", "answered"},
	"appeal": {"申诉了", "appealed against"}, "apply": {"应用了", "applied"}, "approve_self": {"批准自行处置", "approved the self-handling of"},
	"archive": {"归档了", "archived"}, "ask": {"提出了", "asked for"}, "ask_extension": {"申请延期：", "asked for an extension of"}, "ask_suspension": {"申请挂起：", "asked for the suspension of"},
	"assess": {"评估了", "assessed"}, "assign": {"指派了", "assigned"}, "attach": {"添加了附件：", "attached a file to"}, "cancel": {"取消了", "cancelled"},
	"change": {"修改了", "changed"}, "close": {"结案：", "closed"}, "create": {"新建了", "made"}, "decide": {"确认了", "decided"}, "delete": {"删除了", "deleted"},
	"deliver": {"交付了", "delivered"}, "dispatch": {"派遣了", "dispatched"}, "dispute": {"提出异议：", "disputed"}, "drop": {"清除了", "let go"}, "draw": {"画出了", "drew"},
	"end": {"结束了", "ended"}, "escalate": {"升级督办：", "escalated"}, "export": {"导出了", "exported"}, "extend": {"延长了", "extended"}, "feedback": {"反馈了", "fed back on"},
	"file": {"立案：", "filed"}, "find": {"发现并上报了", "reported"}, "fix": {"改正了", "corrected"}, "force_close": {"强制结案：", "closed by force"}, "give_back": {"退回了", "gave back"},
	"grant": {"批准了", "granted"}, "grant_appeal": {"支持申诉：", "granted the appeal against"}, "grant_extension": {"同意延期：", "granted an extension of"},
	"grant_suspension": {"同意挂起：", "granted the suspension of"}, "import": {"导入了", "imported"}, "issue": {"发布了", "issued"}, "make": {"生成了", "made"}, "merge": {"合并了", "merged"},
	"note": {"备注了", "noted on"}, "open": {"打开了", "opened"}, "order": {"提交了", "ordered"}, "pass_appeal": {"转交申诉：", "passed on the appeal against"}, "photo": {"添加了照片：", "added a photo to"},
	"plan": {"制定了", "planned"}, "preview": {"预览了", "previewed"}, "publish": {"发布了", "published"}, "put": {"设置了", "set"}, "recall": {"收回了", "recalled"},
	"receive": {"接收了", "received"}, "recheck": {"复查了", "checked again"}, "rectify": {"整改了", "rectified"}, "redo": {"重做了", "did again"}, "refuse": {"拒绝了", "refused"},
	"refuse_appeal": {"驳回申诉：", "refused the appeal against"}, "refuse_extension": {"不同意延期：", "refused an extension of"}, "refuse_self": {"不同意自行处置：", "refused the self-handling of"},
	"refuse_suspension": {"不同意挂起：", "refused the suspension of"}, "register": {"登记了", "registered"}, "reject": {"驳回了", "rejected"}, "release": {"放行了", "released"},
	"reopen": {"重新打开了", "reopened"}, "replan": {"调整计划：", "planned anew"}, "replay": {"重新发送了", "sent again"}, "reply": {"答复了", "replied to"}, "report": {"上报了", "reported"},
	"report_check": {"报告核查结果：", "reported the check of"}, "report_recheck": {"报告复核结果：", "reported the recheck of"}, "report_verify": {"报告核实结果：", "reported the verification of"},
	"restore": {"恢复了", "restored"}, "resume": {"恢复了", "resumed"}, "return": {"退回了", "returned"}, "revoke": {"收回了", "revoked"}, "rework": {"返工：", "sent to rework"},
	"run": {"运行了", "ran"}, "send_back": {"退回了", "sent back"}, "send_check": {"派核查：", "sent a check of"}, "send_recheck": {"派复核：", "sent a recheck of"},
	"send_verify": {"派核实：", "sent a verification of"}, "set": {"设置了", "set"}, "supervise": {"督办了", "supervised"}, "supplement": {"补充了", "supplemented"}, "suspend": {"挂起了", "suspended"},
	"take": {"生成了", "took"}, "write": {"写了", "wrote"}, "take_in": {"受理了", "took in"}, "test": {"测试了", "tested"}, "transfer": {"移交了", "transferred"}, "undo": {"撤销了", "undid"}, "update": {"更新了", "updated"},
	"upgrade": {"提级了", "upgraded"}, "void": {"作废了", "voided"}, "withdraw": {"撤回了", "withdrew"}, "split": {"分割了", "split"}, "move": {"移动了", "moved"}, "remove": {"移除了", "removed"},
	"shift": {"移动了边界：", "shifted an edge of"}, "replace": {"替换了", "replaced"}, "hold": {"隔离了", "held back"}, "let_in": {"放行了", "let in"}, "discard": {"丢弃了", "discarded"},
}

// results are what is said of an entry that was not done.
var results = map[string]words{Refused: {"被拒绝", "refused"}, Failed: {"未成功", "failed"}}

// reasons are those that onemap itself gives, in Chinese.
var reasons = map[string]string{
	"wrong login or password": "账号或密码错误", "locked": "已锁定", "wrong code": "验证码错误", "age": "到期",
	"no account for who the provider names": "没有对应的账号", "the password or the account changed meanwhile": "其间密码或账号已变更",
}

// parts splits an action into its words; false where it has none.
func parts(action string) (subject, verb words, ok bool) {
	i := strings.LastIndexByte(action, '.')
	if i < 0 {
		return words{}, words{}, false
	}
	subject, known := subjects[action[:i]]
	verb, can := verbs[action[i+1:]]
	return subject, verb, known && can
}

// HasWords says whether an action can be told in both languages.
func HasWords(action string) bool {
	_, _, ok := parts(action)
	_, whole := special[action]
	return ok || whole
}

// Sentence tells an entry in a language, "zh" or "en", without its time.
func (r Recorded) Sentence(lang string) string {
	zh := lang != "en"
	_, key, _ := strings.Cut(r.Object, "/")
	if key == "" || r.Action == "reason.give" {
		key = r.Object
	}
	what := ""
	if w, ok := special[r.Action]; ok {
		what = pick(zh, w)
	} else if subject, verb, ok := parts(r.Action); ok && zh {
		what = verb.zh + subject.zh + " {}"
	} else if ok {
		what = verb.en + " " + subject.en + " {}"
	} else {
		what = r.Action + " {}"
	}
	what = strings.TrimSpace(strings.ReplaceAll(what, "{}", strings.TrimRight(key, "/")))
	if w, ok := results[r.Result]; ok {
		what += " — " + pick(zh, w)
	}
	if reason := r.Reason; reason != "" && zh {
		if w, ok := reasons[reason]; ok {
			reason = w
		}
		what += fmt.Sprintf("（%s）", reason)
	} else if reason != "" {
		what += fmt.Sprintf(" (%s)", reason)
	}
	return r.who(zh) + " " + what
}

func pick(zh bool, w words) string {
	if zh {
		return w.zh
	}
	return w.en
}

// who is the name of who did it, with the organisation.
func (r Recorded) who(zh bool) string {
	kind, name, inside := strings.Cut(r.Login, ":")
	switch {
	case r.Login == "" && zh:
		return "未登录者"
	case r.Login == "":
		return "Somebody not signed in"
	case inside && kind == "system" && zh:
		return "系统（" + name + "）"
	case inside && kind == "system":
		return "The system (" + name + ")"
	case inside && kind == "operator" && zh:
		return "运维人员 " + name
	case inside && kind == "operator":
		return "The operator " + name
	}
	org, name := r.OrgEN, r.Name
	if zh {
		org = r.OrgZH
	}
	if name == "" {
		name = r.Login
	} else {
		name += " [" + r.Login + "]"
	}
	if org == "" {
		return name
	}
	if zh {
		return org + " " + name
	}
	return name + " of " + org
}

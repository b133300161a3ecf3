package accountability

// An Indicator is one line of a score card. Its SQL gives the things that
// count: org, object, title, a, b, at. It may use @from and @until, the
// half-open period as far as it has gone.
type Indicator struct {
	Key    string `json:"key"`
	NameZH string `json:"name_zh"`
	NameEN string `json:"name_en"`
	RuleZH string `json:"rule_zh" doc:"How it is counted, in words"`
	RuleEN string `json:"rule_en"`
	Kind   string `json:"kind" enum:"rate,count" doc:"rate: A of B, and it counts in the score; count: only a number"`
	sql    string
}

// resources are those that count: published, and in force when the period ends.
const resources = `FROM onemap.resource_now r WHERE r.provider IS NOT NULL AND r.published_on < (@until::timestamptz)::date + 1 AND (r.withdrawn_at IS NULL OR r.withdrawn_at >= @until) AND r.made_at < @until `

// indicators are the score card, in its order.
var indicators = []Indicator{
	{"catalogue", "目录完整率", "Catalogue completeness",
		"编制完整的资源 ÷ 已发布资源。完整：有摘要、有信息项、分类到目、有条件或不予共享的写明条件或依据。", "Resources described in full of those published: with an abstract, items, a class of three levels, and the condition or basis where they are not shared unconditionally.", "rate",
		`SELECT r.provider AS org, 'resource/' || r.code AS object, r.name_zh AS title,
		       (r.abstract <> '' AND length(r.class) >= 6 AND (r.share = 'unconditional' OR r.share_basis <> '') AND EXISTS (SELECT FROM onemap.resource_item_now i WHERE i.resource = r.id))::int::bigint AS a, 1::bigint AS b, r.made_at AS at ` + resources},
	{"mounted", "挂接率", "Bound share", "已挂接（图层、文件或地址）的资源 ÷ 已发布资源。", "Resources that are bound to a layer, files or an address, of those published.", "rate",
		`SELECT r.provider AS org, 'resource/' || r.code AS object, r.name_zh AS title, r.mounted::int::bigint AS a, 1::bigint AS b, r.made_at AS at ` + resources},
	{"updated", "按时更新率", "On-time updates", "期末距最近更新不超过更新周期的资源 ÷ 已挂接且有固定周期的资源（实时按 1 日计）。", "Resources last updated within their cycle before the period's end, of those bound with a fixed cycle; real time counts as one day.", "rate",
		`SELECT r.provider AS org, 'resource/' || r.code AS object, r.name_zh AS title,
		       coalesce(r.updated_at >= @until::timestamptz - CASE r.update_cycle WHEN 'weekly' THEN interval '7 days' WHEN 'monthly' THEN interval '31 days' WHEN 'quarterly' THEN interval '92 days'
		            WHEN 'yearly' THEN interval '366 days' ELSE interval '1 day' END, false)::int::bigint AS a, 1::bigint AS b, r.updated_at AS at ` + resources + `AND r.mounted AND r.update_cycle <> 'irregular'`},
	{"answered", "按时答复率", "Answers in time", "提供单位在期限内答复的申请 ÷ 期内答复或到期的有条件共享申请。主管部门代为答复的不计入按时。", "Requests that the provider answered before the deadline, of those on conditions that were answered or fell due in the period. What the authority answered in its place is not in time.", "rate",
		`SELECT q.provider AS org, 'request/' || q.id AS object, q.title, coalesce(q.answered_at <= q.due_at AND q.answered_by = q.provider, false)::int::bigint AS a, 1::bigint AS b, coalesce(q.answered_at, q.due_at) AS at
		 FROM (SELECT r.id, r.provider, r.resource_zh AS title, ans.at AS answered_at, ans.org AS answered_by,
		              (SELECT d.due_at FROM onemap.share_step d WHERE d.request = r.id AND d.action IN ('ask', 'supplement') AND d.due_at IS NOT NULL AND d.id < coalesce(ans.id, d.id + 1) ORDER BY d.id DESC LIMIT 1) AS due_at,
		              last.action AS last
		       FROM onemap.share_request r
		       LEFT JOIN LATERAL (SELECT s.id, s.at, s.org FROM onemap.share_step s WHERE s.request = r.id AND s.action IN ('grant', 'refuse') AND s.at < @until ORDER BY s.id LIMIT 1) ans ON true
		       LEFT JOIN LATERAL (SELECT s.action FROM onemap.share_step s WHERE s.request = r.id AND s.at < @until AND onemap.share_state(s.action) IS NOT NULL ORDER BY s.id DESC LIMIT 1) last ON true
		       WHERE r.share = 'conditional' AND r.at < @until) q
		 WHERE coalesce(q.answered_at, q.due_at) >= @from AND coalesce(q.answered_at, q.due_at) < @until AND (q.answered_at IS NOT NULL OR q.last IN ('ask', 'supplement'))`},
	{"refused", "依据充分的拒绝", "Refusals that hold", "未被主管部门改变的不同意答复 ÷ 期内提供单位的不同意答复（答复须写明依据）。", "Refusals that the authority did not overrule, of those that the provider gave in the period; each names its basis.", "rate",
		`SELECT r.provider AS org, 'request/' || r.id AS object, r.resource_zh AS title,
		       (NOT EXISTS (SELECT FROM onemap.share_step g WHERE g.request = r.id AND g.id > min(s.id) AND g.action = 'grant' AND g.org <> r.provider))::int::bigint AS a, 1::bigint AS b, min(s.at) AS at
		 FROM onemap.share_request r JOIN onemap.share_step s ON s.request = r.id AND s.action = 'refuse' AND s.org = r.provider AND s.at >= @from AND s.at < @until
		 GROUP BY r.id, r.provider, r.resource_zh`},
	{"quality", "数据质量", "Quality", "符合规则的数据元素 ÷ 被检查的数据元素（GB/T 36344，期末前各图层最近一次检查）。", "Elements that meet their rule of those assessed (GB/T 36344), by each layer's last run before the period's end.", "rate",
		`SELECT run.owner AS org, 'rule/' || q.rule AS object, l.title_zh || ' · ' || rule.title_zh AS title, q.a, q.b, run.at
		 FROM onemap.layer l JOIN LATERAL (SELECT id, owner, at FROM onemap.quality_run WHERE layer = l.name AND batch IS NULL AND at < @until ORDER BY at DESC LIMIT 1) run ON run.owner IS NOT NULL
		 JOIN onemap.quality_result q ON q.run = run.id AND q.b > 0 JOIN onemap.quality_rule rule ON rule.id = q.rule`},
	{"corrected", "按时校核率", "Corrections in time", "期限内答复的校核纠错 ÷ 期内答复或到期的校核纠错。", "Correction requests answered in time, of those answered or fallen due in the period.", "rate",
		`SELECT c.provider AS org, 'correction/' || c.id AS object, coalesce(l.title_zh, c.layer) AS title, coalesce(c.in_time, false)::int::bigint AS a, 1::bigint AS b, coalesce(c.answered_at, c.due_at) AS at
		 FROM onemap.correction_now c LEFT JOIN onemap.layer l ON l.name = c.layer
		 WHERE c.in_time IS NOT NULL AND coalesce(c.answered_at, c.due_at) >= @from AND coalesce(c.answered_at, c.due_at) < @until`},
	{"served", "服务单位数", "Organisations served", "期内使用过本单位图层的其他单位，按图层计。", "Other organisations that used a layer of the department in the period, by layer.", "count",
		`SELECT l.owner AS org, 'layer/' || u.layer AS object, l.title_zh AS title, count(DISTINCT u.org) AS a, 0::bigint AS b, max(u.day)::timestamptz AS at
		 FROM onemap.layer_usage u JOIN onemap.layer l ON l.name = u.layer
		 WHERE l.owner IS NOT NULL AND u.org NOT IN ('', l.owner) AND u.day >= @first::date AND u.day < @after::date GROUP BY l.owner, u.layer, l.title_zh`},
	{"calls", "调用量", "Calls", "期内其他单位和公众调用本单位图层的次数。", "Calls of the department's layers by others and the public in the period.", "count",
		`SELECT l.owner AS org, 'layer/' || u.layer AS object, l.title_zh AS title, sum(u.calls)::bigint AS a, 0::bigint AS b, max(u.day)::timestamptz AS at
		 FROM onemap.layer_usage u JOIN onemap.layer l ON l.name = u.layer
		 WHERE l.owner IS NOT NULL AND u.org <> l.owner AND u.day >= @first::date AND u.day < @after::date GROUP BY l.owner, u.layer, l.title_zh`},
}

// Indicators are the lines of a score card, in its order.
func Indicators() []Indicator { return indicators }

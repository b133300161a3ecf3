package evaluate

// ofPosts are the counts of each post: of steps, s. A step is a record of the
// flow; besides, for collectors, a task of theirs that fell due and is not done
// (verify_overdue, check_overdue) and a case in their grids that the public
// reported first (missed). What a post did is known by the action, whoever
// stood in for it; s.late is NULL where the time is not on record. f is the
// case of the step, d the dispatch that the step began.
//
// What the system did by a rule stands in a row of its own, what an import
// brought in none.
var ofPosts = map[string][]count{
	Collector: {
		{"reported", "上报数", "Reports", "本期监督员上报的", "Reports by grid workers in the period", "s.action = 'report' AND f.source = 'worker'"},
		{"valid", "有效上报数", "Valid reports", "其中已立案的(含后作废)", "Of these filed since, later void or not", "s.action = 'report' AND f.source = 'worker' AND f.filed_at IS NOT NULL"},
		{"self_handled", "自处理数", "Settled on the spot", "其中自处理的", "Of these settled by the reporter", "s.action = 'report' AND f.source = 'worker' AND s.to_state = 'self_handled'"},
		{"missed", "漏报数", "Missed", "本期立案、其负责网格内由公众首先举报、经核实属实的", "Filed in the period in their grids, first reported by the public and verified as true", "s.action = 'missed'"},
		{"filed_in_grids", "负责网格立案数", "Filed in their grids", "本期立案、在其负责网格内的", "Filed in the period in their grids", "s.action IN ('missed', 'filed_in_grids')"},
		{"verify_due", "应核实数", "Verifications due", "本期核实的,加本期到期而仍未核实的", "Verified in the period, and those that fell due in it and are not done", "s.action IN ('report_verify', 'verify_overdue')"},
		{"verified", "核实数", "Verified", "本期核实的", "Verified in the period", "s.action = 'report_verify'"},
		{"verify_on_time", "按时核实数", "Verified in time", "本期核实且未超时", "Verified in the period within its limit", "s.action = 'report_verify' AND NOT s.late"},
		{"check_due", "应核查数", "Checks due", "本期核查的,加本期到期而仍未核查的", "Checked in the period, and those that fell due in it and are not done", "s.action IN ('report_check', 'check_overdue')"},
		{"checked", "核查数", "Checked", "本期核查的", "Checked in the period", "s.action = 'report_check'"},
		{"check_on_time", "按时核查数", "Checked in time", "本期核查且未超时", "Checked in the period within its limit", "s.action = 'report_check' AND NOT s.late"},
	},
	Acceptor: {
		{"handled", "受理操作数", "Decisions", "本期受理、不予受理、并案、自处理审核的次数", "Reports taken in, rejected, merged, or settled ones decided, in the period", "s.action IN ('register', 'reject', 'merge', 'approve_self', 'refuse_self')"},
		{"accepted", "受理数", "Accepted", "本期受理的次数", "Reports taken in in the period", "s.action = 'register'"},
		{"accepted_timed", "计时受理数", "Accepted, time known", "其中有用时记录的", "Of these with their time on record", "s.action = 'register' AND s.late IS NOT NULL"},
		{"accepted_on_time", "按时受理数", "Accepted in time", "本期受理且未超时", "Taken in within the limit", "s.action = 'register' AND NOT s.late"},
		{"rejected", "不予受理数", "Rejected", "本期不予受理的次数", "Rejected in the period", "s.action = 'reject'"},
		{"verify_sent", "发核实数", "Verifications sent", "本期发出核实的次数", "Verifications sent out in the period", "s.action = 'send_verify' AND s.late IS NOT NULL"},
		{"verify_sent_on_time", "按时发核实数", "Verifications sent in time", "本期发出核实且未超时", "Verifications sent out within the limit", "s.action = 'send_verify' AND NOT s.late"},
		{"check_sent", "发核查数", "Checks sent", "本期发出核查的次数", "Checks sent out in the period", "s.action = 'send_check' AND s.late IS NOT NULL"},
		{"check_sent_on_time", "按时发核查数", "Checks sent in time", "本期发出核查且未超时", "Checks sent out within the limit", "s.action = 'send_check' AND NOT s.late"},
	},
	ShiftLeader: {
		{"filed", "立案数", "Filed", "本期立案的次数", "Cases filed in the period", "s.action = 'file'"},
		{"filed_timed", "计时立案数", "Filed, time known", "其中有用时记录的", "Of these with their time on record", "s.action = 'file' AND s.late IS NOT NULL"},
		{"filed_on_time", "按时立案数", "Filed in time", "本期立案且未超时", "Filed within the limit", "s.action = 'file' AND NOT s.late"},
		{"filed_accurate", "准确立案数", "Filed rightly", "本期立案且未作废的", "Filed in the period and not void since", "s.action = 'file' AND f.ended IS DISTINCT FROM 'void'"},
		{"voided", "作废数", "Made void", "本期作废的次数", "Made void in the period", "s.action = 'void'"},
		{"closed", "结案数", "Closed", "本期结案的次数(不含强制结案)", "Cases closed in the period, without those closed by force", "s.action = 'close'"},
		{"close_timed", "计时结案数", "Closed, time known", "其中有用时记录的", "Of these with their time on record", "s.action = 'close' AND s.late IS NOT NULL"},
		{"closed_on_time", "按时结案数", "Closed in time", "本期结案,且结案步骤未超时", "Closed, the step of closing within its limit", "s.action = 'close' AND NOT s.late"},
		{"forced", "强制结案数", "Closed by force", "本期强制结案的次数", "Closed by force in the period", "s.action = 'force_close'"},
	},
	Dispatcher: {
		{"dispatched", "派遣数", "Dispatched", "本期派遣的次数(含改派)", "Dispatches in the period, repeated ones too", "s.action IN ('dispatch', 'decide')"},
		{"dispatch_timed", "计时派遣数", "Dispatched, time known", "其中有用时记录的", "Of these with their time on record", "s.action IN ('dispatch', 'decide') AND s.late IS NOT NULL"},
		{"dispatched_on_time", "按时派遣数", "Dispatched in time", "本期派遣且未超时", "Dispatched within the limit", "s.action IN ('dispatch', 'decide') AND NOT s.late"},
		{"dispatched_accurate", "准确派遣数", "Dispatched rightly", "本期派遣,案件未因回退改派其他部门", "Dispatched in the period to the department that kept it", "s.action IN ('dispatch', 'decide') AND d.outcome IS DISTINCT FROM 'upheld'"},
		{"wrong_dispatch", "错误派遣数", "Wrong dispatches", "本期派遣,案件被回退并改派其他部门", "Dispatched in the period, returned, and then dispatched to another department", "s.action IN ('dispatch', 'decide') AND d.outcome = 'upheld'"},
		{"decided", "裁决数", "Decided", "其中由指挥中心裁决的", "Of these decided by the command centre", "s.action = 'decide'"},
	},
}

// postSums go with the counts of posts.
var postSums = map[string][]sum{
	Collector:   {},
	Acceptor:    {{"acceptance_s", "s.used_s :: s.action = 'register' AND s.late IS NOT NULL"}},
	ShiftLeader: {},
	Dispatcher:  {{"lost_s", "d.lost_s :: s.action IN ('dispatch', 'decide') AND d.outcome = 'upheld'"}},
}

// postActions are the actions of the flow that each post's steps are.
var postActions = map[string][]string{
	Collector:   {"report", "report_verify", "report_check"},
	Acceptor:    {"register", "reject", "merge", "approve_self", "refuse_self", "send_verify", "send_check"},
	ShiftLeader: {"file", "void", "close", "force_close"},
	Dispatcher:  {"dispatch", "decide"},
}

package evaluate

import "strings"

// A count is a number of rows: the rows on which its predicate holds. For
// areas a row is a case, or where it says so a dispatch of one; for departments
// a dispatch to the department; for posts a step of the flow.
//
// Predicates are SQL on f, a row of onemap.case_fact, and for posts on s, a
// step. {from} and {until} are the period's; @time is "in the period".
type count struct {
	name           string
	zh, en         string
	ruleZH, ruleEN string
	sql            string
}

// in is the predicate that a time lies in the period.
func in(column string) string {
	return "(" + column + " >= {from} AND " + column + " < {until})"
}

// Words of the predicates.
const (
	// open: the case was at the end of the period.
	open = "(f.ended_at IS NULL OR f.ended_at >= {until})"
	// suspended: its clock stood at the end of the period (挂账).
	suspended = "(f.suspended_at < {until} AND (f.resumed_at IS NULL OR f.resumed_at >= {until}) AND " + open + ")"
	// tardy: handled after the deadline, and no appeal was granted.
	tardy = "(f.late AND NOT f.excused)"
	// unhandled: its deadline fell into the period, and at its end it was not handled.
	unhandled = "(f.last AND f.deadline >= {from} AND f.deadline < {until} AND (f.handled_at IS NULL OR f.handled_at >= {until})" +
		" AND (f.returned_at IS NULL OR f.returned_at >= {until}) AND " + open + " AND NOT coalesce(" + suspended + ", false))"
	handled = "(f.handled_at >= {from} AND f.handled_at < {until})"
	// closed: a case that was filed. What the reporter settled on the spot never was.
	closed = "(f.last AND f.ended = 'closed' AND f.filed_at IS NOT NULL AND f.ended_at >= {from} AND f.ended_at < {until})"
	// unclosed: its deadline fell into the period, and at its end it was not closed.
	unclosed = "(f.last AND f.deadline >= {from} AND f.deadline < {until} AND f.filed_at IS NOT NULL AND " + open + " AND NOT coalesce(" + suspended + ", false))"
	// closedLate: closed, and handled late or never.
	closedLate = closed + " AND NOT f.excused AND (f.late OR f.handled_at IS NULL AND coalesce(f.deadline < f.ended_at, false))"
	fromPublic = "f.source IN ('public', 'hotline')"
	waiting    = "(f.n <= 1 AND f.filed_at < {until} AND (f.dispatched_at IS NULL OR f.dispatched_at >= {until}) AND " + open + ")"
)

// both are counted for areas, of the last dispatch of a case, and for departments, of
// each dispatch to them.
var both = []count{
	{"received", "收到案件数", "Dispatches", "本期派遣到专业部门的次数", "Times that a case was dispatched to a department in the period", "f.n > 0 AND " + in("f.dispatched_at")},
	{"received_returned", "收到后回退数", "Of these returned", "本期派遣中后被回退的次数", "Dispatches of the period that the department returned", "f.n > 0 AND " + in("f.dispatched_at") + " AND f.returned_at IS NOT NULL"},
	{"returned", "回退数", "Returns", "本期内部门回退的次数", "Returns by a department in the period", in("f.returned_at")},
	{"upheld", "错误派遣数", "Wrong dispatches", "本期回退中,案件随后派往其他部门的次数", "Returns of the period after which the case went to another department", in("f.returned_at") + " AND f.outcome = 'upheld'"},
	{"shirked", "推诿数", "Returns refused", "本期回退中,案件仍派回原部门的次数", "Returns of the period after which the case came back to the same department", in("f.returned_at") + " AND f.outcome = 'shirked'"},
	{"should_handle", "应处置数", "Due to be handled", "本期处置的,加处置截止时间在本期内而期末未处置的;期末挂账、已回退、已办结的除外", "Handled in the period, and those whose deadline fell into it and that were not handled at its end; without those suspended, returned or ended by then", "({last}" + handled + " OR " + unhandled + ")"},
	{"handled", "处置数", "Handled", "最后一次反馈在本期内", "The last feedback was in the period", "{last}" + handled},
	{"handled_on_time", "按期处置数", "Handled in time", "本期处置且未超处置时限,或超时申诉成立", "Handled in the period within the limit, or excused by an appeal", "{last}" + handled + " AND NOT " + tardy},
	{"handled_late", "超时处置数", "Handled late", "本期处置且超过处置时限,申诉成立的除外", "Handled in the period after the limit, and not excused", "{last}" + handled + " AND " + tardy},
	{"excused", "申诉成立数", "Late but excused", "本期处置且超时,申诉成立:不计超时,保留事实", "Handled late in the period and excused by an appeal: not counted as late, the fact is kept", "{last}" + handled + " AND f.late AND f.excused"},
	{"overdue_unhandled", "超时未处置数", "Overdue, not handled", "处置截止时间在本期内,期末未处置", "The deadline fell into the period and it was not handled at its end", unhandled},
	{"extended", "延时数", "Extended", "应处置数中批准过延时的", "Of those due to be handled, with an extension granted", "({last}" + handled + " OR " + unhandled + ") AND f.extensions > 0"},
	{"suspended", "挂账数", "Suspended", "期末处于挂账状态,不计入应处置、应结案", "Suspended at the end of the period: in none of the counts of what was due", "{last}coalesce(" + suspended + ", false)"},
	{"should_close", "应结案数", "Due to be closed", "本期结案的,加处置截止时间在本期内而期末未结案的;期末挂账的除外", "Closed in the period, and those whose deadline fell into it and that were not closed at its end; without those suspended", "(" + closed + " OR " + unclosed + ")"},
	{"closed", "结案数", "Closed", "立案后在本期结案", "Filed, and closed in the period", closed},
	{"closed_on_time", "按期结案数", "Closed in time", "本期结案且未超处置时限,或申诉成立", "Closed in the period and handled within the limit, or excused", closed + " AND NOT (" + closedLate + ")"},
	{"closed_late", "超期结案数", "Closed late", "本期结案且超过处置时限,申诉成立的除外", "Closed in the period, handled after the limit or never, and not excused", closedLate},
	{"forced", "强制结案数", "Closed by force", "本期结案中强制结案的", "Closed in the period by force", closed + " AND f.forced"},
	{"reworked", "返工数", "Reworked", "应结案数中返工过的", "Of those due to be closed, sent back for rework", "(" + closed + " OR " + unclosed + ") AND f.reworks > 0"},
	{"check_due", "应核查数", "Checks due", "本期核查的,加核查已到期而仍未核查的", "Checked in the period, and those whose check fell due in it and is still not made", "(" + "{last}" + in("f.checked_at") + " OR f.last AND f.state = 'checking' AND " + in("f.due_at") + ")"},
	{"checked", "核查数", "Checked", "本期核查的", "Checked in the period", "{last}" + in("f.checked_at")},
	{"check_on_time", "按时核查数", "Checked in time", "本期核查且未超时", "Checked in the period within its limit", "{last}" + in("f.checked_at") + " AND NOT f.check_late"},
}

// ofAreas are counted for areas alone: of a case.
var ofAreas = []count{
	{"reported", "上报数", "Reported", "本期上报的问题", "Reported in the period", "f.last AND " + in("f.reported_at")},
	{"reported_worker", "监督员上报数", "Reported by workers", "本期由监督员上报的", "Reported in the period by a grid worker", "f.last AND " + in("f.reported_at") + " AND f.source = 'worker'"},
	{"reported_public", "公众举报数", "Reported by the public", "本期由公众或热线举报的", "Reported in the period by the public or over a hotline", "f.last AND " + in("f.reported_at") + " AND " + fromPublic},
	{"reported_machine", "视频、传感器上报数", "Reported by cameras and sensors", "本期由视频或传感器上报的", "Reported in the period by a camera or a sensor", "f.last AND " + in("f.reported_at") + " AND f.source IN ('video', 'sensor')"},
	{"valid", "有效上报数", "Valid reports", "本期上报且已立案的(含后作废)", "Reported in the period and filed since, later void or not", "f.last AND " + in("f.reported_at") + " AND f.filed_at IS NOT NULL"},
	{"valid_worker", "监督员有效上报数", "Valid reports by workers", "本期由监督员上报且已立案的", "Reported in the period by a grid worker and filed since", "f.last AND " + in("f.reported_at") + " AND f.source = 'worker' AND f.filed_at IS NOT NULL"},
	{"self_handled", "自处理数", "Settled on the spot", "本期办结、未立案的自处理问题", "Ended in the period as settled by the reporter, never filed", "f.last AND " + in("f.ended_at") + " AND f.ended = 'closed' AND f.filed_at IS NULL"},
	{"verify_due", "应核实数", "Verifications due", "本期核实的,加核实已到期而仍未核实的", "Verified in the period, and those whose verification fell due in it and is still not made", "f.last AND (" + in("f.verified_at") + " OR f.state = 'verifying' AND " + in("f.due_at") + ")"},
	{"verified", "核实数", "Verified", "本期核实的", "Verified in the period", "f.last AND " + in("f.verified_at")},
	{"verify_on_time", "按时核实数", "Verified in time", "本期核实且未超时", "Verified in the period within its limit", "f.last AND " + in("f.verified_at") + " AND NOT f.verify_late"},
	{"accepted", "受理数", "Accepted", "本期受理的", "Taken in in the period", "f.last AND " + in("f.registered_at")},
	{"accepted_timed", "计时受理数", "Accepted, time known", "本期受理且有用时记录的", "Taken in in the period, with its time on record", "f.last AND " + in("f.registered_at") + " AND f.register_late IS NOT NULL"},
	{"accepted_on_time", "按时受理数", "Accepted in time", "本期受理且未超时", "Taken in in the period within the limit", "f.last AND " + in("f.registered_at") + " AND NOT f.register_late"},
	{"rejected", "不予受理数", "Rejected", "本期不予受理的", "Rejected in the period", "f.last AND " + in("f.ended_at") + " AND f.ended = 'rejected'"},
	{"waiting", "待受理数", "Waiting to be accepted", "期末尚未受理的", "Not taken in at the end of the period", "f.last AND f.reported_at < {until} AND (f.registered_at IS NULL OR f.registered_at >= {until}) AND (f.filed_at IS NULL OR f.filed_at >= {until}) AND " + open},
	{"merged", "并案数", "Merged", "本期并入他案的", "Merged into another case in the period", "f.last AND " + in("f.ended_at") + " AND f.ended = 'merged'"},
	{"filed", "立案数", "Filed", "本期立案的", "Filed in the period", "f.last AND " + in("f.filed_at")},
	{"filed_timed", "计时立案数", "Filed, time known", "本期立案且有用时记录的", "Filed in the period, with its time on record", "f.last AND " + in("f.filed_at") + " AND f.file_late IS NOT NULL"},
	{"filed_on_time", "按时立案数", "Filed in time", "本期立案且未超时", "Filed in the period within the limit", "f.last AND " + in("f.filed_at") + " AND NOT f.file_late"},
	{"filed_accurate", "准确立案数", "Filed rightly", "本期立案且未作废的", "Filed in the period and not void since", "f.last AND " + in("f.filed_at") + " AND f.ended <> 'void'"},
	{"filed_public", "监督举报核实数", "Filed from the public", "本期立案中由公众或热线举报的", "Filed in the period, reported by the public or over a hotline", "f.last AND " + in("f.filed_at") + " AND " + fromPublic},
	{"missed", "漏报数", "Missed", "本期立案中由公众首先举报、经核实属实的", "Filed in the period, first reported by the public and verified as true", "f.last AND " + in("f.filed_at") + " AND " + fromPublic + " AND f.verified"},
	{"voided", "作废数", "Void", "本期作废的", "Made void in the period", "f.last AND " + in("f.ended_at") + " AND f.ended = 'void'"},
	{"should_dispatch", "应派遣数", "Due to be dispatched", "本期首次派遣的,加期末待派遣的", "First dispatched in the period, and those that waited for it at its end", "(f.n = 1 AND " + in("f.dispatched_at") + " OR " + waiting + ")"},
	{"dispatched", "派遣数", "Dispatched", "本期首次派遣的", "First dispatched in the period", "f.n = 1 AND " + in("f.dispatched_at")},
	{"dispatch_timed", "计时应派遣数", "Due to be dispatched, time known", "应派遣数中有用时记录的,加期末待派遣的", "Of those due, dispatched with their time on record or still waiting", "(f.n = 1 AND " + in("f.dispatched_at") + " AND f.dispatch_late IS NOT NULL OR " + waiting + ")"},
	{"dispatched_on_time", "按时派遣数", "Dispatched in time", "本期首次派遣且未超时", "First dispatched in the period within the limit", "f.n = 1 AND " + in("f.dispatched_at") + " AND NOT f.dispatch_late"},
	{"dispatched_accurate", "准确派遣数", "Dispatched rightly", "本期首次派遣且未改派其他部门的", "First dispatched in the period, and to the department that kept it", "f.n = 1 AND " + in("f.dispatched_at") + " AND f.outcome <> 'upheld'"},
	{"backlog", "期末在办数", "Open at the end", "期末未办结的", "Not ended at the end of the period", "f.last AND f.reported_at < {until} AND " + open},
}

// ofDepartments are counted for departments alone: of a dispatch to them.
var ofDepartments = []count{
	{"with_it", "期末在办数", "Open with it at the end", "期末在该部门处置、未反馈的", "With the department at the end of the period, not fed back", "f.last AND f.n > 0 AND f.dispatched_at < {until} AND (f.handled_at IS NULL OR f.handled_at >= {until}) AND (f.returned_at IS NULL OR f.returned_at >= {until}) AND " + open},
}

// A sum goes with counts into a mean; it is no number of rows.
type sum struct{ name, sql string }

var sums = []sum{
	{"handling_s", "extract(epoch FROM f.handled_at - coalesce(f.dispatched_at, f.filed_at, f.reported_at)) :: {last}" + handled},
	{"acceptance_s", "extract(epoch FROM f.registered_at - f.reported_at) :: f.last AND " + in("f.registered_at") + " AND f.register_late IS NOT NULL"},
	{"lost_s", "f.lost_s :: " + in("f.returned_at")},
}

// predicate writes a count's predicate for a subject: of an area a case is
// handled once, whoever handled it before; of a department each dispatch to it counts.
func (c count) predicate(subject, from, until string) string {
	return write(c.sql, subject, from, until)
}

func write(sql, subject, from, until string) string {
	last := ""
	if subject == Area {
		last = "f.last AND "
	}
	return strings.NewReplacer("{last}", last, "{from}", from, "{until}", until).Replace(sql)
}

// countsOf are the counts of a subject, in the order in which they are shown.
func countsOf(subject, post string) []count {
	switch subject {
	case Area:
		return append(append([]count{}, ofAreas...), both...)
	case Department:
		return append(append([]count{}, both...), ofDepartments...)
	}
	return ofPosts[post]
}

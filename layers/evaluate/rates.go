package evaluate

import "slices"

// A rate is two counts. An empty denominator is no data: never 0, never 100.
type rate struct {
	name     string
	zh, en   string
	num, den string // counts; num may be a sum
	unit     string // %, or h: the mean of a sum of seconds, in hours
	better   string // high, low, or "": neither is
}

var ratesOf = map[string][]rate{
	Area: {
		{"filing", "立案率", "Filing rate", "valid", "reported", "%", ""},
		{"valid_report", "监督员有效上报率", "Valid reports by workers", "valid_worker", "reported_worker", "%", "high"},
		{"missed", "漏报率", "Missed rate", "missed", "filed", "%", "low"},
		{"public_report", "监督举报率", "Public-report rate", "filed_public", "filed", "%", "low"},
		{"verify_on_time", "按时核实率", "Verified in time", "verify_on_time", "verify_due", "%", "high"},
		{"accepted_on_time", "按时受理率", "Accepted in time", "accepted_on_time", "accepted_timed", "%", "high"},
		{"filed_on_time", "按时立案率", "Filed in time", "filed_on_time", "filed_timed", "%", "high"},
		{"filed_accurate", "准确立案率", "Filed rightly", "filed_accurate", "filed", "%", "high"},
		{"dispatched_on_time", "按时派遣率", "Dispatched in time", "dispatched_on_time", "dispatch_timed", "%", "high"},
		{"dispatched_accurate", "准确派遣率", "Dispatched rightly", "dispatched_accurate", "dispatched", "%", "high"},
		{"returned", "回退率", "Return rate", "received_returned", "received", "%", "low"},
		{"handled", "处置率", "Handling rate", "handled", "should_handle", "%", "high"},
		{"handled_on_time", "按期处置率", "Handled in time", "handled_on_time", "should_handle", "%", "high"},
		{"check_on_time", "按时核查率", "Checked in time", "check_on_time", "check_due", "%", "high"},
		{"closed", "结案率", "Closing rate", "closed", "should_close", "%", "high"},
		{"closed_on_time", "按期结案率", "Closed in time", "closed_on_time", "should_close", "%", "high"},
		{"closed_late", "超期结案率", "Closed late", "closed_late", "should_close", "%", "low"},
		{"rework", "返工率", "Rework rate", "reworked", "should_close", "%", "low"},
		{"mean_acceptance", "平均受理时长", "Mean time to acceptance", "acceptance_s", "accepted_timed", "h", ""},
		{"mean_handling", "平均处置时长", "Mean time of handling", "handling_s", "handled", "h", ""},
		{"mean_lost", "回退平均耽误时长", "Mean time lost by a return", "lost_s", "returned", "h", ""},
	},
	Department: {
		{"returned", "回退率", "Return rate", "received_returned", "received", "%", "low"},
		{"shirked", "推诿率", "Returns refused", "shirked", "returned", "%", "low"},
		{"handled", "处置率", "Handling rate", "handled", "should_handle", "%", "high"},
		{"handled_on_time", "按期处置率", "Handled in time", "handled_on_time", "should_handle", "%", "high"},
		{"closed", "结案率", "Closing rate", "closed", "should_close", "%", "high"},
		{"closed_on_time", "按期结案率", "Closed in time", "closed_on_time", "should_close", "%", "high"},
		{"closed_late", "超期结案率", "Closed late", "closed_late", "should_close", "%", "low"},
		{"rework", "返工率", "Rework rate", "reworked", "should_close", "%", "low"},
		{"mean_handling", "平均处置时长", "Mean time of handling", "handling_s", "handled", "h", ""},
		{"mean_lost", "回退平均耽误时长", "Mean time lost by a return", "lost_s", "returned", "h", ""},
	},
	Collector: {
		{"valid_report", "有效上报率", "Valid reports", "valid", "reported", "%", "high"},
		{"missed", "漏报率", "Missed rate", "missed", "filed_in_grids", "%", "low"},
		{"verify_on_time", "按时核实率", "Verified in time", "verify_on_time", "verify_due", "%", "high"},
		{"check_on_time", "按时核查率", "Checked in time", "check_on_time", "check_due", "%", "high"},
	},
	Acceptor: {
		{"accepted_on_time", "按时受理率", "Accepted in time", "accepted_on_time", "accepted_timed", "%", "high"},
		{"verify_sent_on_time", "核实按时派发率", "Verifications sent in time", "verify_sent_on_time", "verify_sent", "%", "high"},
		{"check_sent_on_time", "核查按时派发率", "Checks sent in time", "check_sent_on_time", "check_sent", "%", "high"},
		{"mean_acceptance", "平均受理时长", "Mean time to acceptance", "acceptance_s", "accepted_timed", "h", ""},
	},
	ShiftLeader: {
		{"filed_on_time", "按时立案率", "Filed in time", "filed_on_time", "filed_timed", "%", "high"},
		{"filed_accurate", "准确立案率", "Filed rightly", "filed_accurate", "filed", "%", "high"},
		{"closed_on_time", "按时结案率", "Closed in time", "closed_on_time", "close_timed", "%", "high"},
	},
	Dispatcher: {
		{"dispatched_on_time", "按时派遣率", "Dispatched in time", "dispatched_on_time", "dispatch_timed", "%", "high"},
		{"dispatched_accurate", "准确派遣率", "Dispatched rightly", "dispatched_accurate", "dispatched", "%", "high"},
		{"mean_lost", "错误派遣平均耽误时长", "Mean time lost by a wrong dispatch", "lost_s", "wrong_dispatch", "h", ""},
	},
}

// of is the key of the tables for a query: the subject, or the post.
func (q Query) of() string {
	if q.Subject == Post {
		return q.Post
	}
	return q.Subject
}

// A Definition says what a number is, for people.
type Definition struct {
	Name      string `json:"name"`
	Kind      string `json:"kind" enum:"count,rate"`
	NameZH    string `json:"name_zh"`
	NameEN    string `json:"name_en"`
	FormulaZH string `json:"formula_zh" doc:"Of a count what is counted, of a rate the counts that it is made of"`
	FormulaEN string `json:"formula_en"`
	Unit      string `json:"unit,omitempty" enum:"%,h" doc:"Of a rate; h is hours"`
	Numerator string `json:"numerator,omitempty" doc:"Of a rate: the count"`
	Divisor   string `json:"denominator,omitempty"`
	Better    string `json:"better,omitempty" enum:"high,low" doc:"Which way is better; absent where neither is. Rates with it have a grade"`
}

// definitions of what a query's report has, in the order in which it is shown.
func (q Query) definitions() []Definition {
	var out []Definition
	names := map[string][2]string{"handling_s": {"处置用时之和", "Sum of the times of handling"},
		"acceptance_s": {"受理用时之和", "Sum of the times to acceptance"}, "lost_s": {"耽误时间之和", "Sum of the time lost"}}
	for _, c := range countsOf(q.Subject, q.Post) {
		out = append(out, Definition{Name: c.name, Kind: "count", NameZH: c.zh, NameEN: c.en, FormulaZH: c.ruleZH, FormulaEN: c.ruleEN})
		names[c.name] = [2]string{c.zh, c.en}
	}
	for _, r := range ratesOf[q.of()] {
		n, d := names[r.num], names[r.den]
		times := " × 100 %"
		if r.unit == "h" {
			times = ""
		}
		out = append(out, Definition{Name: r.name, Kind: "rate", NameZH: r.zh, NameEN: r.en, FormulaZH: n[0] + " ÷ " + d[0] + times, FormulaEN: n[1] + " ÷ " + d[1] + times,
			Unit: r.unit, Numerator: r.num, Divisor: r.den, Better: r.better})
	}
	return out
}

func (q Query) rate(name string) (rate, bool) {
	i := slices.IndexFunc(ratesOf[q.of()], func(r rate) bool { return r.name == name })
	if i < 0 {
		return rate{}, false
	}
	return ratesOf[q.of()][i], true
}

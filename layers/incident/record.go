package incident

import (
	"time"

	"onemap/layers/worktime"
)

// A Record is one line of a case's flow: what was done, by whom, and all that
// clocks and counts are computed from.
type Record struct {
	At       time.Time
	Actor    string // login, or "system"
	Post     string // the role in which it was done; "system", "rule", "reporter"
	Org      string
	Action   string
	From, To string // states
	Dept     string // the department that the case is with after it
	Opinion  string
	Detail   Detail
}

// A Detail is what a record says beyond its columns, kept as JSON.
type Detail struct {
	Stage     *Stage     `json:"stage,omitempty"`      // the clock of the centre's state that it leads to
	Standard  string     `json:"standard,omitempty"`   // register: the class that it was given
	Class     string     `json:"class,omitempty"`      //
	Severity  int        `json:"severity,omitempty"`   //
	Condition string     `json:"condition,omitempty"`  // file: the filing condition
	AreaClass string     `json:"area_class,omitempty"` // file: of the place's grid
	Limit     *Term      `json:"limit,omitempty"`      // file: the time to handle it
	Deadline  *time.Time `json:"deadline,omitempty"`   // dispatch, decide, grant_extension, resume, rework: until when it is to be handled
	Number    string     `json:"number,omitempty"`     // file
	By        string     `json:"by,omitempty"`         // file, dispatch: what named the department: rule, learnt, asset, class, named
	Rule      int64      `json:"rule,omitempty"`       // its number
	Was       string     `json:"was,omitempty"`        // dispatch: the department that had it before
	Blame     string     `json:"blame,omitempty"`      // return: the department that it thinks responsible
	Until     *time.Time `json:"until,omitempty"`      // ask_suspension, grant_suspension
	Worker    string     `json:"worker,omitempty"`     // login: assigned, or sent
	Task      int64      `json:"task,omitempty"`       // onemap.task.id
	Result    string     `json:"result,omitempty"`     // report_verify, report_check
	Into      int64      `json:"into,omitempty"`       // merge: the case that goes on
	Merged    int64      `json:"merged,omitempty"`     // take_in: the case that was merged
	Told      string     `json:"told,omitempty"`       // warn, overdue: the post or department that is told
	Photos    int        `json:"photos,omitempty"`     // how many came with it
	DoneAt    *time.Time `json:"done_at,omitempty"`    // when it was done, by the client's clock; never used for limits
	External  string     `json:"external,omitempty"`   // report: where it came from, source/id
	Sent      string     `json:"sent,omitempty"`       // SHA-256 of what was sent under its uuid
}

// A Stage is how long one of the centre's states may last.
type Stage struct {
	Minutes int           `json:"minutes"`
	Unit    worktime.Unit `json:"unit"` // urgent_hour or working_hour: which clock
}

func (s Stage) allowance() worktime.Allowance {
	return worktime.Allowance{Time: time.Duration(s.Minutes) * time.Minute, Unit: s.Unit}
}

// Stage is what a [Detail] has of the rules for a case that comes into a state;
// nil where the state has no limit.
func (r Rules) Stage(state string) *Stage {
	a, ok := r.Stages[state]
	if !ok {
		return nil
	}
	return &Stage{int(a.Time / time.Minute), a.Unit}
}

// A Term is a limit as JSON.
type Term struct {
	N    int           `json:"n"`
	Unit worktime.Unit `json:"unit" enum:"urgent_hour,working_hour,working_day,natural_day"`
}

func (t *Term) limit() *worktime.Limit {
	if t == nil {
		return nil
	}
	return &worktime.Limit{N: t.N, Unit: t.Unit}
}

package incident

import (
	"time"

	"onemap/layers/worktime"
)

// Rules are what clocks run by. The limits of a case itself stand in its flow.
type Rules struct {
	Calendar    worktime.Calendar
	WarnPercent int // of a limit, from which on it is yellow
	// Stages is how long a case may stay in each of the centre's states; what it
	// was when the case came into the state stands in the flow.
	Stages map[string]worktime.Allowance
}

// A Standing is where a case stands: all that follows from its flow. The
// columns of map.incident with the same names hold it, for the map, the queues
// and their indexes.
type Standing struct {
	State      string
	Dept       string
	Handler    string // login of whom the department assigned
	Pending    string
	Verified   string
	Checked    string
	Condition  string
	AreaClass  string          // "" before it is filed
	Limit      *worktime.Limit // to handle it; nil: none is set
	Since      time.Time       // in the state
	WarnAt     time.Time       // zero: no clock runs
	DueAt      time.Time       // zero: no clock runs
	Escalation int

	// Overdue: the department that it is with handles it, or did, beyond its limit.
	Supervised, Decided, Overdue, Excused, Forced, Appealed bool

	Extensions, Suspensions, Returns, Reworks, Dispatches int

	SuspendedUntil time.Time
	MergedInto     int64
	RegisteredAt   time.Time
	FiledAt        time.Time
	DispatchedAt   time.Time
	HandledAt      time.Time
	ClosedAt       time.Time // when it ended, however it did

	last time.Time // of the last record
	// The handling clock of the department that it is with.
	with     string        // the department
	running  time.Time     // since when; zero: it stands
	used     time.Duration // counted before that
	extended int           // extensions of it
	// The clock of one of the centre's states.
	allowance worktime.Allowance
}

// Recount computes where a case stands from its flow alone, in the flow's
// order. It is pure: the same flow under the same calendar stands the same.
// Actions are written by the same steps, so that the columns of a case can be
// checked, and made anew, at any time.
func Recount(rules Rules, flow []Record) Standing {
	var s Standing
	for _, r := range flow {
		s.Apply(rules, r)
	}
	return s
}

// Apply takes one record of the flow on. It returns what the clock that ran
// before it had counted by then, and its limit; limited is false where it had none.
func (s *Standing) Apply(rules Rules, r Record) (used, limit time.Duration, limited bool) {
	used, limit, limited = s.clock(rules.Calendar, r.At)
	if !s.running.IsZero() && !s.DueAt.IsZero() && r.At.After(s.DueAt) {
		s.Overdue = true
	}
	before := s.State
	s.State, s.last = r.To, r.At
	if before != r.To {
		s.Since = r.At
	}
	s.count(r)
	s.setClock(rules, r, before)
	if r.Action == "grant_extension" && !r.At.After(s.DueAt) {
		// It was asked for in time: that the centre answered late is not the department's delay.
		s.Overdue = false
	}
	return used, limit, limited
}

// Deadline is until when it is to be handled, where an action has just set that;
// nil where it has not. It stands in the flow for who counts what was late.
func (s *Standing) Deadline(action string) *time.Time {
	switch action {
	case "dispatch", "decide", "grant_extension", "resume", "rework":
		if due := s.DueAt; !due.IsZero() && (s.State == Dispatched || s.State == Handling) {
			return &due
		}
	}
	return nil
}

// Late says whether it is handled beyond its limit at that time, or was.
func (s *Standing) Late(now time.Time) bool {
	return s.Overdue || !s.running.IsZero() && !s.DueAt.IsZero() && now.After(s.DueAt)
}

// count keeps what one action changes.
func (s *Standing) count(r Record) {
	first := func(t *time.Time) {
		if t.IsZero() {
			*t = r.At
		}
	}
	d := r.Detail
	switch r.Action {
	case "report":
		s.Dept, s.Condition = r.Dept, d.Condition
	case "send_verify":
		s.Verified = ""
	case "report_verify":
		s.Verified = d.Result
	case "register":
		s.Dept = r.Dept
		first(&s.RegisteredAt)
	case "file":
		first(&s.FiledAt)
		s.Dept, s.Condition, s.AreaClass, s.Limit = r.Dept, d.Condition, d.AreaClass, d.Limit.limit()
	case "dispatch", "decide":
		s.Dept, s.DispatchedAt, s.Handler = r.Dept, r.At, ""
		if s.with != "" && s.with != r.Dept {
			s.Overdue = false // was the other department's: its flow keeps it, this one begins anew
		}
		if s.with != r.Dept { // sent back to the same one, its clock goes on
			s.with, s.used, s.extended = r.Dept, 0, 0
			s.Dispatches++
		}
		s.Decided = s.Decided || r.Action == "decide"
	case "accept":
		s.Handler = d.Worker
	case "assign":
		s.Handler = d.Worker
	case "revoke":
		s.Handler = ""
	case "return":
		s.Returns++
	case "ask_extension", "ask_suspension", "appeal", "pass_appeal":
		s.Pending = map[string]string{"ask_extension": "extension", "ask_suspension": "suspension", "appeal": "appeal", "pass_appeal": "appeal_second"}[r.Action]
		s.Appealed = s.Appealed || r.Action == "appeal"
	case "refuse_extension", "refuse_suspension", "refuse_appeal":
		s.Pending = ""
	case "grant_extension":
		s.Pending = ""
		s.Extensions++
		s.extended++
	case "grant_suspension":
		s.Pending = ""
		s.Suspensions++
		if d.Until != nil {
			s.SuspendedUntil = *d.Until
		}
	case "resume":
		s.SuspendedUntil = time.Time{}
	case "grant_appeal":
		s.Pending, s.Excused = "", true
	case "feedback":
		s.HandledAt = r.At
	case "send_check":
		s.Checked = ""
	case "report_check":
		s.Checked = d.Result
	case "rework":
		s.Reworks++
	case "force_close":
		s.Forced = true
	case "reopen": // a new round: with whomever it goes to, the clock begins anew
		s.with, s.used, s.extended, s.Handler, s.Pending, s.Forced = "", 0, 0, "", "", false
	case "merge":
		s.MergedInto = d.Into
	case "supervise":
		s.Supervised = true
	case "warn":
		s.Escalation = 1
	case "overdue":
		s.Escalation = 2
	case "long_overdue":
		s.Escalation = 3
	}
	switch {
	case ended(r.To):
		first(&s.ClosedAt)
		if r.Action != "appeal" && r.Action != "pass_appeal" {
			s.Pending = ""
		}
		s.SuspendedUntil = time.Time{}
	default:
		s.ClosedAt = time.Time{}
	}
}

// setClock starts, stops and moves the clocks after a record.
func (s *Standing) setClock(rules Rules, r Record, before string) {
	c := rules.Calendar
	handled := s.State == Dispatched || s.State == Handling
	started := handled && s.running.IsZero()
	switch {
	case !s.running.IsZero() && !handled:
		s.used += c.Spent(s.running, r.At, s.unit())
		s.running = time.Time{}
	case started:
		s.running = r.At
	}
	if !handled {
		if before == s.State {
			return
		}
		s.Escalation, s.allowance, s.WarnAt, s.DueAt = 0, worktime.Allowance{}, time.Time{}, time.Time{}
		if r.Detail.Stage != nil {
			s.allowance = r.Detail.Stage.allowance()
			s.DueAt = c.Add(r.At, s.allowance.Time, s.allowance.Unit)
			s.WarnAt = c.Add(r.At, worktime.Share(s.allowance.Time, rules.WarnPercent), s.allowance.Unit)
		}
		return
	}
	if !started && r.Action != "grant_extension" {
		return // accepted, assigned, asked: the clock goes on
	}
	s.Escalation, s.allowance, s.WarnAt, s.DueAt = 0, worktime.Allowance{}, time.Time{}, time.Time{}
	if s.Limit != nil {
		all := s.allowed()
		s.DueAt = c.Add(s.running, all-s.used, s.Limit.Unit)
		s.WarnAt = c.Add(s.running, worktime.Share(all, rules.WarnPercent)-s.used, s.Limit.Unit)
	}
}

// allowed is the handling limit with its extensions: each adds the limit once more.
func (s *Standing) allowed() time.Duration {
	if s.Limit == nil {
		return 0
	}
	return s.Limit.Length() * time.Duration(1+s.extended)
}

// unit is the handling clock's; without a limit it counts all time.
func (s *Standing) unit() worktime.Unit {
	if s.Limit == nil {
		return worktime.UrgentHour
	}
	return s.Limit.Unit
}

// clock reads the clock that runs.
func (s *Standing) clock(c worktime.Calendar, at time.Time) (used, limit time.Duration, limited bool) {
	switch {
	case s.last.IsZero():
		return 0, 0, false
	case !s.running.IsZero():
		return s.used + c.Spent(s.running, at, s.unit()), s.allowed(), s.Limit != nil
	case s.allowance.Unit != "":
		return c.Spent(s.Since, at, s.allowance.Unit), s.allowance.Time, true
	}
	return c.Spent(s.Since, at, worktime.UrgentHour), 0, false
}

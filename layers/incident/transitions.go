package incident

import (
	"slices"

	"onemap/layers/access"
)

// A Transition is one line of the table of what may happen to a case.
type Transition struct {
	Action string
	From   []string // states
	To     string   // "": it stays in the state it is in
	By     []access.Role
	// Responsible: of officers and workers, only people of the department that the
	// case is with, and where it assigned a worker, no other one.
	Responsible bool
	// Assigned: only the worker whose task it is.
	Assigned bool
	// Reporter: whoever reported it as well.
	Reporter bool
	Opinion  bool     // needs a reason in words
	Needs    []string // what must be sent with it: dept, worker, into, until, result …
	Takes    []string // what may be sent with it
	Guards   []Guard  // what else must hold
}

// A Guard is a further condition on the case; its text is what the caller is
// told where it does not hold.
type Guard struct {
	Name  string
	Holds func(Incident) bool
	Says  string
}

var (
	acceptor   = []access.Role{access.Acceptor, access.CommandCentre}
	leader     = []access.Role{access.ShiftLeader, access.CommandCentre}
	dispatcher = []access.Role{access.Dispatcher, access.CommandCentre}
	decider    = []access.Role{access.CommandCentre}
	officer    = []access.Role{access.DepartmentOfficer}
	handlers   = []access.Role{access.DepartmentOfficer, access.GridWorker}
	worker     = []access.Role{access.GridWorker}
)

var (
	open     = []string{Reported, Verifying, SelfHandled, Registered, Filed, Returned, Disputed, Dispatched, Handling, Suspended, Feedback, Checking, Checked}
	filed    = []string{Filed, Returned, Disputed, Dispatched, Handling, Suspended, Feedback, Checking, Checked}
	atDepart = []string{Dispatched, Handling}
)

// Transitions is the whole flow after the report, stage by stage. The code,
// its tests, the API's documentation and the buttons of the pages come from it.
//
// Who was sent and does not come can be replaced: send_verify and send_check
// again send another worker, while the clock goes on.
//
// Two rules of the field are in its shape: whoever receives a return cannot
// send the case on to closing, only dispatch it again or give it back; and
// what a department asks for, it asks before the limit has passed.
var Transitions = []Transition{
	// 信息收集
	{Action: "send_verify", From: []string{Reported, Verifying}, To: Verifying, By: acceptor, Takes: []string{"worker"}},
	{Action: "report_verify", From: []string{Verifying}, To: Reported, By: worker, Assigned: true, Needs: []string{"result"}, Takes: []string{"photos"}},
	{Action: "approve_self", From: []string{SelfHandled}, To: Closed, By: acceptor},
	{Action: "refuse_self", From: []string{SelfHandled}, To: Reported, By: acceptor, Opinion: true},
	{Action: "register", From: []string{Reported}, To: Registered, By: acceptor, Takes: []string{"class", "severity"}},
	{Action: "reject", From: []string{Reported}, To: Rejected, By: acceptor, Opinion: true},
	{Action: "merge", From: []string{Reported, Registered, Filed}, To: Merged, By: acceptor, Needs: []string{"into"}},
	// 案件建立
	{Action: "file", From: []string{Registered}, To: Filed, By: leader, Takes: []string{"condition", "dept"}},
	{Action: "reject", From: []string{Registered}, To: Rejected, By: leader, Opinion: true},
	{Action: "send_back", From: []string{Registered}, To: Reported, By: leader, Opinion: true},
	{Action: "void", From: slices.Concat([]string{Reported, Registered}, filed), To: Void, By: leader, Opinion: true},
	// 任务派遣
	{Action: "dispatch", From: []string{Filed, Returned}, To: Dispatched, By: dispatcher, Takes: []string{"dept"}},
	{Action: "give_back", From: []string{Filed, Returned}, To: Registered, By: dispatcher, Opinion: true},
	{Action: "decide", From: []string{Disputed}, To: Dispatched, By: decider, Opinion: true, Needs: []string{"dept"}},
	// 任务处理
	{Action: "accept", From: []string{Dispatched}, To: Handling, By: handlers, Responsible: true},
	{Action: "assign", From: atDepart, To: Handling, By: officer, Responsible: true, Needs: []string{"worker"}},
	{Action: "revoke", From: []string{Handling}, By: officer, Responsible: true, Guards: []Guard{hasHandler}},
	{Action: "return", From: atDepart, To: Returned, By: officer, Responsible: true, Opinion: true, Needs: []string{"dept"}, Guards: []Guard{noHandler, notDecided, nothingPending}}, // the second one goes to Disputed
	{Action: "ask_extension", From: []string{Handling}, By: officer, Responsible: true, Opinion: true, Guards: []Guard{nothingPending, inTime, hasLimit, extensionsLeft}},
	{Action: "grant_extension", From: []string{Handling}, By: dispatcher, Guards: []Guard{pendingIs("extension")}},
	{Action: "refuse_extension", From: []string{Handling}, By: dispatcher, Opinion: true, Guards: []Guard{pendingIs("extension")}},
	{Action: "ask_suspension", From: []string{Handling}, By: officer, Responsible: true, Opinion: true, Needs: []string{"until"}, Guards: []Guard{nothingPending, inTime, neverSuspended}},
	{Action: "grant_suspension", From: []string{Handling}, To: Suspended, By: dispatcher, Guards: []Guard{pendingIs("suspension")}},
	{Action: "refuse_suspension", From: []string{Handling}, By: dispatcher, Opinion: true, Guards: []Guard{pendingIs("suspension")}},
	{Action: "resume", From: []string{Suspended}, To: Handling, By: slices.Concat(officer, dispatcher), Responsible: true},
	{Action: "feedback", From: []string{Handling}, To: Feedback, By: handlers, Responsible: true, Takes: []string{"photos"}, Guards: []Guard{nothingPending}},
	// 处理反馈
	{Action: "send_check", From: []string{Feedback, Checking}, To: Checking, By: acceptor, Takes: []string{"worker"}},
	// 核查结案
	{Action: "report_check", From: []string{Checking}, To: Checked, By: worker, Assigned: true, Needs: []string{"result"}, Takes: []string{"photos"}}, // failed: back to Feedback
	{Action: "rework", From: []string{Feedback}, To: Handling, By: dispatcher, Opinion: true},
	{Action: "rework", From: []string{Checked}, To: Handling, By: leader, Opinion: true},
	{Action: "close", From: []string{Checked}, To: Closed, By: leader},
	{Action: "force_close", From: filed, To: Closed, By: leader, Opinion: true},
	{Action: "reopen", From: []string{Closed, Rejected}, To: Registered, By: leader, Opinion: true},
	{Action: "appeal", From: []string{Closed}, By: officer, Responsible: true, Opinion: true, Guards: []Guard{nothingPending, wasOverdue, neverAppealed}},
	{Action: "pass_appeal", From: []string{Closed}, By: dispatcher, Opinion: true, Guards: []Guard{pendingIs("appeal")}}, // to the second review
	{Action: "grant_appeal", From: []string{Closed}, By: decider, Opinion: true, Guards: []Guard{pendingIs("appeal_second")}},
	{Action: "refuse_appeal", From: []string{Closed}, By: dispatcher, Opinion: true, Guards: []Guard{pendingIs("appeal", "appeal_second")}},
	// At any time
	{Action: "supervise", From: open, By: leader, Opinion: true, Guards: []Guard{notSupervised}},
	{Action: "photo", From: open, By: slices.Concat(handlers, acceptor), Responsible: true, Reporter: true, Needs: []string{"photos"}},
}

var (
	hasHandler     = Guard{"has_handler", func(i Incident) bool { return i.Handler != "" }, "nobody is assigned"}
	noHandler      = Guard{"no_handler", func(i Incident) bool { return i.Handler == "" }, "revoke the assigned handler first"}
	notDecided     = Guard{"not_decided", func(i Incident) bool { return !i.Decided }, "the command centre has decided whose it is"}
	nothingPending = Guard{"nothing_pending", func(i Incident) bool { return i.Pending == "" }, "a request is waiting for its answer"}
	inTime         = Guard{"in_time", func(i Incident) bool { return !i.Overdue }, "the limit has passed"}
	hasLimit       = Guard{"has_limit", func(i Incident) bool { return i.DueAt != nil }, "it has no limit to extend"}
	extensionsLeft = Guard{"extensions_left", func(i Incident) bool { return i.Extensions < 2 }, "two extensions were granted: there are no more"}
	neverSuspended = Guard{"never_suspended", func(i Incident) bool { return i.Suspensions == 0 }, "it was suspended once: there is no second time"}
	wasOverdue     = Guard{"was_overdue", func(i Incident) bool { return i.Overdue && !i.Excused }, "it was not overdue"}
	neverAppealed  = Guard{"never_appealed", func(i Incident) bool { return !i.Appealed }, "an appeal was made before: there is one a case"}
	notSupervised  = Guard{"not_supervised", func(i Incident) bool { return !i.Supervised }, "it is supervised already"}
)

// pendingIs holds where one of those requests waits for its answer.
func pendingIs(requests ...string) Guard {
	return Guard{"pending", func(i Incident) bool { return slices.Contains(requests, i.Pending) }, "nothing of the kind was asked for"}
}

// has says whether a field may be sent with it.
func (t Transition) has(field string) bool {
	return slices.Contains(t.Needs, field) || slices.Contains(t.Takes, field)
}

// transition returns the line for an action on an incident of that state.
func transition(action, state string) (Transition, bool) {
	for _, t := range Transitions {
		if t.Action == action && slices.Contains(t.From, state) {
			return t, true
		}
	}
	return Transition{}, false
}

// posts are those of a command centre.
var posts = []access.Role{access.Acceptor, access.ShiftLeader, access.Dispatcher, access.CommandCentre}

// post is the role in which the caller may do t to i; "" where they may not.
// Where the command centre stands in for a post, it is that post: the time it
// takes is the post's.
func (t Transition) post(scope access.Scope, i Incident) string {
	p, _ := scope.Person()
	stands := string(access.CommandCentre)
	for _, role := range t.By {
		if slices.Contains(posts, role) && stands == string(access.CommandCentre) {
			stands = string(role)
		}
		if !scope.Has(role) {
			continue
		}
		field := role == access.DepartmentOfficer || role == access.GridWorker
		if t.Responsible && field && (i.Dept == "" || p.Org != i.Dept) {
			continue
		}
		if role == access.GridWorker && (t.Assigned && !i.Task || t.Responsible && i.Handler != "" && i.Handler != p.Login) {
			continue
		}
		if role == access.CommandCentre {
			return stands
		}
		return string(role)
	}
	if t.Reporter && i.Mine {
		return "reporter"
	}
	return ""
}

// fails is the first guard that does not hold.
func (t Transition) fails(i Incident) (Guard, bool) {
	for _, g := range t.Guards {
		if !g.Holds(i) {
			return g, true
		}
	}
	return Guard{}, false
}

// allowed lists what the caller may do now, in the order of the table.
func allowed(scope access.Scope, i Incident) []string {
	actions := []string{}
	for _, t := range Transitions {
		if !slices.Contains(t.From, i.State) || t.post(scope, i) == "" {
			continue
		}
		if _, bad := t.fails(i); !bad {
			actions = append(actions, t.Action)
		}
	}
	return actions
}

package incident

import (
	"slices"

	"onemap/layers/access"
)

// A Transition is one line of the table of what may happen to an incident.
type Transition struct {
	Action string
	From   []string
	To     string
	By     []access.Role
	// Responsible: only people of the department that the incident is with.
	Responsible bool
	Opinion     bool // needs a reason in words
	Dept        bool // names the department it goes to
}

var (
	centre   = []access.Role{access.CommandCentre}
	officer  = []access.Role{access.DepartmentOfficer}
	handlers = []access.Role{access.DepartmentOfficer, access.GridWorker}
)

// Transitions is the whole flow after the report, stage by stage. The code,
// its tests, the API's documentation and the buttons of the pages come from it.
var Transitions = []Transition{
	// 案件建立
	{Action: "file", From: []string{Reported}, To: Filed, By: centre},
	{Action: "reject", From: []string{Reported}, To: Rejected, By: centre, Opinion: true},
	{Action: "void", From: []string{Reported, Filed}, To: Void, By: centre, Opinion: true},
	// 任务派遣
	{Action: "dispatch", From: []string{Filed}, To: Dispatched, By: centre, Dept: true},
	// 任务处理: a return goes to the dispatcher, who can dispatch it again but not close it.
	{Action: "accept", From: []string{Dispatched}, To: Handling, By: handlers, Responsible: true},
	{Action: "return", From: []string{Dispatched, Handling}, To: Filed, By: officer, Responsible: true, Opinion: true},
	// 处理反馈
	{Action: "feedback", From: []string{Handling}, To: Feedback, By: handlers, Responsible: true},
	// 核查结案
	{Action: "rework", From: []string{Feedback}, To: Handling, By: centre, Opinion: true},
	{Action: "close", From: []string{Feedback}, To: Closed, By: centre},
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

// mayBy says whether the caller may do t to an incident of that department.
func (t Transition) mayBy(scope access.Scope, dept string) bool {
	if !scope.Has(t.By...) {
		return false
	}
	if !t.Responsible {
		return true
	}
	p, ok := scope.Person()
	return ok && dept != "" && p.Org == dept
}

// allowed lists what the caller may do now, in the order of the table.
func allowed(scope access.Scope, state, dept string) []string {
	actions := []string{}
	for _, t := range Transitions {
		if slices.Contains(t.From, state) && t.mayBy(scope, dept) {
			actions = append(actions, t.Action)
		}
	}
	return actions
}

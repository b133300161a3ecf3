package hazard

import (
	"slices"

	"onemap/layers/access"
)

// A Transition is one line of the table of what may happen to a hazard.
type Transition struct {
	Action string
	From   []string // states
	To     string   // "": it stays in the state it is in
	By     []access.Role
	// Responsible: of department officers only those of the department that oversees it.
	Responsible bool
	Assigned    bool     // only the worker whose task it is
	Opinion     bool     // needs a reason in words
	Needs       []string // what must be sent with it
	Takes       []string // what may be sent with it
	Guards      []Guard  // what else must hold
}

// A Guard is a further condition on the hazard; its text is what the caller is
// told where it does not hold.
type Guard struct {
	Name  string
	Holds func(Hazard) bool
	Says  string
}

var (
	centre   = []access.Role{access.CommandCentre}
	officers = []access.Role{access.DepartmentOfficer, access.CommandCentre}
	anybody  = []access.Role{access.DepartmentOfficer, access.CommandCentre, access.GridWorker}
	worker   = []access.Role{access.GridWorker}
)

var (
	open      = []string{Found, Registered, Rectifying, Rectified, Rechecking, Rechecked}
	beforeFix = []string{Found, Registered}
)

// Transitions is the whole life after the finding. The code, its tests, the
// API's documentation and the buttons of the pages come from it.
var Transitions = []Transition{
	// 登记
	{Action: "register", From: []string{Found}, To: Registered, By: officers, Responsible: true, Takes: []string{"dept", "level"}},
	{Action: "fix", From: []string{Found}, To: Rectified, By: anybody, Responsible: true, Opinion: true, Needs: []string{"photos"}, Guards: []Guard{isGeneral}}, // 立查立改
	{Action: "void", From: beforeFix, To: Void, By: officers, Responsible: true, Opinion: true},
	// 评估: a major one is supervised from then on
	{Action: "assess", From: []string{Registered}, To: Rectifying, By: officers, Responsible: true,
		Needs: []string{"level", "measure", "responsible", "term"}, Takes: []string{"money", "contingency"}}, // a major one needs all five
	// 整改
	{Action: "replan", From: []string{Rectifying}, By: officers, Responsible: true, Opinion: true, Takes: []string{"measure", "responsible", "money", "contingency"}},
	{Action: "extend", From: []string{Rectifying}, By: officers, Responsible: true, Opinion: true, Needs: []string{"term"}, Guards: []Guard{isGeneral, extensionsLeft}},
	{Action: "extend", From: []string{Rectifying}, By: centre, Opinion: true, Needs: []string{"term"}, Guards: []Guard{isMajor, extensionsLeft}},
	{Action: "upgrade", From: []string{Rectifying}, To: Registered, By: officers, Responsible: true, Opinion: true, Guards: []Guard{isGeneral}}, // to be assessed anew, as major
	{Action: "rectify", From: []string{Rectifying}, To: Rectified, By: anybody, Responsible: true, Opinion: true, Needs: []string{"photos"}},
	// 复查
	{Action: "send_recheck", From: []string{Rectified}, To: Rechecking, By: officers, Responsible: true, Takes: []string{"worker"}},
	{Action: "recheck", From: []string{Rectified}, To: Rechecked, By: officers, Responsible: true, Opinion: true, Guards: []Guard{isGeneral, notRectifier}}, // by its photos
	{Action: "refuse", From: []string{Rectified, Rechecked}, To: Rectifying, By: officers, Responsible: true, Opinion: true},
	{Action: "report_recheck", From: []string{Rechecking}, To: Rechecked, By: worker, Assigned: true, Needs: []string{"result", "photos"}, Guards: []Guard{notRectifierOfMajor}}, // failed: back to Rectifying
	{Action: "recall", From: []string{Rechecking}, To: Rectified, By: officers, Responsible: true, Opinion: true},                                                                // to send somebody else
	// 销号
	{Action: "close", From: []string{Rechecked}, To: Closed, By: officers, Responsible: true, Opinion: true, Guards: []Guard{notRectifier}},
	{Action: "reopen", From: []string{Closed, Void}, To: Registered, By: officers, Responsible: true, Opinion: true},
	// At any time
	{Action: "supervise", From: open, By: centre, Opinion: true, Guards: []Guard{notSupervised}}, // 挂牌督办
	{Action: "transfer", From: slices.Concat(beforeFix, []string{Rectifying}), By: officers, Responsible: true, Opinion: true, Needs: []string{"dept"}},
	{Action: "photo", From: open, By: anybody, Responsible: true, Needs: []string{"photos"}},
}

// mostExtensions of a term.
const mostExtensions = 2

var (
	isGeneral           = Guard{"is_general", func(h Hazard) bool { return h.Level == General }, "it is a major hazard"}
	isMajor             = Guard{"is_major", func(h Hazard) bool { return h.Level == Major }, "it is a general hazard"}
	extensionsLeft      = Guard{"extensions_left", func(h Hazard) bool { return h.Extensions < mostExtensions }, "its term was extended twice: there is no third time"}
	notRectifier        = Guard{"not_rectifier", func(h Hazard) bool { return !h.Rectifier }, "you reported its rectification: somebody else closes it"}
	notRectifierOfMajor = Guard{"not_rectifier_of_major", func(h Hazard) bool { return h.Level != Major || !h.Rectifier }, "you reported the rectification of this major hazard: somebody else checks it"}
	notSupervised       = Guard{"not_supervised", func(h Hazard) bool { return !h.Supervised }, "it is supervised already"}
)

// has says whether a field may be sent with it.
func (t Transition) has(field string) bool {
	return slices.Contains(t.Needs, field) || slices.Contains(t.Takes, field)
}

// mayBy says whether the caller may do t to a hazard: by role, and where the
// line says so by department or as whose task it is. The command centre stands
// above departments; a worker sees only what is theirs to see.
func (t Transition) mayBy(scope access.Scope, h Hazard) bool {
	if !scope.Has(t.By...) {
		return false
	}
	if t.Assigned {
		return h.Assigned
	}
	if !t.Responsible {
		return true
	}
	if slices.Contains(t.By, access.CommandCentre) && scope.Has(access.CommandCentre) || slices.Contains(t.By, access.GridWorker) && scope.Has(access.GridWorker) {
		return true
	}
	p, ok := scope.Person()
	return ok && (h.Dept == "" || p.Org == h.Dept)
}

// fails returns the first guard that does not hold.
func (t Transition) fails(h Hazard) (Guard, bool) {
	for _, g := range t.Guards {
		if !g.Holds(h) {
			return g, true
		}
	}
	return Guard{}, false
}

// allowed lists what the caller may do now, in the order of the table.
func allowed(scope access.Scope, h Hazard) []string {
	actions := []string{}
	for _, t := range Transitions {
		if _, fails := t.fails(h); slices.Contains(t.From, h.State) && t.mayBy(scope, h) && !fails && !slices.Contains(actions, t.Action) {
			actions = append(actions, t.Action)
		}
	}
	return actions
}

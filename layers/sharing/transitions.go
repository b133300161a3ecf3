package sharing

import (
	"slices"

	"onemap/layers/access"
)

// States of a [Request]. They follow from its steps and grants.
const (
	Asked     = "asked"     // 待答复: waits for the provider
	Queried   = "queried"   // 待补正: waits for the asker
	Granted   = "granted"   // 已同意
	Delivered = "delivered" // 已提供: what is not online was handed over
	Refused   = "refused"   // 不同意
	Disputed  = "disputed"  // 协调中: waits for the authority
	Cancelled = "cancelled" // 已撤回
	Lapsed    = "lapsed"    // 逾期未补正
	Withdrawn = "withdrawn" // 授权已收回
	Ended     = "ended"     // 授权已到期
)

// States are all of them.
var States = []string{Asked, Queried, Granted, Delivered, Refused, Disputed, Cancelled, Lapsed, Withdrawn, Ended}

// Parties of a request.
const (
	Asker     = "asker"     // an officer of the organisation that asks
	Provider  = "provider"  // an officer of the organisation that provides the resource
	Authority = "authority" // an officer of the organisation that decides disputes and answers where the provider was silent
	Security  = "security"  // any security administrator
)

// A Transition is one line of the table of what may happen to a request.
type Transition struct {
	Action  string   `json:"action"`
	From    []string `json:"from" nullable:"false"`
	To      string   `json:"to"`
	By      []string `json:"by" nullable:"false" doc:"asker, provider, authority or security"`
	Opinion bool     `json:"opinion" doc:"It needs words"`
	Basis   bool     `json:"basis" doc:"It needs the legal basis"`
	Terms   bool     `json:"terms" doc:"It takes what is granted: what is left out is as it was asked"`
	// Silence: the authority only when the provider did not answer in time.
	Silence bool `json:"silence" doc:"The authority may do it only where the provider did not answer in time"`
}

// Transitions is the whole flow after the asking. The code, its tests and the
// buttons of the page come from it.
var Transitions = []Transition{
	{Action: "grant", From: []string{Asked}, To: Granted, By: []string{Provider, Authority}, Terms: true, Silence: true},
	{Action: "refuse", From: []string{Asked}, To: Refused, By: []string{Provider, Authority}, Basis: true, Silence: true},
	{Action: "query", From: []string{Asked}, To: Queried, By: []string{Provider}, Opinion: true},
	{Action: "supplement", From: []string{Queried}, To: Asked, By: []string{Asker}, Opinion: true},
	{Action: "cancel", From: []string{Asked, Queried, Disputed}, To: Cancelled, By: []string{Asker}},
	{Action: "deliver", From: []string{Granted}, To: Delivered, By: []string{Provider}, Opinion: true},
	{Action: "dispute", From: []string{Refused}, To: Disputed, By: []string{Asker}, Opinion: true},
	{Action: "grant", From: []string{Disputed}, To: Granted, By: []string{Authority}, Terms: true},
	{Action: "refuse", From: []string{Disputed}, To: Refused, By: []string{Authority}, Basis: true},
	{Action: "revoke", From: []string{Granted, Delivered}, To: Withdrawn, By: []string{Provider, Authority, Security}, Basis: true},
	{Action: "release", From: []string{Granted, Delivered}, To: Withdrawn, By: []string{Asker}},
}

// asking and deciding are the roles that act for their organisation.
var (
	asking   = []access.Role{access.DepartmentOfficer, access.CommandCentre, access.Planner}
	deciding = []access.Role{access.DepartmentOfficer, access.CommandCentre}
	// overseers see the requests of every organisation.
	overseers = []access.Role{access.Administrator, access.SecurityAdministrator, access.Auditor}
)

// Readers are the roles that may look at requests: at those of their own
// organisation, or as overseers at all.
var Readers = append(slices.Clone(asking), overseers...)

// parties returns what a caller is to a request. Nobody decides on what their
// own organisation asks for.
func (r Request) parties(by access.Scope) []string {
	var out []string
	org := by.Org().Code
	if org == r.Org && by.Has(asking...) {
		out = append(out, Asker)
	}
	if org == r.Provider && org != r.Org && by.Has(deciding...) {
		out = append(out, Provider)
	}
	// The government above is often only its administrators here.
	if org != "" && org == r.Authority && (by.Has(deciding...) || by.Has(access.SecurityAdministrator)) {
		out = append(out, Authority)
	}
	if by.Has(access.SecurityAdministrator) {
		out = append(out, Security)
	}
	return out
}

// may returns the transitions that a caller may take now.
func (r Request) may(by access.Scope) []Transition {
	who := r.parties(by)
	var out []Transition
	for _, t := range Transitions {
		if !slices.Contains(t.From, r.State) || !t.open(r) {
			continue
		}
		if slices.ContainsFunc(t.By, func(p string) bool {
			return slices.Contains(who, p) && (p != Authority || !t.Silence || r.Escalation >= silent)
		}) {
			out = append(out, t)
		}
	}
	return out
}

// open says whether a transition has a meaning for this request.
func (t Transition) open(r Request) bool {
	switch t.Action {
	case "deliver":
		return r.DueAt != nil // what is online is there at once
	case "dispute":
		return r.Authority != "" && !r.disputed // once
	case "revoke", "release":
		return r.Grant != nil // what is unconditional is not granted by a row
	}
	return true
}

package web

import (
	"context"
	"time"

	"onemap/layers/access"
	"onemap/layers/sharing"
	"onemap/layers/worktime"
)

// Asking for a department's data, and granting it: see layers/sharing.

var (
	onlyAskers   = only(access.DepartmentOfficer, access.CommandCentre, access.Planner)
	onlyRequests = only(sharing.Readers...)
)

type termsBody struct {
	Items  []string   `json:"items,omitempty" maxItems:"500" nullable:"false" doc:"Keys of the resource's items: a layer's fields by name. Asking: left out, all that are not sensitive. Granting: left out, those that were asked"`
	Area   *string    `json:"area_code,omitempty" maxLength:"20" pattern:"^[0-9A-Za-z_-]*$" doc:"A division; empty: the area of whoever uses it"`
	Grids  []string   `json:"grids,omitempty" maxItems:"500" nullable:"false" doc:"Codes of grids of any kind, within the area; left out: all of it"`
	EndsAt *time.Time `json:"ends_at,omitempty" doc:"They hold before it"`
}

func termsOf(t sharing.Terms) termsBody {
	return termsBody{t.Items, &t.AreaCode, t.Grids, &t.EndsAt}
}

type givenBody struct {
	Kind      string     `json:"kind" enum:"layer,resource"`
	ID        int64      `json:"id"`
	Terms     termsBody  `json:"terms"`
	GrantedAt time.Time  `json:"granted_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

type clockBody struct {
	Allowed string    `json:"allowed" doc:"The limit by the rule of the moment when it began: 10 working_day"`
	Words   string    `json:"allowed_zh" doc:"The same in the words of the field: 10工作日"`
	WarnAt  time.Time `json:"warn_at"`
	DueAt   time.Time `json:"due_at"`
	Light   string    `json:"light" enum:"green,yellow,red"`
}

// RequestInfo is a request with what became of it.
type RequestInfo struct {
	ID          int64      `json:"id"`
	UUID        string     `json:"uuid"`
	At          time.Time  `json:"at"`
	Resource    string     `json:"resource" doc:"Its code"`
	NameZH      string     `json:"name_zh"`
	NameEN      string     `json:"name_en"`
	Layer       string     `json:"layer,omitempty" doc:"Absent: it is no layer"`
	Share       string     `json:"share" enum:"unconditional,conditional,none" doc:"As it was asked"`
	ShareBasis  string     `json:"share_basis,omitempty"`
	Org         string     `json:"org" doc:"Who asks"`
	AskedBy     string     `json:"asked_by"`
	Provider    string     `json:"provider" doc:"Who provides it now"`
	Authority   string     `json:"authority,omitempty" doc:"Who decides disputes, and answers where the provider is silent"`
	Purpose     string     `json:"purpose"`
	LegalGround string     `json:"legal_ground"`
	Terms       termsBody  `json:"terms" doc:"What is asked"`
	State       string     `json:"state" enum:"asked,queried,granted,delivered,refused,disputed,cancelled,lapsed,withdrawn,ended"`
	Version     int64      `json:"version" doc:"Of the state: send it with what you do"`
	Since       time.Time  `json:"since"`
	Clock       *clockBody `json:"clock,omitempty" doc:"Absent: nobody is to act"`
	Escalation  int        `json:"escalation" doc:"0 none, 1 reminded, 2 told to the authority, 3 told to the government above it"`
	AnsweredAt  *time.Time `json:"answered_at,omitempty"`
	Answer      string     `json:"answer,omitempty" enum:"grant,refuse" doc:"The first"`
	Grant       *givenBody `json:"grant,omitempty" doc:"Absent: none, or the resource is everybody's by its share type"`
	Actions     []string   `json:"allowed_actions" nullable:"false" doc:"What the caller may do with it now"`
}

func requestInfo(r sharing.Request, by access.Scope) RequestInfo {
	out := RequestInfo{ID: r.ID, UUID: r.UUID.String(), At: r.At, Resource: r.Code, NameZH: r.NameZH, NameEN: r.NameEN, Layer: r.Layer, Share: r.Share, ShareBasis: r.ShareBasis,
		Org: r.Org, AskedBy: r.AskedBy, Provider: r.Provider, Authority: r.Authority, Purpose: r.Purpose, LegalGround: r.LegalGround, Terms: termsOf(r.Terms),
		State: r.State, Version: r.Version, Since: r.Since, Escalation: r.Escalation, AnsweredAt: r.AnsweredAt, Answer: r.Answer, Actions: r.May(by)}
	if r.DueAt != nil {
		out.Clock = &clockBody{Allowed: r.Allowed, Words: r.Allowed, WarnAt: *r.WarnAt, DueAt: *r.DueAt, Light: r.Light(time.Now())}
		if l, err := worktime.ParseLimit(r.Allowed); err == nil {
			out.Clock.Words = l.ZH()
		}
	}
	if g := r.Grant; g != nil {
		out.Grant = &givenBody{Kind: "resource", ID: g.ID, Terms: termsOf(g.Terms), GrantedAt: g.GrantedAt, RevokedAt: g.RevokedAt}
		if g.OfLayer {
			out.Grant.Kind = "layer"
		}
	}
	return out
}

type requestOutput struct {
	Status int
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
	Body   struct {
		RequestInfo
		Steps []stepBody `json:"steps,omitempty" nullable:"false" doc:"What happened, the first first; of one request only"`
	}
}

type stepBody struct {
	ID      int64      `json:"id"`
	At      time.Time  `json:"at"`
	Actor   string     `json:"actor" doc:"A login, or system"`
	Org     string     `json:"org,omitempty"`
	Action  string     `json:"action" enum:"ask,query,supplement,grant,deliver,refuse,dispute,cancel,lapse,revoke,release,remind,overdue,long_overdue,ending"`
	Opinion string     `json:"opinion,omitempty"`
	Basis   string     `json:"basis,omitempty"`
	Allowed string     `json:"allowed,omitempty"`
	DueAt   *time.Time `json:"due_at,omitempty"`
	Told    string     `json:"told,omitempty" doc:"The organisation that it is for"`
}

type askInput struct {
	Request
	Body struct {
		UUID        string    `json:"uuid" format:"uuid" doc:"Made by the client; sent again, it is the same request"`
		Resource    string    `json:"resource" minLength:"1" maxLength:"100" doc:"The resource's code"`
		Purpose     string    `json:"purpose" minLength:"1" maxLength:"2000"`
		LegalGround string    `json:"legal_ground" minLength:"1" maxLength:"2000" doc:"The law or the duty"`
		Terms       termsBody `json:"terms" doc:"The end is needed"`
	}
}

func (s *Server) askFor(ctx context.Context, in *askInput) (*requestOutput, error) {
	b := in.Body
	id, err := clientUUID(b.UUID)
	if err != nil {
		return nil, err
	}
	a := sharing.Asking{UUID: id, Resource: b.Resource, Purpose: b.Purpose, LegalGround: b.LegalGround,
		Terms: sharing.Terms{Items: b.Terms.Items, Grids: b.Terms.Grids, EndsAt: orZero(b.Terms.EndsAt)}}
	if b.Terms.Area != nil {
		a.Terms.AreaCode = *b.Terms.Area
	}
	by := scopeOf(ctx)
	r, at, again, err := s.Sharing.Ask(ctx, by, a, clientAddress(in.r))
	if err != nil {
		return nil, err
	}
	out := &requestOutput{Status: 201, Cursor: at.String()}
	if again {
		out.Status = 200
	}
	out.Body.RequestInfo = requestInfo(r, by)
	return out, nil
}

type requestsInput struct {
	Box      string `query:"box" enum:"inbox,mine,provided,all" default:"all" doc:"inbox: those that wait for my organisation, those whose clock ends first before the others; mine: those that it made; provided: those for what it provides"`
	State    string `query:"state" maxLength:"20"`
	Resource string `query:"resource" maxLength:"100" doc:"A resource's code"`
	Before   int64  `query:"before" minimum:"0" doc:"Those with smaller numbers: the next page"`
	Limit    int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type requestsOutput struct {
	Body struct {
		Requests []RequestInfo `json:"requests" nullable:"false"`
		Waiting  lightsBody    `json:"waiting" doc:"How many wait for my organisation, by the light of their clocks"`
	}
}

type lightsBody struct {
	Green  int `json:"green"`
	Yellow int `json:"yellow"`
	Red    int `json:"red"`
}

func (s *Server) listRequests(ctx context.Context, in *requestsInput) (*requestsOutput, error) {
	by := scopeOf(ctx)
	found, err := s.Sharing.List(ctx, by, sharing.Query{Box: in.Box, State: in.State, Resource: in.Resource, Before: in.Before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	w, err := s.Sharing.Count(ctx, by)
	if err != nil {
		return nil, err
	}
	out := &requestsOutput{}
	out.Body.Waiting = lightsBody{w.Green, w.Yellow, w.Red}
	out.Body.Requests = make([]RequestInfo, len(found))
	for i, r := range found {
		out.Body.Requests[i] = requestInfo(r, by)
	}
	return out, nil
}

type requestInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) getRequest(ctx context.Context, in *requestInput) (*requestOutput, error) {
	by := scopeOf(ctx)
	r, steps, err := s.Sharing.Get(ctx, by, in.ID)
	if err != nil {
		return nil, err
	}
	out := &requestOutput{Status: 200}
	out.Body.RequestInfo = requestInfo(r, by)
	for _, st := range steps {
		out.Body.Steps = append(out.Body.Steps, stepBody{st.ID, st.At, st.Actor, st.Org, st.Action, st.Opinion, st.Basis, st.Allowed, st.DueAt, st.Told})
	}
	return out, nil
}

type actRequestInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		UUID    string     `json:"uuid" format:"uuid" doc:"Made by the client; sent again, it is the same step"`
		Action  string     `json:"action" maxLength:"20" doc:"One of the request's allowed_actions"`
		Version int64      `json:"version,omitempty" minimum:"1" doc:"Of the request as the caller saw it"`
		Opinion string     `json:"opinion,omitempty" maxLength:"2000"`
		Basis   string     `json:"basis,omitempty" maxLength:"2000" doc:"The legal basis of a refusal or a withdrawal"`
		Terms   *termsBody `json:"terms,omitempty" doc:"Of a grant: never wider than what was asked"`
	}
}

func (s *Server) actOnRequest(ctx context.Context, in *actRequestInput) (*requestOutput, error) {
	b := in.Body
	id, err := clientUUID(b.UUID)
	if err != nil {
		return nil, err
	}
	a := sharing.Act{UUID: id, Action: b.Action, Version: b.Version, Opinion: b.Opinion, Basis: b.Basis}
	if t := b.Terms; t != nil {
		a.Items, a.AreaCode, a.Grids, a.EndsAt = t.Items, t.Area, t.Grids, orZero(t.EndsAt)
	}
	by := scopeOf(ctx)
	r, at, err := s.Sharing.Act(ctx, by, in.ID, a, clientAddress(in.r))
	if err != nil {
		return nil, err
	}
	out := &requestOutput{Status: 200, Cursor: at.String()}
	out.Body.RequestInfo = requestInfo(r, by)
	return out, nil
}

type sharingRulesOutput struct {
	Body struct {
		Transitions []sharing.Transition `json:"transitions" nullable:"false"`
		Limits      map[string]string    `json:"limits" doc:"How long each step may take: answer, supplement, deliver, dispute; authority: when the provider was silent"`
		WarnPercent int                  `json:"warn_percent" doc:"Of a limit, from which on its clock is yellow"`
		LongestDays int                  `json:"longest_days" doc:"No request asks for longer"`
		EndingDays  int                  `json:"ending_days" doc:"So long before a grant's end the grantee is reminded"`
	}
}

func (s *Server) sharingRules(ctx context.Context, _ *struct{}) (*sharingRulesOutput, error) {
	r, err := s.Sharing.Rules(ctx)
	if err != nil {
		return nil, err
	}
	out := &sharingRulesOutput{}
	out.Body.Transitions, out.Body.Limits = sharing.Transitions, map[string]string{}
	for step, l := range r.Limits {
		out.Body.Limits[step] = l.String()
	}
	out.Body.WarnPercent, out.Body.LongestDays, out.Body.EndingDays = r.WarnPercent, r.LongestDays, r.EndingDays
	return out, nil
}

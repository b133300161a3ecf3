package web

import (
	"context"
	"time"

	"onemap/layers/match"
	"onemap/layers/match/linkage"
)

// Matching registers of legal persons and places across departments: see
// layers/match. People are never matched.

type rolesBody struct {
	Names   []string `json:"names" minItems:"1" maxItems:"5" nullable:"false" doc:"Fields that name the establishment, the main one first"`
	Address []string `json:"address,omitempty" maxItems:"5" nullable:"false" doc:"Fields of its address, in the order in which they are joined"`
	Code    string   `json:"code,omitempty" maxLength:"48" doc:"The field with the unified social credit code"`
	Numbers []string `json:"numbers,omitempty" maxItems:"5" nullable:"false" doc:"Fields with other numbers that both registers carry: licence, organisation code"`
}

type matchItemBody struct {
	Name       string  `json:"name" maxLength:"48"`
	TitleZH    string  `json:"title_zh" maxLength:"200"`
	TitleEN    string  `json:"title_en" maxLength:"200"`
	LeftField  string  `json:"left_field" maxLength:"48" doc:"geom: the place"`
	RightField string  `json:"right_field" maxLength:"48"`
	Compare    string  `json:"compare" enum:"exact,name,address,code,number,date,place"`
	Tolerance  float64 `json:"tolerance,omitempty" minimum:"0" doc:"Metres of a place, days of a date, the field's unit of a number"`
	Authority  string  `json:"authority,omitempty" enum:"left,right" doc:"Which register is authoritative (一数一源); left out: not settled"`
	Basis      string  `json:"basis,omitempty" maxLength:"500" doc:"The rule that says so; needed with an authority"`
}

// MatchPlanFields are what a plan says.
type MatchPlanFields struct {
	TitleZH    string          `json:"title_zh" minLength:"1" maxLength:"200"`
	TitleEN    string          `json:"title_en" minLength:"1" maxLength:"200"`
	LeftLayer  string          `json:"left_layer" maxLength:"48"`
	RightLayer string          `json:"right_layer" maxLength:"48"`
	Left       rolesBody       `json:"left_roles"`
	Right      rolesBody       `json:"right_roles"`
	Shape      string          `json:"shape,omitempty" enum:"one_to_one,many_to_one" doc:"many_to_one: the left register has several rows of one establishment. Left out: one_to_one"`
	LinkAt     float64         `json:"link_at,omitempty" minimum:"0.5" maximum:"1" doc:"Probability from which a pair is linked; left out: 0.95"`
	ReviewAt   float64         `json:"review_at,omitempty" minimum:"0" maximum:"1" doc:"From which a person is asked; left out: 0.5"`
	Follow     *bool           `json:"follow,omitempty" doc:"Run again when an import has changed one of the layers; left out: yes"`
	Items      []matchItemBody `json:"items,omitempty" maxItems:"50" nullable:"false" doc:"What both registers say, and who is authoritative for it"`
}

// MatchPlanInfo is a plan with where it stands.
type MatchPlanInfo struct {
	Name string `json:"name"`
	MatchPlanFields
	Owner     string        `json:"owner,omitempty" doc:"Organisation"`
	May       bool          `json:"may" doc:"Whether the caller may run it and decide on its pairs"`
	Linked    int64         `json:"linked" doc:"Links that hold, in the whole city"`
	Review    int64         `json:"review" doc:"Pairs that wait for a person"`
	Conflicts int64         `json:"conflicts"`
	Last      *MatchRunInfo `json:"last,omitempty" doc:"Its last run; absent: it never ran"`
}

// MatchRunInfo is one time that two registers were compared.
type MatchRunInfo struct {
	ID         int64        `json:"id"`
	AskedBy    string       `json:"asked_by"`
	AskedAt    time.Time    `json:"asked_at"`
	StartedAt  *time.Time   `json:"started_at,omitempty"`
	FinishedAt *time.Time   `json:"finished_at,omitempty"`
	Failure    string       `json:"failure,omitempty" doc:"In words; absent: none"`
	Counts     match.Counts `json:"counts"`
}

func matchRunInfo(r match.Run) MatchRunInfo {
	return MatchRunInfo{r.ID, r.AskedBy, r.AskedAt, r.StartedAt, r.FinishedAt, r.Failure, r.Counts}
}

func matchPlanInfo(p match.Summary) MatchPlanInfo {
	out := MatchPlanInfo{Name: p.Name, Owner: p.Owner, May: p.May, Linked: p.Linked, Review: p.Review, Conflicts: p.Conflicts,
		MatchPlanFields: MatchPlanFields{TitleZH: p.TitleZH, TitleEN: p.TitleEN, LeftLayer: p.LeftLayer, RightLayer: p.RightLayer,
			Left: rolesBody(p.Left), Right: rolesBody(p.Right), Shape: string(p.Shape), LinkAt: p.LinkAt, ReviewAt: p.ReviewAt, Follow: &p.Follow}}
	for _, it := range p.Items {
		out.Items = append(out.Items, matchItemBody(it))
	}
	if p.Last != nil {
		last := matchRunInfo(*p.Last)
		out.Last = &last
	}
	return out
}

type matchPlansOutput struct {
	Body struct {
		Plans []MatchPlanInfo `json:"plans" nullable:"false"`
	}
}

func (s *Server) listMatchPlans(ctx context.Context, _ *struct{}) (*matchPlansOutput, error) {
	all, err := s.Matching.List(ctx, scopeOf(ctx))
	out := &matchPlansOutput{}
	out.Body.Plans = []MatchPlanInfo{}
	for _, p := range all {
		out.Body.Plans = append(out.Body.Plans, matchPlanInfo(p))
	}
	return out, err
}

// MatchPlanInput names a plan.
type MatchPlanInput struct {
	Plan string `path:"plan" maxLength:"48"`
}

type matchPlanOutput struct{ Body MatchPlanInfo }

func (s *Server) getMatchPlan(ctx context.Context, in *MatchPlanInput) (*matchPlanOutput, error) {
	p, err := s.Matching.Get(ctx, scopeOf(ctx), in.Plan)
	return &matchPlanOutput{matchPlanInfo(p)}, err
}

type putMatchPlanInput struct {
	Request
	MatchPlanInput
	Body MatchPlanFields
}

func (s *Server) putMatchPlan(ctx context.Context, in *putMatchPlanInput) (*matchPlanOutput, error) {
	b := in.Body
	p := match.Plan{Name: in.Plan, TitleZH: b.TitleZH, TitleEN: b.TitleEN, LeftLayer: b.LeftLayer, RightLayer: b.RightLayer, Left: match.Roles(b.Left), Right: match.Roles(b.Right),
		Shape: linkage.Shape(b.Shape), LinkAt: b.LinkAt, ReviewAt: b.ReviewAt, Follow: b.Follow == nil || *b.Follow}
	for _, it := range b.Items {
		p.Items = append(p.Items, match.Item(it))
	}
	if err := s.Matching.Put(ctx, scopeOf(ctx), p, clientAddress(in.r)); err != nil {
		return nil, err
	}
	return s.getMatchPlan(ctx, &in.MatchPlanInput)
}

type dropMatchPlanInput struct {
	Request
	MatchPlanInput
}

func (s *Server) dropMatchPlan(ctx context.Context, in *dropMatchPlanInput) (*struct{}, error) {
	return nil, s.Matching.Drop(ctx, scopeOf(ctx), in.Plan, clientAddress(in.r))
}

type matchRunOutput struct {
	Body struct {
		Run int64 `json:"run" doc:"Its number; it runs in the background"`
	}
}

func (s *Server) runMatchPlan(ctx context.Context, in *dropMatchPlanInput) (*matchRunOutput, error) {
	out := &matchRunOutput{}
	var err error
	out.Body.Run, err = s.Matching.Ask(ctx, scopeOf(ctx), in.Plan, clientAddress(in.r))
	return out, err
}

type matchRunsOutput struct {
	Body struct {
		Runs []MatchRunInfo `json:"runs" nullable:"false" doc:"The latest first, at most 50"`
	}
}

func (s *Server) listMatchRuns(ctx context.Context, in *MatchPlanInput) (*matchRunsOutput, error) {
	all, err := s.Matching.Runs(ctx, scopeOf(ctx), in.Plan, 50)
	out := &matchRunsOutput{}
	out.Body.Runs = []MatchRunInfo{}
	for _, r := range all {
		out.Body.Runs = append(out.Body.Runs, matchRunInfo(r))
	}
	return out, err
}

package web

import (
	"context"
	"time"

	"onemap/layers/access"
	"onemap/layers/hazard"
	"onemap/layers/locate"
)

var onlyHazards = only(access.GridWorker, access.CommandCentre, access.DepartmentOfficer)

type hazardBody struct {
	Cursor string `json:"cursor,omitempty" doc:"After a write: the place in the log that holds it"`
	hazard.Hazard
}

type hazardOutput struct {
	Status int
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
	Body   hazardBody
}

// A proposalBody is how a hazard should be rectified, as its finder sees it.
type proposalBody struct {
	Measure     string     `json:"measure,omitempty" maxLength:"4000" doc:"What is to be done (措施)"`
	Responsible string     `json:"responsible,omitempty" maxLength:"100" doc:"Who at the enterprise, by their post; no names (责任)"`
	MoneyYuan   *float64   `json:"money_yuan,omitempty" minimum:"0" maximum:"100000000000" doc:"资金"`
	Term        *time.Time `json:"term,omitempty" doc:"Until when it is to be rectified (时限)"`
	Contingency string     `json:"contingency,omitempty" maxLength:"4000" doc:"What is done if it goes wrong meanwhile (预案)"`
}

func (b *proposalBody) proposal() *hazard.Proposal {
	if b == nil {
		return nil
	}
	return &hazard.Proposal{Measure: b.Measure, Responsible: b.Responsible, MoneyYuan: b.MoneyYuan, Term: orZero(b.Term), Contingency: b.Contingency}
}

type reportHazardInput struct {
	Request
	Body struct {
		UUID        string `json:"uuid" format:"uuid" doc:"Made by the client, new for each report; a report sent again keeps it"`
		Level       string `json:"level,omitempty" enum:"general,major" doc:"As the finder sees it; left out: general"`
		Kind        string `json:"kind,omitempty" maxLength:"100"`
		Title       string `json:"title" minLength:"1" maxLength:"200"`
		Description string `json:"description,omitempty" maxLength:"4000"`
		Place       *struct {
			PlaceBody
			Text string `json:"text,omitempty" maxLength:"256" doc:"The place in words"`
		} `json:"place,omitempty" doc:"Left out: the enterprise's"`
		Enterprise int64         `json:"enterprise,omitempty" minimum:"1" doc:"Number of the feature of layer enterprise"`
		Incident   int64         `json:"incident,omitempty" minimum:"1" doc:"The case that it came from"`
		FoundAt    *time.Time    `json:"found_at,omitempty" doc:"By the finder's clock; left out: now"`
		Plan       *proposalBody `json:"plan,omitempty" doc:"How it should be rectified (五落实), as far as the finder can say; the assessment decides"`
		Photos     []photoBody   `json:"photos,omitempty" maxItems:"20"`
	}
}

func (s *Server) reportHazard(ctx context.Context, in *reportHazardInput) (*hazardOutput, error) {
	b := in.Body
	id, err := clientUUID(b.UUID)
	if err != nil {
		return nil, err
	}
	r := hazard.Report{UUID: id, Level: b.Level, Kind: b.Kind, Title: b.Title, Description: b.Description, Enterprise: b.Enterprise, Incident: b.Incident, Plan: b.Plan.proposal(),
		Photos: photosOf(b.Photos), Address: clientAddress(in.r)}
	if b.Place != nil {
		at := locate.Place(b.Place.place())
		r.At, r.Place = &at, b.Place.Text
	}
	if b.FoundAt != nil {
		r.FoundAt = *b.FoundAt
	}
	h, at, again, err := s.Hazards.Report(ctx, scopeOf(ctx), r)
	if err != nil {
		return nil, err
	}
	out := &hazardOutput{Status: 201, Cursor: at.String(), Body: hazardBody{at.String(), h}}
	if again {
		out.Status = 200
	}
	return out, nil
}

type hazardsInput struct {
	Filter
	Mine  bool   `query:"mine" doc:"Those that I found"`
	Open  bool   `query:"open" doc:"Neither closed nor void"`
	Text  string `query:"q" maxLength:"100" doc:"A number, or words of the title, the description, the place or the enterprise's name"`
	Page  string `query:"page" maxLength:"100" doc:"What an earlier answer called next"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type hazardsOutput struct {
	Body struct {
		Hazards []hazard.Hazard `json:"hazards" nullable:"false" doc:"The latest found first"`
		Next    string          `json:"next,omitempty" doc:"Send it as page for those after them; absent at the end"`
	}
}

func (s *Server) listHazards(ctx context.Context, in *hazardsInput) (*hazardsOutput, error) {
	l, err := s.Store.Layer(ctx, "hazard")
	if err != nil {
		return nil, err
	}
	right, _ := scopeOf(ctx).Layer(l)
	if in.Mine {
		right.Fields = nil
		for _, f := range l.Fields {
			right.Fields = append(right.Fields, f.Name)
		}
	}
	cond, err := s.narrow(ctx, in.Filter, l, right)
	if err != nil {
		return nil, err
	}
	out := &hazardsOutput{}
	out.Body.Hazards, out.Body.Next, err = s.Hazards.List(ctx, scopeOf(ctx), hazard.Query{Filter: cond, Mine: in.Mine, Open: in.Open, Text: in.Text, Page: in.Page, Limit: in.Limit})
	if out.Body.Hazards == nil {
		out.Body.Hazards = []hazard.Hazard{}
	}
	return out, err
}

type hazardInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) getHazard(ctx context.Context, in *hazardInput) (*hazardOutput, error) {
	h, err := s.Hazards.Get(ctx, scopeOf(ctx), in.ID)
	return &hazardOutput{Status: 200, Body: hazardBody{"", h}}, err
}

type actHazardInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		UUID        string      `json:"uuid,omitempty" format:"uuid" doc:"Made by the client; sent again, it is the same action"`
		Action      string      `json:"action" maxLength:"20" doc:"One of the hazard's allowed_actions"`
		Version     int         `json:"version,omitempty" minimum:"1" doc:"Of the hazard as the caller saw it; needed but for report_recheck and photo"`
		Opinion     string      `json:"opinion,omitempty" maxLength:"2000"`
		Dept        string      `json:"dept,omitempty" maxLength:"32"`
		Worker      string      `json:"worker,omitempty" maxLength:"63" doc:"Login; left out: any worker of the grid"`
		Level       string      `json:"level,omitempty" enum:"general,major"`
		Measure     string      `json:"measure,omitempty" maxLength:"4000"`
		Responsible string      `json:"responsible,omitempty" maxLength:"100" doc:"Who at the enterprise, by their post; no names"`
		MoneyYuan   *float64    `json:"money_yuan,omitempty" minimum:"0" maximum:"100000000000"`
		Term        *time.Time  `json:"term,omitempty" doc:"Until when it is to be rectified"`
		Contingency string      `json:"contingency,omitempty" maxLength:"4000"`
		Result      string      `json:"result,omitempty" enum:"passed,failed" doc:"Of a re-check"`
		Photos      []photoBody `json:"photos,omitempty" maxItems:"20"`
		ClientAt    *time.Time  `json:"client_at,omitempty" doc:"By the client's clock; kept, never counted with"`
	}
}

func (s *Server) actOnHazard(ctx context.Context, in *actHazardInput) (*hazardOutput, error) {
	b := in.Body
	id, err := clientUUID(b.UUID)
	if err != nil {
		return nil, err
	}
	do := hazard.Action{UUID: id, Name: b.Action, Version: b.Version, Opinion: b.Opinion, Dept: b.Dept, Worker: b.Worker, Level: b.Level, Measure: b.Measure,
		Responsible: b.Responsible, MoneyYuan: b.MoneyYuan, Contingency: b.Contingency, Result: b.Result, Photos: photosOf(b.Photos), Address: clientAddress(in.r)}
	if b.Term != nil {
		do.Term = *b.Term
	}
	if b.ClientAt != nil {
		do.ClientAt = *b.ClientAt
	}
	h, at, _, err := s.Hazards.Act(ctx, scopeOf(ctx), in.ID, do)
	return &hazardOutput{Status: 200, Cursor: at.String(), Body: hazardBody{at.String(), h}}, err
}

// hazardFlow is the table of what may happen to a hazard, as data.
type hazardFlowOutput struct {
	Body struct {
		States      []hazardState      `json:"states" nullable:"false"`
		Transitions []hazardTransition `json:"transitions" nullable:"false"`
	}
}

type hazardState struct {
	Name string `json:"name"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

type hazardTransition struct {
	Action      string        `json:"action"`
	From        []string      `json:"from" nullable:"false"`
	To          string        `json:"to,omitempty" doc:"Absent: it stays in its state"`
	By          []access.Role `json:"by" nullable:"false"`
	Responsible bool          `json:"responsible,omitempty" doc:"Of department officers only those of the department that oversees it"`
	Assigned    bool          `json:"assigned,omitempty" doc:"Only the worker whose task it is"`
	Opinion     bool          `json:"opinion,omitempty" doc:"Needs a reason in words"`
	Needs       []string      `json:"needs,omitempty"`
	Takes       []string      `json:"takes,omitempty"`
	Guards      []hazardGuard `json:"guards,omitempty" doc:"What else must hold"`
}

type hazardGuard struct {
	Name string `json:"name"`
	Says string `json:"says" doc:"Where it does not hold"`
}

func (s *Server) hazardFlow(context.Context, *struct{}) (*hazardFlowOutput, error) {
	out := &hazardFlowOutput{}
	for _, st := range hazard.States {
		out.Body.States = append(out.Body.States, hazardState(st))
	}
	for _, t := range hazard.Transitions {
		row := hazardTransition{Action: t.Action, From: t.From, To: t.To, By: t.By, Responsible: t.Responsible, Assigned: t.Assigned, Opinion: t.Opinion, Needs: t.Needs, Takes: t.Takes}
		for _, g := range t.Guards {
			row.Guards = append(row.Guards, hazardGuard{g.Name, g.Says})
		}
		out.Body.Transitions = append(out.Body.Transitions, row)
	}
	return out, nil
}

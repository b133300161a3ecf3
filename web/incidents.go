package web

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onemap/layers/access"
	"onemap/layers/incident"
)

// onlyReporters are those who may report incidents: acceptors write down what
// comes by telephone.
var onlyReporters = only(access.GridWorker, access.CommandCentre, access.Acceptor, access.DepartmentOfficer)

// onlyHandlers are those who have a part in the flow of a case.
var onlyHandlers = only(access.CommandCentre, access.Acceptor, access.ShiftLeader, access.Dispatcher, access.DepartmentOfficer, access.GridWorker)

// A PlaceBody is a place as a client sends it.
type PlaceBody struct {
	CRS         string     `json:"crs" doc:"WGS84, CGCS2000, GCJ02, BD09 or EPSG:n" example:"WGS84" maxLength:"20"`
	Coordinates [2]float64 `json:"coordinates" doc:"Longitude and latitude in degrees, or easting and northing of an EPSG system"`
}

func (p PlaceBody) place() incident.Place {
	return incident.Place{CRS: p.CRS, X: p.Coordinates[0], Y: p.Coordinates[1]}
}

type reportInput struct {
	Request
	Body reportBody
}

type reportBody struct {
	UUID        string    `json:"uuid" format:"uuid" doc:"Made by the client, new for each report; a report sent again keeps it"`
	Class       *classRef `json:"class,omitempty" doc:"A matter's class, from /api/v1/classes; may be left out with an asset, whose defect it then is"`
	Asset       int64     `json:"asset,omitempty" minimum:"1" doc:"Number of the component that it is about"`
	Condition   string    `json:"condition,omitempty" maxLength:"24" doc:"The filing condition that the reporter sees"`
	SelfHandled bool      `json:"self_handled,omitempty" doc:"Settled on the spot; needs a photo of kind after"`
	Severity    int       `json:"severity,omitempty" minimum:"0" maximum:"4" doc:"1 red to 4 blue; left out: the class's"`
	Place       struct {
		PlaceBody
		Text string `json:"text,omitempty" maxLength:"256" doc:"The place in words"`
	} `json:"place"`
	Description string      `json:"description,omitempty" maxLength:"4000"`
	OccurredAt  *time.Time  `json:"occurred_at,omitempty" doc:"Left out: now"`
	Source      string      `json:"source,omitempty" enum:"worker,public,hotline,sensor,video"`
	Contact     string      `json:"contact,omitempty" maxLength:"200" doc:"How to reach the reporter, where they leave it; erased when the incident ends"`
	Photos      []photoBody `json:"photos,omitempty" maxItems:"20" doc:"Uploaded before with POST /api/v1/photos"`
}

// A classRef names a class of a list.
type classRef struct {
	Standard string `json:"standard,omitempty" maxLength:"100" doc:"The list it is from; may be left out where the code is in one list only"`
	Code     string `json:"code" maxLength:"24"`
}

type photoBody struct {
	ID      string     `json:"id" pattern:"^[0-9a-f]{64}$" patternDescription:"the id that the upload returned"`
	Kind    string     `json:"kind,omitempty" enum:"near,far,reference,before,after" doc:"Left out: near"`
	TakenAt *time.Time `json:"taken_at,omitempty" doc:"As the device says"`
	Lon     *float64   `json:"lon,omitempty" doc:"Where it was taken: longitude in degrees of WGS 84"`
	Lat     *float64   `json:"lat,omitempty"`
}

func photosOf(bs []photoBody) []incident.Shown {
	var out []incident.Shown
	for _, b := range bs {
		out = append(out, incident.Shown{ID: b.ID, Kind: b.Kind, TakenAt: b.TakenAt, Lon: b.Lon, Lat: b.Lat})
	}
	return out
}

type incidentOutput struct {
	Status int
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
	Body   incidentBody
}

type incidentBody struct {
	Cursor  string `json:"cursor,omitempty" doc:"After a write: the place in the log that holds it"`
	Outside bool   `json:"outside_grids" doc:"No governance grid holds it: nobody's own grid shows it"`
	incident.Incident
}

func (s *Server) report(ctx context.Context, in *reportInput) (*incidentOutput, error) {
	b := in.Body
	id, err := uuid.Parse(b.UUID)
	if err != nil {
		return nil, inputError("uuid", b.UUID, "a UUID")
	}
	r := incident.Report{UUID: id, Severity: b.Severity, Source: b.Source, Asset: b.Asset, Condition: b.Condition, SelfHandled: b.SelfHandled,
		At: b.Place.place(), Place: b.Place.Text, Description: b.Description, Contact: b.Contact, Photos: photosOf(b.Photos), Address: clientAddress(in.r)}
	if b.Class != nil {
		r.Standard, r.Class = b.Class.Standard, b.Class.Code
	}
	if b.OccurredAt != nil {
		if b.OccurredAt.IsZero() { // for Go, the year 1 is no time at all
			return nil, inputError("occurred_at", b.OccurredAt.Format(time.RFC3339), "a time after 1900")
		}
		r.OccurredAt = *b.OccurredAt
	}
	i, at, again, err := s.Incidents.Report(ctx, scopeOf(ctx), r)
	if err != nil {
		return nil, err
	}
	out := &incidentOutput{Status: 201, Cursor: at.String(), Body: incidentBody{at.String(), i.OutsideGrids(), i}}
	if again {
		out.Status = 200
	}
	return out, nil
}

type incidentInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) getIncident(ctx context.Context, in *incidentInput) (*incidentOutput, error) {
	i, err := s.Incidents.Get(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &incidentOutput{Status: 200, Body: incidentBody{"", i.OutsideGrids(), i}}, nil
}

type incidentsInput struct {
	Filter
	Sort    string `query:"sort" enum:"occurred,due" default:"occurred" doc:"occurred: the latest first; due: what is due first, those without a clock last"`
	Mine    bool   `query:"mine" doc:"The caller's own reports"`
	Open    bool   `query:"open" doc:"Neither closed, rejected, void nor merged"`
	Waiting bool   `query:"waiting" doc:"Those that wait for the caller, by the caller's roles: what is to be taken in, filed, dispatched, decided, handled, looked at"`
	Stage   string `query:"stage" enum:"collection,filing,dispatch,handling,feedback,closing" doc:"One of the six stages"`
	Light   string `query:"light" enum:"green,yellow,red" doc:"The colour of the clock"`
	Text    string `query:"q" maxLength:"100" doc:"A number, or words of the description or the place"`
	Page    string `query:"page" maxLength:"100" doc:"What an earlier answer called next"`
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type incidentsOutput struct {
	Body struct {
		Incidents []incident.Incident `json:"incidents" nullable:"false" doc:"In the order that was asked for"`
		Next      string              `json:"next,omitempty" doc:"Send it as page for those after them; absent at the end"`
	}
}

func (s *Server) listIncidents(ctx context.Context, in *incidentsInput) (*incidentsOutput, error) {
	q, err := s.incidentQuery(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &incidentsOutput{}
	out.Body.Incidents, out.Body.Next, err = s.Incidents.List(ctx, scopeOf(ctx), q)
	if out.Body.Incidents == nil {
		out.Body.Incidents = []incident.Incident{}
	}
	return out, err
}

type statsOutput struct{ Body incident.Stats }

func (s *Server) stats(ctx context.Context, in *incidentsInput) (*statsOutput, error) {
	q, err := s.incidentQuery(ctx, in)
	if err != nil {
		return nil, err
	}
	st, err := s.Incidents.Stats(ctx, scopeOf(ctx), q)
	return &statsOutput{st}, err
}

// incidentQuery makes the filter a condition by the caller's right. Own
// reports may be filtered by any field, for their reporter sees them all.
func (s *Server) incidentQuery(ctx context.Context, in *incidentsInput) (incident.Query, error) {
	l, err := s.Store.Layer(ctx, "incident")
	if err != nil {
		return incident.Query{}, err
	}
	right, _ := scopeOf(ctx).Layer(l)
	if in.Mine {
		for _, f := range l.Fields {
			right.Fields = append(right.Fields[:len(right.Fields):len(right.Fields)], f.Name)
		}
	}
	cond, err := s.narrow(ctx, in.Filter, l, right)
	return incident.Query{Filter: cond, Mine: in.Mine, Open: in.Open, Waiting: in.Waiting, Stage: in.Stage, Light: in.Light, Text: in.Text,
		ByDue: in.Sort == "due", Page: in.Page, Limit: in.Limit}, err
}

type actInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body actBody
}

type actBody struct {
	UUID      string      `json:"uuid,omitempty" format:"uuid" doc:"Made by the client, new for each action; an action sent again keeps it and is done once"`
	Action    string      `json:"action" maxLength:"20" doc:"One of the incident's allowed_actions; /api/v1/flow says what each needs"`
	Version   int         `json:"version" minimum:"1" doc:"Of the incident as the caller saw it"`
	Opinion   string      `json:"opinion,omitempty" maxLength:"2000" doc:"The reason; many actions need one"`
	Dept      string      `json:"dept,omitempty" maxLength:"32" doc:"For file, dispatch and decide: whose it is; for return: who is thought responsible"`
	Worker    string      `json:"worker,omitempty" maxLength:"64" doc:"For send_verify, send_check and assign: login; left out of the first two: who is best placed"`
	Condition string      `json:"condition,omitempty" maxLength:"24" doc:"For file: code of the filing condition"`
	Until     *time.Time  `json:"until,omitempty" doc:"For ask_suspension"`
	Into      int64       `json:"into,omitempty" minimum:"1" doc:"For merge: the case that goes on"`
	Result    string      `json:"result,omitempty" enum:"true,false,unknown,passed,failed" doc:"For report_verify: true, false or unknown; for report_check: passed or failed"`
	Class     *classRef   `json:"class,omitempty" doc:"For register: another class"`
	Severity  int         `json:"severity,omitempty" minimum:"0" maximum:"4" doc:"For register: another severity"`
	Photos    []photoBody `json:"photos,omitempty" maxItems:"20"`
	DoneAt    *time.Time  `json:"done_at,omitempty" doc:"When it was done, by the client's clock, for what was sent later; limits are counted by the server's clock"`
}

func (s *Server) act(ctx context.Context, in *actInput) (*incidentOutput, error) {
	b := in.Body
	do := incident.Action{Name: b.Action, Version: b.Version, Opinion: b.Opinion, Dept: b.Dept, Worker: b.Worker, Condition: b.Condition,
		Into: b.Into, Result: b.Result, Severity: b.Severity, Photos: photosOf(b.Photos), Address: clientAddress(in.r)}
	if b.UUID != "" {
		id, err := uuid.Parse(b.UUID)
		if err != nil {
			return nil, inputError("uuid", b.UUID, "a UUID")
		}
		do.UUID = id
	}
	if b.Until != nil {
		do.Until = *b.Until
	}
	if b.DoneAt != nil {
		do.DoneAt = *b.DoneAt
	}
	if b.Class != nil {
		do.Standard, do.Class = b.Class.Standard, b.Class.Code
	}
	i, at, err := s.Incidents.Act(ctx, scopeOf(ctx), in.ID, do)
	if err != nil {
		return nil, err
	}
	return &incidentOutput{Status: 200, Cursor: at.String(), Body: incidentBody{at.String(), i.OutsideGrids(), i}}, nil
}

type cursorOutput struct {
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
}

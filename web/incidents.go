package web

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onemap/layers/access"
	"onemap/layers/incident"
)

// onlyReporters are those who may report incidents.
var onlyReporters = only(access.GridWorker, access.CommandCentre, access.DepartmentOfficer)

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
	UUID  string `json:"uuid" format:"uuid" doc:"Made by the client, new for each report; a report sent again keeps it"`
	Class struct {
		Standard string `json:"standard,omitempty" maxLength:"100" doc:"The list it is from; may be left out where the code is in one list only"`
		Code     string `json:"code" maxLength:"24"`
	} `json:"class" doc:"A matter's class, from /api/v1/classes"`
	Severity int `json:"severity,omitempty" minimum:"0" maximum:"4" doc:"1 red to 4 blue; left out: the class's"`
	Place    struct {
		PlaceBody
		Text string `json:"text,omitempty" maxLength:"256" doc:"The place in words"`
	} `json:"place"`
	Description string      `json:"description,omitempty" maxLength:"4000"`
	OccurredAt  *time.Time  `json:"occurred_at,omitempty" doc:"Left out: now"`
	Source      string      `json:"source,omitempty" enum:"worker,public,hotline,sensor,video"`
	Contact     string      `json:"contact,omitempty" maxLength:"200" doc:"How to reach the reporter, where they leave it; erased when the incident ends"`
	Photos      []photoBody `json:"photos,omitempty" maxItems:"20" doc:"Uploaded before with POST /api/v1/photos"`
}

type photoBody struct {
	ID   string `json:"id" pattern:"^[0-9a-f]{64}$" patternDescription:"the id that the upload returned"`
	Kind string `json:"kind,omitempty" enum:"near,far,reference,before,after" doc:"Left out: near"`
}

func photosOf(bs []photoBody) []incident.Shown {
	var out []incident.Shown
	for _, b := range bs {
		out = append(out, incident.Shown(b))
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
	r := incident.Report{UUID: id, Standard: b.Class.Standard, Class: b.Class.Code, Severity: b.Severity, Source: b.Source,
		At: b.Place.place(), Place: b.Place.Text, Description: b.Description, Contact: b.Contact, Photos: photosOf(b.Photos), Address: clientAddress(in.r)}
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
	Mine  bool   `query:"mine" doc:"The caller's own reports"`
	Text  string `query:"q" maxLength:"100" doc:"A number, or words of the description or the place"`
	Page  string `query:"page" maxLength:"100" doc:"What an earlier answer called next"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type incidentsOutput struct {
	Body struct {
		Incidents []incident.Incident `json:"incidents" nullable:"false" doc:"The latest to occur first"`
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
	return incident.Query{Filter: cond, Mine: in.Mine, Text: in.Text, Page: in.Page, Limit: in.Limit}, err
}

type actInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Action  string      `json:"action" maxLength:"20" doc:"One of the incident's allowed_actions"`
		Version int         `json:"version" minimum:"1" doc:"Of the incident as the caller saw it"`
		Opinion string      `json:"opinion,omitempty" maxLength:"2000" doc:"The reason; needed for reject, void, return and rework"`
		Dept    string      `json:"dept,omitempty" maxLength:"32" doc:"For dispatch; left out: the department it has"`
		Photos  []photoBody `json:"photos,omitempty" maxItems:"20"`
	}
}

func (s *Server) act(ctx context.Context, in *actInput) (*incidentOutput, error) {
	b := in.Body
	i, at, err := s.Incidents.Act(ctx, scopeOf(ctx), in.ID,
		incident.Action{Name: b.Action, Opinion: b.Opinion, Dept: b.Dept, Version: b.Version, Photos: photosOf(b.Photos),
			Address: clientAddress(in.r)})
	if err != nil {
		return nil, err
	}
	return &incidentOutput{Status: 200, Cursor: at.String(), Body: incidentBody{at.String(), i.OutsideGrids(), i}}, nil
}

type positionInput struct {
	Body struct {
		PlaceBody
		AccuracyM float64 `json:"accuracy_m,omitempty" minimum:"0" maximum:"1000000" doc:"Metres, as the device says"`
	}
}

type cursorOutput struct {
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
}

func (s *Server) setPosition(ctx context.Context, in *positionInput) (*cursorOutput, error) {
	at, err := s.Incidents.SetPosition(ctx, scopeOf(ctx), in.Body.place(), in.Body.AccuracyM)
	return &cursorOutput{at.String()}, err
}

func (s *Server) offDuty(ctx context.Context, _ *struct{}) (*cursorOutput, error) {
	at, err := s.Incidents.OffDuty(ctx, scopeOf(ctx))
	return &cursorOutput{at.String()}, err
}

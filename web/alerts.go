package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/layers/alert"
)

// Alerts (预警): see layers/alert. The messages themselves are in cap.go.

type alertWords struct {
	Event       string `json:"event" minLength:"1" maxLength:"100" doc:"What happens: 暴雨"`
	Headline    string `json:"headline" minLength:"1" maxLength:"200"`
	Description string `json:"description,omitempty" maxLength:"4000"`
	Instruction string `json:"instruction,omitempty" maxLength:"4000" doc:"What to do"`
	AreaDesc    string `json:"area_desc,omitempty" maxLength:"500" doc:"The area in words"`
}

func (w *alertWords) words() alert.Words {
	if w == nil {
		return alert.Words{}
	}
	return alert.Words{Event: w.Event, Headline: w.Headline, Description: w.Description, Instruction: w.Instruction, AreaDesc: w.AreaDesc}
}

type alertArea struct {
	Code     string          `json:"code,omitempty" maxLength:"20" doc:"An administrative division"`
	CRS      string          `json:"crs,omitempty" maxLength:"20" doc:"Of geometry and circle: WGS84, CGCS2000, GCJ02 or BD09"`
	Geometry json.RawMessage `json:"geometry,omitempty" doc:"A GeoJSON Polygon or MultiPolygon without holes"`
	Circle   *struct {
		Coordinates [2]float64 `json:"coordinates"`
		RadiusKm    float64    `json:"radius_km" exclusiveMinimum:"0" maximum:"1000"`
	} `json:"circle,omitempty"`
}

type alertBody struct {
	Status      string      `json:"status,omitempty" enum:"Actual,Exercise,Test,Draft" doc:"Left out: Actual"`
	Scope       string      `json:"scope,omitempty" enum:"Public,Restricted,Private" doc:"Left out: Public. Only public and actual alerts are on the map and in the feed"`
	Restriction string      `json:"restriction,omitempty" maxLength:"500" doc:"For whom, where the scope is Restricted"`
	Addresses   string      `json:"addresses,omitempty" maxLength:"1000" doc:"For whom, where the scope is Private"`
	Categories  []string    `json:"categories" minItems:"1" maxItems:"12" enum:"Geo,Met,Safety,Security,Rescue,Fire,Health,Env,Transport,Infra,CBRNE,Other"`
	Responses   []string    `json:"response_types,omitempty" maxItems:"9" enum:"Shelter,Evacuate,Prepare,Execute,Avoid,Monitor,Assess,AllClear,None"`
	Urgency     string      `json:"urgency" enum:"Immediate,Expected,Future,Past,Unknown"`
	Severity    string      `json:"severity,omitempty" enum:"Extreme,Severe,Moderate,Minor,Unknown" doc:"Left out: as the warning level says, red Extreme to blue Minor"`
	Certainty   string      `json:"certainty" enum:"Observed,Likely,Possible,Unlikely,Unknown"`
	Warning     int         `json:"warning_level,omitempty" minimum:"0" maximum:"4" doc:"预警级别: 1 red, 2 orange, 3 yellow, 4 blue"`
	Event       int         `json:"event_level,omitempty" minimum:"0" maximum:"4" doc:"事件等级: 1 特别重大 to 4 一般"`
	Response    int         `json:"response_level,omitempty" minimum:"0" maximum:"4" doc:"响应等级: Ⅰ to Ⅳ"`
	Effective   *time.Time  `json:"effective,omitempty" doc:"Left out: now"`
	Onset       *time.Time  `json:"onset,omitempty"`
	Expires     time.Time   `json:"expires"`
	ZH          alertWords  `json:"zh"`
	EN          *alertWords `json:"en,omitempty"`
	SenderName  string      `json:"sender_name,omitempty" maxLength:"100" doc:"Left out: the organisation"`
	Web         string      `json:"web,omitempty" maxLength:"500" format:"uri"`
	Note        string      `json:"note,omitempty" maxLength:"1000"`
	Areas       []alertArea `json:"areas" minItems:"1" maxItems:"50" doc:"Whom it is for, not where the event is"`
}

func (b alertBody) draft() (alert.Draft, error) {
	d := alert.Draft{Status: b.Status, Scope: b.Scope, Restriction: b.Restriction, Addresses: b.Addresses, Categories: b.Categories, Responses: b.Responses,
		Urgency: b.Urgency, Severity: b.Severity, Certainty: b.Certainty, Levels: alert.Levels{Event: b.Event, Warning: b.Warning, Response: b.Response},
		Expires: b.Expires, ZH: b.ZH.words(), EN: b.EN.words(), SenderName: b.SenderName, Web: b.Web, Note: b.Note}
	if b.Effective != nil {
		d.Effective = *b.Effective
	}
	if b.Onset != nil {
		d.Onset = *b.Onset
	}
	for n, a := range b.Areas {
		one, err := a.area(fmt.Sprintf("areas[%d]", n))
		if err != nil {
			return d, err
		}
		d.Areas = append(d.Areas, one)
	}
	return d, nil
}

func (a alertArea) area(field string) (alert.DraftArea, error) {
	out := alert.DraftArea{Code: a.Code}
	if len(a.Geometry) == 0 && a.Circle == nil {
		if a.Code == "" {
			return out, inputError(field, "", "a geometry, a circle or the code of a division")
		}
		return out, nil
	}
	c, err := crs.Parse(a.CRS)
	if err != nil || c.NeedsPROJ() {
		return out, inputError(field+".crs", a.CRS, "WGS84, CGCS2000, GCJ02 or BD09")
	}
	if a.Circle != nil {
		p, err := c.ToWGS84(orb.Point(a.Circle.Coordinates))
		if err != nil {
			return out, inputError(field+".circle", "", err.Error())
		}
		out.Circle = &alert.Circle{Middle: p, Km: a.Circle.RadiusKm}
	}
	if len(a.Geometry) == 0 {
		return out, nil
	}
	var in struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	}
	if json.Unmarshal(a.Geometry, &in) != nil {
		return out, inputError(field+".geometry", "", "a GeoJSON Polygon or MultiPolygon")
	}
	p := positions{}
	g := p.geometry(in.Type, in.Coordinates)
	if p.err != nil {
		return out, p.err
	}
	if g == nil {
		return out, inputError(field+".geometry", in.Type, "a GeoJSON Polygon or MultiPolygon")
	}
	moved, err := crs.Each(g, c.ToWGS84)
	if err != nil {
		return out, inputError(field+".geometry", "", err.Error())
	}
	switch p := moved.(type) {
	case orb.Polygon:
		out.Shape = orb.MultiPolygon{p}
	case orb.MultiPolygon:
		out.Shape = p
	default:
		return out, inputError(field+".geometry", in.Type, "a Polygon or a MultiPolygon")
	}
	return out, nil
}

type alertInfo struct {
	ID         int64      `json:"id"`
	State      string     `json:"state" enum:"in_force,replaced,cancelled,expired,kept" doc:"kept: never in force, as tests, drafts and cancelling messages are"`
	Own        bool       `json:"own" doc:"Issued here"`
	Org        string     `json:"org" doc:"Who issued it, or handed it in"`
	Warning    int        `json:"warning_level,omitempty"`
	Event      int        `json:"event_level,omitempty"`
	Response   int        `json:"response_level,omitempty"`
	ReceivedAt time.Time  `json:"received_at"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	EndedBy    *int64     `json:"ended_by,omitempty" doc:"The alert that replaced or cancelled it"`
	Drawn      bool       `json:"drawn" doc:"It has an outline"`
	XML        string     `json:"cap" doc:"Where the CAP message is"`
	Message    any        `json:"message" doc:"The CAP message; its polygons are latitude, longitude"`
	Cursor     string     `json:"cursor,omitempty" doc:"After a write: the place in the log that holds it"`
}

func alertOf(a alert.Alert) alertInfo {
	return alertInfo{a.ID, a.State, a.Own, a.Org, a.Levels.Warning, a.Levels.Event, a.Levels.Response, a.ReceivedAt, a.EndedAt, a.EndedBy, a.Drawn,
		capPath(a.Message.Identifier), a.Message, ""}
}

func capPath(identifier string) string { return "/cap/" + url.PathEscape(identifier) + ".xml" }

type alertsInput struct {
	State  string `query:"state" enum:"in_force,replaced,cancelled,expired,kept" doc:"Left out: any"`
	Before int64  `query:"before" minimum:"0" doc:"Alerts with smaller numbers only: what an earlier answer called next"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type alertsOutput struct {
	Body struct {
		Alerts []alertInfo `json:"alerts" nullable:"false" doc:"The latest first"`
		Next   int64       `json:"next,omitempty"`
	}
}

func (s *Server) listAlerts(ctx context.Context, in *alertsInput) (*alertsOutput, error) {
	found, err := s.Alerts.List(ctx, scopeOf(ctx), alert.Query{State: in.State, Before: in.Before, Limit: in.Limit})
	out := &alertsOutput{}
	out.Body.Alerts = []alertInfo{}
	for _, a := range found {
		out.Body.Alerts = append(out.Body.Alerts, alertOf(a))
	}
	if n := len(found); n == in.Limit && n > 0 {
		out.Body.Next = found[n-1].ID
	}
	return out, err
}

type AlertID struct {
	Request
	ID int64 `path:"id" minimum:"1"`
}

type alertOutput struct {
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
	Body   alertInfo
}

func (s *Server) getAlert(ctx context.Context, in *AlertID) (*alertOutput, error) {
	a, err := s.Alerts.Get(ctx, scopeOf(ctx), in.ID)
	return &alertOutput{Body: alertOf(a)}, err
}

type newAlertInput struct {
	Request
	Body alertBody
}

func (s *Server) issueAlert(ctx context.Context, in *newAlertInput) (*alertOutput, error) {
	d, err := in.Body.draft()
	if err != nil {
		return nil, err
	}
	a, at, err := s.Alerts.Issue(ctx, scopeOf(ctx), d, clientAddress(in.r))
	return alertWritten(a, at.String(), err)
}

type alertUpdateInput struct {
	AlertID
	Body alertBody
}

func (s *Server) updateAlert(ctx context.Context, in *alertUpdateInput) (*alertOutput, error) {
	d, err := in.Body.draft()
	if err != nil {
		return nil, err
	}
	a, at, err := s.Alerts.Update(ctx, scopeOf(ctx), in.ID, d, clientAddress(in.r))
	return alertWritten(a, at.String(), err)
}

type alertCancelInput struct {
	AlertID
	Body struct {
		Note string `json:"note" maxLength:"1000" doc:"Why: the receivers read it"`
	}
}

func (s *Server) cancelAlert(ctx context.Context, in *alertCancelInput) (*alertOutput, error) {
	a, at, err := s.Alerts.Cancel(ctx, scopeOf(ctx), in.ID, in.Body.Note, clientAddress(in.r))
	return alertWritten(a, at.String(), err)
}

func alertWritten(a alert.Alert, cursor string, err error) (*alertOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &alertOutput{Cursor: cursor, Body: alertOf(a)}
	out.Body.Cursor = cursor
	return out, nil
}

// receiveAlert takes a CAP message of another sender.
func (s *Server) receiveAlert(w http.ResponseWriter, r *http.Request) error {
	raw, err := readBody(r, capTypes...)
	if err != nil {
		return err
	}
	a, at, again, err := s.Alerts.Receive(r.Context(), scopeOf(r.Context()), raw, clientAddress(r))
	if err != nil {
		return err
	}
	out := alertOf(a)
	out.Cursor = at.String()
	w.Header().Set("Onemap-Cursor", at.String())
	w.Header().Set("Location", fmt.Sprintf("/api/v1/alerts/%d", a.ID))
	w.Header().Set("Content-Type", "application/json")
	if !again {
		w.WriteHeader(http.StatusCreated)
	}
	_ = json.NewEncoder(w).Encode(out)
	return nil
}

package web

import (
	"context"
	"time"

	"onemap/layers/access"
	"onemap/layers/bridge"
	"onemap/layers/incident"
)

// The inbound bridge: cases of 12345, 110, 119, video and sensors. See layers/bridge.

// bridgers hand in cases of other systems: a platform's own account has the role gateway.
var bridgers = only(access.CommandCentre, access.Acceptor, access.DepartmentOfficer, access.Gateway)

type BridgeName struct {
	Source string `path:"source" maxLength:"32" doc:"Name of the bridge: 12345, 110, 119, video, sensor …"`
}

type bridgeInput struct {
	Request
	BridgeName
	Body struct {
		ID          string       `json:"id" minLength:"1" maxLength:"100" doc:"The other system's number of the case: the key"`
		Category    string       `json:"category,omitempty" maxLength:"100" doc:"Its word for what it is, which the mapping turns into a class"`
		Place       *bridgePlace `json:"place,omitempty" doc:"Coordinates, unless asset says where it is"`
		Asset       string       `json:"asset,omitempty" maxLength:"20" doc:"Code of the component that it is about"`
		Description string       `json:"description,omitempty" maxLength:"4000" doc:"In a later message: a further note, which is added"`
		OccurredAt  *time.Time   `json:"occurred_at,omitempty" doc:"Left out: now"`
		Severity    int          `json:"severity,omitempty" minimum:"0" maximum:"4" doc:"1 red to 4 blue; left out: the mapping's. A later message may only make it graver"`
		Contact     string       `json:"contact,omitempty" maxLength:"200" doc:"How to reach who reported it there; erased when the case ends"`
	}
}

type bridgePlace struct {
	CRS         string      `json:"crs,omitempty" maxLength:"20" doc:"WGS84, CGCS2000, GCJ02, BD09 or EPSG:n; needed with coordinates"`
	Coordinates *[2]float64 `json:"coordinates,omitempty" doc:"Longitude and latitude in degrees, or easting and northing of an EPSG system"`
	Text        string      `json:"text,omitempty" maxLength:"256" doc:"The place in words"`
}

type BridgeStatus struct {
	Source     string     `json:"source"`
	ID         string     `json:"id" doc:"The other system's"`
	Incident   int64      `json:"incident" doc:"Ours"`
	Number     string     `json:"number,omitempty" doc:"案卷号"`
	State      string     `json:"state"`
	Open       bool       `json:"open"`
	ClassZH    string     `json:"class_zh"`
	ClassEN    string     `json:"class_en"`
	Dept       string     `json:"dept_code"`
	DeptZH     string     `json:"dept_zh"`
	DeptEN     string     `json:"dept_en"`
	Severity   int        `json:"severity"`
	ReportedAt time.Time  `json:"reported_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	DueAt      *time.Time `json:"due_at,omitempty"`
	ClosedAt   *time.Time `json:"closed_at,omitempty"`
	Result     string     `json:"result,omitempty" doc:"What was fed back, or why it was not taken"`
	MergedInto *int64     `json:"merged_into,omitempty"`
}

func statusOf(s bridge.Status) BridgeStatus {
	return BridgeStatus{s.Bridge, s.ExternalID, s.Incident, s.Number, s.State, s.Open, s.ClassZH, s.ClassEN, s.Dept, s.DeptZH, s.DeptEN, s.Severity,
		s.ReportedAt, s.UpdatedAt, s.DueAt, s.ClosedAt, s.Result, s.MergedInto}
}

type bridgeOutput struct {
	Status int
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
	Body   struct {
		BridgeStatus
		Created bool     `json:"created" doc:"The message made the case"`
		Again   bool     `json:"again" doc:"The same message came before: nothing was done"`
		Changed []string `json:"changed" nullable:"false" doc:"Fields that it changed"`
		Ignored []string `json:"ignored" nullable:"false" doc:"Fields that say something else than the case, and are not a message's to change"`
	}
}

func (s *Server) bridgeReceive(ctx context.Context, in *bridgeInput) (*bridgeOutput, error) {
	b := in.Body
	m := bridge.Message{ID: b.ID, Category: b.Category, Asset: b.Asset, Description: b.Description, Severity: b.Severity, Contact: b.Contact}
	if p := b.Place; p != nil {
		m.Place = p.Text
		if p.Coordinates != nil {
			m.At = &incident.Place{CRS: p.CRS, X: p.Coordinates[0], Y: p.Coordinates[1]}
		}
	}
	if b.OccurredAt != nil {
		if b.OccurredAt.IsZero() {
			return nil, inputError("occurred_at", b.OccurredAt.Format(time.RFC3339), "a time after 1900")
		}
		m.OccurredAt = *b.OccurredAt
	}
	r, at, err := s.Bridges.Receive(ctx, scopeOf(ctx), in.Source, m, clientAddress(in.r))
	if err != nil {
		return nil, err
	}
	out := &bridgeOutput{Status: 200, Cursor: at.String()}
	if r.Created {
		out.Status = 201
	}
	out.Body.BridgeStatus, out.Body.Created, out.Body.Again = statusOf(r.Status), r.Created, r.Again
	out.Body.Changed, out.Body.Ignored = append([]string{}, r.Changed...), append([]string{}, r.Ignored...)
	return out, nil
}

type bridgeCaseInput struct {
	BridgeName
	External string `path:"external" doc:"The other system's number of the case"`
}

type bridgeStatusOutput struct{ Body BridgeStatus }

func (s *Server) bridgeCase(ctx context.Context, in *bridgeCaseInput) (*bridgeStatusOutput, error) {
	st, err := s.Bridges.Status(ctx, scopeOf(ctx), in.Source, in.External)
	return &bridgeStatusOutput{statusOf(st)}, err
}

type BridgeBody struct {
	TitleZH string `json:"title_zh" minLength:"1" maxLength:"100"`
	TitleEN string `json:"title_en" minLength:"1" maxLength:"100"`
	Source  string `json:"source" enum:"hotline,sensor,video,public" doc:"Of its cases"`
	Org     string `json:"org,omitempty" maxLength:"32" doc:"Whose accounts use it; left out: command centres only"`
}

type bridgeInfo struct {
	Name string `json:"name"`
	BridgeBody
	Classes int `json:"classes" doc:"Lines of its mapping"`
}

type bridgesOutput struct {
	Body struct {
		Bridges []bridgeInfo `json:"bridges" nullable:"false"`
	}
}

func (s *Server) listBridges(ctx context.Context, _ *struct{}) (*bridgesOutput, error) {
	all, err := s.Bridges.List(ctx, scopeOf(ctx))
	out := &bridgesOutput{}
	out.Body.Bridges = []bridgeInfo{}
	for _, b := range all {
		out.Body.Bridges = append(out.Body.Bridges, bridgeInfo{b.Name, BridgeBody{b.TitleZH, b.TitleEN, b.Source, b.Org}, b.Classes})
	}
	return out, err
}

type putBridgeInput struct {
	Request
	BridgeName
	Body BridgeBody
}

func (s *Server) putBridge(ctx context.Context, in *putBridgeInput) (*struct{}, error) {
	b := in.Body
	return nil, s.Bridges.Put(ctx, scopeOf(ctx), bridge.Bridge{Name: in.Source, TitleZH: b.TitleZH, TitleEN: b.TitleEN, Source: b.Source, Org: b.Org}, clientAddress(in.r))
}

type bridgeClass struct {
	Code     string `json:"code" maxLength:"100" doc:"The other system's; empty: whatever has no line of its own"`
	Standard string `json:"class_standard" maxLength:"100"`
	Class    string `json:"class_code" maxLength:"24" doc:"A matter's"`
	Severity int    `json:"severity,omitempty" minimum:"0" maximum:"4" doc:"Left out: the class's"`
	Note     string `json:"note,omitempty" maxLength:"200"`
}

type bridgeClassesOutput struct {
	Body struct {
		Classes []bridgeClass `json:"classes" nullable:"false"`
	}
}

func (s *Server) bridgeClasses(ctx context.Context, in *BridgeName) (*bridgeClassesOutput, error) {
	all, err := s.Bridges.Mappings(ctx, scopeOf(ctx), in.Source)
	out := &bridgeClassesOutput{}
	out.Body.Classes = []bridgeClass{}
	for _, m := range all {
		out.Body.Classes = append(out.Body.Classes, bridgeClass(m))
	}
	return out, err
}

type putBridgeClassesInput struct {
	Request
	BridgeName
	Body struct {
		Classes []bridgeClass `json:"classes" maxItems:"5000" nullable:"false" doc:"All of them: what is left out is forgotten"`
	}
}

func (s *Server) putBridgeClasses(ctx context.Context, in *putBridgeClassesInput) (*struct{}, error) {
	all := make([]bridge.Mapping, len(in.Body.Classes))
	for i, c := range in.Body.Classes {
		all[i] = bridge.Mapping(c)
	}
	return nil, s.Bridges.PutMappings(ctx, scopeOf(ctx), in.Source, all, clientAddress(in.r))
}

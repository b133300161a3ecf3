package web

import (
	"context"
	"encoding/json"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/access"
	"onemap/layers/position"
)

// onlyDrawers are those who may draw fences.
var onlyDrawers = only(access.CommandCentre, access.Dispatcher, access.Planner)

// FenceFields are what a fence says of itself, drawn or read.
type FenceFields struct {
	Name string     `json:"name" minLength:"1" maxLength:"100"`
	Kind string     `json:"kind,omitempty" enum:"temporary,site" doc:"Left out: temporary"`
	Note string     `json:"note,omitempty" maxLength:"1000"`
	From *time.Time `json:"valid_from,omitempty" doc:"Left out: now"`
	To   *time.Time `json:"valid_to,omitempty" doc:"Exclusive; left out: until it is ended"`
	Orgs []string   `json:"orgs,omitempty" maxItems:"100" doc:"Codes of organisations whose workers it is for, with those below them; left out: all"`
}

type FenceDraftBody struct {
	FenceFields
	CRS      string          `json:"crs" doc:"WGS84, CGCS2000, GCJ02, BD09 or EPSG:n" example:"WGS84" maxLength:"20"`
	Geometry json.RawMessage `json:"geometry" doc:"A GeoJSON Polygon or MultiPolygon of 2000 corners at most, in crs"`
}

func (b FenceDraftBody) draft(address string) (position.FenceDraft, error) {
	d := position.FenceDraft{Name: b.Name, Kind: b.Kind, Note: b.Note, CRS: b.CRS, From: orZero(b.From), To: orZero(b.To), Orgs: b.Orgs, Address: address}
	var head struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	}
	_ = json.Unmarshal(b.Geometry, &head) // what is wrong shows below
	var p positions
	switch g := p.geometry(head.Type, head.Coordinates).(type) {
	case orb.Polygon:
		d.Geometry = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		d.Geometry = g
	default:
		if p.err == nil {
			p.err = inputError("geometry", head.Type, "a Polygon or a MultiPolygon")
		}
	}
	return d, p.err
}

type fenceBody struct {
	ID       int64           `json:"id"`
	Key      string          `json:"key" doc:"What events of the layer fence_event call it"`
	Geometry json.RawMessage `json:"geometry" doc:"A GeoJSON MultiPolygon, EPSG:4326"`
	MadeBy   string          `json:"made_by"`
	Version  int             `json:"version" doc:"To be sent with a change"`
	Inside   int             `json:"inside" doc:"Workers who are in it now"`
	FenceFields
}

func fenceBodyOf(f position.Fence) (fenceBody, error) {
	g, err := json.Marshal(map[string]any{"type": "MultiPolygon", "coordinates": rounded(f.Geometry)})
	if err != nil {
		return fenceBody{}, err
	}
	b := fenceBody{f.ID, f.Key, g, f.MadeBy, f.Version, f.Inside, FenceFields{Name: f.Name, Kind: f.Kind, Note: f.Note, From: &f.From, Orgs: f.Orgs}}
	if !f.To.IsZero() {
		b.To = &f.To
	}
	return b, nil
}

type fencesInput struct {
	Ended bool `query:"ended" doc:"Those too that have ended"`
}

type fencesOutput struct {
	Body struct {
		Fences []fenceBody `json:"fences" nullable:"false" doc:"The latest first; the grids that are fences too are not among them"`
	}
}

func (s *Server) listFences(ctx context.Context, in *fencesInput) (*fencesOutput, error) {
	all, err := s.Positions.Fences(ctx, scopeOf(ctx), in.Ended)
	if err != nil {
		return nil, err
	}
	out := &fencesOutput{}
	out.Body.Fences = make([]fenceBody, len(all))
	for i, f := range all {
		if out.Body.Fences[i], err = fenceBodyOf(f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type fenceOutput struct {
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
	Body   fenceBody
}

type createFenceInput struct {
	Request
	Body FenceDraftBody
}

func (s *Server) createFence(ctx context.Context, in *createFenceInput) (*fenceOutput, error) {
	d, err := in.Body.draft(clientAddress(in.r))
	if err != nil {
		return nil, err
	}
	f, at, err := s.Positions.CreateFence(ctx, scopeOf(ctx), d)
	if err != nil {
		return nil, err
	}
	b, err := fenceBodyOf(f)
	return &fenceOutput{at.String(), b}, err
}

type updateFenceInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		FenceDraftBody
		Version int `json:"version" minimum:"1" doc:"Of the fence as the caller saw it"`
	}
}

func (s *Server) updateFence(ctx context.Context, in *updateFenceInput) (*fenceOutput, error) {
	d, err := in.Body.draft(clientAddress(in.r))
	if err != nil {
		return nil, err
	}
	f, at, err := s.Positions.UpdateFence(ctx, scopeOf(ctx), in.ID, in.Body.Version, d)
	if err != nil {
		return nil, err
	}
	b, err := fenceBodyOf(f)
	return &fenceOutput{at.String(), b}, err
}

type endFenceInput struct {
	Request
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) endFence(ctx context.Context, in *endFenceInput) (*cursorOutput, error) {
	at, err := s.Positions.EndFence(ctx, scopeOf(ctx), clientAddress(in.r), in.ID)
	if err != nil {
		return nil, err
	}
	return &cursorOutput{at.String()}, nil
}

package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"onemap/layers/deploy"
)

// Plans of stationing: where units should stand, who gains and who loses.

// stationers make plans of stationing, see them and decide.
var stationers = only(deploy.Planners...)

// maxStationingBody is how large a question may be: 500 points that were drawn.
const maxStationingBody = 256 << 10

type stationingsInput struct {
	Before int64 `query:"before" minimum:"0" doc:"Older ones than this number: what an earlier answer called next"`
}

type stationingsOutput struct {
	Body struct {
		Plans []deploy.Plan `json:"plans" nullable:"false" doc:"The latest first, without areas and curves"`
		Next  int64         `json:"next,omitempty" doc:"Send it as before for those after them; absent at the end"`
	}
}

func (s *Server) listStationings(ctx context.Context, in *stationingsInput) (*stationingsOutput, error) {
	out := &stationingsOutput{}
	var err error
	out.Body.Plans, out.Body.Next, err = s.Stationing.List(ctx, scopeOf(ctx), in.Before)
	if out.Body.Plans == nil {
		out.Body.Plans = []deploy.Plan{}
	}
	return out, err
}

type stationingOutput struct {
	Status int
	Body   deploy.Plan
}

type stationingBody struct {
	UUID     uuid.UUID       `json:"uuid,omitempty" format:"uuid" doc:"Made by the client: sent again, it is the same plan"`
	Title    string          `json:"title" minLength:"1" maxLength:"200"`
	Org      string          `json:"org,omitempty" maxLength:"40" doc:"Whose forces. Left out: one's own organisation"`
	Question deploy.Question `json:"question"`
}

type createStationingInput struct {
	Request
	Body stationingBody
}

func (s *Server) createStationing(ctx context.Context, in *createStationingInput) (*stationingOutput, error) {
	b := in.Body
	p, again, err := s.Stationing.Make(ctx, scopeOf(ctx), deploy.Order{UUID: b.UUID, Title: b.Title, Org: b.Org, Question: b.Question, Address: clientAddress(in.r)})
	return stationingMade(p, again, err)
}

func stationingMade(p deploy.Plan, again bool, err error) (*stationingOutput, error) {
	out := &stationingOutput{http.StatusCreated, p}
	if again {
		out.Status = http.StatusOK
	}
	return out, err
}

type stationingInput struct {
	Request
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) getStationing(ctx context.Context, in *stationingInput) (*stationingOutput, error) {
	p, err := s.Stationing.Get(ctx, scopeOf(ctx), in.ID, clientAddress(in.r))
	return &stationingOutput{http.StatusOK, p}, err
}

func stationingObject(id int64) string { return fmt.Sprintf("stationing/%d", id) }

type materialOutput struct{ Body deploy.Data }

func (s *Server) getStationingMaterial(ctx context.Context, in *stationingInput) (*materialOutput, error) {
	d, err := s.Stationing.Material(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &materialOutput{d}, s.lookedAt(ctx, "stationing.material", stationingObject(in.ID), map[string]any{"points": !d.Withheld})
}

type previewStationingInput struct {
	Body struct {
		Question deploy.Question `json:"question"`
	}
}

func (s *Server) previewStationing(ctx context.Context, in *previewStationingInput) (*materialOutput, error) {
	q := in.Body.Question.Demand
	d, err := s.Stationing.Preview(ctx, scopeOf(ctx), in.Body.Question)
	if err != nil {
		return nil, err
	}
	return &materialOutput{d}, s.lookedAt(ctx, "stationing.preview", "stationing/preview", map[string]any{"source": q.Source, "classes": q.Classes, "run": q.Run})
}

type remakeStationingOutput struct {
	Body struct {
		Same bool `json:"same" doc:"Its record gives the same answer, to the letter; where a person moved its posts, the same numbers of them"`
	}
}

func (s *Server) remakeStationing(ctx context.Context, in *stationingInput) (*remakeStationingOutput, error) {
	out := &remakeStationingOutput{}
	var err error
	if out.Body.Same, err = s.Stationing.Remake(ctx, scopeOf(ctx), in.ID); err != nil {
		return nil, err
	}
	return out, s.lookedAt(ctx, "stationing.remake", stationingObject(in.ID), nil)
}

type stationingStands struct {
	CRS   string         `json:"crs" maxLength:"20" doc:"WGS84, CGCS2000, GCJ02, BD09 or EPSG:n" example:"WGS84"`
	Posts []deploy.Stand `json:"posts" minItems:"1" maxItems:"200" nullable:"false" doc:"All posts that there would be, those that stay among them"`
}

type compareStationingInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body stationingStands
}

type comparisonOutput struct{ Body deploy.Comparison }

func (s *Server) compareStationing(ctx context.Context, in *compareStationingInput) (*comparisonOutput, error) {
	c, err := s.Stationing.WhatIf(ctx, scopeOf(ctx), in.ID, in.Body.CRS, in.Body.Posts)
	if err != nil {
		return nil, err
	}
	return &comparisonOutput{c}, s.lookedAt(ctx, "stationing.what-if", stationingObject(in.ID), nil)
}

type editStationingInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		CRS   string         `json:"crs" maxLength:"20" doc:"WGS84, CGCS2000, GCJ02, BD09 or EPSG:n" example:"WGS84"`
		Posts []deploy.Stand `json:"posts" minItems:"1" maxItems:"200" nullable:"false" doc:"All posts that there would be, those that stay among them"`
		UUID  uuid.UUID      `json:"uuid,omitempty" format:"uuid" doc:"Made by the client: sent again, it is the same plan"`
		Title string         `json:"title,omitempty" maxLength:"200" doc:"Left out: as it was"`
	}
}

func (s *Server) editStationing(ctx context.Context, in *editStationingInput) (*stationingOutput, error) {
	b := in.Body
	p, again, err := s.Stationing.Edit(ctx, scopeOf(ctx), in.ID, deploy.Order{UUID: b.UUID, Title: b.Title, Address: clientAddress(in.r)}, b.CRS, b.Posts)
	return stationingMade(p, again, err)
}

type decideStationingInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Decision string `json:"decision" enum:"accepted,refused,ended"`
		Reason   string `json:"reason,omitempty" maxLength:"2000" doc:"Needed for a refusal, an end, and a plan that does not keep all its conditions"`
	}
}

func (s *Server) decideStationing(ctx context.Context, in *decideStationingInput) (*stationingOutput, error) {
	p, err := s.Stationing.Decide(ctx, scopeOf(ctx), in.ID, in.Body.Decision, in.Body.Reason, clientAddress(in.r))
	return &stationingOutput{http.StatusOK, p}, err
}

package web

import (
	"context"

	"onemap/layers/deploy/roads"
)

// How fast roads are: by the map and by the lines that a city sets for classes
// of roads and hours, which plans of stationing and patrols reckon with.

type speedsOutput struct {
	Body struct {
		Speeds  []roads.Speed `json:"speeds" nullable:"false"`
		MaySet  bool          `json:"may_set" doc:"I may set them: I am of the city's command centre, or plan for the whole city"`
		Classes []roads.Class `json:"classes" nullable:"false" doc:"The classes of the city's roads that cars may use, the fastest first, as they are where no line counts"`
	}
}

func (s *Server) listSpeeds(ctx context.Context, _ *struct{}) (*speedsOutput, error) {
	out := &speedsOutput{}
	var err error
	out.Body.Speeds, err = s.Stationing.Roads.Speeds(ctx)
	if out.Body.Speeds == nil {
		out.Body.Speeds = []roads.Speed{}
	}
	if err == nil {
		out.Body.MaySet, err = s.Stationing.Roads.MaySet(ctx, scopeOf(ctx))
	}
	if err == nil {
		out.Body.Classes, err = s.Stationing.Roads.Classes(ctx)
	}
	return out, err
}

type setSpeedsInput struct {
	Request
	Body struct {
		Speeds []roads.Speed `json:"speeds" maxItems:"1000" nullable:"false" doc:"In the place of all lines that there are"`
	}
}

func (s *Server) setSpeeds(ctx context.Context, in *setSpeedsInput) (*speedsOutput, error) {
	if err := s.Stationing.Roads.SetSpeeds(ctx, scopeOf(ctx), in.Body.Speeds, clientAddress(in.r)); err != nil {
		return nil, err
	}
	return s.listSpeeds(ctx, nil)
}

package web

import (
	"context"

	"onemap/layers/forecast/deviation"
)

// Deviations, /api/v1/deviations…: see layers/forecast/deviation. Each by their
// organisation's right to the layers deviation and repeat_place, whose changes
// are told live as those of any layer; never for the public.

var (
	onlyDeviations = only(deviation.Viewers...)
	onlyAnswerers  = only(deviation.Answerers...)
)

type deviationsOutput struct {
	Body struct {
		Deviations []deviation.Deviation `json:"deviations" nullable:"false" doc:"Those without an answer first, the surest first"`
		Look       *deviation.Look       `json:"look,omitempty" doc:"The last time that counts were looked at; absent: never"`
	}
}

func (s *Server) listDeviations(ctx context.Context, _ *struct{}) (*deviationsOutput, error) {
	out := &deviationsOutput{}
	var err error
	out.Body.Deviations, out.Body.Look, err = s.Deviations.List(ctx, scopeOf(ctx))
	if out.Body.Deviations == nil {
		out.Body.Deviations = []deviation.Deviation{}
	}
	return out, err
}

type deviationRepeatsOutput struct {
	Body struct {
		Places []deviation.Repeat `json:"places" nullable:"false" doc:"Those with most cases first"`
	}
}

func (s *Server) listRepeatPlaces(ctx context.Context, _ *struct{}) (*deviationRepeatsOutput, error) {
	out := &deviationRepeatsOutput{}
	var err error
	out.Body.Places, err = s.Deviations.Repeats(ctx, scopeOf(ctx))
	if out.Body.Places == nil {
		out.Body.Places = []deviation.Repeat{}
	}
	return out, err
}

type lookDeviationsInput struct{ Request }

type deviationLookOutput struct{ Body deviation.Look }

func (s *Server) lookForDeviations(ctx context.Context, in *lookDeviationsInput) (*deviationLookOutput, error) {
	l, err := s.Deviations.Ask(ctx, scopeOf(ctx), clientAddress(in.r))
	return &deviationLookOutput{l}, err
}

type answerDeviationInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Answer string `json:"answer" enum:"known,acting," doc:"known: it is explained; acting: something is done; empty takes it back"`
		Note   string `json:"note,omitempty" maxLength:"500" doc:"Why it is so, or what is done"`
	}
}

type deviationOutput struct{ Body deviation.Deviation }

func (s *Server) answerDeviation(ctx context.Context, in *answerDeviationInput) (*deviationOutput, error) {
	d, err := s.Deviations.Answer(ctx, scopeOf(ctx), in.ID, in.Body.Answer, in.Body.Note, clientAddress(in.r))
	return &deviationOutput{d}, err
}

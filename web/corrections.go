package web

import (
	"context"

	"onemap/layers/quality"
)

// Corrections (校核纠错): who finds an error asks the provider, who answers
// within a limit. See layers/quality.

type correctionOutput struct {
	Status int
	Body   quality.Correction
}

type askCorrectionInput struct {
	Request
	Body struct {
		UUID     string     `json:"uuid" format:"uuid" doc:"Made by the client; sent again, it is the same correction"`
		Layer    string     `json:"layer" maxLength:"48"`
		Feature  int64      `json:"feature,omitempty" minimum:"1" doc:"Left out: something is missing, or it is about the layer"`
		Kind     string     `json:"kind" enum:"value,place,gone,missing,double,other"`
		Field    string     `json:"field,omitempty" maxLength:"48" doc:"Of a wrong value"`
		Proposed string     `json:"proposed,omitempty" maxLength:"2000" doc:"What it should be; a value as text"`
		Place    *PlaceBody `json:"place,omitempty" doc:"Where it should be, or what is missing is"`
		Reason   string     `json:"reason" minLength:"1" maxLength:"2000" doc:"What is wrong, and how one knows"`
		Rule     int64      `json:"rule,omitempty" minimum:"1" doc:"The quality rule that it failed"`
	}
}

func (s *Server) askCorrection(ctx context.Context, in *askCorrectionInput) (*correctionOutput, error) {
	b := in.Body
	id, err := clientUUID(b.UUID)
	if err != nil {
		return nil, err
	}
	c, again, err := s.Quality.AskCorrection(ctx, scopeOf(ctx), quality.Ask{UUID: id, Layer: b.Layer, Feature: b.Feature, Kind: b.Kind, Field: b.Field, Proposed: b.Proposed,
		Place: sentPlace(b.Place), Reason: b.Reason, Rule: b.Rule, Address: clientAddress(in.r)})
	out := &correctionOutput{Status: 201, Body: c}
	if again {
		out.Status = 200
	}
	return out, err
}

type correctionsInput struct {
	Mine     bool   `query:"mine" doc:"That I asked for"`
	Waiting  bool   `query:"waiting" doc:"That wait for me"`
	Open     bool   `query:"open" doc:"Neither ended nor answered"`
	Overdue  bool   `query:"overdue"`
	State    string `query:"state" enum:"asked,accepted,returned,corrected,refused,withdrawn,disputed,upheld,"`
	Layer    string `query:"layer" maxLength:"48"`
	Feature  int64  `query:"feature" minimum:"0"`
	Provider string `query:"provider" maxLength:"32"`
	Before   int64  `query:"before" minimum:"0" doc:"With smaller numbers only: the next page"`
	Limit    int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type correctionsOutput struct {
	Body struct {
		Corrections []quality.Correction `json:"corrections" nullable:"false" doc:"The newest first"`
		Waiting     quality.Waiting      `json:"waiting"`
	}
}

func (s *Server) listCorrections(ctx context.Context, in *correctionsInput) (*correctionsOutput, error) {
	out := &correctionsOutput{}
	var err error
	out.Body.Corrections, err = s.Quality.Corrections(ctx, scopeOf(ctx), quality.CorrectionQuery{Mine: in.Mine, ToAnswer: in.Waiting, Open: in.Open, Overdue: in.Overdue,
		State: in.State, Layer: in.Layer, Feature: in.Feature, Provider: in.Provider, Before: in.Before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out.Body.Waiting, err = s.Quality.Waiting(ctx, scopeOf(ctx))
	return out, err
}

type correctionFlowOutput struct {
	Body struct {
		Transitions []quality.Transition `json:"transitions" nullable:"false"`
	}
}

func (s *Server) correctionFlow(context.Context, *struct{}) (*correctionFlowOutput, error) {
	out := &correctionFlowOutput{}
	out.Body.Transitions = quality.Transitions
	return out, nil
}

type correctionID struct {
	ID int64 `path:"id" minimum:"1"`
}

type oneCorrectionOutput struct{ Body quality.Correction }

func (s *Server) getCorrection(ctx context.Context, in *correctionID) (*oneCorrectionOutput, error) {
	c, err := s.Quality.Correction(ctx, scopeOf(ctx), in.ID)
	return &oneCorrectionOutput{c}, err
}

type actOnCorrectionInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		UUID    string     `json:"uuid" format:"uuid" doc:"Made by the client; sent again, it is done once"`
		Action  string     `json:"action" maxLength:"20"`
		Version int64      `json:"version" doc:"Of the correction that the caller looked at"`
		Opinion string     `json:"opinion,omitempty" maxLength:"2000"`
		How     string     `json:"how,omitempty" enum:"edit,import,elsewhere," doc:"Of correct: the row is written here and now; an import brought it; or it was corrected elsewhere"`
		Value   *string    `json:"value,omitempty" maxLength:"2000" doc:"By edit: what the field becomes, as text; left out: what was proposed, if the row is still what the asker saw"`
		Place   *PlaceBody `json:"place,omitempty" doc:"By edit: where it lies; left out: what was proposed"`
		Batch   int64      `json:"batch,omitempty" minimum:"0" doc:"By import: its number"`
	}
}

func (s *Server) actOnCorrection(ctx context.Context, in *actOnCorrectionInput) (*oneCorrectionOutput, error) {
	b := in.Body
	id, err := clientUUID(b.UUID)
	if err != nil {
		return nil, err
	}
	c, err := s.Quality.Act(ctx, scopeOf(ctx), in.ID, quality.Action{UUID: id, Name: b.Action, Version: b.Version, Opinion: b.Opinion, How: b.How, Value: b.Value,
		Place: sentPlace(b.Place), Batch: b.Batch, Address: clientAddress(in.r)})
	return &oneCorrectionOutput{c}, err
}

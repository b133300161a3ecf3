package web

import (
	"context"
	"fmt"

	"onemap/layers/pull"
	"onemap/layers/upload"
)

// Sources that are pulled from by a schedule: departments' databases and services.

func (s *Server) pulls() (*pull.Store, error) {
	if s.Pulls == nil {
		return nil, fmt.Errorf("pulling from sources: %w", errUnavailable)
	}
	return s.Pulls, nil
}

type pullsOutput struct {
	Body struct {
		Sources []pull.Source `json:"sources" nullable:"false"`
	}
}

func (s *Server) listPulls(ctx context.Context, _ *struct{}) (*pullsOutput, error) {
	store, err := s.pulls()
	if err != nil {
		return nil, err
	}
	out := &pullsOutput{}
	out.Body.Sources, err = store.List(ctx, scopeOf(ctx))
	if out.Body.Sources == nil {
		out.Body.Sources = []pull.Source{}
	}
	return out, err
}

// PullInput names a source.
type PullInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type pullOutput struct{ Body pull.Source }

func (s *Server) getPull(ctx context.Context, in *PullInput) (*pullOutput, error) {
	store, err := s.pulls()
	if err != nil {
		return nil, err
	}
	x, err := store.Get(ctx, scopeOf(ctx), in.ID)
	return &pullOutput{x}, err
}

type createPullInput struct {
	Request
	Body pull.Setting
}

func (s *Server) createPull(ctx context.Context, in *createPullInput) (*pullOutput, error) {
	store, err := s.pulls()
	if err != nil {
		return nil, err
	}
	x, err := store.Put(ctx, scopeOf(ctx), clientAddress(in.r), 0, in.Body)
	return &pullOutput{x}, err
}

type changePullInput struct {
	Request
	PullInput
	Body pull.Setting
}

func (s *Server) changePull(ctx context.Context, in *changePullInput) (*pullOutput, error) {
	store, err := s.pulls()
	if err != nil {
		return nil, err
	}
	x, err := store.Put(ctx, scopeOf(ctx), clientAddress(in.r), in.ID, in.Body)
	return &pullOutput{x}, err
}

type actPullInput struct {
	Request
	PullInput
}

func (s *Server) endPull(ctx context.Context, in *actPullInput) (*struct{}, error) {
	store, err := s.pulls()
	if err != nil {
		return nil, err
	}
	return nil, store.End(ctx, scopeOf(ctx), clientAddress(in.r), in.ID)
}

func (s *Server) runPull(ctx context.Context, in *actPullInput) (*struct{}, error) {
	store, err := s.pulls()
	if err != nil {
		return nil, err
	}
	return nil, store.Ask(ctx, scopeOf(ctx), clientAddress(in.r), in.ID)
}

type lookPullOutput struct{ Body upload.Upload }

func (s *Server) lookPull(ctx context.Context, in *actPullInput) (*lookPullOutput, error) {
	store, err := s.pulls()
	if err != nil {
		return nil, err
	}
	u, err := store.Look(ctx, scopeOf(ctx), clientAddress(in.r), in.ID)
	return &lookPullOutput{u}, err
}

type pullRunsInput struct {
	PullInput
	Before int64 `query:"before" minimum:"0" doc:"With smaller numbers only: the next page"`
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type pullRunsOutput struct {
	Body struct {
		Runs []pull.Run `json:"runs" nullable:"false" doc:"The latest first"`
	}
}

func (s *Server) listPullRuns(ctx context.Context, in *pullRunsInput) (*pullRunsOutput, error) {
	store, err := s.pulls()
	if err != nil {
		return nil, err
	}
	out := &pullRunsOutput{}
	out.Body.Runs, err = store.Runs(ctx, scopeOf(ctx), in.ID, in.Before, in.Limit)
	if out.Body.Runs == nil {
		out.Body.Runs = []pull.Run{}
	}
	return out, err
}

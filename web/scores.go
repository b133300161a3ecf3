package web

import (
	"context"
	"time"

	"onemap/layers/access"
	"onemap/layers/accountability"
	"onemap/layers/evaluate"
)

// How departments share: see layers/accountability.

var (
	onlyScores = only(accountability.Readers...)
	onlyIndex  = only(access.CommandCentre)
)

// ScorePeriod names a period of the city's calendar.
type ScorePeriod struct {
	Period string `query:"period" enum:"month,quarter,year" default:"month"`
	At     string `query:"at" maxLength:"10" doc:"A day in it, 2026-11-22; left out: today"`
}

func (s *Server) scorePeriod(ctx context.Context, q ScorePeriod) (evaluate.Period, error) {
	var day time.Time
	if q.At != "" {
		d, err := time.Parse(time.DateOnly, q.At)
		if err != nil || d.Year() < 2000 || d.Year() > 2100 {
			return evaluate.Period{}, inputError("query.at", q.At, "a day such as 2026-11-22")
		}
		day = d.Add(12 * time.Hour) // the same day in every zone that a city of this map has
	}
	return s.Scores.Period(ctx, q.Period, day)
}

type scoresOutput struct {
	Body struct {
		Period     evaluate.Period            `json:"period"`
		Cards      []accountability.Card      `json:"cards" nullable:"false" doc:"The best first"`
		Rules      accountability.Rules       `json:"rules"`
		Indicators []accountability.Indicator `json:"indicators" nullable:"false" doc:"What each number means, and its rule"`
	}
}

func (s *Server) getScores(ctx context.Context, in *ScorePeriod) (*scoresOutput, error) {
	p, err := s.scorePeriod(ctx, *in)
	if err != nil {
		return nil, err
	}
	out := &scoresOutput{}
	out.Body.Period, out.Body.Indicators = p, accountability.Indicators()
	out.Body.Cards, out.Body.Rules, err = s.Scores.Score(ctx, scopeOf(ctx), p)
	return out, err
}

type behindScoreInput struct {
	ScorePeriod
	Indicator string `query:"indicator" required:"true" maxLength:"20"`
	Org       string `query:"org" required:"true" maxLength:"32"`
}

type behindScoreOutput struct {
	Body struct {
		Items []accountability.Item `json:"items" nullable:"false" doc:"The worst first"`
	}
}

func (s *Server) behindScore(ctx context.Context, in *behindScoreInput) (*behindScoreOutput, error) {
	p, err := s.scorePeriod(ctx, in.ScorePeriod)
	if err != nil {
		return nil, err
	}
	out := &behindScoreOutput{}
	out.Body.Items, err = s.Scores.Behind(ctx, scopeOf(ctx), p, in.Indicator, in.Org)
	if out.Body.Items == nil {
		out.Body.Items = []accountability.Item{}
	}
	return out, err
}

type indexesOutput struct {
	Body struct {
		Indexes []accountability.Index `json:"indexes" nullable:"false" doc:"The latest period first, of each its revisions"`
	}
}

func (s *Server) listIndexes(ctx context.Context, _ *struct{}) (*indexesOutput, error) {
	out := &indexesOutput{}
	all, err := s.Scores.Indexes(ctx, scopeOf(ctx))
	out.Body.Indexes = append([]accountability.Index{}, all...)
	return out, err
}

type publishIndexInput struct {
	Request
	Body struct {
		Period string `json:"period" enum:"month,quarter,year"`
		At     string `json:"at" maxLength:"10" doc:"A day in it, 2026-10-15; the period has ended"`
		Note   string `json:"note,omitempty" maxLength:"2000"`
	}
}

type indexOutput struct{ Body accountability.Index }

func (s *Server) publishIndex(ctx context.Context, in *publishIndexInput) (*indexOutput, error) {
	p, err := s.scorePeriod(ctx, ScorePeriod{in.Body.Period, in.Body.At})
	if err != nil {
		return nil, err
	}
	x, err := s.Scores.Publish(ctx, scopeOf(ctx), p, in.Body.Note, clientAddress(in.r))
	return &indexOutput{x}, err
}

type indexInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type publishedOutput struct {
	Body struct {
		accountability.Index
		Cards      []accountability.Card      `json:"cards" nullable:"false" doc:"The best first"`
		Indicators []accountability.Indicator `json:"indicators" nullable:"false"`
	}
}

func (s *Server) getIndex(ctx context.Context, in *indexInput) (*publishedOutput, error) {
	out := &publishedOutput{}
	var err error
	out.Body.Index, out.Body.Cards, err = s.Scores.Published(ctx, scopeOf(ctx), in.ID)
	out.Body.Indicators = accountability.Indicators()
	return out, err
}

type publishedBehindInput struct {
	ID        int64  `path:"id" minimum:"1"`
	Indicator string `query:"indicator" required:"true" maxLength:"20"`
	Org       string `query:"org" required:"true" maxLength:"32"`
}

type publishedBehindOutput struct {
	Body struct {
		Items []accountability.PublishedItem `json:"items" nullable:"false" doc:"The worst first"`
	}
}

func (s *Server) behindIndex(ctx context.Context, in *publishedBehindInput) (*publishedBehindOutput, error) {
	out := &publishedBehindOutput{}
	var err error
	out.Body.Items, err = s.Scores.PublishedBehind(ctx, scopeOf(ctx), in.ID, in.Indicator, in.Org)
	if out.Body.Items == nil {
		out.Body.Items = []accountability.PublishedItem{}
	}
	return out, err
}

type objectionsInput struct {
	Open bool `query:"open" doc:"Those not decided yet"`
}

type objectionsOutput struct {
	Body struct {
		Objections []accountability.Objection `json:"objections" nullable:"false" doc:"The latest first"`
	}
}

func (s *Server) listObjections(ctx context.Context, in *objectionsInput) (*objectionsOutput, error) {
	out := &objectionsOutput{}
	all, err := s.Scores.Objections(ctx, scopeOf(ctx), in.Open)
	out.Body.Objections = append([]accountability.Objection{}, all...)
	return out, err
}

type objectInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		UUID      string `json:"uuid" format:"uuid" doc:"Made by the client; sent again, it is the same objection"`
		Indicator string `json:"indicator" maxLength:"20"`
		Object    string `json:"object" maxLength:"200" doc:"Of the item that it is about"`
		Reason    string `json:"reason" minLength:"1" maxLength:"2000"`
	}
}

type objectionOutput struct{ Body accountability.Objection }

func (s *Server) objectToIndex(ctx context.Context, in *objectInput) (*objectionOutput, error) {
	id, err := clientUUID(in.Body.UUID)
	if err != nil {
		return nil, err
	}
	o, err := s.Scores.Object(ctx, scopeOf(ctx), id, in.ID, in.Body.Indicator, in.Body.Object, in.Body.Reason, clientAddress(in.r))
	return &objectionOutput{o}, err
}

type decideObjectionInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Accepted bool   `json:"accepted" doc:"Whether the item counts no more in the next revision"`
		Opinion  string `json:"opinion" minLength:"1" maxLength:"2000"`
	}
}

func (s *Server) decideObjection(ctx context.Context, in *decideObjectionInput) (*objectionOutput, error) {
	o, err := s.Scores.Decide(ctx, scopeOf(ctx), in.ID, in.Body.Accepted, in.Body.Opinion, clientAddress(in.r))
	return &objectionOutput{o}, err
}

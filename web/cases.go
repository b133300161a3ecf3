package web

import (
	"context"

	"onemap/layers/incident"
)

// What those who move cases ask beside the list: the table of the flow, the
// queue, what may be the same matter, who could be sent.

type flowOutput struct{ Body incident.Table }

func (s *Server) getFlow(context.Context, *struct{}) (*flowOutput, error) {
	return &flowOutput{incident.FlowTable()}, nil
}

type queueOutput struct{ Body incident.Queue }

// queueInput narrows the queue to a part of the city, a department, a class.
type queueInput struct{ Filter }

func (s *Server) getQueue(ctx context.Context, in *queueInput) (*queueOutput, error) {
	q, err := s.incidentQuery(ctx, &incidentsInput{Filter: in.Filter})
	if err != nil {
		return nil, err
	}
	out, err := s.Incidents.Queue(ctx, scopeOf(ctx), q)
	return &queueOutput{out}, err
}

type duplicatesOutput struct {
	Body struct {
		Duplicates []incident.Likely `json:"duplicates" nullable:"false" doc:"The nearest first"`
	}
}

func (s *Server) getDuplicates(ctx context.Context, in *incidentInput) (*duplicatesOutput, error) {
	found, err := s.Incidents.Duplicates(ctx, scopeOf(ctx), in.ID)
	out := &duplicatesOutput{}
	out.Body.Duplicates = append([]incident.Likely{}, found...)
	return out, err
}

type suggestionOutput struct{ Body incident.Suggestion }

func (s *Server) getSuggestion(ctx context.Context, in *incidentInput) (*suggestionOutput, error) {
	found, err := s.Incidents.Suggestion(ctx, scopeOf(ctx), in.ID)
	return &suggestionOutput{found}, err
}

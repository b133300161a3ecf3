package web

import (
	"context"

	"onemap/layers/task"
)

// Checklists of visits, and patrols that come again.

type checklistsInput struct {
	All bool `query:"all" doc:"Those that are no longer in use, too"`
}

type checklistsOutput struct {
	Body struct {
		Checklists []task.Checklist `json:"checklists" nullable:"false" doc:"In their current versions"`
	}
}

func (s *Server) checklists(ctx context.Context, in *checklistsInput) (*checklistsOutput, error) {
	found, err := s.Tasks.Checklists(ctx, in.All)
	out := &checklistsOutput{}
	out.Body.Checklists = append([]task.Checklist{}, found...)
	return out, err
}

type checklistInput struct {
	Code    string `path:"code" maxLength:"40"`
	Version int    `query:"version" minimum:"1" maximum:"2147483647" doc:"Left out: the current one"`
}

type checklistOutput struct{ Body task.Checklist }

func (s *Server) checklist(ctx context.Context, in *checklistInput) (*checklistOutput, error) {
	c, err := s.Tasks.Checklist(ctx, in.Code, in.Version)
	return &checklistOutput{c}, err
}

type putChecklistInput struct {
	Request
	Code string `path:"code" maxLength:"40" pattern:"^[a-z0-9][a-z0-9_-]{0,39}$"`
	Body struct {
		Version    int                  `json:"version" minimum:"0" doc:"The current one, which the new one follows; 0: there is none"`
		NameZH     string               `json:"name_zh" minLength:"1" maxLength:"100"`
		NameEN     string               `json:"name_en" minLength:"1" maxLength:"200"`
		Industries []string             `json:"industries,omitempty" maxItems:"100"`
		Active     bool                 `json:"active" doc:"False: it is no longer used for new visits"`
		Items      []task.ChecklistItem `json:"items" minItems:"1" maxItems:"200"`
	}
}

func (s *Server) putChecklist(ctx context.Context, in *putChecklistInput) (*checklistOutput, error) {
	b := in.Body
	c, err := s.Tasks.PutChecklist(ctx, scopeOf(ctx), task.Checklist{Code: in.Code, Version: b.Version, NameZH: b.NameZH, NameEN: b.NameEN,
		Industries: b.Industries, Active: b.Active, Items: b.Items}, clientAddress(in.r))
	return &checklistOutput{c}, err
}

type schedulesOutput struct {
	Body struct {
		Schedules []task.PatrolSchedule `json:"schedules" nullable:"false"`
	}
}

func (s *Server) listSchedules(ctx context.Context, _ *struct{}) (*schedulesOutput, error) {
	found, err := s.Tasks.Schedules(ctx, scopeOf(ctx))
	out := &schedulesOutput{}
	out.Body.Schedules = append([]task.PatrolSchedule{}, found...)
	return out, err
}

type createScheduleInput struct {
	Request
	Body struct {
		UUID     string       `json:"uuid,omitempty" format:"uuid" doc:"Made by the client; made again with it, it is the same schedule"`
		Title    string       `json:"title" minLength:"1" maxLength:"200"`
		Person   string       `json:"person,omitempty" maxLength:"63" doc:"Login of a grid worker; left out: any of the grid"`
		Grid     string       `json:"grid_code,omitempty" maxLength:"40" doc:"Left out: where the first point is"`
		Weekdays []int        `json:"weekdays" minItems:"1" maxItems:"7" doc:"1 Monday to 7 Sunday"`
		From     string       `json:"from_time,omitempty" maxLength:"5" doc:"Of the city's clock, such as 08:00"`
		Until    string       `json:"until_time,omitempty" maxLength:"5" doc:"When it is due; left out: 24:00"`
		EndsOn   string       `json:"ends_on,omitempty" maxLength:"10" format:"date" doc:"Its last day"`
		Points   []pointDraft `json:"points" minItems:"1" maxItems:"200"`
	}
}

type scheduleOutput struct{ Body task.PatrolSchedule }

func (s *Server) createSchedule(ctx context.Context, in *createScheduleInput) (*scheduleOutput, error) {
	b := in.Body
	id, err := clientUUID(b.UUID)
	if err != nil {
		return nil, err
	}
	made, err := s.Tasks.CreateSchedule(ctx, scopeOf(ctx), task.ScheduleDraft{UUID: id, Title: b.Title, Person: b.Person, Grid: b.Grid, Weekdays: b.Weekdays,
		From: b.From, Until: b.Until, EndsOn: b.EndsOn, Points: pointDrafts(b.Points), Address: clientAddress(in.r)})
	return &scheduleOutput{made}, err
}

type endScheduleInput struct {
	Request
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) endSchedule(ctx context.Context, in *endScheduleInput) (*struct{}, error) {
	return nil, s.Tasks.EndSchedule(ctx, scopeOf(ctx), in.ID, clientAddress(in.r))
}

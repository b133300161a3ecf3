package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast/firerisk"
)

// Fire risk of places, /api/v1/fire-risk…: see layers/forecast/firerisk. For
// planners, the command centre and officers, each what the layer fire_risk is
// shared with their organisation; never for the public. Who looks is recorded,
// at each thing once an hour.
//
//	GET    /fire-risk/runs                     the latest: state, why withheld, trial on past days beside baselines
//	POST   /fire-risk/runs                     {kind, horizon_days, visits}: 202, made in the background
//	GET    /fire-risk/runs/{id}                one with its record
//	POST   /fire-risk/runs/{id}/refit          made again from its record and what was kept, and compared
//	GET    /fire-risk/places?kind=             places, the highest first; on maps the layer fire_risk
//	GET    /fire-risk/gaps, POST               sums of the layers water_gap and response_gap; POST computes them anew
//	GET    /fire-risk/lists, POST              lists of inspections; POST makes one
//	GET    /fire-risk/lists/{id}               one with lines and tours
//	GET    /fire-risk/lists/{id}/file          as a sheet, GPX, GeoJSON or PDF; recorded
//	POST   /fire-risk/lists/{id}/decisions     accept lines (they become visits on the phone) or refuse them

var onlyFireRisk = only(firerisk.Viewers...)

// sawFire records who looked at risk of fire, at each thing once an hour.
func (s *Server) sawFire(ctx context.Context, r *http.Request, object string) error {
	p, _ := scopeOf(ctx).Person()
	return s.looks.once(p.Login+" "+object, func() error {
		return s.Audit.Record(ctx, scopeOf(ctx), access.Entry{Action: "fire_risk.look", Object: object, Result: access.Done, Address: clientAddress(r)})
	})
}

type fireRunsOutput struct {
	Body struct {
		Runs []firerisk.Run `json:"runs" nullable:"false" doc:"The latest first, of both kinds, without their records"`
	}
}

type fireLookInput struct{ Request }

func (s *Server) listFireRuns(ctx context.Context, in *fireLookInput) (*fireRunsOutput, error) {
	out := &fireRunsOutput{}
	var err error
	out.Body.Runs, err = s.FireRisk.Runs(ctx, scopeOf(ctx))
	if out.Body.Runs == nil {
		out.Body.Runs = []firerisk.Run{}
	}
	if err != nil {
		return nil, err
	}
	return out, s.sawFire(ctx, in.r, "fire_risk/runs")
}

type askFireRunInput struct {
	Request
	Body struct {
		Kind    string `json:"kind" enum:"enterprise,building"`
		Horizon int    `json:"horizon_days,omitempty" minimum:"28" maximum:"1096" doc:"Left out: 365"`
		Visits  int    `json:"visits,omitempty" minimum:"1" maximum:"100000" doc:"Places that can be visited within the horizon: recall is told at it. Left out: crews times days times visits a day"`
		Crews   int    `json:"crews,omitempty" minimum:"1" maximum:"1000" doc:"That inspect. Left out: the fire stations in service. Where days and per_day are left out too, their visits are half of the places at most"`
		Days    int    `json:"days,omitempty" minimum:"1" maximum:"1096" doc:"Days of inspection of each within the horizon. Left out: one a week"`
		PerDay  int    `json:"per_day,omitempty" minimum:"1" maximum:"50" doc:"Visits of each on such a day. Left out: 6"`
		Seed    int64  `json:"seed,omitempty" minimum:"1" maximum:"9007199254740991" doc:"Of the bootstrap; left out: one is drawn and recorded"`
	}
}

type fireRunOutput struct{ Body firerisk.Run }

func (s *Server) askFireRun(ctx context.Context, in *askFireRunInput) (*fireRunOutput, error) {
	id, err := s.FireRisk.Ask(ctx, scopeOf(ctx), firerisk.Order{Kind: in.Body.Kind, Horizon: in.Body.Horizon, Visits: in.Body.Visits, Crew: firerisk.Crew{Crews: in.Body.Crews, Days: in.Body.Days, PerDay: in.Body.PerDay}, Seed: in.Body.Seed, Address: clientAddress(in.r)})
	if err != nil {
		return nil, err
	}
	r, err := s.FireRisk.Get(ctx, scopeOf(ctx), id)
	return &fireRunOutput{r}, err
}

type fireIDInput struct {
	Request
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) getFireRun(ctx context.Context, in *fireIDInput) (*fireRunOutput, error) {
	r, err := s.FireRisk.Get(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &fireRunOutput{r}, s.sawFire(ctx, in.r, fmt.Sprintf("fire_run/%d", in.ID))
}

type fireRefitOutput struct{ Body firerisk.Refitted }

func (s *Server) refitFireRun(ctx context.Context, in *fireIDInput) (*fireRefitOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, refitTime)
	defer cancel()
	f, err := s.FireRisk.Refit(ctx, scopeOf(ctx), in.ID, clientAddress(in.r))
	return &fireRefitOutput{f}, err
}

type firePlacesInput struct {
	Request
	Kind  string `query:"kind" enum:"enterprise,building" default:"enterprise"`
	Text  string `query:"q" maxLength:"100" doc:"In the name"`
	After int    `query:"after" minimum:"0" doc:"A rank: those behind it"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type firePlacesOutput struct {
	Body struct {
		Places []firerisk.Place `json:"places" nullable:"false" doc:"The highest first"`
	}
}

func (s *Server) listFirePlaces(ctx context.Context, in *firePlacesInput) (*firePlacesOutput, error) {
	out := &firePlacesOutput{}
	var err error
	out.Body.Places, err = s.FireRisk.Places(ctx, scopeOf(ctx), firerisk.PlaceQuery{Kind: in.Kind, Text: in.Text, After: in.After, Limit: in.Limit})
	if out.Body.Places == nil {
		out.Body.Places = []firerisk.Place{}
	}
	if err != nil {
		return nil, err
	}
	return out, s.sawFire(ctx, in.r, "fire_places/"+in.Kind)
}

type fireGapsOutput struct{ Body firerisk.Gaps }

func (s *Server) getFireGaps(ctx context.Context, in *fireLookInput) (*fireGapsOutput, error) {
	g, err := s.FireRisk.Gaps(ctx, scopeOf(ctx))
	if err != nil {
		return nil, err
	}
	return &fireGapsOutput{g}, s.sawFire(ctx, in.r, "fire_risk/gaps")
}

func (s *Server) makeFireGaps(ctx context.Context, in *fireLookInput) (*fireGapsOutput, error) {
	g, err := s.FireRisk.AskGaps(ctx, scopeOf(ctx), clientAddress(in.r))
	return &fireGapsOutput{g}, err
}

type fireListsOutput struct {
	Body struct {
		Lists []firerisk.List `json:"lists" nullable:"false" doc:"The latest first, without their lines"`
	}
}

func (s *Server) listFireLists(ctx context.Context, in *fireLookInput) (*fireListsOutput, error) {
	out := &fireListsOutput{}
	var err error
	out.Body.Lists, err = s.FireRisk.Lists(ctx, scopeOf(ctx))
	if out.Body.Lists == nil {
		out.Body.Lists = []firerisk.List{}
	}
	if err != nil {
		return nil, err
	}
	return out, s.sawFire(ctx, in.r, "fire_risk/lists")
}

type makeFireListInput struct {
	Request
	Body struct {
		UUID    string   `json:"uuid,omitempty" format:"uuid" doc:"Made by the client: sent again, it is the same list"`
		Kind    string   `json:"kind" enum:"enterprise,building"`
		Title   string   `json:"title,omitempty" maxLength:"100"`
		Lines   int      `json:"lines" minimum:"1" maximum:"500"`
		From    string   `json:"from_day,omitempty" format:"date" doc:"First day; the next one that is worked on. Left out: tomorrow"`
		PerDay  int      `json:"per_day,omitempty" minimum:"1" maximum:"50" doc:"Visits of a unit on a day; left out: 6"`
		Random  float64  `json:"random,omitempty" minimum:"0.05" maximum:"0.1" doc:"Share drawn from all places, whatever their score: there is always one. Left out: 0.08"`
		Overdue *float64 `json:"overdue,omitempty" minimum:"0" maximum:"1" doc:"Of the rest, at most, for those past their legal term. Left out: 0.4"`
		Area    string   `json:"area_code,omitempty" maxLength:"20" doc:"Only of this division; left out: my own area"`
		Seed    int64    `json:"seed,omitempty" minimum:"1" maximum:"9007199254740991" doc:"Of the draw; left out: one is drawn and recorded"`
	}
}

type fireListOutput struct {
	Status int
	Body   firerisk.List
}

func (s *Server) makeFireList(ctx context.Context, in *makeFireListInput) (*fireListOutput, error) {
	b := in.Body
	id, err := clientUUID(b.UUID)
	if err != nil {
		return nil, err
	}
	d := firerisk.Draft{UUID: id, Kind: b.Kind, Title: b.Title, Lines: b.Lines, PerDay: b.PerDay, Random: b.Random, Overdue: b.Overdue, Area: b.Area, Seed: b.Seed, Address: clientAddress(in.r)}
	if b.From != "" {
		if d.From, err = time.Parse(time.DateOnly, b.From); err != nil {
			return nil, inputError("from_day", layers.Short(b.From), "a day such as 2026-11-23")
		}
	}
	l, again, err := s.FireRisk.Make(ctx, scopeOf(ctx), d)
	if err != nil {
		return nil, err
	}
	out := &fireListOutput{Status: 201, Body: l}
	if again {
		out.Status = 200
	}
	return out, nil
}

func (s *Server) getFireList(ctx context.Context, in *fireIDInput) (*fireListOutput, error) {
	l, err := s.FireRisk.List(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &fireListOutput{200, l}, s.sawFire(ctx, in.r, fmt.Sprintf("inspection_list/%d", in.ID))
}

type decideFireListInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Lines    []int  `json:"lines,omitempty" maxItems:"500" doc:"Their numbers; left out: all that wait for a decision"`
		Decision string `json:"decision" enum:"accepted,refused" doc:"An accepted line becomes a visit on the phone"`
		Note     string `json:"note,omitempty" maxLength:"500" doc:"Why they are refused"`
		Person   string `json:"person,omitempty" maxLength:"63" doc:"Login of the worker; left out: any worker of the grid"`
	}
}

func (s *Server) decideFireList(ctx context.Context, in *decideFireListInput) (*fireListOutput, error) {
	b := in.Body
	l, err := s.FireRisk.Decide(ctx, scopeOf(ctx), in.ID, firerisk.Decision{Lines: b.Lines, Decision: b.Decision, Note: b.Note, Person: b.Person, Address: clientAddress(in.r)})
	return &fireListOutput{200, l}, err
}

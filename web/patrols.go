package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"onemap/layers"
	"onemap/layers/deploy/patrolplan"
	"onemap/layers/locate"
)

// Patrol plans, /api/v1/patrols…: see layers/deploy/patrolplan. For the command
// centre and planners of their area, and a department's people for their own;
// never for the public. Who looks is recorded, once an hour a plan.
//
//	GET  /patrols/choices            what one may choose from: rules, workers, posts
//	GET  /patrols?state=&run=        plans, the latest hours first, each with what was done
//	POST /patrols                    an order; 201 the plan, made at once, a draft
//	GET  /patrols/{id}               one whole: units with stops and times, places, what happened
//	POST /patrols/{id}/edits         {version, reason, units}: stops reordered, removed, added; who goes
//	POST /patrols/{id}/decisions     {action: accept, refuse, withdraw, version, reason}
//	GET  /patrols/{id}/file?format=  geojson, csv, xlsx, gpx, pdf; recorded
//	POST /patrols/{id}/remake        made again from its record: {same: true}

var patrollers = only(patrolplan.Viewers...)

// maxPatrolBody is how large an order may be: 260 places and 30 units.
const maxPatrolBody = 256 << 10

type patrolChoicesOutput struct{ Body patrolplan.Choices }

func (s *Server) patrolChoices(ctx context.Context, _ *struct{}) (*patrolChoicesOutput, error) {
	c, err := s.Patrols.Choices(ctx, scopeOf(ctx))
	return &patrolChoicesOutput{c}, err
}

type patrolsInput struct {
	State string `query:"state" enum:"draft,accepted,refused,withdrawn"`
	From  string `query:"from" format:"date-time" doc:"With hours after this"`
	Until string `query:"until" format:"date-time" doc:"With hours before this"`
	Run   int64  `query:"run" minimum:"1" doc:"Made from this forecast"`
	Dept  string `query:"dept" maxLength:"40"`
	Page  string `query:"page" maxLength:"60" doc:"What an earlier answer called next"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type patrolsOutput struct {
	Body struct {
		Plans []patrolplan.Plan `json:"plans" nullable:"false" doc:"The latest hours first, without their routes"`
		Next  string            `json:"next,omitempty" doc:"Send it as page for those after them; absent at the end"`
	}
}

func (s *Server) listPatrols(ctx context.Context, in *patrolsInput) (*patrolsOutput, error) {
	q := patrolplan.Query{State: in.State, Run: in.Run, Dept: in.Dept, Page: in.Page, Limit: in.Limit}
	for _, t := range []struct {
		name, text string
		into       *time.Time
	}{{"query.from", in.From, &q.From}, {"query.until", in.Until, &q.Until}} {
		if t.text == "" {
			continue
		}
		var err error
		if *t.into, err = time.Parse(time.RFC3339, t.text); err != nil {
			return nil, inputError(t.name, t.text, "a time such as 2026-03-01T08:00:00+08:00")
		}
	}
	out := &patrolsOutput{}
	var err error
	out.Body.Plans, out.Body.Next, err = s.Patrols.List(ctx, scopeOf(ctx), q)
	if out.Body.Plans == nil {
		out.Body.Plans = []patrolplan.Plan{}
	}
	return out, err
}

// PatrolEndBody is where a unit begins or ends.
type PatrolEndBody struct {
	Title string    `json:"title,omitempty" maxLength:"200"`
	Place PlaceBody `json:"place"`
}

func (b *PatrolEndBody) draft() *patrolplan.EndDraft {
	if b == nil {
		return nil
	}
	return &patrolplan.EndDraft{Title: b.Title, At: locate.Place(b.Place.place())}
}

// PatrolPlaceBody is a place that a person picks.
type PatrolPlaceBody struct {
	Title   string    `json:"title,omitempty" maxLength:"200"`
	Place   PlaceBody `json:"place"`
	Score   float64   `json:"score,omitempty" minimum:"0" doc:"Expected incidents there in the plan's hours; left out: the mean of the forecast's places, or 1"`
	StayMin float64   `json:"stay_min,omitempty" minimum:"0" maximum:"120" doc:"Left out: as the rules say"`
}

func (b PatrolPlaceBody) draft() patrolplan.PlaceDraft {
	return patrolplan.PlaceDraft{Title: b.Title, At: locate.Place(b.Place.place()), Score: b.Score, StayMin: b.StayMin}
}

// PatrolBreakBody is a break that begins between two moments.
type PatrolBreakBody struct {
	Earliest time.Time `json:"earliest"`
	Latest   time.Time `json:"latest"`
	Minutes  float64   `json:"minutes" minimum:"1" maximum:"240"`
}

// PatrolUnitBody is a crew to be sent.
type PatrolUnitBody struct {
	Name   string            `json:"name,omitempty" maxLength:"100" doc:"Left out: its number"`
	Person string            `json:"person,omitempty" maxLength:"63" doc:"Login of the grid worker who goes"`
	Grid   string            `json:"grid_code,omitempty" maxLength:"40" doc:"Or any worker of this grid. One of the two is needed to accept the plan"`
	From   time.Time         `json:"from"`
	Until  time.Time         `json:"until"`
	Start  *PatrolEndBody    `json:"start,omitempty" doc:"Left out: anywhere"`
	End    *PatrolEndBody    `json:"end,omitempty" doc:"Left out: where it began"`
	Breaks []PatrolBreakBody `json:"breaks,omitempty" maxItems:"4"`
}

// PatrolRulesBody says what else holds; each left out: as the choices say.
type PatrolRulesBody struct {
	StayMin    float64  `json:"stay_min,omitempty" minimum:"0" maximum:"120" doc:"Minutes of a stop; 12 to 16 are advised"`
	RevisitMin float64  `json:"revisit_min,omitempty" minimum:"0" maximum:"1440" doc:"Minutes after which a stop comes again"`
	MaxSpots   int      `json:"max_spots,omitempty" minimum:"0" maximum:"50" doc:"Different places of a unit"`
	Explore    *float64 `json:"explore,omitempty" minimum:"0" maximum:"0.5" doc:"Share of random exploration; 0.05 to 0.1 are advised"`
	Detour     *float64 `json:"detour,omitempty" minimum:"0" maximum:"1" doc:"Extra driving that a random order may cost; 0: the shortest order, which can be learned"`
	CapMin     float64  `json:"cap_min,omitempty" minimum:"0" maximum:"10080" doc:"Minutes of patrols at a place and week, at most; the city's cap holds where it is less"`
}

type makePatrolInput struct {
	Request
	Body struct {
		UUID   string            `json:"uuid,omitempty" format:"uuid" doc:"Made by the client; an order sent again with it is the same plan"`
		Title  string            `json:"title,omitempty" maxLength:"200" doc:"Left out: its day and hour"`
		Dept   string            `json:"dept_code,omitempty" maxLength:"40" doc:"Whose units go; left out: one's own department, else none in particular"`
		Mode   string            `json:"mode,omitempty" enum:"car,emergency,foot" doc:"Left out: car"`
		Run    int64             `json:"run,omitempty" minimum:"1" doc:"The forecast whose densest cells are visited"`
		Top    int               `json:"top,omitempty" minimum:"0" maximum:"260" doc:"How many of them may be; left out: 60"`
		Places []PatrolPlaceBody `json:"places,omitempty" maxItems:"260" doc:"Places that a person picked, beside those or alone"`
		Units  []PatrolUnitBody  `json:"units" nullable:"false" maxItems:"30"`
		Rules  PatrolRulesBody   `json:"rules,omitempty"`
		Seed   int64             `json:"seed,omitempty" minimum:"0" maximum:"9007199254740991" doc:"Of the random order and exploration; left out: one is drawn, and kept"`
	}
}

type patrolOutput struct {
	Status int
	Body   patrolplan.Plan
}

func (s *Server) makePatrol(ctx context.Context, in *makePatrolInput) (*patrolOutput, error) {
	b := in.Body
	id, err := clientUUID(b.UUID)
	if err != nil {
		return nil, err
	}
	o := patrolplan.Order{UUID: id, Title: b.Title, Dept: b.Dept, Mode: b.Mode, Run: b.Run, Top: b.Top, Seed: b.Seed, Address: clientAddress(in.r),
		Rules: patrolplan.Rules{StayMin: b.Rules.StayMin, RevisitMin: b.Rules.RevisitMin, MaxSpots: b.Rules.MaxSpots, CapMin: b.Rules.CapMin}}
	if v := b.Rules.Explore; v != nil {
		o.Rules.Explore, o.NoExplore = *v, *v == 0
	}
	if v := b.Rules.Detour; v != nil {
		o.Rules.Detour, o.NoDetour = *v, *v == 0
	}
	for _, p := range b.Places {
		o.Places = append(o.Places, p.draft())
	}
	for _, u := range b.Units {
		d := patrolplan.UnitDraft{Name: u.Name, Person: u.Person, Grid: u.Grid, From: u.From, Until: u.Until, Start: u.Start.draft(), End: u.End.draft()}
		for _, p := range u.Breaks {
			d.Breaks = append(d.Breaks, patrolplan.BreakDraft{Earliest: p.Earliest, Latest: p.Latest, Minutes: p.Minutes})
		}
		o.Units = append(o.Units, d)
	}
	p, again, err := s.Patrols.Make(ctx, scopeOf(ctx), o)
	out := &patrolOutput{http.StatusCreated, p}
	if again {
		out.Status = http.StatusOK
	}
	return out, err
}

type getPatrolInput struct {
	Request
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) getPatrol(ctx context.Context, in *getPatrolInput) (*patrolOutput, error) {
	p, err := s.Patrols.Get(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &patrolOutput{http.StatusOK, p}, s.lookedAt(ctx, "patrol.look", fmt.Sprintf("patrol/%d", in.ID), nil)
}

type patrolStopBody struct {
	Place int              `json:"place,omitempty" minimum:"1" doc:"The number of a place of the plan"`
	New   *PatrolPlaceBody `json:"new,omitempty" doc:"Or a new one"`
}

type patrolUnitEditBody struct {
	N      int               `json:"n" minimum:"1" doc:"Its number"`
	Name   *string           `json:"name,omitempty" maxLength:"100"`
	Person *string           `json:"person,omitempty" maxLength:"63" doc:"Login of the worker who goes; empty: nobody in particular"`
	Grid   *string           `json:"grid_code,omitempty" maxLength:"40"`
	Stops  *[]patrolStopBody `json:"stops,omitempty" maxItems:"200" doc:"All of them in their new order; left out: as they are"`
}

type editPatrolInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Version int                  `json:"version" minimum:"1" doc:"Of the plan that you looked at"`
		Reason  string               `json:"reason" minLength:"1" maxLength:"2000" doc:"Kept with the plan"`
		Units   []patrolUnitEditBody `json:"units" minItems:"1" maxItems:"30" nullable:"false" doc:"Those that change"`
	}
}

func (s *Server) editPatrol(ctx context.Context, in *editPatrolInput) (*patrolOutput, error) {
	e := patrolplan.Edit{Version: in.Body.Version, Reason: in.Body.Reason, Address: clientAddress(in.r)}
	for i, u := range in.Body.Units {
		d := patrolplan.UnitEdit{N: u.N, Name: u.Name, Person: u.Person, Grid: u.Grid}
		if u.Stops != nil {
			d.Stops = &[]patrolplan.StopEdit{}
			for k, stop := range *u.Stops {
				c := patrolplan.StopEdit{Place: stop.Place}
				if stop.New != nil {
					draft := stop.New.draft()
					c.New = &draft
				}
				if (c.New == nil) == (c.Place == 0) {
					return nil, &layers.InputError{Field: fmt.Sprintf("units[%d].stops[%d]", i, k), Remedy: "the number of a place of the plan, or a new place"}
				}
				*d.Stops = append(*d.Stops, c)
			}
		}
		e.Units = append(e.Units, d)
	}
	p, err := s.Patrols.Edit(ctx, scopeOf(ctx), in.ID, e)
	return &patrolOutput{http.StatusOK, p}, err
}

type decidePatrolInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Action  string `json:"action" enum:"accept,refuse,withdraw"`
		Version int    `json:"version" minimum:"1" doc:"Of the plan that you looked at"`
		Reason  string `json:"reason" minLength:"1" maxLength:"2000" doc:"Kept with the plan"`
	}
}

func (s *Server) decidePatrol(ctx context.Context, in *decidePatrolInput) (*patrolOutput, error) {
	b := in.Body
	p, err := s.Patrols.Decide(ctx, scopeOf(ctx), in.ID, patrolplan.Decision{Action: b.Action, Version: b.Version, Reason: b.Reason, Address: clientAddress(in.r)})
	return &patrolOutput{http.StatusOK, p}, err
}

type remakePatrolOutput struct {
	Body struct {
		Same bool `json:"same" doc:"Its record gives the same stops and times"`
	}
}

func (s *Server) remakePatrol(ctx context.Context, in *getPatrolInput) (*remakePatrolOutput, error) {
	out := &remakePatrolOutput{}
	var err error
	if out.Body.Same, err = s.Patrols.Remake(ctx, scopeOf(ctx), in.ID); err != nil {
		return nil, err
	}
	return out, s.lookedAt(ctx, "patrol.remake", fmt.Sprintf("patrol/%d", in.ID), nil)
}

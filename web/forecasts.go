package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast"
)

// Forecasts, /api/v1/forecasts…: see layers/forecast. For planners and the command centre, and the
// officers of a department for their own; never for the public. Who looks is
// recorded, once an hour a run.
//
//	GET    /forecasts/choices                 what one may order: classes with counts and why not, horizons, spaces, presets
//	POST   /forecasts                         an order; 202 {run}, made in the background
//	GET    /forecasts?current=&state=         runs, the latest first; each with summary.trust and summary.verdict
//	GET    /forecasts/{id}                    one, with params and record; poll it while queued or running (progress, doing)
//	GET    /forecasts/{id}/cells              its cells as GeoJSON by rank (limit, hot); for maps take tiles:
//	       /tiles/forecast/{z}/{x}/{y}.mvt?filter=run={id}   fields rank expected low high density change zone hot
//	GET    /forecasts/{id}/cells/{cell}       one cell: numbers, reasons, hours, monthly history
//	GET    /forecasts/{id}/reliability        the backtest: models, curve, calibration, intervals, over time, gate, champions
//	GET    /forecasts/{id}/hours              168 shares of the week, city and zones: expected of a cell in an hour of
//	                                          the week = its expected for a week x its zone's share
//	GET    /forecasts/{id}/changes            where it differs from last month
//	GET    /forecasts/{id}/exposure           by division: share of hot area, of expected, of reported; calibration
//	GET    /forecasts/compare?a=&b=           two runs of one space
//	GET    /forecasts/{id}/file?format=       geojson, csv, gpx, pdf; recorded
//	POST   /forecasts/{id}/refit              made again from its record: {same: true}
//	POST   /forecasts/{id}/withdrawal         {reason}: taken back by a person; one that is queued is not made
//	GET    /forecasts/standing, POST, DELETE /forecasts/standing/{id}   made again each shift, day, week, month
//
// All coordinates are longitude and latitude; expected counts are of the run's
// time from..to; shares are of 1.

var onlyForecasts = only(forecast.Viewers...)

// ForecastInput names a run.
type ForecastInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type forecastOutput struct {
	Status int
	Body   forecast.Run
}

type forecastChoicesOutput struct{ Body forecast.Choice }

func (s *Server) forecastChoices(ctx context.Context, _ *struct{}) (*forecastChoicesOutput, error) {
	c, err := s.Forecasts.Choices(ctx, scopeOf(ctx))
	return &forecastChoicesOutput{c}, err
}

// ForecastOrder is what a planner asks for.
type ForecastOrder struct {
	Title   string              `json:"title,omitempty" maxLength:"100" doc:"Left out: its classes"`
	Dept    string              `json:"dept,omitempty" maxLength:"32" doc:"Of this department's cases, whose officers will see it; left out: of all. Officers leave it out: it is of their own"`
	Classes []forecast.ClassKey `json:"classes" minItems:"1" maxItems:"40" nullable:"false"`
	Horizon string              `json:"horizon" enum:"shift,day,week,month,year"`
	From    *time.Time          `json:"from,omitempty" doc:"Left out: when the next shift or day begins"`
	Until   *time.Time          `json:"until,omitempty" doc:"The data cut: only what was reported before it is used; left out: now"`
	Hours   []int               `json:"hours,omitempty" maxItems:"24" doc:"Only these hours of each day, 0 to 23; left out: all"`
	Space   string              `json:"space,omitempty" enum:"lattice,grid_unit,grid_duty,grid_community" doc:"Left out: lattice"`
	CellM   float64             `json:"cell_m,omitempty" minimum:"0" maximum:"5000" doc:"Side of a lattice's cell in metres; left out: 150, or 500 where cases are rare"`
	Angle   float64             `json:"angle,omitempty" doc:"Of the lattice, degrees counter-clockwise, 0 to below 90"`
	Origin  *orb.Point          `json:"origin,omitempty" doc:"Of the lattice: longitude and latitude of a corner"`
	Share   float64             `json:"share,omitempty" minimum:"0" maximum:"0.5" doc:"Which share of the area is hot; left out with count: 0.01"`
	Count   int                 `json:"count,omitempty" minimum:"0" maximum:"10000" doc:"Or how many cells are"`
	Seed    int64               `json:"seed,omitempty" doc:"Left out: one is chosen, and kept"`
	Origins int                 `json:"origins,omitempty" minimum:"0" maximum:"260" doc:"How many times the backtest forecasts the past; left out: by the horizon"`
}

func (b ForecastOrder) order(id uuid.UUID, address string) forecast.Order {
	return forecast.Order{UUID: id, Title: b.Title, Dept: b.Dept, Classes: b.Classes, Horizon: b.Horizon, From: orZero(b.From), Until: orZero(b.Until), Hours: b.Hours,
		Space: b.Space, CellM: b.CellM, Angle: b.Angle, Origin: b.Origin, Share: b.Share, Count: b.Count, Seed: b.Seed, Origins: b.Origins, Address: address}
}

type orderForecastInput struct {
	Request
	Body struct {
		UUID string `json:"uuid,omitempty" format:"uuid" doc:"Made by the client; an order sent again with it is the same run"`
		ForecastOrder
	}
}

func (s *Server) orderForecast(ctx context.Context, in *orderForecastInput) (*forecastOutput, error) {
	id, err := clientUUID(in.Body.UUID)
	if err != nil {
		return nil, err
	}
	r, again, err := s.Forecasts.Order(ctx, scopeOf(ctx), in.Body.order(id, clientAddress(in.r)))
	if err != nil {
		return nil, err
	}
	out := &forecastOutput{Status: 202, Body: r}
	if again {
		out.Status = 200
	}
	return out, nil
}

type forecastsInput struct {
	State   string `query:"state" enum:"queued,running,done,failed,withheld"`
	Horizon string `query:"horizon" enum:"shift,day,week,month,year"`
	Current bool   `query:"current" doc:"Only the latest of each recipe"`
	Class   string `query:"class" maxLength:"24" doc:"Of this class, by its code"`
	Page    string `query:"page" maxLength:"20" doc:"What an earlier answer called next"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type forecastsOutput struct {
	Body struct {
		Forecasts []forecast.Run `json:"forecasts" nullable:"false" doc:"The latest first"`
		Next      string         `json:"next,omitempty" doc:"Send it as page for those before them; absent at the end"`
	}
}

func (s *Server) listForecasts(ctx context.Context, in *forecastsInput) (*forecastsOutput, error) {
	out := &forecastsOutput{}
	var err error
	out.Body.Forecasts, out.Body.Next, err = s.Forecasts.List(ctx, scopeOf(ctx), forecast.Query{State: in.State, Horizon: in.Horizon, Current: in.Current, Class: in.Class, Page: in.Page, Limit: in.Limit})
	if out.Body.Forecasts == nil {
		out.Body.Forecasts = []forecast.Run{}
	}
	return out, err
}

type getForecastInput struct {
	Request
	ForecastInput
}

func (s *Server) getForecast(ctx context.Context, in *getForecastInput) (*forecastOutput, error) {
	r, err := s.Forecasts.Get(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &forecastOutput{Status: 200, Body: r}, s.sawForecast(ctx, in.r, in.ID)
}

// sawForecast records who looked at a run, once an hour.
func (s *Server) sawForecast(ctx context.Context, r *http.Request, id int64) error {
	p, _ := scopeOf(ctx).Person()
	return s.looks.once(fmt.Sprintf("%s %d", p.Login, id), func() error {
		return s.Audit.Record(ctx, scopeOf(ctx), access.Entry{Action: "forecast.look", Object: fmt.Sprintf("forecast/%d", id), Result: access.Done, Address: clientAddress(r)})
	})
}

type forecastReliabilityOutput struct{ Body forecast.Reliability }

func (s *Server) forecastReliability(ctx context.Context, in *getForecastInput) (*forecastReliabilityOutput, error) {
	r, err := s.Forecasts.Reliability(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &forecastReliabilityOutput{r}, s.sawForecast(ctx, in.r, in.ID)
}

type forecastHoursOutput struct{ Body forecast.Hours }

func (s *Server) forecastHours(ctx context.Context, in *getForecastInput) (*forecastHoursOutput, error) {
	h, err := s.Forecasts.HoursOf(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &forecastHoursOutput{h}, s.sawForecast(ctx, in.r, in.ID)
}

type forecastChangesInput struct {
	Request
	ForecastInput
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"Cells on either side"`
}

type forecastChangesOutput struct{ Body forecast.Changes }

func (s *Server) forecastChanges(ctx context.Context, in *forecastChangesInput) (*forecastChangesOutput, error) {
	c, err := s.Forecasts.ChangesOf(ctx, scopeOf(ctx), in.ID, in.Limit)
	if err != nil {
		return nil, err
	}
	return &forecastChangesOutput{c}, s.sawForecast(ctx, in.r, in.ID)
}

type compareForecastsInput struct {
	Request
	A     int64 `query:"a" required:"true" minimum:"1"`
	B     int64 `query:"b" required:"true" minimum:"1"`
	Limit int   `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"Cells that differ most"`
}

type forecastComparisonOutput struct{ Body forecast.Comparison }

func (s *Server) compareForecasts(ctx context.Context, in *compareForecastsInput) (*forecastComparisonOutput, error) {
	c, err := s.Forecasts.Compare(ctx, scopeOf(ctx), in.A, in.B, in.Limit)
	if err != nil {
		return nil, err
	}
	return &forecastComparisonOutput{c}, errors.Join(s.sawForecast(ctx, in.r, in.A), s.sawForecast(ctx, in.r, in.B))
}

// ForecastCellInput names a cell.
type ForecastCellInput struct {
	Request
	ForecastInput
	Cell int `path:"cell" minimum:"0"`
}

type forecastCellOutput struct{ Body forecast.CellStory }

func (s *Server) getForecastCell(ctx context.Context, in *ForecastCellInput) (*forecastCellOutput, error) {
	c, err := s.Forecasts.Story(ctx, scopeOf(ctx), in.ID, in.Cell)
	if err != nil {
		return nil, err
	}
	return &forecastCellOutput{c}, s.sawForecast(ctx, in.r, in.ID)
}

type forecastExposureOutput struct{ Body forecast.Exposure }

func (s *Server) forecastExposure(ctx context.Context, in *getForecastInput) (*forecastExposureOutput, error) {
	e, err := s.Forecasts.ExposureOf(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &forecastExposureOutput{e}, s.sawForecast(ctx, in.r, in.ID)
}

type forecastRefitOutput struct{ Body forecast.Refitted }

// refitTime is how long a request may take all processors; see [forecast.Store.Refit].
const refitTime = time.Minute

func (s *Server) refitForecast(ctx context.Context, in *getForecastInput) (*forecastRefitOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, refitTime)
	defer cancel()
	f, err := s.Forecasts.Refit(ctx, scopeOf(ctx), in.ID, clientAddress(in.r))
	return &forecastRefitOutput{f}, err
}

type withdrawForecastInput struct {
	Request
	ForecastInput
	Body struct {
		Reason string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) withdrawForecast(ctx context.Context, in *withdrawForecastInput) (*forecastOutput, error) {
	r, err := s.Forecasts.Withdraw(ctx, scopeOf(ctx), in.ID, in.Body.Reason, clientAddress(in.r))
	return &forecastOutput{Status: 200, Body: r}, err
}

type forecastStandingsOutput struct {
	Body struct {
		Standing []forecast.Standing `json:"standing" nullable:"false"`
	}
}

func (s *Server) listStandingForecasts(ctx context.Context, _ *struct{}) (*forecastStandingsOutput, error) {
	out := &forecastStandingsOutput{}
	var err error
	out.Body.Standing, err = s.Forecasts.Standings(ctx, scopeOf(ctx))
	if out.Body.Standing == nil {
		out.Body.Standing = []forecast.Standing{}
	}
	return out, err
}

type standForecastInput struct {
	Request
	Body struct {
		UUID  string        `json:"uuid,omitempty" format:"uuid" doc:"Made by the client; an order sent again with it is the same"`
		Every string        `json:"every" enum:"shift,day,week,month" doc:"Half an hour before each begins"`
		Order ForecastOrder `json:"order" doc:"Without times"`
	}
}

type forecastStandingOutput struct {
	Status int
	Body   forecast.Standing
}

func (s *Server) standForecast(ctx context.Context, in *standForecastInput) (*forecastStandingOutput, error) {
	if in.Body.Order.From != nil || in.Body.Order.Until != nil {
		return nil, &layers.InputError{Field: "order.from", Remedy: "a standing order has no times of its own: leave from and until out"}
	}
	id, err := clientUUID(in.Body.UUID)
	if err != nil {
		return nil, err
	}
	st, again, err := s.Forecasts.Stand(ctx, scopeOf(ctx), in.Body.Order.order(id, clientAddress(in.r)), in.Body.Every)
	out := &forecastStandingOutput{http.StatusCreated, st}
	if again {
		out.Status = http.StatusOK
	}
	return out, err
}

func (s *Server) endStandingForecast(ctx context.Context, in *getForecastInput) (*struct{}, error) {
	return nil, s.Forecasts.End(ctx, scopeOf(ctx), in.ID, clientAddress(in.r))
}

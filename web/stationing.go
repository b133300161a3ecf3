package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"onemap/layers/access"
	"onemap/layers/deploy"
	"onemap/layers/deploy/roads"
)

// Plans of stationing: where units should stand, who gains and who loses.

// stationers make plans of stationing, see them and decide.
var stationers = only(deploy.Planners...)

// maxStationingBody is how large a question may be: 500 points that were drawn.
const maxStationingBody = 256 << 10

type stationingsInput struct {
	Before int64 `query:"before" minimum:"0" doc:"Older ones than this number: what an earlier answer called next"`
}

type stationingsOutput struct {
	Body struct {
		Plans []deploy.Plan `json:"plans" nullable:"false" doc:"The latest first, without areas and curves"`
		Next  int64         `json:"next,omitempty" doc:"Send it as before for those after them; absent at the end"`
	}
}

func (s *Server) listStationings(ctx context.Context, in *stationingsInput) (*stationingsOutput, error) {
	out := &stationingsOutput{}
	var err error
	out.Body.Plans, out.Body.Next, err = s.Stationing.List(ctx, scopeOf(ctx), in.Before)
	if out.Body.Plans == nil {
		out.Body.Plans = []deploy.Plan{}
	}
	return out, err
}

type stationingOutput struct {
	Status int
	Body   deploy.Plan
}

type stationingBody struct {
	UUID     uuid.UUID       `json:"uuid,omitempty" format:"uuid" doc:"Made by the client: sent again, it is the same plan"`
	Title    string          `json:"title" minLength:"1" maxLength:"200"`
	Org      string          `json:"org,omitempty" maxLength:"40" doc:"Whose forces. Left out: one's own organisation"`
	Question deploy.Question `json:"question"`
}

type createStationingInput struct {
	Request
	Body stationingBody
}

func (s *Server) createStationing(ctx context.Context, in *createStationingInput) (*stationingOutput, error) {
	b := in.Body
	p, again, err := s.Stationing.Make(ctx, scopeOf(ctx), deploy.Order{UUID: b.UUID, Title: b.Title, Org: b.Org, Question: b.Question, Address: clientAddress(in.r)})
	return stationingMade(p, again, err)
}

func stationingMade(p deploy.Plan, again bool, err error) (*stationingOutput, error) {
	out := &stationingOutput{http.StatusCreated, p}
	if again {
		out.Status = http.StatusOK
	}
	return out, err
}

type stationingInput struct {
	Request
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) getStationing(ctx context.Context, in *stationingInput) (*stationingOutput, error) {
	p, err := s.Stationing.Get(ctx, scopeOf(ctx), in.ID, clientAddress(in.r))
	return &stationingOutput{http.StatusOK, p}, err
}

type materialOutput struct{ Body deploy.Data }

func (s *Server) getStationingMaterial(ctx context.Context, in *stationingInput) (*materialOutput, error) {
	d, err := s.Stationing.Material(ctx, scopeOf(ctx), in.ID)
	return &materialOutput{d}, err
}

type previewStationingInput struct {
	Body struct {
		Question deploy.Question `json:"question"`
	}
}

func (s *Server) previewStationing(ctx context.Context, in *previewStationingInput) (*materialOutput, error) {
	d, err := s.Stationing.Preview(ctx, scopeOf(ctx), in.Body.Question)
	return &materialOutput{d}, err
}

type stationingStands struct {
	CRS   string         `json:"crs" maxLength:"20" doc:"WGS84, CGCS2000, GCJ02, BD09 or EPSG:n" example:"WGS84"`
	Posts []deploy.Stand `json:"posts" minItems:"1" maxItems:"200" nullable:"false" doc:"All posts that there would be, those that stay among them"`
}

type compareStationingInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body stationingStands
}

type comparisonOutput struct{ Body deploy.Comparison }

func (s *Server) compareStationing(ctx context.Context, in *compareStationingInput) (*comparisonOutput, error) {
	c, err := s.Stationing.WhatIf(ctx, scopeOf(ctx), in.ID, in.Body.CRS, in.Body.Posts)
	return &comparisonOutput{c}, err
}

type editStationingInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		CRS   string         `json:"crs" maxLength:"20" doc:"WGS84, CGCS2000, GCJ02, BD09 or EPSG:n" example:"WGS84"`
		Posts []deploy.Stand `json:"posts" minItems:"1" maxItems:"200" nullable:"false" doc:"All posts that there would be, those that stay among them"`
		UUID  uuid.UUID      `json:"uuid,omitempty" format:"uuid" doc:"Made by the client: sent again, it is the same plan"`
		Title string         `json:"title,omitempty" maxLength:"200" doc:"Left out: as it was"`
	}
}

func (s *Server) editStationing(ctx context.Context, in *editStationingInput) (*stationingOutput, error) {
	b := in.Body
	p, again, err := s.Stationing.Edit(ctx, scopeOf(ctx), in.ID, deploy.Order{UUID: b.UUID, Title: b.Title, Address: clientAddress(in.r)}, b.CRS, b.Posts)
	return stationingMade(p, again, err)
}

type decideStationingInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Decision string `json:"decision" enum:"accepted,refused,ended"`
		Reason   string `json:"reason,omitempty" maxLength:"2000" doc:"Needed for a refusal, an end, and a plan that does not keep all its conditions"`
	}
}

func (s *Server) decideStationing(ctx context.Context, in *decideStationingInput) (*stationingOutput, error) {
	p, err := s.Stationing.Decide(ctx, scopeOf(ctx), in.ID, in.Body.Decision, in.Body.Reason, clientAddress(in.r))
	return &stationingOutput{http.StatusOK, p}, err
}

type speedsOutput struct {
	Body struct {
		Speeds []roads.Speed `json:"speeds" nullable:"false"`
	}
}

func (s *Server) listSpeeds(ctx context.Context, _ *struct{}) (*speedsOutput, error) {
	out := &speedsOutput{}
	var err error
	out.Body.Speeds, err = s.Stationing.Roads.Speeds(ctx)
	if out.Body.Speeds == nil {
		out.Body.Speeds = []roads.Speed{}
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

// exportStationing sends a plan's posts as GeoJSON, or its posts and areas as a
// sheet.
func (s *Server) exportStationing(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return inputError("path.id", "", "a number")
	}
	format, err := choice(r.URL.Query(), "format", "geojson", "geojson", "csv", "xlsx")
	if err != nil {
		return err
	}
	lang, err := choice(r.URL.Query(), "lang", "zh", "zh", "en")
	if err != nil {
		return err
	}
	p, err := s.Stationing.Get(r.Context(), scopeOf(r.Context()), id, clientAddress(r))
	if err != nil {
		return err
	}
	if err := s.Audit.Record(r.Context(), scopeOf(r.Context()), access.Entry{Action: "stationing.export", Object: fmt.Sprintf("stationing/%d", id), Result: access.Done, Address: clientAddress(r),
		Detail: map[string]any{"format": format}}); err != nil {
		return err
	}
	name := fmt.Sprintf("stationing-%d", id)
	if format == "geojson" {
		fc := geojson.NewFeatureCollection()
		for _, post := range p.Answer.Plan.Posts {
			f := geojson.NewFeature(orb.Point{post.Lon, post.Lat})
			f.Properties = geojson.Properties{"plan": p.ID, "state": p.State, "number": post.Number, "name": post.Name, "units": post.Units, "fixed": post.Fixed, "demand": post.Demand, "mean_s": post.MeanS}
			fc.Append(f)
		}
		w.Header().Set("Content-Type", "application/geo+json")
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.geojson"`)
		return json.NewEncoder(w).Encode(fc)
	}
	return s.sendSheet(w, r, format, name, stationingSheets(p, lang))
}

// stationingSheets are a plan's posts, and what its areas have of it.
func stationingSheets(p deploy.Plan, lang string) []sheet {
	head := func(pairs ...[2]string) []string {
		out := make([]string, len(pairs))
		for i, h := range pairs {
			out[i] = said(lang, h[0], h[1])
		}
		return out
	}
	var posts, areas [][]any
	for _, x := range p.Answer.Plan.Posts {
		posts = append(posts, []any{x.Number, x.Name, x.Units, x.Lon, x.Lat, x.Demand, x.MeanS / 60})
	}
	today := map[string]deploy.AreaHas{}
	if p.Answer.Today != nil {
		for _, a := range p.Answer.Today.Areas {
			today[a.Code] = a
		}
	}
	for _, a := range p.Answer.Plan.Areas {
		row := []any{a.Code, said(lang, a.NameZH, a.NameEN), a.Demand, a.Covered, a.MeanS / 60, nil, nil}
		if t, ok := today[a.Code]; ok {
			row[5], row[6] = t.Covered, t.MeanS/60
		}
		areas = append(areas, row)
	}
	return []sheet{
		{title: said(lang, "驻点", "Posts"), main: true, rows: rowsOf(posts), head: head([2]string{"序号", "Number"}, [2]string{"名称", "Name"}, [2]string{"力量数", "Units"}, [2]string{"经度", "Longitude"}, [2]string{"纬度", "Latitude"},
			[2]string{"最近覆盖的需求", "Demand it is nearest to"}, [2]string{"平均到达分钟", "Mean minutes"})},
		{title: said(lang, "区域", "Areas"), rows: rowsOf(areas), head: head([2]string{"代码", "Code"}, [2]string{"名称", "Name"}, [2]string{"需求", "Demand"}, [2]string{"达标占比", "Share within the standard"},
			[2]string{"平均到达分钟", "Mean minutes"}, [2]string{"现状达标占比", "Share today"}, [2]string{"现状平均分钟", "Mean minutes today"})},
	}
}

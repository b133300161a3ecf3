package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"onemap/geo/griddraw"
	"onemap/layers/grid"
)

// A GridDraft is a draft of grids under a name of its own in the API's description.
type GridDraft grid.Draft

type draftsOutput struct {
	Body struct {
		Drafts []GridDraft `json:"drafts" nullable:"false" doc:"The latest first, without their reports"`
	}
}

func (s *Server) listGridDrafts(ctx context.Context, _ *struct{}) (*draftsOutput, error) {
	all, err := s.Grids.List(ctx, scopeOf(ctx))
	out := &draftsOutput{}
	out.Body.Drafts = []GridDraft{}
	for _, d := range all {
		out.Body.Drafts = append(out.Body.Drafts, GridDraft(d))
	}
	return out, err
}

type newDraftInput struct {
	Request
	Body struct {
		Name        string   `json:"name" minLength:"1" maxLength:"100"`
		Layer       string   `json:"layer,omitempty" enum:"grid_unit,grid_duty,grid_community" doc:"Left out: grid_unit"`
		Source      string   `json:"source" enum:"draw,current,empty" doc:"draw: from roads, water and boundaries of the base library, unit grids only; current: what is in force; empty: each community one cell"`
		Area        string   `json:"area_code,omitempty" maxLength:"20" doc:"A division: all communities below it"`
		Communities []string `json:"communities,omitempty" maxItems:"10000" doc:"Codes of communities"`
		Boundary    int      `json:"boundary_level,omitempty" minimum:"0" maximum:"20" doc:"Where there are no divisions: the outlines of base_boundary of this level are the communities"`
		Grids       string   `json:"grids,omitempty" enum:"grid_duty,grid_community" doc:"Where there are no divisions: the grids in force of this layer are the communities"`
		Options     struct {
			TargetM2  float64 `json:"target_m2,omitempty" doc:"Area of a cell in built-up land; left out: 10,000 m²"`
			OutsideM2 float64 `json:"outside_m2,omitempty" doc:"Area of a cell where nothing is built; left out: 250,000 m²"`
		} `json:"options,omitempty"`
	}
}

type draftOutput struct{ Body GridDraft }

func (s *Server) createGridDraft(ctx context.Context, in *newDraftInput) (*draftOutput, error) {
	b := in.Body
	d, err := s.Grids.Create(ctx, scopeOf(ctx), grid.NewDraft{Name: b.Name, Layer: b.Layer, Source: b.Source,
		Ground:  grid.Ground{Area: b.Area, Communities: b.Communities, Boundary: b.Boundary, Grids: b.Grids},
		Options: grid.DrawOptions{TargetM2: b.Options.TargetM2, OutsideM2: b.Options.OutsideM2}, Address: clientAddress(in.r)})
	return &draftOutput{GridDraft(d)}, err
}

type DraftInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) getGridDraft(ctx context.Context, in *DraftInput) (*draftOutput, error) {
	d, err := s.Grids.Get(ctx, scopeOf(ctx), in.ID)
	return &draftOutput{GridDraft(d)}, err
}

type deleteDraftInput struct {
	Request
	DraftInput
	Version int `query:"version" minimum:"0" doc:"That the caller saw; left out: whichever"`
}

func (s *Server) deleteGridDraft(ctx context.Context, in *deleteDraftInput) (*struct{}, error) {
	return nil, s.Grids.Delete(ctx, scopeOf(ctx), in.ID, in.Version, clientAddress(in.r))
}

type operationsOutput struct {
	Body struct {
		Operations []grid.DraftStep `json:"operations" nullable:"false" doc:"The latest first"`
	}
}

func (s *Server) gridDraftHistory(ctx context.Context, in *DraftInput) (*operationsOutput, error) {
	all, err := s.Grids.History(ctx, scopeOf(ctx), in.ID)
	out := &operationsOutput{}
	out.Body.Operations = append([]grid.DraftStep{}, all...)
	return out, err
}

type lonLat [2]float64

type operationInput struct {
	Request
	DraftInput
	Body struct {
		Version   int        `json:"version" minimum:"1" doc:"The draft's, as the caller saw it"`
		Op        string     `json:"op" enum:"split,merge,move,remove,shift,assign,set" doc:"split: cell, line. merge: cells. move: moves. remove: points. shift: cell, line. assign: cell, community. set: cell and what is to change"`
		Reason    string     `json:"reason,omitempty" maxLength:"1000"`
		Confirm   bool       `json:"confirm,omitempty" doc:"Though a building is cut"`
		Cell      int64      `json:"cell,omitempty"`
		Cells     []int64    `json:"cells,omitempty" maxItems:"1000"`
		Line      []lonLat   `json:"line,omitempty" maxItems:"1000" doc:"Longitudes and latitudes"`
		Moves     []GridMove `json:"moves,omitempty" maxItems:"1000"`
		Points    []lonLat   `json:"points,omitempty" maxItems:"1000" doc:"Corners to take out"`
		Community string     `json:"community,omitempty" maxLength:"20"`
		Name      *string    `json:"name,omitempty" maxLength:"100"`
		Class     *string    `json:"area_class,omitempty" enum:"A,B,C"`
		Kind      *string    `json:"kind,omitempty" enum:"general,dedicated,micro"`
		Parent    *string    `json:"parent,omitempty" maxLength:"40"`
		Code      *string    `json:"code,omitempty" maxLength:"40"`
	}
}

type GridMove struct {
	From lonLat `json:"from" doc:"A corner, or a place on an edge"`
	To   lonLat `json:"to"`
}

type answerOutput struct{ Body grid.Edited }

func (s *Server) editGridDraft(ctx context.Context, in *operationInput) (*answerOutput, error) {
	b := in.Body
	o := grid.Operation{Op: b.Op, Cell: b.Cell, Cells: b.Cells, Community: b.Community, Name: b.Name, Class: b.Class, Kind: b.Kind, Parent: b.Parent, Code: b.Code, Confirm: b.Confirm}
	for _, p := range b.Line {
		o.Line = append(o.Line, orb.Point(p))
	}
	for _, p := range b.Points {
		o.Points = append(o.Points, orb.Point(p))
	}
	for _, m := range b.Moves {
		o.Moves = append(o.Moves, griddraw.Move{From: orb.Point(m.From), To: orb.Point(m.To)})
	}
	a, err := s.Grids.Operate(ctx, scopeOf(ctx), in.ID, b.Version, o, b.Reason, clientAddress(in.r))
	return &answerOutput{a}, err
}

type turnInput struct {
	Request
	DraftInput
	Body struct {
		Version int    `json:"version" minimum:"1" doc:"The draft's, as the caller saw it"`
		Reason  string `json:"reason,omitempty" maxLength:"1000"`
	}
}

func (s *Server) undoGridDraft(ctx context.Context, in *turnInput) (*answerOutput, error) {
	a, err := s.Grids.Undo(ctx, scopeOf(ctx), in.ID, in.Body.Version, in.Body.Reason, clientAddress(in.r))
	return &answerOutput{a}, err
}

func (s *Server) redoGridDraft(ctx context.Context, in *turnInput) (*answerOutput, error) {
	a, err := s.Grids.Redo(ctx, scopeOf(ctx), in.ID, in.Body.Version, in.Body.Reason, clientAddress(in.r))
	return &answerOutput{a}, err
}

type checkOutput struct{ Body grid.CheckReport }

func (s *Server) checkGridDraft(ctx context.Context, in *DraftInput) (*checkOutput, error) {
	r, err := s.Grids.Check(ctx, scopeOf(ctx), in.ID)
	return &checkOutput{r}, err
}

type checkGridsInput struct {
	Body struct {
		Layer string `json:"layer" enum:"grid_unit,grid_duty,grid_community"`
		Date  string `json:"date,omitempty" format:"date" doc:"Left out: today"`
		Area  string `json:"area_code,omitempty" maxLength:"20" doc:"The first digits of a division's code; left out: all"`
	}
}

func (s *Server) checkGrids(ctx context.Context, in *checkGridsInput) (*checkOutput, error) {
	v := grid.Survey{Layer: in.Body.Layer, Area: in.Body.Area}
	if in.Body.Date != "" {
		day, err := time.Parse(time.DateOnly, in.Body.Date)
		if err != nil {
			return nil, inputError("date", in.Body.Date, "a day as YYYY-MM-DD")
		}
		v.On = day
	}
	r, err := grid.CheckInForce(ctx, s.Store, v)
	return &checkOutput{r}, err
}

type publishInput struct {
	Request
	DraftInput
	Body struct {
		Version   int      `json:"version" minimum:"1" doc:"The draft's, as the caller saw it"`
		ValidFrom string   `json:"valid_from,omitempty" format:"date" doc:"The day from which the grids are in force, today or before; left out: today"`
		Reason    string   `json:"reason" minLength:"1" maxLength:"1000"`
		Accept    []string `json:"accept,omitempty" maxItems:"30" doc:"Kinds of violations of the check that are let pass; newer: replace what was published or imported since the draft was made"`
	}
}

func (s *Server) publishGridDraft(ctx context.Context, in *publishInput) (*draftOutput, error) {
	d, err := s.Grids.Publish(ctx, scopeOf(ctx), in.ID, grid.Publishing{Version: in.Body.Version, ValidFrom: in.Body.ValidFrom,
		Reason: in.Body.Reason, Accept: in.Body.Accept, Address: clientAddress(in.r)})
	return &draftOutput{GridDraft(d)}, err
}

// maxDraftCells is how many cells one answer has at most.
const maxDraftCells = 10_000

func (s *Server) gridDraftCells(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "bbox", "limit"); err != nil {
		return err
	}
	id, err := pathID(r)
	if err != nil {
		return err
	}
	limit, err := intParam(r, "limit", maxDraftCells, 1, maxDraftCells)
	if err != nil {
		return err
	}
	box, err := queryBox(r)
	if err != nil {
		return err
	}
	cells, err := s.Grids.Cells(r.Context(), scopeOf(r.Context()), id, box, int(limit))
	if err != nil {
		return err
	}
	more := len(cells) > int(limit)
	if more {
		cells = cells[:limit]
	}
	fc := geojson.NewFeatureCollection()
	fc.ExtraMembers = geojson.Properties{"numberReturned": len(cells), "more": more}
	for _, c := range cells {
		f := geojson.NewFeature(c.Geometry)
		f.ID = c.Cell
		f.Properties = geojson.Properties{"cell": c.Cell, "code": c.Code, "new": c.Fresh, "was": c.Was, "community": c.Community, "name": c.Name,
			"area_class": c.Class, "kind": c.Kind, "parent": c.Parent, "flags": c.Flags, "area_m2": c.AreaM2, "points": c.Corners}
		fc.Append(f)
	}
	return writeGeoJSON(w, fc)
}

func (s *Server) gridDraftLines(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "bbox"); err != nil {
		return err
	}
	id, err := pathID(r)
	if err != nil {
		return err
	}
	box, err := queryBox(r)
	if err != nil {
		return err
	}
	if box == nil {
		return inputError("query.bbox", "", "west,south,east,north")
	}
	lines, err := s.Grids.SnapLines(r.Context(), scopeOf(r.Context()), id, *box)
	if err != nil {
		return err
	}
	fc := geojson.NewFeatureCollection()
	for _, l := range lines {
		f := geojson.NewFeature(l.Geometry)
		f.Properties = geojson.Properties{"kind": l.Kind, "class": l.Class}
		fc.Append(f)
	}
	return writeGeoJSON(w, fc)
}

// queryBox reads the parameter bbox, nil where it is left out. It may not cross the antimeridian.
func queryBox(r *http.Request) (*orb.Bound, error) {
	text := r.URL.Query().Get("bbox")
	if text == "" {
		return nil, nil //nolint:nilnil // no box is no fault
	}
	if _, err := parseBox(text); err != nil {
		return nil, err
	}
	v, _ := corners(text)
	if v[0] > v[2] {
		return nil, inputError("query.bbox", text, "a box that does not cross the antimeridian")
	}
	return &orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}, nil
}

func writeGeoJSON(w http.ResponseWriter, fc *geojson.FeatureCollection) error {
	b, err := json.Marshal(fc)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/geo+json")
	_, _ = bytes.NewReader(b).WriteTo(w) // the client may have left
	return nil
}

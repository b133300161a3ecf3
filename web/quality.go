package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/locate"
	"onemap/layers/quality"
)

// Quality of data by GB/T 36344, X = A / B: see layers/quality.

// onlyRuleMakers make rules: officers of a layer's owner, and administrators
// for layers that nobody owns.
var onlyRuleMakers = only(access.DepartmentOfficer, access.Administrator)

type qualityKindsOutput struct {
	Body struct {
		Dimensions []quality.Dimension `json:"dimensions" nullable:"false"`
		Kinds      []quality.Kind      `json:"kinds" nullable:"false"`
	}
}

func (s *Server) qualityKinds(context.Context, *struct{}) (*qualityKindsOutput, error) {
	out := &qualityKindsOutput{}
	out.Body.Dimensions, out.Body.Kinds = quality.Dimensions, quality.Kinds
	return out, nil
}

type qualityRulesInput struct {
	Layer string `query:"layer" required:"true" maxLength:"48"`
	Ended bool   `query:"ended" doc:"Those that ended too"`
}

type qualityRulesOutput struct {
	Body struct {
		Rules []quality.Rule `json:"rules" nullable:"false"`
	}
}

func (s *Server) listQualityRules(ctx context.Context, in *qualityRulesInput) (*qualityRulesOutput, error) {
	out := &qualityRulesOutput{}
	var err error
	out.Body.Rules, err = s.Quality.Rules(ctx, scopeOf(ctx), in.Layer, in.Ended)
	return out, err
}

// A QualityRuleBody is a rule as it is made.
type QualityRuleBody struct {
	Layer      string         `json:"layer" maxLength:"48"`
	Indicator  string         `json:"indicator,omitempty" maxLength:"60" doc:"Left out: the kind's"`
	Kind       string         `json:"kind" maxLength:"40"`
	Field      string         `json:"field,omitempty" maxLength:"48"`
	Params     map[string]any `json:"params,omitempty"`
	Condition  string         `json:"condition,omitempty" maxLength:"2000" doc:"Which rows are assessed, in CQL2 text"`
	Weight     float64        `json:"weight,omitempty" minimum:"0" maximum:"100" doc:"Left out: 1"`
	Quarantine bool           `json:"quarantine,omitempty" doc:"An import keeps rows that fail it out of the layer"`
	TitleZH    string         `json:"title_zh,omitempty" maxLength:"200"`
	TitleEN    string         `json:"title_en,omitempty" maxLength:"200"`
	Basis      string         `json:"basis,omitempty" maxLength:"500" doc:"The standard or document behind it"`
}

type newRuleInput struct {
	Request
	Body QualityRuleBody
}

type qualityRuleOutput struct{ Body quality.Rule }

func (s *Server) addQualityRule(ctx context.Context, in *newRuleInput) (*qualityRuleOutput, error) {
	b := in.Body
	r, err := s.Quality.AddRule(ctx, scopeOf(ctx), quality.Rule{Layer: b.Layer, Indicator: b.Indicator, Kind: b.Kind, Field: b.Field, Params: b.Params, Condition: b.Condition,
		Weight: b.Weight, Quarantine: b.Quarantine, TitleZH: b.TitleZH, TitleEN: b.TitleEN, Basis: b.Basis}, clientAddress(in.r))
	return &qualityRuleOutput{r}, err
}

type qualityRuleID struct {
	Request
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) endQualityRule(ctx context.Context, in *qualityRuleID) (*struct{}, error) {
	return nil, s.Quality.EndRule(ctx, scopeOf(ctx), in.ID, clientAddress(in.r))
}

type proposeRulesInput struct {
	Layer string `query:"layer" required:"true" maxLength:"48"`
}

func (s *Server) proposeQualityRules(ctx context.Context, in *proposeRulesInput) (*qualityRulesOutput, error) {
	out := &qualityRulesOutput{}
	var err error
	out.Body.Rules, err = s.Quality.Propose(ctx, scopeOf(ctx), in.Layer)
	return out, err
}

type marksOutput struct {
	Body struct {
		Layers        []quality.LayerMark `json:"layers" nullable:"false"`
		Organisations []quality.OrgMark   `json:"organisations" nullable:"false"`
	}
}

func (s *Server) qualityMarks(ctx context.Context, _ *struct{}) (*marksOutput, error) {
	out := &marksOutput{}
	var err error
	if out.Body.Layers, err = s.Quality.LayerMarks(ctx, scopeOf(ctx)); err != nil {
		return nil, err
	}
	out.Body.Organisations, err = s.Quality.OrgMarks(ctx, time.Now().Add(time.Minute))
	return out, err
}

type qualityHistoryInput struct {
	Layer   string    `query:"layer" maxLength:"48" doc:"Its runs"`
	Org     string    `query:"org" maxLength:"32" doc:"Or an organisation's days"`
	Batches bool      `query:"batches" doc:"Runs over imports too"`
	From    time.Time `query:"from" doc:"Left out: 90 days before to"`
	To      time.Time `query:"to" doc:"Left out: now"`
}

type qualityHistoryOutput struct {
	Body struct {
		Points []quality.Point `json:"points" nullable:"false" doc:"The oldest first"`
	}
}

func (s *Server) qualityHistory(ctx context.Context, in *qualityHistoryInput) (*qualityHistoryOutput, error) {
	if (in.Layer == "") == (in.Org == "") {
		return nil, &layers.InputError{Field: "query.layer", Remedy: "a layer, or an organisation in org, one of the two"}
	}
	if in.To.IsZero() {
		in.To = time.Now().Add(time.Minute)
	}
	if in.From.IsZero() {
		in.From = in.To.AddDate(0, 0, -90)
	}
	if !in.From.Before(in.To) || in.To.Sub(in.From) > 5*366*24*time.Hour {
		return nil, &layers.InputError{Field: "query.from", Remedy: "before to, by at most five years"}
	}
	out := &qualityHistoryOutput{}
	var err error
	if in.Layer != "" {
		out.Body.Points, err = s.Quality.History(ctx, scopeOf(ctx), in.Layer, in.From, in.To, in.Batches)
	} else {
		out.Body.Points, err = s.Quality.OrgHistory(ctx, in.Org, in.From, in.To)
	}
	return out, err
}

type runQualityInput struct {
	Request
	Body struct {
		Layer string `json:"layer" maxLength:"48"`
	}
}

type qualityCardOutput struct{ Body quality.Card }

func (s *Server) runQuality(ctx context.Context, in *runQualityInput) (*qualityCardOutput, error) {
	c, err := s.Quality.RunNow(ctx, scopeOf(ctx), in.Body.Layer, clientAddress(in.r))
	return &qualityCardOutput{c}, err
}

type qualityRunID struct {
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) getQualityRun(ctx context.Context, in *qualityRunID) (*qualityCardOutput, error) {
	c, err := s.Quality.Card(ctx, scopeOf(ctx), in.ID)
	return &qualityCardOutput{c}, err
}

type latestCardInput struct {
	Layer string `query:"layer" required:"true" maxLength:"48"`
	Batch int64  `query:"batch" minimum:"0" doc:"Of an import; left out: of the layer itself"`
}

func (s *Server) latestQuality(ctx context.Context, in *latestCardInput) (*qualityCardOutput, error) {
	c, err := s.Quality.LatestCard(ctx, scopeOf(ctx), in.Layer, in.Batch)
	return &qualityCardOutput{c}, err
}

// listFailures answers with failing rows as GeoJSON, each with the numbers of
// the rules that it failed beside its properties.
func (s *Server) listFailures(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "layer", "batch", "rule", "bbox", "after", "limit"); err != nil {
		return err
	}
	get := r.URL.Query().Get
	q := quality.FailureQuery{Layer: get("layer")}
	numbers := []struct {
		name      string
		otherwise int64
		least     int64
		most      int64
		into      *int64
	}{{"batch", 0, 0, math.MaxInt64, &q.Batch}, {"rule", 0, 0, math.MaxInt64, &q.Rule}, {"after", 0, 0, math.MaxInt64, &q.After}}
	for _, n := range numbers {
		v, err := intParam(r, n.name, n.otherwise, n.least, n.most)
		if err != nil {
			return err
		}
		*n.into = v
	}
	limit, err := intParam(r, "limit", 1000, 1, 5000)
	if err != nil {
		return err
	}
	q.Limit = int(limit)
	if box := get("bbox"); box != "" {
		v, ok := corners(box)
		if !ok || v[0] > v[2] || v[1] > v[3] {
			return &layers.InputError{Field: "query.bbox", Value: layers.Short(box), Remedy: "west,south,east,north in degrees"}
		}
		q.Box = &orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}
	}
	found, err := s.Quality.Failures(r.Context(), scopeOf(r.Context()), q)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"type":"FeatureCollection","run":%d,"features":[`, found.Run)
	for i, f := range found.Rows {
		one, err := featureJSON(layers.Query{Layer: found.Layer, Fields: found.Fields}, layers.Feature{ID: f.ID, Geometry: f.Geometry, Values: f.Values})
		if err != nil {
			return err
		}
		rules, err := json.Marshal(f.Rules)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteString(",\n")
		}
		b.Write(one[:len(one)-1])
		b.WriteString(`,"rules":`)
		b.Write(rules)
		b.WriteByte('}')
	}
	fmt.Fprintf(&b, `],"numberReturned":%d`, len(found.Rows))
	if found.More {
		v := r.URL.Query()
		v.Set("after", strconv.FormatInt(found.Rows[len(found.Rows)-1].ID, 10))
		next := withQuery(s.baseURL(r)+r.URL.Path, v)
		w.Header().Set("Link", "<"+next+`>; rel="next"`)
		links, err := json.Marshal([]link{{Href: next, Rel: "next", Type: "application/geo+json"}})
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, `,"links":%s`, links)
	}
	b.WriteByte('}')
	w.Header().Set("Content-Type", "application/geo+json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes()) // the client may have left
	return nil
}

type heldInput struct {
	Layer   string `query:"layer" required:"true" maxLength:"48"`
	Batch   int64  `query:"batch" minimum:"0"`
	Decided bool   `query:"decided" doc:"Those that were decided on too"`
	After   int64  `query:"after" minimum:"0" doc:"With larger numbers only: the next page"`
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type heldOutput struct {
	Body struct {
		Rows []quality.Held `json:"rows" nullable:"false"`
	}
}

func (s *Server) listHeld(ctx context.Context, in *heldInput) (*heldOutput, error) {
	out := &heldOutput{}
	var err error
	out.Body.Rows, err = s.Quality.HeldRows(ctx, scopeOf(ctx), in.Layer, in.Batch, in.Decided, in.After, in.Limit)
	return out, err
}

type decideInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Action string            `json:"action" enum:"let_in,mend,drop"`
		Reason string            `json:"reason,omitempty" maxLength:"500" doc:"Of let_in and drop"`
		Values map[string]string `json:"values,omitempty" doc:"Of mend: by field, as text; empty text: no value"`
		Place  *PlaceBody        `json:"place,omitempty" doc:"Of mend: where it lies"`
	}
}

type decidedOutput struct{ Body quality.Held }

func (s *Server) decideHeld(ctx context.Context, in *decideInput) (*decidedOutput, error) {
	d := quality.Decision{Name: in.Body.Action, Reason: in.Body.Reason, Values: in.Body.Values, Place: sentPlace(in.Body.Place), Address: clientAddress(in.r)}
	h, err := s.Quality.Decide(ctx, scopeOf(ctx), in.ID, d)
	return &decidedOutput{h}, err
}

// sentPlace is a place that may be left out.
func sentPlace(b *PlaceBody) *locate.Place {
	if b == nil {
		return nil
	}
	at := locate.Place(b.place())
	return &at
}

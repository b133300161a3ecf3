package web

import (
	"context"
	"encoding/json"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/opendata"
)

// onlyMarkers decide which layers may be shown to the public at all; who owns a
// layer then says how, see onlyOpeners.
var onlyMarkers = only(access.SecurityAdministrator)

// rulesReaders see the rules: whoever sets them, and whoever opens layers.
var rulesReaders = only(access.DepartmentOfficer, access.Administrator, access.SecurityAdministrator)

type openFieldBody struct {
	Name    string `json:"name"`
	TitleZH string `json:"title_zh"`
	TitleEN string `json:"title_en"`
	Type    string `json:"type" enum:"text,integer,number,boolean,date,time"`
}

// An openableBody is a layer as it stands before the public.
type openableBody struct {
	Name       string          `json:"name"`
	TitleZH    string          `json:"title_zh"`
	TitleEN    string          `json:"title_en"`
	Subject    string          `json:"subject"`
	Geometry   string          `json:"geometry"`
	Owner      string          `json:"owner" doc:"Organisation code"`
	Share      string          `json:"share" enum:"unconditional,conditional,none"`
	ShareBasis string          `json:"share_basis"`
	Open       bool            `json:"open" doc:"It may be shown to the public, by a rule"`
	Published  bool            `json:"published" doc:"The public sees it, or its copy, now"`
	AskReason  bool            `json:"ask_reason" doc:"Sensitive: no copy of it is made"`
	KFloor     int             `json:"k_floor" doc:"Of counts: shown as they were released for the public, without a copy"`
	Fields     []openFieldBody `json:"fields" nullable:"false" doc:"Public fields: those that a copy may have"`
	Hidden     int             `json:"hidden" doc:"How many fields are not public"`
}

// openables are layers for the page of rules, with whether the public sees them.
func (s *Server) openables(ctx context.Context) ([]openableBody, error) {
	mine, err := s.Open.Openable(ctx, scopeOf(ctx))
	if err != nil {
		return nil, err
	}
	shown, err := s.Open.Datasets(ctx)
	if err != nil {
		return nil, err
	}
	public := map[string]bool{}
	for _, d := range shown {
		public[d.Layer.Name], public[d.Layer.CopyOf] = true, true
	}
	out := []openableBody{}
	for _, l := range mine {
		b := openableBody{Name: l.Name, TitleZH: l.TitleZH, TitleEN: l.TitleEN, Subject: l.Subject, Geometry: l.Geometry, Owner: l.Owner, Share: l.Share,
			ShareBasis: l.ShareBasis, Open: l.Open, Published: public[l.Name], AskReason: l.AskReason, KFloor: l.KFloor, Fields: []openFieldBody{}}
		for _, f := range l.Fields {
			if f.Sensitivity == layers.Public && !layers.ReservedField(f.Name) {
				b.Fields = append(b.Fields, openFieldBody{f.Name, f.TitleZH, f.TitleEN, f.Type})
			} else {
				b.Hidden++
			}
		}
		out = append(out, b)
	}
	return out, nil
}

type previewOpenOutput struct {
	Body struct {
		Rows      int64             `json:"rows" doc:"Of the layer, now"`
		Shown     int64             `json:"shown" doc:"To the public"`
		Late      int64             `json:"late" doc:"Left out: newer than the delay"`
		Shapeless int64             `json:"shapeless" doc:"Left out: nothing is left of the shape"`
		Few       int64             `json:"few" doc:"Left out: too few in their cell"`
		Features  []json.RawMessage `json:"features" nullable:"false" doc:"Some of those shown, as GeoJSON features, at most 500"`
	}
}

func (b OpenRuleBody) rule(layer string) opendata.Rule {
	return opendata.Rule{Layer: layer, AsIs: b.AsIs, Fields: b.Fields, CellM: b.CellM, SimplifyM: b.SimplifyM,
		DelayHours: b.DelayHours, Floor: b.Floor, RefreshHours: b.RefreshHours, Licence: b.Licence}
}

// previewOpenRule tells what a rule would show, and changes nothing.
func (s *Server) previewOpenRule(ctx context.Context, in *putOpenRuleInput) (*previewOpenOutput, error) {
	p, err := s.Open.Preview(ctx, scopeOf(ctx), in.Body.rule(in.Layer))
	if err != nil {
		return nil, err
	}
	out := &previewOpenOutput{}
	b := &out.Body
	b.Rows, b.Shown, b.Late, b.Shapeless, b.Few = p.Rows, p.Shown, p.Late, p.Shapeless, p.Few
	b.Features = append([]json.RawMessage{}, p.Features...)
	return out, nil
}

type markOpenInput struct {
	Layer string `path:"layer"`
	Body  struct {
		Open   bool   `json:"open"`
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"For the audit"`
	}
}

// markOpen opens a layer to the public by rule, or closes it at once.
func (s *Server) markOpen(ctx context.Context, in *markOpenInput) (*struct{}, error) {
	return nil, s.Open.Mark(ctx, scopeOf(ctx), in.Layer, in.Body.Open, in.Body.Reason)
}

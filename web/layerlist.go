package web

import (
	"context"
	"strings"

	"onemap/layers"
	"onemap/layers/access"
)

// A layerBody is a layer as the caller may see it.
type layerBody struct {
	Name        string         `json:"name"`
	TitleZH     string         `json:"title_zh"`
	TitleEN     string         `json:"title_en"`
	Subject     string         `json:"subject" enum:"base,grid,population,enterprise,asset,emergency,forecast,other"`
	Geometry    string         `json:"geometry" enum:"Point,LineString,Polygon,MultiPoint,MultiLineString,MultiPolygon"`
	Owner       string         `json:"owner" doc:"Organisation code"`
	Share       string         `json:"share" enum:"unconditional,conditional,none" doc:"无条件共享, 有条件共享, 不予共享"`
	ShareBasis  string         `json:"share_basis" doc:"The law or the condition behind it"`
	Open        bool           `json:"open" doc:"The public may see it"`
	MinZoom     int            `json:"minzoom"`
	MaxZoom     int            `json:"maxzoom"`
	DetailZoom  int            `json:"detail_zoom" doc:"Below it tiles count points by cell, in a property count; 0: never"`
	Style       map[string]any `json:"style" doc:"Legend and drawing"`
	UpdateCycle string         `json:"update_cycle"`
	TimeField   string         `json:"time_field" doc:"What datetime filters; empty if nothing"`
	KFloor      int            `json:"k_floor" doc:"Counts below it are never served; 0: none"`
	Fields      []fieldBody    `json:"fields" nullable:"false" doc:"Those the caller may see"`
	Masked      []string       `json:"masked" nullable:"false" doc:"Fields that there are and the caller may not see"`
	Partly      bool           `json:"partly" doc:"The caller sees some of its rows only"`
	AskReason   bool           `json:"ask_reason" doc:"Sensitive: who looks at it says why first"`
	LacksReason bool           `json:"lacks_reason" doc:"The caller has yet to say why, and sees nothing of it until then: PUT /api/v1/session/reasons"`
	Tiles       string         `json:"tiles" doc:"Template of its tiles' addresses"`
}

type fieldBody struct {
	Name    string `json:"name"`
	TitleZH string `json:"title_zh"`
	TitleEN string `json:"title_en"`
	Type    string `json:"type" enum:"text,integer,number,boolean,date,time"`
	InTile  bool   `json:"in_tile"`
}

type layersOutput struct {
	Body struct {
		Layers []layerBody `json:"layers" nullable:"false"`
	}
}

func (s *Server) listLayers(ctx context.Context, _ *struct{}) (*layersOutput, error) {
	all, err := s.Store.Layers(ctx)
	if err != nil {
		return nil, err
	}
	out := &layersOutput{}
	out.Body.Layers = []layerBody{}
	scope := scopeOf(ctx)
	for _, l := range all {
		if right, ok := scope.Layer(l); ok {
			out.Body.Layers = append(out.Body.Layers, describeLayer(l, right, scope))
		}
	}
	return out, nil
}

type layerInput struct {
	Layer string `path:"layer"`
}

type layerOutput struct{ Body layerBody }

func (s *Server) getLayer(ctx context.Context, in *layerInput) (*layerOutput, error) {
	l, right, err := s.layer(ctx, in.Layer)
	if err != nil {
		return nil, err
	}
	return &layerOutput{describeLayer(l, right, scopeOf(ctx))}, nil
}

func describeLayer(l layers.Layer, right access.Right, by access.Scope) layerBody {
	b := layerBody{Name: l.Name, TitleZH: l.TitleZH, TitleEN: l.TitleEN, Subject: l.Subject, Geometry: l.Geometry, Owner: l.Owner,
		Share: l.Share, ShareBasis: l.ShareBasis, Open: l.Open, MinZoom: l.MinZoom, MaxZoom: l.MaxZoom, DetailZoom: l.DetailZoom,
		Style: l.Style, UpdateCycle: l.UpdateCycle, TimeField: l.TimeField, KFloor: l.KFloor,
		AskReason: l.AskReason, LacksReason: by.LacksReason(l),
		Fields: []fieldBody{}, Masked: append([]string{}, right.Masked...), Partly: partly(right),
		Tiles: strings.Replace(tilePattern, "{layers}", l.Name, 1)}
	if b.Style == nil {
		b.Style = map[string]any{}
	}
	for _, name := range right.Fields {
		if f, ok := l.Field(name); ok {
			b.Fields = append(b.Fields, fieldBody{f.Name, f.TitleZH, f.TitleEN, f.Type, f.InTile})
		}
	}
	return b
}

package web

import (
	"context"
	"math"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/search"
)

// What the search box and a click on the map ask.

type searchInput struct {
	Text  string `query:"q" required:"true" minLength:"1" maxLength:"100" doc:"A name, a code, or an incident's number"`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type searchOutput struct {
	Body struct {
		Hits       []search.Hit `json:"hits" nullable:"false" doc:"The best first"`
		Incomplete []string     `json:"incomplete,omitempty" doc:"Layers that took too long to look through"`
	}
}

func (s *Server) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	found, err := s.Search.Find(ctx, scopeOf(ctx), in.Text, in.Limit)
	for _, hit := range found.Hits {
		if l, lerr := s.Store.Layer(ctx, hit.Layer); lerr == nil && err == nil {
			err = s.looked(ctx, l)
		}
	}
	if err != nil {
		return nil, err
	}
	out := &searchOutput{}
	out.Body.Hits, out.Body.Incomplete = append([]search.Hit{}, found.Hits...), found.Incomplete
	return out, err
}

type atInput struct {
	Lon     float64 `query:"lon" required:"true" minimum:"-180" maximum:"180" doc:"Degrees"`
	Lat     float64 `query:"lat" required:"true" minimum:"-90" maximum:"90" doc:"Degrees"`
	RadiusM float64 `query:"radius_m" minimum:"0" maximum:"5000" default:"50" doc:"Metres"`
	Layers  string  `query:"layers" doc:"Names, separated by commas; left out: all that may be seen"`
	Limit   int     `query:"limit" minimum:"1" maximum:"100" default:"10" doc:"Features a layer"`
}

type atOutput struct {
	Body struct {
		Grid   string      `json:"grid_code" doc:"The finest governance grid here; empty outside of all"`
		Area   string      `json:"area_code"`
		AreaZH string      `json:"area_zh"`
		AreaEN string      `json:"area_en"`
		Layers []nearLayer `json:"layers" nullable:"false"`
	}
}

type nearLayer struct {
	Name     string        `json:"name"`
	Features []nearFeature `json:"features" nullable:"false" doc:"The nearest first"`
}

type nearFeature struct {
	ID         int64          `json:"id"`
	DistanceM  float64        `json:"distance_m" doc:"Metres; 0 inside"`
	Lon        float64        `json:"lon" doc:"Of its middle"`
	Lat        float64        `json:"lat"`
	Properties map[string]any `json:"properties"`
}

func (s *Server) at(ctx context.Context, in *atInput) (*atOutput, error) {
	if math.IsNaN(in.Lon + in.Lat + in.RadiusM) {
		return nil, inputError("query.lon", "", "numbers")
	}
	var names []string
	if in.Layers != "" {
		var err error
		if names, err = list("query.layers", in.Layers, 50); err != nil {
			return nil, err
		}
	}
	here, err := s.Search.At(ctx, scopeOf(ctx), orb.Point{in.Lon, in.Lat}, in.RadiusM, names, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &atOutput{}
	b := &out.Body
	b.Grid, b.Area, b.AreaZH, b.AreaEN, b.Layers = here.Grid, here.Area, here.AreaZH, here.AreaEN, []nearLayer{}
	for _, n := range here.Near {
		if err := s.looked(ctx, n.Layer); err != nil {
			return nil, err
		}
		nl := nearLayer{Name: n.Layer.Name, Features: []nearFeature{}}
		for _, f := range n.Features {
			middle := roundPoint(f.Geometry.Bound().Center())
			nf := nearFeature{ID: f.ID, DistanceM: math.Round(f.DistanceM*10) / 10, Lon: middle[0], Lat: middle[1], Properties: map[string]any{}}
			for i, name := range n.Fields {
				nf.Properties[name] = jsonValue(n.Layer, name, f.Values[i])
			}
			nl.Features = append(nl.Features, nf)
		}
		b.Layers = append(b.Layers, nl)
	}
	return out, nil
}

type hoursOutput struct {
	Body struct {
		Hours []time.Time `json:"hours" nullable:"false" doc:"Hours with population counts, the first to the last"`
	}
}

func (s *Server) populationHours(ctx context.Context, _ *struct{}) (*hoursOutput, error) {
	hours, err := s.Search.Hours(ctx, scopeOf(ctx))
	out := &hoursOutput{}
	out.Body.Hours = append([]time.Time{}, hours...)
	return out, err
}

type cityName struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

type settingsOutput struct {
	Body struct {
		City   cityName  `json:"city"`
		Bounds []float64 `json:"bounds" nullable:"false" doc:"Where the data is, for the first view: west, south, east, north in degrees; empty where there is none"`
	}
}

// settings is what a page needs to begin, signed in or not.
func (s *Server) settings(ctx context.Context, _ *struct{}) (*settingsOutput, error) {
	city, err := s.Search.City(ctx)
	if err != nil {
		return nil, err
	}
	out := &settingsOutput{}
	out.Body.City, out.Body.Bounds = cityName{city.NameZH, city.NameEN}, []float64{}
	b, err := s.cityExtent(ctx)
	if err != nil {
		return nil, err
	}
	if b.IsEmpty() { // no grids and no streets yet: where the incidents are, for who sees them all
		if _, right, err := s.layer(ctx, "incident"); err == nil {
			if b, err = s.extent(ctx, "incident", right); err != nil {
				return nil, err
			}
		}
	}
	if !b.IsEmpty() {
		b = rounded(b.ToPolygon()).Bound()
		out.Body.Bounds = []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
	}
	return out, nil
}

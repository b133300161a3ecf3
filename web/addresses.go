package web

import (
	"context"
	"math"

	"github.com/paulmach/orb"

	"onemap/layers/address"
)

// Addresses: from a text to a place and back, one by one, as they are typed,
// and many at once.

type findAddressInput struct {
	Text   string    `query:"q" required:"true" minLength:"1" maxLength:"200" doc:"An address, or a part of one: 稠岩街道云栖路12号, 云栖路与稠州街交叉口, 人民医院, a grid's name or code"`
	Near   []float64 `query:"near" minItems:"2" maxItems:"2" doc:"Longitude and latitude in degrees: of equals, the nearest comes first"`
	Typing bool      `query:"typing" doc:"The text is not at its end: what it may become is found too"`
	Limit  int       `query:"limit" minimum:"1" maximum:"50" default:"10"`
}

type foundAddressOutput struct{ Body address.Found }

func (s *Server) findAddress(ctx context.Context, in *findAddressInput) (*foundAddressOutput, error) {
	q := address.Query{Text: in.Text, Typing: in.Typing, Limit: in.Limit}
	if len(in.Near) == 2 {
		if !(math.Abs(in.Near[0]) <= 180 && math.Abs(in.Near[1]) <= 90) {
			return nil, inputError("query.near", "", "longitude, latitude")
		}
		q.Near = &orb.Point{in.Near[0], in.Near[1]}
	}
	found, err := s.Addresses.Find(ctx, scopeOf(ctx), q)
	if err != nil {
		return nil, err
	}
	return &foundAddressOutput{found}, nil
}

type addressAtInput struct {
	Lon float64 `query:"lon" required:"true" minimum:"-180" maximum:"180" doc:"Degrees"`
	Lat float64 `query:"lat" required:"true" minimum:"-90" maximum:"90" doc:"Degrees"`
}

type addressAtOutput struct{ Body address.Here }

func (s *Server) addressAt(ctx context.Context, in *addressAtInput) (*addressAtOutput, error) {
	if math.IsNaN(in.Lon + in.Lat) {
		return nil, inputError("query.lon", "", "numbers")
	}
	here, err := s.Addresses.At(ctx, scopeOf(ctx), in.Lon, in.Lat)
	if err != nil {
		return nil, err
	}
	return &addressAtOutput{here}, nil
}

// mostAddresses of one request: some seconds of work.
const mostAddresses = 500

type addressBatchInput struct {
	Body struct {
		Texts  []string     `json:"texts,omitempty" maxItems:"500" doc:"Addresses to find"`
		Places [][2]float64 `json:"places,omitempty" maxItems:"500" doc:"Longitudes and latitudes in degrees, to name"`
		Limit  int          `json:"limit,omitempty" minimum:"1" maximum:"10" default:"1" doc:"Candidates an address"`
	}
}

type addressBatchOutput struct {
	Body struct {
		Found []address.Found `json:"found" nullable:"false" doc:"One for each text, in their order"`
		Here  []address.Here  `json:"here" nullable:"false" doc:"One for each place, in their order"`
	}
}

func (s *Server) addressBatch(ctx context.Context, in *addressBatchInput) (*addressBatchOutput, error) {
	b := in.Body
	if n := len(b.Texts) + len(b.Places); n == 0 || n > mostAddresses {
		return nil, inputError("body.texts", "", "1 to 500 texts and places together")
	}
	out := &addressBatchOutput{}
	out.Body.Found, out.Body.Here = []address.Found{}, []address.Here{}
	queries := make([]address.Query, len(b.Texts))
	for i, text := range b.Texts {
		queries[i] = address.Query{Text: text, Limit: max(1, b.Limit)}
	}
	found, err := s.Addresses.FindAll(ctx, scopeOf(ctx), queries)
	if err != nil {
		return nil, err
	}
	out.Body.Found = append(out.Body.Found, found...)
	for _, p := range b.Places {
		if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
			return nil, inputError("body.places", "", "longitude, latitude in degrees")
		}
		here, err := s.Addresses.At(ctx, scopeOf(ctx), p[0], p[1])
		if err != nil {
			return nil, err
		}
		out.Body.Here = append(out.Body.Here, here)
	}
	return out, nil
}

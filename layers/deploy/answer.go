package deploy

import (
	"fmt"
	"math"

	"onemap/layers/deploy/siting"
)

// An Answer is what was proposed, beside today, as its record has it.
type Answer struct {
	Plan  Measured  `json:"plan"`
	Today *Measured `json:"today,omitempty" doc:"Units at all stations that are candidates now, as many as there are; absent where there is none"`
	// Bound and Gap: see siting.Plan. Absent where a person moved posts to where
	// the bound does not hold.
	Bound  *float64  `json:"bound,omitempty" doc:"No plan of as many units at these candidates has a better value"`
	Gap    *float64  `json:"gap,omitempty" doc:"Proven: the plan is at most this share worse than the best there is. 0: it is the best. With conditions that are not kept it says nothing"`
	CurveS []float64 `json:"curve_s" nullable:"false" doc:"The seconds of the curves"`
	ByHand bool      `json:"by_hand,omitempty" doc:"A person moved its posts"`
	Notes  []Words   `json:"notes" nullable:"false" doc:"What to know of it: points without a road, parts of the network that do not hang together"`
}

// Measured says what a set of posts means.
type Measured struct {
	Value   float64   `json:"value" doc:"What the model makes the most of: demand covered (mclp), expected to be covered (mexclp), covered twice (dsm); for pmedian demand times seconds, which it makes least"`
	Demand  float64   `json:"demand"`
	Covered float64   `json:"covered" doc:"Share of demand within the standard"`
	Reached float64   `json:"reached" doc:"Share of demand that a road leads to within an hour, or three times the standard"`
	MeanS   float64   `json:"mean_s" doc:"Mean seconds to demand that is reached"`
	P90S    *float64  `json:"p90_s,omitempty" doc:"Seconds within which nine tenths of all demand are reached; absent where fewer are"`
	Posts   []Post    `json:"posts" nullable:"false"`
	Areas   []AreaHas `json:"areas" nullable:"false" doc:"In the order of their codes; those without demand are left out"`
	Curve   []float64 `json:"curve" nullable:"false" doc:"Share of demand reached within each of curve_s"`
	Unmet   []Lack    `json:"unmet" nullable:"false" doc:"Conditions that are not kept"`
}

// A Post is a place with units.
type Post struct {
	Number    int     `json:"number"`
	Lon       float64 `json:"lon"`
	Lat       float64 `json:"lat"`
	Name      string  `json:"name"`
	Kind      string  `json:"kind"`
	Candidate int     `json:"candidate" doc:"Its place in the plan's candidates; -1: none of them"`
	Place     int64   `json:"place,omitempty" doc:"Of a station: its number in the layer place"`
	Fixed     bool    `json:"fixed" doc:"It was to keep its unit"`
	Units     int     `json:"units"`
	Demand    float64 `json:"demand" doc:"To which it is the nearest"`
	MeanS     float64 `json:"mean_s" doc:"To that demand"`
}

// AreaHas is what an area has of a set of posts.
type AreaHas struct {
	Code    string  `json:"code"`
	NameZH  string  `json:"name_zh"`
	NameEN  string  `json:"name_en"`
	Demand  float64 `json:"demand"`
	Covered float64 `json:"covered" doc:"Share of its demand within the standard"`
	MeanS   float64 `json:"mean_s"`
	Reached float64 `json:"reached"`
}

// Lack is a condition that is not kept.
type Lack struct {
	What string  `json:"what" enum:"must,floor,outer,share,balance"`
	Name string  `json:"name" doc:"The place, the area or the post"`
	Has  float64 `json:"has" doc:"Seconds of a place; a share; demand of a post. -1: not reached at all"`
	Want float64 `json:"want"`
}

// curve are the seconds of a question's curves: 40 steps to four times the
// standard.
func (q Question) curve() []float64 {
	out := make([]float64, 41)
	for i := range out {
		out[i] = float64(i) * q.WithinS / 10
	}
	return out
}

// measured puts an evaluation into words; stands are the posts in its order,
// one for each unit.
func (d Data) measured(q Question, p *siting.Problem, e siting.Evaluation, stands []Candidate) Measured {
	m := Measured{Value: round(e.Value), Demand: round(e.Demand), Covered: round(e.Covered / e.Demand), Reached: round(e.Reached / e.Demand), MeanS: round(e.MeanS),
		Posts: []Post{}, Areas: []AreaHas{}, Unmet: []Lack{}, Curve: p.Curve(e, q.curve())}
	for i, v := range m.Curve {
		m.Curve[i] = round(v)
	}
	if s, ok := p.WithinShare(e, 0.9); ok {
		s = round(s)
		m.P90S = &s
	}
	at := make([]int, len(stands)) // of m.Posts
	seconds := make([]float64, len(stands))
	for i, s := range e.Post {
		if s >= 0 {
			seconds[s] += p.Demand[i] * float64(e.Seconds[i])
		}
	}
	for s, c := range stands {
		at[s] = -1
		for k := range m.Posts {
			if m.Posts[k].Lon == c.Lon && m.Posts[k].Lat == c.Lat {
				at[s] = k
			}
		}
		if at[s] < 0 {
			at[s] = len(m.Posts)
			m.Posts = append(m.Posts, Post{Number: len(m.Posts) + 1, Lon: c.Lon, Lat: c.Lat, Name: c.Name, Kind: c.Kind, Candidate: d.number(c), Place: c.Place, Fixed: c.Fixed})
		}
		post := &m.Posts[at[s]]
		post.Units++
		post.Demand += e.Loads[s]
		post.MeanS += seconds[s]
	}
	for k := range m.Posts {
		if m.Posts[k].Demand > 0 {
			m.Posts[k].MeanS = round(m.Posts[k].MeanS / m.Posts[k].Demand)
		} else {
			m.Posts[k].MeanS = 0
		}
		m.Posts[k].Demand = round(m.Posts[k].Demand)
	}
	for k, a := range e.Areas {
		if a.Demand > 0 && k < len(d.Areas) {
			m.Areas = append(m.Areas, AreaHas{d.Areas[k].Code, d.Areas[k].NameZH, d.Areas[k].NameEN, round(a.Demand), round(a.Covered / a.Demand), round(a.MeanS), round(a.Reached / a.Demand)})
		}
	}
	for _, u := range e.Unmet {
		l := Lack{What: u.What, Has: round(u.Has), Want: round(u.Want)}
		if math.IsInf(u.Has, 0) {
			l.Has = -1
		}
		switch u.What {
		case "must":
			l.Name = d.Points[u.At].Must
		case "floor":
			l.Name = d.Areas[u.At].NameZH
		case "balance":
			l.Name = fmt.Sprintf("%d %s", m.Posts[at[u.At]].Number, stands[u.At].Name)
		}
		m.Unmet = append(m.Unmet, l)
	}
	return m
}

// number is a candidate's place in the data, -1 for a point that is none.
func (d Data) number(c Candidate) int {
	for i, k := range d.Candidates {
		if k.Lon == c.Lon && k.Lat == c.Lat && k.Kind == c.Kind {
			return i
		}
	}
	return -1
}

// round leaves six digits after the point: an answer is read, and compared by
// its letters.
func round(v float64) float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	return math.Round(v*1e6) / 1e6
}

// Package georef judges the coordinates of a file against the base library:
// whether they are in the system that was declared, and if not, in which.
//
// The judgement itself is geo/crsfit's; this package asks the database what
// lies around the places that the candidates name: roads, buildings, water,
// administrative areas.
package georef

import (
	"context"
	"errors"
	"fmt"
	"math"

	"onemap/geo/crs"
	"onemap/geo/crsfit"
	"onemap/layers"
)

// Store judges against a store's base library. Its methods are safe for
// concurrent use.
type Store struct{ Layers *layers.Store }

// A Sample is some rows of a file, at most [MostRows]; a few hundred, taken
// from all over the file, are what a verdict needs.
type Sample struct {
	Points [][2]float64 // as in the file, the first of the two columns first; NaN where a row has none
	// Declared is the system that the file's owner named: what crs.Parse
	// takes, or the name of a method (crsfit.ParseMethod). "" where none is.
	Declared string
	// Names, one a row or none at all: what the row says of where it is, an
	// administrative division's name or an address. "" where it says nothing.
	Names []string
}

// MostRows is how many rows of a sample are looked at; of more, as many, evenly
// spaced.
const MostRows = 300

// A Verdict says which way to read the file's coordinates fits the base library.
// The person decides.
type Verdict struct {
	Best     string `json:"best" doc:"The way to read the coordinates that fits best: GCJ02, EPSG:4549/yx, WGS84/ddmm …; empty where nothing can be said"`
	Sure     bool   `json:"sure" doc:"Best fits and no other does; else it cannot be told from the file"`
	Declared string `json:"declared" doc:"The declared way as onemap writes it; empty where none is or it is not known"`
	Why      string `json:"why" enum:"fits,refused,outside,few,weak,alike,offset,base" doc:"fits: Best fits, and no other. refused: the declared system needs parameters that only its owner has. outside: no way to read the numbers puts them where the base library is. few: fewer than 30 different places. weak: no candidate stands out. alike: more than one fits. offset: one fits after a shift of tens of metres, as of Beijing 1954 or Xi'an 1980. base: the base library is empty"`
	// Refusal says what to do where Why is "refused".
	Refusal    string      `json:"refusal,omitempty"`
	Candidates []Candidate `json:"candidates" nullable:"false"`
	Offset     *Offset     `json:"offset,omitempty" doc:"The shift after which Best would fit"`
	Rows       int         `json:"rows" doc:"How many rows were looked at"`
}

// A Candidate is one way to read the coordinates, the best first.
type Candidate struct {
	CRS     string       `json:"crs" doc:"The way's name, such as GCJ02, EPSG:4549/yx, WGS84/ddmm"`
	Measure float64      `json:"measure" doc:"By how many standard deviations the rows agree better with the base library than the same rows shifted at random: about 0 for a wrong reading, above 4.5 for one that fits"`
	Share   float64      `json:"share" doc:"Share of the rows, 0 to 1, that it puts where the base library is"`
	NearM   float64      `json:"near_m" doc:"Median distance to the nearest road or building, metres; 60 where it is more"`
	Named   float64      `json:"named" doc:"Share of the rows with a known place name that lie there, 0 to 1; -1 without names"`
	Note    string       `json:"note" enum:"fits,weak" doc:"Whether its measure is above the threshold"`
	Points  [][2]float64 `json:"points" nullable:"false" doc:"The rows by this reading, longitude and latitude in degrees of WGS 84, for a picture; rows that it cannot read are left out"`
}

// An Offset is a shift on the ground in metres.
type Offset struct {
	EastM  float64 `json:"east_m"`
	NorthM float64 `json:"north_m"`
}

// Judge returns the verdict on a sample. What a file holds is never an error:
// hopeless numbers are a verdict too.
func (s *Store) Judge(ctx context.Context, sample Sample) (Verdict, error) {
	v := Verdict{Candidates: []Candidate{}}
	sample = sample.thinned()
	v.Rows = len(sample.Points)
	declared, err := declaration(sample.Declared)
	if errors.Is(err, crs.ErrRefused) {
		v.Why, v.Refusal = "refused", err.Error()
		return v, nil
	}
	if declared != nil {
		v.Declared = declared.String()
	}
	cover, err := s.cover(ctx)
	if err != nil {
		return Verdict{}, err
	}
	if len(cover) == 0 {
		v.Why = "base"
		return v, nil
	}
	var read []crsfit.Reading
	if declared != nil {
		if read, err = s.byPROJ(ctx, *declared, sample.Points, cover); err != nil {
			return Verdict{}, err
		}
	}
	readings := crsfit.Candidates(sample.Points, cover, declared, read...)
	names, err := s.names(ctx, sample.Names)
	if err != nil {
		return Verdict{}, err
	}
	judged, err := crsfit.Judge(readings, func(at []crsfit.Place) ([]crsfit.Around, error) { return s.around(ctx, at, names) })
	if err != nil {
		return Verdict{}, err
	}
	v.Why, v.Sure = string(judged.Why), judged.Sure
	if judged.Why == crsfit.Offset {
		v.Offset = &Offset{math.Round(judged.By[0]), math.Round(judged.By[1])}
	}
	for _, c := range judged.Candidates {
		v.Candidates = append(v.Candidates, candidate(c))
	}
	if len(v.Candidates) > 0 && judged.Why != crsfit.Weak && judged.Why != crsfit.Few {
		v.Best = v.Candidates[0].CRS
	}
	return v, nil
}

func candidate(c crsfit.Candidate) Candidate {
	out := Candidate{CRS: c.Method.String(), Measure: round(c.Measure, 10), Share: round(c.Share, 1000), NearM: round(c.NearM, 10),
		Named: round(c.Named, 1000), Note: "weak", Points: [][2]float64{}}
	if c.Measure >= crsfit.FitsFrom {
		out.Note = "fits"
	}
	for _, p := range c.At {
		if !math.IsNaN(p[0] + p[1]) {
			out.Points = append(out.Points, [2]float64{round(p[0], 1e7), round(p[1], 1e7)})
		}
	}
	return out
}

func round(v, parts float64) float64 { return math.Round(v*parts) / parts }

// thinned returns a sample of at most MostRows, without rows that have no numbers.
func (s Sample) thinned() Sample {
	out := Sample{Declared: s.Declared}
	step := math.Max(1, float64(len(s.Points))/MostRows)
	for f := 0.0; int(f) < len(s.Points) && len(out.Points) < MostRows; f += step {
		i := int(f)
		p := s.Points[i]
		if math.IsNaN(p[0]+p[1]) || math.IsInf(p[0]+p[1], 0) || p == [2]float64{} {
			continue
		}
		out.Points = append(out.Points, p)
		name := ""
		if i < len(s.Names) {
			name = s.Names[i]
		}
		out.Names = append(out.Names, name)
	}
	return out
}

// declaration reads what the owner declared: nil for nothing and for what
// onemap does not know.
func declaration(name string) (*crsfit.Method, error) {
	if name == "" {
		return nil, nil
	}
	m, err := crsfit.ParseMethod(name)
	if err != nil {
		return nil, fmt.Errorf("declared system: %w", err)
	}
	return &m, nil
}

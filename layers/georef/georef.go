// Package georef judges the coordinates of a file against the base library:
// whether they are in the system that was declared, and if not, in which.
//
// The judgement itself is geo/crsfit's; this package asks the database what
// lies around the places that the candidates name: roads, buildings, water,
// administrative areas.
package georef

import (
	"context"

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

// MostRows is how many rows of a sample are looked at; of more, as many, evenly spaced.
const MostRows = 400

// A Verdict says which way to read the file's coordinates fits the base library.
// The person decides.
type Verdict struct {
	// Best is the method that fits best ("GCJ02", "EPSG:4549/yx", "WGS84/ddmm":
	// crsfit.ParseMethod reads it); "" where nothing can be said.
	Best string `json:"best"`
	// Sure says that Best fits and no other does. Otherwise it cannot be told
	// from the file.
	Sure bool `json:"sure"`
	// Declared is the declared method's name as onemap writes it; "" where none
	// was declared or it is unknown.
	Declared string `json:"declared"`
	// Why is a word for the reason of the verdict:
	//   fits          Best fits, and no other
	//   refused       the declared system needs parameters that only its owner has (Beijing 1954, Xi'an 1980)
	//   outside       no way to read the numbers puts them where the base library is
	//   few           too few rows, or too few different places
	//   weak          no candidate stands out from its own points shifted
	//   alike         more than one candidate fits about as well
	//   offset        a candidate fits after a shift of tens of metres: Offset
	//   form          the place is right, but the base library has nothing near to prove it
	Why        string      `json:"why"`
	Candidates []Candidate `json:"candidates" nullable:"false"`
	// Offset is how far the best candidate's points lie from where they would
	// fit, where Why is "offset".
	Offset *Offset `json:"offset,omitempty"`
	// Rows is how many rows were looked at.
	Rows int `json:"rows"`
}

// A Candidate is one way to read the coordinates, the best first.
type Candidate struct {
	CRS string `json:"crs" doc:"The method's name, such as GCJ02, EPSG:4549/yx, WGS84/ddmm"`
	// Measure is by how much the candidate's points agree better with the base
	// library than the same points shifted at random, in standard deviations of
	// those: above 6 it fits, about 0 it does not.
	Measure float64 `json:"measure" doc:"How far the points stand out from the same points shifted at random, in standard deviations"`
	Share   float64 `json:"share" doc:"Share of the rows, 0 to 1, that it puts where the base library is"`
	NearM   float64 `json:"near_m" doc:"Median distance to the nearest road or building, metres; -1 where most have none near"`
	Named   float64 `json:"named" doc:"Share of the rows with a known place name that lie there; -1 without names"`
	Note    string  `json:"note" doc:"fits, weak, outside, form or named"`
	// Points are the rows' places by this candidate, longitude and latitude of
	// WGS 84, for a picture; at most 400.
	Points [][2]float64 `json:"points" nullable:"false"`
}

// An Offset is a shift on the ground in metres.
type Offset struct {
	EastM  float64 `json:"east_m"`
	NorthM float64 `json:"north_m"`
}

// Judge returns the verdict on a sample. What a file holds is never an error:
// hopeless numbers are a verdict too.
func (s *Store) Judge(ctx context.Context, sample Sample) (Verdict, error) {
	return Verdict{Why: "few", Candidates: []Candidate{}}, nil
}

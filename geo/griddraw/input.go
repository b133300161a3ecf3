package griddraw

import "github.com/paulmach/orb"

// A Rank says how good an edge of cells a line makes, from weakest to
// strongest. Small faces join their neighbour across the weakest edge.
type Rank uint8

// The ranks that lines have; the numbers are the strength on a scale to 10.
const (
	Cut       Rank = 0 // a cut between buildings that follows nothing
	Outline   Rank = 1 // of a building that a line would have cut
	Wall      Rank = 2 // walls, fences, borders of land use
	Path      Rank = 2
	Track     Rank = 3
	Service   Rank = 4
	Stream    Rank = 5
	Lane      Rank = 5 // residential and unclassified roads
	Collector Rank = 6 // tertiary roads, railways
	Secondary Rank = 7
	Water     Rank = 8 // the outline of a lake or river
	Main      Rank = 9 // motorway, trunk, primary
	border    Rank = 10
)

// A Community is ground that is cut into cells; a cell never lies in two.
type Community struct {
	Code  string // the head of its cells' codes
	Shape orb.MultiPolygon
}

// A Line is a natural line that cells may have as their edge.
type Line struct {
	Points orb.LineString
	Rank   Rank
	Road   bool // one can walk or drive on it
}

// A Building is the outline of one; holes do not count.
type Building struct {
	ID    int64 // for reports
	Shape orb.Polygon
}

// An Input is what cells are drawn from. It may be dirty: lines may cross
// themselves and each other, repeat each other and end anywhere; communities
// may overlap or leave gaps, buildings may lie across anything.
type Input struct {
	Communities []Community
	Lines       []Line
	Buildings   []Building
}

// Options say how large cells are. The zero value has the defaults.
type Options struct {
	TargetM2  float64 // in built-up land; 0: 10,000
	OutsideM2 float64 // where nothing is built; 0: 250,000
	BuiltUp   float64 // share of the ground under buildings, in 300 m around, from which it is built-up; 0: 0.06
	Digits    int     // of the number inside the community; 0: 3
	Progress  func(step string, done float64)
}

func (o Options) withDefaults() Options {
	if o.TargetM2 <= 0 {
		o.TargetM2 = 10_000
	}
	if o.OutsideM2 < o.TargetM2 {
		o.OutsideM2 = max(250_000, o.TargetM2)
	}
	if o.BuiltUp <= 0 {
		o.BuiltUp = 0.06
	}
	if o.Digits <= 0 {
		o.Digits = 3
	}
	if o.Progress == nil {
		o.Progress = func(string, float64) {}
	}
	return o
}

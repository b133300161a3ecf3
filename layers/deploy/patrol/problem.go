package patrol

// A Problem is what is to be planned. Nothing in it is changed.
type Problem struct {
	// Travel is seconds from place to place, Travel[from][to]; +Inf where no
	// road leads. It need be neither symmetric nor a metric.
	Travel [][]float32
	Spots  []Spot
	Units  []Unit
	Rules  Rules
}

// A Spot is a place where a stop is worth something.
type Spot struct {
	Place int     // row of Travel
	Score float64 // what the first stop there is worth: expected preventable events
	StayS float64 // seconds of a stop; 0: Rules.StayS
	Most  int     // stops in this plan, at most; 0: as many as their distance allows; [None]: none
	// Explore marks a place for random exploration: its score counts nothing,
	// and at most one stop is made there.
	Explore bool
	// Taken are the beginnings of stops that other plans make there: this plan's
	// keep their distance from them, and are worth as much less.
	Taken []float64
}

// None, as Spot.Most, keeps a spot without stops: its cap is used up.
const None = -1

// A Unit is a crew with a shift.
type Unit struct {
	Start, End  int     // rows of Travel where it begins and ends; -1: anywhere
	FromS       float64 // its shift
	UntilS      float64
	Breaks      []Break // in the order of their time
	MaxStops    int     // 0: no limit
	Unreachable bool    // set it to plan the others although no road leads from its start: it stays at its post
}

// A Break begins between EarliestS and LatestS and takes LengthS.
type Break struct {
	EarliestS, LatestS, LengthS float64
	Place                       int // where; -1: where the unit is
}

// Rules are what holds for the whole plan. Zero fields are the defaults of [Defaults],
// but for Explore and Detour, where zero means none, and Seed.
type Rules struct {
	StayS    float64 // seconds of a stop
	RevisitS float64 // seconds after which a stop comes again
	ApartS   float64 // two stops at a spot begin at least so far apart
	Fade     float64 // what a further stop at a spot is worth of the one before it, 0 to 1
	MaxSpots int     // different spots of a unit, exploration not counted
	Explore  float64 // share of the stops that are exploration, 0 to 0.5
	Detour   float64 // extra driving that a random order may cost a unit, as a share
	Seed     uint64
	Rounds   int // of ruin and recreate from each of the starts; 0: by the problem's size
}

// Defaults are those of the literature: 15 minutes a stop, six spots a unit,
// again after two hours.
func Defaults() Rules {
	return Rules{StayS: 15 * 60, RevisitS: 120 * 60, ApartS: 96 * 60, Fade: 0.6, MaxSpots: 6, Explore: 0.08, Detour: 0.25}
}

// filled puts the defaults in the place of zeros.
func (r Rules) filled() Rules {
	d := Defaults()
	if r.StayS == 0 {
		r.StayS = d.StayS
	}
	if r.RevisitS == 0 {
		r.RevisitS = d.RevisitS
	}
	if r.ApartS == 0 {
		r.ApartS = 0.8 * r.RevisitS
	}
	if r.Fade == 0 {
		r.Fade = d.Fade
	}
	if r.MaxSpots == 0 {
		r.MaxSpots = d.MaxSpots
	}
	return r
}

// A Plan is a route for each unit, in the order of the problem's.
type Plan struct {
	Routes      []Route
	Score       float64 // of all stops
	TravelS     float64 // driven by all units
	Stops       int
	Explored    int   // of the stops, exploration
	Left        []int // spots that could be reached, but got no stop; exploration not among them
	Unreachable []int // spots that no unit can drive to and come back from
}

// A Route is what one unit does.
type Route struct {
	Stops   []Stop
	Breaks  []Pause
	TravelS float64
	WaitS   float64 // before stops and breaks
	EndS    float64 // when it is back
}

// A Stop of a route.
type Stop struct {
	Spot    int     // index into Problem.Spots
	ArriveS float64 // it may wait
	StartS  float64
	LeaveS  float64
	Score   float64 // what this stop adds, all stops at the spot in the order of their time; 0 of exploration
	Visit   int     // the how manieth stop at the spot, of all units, from 1
	DriveS  float64 // from where it was before
}

// A Pause is a break as it is taken.
type Pause struct {
	Before     int // stops of the route that come before it
	FromS, ToS float64
	Place      int // where; -1: where the unit is
	DriveS     float64
}

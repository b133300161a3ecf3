package patrol

import (
	"fmt"
	"math"
)

// A Fault says what is wrong with a problem, in words that a planner may read.
type Fault struct {
	Field  string // path in the problem, "units[2].breaks"
	Value  string // what was given; may be empty
	Remedy string
}

func (f *Fault) Error() string {
	if f.Value == "" {
		return f.Field + ": " + f.Remedy
	}
	return fmt.Sprintf("%s: %q is not valid: %s", f.Field, f.Value, f.Remedy)
}

// Bounds of what is planned at once.
const (
	MaxUnits  = 30
	MaxSpots  = 300
	longestS  = 24 * 3600 // of a shift
	minutes   = 60.0
	mostStops = 200 // of a unit
)

// check says the first thing that is wrong. Whether roads lead anywhere is asked by [reach].
func (p *Problem) check() error {
	if err := p.checkRules(); err != nil {
		return err
	}
	if len(p.Units) == 0 {
		return &Fault{"units", "", "at least one unit: there is nobody to send"}
	}
	if len(p.Units) > MaxUnits {
		return &Fault{"units", fmt.Sprint(len(p.Units)), fmt.Sprintf("at most %d units in one plan", MaxUnits)}
	}
	if len(p.Spots) == 0 {
		return &Fault{"spots", "", "at least one place to stop at"}
	}
	if len(p.Spots) > MaxSpots {
		return &Fault{"spots", fmt.Sprint(len(p.Spots)), fmt.Sprintf("at most %d places in one plan", MaxSpots)}
	}
	for i, row := range p.Travel {
		if len(row) != len(p.Travel) {
			return &Fault{"travel", fmt.Sprint(len(row)), fmt.Sprintf("a square matrix: row %d of %d", i, len(p.Travel))}
		}
		for _, s := range row {
			if !(s >= 0) { // NaN too
				return &Fault{"travel", fmt.Sprint(s), "seconds, not negative"}
			}
		}
	}
	for i, s := range p.Spots {
		if err := p.checkSpot(fmt.Sprintf("spots[%d]", i), s); err != nil {
			return err
		}
	}
	for i, u := range p.Units {
		if err := p.checkUnit(fmt.Sprintf("units[%d]", i), u); err != nil {
			return err
		}
	}
	return nil
}

func (p *Problem) checkRules() error {
	r := p.Rules
	for _, c := range []struct {
		field    string
		v        float64
		from, to float64
		remedy   string
	}{
		{"stay", r.StayS, minutes, 120 * minutes, "1 to 120 minutes: 12 to 16 are advised"},
		{"revisit", r.RevisitS, 15 * minutes, longestS, "15 minutes to 24 hours"},
		{"apart", r.ApartS, 0, longestS, "0 to 24 hours"},
		{"fade", r.Fade, 0, 1, "0 to 1"},
		{"explore", r.Explore, 0, 0.5, "0 to 0.5: 0.05 to 0.1 are advised"},
		{"detour", r.Detour, 0, 2, "0 to 2"},
		{"max_spots", float64(r.MaxSpots), 1, mostStops, "1 to 200"},
		{"rounds", float64(r.Rounds), 0, 1e6, "1 to 1,000,000, or 0 for as many as the size asks"},
	} {
		if !(c.v >= c.from && c.v <= c.to) {
			return &Fault{c.field, fmt.Sprint(c.v), c.remedy}
		}
	}
	return nil
}

func (p *Problem) checkSpot(field string, s Spot) error {
	switch {
	case s.Place < 0 || s.Place >= len(p.Travel):
		return &Fault{field + ".place", fmt.Sprint(s.Place), "a row of the matrix"}
	case !(s.Score >= 0) || math.IsInf(s.Score, 0):
		return &Fault{field + ".score", fmt.Sprint(s.Score), "a number, not negative"}
	case !(s.StayS >= 0 && s.StayS <= 120*minutes):
		return &Fault{field + ".stay", fmt.Sprint(s.StayS), "up to 120 minutes"}
	case s.Most < None:
		return &Fault{field + ".most", fmt.Sprint(s.Most), "a number of stops, or 0 for no limit"}
	}
	return nil
}

// checkUnit finds impossible shifts.
func (p *Problem) checkUnit(field string, u Unit) error {
	for _, at := range []int{u.Start, u.End} {
		if at < -1 || at >= len(p.Travel) {
			return &Fault{field + ".start", fmt.Sprint(at), "a row of the matrix, or -1"}
		}
	}
	long := u.UntilS - u.FromS
	switch {
	case !(long > 0): // NaN too
		return &Fault{field + ".until", hours(long), "after the beginning of the shift"}
	case long > longestS:
		return &Fault{field + ".until", hours(long), "a shift of at most 24 hours"}
	case u.MaxStops < 0:
		return &Fault{field + ".max_stops", fmt.Sprint(u.MaxStops), "a number of stops, or 0 for no limit"}
	case len(u.Breaks) > 4:
		return &Fault{field + ".breaks", fmt.Sprint(len(u.Breaks)), "at most 4 breaks"}
	}
	after := u.FromS
	for i, b := range u.Breaks {
		at := fmt.Sprintf("%s.breaks[%d]", field, i)
		switch {
		case !(b.LengthS > 0 && b.LengthS <= 4*3600):
			return &Fault{at + ".length", hours(b.LengthS), "1 minute to 4 hours"}
		case !(b.EarliestS <= b.LatestS):
			return &Fault{at + ".latest", hours(b.LatestS), "not before the earliest beginning"}
		case b.LatestS < after || b.LatestS+b.LengthS > u.UntilS || b.EarliestS < u.FromS:
			return &Fault{at, "", "a break within the shift, after the break before it"}
		case b.Place < -1 || b.Place >= len(p.Travel):
			return &Fault{at + ".place", fmt.Sprint(b.Place), "a row of the matrix, or -1"}
		}
		after = max(after, b.EarliestS) + b.LengthS
	}
	return nil
}

func hours(s float64) string { return fmt.Sprintf("%.2f h", s/3600) }

// drive is how long it takes from a to b; from or to anywhere it takes nothing.
func (p *Problem) drive(a, b int) float64 {
	if a < 0 || b < 0 || a == b {
		return 0
	}
	return float64(p.Travel[a][b])
}

// reach says which spots some unit can serve alone within its shift by roads
// that there are, and finds units that cannot even come home.
func (p *Problem) reach() (unreachable []int, can []bool, err error) {
	can = make([]bool, len(p.Spots))
	roads := make([]bool, len(p.Spots))
	anyUnit := false
	for i, u := range p.Units {
		if u.Unreachable {
			continue
		}
		anyUnit = true
		home := p.drive(u.Start, u.End)
		if math.IsInf(home, 1) {
			return nil, nil, &Fault{fmt.Sprintf("units[%d].end", i), "", "no road leads from its start to its end: choose posts on connected roads, or leave one out"}
		}
		if _, ok := p.time(i, nil, nil); !ok {
			return nil, nil, &Fault{fmt.Sprintf("units[%d].until", i), hours(u.UntilS - u.FromS),
				fmt.Sprintf("a shift that holds its breaks and the way from start to end (%.0f min)", math.Ceil(home/minutes))}
		}
		for n, s := range p.Spots {
			if can[n] {
				continue
			}
			if s.Most == None {
				roads[n] = true // nobody asks
				continue
			}
			there := p.drive(u.Start, s.Place) + p.drive(s.Place, u.End)
			if math.IsInf(there, 1) {
				continue
			}
			roads[n] = true
			_, can[n] = p.time(i, []int32{int32(n)}, nil)
		}
	}
	if !anyUnit {
		return nil, nil, &Fault{"units", "", "no unit is on the roads: place their starts and ends nearer to a road"}
	}
	unreachable = []int{}
	some, closed := false, 0
	for n := range p.Spots {
		if p.Spots[n].Most == None {
			closed++
		}
		if !roads[n] {
			unreachable = append(unreachable, n)
		}
		some = some || can[n]
	}
	switch {
	case closed == len(p.Spots):
		return nil, nil, &Fault{"spots", "", "a place whose cap is not used up: none of these may have a stop"}
	case len(unreachable)+closed == len(p.Spots):
		return nil, nil, &Fault{"spots", "", "no road leads from any unit's start to any of the places: the road network is in parts that do not meet"}
	case !some:
		return nil, nil, &Fault{"units", "", "every shift is too short: no unit can drive to any place, stay and be back in time"}
	}
	return unreachable, can, nil
}

package deploy

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/deploy/roads"
	"onemap/layers/deploy/siting"
	"onemap/layers/locate"
)

// A Question is what a plan answers, as its record has it.
type Question struct {
	Model   string  `json:"model" enum:"mclp,pmedian,mexclp,dsm" doc:"mclp: most demand within the standard time; pmedian: least mean time; mexclp: as mclp, for units that may be busy; dsm: all within an outer time, a share within the standard, most within the standard of two"`
	Posts   int     `json:"posts" minimum:"1" maximum:"200" doc:"How many units, those that are kept among them"`
	WithinS float64 `json:"within_s" minimum:"1" maximum:"7200" doc:"The standard: seconds on the road"`
	OuterS  float64 `json:"outer_s,omitempty" minimum:"0" maximum:"7200" doc:"Of dsm: within which all demand must lie"`
	Share   float64 `json:"share,omitempty" minimum:"0" maximum:"1" doc:"Of dsm: of demand, that must lie within the standard"`
	Busy    float64 `json:"busy,omitempty" minimum:"0" maximum:"0.95" doc:"Of mexclp: the share of the time that a unit is busy: work hours over units times shift hours"`
	Stack   int     `json:"stack,omitempty" minimum:"0" maximum:"20" doc:"Of mexclp and dsm: most units at one place. Left out: 1"`

	Mode string `json:"mode,omitempty" enum:"car,emergency,foot" doc:"Left out: emergency"`
	Day  *int   `json:"day,omitempty" minimum:"0" maximum:"6" doc:"0 Monday to 6 Sunday, whose speeds count; left out with hour: the typical hour"`
	Hour *int   `json:"hour,omitempty" minimum:"0" maximum:"23"`

	Demand     DemandFrom     `json:"demand"`
	Candidates CandidatesFrom `json:"candidates"`
	Keep       []int64        `json:"keep,omitempty" maxItems:"200" doc:"Numbers of places (stations) that keep a unit whatever comes"`
	Must       []Named        `json:"must,omitempty" maxItems:"500" doc:"Places that must be within the standard of a unit"`
	Areas      string         `json:"areas,omitempty" enum:"town,grid_community,grid_duty" doc:"Which areas results are shown by, and the floor holds for. Left out: grid_community"`
	Floor      float64        `json:"floor,omitempty" minimum:"0" maximum:"1" doc:"Fairness: the share of each area's demand that must lie within the standard"`
	Balance    float64        `json:"balance,omitempty" minimum:"0" maximum:"100" doc:"Most demand that a unit serves, times the mean; 0: no limit"`
	CRS        string         `json:"crs,omitempty" doc:"Of all coordinates of the question: WGS84, CGCS2000, GCJ02, BD09 or EPSG:n; required where there are any"`
	Seed       int64          `json:"seed,omitempty" doc:"Left out: 1. The same question of the same data with the same seed has the same answer"`
}

// DemandFrom says where help will be needed.
type DemandFrom struct {
	Source  string     `json:"source" enum:"incidents,forecast"`
	Classes []ClassKey `json:"classes,omitempty" maxItems:"40" doc:"Of incidents: classes that are marked as reported by the public; left out: all of those"`
	From    time.Time  `json:"from,omitempty" doc:"Of incidents: from when; left out: a year before until"`
	Until   time.Time  `json:"until,omitempty" doc:"Left out: now"`
	CellM   float64    `json:"cell_m,omitempty" minimum:"0" maximum:"5000" doc:"Incidents are counted in squares of so many metres. Left out: 200"`
	Run     int64      `json:"run,omitempty" doc:"Of a forecast: its number"`
}

// A ClassKey names a class of matters.
type ClassKey struct {
	Standard string `json:"standard" maxLength:"100"`
	Code     string `json:"code" maxLength:"24"`
}

// CandidatesFrom says where units may stand.
type CandidatesFrom struct {
	Places []string `json:"places,omitempty" maxItems:"8" enum:"fire_station,police_station,hospital,depot" doc:"Existing places of these kinds, if they are in service"`
	Grids  string   `json:"grids,omitempty" enum:"grid_unit,grid_duty,grid_community" doc:"The middle of each of these grids"`
	Points []Named  `json:"points,omitempty" maxItems:"500" doc:"Points that were drawn"`
}

// Named is a point with a name.
type Named struct {
	Name string  `json:"name,omitempty" maxLength:"100"`
	X    float64 `json:"x" doc:"Longitude, or easting"`
	Y    float64 `json:"y" doc:"Latitude, or northing"`
}

func (n Named) at() orb.Point { return orb.Point{n.X, n.Y} }

// Most points of demand, and candidates, that a plan takes: a second's search.
const (
	mostDemand     = 20_000
	mostCandidates = 3_000
)

// placeKinds are the kinds of places where units stand.
var placeKinds = []string{"fire_station", "police_station", "hospital", "depot"}

var areaKinds = []string{"town", "grid_community", "grid_duty"}

// complete checks a question and fills in what was left out; its coordinates
// are WGS 84 after it.
func (s *Store) complete(ctx context.Context, q *Question) error {
	bad := func(field string, value any, remedy string) error {
		return &layers.InputError{Field: field, Value: layers.Short(fmt.Sprint(value)), Remedy: remedy}
	}
	if q.Mode == "" {
		q.Mode = roads.Emergency
	}
	if q.Areas == "" {
		q.Areas = "grid_community"
	}
	if q.Seed == 0 {
		q.Seed = 1
	}
	if q.Demand.CellM == 0 {
		q.Demand.CellM = 200
	}
	if q.Demand.Until.IsZero() {
		q.Demand.Until = s.now()
	}
	if q.Demand.From.IsZero() {
		q.Demand.From = q.Demand.Until.AddDate(-1, 0, 0)
	}
	q.Demand.From, q.Demand.Until = q.Demand.From.UTC().Truncate(time.Second), q.Demand.Until.UTC().Truncate(time.Second)
	finite := func(vs ...float64) bool {
		return !slices.ContainsFunc(vs, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) || v < 0 })
	}
	switch {
	case !finite(q.WithinS, q.OuterS, q.Share, q.Busy, q.Floor, q.Balance, q.Demand.CellM):
		return bad("within_s", q.WithinS, "finite numbers of at least 0")
	case !slices.Contains([]string{roads.Car, roads.Emergency, roads.Foot}, q.Mode):
		return bad("mode", q.Mode, "car, emergency or foot")
	case (q.Day == nil) != (q.Hour == nil):
		return bad("hour", "", "day and hour together, or neither for the typical hour")
	case q.Day != nil && (*q.Day < 0 || *q.Day > 6 || *q.Hour < 0 || *q.Hour > 23):
		return bad("hour", fmt.Sprint(*q.Day, " ", *q.Hour), "a day from 0 (Monday) to 6 and an hour from 0 to 23")
	case !slices.Contains(areaKinds, q.Areas):
		return bad("areas", q.Areas, "town, grid_community or grid_duty")
	case q.Posts > 200:
		return bad("posts", q.Posts, "at most 200 units")
	case q.Stack < 0 || q.Stack > 20:
		return bad("stack", q.Stack, "at most 20 units at one place")
	case q.Demand.Source != "incidents" && q.Demand.Source != "forecast":
		return bad("demand.source", q.Demand.Source, "incidents or forecast")
	case q.Demand.Source == "forecast" && q.Demand.Run <= 0:
		return bad("demand.run", q.Demand.Run, "the number of a forecast that is done")
	case q.Demand.CellM < 50 || q.Demand.CellM > 5000:
		return bad("demand.cell_m", q.Demand.CellM, "from 50 to 5000 metres")
	case !q.Demand.From.Before(q.Demand.Until):
		return bad("demand.from", q.Demand.From.Format(time.RFC3339), "a time before until")
	case q.Demand.From.After(s.now()):
		return bad("demand.from", q.Demand.From.Format(time.RFC3339), "a time that has passed: incidents of the future are not known. For those, take a forecast")
	case q.Candidates.Grids != "" && !slices.Contains([]string{"grid_unit", "grid_duty", "grid_community"}, q.Candidates.Grids):
		return bad("candidates.grids", q.Candidates.Grids, "grid_unit, grid_duty or grid_community")
	}
	for _, k := range q.Candidates.Places {
		if !slices.Contains(placeKinds, k) {
			return bad("candidates.places", k, "fire_station, police_station, hospital or depot")
		}
	}
	for name, list := range map[string][]Named{"candidates.points": q.Candidates.Points, "must": q.Must} {
		if err := s.locate(ctx, name, q.CRS, list); err != nil {
			return err
		}
	}
	q.CRS = "WGS84"
	return nil
}

// locate brings points to longitude and latitude, in place.
func (s *Store) locate(ctx context.Context, field, system string, points []Named) error {
	for i := range points {
		at := fmt.Sprintf("%s[%d]", field, i)
		if err := layers.CheckText(at+".name", points[i].Name, 100); err != nil {
			return err
		}
		l, err := locate.On(ctx, s.Layers.DB(), at, locate.Place{CRS: system, X: points[i].X, Y: points[i].Y})
		if err != nil {
			return err
		}
		points[i].X, points[i].Y = l.At[0], l.At[1]
	}
	return nil
}

func (q Question) profile() roads.Profile {
	p := roads.Profile{Mode: q.Mode}
	if q.Day != nil && q.Hour != nil {
		p.Hour = roads.HourOf(*q.Day, *q.Hour)
	}
	return p
}

// problem is the question as the solver has it, without the times.
func (q Question) problem() siting.Problem {
	return siting.Problem{Model: q.Model, Posts: q.Posts, Within: q.WithinS, Outer: q.OuterS, Share: q.Share, Busy: q.Busy, Stack: q.Stack,
		Longest: q.furthest(), Floor: q.Floor, Balance: q.Balance}
}

// furthest is what counts as not reached at all, in seconds.
func (q Question) furthest() float64 { return max(3600, 3*q.WithinS, q.OuterS) }

package patrolplan

import (
	"time"

	"github.com/paulmach/orb"
)

// States of a plan.
const (
	Draft     = "draft"     // it waits for a person
	Accepted  = "accepted"  // its stops are tasks
	Refused   = "refused"   // a person said no
	Withdrawn = "withdrawn" // it was accepted, and called back
)

// A Plan is who stops where and when.
type Plan struct {
	ID        int64      `json:"id"`
	Title     string     `json:"title"`
	State     string     `json:"state" enum:"draft,accepted,refused,withdrawn"`
	Dept      string     `json:"dept_code,omitempty" doc:"The department whose units go; absent: of no particular one"`
	Area      string     `json:"area_code" doc:"Of the organisation that made it"`
	Mode      string     `json:"mode" enum:"car,emergency,foot"`
	Run       int64      `json:"run,omitempty" doc:"The forecast that its places are from; absent: a person picked them"`
	From      time.Time  `json:"from"`
	Until     time.Time  `json:"until"`
	Seed      int64      `json:"seed" doc:"Of its random order and exploration"`
	Hash      string     `json:"hash" doc:"SHA-256 of what it was made from"`
	Version   int        `json:"version" doc:"Send it with an edit or a decision"`
	Score     float64    `json:"score" doc:"Expected incidents at the places and hours of its stops, a first stop at a place counted whole, each further at less; to compare plans of the same places, no promise that a stop prevents any"`
	Stops     int        `json:"stops"`
	Explored  int        `json:"explored" doc:"Stops that chance chose, of stops"`
	DriveMin  float64    `json:"drive_min" doc:"Of all units, minutes"`
	StayMin   float64    `json:"stay_min" doc:"At stops, of all units"`
	MadeBy    string     `json:"made_by" doc:"Login"`
	MadeAt    time.Time  `json:"made_at"`
	DecidedBy string     `json:"decided_by,omitempty"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
	Reason    string     `json:"reason,omitempty" doc:"Of the last decision"`
	Progress  Progress   `json:"progress"`
	Notes     []string   `json:"notes" nullable:"false" doc:"What a reader must know: unreachable, capped, no_cap, few_explored, other_time, edited, hours_zone, hours_even"`
	Actions   []string   `json:"allowed_actions" nullable:"false" doc:"What I may do to it now: edit, accept, refuse, withdraw"`

	// Of one plan only, not in lists.
	Rules  *Rules  `json:"rules,omitempty"`
	Units  []Unit  `json:"units,omitempty"`
	Places []Place `json:"places,omitempty" doc:"That it chose from, and those of exploration that chance chose"`
	Flow   []Step  `json:"flow,omitempty" doc:"What happened to it, in order"`
}

// Progress says what was done of an accepted plan.
type Progress struct {
	Visited int `json:"visited"`
	Far     int `json:"far" doc:"Of visited: the phone was further away than the point allows, or had no position"`
	Skipped int `json:"skipped"`
	Open    int `json:"open"`
}

// Rules are what held for a plan.
type Rules struct {
	StayMin    float64 `json:"stay_min,omitempty" minimum:"0" maximum:"120" doc:"Minutes of a stop; left out: 15. 12 to 16 are advised"`
	RevisitMin float64 `json:"revisit_min,omitempty" minimum:"0" maximum:"1440" doc:"Minutes after which a stop comes again; left out: 120"`
	MaxSpots   int     `json:"max_spots,omitempty" minimum:"0" maximum:"50" doc:"Different places of a unit; left out: 6"`
	Explore    float64 `json:"explore,omitempty" minimum:"0" maximum:"0.5" doc:"Share of random exploration; left out: 0.08"`
	Detour     float64 `json:"detour,omitempty" minimum:"0" maximum:"1" doc:"Extra driving that a random order may cost, as a share; left out: 0.25"`
	CapMin     float64 `json:"cap_min,omitempty" minimum:"0" maximum:"10080" doc:"Minutes that patrols may spend at a place in a week; left out: as the city has set, which is the most"`
}

// A Place is one that the plan could choose.
type Place struct {
	N       int     `json:"n"`
	Title   string  `json:"title"`
	Lon     float64 `json:"lon"`
	Lat     float64 `json:"lat"`
	Grid    string  `json:"grid_code,omitempty"`
	Cell    int     `json:"cell,omitempty" doc:"Of the forecast"`
	Rank    int     `json:"rank,omitempty" doc:"In the forecast; 1 is the densest"`
	Score   float64 `json:"score" doc:"Expected incidents in the plan's hours"`
	StayMin float64 `json:"stay_min"`
	Explore bool    `json:"explore,omitempty" doc:"Chance chose it"`
	ByHand  bool    `json:"by_hand,omitempty" doc:"A person picked it"`
	UsedMin float64 `json:"used_min,omitempty" doc:"Minutes of accepted plans there in that week"`
	Most    *int    `json:"most,omitempty" doc:"Stops that its cap allows this plan; absent: no cap"`
	NoRoad  bool    `json:"no_road,omitempty" doc:"No road leads there from any unit"`
	Stops   int     `json:"stops" doc:"That the plan makes there"`
	WhyZH   string  `json:"why_zh,omitempty" doc:"What drives it, of the forecast"`
	WhyEN   string  `json:"why_en,omitempty"`
}

func (p Place) at() orb.Point { return orb.Point{p.Lon, p.Lat} }

// A Unit of a plan with its route.
type Unit struct {
	N          int          `json:"n"`
	Name       string       `json:"name"`
	Person     string       `json:"person,omitempty" doc:"Login of the worker who goes"`
	PersonName string       `json:"person_name,omitempty"`
	Grid       string       `json:"grid_code,omitempty" doc:"Or any worker of this grid"`
	From       time.Time    `json:"from"`
	Until      time.Time    `json:"until"`
	Start      *End         `json:"start,omitempty" doc:"Absent: anywhere"`
	End        *End         `json:"end,omitempty"`
	Breaks     []Break      `json:"breaks" nullable:"false"`
	Stops      []Stop       `json:"stops" nullable:"false"`
	DriveMin   float64      `json:"drive_min"`
	WaitMin    float64      `json:"wait_min" doc:"Until a stop may come again, or a break begin"`
	Back       time.Time    `json:"back" doc:"When it is back; never after until"`
	Task       int64        `json:"task,omitempty" doc:"Of its worker, once the plan is accepted"`
	TaskState  string       `json:"task_state,omitempty" enum:"open,done,cancelled"`
	Line       [][2]float64 `json:"line,omitempty" doc:"Its way by road, longitude and latitude"`
}

// An End is where a unit begins or ends.
type End struct {
	Title string  `json:"title,omitempty"`
	Lon   float64 `json:"lon"`
	Lat   float64 `json:"lat"`
}

// A Break as it was asked, and as it is taken.
type Break struct {
	Earliest time.Time  `json:"earliest"`
	Latest   time.Time  `json:"latest" doc:"It begins between the two"`
	Minutes  float64    `json:"minutes"`
	From     *time.Time `json:"from,omitempty" doc:"When it is taken; absent: the unit is back before"`
	Before   int        `json:"before" doc:"Stops of the unit before it"`
}

// A Stop of a unit.
type Stop struct {
	N        int       `json:"n"`
	Place    int       `json:"place" doc:"Its number among the plan's places"`
	Title    string    `json:"title"`
	Lon      float64   `json:"lon"`
	Lat      float64   `json:"lat"`
	Arrive   time.Time `json:"arrive"`
	Start    time.Time `json:"start" doc:"After arrive where it would come again too early"`
	Leave    time.Time `json:"leave"`
	DriveMin float64   `json:"drive_min" doc:"From where the unit was before"`
	Score    float64   `json:"score"`
	Visit    int       `json:"visit" doc:"The how manieth stop at the place, of all units"`
	Explore  bool      `json:"explore,omitempty" doc:"Chance chose it"`
	ByHand   bool      `json:"by_hand,omitempty" doc:"A person put it there"`

	// What came back from the phone.
	VisitedAt *time.Time `json:"visited_at,omitempty"`
	LateMin   *float64   `json:"late_min,omitempty" doc:"Minutes from its planned beginning to the visit; negative: early"`
	DistanceM *float64   `json:"distance_m,omitempty" doc:"Of the visit from the place; absent: the phone had no position"`
	Far       bool       `json:"far,omitempty"`
	Skipped   string     `json:"skipped,omitempty" doc:"Why it was left out"`
	Note      string     `json:"note,omitempty"`
}

// A Step is what happened to a plan.
type Step struct {
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"Login"`
	Action  string    `json:"action" enum:"make,edit,accept,refuse,withdraw"`
	Version int       `json:"version"`
	Reason  string    `json:"reason,omitempty"`
	Removed int       `json:"removed,omitempty" doc:"Of an edit: stops taken out"`
	Added   int       `json:"added,omitempty" doc:"Of an edit: stops put in"`
	Moved   int       `json:"moved,omitempty" doc:"Of an edit: stops whose place in the order changed"`
}

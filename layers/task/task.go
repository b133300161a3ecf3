package task

import (
	"time"

	"onemap/layers"
	"onemap/layers/hazard"
	"onemap/layers/incident"
)

// Store reads and writes tasks. Its methods are safe for concurrent use.
type Store struct {
	Layers    *layers.Store
	Incidents *incident.Store
	Hazards   *hazard.Store
	Clock     func() time.Time // nil: time.Now
}

// Kinds of tasks.
const (
	Verify  = "verify"  // 核实, before a case is filed
	Check   = "check"   // 核查, before a case is closed
	Patrol  = "patrol"  // 巡查
	Visit   = "visit"   // 走访检查
	Recheck = "recheck" // 复查 of a hazard
)

// Results of a task. Verification says true, false or unknown; check and
// re-check say passed or failed; the others done, or failed where it could
// not be done.
const (
	Done      = "done"
	Failed    = "failed"
	Passed    = "passed"
	Cancelled = "cancelled"
)

// A Task as its worker needs it.
type Task struct {
	ID         int64           `json:"id"`
	Kind       string          `json:"kind" enum:"verify,check,patrol,visit,recheck"`
	State      string          `json:"state" enum:"open,done,cancelled"`
	Title      string          `json:"title"`
	Person     string          `json:"person,omitempty" doc:"Login of whose it is; absent: of any worker of its grid"`
	PersonName string          `json:"person_name,omitempty"`
	Mine       bool            `json:"mine" doc:"The caller is to do it, or may: it is theirs, or of their grid and nobody's"`
	Dept       string          `json:"dept_code,omitempty" doc:"The department for which it is done"`
	Grid       string          `json:"grid_code"`
	Area       string          `json:"area_code"`
	Lon        *float64        `json:"lon,omitempty" doc:"Degrees, EPSG:4326; of a patrol its first point"`
	Lat        *float64        `json:"lat,omitempty"`
	DistanceM  *float64        `json:"distance_m,omitempty" doc:"Metres from the place asked about, as the crow flies; of a patrol to its nearest point not yet visited"`
	MadeBy     string          `json:"made_by" doc:"Login, or system"`
	MadeAt     time.Time       `json:"made_at"`
	WarnAt     *time.Time      `json:"warn_at,omitempty" doc:"Yellow from then on"`
	DueAt      *time.Time      `json:"due_at,omitempty" doc:"Red after it; absent: no limit"`
	DoneAt     *time.Time      `json:"done_at,omitempty" doc:"By the server's clock"`
	DoneBy     string          `json:"done_by,omitempty"`
	Result     string          `json:"result,omitempty" enum:"true,false,unknown,passed,failed,done,cancelled"`
	Results    []string        `json:"results" nullable:"false" doc:"What its result may be"`
	Opinion    string          `json:"opinion,omitempty"`
	Version    int             `json:"version" doc:"Send it with an action; a result needs none"`
	Actions    []string        `json:"allowed_actions" nullable:"false" doc:"What the caller may do to it now: result, point, assign, cancel"`
	Incident   *TaskCase       `json:"incident,omitempty" doc:"Of verify and check"`
	Enterprise *TaskEnterprise `json:"enterprise,omitempty" doc:"Of visit and recheck"`
	Hazard     *TaskHazard     `json:"hazard,omitempty" doc:"Of recheck"`
	Points     []PatrolPoint   `json:"points,omitempty" doc:"Of patrol, in their order"`
	Checklist  string          `json:"checklist,omitempty" doc:"Code of the checklist of a visit"`
	ListVer    int             `json:"checklist_version,omitempty"`
	Answers    []VisitAnswer   `json:"answers,omitempty" doc:"Of a visit that was made"`
	Outcome    string          `json:"outcome,omitempty" enum:"pass,conditional,fail,not_done" doc:"Of a visit that was made"`
	Photos     []TaskPhoto     `json:"photos,omitempty" doc:"Of the result"`
}

// A TaskCase is what a worker needs of the incident that they verify or check.
type TaskCase struct {
	ID          int64            `json:"id"`
	Number      string           `json:"number,omitempty"`
	Standard    string           `json:"class_standard"`
	Class       string           `json:"class_code"`
	ClassZH     string           `json:"class_zh"`
	ClassEN     string           `json:"class_en"`
	Severity    int              `json:"severity"`
	State       string           `json:"state"`
	Description string           `json:"description"`
	Place       string           `json:"place"`
	OccurredAt  time.Time        `json:"occurred_at"`
	Photos      []incident.Shown `json:"photos" nullable:"false"`
}

// A TaskEnterprise as a visit needs it.
type TaskEnterprise struct {
	ID            int64  `json:"id"`
	Name          string `json:"name"`
	Address       string `json:"address"`
	Industry      string `json:"industry"`
	Risk          int    `json:"risk" doc:"1 red to 4 blue"`
	State         string `json:"state"`
	LastInspected string `json:"last_inspected_on,omitempty" format:"date"`
	NextDue       string `json:"next_due_on,omitempty" format:"date"`
	OpenHazards   int    `json:"open_hazards" doc:"Found there and not yet closed"`
}

// A TaskHazard as its re-check needs it.
type TaskHazard struct {
	ID          int64                `json:"id"`
	Level       string               `json:"level" enum:"general,major"`
	State       string               `json:"state"`
	Title       string               `json:"title"`
	Description string               `json:"description"`
	Place       string               `json:"place"`
	Measure     string               `json:"measure" doc:"What was to be done"`
	Photos      []hazard.HazardPhoto `json:"photos" nullable:"false"`
}

// A PatrolPoint of a patrol.
type PatrolPoint struct {
	N         int        `json:"n"`
	Title     string     `json:"title"`
	Lon       float64    `json:"lon"`
	Lat       float64    `json:"lat"`
	NearM     float64    `json:"near_m" doc:"A visit within these metres counts as at the point"`
	Explore   bool       `json:"explore,omitempty" doc:"Chance chose it: a stop of random exploration, by which the forecast is held against where it does not look"`
	PlannedAt *time.Time `json:"planned_at,omitempty" doc:"When the plan would have the unit there"`
	StayMin   int        `json:"stay_min,omitempty" doc:"For so many minutes"`
	VisitedAt *time.Time `json:"visited_at,omitempty" doc:"By the server's clock; what the phone's clock said is client_at"`
	ClientAt  *time.Time `json:"client_at,omitempty"`
	VisitedBy string     `json:"visited_by,omitempty"`
	DistanceM *float64   `json:"distance_m,omitempty" doc:"Of the visit from the point; absent: the phone had no position"`
	Far       bool       `json:"far,omitempty" doc:"The visit was further away than near_m: noted, not refused"`
	Skipped   string     `json:"skipped,omitempty" doc:"Why it was left out"`
	Note      string     `json:"note,omitempty"`
}

// A VisitAnswer to an item of a checklist.
type VisitAnswer struct {
	Item   string      `json:"item"`
	Value  string      `json:"value" doc:"yes, no, na (does not apply); a number; words; empty for a photo"`
	Note   string      `json:"note,omitempty"`
	Failed bool        `json:"failed,omitempty"`
	Hazard int64       `json:"hazard,omitempty" doc:"The hazard that it opened"`
	Photos []TaskPhoto `json:"photos,omitempty"`
}

// A TaskPhoto of a result; subject is the checklist's item or the point's number.
type TaskPhoto struct {
	ID      string `json:"id"`
	Kind    string `json:"kind" enum:"near,far,reference,before,after"`
	Subject string `json:"subject,omitempty"`
}

// results are what the result of a kind may be.
var results = map[string][]string{
	Verify: {"true", "false", "unknown"}, Check: {Passed, Failed}, Recheck: {Passed, Failed}, Patrol: {Done, Failed}, Visit: {Done, Failed},
}

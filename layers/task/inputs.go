package task

import (
	"time"

	"github.com/google/uuid"

	"onemap/layers/hazard"
	"onemap/layers/incident"
	"onemap/layers/locate"
)

// A Query asks for tasks. Zero fields ask for all that the caller may see.
type Query struct {
	Mine       bool   // the caller is to do them, or may: theirs, or of their grids and nobody's
	Open       bool   // not yet done or cancelled
	Kind       string // one of the kinds
	Grid       string // a grid, or one that holds it
	Person     string // login
	Incident   int64
	Enterprise int64
	// Near is the place from which distances are given; nil: none are.
	Near       *Near
	ByDistance bool   // the nearest first, without pages; else what is due first
	Page       string // "" or what an earlier answer called next
	Limit      int    // 1 to 1000; 0: 100
}

// Near is a place to be near to, in degrees of EPSG:4326.
type Near struct{ Lon, Lat float64 }

// A Draft is a task to be made: a patrol or a visit.
type Draft struct {
	UUID       uuid.UUID // made by the client, may be uuid.Nil; made again, it is the same task
	Kind       string    // Patrol or Visit
	Title      string
	Person     string // login of the worker; "": any of the grid
	Dept       string `json:",omitempty"` // the department for which it is; "": the caller's, where they are its officer
	Grid       string // "": the enterprise's, or that of the first point
	DueAt      time.Time
	Enterprise int64  // of a visit
	Checklist  string // of a visit; "": the enterprise's
	Points     []PointDraft
	Address    string
}

// A PointDraft is a point of a patrol to be made.
type PointDraft struct {
	Title string
	At    locate.Place
	NearM float64 // 0: the setting patrol.near_m
	// Of a planned patrol (layers/deploy/patrolplan).
	Explore   bool          `json:",omitempty"` // chance chose it
	PlannedAt *time.Time    `json:",omitempty"`
	Stay      time.Duration `json:",omitempty"`
}

// A Result finishes a task.
type Result struct {
	UUID     uuid.UUID // made by the client: sent again, it is the same result
	Result   string    // as the kind has it
	Opinion  string
	ClientAt time.Time // by the phone's clock: kept, not counted with
	At       *locate.Place
	Accuracy float64          // metres
	Photos   []incident.Shown // uploaded before
	Points   []PointVisit     // of a patrol: those not yet recorded
	Version  int              // of the checklist that was answered; 0: the task's
	List     string           // its code; "": the task's
	Answers  []AnswerDraft    // of a visit
	Address  string
}

// A PointVisit is one point of a patrol, visited or skipped.
type PointVisit struct {
	UUID     uuid.UUID // made by the client; may be uuid.Nil in a Result
	N        int
	Skipped  string // why it was left out; "": it was visited
	Note     string
	ClientAt time.Time
	At       *locate.Place // nil: the phone had no position
	Accuracy float64
	Photos   []incident.Shown
	Address  string
}

// An AnswerDraft answers an item of the checklist.
type AnswerDraft struct {
	Item   string
	Value  string
	Note   string
	Level  string           // of the hazard that a failed item opens: general, major; "": as the item suggests
	Plan   *hazard.Proposal `json:",omitempty"` // for the hazard that a failed item opens; nil: nothing is proposed
	Photos []incident.Shown
}

// A Change is what is done to a task beside its result.
type Change struct {
	Action  string // assign, cancel
	Version int
	Person  string // login, for assign; "": any worker of its grid
	Opinion string
	Address string
}

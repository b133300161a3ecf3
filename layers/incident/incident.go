// Package incident is what is reported and handled: incidents (事件) from the
// report to the closing, their photos, and where the workers on duty are.
//
// Coordinates that come in declare their system; those that go out are
// longitude and latitude of EPSG:4326. Who sees which incident, and which of
// its fields, is the caller's [access.Scope]; besides, everyone sees what they
// reported themselves. A reporter's identity is never served to others.
//
// An answer to a write is given after its commit, with synchronous_commit on:
// what was acknowledged survives a crash.
package incident

import (
	"slices"
	"time"

	"onemap/layers"
)

// layerName is the incidents' layer in the registry.
const layerName = "incident"

// Store reads and writes incidents. Its methods are safe for concurrent use.
type Store struct {
	Layers *layers.Store
	Photos *Photos // nil: photos are refused
}

// States of an incident, in the order of its life, by stage.
const (
	// 信息收集
	Reported    = "reported"     // 待受理, waits for the acceptor
	Verifying   = "verifying"    // 核实中, a worker looks whether it is true
	SelfHandled = "self_handled" // 自处理待审, the reporter settled it on the spot
	// 案件建立
	Registered = "registered" // 待立案, waits for the shift leader
	// 任务派遣
	Filed    = "filed"    // 待派遣, waits for the dispatcher
	Returned = "returned" // 已回退, the department says it is not theirs
	Disputed = "disputed" // 待裁决, returned twice: the command centre decides
	// 任务处理
	Dispatched = "dispatched" // 待处置, waits for its department
	Handling   = "handling"   // 处置中
	Suspended  = "suspended"  // 挂账, the clock stands
	// 处理反馈
	Feedback = "feedback" // 已反馈, waits for the check
	// 核查结案
	Checking = "checking" // 核查中, a worker looks whether it is done
	Checked  = "checked"  // 待结案, waits for the shift leader
	// Ended
	Closed   = "closed"   // 已结案
	Rejected = "rejected" // 不予受理
	Void     = "void"     // 已作废
	Merged   = "merged"   // 已并案, it goes on as another case
)

// Stages are the six stages with their states.
var Stages = []struct {
	Name   string
	States []string
}{
	{"collection", []string{Reported, Verifying, SelfHandled}},
	{"filing", []string{Registered}},
	{"dispatch", []string{Filed, Returned, Disputed}},
	{"handling", []string{Dispatched, Handling, Suspended}},
	{"feedback", []string{Feedback}},
	{"closing", []string{Checking, Checked}},
}

// ended says whether nothing more happens to an incident of that state.
func ended(state string) bool {
	return state == Closed || state == Rejected || state == Void || state == Merged
}

// An Incident as its reader may see it. Fields that the reader may not see are
// empty and named in Hidden.
type Incident struct {
	ID          int64      `json:"id"`
	UUID        string     `json:"uuid" doc:"The report's number, made by the reporter's client"`
	Standard    string     `json:"class_standard" doc:"The list that the class is from"`
	Class       string     `json:"class_code"`
	ClassZH     string     `json:"class_zh"`
	ClassEN     string     `json:"class_en"`
	Severity    int        `json:"severity" minimum:"0" maximum:"4" doc:"1 red, 2 orange, 3 yellow, 4 blue; 0 if hidden"`
	State       string     `json:"state" enum:"reported,verifying,self_handled,registered,filed,returned,disputed,dispatched,handling,suspended,feedback,checking,checked,closed,rejected,void,merged,"`
	Source      string     `json:"source" enum:"worker,public,hotline,sensor,video,import,"`
	Dept        string     `json:"dept_code" doc:"The responsible department"`
	DeptZH      string     `json:"dept_zh"`
	DeptEN      string     `json:"dept_en"`
	Description string     `json:"description"`
	Place       string     `json:"place" doc:"The place in words"`
	Lon         float64    `json:"lon" doc:"Longitude in degrees, EPSG:4326"`
	Lat         float64    `json:"lat" doc:"Latitude in degrees, EPSG:4326"`
	Grid        string     `json:"grid_code" doc:"The finest governance grid that holds it; empty outside of all"`
	Area        string     `json:"area_code"`
	OccurredAt  *time.Time `json:"occurred_at,omitempty"`
	ReportedAt  *time.Time `json:"reported_at,omitempty"`
	ClosedAt    *time.Time `json:"closed_at,omitempty"`
	Since       *time.Time `json:"since,omitempty" doc:"In this state since"`
	WarnAt      *time.Time `json:"warn_at,omitempty" doc:"Yellow from then on; absent where no clock runs"`
	DueAt       *time.Time `json:"due_at,omitempty" doc:"Red after it; absent where no clock runs"`
	Handler     string     `json:"handler,omitempty" doc:"Login of whom the department assigned"`
	Pending     string     `json:"pending,omitempty" enum:"extension,suspension,appeal,appeal_second" doc:"What was asked for and waits for its answer"`
	Extensions  int        `json:"extensions,omitempty"`
	Suspensions int        `json:"suspensions,omitempty"`
	Returns     int        `json:"returns,omitempty"`
	Reworks     int        `json:"reworks,omitempty"`
	Decided     bool       `json:"decided,omitempty" doc:"The command centre said whose it is"`
	Overdue     bool       `json:"overdue,omitempty"`
	Excused     bool       `json:"excused,omitempty" doc:"An appeal was granted: it does not count as overdue"`
	Appealed    bool       `json:"appealed,omitempty"`
	Supervised  bool       `json:"supervised,omitempty"`
	Version     int        `json:"version" doc:"Send it with an action; it says what you looked at"`
	Mine        bool       `json:"mine" doc:"The caller reported it"`
	Hidden      []string   `json:"hidden,omitempty" doc:"Fields the caller may not see"`
	Actions     []string   `json:"allowed_actions" nullable:"false" doc:"What the caller may do to it now"`
	Contact     string     `json:"contact,omitempty" doc:"How to reach the reporter; for those who handle it, until it ends"`
	Photos      []Shown    `json:"photos,omitempty"`
	Flow        []Step     `json:"flow,omitempty" doc:"What happened to it, in order"`
}

// A Shown is a photo of an incident.
type Shown struct {
	ID   string `json:"id" doc:"SHA-256 of the photo, in hexadecimal"`
	Kind string `json:"kind" enum:"near,far,reference,before,after"`
}

// A Step is one entry of an incident's flow record.
type Step struct {
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"Login; empty for the reporter, who is not named to others"`
	Org     string    `json:"org"`
	Action  string    `json:"action"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Opinion string    `json:"opinion"`
}

// OutsideGrids says that no governance grid holds the incident.
func (i Incident) OutsideGrids() bool { return i.Grid == "" && !slices.Contains(i.Hidden, "grid_code") }

// only empties what a reader who may see just these fields must not see.
func (i *Incident) only(fields []string) {
	hide := func(field string, empty func()) {
		if !slices.Contains(fields, field) {
			empty()
			i.Hidden = append(i.Hidden, field)
		}
	}
	hide("grid_code", func() { i.Grid = "" })
	hide("uuid", func() { i.UUID = "" })
	hide("class_standard", func() { i.Standard = "" })
	hide("class_code", func() { i.Class, i.ClassZH, i.ClassEN = "", "", "" })
	hide("severity", func() { i.Severity = 0 })
	hide("state", func() { i.State = "" })
	hide("source", func() { i.Source = "" })
	hide("description", func() { i.Description = "" })
	hide("place", func() { i.Place = "" })
	hide("occurred_at", func() { i.OccurredAt = nil })
	hide("reported_at", func() { i.ReportedAt = nil })
	hide("closed_at", func() { i.ClosedAt = nil })
	hide("version", func() { i.Version = 0 })
	hide("dept_code", func() { i.Dept, i.DeptZH, i.DeptEN = "", "", "" })
	hide("area_code", func() { i.Area = "" })
}

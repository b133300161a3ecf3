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
	"sync"
	"time"

	"onemap/layers"
	"onemap/layers/class"
)

// layerName is the incidents' layer in the registry.
const layerName = "incident"

// Store reads and writes incidents. Its methods are safe for concurrent use.
type Store struct {
	Layers *layers.Store
	Photos *Photos // nil: photos are refused
	// Clock is the time that actions are done at, for tests and made-up cities;
	// nil: the database's.
	Clock func() time.Time

	// Classes says whose matter a class is and how long it may take; nil: a
	// store of its own.
	Classes *class.Store

	once sync.Once
	kept keptSettings
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

// A Stage6 is one of the six stages.
type Stage6 struct {
	Name   string
	States []string
}

// Stages are the six stages with their states.
var Stages = []Stage6{
	{"collection", []string{Reported, Verifying, SelfHandled}},
	{"filing", []string{Registered}},
	{"dispatch", []string{Filed, Returned, Disputed}},
	{"handling", []string{Dispatched, Handling, Suspended}},
	{"feedback", []string{Feedback}},
	{"closing", []string{Checking, Checked}},
}

// StageOf returns the stage that a state belongs to; "" for those that have ended.
func StageOf(state string) string {
	for _, s := range Stages {
		if slices.Contains(s.States, state) {
			return s.Name
		}
	}
	return ""
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
	Number      string     `json:"number,omitempty" doc:"The case's number, once it is filed: 6 digits county, 8 date, 5 serial"`
	Standard    string     `json:"class_standard" doc:"The list that the class is from"`
	Class       string     `json:"class_code"`
	ClassZH     string     `json:"class_zh"`
	ClassEN     string     `json:"class_en"`
	Severity    int        `json:"severity" minimum:"0" maximum:"4" doc:"1 red, 2 orange, 3 yellow, 4 blue; 0 if hidden"`
	State       string     `json:"state" enum:"reported,verifying,self_handled,registered,filed,returned,disputed,dispatched,handling,suspended,feedback,checking,checked,closed,rejected,void,merged,"`
	Source      string     `json:"source" enum:"worker,public,hotline,sensor,video,import,"`
	Dept        string     `json:"dept_code" doc:"The responsible department; before filing, the one that is likely"`
	DeptZH      string     `json:"dept_zh"`
	DeptEN      string     `json:"dept_en"`
	Description string     `json:"description"`
	Place       string     `json:"place" doc:"The place in words"`
	Lon         float64    `json:"lon" doc:"Longitude in degrees, EPSG:4326"`
	Lat         float64    `json:"lat" doc:"Latitude in degrees, EPSG:4326"`
	Grid        string     `json:"grid_code" doc:"The finest governance grid that holds it; empty outside of all"`
	Area        string     `json:"area_code"`
	Asset       int64      `json:"asset,omitempty" doc:"Number of the component that it is about"`
	Condition   string     `json:"condition,omitempty" doc:"Code of the filing condition"`
	AreaClass   string     `json:"area_class,omitempty" enum:"A,B,C," doc:"Of its grid when it was filed"`
	Limit       *Term      `json:"limit,omitempty" doc:"The time to handle it"`
	OccurredAt  *time.Time `json:"occurred_at,omitempty"`
	ReportedAt  *time.Time `json:"reported_at,omitempty"`
	FiledAt     *time.Time `json:"filed_at,omitempty"`
	ClosedAt    *time.Time `json:"closed_at,omitempty" doc:"When it ended, however it did"`
	UpdatedAt   *time.Time `json:"updated_at,omitempty"`
	Since       *time.Time `json:"since,omitempty" doc:"In this state since"`
	WarnAt      *time.Time `json:"warn_at,omitempty" doc:"Yellow from then on; absent where no clock runs"`
	DueAt       *time.Time `json:"due_at,omitempty" doc:"Red after it; absent where no clock runs"`
	Light       string     `json:"light,omitempty" enum:"green,yellow,red" doc:"Of the clock; absent where none runs"`
	Escalation  int        `json:"escalation,omitempty" doc:"1 warned, 2 overdue, 3 long overdue"`
	Handler     string     `json:"handler,omitempty" doc:"Login of whom the department assigned"`
	Pending     string     `json:"pending,omitempty" enum:"extension,suspension,appeal,appeal_second" doc:"What was asked for and waits for its answer"`
	Verified    string     `json:"verified,omitempty" enum:"true,false,unknown" doc:"What the verification found"`
	Checked     string     `json:"checked,omitempty" enum:"passed,failed" doc:"What the check found"`
	Extensions  int        `json:"extensions,omitempty"`
	Suspensions int        `json:"suspensions,omitempty"`
	Until       *time.Time `json:"suspended_until,omitempty"`
	Returns     int        `json:"returns,omitempty"`
	Reworks     int        `json:"reworks,omitempty"`
	Dispatches  int        `json:"dispatches,omitempty" doc:"To how many departments it went, one after the other"`
	Decided     bool       `json:"decided,omitempty" doc:"The command centre said whose it is"`
	Overdue     bool       `json:"overdue,omitempty" doc:"It is or was handled beyond its limit"`
	Excused     bool       `json:"excused,omitempty" doc:"An appeal was granted: it does not count as overdue"`
	Appealed    bool       `json:"appealed,omitempty"`
	Forced      bool       `json:"forced,omitempty" doc:"It was closed by force"`
	Supervised  bool       `json:"supervised,omitempty"`
	MergedInto  int64      `json:"merged_into,omitempty" doc:"The case as which it goes on"`
	Main        *Main      `json:"main,omitempty" doc:"What became of the case as which it goes on"`
	External    *External  `json:"external,omitempty" doc:"Where it came from, for a report of another system"`
	Version     int        `json:"version" doc:"Send it with an action; it says what you looked at"`
	Mine        bool       `json:"mine" doc:"The caller reported it"`
	Task        bool       `json:"task" doc:"A verification or a check of it is the caller's"`
	Hidden      []string   `json:"hidden,omitempty" doc:"Fields the caller may not see"`
	Actions     []string   `json:"allowed_actions" nullable:"false" doc:"What the caller may do to it now"`
	Contact     string     `json:"contact,omitempty" doc:"How to reach the reporter; for those who handle it, until it ends"`
	Photos      []Shown    `json:"photos,omitempty"`
	Flow        []Step     `json:"flow,omitempty" doc:"What happened to it, in order"`
	Merged      []int64    `json:"merged,omitempty" doc:"Reports that were merged into it"`
	Duplicates  []Likely   `json:"duplicates,omitempty" doc:"In the answer to a report: cases that are likely the same"`
	Warnings    []Warning  `json:"warnings,omitempty" doc:"In the answer to a report: what does not fit together and was taken all the same"`

	running bool      // the handling clock does
	row     *rowClock // what only the columns say
}

// Main is what a merged report tells of the case as which it goes on, to
// whoever may see the report.
type Main struct {
	ID       int64      `json:"id"`
	Number   string     `json:"number,omitempty"`
	State    string     `json:"state"`
	ClosedAt *time.Time `json:"closed_at,omitempty"`
}

// External names a report in the system that it came from.
type External struct {
	Source string `json:"source"`
	ID     string `json:"id"`
}

// A Warning is what does not fit together in a report that was taken.
type Warning struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// A Shown is a photo of an incident.
type Shown struct {
	ID      string     `json:"id" doc:"SHA-256 of the photo, in hexadecimal"`
	Kind    string     `json:"kind" enum:"near,far,reference,before,after"`
	TakenAt *time.Time `json:"taken_at,omitempty" doc:"As the device said"`
	Lon     *float64   `json:"lon,omitempty" doc:"Where it was taken, as the device said: longitude in degrees, EPSG:4326"`
	Lat     *float64   `json:"lat,omitempty"`
	Of      int64      `json:"of,omitempty" doc:"The merged report that it came with; absent for the case's own"`
}

// A Step is one entry of an incident's flow record.
type Step struct {
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"Login, or system; empty for the reporter, who is not named to others"`
	Post    string    `json:"post,omitempty" doc:"The role in which it was done"`
	Org     string    `json:"org"`
	Action  string    `json:"action"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Dept    string    `json:"dept,omitempty" doc:"The department that it is with after it"`
	Opinion string    `json:"opinion"`
	UsedS   *int64    `json:"used_s,omitempty" doc:"Seconds that the clock before it had counted"`
	LimitS  *int64    `json:"limit_s,omitempty" doc:"Seconds that it had; absent where there was no limit"`
	Light   string    `json:"light,omitempty" enum:"green,yellow,red" doc:"Of that clock at that time"`
	Detail  *Detail   `json:"detail,omitempty"`
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
	hide("state", func() { // and all that tells of it
		i.State, i.Handler, i.Pending, i.Verified, i.Checked, i.Condition, i.AreaClass = "", "", "", "", "", "", ""
		i.Limit, i.FiledAt, i.Until, i.External = nil, nil, nil, nil
		i.Extensions, i.Suspensions, i.Dispatches, i.MergedInto = 0, 0, 0, 0
		i.Decided, i.Excused, i.Appealed, i.Forced = false, false, false, false
	})
	hide("source", func() { i.Source = "" })
	hide("description", func() { i.Description = "" })
	hide("place", func() { i.Place = "" })
	hide("occurred_at", func() { i.OccurredAt = nil })
	hide("reported_at", func() { i.ReportedAt = nil })
	hide("closed_at", func() { i.ClosedAt = nil })
	hide("number", func() { i.Number = "" })
	hide("asset", func() { i.Asset = 0 })
	hide("since", func() { i.Since = nil })
	hide("warn_at", func() { i.WarnAt = nil })
	hide("due_at", func() { i.DueAt, i.Light = nil, "" })
	hide("escalation", func() { i.Escalation = 0 })
	hide("supervised", func() { i.Supervised = false })
	hide("returns", func() { i.Returns = 0 })
	hide("reworks", func() { i.Reworks = 0 })
	hide("overdue", func() { i.Overdue = false })
	hide("pending", func() { i.Pending = "" })
	hide("updated_at", func() { i.UpdatedAt = nil })
	hide("version", func() { i.Version = 0 })
	hide("dept_code", func() { i.Dept, i.DeptZH, i.DeptEN = "", "", "" })
	hide("area_code", func() { i.Area = "" })
}

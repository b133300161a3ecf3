// Package hazard is hazards (安全隐患) from the finding to the closing: found
// on a visit or by the way, registered, assessed as general or major (一般 /
// 重大), rectified by a plan of five parts (五落实: measure, who is responsible,
// money, term, contingency), checked again, closed (销号). A major one is
// supervised (挂牌督办), and who reported its rectification does not close it.
//
// What may happen is one table, [Transitions]. Terms and limits run in natural
// days. Coordinates that come in declare their system; those that go out are
// longitude and latitude of EPSG:4326. Who sees which hazard is the caller's
// [access.Scope]; besides, everyone sees those they found or are to check.
//
// The responsible is a post at the enterprise in words, not an entry of a
// register of people; it is erased some time after the closing.
package hazard

import (
	"slices"
	"time"

	"onemap/layers"
)

// layerName is the hazards' layer in the registry.
const layerName = "hazard"

// Store reads and writes hazards. Its methods are safe for concurrent use.
type Store struct {
	Layers *layers.Store
	Clock  func() time.Time // nil: time.Now
}

func (s *Store) now() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return time.Now()
}

// Levels of a hazard.
const (
	General = "general" // 一般
	Major   = "major"   // 重大
)

// States of a hazard, in the order of its life.
const (
	Found      = "found"      // 待登记
	Registered = "registered" // 待评估
	Rectifying = "rectifying" // 整改中
	Rectified  = "rectified"  // 待复查
	Rechecking = "rechecking" // 复查中, a worker looks whether it is done
	Rechecked  = "rechecked"  // 待销号
	Closed     = "closed"     // 已销号
	Void       = "void"       // 已作废
)

// States are all of them, with their words.
var States = []struct{ Name, ZH, EN string }{
	{Found, "待登记", "Found"}, {Registered, "待评估", "To be assessed"}, {Rectifying, "整改中", "Being rectified"}, {Rectified, "待复查", "To be checked again"},
	{Rechecking, "复查中", "Being checked again"}, {Rechecked, "待销号", "To be closed"}, {Closed, "已销号", "Closed"}, {Void, "已作废", "Void"},
}

// ended says whether nothing more happens to a hazard of that state.
func ended(state string) bool { return state == Closed || state == Void }

// A Hazard as its reader may see it. Fields that the reader may not see are
// empty and named in Hidden.
type Hazard struct {
	ID             int64         `json:"id"`
	UUID           string        `json:"uuid" doc:"Made by the finder's client"`
	Level          string        `json:"level" enum:"general,major," doc:"一般 or 重大"`
	State          string        `json:"state" enum:"found,registered,rectifying,rectified,rechecking,rechecked,closed,void,"`
	Kind           string        `json:"kind,omitempty"`
	Title          string        `json:"title"`
	Description    string        `json:"description"`
	Place          string        `json:"place" doc:"The place in words"`
	Enterprise     int64         `json:"enterprise,omitempty" doc:"Number of the feature of layer enterprise"`
	EnterpriseName string        `json:"enterprise_name,omitempty"`
	Task           int64         `json:"task,omitempty" doc:"The visit that found it"`
	Item           string        `json:"item,omitempty" doc:"The checklist's item that failed"`
	Incident       int64         `json:"incident,omitempty"`
	Dept           string        `json:"dept_code" doc:"The department that oversees it"`
	DeptZH         string        `json:"dept_zh"`
	DeptEN         string        `json:"dept_en"`
	Lon            float64       `json:"lon" doc:"Longitude in degrees, EPSG:4326"`
	Lat            float64       `json:"lat" doc:"Latitude in degrees, EPSG:4326"`
	Grid           string        `json:"grid_code"`
	Area           string        `json:"area_code"`
	FoundAt        *time.Time    `json:"found_at,omitempty"`
	ClosedAt       *time.Time    `json:"closed_at,omitempty"`
	TermAt         *time.Time    `json:"term_at,omitempty" doc:"Until when it is to be rectified (时限)"`
	Since          *time.Time    `json:"since,omitempty" doc:"In this state since"`
	WarnAt         *time.Time    `json:"warn_at,omitempty" doc:"Yellow from then on; absent where no clock runs"`
	DueAt          *time.Time    `json:"due_at,omitempty" doc:"Red after it; absent where no clock runs"`
	Escalation     int           `json:"escalation,omitempty" doc:"1 warned, 2 overdue, 3 long overdue"`
	Overdue        bool          `json:"overdue,omitempty" doc:"Its term passed before it was rectified"`
	Supervised     bool          `json:"supervised,omitempty" doc:"挂牌督办"`
	Supervisor     string        `json:"supervisor,omitempty" doc:"The organisation that supervises it"`
	Extensions     int           `json:"extensions,omitempty"`
	Rechecks       int           `json:"rechecks,omitempty"`
	Version        int           `json:"version" doc:"Send it with an action; it says what you looked at"`
	Mine           bool          `json:"mine" doc:"The caller found it"`
	Assigned       bool          `json:"assigned,omitempty" doc:"The caller is to check it"`
	Rectifier      bool          `json:"rectified_by_me,omitempty" doc:"The caller reported its rectification, and so does not close it if it is major"`
	Hidden         []string      `json:"hidden,omitempty" doc:"Fields the caller may not see"`
	Actions        []string      `json:"allowed_actions" nullable:"false" doc:"What the caller may do to it now"`
	Plan           *Plan         `json:"plan,omitempty" doc:"For those who handle it"`
	Photos         []HazardPhoto `json:"photos,omitempty"`
	Flow           []HazardStep  `json:"flow,omitempty" doc:"What happened to it, in order"`

	overdue bool // as it is written, not as it is now
}

// A Plan is how a hazard is rectified (五落实); its term is the hazard's.
type Plan struct {
	Measure     string   `json:"measure" doc:"What is done (措施)"`
	Responsible string   `json:"responsible" doc:"Who at the enterprise, by their post (责任); erased some time after the closing"`
	MoneyYuan   *float64 `json:"money_yuan,omitempty" doc:"资金, in yuan; absent: not said"`
	Contingency string   `json:"contingency" doc:"What is done if it goes wrong meanwhile (预案)"`
}

// A HazardPhoto is a photo of a hazard.
type HazardPhoto struct {
	ID   string `json:"id" doc:"SHA-256 of the photo, in hexadecimal"`
	Kind string `json:"kind" enum:"near,far,reference,before,after"`
	Step int64  `json:"step,omitempty" doc:"The flow's entry that it came with"`
}

// A HazardStep is one entry of a hazard's flow record.
type HazardStep struct {
	ID      int64          `json:"id"`
	At      time.Time      `json:"at"`
	Actor   string         `json:"actor" doc:"Login; empty for the finder, who is not named to others; system: by the clock"`
	Org     string         `json:"org"`
	Action  string         `json:"action"`
	From    string         `json:"from"`
	To      string         `json:"to"`
	Opinion string         `json:"opinion"`
	Detail  map[string]any `json:"detail,omitempty"`
}

// only empties what a reader who may see just these fields must not see.
func (h *Hazard) only(fields []string) {
	hide := func(field string, empty func()) {
		if !slices.Contains(fields, field) {
			empty()
			h.Hidden = append(h.Hidden, field)
		}
	}
	hide("grid_code", func() { h.Grid = "" })
	hide("uuid", func() { h.UUID = "" })
	hide("level", func() { h.Level = "" })
	hide("state", func() { h.State, h.Extensions, h.Rechecks, h.Rectifier = "", 0, 0, false })
	hide("kind", func() { h.Kind = "" })
	hide("title", func() { h.Title, h.Item = "", "" })
	hide("description", func() { h.Description = "" })
	hide("place", func() { h.Place = "" })
	hide("enterprise", func() { h.Enterprise, h.Task, h.Incident = 0, 0, 0 })
	hide("enterprise_name", func() { h.EnterpriseName = "" })
	hide("found_at", func() { h.FoundAt = nil })
	hide("term_at", func() { h.TermAt = nil })
	hide("since", func() { h.Since = nil })
	hide("warn_at", func() { h.WarnAt = nil })
	hide("due_at", func() { h.DueAt = nil })
	hide("escalation", func() { h.Escalation = 0 })
	hide("overdue", func() { h.Overdue = false })
	hide("supervised", func() { h.Supervised, h.Supervisor = false, "" })
	hide("closed_at", func() { h.ClosedAt = nil })
	hide("version", func() { h.Version = 0 })
	hide("dept_code", func() { h.Dept, h.DeptZH, h.DeptEN = "", "", "" })
	hide("area_code", func() { h.Area = "" })
}

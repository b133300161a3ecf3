// Package match finds which rows of two departments' registers are the same
// legal person or the same place, keeps the links, puts the doubtful pairs
// before people, and lists where linked registers contradict each other (一数一源).
//
// A [Plan] names two layers and says which of their columns are names, address,
// code. A run reads both registers, lets layers/match/linkage compare them, and
// replaces what the run before found; what people decided stays, and is an
// input of every run. Rows are named by source_key, never by id, so links and
// decisions outlive a re-import. Which links hold is the view
// onemap.match_link, which QGIS and SQL may join like a table.
//
// Whoever sees a pair sees it by their right to both rows and both fields:
// values are never copied here, scores and reasons name levels only.
//
// # People are never matched
//
// A register of persons is refused, whoever asks: a layer with a column for a
// person's name, identity number, birth, sex or the like ([CheckRegister]), a
// column for contacts (legal representative, telephone) as something to
// compare, and a register whose values turn out to be identity numbers or
// persons' names when it is read. There is no switch for it.
package match

import (
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/jobs"
	"onemap/layers/match/linkage"
)

// Store keeps plans, runs them, and takes decisions. Its methods are safe for
// concurrent use.
type Store struct {
	Layers *layers.Store
	Jobs   *jobs.Queue // runs in the background; nil: [Store.Ask] only notes the run
}

// A Plan is two registers that are matched, and how.
type Plan struct {
	Name       string
	TitleZH    string
	TitleEN    string
	Owner      string // organisation that works its queue; "": the operator's
	LeftLayer  string
	RightLayer string
	Left       Roles
	Right      Roles
	Shape      linkage.Shape
	LinkAt     float64 // probability from which a pair is linked, 0.5 to 1
	ReviewAt   float64 // from which a person is asked, at most LinkAt
	Follow     bool    // run again by itself when an import has changed one of the layers
	Items      []Item
	CreatedBy  string
	CreatedAt  time.Time
	ChangedAt  time.Time
}

// Roles say which columns of a layer are compared as what.
type Roles struct {
	Names   []string `json:"names"`             // the main one first
	Address []string `json:"address,omitempty"` // joined in this order
	Code    string   `json:"code,omitempty"`    // unified social credit code
	Numbers []string `json:"numbers,omitempty"` // licences and other numbers that both registers carry
}

// fields are all columns that the roles name.
func (r Roles) fields() []string {
	var out []string
	out = append(append(append(out, r.Names...), r.Address...), r.Numbers...)
	if r.Code != "" {
		out = append(out, r.Code)
	}
	return out
}

// Ways to compare an item.
const (
	Exact   = "exact"
	AsName  = "name"    // but for legal form, area, spaces and signs
	Address = "address" // the same house
	Code    = "code"    // letters and digits
	Number  = "number"  // within the tolerance, in the field's unit
	Date    = "date"    // within the tolerance, in days
	Place   = "place"   // within the tolerance, in metres; the fields are 'geom'
)

// An Item is something that both registers say of an establishment, and which
// of them is authoritative for it (一数一源).
type Item struct {
	Name       string
	TitleZH    string
	TitleEN    string
	LeftField  string // "geom": the place
	RightField string
	Compare    string
	Tolerance  float64 // metres, days, or the field's unit
	Authority  string  // left, right; "": not settled
	Basis      string  // the rule that says so; needed with an authority
}

// may says whether the caller works a plan's queue: an officer of its owner or
// of the owner of one of its layers.
func (s *Store) may(by access.Scope, p Plan, left, right layers.Layer) bool {
	if !by.Has(access.DepartmentOfficer) {
		return false
	}
	for _, org := range []string{p.Owner, left.Owner, right.Owner} {
		if org != "" && by.ActsFor(org) {
			return true
		}
	}
	return by.ActsFor(anyone)
}

// anyone is the code of no organisation: only an operator acts for it.
const anyone = "\x00"

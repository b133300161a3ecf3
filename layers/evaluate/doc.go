// Package evaluate counts how cases were handled (绩效评价): for areas,
// departments and posts, by period, with the cases behind each number.
//
// A report reads onemap.case_fact, which the database keeps beside each case in
// the transaction that writes the case (migration 0015), and for posts the flow
// itself. So a report is what the database holds at one moment: it does not
// lag, and nothing has to be counted up beforehand.
//
// What is counted stands in tables: [counts] (a count is a predicate on a row),
// [rates] (two counts) and the versioned [Rules] (grades, weights). A count and
// the list of cases behind it are the same predicate.
//
// A period is half-open, [from, to), in the city's time zone; what has not
// ended yet is counted until now. What is known now counts: a granted appeal, a
// reopening or a later void changes the report of a past period.
//
// Persons. Areas and departments are scored. Posts are evaluated by the
// organisation that holds them; by login only for the command centre and for
// the person, and then with counts and rates, never with a score, a grade or a
// rank: onemap scores no person.
package evaluate

import (
	"onemap/layers"
)

// Store evaluates. Its methods are safe for concurrent use.
type Store struct{ Layers *layers.Store }

// Subjects of a report.
const (
	Area       = "area"       // 区域
	Department = "department" // 部门
	Post       = "post"       // 岗位
)

// Posts of a report about posts.
const (
	Collector   = "collector"    // 监督员
	Acceptor    = "acceptor"     // 受理员
	ShiftLeader = "shift_leader" // 值班长
	Dispatcher  = "dispatcher"   // 派遣员
)

// Levels of a report about areas.
var Levels = []string{"county", "town", "community", "grid_community", "grid_duty", "grid_unit"}

// A Query asks for a report.
type Query struct {
	Subject string // area, department or post
	Period  Period
	// Of areas: the level of the rows, "": the one below Parent.
	Level  string
	Parent string // an area's code, or an organisation's; "": all that the caller may see
	// Of posts: which, and whether a row is an organisation or a person.
	Post     string
	ByPerson bool
	// Alone leaves the comparison with the period before and the year before out.
	Alone bool
}

// Package access decides who may see what, once, for every route.
//
// A [Person] belongs to an [Organisation] and has roles; what follows from
// that is a [Scope]. Asked about a layer, a Scope answers with a [Right]: a
// condition on rows (geo/where), the fields that may be seen, and a
// fingerprint for cache keys and ETags. The rules stand in one place, rules.go.
//
// The [Directory] keeps people, sessions, keys, organisations, areas, grids and
// grants in memory, in step with the database by the feed, so that a cached
// tile costs no query. Where the feed is behind or off, it reads PostgreSQL.
//
// Persons appear in onemap only as its users.
package access

import (
	"errors"
	"slices"
	"time"
)

var (
	// ErrUnauthenticated: the caller did not say who they are, or not truly.
	ErrUnauthenticated = errors.New("sign in first")
	// ErrForbidden: the caller is known and may not do this.
	ErrForbidden = errors.New("you may not do this")
	// ErrLocked is wrapped by every [LockedError].
	ErrLocked = errors.New("too many failed attempts")
)

// A LockedError says when a locked account may be tried again.
type LockedError struct{ Until time.Time }

func (e *LockedError) Error() string {
	return "too many failed attempts: try again at " + e.Until.UTC().Format(time.RFC3339)
}

func (e *LockedError) Unwrap() error { return ErrLocked }

// A Role is what a person does in onemap. It never widens the organisation's
// rights to data; it says which of them the person may use, and what they may do.
type Role string

const (
	Administrator         Role = "administrator"          // 系统管理员: organisations, accounts, layers
	SecurityAdministrator Role = "security_administrator" // 安全管理员: roles, keys, grants
	Auditor               Role = "auditor"                // 审计管理员: reads the audit
	CommandCentre         Role = "command_centre"         // 指挥中心: watches, decides, stands in for the three posts below
	Acceptor              Role = "acceptor"               // 受理员: takes reports in, sends verification and check
	ShiftLeader           Role = "shift_leader"           // 值班长: files and closes
	Dispatcher            Role = "dispatcher"             // 派遣员: dispatches, answers what departments ask for
	DepartmentOfficer     Role = "department_officer"     // 部门人员: handles the department's cases
	Planner               Role = "planner"                // 规划分析: forecasts and plans
	GridWorker            Role = "grid_worker"            // 网格员: reports and checks in their own grids
	Gateway               Role = "gateway"                // 位置网关: a platform's account that hands in its workers' positions
	PublicRole            Role = "public"                 // everyone, signed in or not
)

// Roles are those that a person may be given, in the order of the list above.
var Roles = []Role{Administrator, SecurityAdministrator, Auditor, CommandCentre, Acceptor, ShiftLeader, Dispatcher, DepartmentOfficer, Planner, GridWorker, Gateway}

// duties are the roles that work with the city's data. The three
// administrators, alone, do not.
var duties = []Role{CommandCentre, Acceptor, ShiftLeader, Dispatcher, DepartmentOfficer, Planner, GridWorker}

// A Person is a user of onemap.
type Person struct {
	ID    int64
	Login string
	Name  string
	Org   string   // organisation code
	Roles []Role   // in the order of [Roles]
	Grids []string // codes of the unit, responsibility and community grids they answer for, sorted
}

// An Organisation is a government, a department or a command centre.
type Organisation struct {
	Code     string
	Parent   string // code; "" at the top
	Level    string // province, city, county, town, community
	Kind     string // government, department, command_centre
	AreaCode string // prefix of the area_code of all that it answers for; "" is everywhere
	NameZH   string
	NameEN   string
	USCC     string // 统一社会信用代码; "" if not known
}

const (
	kindGovernment = "government"
	kindDepartment = "department"
	kindCentre     = "command_centre"
)

func sortRoles(rs []Role) {
	slices.SortFunc(rs, func(a, b Role) int { return slices.Index(Roles, a) - slices.Index(Roles, b) })
}

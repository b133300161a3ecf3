package access

import (
	"slices"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
)

// A Scope is what one caller may do and see. Its zero value is the public. It
// is a small value that never changes; take a new one from the [Directory] for
// each request, and after [Directory.Changed].
type Scope struct {
	s   *scope // shared by all who are the person
	via *via   // how they came in; nil: acts from inside
}

// scope is the rights of one person, resolved against the organisations, grids
// and grants of one moment.
type scope struct {
	person   Person
	org      Organisation
	operator bool // the machine's operator: has the database in hand anyway

	line  []string // its organisation, and those above it of the same kind
	below []string // its organisation, and those below it of the same kind, sorted

	duty      bool                 // has a role that works with data
	onlyGrids bool                 // a grid worker and nothing wider
	cells     []string             // grid codes that stand on the worker's rows, sorted
	bounds    map[string]orb.Bound // of cells, and of the grids that grants name

	grants []granted // to line, in force when the scope was made
	until  time.Time // the first of their ends; zero: none ends
	areas  *areas

	rights sync.Map // layer name -> *cachedRight
}

// Operator is the scope of whoever runs the command line on the server: it may
// do all that a role may do, and sees all. name is the operating system's user.
func Operator(name string) Scope {
	return Scope{s: &scope{person: Person{Login: "operator:" + name, Name: name}, operator: true}}
}

// Person returns who the caller is; false for the public.
func (s Scope) Person() (Person, bool) {
	if s.s == nil {
		return Person{}, false
	}
	return s.s.person, true
}

// Org returns the caller's organisation, the zero value for the public.
func (s Scope) Org() Organisation {
	if s.s == nil {
		return Organisation{}
	}
	return s.s.org
}

// Has says whether the caller has one of the roles. Everyone has [PublicRole];
// an operator has all.
func (s Scope) Has(roles ...Role) bool {
	for _, r := range roles {
		if r == PublicRole || s.s != nil && (s.s.operator || slices.Contains(s.s.person.Roles, r)) {
			return true
		}
	}
	return false
}

// Require returns [ErrUnauthenticated] for the public and [ErrForbidden] for a
// caller with none of the roles; no roles at all asks only for a sign-in.
func (s Scope) Require(roles ...Role) error {
	switch {
	case s.Has(roles...):
		return nil
	case s.s == nil:
		return ErrUnauthenticated
	case len(roles) == 0:
		return nil
	}
	return ErrForbidden
}

// Cells returns the codes that stand on rows in the caller's own grids, sorted:
// the grids themselves, and those that they are made of. Callers other than
// grid workers have none. It is shared: do not change it.
func (s Scope) Cells() []string {
	if s.s == nil {
		return nil
	}
	return s.s.cells
}

// InGrids says whether grid code is one of the caller's own grids. Callers
// other than grid workers have none.
func (s Scope) InGrids(code string) bool {
	if s.s == nil {
		return false
	}
	_, ok := slices.BinarySearch(s.s.cells, code)
	return ok
}

// cachedRight is the answer for one state of one layer.
type cachedRight struct {
	layer   layerState
	right   Right
	visible bool
}

// layerState is what a right depends on. The registry hands out the same
// fields until it reads them anew.
type layerState struct {
	owner, share, dept, subject string
	open                        bool
	floor                       int
	fields                      *layers.Field
	n                           int
}

func stateOf(l layers.Layer) layerState {
	st := layerState{owner: l.Owner, share: l.Share, dept: l.DeptField, subject: l.Subject, open: l.Open, floor: l.KFloor, n: len(l.Fields)}
	if st.n > 0 {
		st.fields = &l.Fields[0]
	}
	return st
}

// Layer returns what the caller may see of a layer. visible is false where the
// caller may not even know that it exists: answer as if it did not.
func (s Scope) Layer(l layers.Layer) (right Right, visible bool) {
	right, visible = s.holders(l)
	if s.via == nil && !l.AskReason { // most often so
		return right, visible
	}
	return s.through(l, right, visible)
}

// holders is the right of whoever the caller is, however they came in.
func (s Scope) holders(l layers.Layer) (right Right, visible bool) {
	if s.s == nil {
		return publicRight(l)
	}
	if !s.s.until.IsZero() && !time.Now().Before(s.s.until) {
		// A grant has ended under a scope that someone still holds.
		return s.s.decide(l, time.Now())
	}
	st := stateOf(l)
	if c, ok := s.s.rights.Load(l.Name); ok {
		if c := c.(*cachedRight); c.layer == st {
			return c.right, c.visible
		}
	}
	c := &cachedRight{layer: st}
	c.right, c.visible = s.s.decide(l, time.Now())
	s.s.rights.Store(l.Name, c)
	return c.right, c.visible
}

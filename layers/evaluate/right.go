package evaluate

import (
	"context"
	"slices"
	"strings"

	"onemap/layers"
	"onemap/layers/access"
)

// duties may see evaluations; of what, their right to incidents says.
var duties = []access.Role{access.CommandCentre, access.Acceptor, access.ShiftLeader, access.Dispatcher, access.DepartmentOfficer, access.Planner, access.GridWorker}

// fewest is how many people must have acted in an organisation's post before
// its own people, other than the command centre, see its numbers: those of one
// or two would be a report about a person.
const fewest = 3

// sight is what a caller may see.
type sight struct {
	scope  access.Scope
	layer  layers.Layer
	right  access.Right
	centre bool   // command centre
	login  string // the caller
	org    access.Organisation
}

// sight returns what the caller may see. It returns [access.ErrForbidden] for
// callers without a duty, and for those whose right to incidents does not show
// what reports count.
//
//	who                     areas, departments                           posts
//	----------------------  -------------------------------------------  --------------------------------------
//	command centre          the cases that it sees on the map            organisations in its area; people by login
//	other duty, centre or   the cases that they see on the map           their own organisation, where three or more
//	government                                                           people acted; themselves by login
//	department              rows of its line; the total of the cases     the same
//	                        that it sees on the map
//	no duty (the three      none                                         none
//	administrators)
func (s *Store) sight(ctx context.Context, scope access.Scope) (sight, error) {
	if err := scope.Require(duties...); err != nil {
		return sight{}, err
	}
	l, err := s.Layers.Layer(ctx, "incident")
	if err != nil {
		return sight{}, err
	}
	v := sight{scope: scope, layer: l, centre: scope.Has(access.CommandCentre), org: scope.Org()}
	if p, ok := scope.Person(); ok {
		v.login = p.Login
	}
	r, ok := scope.Layer(l)
	if !ok {
		return sight{}, access.ErrForbidden
	}
	for _, f := range []string{"state", "source", "reported_at", "closed_at", "dept_code", "area_code", "grid_code"} {
		if !slices.Contains(r.Fields, f) {
			return sight{}, access.ErrForbidden
		}
	}
	v.right = r
	return v, nil
}

// rows is the condition on facts f; for posts a step of the caller's own counts too.
func (v sight) rows(q Query, a *layers.Args) (string, error) {
	cond, err := v.layer.SQL(v.right.Where, a)
	if err != nil || q.Subject != Post || v.login == "" {
		return "(" + cond + ")", err
	}
	return "(" + cond + " OR s.actor = " + a.Add(v.login) + ")", nil
}

// shows says whether the caller may see the row of a department.
func (v sight) showsDepartment(code string, orgs map[string]access.Organisation) bool {
	if v.org.Kind != "department" {
		return true
	}
	for i := 0; i < 10 && code != ""; i++ {
		if code == v.org.Code {
			return true
		}
		code = orgs[code].Parent
	}
	return false
}

// showsPost says whether the caller may see the row of an organisation's post,
// in which so many people acted, or of a person of it.
func (v sight) showsPost(q Query, org, login string, people int, orgs map[string]access.Organisation) bool {
	if v.centre {
		return v.org.AreaCode == "" || org == v.org.Code || strings.HasPrefix(orgs[org].AreaCode, v.org.AreaCode) || org == system
	}
	if q.ByPerson {
		return login != "" && login == v.login
	}
	return org == v.org.Code && people >= fewest
}

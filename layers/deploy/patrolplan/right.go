package patrolplan

import (
	"context"
	"fmt"

	"onemap/layers"
	"onemap/layers/access"
)

// Viewers are the roles that make, see and decide plans.
var Viewers = []access.Role{access.CommandCentre, access.Planner, access.DepartmentOfficer}

// sight is which plans a caller sees.
type sight struct {
	scope access.Scope
	who   access.Person
	dept  string // of whose plans only; "": by area
}

func see(scope access.Scope) (sight, error) {
	if err := scope.Require(Viewers...); err != nil {
		return sight{}, err
	}
	who, ok := scope.Person()
	if !ok {
		return sight{}, access.ErrUnauthenticated
	}
	v := sight{scope: scope, who: who}
	if scope.Org().Kind == "department" {
		v.dept = scope.Org().Code
	}
	return v, nil
}

// sql is the condition on plans under the alias p.
func (v sight) sql(a *layers.Args) string {
	if v.dept != "" {
		return "p.dept = " + a.Add(v.dept)
	}
	if v.scope.Org().AreaCode == "" {
		return "true"
	}
	return "starts_with(p.area_code, " + a.Add(v.scope.Org().AreaCode) + ")"
}

// sends is the condition on the people under the alias p whom the caller may
// send: active grid workers who answer for a grid in the caller's area, where
// they may have tasks done (see task.Store.Create), and those of their own
// organisation or, for others than departments, of one in their area.
func (v sight) sends(a *layers.Args) string {
	area := a.Add(v.scope.Org().AreaCode)
	own := "EXISTS (SELECT FROM onemap.organisation o WHERE o.code = p.org AND starts_with(o.area_code, " + area + "))"
	if v.dept != "" {
		own = "p.org = " + a.Add(v.dept)
	}
	return "p.active AND EXISTS (SELECT FROM onemap.person_role r WHERE r.person = p.id AND r.role = 'grid_worker') AND (" + own + ` OR EXISTS (
		SELECT FROM onemap.person_grid g, LATERAL (SELECT area_code FROM map.grid_unit WHERE grid_code = g.grid_code AND valid_to IS NULL
			UNION ALL SELECT area_code FROM map.grid_duty WHERE grid_code = g.grid_code AND valid_to IS NULL
			UNION ALL SELECT area_code FROM map.grid_community WHERE grid_code = g.grid_code AND valid_to IS NULL) l
		WHERE g.person = p.id AND starts_with(l.area_code, ` + area + ")))"
}

// orders says for which department the caller plans: a department's people for
// their own, others for any or none.
func (s *Store) orders(ctx context.Context, v sight, dept string) (string, error) {
	if v.dept != "" {
		if dept != "" && dept != v.dept {
			return "", &layers.InputError{Field: "dept_code", Value: layers.Short(dept), Remedy: "your own department: leave it out"}
		}
		return v.dept, nil
	}
	if dept == "" {
		return "", nil
	}
	var known bool
	if err := s.Layers.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.organisation WHERE code = $1 AND kind = 'department')`, dept).Scan(&known); err != nil {
		return "", fmt.Errorf("department of a patrol plan: %w", err)
	}
	if !known {
		return "", &layers.InputError{Field: "dept_code", Value: layers.Short(dept), Remedy: "the code of a department, or left out"}
	}
	return dept, nil
}

// actions are what the caller may do to a plan that they see.
func actions(state string) []string {
	switch state {
	case Draft:
		return []string{"edit", "accept", "refuse"}
	case Accepted:
		return []string{"withdraw"}
	}
	return []string{}
}

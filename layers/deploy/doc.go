// Package deploy is where forces stand: plans of stationing (布警方案) and what
// they were made from. Its cores are below it: roads, siting, and patrol.
//
// A plan is a suggestion. It is made from demand (cases that the public reported,
// or what a forecast expects), candidates, and the times on the road network;
// it says how good it is, how much better any other could be at most, who gains
// and who loses against today. A person accepts or refuses it, with a reason;
// both stand in the audit. Demand is counted by cell: nothing here knows a person.
package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy/roads"
	"onemap/layers/deploy/siting"
)

// Store makes plans and shows them by right. Its methods are safe for
// concurrent use.
type Store struct {
	Layers *layers.Store
	Roads  *roads.Store
	Now    func() time.Time // nil: time.Now
	Effort int64            // of the solver; 0: siting.DefaultEffort

	Turn Turn // whose plan is searched for

	tables tables
}

func (s *Store) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// Planners are the roles that make plans, see them and decide: the command
// centre and planners, officers those of their own department. The public never.
var Planners = []access.Role{access.CommandCentre, access.Planner, access.DepartmentOfficer}

const kindDepartment = "department"

// sees says whose plans the caller sees: all of their area, or those of their
// department.
func (s *Store) sees(ctx context.Context, by access.Scope) (dept, area string, err error) {
	if err := by.Require(Planners...); err != nil {
		return "", "", err
	}
	l, err := s.Layers.Layer(ctx, "post")
	if err != nil {
		return "", "", err
	}
	if _, ok := by.Layer(l); !ok {
		return "", "", access.ErrForbidden
	}
	if org := by.Org(); org.Kind == kindDepartment {
		return org.Code, org.AreaCode, nil
	}
	return "", by.Org().AreaCode, nil
}

// forces says for whose forces the caller plans: officers for their own
// department, others for any.
func (s *Store) forces(ctx context.Context, by access.Scope, org string) (string, error) {
	dept, _, err := s.sees(ctx, by)
	if err != nil {
		return "", err
	}
	if dept != "" {
		if org != "" && org != dept {
			return "", &layers.InputError{Field: "org", Value: layers.Short(org), Remedy: "an officer plans for their own department: leave it out"}
		}
		return dept, nil
	}
	if org == "" {
		return by.Org().Code, nil
	}
	var known bool
	if err := s.Layers.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.organisation WHERE code = $1)`, org).Scan(&known); err != nil {
		return "", fmt.Errorf("organisation of a plan: %w", err)
	}
	if !known {
		return "", &layers.InputError{Field: "org", Value: layers.Short(org), Remedy: "the code of an organisation"}
	}
	return org, nil
}

// asked are the names in a question of what the solver calls otherwise.
var asked = map[string]string{"within": "within_s", "outer": "outer_s", "fixed": "keep", "area": "areas"}

// said gives faults of the solver and of the roads the form that callers read.
func said(what string, err error) error {
	var fault *siting.Fault
	switch {
	case errors.As(err, &fault):
		field := fault.Field
		if name, ok := asked[field]; ok {
			field = name
		}
		return &layers.InputError{Field: field, Value: fault.Value, Remedy: fault.Remedy}
	case errors.Is(err, roads.ErrNoRoads):
		return &layers.InputError{Field: "mode", Remedy: roads.ErrNoRoads.Error()}
	}
	return access.Wrap(what, err)
}

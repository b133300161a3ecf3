package forecast

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// Viewers are the roles that may see forecasts: the command centre and planners
// those of all, officers those of their own department, and all of them only
// what the layer forecast is granted to their organisation. The public never.
var Viewers = []access.Role{access.CommandCentre, access.Planner, access.DepartmentOfficer}

const kindDepartment = "department"

func isNotFound(err error) bool { return errors.Is(err, layers.ErrNotFound) }

// sees says whose runs the caller sees: all, or those of their department and
// its branches.
func (s *Store) sees(ctx context.Context, by access.Scope) (all bool, dept string, err error) {
	if err := by.Require(Viewers...); err != nil {
		return false, "", err
	}
	// Asked of the database each time: the registry of a node that is not on
	// the log yet knows of the switch a moment later.
	if on, err := s.Enabled(ctx); err != nil || !on {
		return false, "", cmp.Or(err, ErrOff)
	}
	l, err := s.Layers.Layer(ctx, LayerName)
	if isNotFound(err) {
		return false, "", ErrOff
	}
	if err != nil {
		return false, "", err
	}
	right, ok := by.Layer(l)
	if !ok || len(right.Fields) == 0 { // as if there were none: the layer is not shared with them
		return false, "", fmt.Errorf("forecasts: %w", layers.ErrNotFound)
	}
	if org := by.Org(); org.Kind == kindDepartment || !by.Has(access.CommandCentre, access.Planner) {
		return false, org.Code, nil
	}
	return true, "", nil
}

// mayOrder says for which department the caller orders: an officer for their
// own, planners and the command centre for any or for all.
func (s *Store) mayOrder(ctx context.Context, by access.Scope, dept string) (string, error) {
	all, own, err := s.sees(ctx, by)
	if err != nil {
		return "", err
	}
	if !all {
		if dept != "" && dept != own {
			return "", &layers.InputError{Field: "dept", Value: layers.Short(dept), Remedy: "an officer makes forecasts of the cases of their own department: leave it out"}
		}
		return own, nil
	}
	if dept == "" {
		return "", nil
	}
	var known bool
	if err := s.Layers.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.organisation WHERE code = $1 AND kind = 'department')`, dept).Scan(&known); err != nil {
		return "", fmt.Errorf("department of a forecast: %w", err)
	}
	if !known {
		return "", &layers.InputError{Field: "dept", Value: layers.Short(dept), Remedy: "the code of a department, or left out for the cases of all"}
	}
	return dept, nil
}

// branches are a department and those below it, sorted: whose cases it answers for.
func branches(ctx context.Context, db querier, dept string) ([]string, error) {
	rows, err := db.Query(ctx, `WITH RECURSIVE b AS (
			SELECT code, kind FROM onemap.organisation WHERE code = $1
			UNION SELECT o.code, o.kind FROM onemap.organisation o JOIN b ON o.parent = b.code AND o.kind = b.kind)
		SELECT code FROM b ORDER BY code`, dept)
	if err != nil {
		return nil, fmt.Errorf("branches of %s: %w", dept, err)
	}
	codes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("branches of %s: %w", dept, err)
	}
	return codes, nil
}

// mayTakeBack says whether the caller may take back a run, or end a standing order,
// of login and org: who made it, their organisation, and planners and the command
// centre of an area that holds that organisation's. A forecast is of the whole
// city, so a town sees it; it is not the town's to take away. What was made at the
// machine is the city's.
func (s *Store) mayTakeBack(ctx context.Context, by access.Scope, login, org string) error {
	person, _ := by.Person()
	own := by.Org()
	if person.Login == login || org != "" && own.Code == org {
		return nil
	}
	if by.Has(access.CommandCentre, access.Planner) && own.Kind != kindDepartment {
		var holds bool
		err := s.Layers.DB().QueryRow(ctx, `WITH city AS (SELECT area_code FROM onemap.organisation WHERE kind = 'government' ORDER BY length(area_code), code LIMIT 1)
			SELECT starts_with(coalesce(nullif((SELECT area_code FROM onemap.organisation WHERE code = $1), ''), (SELECT area_code FROM city), ''), $2)`, org, own.AreaCode).Scan(&holds)
		if err != nil {
			return fmt.Errorf("whose forecast: %w", err)
		}
		if holds {
			return nil
		}
	}
	return fmt.Errorf("it is for %s, who made it, their organisation, or planners of its whole area to take back: ask them: %w", login, access.ErrForbidden)
}

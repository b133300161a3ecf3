package access

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
)

// faults gives each constraint that a caller's input can break its words. The
// constraints hold the rule; this says it.
var faults = map[string]layers.InputError{
	"organisation_code_check":      {Field: "code", Remedy: "1 to 32 letters, digits, _ or -"},
	"organisation_level_check":     {Field: "level", Remedy: "one of province, city, county, town, community"},
	"organisation_kind_check":      {Field: "kind", Remedy: "one of government, department, command_centre"},
	"organisation_area_code_check": {Field: "area_code", Remedy: "at most 20 letters, digits, _ or -; empty is everywhere"},
	"organisation_name_zh_check":   {Field: "name_zh", Remedy: "must not be empty"},
	"organisation_name_en_check":   {Field: "name_en", Remedy: "must not be empty"},
	"organisation_uscc_check":      {Field: "uscc", Remedy: "18 characters by GB 32100-2015, or empty"},
	"organisation_parent_fkey":     {Field: "parent", Remedy: "must be the code of an organisation"},
	"organisation_check":           {Field: "parent", Remedy: "an organisation is not its own parent"},
	"person_login_check":           {Field: "login", Remedy: "1 to 63 small letters, digits, '.', '_' or '-', beginning with a letter or digit"},
	"person_name_check":            {Field: "name", Remedy: "must not be empty"},
	"person_org_fkey":              {Field: "org", Remedy: "must be the code of an organisation"},
	"person_role_role_check":       {Field: "roles", Remedy: "of administrator, security_administrator, auditor, command_centre, acceptor, shift_leader, dispatcher, department_officer, planner, grid_worker"},
	"layer_grant_layer_fkey":       {Field: "layer", Remedy: "must be the name of a layer"},
	"layer_grant_org_fkey":         {Field: "org", Remedy: "must be the code of an organisation"},
	"layer_grant_grids_check":      {Field: "grids", Remedy: "1 to 500 codes of grids, or none for all"},
	"layer_grant_reason_check":     {Field: "reason", Remedy: "name the legal ground or the duty"},
	"layer_owner_fkey":             {Field: "owner", Remedy: "must be the code of an organisation"},
	"layer_share_check":            {Field: "share", Remedy: "one of unconditional, conditional, none"},
	"layer_check":                  {Field: "open", Remedy: "only a layer that is shared unconditionally may be open to the public"},
	"layer_ask_reason_check":       {Field: "ask_reason", Remedy: "a layer that is open to the public asks for no reason"},
	"layer_check1":                 {Field: "share_basis", Remedy: "a layer that is not shared needs its legal basis"},
}

// conflicts are the constraints that say: there is one already.
var conflicts = map[string]string{
	"organisation_pkey": "there is an organisation with this code",
	"person_login_key":  "there is a person with this login",
}

// asInput turns a broken constraint into what the caller may read, and wraps
// any other error with what was tried.
func asInput(tried string, err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return Wrap(tried, err)
	}
	if f, ok := faults[pg.ConstraintName]; ok {
		return &f
	}
	if c, ok := conflicts[pg.ConstraintName]; ok {
		return fmt.Errorf("%s: %w", c, layers.ErrConflict)
	}
	if pg.Code == "22021" { // a zero byte, or text that is not UTF-8
		return &layers.InputError{Field: "text", Remedy: "must be valid UTF-8 without zero bytes"}
	}
	return doing(tried, err)
}

// Wrap says what was tried when err came. What the caller may read (invalid
// input, a conflict, not found, forbidden, not signed in) stays as it is, and
// no error stays none.
func Wrap(tried string, err error) error {
	if err == nil {
		return nil
	}
	for _, told := range []error{layers.ErrInvalid, layers.ErrConflict, layers.ErrNotFound, ErrForbidden, ErrUnauthenticated} {
		if errors.Is(err, told) {
			return err
		}
	}
	return doing(tried, err)
}

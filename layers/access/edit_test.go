package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"onemap/layers"
	"onemap/layers/access"
)

// The table of edit.go, walked: role x organisation x layer. Nobody else may write.
func TestWhoMayWriteFeatures(t *testing.T) {
	c := newCity(t)
	own := testLayer("own", layers.Conditional, "urban")
	own.Editable = true
	open := testLayer("open", layers.Unconditional, "gov")
	open.Editable, open.Open, open.Published = true, true, true
	nobodys := testLayer("nobodys", layers.Unconditional, "")
	nobodys.Editable = true
	closed := testLayer("closed", layers.Unconditional, "urban")
	floor := testLayer("floor", layers.Unconditional, "urban")
	floor.Editable, floor.KFloor = true, 10
	for _, tt := range []struct {
		name  string
		scope access.Scope
		layer layers.Layer
		want  string // rows: fields, or why not
	}{
		{"the public", access.Scope{}, open, "sign in first"},
		{"the owner's officer", c.person(t, "w1", "urban", nil, access.DepartmentOfficer), own, "(dept urban,urban-east | area 330799): name state dept_code contact"},
		{"an officer of its branch, in the branch's area", c.person(t, "w2", "urban-east", nil, access.DepartmentOfficer), own, "(dept urban-east | area 330799001): name state dept_code contact"},
		{"another department's officer", c.person(t, "w3", "police", nil, access.DepartmentOfficer), own, "not allowed"},
		{"the owner's administrator", c.person(t, "w4", "urban", nil, access.Administrator), own, "not allowed"},
		{"the owner's security administrator", c.person(t, "w5", "urban", nil, access.SecurityAdministrator), own, "not allowed"},
		{"the owner's auditor", c.person(t, "w6", "urban", nil, access.Auditor), own, "not allowed"},
		{"the owner's planner", c.person(t, "w7", "urban", nil, access.Planner), own, "not allowed"},
		{"the owner's worker", c.person(t, "w8", "urban", nil, access.GridWorker), own, "not allowed"},
		{"the owner's commander", c.person(t, "w9", "urban", nil, access.CommandCentre), own, "not allowed"},
		{"an officer of the town below the owner", c.person(t, "w10", "east", nil, access.DepartmentOfficer), open, "area 330799001: name state dept_code contact"},
		{"a department below the government that owns it", c.person(t, "w11", "police", nil, access.DepartmentOfficer), open, "not allowed"},
		{"a layer without owner", c.person(t, "w12", "urban", nil, access.DepartmentOfficer), nobodys, "not allowed"},
		{"a layer that is not written so", c.person(t, "w13", "urban", nil, access.DepartmentOfficer), closed, "not allowed"},
		{"a protected release", c.person(t, "w14", "urban", nil, access.DepartmentOfficer), floor, "not allowed"},
		{"the machine's operator", operator, own, "all: name state dept_code contact"},
	} {
		e, err := tt.scope.Edit(tt.layer)
		got := ""
		switch {
		case errors.Is(err, access.ErrUnauthenticated):
			got = "sign in first"
		case errors.Is(err, access.ErrForbidden):
			got = "not allowed"
		case err == nil:
			got = rowsOf(e.Where) + ": " + strings.Join(e.Fields, " ")
		}
		if got != tt.want {
			t.Errorf("%s: %s (%v), want %s", tt.name, got, err, tt.want)
		}
		if slices.Contains(e.Fields, "grid_code") || slices.Contains(e.Fields, "area_code") {
			t.Errorf("%s may write what is computed", tt.name)
		}
	}
}

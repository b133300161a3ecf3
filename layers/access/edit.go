package access

import (
	"fmt"
	"slices"

	"onemap/geo/where"
	"onemap/layers"
)

// Who may write features one by one. Only these lines; nobody may write where
// none applies.
//
//	who                            layer                       rows, before and after        fields
//	-----------------------------  --------------------------  ----------------------------  ---------------
//	department officer of the      editable, k floor none      of the organisation's area,   all that the
//	owner's line                                               and its own rows              line may see
//
// The line of an organisation is that of rules.go. Administrators are not in
// the table: they keep accounts and layers, and do not work with the data. A
// grant gives sight, never the pen; so does being the department that a row
// names in another's layer.
//
// What the writer may not see is kept as it is: a field is written only if it
// is in the table's last column, and a row may only become one that the writer
// might have written.

// An Edit is what a caller may write of one layer.
type Edit struct {
	Where  where.Cond // holds for the row before the change and after it
	Fields []string   // that may be written, in the layer's order
}

// computed are the fields that the database finds from a feature's place.
var computed = []string{"grid_code", "area_code"}

// Edit returns what the caller may write of a layer that they may see. It
// returns an error wrapping [ErrUnauthenticated] or [ErrForbidden] that says why not.
func (s Scope) Edit(l layers.Layer) (Edit, error) {
	if s.s == nil {
		return Edit{}, ErrUnauthenticated
	}
	if err := s.May(true); err != nil {
		return Edit{}, err
	}
	if !s.reaches(l.Name) {
		return Edit{}, fmt.Errorf("%s: %w", l.Name, ErrKeyScope)
	}
	if s.LacksReason(l) {
		return Edit{}, ErrReason
	}
	if !l.Editable || l.KFloor > 0 {
		return Edit{}, fmt.Errorf("features of %s are not written one by one: %w", l.Name, ErrForbidden)
	}
	fields := func(sensitivities ...string) []string {
		return slices.DeleteFunc(fieldsOf(l, sensitivities...), func(f string) bool { return slices.Contains(computed, f) })
	}
	if s.s.operator {
		return Edit{Where: where.True, Fields: fields(layers.Public, layers.Internal, layers.Sensitive)}, nil
	}
	if !s.Has(DepartmentOfficer) {
		return Edit{}, fmt.Errorf("features are written by department officers: %w", ErrForbidden)
	}
	if l.Owner == "" || !slices.Contains(s.s.line, l.Owner) {
		return Edit{}, fmt.Errorf("features of %s are written by the organisation that owns it: %w", l.Name, ErrForbidden)
	}
	own := where.False
	if l.DeptField != "" && s.s.org.Kind == kindDepartment {
		own = where.In{Field: l.DeptField, Values: s.s.below}
	}
	return Edit{Where: where.Simplify(where.Or(inArea(s.s.org.AreaCode), own)),
		Fields: fields(layers.Public, layers.Internal, layers.Sensitive)}, nil
}

// Computed says whether a field of a layer is found by the database from the
// feature's place, and so written by nobody.
func Computed(field string) bool { return slices.Contains(computed, field) }

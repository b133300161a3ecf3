package edit

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
	"onemap/layers/access"
)

// explain turns what the table refuses into words for the caller, by
// PostgreSQL's code and the name of the constraint, and never in its words.
func explain(l layers.Layer, what string, err error) error {
	if errors.Is(err, layers.ErrInvalid) || errors.Is(err, layers.ErrConflict) || errors.Is(err, layers.ErrNotFound) ||
		errors.Is(err, access.ErrForbidden) || errors.Is(err, ErrChanged) {
		return err
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return fmt.Errorf("%s: %w", what, err)
	}
	in := func(field, remedy string) error {
		if field == "" {
			return &layers.InputError{Field: "properties", Remedy: remedy}
		}
		return &layers.InputError{Field: "properties." + field, Remedy: remedy}
	}
	visible := func(column string) string {
		if _, ok := l.Field(column); ok {
			return column
		}
		return ""
	}
	switch pg.Code {
	case "23502": // not_null_violation
		return in(visible(pg.ColumnName), "a value: the field may not be empty")
	case "23514": // check_violation
		if pg.ConstraintName == "geom_valid" {
			return &layers.InputError{Field: "geometry", Remedy: "a valid " + l.Geometry + " on Earth"}
		}
		if name := fieldOf(l, pg.ConstraintName); name != "" {
			return in(name, "a value that the layer's rules allow")
		}
		return in("", "values that go together as the layer's rules say")
	case "23505": // unique_violation
		if name := fieldOf(l, pg.ConstraintName); name != "" {
			return fmt.Errorf("another feature has this %s: %w", name, layers.ErrConflict)
		}
		return fmt.Errorf("there is such a feature already: %w", layers.ErrConflict)
	case "23503": // foreign_key_violation
		for _, name := range []string{"class_code", "class"} {
			if _, ok := l.Field(name); ok {
				return in(name, "a class of the list that class_standard names")
			}
		}
		return in("", "codes that exist")
	case "22003", "22008": // numeric_value_out_of_range, datetime_field_overflow
		return in("", "smaller numbers, and years that a calendar has")
	case "22001": // string_data_right_truncation
		return in("", "shorter texts")
	case "42501": // a table that nothing is deleted from
		return fmt.Errorf("%s: %w", what, access.ErrForbidden)
	}
	return fmt.Errorf("%s: %w", what, err)
}

package incident

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// class is what a report takes from its class.
type class struct {
	Standard string
	Code     string
	Severity int
	Dept     string
}

// class finds a matter's class. Without a standard, the code must be in one
// list only.
func (s *Store) class(ctx context.Context, standard, code string) (class, error) {
	if code == "" {
		return class{}, &layers.InputError{Field: "class.code", Remedy: "the code of a matter, from /api/v1/classes?kind=matter"}
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT standard, code, severity, coalesce(dept, '') AS dept
		FROM onemap.class WHERE kind = 'matter' AND code = @code AND (@standard = '' OR standard = @standard) ORDER BY standard LIMIT 2`,
		pgx.NamedArgs{"standard": standard, "code": code})
	if err != nil {
		return class{}, fmt.Errorf("class %s: %w", code, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[class])
	if err != nil {
		return class{}, wrap("class", err)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return class{}, &layers.InputError{Field: "class.code", Value: short(code), Remedy: "the code of a matter, from /api/v1/classes?kind=matter"}
	}
	return class{}, &layers.InputError{Field: "class.standard", Remedy: "name the list: more than one has the code " + short(code)}
}

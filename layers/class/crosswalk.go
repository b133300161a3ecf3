package class

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// A Link says that a class of an older list went on as one of a later list.
type Link struct {
	FromStandard string `json:"from_standard"`
	FromKind     string `json:"from_kind"`
	FromCode     string `json:"from_code"`
	FromZH       string `json:"from_zh"`
	ToStandard   string `json:"to_standard"`
	ToKind       string `json:"to_kind"`
	ToCode       string `json:"to_code"`
	ToZH         string `json:"to_zh"`
	Certainty    string `json:"certainty" enum:"sourced,derived,inferred,own" doc:"How sure: see a class's certainty"`
	Note         string `json:"note,omitempty"`
}

// Crosswalk returns what classes became: those from, and those to the class of
// key, whose empty fields mean any.
func (s *Store) Crosswalk(ctx context.Context, db Reader, k Key, limit int) ([]Link, error) {
	n := args(k)
	n["limit"] = limit
	rows, err := db.Query(ctx, `SELECT x.from_standard, x.from_kind, x.from_code, f.name_zh, x.to_standard, x.to_kind, x.to_code, t.name_zh, x.certainty, x.note
		FROM onemap.class_crosswalk x
		JOIN onemap.class f ON (f.standard, f.kind, f.code) = (x.from_standard, x.from_kind, x.from_code)
		JOIN onemap.class t ON (t.standard, t.kind, t.code) = (x.to_standard, x.to_kind, x.to_code)
		WHERE (@standard = '' OR x.from_standard = @standard) AND (@kind = '' OR x.from_kind = @kind) AND (@code = '' OR x.from_code = @code)
		   OR (@standard = '' OR x.to_standard = @standard) AND (@kind = '' OR x.to_kind = @kind) AND (@code = '' OR x.to_code = @code)
		ORDER BY x.from_standard, x.from_kind, x.from_code, x.to_standard, x.to_code LIMIT @limit`, n)
	if err != nil {
		return nil, fmt.Errorf("crosswalk of %s: %w", k, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Link])
	if err != nil {
		return nil, fmt.Errorf("crosswalk of %s: %w", k, err)
	}
	return all, nil
}

// Editions between which component codes are converted.
const (
	of2013 = "GB/T 30428.2-2013"
	of2026 = "GB/T 47678.5-2026"
)

// A Converted is a component's identification code in the edition of 2026.
type Converted struct {
	Code      string `json:"code" doc:"17 digits: 6 county, 5 class, 6 serial"`
	Class     string `json:"class_code"`
	ClassZH   string `json:"class_zh"`
	Certainty string `json:"certainty" enum:"sourced,derived,inferred,own"`
}

// ConvertComponent turns a component's 16-digit code of 2013 (6 county, 4 class,
// 6 serial) into the 17-digit code of 2026. It returns a [layers.InputError]
// where the class has no one successor: guessing would give two components the
// same code. Check the crosswalk against the official text before converting a register.
func (s *Store) ConvertComponent(ctx context.Context, db Reader, code string) (Converted, error) {
	if len(code) != 16 || strings.Trim(code, "0123456789") != "" {
		return Converted{}, &layers.InputError{Field: "component", Value: short(code, 40), Remedy: "16 digits: 6 of the county, 2 of the major and 2 of the minor class, 6 of the serial number"}
	}
	rows, err := db.Query(ctx, `SELECT x.to_code, t.name_zh, x.certainty FROM onemap.class_crosswalk x
		JOIN onemap.class t ON (t.standard, t.kind, t.code) = (x.to_standard, x.to_kind, x.to_code)
		WHERE (x.from_standard, x.from_kind, x.from_code) = (@from, 'component', @class) AND (x.to_standard, x.to_kind) = (@to, 'component')`,
		pgx.NamedArgs{"from": of2013, "to": of2026, "class": code[6:10]})
	if err != nil {
		return Converted{}, fmt.Errorf("convert component: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (Converted, error) {
		var c Converted
		err := r.Scan(&c.Class, &c.ClassZH, &c.Certainty)
		c.Code = code[:6] + c.Class + code[10:]
		return c, err
	})
	if err != nil {
		return Converted{}, fmt.Errorf("convert component: %w", err)
	}
	if len(found) != 1 {
		return Converted{}, &layers.InputError{Field: "component", Value: code, Remedy: fmt.Sprintf("class %s of %s has %d successors here; set its crosswalk first", code[6:10], of2013, len(found))}
	}
	return found[0], nil
}

package class

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// An Extension is a class that a city adds to a national list.
type Extension struct {
	Standard string `json:"standard" maxLength:"100"`
	Kind     string `json:"kind" enum:"component,matter"`
	Major    string `json:"major" maxLength:"24" doc:"Code of the major class that it belongs to"`
	Edit
}

// Extend adds a class under the next free code of its major class, from the top
// downwards: 999, 998 … and never below 080 in the edition of 2026, 99, 98 … in
// that of 2013. A code that was ever taken is not given again.
func (s *Store) Extend(ctx context.Context, by access.Scope, x Extension, reason, address string) (Class, error) {
	if err := by.Require(access.Administrator); err != nil {
		return Class{}, err
	}
	if err := x.check(); err != nil {
		return Class{}, err
	}
	if err := checkText("reason", reason, 500); err != nil {
		return Class{}, err
	}
	var made Class
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		// Two who extend at once take turns: the same lock as of every change.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('onemap.class', 0))`); err != nil {
			return err
		}
		code, err := NextCode(ctx, tx, x.Standard, x.Kind, x.Major)
		if err != nil {
			return err
		}
		k := Key{x.Standard, x.Kind, code}
		n := args(k)
		n["major"], n["zh"], n["en"], n["initials"], n["severity"] = x.Major, x.NameZH, x.NameEN, Initials(x.NameZH), x.Severity
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en, initials, severity, certainty, extension)
			SELECT @standard, @kind, @code, @major, major_zh, major_en, @zh, @en, @initials, @severity, 'own', true
			FROM onemap.class WHERE standard = @standard AND kind = @kind AND major = @major ORDER BY code LIMIT 1`, n); err != nil {
			return err
		}
		made, err = s.put(ctx, tx, by, k, x.Edit, true, reason, address)
		return err
	})
	if err != nil {
		return Class{}, access.Wrap("extend "+x.Standard, err)
	}
	return made, nil
}

// NextCode returns the next free extension code of a major class. Components
// and matters of a list share their digits, so that a code is free only if
// neither has it.
func NextCode(ctx context.Context, tx Reader, standard, kind, major string) (string, error) {
	var digits, floor *int
	var known bool
	err := tx.QueryRow(ctx, `SELECT minor_digits, minor_floor, EXISTS (SELECT FROM onemap.class c WHERE c.standard = e.standard AND c.kind = @kind AND c.major = @major)
		FROM onemap.class_edition e WHERE standard = @standard`, pgx.NamedArgs{"standard": standard, "kind": kind, "major": major}).Scan(&digits, &floor, &known)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (digits == nil || floor == nil) {
		return "", &layers.InputError{Field: "standard", Value: short(standard, 60), Remedy: "a list that is extended by number: GB/T 47678.5-2026, GB/T 30428.2-2013 or CJ/T 214-2007"}
	}
	if err != nil {
		return "", fmt.Errorf("next code of %s: %w", standard, err)
	}
	if !known {
		return "", &layers.InputError{Field: "major", Value: short(major, 40), Remedy: "the code of a major class of that list and kind"}
	}
	top := int(math.Pow10(*digits)) - 1
	var next *int
	if err := tx.QueryRow(ctx, `SELECT max(n) FROM generate_series(@floor::int, @top::int) n
		WHERE NOT EXISTS (SELECT FROM onemap.class WHERE standard = @standard AND code = @major || lpad(n::text, @digits, '0'))`,
		pgx.NamedArgs{"standard": standard, "major": major, "floor": *floor, "top": top, "digits": *digits}).Scan(&next); err != nil {
		return "", fmt.Errorf("next code of %s: %w", standard, err)
	}
	if next == nil {
		return "", &layers.InputError{Field: "major", Value: short(major, 40), Remedy: fmt.Sprintf("another major class: all codes from %0*d to %0*d are taken", *digits, *floor, *digits, top)}
	}
	return fmt.Sprintf("%s%0*d", major, *digits, *next), nil
}

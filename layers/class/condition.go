package class

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/worktime"
)

// A Condition is one under which a matter is filed (立案条件), with how long it
// may take then.
type Condition struct {
	OK       bool // false: the class has no conditions, and no limit
	Code     string
	TextZH   string
	TextEN   string
	CloseZH  string // 结案标准
	Limit    worktime.Limit
	Original string // the limit in the words of its source
}

//go:embed sql/condition.sql
var conditionSQL string

// Condition returns a filing condition of a matter's class with the limit of an
// area class (A, B, C). Without a code it is the only or the first one that is
// in use. It asks the database once.
//
// It returns a [layers.InputError] for a class that is unknown, ended or not
// used, naming its successor, and for a condition that is not the class's or
// no longer used.
func (s *Store) Condition(ctx context.Context, tx Reader, standard, code, condition, areaClass string) (Condition, error) {
	var f found
	var c struct {
		code, textZH, textEN, closeZH, unit, original *string
		n                                             *int
		limits                                        []byte
	}
	err := tx.QueryRow(ctx, conditionSQL, pgx.NamedArgs{"standard": standard, "code": code, "condition": condition}).
		Scan(&f.active, &f.ended, &f.next, &c.code, &c.textZH, &c.textEN, &c.closeZH, &c.n, &c.unit, &c.limits, &c.original)
	if errors.Is(err, pgx.ErrNoRows) {
		return Condition{}, unknown(code)
	}
	if err != nil {
		return Condition{}, fmt.Errorf("condition of %s %s: %w", standard, code, err)
	}
	if err := f.usable(code); err != nil {
		return Condition{}, err
	}
	if c.code == nil {
		if condition != "" {
			return Condition{}, &layers.InputError{Field: "condition", Value: short(condition, 40), Remedy: "one of the conditions of the class that are in use, from /api/v1/classes/{standard}/matter/" + code}
		}
		return Condition{}, nil
	}
	limit, err := limitIn(worktime.Limit{N: *c.n, Unit: worktime.Unit(*c.unit)}, c.limits, areaClass)
	if err != nil {
		return Condition{}, fmt.Errorf("condition %s of %s %s: %w", *c.code, standard, code, err)
	}
	return Condition{true, *c.code, *c.textZH, *c.textEN, *c.closeZH, limit, *c.original}, nil
}

// limitIn returns the limit of an area class, where it has its own.
func limitIn(limit worktime.Limit, limits []byte, areaClass string) (worktime.Limit, error) {
	own, err := parseLimits(limits)
	if err != nil {
		return limit, err
	}
	if l, ok := own[areaClass]; ok {
		return l, nil
	}
	return limit, nil
}

// parseLimits reads {"A": [1, "working_hour"]}.
func parseLimits(text []byte) (map[string]worktime.Limit, error) {
	var raw map[string][]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, errors.New(`limits: want {"A": [1, "working_hour"]}`)
	}
	out := map[string]worktime.Limit{}
	for area, pair := range raw {
		var l worktime.Limit
		if len(pair) != 2 || json.Unmarshal(pair[0], &l.N) != nil || json.Unmarshal(pair[1], &l.Unit) != nil {
			return nil, fmt.Errorf(`limits: that of area class %q is not a number and a unit, such as [1, "working_hour"]`, area)
		}
		if err := l.Check(); err != nil {
			return nil, err
		}
		out[area] = l
	}
	return out, nil
}

// found is whether a class may have new cases.
type found struct {
	active bool
	ended  *time.Time
	next   string // what became of it: "GB/T 47678.5-2026 06010 暴露垃圾"; "" where nobody knows
}

// unknown is the answer to a code that no list has.
func unknown(code string) error {
	return &layers.InputError{Field: "class.code", Value: short(code, 40), Remedy: "the code of a matter, from /api/v1/classes?kind=matter"}
}

// usable says why a class may have no new cases.
func (f found) usable(code string) error {
	if f.active && f.ended == nil {
		return nil
	}
	remedy := "the class is not in use here"
	if f.ended != nil {
		remedy = "the class ended on " + f.ended.Format(time.DateOnly)
	}
	if f.next != "" {
		remedy += "; it is now " + f.next
	}
	return &layers.InputError{Field: "class.code", Value: short(code, 40), Remedy: remedy}
}

// Of is a class as a new case takes it.
type Of struct {
	Standard string
	Code     string
	NameZH   string
	NameEN   string
	Severity int
	Dept     string // the class's own default
}

//go:embed sql/matter.sql
var matterSQL string

// Matter finds a matter's class for a new case. Without a standard, the code
// must be in one list only of those in use. It returns a [layers.InputError]
// that says what would be right, with the successor of a class that ended.
func (s *Store) Matter(ctx context.Context, db Reader, standard, code string) (Of, error) {
	if code == "" {
		return Of{}, &layers.InputError{Field: "class.code", Remedy: "the code of a matter, from /api/v1/classes?kind=matter"}
	}
	rows, err := db.Query(ctx, matterSQL, pgx.NamedArgs{"standard": standard, "code": code})
	if err != nil {
		return Of{}, fmt.Errorf("class %s: %w", code, err)
	}
	type row struct {
		Of
		found
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (row, error) {
		var c row
		err := r.Scan(&c.Standard, &c.Code, &c.NameZH, &c.NameEN, &c.Severity, &c.Dept, &c.active, &c.ended, &c.next)
		return c, err
	})
	if err != nil {
		return Of{}, fmt.Errorf("class %s: %w", code, err)
	}
	if len(all) == 0 {
		return Of{}, unknown(code)
	}
	if err := all[0].usable(code); err != nil { // those in use come first
		return Of{}, err
	}
	if len(all) > 1 && all[1].usable(code) == nil {
		return Of{}, &layers.InputError{Field: "class.standard", Remedy: "name the list: more than one has the code " + short(code, 40)}
	}
	return all[0].Of, nil
}

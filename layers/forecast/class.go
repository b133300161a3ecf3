package forecast

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// A Trainable is a class that may be chosen, or why it may not.
type Trainable struct {
	Class
	MajorZH  string     `json:"major_zh"`
	MajorEN  string     `json:"major_en"`
	Allowed  bool       `json:"allowed" doc:"It may train a forecast"`
	Refused  string     `json:"refused,omitempty" enum:"officer_made,not_reported" doc:"officer_made: arrests, raids, stops: never. not_reported: not marked as reported by the public"`
	Events   int        `json:"events" doc:"Cases that could train, of my department or all"`
	LastYear int        `json:"last_year" doc:"Of them, in the last 365 days"`
	First    *time.Time `json:"first,omitempty"`
	Last     *time.Time `json:"last,omitempty"`
	LeftOut  int        `json:"left_out" doc:"Cases that could not: found by workers, sensors or cameras"`
}

// trainables lists the classes of matters that have cases, and those that
// officers make. depts narrows the counts to those departments' cases; nil: all.
func trainables(ctx context.Context, db querier, depts []string, now time.Time) ([]Trainable, error) {
	rows, err := db.Query(ctx, `
		WITH n AS (
			SELECT class_standard, class_code, count(*) FILTER (WHERE source = ANY (@sources)) AS events,
			       count(*) FILTER (WHERE source = ANY (@sources) AND occurred_at > @now::timestamptz - interval '365 days') AS year,
			       min(occurred_at) FILTER (WHERE source = ANY (@sources)) AS first, max(occurred_at) FILTER (WHERE source = ANY (@sources)) AS last,
			       count(*) FILTER (WHERE NOT source = ANY (@sources)) AS left_out
			FROM map.incident WHERE class_kind = 'matter' AND state NOT IN (`+DeadStates+`) AND occurred_at <= @now AND (@depts::text[] IS NULL OR dept_code = ANY (@depts)) GROUP BY 1, 2)
		SELECT c.standard, c.kind, c.code, c.name_zh, c.name_en, c.major_zh, c.major_en, c.public_reported AND NOT c.officer_made,
		       CASE WHEN c.officer_made THEN 'officer_made' WHEN NOT c.public_reported THEN 'not_reported' ELSE '' END,
		       coalesce(n.events, 0), coalesce(n.year, 0), n.first, n.last, coalesce(n.left_out, 0)
		FROM onemap.class c LEFT JOIN n ON (n.class_standard, n.class_code) = (c.standard, c.code)
		WHERE c.kind = 'matter' AND (n.events > 0 OR n.left_out > 0 OR c.officer_made)
		ORDER BY c.standard DESC, c.major, c.code`, pgx.NamedArgs{"sources": SourcesThatTrain, "now": now, "depts": depts})
	if err != nil {
		return nil, fmt.Errorf("classes of forecasts: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Trainable, error) {
		var t Trainable
		err := row.Scan(&t.Standard, &t.Kind, &t.Code, &t.NameZH, &t.NameEN, &t.MajorZH, &t.MajorEN, &t.Allowed, &t.Refused, &t.Events, &t.LastYear, &t.First, &t.Last, &t.LeftOut)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("classes of forecasts: %w", err)
	}
	return out, nil
}

// checkClasses refuses what may not train a forecast, whoever asks: default
// deny. It returns the classes sorted, once each, with their names.
func checkClasses(ctx context.Context, db querier, keys []ClassKey) ([]Class, error) {
	if len(keys) == 0 || len(keys) > maxClasses {
		return nil, &layers.InputError{Field: "classes", Remedy: fmt.Sprintf("choose 1 to %d classes", maxClasses)}
	}
	keys = slices.Clone(keys)
	for i := range keys {
		if keys[i].Kind == "" {
			keys[i].Kind = "matter"
		}
	}
	slices.SortFunc(keys, compareKeys)
	keys = slices.Compact(keys)
	out := make([]Class, 0, len(keys))
	for _, k := range keys {
		c := Class{ClassKey: k}
		var reported, officers bool
		err := db.QueryRow(ctx, `SELECT name_zh, name_en, public_reported, officer_made FROM onemap.class WHERE standard = $1 AND kind = $2 AND code = $3`, k.Standard, k.Kind, k.Code).
			Scan(&c.NameZH, &c.NameEN, &reported, &officers)
		switch {
		case isNoRow(err):
			return nil, &layers.InputError{Field: "classes", Value: layers.Short(k.Standard + " " + k.Code), Remedy: "there is no such class of matters"}
		case err != nil:
			return nil, fmt.Errorf("class %s %s: %w", k.Standard, k.Code, err)
		case officers:
			return nil, fmt.Errorf("class %s %s (%s) is made by officers: what they look for they find, and a forecast of it would send them where they already go; it never trains one: %w", k.Standard, k.Code, c.NameEN, access.ErrForbidden)
		case !reported || k.Kind != "matter":
			return nil, &layers.InputError{Field: "classes", Value: layers.Short(k.Standard + " " + k.Code), Remedy: "only classes that are marked as reported by the public (public_reported of the class list) may train a forecast; this one is not"}
		}
		out = append(out, c)
	}
	return out, nil
}

// maxClasses is the most that one run takes together.
const maxClasses = 40

func compareKeys(a, b ClassKey) int {
	return cmp.Or(cmp.Compare(a.Standard, b.Standard), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Code, b.Code))
}

// classKey is equal for equal sets of classes.
func classKey(sorted []ClassKey) string {
	h := sha256.New()
	for _, k := range sorted {
		fmt.Fprintf(h, "%q %q %q\n", k.Standard, k.Kind, k.Code)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

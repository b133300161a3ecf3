package grid

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
)

//go:embed sql/publish.sql
var publishSQL string

// A Publishing says how a draft becomes a version.
type Publishing struct {
	Version   int
	ValidFrom string // the day, YYYY-MM-DD; "": today
	Reason    string
	Accept    []string // kinds of violations that are let pass
	Address   string
}

// ViolationsError says that a draft may not be published as it is. It is an
// InputError in its form.
type ViolationsError struct {
	layers.InputError
	Report CheckReport
}

func (e *ViolationsError) Unwrap() error { return &e.InputError }

// Place is where the first violation lies.
func (e *ViolationsError) Place() orb.Point {
	for _, f := range e.Report.Findings {
		if Violation(f.Kind) {
			return f.At
		}
	}
	return orb.Point{}
}

// fitOwn writes publish.sql for a layer.
func fitOwn(sql, layer string) string {
	extra := map[string][]string{"grid_unit": {"duty_code", "community_code"}, "grid_duty": {"community_code"}, "grid_community": {"kind", "parent"}}[layer]
	list := func(prefix string) string {
		s := ""
		for _, c := range extra {
			s += ", " + prefix + c
		}
		return s
	}
	set := ""
	for _, c := range extra {
		set += ", " + c + " = n." + c
	}
	return strings.NewReplacer("map.grid ", "map."+layer+" ", "/*,extra*/", list(""), "/*,t.extra*/", list("t."), "/*,n.extra*/", list("n."), "/*,set extra*/", set).Replace(sql)
}

// Publish makes a draft the version in force from a day on, in one transaction:
// fresh cells get codes that were never used, grids that did not change keep
// their version, all others of the communities end. Then, in the background,
// features are given their new grid.
func (d *Drafts) Publish(ctx context.Context, by access.Scope, id int64, p Publishing) (Draft, error) {
	var today string // in the city, wherever the server stands
	if err := d.Store.DB().QueryRow(ctx, `SELECT onemap.city_date()::text`).Scan(&today); err != nil {
		return Draft{}, fmt.Errorf("publish draft %d: %w", id, err)
	}
	from := p.ValidFrom
	if from == "" {
		from = today
	}
	if day, err := time.Parse("2006-01-02", from); err != nil || day.Format("2006-01-02") != from || from > today {
		return Draft{}, &layers.InputError{Field: "valid_from", Value: p.ValidFrom, Remedy: "a day as YYYY-MM-DD, today or before: what is published is in force at once"}
	}
	if strings.TrimSpace(p.Reason) == "" {
		return Draft{}, &layers.InputError{Field: "reason", Remedy: "why the grids change"}
	}
	err := pgx.BeginFunc(ctx, d.Store.DB(), func(tx pgx.Tx) error { return d.publish(ctx, tx, by, id, from, p) })
	if err != nil {
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.ConstraintName == "grid_code_never_reused" {
			return Draft{}, &layers.InputError{Field: "code", Remedy: pg.Message}
		}
		return Draft{}, fmt.Errorf("publish draft %d: %w", id, err)
	}
	d.work(id, d.reassign)
	return d.Get(ctx, by, id)
}

func (d *Drafts) publish(ctx context.Context, tx pgx.Tx, by access.Scope, id int64, from string, p Publishing) error {
	layer, err := d.lock(ctx, tx, by, id, p.Version)
	if err != nil {
		return err
	}
	// One publishing at a time: codes and versions are decided by what is in force.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('onemap.grid_draft.publish'))`); err != nil {
		return err
	}
	var communities []string
	var newest *string
	var changed *time.Time
	if err := tx.QueryRow(ctx, fit(`SELECT g.communities, max(t.valid_from)::text, max(greatest(t.updated_at)) FILTER (WHERE t.updated_at > g.made_at)
		FROM onemap.grid_draft g LEFT JOIN map.grid t ON t.area_code = ANY(g.communities) AND t.valid_to IS NULL WHERE g.id = $1 GROUP BY g.id`, layer), id).
		Scan(&communities, &newest, &changed); err != nil {
		return err
	}
	if newest != nil && *newest > from {
		return &layers.InputError{Field: "valid_from", Value: from, Remedy: "grids of these communities are in force since " + *newest + ": an older state cannot follow"}
	}
	if changed != nil && !slices.Contains(p.Accept, "newer") {
		return fmt.Errorf("%w: grids of these communities were published or imported after the draft was made: make it anew, or accept \"newer\" to replace them", layers.ErrConflict)
	}
	if err := number(ctx, tx, id, layer); err != nil {
		return err
	}
	report, err := checkDraft(ctx, tx, id, layer)
	if err != nil {
		return err
	}
	var open []string
	for kind, n := range report.Counts {
		if Violation(kind) && !slices.Contains(p.Accept, kind) {
			open = append(open, fmt.Sprintf("%s (%d)", kind, n))
		}
	}
	if len(open) > 0 {
		slices.Sort(open)
		remedy := "the check found " + strings.Join(open, ", ") + ": mend them, or accept them by name"
		if report.Counts["code_form"] > 0 {
			remedy += "; what codes look like is the setting grid." + layer[5:] + ".code_pattern (onemap setting set)"
		}
		return &ViolationsError{layers.InputError{Field: "accept", Remedy: remedy}, report}
	}
	var o Outcome
	var x0, y0, x1, y1 *float64
	if err := tx.QueryRow(ctx, fitOwn(publishSQL, layer), pgx.NamedArgs{"draft": id, "communities": communities, "from": from}).
		Scan(&o.Begun, &o.Corrected, &o.Unchanged, &o.Ended, &o.Codes, &o.Workers, &o.Rules, &x0, &y0, &x1, &y1); err != nil {
		return err
	}
	box, err := json.Marshal([]*float64{x0, y0, x1, y1})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.grid_draft SET state = 'published', version = version + 1, updated_at = now(), alive_at = now(), published_by = $2, published_at = now(),
		valid_from = $3::date, reason = $4, result = $5, options = options || jsonb_build_object('changed', $6::jsonb), reassigned_at = CASE WHEN $7 THEN now() END WHERE id = $1`,
		id, login(by), from, p.Reason, o, string(box), x0 == nil); err != nil {
		return err
	}
	return access.RecordTx(ctx, tx, by, access.Entry{Action: "grid_draft.publish", Object: fmt.Sprintf("grid_draft/%d", id), Result: access.Done, Reason: p.Reason, Address: p.Address,
		Detail: map[string]any{"layer": layer, "valid_from": from, "begun": o.Begun, "ended": o.Ended, "corrected": o.Corrected, "unchanged": o.Unchanged, "accepted": p.Accept}})
}

// reassign gives the features where a published draft changed something their
// grid. It may be broken off and begun again.
func (d *Drafts) reassign(ctx context.Context, id int64, tell func(string, float64)) error {
	var changed struct{ Changed []*float64 }
	if err := d.Store.DB().QueryRow(ctx, `SELECT options FROM onemap.grid_draft WHERE id = $1`, id).Scan(&changed); err != nil {
		return err
	}
	if len(changed.Changed) == 4 && changed.Changed[0] != nil {
		c := changed.Changed
		box := orb.Bound{Min: orb.Point{*c[0], *c[1]}, Max: orb.Point{*c[2], *c[3]}}
		if _, err := ReassignTelling(ctx, d.Store, box, func(n int64) error {
			_, err := d.Store.DB().Exec(ctx, `UPDATE onemap.grid_draft SET reassigned = $2, alive_at = now() WHERE id = $1`, id, n)
			return err
		}); err != nil {
			return err
		}
	}
	_, err := d.Store.DB().Exec(ctx, `UPDATE onemap.grid_draft SET reassigned = coalesce(reassigned, 0), reassigned_at = now(), updated_at = now() WHERE id = $1`, id)
	return err
}

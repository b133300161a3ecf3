// Package edit writes features one by one: it makes, replaces, changes and
// deletes them, by right.
//
// Every write is one transaction with its audit record. The row is locked
// before it is judged: that the caller sees it, may write it, and looked at the
// version that it still has. The new row is judged as well, with the grid and
// division that the table's triggers found for it. Columns that are no field of
// the caller's are kept.
//
// Geometry is longitude and latitude in degrees, EPSG:4326.
package edit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// ErrChanged: the feature is not, or no longer, what the caller looked at.
var ErrChanged = errors.New("the feature is not as you saw it: read it again")

// Store writes features. Its methods are safe for concurrent use.
type Store struct{ Layers *layers.Store }

// A Draft is what a writer says of a feature.
type Draft struct {
	Geometry orb.Geometry // EPSG:4326 (lon, lat); nil: as it is
	Declared crs.CRS      // the system that the writer's coordinates were in
	Orig     orb.Geometry // the coordinates in it, (x, y); nil where they are longitude and latitude
	// Values by field, of the types that [layers.Feature] has: string, int64,
	// float64, bool, time.Time. nil makes the field what it is by default.
	Values map[string]any
}

// A Target is the feature that a change is for.
type Target struct {
	Layer layers.Layer
	ID    int64
	Right access.Right              // what the caller may see
	Match func(version string) bool // whether the caller looked at this version
	// Also is done in the same transaction, once the row is written; nil: nothing.
	Also func(ctx context.Context, tx pgx.Tx, r Result) error
}

// A Result is what a write came to.
type Result struct {
	ID      int64
	Version string // of the row, as [layers.FeatureVersion] has it; "" after a deletion
	Cursor  feed.Cursor
}

// Create adds a feature to a layer. Fields without a value are what they are by default.
//
// It returns an error wrapping [access.ErrUnauthenticated] or
// [access.ErrForbidden] where the caller may not write such a feature, and a
// [layers.InputError] that names what is wrong with it.
func (s *Store) Create(ctx context.Context, scope access.Scope, address string, l layers.Layer, d Draft) (Result, error) {
	if d.Geometry == nil {
		return Result{}, &layers.InputError{Field: "geometry", Remedy: "a " + l.Geometry + ": a feature of this layer has a place"}
	}
	return s.write(ctx, scope, address, "create", Target{Layer: l}, d, func(tx pgx.Tx, e access.Edit, r *Result) error {
		var a layers.Args
		names, values := []string{"geom", "crs", "orig"}, geometrySQL(d, &a)
		for _, name := range e.Fields {
			if v := d.Values[name]; v != nil {
				names, values = append(names, column(name)), append(values, a.Add(v)+"::"+sqlType(l, name))
			}
		}
		may, err := l.SQL(e.Where, &a)
		if err != nil {
			return err
		}
		return s.judged(ctx, tx, fmt.Sprintf("INSERT INTO %s AS f (%s) VALUES (%s) RETURNING f.id, %s, coalesce(%s, false)",
			table(l), strings.Join(names, ", "), strings.Join(values, ", "), layers.VersionSQL, may), a, r)
	})
}

// Replace makes a feature what d says: a field of the caller's without a value
// becomes what it is by default, and so does one that d does not name. What the
// caller may not see or write is kept.
//
// Errors are those of [Store.Update].
func (s *Store) Replace(ctx context.Context, scope access.Scope, address string, t Target, d Draft) (Result, error) {
	if d.Geometry == nil {
		return Result{}, &layers.InputError{Field: "geometry", Remedy: "a " + t.Layer.Geometry + ": a feature of this layer has a place"}
	}
	return s.change(ctx, scope, address, "replace", t, d, func(string) bool { return true })
}

// Update changes those fields of a feature that d names, and its geometry if d has one.
//
// It returns an error wrapping [layers.ErrNotFound] for a feature that the
// caller may not see, [access.ErrForbidden] for one that they may not write or
// make so, [ErrChanged] where t.Match refuses its version, and a
// [layers.InputError] that names what is wrong with the change.
func (s *Store) Update(ctx context.Context, scope access.Scope, address string, t Target, d Draft) (Result, error) {
	return s.change(ctx, scope, address, "update", t, d, func(name string) bool { _, ok := d.Values[name]; return ok })
}

func (s *Store) change(ctx context.Context, scope access.Scope, address, action string, t Target, d Draft, takes func(field string) bool) (Result, error) {
	return s.write(ctx, scope, address, action, t, d, func(tx pgx.Tx, e access.Edit, r *Result) error {
		if err := s.lock(ctx, tx, t, e); err != nil {
			return err
		}
		var a layers.Args
		sets := []string{"updated_at = now()"}
		if d.Geometry != nil {
			g := geometrySQL(d, &a)
			sets = append(sets, "geom = "+g[0], "crs = "+g[1], "orig = "+g[2])
		}
		for _, name := range e.Fields {
			if !takes(name) {
				continue
			}
			value := "DEFAULT"
			if v := d.Values[name]; v != nil {
				value = a.Add(v) + "::" + sqlType(t.Layer, name)
			}
			sets = append(sets, column(name)+" = "+value)
		}
		id := a.Add(t.ID)
		may, err := t.Layer.SQL(e.Where, &a)
		if err != nil {
			return err
		}
		return s.judged(ctx, tx, fmt.Sprintf("UPDATE %s AS f SET %s WHERE f.id = %s RETURNING f.id, %s, coalesce(%s, false)",
			table(t.Layer), strings.Join(sets, ", "), id, layers.VersionSQL, may), a, r)
	})
}

// Delete removes a feature. Errors are those of [Store.Update].
func (s *Store) Delete(ctx context.Context, scope access.Scope, address string, t Target) (Result, error) {
	return s.write(ctx, scope, address, "delete", t, Draft{}, func(tx pgx.Tx, e access.Edit, r *Result) error {
		if err := s.lock(ctx, tx, t, e); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM "+table(t.Layer)+" WHERE id = $1", t.ID)
		r.ID = t.ID
		return err
	})
}

// write does a change and its record in one transaction.
func (s *Store) write(ctx context.Context, scope access.Scope, address, action string, t Target, d Draft,
	do func(tx pgx.Tx, e access.Edit, r *Result) error,
) (Result, error) {
	var r Result
	e, err := scope.Edit(t.Layer)
	if err != nil {
		return r, err
	}
	if err := check(t.Layer, e, d); err != nil {
		return r, err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := valid(ctx, tx, d.Geometry); err != nil {
			return err
		}
		if err := do(tx, e, &r); err != nil {
			return err
		}
		if t.Also != nil {
			if err := t.Also(ctx, tx, r); err != nil {
				return err
			}
		}
		return access.RecordTx(ctx, tx, scope, access.Entry{Action: "feature." + action, Object: fmt.Sprintf("%s/%d", t.Layer.Name, r.ID),
			Result: access.Done, Address: address, Detail: detail(d)})
	})
	if err != nil {
		return Result{}, explain(t.Layer, fmt.Sprintf("%s feature of %s", action, t.Layer.Name), err)
	}
	if r.Cursor, err = feed.Now(ctx, s.Layers.DB()); err != nil {
		return Result{}, fmt.Errorf("%s feature of %s: %w", action, t.Layer.Name, err)
	}
	return r, nil
}

// lock takes the row and judges it as it stands.
func (s *Store) lock(ctx context.Context, tx pgx.Tx, t Target, e access.Edit) error {
	var a layers.Args
	see, err := t.Layer.SQL(where.And(t.Right.Where, where.Eq{Field: "id", Value: t.ID}), &a)
	if err != nil {
		return err
	}
	may, err := t.Layer.SQL(e.Where, &a)
	if err != nil {
		return err
	}
	var version string
	var ours bool
	err = tx.QueryRow(ctx, fmt.Sprintf("SELECT %s, coalesce(%s, false) FROM %s f WHERE %s FOR UPDATE", layers.VersionSQL, may, table(t.Layer), see), a...).Scan(&version, &ours)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("feature %s/%d: %w", t.Layer.Name, t.ID, layers.ErrNotFound)
	case err != nil:
		return err
	case !ours:
		return fmt.Errorf("feature %s/%d belongs to another organisation: %w", t.Layer.Name, t.ID, access.ErrForbidden)
	case t.Match != nil && !t.Match(version):
		return ErrChanged
	}
	return nil
}

// judged runs a write that returns the row's number, its version, and whether
// the caller might have written what it became.
func (s *Store) judged(ctx context.Context, tx pgx.Tx, sql string, a layers.Args, r *Result) error {
	var ours bool
	if err := tx.QueryRow(ctx, sql, a...).Scan(&r.ID, &r.Version, &ours); err != nil {
		return err
	}
	if !ours {
		return fmt.Errorf("the feature would be outside your organisation's area and not its own: %w", access.ErrForbidden)
	}
	return nil
}

// detail says which fields a write named, and never their values.
func detail(d Draft) map[string]any {
	var names []string
	for name := range d.Values {
		names = append(names, name)
	}
	slices.Sort(names)
	out := map[string]any{}
	if len(names) > 0 {
		out["fields"] = names
	}
	if d.Geometry != nil {
		out["crs"] = d.Declared.String()
	}
	return out
}

func table(l layers.Layer) string { return pgx.Identifier{"map", l.Name}.Sanitize() }

func column(name string) string { return pgx.Identifier{name}.Sanitize() }

package quality

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// mostRules is how many rules a layer may have.
const mostRules = 100

// mayRule says whether the caller makes the layer's rules: an officer of the
// very organisation that owns it. Its branches do not: a rule counts rows of
// all the owner's area. Layers that nobody owns are the administrators'.
func mayRule(by access.Scope, l layers.Layer) error {
	if l.Owner == "" {
		return by.Require(access.Administrator)
	}
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return err
	}
	operator := by.Org().Code == "" && by.ActsFor(l.Owner)
	if by.Org().Code != l.Owner && !operator {
		return fmt.Errorf("the rules of %s are made by the organisation that owns it: %w", l.Name, access.ErrForbidden)
	}
	return nil
}

// visible is the layer of a name, if the caller may know that it exists.
func (s *Store) visible(ctx context.Context, by access.Scope, name string) (layers.Layer, access.Right, error) {
	l, err := s.Layers.Layer(ctx, name)
	if err != nil {
		return l, access.Right{}, err
	}
	right, ok := by.Layer(l)
	if !ok {
		return l, access.Right{}, fmt.Errorf("layer %q: %w", name, layers.ErrNotFound)
	}
	return l, right, nil
}

// Rules returns the rules of a layer that are in force, and with ended those
// that were. A rule on a field that the caller may not see is not among them.
func (s *Store) Rules(ctx context.Context, by access.Scope, layer string, ended bool) ([]Rule, error) {
	l, right, err := s.visible(ctx, by, layer)
	if err != nil {
		return nil, err
	}
	all, err := rulesOf(ctx, s.Layers.DB(), "r.layer = $1 AND (r.ended_at IS NULL OR $2)", l.Name, ended)
	if err != nil {
		return nil, err
	}
	out := []Rule{}
	for _, r := range all {
		if shown(r, l, right) {
			out = append(out, r)
		}
	}
	return out, nil
}

// AddRule makes a rule of a layer, and returns it with its number. It returns
// [access.ErrForbidden] for others than the layer's owner, and an
// [layers.InputError] for what cannot be tested.
func (s *Store) AddRule(ctx context.Context, by access.Scope, r Rule, address string) (Rule, error) {
	l, _, err := s.visible(ctx, by, r.Layer)
	if err != nil {
		return Rule{}, err
	}
	if err := mayRule(by, l); err != nil {
		return Rule{}, err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if r, err = s.addRule(ctx, tx, by, l, r); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "quality.rule.add", Object: "layer/" + l.Name, Result: access.Done, Address: address,
			Detail: map[string]any{"rule": r.ID, "kind": r.Kind, "field": r.Field, "quarantine": r.Quarantine}})
	})
	return r, access.Wrap("add quality rule", err)
}

func (s *Store) addRule(ctx context.Context, tx pgx.Tx, by access.Scope, l layers.Layer, r Rule) (Rule, error) {
	if err := s.checkRule(ctx, tx, l, &r); err != nil {
		return r, err
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('onemap.quality_rule.' || $1, 0))`, l.Name); err != nil {
		return r, err
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM onemap.quality_rule WHERE layer = $1 AND ended_at IS NULL`, l.Name).Scan(&n); err != nil {
		return r, err
	}
	if n >= mostRules {
		return r, fmt.Errorf("layer %s has %d rules already, which is the most: %w", l.Name, n, layers.ErrConflict)
	}
	who, _ := by.Person()
	err := tx.QueryRow(ctx, `INSERT INTO onemap.quality_rule AS r (layer, indicator, kind, field, params, condition, weight, quarantine, title_zh, title_en, basis, made_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING `+ruleColumns,
		l.Name, r.Indicator, r.Kind, r.Field, r.Params, r.Condition, r.Weight, r.Quarantine, r.TitleZH, r.TitleEN, r.Basis, who.Login).Scan(r.targets()...)
	return r, err
}

// EndRule ends a rule. What it found stays in the history.
func (s *Store) EndRule(ctx context.Context, by access.Scope, id int64, address string) error {
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		var name string
		err := tx.QueryRow(ctx, `SELECT layer FROM onemap.quality_rule WHERE id = $1 AND ended_at IS NULL FOR UPDATE`, id).Scan(&name)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("quality rule %d: %w", id, layers.ErrNotFound)
		}
		if err != nil {
			return err
		}
		l, _, err := s.visible(ctx, by, name)
		if err != nil {
			return fmt.Errorf("quality rule %d: %w", id, layers.ErrNotFound)
		}
		if err := mayRule(by, l); err != nil {
			return err
		}
		who, _ := by.Person()
		if _, err := tx.Exec(ctx, `UPDATE onemap.quality_rule SET ended_by = $2, ended_at = now() WHERE id = $1`, id, who.Login); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "quality.rule.end", Object: "layer/" + name, Result: access.Done, Address: address,
			Detail: map[string]any{"rule": id}})
	})
	return access.Wrap("end quality rule", err)
}

// shown says whether a rule tells nothing of fields that its reader may not see.
func shown(r Rule, l layers.Layer, right access.Right) bool {
	sees := func(name string) bool {
		if name == "" {
			return true
		}
		for _, f := range right.Fields {
			if f == name {
				return true
			}
		}
		_, ok := l.Field(name)
		return !ok // a field that the layer no longer has
	}
	if !sees(r.Field) {
		return false
	}
	for _, name := range right.Masked {
		if mentions(r, name) {
			return false
		}
	}
	return true
}

package opendata

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// Openable returns the layers that the caller may set a rule for, or open: all but
// copies to administrators, its own to a data officer. A layer that nobody may
// open yet is among them: what is missing is in its share type and Open.
func (s *Store) Openable(ctx context.Context, by access.Scope) ([]layers.Layer, error) {
	if err := by.Require(access.Administrator, access.SecurityAdministrator, access.DepartmentOfficer); err != nil {
		return nil, err
	}
	all, err := s.Layers.Layers(ctx)
	if err != nil {
		return nil, err
	}
	var out []layers.Layer
	for _, l := range all {
		if l.CopyOf == "" && (by.Has(access.Administrator) || by.Has(access.SecurityAdministrator) || l.Owner != "" && l.Owner == by.Org().Code) {
			out = append(out, l)
		}
	}
	return out, nil
}

// Mark opens a layer to the public, or closes it again: without the mark no
// rule shows it, and a closed one is gone from the portal at once. Only what is
// shared unconditionally can be open. Security administrators do so, saying
// why.
func (s *Store) Mark(ctx context.Context, by access.Scope, name string, open bool, reason string) error {
	if err := by.Require(access.SecurityAdministrator); err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	if err := layers.CheckText("reason", reason, 500); err != nil {
		return err
	}
	if reason == "" {
		return &layers.InputError{Field: "reason", Remedy: "say why: it is kept in the audit"}
	}
	l, err := s.Layers.Layer(ctx, name)
	if err != nil {
		return err
	}
	if l.CopyOf != "" {
		return fmt.Errorf("layer %q: %w", layers.Short(name), layers.ErrNotFound)
	}
	if open && l.Share != layers.Unconditional {
		return &layers.InputError{Field: "open", Value: "true", Remedy: "only a layer that is shared unconditionally can be open"}
	}
	defer s.Layers.ForgetRegistry()
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		// Asked again where it is written: the share type may have changed since.
		tag, err := tx.Exec(ctx, `UPDATE onemap.layer SET open = @open WHERE name = @name AND (NOT @open OR share = 'unconditional')`, pgx.NamedArgs{"name": name, "open": open})
		if err != nil {
			return fmt.Errorf("open layer %s: %w", name, err)
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("layer %q: %w", layers.Short(name), layers.ErrConflict)
		}
		if !open {
			if err := unmake(ctx, tx, name); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE onemap.open_rule SET built = NULL, rows = NULL WHERE layer = $1 AND NOT as_is`, name); err != nil {
				return fmt.Errorf("close layer %s: %w", name, err)
			}
		}
		action := "layer.open"
		if !open {
			action = "layer.close"
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: action, Object: "layer/" + name, Result: access.Done, Reason: reason})
	})
}

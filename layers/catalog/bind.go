package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// Bind mounts a resource on a layer (挂接): from then on the layer says who
// provides it, how it is shared and what its items are. The resource that the
// layer was given when it was made is withdrawn, and names the one that took
// its place; what was said of the items is kept in the past versions.
//
// The caller must keep both, the resource's provider and the layer's owner. It
// returns an error wrapping [layers.ErrConflict] where the resource has a layer
// already, or the layer a resource that somebody has worked on.
func (s *Store) Bind(ctx context.Context, by access.Scope, code, layer string, note Note) (Resource, error) {
	if err := by.Require(access.DepartmentOfficer, access.Administrator); err != nil {
		return Resource{}, err
	}
	if err := layers.CheckText("reason", note.Reason, 500); err != nil {
		return Resource{}, err
	}
	v, err := s.viewer(ctx, by)
	if err != nil {
		return Resource{}, err
	}
	l, ok := v.layers[layer]
	if ok {
		_, visible := by.Layer(l)
		ok = visible || by.Has(access.Administrator)
	}
	if !ok {
		return Resource{}, &layers.InputError{Field: "layer", Value: layers.Short(layer), Remedy: "the name of a layer"}
	}
	var out Resource
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		// In the order of their numbers, so that two who bind do not block each other in a circle.
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.resource WHERE code = @code OR layer = @layer ORDER BY id FOR UPDATE`, pgx.NamedArgs{"code": code, "layer": layer}); err != nil {
			return fmt.Errorf("lock resources: %w", err)
		}
		if out, err = s.get(ctx, tx, v, `r.code = @code`, pgx.NamedArgs{"code": code}, fmt.Sprintf("resource %q", layers.Short(code))); err != nil {
			return err
		}
		switch {
		case !mayEdit(by, out.Provider) || !mayEdit(by, l.Owner):
			return access.ErrForbidden
		case out.Layer == layer:
			return nil
		case out.Layer != "":
			return fmt.Errorf("the resource is bound to the layer %s: %w", out.Layer, layers.ErrConflict)
		}
		before, err := read(ctx, tx, `r.layer = @layer`, pgx.NamedArgs{"layer": layer})
		if err != nil {
			return err
		}
		p, _ := by.Person()
		b := &pgx.Batch{}
		for _, r := range before {
			if r.Provider == "" {
				return fmt.Errorf("the layer %s has no owner yet: %w", layer, layers.ErrConflict)
			}
			var worked bool
			if err := tx.QueryRow(ctx, `SELECT made_by <> '' OR abstract <> '' OR EXISTS (SELECT FROM onemap.resource_item WHERE resource = @id) FROM onemap.resource WHERE id = @id`,
				pgx.NamedArgs{"id": r.ID}).Scan(&worked); err != nil {
				return fmt.Errorf("resource of layer %s: %w", layer, err)
			}
			if worked {
				return fmt.Errorf("the layer %s has the resource %s: %w", layer, r.Code, layers.ErrConflict)
			}
			b.Queue(`SELECT onemap.resource_keep(@id, @by)`, pgx.NamedArgs{"id": r.ID, "by": p.Login})
			b.Queue(`UPDATE onemap.resource SET layer = NULL, name_zh = @zh, name_en = @en, provider = @provider, share = @share, share_basis = @basis, open = @open, update_cycle = @cycle,
				related = ARRAY[@instead::text], withdrawn_at = now() WHERE id = @id`,
				pgx.NamedArgs{"id": r.ID, "zh": r.NameZH, "en": r.NameEN, "provider": r.Provider, "share": r.Share, "basis": r.ShareBasis, "open": r.Open, "cycle": r.UpdateCycle, "instead": code})
			for i, it := range r.Items {
				b.Queue(`INSERT INTO onemap.resource_item (resource, position, name_zh, name_en, type, sensitivity) VALUES (@id, @n, @zh, @en, @type, @sensitivity) ON CONFLICT DO NOTHING`,
					pgx.NamedArgs{"id": r.ID, "n": i + 1, "zh": it.NameZH, "en": it.NameEN, "type": it.Type, "sensitivity": it.Sensitivity})
			}
		}
		b.Queue(`SELECT onemap.resource_keep(@id, @by)`, pgx.NamedArgs{"id": out.ID, "by": p.Login})
		b.Queue(`DELETE FROM onemap.resource_item WHERE resource = @id`, pgx.NamedArgs{"id": out.ID})
		b.Queue(`UPDATE onemap.resource SET layer = @layer, provider = NULL, share = NULL, share_basis = NULL, open = NULL, update_cycle = NULL, updated_at = NULL, address = '' WHERE id = @id`,
			pgx.NamedArgs{"id": out.ID, "layer": layer})
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("bind resource %s to layer %s: %w", code, layer, err)
		}
		if err := access.RecordTx(ctx, tx, by, access.Entry{Action: "resource.bind", Object: "resource/" + code, Result: access.Done, Reason: note.Reason, Address: note.Address,
			Detail: map[string]any{"layer": layer}}); err != nil {
			return err
		}
		out, err = s.get(ctx, tx, v, `r.id = @id`, pgx.NamedArgs{"id": out.ID}, "resource")
		return err
	})
	return out, asInput(err)
}

package access

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// CreateOrganisation adds an organisation. It returns a [layers.InputError]
// for bad input, an error wrapping layers.ErrConflict for a code that exists.
func (d *Directory) CreateOrganisation(ctx context.Context, by Scope, o Organisation) error {
	if err := by.Require(Administrator); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO onemap.organisation (code, parent, level, kind, area_code, name_zh, name_en, uscc)
			VALUES (@code, nullif(@parent, ''), @level, @kind, @area, @zh, @en, nullif(@uscc, ''))`,
			pgx.NamedArgs{"code": o.Code, "parent": o.Parent, "level": o.Level, "kind": o.Kind, "area": o.AreaCode,
				"zh": o.NameZH, "en": o.NameEN, "uscc": o.USCC})
		if err != nil {
			return err
		}
		return record(ctx, tx, by, Entry{Action: "organisation.create", Object: "organisation/" + o.Code, Result: Done})
	})
	return asInput("create organisation", err)
}

// ListOrganisations returns all organisations by code, for whoever is signed in.
func (d *Directory) ListOrganisations(ctx context.Context, by Scope) ([]Organisation, error) {
	if err := by.Require(); err != nil {
		return nil, err
	}
	rows, err := d.db.Query(ctx, `SELECT code, coalesce(parent, ''), level, kind, area_code, name_zh, name_en, coalesce(uscc, '')
		FROM onemap.organisation ORDER BY code`)
	if err != nil {
		return nil, doing("list organisations", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Organisation])
	if err != nil {
		return nil, doing("list organisations", err)
	}
	return all, nil
}

// LayerRights is who owns a layer and how it is shared.
type LayerRights struct {
	Owner string // organisation code
	Share string // layers.Unconditional, Conditional, NotShared
	Basis string // the condition, or the law behind NotShared
	Open  bool   // the public may see it; only if unconditional
}

// SetLayerRights says who owns a layer and how it is shared. The registry of a
// layers.Store in this process forgets by the feed, or after two seconds.
func (d *Directory) SetLayerRights(ctx context.Context, by Scope, layer string, r LayerRights) error {
	if err := by.Require(SecurityAdministrator); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE onemap.layer SET owner = nullif(@owner, ''), share = @share, share_basis = @basis, open = @open WHERE name = @layer`,
			pgx.NamedArgs{"layer": layer, "owner": r.Owner, "share": r.Share, "basis": r.Basis, "open": r.Open})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("layer %q: %w", layer, layers.ErrNotFound)
		}
		return record(ctx, tx, by, Entry{Action: "layer.rights", Object: "layer/" + layer, Result: Done,
			Detail: map[string]any{"owner": r.Owner, "share": r.Share, "open": r.Open}})
	})
	return asInput("set rights of layer", err)
}

// Grant lets an organisation see a conditional layer. Of g it uses Layer, Org,
// Fields, AreaCode, Grids, Reason and EndsAt; it returns the grant as it was kept.
func (d *Directory) Grant(ctx context.Context, by Scope, g Grant) (Grant, error) {
	if err := by.Require(SecurityAdministrator); err != nil {
		return Grant{}, err
	}
	if !g.EndsAt.IsZero() && !g.EndsAt.After(time.Now()) {
		return Grant{}, &layers.InputError{Field: "ends_at", Value: g.EndsAt.Format(time.RFC3339), Remedy: "a time to come"}
	}
	p, _ := by.Person()
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		var unknown []string
		err := tx.QueryRow(ctx, `SELECT array(SELECT unnest(@fields::text[]) EXCEPT SELECT name FROM onemap.layer_field WHERE layer = @layer)`,
			pgx.NamedArgs{"fields": g.Fields, "layer": g.Layer}).Scan(&unknown)
		if err != nil {
			return err
		}
		if len(unknown) > 0 {
			return &layers.InputError{Field: "fields", Value: unknown[0], Remedy: "must be names of the layer's fields"}
		}
		if len(g.Grids) > 0 {
			err := tx.QueryRow(ctx, `SELECT array(SELECT unnest(@grids::text[]) EXCEPT (
				SELECT grid_code FROM map.grid_unit WHERE valid_to IS NULL AND grid_code = ANY (@grids)
				UNION ALL SELECT grid_code FROM map.grid_duty WHERE valid_to IS NULL AND grid_code = ANY (@grids)
				UNION ALL SELECT grid_code FROM map.grid_community WHERE valid_to IS NULL AND grid_code = ANY (@grids)))`,
				pgx.NamedArgs{"grids": g.Grids}).Scan(&unknown)
			if err != nil {
				return err
			}
			if len(unknown) > 0 {
				return &layers.InputError{Field: "grids", Value: layers.Short(unknown[0]), Remedy: "must be codes of grids in force"}
			}
		}
		rows, err := tx.Query(ctx, `INSERT INTO onemap.layer_grant (layer, org, fields, area_code, grids, reason, granted_by, ends_at)
			VALUES (@layer, @org, @fields, @area, @grids, @reason, @by, @ends) RETURNING `+grantColumns,
			pgx.NamedArgs{"layer": g.Layer, "org": g.Org, "fields": g.Fields, "area": g.AreaCode, "grids": g.Grids, "reason": g.Reason,
				"by": p.Login, "ends": layers.TimeOrNull(g.EndsAt)})
		if err != nil {
			return err
		}
		if g, err = pgx.CollectExactlyOneRow(rows, scanGrant); err != nil {
			return err
		}
		return record(ctx, tx, by, Entry{Action: "grant.create", Object: fmt.Sprintf("grant/%d", g.ID), Result: Done, Reason: g.Reason,
			Detail: map[string]any{"layer": g.Layer, "org": g.Org, "fields": g.Fields, "area_code": g.AreaCode, "grids": g.Grids}})
	})
	if err != nil {
		return Grant{}, asInput("grant", err)
	}
	return g, nil
}

// Revoke ends a grant, for requests after it and for open live connections. To
// revoke twice is no error.
func (d *Directory) Revoke(ctx context.Context, by Scope, id int64, reason string) error {
	if err := by.Require(SecurityAdministrator); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE onemap.layer_grant SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1`, id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("grant %d: %w", id, layers.ErrNotFound)
		}
		return record(ctx, tx, by, Entry{Action: "grant.revoke", Object: fmt.Sprintf("grant/%d", id), Result: Done, Reason: reason})
	})
	return asInput("revoke", err)
}

// ListGrants returns the grants on a layer, or all for "", newest first, those
// that ended too. It is for security administrators and auditors.
func (d *Directory) ListGrants(ctx context.Context, by Scope, layer string) ([]Grant, error) {
	if err := by.Require(SecurityAdministrator, Auditor); err != nil {
		return nil, err
	}
	rows, err := d.db.Query(ctx, grantSQL+` WHERE @layer = '' OR layer = @layer ORDER BY id DESC`, pgx.NamedArgs{"layer": layer})
	if err != nil {
		return nil, doing("list grants", err)
	}
	all, err := pgx.CollectRows(rows, scanGrant)
	if err != nil {
		return nil, doing("list grants", err)
	}
	return all, nil
}

const grantColumns = `id, layer, org, fields, area_code, grids, coalesce(request, 0), reason, granted_by, granted_at, ends_at, revoked_at`
const grantSQL = `SELECT ` + grantColumns + ` FROM onemap.layer_grant`

func scanGrant(row pgx.CollectableRow) (Grant, error) {
	var g Grant
	var ends, revoked *time.Time
	err := row.Scan(&g.ID, &g.Layer, &g.Org, &g.Fields, &g.AreaCode, &g.Grids, &g.Request, &g.Reason, &g.GrantedBy, &g.GrantedAt, &ends, &revoked)
	g.EndsAt, g.RevokedAt = timeOrZero(ends), timeOrZero(revoked)
	return g, err
}

// ChangeOrganisation gives an organisation other names, level, area or parent.
// Its code and kind stay: rights hang on them.
func (d *Directory) ChangeOrganisation(ctx context.Context, by Scope, o Organisation) error {
	if err := by.Require(Administrator); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		var ring bool
		if err := tx.QueryRow(ctx, `WITH RECURSIVE above AS (SELECT code, parent FROM onemap.organisation WHERE code = @parent
				UNION SELECT o.code, o.parent FROM onemap.organisation o JOIN above ON o.code = above.parent)
			SELECT EXISTS (SELECT FROM above WHERE code = @code)`, pgx.NamedArgs{"parent": o.Parent, "code": o.Code}).Scan(&ring); err != nil {
			return err
		}
		if ring {
			return &layers.InputError{Field: "parent", Value: o.Parent, Remedy: "an organisation that is not below this one"}
		}
		rows, err := tx.Query(ctx, `WITH before AS (SELECT * FROM onemap.organisation WHERE code = @code FOR UPDATE)
			UPDATE onemap.organisation x SET parent = nullif(@parent, ''), level = @level, area_code = @area, name_zh = @zh, name_en = @en, uscc = nullif(@uscc, '')
			FROM before WHERE x.code = before.code
			RETURNING before.code, coalesce(before.parent, ''), before.level, before.kind, before.area_code, before.name_zh, before.name_en, coalesce(before.uscc, '')`,
			pgx.NamedArgs{"code": o.Code, "parent": o.Parent, "level": o.Level, "area": o.AreaCode, "zh": o.NameZH, "en": o.NameEN, "uscc": o.USCC})
		if err != nil {
			return err
		}
		before, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Organisation])
		if noRow(err) {
			return fmt.Errorf("organisation %q: %w", o.Code, layers.ErrNotFound)
		}
		if err != nil {
			return err
		}
		o.Kind = before.Kind
		return record(ctx, tx, by, Entry{Action: "organisation.change", Object: "organisation/" + o.Code, Result: Done, Detail: map[string]any{"before": before, "after": o}})
	})
	return asInput("change organisation", err)
}

// SetAskReason says whether a layer is a sensitive one: who looks at it then
// says why first. A layer that is open to the public cannot be.
func (d *Directory) SetAskReason(ctx context.Context, by Scope, layer string, ask bool, reason string) error {
	if err := by.Require(SecurityAdministrator); err != nil {
		return err
	}
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE onemap.layer SET ask_reason = $2 WHERE name = $1`, layer, ask)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("layer %q: %w", layer, layers.ErrNotFound)
		}
		return record(ctx, tx, by, Entry{Action: "layer.ask_reason", Object: "layer/" + layer, Result: Done, Reason: reason, Detail: map[string]any{"ask_reason": ask}})
	})
	return asInput("set whether a layer asks for a reason", err)
}

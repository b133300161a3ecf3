package sharing

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// grant makes what is given of a request, and appends its step.
func (s *Store) grant(ctx context.Context, tx pgx.Tx, r Request, res resource, given Terms, st step) error {
	if res.Share == layers.NotShared {
		return &layers.InputError{Field: "action", Value: "grant", Remedy: "the resource is not shared (不予共享): its provider changes its share type first, or refuses with the basis"}
	}
	if !given.EndsAt.After(s.now()) {
		return &layers.InputError{Field: "ends_at", Value: format(given.EndsAt), Remedy: "a time to come"}
	}
	areas, err := areasOf(ctx, tx, r.Org)
	if err != nil {
		return err
	}
	parts, err := partsOf(ctx, tx, r.Terms.Grids)
	if err != nil {
		return err
	}
	in := func(grid, other string) bool { return slices.Contains(parts[other], grid) }
	if given, err = ownArea(ctx, tx, r, given); err != nil {
		return err
	}
	if err := given.Within(r.Terms, areas, in); err != nil {
		return err
	}
	if err := s.checkPlace(ctx, tx, given, r.Terms.AreaCode); err != nil {
		return err
	}
	args := pgx.NamedArgs{"org": r.Org, "items": given.Items, "area": given.AreaCode, "grids": given.Grids, "request": r.ID, "reason": r.LegalGround, "by": st.actor,
		"at": st.at, "ends": given.EndsAt, "layer": res.Layer, "resource": res.ID}
	switch {
	case res.Layer == "":
		err = tx.QueryRow(ctx, `INSERT INTO onemap.resource_grant (resource, org, request, items, reason, granted_by, granted_at, ends_at)
			VALUES (@resource, @org, @request, @items, @reason, @by, @at, @ends) RETURNING id`, args).Scan(&st.resourceGrant)
	case res.Share == layers.Conditional:
		var gone []string
		if err := tx.QueryRow(ctx, `SELECT array(SELECT unnest(@items::text[]) EXCEPT SELECT name FROM onemap.layer_field WHERE layer = @layer)`, args).Scan(&gone); err != nil {
			return err
		}
		if len(gone) > 0 {
			return &layers.InputError{Field: "items", Value: gone[0], Remedy: "fields that the layer still has: name those that you grant"}
		}
		err = tx.QueryRow(ctx, `INSERT INTO onemap.layer_grant (layer, org, fields, area_code, grids, request, reason, granted_by, granted_at, ends_at)
			VALUES (@layer, @org, @items, @area, @grids, @request, @reason, @by, @at, @ends) RETURNING id`, args).Scan(&st.layerGrant)
	}
	// A layer that is shared unconditionally is everybody's by its share type:
	// a grant would outlive that type.
	if err != nil {
		return err
	}
	if !res.Mounted {
		if st.clock, err = s.start(ctx, tx, st.at, deliverLimit, nil); err != nil {
			return err
		}
	}
	if err := s.append(ctx, tx, st); err != nil || st.layerGrant+st.resourceGrant == 0 {
		return err
	}
	rules, err := s.rules(ctx, tx)
	if err != nil {
		return err
	}
	if remind := given.EndsAt.AddDate(0, 0, -rules.EndingDays); remind.After(st.at) {
		return s.lookAt(ctx, tx, endingJob{Request: r.ID}, remind)
	}
	return nil
}

// end ends a grant now.
func (s *Store) end(ctx context.Context, tx pgx.Tx, g Given) error {
	table := "onemap.resource_grant"
	if g.OfLayer {
		table = "onemap.layer_grant"
	}
	tag, err := tx.Exec(ctx, `UPDATE `+table+` SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL`, g.ID)
	if err == nil && tag.RowsAffected() == 0 {
		err = fmt.Errorf("it was withdrawn before: %w", layers.ErrConflict)
	}
	return err
}

// ownArea returns the terms without their area where the provider wrote out the
// asker's own and its own was asked: that is each user's own again. By its code
// it would be wider for a branch below the asker, whose own is a part of it.
func ownArea(ctx context.Context, tx pgx.Tx, r Request, given Terms) (Terms, error) {
	if r.Terms.AreaCode != "" || given.AreaCode == "" {
		return given, nil
	}
	var own bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.organisation WHERE code = $1 AND area_code = $2)`, r.Org, given.AreaCode).Scan(&own); err != nil {
		return given, err
	}
	if own {
		given.AreaCode = ""
	}
	return given, nil
}

// areasOf returns the areas of those who use what an organisation is granted:
// its own, and those of the organisations of its kind below it.
func areasOf(ctx context.Context, tx pgx.Tx, org string) ([]string, error) {
	rows, err := tx.Query(ctx, `WITH RECURSIVE down AS (
			SELECT code, kind, kind AS of_kind, area_code, 1 AS n FROM onemap.organisation WHERE code = $1
			UNION ALL
			SELECT o.code, o.kind, d.of_kind, o.area_code, n + 1 FROM down d JOIN onemap.organisation o ON o.parent = d.code WHERE n < 10
		) SELECT DISTINCT area_code FROM down WHERE kind = of_kind ORDER BY 1`, org)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// partsOf returns the grids in force that each of some grids is made of.
func partsOf(ctx context.Context, tx pgx.Tx, grids []string) (map[string][]string, error) {
	if len(grids) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, `SELECT duty_code, grid_code FROM map.grid_unit WHERE valid_to IS NULL AND duty_code = ANY ($1)
		UNION SELECT community_code, grid_code FROM map.grid_unit WHERE valid_to IS NULL AND community_code = ANY ($1)
		UNION SELECT community_code, grid_code FROM map.grid_duty WHERE valid_to IS NULL AND community_code = ANY ($1)`, grids)
	if err != nil {
		return nil, err
	}
	parts := map[string][]string{}
	var whole, part string
	_, err = pgx.ForEachRow(rows, []any{&whole, &part}, func() error {
		parts[whole] = append(parts[whole], part)
		return nil
	})
	return parts, err
}

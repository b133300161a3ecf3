package incident

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// step appends to an incident's flow record.
func step(ctx context.Context, tx pgx.Tx, incident int64, who access.Person, action, from, to, opinion string) error {
	_, err := tx.Exec(ctx, `INSERT INTO onemap.incident_flow (incident, actor, org, action, from_state, to_state, opinion)
		VALUES (@incident, @actor, @org, @action, @from, @to, @opinion)`,
		pgx.NamedArgs{"incident": incident, "actor": who.Login, "org": who.Org, "action": action, "from": from, "to": to, "opinion": opinion})
	return err
}

// attach adds photos that were uploaded before after those that are there.
// Whoever names a photo by the hash of its content has seen it, so naming it
// is enough.
func attach(ctx context.Context, tx pgx.Tx, incident int64, field string, photos []Shown) error {
	if len(photos) == 0 {
		return nil
	}
	var have int
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(position) + 1, 0) FROM onemap.incident_photo WHERE incident = @id`,
		pgx.NamedArgs{"id": incident}).Scan(&have); err != nil {
		return err
	}
	if have+len(photos) > maxPhotos {
		return &layers.InputError{Field: field, Remedy: fmt.Sprintf("at most %d photos an incident", maxPhotos)}
	}
	for n, p := range photos {
		at := fmt.Sprintf("%s[%d]", field, n)
		if p.Kind == "" {
			p.Kind = "near"
		}
		if !slices.Contains(photoKinds, p.Kind) {
			return &layers.InputError{Field: at + ".kind", Value: short(p.Kind), Remedy: fmt.Sprintf("one of %v", photoKinds)}
		}
		if !isHash(p.ID) {
			return &layers.InputError{Field: at + ".id", Value: short(p.ID), Remedy: "the id that the upload of the photo returned"}
		}
		tag, err := tx.Exec(ctx, `INSERT INTO onemap.incident_photo (incident, position, kind, photo)
			SELECT @incident, @position, @kind, sha256 FROM onemap.photo WHERE sha256 = @id FOR KEY SHARE`,
			pgx.NamedArgs{"incident": incident, "position": have + n, "kind": p.Kind, "id": p.ID})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return &layers.InputError{Field: at + ".id", Value: short(p.ID), Remedy: "upload the photo first, then report it"}
		}
	}
	return nil
}

// flow returns an incident's flow record. The reporter is named to themselves
// and to the command centre only. It tells the states, so that there is none
// for those who may not see the state, and what was said about the case only
// to those who may read its description.
func (s *Store) flow(ctx context.Context, scope access.Scope, i Incident) ([]Step, error) {
	if slices.Contains(i.Hidden, "state") {
		return nil, nil
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT at, actor, org, action, from_state AS "from", to_state AS "to", opinion
		FROM onemap.incident_flow WHERE incident = @id ORDER BY id`, pgx.NamedArgs{"id": i.ID})
	if err != nil {
		return nil, fmt.Errorf("flow of incident %d: %w", i.ID, err)
	}
	steps, err := pgx.CollectRows(rows, pgx.RowToStructByName[Step])
	if err != nil {
		return nil, fmt.Errorf("flow of incident %d: %w", i.ID, err)
	}
	if slices.Contains(i.Hidden, "description") {
		for n := range steps {
			steps[n].Opinion = ""
		}
	}
	if !i.Mine && !scope.Has(access.CommandCentre) {
		for n := range steps {
			if steps[n].Action == "report" {
				steps[n].Actor = ""
			}
		}
	}
	return steps, nil
}

package hazard

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
)

// wrap says what was attempted, and leaves what the caller may read as it is.
func wrap(what string, err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Code == "23505" && strings.Contains(e.ConstraintName, "uuid") {
		return fmt.Errorf("something else has that uuid: give each thing that is sent a new one: %w", layers.ErrConflict)
	}
	return access.Wrap(what, err)
}

// maxPhotos is how many photos a hazard may have.
const maxPhotos = 40

var photoKinds = []string{"near", "far", "reference", "before", "after"}

// attach adds photos that were uploaded before, after those that are there.
func attach(ctx context.Context, tx pgx.Tx, hazard, step int64, kind string, photos []incident.Shown) error {
	if len(photos) == 0 {
		return nil
	}
	var have int
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(position) + 1, 0) FROM onemap.hazard_photo WHERE hazard = $1`, hazard).Scan(&have); err != nil {
		return err
	}
	if have+len(photos) > maxPhotos {
		return &layers.InputError{Field: "photos", Remedy: fmt.Sprintf("at most %d photos a hazard: it has %d", maxPhotos, have)}
	}
	for n, p := range photos {
		at := fmt.Sprintf("photos[%d]", n)
		if p.Kind == "" {
			p.Kind = kind
		}
		if !strings.Contains(" "+strings.Join(photoKinds, " ")+" ", " "+p.Kind+" ") {
			return &layers.InputError{Field: at + ".kind", Value: layers.Short(p.Kind), Remedy: "one of " + strings.Join(photoKinds, ", ")}
		}
		tag, err := tx.Exec(ctx, `INSERT INTO onemap.hazard_photo (hazard, position, kind, photo, step)
			SELECT @hazard, @position, @kind, sha256, nullif(@step, 0::bigint) FROM onemap.photo WHERE sha256 = @id FOR KEY SHARE`,
			pgx.NamedArgs{"hazard": hazard, "position": have + n, "kind": p.Kind, "id": p.ID, "step": step})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return &layers.InputError{Field: at + ".id", Value: layers.Short(p.ID), Remedy: "upload the photo first, then send this"}
		}
	}
	return nil
}

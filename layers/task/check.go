package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
)

// wrap says what was attempted, and leaves what the caller may read as it is.
func wrap(what string, err error) error {
	if c := constraint(err); strings.Contains(c, "uuid") || strings.Contains(c, "asked") {
		return fmt.Errorf("something else has that uuid: give each thing that is sent a new one: %w", layers.ErrConflict)
	}
	return access.Wrap(what, err)
}

// constraint is the unique constraint that refused a row, "" if none did.
func constraint(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Code == "23505" {
		return e.ConstraintName
	}
	return ""
}

// hash identifies what a person sent, as they sent it.
func hash(person int64, sent any) (string, error) {
	b, err := json.Marshal(struct {
		Person int64
		Sent   any
	}{person, sent})
	if err != nil { // a coordinate that is no number
		return "", &layers.InputError{Field: "place.coordinates", Remedy: "two finite numbers"}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// maxPhotos is how many photos a task may have.
const maxPhotos = 100

var photoKinds = []string{"near", "far", "reference", "before", "after"}

// attach adds photos that were uploaded before, after those that are there.
// subject is the point's number or the checklist's item.
func attach(ctx context.Context, tx pgx.Tx, task int64, field, subject string, photos []incident.Shown) error {
	if len(photos) == 0 {
		return nil
	}
	var have int
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(position) + 1, 0) FROM onemap.task_photo WHERE task = $1`, task).Scan(&have); err != nil {
		return err
	}
	if have+len(photos) > maxPhotos {
		return &layers.InputError{Field: field, Remedy: fmt.Sprintf("at most %d photos a task: it has %d", maxPhotos, have)}
	}
	for n, p := range photos {
		at := fmt.Sprintf("%s[%d]", field, n)
		if p.Kind == "" {
			p.Kind = "near"
		}
		if !slices.Contains(photoKinds, p.Kind) {
			return &layers.InputError{Field: at + ".kind", Value: layers.Short(p.Kind), Remedy: "one of " + strings.Join(photoKinds, ", ")}
		}
		tag, err := tx.Exec(ctx, `INSERT INTO onemap.task_photo (task, position, kind, photo, subject)
			SELECT @task, @position, @kind, sha256, @subject FROM onemap.photo WHERE sha256 = @id FOR KEY SHARE`,
			pgx.NamedArgs{"task": task, "position": have + n, "kind": p.Kind, "id": p.ID, "subject": subject})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return &layers.InputError{Field: at + ".id", Value: layers.Short(p.ID), Remedy: "upload the photo first, then send this"}
		}
	}
	return nil
}

// findWorker returns the id of a grid worker; nil for "".
func findWorker(ctx context.Context, tx pgx.Tx, login string) (*int64, error) {
	if login == "" {
		return nil, nil
	}
	if err := layers.CheckText("person", login, 63); err != nil {
		return nil, err
	}
	var id int64
	err := tx.QueryRow(ctx, `SELECT p.id FROM onemap.person p JOIN onemap.person_role r ON r.person = p.id AND r.role = 'grid_worker' WHERE p.login = $1 AND p.active`, login).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, &layers.InputError{Field: "person", Value: layers.Short(login), Remedy: "the login of a grid worker"}
	}
	return &id, err
}

// zone is the city's time zone.
func zone(ctx context.Context, db querier) (*time.Location, error) {
	name := "Asia/Shanghai"
	err := db.QueryRow(ctx, `SELECT value #>> '{}' FROM onemap.setting WHERE key = 'city.time_zone'`).Scan(&name)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("setting city.time_zone: %w", err)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("setting city.time_zone: %w", err)
	}
	return l, nil
}

// setting reads a setting that is JSON into v; what is not there stays.
func setting(ctx context.Context, db querier, key string, v any) error {
	var raw []byte
	err := db.QueryRow(ctx, `SELECT value FROM onemap.setting WHERE key = $1`, key).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		return fmt.Errorf("setting %s: %w", key, err)
	}
	return nil
}

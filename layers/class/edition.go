package class

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// PutEdition says whether new cases may be of a list.
func (s *Store) PutEdition(ctx context.Context, by access.Scope, standard string, active bool, reason, address string) error {
	if err := by.Require(access.Administrator); err != nil {
		return err
	}
	if err := checkText("reason", reason, 500); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error { return putEdition(ctx, tx, by, standard, active, reason, address) })
	if err != nil {
		return access.Wrap("list "+standard, err)
	}
	return nil
}

// An editionState is what is remembered of a list.
type editionState struct {
	Active bool `json:"active"`
}

func putEdition(ctx context.Context, tx pgx.Tx, by access.Scope, standard string, active bool, reason, address string) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('onemap.class', 0))`); err != nil {
		return err
	}
	var was editionState
	err := tx.QueryRow(ctx, `SELECT active FROM onemap.class_edition WHERE standard = $1`, standard).Scan(&was.Active)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("list %q: %w", short(standard, 60), layers.ErrNotFound)
	}
	if err != nil || was.Active == active {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.class_edition SET active = $2 WHERE standard = $1`, standard, active); err != nil {
		return err
	}
	return remember(ctx, tx, by, address, ofEdition, Key{Standard: standard}, standard, was, editionState{active}, reason)
}

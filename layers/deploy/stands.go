package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// Stands returns an error wrapping [layers.ErrConflict] where the forecast run
// that a plan was made from stands no more: it was withdrawn, or is withheld.
// Nobody acts on such a plan. Until tx ends nobody withdraws the run either. Run
// 0 is none, and always stands.
func Stands(ctx context.Context, tx pgx.Tx, run int64) error {
	if run == 0 {
		return nil
	}
	var state, why string
	var withdrawn bool
	err := tx.QueryRow(ctx, `SELECT state, withdrawn_at IS NOT NULL, coalesce(nullif(withdrawn_why, ''), why) FROM onemap.forecast_run WHERE id = $1 FOR SHARE`, run).Scan(&state, &withdrawn, &why)
	if errors.Is(err, pgx.ErrNoRows) {
		state, err = "gone", nil
	}
	if err != nil {
		return fmt.Errorf("forecast %d of a plan: %w", run, err)
	}
	if withdrawn {
		state = "withdrawn"
	}
	if state == "done" {
		return nil
	}
	return fmt.Errorf("forecast %d, which the plan is made from, is %s (%s): refuse this plan, and make a new one from a forecast that stands: %w", run, state, cmp.Or(why, "no reason is kept"), layers.ErrConflict)
}

package forecast

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// How many may be open at once: a run takes all processors for minutes, and runs
// are made one after the other.
const (
	mostOpenPerson   = 5
	mostOpenOrg      = 15
	mostStandingsOrg = 20
)

// room refuses a run where as many wait or are being made as may.
func room(ctx context.Context, tx pgx.Tx, login, org string) error {
	if err := inTurn(ctx, tx, org); err != nil {
		return err
	}
	var own, all int
	err := tx.QueryRow(ctx, `SELECT count(*) FILTER (WHERE made_by = $1), count(*) FROM onemap.forecast_run
		WHERE state IN ('queued', 'running') AND standing IS NULL AND (made_by = $1 OR org = $2)`, login, org).Scan(&own, &all)
	if err != nil {
		return err
	}
	switch {
	case own >= mostOpenPerson:
		return fmt.Errorf("%d forecasts that you ordered are being made: wait for one, or take back one that waits: %w", own, layers.ErrConflict)
	case all >= mostOpenOrg:
		return fmt.Errorf("%d forecasts of your organisation are being made: wait for one: %w", all, layers.ErrConflict)
	}
	return nil
}

// roomToStand is room, for standing orders.
func roomToStand(ctx context.Context, tx pgx.Tx, org string) error {
	if err := inTurn(ctx, tx, org); err != nil {
		return err
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM onemap.forecast_standing WHERE ended_at IS NULL AND org = $1`, org).Scan(&n); err != nil {
		return err
	}
	if n >= mostStandingsOrg {
		return fmt.Errorf("your organisation has %d standing orders, the most that it may have: end one first: %w", n, layers.ErrConflict)
	}
	return nil
}

// inTurn has an organisation's orders wait for each other, so that two at once
// are counted.
func inTurn(ctx context.Context, tx pgx.Tx, org string) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('forecast orders ' || $1, 0))`, org)
	return err
}

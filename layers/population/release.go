package population

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
)

// Rounding is what released counts are multiples of. A reader who knows all
// but one of the people in a count cannot tell that one from it.
const Rounding = 5

// A ReleaseReport is what a release shows and what it leaves out.
type ReleaseReport struct {
	Floor          int   // counts below it are left out
	Counts         int64 // released
	CountsBelow    int64 // left out: below the floor
	Flows          int64
	FlowsBelow     int64
	FlowsSecondary int64 // left out so that no sum tells another
	FlowsWithin    int64 // begin and end in one grid: no line
	NoGrid         int64 // counts of grids no longer in force: no place to show them
}

func (r ReleaseReport) String() string {
	return fmt.Sprintf("released %d counts and %d flows, rounded to %d; left out: %d counts and %d flows below %d, %d flows so that no sum tells another, %d flows within one grid",
		r.Counts, r.Flows, Rounding, r.CountsBelow, r.FlowsBelow, r.Floor, r.FlowsSecondary, r.FlowsWithin)
}

var (
	//go:embed sql/counts.sql
	countsSQL string
	//go:embed sql/flows.sql
	flowsSQL string
)

// Release makes the layers population and population_od anew from the
// counts of all sources: what lies below the floor that the registry gives
// (k_floor) is left out, the rest is rounded to [Rounding]. A flow is also left out where it would be
// the only one missing of its grid and hour: the grid's count less its other
// flows would tell it. The same counts give the same release, and features
// keep their ids. Readers see the old release until the new one is whole.
func Release(ctx context.Context, store *layers.Store, batch int64) (ReleaseReport, error) {
	var r ReleaseReport
	for _, name := range []string{"population", "population_od"} {
		l, err := store.Layer(ctx, name)
		if err != nil {
			return r, err
		}
		if l.KFloor < 2 {
			return r, fmt.Errorf("release population: layer %s has no floor (k_floor) in the registry", name)
		}
		r.Floor = max(r.Floor, l.KFloor)
	}
	err := store.ReplaceAll(ctx, []string{"population", "population_od"}, func(ctx context.Context, db *pgxpool.Pool, staging map[string]string) error {
		return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			args := pgx.NamedArgs{"k": r.Floor, "round": Rounding, "batch": batch}
			err := tx.QueryRow(ctx, fmt.Sprintf(countsSQL, staging["population"]), args).Scan(&r.Counts, &r.CountsBelow, &r.NoGrid)
			if err != nil {
				return err
			}
			return tx.QueryRow(ctx, fmt.Sprintf(flowsSQL, staging["population_od"]), args).Scan(&r.Flows, &r.FlowsBelow, &r.FlowsSecondary, &r.FlowsWithin)
		})
	})
	if err != nil {
		return r, fmt.Errorf("release population: %w", err)
	}
	return r, nil
}

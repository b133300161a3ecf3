package bench

import (
	"context"
	"fmt"
	"path/filepath"

	"onemap/layers/forecast/score"
	"onemap/layers/forecast/score/scoretest"
)

// scorer makes the table of the NIJ challenge of 2017 anew: how many calls the
// real outcome has, and the measures of each entry from its counts and areas.
// The entries' cells are not ours to keep, so their counts are those that the
// published cells gave.
func (o Options) scorer(ctx context.Context, dir string) error {
	o.Progress("scorer, the table of the challenge")
	done := map[string]bool{}
	for _, row := range scoretest.Table {
		key := row.Class + " " + row.Horizon
		if !done[key] {
			done[key] = true
			e, err := row.Outcome(ctx, filepath.Join(dir, scoretest.Calls))
			if err != nil {
				return err
			}
			o.Report(Result{Bench: "forecast", Case: "Scorer, " + key + ": calls of the real outcome beside the reference", Value: float64(len(e.At)), Baseline: float64(row.All),
				Ratio: over(float64(len(e.At)), float64(row.All)), Target: "equal", Met: len(e.At) == row.All})
		}
		cells, events := row.City()
		f, err := score.New(cells)
		if err != nil {
			return err
		}
		r, err := f.Score(events, score.Rule{Flags: true})
		if err != nil {
			return err
		}
		o.Report(Result{Bench: "forecast", Case: fmt.Sprintf("Scorer, %s, %s with %d of %d on %.3f sq mi: PAI from its counts and areas beside the reference (PAI* %.1f, PEI %.3f, reference %.3f)", key, row.Entry, r.Hits, r.Events,
			r.FlaggedM2/score.SquareMileM2, r.BestPAI, r.PEI, row.PE), Value: r.PAI, Baseline: row.PAI, Ratio: over(r.PAI, row.PAI), Target: "equal to its digits", Met: len(row.Differ(r)) == 0})
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"onemap/layers/backup"
)

// drill restores a backup aside, compares, and says how long it took.
func (c doctorCommand) drill(ctx context.Context, t terminal) error {
	from, err := c.target(c.RestoreDrill, false)
	if err != nil {
		return err
	}
	progress, finish := progressOf(t)
	r, err := backup.Drill(ctx, backup.DrillOptions{Target: from, Aside: c.Aside, BinDir: c.PostgresBin, Log: slog.New(slog.DiscardHandler), Progress: progress})
	finish()
	if err != nil {
		return err
	}
	err = t.answer(struct {
		OK bool `json:"ok"`
		backup.DrillReport
	}{r.OK(), r}, func(w io.Writer) {
		fmt.Fprintf(w, "Backup %s (%s) of %s, restored aside in %.1f s.\n", r.Backup, r.Kind, r.Moment.Format(time.RFC3339), r.Seconds.Restore)
		fmt.Fprintf(w, "%d tables with %d rows, %d entries of the audit in %d seals, compared in %.1f s.\n", r.Tables, r.Rows, r.Audit.Entries, r.Audit.Seals, r.Seconds.Compare)
		fmt.Fprintf(w, "%d files (%s), %d photos that something shows, read in %.1f s.\n", r.Files, megabytes(r.Bytes), r.Photos, r.Seconds.Files)
		for _, l := range r.Lost {
			fmt.Fprintln(w, "Not had:", l)
		}
		for _, f := range r.Faults {
			fmt.Fprintln(w, "WRONG:", f)
		}
		if r.OK() {
			fmt.Fprintln(w, "All of it is as it was when the backup was taken.")
		}
	})
	if err == nil && !r.OK() {
		return errSaid
	}
	return err
}

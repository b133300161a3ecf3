package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/population"
	"onemap/layers/release"
)

type releaseCommand struct {
	List releaseList `cmd:"" help:"List the protected releases of layers of counts."`
	Make releaseMake `cmd:"" help:"Make the releases of days that have ended and have none."`
}

func (releaseCommand) Help() string {
	return `Counts of people are shown as protected releases only, one per day and audience: those whose duty it is,
other departments, the public. Imports make them; this makes those of days that had not ended then.

Example:
  onemap release make
  onemap release list --layer population`
}

type releaseList struct {
	Database
	Layer string `help:"Of one layer (default: all)." placeholder:"NAME"`
	Limit int    `help:"At most so many, the latest days first." default:"60"`
}

func (releaseList) Help() string {
	return `Example:
  onemap release list --layer population`
}

func (c releaseList) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	all, err := (&release.Store{Layers: layers.NewStore(db)}).List(ctx, operator(), c.Layer, c.Limit)
	if err != nil {
		return err
	}
	return t.answer(all, func(w io.Writer) {
		table(w, "DAY\tLAYER\tAUDIENCE\tFLOOR\tROUNDED\tSHOWN\tBELOW\tSECONDARY\tNO PLACE\tMADE\tBY", func(line func(format string, args ...any)) {
			for _, r := range all {
				made := r.MadeAt.Local().Format(time.DateTime)
				if !r.Withdrawn.IsZero() {
					made += " (withdrawn)"
				}
				line("%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s", r.Day.Format(time.DateOnly), r.Layer, r.Audience, r.Floor, r.Rounding, r.Shown, r.Below, r.Secondary, r.Unplaced, made, r.MadeBy)
			}
		})
	})
}

type releaseMake struct {
	Database
	Day    []string `help:"Only these days of the city." placeholder:"YYYY-MM-DD"`
	Again  bool     `help:"Also days that are released: their releases are withdrawn. Who kept the first can tell what changed between the two."`
	Reason string   `help:"Why again; it is recorded." placeholder:"TEXT"`
}

func (releaseMake) Help() string {
	return `Example:
  onemap release make
  onemap release make --day 2026-11-20 --again --reason "the operator sent corrected counts"`
}

func (c releaseMake) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	if c.Again && c.Reason == "" {
		return fmt.Errorf("%w: --again takes a --reason", errUsage)
	}
	for _, d := range c.Day {
		if _, err := time.Parse(time.DateOnly, d); err != nil {
			return fmt.Errorf("%w: --day: %q is no day: YYYY-MM-DD", errUsage, d)
		}
	}
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	r, err := population.Release(ctx, layers.NewStore(db), population.Order{By: operator(), Again: c.Again, Reason: c.Reason, Days: c.Day})
	if err != nil {
		return err
	}
	return t.answer(r, func(w io.Writer) { fmt.Fprintln(w, r) })
}

// releaseDays makes the releases of days that have ended, at once and then every
// hour, until ctx ends. Nodes take turns, and a day that is released stays so.
func releaseDays(ctx context.Context, store *layers.Store, log *slog.Logger) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		r, err := population.Release(ctx, store, population.Order{By: access.System("release")})
		switch {
		case err != nil && ctx.Err() == nil:
			log.Error("release counts of people", "error", err)
		case r.Days > 0:
			log.Info("released counts of people", "days", r.Days)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"onemap/layers/setup"
)

type settingCommand struct {
	List settingList `cmd:"" help:"List what may be set, with what is set."`
	Set  settingSet  `cmd:"" help:"Change one; running servers take it up within a minute."`
}

func (settingCommand) Help() string {
	return `Example:
  onemap setting list
  onemap setting set grid.unit.code_pattern '"^[0-9]{14}$"' --reason "our codes have 14 digits"`
}

type settingList struct{ Database }

func (settingList) Help() string {
	return `Values are JSON; null is what is not set. Office hours, holidays, classes, limits and
weights are not here: an administrator edits them on the pages.

Example:
  onemap setting list --json`
}

func (c settingList) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	all, err := setup.Settings(ctx, db)
	if err != nil {
		return err
	}
	return t.answer(all, func(w io.Writer) {
		table(w, "SETTING\tVALUE\tWHAT IT IS", func(line func(format string, args ...any)) {
			for _, s := range all {
				line("%s\t%s\t%s", s.Key, s.Value, s.About)
			}
		})
	})
}

type settingSet struct {
	Database
	Key    string `arg:"" help:"As \"setting list\" shows it."`
	Value  string `arg:"" help:"JSON: a text stands in quotes."`
	Reason string `help:"Why; it is recorded." required:"" placeholder:"TEXT"`
}

func (settingSet) Help() string {
	return `Example:
  onemap setting set position.keep_days 14 --reason "agreed with the staff council"
  onemap setting set city.time_zone '"Europe/Vaduz"' --reason "not in China"`
}

func (c settingSet) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	before, err := setup.ChangeSetting(ctx, db, operator(), c.Key, json.RawMessage(c.Value), c.Reason)
	if err != nil {
		return err
	}
	return t.answer(map[string]any{"key": c.Key, "before": before, "value": json.RawMessage(c.Value)}, func(w io.Writer) {
		fmt.Fprintf(w, "%s is %s, was %s.\n", c.Key, c.Value, before)
	})
}

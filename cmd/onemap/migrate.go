package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"onemap/layers"
)

type migrateCommand struct {
	Database
}

func (migrateCommand) Help() string {
	return `Steps only go forward. Each says at the head of its file (migrations/) what it locks.
"onemap up" migrates by itself; "onemap serve" only with --migrate.

Example:
  onemap migrate --database-url postgres://onemap@db.city.example/onemap`
}

func (c migrateCommand) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	url, done, err := c.find(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	steps, err := layers.Migrate(ctx, url)
	if err != nil {
		return err
	}
	have, _, err := layers.SchemaVersion(ctx, url)
	if err != nil {
		return err
	}
	return t.answer(map[string]any{"steps": steps, "schema": have}, func(w io.Writer) {
		if steps == 0 {
			fmt.Fprintf(w, "The schema is %d already.\n", have)
			return
		}
		fmt.Fprintf(w, "%d steps done; the schema is %d.\n", steps, have)
	})
}

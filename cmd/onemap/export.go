package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/web"
)

type exportCommand struct {
	Database
	Layer  string `arg:"" help:"Name of the layer, as the registry has it: asset, incident, …"`
	Format string `help:"${enum}." enum:"geojson,ndjson,csv" default:"geojson" placeholder:"FORMAT"`
	Out    string `help:"File to write (default: standard output)." short:"o" placeholder:"FILE"`
	AsUser string `help:"Write what this account may see (default: everything)." placeholder:"LOGIN"`
}

func (exportCommand) Help() string {
	return `Coordinates are longitude and latitude (EPSG:4326). The export is recorded in the audit.

Example:
  onemap export asset --format csv -o assets.csv
  onemap export incident --format ndjson --as-user police | head`
}

func (c exportCommand) Run(ctx context.Context, t terminal, log *slog.Logger) (err error) {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	store, directory := layers.NewStore(db), access.NewDirectory(db)
	defer directory.Close()
	scope, err := c.scope(ctx, directory)
	if err != nil {
		return err
	}
	layer, err := store.Layer(ctx, c.Layer)
	if err != nil {
		return err
	}
	right, ok := scope.Layer(layer)
	if !ok {
		return fmt.Errorf("layer %q: %w", c.Layer, layers.ErrNotFound)
	}
	q := layers.Query{Layer: layer, Where: right.Where, Fields: right.Fields}
	err = access.NewAudit(db).Record(ctx, operator(), access.Entry{Action: "layer.export", Object: "layer/" + layer.Name, Result: access.Done,
		Detail: map[string]any{"format": c.Format, "fields": q.Fields, "as_user": c.AsUser}})
	if err != nil {
		return err
	}
	out, finish, err := c.create(t)
	if err != nil {
		return err
	}
	n, err := web.WriteFeatures(out, c.Format, q, store.Features(ctx, q))
	if err := errors.Join(err, finish(err)); err != nil {
		return err
	}
	if c.Out == "" {
		return nil
	}
	return t.answer(map[string]any{"layer": layer.Name, "features": n, "file": c.Out}, func(w io.Writer) {
		fmt.Fprintf(w, "%d features in %s.\n", n, c.Out)
	})
}

// scope is that of --as-user, or the operator's.
func (c exportCommand) scope(ctx context.Context, directory *access.Directory) (access.Scope, error) {
	if c.AsUser == "" {
		return operator(), nil
	}
	people, err := directory.ListPeople(ctx, operator())
	if err != nil {
		return access.Scope{}, err
	}
	i := slices.IndexFunc(people, func(p access.PersonInfo) bool { return p.Login == c.AsUser })
	if i < 0 {
		return access.Scope{}, fmt.Errorf("account %q: %w", c.AsUser, layers.ErrNotFound)
	}
	return directory.ScopeOf(ctx, people[i].ID)
}

// create opens the file to write. It has its name only when it is whole.
func (c exportCommand) create(t terminal) (w io.Writer, finish func(error) error, err error) {
	if c.Out == "" {
		return t.out, func(error) error { return nil }, nil
	}
	f, err := os.CreateTemp(filepath.Dir(c.Out), ".onemap-export-")
	if err != nil {
		return nil, nil, err
	}
	return f, func(failed error) error {
		err := f.Close()
		if failed == nil && err == nil {
			return os.Rename(f.Name(), c.Out)
		}
		return errors.Join(err, os.Remove(f.Name()))
	}, nil
}

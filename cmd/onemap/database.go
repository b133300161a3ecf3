package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/cluster"
)

// folder is the data folder.
func (d Database) folder() string {
	switch {
	case d.Data != "":
		return d.Data
	case os.Geteuid() == 0:
		return "/var/lib/onemap"
	default:
		return ".onemap"
	}
}

// find returns the URL of the city's database for one command: that of
// --database-url, else that in the data folder, whose server is used where one
// runs and else started for as long as the command takes. Call done at its end.
func (d Database) find(ctx context.Context, log *slog.Logger) (url string, done func(), err error) {
	if d.DatabaseURL != "" {
		return d.DatabaseURL, func() {}, nil
	}
	dir := d.folder()
	if url, err = cluster.Running(dir); err != nil || url != "" {
		return url, func() {}, err
	}
	if _, err := os.Stat(filepath.Join(dir, "pg")); os.IsNotExist(err) {
		return "", nil, fmt.Errorf("there is no city in %s: run \"onemap up\" first, or name another with --data or --database-url", dir)
	}
	log.Info("starting PostgreSQL for this command", "data", dir)
	c, err := cluster.Start(ctx, cluster.Options{Dir: dir, Log: log})
	if err != nil {
		return "", nil, err
	}
	return c.URL(), func() {
		if err := c.Stop(); err != nil {
			log.Error("stop PostgreSQL", "error", err)
		}
	}, nil
}

// open is find and a pool on the database, whose schema must be this program's.
func (d Database) open(ctx context.Context, log *slog.Logger) (db *pgxpool.Pool, done func(), err error) {
	url, stop, err := d.find(ctx, log)
	if err != nil {
		return nil, nil, err
	}
	db, err = layers.Open(ctx, url)
	if err == nil {
		err = checkSchema(ctx, url)
		if err != nil {
			db.Close()
		}
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return db, func() { db.Close(); stop() }, nil
}

// checkSchema refuses a database with the schema of another version.
func checkSchema(ctx context.Context, url string) error {
	have, want, err := layers.SchemaVersion(ctx, url)
	if err != nil {
		return err
	}
	if have > want {
		return fmt.Errorf("the database has schema %d, this program knows up to %d: run the newer onemap", have, want)
	}
	if have != want {
		return fmt.Errorf("the database has schema %d, this program needs %d: run \"onemap migrate\"", have, want)
	}
	return nil
}

// operator is whoever typed the command: it has the database in hand anyway,
// and is named in the audit.
func operator() access.Scope {
	name := fmt.Sprint("uid", os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if by := os.Getenv("SUDO_USER"); by != "" && os.Getuid() == 0 {
		name = by
	}
	return access.Operator(name)
}

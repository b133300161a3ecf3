package bench

import (
	"context"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
)

// withDatabase makes a database with onemap's schema on the server, gives its
// address to f, and drops it.
func (o Options) withDatabase(ctx context.Context, f func(ctx context.Context, url string) error) (err error) {
	server, err := pgx.Connect(ctx, o.DatabaseURL)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer server.Close(context.WithoutCancel(ctx))
	const name = "onemap_bench"
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)", "CREATE DATABASE " + name} {
		if _, err := server.Exec(ctx, sql); err != nil {
			return err
		}
	}
	defer func() {
		// Best effort: the name says whose it is.
		_, _ = server.Exec(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}()
	u, err := url.Parse(o.DatabaseURL)
	if err != nil {
		return err
	}
	u.Path = "/" + name
	if _, err := layers.Migrate(ctx, u.String()); err != nil {
		return err
	}
	return f(ctx, u.String())
}

// withCity does so with the simulated city in it and a server on it.
func (o Options) withCity(ctx context.Context, f func(ctx context.Context, db *pgxpool.Pool, url, key string) error) error {
	return o.withDatabase(ctx, func(ctx context.Context, dbURL string) error {
		o.Progress("the simulated city, " + o.Size)
		key, err := o.City(ctx, dbURL)
		if err != nil {
			return err
		}
		db, err := layers.Open(ctx, dbURL)
		if err != nil {
			return err
		}
		defer db.Close()
		url, stop, err := o.Serve(ctx, dbURL)
		if err != nil {
			return err
		}
		defer stop()
		return f(ctx, db, url, key)
	})
}

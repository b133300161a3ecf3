package layers

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"onemap/migrations"
)

// poolConns is how many connections a pool may have, where its URL does not say.
const poolConns = 16

// planning is how a server is to plan for us, whatever it does for others.
// PostGIS's functions are declared a thousand times dearer than they are: by
// that a query of a few thousand features would be compiled, which takes 100 ms
// and more, or divided among workers, whose start takes 10 to 25 ms.
const planning = `SET jit = off; SET parallel_setup_cost = 100000`

// Open returns a pool on the database at url. Its connections speak binary
// EWKB for geometry, both ways, as orb values.
func Open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	if !strings.Contains(url, "pool_max_conns") {
		// pgx's default of 4 on a small machine lets a few slow answers block all
		// others; these mostly wait for the disk or the client.
		cfg.MaxConns = max(poolConns, cfg.MaxConns)
	}
	// A timestamp without a zone is UTC, whatever the server's own zone is.
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		if _, err := c.Exec(ctx, planning); err != nil {
			return err
		}
		return registerGeometry(ctx, c)
	}
	db, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return db, nil
}

// Migrate brings the schema of the database at url to this program's version
// and returns how many steps it took. The schema of a newer program is an error.
func Migrate(ctx context.Context, url string) (steps int, err error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return 0, fmt.Errorf("database URL: %w", err)
	}
	db := stdlib.OpenDB(*cfg)
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithTableName(versionTable))
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	if have > want {
		return 0, fmt.Errorf("migrate: the database has schema %d, this program knows up to %d: run the newer onemap", have, want)
	}
	done, err := p.Up(ctx)
	if err != nil {
		return len(done), fmt.Errorf("migrate: %w", err)
	}
	return len(done), migrateJobs(ctx, url)
}

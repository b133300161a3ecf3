package layers

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"onemap/migrations"
)

// versionTable is goose's. It is named with its schema: to a role named onemap,
// a bare name would mean schema onemap as soon as the first migration made
// that, and goose, finding no table there, would begin again.
const versionTable = "public.goose_db_version"

// SchemaVersion returns the number of the last migration that the database at
// url has seen, 0 for none, and of the last that this program knows. It only
// looks, so that a doctor may call it on a database that is not onemap's.
func SchemaVersion(ctx context.Context, url string) (have, want int64, err error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return 0, 0, fmt.Errorf("database URL: %w", err)
	}
	db := stdlib.OpenDB(*cfg)
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithTableName(versionTable))
	if err != nil {
		return 0, 0, fmt.Errorf("schema version: %w", err)
	}
	sources := p.ListSources()
	if len(sources) > 0 {
		want = sources[len(sources)-1].Version
	}
	var table bool
	if err := db.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, versionTable).Scan(&table); err != nil {
		return 0, want, fmt.Errorf("schema version: %w", err)
	}
	if !table {
		return 0, want, nil
	}
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versionTable+` WHERE is_applied`).Scan(&have)
	if err != nil {
		return 0, want, fmt.Errorf("schema version: %w", err)
	}
	return have, want, nil
}

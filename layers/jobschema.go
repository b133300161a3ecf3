package layers

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// JobSchema is the schema of river's own tables, the durable jobs: see layers/jobs.
const JobSchema = "river"

// migrateJobs brings the tables of the jobs to the version of the river that
// this program is built with.
func migrateJobs(ctx context.Context, url string) error {
	db, err := pgxpool.New(ctx, url)
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	defer db.Close()
	var have bool // IF NOT EXISTS would ask for the right to make one even where it is there
	if err := db.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, JobSchema).Scan(&have); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	if !have {
		if _, err := db.Exec(ctx, `CREATE SCHEMA `+pgx.Identifier{JobSchema}.Sanitize()); err != nil {
			return fmt.Errorf("migrate jobs: %w", err)
		}
	}
	m, err := jobMigrator(db)
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	return nil
}

// JobSchemaVersion is the last migration of river that this program knows.
func JobSchemaVersion() int {
	m, err := jobMigrator(nil)
	if err != nil { // the migrations in the binary are whole
		return 0
	}
	all := m.AllVersions()
	return all[len(all)-1].Version
}

func jobMigrator(db *pgxpool.Pool) (*rivermigrate.Migrator[pgx.Tx], error) {
	return rivermigrate.New(riverpgxv5.New(db), &rivermigrate.Config{Schema: JobSchema, Logger: slog.New(slog.DiscardHandler)})
}

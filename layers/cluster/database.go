package cluster

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
)

// prepareDatabase makes onemap's role, database and extensions where they are
// absent, and lifts the extensions to the installed version. Only this needs
// the superuser: everything after works as the role.
func (c *Cluster) prepareDatabase(ctx context.Context) error {
	admin, err := pgx.Connect(ctx, c.AdminURL())
	if err != nil {
		return fmt.Errorf("prepare database: %w", err)
	}
	defer admin.Close(context.WithoutCancel(ctx))
	if err := c.prepareRole(ctx, admin); err != nil {
		return fmt.Errorf("prepare role: %w", err)
	}
	var have bool
	if err := admin.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, AppRole).Scan(&have); err != nil {
		return fmt.Errorf("prepare database: %w", err)
	}
	if !have {
		if _, err := admin.Exec(ctx, `CREATE DATABASE onemap OWNER onemap`); err != nil {
			return fmt.Errorf("prepare database: %w", err)
		}
	}
	if err := c.prepareExtensions(ctx); err != nil {
		return fmt.Errorf("prepare extensions: %w", err)
	}
	return nil
}

// prepareRole: REPLICATION to follow the log, pg_monitor so that doctor can
// name who blocks.
func (c *Cluster) prepareRole(ctx context.Context, admin *pgx.Conn) error {
	var have bool
	if err := admin.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, AppRole).Scan(&have); err != nil {
		return err
	}
	if !have {
		if _, err := admin.Exec(ctx, `CREATE ROLE onemap LOGIN REPLICATION IN ROLE pg_monitor`); err != nil {
			return err
		}
	}
	if info, err := os.Stat(c.passFile()); have && err == nil && info.Mode().Perm() == 0o600 {
		return nil
	}
	// The file last: without it the next start makes a new password.
	password := rand.Text()
	if _, err := admin.Exec(ctx, `ALTER ROLE onemap PASSWORD '`+password+`'`); err != nil { // letters and digits only
		return err
	}
	return writeSecret(c.passFile(), fmt.Sprintf("127.0.0.1:*:*:%s:%s\n", AppRole, password))
}

func (c *Cluster) prepareExtensions(ctx context.Context) error {
	db, err := pgx.Connect(ctx, socketURL(c.run, c.port, adminRole, AppRole))
	if err != nil {
		return err
	}
	defer db.Close(context.WithoutCancel(ctx))
	for _, name := range extensions {
		if _, err := db.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS `+name); err != nil {
			return err
		}
	}
	rows, err := db.Query(ctx, `SELECT name FROM pg_available_extensions WHERE installed_version <> default_version AND name = ANY($1)`, extensions)
	if err != nil {
		return err
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range old {
		if _, err := db.Exec(ctx, `ALTER EXTENSION `+pgx.Identifier{name}.Sanitize()+` UPDATE`); err != nil {
			return err
		}
		c.log.Info("extension updated to the installed version", "extension", name)
	}
	return nil
}

// writeSecret writes a file that only we may read, whole or not at all.
func writeSecret(path, text string) error {
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !os.IsNotExist(err) {
		return err
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = strings.NewReader(text).WriteTo(f)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

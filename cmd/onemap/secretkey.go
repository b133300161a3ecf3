package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/setup"
	"onemap/layers/vault"
)

// SecretKey says where the key is that seals secrets in the database.
type SecretKey struct {
	SecretKey string `help:"File with the key that seals secrets in the database, mode 600 (default: secret.key in the data folder)." placeholder:"FILE"`
}

func (k SecretKey) path(folder string) string {
	if k.SecretKey != "" {
		return k.SecretKey
	}
	return filepath.Join(folder, vault.FileName)
}

// howToKey is how an operator makes a key.
const howToKey = "(umask 077; head -c 32 /dev/urandom | base64 > FILE), keep a copy apart from the backups, and start each server with --secret-key FILE"

// keys returns the keys of a server. "up" makes one in its data folder. A lost
// key stops nothing but second factors, sources with a secret and webhooks: a city
// goes on, and is told.
func (c Config) keys(ctx context.Context, db *pgxpool.Pool, log *slog.Logger) (*vault.Keys, error) {
	path := c.SecretKey.path(c.folder())
	k, sealed, err := vault.Ready(ctx, db, path, c.makeKey && c.SecretKey.SecretKey == "")
	switch {
	case errors.Is(err, vault.ErrNoKey):
		log.Error("second factors, sources with a secret and webhooks do not work: bring back the key", "key", path, "error", err)
		return nil, nil
	case err != nil:
		return nil, err
	case k == nil && c.SecretKey.SecretKey != "":
		return nil, fmt.Errorf("%w: --secret-key %s is not there: %s", errUsage, path, howToKey)
	case k == nil:
		log.Warn("secrets in the database are not sealed", "remedy", howToKey)
	case sealed > 0:
		log.Info("secrets in the database were sealed", "secrets", sealed, "key", path)
	}
	return k, nil
}

// secretFindings tells whether the secrets of a database are sealed, and with a
// key that is at hand. It says nothing of a database with another schema.
func secretFindings(ctx context.Context, url, path string) []setup.Finding {
	if have, want, err := layers.SchemaVersion(ctx, url); err != nil || have != want {
		return nil
	}
	db, err := layers.Open(ctx, url)
	if err != nil {
		return nil
	}
	defer db.Close()
	f := setup.Finding{What: "secrets", Level: setup.Good}
	k, err := vault.Read(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.Level, f.Found, f.Remedy = setup.Fault, err.Error(), "let only onemap's user read the file, and run as that user"
		return []setup.Finding{f}
	}
	s, err := vault.Look(ctx, db, k)
	switch {
	case err != nil:
		f.Level, f.Found, f.Remedy = setup.Warning, "they cannot be looked at", "the role must be able to read onemap.totp, onemap.pull_secret and onemap.webhook_secret"
	case s.Lost > 0:
		f.Level, f.Found = setup.Fault, fmt.Sprintf("%d are sealed with a key that is not in %s", s.Lost, path)
		f.Remedy = "bring the key back as that file; if it is lost, a security administrator takes away the second factors, sources get their secrets again, and webhooks new ones"
	case s.Open+s.Old > 0 && k != nil:
		f.Level, f.Found, f.Remedy = setup.Warning, fmt.Sprintf("%d are not sealed with the key of %s yet", s.Open+s.Old, path), "start the server again: it seals them"
	case k == nil:
		f.Level, f.Found, f.Remedy = setup.Warning, fmt.Sprintf("%d, not sealed: there is no key in %s", s.Open, path), "\"onemap up\" makes one; with \"onemap serve\": "+howToKey
	default:
		f.Found = fmt.Sprintf("%d sealed with the key %s of %s; backups do not hold it: keep a copy apart", s.Sealed, k.ID(), path)
	}
	return []setup.Finding{f}
}

package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A kind of secret in the database: rows with an id and a secret, which may be
// sealed. read has id, secret, sealed; write takes id, what it was, and sealed.
type kind struct{ place, read, write string }

var kinds = []kind{
	{"totp", `SELECT person, secret, sealed FROM onemap.totp`,
		`UPDATE onemap.totp SET secret = $3, sealed = true WHERE person = $1 AND secret = $2`},
	{"pull", `SELECT pull, coalesce(sealed, convert_to(secret, 'UTF8')), sealed IS NOT NULL FROM onemap.pull_secret WHERE secret <> '' OR sealed IS NOT NULL`,
		`UPDATE onemap.pull_secret SET secret = '', sealed = $3 WHERE pull = $1 AND coalesce(sealed, convert_to(secret, 'UTF8')) = $2`},
	// A webhook has two while its receiver changes; the one before is deleted in a day.
	{"webhook", `SELECT webhook, secret, sealed FROM onemap.webhook_secret WHERE ends_at IS NULL OR ends_at > now()`,
		`UPDATE onemap.webhook_secret SET secret = $3, sealed = true WHERE webhook = $1 AND secret = $2`},
}

// Place names where a secret of a kind stands, for [Keys.Seal].
func Place(kind string, id int64) string { return fmt.Sprintf("%s/%d", kind, id) }

// A State is how the secrets of a database stand to the keys at hand.
type State struct {
	Open   int // not sealed
	Sealed int // with the first key
	Old    int // with another key at hand
	Lost   int // with a key that is not at hand
}

// Look counts the secrets of a database.
func Look(ctx context.Context, db *pgxpool.Pool, k *Keys) (State, error) {
	var s State
	for _, kind := range kinds {
		if err := each(ctx, db, kind, func(_ int64, secret []byte, sealed bool) error {
			s.count(k, secret, sealed)
			return nil
		}); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *State) count(k *Keys, secret []byte, sealed bool) {
	switch {
	case !sealed:
		s.Open++
	case k == nil || len(secret) < idSize || k.all[keyID(secret[:idSize])] == nil:
		s.Lost++
	case bytes.Equal(secret[:idSize], k.first[:]):
		s.Sealed++
	default:
		s.Old++
	}
}

func each(ctx context.Context, db *pgxpool.Pool, kind kind, do func(id int64, secret []byte, sealed bool) error) error {
	rows, err := db.Query(ctx, kind.read)
	if err != nil {
		return fmt.Errorf("read secrets: %w", err)
	}
	var id int64
	var secret []byte
	var sealed bool
	if _, err := pgx.ForEachRow(rows, []any{&id, &secret, &sealed}, func() error { return do(id, bytes.Clone(secret), sealed) }); err != nil {
		return fmt.Errorf("read secrets: %w", err)
	}
	return nil
}

// SealAll seals what is not sealed yet, or sealed with an older key. It returns
// how many it sealed.
func (k *Keys) SealAll(ctx context.Context, db *pgxpool.Pool) (n int, err error) {
	type row struct {
		id   int64
		was  []byte
		open bool
	}
	for _, kind := range kinds {
		var todo []row
		if err := each(ctx, db, kind, func(id int64, secret []byte, sealed bool) error {
			var s State
			if s.count(k, secret, sealed); s.Open+s.Old > 0 {
				todo = append(todo, row{id, secret, !sealed})
			}
			return nil
		}); err != nil {
			return n, err
		}
		for _, r := range todo {
			place, secret := Place(kind.place, r.id), r.was
			if !r.open {
				if secret, err = k.Open(r.was, place); err != nil {
					return n, fmt.Errorf("%s: %w", place, err)
				}
			}
			sealed, err := k.Seal(secret, place)
			if err != nil {
				return n, err
			}
			// Whoever changed it meanwhile has sealed it.
			tag, err := db.Exec(ctx, kind.write, r.id, r.was, sealed)
			if err != nil {
				return n, fmt.Errorf("seal %s: %w", place, err)
			}
			n += int(tag.RowsAffected())
		}
	}
	return n, nil
}

// Ready returns the keys of a file and seals with them what is open. Where the
// file is not there it is made if make says so and nothing was sealed with a
// lost one; else there are no keys: secrets that are sealed do not open, and new
// ones stand as they are.
func Ready(ctx context.Context, db *pgxpool.Pool, path string, makeIt bool) (k *Keys, sealed int, err error) {
	k, err = Read(path)
	if isMissing(err) {
		s, err := Look(ctx, db, nil)
		switch {
		case err != nil:
			return nil, 0, err
		case s.Lost > 0:
			return nil, 0, fmt.Errorf("%s: %w", path, ErrNoKey)
		case !makeIt:
			return nil, 0, nil
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), Make(path)); err != nil {
			return nil, 0, fmt.Errorf("make the key of secrets: %w", err)
		}
		if k, err = Read(path); err != nil {
			return nil, 0, err
		}
	} else if err != nil {
		return nil, 0, fmt.Errorf("the key of secrets: %w", err)
	}
	sealed, err = k.SealAll(ctx, db)
	return k, sealed, err
}

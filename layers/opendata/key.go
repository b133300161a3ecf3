package opendata

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A key of the public is op_, 8 characters that name it, _ and 26 secret ones.
const (
	// KeyMark begins every key of the public.
	KeyMark      = "op_"
	prefixLength = len(KeyMark) + 8
	keyLength    = prefixLength + 1 + 26

	// PerMinute is how many requests a minute a key may make.
	PerMinute = 3000
	// KeyDays is how long a key holds at most.
	KeyDays = 366
	// mostKeys may be in force: who asks for keys by the thousand does not fill the table.
	mostKeys = 100_000
)

// A Key is what may be known of a public key after it was made.
type Key struct {
	Prefix    string
	Name      string // what it is for, in its holder's words
	PerMinute int
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt *time.Time
	UsedAt    *time.Time // to the hour
}

const keySQL = `SELECT prefix, name, per_minute, created_at, expires_at, revoked_at, used_at`

// MakeKey gives anybody a key for so many days, 0 for as long as may be. It is
// shown this once; its hash is kept, and nothing of who asked.
func (s *Store) MakeKey(ctx context.Context, by access.Scope, name string, days int, address string) (text string, k Key, err error) {
	name = strings.TrimSpace(name)
	if err := layers.CheckText("name", name, 100); err != nil {
		return "", Key{}, err
	}
	if name == "" {
		return "", Key{}, &layers.InputError{Field: "name", Remedy: "say what the key is for"}
	}
	if days < 0 || days > KeyDays {
		return "", Key{}, &layers.InputError{Field: "days", Value: fmt.Sprint(days), Remedy: fmt.Sprintf("1 to %d", KeyDays)}
	}
	if days == 0 {
		days = KeyDays
	}
	prefix := KeyMark + strings.ToLower(rand.Text()[:8])
	text = prefix + "_" + strings.ToLower(rand.Text())
	hash := sha256.Sum256([]byte(text))
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `INSERT INTO onemap.open_key (prefix, key_hash, name, per_minute, expires_at)
			SELECT @prefix, @hash, @name, @rate, now() + make_interval(days => @days)
			WHERE (SELECT count(*) FROM onemap.open_key WHERE revoked_at IS NULL AND expires_at > now()) < @most
			RETURNING prefix, name, per_minute, created_at, expires_at, revoked_at, used_at`,
			pgx.NamedArgs{"prefix": prefix, "hash": hash[:], "name": name, "rate": PerMinute, "days": days, "most": mostKeys})
		if err != nil {
			return fmt.Errorf("make open key: %w", err)
		}
		if k, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Key]); errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("%w: no more keys are given out", layers.ErrConflict)
		} else if err != nil {
			return fmt.Errorf("make open key: %w", err)
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "open.key", Object: "open_key/" + prefix, Result: access.Done, Address: address})
	})
	if err != nil {
		return "", Key{}, err
	}
	return text, k, nil
}

// keyCache remembers keys for a while.
type keyCache struct {
	mu sync.Mutex
	by map[string]held
}

type held struct {
	Key
	hash []byte
	read time.Time
}

// keyAge is how long a revoked key may go on on other nodes; keysHeld bounds
// the memory.
const (
	keyAge   = 10 * time.Second
	keysHeld = 10_000
)

// Key returns the key of a text. It returns [access.ErrUnauthenticated] for
// one that is wrong, expired or revoked.
func (s *Store) Key(ctx context.Context, text string) (Key, error) {
	if len(text) != keyLength || !strings.HasPrefix(text, KeyMark) || text[prefixLength] != '_' {
		return Key{}, access.ErrUnauthenticated
	}
	prefix := text[:prefixLength]
	s.keys.mu.Lock()
	h, ok := s.keys.by[prefix]
	s.keys.mu.Unlock()
	if !ok || time.Since(h.read) > keyAge {
		rows, err := s.Layers.DB().Query(ctx, keySQL+` FROM onemap.open_key WHERE prefix = $1`, prefix)
		if err != nil {
			return Key{}, fmt.Errorf("find open key: %w", err)
		}
		if h.Key, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Key]); errors.Is(err, pgx.ErrNoRows) {
			return Key{}, access.ErrUnauthenticated
		} else if err != nil {
			return Key{}, fmt.Errorf("find open key: %w", err)
		}
		// Noted once an hour: a read must not cost a write.
		err = s.Layers.DB().QueryRow(ctx, `WITH used AS (UPDATE onemap.open_key SET used_at = now() WHERE prefix = $1 AND (used_at IS NULL OR used_at < now() - interval '1 hour'))
			SELECT key_hash FROM onemap.open_key WHERE prefix = $1`, prefix).Scan(&h.hash)
		if err != nil {
			return Key{}, fmt.Errorf("find open key: %w", err)
		}
		h.read = time.Now()
		s.keys.mu.Lock()
		if s.keys.by == nil || len(s.keys.by) >= keysHeld {
			s.keys.by = map[string]held{}
		}
		s.keys.by[prefix] = h
		s.keys.mu.Unlock()
	}
	hash := sha256.Sum256([]byte(text))
	if subtle.ConstantTimeCompare(hash[:], h.hash) != 1 || h.RevokedAt != nil || !time.Now().Before(h.ExpiresAt) {
		return Key{}, access.ErrUnauthenticated
	}
	return h.Key, nil
}

// Keys returns the public's keys, the latest first, for administrators.
func (s *Store) Keys(ctx context.Context, by access.Scope) ([]Key, error) {
	if err := by.Require(access.Administrator); err != nil {
		return nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, keySQL+` FROM onemap.open_key ORDER BY created_at DESC, prefix LIMIT 1000`)
	if err != nil {
		return nil, fmt.Errorf("list open keys: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Key])
	if err != nil {
		return nil, fmt.Errorf("list open keys: %w", err)
	}
	return all, nil
}

// RevokeKey ends a key: at once here, within seconds on other nodes.
func (s *Store) RevokeKey(ctx context.Context, by access.Scope, prefix string) error {
	if err := by.Require(access.Administrator); err != nil {
		return err
	}
	defer func() {
		s.keys.mu.Lock()
		defer s.keys.mu.Unlock()
		delete(s.keys.by, prefix)
	}()
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE onemap.open_key SET revoked_at = coalesce(revoked_at, now()) WHERE prefix = $1`, prefix)
		if err != nil {
			return fmt.Errorf("revoke open key: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("key %q: %w", layers.Short(prefix), layers.ErrNotFound)
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "open.key.revoke", Object: "open_key/" + prefix, Result: access.Done})
	})
}

package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// A key is om_, 8 characters that name it, _ and 40 secret ones:
// om_4fJx8Qaz_…, 238 secret bits.
const (
	keyPrefixLength = len("om_") + 8
	keyLength       = keyPrefixLength + 1 + 40
)

// KeyInfo is what may be known of an API key after it was made.
type KeyInfo struct {
	Prefix    string // names the key: om_ and 8 characters
	Login     string // whose rights it has
	Name      string // what it is for
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	RevokedAt time.Time // zero: not revoked
}

// Key returns the scope of an API key's holder. It returns
// [ErrUnauthenticated] for a key that is wrong, expired or revoked, or whose
// holder is no longer active.
func (d *Directory) Key(ctx context.Context, text string) (Scope, error) {
	if len(text) != keyLength || !strings.HasPrefix(text, "om_") || text[keyPrefixLength] != '_' {
		return Scope{}, ErrUnauthenticated
	}
	prefix := text[:keyPrefixLength]
	if d.gone.has(prefix) {
		return Scope{}, ErrUnauthenticated
	}
	st, err := d.current(ctx)
	if err != nil {
		return Scope{}, err
	}
	k, ok := st.key(prefix)
	if !ok { // perhaps made a moment ago, on another node
		var hash []byte
		var expires *time.Time
		err := d.db.QueryRow(ctx, `SELECT key_hash, person, expires_at, revoked_at IS NOT NULL FROM onemap.api_key WHERE prefix = $1`, prefix).
			Scan(&hash, &k.person, &expires, &k.revoked)
		if noRow(err) {
			return Scope{}, ErrUnauthenticated
		}
		if err != nil {
			return Scope{}, doing("find key", err)
		}
		k.hash, k.expires = tokenHash(hash), timeOrZero(expires)
	}
	hash := sha256.Sum256([]byte(text))
	if subtle.ConstantTimeCompare(hash[:], k.hash[:]) != 1 || k.revoked || !k.expires.IsZero() && !time.Now().Before(k.expires) {
		return Scope{}, ErrUnauthenticated
	}
	s, err := d.scopeIn(ctx, st, k.person)
	s.key = err == nil
	return s, err
}

// mayCreateKey lets people who signed in make keys for themselves. A security
// administrator gives roles and must not act under another's (三员分离); and a
// stolen key must not outlive its revocation in keys made with it.
func (s Scope) mayCreateKey(login string) error {
	p, ok := s.Person()
	switch {
	case !ok:
		return ErrUnauthenticated
	case s.s.operator:
		return nil
	case s.key:
		return fmt.Errorf("%w: a key makes no keys, sign in for that", ErrForbidden)
	case p.Login != login:
		return fmt.Errorf("%w: a key is made by the person whose rights it has", ErrForbidden)
	}
	return nil
}

// CreateKey makes an API key with the rights of a person: one's own, after
// signing in; the operator makes anyone's. text is the key; it is shown this
// once. A zero expires means never. It returns [ErrForbidden] for another's
// key, and to who calls with a key; a [layers.InputError] for bad input.
func (d *Directory) CreateKey(ctx context.Context, by Scope, login, name string, expires time.Time) (text string, info KeyInfo, err error) {
	if err := by.mayCreateKey(login); err != nil {
		return "", KeyInfo{}, err
	}
	if n := len(strings.TrimSpace(name)); n == 0 || n > 100 {
		return "", KeyInfo{}, &layers.InputError{Field: "name", Remedy: "say what the key is for, in 1 to 100 bytes"}
	}
	if !expires.IsZero() && !expires.After(time.Now()) {
		return "", KeyInfo{}, &layers.InputError{Field: "expires_at", Value: expires.Format(time.RFC3339), Remedy: "a time to come"}
	}
	prefix := "om_" + randomText(8)
	text = prefix + "_" + randomText(40)
	hash := sha256.Sum256([]byte(text))
	err = pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		id, err := personID(ctx, tx, login)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `INSERT INTO onemap.api_key (prefix, key_hash, person, name, expires_at)
			VALUES (@prefix, @hash, @person, @name, @expires) RETURNING `+keyColumns,
			pgx.NamedArgs{"prefix": prefix, "hash": hash[:], "person": id, "name": strings.TrimSpace(name), "expires": timeOrNull(expires)})
		if err != nil {
			return err
		}
		if info, err = pgx.CollectExactlyOneRow(rows, scanKey); err != nil {
			return err
		}
		return record(ctx, tx, by, Entry{Action: "key.create", Object: "key/" + prefix, Result: Done, Detail: map[string]any{"login": login}})
	})
	if err != nil {
		return "", KeyInfo{}, asInput("create key", err)
	}
	return text, info, nil
}

const keyColumns = `prefix, (SELECT login FROM onemap.person WHERE id = person), name, created_at, expires_at, revoked_at`

func scanKey(row pgx.CollectableRow) (KeyInfo, error) {
	var k KeyInfo
	var expires, revoked *time.Time
	err := row.Scan(&k.Prefix, &k.Login, &k.Name, &k.CreatedAt, &expires, &revoked)
	k.ExpiresAt, k.RevokedAt = timeOrZero(expires), timeOrZero(revoked)
	return k, err
}

// ListKeys returns the keys of a person, newest first; of everyone, for a
// security administrator who names nobody.
func (d *Directory) ListKeys(ctx context.Context, by Scope, login string) ([]KeyInfo, error) {
	if err := by.requireSelfOr(login, SecurityAdministrator); err != nil {
		return nil, err
	}
	rows, err := d.db.Query(ctx, `SELECT `+keyColumns+` FROM onemap.api_key
		WHERE @login = '' OR person = (SELECT id FROM onemap.person WHERE login = @login)
		ORDER BY created_at DESC, prefix`, pgx.NamedArgs{"login": login})
	if err != nil {
		return nil, doing("list keys", err)
	}
	keys, err := pgx.CollectRows(rows, scanKey)
	if err != nil {
		return nil, doing("list keys", err)
	}
	return keys, nil
}

// RevokeKey ends a key, here at once and everywhere by the feed. To revoke a
// key twice is no error. It returns an error wrapping layers.ErrNotFound if
// there is no such key, or it is another's and the caller no security administrator.
func (d *Directory) RevokeKey(ctx context.Context, by Scope, prefix string) error {
	if err := by.Require(); err != nil {
		return err
	}
	own := int64(0) // of anyone
	if !by.Has(SecurityAdministrator) {
		p, _ := by.Person()
		own = p.ID
	}
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE onemap.api_key SET revoked_at = coalesce(revoked_at, now())
			WHERE prefix = @prefix AND (@own::bigint = 0 OR person = @own)`, pgx.NamedArgs{"prefix": prefix, "own": own})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("key %q: %w", prefix, layers.ErrNotFound)
		}
		return record(ctx, tx, by, Entry{Action: "key.revoke", Object: "key/" + prefix, Result: Done})
	})
	if err != nil {
		return err
	}
	d.gone.add(prefix)
	d.changed.fire()
	return nil
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// randomText returns n random letters and digits.
func randomText(n int) string {
	out := make([]byte, 0, n)
	b := make([]byte, 1)
	for len(out) < n {
		rand.Read(b)
		if int(b[0]) < len(alphabet)*4 { // the rest of the byte's values would favour some letters
			out = append(out, alphabet[int(b[0])%len(alphabet)])
		}
	}
	return string(out)
}

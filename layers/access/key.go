package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/feed"
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
	UsedAt    time.Time // last use, to the hour; zero: never used
	Scopes    []string  // read, write
	Layers    []string  // the only ones that it reaches; nil: all that its holder does
}

// Scopes of a key.
const (
	ReadScope  = "read"  // asks for data
	WriteScope = "write" // changes something
)

// NewKey is what makes a key. Zero fields ask for the widest.
type NewKey struct {
	Login   string    // whose rights it has
	Name    string    // what it is for
	Expires time.Time // zero: as late as the rules of the deployment let it; of an operator: never
	Scopes  []string  // nil: read and write
	Layers  []string  // nil: all
}

const keySQL = `SELECT prefix, key_hash, person, expires_at, revoked_at IS NOT NULL, scopes, layers, used_at FROM onemap.api_key`

// heldKey is a key with what it is found by.
type heldKey struct {
	prefix string
	key
}

func scanHeldKey(row pgx.CollectableRow) (k heldKey, err error) {
	var hash []byte
	var expires, used *time.Time
	err = row.Scan(&k.prefix, &hash, &k.person, &expires, &k.revoked, &k.scopes, &k.layers, &used)
	if err == nil {
		k.hash, k.expires, k.used = tokenHash(hash), timeOrZero(expires), timeOrZero(used)
	}
	return k, err
}

// keyIn reads a row of the log. A list that cannot be read gives nothing.
func keyIn(r feed.Row) key {
	return key{hash: hashIn("key_hash")(r), person: num(r, "person"), expires: at(r, "expires_at"), revoked: r.Get("revoked_at") != nil,
		scopes: list(r, "scopes"), layers: list(r, "layers"), used: at(r, "used_at")}
}

// but says whether two states of a key differ in when it was used at most.
func (k key) but(other key) bool {
	return k.hash == other.hash && k.person == other.person && k.expires.Equal(other.expires) && k.revoked == other.revoked &&
		slices.Equal(k.scopes, other.scopes) && slices.Equal(k.layers, other.layers)
}

// via is how somebody comes in by the key.
func (k key) via(prefix string) *via {
	read, write := slices.Contains(k.scopes, ReadScope), slices.Contains(k.scopes, WriteScope)
	return &via{key: prefix, onlyRead: !write, onlyWrite: !read, layers: k.layers}
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
		rows, err := d.db.Query(ctx, keySQL+` WHERE prefix = $1`, prefix)
		if err != nil {
			return Scope{}, doing("find key", err)
		}
		named, err := pgx.CollectExactlyOneRow(rows, scanHeldKey)
		if noRow(err) {
			return Scope{}, ErrUnauthenticated
		}
		if err != nil {
			return Scope{}, doing("find key", err)
		}
		k = named.key
	}
	hash := sha256.Sum256([]byte(text))
	if subtle.ConstantTimeCompare(hash[:], k.hash[:]) != 1 || k.revoked || !k.expires.IsZero() && !time.Now().Before(k.expires) {
		return Scope{}, ErrUnauthenticated
	}
	s, err := d.scopeIn(ctx, st, k.person)
	if err != nil {
		return Scope{}, err
	}
	s.via = k.via(prefix)
	return s, d.noteUse(ctx, prefix, k)
}

// noteUse notes that a key was used, at most once an hour.
func (d *Directory) noteUse(ctx context.Context, prefix string, k key) error {
	if time.Since(k.used) < time.Hour {
		return nil
	}
	if last, ok := d.sliding.Load(prefix); ok && time.Since(last.(time.Time)) < time.Hour {
		return nil
	}
	d.sliding.Store(prefix, time.Now())
	if _, err := d.db.Exec(ctx, `UPDATE onemap.api_key SET used_at = now() WHERE prefix = $1 AND (used_at IS NULL OR used_at < now() - interval '1 hour')`, prefix); err != nil {
		return doing("note the use of a key", err)
	}
	return nil
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
	case s.ByKey():
		return fmt.Errorf("%w: a key makes no keys, sign in for that", ErrForbidden)
	case p.Login != login:
		return fmt.Errorf("%w: a key is made by the person whose rights it has", ErrForbidden)
	}
	return nil
}

// CreateKey is [Directory.CreateNarrowKey] for a key that reads and writes all
// that its holder may.
func (d *Directory) CreateKey(ctx context.Context, by Scope, login, name string, expires time.Time) (text string, info KeyInfo, err error) {
	return d.CreateNarrowKey(ctx, by, NewKey{Login: login, Name: name, Expires: expires})
}

// CreateNarrowKey makes an API key with the rights of a person, or some of
// them: one's own, after signing in; the operator makes anyone's. text is the
// key; it is shown this once. It returns [ErrForbidden] for another's key, and
// to who calls with a key; a [layers.InputError] for bad input.
func (d *Directory) CreateNarrowKey(ctx context.Context, by Scope, k NewKey) (text string, info KeyInfo, err error) {
	if err := by.mayCreateKey(k.Login); err != nil {
		return "", KeyInfo{}, err
	}
	name := strings.TrimSpace(k.Name)
	if n := len(name); n == 0 || n > 100 {
		return "", KeyInfo{}, &layers.InputError{Field: "name", Remedy: "say what the key is for, in 1 to 100 bytes"}
	}
	expires, err := d.keyTerm(ctx, by, k.Expires)
	if err != nil {
		return "", KeyInfo{}, err
	}
	if k.Scopes == nil {
		k.Scopes = []string{ReadScope, WriteScope}
	}
	for i, s := range k.Scopes {
		if s != ReadScope && s != WriteScope || slices.Contains(k.Scopes[:i], s) {
			return "", KeyInfo{}, &layers.InputError{Field: "scopes", Value: layers.Short(s), Remedy: "read, write or both, each once"}
		}
	}
	if len(k.Scopes) == 0 || k.Layers != nil && (len(k.Layers) == 0 || len(k.Layers) > 100) {
		return "", KeyInfo{}, &layers.InputError{Field: "scopes", Remedy: "read, write or both; of 1 to 100 layers, or of all"}
	}
	prefix := "om_" + randomText(8)
	text = prefix + "_" + randomText(40)
	hash := sha256.Sum256([]byte(text))
	err = pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		id, err := personID(ctx, tx, k.Login)
		if err != nil {
			return err
		}
		var unknown []string
		if err := tx.QueryRow(ctx, `SELECT array(SELECT unnest($1::text[]) EXCEPT SELECT name FROM onemap.layer)`, k.Layers).Scan(&unknown); err != nil {
			return err
		}
		if len(unknown) > 0 {
			return &layers.InputError{Field: "layers", Value: layers.Short(unknown[0]), Remedy: "names of layers"}
		}
		rows, err := tx.Query(ctx, `INSERT INTO onemap.api_key (prefix, key_hash, person, name, expires_at, scopes, layers)
			VALUES (@prefix, @hash, @person, @name, @expires, @scopes, @layers) RETURNING `+keyColumns,
			pgx.NamedArgs{"prefix": prefix, "hash": hash[:], "person": id, "name": name, "expires": layers.TimeOrNull(expires), "scopes": k.Scopes, "layers": k.Layers})
		if err != nil {
			return err
		}
		if info, err = pgx.CollectExactlyOneRow(rows, scanKey); err != nil {
			return err
		}
		return record(ctx, tx, by, Entry{Action: "key.create", Object: "key/" + prefix, Result: Done,
			Detail: map[string]any{"login": k.Login, "scopes": k.Scopes, "layers": k.Layers, "expires": layers.TimeOrNull(expires)}})
	})
	if err != nil {
		return "", KeyInfo{}, asInput("create key", err)
	}
	return text, info, nil
}

// keyTerm is when a key ends that is made now.
func (d *Directory) keyTerm(ctx context.Context, by Scope, expires time.Time) (time.Time, error) {
	if !expires.IsZero() && !expires.After(time.Now()) {
		return time.Time{}, &layers.InputError{Field: "expires_at", Value: expires.Format(time.RFC3339), Remedy: "a time to come"}
	}
	if by.s.operator {
		return expires, nil
	}
	st, err := d.current(ctx)
	if err != nil {
		return time.Time{}, err
	}
	longest := st.ruled().keys
	last := time.Now().Add(longest)
	switch {
	case expires.IsZero():
		return last, nil
	case expires.After(last.Add(time.Hour)): // clocks differ
		return time.Time{}, &layers.InputError{Field: "expires_at", Value: expires.Format(time.RFC3339), Remedy: fmt.Sprintf("within %.0f days", longest.Hours()/24)}
	}
	return expires, nil
}

const keyColumns = `prefix, (SELECT login FROM onemap.person WHERE id = person), name, created_at, expires_at, revoked_at, used_at, scopes, layers`

func scanKey(row pgx.CollectableRow) (KeyInfo, error) {
	var k KeyInfo
	var expires, revoked, used *time.Time
	err := row.Scan(&k.Prefix, &k.Login, &k.Name, &k.CreatedAt, &expires, &revoked, &used, &k.Scopes, &k.Layers)
	k.ExpiresAt, k.RevokedAt, k.UsedAt = timeOrZero(expires), timeOrZero(revoked), timeOrZero(used)
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

package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// A session ends sessionIdle after its last use, sessionMax after it began.
	sessionIdle = 12 * time.Hour
	sessionMax  = 7 * 24 * time.Hour
	// sessionStep is how much of the idle time must have gone before a use
	// writes a new end: one write an hour, not one a request.
	sessionStep = time.Hour

	// After maxFailures wrong passwords in a row an account is locked for lockFor.
	maxFailures = 5
	lockFor     = 15 * time.Minute
)

//go:embed sql/attempt.sql
var attemptSQL string

// SignIn checks a login and password and opens a session. token is its secret:
// 43 characters, for a cookie; only its hash is stored. address is the
// caller's IP address, for the audit.
//
// It returns [ErrUnauthenticated] for a wrong login or password, which it does
// not tell apart, and a [LockedError] after too many of them.
func (d *Directory) SignIn(ctx context.Context, login, password, address string) (token string, s Scope, err error) {
	login = strings.ToLower(strings.TrimSpace(login))
	if len(login) > 63 || len(password) > 4*passwordMax {
		return "", Scope{}, ErrUnauthenticated
	}
	if until := d.unknown.lockedUntil(login, time.Now()); !until.IsZero() {
		return "", Scope{}, &LockedError{until}
	}
	var a struct {
		id          int64
		hash, org   string
		active      bool
		lockedUntil *time.Time
		counted     bool
	}
	// One statement counts the attempt before the password is looked at, so
	// that guesses made side by side are all counted.
	err = d.db.QueryRow(ctx, attemptSQL, pgx.NamedArgs{"login": login, "max": maxFailures, "lock": lockFor}).
		Scan(&a.id, &a.hash, &a.org, &a.active, &a.lockedUntil, &a.counted)
	if err != nil && !noRow(err) {
		return "", Scope{}, doing("sign in", err)
	}
	known := err == nil
	if !known {
		d.unknown.count(login, time.Now())
	}
	who := Entry{Action: "sign-in", Object: "person/" + login, Address: address}
	if !known { // people type passwords into the wrong field: an unknown login is not kept
		login, who.Object = "", "person/"
	}
	if known && !a.counted {
		who.Result, who.Reason = Refused, "locked"
		if err := d.recordAs(ctx, a.id, login, a.org, who); err != nil {
			return "", Scope{}, err
		}
		if a.lockedUntil == nil { // another attempt set the lock while this one waited for the row
			return "", Scope{}, &LockedError{time.Now().Add(lockFor)}
		}
		return "", Scope{}, &LockedError{*a.lockedUntil}
	}
	right, weak, err := d.checkPassword(ctx, password, a.hash)
	if err != nil {
		return "", Scope{}, err
	}
	if !known || !right || !a.active {
		who.Result, who.Reason = Refused, "wrong login or password"
		if err := d.recordAs(ctx, a.id, login, a.org, who); err != nil {
			return "", Scope{}, err
		}
		return "", Scope{}, ErrUnauthenticated
	}
	checked := a.hash
	if weak {
		if a.hash, err = d.hashPassword(ctx, password); err != nil {
			return "", Scope{}, err
		}
	}
	token, hash := newToken()
	err = pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		// Hashing takes its time: if the password changed meanwhile, or the account
		// was closed, this one is no longer right, and must not come back.
		tag, err := tx.Exec(ctx, `UPDATE onemap.person SET failures = 0, locked_until = NULL, password_hash = @hash
			WHERE id = @id AND password_hash = @checked AND active`, pgx.NamedArgs{"id": a.id, "hash": a.hash, "checked": checked})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrUnauthenticated
		}
		// Housekeeping here keeps the table as small as it is busy.
		if _, err = tx.Exec(ctx, `DELETE FROM onemap.session WHERE expires_at < now()`); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO onemap.session (token_hash, person, expires_at) VALUES (@hash, @person, now() + @idle::interval)`,
			pgx.NamedArgs{"hash": hash[:], "person": a.id, "idle": sessionIdle})
		if err != nil {
			return err
		}
		who.Result = Done
		return recordAs(ctx, tx, a.id, login, a.org, who)
	})
	if errors.Is(err, ErrUnauthenticated) {
		who.Result, who.Reason = Refused, "the password or the account changed meanwhile"
		if err := d.recordAs(ctx, a.id, login, a.org, who); err != nil {
			return "", Scope{}, err
		}
		return "", Scope{}, ErrUnauthenticated
	}
	if err != nil {
		return "", Scope{}, doing("sign in", err)
	}
	if s, err = d.ScopeOf(ctx, a.id); errors.Is(err, ErrUnauthenticated) { // opened again a moment ago
		st, err := d.poll(ctx, 0)
		if err != nil {
			return "", Scope{}, err
		}
		s, err = st.scope(a.id, time.Now())
		return token, s, err
	}
	return token, s, err
}

// SignOut ends a session, here at once and everywhere by the feed. An unknown
// token is no error.
func (d *Directory) SignOut(ctx context.Context, token string) error {
	hash, ok := hashToken(token)
	if !ok {
		return nil
	}
	tag, err := d.db.Exec(ctx, `WITH ended AS (DELETE FROM onemap.session WHERE token_hash = $1 RETURNING person)
		INSERT INTO onemap.audit (person, login, org, action, object, result)
		SELECT id, login, org, 'sign-out', 'person/' || login, 'done' FROM ended JOIN onemap.person ON id = person`, hash[:])
	if err != nil {
		return doing("sign out", err)
	}
	// A token that was none costs no more than that: anyone may send any, and
	// rights are checked again on every open screen when one ends.
	if tag.RowsAffected() > 0 {
		d.gone.add(string(hash[:]))
		d.changed.fire()
	}
	return nil
}

// Session returns the scope of a session's holder. It returns
// [ErrUnauthenticated] for a token that is wrong, expired or signed out, or
// whose holder is no longer active.
func (d *Directory) Session(ctx context.Context, token string) (Scope, error) {
	hash, ok := hashToken(token)
	if !ok || d.gone.has(string(hash[:])) {
		return Scope{}, ErrUnauthenticated
	}
	st, err := d.current(ctx)
	if err != nil {
		return Scope{}, err
	}
	s, ok := st.session(hash)
	if !ok { // perhaps opened a moment ago, on another node
		err := d.db.QueryRow(ctx, `SELECT person, created_at, expires_at FROM onemap.session WHERE token_hash = $1`, hash[:]).
			Scan(&s.person, &s.created, &s.expires)
		if noRow(err) {
			return Scope{}, ErrUnauthenticated
		}
		if err != nil {
			return Scope{}, doing("find session", err)
		}
	}
	now := time.Now()
	if !now.Before(s.expires) {
		return Scope{}, ErrUnauthenticated
	}
	scope, err := d.scopeIn(ctx, st, s.person)
	if err != nil {
		return Scope{}, err
	}
	return scope, d.slide(ctx, hash, s, now)
}

// slide moves the end of a session in use, at most once a sessionStep.
func (d *Directory) slide(ctx context.Context, hash tokenHash, s session, now time.Time) error {
	end := now.Add(sessionIdle)
	if last := s.created.Add(sessionMax); end.After(last) {
		end = last
	}
	if end.Sub(s.expires) < sessionStep {
		return nil
	}
	if _, busy := d.sliding.LoadOrStore(hash, true); busy {
		return nil
	}
	defer d.sliding.Delete(hash)
	if _, err := d.db.Exec(ctx, `UPDATE onemap.session SET expires_at = $2 WHERE token_hash = $1 AND expires_at < $2`, hash[:], end); err != nil {
		return doing("prolong session", err)
	}
	return nil
}

// newToken returns 256 random bits as text, and the hash that is stored.
func newToken() (string, tokenHash) {
	b := make([]byte, 32)
	rand.Read(b)
	token := base64.RawURLEncoding.EncodeToString(b)
	return token, sha256.Sum256([]byte(token))
}

// hashToken refuses what cannot be a token, so that noise costs no query.
func hashToken(token string) (tokenHash, bool) {
	if len(token) != 43 {
		return tokenHash{}, false
	}
	var b [33]byte
	if _, err := base64.RawURLEncoding.Decode(b[:], []byte(token)); err != nil {
		return tokenHash{}, false
	}
	return sha256.Sum256([]byte(token)), true
}

// strangers counts failures of logins that do not exist, so that they lock as
// the others do and the lock does not tell them apart.
type strangers struct {
	mu  sync.Mutex
	all map[string]stranger
}

type stranger struct {
	failures int
	last     time.Time
}

// strangersMax bounds the memory that guessing can take.
const strangersMax = 10_000

func (s *strangers) count(login string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil || len(s.all) >= strangersMax {
		s.all = map[string]stranger{}
	}
	f := s.all[login]
	if f.failures >= maxFailures && now.Sub(f.last) >= lockFor {
		f.failures = 0
	}
	s.all[login] = stranger{f.failures + 1, now}
}

func (s *strangers) lockedUntil(login string, now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.all[login]
	if until := f.last.Add(lockFor); f.failures >= maxFailures && now.Before(until) {
		return until
	}
	return time.Time{}
}

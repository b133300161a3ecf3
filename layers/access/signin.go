package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// sessionStep is how much of the idle time must have gone before a use
// writes a new end: one write an hour, not one a request.
const sessionStep = time.Hour

// From says where an attempt to sign in comes from.
type From struct {
	Address string // the caller's IP address, with or without a port
	Agent   string // the browser, as it calls itself
	Device  string // the token that an earlier sign-in gave this browser; "" if none
}

// A SignedIn is a session that was opened.
type SignedIn struct {
	Token  string // its secret: 43 characters, for a cookie; only its hash is stored
	Device string // a new secret of the browser, for a cookie that stays; "": it has one
	Scope  Scope
	Need   Need // what the session lacks: until it has it, it is good for nothing else
}

// proven is an account whose holder has shown one proof.
type proven struct {
	id         int64
	login, org string
	hash       string // of the password
	weak       bool
	device     bool // the browser is known
	counted    guarded
}

// SignIn checks a login and password and opens a session.
//
// It returns [ErrUnauthenticated] for a wrong login or password, which it does
// not tell apart, and a [LockedError] after too many of them from there.
func (d *Directory) SignIn(ctx context.Context, login, password string, from From) (SignedIn, error) {
	p, err := d.prove(ctx, login, password, from)
	if err != nil {
		return SignedIn{}, err
	}
	checked := p.hash
	if p.weak {
		if p.hash, err = d.hashPassword(ctx, password); err != nil {
			return SignedIn{}, err
		}
	}
	who := Entry{Action: "sign-in", Object: "person/" + p.login, Address: from.Address, Detail: map[string]any{"how": "password"}}
	in, err := d.openSession(ctx, p.id, "password", false, from, p.device, func(tx pgx.Tx) error {
		// Hashing takes its time: if the password changed meanwhile, or the account
		// was closed, this one is no longer right, and must not come back.
		tag, err := tx.Exec(ctx, `UPDATE onemap.person SET password_hash = @hash WHERE id = @id AND password_hash = @checked AND active`,
			pgx.NamedArgs{"id": p.id, "hash": p.hash, "checked": checked})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrUnauthenticated
		}
		if err := lift(ctx, tx, p.counted); err != nil {
			return err
		}
		who.Result = Done
		return recordAs(ctx, tx, p.id, p.login, p.org, who)
	})
	if errors.Is(err, ErrUnauthenticated) {
		who.Result, who.Reason = Refused, "the password or the account changed meanwhile"
		if err := d.recordAs(ctx, p.id, p.login, p.org, who); err != nil {
			return SignedIn{}, err
		}
		return SignedIn{}, ErrUnauthenticated
	}
	return in, err
}

// prove checks a login and password. What is wrong is counted and recorded.
func (d *Directory) prove(ctx context.Context, login, password string, from From) (proven, error) {
	login = strings.ToLower(strings.TrimSpace(login))
	if len(login) > 63 || len(password) > 4*passwordMax {
		return proven{}, ErrUnauthenticated
	}
	p := proven{login: login}
	active := false
	err := d.db.QueryRow(ctx, `SELECT id, password_hash, org, active FROM onemap.person WHERE login = $1`, login).Scan(&p.id, &p.hash, &p.org, &active)
	if err != nil && !noRow(err) {
		return proven{}, doing("sign in", err)
	}
	known := err == nil
	if p.device, err = d.knownDevice(ctx, p.id, from.Device); err != nil {
		return proven{}, doing("sign in", err)
	}
	who := Entry{Action: "sign-in", Object: "person/" + login, Address: from.Address, Result: Refused, Reason: "wrong login or password", Detail: map[string]any{"how": "password"}}
	name := login
	if !known { // people type passwords into the wrong field: an unknown login is not kept
		name, who.Object = "", "person/"
	}
	var locked *LockedError
	if p.counted, err = d.count(ctx, "password", login, from, p.device); errors.As(err, &locked) {
		if known {
			who.Reason = "locked"
			if err := d.recordAs(ctx, p.id, name, p.org, who); err != nil {
				return proven{}, err
			}
		}
		return proven{}, locked
	} else if err != nil {
		return proven{}, err
	}
	right, weak, err := d.checkPassword(ctx, password, p.hash)
	if err != nil {
		return proven{}, err
	}
	if !known || !right || !active {
		if err := d.recordAs(ctx, p.id, name, p.org, who); err != nil {
			return proven{}, err
		}
		return proven{}, ErrUnauthenticated
	}
	p.weak = weak
	return p, nil
}

// openSession opens a session for a person, with what else do does in its
// transaction.
func (d *Directory) openSession(ctx context.Context, person int64, how string, factor bool, from From, device bool, do func(pgx.Tx) error) (SignedIn, error) {
	st, err := d.current(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	rules := st.ruled()
	token, hash := newToken()
	in := SignedIn{Token: token}
	err = pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		// Housekeeping here keeps the tables as small as they are busy.
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.session WHERE expires_at < now()`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.sign_in_guard WHERE since < now() - interval '1 day'`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO onemap.session (token_hash, person, expires_at, how, factor, address, agent)
			VALUES (@hash, @person, now() + @idle::interval, @how, @factor, @address, @agent)`,
			pgx.NamedArgs{"hash": hash[:], "person": person, "idle": min(rules.idle, rules.max), "how": how, "factor": factor, "address": address(from.Address), "agent": agent(from.Agent)})
		if err != nil {
			return err
		}
		in.Device, err = keepDevice(ctx, tx, person, from.Device, device)
		return err
	})
	if errors.Is(err, ErrUnauthenticated) {
		return SignedIn{}, err
	}
	if err != nil {
		return SignedIn{}, doing("sign in", err)
	}
	return d.look(ctx, in, person)
}

// look finds out what a session that was opened a moment ago is good for.
func (d *Directory) look(ctx context.Context, in SignedIn, person int64) (SignedIn, error) {
	scope, err := d.Session(ctx, in.Token)
	var factor *FactorError
	if err != nil && errors.Is(err, ErrUnauthenticated) && !errors.As(err, &factor) { // the account was opened again a moment ago
		if _, err := d.poll(ctx, 0); err != nil {
			return SignedIn{}, err
		}
		scope, err = d.Session(ctx, in.Token)
	}
	if errors.As(err, &factor) {
		in.Scope, in.Need = factor.Scope, factor.Need
		return in, nil
	}
	in.Scope = scope
	return in, err
}

// agent cuts what a browser calls itself.
func agent(s string) string {
	r := []rune(strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", ""))
	return string(r[:min(len(r), 200)])
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

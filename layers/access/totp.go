package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"onemap/layers"
	"onemap/layers/vault"
)

// The second factor: time-based one-time passwords (RFC 6238) of any
// authenticator, and recovery codes for who lost theirs. A code works once.
const (
	totpStep      = 30 // seconds
	totpSlack     = 1  // steps that a clock may be off, either way
	recoveryCodes = 10
)

// A Secret is a second factor to be set up.
type Secret struct {
	URI  string // otpauth://, for a picture that the authenticator reads
	Text string // the same to be typed: base32
}

// FactorInfo is what may be known of somebody's second factor.
type FactorInfo struct {
	Since    time.Time // zero: there is none
	Codes    int       // recovery codes that are left
	Required bool      // one of the person's roles needs it
}

// Factor returns the state of the caller's second factor.
func (d *Directory) Factor(ctx context.Context, by Scope) (FactorInfo, error) {
	p, ok := by.Person()
	if !ok {
		return FactorInfo{}, ErrUnauthenticated
	}
	var i FactorInfo
	var since *time.Time
	err := d.db.QueryRow(ctx, `SELECT (SELECT confirmed_at FROM onemap.totp WHERE person = $1),
		(SELECT count(*) FROM onemap.recovery_code WHERE person = $1 AND used_at IS NULL)`, p.ID).Scan(&since, &i.Codes)
	if err != nil {
		return FactorInfo{}, doing("look at second factor", err)
	}
	st, err := d.current(ctx)
	if err != nil {
		return FactorInfo{}, err
	}
	roles := st.ruled().factor
	i.Since, i.Required = timeOrZero(since), by.Need() == NeedEnrol || len(roles) > 0 && by.Has(roles...)
	return i, nil
}

// maySetFactor lets people who signed in change their own second factor.
func (s Scope) maySetFactor() (Person, error) {
	p, ok := s.Person()
	switch {
	case !ok:
		return p, ErrUnauthenticated
	case s.SessionID() == 0:
		return p, fmt.Errorf("%w: sign in for that", ErrForbidden)
	case s.Need() == NeedCode:
		return p, ErrSecondFactor
	}
	return p, nil
}

// BeginFactor makes a second factor for the caller. It counts from when
// [Directory.ConfirmFactor] saw it work. It returns an error wrapping
// layers.ErrConflict where there is one already: take that away first.
func (d *Directory) BeginFactor(ctx context.Context, by Scope, issuer string) (Secret, error) {
	p, err := by.maySetFactor()
	if err != nil {
		return Secret{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: p.Login, Period: totpStep, SecretSize: 20, Rand: rand.Reader})
	if err != nil {
		return Secret{}, doing("make second factor", err)
	}
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key.Secret())
	if err != nil {
		return Secret{}, doing("make second factor", err)
	}
	if d.Keys != nil {
		if raw, err = d.Keys.Seal(raw, vault.Place("totp", p.ID)); err != nil {
			return Secret{}, doing("make second factor", err)
		}
	}
	tag, err := d.db.Exec(ctx, `INSERT INTO onemap.totp (person, secret, sealed) VALUES ($1, $2, $3)
		ON CONFLICT (person) DO UPDATE SET secret = excluded.secret, sealed = excluded.sealed, made_at = now(), step = 0 WHERE totp.confirmed_at IS NULL`, p.ID, raw, d.Keys != nil)
	if err != nil {
		return Secret{}, doing("make second factor", err)
	}
	if tag.RowsAffected() == 0 {
		return Secret{}, fmt.Errorf("there is a second factor: take it away before you set up another: %w", layers.ErrConflict)
	}
	return Secret{URI: key.URL(), Text: key.Secret()}, nil
}

// ConfirmFactor shows that the second factor works, from when on it is asked
// for. It returns recovery codes, shown this once. The caller's session has
// shown it herewith; others of the same person have to.
func (d *Directory) ConfirmFactor(ctx context.Context, by Scope, code string, from From) (codes []string, err error) {
	p, err := by.maySetFactor()
	if err != nil {
		return nil, err
	}
	err = d.withCode(ctx, by, code, from, false, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE onemap.totp SET confirmed_at = now() WHERE person = $1 AND confirmed_at IS NULL`, p.ID)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("nothing is to be confirmed: %w", layers.ErrConflict)
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.person SET totp = true WHERE id = $1`, p.ID); err != nil {
			return err
		}
		if codes, err = newCodes(ctx, tx, p.ID); err != nil {
			return err
		}
		return record(ctx, tx, by, Entry{Action: "second_factor.set", Object: "person/" + p.Login, Result: Done, Address: from.Address})
	})
	return codes, err
}

// ShowFactor shows the second factor in a session that lacks it: a code of the
// authenticator, or a recovery code. The session is then good for everything.
func (d *Directory) ShowFactor(ctx context.Context, by Scope, code string, from From) error {
	p, ok := by.Person()
	if !ok || by.SessionID() == 0 {
		return ErrUnauthenticated
	}
	return d.withCode(ctx, by, code, from, true, func(tx pgx.Tx) error {
		return record(ctx, tx, by, Entry{Action: "second_factor.show", Object: "person/" + p.Login, Result: Done, Address: from.Address})
	})
}

// RemoveFactor takes the caller's second factor away, by one of its codes.
func (d *Directory) RemoveFactor(ctx context.Context, by Scope, code string, from From) error {
	p, err := by.maySetFactor()
	if err != nil {
		return err
	}
	return d.withCode(ctx, by, code, from, true, func(tx pgx.Tx) error {
		if err := dropFactor(ctx, tx, p.ID); err != nil {
			return err
		}
		return record(ctx, tx, by, Entry{Action: "second_factor.remove", Object: "person/" + p.Login, Result: Done, Address: from.Address})
	})
}

// RenewCodes gives the caller other recovery codes, by a code.
func (d *Directory) RenewCodes(ctx context.Context, by Scope, code string, from From) (codes []string, err error) {
	p, err := by.maySetFactor()
	if err != nil {
		return nil, err
	}
	err = d.withCode(ctx, by, code, from, true, func(tx pgx.Tx) error {
		if codes, err = newCodes(ctx, tx, p.ID); err != nil {
			return err
		}
		return record(ctx, tx, by, Entry{Action: "second_factor.codes", Object: "person/" + p.Login, Result: Done, Address: from.Address})
	})
	return codes, err
}

// ResetFactor takes somebody's second factor away who lost it, and ends their
// sessions. It is for security administrators: those who set passwords must not
// be able to take over an account alone.
func (d *Directory) ResetFactor(ctx context.Context, by Scope, login, reason string) error {
	if err := by.Require(SecurityAdministrator); err != nil {
		return err
	}
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	if p, _ := by.Person(); p.Login == login {
		return &layers.InputError{Field: "login", Value: login, Remedy: "another security administrator must take away yours"}
	}
	err = d.change(ctx, by, login, Entry{Action: "second_factor.reset", Reason: reason}, func(tx pgx.Tx, id int64) error {
		if err := dropFactor(ctx, tx, id); err != nil {
			return err
		}
		return d.endSessions(ctx, tx, id)
	})
	if err == nil {
		d.changed.fire()
	}
	return err
}

func dropFactor(ctx context.Context, tx pgx.Tx, person int64) error {
	for _, sql := range []string{`DELETE FROM onemap.totp WHERE person = $1`, `DELETE FROM onemap.recovery_code WHERE person = $1`, `UPDATE onemap.person SET totp = false WHERE id = $1`} {
		if _, err := tx.Exec(ctx, sql, person); err != nil {
			return err
		}
	}
	return nil
}

// ErrFactorKey: the secret of a second factor is sealed with a key that is not at
// hand. It is the server's fault, and the caller is told what to do.
var ErrFactorKey = errors.New("codes of authenticators cannot be checked: the server's key of secrets is missing; use a recovery code, or ask a security administrator")

// errCode: the code is none. It is told as what it is, invalid input: the
// caller has shown who they are, as far as that goes.
var errCode = &layers.InputError{Field: "code", Remedy: "the six digits that the authenticator shows now, or a recovery code that was not used"}

// withCode does something if a code is right, and marks the session as having
// shown it. Wrong codes are counted and recorded. A code of a factor that is
// not confirmed counts where confirmed is false.
func (d *Directory) withCode(ctx context.Context, by Scope, code string, from From, confirmed bool, do func(pgx.Tx) error) error {
	p, _ := by.Person()
	device, err := d.knownDevice(ctx, p.ID, from.Device)
	if err != nil {
		return doing("check code", err)
	}
	counted, err := d.count(ctx, "code", p.Login, from, device)
	if err != nil {
		return err
	}
	var held heldSession
	err = pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		right, err := d.useCode(ctx, tx, p.ID, code, confirmed, time.Now())
		if err != nil {
			return err
		}
		if !right {
			return errCode
		}
		if err := lift(ctx, tx, counted); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `UPDATE onemap.session SET factor = true WHERE id = $1 AND person = $2
			RETURNING token_hash, id, person, created_at, expires_at, factor, reasons`, by.SessionID(), p.ID)
		if err != nil {
			return err
		}
		if held, err = pgx.CollectExactlyOneRow(rows, scanSession); noRow(err) {
			return ErrUnauthenticated
		} else if err != nil {
			return err
		}
		return do(tx)
	})
	if errors.Is(err, errCode) {
		if err := record(ctx, d.db, by, Entry{Action: "second_factor.show", Object: "person/" + p.Login, Result: Refused, Reason: "wrong code", Address: from.Address}); err != nil {
			return err
		}
		return errCode
	}
	if errors.Is(err, ErrFactorKey) { // it was no guess
		if err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error { return lift(ctx, tx, counted) }); err != nil {
			return doing("check code", err)
		}
	}
	if err != nil {
		return Wrap("check code", err)
	}
	d.fresher.put(held)
	return d.Load(ctx) // who signs in next is asked by what holds now, where the feed is off too
}

// useCode says whether a code is right, and uses it up.
func (d *Directory) useCode(ctx context.Context, tx pgx.Tx, person int64, code string, confirmed bool, now time.Time) (bool, error) {
	code = strings.ToLower(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, code))
	switch len(code) {
	case 6:
		var secret []byte
		var last int64
		var sealed bool
		err := tx.QueryRow(ctx, `SELECT secret, sealed, step FROM onemap.totp WHERE person = $1 AND (confirmed_at IS NOT NULL) = $2 FOR UPDATE`, person, confirmed).Scan(&secret, &sealed, &last)
		if noRow(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if sealed {
			if secret, err = d.Keys.Open(secret, vault.Place("totp", person)); errors.Is(err, vault.ErrNoKey) {
				return false, ErrFactorKey
			} else if err != nil {
				return false, err
			}
		}
		step, ok := stepOf(secret, code, now)
		if !ok || step <= last {
			return false, nil
		}
		_, err = tx.Exec(ctx, `UPDATE onemap.totp SET step = $2 WHERE person = $1`, person, step)
		return err == nil, err
	case codeLength:
		if !confirmed {
			return false, nil
		}
		hash := sha256.Sum256([]byte(code))
		tag, err := tx.Exec(ctx, `UPDATE onemap.recovery_code SET used_at = now() WHERE person = $1 AND code_hash = $2 AND used_at IS NULL`, person, hash[:])
		return err == nil && tag.RowsAffected() == 1, err
	}
	return false, nil
}

// stepOf finds the time step that a code is of, among those near now.
func stepOf(secret []byte, code string, now time.Time) (int64, bool) {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	found, ok := int64(0), false
	for i := int64(-totpSlack); i <= totpSlack; i++ {
		step := now.Unix()/totpStep + i
		want, err := hotp.GenerateCodeCustom(text, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}) //nolint:gosec // times are after 1970
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found, ok = step, true
		}
	}
	return found, ok
}

// codeLength is 80 bits in base32.
const codeLength = 16

// newCodes replaces a person's recovery codes: xxxx-xxxx-xxxx-xxxx.
func newCodes(ctx context.Context, tx pgx.Tx, person int64) ([]string, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM onemap.recovery_code WHERE person = $1`, person); err != nil {
		return nil, err
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		b := make([]byte, 10)
		rand.Read(b)
		text := strings.ToLower(base32.StdEncoding.EncodeToString(b))
		hash := sha256.Sum256([]byte(text))
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.recovery_code (person, code_hash) VALUES ($1, $2)`, person, hash[:]); err != nil {
			return nil, err
		}
		codes[i] = text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
	}
	return codes, nil
}

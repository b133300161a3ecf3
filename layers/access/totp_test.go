package access_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/vault"
)

// code is what an authenticator shows, some steps from now: each works once.
func code(t *testing.T, s access.Secret, steps int) string {
	t.Helper()
	text, err := totp.GenerateCode(s.Text, time.Now().Add(time.Duration(steps)*30*time.Second))
	must(t, err)
	return text
}

func TestSecondFactor(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), vault.FileName)
	must(t, vault.Make(file))
	sealed, err := vault.Read(file)
	must(t, err)
	c.dir.Keys = sealed
	_, err = c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "sec", Name: "安", Org: "gov", Password: password, Roles: []access.Role{access.Administrator}})
	must(t, err)
	before, err := c.dir.SignIn(ctx, "sec", password, access.From{})
	must(t, err)
	if before.Need != access.NeedNothing {
		t.Fatalf("nobody asks for a second factor, and one is needed: %q", before.Need)
	}
	key, _, err := c.dir.CreateKey(ctx, before.Scope, "sec", "x", time.Time{})
	must(t, err)
	// A role needs it now: open sessions are good for setting it up, and for nothing else.
	security := c.person(t, "boss", "gov", nil, access.SecurityAdministrator)
	rules, err := c.dir.SignInRules(ctx, security)
	must(t, err)
	rules.SecondFactor = []access.Role{access.Administrator}
	must(t, c.dir.SetSignInRules(ctx, security, rules, "等保三级"))
	must(t, c.dir.Load(ctx))
	var lacks *access.FactorError
	if _, err := c.dir.Session(ctx, before.Token); !errors.As(err, &lacks) || lacks.Need != access.NeedEnrol || !errors.Is(err, access.ErrUnauthenticated) {
		t.Fatalf("the session goes on without a second factor: %v", err)
	}
	half := lacks.Scope
	if _, visible := half.Layer(testLayer("x", layers.Unconditional, "")); visible || half.Has(access.Administrator) {
		t.Error("half a sign-in sees or may do something")
	}
	if _, err := c.dir.BeginFactor(ctx, c.keyScope(t, key), "onemap"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a key sets up a second factor: %v", err)
	}
	secret, err := c.dir.BeginFactor(ctx, half, "onemap test")
	must(t, err)
	if err := c.dir.ShowFactor(ctx, half, code(t, secret, 0), access.From{}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a factor that was never confirmed is shown: %v", err)
	}
	_, err = c.dir.ConfirmFactor(ctx, half, "000000", access.From{})
	wantInput(t, err, "code")
	if s, err := vault.Look(ctx, c.db, sealed); err != nil || s != (vault.State{Sealed: 1}) {
		t.Errorf("the secret is not sealed: %+v, %v", s, err)
	}
	codes, err := c.dir.ConfirmFactor(ctx, half, code(t, secret, -1), access.From{})
	must(t, err)
	if len(codes) != 10 || len(codes[0]) != 19 {
		t.Fatalf("recovery codes %v", codes)
	}
	if s, err := c.dir.Session(ctx, before.Token); err != nil || !s.Has(access.Administrator) {
		t.Errorf("after confirming: %v", err)
	}

	// The next sign-in is asked for a code; one counts once, and not the one before it.
	in, err := c.dir.SignIn(ctx, "sec", password, access.From{})
	must(t, err)
	if in.Need != access.NeedCode {
		t.Fatalf("needs %q", in.Need)
	}
	if _, err := c.dir.BeginFactor(ctx, in.Scope, "x"); !errors.Is(err, access.ErrSecondFactor) {
		t.Errorf("who has the password only sets up another factor: %v", err)
	}
	if err := c.dir.ShowFactor(ctx, in.Scope, code(t, secret, -1), access.From{}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a code counts twice: %v", err)
	}
	must(t, c.dir.ShowFactor(ctx, in.Scope, code(t, secret, 0), access.From{}))
	s, err := c.dir.Session(ctx, in.Token)
	must(t, err)
	// A recovery code, once.
	again, err := c.dir.SignIn(ctx, "sec", password, access.From{})
	must(t, err)
	must(t, c.dir.ShowFactor(ctx, again.Scope, " "+codes[3]+" ", access.From{}))
	// Without the key an authenticator's code cannot be checked; it is no wrong one, however often.
	c.dir.Keys = nil
	keyless, err := c.dir.SignIn(ctx, "sec", password, access.From{})
	must(t, err)
	for range 12 {
		if err := c.dir.ShowFactor(ctx, keyless.Scope, code(t, secret, 1), access.From{}); !errors.Is(err, access.ErrFactorKey) {
			t.Fatalf("without the key: %v", err)
		}
	}
	c.dir.Keys = sealed
	third, err := c.dir.SignIn(ctx, "sec", password, access.From{})
	must(t, err)
	if err := c.dir.ShowFactor(ctx, third.Scope, codes[3], access.From{}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a recovery code counts twice: %v", err)
	}
	f, err := c.dir.Factor(ctx, s)
	must(t, err)
	if f.Since.IsZero() || f.Codes != 9 || !f.Required {
		t.Errorf("%+v", f)
	}
	// Guessing codes is stopped, and does not stop the owner's own browser.
	for range 6 {
		_ = c.dir.ShowFactor(ctx, third.Scope, "000000", access.From{Address: "10.9.9.9"})
	}
	if err := c.dir.ShowFactor(ctx, third.Scope, codes[4], access.From{Address: "10.9.9.9"}); !errors.Is(err, access.ErrLocked) {
		t.Errorf("guessing goes on: %v", err)
	}
	must(t, c.dir.ShowFactor(ctx, third.Scope, codes[4], access.From{Address: "10.9.9.9", Device: in.Device}))

	// Lost: the security administrator takes it away, the administrator of accounts cannot.
	if err := c.dir.ResetFactor(ctx, s, "sec", "lost it"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("an administrator of accounts: %v", err)
	}
	must(t, c.dir.ResetFactor(ctx, security, "sec", "手机丢失"))
	if _, err := c.dir.Session(ctx, in.Token); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("sessions go on after the reset: %v", err)
	}
	must(t, c.dir.Load(ctx))
	if in, err = c.dir.SignIn(ctx, "sec", password, access.From{}); err != nil || in.Need != access.NeedEnrol {
		t.Errorf("after the reset: %q %v", in.Need, err)
	}
	var stored int
	must(t, c.db.QueryRow(ctx, `SELECT count(*) FROM onemap.audit a WHERE a::text LIKE '%' || $1 || '%' OR a::text LIKE '%' || $2 || '%'`, secret.Text, codes[0]).Scan(&stored))
	if stored != 0 {
		t.Error("the audit has a secret")
	}
}

func (c *city) keyScope(t *testing.T, key string) access.Scope {
	t.Helper()
	s, err := c.dir.Key(t.Context(), key)
	must(t, err)
	return s
}

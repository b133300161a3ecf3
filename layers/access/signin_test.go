package access_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/access"
)

// opened is what most tests want of a session.
func opened(in access.SignedIn, err error) (token string, s access.Scope, _ error) {
	return in.Token, in.Scope, err
}

func TestSignInAndOut(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	_, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "east", Password: password, Roles: []access.Role{access.GridWorker}, Grids: []string{"g1"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.dir.SignIn(ctx, "li", "wrong", access.From{Address: "10.0.0.1"}); !errors.Is(err, access.ErrUnauthenticated) {
		t.Fatalf("wrong password: %v", err)
	}
	token, s, err := opened(c.dir.SignIn(ctx, " LI ", password, access.From{Address: "10.0.0.1:5000"}))
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := s.Person(); !ok || p.Login != "li" || p.Org != "east" || len(p.Grids) != 1 || !s.Has(access.GridWorker) || s.Org().NameEN != "East" {
		t.Errorf("scope of %+v", p)
	}
	if s, err = c.dir.Session(ctx, token); err != nil || !s.Has(access.GridWorker) {
		t.Errorf("session: %v", err)
	}
	for _, bad := range []string{"", "x", token[:42], token + "A", strings.Repeat("*", 43), strings.Repeat("A", 43)} {
		if _, err := c.dir.Session(ctx, bad); !errors.Is(err, access.ErrUnauthenticated) {
			t.Errorf("token %q: %v", bad, err)
		}
	}
	if err := c.dir.SignOut(ctx, token); err != nil {
		t.Fatal(err)
	}
	if _, err := c.dir.Session(ctx, token); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("after signing out: %v", err)
	}
	var stored int
	if err := c.db.QueryRow(ctx, `SELECT count(*) FROM onemap.session WHERE encode(token_hash, 'escape') LIKE '%' || $1 || '%'`, token).Scan(&stored); err != nil || stored != 0 {
		t.Errorf("the table holds the token: %d, %v", stored, err)
	}
}

func TestSessionsEnd(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	p, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "east", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func(){
		"expired":        func() { c.exec(t, `UPDATE onemap.session SET expires_at = now() - interval '1 s'`) },
		"password":       func() { must(t, c.dir.SetPassword(ctx, operator, "li", password)) },
		"account closed": func() { must(t, c.dir.SetActive(ctx, operator, "li", false)) },
		"closed in SQL":  func() { c.exec(t, `UPDATE onemap.person SET active = false WHERE id = $1`, p.ID) },
	} {
		c.exec(t, `UPDATE onemap.person SET active = true`)
		token, _, err := opened(c.dir.SignIn(ctx, "li", password, access.From{}))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		end()
		must(t, c.dir.Load(ctx))
		if _, err := c.dir.Session(ctx, token); !errors.Is(err, access.ErrUnauthenticated) {
			t.Errorf("%s: session goes on: %v", name, err)
		}
	}
}

func TestSessionSlidesButNotOften(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	if _, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "east", Password: password}); err != nil {
		t.Fatal(err)
	}
	token, _, err := opened(c.dir.SignIn(ctx, "li", password, access.From{}))
	if err != nil {
		t.Fatal(err)
	}
	left := func() time.Duration {
		t.Helper()
		must(t, c.dir.Load(ctx))
		if _, err := c.dir.Session(ctx, token); err != nil {
			t.Fatal(err)
		}
		var d time.Duration
		if err := c.db.QueryRow(ctx, `SELECT expires_at - now() FROM onemap.session`).Scan(&d); err != nil {
			t.Fatal(err)
		}
		return d.Round(time.Minute)
	}
	c.exec(t, `UPDATE onemap.session SET expires_at = now() + interval '11 h 30 min'`)
	if d := left(); d != 11*time.Hour+30*time.Minute {
		t.Errorf("half an hour old: %v left, want it untouched", d)
	}
	c.exec(t, `UPDATE onemap.session SET expires_at = now() + interval '10 h'`)
	if d := left(); d != 12*time.Hour {
		t.Errorf("two hours old: %v left, want 12 h", d)
	}
	c.exec(t, `UPDATE onemap.session SET created_at = now() - interval '6 d 22 h', expires_at = now() + interval '30 min'`)
	if d := left(); d != 2*time.Hour {
		t.Errorf("almost a week old: %v left, want 2 h", d)
	}
}

func TestLockOut(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	if _, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "east", Password: password}); err != nil {
		t.Fatal(err)
	}
	// Guesses made side by side count one by one; so do those at a login that
	// does not exist, which must not look different.
	for _, login := range []string{"li", "nobody"} {
		var wg sync.WaitGroup
		var mu sync.Mutex
		locked, wrong := 0, 0
		for range 8 {
			wg.Go(func() {
				_, err := c.dir.SignIn(ctx, login, "guess", access.From{Address: "10.0.0.9"})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, access.ErrLocked):
					locked++
				case errors.Is(err, access.ErrUnauthenticated):
					wrong++
				default:
					t.Errorf("%s: %v", login, err)
				}
			})
		}
		wg.Wait()
		if login == "li" && wrong != 5 || locked+wrong != 8 {
			t.Errorf("%s: %d wrong, %d locked", login, wrong, locked)
		}
		_, err := c.dir.SignIn(ctx, login, password, access.From{Address: "10.0.0.9"})
		var l *access.LockedError
		if !errors.As(err, &l) || time.Until(l.Until) < 14*time.Minute || time.Until(l.Until) > 15*time.Minute {
			t.Errorf("%s: %v, want locked for 15 minutes", login, err)
		}
	}
	c.exec(t, `UPDATE onemap.sign_in_guard SET locked_until = now() - interval '1 s' WHERE locked_until IS NOT NULL`)
	if _, err := c.dir.SignIn(ctx, "li", "guess", access.From{}); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("after the lock, a first wrong guess: %v", err)
	}
	if _, err := c.dir.SignIn(ctx, "li", password, access.From{}); err != nil {
		t.Errorf("after the lock: %v", err)
	}
	for range 5 {
		c.dir.SignIn(ctx, "li", "guess", access.From{})
	}
	must(t, c.dir.Unlock(ctx, operator, "li"))
	if _, err := c.dir.SignIn(ctx, "li", password, access.From{}); err != nil {
		t.Errorf("unlocked by an administrator: %v", err)
	}
}

func TestFifthAttemptMayBeRight(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	if _, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "east", Password: password}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for range 4 {
			c.dir.SignIn(ctx, "li", "guess", access.From{})
		}
		if _, err := c.dir.SignIn(ctx, "li", password, access.From{}); err != nil {
			t.Fatalf("four wrong, one right: %v", err)
		}
	}
}

func TestNobodySignsInWithoutPassword(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	if _, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "east"}); err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{"", "plain", "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA", "$argon2id$v=19$m=9999999,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"} {
		c.exec(t, `UPDATE onemap.person SET password_hash = $1`, hash)
		c.exec(t, `DELETE FROM onemap.sign_in_guard`)
		for _, p := range []string{"", "plain", password} {
			if _, err := c.dir.SignIn(ctx, "li", p, access.From{}); !errors.Is(err, access.ErrUnauthenticated) {
				t.Errorf("hash %q, password %q: %v", hash, p, err)
			}
		}
	}
}

func TestWeakHashIsMadeAnew(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	if _, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "east"}); err != nil {
		t.Fatal(err)
	}
	// argon2id of "Correct-horse-9" with m=64, t=1, p=1 and the salt "saltsaltsaltsalt".
	c.exec(t, `UPDATE onemap.person SET password_hash = $1`, access.WeakHash(password))
	if _, err := c.dir.SignIn(ctx, "li", password, access.From{}); err != nil {
		t.Fatal(err)
	}
	var hash string
	if err := c.db.QueryRow(ctx, `SELECT password_hash FROM onemap.person`).Scan(&hash); err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %q, %v", hash, err)
	}
	if _, err := c.dir.SignIn(ctx, "li", password, access.From{}); err != nil {
		t.Fatal(err)
	}
}

func TestKeys(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	li := c.person(t, "li", "east", nil, access.GridWorker)
	wang := c.person(t, "wang", "east", nil, access.GridWorker)
	text, info, err := c.dir.CreateKey(ctx, li, "li", "export", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.dir.Key(ctx, text)
	if p, _ := s.Person(); err != nil || p.Login != "li" {
		t.Fatalf("key of %q, %v", p.Login, err)
	}
	last := text[:len(text)-1]
	for _, bad := range []string{"", "om_", last, last + "~", info.Prefix, strings.Replace(text, "_", "-", 1), text + "0"} {
		if _, err := c.dir.Key(ctx, bad); !errors.Is(err, access.ErrUnauthenticated) {
			t.Errorf("key %q: %v", bad, err)
		}
	}
	if _, _, err := c.dir.CreateKey(ctx, wang, "li", "not mine", time.Time{}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("key for another: %v", err)
	}
	if _, _, err := c.dir.CreateKey(ctx, s, "li", "its child", time.Time{}); !s.ByKey() || !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a key made by a key: %v", err)
	}
	l := testLayer("incident", layers.Unconditional, "")
	byKey, _ := s.Layer(l)
	if signedIn, _ := li.Layer(l); li.ByKey() || byKey.Fingerprint() != signedIn.Fingerprint() {
		t.Error("by key and signed in are not the same right")
	}
	if err := c.dir.RevokeKey(ctx, wang, info.Prefix); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("revoking another's: %v", err)
	}
	if _, err := c.dir.ListKeys(ctx, wang, "li"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("listing another's: %v", err)
	}
	keys, err := c.dir.ListKeys(ctx, li, "li")
	if err != nil || len(keys) != 1 || keys[0].Prefix != info.Prefix || keys[0].Name != "export" {
		t.Errorf("keys %+v, %v", keys, err)
	}
	must(t, c.dir.RevokeKey(ctx, li, info.Prefix))
	must(t, c.dir.RevokeKey(ctx, li, info.Prefix))
	if _, err := c.dir.Key(ctx, text); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("revoked key: %v", err)
	}
	text, _, err = c.dir.CreateKey(ctx, li, "li", "soon over", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	c.exec(t, `UPDATE onemap.api_key SET expires_at = now() - interval '1 s' WHERE name = 'soon over'`)
	must(t, c.dir.Load(ctx))
	if _, err := c.dir.Key(ctx, text); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("expired key: %v", err)
	}
	_, _, err = c.dir.CreateKey(ctx, li, "li", " ", time.Time{})
	wantInput(t, err, "name")
	_, _, err = c.dir.CreateKey(ctx, li, "li", "x", time.Now().Add(-time.Hour))
	wantInput(t, err, "expires_at")
	if _, _, err = c.dir.CreateKey(ctx, operator, "nobody", "x", time.Time{}); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("key for nobody: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A sign-in that was being checked while the password changed must neither
// pass nor bring the old password back.
func TestPasswordChangesDuringSignIn(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	if _, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "east", Password: password}); err != nil {
		t.Fatal(err)
	}
	release := access.HoldHashing(c.dir)
	answer := make(chan error, 1)
	go func() {
		_, err := c.dir.SignIn(ctx, "li", password, access.From{Address: "10.0.0.1"})
		answer <- err
	}()
	for counted := 0; counted == 0; { // the attempt has read the old hash
		if err := c.db.QueryRow(ctx, `SELECT count(*) FROM onemap.sign_in_guard`).Scan(&counted); err != nil {
			t.Fatal(err)
		}
	}
	c.exec(t, `UPDATE onemap.person SET password_hash = 'new' WHERE login = 'li'`)
	release()
	if err := <-answer; !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("the old password signs in: %v", err)
	}
	var hash string
	if err := c.db.QueryRow(ctx, `SELECT password_hash FROM onemap.person WHERE login = 'li'`).Scan(&hash); err != nil || hash != "new" {
		t.Errorf("the old password is back: %q %v", hash, err)
	}
}

// Anyone may sign out of a session that is none; nothing may come of it.
func TestSigningOutOfNothingWakesNobody(t *testing.T) {
	c := newCity(t)
	changed := c.dir.Changed()
	must(t, c.dir.SignOut(t.Context(), strings.Repeat("A", 43)))
	select {
	case <-changed:
		t.Error("all rights are checked again")
	default:
	}
}

package vault_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onemap/layers/layerstest"
	"onemap/layers/vault"
)

func key(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret.key")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) *vault.Keys {
	t.Helper()
	k, err := vault.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const (
	one = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" // bytes 0 to 31
	two = "//////////////////////////////////////////8="
)

func TestWhatIsSealedOpensInItsPlaceOnly(t *testing.T) {
	k := read(t, key(t, one))
	sealed, err := k.Seal([]byte("pass"), "pull/7")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("pass")) {
		t.Error("it can be read")
	}
	again, _ := k.Seal([]byte("pass"), "pull/7")
	if bytes.Equal(sealed, again) {
		t.Error("equal secrets look equal")
	}
	if got, err := k.Open(sealed, "pull/7"); err != nil || string(got) != "pass" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := k.Open(sealed, "pull/8"); err == nil || errors.Is(err, vault.ErrNoKey) {
		t.Errorf("opened elsewhere: %v", err)
	}
	bad := bytes.Clone(sealed)
	bad[len(bad)-1] ^= 1
	if _, err := k.Open(bad, "pull/7"); err == nil {
		t.Error("opened though it was changed")
	}
	for name, keys := range map[string]*vault.Keys{"another key": read(t, key(t, two)), "no key": nil} {
		if _, err := keys.Open(sealed, "pull/7"); !errors.Is(err, vault.ErrNoKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := read(t, key(t, two, one)).Open(sealed, "pull/7"); err != nil || string(got) != "pass" {
		t.Errorf("after a change of keys: %q, %v", got, err)
	}
}

func TestAKeyFileIsReadOrRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.key")
	if _, err := vault.Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := vault.Make(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if k := read(t, path); len(k.ID()) != 16 {
		t.Error(k.ID())
	}
	if err := vault.Make(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made anew: %v", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Read(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("others can read it: %v", err)
	}
	for _, content := range []string{"", "passw0rd", "AAEC", one[:40]} {
		if _, err := vault.Read(key(t, content)); err == nil {
			t.Errorf("%q is a key", content)
		}
	}
}

// Secrets that stood open are sealed by the first start, with a new key anew,
// and never by a key that stands beside a lost one.
func TestSecretsOfADatabaseAreSealed(t *testing.T) {
	db := layerstest.DB(t)
	ctx := t.Context()
	for _, sql := range []string{
		`INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ('x', 'city', 'department', '', 'x', 'x')`,
		`INSERT INTO onemap.person (login, name, org, password_hash) VALUES ('a', 'a', 'x', '')`,
		`INSERT INTO onemap.totp (person, secret) SELECT id, '12345678901234567890' FROM onemap.person`,
		`INSERT INTO onemap.pull (org, title, kind, place, layer, every, keeper, made_by) SELECT 'x', 'x', 'file', '{"url": "https://x"}', '', '1 hour', id, 'a' FROM onemap.person`,
		`INSERT INTO onemap.pull_secret (pull, login, secret) SELECT id, 'me', 'pass' FROM onemap.pull`,
		`INSERT INTO onemap.webhook (name, org, url, events, made_by) VALUES ('x', 'x', 'https://x', '{incident.*}', 'a')`,
		`INSERT INTO onemap.webhook_secret (webhook, secret) SELECT id, repeat('w', 32)::bytea FROM onemap.webhook`,
	} {
		if _, err := db.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	state := func(k *vault.Keys) vault.State {
		t.Helper()
		s, err := vault.Look(ctx, db, k)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	path := filepath.Join(t.TempDir(), "data", "secret.key")
	if k, n, err := vault.Ready(ctx, db, path, false); k != nil || n != 0 || err != nil {
		t.Fatalf("without a key: %v, %d, %v", k, n, err)
	}
	k, n, err := vault.Ready(ctx, db, path, true)
	if err != nil || n != 3 || state(k) != (vault.State{Sealed: 3}) || state(nil) != (vault.State{Lost: 3}) {
		t.Fatalf("%d sealed, %v: %+v", n, err, state(k))
	}
	open := func(k *vault.Keys) {
		t.Helper()
		var person, pull, hook int64
		var totp, word, sign []byte
		if err := db.QueryRow(ctx, `SELECT person, t.secret, pull, p.sealed, webhook, w.secret FROM onemap.totp t, onemap.pull_secret p, onemap.webhook_secret w WHERE p.secret = ''`).
			Scan(&person, &totp, &pull, &word, &hook, &sign); err != nil {
			t.Fatal(err)
		}
		a, err1 := k.Open(totp, vault.Place("totp", person))
		b, err2 := k.Open(word, vault.Place("pull", pull))
		c, err3 := k.Open(sign, vault.Place("webhook", hook))
		if string(a) != "12345678901234567890" || string(b) != "pass" || string(c) != strings.Repeat("w", 32) {
			t.Errorf("%q, %v; %q, %v; %q, %v", a, err1, b, err2, c, err3)
		}
	}
	open(k)
	if _, n, err := vault.Ready(ctx, db, path, true); n != 0 || err != nil {
		t.Errorf("sealed twice: %d, %v", n, err)
	}
	if _, _, err := vault.Ready(ctx, db, filepath.Join(t.TempDir(), "secret.key"), true); !errors.Is(err, vault.ErrNoKey) {
		t.Errorf("a new key was made beside a lost one: %v", err)
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	k, n, err = vault.Ready(ctx, db, key(t, two, strings.TrimSpace(string(old))), false)
	if err != nil || n != 3 || state(read(t, key(t, two))) != (vault.State{Sealed: 3}) {
		t.Errorf("a new key before the old one: %d, %v", n, err)
	}
	open(k)
}

package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// signIn returns the session's cookie, as a browser sends it.
func (w *world) signIn(login string) string {
	w.t.Helper()
	r := w.want(200, w.as("", "POST", "/api/v1/session", map[string]string{"login": login, "password": password}))
	c := r.Cookies() // the session's, and the one that knows the browser again
	if len(c) != 2 || c[0].Name != "onemap_session" || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode || c[0].Path != "/" || c[0].Secure ||
		c[1].Name != "onemap_device" || !c[1].HttpOnly || c[1].SameSite != http.SameSiteLaxMode {
		w.t.Fatalf("cookies %v", r.Header["Set-Cookie"])
	}
	return c[0].Name + "=" + c[0].Value
}

type sessionReply struct {
	SignedIn bool `json:"signed_in"`
	Person   *struct {
		Login string
		Roles []string
	}
	Organisation *struct{ Code string }
	City         struct{ EN string }
	MayReport    bool `json:"may_report"`
}

func TestSession(t *testing.T) {
	w := newWorld(t)
	var s sessionReply
	w.want(200, w.as("", "GET", "/api/v1/session", nil)).into(t, &s)
	if s.SignedIn || s.Person != nil || s.MayReport || s.City.EN == "" {
		t.Errorf("the public is %+v", s)
	}
	cookie := w.signIn("worker")
	w.want(200, w.as("", "GET", "/api/v1/session", nil, "Cookie", cookie)).into(t, &s)
	if !s.SignedIn || s.Person.Login != "worker" || s.Organisation.Code != "east" || !s.MayReport || len(s.Person.Roles) != 1 {
		t.Errorf("signed in as %+v", s)
	}
	w.want(204, w.as("", "DELETE", "/api/v1/session", nil, "Cookie", cookie))
	// A cookie that no longer holds is refused, and taken away.
	r := w.want(401, w.as("", "GET", "/api/v1/session", nil, "Cookie", cookie))
	if c := r.Header.Get("Set-Cookie"); !strings.Contains(c, "Max-Age=0") {
		t.Errorf("the stale cookie stays: %q", c)
	}
	w.want(401, w.as("", "GET", "/tiles/base_road/14/13653/6796.mvt", nil, "Cookie", cookie))
	w.want(200, w.as("", "GET", "/", nil, "Cookie", cookie)) // the page comes up all the same
	p := w.want(401, w.as("", "POST", "/api/v1/session", map[string]string{"login": "worker", "password": "wrong-wrong-1"})).problem(t)
	if p.Type != "/problems/unauthenticated" {
		t.Errorf("%+v", p)
	}
	if log := w.log.String(); strings.Contains(log, password) || strings.Contains(log, strings.TrimPrefix(cookie, "onemap_session=")) {
		t.Error("a secret is in the log")
	}
}

func TestSignInIsLimited(t *testing.T) {
	w := newWorld(t)
	var r reply
	for range 40 {
		r = w.as("", "POST", "/api/v1/session", map[string]string{"login": "nobody", "password": "guess"})
		if r.StatusCode == 429 {
			break
		}
	}
	if p := r.problem(t); p.Status != 429 || r.Header.Get("Retry-After") == "" {
		t.Errorf("guessing goes on: %+v", p)
	}
}

func TestCookieIsSecureBehindHTTPS(t *testing.T) {
	w := newWorld(t)
	r := w.as("", "POST", "/api/v1/session", map[string]string{"login": "worker", "password": password}, "X-Forwarded-Proto", "https")
	if c := r.Header.Get("Set-Cookie"); strings.Contains(c, "Secure") {
		t.Error("a stranger's header is believed")
	}
}

// The security administrator gives roles, and must not act as another by a key
// made for them; a key that was stolen must not make others.
func TestKeysAreMadeForOneselfBySignIn(t *testing.T) {
	w := newWorld(t)
	cookie := w.signIn("worker")
	made := func(status int, body map[string]any, cookie, login string) reply {
		t.Helper()
		var header []string
		if cookie != "" {
			header = []string{"Cookie", cookie}
		}
		return w.want(status, w.as(login, "POST", "/api/v1/keys", body, header...))
	}
	var k struct{ Key, Login string }
	made(201, map[string]any{"name": "x"}, cookie, "").into(t, &k)
	if k.Login != "worker" {
		t.Errorf("a key of %q", k.Login)
	}
	made(201, map[string]any{"name": "x", "login": "worker"}, cookie, "")
	made(403, map[string]any{"name": "x", "login": "centre"}, cookie, "")
	w.want(200, w.as(k.Key, "GET", "/api/v1/keys", nil))
	made(403, map[string]any{"name": "x"}, "", k.Key)
	made(403, map[string]any{"name": "x", "login": "centre"}, "", "security")

	if err := w.server.Directory.SetPassword(t.Context(), operator, "security", password); err != nil {
		t.Fatal(err)
	}
	security := w.signIn("security")
	made(403, map[string]any{"name": "x", "login": "centre"}, security, "")
	w.want(200, w.as("", "GET", "/api/v1/keys?login=centre", nil, "Cookie", security)) // they still oversee them
	made(201, map[string]any{"name": "x"}, security, "")
}

// Changing one's password ends the sessions, and the keys if one says so.
func TestPasswordChangeMayRevokeKeys(t *testing.T) {
	w := newWorld(t)
	for _, revoke := range []bool{false, true} {
		cookie, elsewhere := w.signIn("worker"), w.signIn("worker")
		w.want(204, w.as("", "PUT", "/api/v1/session/password",
			map[string]any{"old": password, "new": password, "revoke_keys": revoke}, "Cookie", cookie))
		for _, c := range []string{cookie, elsewhere} {
			w.want(401, w.as("", "GET", "/api/v1/session", nil, "Cookie", c))
		}
		want := 200
		if revoke {
			want = 401
		}
		w.want(want, w.as("worker", "GET", "/api/v1/session", nil))
	}
}

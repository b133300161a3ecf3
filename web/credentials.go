package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"onemap/layers/access"
)

// cookieName is the session's cookie.
const cookieName = "onemap_session"

// credentials finds out whose request it is: a session's cookie, or an API key
// as a bearer token. Credentials that do not hold are an error, never the
// public: an empty map would look like the truth.
func (s *Server) credentials(w http.ResponseWriter, r *http.Request) error {
	st := stateOf(r.Context())
	if auth := r.Header.Get("Authorization"); auth != "" {
		scope, err := s.Directory.Key(r.Context(), bearer(auth))
		st.scope = scope
		return err
	}
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil // the public
	}
	scope, err := s.Directory.Session(r.Context(), c.Value)
	if errors.Is(err, access.ErrUnauthenticated) {
		clearCookie(w, r) // else the page could never start again
	}
	st.scope, st.secret = scope, c.Value
	return err
}

// bearer is the key of an Authorization header, "" (which no key is) for
// another scheme.
func bearer(auth string) string {
	scheme, key, _ := strings.Cut(auth, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

// sessionCookie lasts a week, longer than any session: when that ends is the
// directory's to say, and a phone that closes its browser stays signed in.
func sessionCookie(r *http.Request, token string) *http.Cookie {
	return &http.Cookie{Name: cookieName, Value: token, Path: "/", MaxAge: 7 * 24 * 3600, HttpOnly: true, Secure: isHTTPS(r), SameSite: http.SameSiteLaxMode}
}

func clearCookie(w http.ResponseWriter, r *http.Request) {
	c := sessionCookie(r, "")
	c.MaxAge, c.Expires = -1, time.Unix(0, 0)
	http.SetCookie(w, c)
}

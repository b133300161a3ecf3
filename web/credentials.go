package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"onemap/layers/access"
)

const (
	cookieName = "onemap_session"
	// deviceName is the cookie by which a browser is known that somebody signed
	// in with before: where wrong guesses are counted, and nothing else.
	deviceName = "onemap_device"
	// reasonHeader says why a request is made that touches sensitive layers, in
	// UTF-8, percent-encoded.
	reasonHeader = "Onemap-Reason"
)

// credentials finds out whose request it is: a session's cookie, or an API key
// as a bearer token. Credentials that do not hold are an error, never the
// public: an empty map would look like the truth.
func (s *Server) credentials(w http.ResponseWriter, r *http.Request, half bool) error {
	st := stateOf(r.Context())
	if auth := r.Header.Get("Authorization"); auth != "" {
		if key := bearer(auth); isOpenKey(key) && s.Open != nil {
			visitor, err := s.Open.Key(r.Context(), key)
			st.visitor = visitor
			return err // it has the rights of the public
		}
		scope, err := s.Directory.Key(r.Context(), bearer(auth))
		if err != nil {
			return err
		}
		st.scope = scope
		return s.takeReason(r)
	}
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil // the public
	}
	scope, err := s.Directory.Session(r.Context(), c.Value)
	var lacks *access.FactorError
	switch {
	case errors.As(err, &lacks):
		if !half {
			return err
		}
		scope = lacks.Scope
	case errors.Is(err, access.ErrUnauthenticated):
		clearCookie(w, r) // else the page could never start again
		return err
	case err != nil:
		return err
	}
	st.scope, st.secret = scope, c.Value
	return s.takeReason(r)
}

// takeReason takes the reason that comes with a request, and has it recorded
// before the request is answered: each an hour once, for each thing asked for.
func (s *Server) takeReason(r *http.Request) error {
	text := r.Header.Get(reasonHeader)
	st := stateOf(r.Context())
	if _, ok := st.scope.Person(); text == "" || !ok {
		return nil
	}
	text, err := url.PathUnescape(text)
	if err != nil {
		return inputError("header."+reasonHeader, "", "UTF-8, percent-encoded")
	}
	reason, err := access.CheckReason(text)
	if err != nil {
		return err
	}
	st.scope = st.scope.WithReason(reason)
	p, _ := st.scope.Person()
	object := r.URL.Path
	if c := chi.RouteContext(r.Context()); c != nil {
		for _, name := range []string{"layer", "layers"} {
			if v := c.URLParam(name); v != "" {
				object = "layer/" + v
			}
		}
	}
	return s.reasons.once(p.Login+"\n"+reason+"\n"+object, func() error {
		return s.Directory.RecordReason(r.Context(), st.scope, object, reason, clientAddress(r))
	})
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

// from says where a request comes from, for signing in.
func from(r *http.Request) access.From {
	f := access.From{Address: clientAddress(r), Agent: r.UserAgent()}
	if c, err := r.Cookie(deviceName); err == nil {
		f.Device = c.Value
	}
	return f
}

// sessionCookie lasts a month, longer than any session: when that ends is the
// directory's to say, and a phone that closes its browser stays signed in.
func sessionCookie(r *http.Request, token string) *http.Cookie {
	return &http.Cookie{Name: cookieName, Value: token, Path: "/", MaxAge: 31 * 24 * 3600, HttpOnly: true, Secure: isHTTPS(r), SameSite: http.SameSiteLaxMode}
}

// deviceCookie goes to the addresses that sign in only.
func deviceCookie(r *http.Request, token string) *http.Cookie {
	return &http.Cookie{Name: deviceName, Value: token, Path: "/api/v1", MaxAge: 180 * 24 * 3600, HttpOnly: true, Secure: isHTTPS(r), SameSite: http.SameSiteLaxMode}
}

// cookiesOf are those of a session that was opened.
func cookiesOf(r *http.Request, in access.SignedIn) []string {
	all := []string{sessionCookie(r, in.Token).String()}
	if in.Device != "" {
		all = append(all, deviceCookie(r, in.Device).String())
	}
	return all
}

func clearCookie(w http.ResponseWriter, r *http.Request) {
	c := sessionCookie(r, "")
	c.MaxAge, c.Expires = -1, time.Unix(0, 0)
	http.SetCookie(w, c)
}

package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"onemap/layers/access"
)

// OIDC is signing in through an identity provider: OpenID Connect's code flow
// with PKCE. The provider says who somebody is; what they may do is said here.
type OIDC struct {
	Issuer string // its address, as its discovery document gives it
	ID     string // ours with it
	Secret string // "": a public client
	Name   string // on the button
	// Login is the claim that has the login by which an account is found the
	// first time; "": preferred_username.
	Login string

	mu    sync.Mutex
	found *oidc.Provider // nil: not asked yet; a provider that is down stops nothing else
}

// oidcCookie has what one sign-in must remember until its answer comes.
const (
	oidcCookie = "onemap_oidc"
	oidcPath   = "/api/v1/oidc"
	oidcTime   = 10 * time.Minute
	oidcWait   = 10 * time.Second // for an answer of the provider
)

// errProvider: the provider does not answer, or not as it should.
var errProvider = errors.New("the identity provider")

// begun is what a sign-in remembers.
type begunSignIn struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	To       string `json:"t"`
}

func (o *OIDC) provider(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.found != nil {
		return o.found, nil
	}
	// The keys that it fetches later outlive this request.
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), oidcClient), o.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProvider, err)
	}
	o.found = p
	return p, nil
}

// oidcClient asks the provider, which the operator named.
var oidcClient = &http.Client{Timeout: oidcWait}

func (s *Server) oauth(p *oidc.Provider, r *http.Request) *oauth2.Config {
	return &oauth2.Config{ClientID: s.OIDC.ID, ClientSecret: s.OIDC.Secret, Endpoint: p.Endpoint(),
		RedirectURL: s.baseURL(r) + oidcPath + "/callback", Scopes: []string{oidc.ScopeOpenID, "profile"}}
}

// oidcStart sends the browser to the provider.
func (s *Server) oidcStart(w http.ResponseWriter, r *http.Request) error {
	if s.OIDC == nil {
		return errNoRoute
	}
	if err := onlyQuery(r, "to"); err != nil {
		return err
	}
	p, err := s.OIDC.provider(r.Context())
	if err != nil {
		return s.oidcFailed(w, r, err)
	}
	b := begunSignIn{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), To: ownPage(r.URL.Query().Get("to"))}
	j, err := json.Marshal(b)
	if err != nil {
		return err
	}
	http.SetCookie(w, s.oidcCookie(r, base64.RawURLEncoding.EncodeToString(j), oidcTime))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, s.oauth(p, r).AuthCodeURL(b.State, oidc.Nonce(b.Nonce), oauth2.S256ChallengeOption(b.Verifier)), http.StatusSeeOther)
	return nil
}

// oidcCookie is sent with the provider's redirect, which comes from another
// site: so Lax, not Strict.
func (s *Server) oidcCookie(r *http.Request, value string, age time.Duration) *http.Cookie {
	return &http.Cookie{Name: oidcCookie, Value: value, Path: oidcPath, MaxAge: int(age.Seconds()), HttpOnly: true, Secure: isHTTPS(r) || strings.HasPrefix(s.PublicURL, "https:"), SameSite: http.SameSiteLaxMode}
}

// ownPage is one of our own pages: a sign-in must not lead anywhere else.
func ownPage(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !slices.Contains([]string{"/", "/m", "/desk"}, u.Path) {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery, Fragment: u.Fragment}).String()
}

// oidcCallback takes the provider's answer, and opens a session.
func (s *Server) oidcCallback(w http.ResponseWriter, r *http.Request) error {
	if s.OIDC == nil {
		return errNoRoute
	}
	w.Header().Set("Cache-Control", "no-store")
	b, err := s.oidcBegun(w, r)
	if err != nil {
		return s.oidcFailed(w, r, err)
	}
	id, err := s.oidcIdentity(r, b)
	if err != nil {
		return s.oidcFailed(w, r, err)
	}
	opened, err := s.Directory.SignInAs(r.Context(), id, from(r))
	if err != nil {
		return s.oidcFailed(w, r, err)
	}
	stateOf(r.Context()).scope = opened.Scope
	for _, c := range cookiesOf(r, opened) {
		w.Header().Add("Set-Cookie", c)
	}
	http.Redirect(w, r, b.To, http.StatusSeeOther)
	return nil
}

// oidcBegun reads what this browser's sign-in remembered, once.
func (s *Server) oidcBegun(w http.ResponseWriter, r *http.Request) (b begunSignIn, err error) {
	c, err := r.Cookie(oidcCookie)
	if err != nil {
		return b, fmt.Errorf("%w: this sign-in was not begun in this browser, or too long ago", access.ErrUnauthenticated)
	}
	http.SetCookie(w, s.oidcCookie(r, "", -time.Second))
	j, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || json.Unmarshal(j, &b) != nil || len(b.State) < 20 || len(b.Nonce) < 20 {
		return b, fmt.Errorf("%w: the cookie cannot be read", errBadRequest)
	}
	b.To = ownPage(b.To)
	if subtle.ConstantTimeCompare([]byte(b.State), []byte(r.URL.Query().Get("state"))) != 1 {
		return b, fmt.Errorf("%w: the answer belongs to another sign-in", access.ErrUnauthenticated)
	}
	return b, nil
}

// oidcIdentity proves who the answer speaks of.
func (s *Server) oidcIdentity(r *http.Request, b begunSignIn) (access.Identity, error) {
	if r.URL.Query().Get("error") != "" { // its text is anybody's
		return access.Identity{}, fmt.Errorf("%w: the provider says no", access.ErrUnauthenticated)
	}
	p, err := s.OIDC.provider(r.Context())
	if err != nil {
		return access.Identity{}, err
	}
	ctx := oidc.ClientContext(r.Context(), oidcClient)
	token, err := s.oauth(p, r).Exchange(ctx, r.URL.Query().Get("code"), oauth2.VerifierOption(b.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response.StatusCode < 500:
		return access.Identity{}, fmt.Errorf("%w: the provider does not know this answer", access.ErrUnauthenticated)
	case err != nil:
		return access.Identity{}, fmt.Errorf("%w: %w", errProvider, err)
	}
	raw, _ := token.Extra("id_token").(string)
	proof, err := p.Verifier(&oidc.Config{ClientID: s.OIDC.ID}).Verify(ctx, raw)
	if err != nil || subtle.ConstantTimeCompare([]byte(proof.Nonce), []byte(b.Nonce)) != 1 {
		return access.Identity{}, fmt.Errorf("%w: what the provider says is not proven", access.ErrUnauthenticated)
	}
	var claims map[string]any
	if err := proof.Claims(&claims); err != nil {
		return access.Identity{}, fmt.Errorf("%w: %w", errProvider, err)
	}
	name := s.OIDC.Login
	if name == "" {
		name = "preferred_username"
	}
	login, _ := claims[name].(string)
	return access.Identity{Issuer: proof.Issuer, Subject: proof.Subject, Login: login, Factor: sawFactor(claims["amr"])}, nil
}

// sawFactor says whether the ways in which a provider knew somebody (RFC 8176)
// name a second factor.
func sawFactor(amr any) bool {
	ways, _ := amr.([]any)
	one := func(of ...any) bool {
		return slices.ContainsFunc(ways, func(w any) bool { return slices.Contains(of, w) })
	}
	return one("mfa") || one("pwd", "pin") && one("otp", "hwk", "swk", "sc", "fpt", "face")
}

// oidcFailed brings the browser back to where one signs in, with a word of why.
// What exactly went wrong is for the log.
func (s *Server) oidcFailed(w http.ResponseWriter, r *http.Request, err error) error {
	why := "refused"
	if errors.Is(err, errProvider) {
		why = "away"
	} else if !errors.Is(err, access.ErrUnauthenticated) && !errors.Is(err, errBadRequest) {
		return err
	}
	s.Log.WarnContext(r.Context(), "sign-in by provider", "request", stateOf(r.Context()).id, "from", clientAddress(r), "error", err)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/desk?signin="+why, http.StatusSeeOther)
	return nil
}

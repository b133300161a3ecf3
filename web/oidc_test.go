package web_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"onemap/web"
)

// provider is a small OpenID provider: it asks nobody anything, and says of
// everyone what the test wants said.
type provider struct {
	*httptest.Server
	key    *rsa.PrivateKey
	claims map[string]any // beside those of the protocol
	codes  map[string]url.Values
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		say(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
			"jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		b64 := base64.RawURLEncoding.EncodeToString
		say(w, map[string]any{"keys": []any{map[string]string{"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256",
			"n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		code := rand.Text()
		p.codes[code] = q
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		asked, ok := p.codes[r.FormValue("code")]
		delete(p.codes, r.FormValue("code")) // each once
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		id, secret, _ := r.BasicAuth()
		if !ok || id != "onemap" || secret != "s3cret" || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") || asked.Get("code_challenge_method") != "S256" {
			w.WriteHeader(http.StatusBadRequest)
			say(w, map[string]string{"error": "invalid_grant"})
			return
		}
		claims := map[string]any{"iss": p.URL, "aud": "onemap", "sub": "subject-1", "nonce": asked.Get("nonce"), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()}
		for k, v := range p.claims {
			claims[k] = v
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
		if err != nil {
			t.Error(err)
			return
		}
		body, _ := json.Marshal(claims)
		signed, err := signer.Sign(body)
		if err != nil {
			t.Error(err)
			return
		}
		token, _ := signed.CompactSerialize()
		say(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": token})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// walk follows a sign-in as a browser does, up to our own page. change may
// spoil what the provider sends back.
func (w *world) walk(p *provider, to string, change func(*url.URL)) (cookies map[string]string, page string) {
	w.t.Helper()
	cookies = map[string]string{}
	keep := func(r reply) reply {
		for _, c := range r.Cookies() {
			cookies[c.Name] = c.Value
			if c.MaxAge < 0 {
				delete(cookies, c.Name)
			}
		}
		return r
	}
	r := keep(w.want(303, w.as("", "GET", "/api/v1/oidc/start?to="+url.QueryEscape(to), nil)))
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, r.Header.Get("Location"), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(back.String(), w.url) {
		w.t.Fatalf("the provider sends the browser to %q: %v", back, err)
	}
	if change != nil {
		change(back)
	}
	r = keep(w.want(303, w.as("", "GET", back.RequestURI(), nil, "Cookie", "onemap_oidc="+cookies["onemap_oidc"])))
	return cookies, r.Header.Get("Location")
}

func TestSignInThroughAProvider(t *testing.T) {
	w := newWorld(t)
	w.want(404, w.as("", "GET", "/api/v1/oidc/start", nil))
	p := newProvider(t)
	p.claims = map[string]any{"preferred_username": "worker"}
	w.server.OIDC = &web.OIDC{Issuer: p.URL, ID: "onemap", Secret: "s3cret", Name: "SSO"}
	var s sessionReply
	cookies, page := w.walk(p, "/desk?p=audit", nil)
	if page != "/desk?p=audit" || cookies["onemap_session"] == "" || cookies["onemap_device"] == "" || cookies["onemap_oidc"] != "" {
		t.Fatalf("to %s with %v", page, cookies)
	}
	w.want(200, w.as("", "GET", "/api/v1/session", nil, "Cookie", "onemap_session="+cookies["onemap_session"])).into(t, &s)
	if !s.SignedIn || s.Person.Login != "worker" {
		t.Errorf("%+v", s)
	}
	// From now on the subject counts, whatever the name.
	p.claims = map[string]any{"preferred_username": "admin"}
	if cookies, page = w.walk(p, "//evil.example/", nil); page != "/" || cookies["onemap_session"] == "" {
		t.Errorf("to %s with %v", page, cookies)
	}
	for name, tt := range map[string]struct {
		claims map[string]any
		change func(*url.URL)
	}{
		"another person of the same name": {map[string]any{"sub": "subject-2", "preferred_username": "worker"}, nil},
		"who has no account":              {map[string]any{"sub": "subject-3", "preferred_username": "nobody"}, nil},
		"a token for another program":     {map[string]any{"aud": "another"}, nil},
		"a token of another provider":     {map[string]any{"iss": "https://evil.example"}, nil},
		"a token of long ago":             {map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}, nil},
		"a token of another sign-in":      {map[string]any{"nonce": "another"}, nil},
		"an answer to another browser":    {nil, func(u *url.URL) { q := u.Query(); q.Set("state", "another"); u.RawQuery = q.Encode() }},
		"a code that is none":             {nil, func(u *url.URL) { q := u.Query(); q.Set("code", "guess"); u.RawQuery = q.Encode() }},
		"the provider's no":               {nil, func(u *url.URL) { q := u.Query(); q.Set("error", "access_denied"); u.RawQuery = q.Encode() }},
	} {
		p.claims = tt.claims
		if cookies, page := w.walk(p, "/", tt.change); page != "/desk?signin=refused" || cookies["onemap_session"] != "" {
			t.Errorf("%s: to %s with %v", name, page, cookies)
		}
	}
	p.Close()
	w.server.OIDC = &web.OIDC{Issuer: p.URL, ID: "onemap"}
	if r := w.want(303, w.as("", "GET", "/api/v1/oidc/start", nil)); r.Header.Get("Location") != "/desk?signin=away" {
		t.Errorf("a provider that is away: %s", r.Header.Get("Location"))
	}
}

// A key does what it was made for, on every route.
func TestNarrowKeysOnEveryRoute(t *testing.T) {
	w := newWorld(t)
	cookie := w.signIn("worker")
	made := func(body map[string]any) string {
		t.Helper()
		var k struct{ Key string }
		body["name"] = "x"
		w.want(201, w.as("", "POST", "/api/v1/keys", body, "Cookie", cookie)).into(t, &k)
		return k.Key
	}
	read, write, one := made(map[string]any{"scopes": []string{"read"}}), made(map[string]any{"scopes": []string{"write"}}), made(map[string]any{"layers": []string{"base_road"}})
	for _, tt := range []struct {
		key, name, method, path string
		status                  int
	}{
		{read, "read", "GET", "/api/v1/layers", 200},
		{read, "read", "POST", "/api/v1/incidents", 403},
		{read, "read", "PUT", "/api/v1/positions", 403},
		{write, "write", "GET", "/api/v1/layers", 403},
		{write, "write", "GET", "/api/v1/session", 200},
		{one, "base_road", "GET", "/api/v1/layers/base_road", 200},
		{one, "base_road", "GET", "/api/v1/layers/base_poi", 404},
		{one, "base_road", "GET", "/ogc/collections/base_poi", 404},
		{one, "base_road", "GET", "/api/v1/incidents", 403},
		{one, "base_road", "GET", "/api/v1/tasks", 403},
		{one, "base_road", "GET", "/api/v1/organisations", 403},
		{one, "base_road", "GET", "/api/v1/sessions", 403},
	} {
		r := w.as(tt.key, tt.method, tt.path, nil)
		if r.StatusCode != tt.status {
			t.Errorf("%s %s with the key %s: %d, want %d: %s", tt.method, tt.path, tt.name, r.StatusCode, tt.status, r.body)
		}
		if tt.status == 403 {
			if p := r.problem(t); p.Type != "/problems/key-scope" {
				t.Errorf("%s: %s", tt.path, p.Type)
			}
		}
	}
}

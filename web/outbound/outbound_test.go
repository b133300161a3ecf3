package outbound_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"onemap/web/outbound"
)

var here = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func TestInsideIsNotReached(t *testing.T) {
	asked := false
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer srv.Close()
	tls := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer tls.Close()
	c := outbound.New(nil)
	_, port, _ := strings.Cut(strings.TrimPrefix(tls.URL, "https://"), ":")
	for _, address := range []string{
		srv.URL, tls.URL,
		"https://localhost:" + port, // a name that means this machine
		"https://[::1]:" + port, "https://[::ffff:127.0.0.1]:" + port, "https://2130706433:" + port, "https://0x7f.1:" + port, "https://0:" + port,
		"https://10.0.0.1", "https://192.168.1.1", "https://172.16.0.1", "https://169.254.169.254/latest/meta-data", "https://100.64.0.1",
		"https://[fe80::1]", "https://[fd00::1]", "https://[64:ff9b::7f00:1]", "https://[2002:7f00:1::]", "https://224.0.0.1", "https://255.255.255.255",
		"https://user:password@example.org", "ftp://example.org", "file:///etc/passwd", "https:example.org", "", "https://", "https://exa mple.org", "gopher://x",
	} {
		if _, err := c.Post(context.Background(), address, nil, []byte("{}")); err == nil {
			t.Errorf("%s was reached", address)
		} else if strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: the reason tells an address: %v", address, err)
		}
	}
	if asked {
		t.Error("a server on this machine was asked")
	}
}

func TestAddressesThatCannotBe(t *testing.T) {
	for address, want := range map[string]bool{
		"https://hooks.example.org/a?b=c": true, "https://10.1.2.3/": false, "http://hooks.example.org/": false, "https://[::1]/": false,
		"https://u@example.org/": false, "javascript:alert(1)": false, "https://example.org/#a": false, "https://" + strings.Repeat("a", 3000): false,
	} {
		if err := outbound.New(nil).Check(address); (err == nil) != want {
			t.Errorf("%.60s: %v", address, err)
		}
	}
	lan := outbound.New([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	for address, want := range map[string]bool{"http://10.1.2.3/": true, "https://10.1.2.3/": true, "http://192.168.1.1/": false} {
		if err := lan.Check(address); (err == nil) != want {
			t.Errorf("with 10.0.0.0/8 allowed, %s: %v", address, err)
		}
	}
}

func TestNamedNetworksAreReachedAndRedirectsAreNot(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
		case "/large":
			_, _ = w.Write(make([]byte, 2000))
		case "/busy":
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(503)
		default:
			_, _ = w.Write([]byte(r.Method + r.Header.Get("Webhook-Id")))
		}
	}))
	defer srv.Close()
	c := outbound.New(here)
	for path, want := range map[string]int{"/": 200, "/away": 307, "/busy": 503} {
		got, err := c.Post(t.Context(), srv.URL+path, map[string]string{"webhook-id": "1"}, nil)
		if err != nil || got.Status != want || (path == "/busy") != (got.RetryAfter.Seconds() == 7) {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
	if _, err := c.Get(t.Context(), srv.URL+"/large", 1999); err == nil {
		t.Error("more was read than allowed")
	}
	if b, err := c.Get(t.Context(), srv.URL+"/large", 2000); err != nil || len(b) != 2000 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	// http is for named networks only, also where others are reached by https.
	if _, err := outbound.New([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}).Post(t.Context(), srv.URL, nil, nil); err == nil {
		t.Error("http reached an address that is not named")
	}
}

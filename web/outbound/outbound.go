// Package outbound is onemap as a client of addresses that people type in: of
// webhooks, and of pictures in a report. It never lets them be used to reach
// what is inside (server-side request forgery).
//
// An address is judged when it is dialled, after its name was resolved, so that
// a name that means something else a moment later gains nothing. Allowed are
// public addresses over HTTPS, and what the operator names, over HTTP too:
// receivers in a government's own network. Redirects are not followed, no proxy
// of the environment is used, and answers are read up to a limit.
package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"onemap/layers"
	"onemap/layers/hook"
)

const (
	timeout  = 15 * time.Second
	maxReply = 64 << 10 // of an answer to a delivery, which is thrown away
)

// Client reaches addresses outside. Its methods are safe for concurrent use.
type Client struct {
	networks []netip.Prefix
	secure   *http.Client // public addresses, and networks
	plain    *http.Client // networks only
	// The same for sources that are read whole: an answer may take its time.
	longSecure, longPlain *http.Client
}

// New returns a client that may reach these networks besides public addresses.
func New(networks []netip.Prefix) *Client {
	c := &Client{networks: networks}
	c.secure, c.plain = c.client(c.mayDial), c.client(c.named)
	c.longSecure, c.longPlain = long(c.client(c.mayDial)), long(c.client(c.named))
	return c
}

func (c *Client) client(may func(netip.Addr) bool) *http.Client {
	d := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !may(ap.Addr().Unmap().WithZone("")) {
			return errInside
		}
		return nil
	}}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{DialContext: d.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 16 << 10, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// long has the context alone bound how long an answer takes, once it begins.
func long(c *http.Client) *http.Client {
	c.Timeout = 0
	if t, ok := c.Transport.(*http.Transport); ok {
		t.ResponseHeaderTimeout = 2 * time.Minute
	}
	return c
}

var (
	errInside = errors.New("the address is inside the network; the operator may name it with --outbound")
	errScheme = errors.New("https:// is needed")
)

// mayDial says whether an address is public, or in a network that the operator named.
func (c *Client) mayDial(a netip.Addr) bool { return public(a) || c.named(a) }

func (c *Client) named(a netip.Addr) bool {
	return slices.ContainsFunc(c.networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// reserved are what is not public although Go's own predicates do not say so
// (IANA special-purpose registries), and what wraps an IPv4 address.
var reserved = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10", "::/96")

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, s := range all {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() &&
		!slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Check says, as a [layers.InputError] of the field url, why an address could
// never be posted to. What its name means is seen when it is dialled.
func (c *Client) Check(address string) error {
	u, err := parse(address)
	if err != nil {
		return &layers.InputError{Field: "url", Remedy: err.Error()}
	}
	if u.Scheme == "http" && len(c.networks) == 0 {
		return &layers.InputError{Field: "url", Remedy: errScheme.Error()}
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && !c.mayDial(a.Unmap().WithZone("")) {
		return &layers.InputError{Field: "url", Remedy: errInside.Error()}
	}
	return nil
}

func parse(address string) (*url.URL, error) {
	if len(address) > 2000 {
		return nil, errors.New("at most 2000 bytes")
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("a whole address, https://host/path")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errScheme
	case u.User != nil:
		return nil, errors.New("an address without a user name and password")
	case u.Fragment != "":
		return nil, errors.New("an address without #")
	}
	return u, nil
}

// of is the client for an address.
func (c *Client) of(u *url.URL) *http.Client {
	if u.Scheme == "https" {
		return c.secure
	}
	return c.plain
}

// Post sends a body and returns the status of the answer, whatever it is. An
// error says in a few words why there was none.
func (c *Client) Post(ctx context.Context, address string, header map[string]string, body []byte) (hook.Answer, error) {
	u, err := parse(address)
	if err != nil {
		return hook.Answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return hook.Answer{}, errors.New("no address that can be asked")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	req.Header.Set("User-Agent", "onemap")
	res, err := c.of(u).Do(req)
	if err != nil {
		return hook.Answer{}, plainly(err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, maxReply) // so that the connection can be used again
	return hook.Answer{Status: res.StatusCode, RetryAfter: retryAfter(res.Header.Get("Retry-After"))}, nil
}

// Get reads an address, at most so many bytes.
func (c *Client) Get(ctx context.Context, address string, most int64) ([]byte, error) {
	u, err := parse(address)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("no address that can be asked")
	}
	req.Header.Set("User-Agent", "onemap")
	res, err := c.of(u).Do(req)
	if err != nil {
		return nil, plainly(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %d", res.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err != nil {
		return nil, plainly(err)
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("more than %d bytes", most)
	}
	return b, nil
}

// plainly says what went wrong without addresses: a webhook's may hold a secret.
func plainly(err error) error {
	var timeout net.Error
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, errInside):
		return errInside
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("no answer in time")
	case errors.As(err, &dns):
		return errors.New("no such host")
	case errors.As(err, &cert):
		return errors.New("its certificate does not hold")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("connection refused")
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection was cut")
	case strings.Contains(err.Error(), "tls:"):
		return errors.New("no TLS with it")
	}
	return errors.New("it could not be reached")
}

// retryAfter reads the header Retry-After in seconds; a date is as good as none.
func retryAfter(s string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 || n > 86400 {
		return 0
	}
	return time.Duration(n) * time.Second
}

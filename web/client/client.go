// Package client speaks onemap's public API: what a department's program
// would write for itself. The load driver, the benchmarks and the tests use it.
//
// It knows nothing of the server's inside. Coordinates are longitude and
// latitude in degrees, WGS 84, unless a type says otherwise.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Client calls one server as one person. It is safe for concurrent use once
// its fields are set.
type Client struct {
	URL  string       // of the server, without a path: http://127.0.0.1:8080
	Key  string       // an API key; or sign in
	HTTP *http.Client // nil: one with a timeout of 30 s

	cookie string
}

// A Problem is the server's answer to a request that it refused (RFC 9457).
type Problem struct {
	Type       string        `json:"type"`
	Title      string        `json:"title"`
	Status     int           `json:"status"`
	Detail     string        `json:"detail"`
	RetryAfter time.Duration `json:"-"` // how long to wait; 0: not said
	Errors     []struct {
		Field  string `json:"field"`
		Remedy string `json:"remedy"`
	} `json:"errors"`
}

func (p *Problem) Error() string {
	s := fmt.Sprintf("%d %s", p.Status, p.Title)
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	for _, e := range p.Errors {
		s += fmt.Sprintf("; %s: %s", e.Field, e.Remedy)
	}
	return s
}

// Temporary says whether the same request may succeed later: the connection
// failed, or the server was busy, stopping or not yet ready. A write that is
// sent again keeps its UUID, so it is safe even if the first one arrived.
func Temporary(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var p *Problem
	if errors.As(err, &p) {
		return p.Status == http.StatusTooManyRequests || p.Status >= 500
	}
	return true
}

// SignIn begins a session. It returns a [Problem] for a wrong password.
func (c *Client) SignIn(ctx context.Context, login, password string) error {
	resp, err := c.send(ctx, http.MethodPost, "/api/v1/session", map[string]string{"login": login, "password": password})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	for _, k := range resp.Cookies() {
		c.cookie = k.Name + "=" + k.Value
	}
	if c.cookie == "" {
		return errors.New("sign in: the answer has no session")
	}
	return nil
}

// Get reads a path of the API into v.
func (c *Client) Get(ctx context.Context, path string, query url.Values, v any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.do(ctx, http.MethodGet, path, nil, v)
}

func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	resp, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	} else {
		err = json.NewDecoder(resp.Body).Decode(out)
	}
	if err != nil {
		// Cut short on its way: whether the write happened is not known.
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}

// send returns an answer of status 2xx, and a [Problem] for any other.
func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	if in == nil {
		return c.sendBody(ctx, method, path, "", nil)
	}
	b, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return c.sendBody(ctx, method, path, "application/json", bytes.NewReader(b))
}

// sendBody is send for a body of some type; "" for none.
func (c *Client) sendBody(ctx context.Context, method, path, kind string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.URL, "/")+path, body)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	c.sign(req)
	resp, err := c.http().Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, fmt.Errorf("%s %s: %w", method, path, problemOf(resp))
}

func (c *Client) sign(req *http.Request) {
	if c.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.Key)
	} else if c.cookie != "" {
		req.Header.Set("Cookie", c.cookie)
	}
}

func (c *Client) http() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	return standard
}

var standard = &http.Client{Timeout: 30 * time.Second}

func problemOf(resp *http.Response) *Problem {
	p := &Problem{}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if json.Unmarshal(b, p) != nil || p.Status == 0 { // a proxy's page
		p.Title = http.StatusText(resp.StatusCode)
	}
	p.Status = resp.StatusCode
	if s, err := time.ParseDuration(resp.Header.Get("Retry-After") + "s"); err == nil {
		p.RetryAfter = s
	}
	return p
}

package outbound

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Sources that departments name, to be read whole: files and services over
// HTTP, databases over TCP.

// Open asks for an address and returns the answer, whatever its status; the
// caller bounds and closes the body. An error says in a few words why there was none.
func (c *Client) Open(ctx context.Context, address string, header map[string]string) (status int, answer func(name string) string, body io.ReadCloser, err error) {
	u, err := parse(address)
	if err != nil {
		return 0, nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, nil, nil, errors.New("no address that can be asked")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	req.Header.Set("User-Agent", "onemap")
	client := c.longPlain
	if u.Scheme == "https" {
		client = c.longSecure
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, nil, plainly(err)
	}
	return res.StatusCode, res.Header.Get, res.Body, nil
}

// Dial connects to a database: to networks that the operator named, and with
// verified TLS, which the caller sees to, to public addresses too.
func (c *Client) Dial(ctx context.Context, address string, verified bool) (net.Conn, error) {
	may := c.named
	if verified {
		may = c.mayDial
	}
	d := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Control: func(network, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !may(ap.Addr().Unmap().WithZone("")) {
			return errInside
		}
		return nil
	}}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, plainly(err)
	}
	return conn, nil
}

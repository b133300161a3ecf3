package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

const (
	// bodyTime is how long a body may take before its pace is looked at.
	bodyTime = 30 * time.Second
	// leastPace is how fast it must come after that, on the whole: a phone with
	// hardly a signal is faster.
	leastPace = 4 << 10 // bytes a second
)

// limitPace cuts off a client that drips its body: each byte a while after the
// last, so that a few machines hold every connection (Slowloris). A large file
// over a slow line passes. It stands before routes that stream, too.
//
// It takes the place of the deadline that http.Server.ReadTimeout sets, which
// holds where no route does: a body that is sent to nowhere.
func limitPace(grace time.Duration) func(http.Handler) http.Handler {
	if grace == 0 {
		grace = bodyTime
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b := &pacedBody{ReadCloser: r.Body, control: http.NewResponseController(w), began: time.Now(), grace: grace}
			if r.Body == nil || r.Body == http.NoBody {
				// A deadline that passes would look as if the client had left.
				_ = b.control.SetReadDeadline(time.Time{}) // best effort: not every writer has deadlines
			} else {
				b.wait() // also for what nobody reads: the server does, to use the connection again
				r.Body = b
			}
			next.ServeHTTP(w, r)
		})
	}
}

// pacedBody is a body that must keep a pace.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	began   time.Time
	grace   time.Duration
	got     int64 // bytes
}

func (b *pacedBody) wait() {
	_ = b.control.SetReadDeadline(b.began.Add(b.grace + time.Duration(b.got)*time.Second/leastPace))
}

func (b *pacedBody) Read(p []byte) (int, error) {
	b.wait()
	n, err := b.ReadCloser.Read(p)
	b.got += int64(n)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, slowBody{err}
	case errors.Is(err, io.EOF):
		_ = b.control.SetReadDeadline(time.Time{}) // it is here: the answer may take its time
	}
	return n, err
}

// slowBody is [errSlowBody], and a net.Error as huma knows it.
type slowBody struct{ error }

func (slowBody) Timeout() bool     { return true }
func (slowBody) Temporary() bool   { return false }
func (e slowBody) Unwrap() []error { return []error{errSlowBody, e.error} }

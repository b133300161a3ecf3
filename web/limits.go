package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/httprate"
)

// limitBody refuses bodies over max bytes: by their stated length at once, else
// when they turn out to be longer.
func limitBody(max int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > max {
				w.Header().Set("Connection", "close")
				fail(w, r, fmt.Errorf("%w: at most %d bytes", errTooLarge, max))
				return
			}
			// One more than huma's own limit, so that huma names it.
			r.Body = http.MaxBytesReader(w, r.Body, max+1)
			next.ServeHTTP(w, r)
		})
	}
}

// readingTime is how long a client may take to read an answer, after the time
// that making it may take: a page of features over a slow line.
const readingTime = 3 * time.Minute

// limitTime ends the request's context after d: a query that hangs is
// cancelled, and the answer says so. A client that does not read its answer is
// cut off; for one that drips its body see [limitPace].
func limitTime(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			// Best effort: not every writer has deadlines.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d + readingTime))
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// limitRate refuses more than n calls a minute from one address. It slows down
// the guessing of passwords over many accounts; guessing at one account locks
// it (layers/access).
func limitRate(n int) func(http.Handler) http.Handler {
	return httprate.LimitBy(n, time.Minute,
		func(r *http.Request) (string, error) { return httprate.CanonicalizeIP(clientAddress(r)), nil },
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) { fail(w, r, errTooMany) }))
}

package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"onemap/layers/access"
	"onemap/layers/opendata"
)

// state is what one request carries from middleware to middleware.
type state struct {
	id      string
	began   time.Time
	pattern string // of the route; "" where none matched
	scope   access.Scope
	visitor opendata.Key  // of the public; zero: none
	secret  string        // the session's token; "" where there is none
	err     error         // what went wrong on our side, for the log
	request *http.Request // as it came
}

type stateKey struct{}

// requestID is a header's name, as net/http writes it.
const requestID = "X-Request-Id"

// stateOf returns the request's state; a fresh one where there is none.
func stateOf(ctx context.Context) *state {
	if st, ok := ctx.Value(stateKey{}).(*state); ok {
		return st
	}
	return new(state)
}

// scopeOf returns whose request it is.
func scopeOf(ctx context.Context) access.Scope { return stateOf(ctx).scope }

// withState gives every request its state, with an id that the answer, the
// log and a problem's instance carry. A client's own id is not believed: it
// could be made to collide. A tile goes without it unless it fails: its headers
// are then eight, the most that Go keeps without a table.
func withState(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st := &state{id: rand.Text()[:16], began: time.Now(), request: r}
		if !isTile(r) {
			w.Header()[requestID] = []string{st.id}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), stateKey{}, st)))
	})
}

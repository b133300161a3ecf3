package web

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// recoverer answers 500 where a handler panics, so that one bad request does
// not end the others on its connection. The stack goes to the log.
func recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				fail(w, r, fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

package web

import (
	"context"
	"fmt"
	"net/http"

	"onemap/layers/access"
)

// socket hands a live connection to the hub, with a way to ask again whose it is.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) error {
	if s.Hub == nil {
		return fmt.Errorf("live: %w", errUnavailable)
	}
	s.Hub.ServeWS(w, r, scopeOf(r.Context()), s.rescope(r))
	return nil
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	if s.Hub == nil {
		return fmt.Errorf("live: %w", errUnavailable)
	}
	s.Hub.ServeSSE(w, r, scopeOf(r.Context()), s.rescope(r))
	return nil
}

// rescope finds out anew what the caller's credentials allow.
func (s *Server) rescope(r *http.Request) func(context.Context) (access.Scope, error) {
	auth, secret := r.Header.Get("Authorization"), stateOf(r.Context()).secret
	reason := scopeOf(r.Context()).RequestReason()
	return func(ctx context.Context) (scope access.Scope, err error) {
		switch {
		case isOpenKey(bearer(auth)) && s.Open != nil:
			_, err = s.Open.Key(ctx, bearer(auth))
			return access.Scope{}, err // it has the rights of the public
		case auth != "":
			scope, err = s.Directory.Key(ctx, bearer(auth))
		case secret != "":
			scope, err = s.Directory.Session(ctx, secret)
		default:
			return access.Scope{}, nil // the public
		}
		if err == nil && reason != "" {
			scope = scope.WithReason(reason)
		}
		return scope, err
	}
}

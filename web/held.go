package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"onemap/layers"
)

const (
	// heldFor is how long a right is taken to hold while an answer is on its way.
	heldFor = 200 * time.Millisecond
	// heldWait is how long finding out may take, where the log is behind.
	heldWait = 10 * time.Second
)

// held returns a question: does the caller still have the right that q was made
// by? It is asked while a long answer goes out. A grant may be withdrawn
// meanwhile, a session ended, the portal closed; who reads slowly shall not be
// handed rows after that.
func (s *Server) held(r *http.Request, q featureQuery) func() error {
	again, was := s.rescope(r), q.right.Fingerprint()
	return func() error {
		ctx, cancel := context.WithTimeout(r.Context(), heldWait)
		defer cancel()
		scope, err := again(ctx)
		if err != nil {
			return err
		}
		l, err := s.Store.Layer(ctx, q.Layer.Name)
		if err != nil {
			return err
		}
		if right, ok := scope.Layer(l); !ok || right.Fingerprint() != was {
			return fmt.Errorf("the right to layer %q changed on the way: %w", l.Name, layers.ErrNotFound)
		}
		return nil
	}
}

// heldPerson is the question for sheets, which are made of more than one layer:
// is the caller still who they were, with the same roles in the same place, and
// do they see the same of the incidents that most sheets count or list?
func (s *Server) heldPerson(r *http.Request) func() error {
	again, was := s.rescope(r), scopeOf(r.Context())
	person, _ := was.Person()
	return func() error {
		ctx, cancel := context.WithTimeout(r.Context(), heldWait)
		defer cancel()
		scope, err := again(ctx)
		if err != nil {
			return err
		}
		incidents, err := s.Store.Layer(ctx, "incident")
		if err != nil {
			return err
		}
		right, sees := scope.Layer(incidents)
		before, saw := was.Layer(incidents)
		now, _ := scope.Person()
		if now.Login != person.Login || !slices.Equal(now.Roles, person.Roles) || scope.Org().Code != was.Org().Code || sees != saw || right.Fingerprint() != before.Fingerprint() {
			return fmt.Errorf("the caller's rights changed on the way: %w", layers.ErrNotFound)
		}
		return nil
	}
}

// heldWriter asks before the first byte, which may have waited for its turn, and
// from then on each [heldFor].
type heldWriter struct {
	io.Writer
	held  func() error
	asked time.Time
}

func (w *heldWriter) Write(b []byte) (int, error) {
	if time.Since(w.asked) > heldFor {
		if err := w.held(); err != nil {
			return 0, err
		}
		w.asked = time.Now()
	}
	return w.Writer.Write(b)
}

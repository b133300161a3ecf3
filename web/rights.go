package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// layer returns a layer and the caller's right to it. A layer that the caller
// may not know of is as one that is not there.
func (s *Server) layer(ctx context.Context, name string) (layers.Layer, access.Right, error) {
	l, err := s.Store.Layer(ctx, name)
	if err != nil {
		return layers.Layer{}, access.Right{}, err
	}
	right, ok := scopeOf(ctx).Layer(l)
	if !ok {
		return layers.Layer{}, access.Right{}, fmt.Errorf("layer %q: %w", name, layers.ErrNotFound)
	}
	if scopeOf(ctx).LacksReason(l) {
		return layers.Layer{}, access.Right{}, fmt.Errorf("%s: %w", name, access.ErrReason)
	}
	s.Usage.Count(scopeOf(ctx), name)
	return l, right, s.looked(ctx, l)
}

// partly says whether a right leaves rows out.
func partly(r access.Right) bool { return !where.IsTrue(r.Where) }

// audit records what the caller did or saw.
func (s *Server) audit(ctx context.Context, r *http.Request, e access.Entry) error {
	e.Address = clientAddress(r)
	return s.Audit.Record(ctx, scopeOf(ctx), e)
}

// requestOf is the request behind a huma context.
func requestOf(ctx huma.Context) *http.Request {
	r, _ := humachi.Unwrap(ctx)
	return r
}

// inputError says what is wrong with what a caller sent.
func inputError(field, value, remedy string) error {
	return &layers.InputError{Field: field, Value: layers.Short(value), Remedy: remedy}
}

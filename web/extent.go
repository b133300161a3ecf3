package web

import (
	"context"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/search"
)

// extents remembers where the layers' data is. It is a hint for where to look
// first, the same for everyone, and may be ten seconds old.
type extents struct {
	mu sync.Mutex
	by map[string]extent
}

type extent struct {
	bound orb.Bound
	read  time.Time
}

// extent says where a layer's data is, to someone with that right. To who sees
// a part of it only it is where the city is: the edges of the data would tell
// of rows that are none of theirs, as where the one worker on duty is.
func (s *Server) extent(ctx context.Context, layer string, right access.Right) (orb.Bound, error) {
	if partly(right) {
		return s.cityExtent(ctx)
	}
	return s.extents.of(ctx, s.Store, layer)
}

// cityExtent is where the grids are; else where the streets are. It is no
// secret: the page needs it before anyone signs in.
func (s *Server) cityExtent(ctx context.Context) (orb.Bound, error) {
	for _, name := range []string{"grid_unit", "grid_duty", "grid_community", "base_road", "base_boundary"} {
		b, err := s.extents.of(ctx, s.Store, name)
		if err != nil || !b.IsEmpty() {
			return b, err
		}
	}
	return search.Empty, nil
}

const extentAge = 10 * time.Second

func (e *extents) of(ctx context.Context, in *layers.Store, layer string) (orb.Bound, error) {
	e.mu.Lock()
	have, known := e.by[layer]
	e.mu.Unlock()
	if known && time.Since(have.read) < extentAge {
		return have.bound, nil
	}
	l, err := in.Layer(ctx, layer)
	if err != nil {
		return orb.Bound{}, err
	}
	b, ok, err := in.Extent(ctx, l)
	if err != nil {
		return orb.Bound{}, err
	}
	if !ok {
		b = search.Empty
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.by == nil {
		e.by = map[string]extent{}
	}
	e.by[layer] = extent{b, time.Now()}
	return b, nil
}

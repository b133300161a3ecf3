package web

import (
	"context"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/search"
)

// extents remembers where the layers' data is. It is a hint for where to look
// first, the same for everyone, and may be a minute old.
type extents struct {
	mu sync.Mutex
	by map[string]extent
}

type extent struct {
	bound orb.Bound
	read  time.Time
}

const extentAge = time.Minute

func (e *extents) of(ctx context.Context, in *search.Index, layer string) (orb.Bound, error) {
	e.mu.Lock()
	have, ok := e.by[layer]
	e.mu.Unlock()
	if ok && time.Since(have.read) < extentAge {
		return have.bound, nil
	}
	b, err := in.Extent(ctx, layer)
	if err != nil {
		return orb.Bound{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.by == nil {
		e.by = map[string]extent{}
	}
	e.by[layer] = extent{b, time.Now()}
	return b, nil
}

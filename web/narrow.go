package web

import (
	"context"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// narrow makes the filter a condition, a grid's code standing for the grids
// that it is made of, too.
func (s *Server) narrow(ctx context.Context, f Filter, l layers.Layer, right access.Right) (where.Cond, error) {
	f, err := s.withGrids(ctx, f)
	if err != nil {
		return nil, err
	}
	return f.cond(l, right)
}

// withGrids finds what the filter's grids are made of, once for all layers.
// Which grids make up another is told to staff only: to the public a code
// stands for itself.
func (s *Server) withGrids(ctx context.Context, f Filter) (Filter, error) {
	if f.Grid == "" || f.grids != nil {
		return f, nil
	}
	codes, err := list("query.grid", f.Grid, 200)
	if err != nil {
		return f, err
	}
	if _, staff := scopeOf(ctx).Person(); !staff {
		f.grids = codes
		return f, nil
	}
	f.grids, err = s.Search.Grids(ctx, codes)
	return f, err
}

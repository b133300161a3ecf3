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
	if f.Grid != "" {
		codes, err := list("query.grid", f.Grid, 200)
		if err != nil {
			return nil, err
		}
		if f.grids, err = s.Search.Grids(ctx, codes); err != nil {
			return nil, err
		}
	}
	return f.cond(l, right)
}

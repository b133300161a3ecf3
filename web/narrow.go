package web

import (
	"context"

	"github.com/paulmach/orb"

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

// nearness is added to a box before the right is reduced to it, in degrees: boxes
// in an index are of single precision, so that a little more may be found.
const nearness = 1e-4

// rightIn is the condition of a right for an answer that is narrowed. Where that is to
// a box, what the box decides is left out, as of tiles: see [access.Right.At].
func rightIn(l layers.Layer, right access.Right, narrow ...where.Cond) where.Cond {
	for _, c := range narrow {
		if box, ok := boxAround(c); ok {
			return right.At(box.Pad(nearness), l).Where
		}
	}
	return right.Where
}

// boxAround is a box that all rows of a condition lie in; false where it names none.
func boxAround(c where.Cond) (orb.Bound, bool) {
	switch c := c.(type) {
	case where.Within:
		return c.Bound, true
	case where.All:
		for _, m := range c {
			if b, ok := boxAround(m); ok {
				return b, true
			}
		}
	}
	return orb.Bound{}, false
}

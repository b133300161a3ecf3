package access

import (
	"slices"

	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
)

// At returns the right as it stands for the features of a box (degrees, lon and
// lat): a condition on an area that covers the box is true there, one on an
// area or on grids away from it is false. So a worker's tile inside her town
// has the town's fingerprint. b must hold all that the answer may show: for a
// tile, its buffer too.
//
// Only point layers are reduced: a line has its area_code from its middle and
// may reach into a box where its area does not. And only where the outlines
// leave no doubt; else the condition stays.
func (r Right) At(b orb.Bound, l layers.Layer) Right {
	if r.scope == nil || l.Geometry != "Point" || where.IsTrue(r.Where) && len(r.More) == 0 {
		return r
	}
	r.Where = where.Simplify(r.scope.reduce(r.Where, b))
	if len(r.More) == 0 {
		return r
	}
	var more []More
	for _, m := range r.More {
		m.Where = where.Simplify(r.scope.reduce(m.Where, b))
		switch {
		case where.IsFalse(m.Where):
		case where.IsTrue(m.Where) || where.Canon(m.Where) == where.Canon(r.Where):
			r.Fields = inOrder(l, r.Fields, m.Fields) // on every row here
		default:
			more = append(more, m)
		}
	}
	r.More = nil
	for _, m := range more {
		m.Fields = slices.DeleteFunc(slices.Clone(m.Fields), func(f string) bool { return slices.Contains(r.Fields, f) })
		if len(m.Fields) > 0 {
			r.More = append(r.More, m)
		}
	}
	return r
}

// inOrder returns the fields of both lists in the layer's order.
func inOrder(l layers.Layer, a, b []string) []string {
	var out []string
	for _, f := range l.Fields {
		if slices.Contains(a, f.Name) || slices.Contains(b, f.Name) {
			out = append(out, f.Name)
		}
	}
	return out
}

// reduce replaces what a box decides. It does not look under a Not: there the
// empty values of other fields would have to be thought through.
func (s *scope) reduce(c where.Cond, b orb.Bound) where.Cond {
	switch c := c.(type) {
	case where.All:
		out := make(where.All, len(c))
		for i, m := range c {
			out[i] = s.reduce(m, b)
		}
		return out
	case where.Any:
		out := make(where.Any, len(c))
		for i, m := range c {
			out[i] = s.reduce(m, b)
		}
		return out
	case where.Prefix:
		if c.Field != "area_code" || s.areas == nil {
			return c
		}
		switch s.areas.relation(c.Prefix, b) {
		case covers:
			return where.True
		case apart:
			return where.False
		}
	case where.In:
		if c.Field == "grid_code" && s.awayFrom(c.Values, b) {
			return where.False
		}
	case where.Eq:
		if v, ok := c.Value.(string); ok && c.Field == "grid_code" && s.awayFrom([]string{v}, b) {
			return where.False
		}
	}
	return c
}

// awayFrom says whether b meets none of the grids. It knows the bounds of the
// caller's own grids and of those that grants name; about others it says no.
func (s *scope) awayFrom(codes []string, b orb.Bound) bool {
	for _, code := range codes {
		bound, ok := s.bounds[code]
		if !ok || bound.IsEmpty() || bound.Pad(slack).Intersects(b) {
			return false
		}
	}
	return true
}

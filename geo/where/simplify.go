package where

import (
	"slices"
	"strings"
)

// Simplify returns an equivalent condition in normal form: nested Alls and
// Anys flattened, constants folded, members sorted and without repeats, an
// empty prefix gone. Equal rights come out as equal values. It does not change c.
func Simplify(c Cond) Cond {
	switch c := c.(type) {
	case All:
		return gather(c, IsTrue, IsFalse, False, func(cs []Cond) Cond { return All(cs) },
			func(c Cond) ([]Cond, bool) { a, ok := c.(All); return a, ok })
	case Any:
		return gather(c, IsFalse, IsTrue, True, func(cs []Cond) Cond { return Any(cs) },
			func(c Cond) ([]Cond, bool) { a, ok := c.(Any); return a, ok })
	case Not:
		in := Simplify(c.C)
		switch {
		case IsTrue(in):
			return False
		case IsFalse(in):
			return True
		}
		return Not{in}
	case In:
		vs := slices.Compact(slices.Sorted(slices.Values(c.Values)))
		switch len(vs) {
		case 0:
			return False
		case 1:
			return Eq{c.Field, vs[0]}
		}
		return In{c.Field, vs}
	case Prefix:
		if c.Prefix == "" {
			return True
		}
	case Range:
		if c.Min == nil && c.Max == nil {
			return Not{Empty{c.Field}}
		}
	}
	return c
}

// gather simplifies the members of an All or an Any. A neutral member is left
// out, an absorbing one decides the whole, members of the same kind are taken
// in, and of several prefixes or equal members one is kept.
func gather(cs []Cond, neutral, absorbing func(Cond) bool, decided Cond, wrap func([]Cond) Cond, same func(Cond) ([]Cond, bool)) Cond {
	var out []Cond
	for _, c := range cs {
		c = Simplify(c)
		if absorbing(c) {
			return decided
		}
		if neutral(c) {
			continue
		}
		if inner, ok := same(c); ok {
			out = append(out, inner...)
			continue
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Cond) int { return strings.Compare(Canon(a), Canon(b)) })
	out = slices.CompactFunc(out, func(a, b Cond) bool { return Canon(a) == Canon(b) })
	if len(out) == 1 {
		return out[0]
	}
	return wrap(out)
}

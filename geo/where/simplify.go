package where

import (
	"slices"
	"strings"

	"github.com/paulmach/orb"
)

// Simplify returns an equivalent condition in normal form: nested Alls and
// Anys flattened, constants folded, members sorted and without repeats, and
// without those that another member makes superfluous. Equal rights come out
// as equal values. It does not change c.
//
// Equivalent means in three-valued logic, so that it may stand under a Not: a
// comparison with an empty field stays unknown.
func Simplify(c Cond) Cond {
	switch c := c.(type) {
	case All:
		return gather(c, true)
	case Any:
		return gather(c, false)
	case Not:
		switch in := Simplify(c.C).(type) {
		case Not:
			return in.C
		case All:
			if len(in) == 0 {
				return False
			}
			return Not{in}
		case Any:
			if len(in) == 0 {
				return True
			}
			return Not{in}
		default:
			return Not{in}
		}
	case In:
		vs := c.Values
		if !ascending(vs) {
			vs = slices.Compact(slices.Sorted(slices.Values(vs)))
		}
		switch len(vs) {
		case 0:
			return False
		case 1:
			return Eq{c.Field, vs[0]}
		}
		return In{c.Field, vs}
	case Prefix:
		if c.Prefix == "" {
			return Not{Empty{c.Field}}
		}
	case Range:
		if c.Min == nil && c.Max == nil {
			return Not{Empty{c.Field}}
		}
		// Flags of an end that is not there mean nothing.
		c.MinOpen, c.MaxClosed = c.MinOpen && c.Min != nil, c.MaxClosed && c.Max != nil
		return c
	case Like:
		return c.simplified()
	case Spatial:
		return c.simplified()
	}
	return c
}

// simplified turns a pattern without wildcards into the text it is, and one
// whose only wildcard is a % at its end into a prefix: there are indexes for them.
func (c Like) simplified() Cond {
	text, whole, prefix := c.Plain()
	switch {
	case c.Fold && (Fold(c.Pattern) != c.Pattern):
		return Like{c.Field, Fold(c.Pattern), true}
	case c.Fold:
		return c
	case whole:
		return Eq{c.Field, text}
	case prefix && text != "": // an empty prefix is never unknown
		return Prefix{c.Field, text}
	}
	return c
}

// simplified turns what asks for a box into a Within, and disjoint into its
// negation: one form for all who run it.
func (c Spatial) simplified() Cond {
	switch g := c.Geometry.(type) {
	case orb.Bound:
		c.Geometry = g.ToPolygon()
	case orb.Ring:
		c.Geometry = orb.Polygon{g}
	}
	switch c.Op {
	case "disjoint":
		return Not{Spatial{"intersects", c.Geometry}.simplified()}
	case "intersects":
		if p, ok := c.Geometry.(orb.Polygon); ok && len(p) == 1 {
			if b := p.Bound(); isBox(p[0], b) {
				return Within{b}
			}
		}
	}
	return c
}

// isBox says whether a ring is the outline of a box that has an area.
func isBox(r orb.Ring, b orb.Bound) bool {
	if len(r) != 5 || b.Min[0] >= b.Max[0] || b.Min[1] >= b.Max[1] || r[0] != r[4] || r[0] == r[2] || r[1] == r[3] {
		return false
	}
	for i := 1; i < len(r); i++ {
		p, q := r[i-1], r[i]
		corner := (p[0] == b.Min[0] || p[0] == b.Max[0]) && (p[1] == b.Min[1] || p[1] == b.Max[1])
		if !corner || (p[0] == q[0]) == (p[1] == q[1]) { // each edge goes along one axis
			return false
		}
	}
	return true
}

// ascending says whether a list is sorted and without repeats: a worker's grids
// always are, and there may be hundreds.
func ascending(vs []string) bool {
	for i := 1; i < len(vs); i++ {
		if vs[i-1] >= vs[i] {
			return false
		}
	}
	return true
}

// gather simplifies the members of an All (all) or an Any.
func gather(cs []Cond, all bool) Cond {
	var out []member
	for _, c := range cs {
		c = Simplify(c)
		inner := []Cond{c}
		switch c := c.(type) {
		case All:
			switch {
			case all:
				inner = c // taken in; the empty one is neutral
			case len(c) == 0:
				return True
			}
		case Any:
			switch {
			case !all:
				inner = c
			case len(c) == 0:
				return False
			}
		}
		for _, c := range inner {
			out = append(out, member{c, Canon(c)})
		}
	}
	if !all {
		out = joinLists(out)
	}
	slices.SortFunc(out, func(a, b member) int { return strings.Compare(a.text, b.text) })
	out = slices.CompactFunc(out, func(a, b member) bool { return a.text == b.text })
	out = dropImplied(out, all)
	if len(out) == 1 {
		return out[0].c
	}
	kept := make([]Cond, len(out))
	for i, m := range out {
		kept[i] = m.c
	}
	if all {
		return All(kept)
	}
	return Any(kept)
}

// member is a condition with its canonical text.
type member struct {
	c    Cond
	text string
}

// joinLists makes one list of all texts that a field is compared with in an Any.
func joinLists(ms []member) []member {
	values := map[string][]string{}
	count := map[string]int{}
	for _, m := range ms {
		if f, vs, ok := texts(m.c); ok {
			values[f] = append(values[f], vs...)
			count[f]++
		}
	}
	var out []member
	for _, m := range ms {
		f, _, ok := texts(m.c)
		if !ok || count[f] == 1 {
			out = append(out, m)
			continue
		}
		if vs := values[f]; vs != nil {
			c := Simplify(In{f, vs})
			out = append(out, member{c, Canon(c)})
			values[f] = nil
		}
	}
	return out
}

// texts returns what a condition compares a field with, if that is texts.
func texts(c Cond) (field string, values []string, ok bool) {
	switch c := c.(type) {
	case In:
		return c.Field, c.Values, true
	case Eq:
		if s, ok := c.Value.(string); ok {
			return c.Field, []string{s}, true
		}
	}
	return "", nil, false
}

// dropImplied leaves out the members of an All that another one implies, and
// the members of an Any that imply another one. No two are equal.
func dropImplied(ms []member, all bool) []member {
	if len(ms) > impliesMembers {
		return ms
	}
	for i := 0; i < len(ms); {
		superfluous := false
		for j, o := range ms {
			if i != j && (all && implies(o.c, ms[i].c, impliesDepth) || !all && implies(ms[i].c, o.c, impliesDepth)) {
				superfluous = true
				break
			}
		}
		if superfluous {
			ms = slices.Delete(ms, i, i+1)
			continue
		}
		i++
	}
	return ms
}

// Callers send filters, so the work on one is bounded: rights are far smaller.
const (
	impliesMembers = 64 // beyond, superfluous members stay
	impliesDepth   = 4  // of conditions in conditions
)

// implies says whether a is never truer than b, for the shapes that rights
// have: a longer prefix, one value of a list, one of several conditions. Both
// are simplified.
func implies(a, b Cond, depth int) bool {
	if same(a, b) {
		return true
	}
	if depth == 0 {
		return false
	}
	switch b := b.(type) {
	case Prefix:
		if a, ok := a.(Prefix); ok {
			return a.Field == b.Field && strings.HasPrefix(a.Prefix, b.Prefix)
		}
		if f, vs, ok := texts(a); ok {
			return f == b.Field && !slices.ContainsFunc(vs, func(v string) bool { return !strings.HasPrefix(v, b.Prefix) })
		}
	case In:
		if f, vs, ok := texts(a); ok {
			return f == b.Field && !slices.ContainsFunc(vs, func(v string) bool {
				_, found := slices.BinarySearch(b.Values, v)
				return !found
			})
		}
	case Any:
		for _, m := range b {
			if implies(a, m, depth-1) {
				return true
			}
		}
	}
	if a, ok := a.(All); ok {
		for _, m := range a {
			if implies(m, b, depth-1) {
				return true
			}
		}
	}
	return false
}

// same says whether two simplified conditions are equal. It looks at the most
// telling first: most are of different kinds, or of different fields.
func same(a, b Cond) bool {
	switch a := a.(type) {
	case All:
		b, ok := b.(All)
		return ok && slices.EqualFunc(a, b, same)
	case Any:
		b, ok := b.(Any)
		return ok && slices.EqualFunc(a, b, same)
	case Not:
		b, ok := b.(Not)
		return ok && same(a.C, b.C)
	case Eq:
		b, ok := b.(Eq)
		return ok && a.Field == b.Field && value(a.Value) == value(b.Value)
	case In:
		b, ok := b.(In)
		return ok && a.Field == b.Field && slices.Equal(a.Values, b.Values)
	case Range:
		b, ok := b.(Range)
		return ok && a.Field == b.Field && a.MinOpen == b.MinOpen && a.MaxClosed == b.MaxClosed &&
			value(a.Min) == value(b.Min) && value(a.Max) == value(b.Max)
	case Spatial:
		b, ok := b.(Spatial)
		return ok && a.Op == b.Op && (a.Geometry == nil) == (b.Geometry == nil) && (a.Geometry == nil || orb.Equal(a.Geometry, b.Geometry))
	case Prefix, Like, Empty, Within:
		return a == b
	}
	return a == nil && b == nil
}

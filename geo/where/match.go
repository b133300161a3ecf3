package where

import (
	"cmp"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"onemap/geo/relate"
)

// truth is a value of three-valued logic: SQL's and ours.
type truth int8

const (
	no truth = iota - 1
	unknown
	yes
)

// A Place is where a feature is.
type Place interface {
	// Meets says whether the geometry meets a box, in degrees of EPSG:4326;
	// edges belong to it.
	Meets(orb.Bound) bool
	// Geometry returns the geometry, in EPSG:4326 (lon, lat); nil for none. It
	// is asked for where a [Spatial] needs it.
	Geometry() orb.Geometry
}

// Match says whether c holds for a feature whose fields get returns (nil for
// an empty one) and which is at a place.
func Match(c Cond, get func(field string) any, at Place) bool {
	return eval(c, get, at) == yes
}

// Prepare returns c for many calls of [Match], which it makes faster, and for
// nothing else: only Match and [Canon] know what it returns.
func Prepare(c Cond) Cond {
	each := func(cs []Cond) []Cond {
		out := make([]Cond, len(cs))
		for i, m := range cs {
			out[i] = Prepare(m)
		}
		return out
	}
	switch c := c.(type) {
	case All:
		return All(each(c))
	case Any:
		return Any(each(c))
	case Not:
		return Not{Prepare(c.C)}
	case Spatial:
		return prepared{c, relate.Prepare(c.Op, c.Geometry)}
	}
	return c
}

// prepared is a Spatial with its geometry made ready.
type prepared struct {
	Spatial
	to *relate.Prepared
}

func eval(c Cond, get func(string) any, at Place) truth {
	switch c := c.(type) {
	case All:
		t := yes
		for _, m := range c {
			t = min(t, eval(m, get, at))
		}
		return t
	case Any:
		t := no
		for _, m := range c {
			t = max(t, eval(m, get, at))
		}
		return t
	case Not:
		return -eval(c.C, get, at)
	case Empty:
		return is(get(c.Field) == nil)
	case Within:
		if at.Meets(c.Bound) {
			return yes
		}
		return known(at.Geometry())
	case Spatial:
		g := at.Geometry()
		if g == nil {
			return unknown
		}
		return is(relate.Holds(c.Op, g, c.Geometry))
	case prepared:
		g := at.Geometry()
		if g == nil {
			return unknown
		}
		return is(c.to.Holds(g))
	case Eq:
		v := get(c.Field)
		if v == nil || c.Value == nil {
			return unknown
		}
		n, ok := compare(v, c.Value)
		return is(ok && n == 0)
	case In:
		v := get(c.Field)
		if len(c.Values) == 0 {
			return no // as SQL's = ANY ('{}')
		}
		if v == nil {
			return unknown
		}
		s, ok := v.(string)
		for _, w := range c.Values {
			if ok && s == w {
				return yes
			}
		}
		return no
	case Prefix:
		v := get(c.Field)
		if c.Prefix == "" {
			return is(v != nil)
		}
		if v == nil {
			return unknown
		}
		s, ok := v.(string)
		return is(ok && strings.HasPrefix(s, c.Prefix))
	case Range:
		v := get(c.Field)
		if c.Min == nil && c.Max == nil {
			return is(v != nil)
		}
		if v == nil {
			return unknown
		}
		if c.Min != nil {
			if n, ok := compare(v, c.Min); !ok || n < 0 || n == 0 && c.MinOpen {
				return no
			}
		}
		if c.Max != nil {
			if n, ok := compare(v, c.Max); !ok || n > 0 || n == 0 && !c.MaxClosed {
				return no
			}
		}
		return yes
	case Like:
		v := get(c.Field)
		if v == nil {
			return unknown
		}
		s, ok := v.(string)
		return is(ok && c.holds(s))
	}
	return no
}

// known is what a test says that fails where there is a geometry.
func known(g orb.Geometry) truth {
	if g == nil {
		return unknown
	}
	return no
}

func is(b bool) truth {
	if b {
		return yes
	}
	return no
}

// compare orders two field values as PostgreSQL does; ok is false for values of
// different kinds. Integers and numbers are one kind. Texts are in the order of
// their bytes, false is before true, and NaN is equal to itself and after all
// other numbers.
func compare(a, b any) (n int, ok bool) {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return strings.Compare(a, b), ok
	case time.Time:
		b, ok := b.(time.Time)
		return a.Compare(b), ok
	case bool:
		b, ok := b.(bool)
		return rank(a) - rank(b), ok
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b), true
		}
	}
	x, okA := number(a)
	y, okB := number(b)
	if x != x || y != y {
		return rank(x != x) - rank(y != y), okA && okB
	}
	return cmp.Compare(x, y), okA && okB
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

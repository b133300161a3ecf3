package memory

import (
	"cmp"
	"math"
	"time"

	"onemap/geo/where"
)

// interval returns the whole numbers, or microseconds, for which a condition
// holds, if it is one that asks for those from one to another.
func interval(c where.Cond, integer bool) (lo, hi int64, ok bool) {
	lo, hi = math.MinInt64, math.MaxInt64
	switch c := c.(type) {
	case where.Eq:
		v, exact, ok := micros(c.Value, integer)
		if !exact {
			return 1, 0, ok
		}
		return v, v, ok
	case where.Range:
		if c.Min == nil && c.Max == nil {
			return 0, 0, false
		}
		if c.Min != nil {
			v, exact, ok := micros(c.Min, integer)
			if !ok || v == math.MaxInt64 {
				return 0, 0, false
			}
			if lo = v; c.MinOpen || !exact {
				lo++
			}
		}
		if c.Max != nil {
			v, exact, ok := micros(c.Max, integer)
			if !ok || v == math.MinInt64 {
				return 0, 0, false
			}
			if hi = v; !c.MaxClosed && exact {
				hi--
			}
		}
		return lo, hi, true
	}
	return 0, 0, false
}

// micros returns an integer, or a time's microseconds, rounded down, and whether
// it was exact.
func micros(v any, integer bool) (n int64, exact, ok bool) {
	switch v := v.(type) {
	case int64:
		return v, true, integer
	case time.Time:
		if y := v.UTC().Year(); y < -200_000 || y > 200_000 { // beyond microseconds in 64 bits
			return 0, false, false
		}
		return v.UnixMicro(), v.Nanosecond()%1000 == 0, !integer
	}
	return 0, false, false
}

// A spanOf is the floating-point numbers for which a condition holds.
type spanOf struct {
	min, max           float64
	above, below       bool // there is such an end
	minOpen, maxClosed bool
}

// span64 returns the span of a condition that asks for one. Whole numbers as ends
// are taken for floating-point ones if numbers are what they are compared with.
func span64(c where.Cond, whole bool) (s spanOf, ok bool) {
	end := func(v any) (float64, bool) {
		switch v := v.(type) {
		case float64:
			return v, true
		case int64:
			return float64(v), whole
		}
		return 0, false
	}
	switch c := c.(type) {
	case where.Eq:
		v, ok := end(c.Value)
		return spanOf{v, v, true, true, false, true}, ok
	case where.Range:
		s.minOpen, s.maxClosed, ok = c.MinOpen, c.MaxClosed, c.Min != nil || c.Max != nil
		if c.Min != nil {
			if s.min, s.above = end(c.Min); !s.above {
				return s, false
			}
		}
		if c.Max != nil {
			if s.max, s.below = end(c.Max); !s.below {
				return s, false
			}
		}
	}
	return s, ok
}

// holds orders as PostgreSQL: NaN is equal to itself and after all others.
func (s *spanOf) holds(v float64) bool {
	if s.above {
		if n := order(v, s.min); n < 0 || n == 0 && s.minOpen {
			return false
		}
	}
	if s.below {
		if n := order(v, s.max); n > 0 || n == 0 && !s.maxClosed {
			return false
		}
	}
	return true
}

// order: cmp.Compare has NaN first.
func order(a, b float64) int {
	if a != a || b != b {
		return -cmp.Compare(a, b)
	}
	return cmp.Compare(a, b)
}

package cql2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb/encoding/wkt"

	"onemap/geo/cql2"
	"onemap/geo/where"
)

// Whatever the text, there is a condition or an error at one of its characters;
// and a condition written down is read as itself.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"severity = 2 AND (state IN ('a','b') OR NOT open = TRUE)", `name LIKE 'a\%_%' OR CASEI(name) = 'Ä'`, "occurred_at >= TIMESTAMP('2026-01-31T08:00:00Z')",
		"S_WITHIN(geom, MULTIPOLYGON(((0 0,2 0,2 2,0 0),(1 0.5,1.5 0.5,1.5 0.6,1 0.5))))", "T_DURING(INTERVAL(occurred_at, closed_at), INTERVAL('2026-01-01','..'))",
		"built <> DATE('2026-01-31') AND area BETWEEN -1e3 AND +.5", "S_INTERSECTS(geom, BBOX(170,-10,-170,10)) AND closed_at IS NOT NULL", "TRUE OR 1 < 2",
		`"类别" = 'it''s \n'`, "S_DISJOINT(GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1)), geom)",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parse(s)
		if err != nil {
			var e *cql2.Error
			if !errors.As(err, &e) || e.Position < 1 || e.Position > utf8.RuneCountInString(s)+1 || e.Wrong == "" || e.Right == "" {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		c = where.Simplify(c)
		text, ok := write(c)
		if !ok || utf8.RuneCountInString(text) > cql2.MaxLength {
			return
		}
		again, err := parse(text)
		if err != nil {
			var e *cql2.Error
			if errors.As(err, &e) && (strings.Contains(e.Wrong, "deep") || strings.Contains(e.Wrong, "more than")) {
				return
			}
			t.Fatalf("%q is written as %q: %v", s, text, err)
		}
		if got, want := where.Canon(where.Simplify(again)), where.Canon(c); got != want {
			t.Fatalf("%q is written as %q, which is %s and not %s", s, text, got, want)
		}
	})
}

// write writes a condition in CQL2 text; false for what CQL2 has no words for.
func write(c where.Cond) (string, bool) {
	list := func(cs []where.Cond, op, none string) (string, bool) {
		if len(cs) == 0 {
			return none, true
		}
		parts := make([]string, len(cs))
		for i, m := range cs {
			s, ok := write(m)
			if !ok {
				return "", false
			}
			parts[i] = "(" + s + ")"
		}
		return strings.Join(parts, op), true
	}
	name := func(f string) string { return `"` + f + `"` }
	switch c := c.(type) {
	case where.All:
		return list(c, " AND ", "TRUE")
	case where.Any:
		return list(c, " OR ", "FALSE")
	case where.Not:
		s, ok := write(c.C)
		return "NOT (" + s + ")", ok
	case where.Eq:
		return name(c.Field) + " = " + value(c.Field, c.Value), true
	case where.In:
		vs := make([]string, len(c.Values))
		for i, v := range c.Values {
			vs[i] = value(c.Field, v)
		}
		return name(c.Field) + " IN (" + strings.Join(vs, ", ") + ")", true
	case where.Prefix:
		return name(c.Field) + " LIKE " + quote(where.EscapeLike(c.Prefix)+"%", true), true
	case where.Like:
		if c.Fold {
			return "CASEI(" + name(c.Field) + ") LIKE " + quote(c.Pattern, true), true
		}
		return name(c.Field) + " LIKE " + quote(c.Pattern, true), true
	case where.Empty:
		return name(c.Field) + " IS NULL", true
	case where.Range:
		low, high := " >= ", " < "
		if c.MinOpen {
			low = " > "
		}
		if c.MaxClosed {
			high = " <= "
		}
		switch {
		case c.Min != nil && c.Max != nil:
			return "", false // two comparisons, which stay two
		case c.Min != nil:
			return name(c.Field) + low + value(c.Field, c.Min), true
		}
		return name(c.Field) + high + value(c.Field, c.Max), true
	case where.Within:
		b := c.Bound
		return fmt.Sprintf("S_INTERSECTS(geom, BBOX(%v,%v,%v,%v))", b.Min[0], b.Min[1], b.Max[0], b.Max[1]), true
	case where.Spatial:
		return "S_" + c.Op + "(geom, " + wkt.MarshalString(c.Geometry) + ")", true
	}
	return "", false
}

func value(field string, v any) string {
	switch v := v.(type) {
	case string:
		return quote(v, false)
	case time.Time:
		if types[field] == "date" {
			return "DATE('" + v.Format(time.DateOnly) + "')"
		}
		return "TIMESTAMP('" + v.Format(time.RFC3339Nano) + "')"
	}
	return fmt.Sprint(v)
}

func quote(s string, pattern bool) string {
	if !pattern { // in a pattern, its own backslashes are there already
		s = strings.ReplaceAll(s, `\`, `\\`)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

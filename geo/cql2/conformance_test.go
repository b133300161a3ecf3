package cql2_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/geo/cql2"
	"onemap/geo/where"
)

// The abstract tests of OGC 21-065r2, annex A, for the conformance classes that
// the server declares, on features of a few kinds. What they say of filters
// over HTTP, package web tests.

// source is a data source of the tests: one queryable of each type.
var source = func() (features []map[string]any) {
	rings := []orb.Geometry{orb.Point{7.02, 49.92}, orb.Point{-100, 0}, orb.LineString{{7, 50}, {10, 51}}, orb.MultiPoint{{7, 50}, {10, 51}},
		orb.Bound{Min: orb.Point{0, 40}, Max: orb.Point{10, 50}}.ToPolygon(), orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}.ToPolygon()}
	for i := range 24 {
		f := map[string]any{"geom": rings[i%len(rings)]}
		for name, values := range map[string][]any{
			"text": {"foo", "FOO", "fool", "", "%_", nil}, "number": {3.14, -1.0, 100.0, nil}, "integer": {int64(1), int64(2), int64(50), nil}, "boolean": {true, false, nil},
			"time": {at("2022-04-14T14:48:46Z"), at("2021-06-01T00:00:00Z"), at("2022-04-24T07:59:57Z"), nil},
			"date": {at("2022-04-14T00:00:00Z"), at("2021-06-01T00:00:00Z"), at("2022-04-24T00:00:00Z"), nil},
		} {
			if v := values[(i*7+i/5)%len(values)]; v != nil {
				f[name] = v
			}
		}
		if from, ok := f["time"].(time.Time); ok && i%4 > 0 { // else an interval that has not ended
			f["until"] = []time.Time{at("2021-12-31T23:59:59Z"), at("2022-04-15T00:00:00Z"), at("2022-05-01T00:00:00Z")}[i%3]
			if !f["until"].(time.Time).After(from) {
				f["until"] = from.AddDate(1, 0, 0)
			}
		}
		features = append(features, f)
	}
	return features
}()

func queryable(name string) (string, bool) {
	types := map[string]string{"text": "text", "number": "number", "integer": "integer", "boolean": "boolean", "time": "time", "until": "time", "date": "date", "geom": "geometry"}
	typ, ok := types[name]
	return typ, ok
}

// evaluate returns the numbers of the features that hold a filter.
func evaluate(t *testing.T, filter string) (found []int) {
	t.Helper()
	c, err := cql2.Parse(filter, queryable)
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	for i, f := range source {
		g, _ := f["geom"].(orb.Geometry)
		if where.Match(c, func(name string) any { return f[name] }, where.At{G: g}) {
			found = append(found, i)
		}
	}
	return found
}

func apart(t *testing.T, a, b string) {
	t.Helper()
	in := evaluate(t, b)
	if slices.ContainsFunc(evaluate(t, a), func(i int) bool { return slices.Contains(in, i) }) {
		t.Errorf("%s and %s have features in common", a, b)
	}
}

func identical(t *testing.T, a, b string) {
	t.Helper()
	if x, y := evaluate(t, a), evaluate(t, b); !slices.Equal(x, y) {
		t.Errorf("%s finds %v, %s finds %v", a, x, b, y)
	}
}

func refused(t *testing.T, filter string) {
	t.Helper()
	if c, err := cql2.Parse(filter, queryable); err == nil {
		t.Errorf("%s: %v", filter, c)
	}
}

const whole = "POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))"

func TestConformance(t *testing.T) {
	values := map[string]string{"text": "'foo'", "boolean": "true", "number": "3.14", "integer": "1", "time": "TIMESTAMP('2022-04-14T14:48:46Z')", "date": "DATE('2022-04-14')"}
	for _, tt := range []struct {
		id   string
		test func(t *testing.T)
	}{
		{"/conf/basic-cql2/comparison", func(t *testing.T) {
			for q, v := range values {
				if len(evaluate(t, q+" = "+v)) == 0 {
					t.Errorf("%s = %s finds nothing", q, v)
				}
				apart(t, q+" = "+v, q+" <> "+v)
				apart(t, q+" > "+v, q+" <= "+v)
				apart(t, q+" < "+v, q+" >= "+v)
			}
		}},
		{"/conf/basic-cql2/is-null", func(t *testing.T) {
			for _, q := range []string{"text", "boolean", "number", "integer", "time", "date", "geom"} {
				apart(t, q+" IS NULL", q+" is not null")
			}
		}},
		{"/conf/basic-cql2/boolean", func(t *testing.T) {
			if n := len(evaluate(t, "true")); n != len(source) {
				t.Errorf("true: %d of %d", n, len(source))
			}
			if n := len(evaluate(t, "false")); n != 0 {
				t.Errorf("false: %d", n)
			}
		}},
		{"/conf/basic-cql2/logical", func(t *testing.T) {
			ps := []string{"text = 'foo'", "integer > 1", "boolean = true", "date IS NULL", "time <= TIMESTAMP('2022-04-14T14:48:46Z')"}
			for i := range 60 {
				p1, p2, p3, p4 := ps[i%5], ps[i/5%5], ps[(i/2)%5], ps[(i/3)%5]
				f := fmt.Sprintf("(NOT (%s) AND %s) OR (%s and %s) or not (%s OR %s)", p2, p1, p3, p4, p1, p4)
				c, err := cql2.Parse(f, queryable)
				if err != nil {
					t.Fatal(err)
				}
				get := map[string]where.Cond{}
				for _, p := range ps {
					get[p], _ = cql2.Parse(p, queryable)
				}
				want := where.Any{where.All{where.Not{C: get[p2]}, get[p1]}, where.All{get[p3], get[p4]}, where.Not{C: where.Any{get[p1], get[p4]}}}
				if where.Hash(c) != where.Hash(want) {
					t.Errorf("%s: %s", f, where.Canon(c))
				}
			}
		}},
		{"/conf/advanced-comparison-operators/like", func(t *testing.T) {
			apart(t, "text like '_%'", "text like ''")
			identical(t, "text LIKE '%'", "text like '%%'")
			if got := evaluate(t, `text like '\%\_'`); len(got) == 0 || source[got[0]]["text"] != "%_" {
				t.Errorf("escaped: %v", got)
			}
		}},
		{"/conf/advanced-comparison-operators/between", func(t *testing.T) {
			for _, q := range []string{"number", "integer"} {
				identical(t, q+" BETWEEN 0 AND 100", q+" >= 0 AND "+q+" <= 100")
				if n := len(evaluate(t, q+" between 100.0 and 1.0")); n != 0 {
					t.Errorf("%s between 100 and 1: %d", q, n)
				}
			}
		}},
		{"/conf/advanced-comparison-operators/in", func(t *testing.T) {
			identical(t, "integer IN (1, 2, 3)", "integer = 1 OR integer = 2 OR integer = 3")
			identical(t, "number IN (1, 2, 3)", "number = 1 OR number = 2 OR number = 3")
			identical(t, "text in ('foo', 'bar')", "text = 'foo' OR text = 'bar'")
			identical(t, "boolean in (true)", "boolean = TRUE")
			identical(t, "time in ('2022-04-14T14:48:46Z', '2022-04-14T15:52:56Z')", "time = TIMESTAMP('2022-04-14T14:48:46Z')")
			identical(t, "date in ('2022-04-14', '2022-04-15')", "date = DATE('2022-04-14')")
		}},
		{"/conf/case-insensitive-comparison/casei", func(t *testing.T) {
			apart(t, "CASEI(text) = casei('foo')", "CASEI(text) <> casei('FOO')")
			identical(t, "CASEI(text) = casei('fOO')", "text IN ('foo','FOO')")
		}},
		{"/conf/case-insensitive-comparison/casei-like", func(t *testing.T) {
			identical(t, "CASEI(text) LIKE casei('foo%')", "CASEI(text) LIKE casei('FOO%')")
			if len(evaluate(t, "CASEI(text) LIKE casei('fOO%')")) <= len(evaluate(t, "text = 'foo'")) {
				t.Error("cases are not folded")
			}
		}},
		{"/conf/basic-spatial-functions/s_intersects", func(t *testing.T) {
			if n := len(evaluate(t, "S_INTERSECTS(geom,BBOX(-180,-90,180,90))")); n != len(source) {
				t.Errorf("the world holds %d of %d", n, len(source))
			}
			if len(evaluate(t, "S_INTERSECTS(geom,POINT(7.02 49.92))")) == 0 {
				t.Error("nothing at the point")
			}
			refused(t, "S_INTERSECTS(geom,POINT(90 180))")
			evaluate(t, "S_INTERSECTS(geom,BBOX(-180,-90,-90,90)) AND S_INTERSECTS(geom,BBOX(90,-90,180,90))")
		}},
		{"/conf/basic-spatial-functions-plus/s_intersects", func(t *testing.T) {
			refused(t, "S_INTERSECTS(geom,MULTIPOINT(7.02 49.92, 90 180))")
			for _, g := range []string{"LINESTRING(-180 -45, 0 -45)", "MULTILINESTRING((-180 -45, 0 -45), (0 45, 180 45))",
				"POLYGON((-180 -90, -90 -90, -90 90, -180 90, -180 -90), (-120 -50, -100 -50, -100 -40, -120 -40, -120 -50))",
				"MULTIPOLYGON(((-180 -90, -90 -90, -90 90, -180 90, -180 -90), (-120 -50, -100 -50, -100 -40, -120 -40, -120 -50)),((0 0, 10 0, 10 10, 0 10, 0 0)))",
				"GEOMETRYCOLLECTION(POINT(7.02 49.92), POLYGON((0 0, 10 0, 10 10, 0 10, 0 0)))"} {
				if len(evaluate(t, "S_INTERSECTS(geom,"+g+")")) == 0 {
					t.Errorf("%s meets nothing", g)
				}
			}
		}},
		{"/conf/spatial-functions/s_intersects", func(t *testing.T) {
			identical(t, "S_INTERSECTS(geom,BBOX(-180,-90,180,90))", "S_INTERSECTS(geom,"+whole+")")
			evaluate(t, "S_INTERSECTS(geom,LINESTRING(7 50, 10 51))")
			refused(t, "S_INTERSECTS(geom,POINT(90 180))")
		}},
		{"/conf/spatial-functions/s_disjoint", func(t *testing.T) {
			for _, g := range []string{"BBOX(-180,-90,180,90)", whole} {
				if n := len(evaluate(t, "S_DISJOINT(geom,"+g+")")); n != 0 {
					t.Errorf("%d are not of this world", n)
				}
			}
			for _, g := range []string{"LINESTRING(7 50,10 51)", "POINT(7.02 49.92)"} {
				apart(t, "S_DISJOINT(geom,"+g+")", "S_INTERSECTS(geom,"+g+")")
			}
			refused(t, "S_DISJOINT(geom,POINT(90 180))")
		}},
		{"/conf/spatial-functions/s_equals", func(t *testing.T) {
			for _, g := range []string{whole, "LINESTRING(7 50,10 51)", "POINT(7.02 49.92)"} {
				if n := len(evaluate(t, "S_EQUALS(geom,"+g+")")); n != 4 {
					t.Errorf("%s equals %d", g, n)
				}
			}
		}},
		{"/conf/spatial-functions/s_touches", func(t *testing.T) {
			for _, g := range []string{"BBOX(-180,-90,180,90)", whole, "LINESTRING(7 50,10 51)"} {
				apart(t, "S_TOUCHES(geom,"+g+")", "S_WITHIN(geom,"+g+")")
			}
		}},
		{"/conf/spatial-functions/s_crosses", func(t *testing.T) {
			for _, g := range []string{"BBOX(-180,-90,180,90)", whole, "LINESTRING(7 50,10 51)"} {
				apart(t, "S_CROSSES(geom,"+g+")", "S_WITHIN(geom,"+g+")")
			}
		}},
		{"/conf/spatial-functions/s_within", func(t *testing.T) {
			identical(t, "S_WITHIN(geom,BBOX(-180,-90,180,90))", "S_WITHIN(geom,"+whole+")")
			evaluate(t, "S_WITHIN(geom,LINESTRING(7 50,10 51))")
			evaluate(t, "S_WITHIN(geom,MULTIPOINT(7 50,10 51))")
		}},
		{"/conf/spatial-functions/s_contains", func(t *testing.T) {
			identical(t, "S_CONTAINS(geom,BBOX(-180,-90,180,90))", "S_CONTAINS(geom,"+whole+")")
			for _, g := range []string{"LINESTRING(7 50,10 51)", "MULTIPOINT(7 50,10 51)"} { // but what equals
				apart(t, "S_CONTAINS(geom,"+g+") AND NOT S_EQUALS(geom,"+g+")", "S_WITHIN(geom,"+g+")")
			}
		}},
		{"/conf/spatial-functions/s_overlaps", func(t *testing.T) {
			for _, g := range []string{"MULTIPOINT(7 50,10 51)", "LINESTRING(7 50,10 51)", whole} {
				apart(t, "S_OVERLAPS(geom,"+g+")", "S_WITHIN(geom,"+g+")")
			}
		}},
		{"/conf/temporal-functions/temporal-functions-1", func(t *testing.T) {
			for q, vs := range map[string][]string{
				"time": {"TIMESTAMP('2022-04-24T07:59:57Z')", "INTERVAL('2021-01-01T00:00:00Z','2021-12-31T23:59:59Z')"},
				"date": {"DATE('2022-04-24')", "INTERVAL('2021-01-01','2021-12-31')"},
			} {
				for _, v := range vs {
					of := func(f string) string { return f + "(" + q + "," + v + ")" }
					apart(t, of("T_AFTER"), of("T_BEFORE"))
					identical(t, of("T_DISJOINT"), of("T_AFTER")+" OR "+of("T_BEFORE"))
					identical(t, of("T_INTERSECTS"), "NOT "+of("T_DISJOINT"))
					apart(t, of("T_EQUALS"), of("T_DISJOINT"))
				}
			}
		}},
		{"/conf/temporal-functions/temporal-functions-2", func(t *testing.T) {
			// The thirteen elementary relations leave nothing out and share nothing.
			elementary := strings.Fields("T_AFTER T_BEFORE T_CONTAINS T_DURING T_EQUALS T_FINISHEDBY T_FINISHES T_MEETS T_METBY T_OVERLAPPEDBY T_OVERLAPS T_STARTEDBY T_STARTS")
			for _, v := range []string{"INTERVAL('2021-01-01T00:00:00Z','2021-12-31T23:59:59Z')", "INTERVAL('2022-04-14T14:48:46Z','2022-04-15T00:00:00Z')", "INTERVAL('2021-06-01T00:00:00Z','2022-04-15T00:00:00Z')"} {
				var found []int
				of := func(f string) string {
					return f + "(INTERVAL(time,until)," + v + ") AND time IS NOT NULL AND until IS NOT NULL"
				}
				for i, f := range elementary {
					for _, g := range elementary[:i] {
						apart(t, of(f), of(g))
					}
					found = append(found, evaluate(t, of(f))...)
				}
				slices.Sort(found)
				if got, want := slices.Compact(found), evaluate(t, "time IS NOT NULL AND until IS NOT NULL"); !slices.Equal(got, want) {
					t.Errorf("%s: some relation holds for %v, of %v", v, got, want)
				}
				identical(t, "T_INTERSECTS(INTERVAL(time,until),"+v+")", "NOT T_DISJOINT(INTERVAL(time,until),"+v+")")
			}
		}},
		{"/conf/cql2-text/escaping", func(t *testing.T) {
			for literal, want := range map[string]string{`it''s`: "it's", `it\'s`: "it's", `\a\b\t\n\v\f\r`: "\a\b\t\n\v\f\r", `a\\b`: `a\b`} {
				c, err := cql2.Parse("text = '"+literal+"'", queryable)
				if err != nil || c != where.Cond(where.Eq{Field: "text", Value: want}) {
					t.Errorf("%s: %v, %v", literal, c, err)
				}
			}
		}},
	} {
		t.Run(strings.TrimPrefix(tt.id, "/conf/"), tt.test)
	}
}

package cql2_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/geo/cql2"
	"onemap/geo/where"
)

var types = map[string]string{"state": "text", "name": "text", "severity": "integer", "area": "number", "open": "boolean", "built": "date",
	"occurred_at": "time", "closed_at": "time", "geom": "geometry", "date": "date", "类别": "text", "eo:instrument": "text"}

func fieldsOf(name string) (string, bool) { t, ok := types[name]; return t, ok }

func parse(text string) (where.Cond, error) {
	return cql2.Parser{Field: fieldsOf, Names: []string{"state", "name"}}.Parse(text)
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestParse(t *testing.T) {
	eq := func(f string, v any) where.Cond { return where.Eq{Field: f, Value: v} }
	square := orb.Polygon{{{0, 0}, {2, 0}, {2, 2}, {0, 0}}}
	for _, tt := range []struct {
		text string
		want where.Cond
	}{
		{"state = 'open'", eq("state", "open")},
		{"state='open'", eq("state", "open")},
		{"'open' = state", eq("state", "open")},
		{`"state" = 'open'`, eq("state", "open")},
		{"state <> 'open'", where.Not{C: eq("state", "open")}},
		{"severity<2", where.Range{Field: "severity", Max: int64(2)}},
		{"severity<=2", where.Range{Field: "severity", Max: int64(2), MaxClosed: true}},
		{"severity>2", where.Range{Field: "severity", Min: int64(2), MinOpen: true}},
		{"severity>=2", where.Range{Field: "severity", Min: int64(2)}},
		{"2 >= severity", where.Range{Field: "severity", Max: int64(2), MaxClosed: true}},
		{"2 < severity", where.Range{Field: "severity", Min: int64(2), MinOpen: true}},
		{"severity = 2.0", eq("severity", int64(2))},
		{"severity = 2.5", eq("severity", 2.5)},
		{"area = -1", eq("area", -1.0)},
		{"area = - 1.5e-3", eq("area", -1.5e-3)},
		{"area > +.5", where.Range{Field: "area", Min: 0.5, MinOpen: true}},
		{"area = 9223372036854775808", eq("area", 9223372036854775808.0)},
		{"open = TRUE", eq("open", true)},
		{"open <> false", where.Not{C: eq("open", false)}},
		{"TRUE", where.True},
		{"NOT false", where.True},
		{"1 = 1.0", where.True},
		{"'a' > 'b'", where.False},
		{"1 <> 2", where.True},
		{"built = DATE('2026-01-31')", eq("built", at("2026-01-31T00:00:00Z"))},
		{"date > date('2026-01-31')", where.Range{Field: "date", Min: at("2026-01-31T00:00:00Z"), MinOpen: true}},
		{"occurred_at >= TIMESTAMP('2026-01-31T08:00:00.5+08:00')", where.Range{Field: "occurred_at", Min: at("2026-01-31T00:00:00.5Z")}},
		{"occurred_at = DATE('2026-01-31')", where.Range{Field: "occurred_at", Min: at("2026-01-31T00:00:00Z"), Max: at("2026-02-01T00:00:00Z")}},
		{"occurred_at <= DATE('2026-01-31')", where.Range{Field: "occurred_at", Max: at("2026-02-01T00:00:00Z")}},
		{"occurred_at > DATE('2026-01-31')", where.Range{Field: "occurred_at", Min: at("2026-02-01T00:00:00Z")}},
		{"built IN ('2026-01-31')", eq("built", at("2026-01-31T00:00:00Z"))},
		{"occurred_at > '2026-01-31T00:00:00Z'", where.Range{Field: "occurred_at", Min: at("2026-01-31T00:00:00Z"), MinOpen: true}},
		{"state = 'a' AND name = 'b' OR NOT open = TRUE", where.Any{where.All{eq("state", "a"), eq("name", "b")}, where.Not{C: eq("open", true)}}},
		{"state = 'a' and (name = 'b' or open = true)", where.All{eq("state", "a"), where.Any{eq("name", "b"), eq("open", true)}}},
		{"NOT NOT state = 'a'", eq("state", "a")},
		{"name = 'it''s'", eq("name", "it's")},
		{`name = 'it\'s'`, eq("name", "it's")},
		{`name = 'a\\b\tc\d'`, eq("name", "a\\b\tc\\d")},
		{"name = '\"; DROP TABLE x; --'", eq("name", `"; DROP TABLE x; --`)},
		{"name = ''", eq("name", "")},
		{"类别 = '井盖'", eq("类别", "井盖")},
		{"eo:instrument LIKE 'OLI%'", where.Prefix{Field: "eo:instrument", Prefix: "OLI"}},
		{"name LIKE 'a_c%d'", where.Like{Field: "name", Pattern: "a_c%d"}},
		{`name LIKE '100\%'`, eq("name", "100%")},
		{`name LIKE '%\_%'`, where.Like{Field: "name", Pattern: `%\_%`}},
		{"name NOT LIKE '%a'", where.Not{C: where.Like{Field: "name", Pattern: "%a"}}},
		{"CASEI(name) LIKE casei('%Main%')", where.Like{Field: "name", Pattern: "%main%", Fold: true}},
		{"CASEI(name) = CASEI('50%')", where.Like{Field: "name", Pattern: `50\%`, Fold: true}},
		{"name LIKE CASEI('FOO%')", where.Prefix{Field: "name", Prefix: "foo"}},
		{"CASEI(name) IN ('A', 'B')", where.Any{where.Like{Field: "name", Pattern: "a", Fold: true}, where.Like{Field: "name", Pattern: "b", Fold: true}}},
		{"'København' LIKE 'K_b%'", where.True},
		{"severity BETWEEN 1 AND 3", where.All{where.Range{Field: "severity", Min: int64(1)}, where.Range{Field: "severity", Max: int64(3), MaxClosed: true}}},
		{"severity NOT BETWEEN 1 AND 3 AND open = TRUE", where.All{where.Not{C: where.All{where.Range{Field: "severity", Min: int64(1)}, where.Range{Field: "severity", Max: int64(3), MaxClosed: true}}}, eq("open", true)}},
		{"state IN ('b', 'a')", where.In{Field: "state", Values: []string{"a", "b"}}},
		{"severity NOT IN (1, 2)", where.Not{C: where.Any{eq("severity", int64(1)), eq("severity", int64(2))}}},
		{"3 IN (1, 2)", where.False},
		{"closed_at IS NULL", where.Empty{Field: "closed_at"}},
		{"closed_at is not null", where.Not{C: where.Empty{Field: "closed_at"}}},
		{"geom IS NOT NULL", where.True},
		{"S_INTERSECTS(geom, POINT(120.1 29.3))", where.Spatial{Op: "intersects", Geometry: orb.Point{120.1, 29.3}}},
		{"S_INTERSECTS(geom, BBOX(120, 29, 121, 30))", where.Within{Bound: orb.Bound{Min: orb.Point{120, 29}, Max: orb.Point{121, 30}}}},
		{"s_disjoint(geom, BBOX(120, 29, 0, 121, 30, 100))", where.Not{C: where.Within{Bound: orb.Bound{Min: orb.Point{120, 29}, Max: orb.Point{121, 30}}}}},
		{"S_WITHIN(geom, POLYGON((0 0, 2 0, 2 2, 0 0)))", where.Spatial{Op: "within", Geometry: square}},
		{"S_WITHIN(POLYGON((0 0, 2 0, 2 2, 0 0)), geom)", where.Spatial{Op: "contains", Geometry: square}},
		{"S_TOUCHES(geom, POLYGON Z((0 0 5, 2 0 5, 2 2 5, 0 0 5)))", where.Spatial{Op: "touches", Geometry: square}},
		{"S_CROSSES(geom, LINESTRING(0 0, 1 1))", where.Spatial{Op: "crosses", Geometry: orb.LineString{{0, 0}, {1, 1}}}},
		{"S_OVERLAPS(geom, MULTIPOLYGON(((0 0, 2 0, 2 2, 0 0))))", where.Spatial{Op: "overlaps", Geometry: orb.MultiPolygon{square}}},
		{"S_EQUALS(geom, MULTIPOINT((0 0), 1 1))", where.Spatial{Op: "equals", Geometry: orb.MultiPoint{{0, 0}, {1, 1}}}},
		{"S_INTERSECTS(geom, GEOMETRYCOLLECTION(POINT(0 0), MULTILINESTRING((1 1, 2 2))))", where.Spatial{Op: "intersects", Geometry: orb.Collection{orb.Point{0, 0}, orb.MultiLineString{{{1, 1}, {2, 2}}}}}},
		{"S_WITHIN(geom, BBOX(170, -10, -170, 10))", where.Spatial{Op: "within", Geometry: orb.MultiPolygon{
			orb.Bound{Min: orb.Point{170, -10}, Max: orb.Point{180, 10}}.ToPolygon(), orb.Bound{Min: orb.Point{-180, -10}, Max: orb.Point{-170, 10}}.ToPolygon()}}},
		{"S_CROSSES(LINESTRING(-1 1, 3 1), POLYGON((0 0, 2 0, 2 2, 0 0)))", where.True},
		{"T_AFTER(occurred_at, TIMESTAMP('2026-01-31T00:00:00Z'))", where.Range{Field: "occurred_at", Min: at("2026-01-31T00:00:00Z"), MinOpen: true}},
		{"T_AFTER(occurred_at, DATE('2026-01-31'))", where.Range{Field: "occurred_at", Min: at("2026-01-31T23:59:59.999999Z"), MinOpen: true}},
		{"T_BEFORE(built, DATE('2026-01-31'))", where.Range{Field: "built", Max: at("2026-01-31T00:00:00Z")}},
		{"T_DURING(occurred_at, INTERVAL('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'))", where.All{
			where.Range{Field: "occurred_at", Min: at("2026-01-01T00:00:00Z"), MinOpen: true}, where.Range{Field: "occurred_at", Max: at("2026-02-01T00:00:00Z")}}},
		{"T_INTERSECTS(occurred_at, INTERVAL('2026-01-01', '2026-01-31'))", where.All{
			where.Range{Field: "occurred_at", Min: at("2026-01-01T00:00:00Z")}, where.Range{Field: "occurred_at", Max: at("2026-01-31T23:59:59.999999Z"), MaxClosed: true}}},
		{"T_EQUALS(occurred_at, DATE('2026-01-31'))", where.All{
			where.Range{Field: "occurred_at", Min: at("2026-01-31T00:00:00Z")}, where.Range{Field: "occurred_at", Max: at("2026-01-31T23:59:59.999999Z"), MaxClosed: true}}},
		{"T_METBY(INTERVAL(occurred_at, closed_at), INTERVAL('..', '2026-01-31T00:00:00Z'))", eq("occurred_at", at("2026-01-31T00:00:00Z"))},
		{"T_DURING(INTERVAL('2026-01-02', '2026-01-03'), INTERVAL('2026-01-01', '..'))", where.True},
	} {
		t.Run(tt.text, func(t *testing.T) {
			c, err := parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := where.Canon(where.Simplify(c)), where.Canon(where.Simplify(tt.want)); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// Every error has the character at which the filter is wrong, what is wrong
// there, and what would be right.
func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		text  string
		at    int
		words string
	}{
		{"", 1, "the filter is empty: write a condition"},
		{"   ", 4, "the filter is empty"},
		{"severity = AND 2", 12, "found AND: expected a value after ="},
		{"severity =", 11, "found the end: expected a value after ="},
		{"severity", 9, "found the end: expected a comparison after severity"},
		{"severity 2", 10, "found 2: expected a comparison after severity"},
		{"severity == 2", 11, "found =: expected a value after ="},
		{"severity != 2", 10, "found !: write <> for unequal"},
		{"severity = 2 state = 'a'", 14, "found state: expected AND, OR or the end"},
		{"severity = 2)", 13, "found ): expected AND, OR or the end"},
		{"(severity = 2", 14, "found the end: expected AND, OR or )"},
		{"severity = '2'", 12, "'2' is a text, and the field severity is a whole number: write a number without quotes"},
		{"state = 2", 9, "2 is a number, and the field state is a text: write the text in single quotes"},
		{"state = open", 9, "open is a field too: compare a field with a value; texts stand in single quotes"},
		{"state = opened", 9, "there is no field opened: the fields are state, name; texts stand in single quotes"},
		{"State = 'a'", 1, "there is no field State: write state"},
		{`"state = 'a'`, 1, `the name that begins here has no closing "`},
		{"state = 'a", 9, "the text that begins here has no closing '"},
		{`state = 'a\'`, 9, "the text that begins here has no closing '"},
		{"state = “a”", 9, "found “: write texts between two '"},
		{"state ＝ 'a'", 7, "found ＝: write it as a half-width character"},
		{"类别 = '井盖' 且", 11, "found 且: expected AND, OR or the end"},
		{"open", 5, "found the end: expected = TRUE or = FALSE after open"},
		{"open = 1", 8, "1 is a number, and the field open is true or false: write TRUE or FALSE"},
		{"built = 'soon'", 9, "is a text, and the field built is a date: write DATE('2026-01-31')"},
		{"built = '2026-01-31T00:00:00Z'", 9, "is a text, and the field built is a date"},
		{"built = TIMESTAMP('2026-01-31T00:00:00Z')", 9, "is a time, and the field built is a date"},
		{"built = DATE('31.1.2026')", 14, "'31.1.2026' is no such time: write a date as DATE("},
		{"built = DATE('2026-02-30')", 14, "is no such time"},
		{"built = DATE(2026)", 14, "found 2026: expected a text in single quotes"},
		{"occurred_at > '2026-01'", 15, "write TIMESTAMP('2026-01-31T08:00:00Z') or DATE('2026-01-31')"},
		{"occurred_at > TIMESTAMP('2026-01-31')", 25, "write a time as TIMESTAMP("},
		{"occurred_at > TIMESTAMP('2026-01-31T00:00:00.1234567Z')", 25, "at most six digits"},
		{"severity LIKE '1%'", 1, "severity is a whole number: LIKE takes a field of text"},
		{"name LIKE a", 11, "found a: expected a pattern in single quotes after LIKE"},
		{"name NOT 'a'", 10, "found 'a': expected LIKE, BETWEEN or IN after NOT"},
		{"name IS 'a'", 9, "expected NULL after IS"},
		{"severity BETWEEN 1, 2", 19, "found ,: expected AND and the upper value after 1"},
		{"severity BETWEEN 'a' AND 2", 18, "'a' is a text"},
		{"severity IN 1", 13, "found 1: expected ( after IN"},
		{"severity IN ()", 14, "found ): expected a value after ("},
		{"severity IN (1 2)", 16, "found 2: expected , or ) after 1"},
		{"severity IN (1, 'a')", 17, "'a' is a text"},
		{"severity + 1 > 2", 10, "found +: calculate the value beforehand"},
		{"severity > 2 * 3", 14, "found *: calculate the value beforehand"},
		{"severity > -", 13, "found the end: expected a number after -"},
		{"severity > 1e999", 12, "is too large"},
		{"avg(severity) > 2", 1, "there is no function avg"},
		{"ACCENTI(name) = 'a'", 1, "ACCENTI is not known here: leave it out; CASEI is known"},
		{"A_CONTAINS(name, ('a'))", 1, "A_CONTAINS is not known here"},
		{"CASEI(name) > 'a'", 7, "CASEI has no order"},
		{"CASEI(severity) = 2", 7, "severity is no text"},
		{"geom = 1", 1, "geom is a geometry: ask one of the functions S_"},
		{"state = POINT(1 2)", 9, "a geometry cannot be compared like a value"},
		{"S_NEAR(geom, POINT(1 2))", 1, "there is no function S_NEAR: the spatial functions are S_INTERSECTS, S_DISJOINT"},
		{"S_INTERSECTS(state, POINT(1 2))", 14, "state is a text: write the geometry's field"},
		{"S_INTERSECTS(geom, geom)", 20, "geom is the field again"},
		{"S_INTERSECTS(geom)", 18, "found ): expected , after the first of two geometries"},
		{"S_INTERSECTS(geom, POINT(1))", 27, "found ): expected the second coordinate as a number"},
		{"S_INTERSECTS(geom, POINT(1, 2))", 27, "found ,: expected the second coordinate as a number"},
		{"S_INTERSECTS(geom, POINT(29.3 120.1))", 26, "(29.3 120.1) is not on Earth: write longitude, then latitude"},
		{"S_INTERSECTS(geom, POINT EMPTY)", 26, "the geometry is empty"},
		{"S_INTERSECTS(geom, CIRCLE(1 2))", 20, "found CIRCLE: expected the geometry's field, or a geometry"},
		{"S_INTERSECTS(geom, POLYGON((0 0, 2 2, 2 0, 0 2, 0 0)))", 20, "the geometry crosses itself at (1 1): draw it"},
		{"S_INTERSECTS(geom, POLYGON((0 0, 2 0, 2 2)))", 20, "the geometry has a ring of fewer than 4 points"},
		{"S_INTERSECTS(geom, POLYGON(0 0, 2 0, 2 2, 0 0))", 28, "found 0: expected ( after ("},
		{"S_INTERSECTS(geom, BBOX(1, 2, 3))", 20, "the box has 3 numbers"},
		{"S_INTERSECTS(geom, BBOX(1, 2, 3, 1))", 20, "the box's south is north of its north"},
		{"S_WITHIN(geom, GEOMETRYCOLLECTION(POINT(1 2)))", 16, "a collection can only intersect or be disjoint"},
		{"T_NOW(occurred_at)", 1, "there is no function T_NOW: the temporal functions are T_AFTER"},
		{"T_AFTER(state, DATE('2026-01-31'))", 9, "state is a text: write a field of dates or times"},
		{"T_AFTER(built, TIMESTAMP('2026-01-31T00:00:00Z'))", 16, "is a time, and the field built is a date"},
		{"T_STARTS(occurred_at, INTERVAL('2026-01-01', '..'))", 10, "T_STARTS compares intervals, and this is an instant"},
		{"T_DURING(occurred_at, INTERVAL('2026-02-01', '2026-01-01'))", 46, "the interval ends before it begins"},
		{"T_DURING(occurred_at, INTERVAL('2026-02-01'))", 44, "found ): expected , after the interval's beginning"},
		{"T_DURING(occurred_at, INTERVAL('a', '..'))", 32, "'a' is no such time"},
		{"T_BEFORE(occurred_at, closed_at)", 23, "closed_at is a field too"},
		{"T_BEFORE(INTERVAL(built, closed_at), DATE('2026-01-01'))", 26, "closed_at is a time, and built is a date: compare fields of one kind"},
		{"occurred_at = INTERVAL('2026-02-01', '..')", 15, "an interval is no single value"},
		{"name = 'a\x00b'", 8, "the text has the character NUL"},
		{"name = '\xff'", 9, "found bytes that are no character: write the filter in UTF-8"},
		{"name = 'a' \x01", 12, "found a control character"},
		{strings.Repeat("(", 40) + "TRUE" + strings.Repeat(")", 40), 34, "nested too deeply"},
		{strings.Repeat("NOT ", 40) + "TRUE", 133, "nested too deeply"},
		{"severity IN (1" + strings.Repeat(",1", 1000) + ")", 2014, "more than 1000 values"},
		{strings.Repeat(" ", 17000), 16385, "the filter has 17000 characters: at most 16384"},
		{"S_INTERSECTS(geom, LINESTRING(0 0" + strings.Repeat(",1 1", 2000) + "))", 8031, "more than 2000 points"},
	} {
		t.Run(tt.text[:min(len(tt.text), 60)], func(t *testing.T) {
			c, err := parse(tt.text)
			var e *cql2.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, %v", c, err)
			}
			if e.Position != tt.at || !strings.Contains(e.Wrong+": "+e.Right, tt.words) {
				t.Errorf("got %v, want position %d: %s", e, tt.at, tt.words)
			}
		})
	}
}

func TestLatLonAndProjected(t *testing.T) {
	c, err := cql2.Parser{Field: fieldsOf, LatLon: true}.Parse("S_INTERSECTS(geom, BBOX(29, 120, 30, 121))")
	if want := (where.Within{Bound: orb.Bound{Min: orb.Point{120, 29}, Max: orb.Point{121, 30}}}); err != nil || where.Simplify(c) != where.Cond(want) {
		t.Errorf("got %v, %v", c, err)
	}
	if _, err := (cql2.Parser{Field: fieldsOf, LatLon: true}).Parse("S_INTERSECTS(geom, POINT(120 29))"); err == nil || !strings.Contains(err.Error(), "latitude, then longitude") {
		t.Error(err)
	}
	metres := func(x, y float64) (orb.Point, error) { return orb.Point{x / 100_000, y / 100_000}, nil }
	c, err = cql2.Parser{Field: fieldsOf, Project: metres}.Parse("S_INTERSECTS(geom, BBOX(0, 0, 100000, 200000))")
	if s, ok := c.(where.Spatial); err != nil || !ok || s.Geometry.Bound() != (orb.Bound{Max: orb.Point{1, 2}}) {
		t.Errorf("got %v, %v", c, err)
	}
}

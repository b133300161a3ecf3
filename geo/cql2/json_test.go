package cql2_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"onemap/geo/cql2"
	"onemap/geo/where"
)

func parseJSON(text string) (where.Cond, error) {
	return cql2.Parser{Field: fieldsOf, Names: []string{"state", "name"}, JSON: true}.Parse(text)
}

// The two encodings say the same.
func TestJSONIsAsText(t *testing.T) {
	for _, tt := range []struct{ json, text string }{
		{`{"op":"=","args":[{"property":"state"},"open"]}`, "state = 'open'"},
		{`{"op":"<>","args":[2, {"property":"severity"}]}`, "severity <> 2"},
		{`{"op":"and","args":[{"op":">=","args":[{"property":"area"},-1.5e1]},{"op":"not","args":[{"op":"=","args":[{"property":"open"},true]}]}]}`, "area >= -15 AND NOT open = TRUE"},
		{`{"op":"or","args":[true,{"op":"<","args":[1,2]},false]}`, "TRUE"},
		{`{"op":"like","args":[{"op":"casei","args":[{"property":"name"}]},{"op":"casei","args":["%Main\\_%"]}]}`, `CASEI(name) LIKE '%main\_%'`},
		{`{"op":"between","args":[{"property":"severity"},1,3]}`, "severity BETWEEN 1 AND 3"},
		{`{"op":"in","args":[{"property":"state"},["a","b"]]}`, "state IN ('a','b')"},
		{`{"op":"isNull","args":[{"property":"closed_at"}]}`, "closed_at IS NULL"},
		{`{"op":">","args":[{"property":"built"},{"date":"2026-01-31"}]}`, "built > DATE('2026-01-31')"},
		{`{"op":"<=","args":[{"property":"occurred_at"},{"timestamp":"2026-01-31T00:00:00Z"}]}`, "occurred_at <= TIMESTAMP('2026-01-31T00:00:00Z')"},
		{`{"op":"s_intersects","args":[{"property":"geom"},{"bbox":[120,29,121,30]}]}`, "S_INTERSECTS(geom, BBOX(120,29,121,30))"},
		{`{"op":"s_within","args":[{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]},{"property":"geom"}]}`, "S_CONTAINS(geom, POLYGON((0 0,2 0,2 2,0 0)))"},
		{`{"op":"s_disjoint","args":[{"property":"geom"},{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2,3]},{"type":"MultiLineString","coordinates":[[[0,0],[1,1]]]}]}]}`,
			"S_DISJOINT(geom, GEOMETRYCOLLECTION(POINT(1 2),MULTILINESTRING((0 0,1 1))))"},
		{`{"op":"t_during","args":[{"interval":[{"property":"occurred_at"},{"property":"closed_at"}]},{"interval":["2026-01-01",".."]}]}`, "T_DURING(INTERVAL(occurred_at,closed_at),INTERVAL('2026-01-01','..'))"},
		{`{"op":"t_after","args":[{"property":"built"},{"date":"2026-01-31"}]}`, "T_AFTER(built, DATE('2026-01-31'))"},
	} {
		got, err := parseJSON(tt.json)
		if err != nil {
			t.Errorf("%s: %v", tt.json, err)
			continue
		}
		want, err := parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := where.Canon(where.Simplify(got)), where.Canon(where.Simplify(want)); a != b {
			t.Errorf("%s: %s, as text %s", tt.json, a, b)
		}
	}
}

func TestJSONErrors(t *testing.T) {
	for _, tt := range []struct {
		json  string
		at    int
		words string
	}{
		{``, 1, "found the end"},
		{`{"op":"="`, 10, "found the end: close what was opened"},
		{`{"op" "="}`, 7, "this is no JSON"},
		{`state = 'a'`, 1, "this is no JSON"},
		{`[]`, 1, `found a list: expected a condition`},
		{`{"args":[]}`, 1, `expected an object with "op" and "args"`},
		{`{"op":"="}`, 1, `= has no args`},
		{`{"op":"=","args":[1]}`, 1, "= has 1 args: = takes 2"},
		{`{"op":"near","args":[1,2]}`, 1, "there is no op near"},
		{`{"op":"=","args":[{"property":"stat"},"a"]}`, 19, "there is no field stat: the fields are state, name"},
		{`{"op":"=","args":[{"property":"类别"}, 5]}`, 38, "5 is a number, and the field 类别 is a text"},
		{`{"op":"=","args":[{"property":"severity"},{"op":"+","args":[1,2]}]}`, 43, "there is no arithmetic"},
		{`{"op":"=","args":[{"property":"built"},{"date":"soon"}]}`, 48, "'soon' is no such time"},
		{`{"op":"in","args":[{"property":"state"},[]]}`, 41, "expected a list of values"},
		{`{"op":"s_intersects","args":[{"property":"geom"},{"type":"Circle"}]}`, 50, "expected a GeoJSON geometry"},
		{`{"op":"s_intersects","args":[{"property":"geom"},{"type":"Point","coordinates":[29,120]}]}`, 80, "not on Earth"},
		{`{"op":"s_intersects","args":[{"property":"geom"},{"type":"Point","coordinates":[29]}]}`, 80, "a position has 1 numbers"},
		{`{"op":"s_intersects","args":[{"property":"geom"},{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}]}`, 50, "crosses itself"},
		{`{"op":"and","op":"or","args":[]}`, 13, `the member "op" comes twice`},
		{`true true`, 6, "found more after the condition"},
		{strings.Repeat(`{"op":"not","args":[`, 40) + `true` + strings.Repeat(`]}`, 40), 661, "nested too deeply"},
		{strings.Repeat("[", 9000), 130, "nested too deeply"},
	} {
		c, err := parseJSON(tt.json)
		var e *cql2.Error
		if !errors.As(err, &e) || e.Position != tt.at || !strings.Contains(e.Wrong+": "+e.Right, tt.words) {
			t.Errorf("%.80s: got %v, %v; want position %d: %s", tt.json, c, err, tt.at, tt.words)
		}
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{
		`{"op":"and","args":[{"op":">=","args":[{"property":"area"},-1.5e1]},{"op":"not","args":[{"op":"=","args":[{"property":"open"},true]}]}]}`,
		`{"op":"s_within","args":[{"type":"MultiPolygon","coordinates":[[[[0,0],[2,0],[2,2],[0,0]]]]},{"property":"geom"}]}`,
		`{"op":"t_during","args":[{"interval":[{"property":"occurred_at"},{"property":"closed_at"}]},{"interval":["2026-01-01",".."]}]}`,
		`{"op":"in","args":[{"op":"casei","args":[{"property":"name"}]},["Ä",{"op":"casei","args":["b"]}]]}`,
		`{"op":"s_intersects","args":[{"property":"geom"},{"bbox":[170,-10,0,-170,10,5]}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseJSON(s)
		var e *cql2.Error
		switch {
		case err == nil:
			where.Hash(c)
		case !errors.As(err, &e) || e.Position < 1 || e.Position > utf8.RuneCountInString(s)+1 || e.Wrong == "" || e.Right == "":
			t.Fatalf("%q: %v", s, err)
		}
	})
}

package layers_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/layerstest"
)

// A row of the property test's table, as Match sees it.
type row struct {
	id     int64
	fields map[string]any
	at     orb.Point
}

// What PostgreSQL finds by a condition's SQL is what Match says of the rows.
func TestSQLMeansWhatMatchMeans(t *testing.T) {
	db := layerstest.DB(t)
	var rows []row
	for i := range 60 {
		r := row{id: int64(i + 1), at: orb.Point{float64(i%10) - 5, float64(i/10) - 3}, fields: map[string]any{
			"name": fmt.Sprint([]string{"", "a", "ab", "啊", "a%", `a\`}[i%6]), "kind": []string{"hydrant", "shelter"}[i%2],
			"area_code": []string{"", "330782", "330782003", "330783~"}[i%4], "grid_code": "", "dept_code": "", "state": "ready"}}
		if i%3 != 0 {
			r.fields["capacity"] = int64(i % 7)
		}
		rows = append(rows, r)
		if _, err := db.Exec(t.Context(), `INSERT INTO map.place (id, name, kind, capacity, area_code, grid_code, geom) VALUES ($1, $2, $3, $4, $5, '', $6)`,
			r.id, r.fields["name"], r.fields["kind"], r.fields["capacity"], r.fields["area_code"], r.at); err != nil {
			t.Fatal(err)
		}
	}
	store := layers.NewStore(db)
	place, err := store.Layer(t.Context(), "place")
	if err != nil {
		t.Fatal(err)
	}
	text := rapid.SampledFrom([]string{"", "a", "ab", "啊", "a%", `a\`, "330782", "330783~", "33078200", "~"})
	field := rapid.SampledFrom([]string{"name", "kind", "area_code"})
	number := rapid.Custom(func(t *rapid.T) any {
		if rapid.Bool().Draw(t, "whole") {
			return int64(rapid.IntRange(-1, 8).Draw(t, "n"))
		}
		return rapid.Float64Range(-1, 8).Draw(t, "x")
	})
	var cond func(depth int) *rapid.Generator[where.Cond]
	cond = func(depth int) *rapid.Generator[where.Cond] {
		return rapid.Custom(func(t *rapid.T) where.Cond {
			most := 8
			if depth == 0 {
				most = 5
			}
			switch rapid.IntRange(0, most).Draw(t, "kind") {
			case 0:
				return where.Eq{Field: field.Draw(t, "field"), Value: text.Draw(t, "value")}
			case 1:
				return where.Prefix{Field: field.Draw(t, "field"), Prefix: text.Draw(t, "prefix")}
			case 2:
				return where.In{Field: field.Draw(t, "field"), Values: rapid.SliceOfN(text, 0, 3).Draw(t, "values")}
			case 3:
				return where.Range{Field: "capacity", Min: number.Draw(t, "min"), Max: number.Draw(t, "max")}
			case 4:
				return where.Empty{Field: "capacity"}
			case 5:
				x, y := rapid.Float64Range(-6, 6).Draw(t, "x"), rapid.Float64Range(-6, 6).Draw(t, "y")
				return where.Within{Bound: orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + 3, y + 3}}}
			case 6:
				return where.Not{C: cond(depth-1).Draw(t, "not")}
			case 7:
				return where.All(rapid.SliceOfN(cond(depth-1), 0, 3).Draw(t, "all"))
			default:
				return where.Any(rapid.SliceOfN(cond(depth-1), 0, 3).Draw(t, "any"))
			}
		})
	}
	rapid.Check(t, func(rt *rapid.T) {
		c := cond(3).Draw(rt, "condition")
		var want, got []int64
		for _, r := range rows {
			if where.Match(c, func(f string) any { return r.fields[f] }, where.At{G: r.at}) {
				want = append(want, r.id)
			}
		}
		for f, err := range store.Features(t.Context(), layers.Query{Layer: place, Where: c}) {
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, f.ID)
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("%s: PostgreSQL finds %v, Match %v", where.Canon(c), got, want)
		}
	})
}

func TestSQLRefusesWhatTheLayerDoesNotHave(t *testing.T) {
	l := layers.Layer{Name: "x", Fields: []layers.Field{{Name: "a", Type: "text"}, {Name: "n", Type: "integer"}}}
	for _, tt := range []struct {
		name string
		c    where.Cond
	}{
		{"an unknown field", where.Eq{Field: `a"; DROP TABLE x; --`, Value: "1"}},
		{"a number for a text", where.Eq{Field: "a", Value: int64(1)}},
		{"a time for a number", where.Range{Field: "n", Min: time.Unix(0, 0)}},
		{"a prefix of a number", where.Prefix{Field: "n", Prefix: "1"}},
		{"deep inside", where.All{where.Any{where.Not{C: where.Empty{Field: "b"}}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a layers.Args
			sql, err := l.SQL(tt.c, &a)
			var input *layers.InputError
			if !errors.As(err, &input) {
				t.Errorf("got %q, %v", sql, err)
			}
		})
	}
}

// A condition on the area uses its index, also in a plan made without values.
func TestPrefixUsesTheIndex(t *testing.T) {
	db := layerstest.DB(t)
	store := layers.NewStore(db)
	asset, err := store.Layer(t.Context(), "place")
	if err != nil {
		t.Fatal(err)
	}
	var a layers.Args
	cond, err := asset.SQL(where.Prefix{Field: "area_code", Prefix: "330782003"}, &a)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	for _, sql := range []string{`SET LOCAL enable_seqscan = off`, `SET LOCAL plan_cache_mode = force_generic_plan`,
		`PREPARE p (text, text) AS SELECT id FROM map.place f WHERE ` + cond} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	var plan string
	if err := tx.QueryRow(t.Context(), `EXPLAIN (FORMAT JSON) EXECUTE p ('330782003', '330782004')`).Scan(&plan); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plan, "place_area_idx") {
		t.Errorf("the plan does not use place_area_idx:\n%s", plan)
	}
}

// Spatial conditions ask the index of places first, also in a plan made without
// values. What is disjoint cannot.
func TestSpatialConditionsUseTheIndex(t *testing.T) {
	db := layerstest.DB(t)
	place, err := layers.NewStore(db).Layer(t.Context(), "place")
	if err != nil {
		t.Fatal(err)
	}
	area := orb.Polygon{{{120, 29}, {121, 29}, {121, 30}, {120, 29}}}
	for _, op := range []string{"intersects", "within", "contains", "touches", "crosses", "overlaps", "equals", "disjoint"} {
		var a layers.Args
		cond, err := place.SQL(where.Spatial{Op: op, Geometry: area}, &a)
		if err != nil {
			t.Fatal(err)
		}
		tx, err := db.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context())
		for _, sql := range []string{`SET LOCAL enable_seqscan = off`, `SET LOCAL plan_cache_mode = force_generic_plan`,
			`PREPARE p_` + op + ` (geometry) AS SELECT id FROM map.place f WHERE ` + cond} {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		var plan string
		if err := tx.QueryRow(t.Context(), `EXPLAIN (FORMAT JSON) EXECUTE p_`+op+`('POINT(1 2)')`).Scan(&plan); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(plan, "place_geom_idx") != (op != "disjoint") {
			t.Errorf("%s:\n%s", op, plan)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// A box of points is asked by coordinates: its edges, what lies beside them by
// less than single precision tells, and a point that is nowhere.
func TestABoxHoldsThePointsOfItsEdges(t *testing.T) {
	db := layerstest.DB(t)
	box := orb.Bound{Min: orb.Point{120.0745, 29.3068}, Max: orb.Point{120.0746, 29.307}}
	near := 1e-9                                                                            // far below the 7e-6 degrees by which the index rounds
	for i, p := range []orb.Point{box.Min, box.Max, {box.Min[0], box.Max[1]}, box.Center(), // inside: 1 to 4
		{box.Min[0] - near, box.Min[1]}, {box.Max[0] + near, box.Max[1]}, {box.Min[0], box.Min[1] - near}, {box.Max[0], box.Max[1] + near}} {
		if _, err := db.Exec(t.Context(), `INSERT INTO map.place (id, kind, area_code, grid_code, geom) VALUES ($1, 'shelter', '', '', $2)`, i+1, p); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(t.Context(), `INSERT INTO map.place (id, kind, area_code, grid_code, geom) VALUES (9, 'shelter', '', '', 'SRID=4326;POINT EMPTY')`); err != nil {
		t.Fatal(err)
	}
	store := layers.NewStore(db)
	place, err := store.Layer(t.Context(), "place")
	if err != nil {
		t.Fatal(err)
	}
	within := where.Within{Bound: box}
	for _, tt := range []struct {
		c    where.Cond
		want []int64
	}{{within, []int64{1, 2, 3, 4}}, {where.Not{C: within}, []int64{5, 6, 7, 8, 9}},
		{where.Within{Bound: orb.Bound{Min: box.Max, Max: box.Min}}, nil}} { // an empty box
		var a layers.Args
		cond, err := place.SQL(tt.c, &a)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		if err := db.QueryRow(t.Context(), `SELECT array_agg(id ORDER BY id) FROM map.place f WHERE `+cond, a...).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", where.Canon(tt.c), got, tt.want)
		}
	}
}

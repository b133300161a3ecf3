package layers_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"onemap/geo/relate"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/layerstest"
)

// probe is a layer with a field of every type, and columns of the types that
// departments' tables have for them.
var probe = layers.Layer{Name: "probe", Fields: []layers.Field{
	{Name: "t", Type: "text"}, {Name: "u", Type: "text"},
	{Name: "n", Type: "integer"}, {Name: "small", Type: "integer"},
	{Name: "x", Type: "number"}, {Name: "real", Type: "number"}, {Name: "exact", Type: "number"},
	{Name: "b", Type: "boolean"}, {Name: "d", Type: "date"}, {Name: "at", Type: "time"}, {Name: "plain", Type: "time"},
}}

const probeSQL = `CREATE TABLE map.probe (id bigint PRIMARY KEY, t text, u uuid, n bigint, small smallint, x double precision, "real" real,
	exact numeric, b boolean, d date, at timestamptz, plain timestamp, geom geometry(Geometry, 4326))`

// What rows and conditions are made of: few values, each with its trap.
var (
	texts = []string{"", "a", "A", "ab", "aB", "Ab", "a%", "a_", `a\`, `\`, `%`, "_", "'", `"`, "b", "啊", "义乌市", "义乌", "ß", "ẞ", "ss",
		"I", "i", "İ", "ı", "Σ", "σ", "ς", "É", "é", "Ａ", "ａ", "K", "k", "\u212a", "\U00010400", "\U00010428", "~", "\x7f", "\u0080", "\U0010ffff", "a b", "Ж", "ж"}
	uuids   = []string{"fa7e1920-9107-422d-a3db-c468cbc5d6df", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}
	whole   = []int64{math.MinInt64, -32768, -1, 0, 1, 2, 3, 32767, 1 << 53, 1<<53 + 1, math.MaxInt64}
	numbers = []float64{math.Inf(-1), -1.5, -1, math.Copysign(0, -1), 0, 0.1, 0.25, 1, 2, 2.5, 1e300, math.Inf(1), math.NaN()}
	moments = []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 12, 30, 0, 1000, time.UTC),
		time.Date(2026, 3, 1, 23, 0, 0, 0, time.FixedZone("", -5*3600)), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	}
)

func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// plane draws small valid geometries around the origin that often share places.
func plane(r *rand.Rand) orb.Geometry {
	p := func() orb.Point { return orb.Point{float64(r.IntN(5)), float64(r.IntN(5))} }
	for {
		var g orb.Geometry
		switch r.IntN(7) {
		case 0, 1:
			g = p()
		case 2:
			g = orb.LineString{p(), p()}
		case 3:
			g = orb.MultiPoint{p(), p()}
		case 4:
			g = orb.Polygon{func() orb.Ring { a := p(); return orb.Ring{a, p(), p(), p(), a} }()}
		case 5:
			g = orb.MultiPoint{p(), p()}.Bound().ToPolygon()
		default:
			g = orb.MultiLineString{{p(), p()}, {p(), p()}}
		}
		if relate.Invalid(g) == "" && simple(g) {
			return g
		}
	}
}

// simple leaves out lines that meet themselves; see geo/relate's own test.
func simple(g orb.Geometry) bool {
	ls, ok := g.(orb.MultiLineString)
	return !ok || relate.Holds("disjoint", ls[0], ls[1])
}

func TestSQLMeansWhatMatchMeansForEveryType(t *testing.T) {
	db := layerstest.DB(t)
	if _, err := db.Exec(t.Context(), probeSQL); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	type feature struct {
		fields map[string]any
		at     orb.Geometry
	}
	pick := func(vs ...any) any { return vs[r.IntN(len(vs))] }
	var rows []feature
	for i := range 400 {
		f := feature{fields: map[string]any{}}
		set := func(name string, v any) any {
			if r.IntN(5) == 0 {
				return nil
			}
			f.fields[name] = v
			return v
		}
		x := float64(float32(numbers[r.IntN(10)]))
		args := []any{int64(i + 1),
			set("t", texts[r.IntN(len(texts))]), set("u", uuids[r.IntN(len(uuids))]), set("n", whole[r.IntN(len(whole))]), set("small", pick(int64(-1), int64(0), int64(2), int64(32767))),
			set("x", numbers[r.IntN(len(numbers))]), set("real", x), set("exact", pick(-1.5, 0.0, 0.1, 2.5, math.NaN())), set("b", r.IntN(2) == 0),
			set("d", midnight(moments[r.IntN(len(moments))])), set("at", moments[r.IntN(len(moments))].UTC()), set("plain", moments[r.IntN(len(moments))].UTC())}
		if r.IntN(20) > 0 {
			f.at = plane(r)
		}
		args = append(args, f.at)
		if _, err := db.Exec(t.Context(), `INSERT INTO map.probe VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, args...); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		rows = append(rows, f)
	}
	store := layers.NewStore(db)
	check := func(c where.Cond) (int, string) {
		var want, got []int64
		for i, f := range rows {
			if where.Match(c, func(name string) any { return f.fields[name] }, where.At{G: f.at}) {
				want = append(want, int64(i+1))
			}
		}
		for f, err := range store.Features(t.Context(), layers.Query{Layer: probe, Where: c}) {
			if err != nil {
				return 0, err.Error()
			}
			got = append(got, f.ID)
		}
		if slices.Equal(got, want) {
			return len(got), ""
		}
		for _, id := range append(slices.Clone(got), want...) {
			if slices.Contains(got, id) != slices.Contains(want, id) {
				f := rows[id-1]
				return 0, fmt.Sprintf("PostgreSQL finds %v: %v, Match: %v; row %d: %q at %v", len(got), slices.Contains(got, id), slices.Contains(want, id), id, f.fields, f.at)
			}
		}
		return 0, "twice"
	}

	found, empty := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		c := probeCond(3).Draw(rt, "condition")
		for _, c := range []where.Cond{c, where.Simplify(c)} {
			n, wrong := check(c)
			if wrong != "" {
				rt.Fatalf("%s: %s", where.Canon(c), wrong)
			}
			if found++; n == 0 {
				empty++
			}
		}
	})
	if empty*10 > found*9 {
		t.Errorf("%d of %d conditions find nothing: they test little", empty, found)
	}
	// Each field against each value, from below and above, with and without the end.
	for _, f := range probe.Fields {
		for _, v := range valuesFor(f.Name) {
			for _, c := range []where.Cond{
				where.Eq{Field: f.Name, Value: v},
				where.Range{Field: f.Name, Min: v}, where.Range{Field: f.Name, Min: v, MinOpen: true},
				where.Range{Field: f.Name, Max: v}, where.Range{Field: f.Name, Max: v, MaxClosed: true},
			} {
				for _, c := range []where.Cond{c, where.Not{C: c}} {
					if _, wrong := check(c); wrong != "" {
						t.Errorf("%s: %s", where.Canon(c), wrong)
					}
				}
			}
		}
	}
	// Each text against each pattern, folded and not.
	for _, fold := range []bool{false, true} {
		for _, p := range append(slices.Clone(texts), "%a%", "_", "__", `\%`, `\_`, `a\%`, `%\`, `%\\`, "義%", "%乌%", "%I%", "%ss%", "%σ") {
			if _, wrong := check(where.Like{Field: "t", Pattern: p, Fold: fold}); wrong != "" {
				t.Errorf("like %q, folded %v: %s", p, fold, wrong)
			}
		}
	}
}

// GEOS gives up on some geometries that are valid within a rounding only: that
// is said in words, and is no fault of the server.
func TestGeometriesThatPostGISCannotCompare(t *testing.T) {
	db := layerstest.DB(t)
	if _, err := db.Exec(t.Context(), probeSQL); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `INSERT INTO map.probe (id, geom) VALUES (1, ST_GeomFromText('POLYGON((120.0370370367 29.0493827156,
		120 29.0617283945,120.0493827156 29.0617283945,120.0123456789 29.0246913578,120.0370370367 29.0493827156))', 4326))`); err != nil {
		t.Fatal(err)
	}
	along := where.Spatial{Op: "intersects", Geometry: orb.LineString{{120.0370370367, 29.0493827156}, {120.0617283945, 29.0493827156}}}
	var failed error
	for _, err := range layers.NewStore(db).Features(t.Context(), layers.Query{Layer: probe, Where: along}) {
		failed = err
	}
	if refused := layers.Refused(failed); refused == nil || refused.Field != "geometry" {
		t.Errorf("got %v", failed)
	}
}

func valuesFor(field string) []any {
	var vs []any
	switch field {
	case "t":
		for _, v := range texts {
			vs = append(vs, v)
		}
	case "u":
		for _, v := range uuids {
			vs = append(vs, v)
		}
	case "b":
		vs = []any{false, true}
	case "d", "at", "plain":
		for _, v := range moments {
			vs = append(vs, v)
		}
	default:
		for _, v := range whole {
			vs = append(vs, v)
		}
		for _, v := range numbers {
			vs = append(vs, v)
		}
	}
	return vs
}

// probeCond draws conditions that the layer can be asked.
func probeCond(depth int) *rapid.Generator[where.Cond] {
	text, moment := rapid.SampledFrom(texts), rapid.SampledFrom(moments)
	number := rapid.Custom(func(t *rapid.T) any {
		if rapid.Bool().Draw(t, "whole") {
			return rapid.SampledFrom(whole).Draw(t, "n")
		}
		return rapid.SampledFrom(numbers).Draw(t, "x")
	})
	// A field of a kind, and values for it.
	typed := rapid.Custom(func(t *rapid.T) where.Range {
		r := where.Range{MinOpen: rapid.Bool().Draw(t, "open"), MaxClosed: rapid.Bool().Draw(t, "closed")}
		draw := func() any { return nil }
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			r.Field, draw = rapid.SampledFrom([]string{"t", "u"}).Draw(t, "field"), func() any { return text.Draw(t, "text") }
			if r.Field == "u" {
				draw = func() any { return rapid.SampledFrom(uuids).Draw(t, "uuid") }
			}
		case 1:
			r.Field, draw = rapid.SampledFrom([]string{"n", "small", "x", "real", "exact"}).Draw(t, "field"), func() any { return number.Draw(t, "number") }
		case 2:
			r.Field, draw = "b", func() any { return rapid.Bool().Draw(t, "bool") }
		case 3:
			r.Field, draw = rapid.SampledFrom([]string{"d", "at", "plain"}).Draw(t, "field"), func() any { return moment.Draw(t, "moment") }
		}
		r.Min, r.Max = draw(), draw()
		return r
	})
	return rapid.Custom(func(t *rapid.T) where.Cond {
		most := 9
		if depth == 0 {
			most = 6
		}
		switch rapid.IntRange(0, most).Draw(t, "kind") {
		case 0:
			r := typed.Draw(t, "eq")
			return where.Eq{Field: r.Field, Value: r.Min}
		case 1:
			r := typed.Draw(t, "range")
			if rapid.Bool().Draw(t, "no min") {
				r.Min = nil
			}
			if rapid.Bool().Draw(t, "no max") {
				r.Max = nil
			}
			return r
		case 2:
			f := rapid.SampledFrom([]string{"t", "u"}).Draw(t, "field")
			if rapid.Bool().Draw(t, "in") {
				return where.In{Field: f, Values: rapid.SliceOfN(text, 0, 4).Draw(t, "values")}
			}
			return where.Prefix{Field: f, Prefix: text.Draw(t, "prefix")}
		case 3:
			p := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"%", "_", `\`, "a", "A", "b", "义", "乌", "i", "I", "f", "0", "-"}), 0, 6).Draw(t, "pattern"), "")
			return where.Like{Field: rapid.SampledFrom([]string{"t", "u"}).Draw(t, "field"), Pattern: p, Fold: rapid.Bool().Draw(t, "fold")}
		case 4:
			return where.Empty{Field: rapid.SampledFrom(probe.Fields).Draw(t, "field").Name}
		case 5, 6:
			g := plane(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shape"), 0)))
			op := rapid.SampledFrom(relate.Ops).Draw(t, "op")
			if (op == "intersects" || op == "disjoint") && rapid.Bool().Draw(t, "collection") {
				g = orb.Collection{g, orb.Point{1, 1}, orb.LineString{{0, 4}, {1, 4}}}
			}
			return where.Spatial{Op: op, Geometry: g}
		case 7:
			return where.Not{C: probeCond(depth-1).Draw(t, "not")}
		case 8:
			return where.All(rapid.SliceOfN(probeCond(depth-1), 0, 3).Draw(t, "all"))
		default:
			return where.Any(rapid.SliceOfN(probeCond(depth-1), 0, 4).Draw(t, "any"))
		}
	})
}

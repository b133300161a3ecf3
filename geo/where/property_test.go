package where_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"onemap/geo/relate"
	. "onemap/geo/where"
)

// Few fields, few values: so that conditions and rows often have to do with
// each other. Codes share prefixes.
var (
	fields = []string{"a", "b", "n"}
	codes  = []string{"", "3", "33", "3307", "3308", "33070", "4", "3A", "3a"}
)

func genValue() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Custom(func(t *rapid.T) any { return rapid.SampledFrom(codes).Draw(t, "text") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.Int64Range(0, 2).Draw(t, "int") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(t, "float") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.Bool().Draw(t, "bool") }),
		rapid.Custom(func(t *rapid.T) any {
			return noon.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "hours")) * time.Hour)
		}),
		rapid.Just[any](nil),
	)
}

func genBound() *rapid.Generator[orb.Bound] {
	return rapid.Custom(func(t *rapid.T) orb.Bound {
		x, y := float64(rapid.IntRange(0, 2).Draw(t, "x")), float64(rapid.IntRange(0, 2).Draw(t, "y"))
		return orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + 1, y + 1}}
	})
}

func genShape() *rapid.Generator[orb.Geometry] {
	return rapid.Custom(func(t *rapid.T) orb.Geometry {
		b := genBound().Draw(t, "box")
		switch rapid.IntRange(0, 2).Draw(t, "shape") {
		case 0:
			return b.Min
		case 1:
			return orb.LineString{b.Min, b.Max}
		}
		return b.ToPolygon()
	})
}

func genRow() *rapid.Generator[row] {
	return rapid.Custom(func(t *rapid.T) row {
		r := row{map[string]any{}, orb.Point{float64(rapid.IntRange(0, 6).Draw(t, "x")) / 2, float64(rapid.IntRange(0, 6).Draw(t, "y")) / 2}}
		switch rapid.IntRange(0, 9).Draw(t, "place") {
		case 0:
			r.at = nil // nowhere
		case 1, 2, 3:
			r.at = genShape().Draw(t, "shape")
		}
		for _, f := range fields {
			if v := genValue().Draw(t, f); v != nil {
				r.fields[f] = v
			}
		}
		return r
	})
}

func genCond(depth int) *rapid.Generator[Cond] {
	return rapid.Custom(func(t *rapid.T) Cond {
		kinds := 8
		if depth > 0 {
			kinds = 11
		}
		field := rapid.SampledFrom(fields).Draw(t, "field")
		switch k := rapid.IntRange(0, kinds-1).Draw(t, "kind"); k {
		case 0:
			return Eq{field, genValue().Draw(t, "value")}
		case 1:
			return In{field, rapid.SliceOfN(rapid.SampledFrom(codes), 0, 3).Draw(t, "values")}
		case 2:
			return Prefix{field, rapid.SampledFrom(codes).Draw(t, "prefix")}
		case 3:
			return Range{field, genValue().Draw(t, "min"), genValue().Draw(t, "max"), rapid.Bool().Draw(t, "minopen"), rapid.Bool().Draw(t, "maxclosed")}
		case 4:
			return Empty{field}
		case 5:
			return Within{genBound().Draw(t, "box")}
		case 6:
			pattern := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"3", "0", "%", "_", `\`, "A", "a"}), 0, 5).Draw(t, "pattern"), "")
			return Like{field, pattern, rapid.Bool().Draw(t, "fold")}
		case 7:
			return Spatial{rapid.SampledFrom(relate.Ops).Draw(t, "op"), genShape().Draw(t, "shape")}
		case 8:
			return Not{genCond(depth-1).Draw(t, "not")}
		default:
			cs := rapid.SliceOfN(genCond(depth-1), 0, 3).Draw(t, "members")
			if k == 9 {
				return All(cs)
			}
			return Any(cs)
		}
	})
}

// Simplified conditions mean the same, under a Not as well.
func simplifyKeepsMatch(t *rapid.T) {
	c, r := genCond(3).Draw(t, "condition"), genRow().Draw(t, "row")
	s := Simplify(c)
	if r.match(c) != r.match(s) || r.match(Not{c}) != r.match(Not{s}) {
		t.Fatalf("%s and its simplification %s differ on %v: %v, %v", Canon(c), Canon(s), r, r.match(c), r.match(s))
	}
	if p := Prepare(s); r.match(p) != r.match(s) || r.match(Not{p}) != r.match(Not{s}) || Canon(p) != Canon(s) {
		t.Fatalf("%s prepared differs on %v", Canon(s), r)
	}
	if again := Simplify(s); Canon(again) != Canon(s) {
		t.Fatalf("simplified again, %s becomes %s", Canon(s), Canon(again))
	}
}

func TestSimplifyKeepsMatch(t *testing.T) { rapid.Check(t, simplifyKeepsMatch) }
func FuzzSimplifyKeepsMatch(f *testing.F) { f.Fuzz(rapid.MakeFuzz(simplifyKeepsMatch)) }

// Conditions that differ in the order of members, in repeats and in nesting
// only have one canonical text.
func TestCanonIsOfTheMeaningNotTheSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genCond(3).Draw(t, "condition")
		d := respell(t, c)
		if Hash(c) != Hash(d) {
			t.Fatalf("%s and %s simplify to %s and %s", Canon(c), Canon(d), Canon(Simplify(c)), Canon(Simplify(d)))
		}
	})
}

// respell writes the same condition otherwise.
func respell(t *rapid.T, c Cond) Cond {
	members := func(cs []Cond) []Cond {
		out := make([]Cond, len(cs))
		for i, m := range cs {
			out[i] = respell(t, m)
		}
		out = rapid.Permutation(out).Draw(t, "order")
		if len(out) > 0 && rapid.Bool().Draw(t, "repeat") {
			out = append(out, out[0])
		}
		return out
	}
	switch c := c.(type) {
	case All:
		d := All(members(c))
		if len(d) > 1 && rapid.Bool().Draw(t, "nest") {
			return All{d[0], d[1:]}
		}
		return d
	case Any:
		d := Any(members(c))
		if len(d) > 1 && rapid.Bool().Draw(t, "nest") {
			return Any{d[:1], d[1:]}
		}
		return d
	case Not:
		return Not{respell(t, c.C)}
	case In:
		return In{c.Field, append(rapid.Permutation(slices.Clone(c.Values)).Draw(t, "order"), c.Values...)}
	}
	return c
}

// One canonical text is one meaning: two conditions with the same text agree on
// every row.
func TestEqualCanonMeansEqualMatch(t *testing.T) {
	byText := map[string]Cond{}
	rapid.Check(t, func(t *rapid.T) {
		c := genCond(2).Draw(t, "condition")
		text := Canon(Simplify(c))
		other, ok := byText[text]
		if !ok {
			byText[text] = c
			return
		}
		if r := genRow().Draw(t, "row"); r.match(c) != r.match(other) {
			t.Fatalf("%#v and %#v differ on %v", c, other, r)
		}
	})
}

// The three-valued logic is Kleene's: De Morgan's laws hold, and a value that
// is not known is on neither side.
func TestThreeValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, r := genCond(2).Draw(t, "a"), genCond(2).Draw(t, "b"), genRow().Draw(t, "row")
		if r.match(Not{All{a, b}}) != r.match(Any{Not{a}, Not{b}}) || r.match(Not{Any{a, b}}) != r.match(All{Not{a}, Not{b}}) {
			t.Fatal("De Morgan")
		}
		if r.match(a) && r.match(Not{a}) {
			t.Fatal("both a condition and its opposite hold")
		}
		if r.match(All{a, b}) != (r.match(a) && r.match(b)) || r.match(Any{a, b}) != (r.match(a) || r.match(b)) {
			t.Fatal("All and Any are not and and or")
		}
	})
}

func ExampleSimplify() {
	town := Prefix{"area_code", "330782001"}
	fmt.Println(Canon(Simplify(All{Prefix{"area_code", ""}, Any{town, All{town, Eq{"dept_code", "police"}}}})))
	// Output: and(not(empty("area_code")),prefix("area_code","330782001"))
}

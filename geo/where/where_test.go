package where_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/paulmach/orb"

	. "onemap/geo/where"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// row is a feature for tests: its fields, and its geometry.
type row struct {
	fields map[string]any
	at     orb.Geometry
}

func (r row) match(c Cond) bool {
	return Match(c, func(f string) any { return r.fields[f] }, At{r.at})
}

func TestMatch(t *testing.T) {
	r := row{map[string]any{"s": "abc", "i": int64(3), "f": 2.5, "b": true, "t": noon, "nan": math.NaN()}, orb.Point{1, 2}}
	for _, tt := range []struct {
		name string
		c    Cond
		want bool
	}{
		{"true holds", True, true},
		{"false does not", False, false},
		{"equal text", Eq{"s", "abc"}, true},
		{"another text", Eq{"s", "abd"}, false},
		{"a number is not its text", Eq{"i", "3"}, false},
		{"an integer equals the same number", Eq{"i", 3.0}, true},
		{"a number equals the same integer", Eq{"f", int64(2)}, false},
		{"equal bool", Eq{"b", true}, true},
		{"equal time in another zone", Eq{"t", noon.In(time.FixedZone("", 8*3600))}, true},
		{"NaN equals itself, as in PostgreSQL", Eq{"nan", math.NaN()}, true},
		{"NaN is above all numbers, as in PostgreSQL", Range{Field: "nan", Min: math.Inf(1), Max: nil}, true},
		{"NaN is not below one", Range{Field: "nan", Min: nil, Max: math.Inf(1)}, false},
		{"false is before true", Range{Field: "b", Min: false, Max: nil}, true},
		{"true is not below true", Range{Field: "b", Min: nil, Max: true}, false},
		{"in", In{"s", []string{"x", "abc"}}, true},
		{"in nothing", In{"s", nil}, false},
		{"not in nothing", Not{In{"s", nil}}, true},
		{"empty field not in nothing", Not{In{"none", nil}}, true},
		{"prefix", Prefix{"s", "ab"}, true},
		{"whole text is a prefix", Prefix{"s", "abc"}, true},
		{"longer prefix", Prefix{"s", "abcd"}, false},
		{"prefix of a number", Prefix{"i", "3"}, false},
		{"empty prefix of an empty field", Prefix{"none", ""}, false},
		{"empty prefix of a number", Prefix{"i", ""}, true},
		{"range from its value", Range{Field: "i", Min: int64(3), Max: nil}, true},
		{"range to its value", Range{Field: "i", Min: nil, Max: int64(3)}, false},
		{"range of mixed numbers", Range{Field: "i", Min: 2.5, Max: 3.5}, true},
		{"range of texts", Range{Field: "s", Min: "abb", Max: "abd"}, true},
		{"range of times", Range{Field: "t", Min: noon, Max: noon.Add(time.Second)}, true},
		{"open range", Range{Field: "s", Min: nil, Max: nil}, true},
		{"open range of an empty field", Range{Field: "none", Min: nil, Max: nil}, false},
		{"no open range of an empty field", Not{Range{Field: "none", Min: nil, Max: nil}}, true},
		{"empty", Empty{"none"}, true},
		{"not empty", Not{Empty{"s"}}, true},
		{"box", Within{orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{1, 2}}}, true},
		{"box elsewhere", Within{orb.Bound{Min: orb.Point{1.1, 0}, Max: orb.Point{2, 2}}}, false},

		{"empty field equals nothing", Eq{"none", "x"}, false},
		{"nor is it unequal", Not{Eq{"none", "x"}}, false},
		{"nothing equals nil", Eq{"s", nil}, false},
		{"nor is unequal to it", Not{Eq{"s", nil}}, false},
		{"unknown and false is false", Not{All{Eq{"none", "x"}, False}}, true},
		{"unknown and true is unknown", Not{All{Eq{"none", "x"}, True}}, false},
		{"unknown or true is true", Any{Eq{"none", "x"}, True}, true},
		{"unknown or false is unknown", Not{Any{Eq{"none", "x"}, False}}, false},
		{"no condition holds for nothing", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := r.match(tt.c); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestSimplify(t *testing.T) {
	a, b := Cond(Prefix{"area", "3307"}), Cond(Eq{"dept", "police"})
	for _, tt := range []struct {
		name string
		c    Cond
		want Cond
	}{
		{"a constant", All{}, True},
		{"a single member", All{a}, a},
		{"true is neutral in All", All{a, True}, a},
		{"false decides All", All{a, False}, False},
		{"false is neutral in Any", Any{a, False}, a},
		{"true decides Any", Any{a, True}, True},
		{"nothing left of All", All{True, All{}}, True},
		{"nothing left of Any", Any{False, Any{}}, False},
		{"order does not matter", All{a, b}, All{b, a}},
		{"nor does nesting", All{All{a}, All{b, a}}, All{b, a}},
		{"no and true", Not{True}, False},
		{"no and false", Not{Any{}}, True},
		{"twice no", Not{Not{a}}, a},
		{"a list is a set", In{"g", []string{"b", "a", "b"}}, In{"g", []string{"a", "b"}}},
		{"a list of one", In{"g", []string{"a", "a"}}, Eq{"g", "a"}},
		{"an empty list", In{"g", nil}, False},
		{"lists are joined in Any", Any{In{"g", []string{"b", "c"}}, Eq{"g", "a"}}, In{"g", []string{"a", "b", "c"}}},
		{"those of other fields are not", Any{Eq{"g", "b"}, Eq{"h", "a"}}, Any{Eq{"g", "b"}, Eq{"h", "a"}}},
		{"the shorter prefix in Any", Any{Prefix{"area", "330701"}, a}, a},
		{"the longer prefix in All", All{Prefix{"area", "330701"}, a}, Prefix{"area", "330701"}},
		{"other prefixes stay", Any{Prefix{"area", "1"}, Prefix{"area", "2"}}, Any{Prefix{"area", "1"}, Prefix{"area", "2"}}},
		{"a value under the prefix", Any{Eq{"area", "3307011"}, a}, a},
		{"part of a list", All{In{"g", []string{"a", "b"}}, Eq{"g", "a"}}, Eq{"g", "a"}},
		{"absorbed in Any", Any{a, All{a, b}}, a},
		{"absorbed in All", All{a, Any{b, a}}, a},
		{"an empty prefix asks for a value", Prefix{"s", ""}, Not{Empty{"s"}}},
		{"an open range asks for a value", Range{Field: "s", Min: nil, Max: nil}, Not{Empty{"s"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Simplify(tt.c); Canon(got) != Canon(tt.want) {
				t.Errorf("got %s, want %s", Canon(got), Canon(tt.want))
			}
		})
	}
}

func TestSimplifyLeavesItsArgumentAlone(t *testing.T) {
	c := Any{All{Prefix{"b", "2"}, Prefix{"a", "1"}}, In{"g", []string{"b", "a", "a"}}, Eq{"g", "c"}}
	before := fmt.Sprintf("%#v", c)
	Simplify(c)
	And(c, Eq{"x", "y"})
	Hash(c)
	if after := fmt.Sprintf("%#v", c); after != before {
		t.Errorf("was %s\nis  %s", before, after)
	}
}

func TestCanonTellsApart(t *testing.T) {
	seen := map[string]Cond{}
	for _, c := range []Cond{
		True, False, Not{Empty{"a"}}, Empty{"a"}, Empty{"b"},
		Eq{"a", nil}, Eq{"a", "1"}, Eq{"a", int64(1)}, Eq{"a", 1.5}, Eq{"a", true}, Eq{"a", "true"}, Eq{"a", noon}, Eq{"a", noon.Format(time.RFC3339Nano)}, Eq{"b", "1"},
		Eq{"a", "x),eq(\"b\",\"1\""}, Eq{"a", "-"}, Eq{"a", "\xff"}, Eq{"a", "\ufffd"}, Eq{"a", math.NaN()},
		In{"a", []string{"1", "2"}}, In{"a", []string{"1,2"}}, In{"a", []string{`1","2`}}, In{"1", []string{"a", "2"}},
		Prefix{"a", "1"}, Range{Field: "a", Min: "1", Max: nil}, Range{Field: "a", Min: nil, Max: "1"}, Range{Field: "a", Min: "1", Max: "2"}, Range{Field: "a", Min: noon, Max: nil}, Range{Field: "a", Min: int64(1), Max: 2.0},
		Within{orb.Bound{Min: orb.Point{1, 2}, Max: orb.Point{3, 4}}}, Within{orb.Bound{Min: orb.Point{1, 2}, Max: orb.Point{3, 4.000000001}}},
		All{Eq{"a", "1"}, Eq{"b", "1"}}, Any{Eq{"a", "1"}, Eq{"b", "1"}}, All{Any{Eq{"a", "1"}, Eq{"b", "1"}}, Eq{"c", "1"}}, Any{All{Eq{"a", "1"}, Eq{"b", "1"}}, Eq{"c", "1"}},
	} {
		h := Hash(c)
		if len(h) != 32 {
			t.Errorf("hash %q", h)
		}
		if o, ok := seen[h]; ok {
			t.Errorf("%#v and %#v have one hash", o, c)
		}
		seen[h] = c
	}
	if Hash(Eq{"t", noon}) != Hash(Eq{"t", noon.In(time.FixedZone("", 8*3600))}) {
		t.Error("one moment in two zones has two hashes")
	}
}

func TestAndOr(t *testing.T) {
	a, b := Cond(Eq{"a", "1"}), Cond(Eq{"b", "1"})
	if !IsTrue(And()) || !IsFalse(Or()) || !IsFalse(And(a, False)) || !IsTrue(Or(a, True)) {
		t.Error("constants")
	}
	if !reflect.DeepEqual(And(b, a), And(a, b)) || !reflect.DeepEqual(Or(b, a), Or(a, b)) {
		t.Error("order matters")
	}
	if IsTrue(a) || IsFalse(a) || IsTrue(All{a}) || IsFalse(Any{a}) || IsTrue(Any{}) || IsFalse(All{}) {
		t.Error("IsTrue or IsFalse is wrong")
	}
}

// A filter as large and as tangled as a URL can carry must not take long.
func TestSimplifyTakesBoundedWork(t *testing.T) {
	var c Cond = Eq{"a", "x"}
	for i := range 40 { // alternating, four members each
		e := []Cond{c, Prefix{"b", fmt.Sprint(i)}, Eq{"c", int64(i)}, Empty{"d"}}
		if c = All(e); i%2 == 0 {
			c = Any(e)
		}
	}
	var wide Any
	for i := range 2000 {
		wide = append(wide, All{Eq{"a", fmt.Sprint(i)}, Eq{"b", fmt.Sprint(-i)}})
	}
	done := make(chan struct{})
	go func() {
		Simplify(Any{c, wide})
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second): // far beyond any machine; without the bound it is hours
		t.Fatal("still at it")
	}
}

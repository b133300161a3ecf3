package memory_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
	"pgregory.net/rapid"

	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/memory"
)

// value draws a value that a field may be compared with: mostly one that rows
// have, or near it, at times one of another type.
func value(t *rapid.T, field string) any {
	r := rand.New(rand.NewPCG(uint64(rapid.IntRange(0, 60).Draw(t, "row")), 7))
	if rapid.IntRange(0, 9).Draw(t, "other type") == 0 {
		field = rapid.SampledFrom(names).Draw(t, "of")
	}
	it := random(r, 5)
	v, ok := it.values[field]
	if field == "id" {
		return rapid.Int64Range(0, 40).Draw(t, "id")
	}
	if !ok {
		return nil
	}
	switch w := v.(type) {
	case int64:
		if rapid.Bool().Draw(t, "as a float") {
			return float64(w) + 0.5
		}
	case time.Time:
		return w.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 999, -1, 1000}).Draw(t, "ns")))
	case float64:
		if rapid.IntRange(0, 9).Draw(t, "nan") == 0 {
			return math.NaN()
		}
		if rapid.Bool().Draw(t, "whole") && math.Abs(w) < 1e15 {
			return int64(w)
		}
	}
	return v
}

func condition(depth int) *rapid.Generator[where.Cond] {
	return rapid.Custom(func(t *rapid.T) where.Cond {
		most := 8
		if depth > 0 {
			most = 12
		}
		field := rapid.SampledFrom(append([]string{"id"}, names...)).Draw(t, "field")
		text := func() string {
			return rapid.SampledFrom([]string{"", "class", "class 1", "3307", "33071", "row 1", "Row 2 1", "x"}).Draw(t, "text")
		}
		switch k := rapid.IntRange(0, most-1).Draw(t, "kind"); k {
		case 0:
			return where.Eq{Field: field, Value: value(t, field)}
		case 1:
			return where.In{Field: field, Values: []string{text(), text(), "class 2"}[:rapid.IntRange(0, 3).Draw(t, "values")]}
		case 2:
			return where.Prefix{Field: field, Prefix: text()}
		case 3, 4:
			return where.Range{Field: field, Min: value(t, field), Max: value(t, field), MinOpen: rapid.Bool().Draw(t, "open"), MaxClosed: rapid.Bool().Draw(t, "closed")}
		case 5:
			return where.Empty{Field: field}
		case 6:
			return where.Like{Field: field, Pattern: text() + rapid.SampledFrom([]string{"", "%", "_", "%1"}).Draw(t, "rest"), Fold: rapid.Bool().Draw(t, "fold")}
		case 7:
			if rapid.Bool().Draw(t, "box") {
				return where.Within{Bound: area(t).Bound()}
			}
			return where.Spatial{Op: rapid.SampledFrom([]string{"intersects", "disjoint", "within", "contains", "touches", "crosses", "overlaps", "equals"}).Draw(t, "op"), Geometry: area(t)}
		case 8:
			return where.Not{C: condition(depth-1).Draw(t, "not")}
		case 9:
			return where.Any(rapid.SliceOfN(condition(depth-1), 0, 3).Draw(t, "any"))
		default:
			return where.All(rapid.SliceOfN(condition(depth-1), 0, 3).Draw(t, "all"))
		}
	})
}

// area draws a geometry. Some pass through places that rows have.
func area(t *rapid.T) orb.Geometry {
	at := func() orb.Point {
		p := orb.Point{120 + float64(rapid.IntRange(-2, 12).Draw(t, "x"))/10, 29 + float64(rapid.IntRange(-2, 12).Draw(t, "y"))/10}
		if rapid.IntRange(0, 4).Draw(t, "off the rows") > 0 {
			p[0], p[1] = p[0]+0.00037, p[1]+0.00041
		}
		return p
	}
	p, q := at(), at()
	box := orb.Bound{Min: orb.Point{min(p[0], q[0]), min(p[1], q[1])}, Max: orb.Point{max(p[0], q[0]), max(p[1], q[1])}}.Pad(0.0101)
	switch rapid.IntRange(0, 4).Draw(t, "shape") {
	case 0:
		return box
	case 1:
		return orb.LineString{p, q, at()}
	case 2:
		return p
	case 3:
		return orb.MultiPolygon{box.ToPolygon(), orb.Bound{Min: orb.Point{-10, -10}, Max: orb.Point{10.1, 10}}.ToPolygon()}
	}
	hole := box.Pad(-0.005).ToRing()
	hole.Reverse()
	return orb.Polygon{box.ToRing(), hole}
}

func spatial(c where.Cond) bool {
	switch c := c.(type) {
	case where.All:
		return slices.ContainsFunc(c, spatial)
	case where.Any:
		return slices.ContainsFunc(c, spatial)
	case where.Not:
		return spatial(c.C)
	case where.Within, where.Spatial:
		return true
	}
	return false
}

// Memory finds the rows that where.Match finds, or says that it cannot tell,
// which it may near the edges of a geometry only.
func TestConditions(t *testing.T) {
	oneGoroutine(t)
	s, m := memory.New(memory.Options{}), model{}
	r := rand.New(rand.NewPCG(3, 4))
	for id := range int64(2000) {
		m[id] = random(r, id)
	}
	m.load(t, s, pointLayer("a"), 1)
	asked, told := 0, 0
	at := maptile.At(orb.Point{120.5, 29.5}, 7)
	rapid.Check(t, func(t *rapid.T) {
		c := condition(3).Draw(t, "condition")
		got, held := features(t, s, at, tiles.LayerRequest{Name: "a", Version: 1, Where: c}, true)
		asked++
		if !held {
			if !spatial(c) {
				t.Fatalf("%s: not told", where.Canon(c))
			}
			return
		}
		told++
		if want := m.features(at, c, nil); !slices.Equal(got, want) {
			t.Fatalf("%s: %d rows, want %d\n%s", where.Canon(c), len(got), len(want), differ(got, want))
		}
	})
	if told*2 < asked {
		t.Errorf("told %d of %d", told, asked)
	}
}

func TestConditionsThatMemoryCannotTell(t *testing.T) {
	s, m := memory.New(memory.Options{}), model{}
	m[1] = item{id: 1, p: orb.Point{120, 29}}
	m.load(t, s, pointLayer("a"), 1)
	for _, tt := range []struct {
		name string
		c    where.Cond
		held bool
	}{
		{"a field it does not have", where.Eq{Field: "height", Value: int64(1)}, false},
		{"a row on the edge of a box", where.Within{Bound: orb.Bound{Min: orb.Point{119, 28}, Max: orb.Point{120, 30}}}, false},
		{"a row on the edge of a box, and excluded otherwise", where.All{where.Within{Bound: orb.Bound{Min: orb.Point{119, 28}, Max: orb.Point{120, 30}}}, where.Eq{Field: "id", Value: int64(2)}}, true},
		{"a row on the edge of a box, and in otherwise", where.Any{where.Not{C: where.Within{Bound: orb.Bound{Min: orb.Point{119, 28}, Max: orb.Point{120, 30}}}}, where.Eq{Field: "id", Value: int64(1)}}, true},
		{"a row on the edges of two boxes, one of which excludes it", where.All{
			where.Within{Bound: orb.Bound{Min: orb.Point{119, 28}, Max: orb.Point{120, 30}}},
			where.Not{C: where.Within{Bound: orb.Bound{Min: orb.Point{120, 28}, Max: orb.Point{121, 30}}}},
		}, false},
		{"a row on a line", where.Spatial{Op: "intersects", Geometry: orb.LineString{{119, 28}, {121, 30}}}, false},
		{"a row beside a line", where.Spatial{Op: "intersects", Geometry: orb.LineString{{119, 28}, {121, 30.001}}}, true},
		{"a relation it does not know", where.Spatial{Op: "covers", Geometry: orb.Point{1, 2}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, held := features(t, s, world, tiles.LayerRequest{Name: "a", Version: 1, Where: tt.c}, true)
			if held != tt.held {
				t.Errorf("held is %v", held)
			}
		})
	}
	for _, tt := range []struct {
		name string
		l    tiles.LayerRequest
	}{
		{"another version", tiles.LayerRequest{Name: "a", Version: 2, Where: where.True}},
		{"another layer", tiles.LayerRequest{Name: "b", Version: 1, Where: where.True}},
		{"a field it does not have", tiles.LayerRequest{Name: "a", Version: 1, Where: where.True, Fields: []string{"height"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, held := features(t, s, world, tt.l, true); held {
				t.Error("it is held")
			}
		})
	}
}

// The counts of a zoom's tiles add up to the rows allowed, at every zoom, in all
// and by class, while rows come and go.
func TestCountsAddUp(t *testing.T) {
	oneGoroutine(t)
	s, m, next := memory.New(memory.Options{}), model{}, int64(0)
	r := rand.New(rand.NewPCG(5, 6))
	for range 9000 {
		next++
		m[next] = random(r, next)
	}
	l := pointLayer("a")
	m.load(t, s, l, 1)
	for lsn := range uint64(3) {
		for _, c := range []where.Cond{where.True, where.Prefix{Field: "code", Prefix: "33071"}, where.Eq{Field: "open", Value: true}} {
			want := map[string]float64{}
			for _, it := range m {
				if where.Match(c, it.get, it) {
					want["count"]++
					if class, ok := it.values["class"]; ok {
						want["class:"+class.(string)]++
					}
				}
			}
			for z := range maptile.Zoom(l.DetailZoom) {
				got := map[string]float64{}
				for x := range uint32(1) << z {
					for y := range uint32(1) << z {
						rq := tiles.Request{At: maptile.New(x, y, z), Layers: []tiles.LayerRequest{{Name: "a", Version: 1, Where: c, Fields: []string{"class"}}}}
						for _, f := range decode(t, ask(t, s, rq)[0].MVT) {
							for k, v := range f.Properties {
								got[k] += v.(float64)
							}
						}
					}
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("zoom %d, %s: %v, want %v", z, where.Canon(c), got, want)
				}
			}
		}
		if err := s.Apply(lsn+2, []memory.Changes{{Layer: "a", Rows: m.change(r, 500, &next)}}); err != nil {
			t.Fatal(err)
		}
	}
	// Who may not see the class is not told it by counts.
	for _, f := range decode(t, ask(t, s, tiles.Request{At: world, Layers: []tiles.LayerRequest{{Name: "a", Version: 1, Where: where.True, Fields: []string{"code"}}}})[0].MVT) {
		if len(f.Properties) != 1 || f.Properties["count"] == nil {
			t.Fatalf("a cell says %v", f.Properties)
		}
	}
}

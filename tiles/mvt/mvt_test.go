package mvt_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb/encoding/mvt/vectortile"
	"pgregory.net/rapid"

	"onemap/tiles/mvt"
)

// read is a reader that is not ours: that of package orb.
func read(t fataler, b []byte) *vectortile.Tile {
	var tile vectortile.Tile
	if err := tile.Unmarshal(b); err != nil {
		t.Fatalf("a tile that cannot be read: %v", err)
	}
	return &tile
}

type fataler interface {
	Fatalf(format string, args ...any)
}

// say tells what a value is, with its type.
func say(v *vectortile.Tile_Value) string {
	switch {
	case v.StringValue != nil:
		return fmt.Sprintf("text %q", *v.StringValue)
	case v.DoubleValue != nil:
		return fmt.Sprint("double ", math.Float64bits(*v.DoubleValue))
	case v.UintValue != nil:
		return fmt.Sprint("int ", *v.UintValue)
	case v.SintValue != nil:
		return fmt.Sprint("int ", *v.SintValue)
	case v.BoolValue != nil:
		return fmt.Sprint("bool ", *v.BoolValue)
	}
	return "nothing"
}

// What is written is read: features with their tags in any number, values each
// once, lengths of any size, and a second layer with the writer of the first.
func TestWhatIsWrittenIsRead(t *testing.T) {
	var w mvt.Writer
	rapid.Check(t, func(t *rapid.T) {
		w.Reset()
		keys := rapid.IntRange(0, 200).Draw(t, "keys")
		for k := range keys {
			w.Key2("key ", fmt.Sprint(k))
		}
		type feature struct {
			id       int64
			values   []string
			geometry []uint32
		}
		var want []feature
		for range rapid.IntRange(1, 20).Draw(t, "features") {
			f := feature{id: rapid.Int64Range(-1, math.MaxInt64).Draw(t, "id"), values: make([]string, keys)}
			row := make([]uint32, keys)
			for k := range keys {
				if rapid.IntRange(0, 3).Draw(t, "null") == 0 {
					continue
				}
				row[k], f.values[k] = add(t, &w)
			}
			f.geometry = rapid.SliceOfN(rapid.Uint32(), 1, 300).Draw(t, "geometry")
			w.Feature(f.id, mvt.Line, row, f.geometry)
			want = append(want, f)
		}
		tile := read(t, w.AppendTo([]byte{}, "layer"))
		l := tile.Layers[0]
		if len(tile.Layers) != 1 || *l.Name != "layer" || *l.Version != 2 || *l.Extent != 4096 || len(l.Features) != len(want) {
			t.Fatalf("layer %s of version %d with %d features", *l.Name, *l.Version, len(l.Features))
		}
		seen := map[string]bool{}
		for _, v := range l.Values {
			if seen[say(v)] && !strings.HasPrefix(say(v), "text") {
				t.Fatalf("value %s twice", say(v))
			}
			seen[say(v)] = true
		}
		for i, f := range l.Features {
			if want[i].id >= 0 && *f.Id != uint64(want[i].id) || want[i].id < 0 && f.Id != nil || *f.Type != vectortile.Tile_LINESTRING || !slices.Equal(f.Geometry, want[i].geometry) {
				t.Fatalf("feature %d: %v", i, f)
			}
			got := make([]string, keys)
			for j := 0; j < len(f.Tags); j += 2 {
				if k := f.Tags[j]; l.Keys[k] == fmt.Sprint("key ", k) {
					got[k] = say(l.Values[f.Tags[j+1]])
				}
			}
			if !slices.Equal(got, want[i].values) {
				t.Fatalf("feature %d has %v, want %v", i, got, want[i].values)
			}
		}
	})
}

func add(t *rapid.T, w *mvt.Writer) (row uint32, said string) {
	switch rapid.IntRange(0, 5).Draw(t, "type") {
	case 0:
		s := rapid.SampledFrom([]string{"", "a", "1", "路灯", strings.Repeat("long ", 60)}).Draw(t, "text")
		return w.Text([]byte(s)) + 1, fmt.Sprintf("text %q", s)
	case 1:
		v := rapid.SampledFrom([]int64{0, 1, -1, 127, 128, math.MaxInt64, math.MinInt64}).Draw(t, "int")
		return w.Int(v) + 1, fmt.Sprint("int ", v)
	case 2:
		v := rapid.SampledFrom([]float64{0, 1, -1, math.Inf(1), math.NaN(), math.Copysign(0, -1)}).Draw(t, "double")
		return w.Double(v) + 1, fmt.Sprint("double ", math.Float64bits(v))
	case 3:
		v := rapid.Bool().Draw(t, "bool")
		return w.Bool(v) + 1, fmt.Sprint("bool ", v)
	case 4:
		days := rapid.Int64Range(-300, 300).Draw(t, "days")
		return w.Date(days) + 1, fmt.Sprintf("text %q", time.Unix(days*86400, 0).UTC().Format("2006-01-02"))
	}
	s := rapid.Int64Range(-300, 300).Draw(t, "seconds")
	return w.Time(s) + 1, fmt.Sprintf("text %q", time.Unix(s, 0).UTC().Format("2006-01-02T15:04:05Z"))
}

func TestTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds") // the years 1 to 9999
		if got, want := string(mvt.AppendTime(nil, s)), time.Unix(s, 0).UTC().Format("2006-01-02T15:04:05Z"); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
	for _, tt := range []struct {
		name string
		days int64
		want string
	}{
		{"the epoch", 0, "1970-01-01"},
		{"a leap day", 19782, "2024-02-29"},
		{"a year of five digits", 2932897, "10000-01-01"},
		{"the year before the first", -719163, "0001-12-31"},
	} {
		if got := string(mvt.AppendDate(nil, tt.days)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestEmptyLayerIsNoBytes(t *testing.T) {
	var w mvt.Writer
	w.Key("a key")
	if b := w.AppendTo(nil, "layer"); len(b) != 0 {
		t.Errorf("%d bytes", len(b))
	}
}

// FuzzTexts: any text comes back as it is, once.
func FuzzTexts(f *testing.F) {
	f.Add("a", "b")
	f.Add("", strings.Repeat("x", 200))
	f.Fuzz(func(t *testing.T, a, b string) {
		var w mvt.Writer
		w.Key(a)
		n, m := w.Text([]byte(a)), w.Text([]byte(b))
		if (n == m) != (a == b) || w.Text([]byte(a)) != n {
			t.Fatalf("numbers %d and %d", n, m)
		}
		w.Feature(1, mvt.Point, []uint32{m + 1}, []uint32{mvt.MoveTo1, 0, 0})
		l := read(t, w.AppendTo(nil, b)).Layers[0]
		if *l.Name != b || l.Keys[0] != a || *l.Values[n].StringValue != a || *l.Values[m].StringValue != b {
			t.Fatalf("%v", l)
		}
	})
}

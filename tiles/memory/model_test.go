package memory_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
	"pgregory.net/rapid"

	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/memory"
	"onemap/tiles/shape"
)

// fields are one of each type, and a text that every row has for itself.
var fields = []memory.Field{
	{Name: "class", Type: "text", InTile: true},
	{Name: "code", Type: "text", InTile: true},
	{Name: "title", Type: "text", InTile: true},
	{Name: "level", Type: "integer", InTile: true},
	{Name: "worth", Type: "number", InTile: true},
	{Name: "open", Type: "boolean", InTile: true},
	{Name: "day", Type: "date", InTile: true},
	{Name: "at", Type: "time", InTile: true},
	{Name: "secret", Type: "integer"},
}

var names = func() (out []string) {
	for _, f := range fields {
		out = append(out, f.Name)
	}
	return out
}()

func pointLayer(name string) memory.Layer {
	return memory.Layer{Name: name, Version: 1, Geometry: "Point", MaxZoom: 22, DetailZoom: 6, Fields: fields, ClassField: "class", Budget: 1 << 30}
}

// item is a row of the model.
type item struct {
	id     int64
	p      orb.Point
	values map[string]any // nil values are left out
}

// row is the item as the log has it.
func (it item) row() *memory.Row {
	r := &memory.Row{ID: it.id, Geometry: ewkb(it.p)}
	for _, f := range fields {
		v, ok := it.values[f.Name]
		out := memory.Value{Null: !ok}
		switch v := v.(type) {
		case string:
			out.S = []byte(v)
		case int64:
			out.I = v
		case float64:
			out.F = v
		case bool:
			if v {
				out.I = 1
			}
		case time.Time:
			out.I = v.UnixMicro()
		}
		r.Values = append(r.Values, out)
	}
	return r
}

func ewkb(p orb.Point) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{1}, 0x20000001)
	b = binary.LittleEndian.AppendUint32(b, 4326)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
}

// Meets and Geometry make an item a where.Place.
func (it item) Meets(b orb.Bound) bool { return b.Contains(it.p) }
func (it item) Geometry() orb.Geometry { return it.p }

func (it item) get(field string) any {
	if field == "id" {
		return it.id
	}
	return it.values[field]
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// random makes an item. Places and values are few enough to meet again.
func random(r *rand.Rand, id int64) item {
	it := item{id: id, values: map[string]any{}}
	switch r.IntN(12) {
	case 0:
		it.p = orb.Point{[]float64{-180, 180, 0, 90, -90}[r.IntN(5)], []float64{0, 45, -45, 80, -80}[r.IntN(5)]}
	case 1:
		it.p = orb.Point{r.Float64()*360 - 180, r.Float64()*160 - 80}
	default:
		it.p = orb.Point{120 + float64(r.IntN(1000))/1000, 29 + float64(r.IntN(1000))/1000}
	}
	set := func(f string, v any) {
		if r.IntN(5) > 0 {
			it.values[f] = v
		}
	}
	set("class", fmt.Sprint("class ", r.IntN(4)))
	set("code", fmt.Sprint("3307", r.IntN(300)))
	set("title", fmt.Sprint("row ", id, " ", r.IntN(3)))
	if r.IntN(20) == 0 { // a text of another column
		set("title", fmt.Sprint("class ", r.IntN(4)))
	}
	set("level", []int64{0, 1, 2, -5, 300, 70000, math.MaxInt64, math.MinInt64}[r.IntN(8)])
	set("worth", []float64{0, 0.5, 12.25, -3.1, 1e300, math.Inf(1), math.Pi}[r.IntN(7)])
	set("open", r.IntN(2) == 0)
	set("day", epoch.Truncate(24*time.Hour).AddDate(0, 0, r.IntN(900)))
	set("at", epoch.Add(time.Duration(r.IntN(5_000_000))*time.Microsecond*[]time.Duration{1, 1_000_000}[r.IntN(2)]))
	set("secret", r.Int64N(5))
	return it
}

// expect is what a tile must say of an item: its place and attributes.
func expect(it item, at maptile.Tile, wanted []string) (string, bool) {
	p := shape.Project(it.p[0], it.p[1])
	size := int64(1) << (36 - at.Z)
	unit := size / 4096
	x, y := p.X-int64(at.X)*size, p.Y-int64(at.Y)*size
	if x < -64*unit || x > size+64*unit || y < -64*unit || y > size+64*unit {
		return "", false
	}
	// A place on the east edge is one unit of 2^36 to the west of it.
	tile := func(v int64) int { return int(math.Round(float64(v) / float64(unit))) }
	values := map[string]any{}
	for _, f := range fields {
		v, ok := it.values[f.Name]
		if !ok || !f.InTile || !slices.Contains(wanted, f.Name) {
			continue
		}
		switch w := v.(type) {
		case int64:
			v = float64(w)
		case time.Time:
			v = w.Format("2006-01-02T15:04:05Z")
			if f.Type == "date" {
				v = w.Format("2006-01-02")
			}
		}
		values[f.Name] = v
	}
	return describe(it.id, tile(x), tile(y), values), true
}

func describe(id int64, x, y int, values map[string]any) string {
	out := fmt.Sprintf("%d (%d %d)", id, x, y)
	for _, k := range slices.Sorted(maps.Keys(values)) {
		out += fmt.Sprintf(" %s=%v", k, values[k])
	}
	return out
}

func decode(t require, b []byte) []*geojson.Feature {
	if len(b) == 0 {
		return nil
	}
	ls, err := mvt.Unmarshal(b)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	if len(ls) != 1 || len(ls[0].Features) == 0 {
		t.Fatalf("%d layers", len(ls))
	}
	return ls[0].Features
}

// require is what both testing.T and rapid.T have.
type require interface {
	Fatalf(format string, args ...any)
}

func ask(t require, s *memory.Store, r tiles.Request) []tiles.Part {
	parts, err := s.Tile(noContext{}, r)
	if err != nil {
		t.Fatalf("tile: %v", err)
	}
	return parts
}

// features lists a tile's features as expect has them.
func features(t require, s *memory.Store, at maptile.Tile, l tiles.LayerRequest, plain bool) (out []string, held bool) {
	p := ask(t, s, tiles.Request{At: at, Layers: []tiles.LayerRequest{l}, Plain: plain})[0]
	for _, f := range decode(t, p.MVT) {
		pt := f.Geometry.(orb.Point)
		out = append(out, describe(int64(f.ID.(float64)), int(pt[0]), int(pt[1]), f.Properties))
	}
	slices.Sort(out)
	return out, p.Held
}

// A model is the rows that a layer should have.
type model map[int64]item

func (m model) features(at maptile.Tile, c where.Cond, wanted []string) (out []string) {
	for _, it := range m {
		if s, ok := expect(it, at, wanted); ok && where.Match(c, it.get, it) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

var (
	world  = maptile.New(0, 0, 0)
	places = []maptile.Tile{
		maptile.New(3, 1, 2), maptile.New(0, 1, 2), maptile.New(1, 0, 1),
		maptile.At(orb.Point{120.5, 29.5}, 8), maptile.At(orb.Point{120.1, 29.1}, 11), maptile.At(orb.Point{120.5, 29.5}, 22),
	}
)

// check compares whole tiles of several zooms with the model.
func (m model) check(t require, s *memory.Store, layer string, ats ...maptile.Tile) {
	for _, at := range ats {
		got, held := features(t, s, at, tiles.LayerRequest{Name: layer, Version: 1, Where: where.True, Fields: names}, true)
		if !held {
			t.Fatalf("%v is not held", at)
		}
		if want := m.features(at, where.True, names); !slices.Equal(got, want) {
			t.Fatalf("%v: %d features, want %d\n%s", at, len(got), len(want), differ(got, want))
		}
	}
}

func differ(got, want []string) string {
	for i := range max(len(got), len(want)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			return fmt.Sprintf("first difference at %d:\n got %s\nwant %s", i, g, w)
		}
	}
	return ""
}

func (m model) load(t require, s *memory.Store, l memory.Layer, lsn uint64) {
	ld := s.Load(l)
	for _, it := range m {
		if err := ld.Add(it.row()); err != nil {
			t.Fatalf("add: %v", err)
		}
	}
	if err := ld.Install(lsn); err != nil {
		t.Fatalf("install: %v", err)
	}
}

// change makes a transaction of n random changes, of the model as well.
func (m model) change(r *rand.Rand, n int, next *int64) (out []memory.Change) {
	ids := slices.Sorted(maps.Keys(m))
	for range n {
		k := r.IntN(10)
		var old item
		if k >= 4 && len(ids) > 0 {
			i := r.IntN(len(ids))
			var ok bool
			if old, ok = m[ids[i]]; !ok {
				continue
			}
		} else {
			k = 0
		}
		switch {
		case k < 4:
			*next++
			it := random(r, *next)
			m[it.id] = it
			ids = append(ids, it.id)
			out = append(out, memory.Change{Op: memory.Insert, New: it.row()})
		case k < 8:
			it := random(r, old.id)
			if r.IntN(2) == 0 {
				it.p = old.p
			}
			m[it.id] = it
			out = append(out, memory.Change{Op: memory.Update, Old: old.row(), New: it.row()})
		default:
			delete(m, old.id)
			out = append(out, memory.Change{Op: memory.Delete, Old: old.row()})
		}
	}
	return out
}

func TestTransactions(t *testing.T) {
	oneGoroutine(t)
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		s, m, next := memory.New(memory.Options{}), model{}, int64(0)
		for range rapid.SampledFrom([]int{0, 1, 600, 2500}).Draw(t, "rows") {
			next++
			m[next] = random(r, next)
		}
		m.load(t, s, pointLayer("a"), 1)
		for lsn := range uint64(rapid.IntRange(1, 5).Draw(t, "transactions")) {
			n := rapid.SampledFrom([]int{1, 3, 100, 1500}).Draw(t, "changes")
			var cs []memory.Change
			if rapid.IntRange(0, 9).Draw(t, "truncate") == 0 {
				cs = m.change(r, n/2, &next)
				cs = append(cs, memory.Change{Op: memory.Truncate})
				clear(m)
			}
			cs = append(cs, m.change(r, n, &next)...)
			if err := s.Apply(lsn+2, []memory.Changes{{Layer: "a", Rows: cs}}); err != nil {
				t.Fatal(err)
			}
			m.check(t, s, "a", places[r.IntN(len(places))])
			if i := s.Layers()[0]; i.Rows != len(m) {
				t.Fatalf("%d rows, want %d", i.Rows, len(m))
			}
		}
		m.check(t, s, "a", world)
		m.check(t, s, "a", places...)
		// Equal rows give equal bytes, however they came about.
		again := memory.New(memory.Options{})
		m.load(t, again, pointLayer("a"), 9)
		for _, at := range []maptile.Tile{maptile.New(0, 0, 0), maptile.At(orb.Point{120.5, 29.5}, 9)} {
			for _, plain := range []bool{true, false} {
				rq := tiles.Request{At: at, Plain: plain, Layers: []tiles.LayerRequest{{Name: "a", Version: 1, Where: where.True, Fields: names}}}
				a, b := ask(t, s, rq)[0], ask(t, again, rq)[0]
				if string(a.MVT) != string(b.MVT) {
					t.Fatalf("%v plain %v: the same rows, other bytes: %d and %d", at, plain, len(a.MVT), len(b.MVT))
				}
			}
		}
	})
}

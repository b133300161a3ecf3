package memory_test

import (
	"encoding/binary"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/memory"
)

// FuzzApply: whatever the log says, the store follows it or drops the layer, and
// says so; the tiles of what it holds can be read. Rows are few, so that they
// meet; geometries are good ones or any bytes.
func FuzzApply(f *testing.F) {
	good := plot{line: orb.LineString{{1, 1}, {2, 1}, {2, 2}, {1, 1}}}.row().Geometry
	f.Add([]byte{1, 1, 5, 1, 2, 6, 3, 1, 5, 0}, good, true)
	f.Add([]byte{1, 1, 0, 2, 1, 9, 4, 1, 1, 1, 1, 0}, good, false)
	f.Add([]byte{1, 1, 0, 1, 1, 0}, ewkb(orb.Point{180, 90}), true)
	f.Add([]byte{1, 7, 0, 2, 7, 3, 0, 0, 0}, []byte{1, 1, 0, 0, 0x20}, true)
	f.Fuzz(func(t *testing.T, script, geometry []byte, points bool) {
		l := memory.Layer{Name: "a", Version: 1, Geometry: "MultiPolygon", MaxZoom: 22, DetailZoom: 3, Coverage: true, Budget: 2000, Fields: plotFields, ClassField: "name"}
		if points {
			l.Geometry = "Point"
		}
		row := func(id, k byte) *memory.Row {
			r := &memory.Row{ID: int64(id % 16), Values: []memory.Value{{S: script[:int(k)%len(script)], Null: k%7 == 0}, {I: int64(int8(k)) << (k % 60)}}}
			switch k % 4 {
			case 0:
				r.Geometry = geometry
			case 1:
				r.Geometry = ewkb(orb.Point{float64(k) / 2, float64(id)})
			case 2:
				x, y := float64(k)/2, float64(id)
				r.Geometry = plot{line: orb.LineString{{x, y}, {x + 1, y}, {x, y + 1}, {x, y}}}.row().Geometry
			}
			if points && r.Geometry == nil && k%3 == 0 {
				r.Geometry = binary.LittleEndian.AppendUint64(nil, uint64(k))
			}
			return r
		}
		s := memory.New(memory.Options{})
		if err := s.Load(l).Install(1); err != nil {
			t.Fatal(err)
		}
		for n := 0; len(script) >= 3; n++ {
			op, id, k := script[0], script[1], script[2]
			c := memory.Change{Op: memory.Op(op % 5), Old: row(id, k/2), New: row(id, k)}
			err := s.Apply(uint64(n+2), []memory.Changes{{Layer: "a", Rows: []memory.Change{c}}})
			if held := len(s.Layers()) == 1; held != (err == nil) {
				t.Fatalf("held is %v after error %v", held, err)
			}
			if err != nil {
				return
			}
			for _, plain := range []bool{true, false} {
				p := ask(t, s, tiles.Request{At: world, Plain: plain, Layers: []tiles.LayerRequest{{Name: "a", Version: 1, Where: where.True, Fields: []string{"name", "rank"}}}})[0]
				if fs := decode(t, p.MVT); plain && len(fs) > s.Layers()[0].Rows {
					t.Fatalf("%d features of %d rows", len(fs), s.Layers()[0].Rows)
				}
			}
			script = script[3:]
		}
	})
}

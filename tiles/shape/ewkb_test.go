package shape_test

import (
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/wkt"

	"onemap/tiles/shape"
)

// Geometries as PostGIS and others write them.
func TestFromEWKB(t *testing.T) {
	const one, two, three = "000000000000f03f", "0000000000000040", "0000000000000840"
	for _, tt := range []struct {
		name, hex, want string // want "!": an error
	}{
		{"a point", "0101000000" + one + two, "MULTIPOINT((1 2))"},
		{"with an SRID", "0101000020e6100000" + one + two, "MULTIPOINT((1 2))"},
		{"of another SRID", "0101000020110f0000" + one + two, "!"},
		{"with Z", "0101000080" + one + two + three, "MULTIPOINT((1 2))"},
		{"with Z and M and an SRID", "01010000e0e6100000" + one + two + three + three, "MULTIPOINT((1 2))"},
		{"with Z as ISO has it", "01e9030000" + one + two + three, "MULTIPOINT((1 2))"},
		{"big endian", "00000000013ff00000000000004000000000000000", "MULTIPOINT((1 2))"},
		{"POINT EMPTY", "0101000000" + "000000000000f87f" + "000000000000f87f", ""},
		{"LINESTRING EMPTY", "010200000000000000", ""},
		{"POLYGON EMPTY", "010300000000000000", ""},
		{"GEOMETRYCOLLECTION EMPTY", "010700000000000000", ""},
		{"an infinite coordinate", "0101000000" + one + "000000000000f07f", "!"},
		{"half a NaN", "0101000000" + one + "000000000000f87f", "!"},
		{"a triangle", "0111000000" + "01000000" + "04000000" + one + one + two + one + two + two + one + one, "MULTIPOLYGON(((2 2,2 1,1 1,2 2)))"},
		{"a curve", "010800000000000000", "!"},
		{"a point in a multi-line", "0105000000" + "01000000" + "0101000000" + one + two, "!"},
		{"no byte", "", "!"},
		{"a strange byte order", "0201000000" + one + two, "!"},
		{"a point cut short", "0101000000" + one, "!"},
		{"something after the end", "0101000000" + one + two + "00", "!"},
		{"more points than bytes", "0102000000ffffffff" + one + two, "!"},
		{"more parts than bytes", "0107000000ffffff7f", "!"},
		{"collections without end", strings.Repeat("010700000001000000", 1000), "!"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			s, box, err := shape.FromEWKB(b)
			if tt.want == "!" {
				if !errors.Is(err, shape.ErrGeometry) || s != nil {
					t.Errorf("got %v, %v", s, err)
				}
				return
			}
			got := ""
			if g := s.Geometry(); g != nil {
				got = wkt.MarshalString(rounded(g))
			}
			if err != nil || got != tt.want {
				t.Errorf("got %s, %v", got, err)
			}
			if s == nil && box != (shape.Box{}) {
				t.Errorf("a box of nothing: %v", box)
			}
		})
	}
}

// FuzzFromEWKB gives any bytes: an error or a shape whose tiles are valid, and
// not more memory than the bytes deserve.
func FuzzFromEWKB(f *testing.F) {
	for _, s := range []string{
		"0103000020e61000000100000004000000000000000000f03f000000000000f03f0000000000000040000000000000f03f00000000000000400000000000000040000000000000f03f000000000000f03f",
		"010600000001000000010300000001000000040000000000000000c06640000000000000f03f0000000000c06640000000000080564000000000000000400000000000805640000000000000f03f000000000000f03f",
		"01eb0300000100000001ea03000002000000000000000000f03f000000000000f03f000000000000f03f0000000000000040000000000000f03f000000000000f03f",
		"0107000000ffffff7f",
	} {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, uint8(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, z uint8) {
		if len(b) > 1200 {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, box, err := shape.FromEWKB(b)
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
			t.Fatalf("%d bytes took %d", len(b), grown)
		}
		if err != nil {
			if !errors.Is(err, shape.ErrGeometry) {
				t.Fatal(err)
			}
			return
		}
		if s == nil {
			return
		}
		if s.Box() != box || box.MinX < 0 || box.MinY < 0 || box.MaxX > 1<<36 || box.MaxY > 1<<36 {
			t.Fatalf("box %v, %v", box, s.Box())
		}
		zoom := uint32(z % 23)
		n := int64(1) << zoom
		x, y := min(n-1, box.MinX>>(36-zoom)), min(n-1, box.MinY>>(36-zoom))
		var c shape.Cutter
		cut(t, &c, s, zoom, uint32(x), uint32(y), true)
		cut(t, &c, s, 0, 0, 0, false)
		for _, shared := range []bool{false, true} {
			l := shape.Climb(s, shape.Options{Shared: shared})
			cut(t, &c, l.At(int(zoom)), zoom, uint32(x), uint32(y), false)
			if string(l.Full()) != string(s) {
				t.Fatal("the ladder lost the whole shape")
			}
		}
	})
}

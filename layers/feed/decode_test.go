package feed

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
)

// message builders, as PostgreSQL writes them.

func msgBegin() []byte  { return append([]byte{'B'}, make([]byte, 20)...) }
func msgCommit() []byte { return append([]byte{'C'}, make([]byte, 25)...) }

func msgRelation(id uint32, table string, columns ...string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{'R'}, id)
	b = append(b, "map\x00"+table+"\x00f"...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(columns)))
	for _, c := range columns {
		oid := uint32(25)
		if c == "geom" {
			oid = 99999
		}
		b = append(b, 1)
		b = append(b, c+"\x00"...)
		b = binary.BigEndian.AppendUint32(b, oid)
		b = append(b, 255, 255, 255, 255)
	}
	return b
}

// tuple makes one of texts; "\x00" is NULL and "\x01" unchanged.
func tuple(values ...string) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(values)))
	for _, v := range values {
		switch v {
		case "\x00":
			b = append(b, 'n')
		case "\x01":
			b = append(b, 'u')
		default:
			b = append(b, 'b')
			b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
			b = append(b, v...)
		}
	}
	return b
}

func msgRow(op byte, id uint32, parts ...[]byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{op}, id)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func part(kind byte, t []byte) []byte { return append([]byte{kind}, t...) }

var typeGeometry = append(binary.BigEndian.AppendUint32([]byte{'Y'}, 99999), "public\x00geometry\x00"...)

func FuzzDecoder(f *testing.F) {
	for _, b := range [][]byte{
		msgBegin(), msgCommit(), typeGeometry, msgRelation(7, "t", "id", "name", "geom"),
		msgRow('I', 7, part('N', tuple("1", "a", "\x00"))),
		msgRow('U', 7, part('O', tuple("1", "a", "\x00")), part('N', tuple("1", "\x01", "x"))),
		msgRow('U', 7, part('K', tuple("1", "\x00", "\x00")), part('N', tuple("1", "\x01", "\x01"))),
		msgRow('D', 7, part('K', tuple("1", "\x00", "\x00"))),
		{'T', 0, 0, 0, 1, 0, 0, 0, 0, 7},
		append([]byte{'M', 1, 0, 0, 0, 0, 0, 0, 0, 0}, "onemap\x00\x00\x00\x00\x15{\"replaced\":\"map.t\"}"...),
		append([]byte{'O', 0, 0, 0, 0, 0, 0, 0, 0}, "x\x00"...),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDecoder(1, 1, 3, 1000)
		for _, m := range [][]byte{msgBegin(), typeGeometry, msgRelation(7, "t", "id", "name", "geom")} {
			if _, err := d.message(m); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			if _, err := d.message(b); err != nil {
				return
			}
		}
		tx, err := d.message(msgCommit())
		if err != nil {
			return
		}
		for _, c := range tx.Changes {
			for _, r := range []Row{c.Old, c.New} {
				for _, name := range append(r.Columns(), "none") {
					r.Get(name)
					r.Bound(name)
					r.Same(c.New, name)
				}
			}
		}
	})
}

// Whatever bytes a column of any type has, decoding them gives a value or nil.
func FuzzValue(f *testing.F) {
	oids := []uint32{0, 16, 17, 20, 21, 23, 25, 114, 3802, 700, 701, 1082, 1114, 1184, 2950, 1009, 1700}
	g, err := ewkb.Marshal(orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}, 4326)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(g)
	f.Add([]byte{0, 1, 0, 0, 0, 0, 0, 2, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, oid := range oids {
			decodeBinary(&column{oid: oid}, b)
		}
		ewkbBound(b)
		decodeText(&column{geometry: true}, b)
	})
}

func TestDecoderKeepsNothingOfTheBuffer(t *testing.T) {
	d := newDecoder(1, 1, 10, 1000)
	feed := func(b []byte) *Tx {
		tx, err := d.message(b)
		if err != nil {
			t.Fatal(err)
		}
		clear(b)
		return tx
	}
	feed(msgBegin())
	feed(msgRelation(7, "t", "id", "name"))
	feed(msgRow('I', 7, part('N', tuple("1", "a"))))
	feed(msgRow('U', 7, part('O', tuple("1", "a")), part('N', tuple("2", "\x01"))))
	tx := feed(msgCommit())
	if c := tx.Changes[0]; c.Table != "t" || c.New.Get("name") != "a" {
		t.Errorf("%+v", c)
	}
	if c := tx.Changes[1]; c.Old.Get("id") != "1" || c.New.Get("id") != "2" || c.New.Get("name") != "a" {
		t.Errorf("%+v", c)
	}
}

func TestDecoderRefusesNonsense(t *testing.T) {
	for name, bad := range map[string][]byte{
		"unknown message":      {'?'},
		"cut begin":            {'B', 1},
		"row of no table":      msgRow('I', 8, part('N', tuple("1", "a"))),
		"row without its part": msgRow('I', 7),
		"delete without old":   msgRow('D', 7, part('N', tuple("1", "a"))),
		"too few columns":      msgRow('I', 7, part('N', tuple("1"))),
		"cut row":              msgRow('I', 7, part('N', tuple("1", "a")))[:12],
		"length over the end":  msgRow('I', 7, []byte{'N', 0, 2, 'b', 255, 255, 255, 255, 'b', 0, 0, 0, 0}),
		"unknown kind":         msgRow('I', 7, []byte{'N', 0, 2, 'x', 'n'}),
	} {
		d := newDecoder(1, 1, 10, 1000)
		d.message(msgBegin())
		d.message(msgRelation(7, "t", "id", "name"))
		if _, err := d.message(bad); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestBoundsAreThoseOfTheGeometry(t *testing.T) {
	for _, g := range []orb.Geometry{
		orb.Point{3, -4}, orb.MultiPoint{{1, 2}, {-3, 7}}, orb.LineString{{1, 2}, {5, -6}},
		orb.Polygon{{{0, 0}, {4, 0}, {4, 3}, {0, 0}}, {{1, 1}, {2, 1}, {2, 1.5}, {1, 1}}},
		orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}, {{{8, 8}, {9, 8}, {9, 9}, {8, 8}}}},
		orb.Collection{orb.Point{1, 1}, orb.LineString{{-1, 0}, {2, 2}}},
	} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			b, err := ewkb.Marshal(g, 4326, order)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := ewkbBound(b); !ok || got != g.Bound() {
				t.Errorf("%s: %v, want %v", g.GeoJSONType(), got, g.Bound())
			}
			for i := range b { // cut anywhere: no box and no panic
				if _, ok := ewkbBound(b[:i]); ok {
					t.Errorf("%s cut at %d has a box", g.GeoJSONType(), i)
				}
			}
		}
	}
	// LINESTRING ZM(1 2 9 9, 3 4 9 9): the box is flat.
	zm := binary.LittleEndian.AppendUint32([]byte{1}, 2|ewkbZ|ewkbM)
	zm = binary.LittleEndian.AppendUint32(zm, 2)
	for _, x := range []float64{1, 2, 9, 9, 3, 4, 9, 9} {
		zm = binary.LittleEndian.AppendUint64(zm, math.Float64bits(x))
	}
	if got, ok := ewkbBound(zm); !ok || got != (orb.Bound{Min: orb.Point{1, 2}, Max: orb.Point{3, 4}}) {
		t.Errorf("ZM: %v %v", got, ok)
	}
}

func TestCursorText(t *testing.T) {
	for _, c := range []Cursor{{7345678901234567890, 1, 0x16B3748}, {1, 2, 0}, {math.MaxUint64, math.MaxUint32, math.MaxUint64}, {}} {
		got, err := ParseCursor(c.String())
		if err != nil || got != c {
			t.Errorf("%v comes back as %v, %v", c, got, err)
		}
	}
	if got := (Cursor{7345678901234567890, 1, 0x16B3748}).String(); got != "7345678901234567890.1.16B3748" {
		t.Error(got)
	}
	for _, s := range []string{"", ".", "..", "1.1", "1.1.g", "1.1.0x1", "01.1.1", "1.1.01", "1.1.ab", "1.1.1.1", "+1.1.1", "-1.1.1", "1.1.1 ", "1.4294967296.1", "1.1.10000000000000000"} {
		if _, err := ParseCursor(s); !errors.Is(err, ErrCursor) {
			t.Errorf("%q is a cursor", s)
		}
	}
	if (Cursor{1, 1, 9}).Compare(Cursor{1, 2, 1}) >= 0 || (Cursor{1, 2, 1}).Compare(Cursor{1, 2, 2}) >= 0 {
		t.Error("a later timeline is later")
	}
}

func TestEndOfRecord(t *testing.T) {
	for _, tt := range []struct {
		name     string
		in, want uint64
	}{
		{"in the middle of a page", 0x16B3748, 0x16B3748},
		{"behind the header of a page", 0x2002018, 0x2002000},
		{"behind the header of a segment", 0x2000028, 0x2000000},
		{"a record that ends 40 bytes into a page that begins no segment", 0x46618028, 0x46618028},
		{"inside a segment's header, where no record ends", 0x2000018, 0x2000018},
	} {
		if got := endOfRecord(tt.in, 16<<20); got != tt.want {
			t.Errorf("%s: %X gives %X, want %X", tt.name, tt.in, got, tt.want)
		}
	}
}

// What the reader of the log costs, without the database.
func BenchmarkDecodeTransaction(b *testing.B) {
	const rows = 1000
	point, err := ewkb.Marshal(orb.Point{120, 30}, 4326)
	if err != nil {
		b.Fatal(err)
	}
	msgs := [][]byte{msgBegin(), typeGeometry, msgRelation(7, "t", "id", "name", "geom")}
	for range rows {
		msgs = append(msgs, msgRow('I', 7, part('N', tuple("12345678", "消火栓 north of the crossing", string(point)))))
	}
	msgs = append(msgs, msgCommit())
	b.ReportAllocs()
	for b.Loop() {
		d := newDecoder(1, 1, 10*rows, 1<<30)
		for _, m := range msgs {
			if _, err := d.message(m); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}

package shape_test

import (
	"testing"

	"github.com/paulmach/orb"

	"onemap/tiles/shape"
	"onemap/tiles/tilestest"
)

// cut cuts a tile and checks that what comes out is valid.
func cut(t testing.TB, c *shape.Cutter, s shape.Shape, z, x, y uint32, plain bool) orb.Geometry {
	t.Helper()
	commands, kind := c.Cut(nil, s, z, x, y, plain)
	if len(commands) == 0 {
		return nil
	}
	g, err := tilestest.Geometry(uint32(kind), commands)
	if err != nil {
		t.Fatalf("%d/%d/%d of %v: %v\n%v", z, x, y, s.Geometry(), err, commands)
	}
	if p, ok := g.(orb.MultiPolygon); ok {
		if err := tilestest.Valid(p); err != nil {
			t.Fatalf("%d/%d/%d of %v: %v\n%v", z, x, y, s.Geometry(), err, g)
		}
	}
	b := g.Bound()
	if b.Min[0] < -64 || b.Min[1] < -64 || b.Max[0] > 4160 || b.Max[1] > 4160 {
		t.Fatalf("%d/%d/%d of %v: %v beyond the buffer", z, x, y, s.Geometry(), b)
	}
	return g
}

// FuzzCut makes rings, lines and points of bytes. At zoom 0 of a box of few
// degrees many corners fall on few places, at which everything touches.
func FuzzCut(f *testing.F) {
	f.Add([]byte("\x00abcdefghijklmnopqrstuvwxyz"), uint8(4), true)
	f.Add([]byte("\x01\x10\x10\x80\x80\x10\x80\x80\x10\xff\x20\x20\x30\x30\x20\x30"), uint8(9), false)
	f.Fuzz(func(t *testing.T, b []byte, zoom uint8, plain bool) {
		if len(b) < 3 || len(b) > 400 {
			return
		}
		z := uint32(zoom % 12)
		// A byte is 2 to 16 units of the tile at most, or a quarter of one.
		scale := []float64{0.002, 0.02, 0.2, 1.4}[b[0]>>2&3]
		var parts [][]orb.Point
		part := []orb.Point{}
		for i := 1; i+1 < len(b); i += 2 {
			if b[i] == 0xff && len(part) > 0 {
				parts = append(parts, part)
				part = nil
				i--
				continue
			}
			part = append(part, orb.Point{100 + float64(b[i])*scale - 128*scale, float64(b[i+1])*scale - 128*scale})
		}
		parts = append(parts, part)
		var g orb.Geometry
		switch b[0] & 3 {
		case 0:
			g = orb.MultiPoint(part)
		case 1:
			var l orb.MultiLineString
			for _, p := range parts {
				l = append(l, p)
			}
			g = l
		case 2:
			var l orb.Polygon
			for _, p := range parts {
				l = append(l, p)
			}
			g = l
		case 3:
			var l orb.MultiPolygon
			for _, p := range parts {
				l = append(l, orb.Polygon{p})
			}
			g = l
		}
		s, box, err := shape.FromGeometry(g)
		if err != nil {
			t.Fatal(err)
		}
		l := shape.Climb(s, shape.Options{MaxZoom: 14, Shared: b[0]>>4&1 == 1})
		var c shape.Cutter
		n := uint32(1) << z
		side := int64(1) << (36 - z)
		for x := uint32(box.MinX / side); x <= uint32(box.MaxX/side) && x < n && x < uint32(box.MinX/side)+3; x++ {
			for y := uint32(box.MinY / side); y <= uint32(box.MaxY/side) && y < n && y < uint32(box.MinY/side)+3; y++ {
				cut(t, &c, s, z, x, y, plain)
				cut(t, &c, l.At(int(z)), z, x, y, plain)
			}
		}
	})
}

package shape_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"onemap/tiles/shape"
)

// coast walks from west to east with bays of all sizes, a corner about every 30 m.
func coast(seed uint64, n int) orb.LineString {
	rng := rand.New(rand.NewPCG(seed, 9))
	at, l := orb.Point{120, 29}, orb.LineString{}
	a := 0.0
	for range n {
		a = 0.9*a + rng.NormFloat64()*0.6
		at = orb.Point{at[0] + 0.0003*math.Cos(a), at[1] + 0.0003*math.Sin(a)}
		l = append(l, at)
	}
	return l
}

// units returns the places of a line's corners in units of a zoom's tiles.
func units(l orb.LineString, z int) orb.LineString {
	var out orb.LineString
	for _, q := range l {
		p := shape.Project(q[0], q[1])
		unit := math.Exp2(float64(24 - z))
		out = append(out, orb.Point{float64(p.X-1<<35) / unit, float64(p.Y-1<<35) / unit})
	}
	return out
}

// farthest returns how far a corner of a lies from b at most.
func farthest(a, b orb.LineString) (d float64) {
	for _, p := range a {
		best := math.Inf(1)
		for i := 1; i < len(b); i++ {
			dx, dy := b[i][0]-b[i-1][0], b[i][1]-b[i-1][1]
			t := max(0, min(1, ((p[0]-b[i-1][0])*dx+(p[1]-b[i-1][1])*dy)/(dx*dx+dy*dy)))
			best = min(best, math.Hypot(b[i-1][0]+t*dx-p[0], b[i-1][1]+t*dy-p[1]))
		}
		d = max(d, best)
	}
	return d
}

// Simpler shapes lie within half a pixel (4 units) of the whole one, and have
// fewer corners the smaller the zoom.
func TestSimplerShapesLookTheSame(t *testing.T) {
	line := coast(1, 1500)
	ring := append(append(orb.Ring{}, line...), orb.Point{120.2, 29.3}, orb.Point{120, 29.3}, line[0])
	for _, tt := range []struct {
		name   string
		in     orb.Geometry
		shared bool
		at8    int
	}{
		{"a line", line, false, 200},
		{"an area", orb.Polygon{ring}, false, 200},
		{"an area with neighbours", orb.Polygon{ring}, true, 900},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := shaped(t, tt.in)
			l := shape.Climb(s, shape.Options{MaxZoom: 17, Shared: tt.shared})
			if len(l) > 3*len(s) {
				t.Errorf("a ladder of %d bytes for %d", len(l), len(s))
			}
			whole := border(s.Geometry())
			last := 0
			for z := range 20 {
				level := l.At(z)
				n := level.Len()
				if n < last {
					t.Errorf("zoom %d has %d corners, the one before %d", z, n, last)
				}
				last = n
				if z < 5 {
					continue // hardly anything is left
				}
				got, want := units(border(level.Geometry()), z), units(whole, z)
				if d := max(farthest(got, want), farthest(want, got)); d > 4.2 {
					t.Errorf("zoom %d: %.1f units off", z, d)
				}
			}
			if string(l.At(17)) != string(s) || string(l.At(22)) != string(s) || string(l.Full()) != string(s) {
				t.Error("from the largest zoom on the shape is whole")
			}
			if n := l.At(8).Len(); n > tt.at8 {
				t.Errorf("at zoom 8 %d corners are left of %d", n, last)
			}
		})
	}
}

func border(g orb.Geometry) orb.LineString {
	switch g := g.(type) {
	case orb.MultiLineString:
		return g[0]
	case orb.MultiPolygon:
		return orb.LineString(g[0][0])
	}
	return nil
}

// A shared border comes out the same, whoever owns it and wherever its ring begins.
func TestSharedBordersDoNotKnowTheirRing(t *testing.T) {
	line := coast(2, 800)
	north := append(append(orb.Ring{}, line...), orb.Point{120.2, 29.3}, orb.Point{120, 29.3}, line[0])
	var south orb.Ring
	for i := len(line) - 1; i >= 0; i-- {
		south = append(south, line[i])
	}
	south = append(south, orb.Point{120, 28.7}, orb.Point{120.2, 28.7})
	south = append(slices.Clone(south[300:]), south[:301]...)
	a := shape.Climb(shaped(t, orb.Polygon{north}), shape.Options{Shared: true})
	b := shape.Climb(shaped(t, orb.Polygon{south}), shape.Options{Shared: true})
	for z := range 18 {
		// The corners between the other two.
		between := func(l shape.Ladder) (all []orb.Point) {
			for _, p := range border(l.At(z).Geometry()) {
				if p[1] > 28.75 && p[1] < 29.25 && p[0] > 120.001 && p[0] < line[len(line)-1][0]-0.001 {
					all = append(all, p)
				}
			}
			slices.SortFunc(all, func(p, q orb.Point) int { return slices.Compare(p[:], q[:]) })
			return slices.Compact(all)
		}
		if p, q := between(a), between(b); !slices.Equal(p, q) {
			t.Errorf("zoom %d: %d corners and %d: %v, %v", z, len(p), len(q), p, q)
		}
	}
}

// What is narrow keeps its area.
func TestNarrowAreasKeepTheirArea(t *testing.T) {
	bank := coast(3, 400)
	river := append(orb.Ring{}, bank...)
	for i := len(bank) - 1; i >= 0; i-- {
		river = append(river, orb.Point{bank[i][0] + 0.0002, bank[i][1] + 0.002})
	}
	s := shaped(t, orb.Polygon{append(river, river[0])})
	l := shape.Climb(s, shape.Options{})
	for z := 8; z < 20; z++ {
		if got, want := l.At(z).Area(), s.Area(); math.Abs(got-want) > want/4 {
			t.Errorf("zoom %d: an area of %.3g, not %.3g", z, got, want)
		}
	}
}

// Small shapes are not worth a ladder.
func TestSmallShapesStayAsTheyAre(t *testing.T) {
	s, _ := fromWKT(t, "POLYGON((120 29, 120.001 29, 120.001 29.001, 120 29.001, 120 29))")
	if l := shape.Climb(s, shape.Options{}); len(l) != 1+len(s) || string(l.At(3)) != string(s) {
		t.Errorf("%d bytes for %d", len(l), len(s))
	}
	if l := shape.Climb(nil, shape.Options{}); l != nil || l.At(3) != nil || l.Full() != nil {
		t.Error("a ladder of nothing")
	}
}

func BenchmarkCut(b *testing.B) {
	line := coast(1, 3000)
	ring := append(append(orb.Ring{}, line...), orb.Point{121, 29.9}, orb.Point{120, 29.9}, line[0])
	house := orb.Ring{{120.05, 29.01}, {120.0501, 29.01}, {120.0501, 29.0101}, {120.05005, 29.0101}, {120.05005, 29.01005}, {120.05, 29.01005}, {120.05, 29.01}}
	for _, bb := range []struct {
		name string
		in   orb.Geometry
	}{{"house", orb.Polygon{house}}, {"coast", line}, {"land", orb.Polygon{ring}}} {
		l := shape.Climb(shaped(b, bb.in), shape.Options{})
		for _, z := range []uint32{8, 14} {
			b.Run(bb.name+map[uint32]string{8: " zoom 8", 14: " zoom 14"}[z], func(b *testing.B) {
				p := shape.Project(120.05, 29.01)
				var c shape.Cutter
				var dst []uint32
				b.ReportAllocs()
				for b.Loop() {
					dst, _ = c.Cut(dst[:0], l.At(int(z)), z, uint32(p.X>>(36-z)), uint32(p.Y>>(36-z)), false)
				}
			})
		}
	}
}

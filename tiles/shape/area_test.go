package shape_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"onemap/tiles/shape"
	"onemap/tiles/tilestest"
)

// What a tile shows as inside is what was inside, more than a unit and a half
// from all borders, however the polygon is clipped, rounded and mended.
func TestInsideStaysInside(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var c shape.Cutter
	looked := 0
	for range 2000 {
		s := shaped(t, randomPolygon(rng))
		whole, _ := s.Geometry().(orb.MultiPolygon)
		for _, p := range whole {
			for _, r := range p {
				for i, q := range r {
					u := shape.Project(q[0], q[1])
					r[i] = orb.Point{float64(u.X-1<<35) / (1 << 14), float64(u.Y-1<<35) / (1 << 14)}
				}
			}
		}
		got, _ := cut(t, &c, s, 10, 512, 512, rng.IntN(2) == 0).(orb.MultiPolygon)
		in := counter([]orb.MultiPolygon{got})
		for range 30 {
			p := orb.Point{math.Round(rng.Float64()*300-66) + 0.5, math.Round(rng.Float64()*300-66) + 0.5}
			if p[0] < -63 || p[1] < -63 || toBorder(p, whole) < 1.5 {
				continue
			}
			looked++
			if want := covers(whole, p); want != (in(p) == 1) {
				t.Fatalf("%v is inside: %v; of %v came %v", p, want, whole, got)
			}
		}
	}
	if looked < 5000 {
		t.Errorf("looked at %d places only", looked)
	}
}

// randomPolygon has corners around the tile's north-west corner: stars, which do
// not cross themselves, with holes now and then.
func randomPolygon(rng *rand.Rand) orb.Polygon {
	x, y := rng.Float64()*200-60, rng.Float64()*200-60
	var p orb.Polygon
	for scale := 10 + rng.Float64()*150; scale > 0.3 && len(p) < 3; scale *= -0.8 {
		n := 3 + rng.IntN(40)
		var r orb.Ring
		for i := range n {
			a, d := 2*math.Pi*float64(i)/float64(n), math.Abs(scale)*(0.2+rng.Float64())
			if len(p) > 0 { // a hole is smaller than what is around it
				d = math.Abs(scale) * 0.2 * rng.Float64()
			}
			const unit = 1 << 14
			lon, lat := shape.Unproject(shape.Point{X: 1<<35 + int64(unit*(x+d*math.Cos(a))), Y: 1<<35 + int64(unit*(y+d*math.Sin(a)))})
			r = append(r, orb.Point{lon, lat})
		}
		p = append(p, append(r, r[0]))
		if len(p) > 1 || rng.IntN(2) == 0 {
			break
		}
		scale *= -1
	}
	return p
}

func toBorder(p orb.Point, m orb.MultiPolygon) float64 {
	best := math.Inf(1)
	for _, polygon := range m {
		for _, r := range polygon {
			for i := 1; i < len(r); i++ {
				a, b := r[i-1], r[i]
				dx, dy := b[0]-a[0], b[1]-a[1]
				t := max(0, min(1, ((p[0]-a[0])*dx+(p[1]-a[1])*dy)/(dx*dx+dy*dy)))
				best = min(best, math.Hypot(a[0]+t*dx-p[0], a[1]+t*dy-p[1]))
			}
		}
	}
	return best
}

func covers(m orb.MultiPolygon, p orb.Point) bool {
	return counter([]orb.MultiPolygon{m})(p) == 1
}

// A forest with many clearings comes out with all of them that are large enough.
func TestManyHoles(t *testing.T) {
	const unit = 1 << 14
	at := func(x, y float64) orb.Point {
		lon, lat := shape.Unproject(shape.Point{X: 1<<35 + int64(x*unit), Y: 1<<35 + int64(y*unit)})
		return orb.Point{lon, lat}
	}
	p := orb.Polygon{{at(0, 0), at(4000, 0), at(4000, 4000), at(0, 4000), at(0, 0)}}
	for x := range 40 {
		for y := range 40 {
			x, y := float64(x)*100+20, float64(y)*100+20
			p = append(p, orb.Ring{at(x, y), at(x+40, y+10), at(x+20, y+40), at(x, y)})
		}
	}
	var c shape.Cutter
	g := cutOnly(t, &c, shaped(t, p), 10, 512, 512)
	if len(g) != 1 || len(g[0]) != 1601 {
		t.Fatalf("%d polygons, %d rings in the first", len(g), len(g[0]))
	}
	// One clearing sticks out: all is drawn anew, and the others are still there.
	p = append(p, orb.Ring{at(3990, 3000), at(4010, 3010), at(3990, 3020), at(3990, 3000)})
	g = cutOnly(t, &c, shaped(t, p), 10, 512, 512)
	if len(g) != 1 || len(g[0]) != 1601 {
		t.Fatalf("%d polygons, %d rings in the first", len(g), len(g[0]))
	}
}

// A scribble takes its time, but comes to an end.
func TestScribble(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	r := orb.Ring{}
	for range 30_000 {
		r = append(r, orb.Point{rng.Float64() * 0.3, rng.Float64() * 0.3})
	}
	s := shaped(t, orb.Polygon{append(r, r[0])})
	var c shape.Cutter
	c.Cut(nil, s, 10, 512, 511, false)
	c.Cut(nil, shape.Climb(s, shape.Options{}).At(4), 4, 8, 7, false)
}

// cutOnly cuts what is too large to be looked through for validity.
func cutOnly(t *testing.T, c *shape.Cutter, s shape.Shape, z, x, y uint32) orb.MultiPolygon {
	t.Helper()
	commands, kind := c.Cut(nil, s, z, x, y, false)
	g, err := tilestest.Geometry(uint32(kind), commands)
	if err != nil {
		t.Fatal(err)
	}
	return g.(orb.MultiPolygon)
}

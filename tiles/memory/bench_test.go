package memory_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/memory"
)

// city gives rows as those of a city's layer of points with 8 attributes, in
// clusters, at 30 km by 30 km times the square root of how many millions.
type city struct {
	r      *rand.Rand
	extent float64 // degrees
	n      int64
	row    memory.Row
	geom   []byte
	center orb.Point
}

var cityFields = []memory.Field{
	{Name: "class_code", Type: "text", InTile: true},
	{Name: "grid_code", Type: "text", InTile: true},
	{Name: "dept_code", Type: "text", InTile: true},
	{Name: "name", Type: "text", InTile: true},
	{Name: "state", Type: "text", InTile: true},
	{Name: "severity", Type: "integer", InTile: true},
	{Name: "reported_at", Type: "time", InTile: true},
	{Name: "worth", Type: "number", InTile: true},
}

func cityLayer() memory.Layer {
	return memory.Layer{Name: "city", Version: 1, Geometry: "Point", MaxZoom: 22, DetailZoom: 14, Fields: cityFields, ClassField: "class_code", Budget: 1 << 30}
}

func newCity(extent float64) *city {
	return &city{r: rand.New(rand.NewPCG(1, 2)), extent: extent, row: memory.Row{Values: make([]memory.Value, len(cityFields))}, geom: ewkb(orb.Point{})}
}

func (c *city) next() *memory.Row {
	c.n++
	if c.n%200 == 1 {
		c.center = orb.Point{120 + c.r.Float64()*c.extent, 29 + c.r.Float64()*c.extent}
	}
	p := orb.Point{c.center[0] + c.r.NormFloat64()*0.003, c.center[1] + c.r.NormFloat64()*0.003}
	c.row.ID, c.row.Geometry = c.n, append(c.geom[:0], ewkb(p)...)
	grid := int(c.center[0]*100)*1000 + int(c.center[1]*100)
	v := c.row.Values
	v[0].S = fmt.Appendf(v[0].S[:0], "01%02d", c.r.IntN(60))
	v[1].S = fmt.Appendf(v[1].S[:0], "330782%08d", grid)
	v[2].S = fmt.Appendf(v[2].S[:0], "dept%d", c.r.IntN(30))
	v[3].S = fmt.Appendf(v[3].S[:0], "object name %d", c.r.IntN(20000))
	v[4].S = append(v[4].S[:0], []string{"open", "closed", "assigned"}[c.r.IntN(3)]...)
	v[5].I = c.r.Int64N(4)
	v[6].I = 1_760_000_000_000_000 + c.r.Int64N(30_000_000)*1_000_000
	v[7].F = float64(c.r.IntN(100000)) / 100
	return &c.row
}

func loadCity(tb testing.TB, n int, extent float64) *memory.Store {
	s := memory.New(memory.Options{})
	l, c := s.Load(cityLayer()), newCity(extent)
	for range n {
		if err := l.Add(c.next()); err != nil {
			tb.Fatal(err)
		}
	}
	if err := l.Install(1); err != nil {
		tb.Fatal(err)
	}
	return s
}

func cityRequest(at maptile.Tile, c where.Cond) tiles.Request {
	l := tiles.LayerRequest{Name: "city", Version: 1, Where: c}
	for _, f := range cityFields {
		l.Fields = append(l.Fields, f.Name)
	}
	return tiles.Request{At: at, Layers: []tiles.LayerRequest{l}}
}

// nearestTile returns the tile of a zoom around a place that has the number of features nearest to n.
func nearestTile(tb testing.TB, s *memory.Store, around orb.Point, z maptile.Zoom, n int) (maptile.Tile, int) {
	best, have := maptile.Tile{}, 0
	mid := maptile.At(around, z)
	for x := mid.X - 6; x < mid.X+6; x++ {
		for y := mid.Y - 6; y < mid.Y+6; y++ {
			r := cityRequest(maptile.New(x, y, z), where.True)
			r.Plain = true
			k := len(decode(tb, ask(tb, s, r)[0].MVT))
			if d, e := k-n, have-n; d*d < e*e {
				best, have = maptile.New(x, y, z), k
			}
		}
	}
	return best, have
}

func BenchmarkTile(b *testing.B) {
	for _, n := range []int{1_000_000, 10_000_000} {
		if n > 1_000_000 && testing.Short() {
			continue
		}
		// The same density: ten times the rows in ten times the area.
		extent := 0.3
		if n > 1_000_000 {
			extent = 0.949
		}
		s := loadCity(b, n, extent)
		at, have := nearestTile(b, s, orb.Point{120.2, 29.2}, 14, 5000)
		b.Run(fmt.Sprintf("%d rows", n), func(b *testing.B) {
			r := cityRequest(at, where.True)
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				size = len(ask(b, s, r)[0].MVT)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(have), "ns/feature")
			b.ReportMetric(float64(size), "bytes")
			b.ReportMetric(float64(have), "features")
		})
		b.Run(fmt.Sprintf("%d rows, by right", n), func(b *testing.B) {
			r := cityRequest(at, where.And(where.Prefix{Field: "grid_code", Prefix: "330782012"}, where.In{Field: "state", Values: []string{"open", "assigned"}}))
			for b.Loop() {
				ask(b, s, r)
			}
		})
		for _, z := range []maptile.Zoom{5, 8, 10, 13} {
			b.Run(fmt.Sprintf("%d rows, counted at %d", n, z), func(b *testing.B) {
				r := cityRequest(maptile.At(orb.Point{120.15, 29.15}, z), where.True)
				for b.Loop() {
					ask(b, s, r)
				}
			})
		}
		b.Run(fmt.Sprintf("%d rows, counted at 8 by right", n), func(b *testing.B) {
			r := cityRequest(maptile.At(orb.Point{120.15, 29.15}, 8), where.In{Field: "state", Values: []string{"open", "assigned"}})
			for b.Loop() {
				ask(b, s, r)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	const n = 1_000_000
	c := newCity(0.3)
	rows := make([]memory.Row, n)
	for i := range rows {
		r := c.next()
		rows[i] = memory.Row{ID: r.ID, Geometry: append([]byte(nil), r.Geometry...), Values: append([]memory.Value(nil), r.Values...)}
		for k := range rows[i].Values {
			v := &rows[i].Values[k]
			v.S = append([]byte(nil), v.S...)
		}
	}
	for b.Loop() {
		s := memory.New(memory.Options{})
		l := s.Load(cityLayer())
		for i := range rows {
			if err := l.Add(&rows[i]); err != nil {
				b.Fatal(err)
			}
		}
		if err := l.Install(1); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(s.Bytes())/n, "bytes/row")
	}
}

// Memory is the heap itself, after a collection, not what the store says.
func BenchmarkMemory(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := loadCity(b, n, 0.3)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "heap-bytes/row")
		b.ReportMetric(float64(s.Bytes())/n, "bytes/row")
		runtime.KeepAlive(s)
	}
}

func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1, 100_000} {
		b.Run(fmt.Sprintf("%d changes", n), func(b *testing.B) {
			s := loadCity(b, 1_000_000, 0.3)
			c := newCity(0.3)
			c.n = 10_000_000
			lsn := uint64(2)
			for b.Loop() {
				b.StopTimer()
				cs := make([]memory.Change, n)
				for i := range cs {
					r := *c.next()
					r.Geometry = append([]byte(nil), r.Geometry...)
					r.Values = append([]memory.Value(nil), r.Values...)
					for k := range r.Values {
						r.Values[k].S = append([]byte(nil), r.Values[k].S...)
					}
					cs[i] = memory.Change{Op: memory.Insert, New: &r}
				}
				b.StartTimer()
				if err := s.Apply(lsn, []memory.Changes{{Layer: "city", Rows: cs}}); err != nil {
					b.Fatal(err)
				}
				lsn++
			}
		})
	}
}

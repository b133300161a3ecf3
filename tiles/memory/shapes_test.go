package memory_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"

	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/memory"
	"onemap/tiles/mvt"
	"onemap/tiles/shape"
)

// A plot is a row of a layer of lines and polygons.
type plot struct {
	id   int64
	line orb.LineString // a ring if it ends where it begins
	name string
	rank int64
}

var plotFields = []memory.Field{{Name: "name", Type: "text", InTile: true}, {Name: "rank", Type: "integer", InTile: true}}

func plotLayer() memory.Layer {
	return memory.Layer{Name: "plots", Version: 1, Geometry: "MultiPolygon", MaxZoom: 22, Fields: plotFields, Budget: 1 << 30}
}

func (p plot) row() *memory.Row {
	b := []byte{1}
	typ, ring := uint32(0x20000002), p.line[0] == p.line[len(p.line)-1]
	if ring {
		typ++
	}
	b = binary.LittleEndian.AppendUint32(b, typ)
	b = binary.LittleEndian.AppendUint32(b, 4326)
	if ring {
		b = binary.LittleEndian.AppendUint32(b, 1)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.line)))
	for _, q := range p.line {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(q[0]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(q[1]))
	}
	return &memory.Row{ID: p.id, Geometry: b, Values: []memory.Value{{S: []byte(p.name)}, {I: p.rank}}}
}

func randomPlot(r *rand.Rand, id int64) plot {
	c := orb.Point{120 + r.Float64(), 29 + r.Float64()}
	size := math.Pow(10, -5+4*r.Float64())
	n := 3 + r.IntN(40)
	p := plot{id: id, name: fmt.Sprint("plot ", r.IntN(50)), rank: r.Int64N(1000)}
	if r.IntN(3) == 0 {
		for i := range n {
			p.line = append(p.line, orb.Point{c[0] + size*float64(i)/float64(n), c[1] + size*r.Float64()/10})
		}
		return p
	}
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		d := size * (0.5 + r.Float64()/2)
		p.line = append(p.line, orb.Point{c[0] + d*math.Cos(a), c[1] + d*math.Sin(a)})
	}
	p.line = append(p.line, p.line[0])
	return p
}

type plots map[int64]plot

func (m plots) load(t require, s *memory.Store, l memory.Layer) {
	ld := s.Load(l)
	for _, p := range m {
		if err := ld.Add(p.row()); err != nil {
			t.Fatalf("add: %v", err)
		}
	}
	if err := ld.Install(1); err != nil {
		t.Fatalf("install: %v", err)
	}
}

// expect is the plots that a plain tile shows, as an own writer writes each.
func (m plots) expect(at maptile.Tile) (out []string) {
	var c shape.Cutter
	for _, p := range m {
		s, _, err := shape.FromEWKB(p.row().Geometry)
		if err != nil {
			panic(err)
		}
		commands, kind := c.Cut(nil, s, uint32(at.Z), at.X, at.Y, true)
		if len(commands) == 0 {
			continue
		}
		var w mvt.Writer
		w.Key("name")
		w.Key("rank")
		w.Feature(p.id, byte(kind), []uint32{w.Text([]byte(p.name)) + 1, w.Int(p.rank) + 1}, commands)
		out = append(out, dump(decode(panics{}, w.AppendTo(nil, "plots"))[0]))
	}
	slices.Sort(out)
	return out
}

func (m plots) check(t require, s *memory.Store) {
	for _, at := range []maptile.Tile{world, maptile.At(orb.Point{120.5, 29.5}, 9), maptile.At(orb.Point{120.3, 29.4}, 12)} {
		p := ask(t, s, plotRequest(at, true))[0]
		var got []string
		for _, f := range decode(t, p.MVT) {
			got = append(got, dump(f))
		}
		slices.Sort(got)
		if want := m.expect(at); !slices.Equal(got, want) || p.Omitted != 0 {
			t.Fatalf("%v: %d plots, want %d; %d omitted\n%s", at, len(got), len(want), p.Omitted, differ(got, want))
		}
	}
}

func plotRequest(at maptile.Tile, plain bool) tiles.Request {
	return tiles.Request{At: at, Plain: plain, Layers: []tiles.LayerRequest{{Name: "plots", Version: 1, Where: where.True, Fields: []string{"name", "rank"}}}}
}

func TestShapes(t *testing.T) {
	oneGoroutine(t)
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		s, m, next := memory.New(memory.Options{}), plots{}, int64(0)
		for range rapid.SampledFrom([]int{0, 1, 50, 1500}).Draw(t, "plots") {
			next++
			m[next] = randomPlot(r, next)
		}
		m.load(t, s, plotLayer())
		for lsn := range uint64(rapid.IntRange(1, 3).Draw(t, "transactions")) {
			var cs []memory.Change
			for range rapid.SampledFrom([]int{1, 30, 700}).Draw(t, "changes") {
				switch id := 1 + r.Int64N(next+1); {
				case m[id].line == nil:
					next++
					m[next] = randomPlot(r, next)
					cs = append(cs, memory.Change{Op: memory.Insert, New: m[next].row()})
				case r.IntN(2) == 0:
					old := m[id]
					m[id] = randomPlot(r, id)
					cs = append(cs, memory.Change{Op: memory.Update, Old: old.row(), New: m[id].row()})
				default:
					cs = append(cs, memory.Change{Op: memory.Delete, Old: m[id].row()})
					delete(m, id)
				}
			}
			if err := s.Apply(lsn+2, []memory.Changes{{Layer: "plots", Rows: cs}}); err != nil {
				t.Fatal(err)
			}
		}
		m.check(t, s)
	})
}

// Where most polygons are too small to see, their area stays covered.
func TestSmallAreasMergeIntoPixels(t *testing.T) {
	s, m := memory.New(memory.Options{}), plots{}
	r := rand.New(rand.NewPCG(2, 3))
	at := maptile.At(orb.Point{120.5, 29.5}, 9)
	b := at.Bound()
	var want float64
	for id := range int64(20_000) {
		c := orb.Point{b.Min[0] + r.Float64()*(b.Max[0]-b.Min[0]), b.Min[1] + r.Float64()*(b.Max[1]-b.Min[1])}
		p := plot{id: id, name: "roof", line: orb.LineString(orb.Bound{Min: c, Max: c}.Pad(0.0002).ToRing())}
		want += planar.Area(orb.Ring(p.line))
		m[id] = p
	}
	l := plotLayer()
	l.Coverage = true
	m.load(t, s, l)
	p := ask(t, s, plotRequest(at, false))[0]
	got := 0.0
	fs := decode(t, p.MVT)
	for _, f := range fs {
		got += planar.Area(f.Geometry)
	}
	// In units of the tile, 4096 to an edge of 360°/2^9.
	unit := (b.Max[0] - b.Min[0]) / 4096
	want /= unit * unit * math.Cos(29.5*math.Pi/180)
	if got < want*0.97 || got > want*1.03 {
		t.Errorf("%v square units are covered, want %v", got, want)
	}
	if p.Omitted != len(m)-len(fs) || len(fs) == 0 {
		t.Errorf("%d drawn, %d omitted of %d", len(fs), p.Omitted, len(m))
	}
	l.Coverage = false
	m.load(t, s, l)
	if p := ask(t, s, plotRequest(at, false))[0]; len(decode(t, p.MVT)) < len(m)/2 {
		t.Error("a layer of no base library merges too")
	}
}

func TestShapesBeyondTheBudget(t *testing.T) {
	m := plots{}
	r := rand.New(rand.NewPCG(4, 5))
	for id := range int64(6000) {
		m[id] = randomPlot(r, id)
	}
	at := maptile.At(orb.Point{120.5, 29.5}, 8)
	for _, tt := range []struct {
		name string
		rank string
		by   func(plot) float64
	}{
		{"by rank", "rank", func(p plot) float64 { return float64(p.rank) }},
		{"large ones first", "", func(p plot) float64 {
			_, b, _ := shape.FromEWKB(p.row().Geometry)
			return -float64(max(b.MaxX-b.MinX, b.MaxY-b.MinY))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, l := memory.New(memory.Options{}), plotLayer()
			l.Budget, l.RankField = 30_000, tt.rank
			m.load(t, s, l)
			p := ask(t, s, plotRequest(at, false))[0]
			fs := decode(t, p.MVT)
			if len(p.MVT) > l.Budget || len(p.MVT) < l.Budget/4 || p.Omitted == 0 {
				t.Errorf("%d bytes, %d features, %d omitted", len(p.MVT), len(fs), p.Omitted)
			}
			worst := math.Inf(-1)
			for _, f := range fs {
				worst = max(worst, tt.by(m[int64(f.ID.(float64))]))
			}
			better := 0
			for _, p := range m {
				if _, b, _ := shape.FromEWKB(p.row().Geometry); tt.by(p) < worst && inside(b, at) {
					better++
				}
			}
			// Some that come first are too small to be drawn at all.
			if better > len(fs)+len(fs)/2 || better < len(fs)/2 {
				t.Errorf("%d are better than the worst of %d drawn", better, len(fs))
			}
			blind := plotRequest(at, false)
			blind.Layers[0].Fields = []string{"name"}
			byRank := ask(t, s, blind)[0]
			bySize, large := memory.New(memory.Options{}), plotLayer()
			large.Budget = l.Budget
			m.load(t, bySize, large)
			if other := ask(t, bySize, blind)[0]; !bytes.Equal(byRank.MVT, other.MVT) {
				t.Error("a rank that may not be seen decides which shapes stay")
			}
			if got := decode(t, ask(t, s, plotRequest(at, true))[0].MVT); len(got) <= len(fs) {
				t.Errorf("a plain tile has %d features", len(got))
			}
		})
	}
}

func inside(b shape.Box, at maptile.Tile) bool {
	size := int64(1) << (36 - at.Z)
	x, y := int64(at.X)*size, int64(at.Y)*size
	return b.Touches(shape.Box{MinX: x, MinY: y, MaxX: x + size, MaxY: y + size})
}

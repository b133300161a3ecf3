package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/memory"
)

// growingTiles measures the time of a cold tile of 5,000 points with 8
// attributes in a layer of 1 million rows, and of the same tile with 9 million
// more around it.
func (o Options) growingTiles(ctx context.Context) error {
	var took [2]time.Duration
	for i, rows := range []int{1_000_000, 10_000_000} {
		o.Progress(fmt.Sprintf("%d rows in memory", rows))
		var err error
		if took[i], err = tileAmong(ctx, rows); err != nil {
			return err
		}
		runtime.GC()
	}
	a, b := float64(took[0])/float64(time.Millisecond), float64(took[1])/float64(time.Millisecond)
	o.Report(Result{Bench: "tiles", Case: "cold, a tile of 5,000 points among 10 million rows, beside 1 million",
		Value: b, Unit: "ms", Baseline: a, Ratio: faster(b, a), Target: fmt.Sprintf("<= %gx the time", targetRows), Met: b <= targetRows*a})
	return nil
}

// tileAmong returns the mean time of making tiles that do not change with the
// number of rows: 5,000 in each of them, the rest elsewhere.
func tileAmong(ctx context.Context, rows int) (time.Duration, error) {
	const inTile, measured = 5000, 16
	first := maptile.At(orb.Point{120, 29}, 15)
	layer := memory.Layer{Name: "points", Version: 1, Geometry: "Point", MaxZoom: tiles.MaxZoom, Budget: 64 << 20}
	for _, f := range []struct{ name, typ string }{{"code", "text"}, {"class", "text"}, {"name", "text"}, {"state", "text"},
		{"dept", "text"}, {"grid", "text"}, {"level", "integer"}, {"day", "date"}} {
		layer.Fields = append(layer.Fields, memory.Field{Name: f.name, Type: f.typ, InTile: true})
	}
	store := memory.New(memory.Options{Budget: 8 << 30})
	load := store.Load(layer)
	rng := rand.New(rand.NewPCG(1, 2))
	row := memory.Row{Geometry: make([]byte, 21), Values: make([]memory.Value, len(layer.Fields))}
	row.Geometry[0] = 1
	binary.LittleEndian.PutUint32(row.Geometry[1:], 1)
	add := func(id int, t maptile.Tile) error {
		b := t.Bound()
		// Away from the edges, so that no neighbour's point is in the buffer.
		x := b.Min[0] + (b.Max[0]-b.Min[0])*(0.05+0.9*rng.Float64())
		y := b.Min[1] + (b.Max[1]-b.Min[1])*(0.05+0.9*rng.Float64())
		binary.LittleEndian.PutUint64(row.Geometry[5:], math.Float64bits(x))
		binary.LittleEndian.PutUint64(row.Geometry[13:], math.Float64bits(y))
		row.ID = int64(id)
		text := func(i int, format string, n int) {
			row.Values[i] = memory.Value{S: fmt.Appendf(row.Values[i].S[:0], format, n)}
		}
		text(0, "C%08d", id)
		text(1, "class %d", id%60)
		text(2, "name %d", id%5000)
		text(3, "state %d", id%4)
		text(4, "dept %d", id%20)
		text(5, "33079900100%04d", id/700%3000)
		row.Values[6], row.Values[7] = memory.Value{I: int64(id % 4)}, memory.Value{I: int64(700_000_000+id%1000*86_400) * 1_000_000}
		return load.Add(&row)
	}
	for id := range rows {
		t := maptile.New(first.X+uint32(id/inTile%measured), first.Y, first.Z)
		if id >= inTile*measured { // south of them, up to 45,000 a tile
			t = maptile.New(first.X+uint32(id%measured), first.Y+2+uint32(id/measured%14), first.Z)
		}
		if err := add(id, t); err != nil {
			load.Abandon()
			return 0, err
		}
	}
	if err := load.Install(1); err != nil {
		return 0, err
	}
	maker := &tiles.Maker{Memory: store}
	var names []string
	for _, f := range layer.Fields {
		names = append(names, f.Name)
	}
	var took time.Duration
	for i := range 30 * measured {
		began := time.Now()
		t, err := maker.Get(ctx, tiles.Request{At: maptile.New(first.X+uint32(i%measured), first.Y, first.Z),
			Layers: []tiles.LayerRequest{{Name: layer.Name, Version: 1, Where: where.True, Fields: names}}})
		if err != nil {
			return 0, err
		}
		if len(t.MVT) == 0 || t.From != tiles.FromMemory {
			return 0, fmt.Errorf("tile %d has %d bytes from %q", i, len(t.MVT), t.From)
		}
		if i >= 5*measured {
			took += time.Since(began)
		}
	}
	return took / (25 * measured), nil
}

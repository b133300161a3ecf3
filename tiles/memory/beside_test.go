package memory_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/memory"
)

// Readers ask for all kinds of tiles while the writer inserts, moves, deletes
// and truncates, and a layer is loaded anew: every tile can be read, and none is
// older than one that its reader has had.
func TestReadersBesideTheWriter(t *testing.T) {
	s, m, next := memory.New(memory.Options{}), model{}, int64(0)
	r := rand.New(rand.NewPCG(20, 21))
	for range 3000 {
		next++
		m[next] = random(r, next)
	}
	l := pointLayer("a")
	l.Budget, l.HideBelow, l.DetailZoom = 20_000, map[string]float64{"class 1": 9}, 8
	m.load(t, s, l, 1)
	l.Name = "b"
	m.load(t, s, l, 1)

	done := make(chan struct{})
	var readers sync.WaitGroup
	for n := range uint64(3) {
		readers.Go(func() {
			r := rand.New(rand.NewPCG(n, 22))
			var seen uint64
			for {
				select {
				case <-done:
					return
				default:
				}
				rq := tiles.Request{At: maptile.At(orb.Point{120 + r.Float64(), 29 + r.Float64()}, maptile.Zoom(r.IntN(15))), Plain: r.IntN(3) == 0}
				c := []where.Cond{where.True, where.Prefix{Field: "code", Prefix: "33071"}, where.Like{Field: "title", Pattern: "%1%"}, where.Range{Field: "worth", Min: 1.0}}[r.IntN(4)]
				for _, name := range []string{"a", "b"} {
					rq.Layers = append(rq.Layers, tiles.LayerRequest{Name: name, Version: 1, Where: c, Fields: names})
				}
				parts, err := s.Tile(t.Context(), rq)
				if err != nil {
					t.Error(err)
					return
				}
				for _, p := range parts {
					if !p.Held || p.LSN < seen || p.LSN != parts[0].LSN {
						t.Errorf("held is %v at %d after %d", p.Held, p.LSN, seen)
						return
					}
					decode(panics{}, p.MVT)
					seen = p.LSN
				}
			}
		})
	}
	for lsn := uint64(2); lsn < 60; lsn++ {
		cs := m.change(r, 1+r.IntN(60), &next)
		if lsn == 30 {
			cs = []memory.Change{{Op: memory.Truncate}}
			clear(m)
			cs = append(cs, m.change(r, 3000, &next)...)
		}
		if err := s.Apply(lsn, []memory.Changes{{Layer: "a", Rows: cs}, {Layer: "b", Rows: cs}}); err != nil {
			t.Fatal(err)
		}
		if lsn%20 == 0 {
			m.load(t, s, l, lsn)
		}
	}
	close(done)
	readers.Wait()
	m.check(t, s, "a", world)
	m.check(t, s, "b", world)
}

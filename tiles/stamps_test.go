package tiles

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// A change makes the tiles of its place stale, with their buffer, and no
// others, at all zooms: as the tiles' own bounds say.
func TestStampsAreOfExactlyTheTilesTouched(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		// From points to half the world; around Yiwu, the antimeridian and a pole.
		size := []float64{0, 0, 1e-5, 1e-3, 0.1, 3, 100}[round%7]
		middle := []orb.Point{{120.07, 29.3}, {179.989, 10}, {-180, -0.001}, {10, 84.9}, {0, 0}}[round%5]
		b := orb.Bound{Min: orb.Point{middle[0] + rng.Float64()*0.01, middle[1] + rng.Float64()*0.01}}
		b.Max = orb.Point{min(180, b.Min[0]+size*rng.Float64()), min(85, b.Min[1]+size*rng.Float64())}
		var s Stamps
		s.Touch("a", b, 7)
		if got := s.Last("a"); got != 7 {
			t.Fatalf("last %d", got)
		}
		for z := range maptile.Zoom(MaxZoom + 1) {
			for range 40 {
				// Tiles about the box's edges, and anywhere in it.
				p := orb.Point{b.Min[0] + (b.Max[0]-b.Min[0])*rng.Float64(), b.Min[1] + (b.Max[1]-b.Min[1])*rng.Float64()}
				switch rng.IntN(4) {
				case 0:
					p[0] = b.Min[0]
				case 1:
					p[1] = b.Max[1]
				}
				at := maptile.At(p, z)
				last := uint32(1)<<z - 1
				at.X = min(last, uint32(max(0, int(at.X)+rng.IntN(5)-2)))
				at.Y = min(last, uint32(max(0, int(at.Y)+rng.IntN(5)-2)))
				want := at.Bound(65.0 / 4096).Intersects(b)
				if got := s.At("a", at) == 7; got != want {
					t.Fatalf("box %v, tile %v with %v: stale %v, want %v", b, at, at.Bound(65.0/4096), got, want)
				}
				if s.At("b", at) != 0 {
					t.Fatal("another layer's tile is stale")
				}
			}
		}
	}
}

// Against every change one by one: the stamp of a tile is that of its last
// change, also among many, large and small, and where some were forgotten it
// is never too old.
func TestStampsOfManyChanges(t *testing.T) {
	for _, cells := range []int{0, 2000} {
		t.Run(fmt.Sprint("cells=", cells), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			s := Stamps{Cells: cells}
			var all []stampedBox
			late, exact := 0, 0
			for lsn := uint64(1); lsn <= 3000; lsn++ {
				size := 0.0
				if lsn%5 == 0 {
					size = rng.Float64() * 0.01
				}
				p := orb.Point{120 + rng.Float64()*0.1, 29 + rng.Float64()*0.1}
				b := orb.Bound{Min: p, Max: orb.Point{p[0] + size*rng.Float64(), p[1] + size*rng.Float64()}}
				s.Touch("a", b, lsn)
				w, _ := worldBox(b)
				all = append(all, stampedBox{w, lsn})
				if lsn%10 != 0 {
					continue
				}
				at := maptile.At(orb.Point{120 + rng.Float64()*0.1, 29 + rng.Float64()*0.1}, maptile.Zoom(rng.IntN(MaxZoom+1)))
				want := uint64(0)
				for _, c := range all {
					if c.meets(uint32(at.Z), at.X, at.Y) {
						want = c.lsn
					}
				}
				switch got := s.At("a", at); {
				case got < want:
					t.Fatalf("tile %v: stamp %d, changed at %d", at, got, want)
				case got > want:
					late++
				default:
					exact++
				}
			}
			if cells == 0 && late > 0 { // but for cells with more than 16 boxes, of which there is none here
				t.Errorf("%d of %d are later than the last change", late, late+exact)
			}
			if exact == 0 {
				t.Error("none is exact")
			}
		})
	}
}

func TestStampsAreBounded(t *testing.T) {
	s := Stamps{Cells: 1000}
	for lsn := range uint64(20_000) {
		p := orb.Point{float64(lsn%360) - 180, float64(lsn%160) - 80}
		s.Touch("a", orb.Bound{Min: p, Max: p}, lsn+1)
	}
	if n := len(s.of("a").cells.Load().slots); n > 4096 {
		t.Errorf("%d slots for 1000 cells", n)
	}
	// A transaction with more places than there is room for is a change of all.
	for i := range 5_000 {
		p := orb.Point{float64(i%360) - 180, float64(i%160) - 80}
		s.Touch("a", orb.Bound{Min: p, Max: p}, 30_000)
	}
	if got := s.At("a", maptile.New(1, 1, 22)); got > 30_000 || got == 0 {
		t.Errorf("stamp %d", got)
	}
}

func TestStampsResetAndTouchAll(t *testing.T) {
	var s Stamps
	at := maptile.New(3, 2, 2)
	s.TouchAll("a", 5)
	if s.At("a", at) != 5 || s.At("b", at) != 0 {
		t.Error("all of one layer")
	}
	s.Touch("a", orb.Bound{Min: orb.Point{1, 0}, Max: orb.Point{0, 0}}, 6) // no place at all
	if s.At("a", at) != 6 {
		t.Error("a place that cannot be read must count as everywhere")
	}
	epoch := s.epoch.Load()
	s.Reset(3)
	if s.At("a", at) != 3 || s.At("b", at) != 3 || s.Last("c") != 3 || s.epoch.Load() == epoch {
		t.Error("what was before a reset cannot be known")
	}
}

// Readers see a stamp as soon as the writer has set it, while tables grow and
// forget under them.
func TestStampsWhileRead(t *testing.T) {
	s := Stamps{Cells: 3000}
	places := make([]orb.Point, 500)
	for i := range places {
		places[i] = orb.Point{float64(i)/3 - 80, float64(i) / 7}
	}
	var mu sync.Mutex
	last := make([]uint64, len(places)) // stamped before it is here
	done := make(chan struct{})
	var readers sync.WaitGroup
	for r := range 2 {
		readers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(r), 9))
			for {
				select {
				case <-done:
					return
				default:
				}
				i := rng.IntN(len(places))
				mu.Lock()
				want := last[i]
				mu.Unlock()
				at := maptile.At(places[i], maptile.Zoom(rng.IntN(MaxZoom+1)))
				if got := s.At("a", at); got < want {
					t.Errorf("place %d tile %v: %d, stamped %d", i, at, got, want)
					return
				}
			}
		})
	}
	for lsn := uint64(1); lsn <= 8_000; lsn++ {
		i := int(lsn*7919) % len(places)
		s.Touch("a", orb.Bound{Min: places[i], Max: places[i]}, lsn)
		mu.Lock()
		last[i] = lsn
		mu.Unlock()
	}
	close(done)
	readers.Wait()
}

func BenchmarkStamps(b *testing.B) {
	var s Stamps
	rng := rand.New(rand.NewPCG(1, 1))
	place := func() orb.Point { return orb.Point{120 + rng.Float64()*0.2, 29 + rng.Float64()*0.2} }
	b.Run("touch", func(b *testing.B) {
		lsn := uint64(0)
		for b.Loop() {
			lsn++
			p := place()
			s.Touch("a", orb.Bound{Min: p, Max: p}, lsn)
		}
	})
	for i := range uint64(1000) { // roads
		p := place()
		s.Touch("a", orb.Bound{Min: p, Max: orb.Point{p[0] + 0.01, p[1] + 0.002}}, i)
	}
	b.Run("at", func(b *testing.B) {
		at := maptile.At(place(), 16)
		b.ReportAllocs()
		for b.Loop() {
			s.At("a", at)
		}
	})
}

package memory_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/memory"
)

// Readers see every transaction whole, in all layers of a tile, while the
// writer goes on: each transaction writes its number into a row of either layer,
// into numbers and into texts whose place in the dictionary is used again and again.
func TestReadersSeeOneTransaction(t *testing.T) {
	s := memory.New(memory.Options{})
	r := rand.New(rand.NewPCG(1, 1))
	m := model{}
	for id := range int64(1200) {
		m[id] = random(r, id)
	}
	stamp := func(n int64) item {
		it := m[7]
		it.values = map[string]any{"level": n, "class": fmt.Sprint("number ", n)}
		return it
	}
	m[7] = stamp(0)
	m.load(t, s, pointLayer("a"), 1)
	m.load(t, s, pointLayer("b"), 1)
	at := maptile.At(m[7].p, 14)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					if n > 10 {
						return
					}
				default:
				}
				rq := tiles.Request{At: at, Plain: true}
				for _, name := range []string{"a", "b"} {
					rq.Layers = append(rq.Layers, tiles.LayerRequest{Name: name, Version: 1, Where: where.Eq{Field: "id", Value: int64(7)}, Fields: []string{"level", "class"}})
				}
				parts, err := s.Tile(t.Context(), rq)
				if err != nil {
					t.Error(err)
					return
				}
				for _, p := range parts {
					f := decode(t, p.MVT)
					want := fmt.Sprintf("map[class:number %[1]d level:%[1]d]", parts[0].LSN-1)
					if len(f) != 1 || fmt.Sprint(f[0].Properties) != want {
						t.Errorf("at %d: %v, want %s", parts[0].LSN, f, want)
						return
					}
				}
			}
		})
	}
	for lsn := uint64(2); lsn < 400; lsn++ {
		change := []memory.Change{{Op: memory.Update, Old: m[7].row()}}
		m[7] = stamp(int64(lsn - 1))
		change[0].New = m[7].row()
		if err := s.Apply(lsn, []memory.Changes{{Layer: "a", Rows: change}, {Layer: "b", Rows: change}}); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	readers.Wait()
	m.check(t, s, "a", world)
}

func TestLayersThatCannotFollowAreDropped(t *testing.T) {
	at := func(id int64, x float64) *memory.Row {
		return item{id: id, p: orb.Point{x, 1}}.row()
	}
	for _, tt := range []struct {
		name   string
		change memory.Change
		lost   bool
	}{
		{"a row that was elsewhere", memory.Change{Op: memory.Delete, Old: at(1, 2)}, true},
		{"a row that is not there", memory.Change{Op: memory.Update, Old: at(2, 1), New: at(2, 2)}, true},
		{"a row that is there already", memory.Change{Op: memory.Insert, New: at(1, 1)}, true},
		{"an update without the old row", memory.Change{Op: memory.Update, New: at(1, 1)}, true},
		{"too few values", memory.Change{Op: memory.Insert, New: &memory.Row{ID: 3, Geometry: ewkb(orb.Point{1, 1})}}, false},
		{"no geometry at all", memory.Change{Op: memory.Insert, New: &memory.Row{ID: 3, Geometry: []byte("POINT(1 1)")}}, false},
		{"no change that there is", memory.Change{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, m := memory.New(memory.Options{}), model{1: {id: 1, p: orb.Point{1, 1}}}
			m.load(t, s, pointLayer("a"), 1)
			m.load(t, s, pointLayer("b"), 1)
			err := s.Apply(2, []memory.Changes{{Layer: "a", Rows: []memory.Change{tt.change}}, {Layer: "b", Rows: []memory.Change{{Op: memory.Insert, New: at(2, 2)}}}})
			var dropped memory.Dropped
			if !errors.As(err, &dropped) || len(dropped) != 1 || dropped[0].Layer != "a" || errors.Is(err, memory.ErrLost) != tt.lost {
				t.Fatalf("error %v", err)
			}
			if left := s.Layers(); len(left) != 1 || left[0].Name != "b" || left[0].Rows != 2 {
				t.Errorf("left are %v", left)
			}
			if _, held := features(t, s, world, tiles.LayerRequest{Name: "a", Version: 1, Where: where.True}, true); held {
				t.Error("it is still held")
			}
		})
	}
}

func TestRowsWithoutAPlaceAreNotKept(t *testing.T) {
	s, m := memory.New(memory.Options{}), model{}
	m.load(t, s, pointLayer("a"), 1)
	nowhere := item{id: 1}.row()
	nowhere.Geometry = nil
	here := item{id: 1, p: orb.Point{1, 1}}.row()
	for i, c := range []memory.Change{
		{Op: memory.Insert, New: nowhere},
		{Op: memory.Update, Old: nowhere, New: here},
		{Op: memory.Update, Old: here, New: nowhere},
		{Op: memory.Delete, Old: nowhere},
		{Op: memory.Insert, New: item{id: 2, p: orb.Point{200, 1}}.row()},
	} {
		if err := s.Apply(uint64(i+2), []memory.Changes{{Layer: "a", Rows: []memory.Change{c}}}); err != nil {
			t.Fatal(err)
		}
		if got, want := s.Layers()[0].Rows, []int{0, 1, 0, 0, 0}[i]; got != want {
			t.Errorf("after change %d there are %d rows, want %d", i, got, want)
		}
	}
}

// What is changed while a layer is being loaded is there when it is installed.
func TestInstallWithWhatHappenedMeanwhile(t *testing.T) {
	s, m, next := memory.New(memory.Options{}), model{}, int64(0)
	r := rand.New(rand.NewPCG(8, 9))
	m.change(r, 2000, &next)
	l := s.Load(pointLayer("a"))
	for _, it := range m {
		if err := l.Add(it.row()); err != nil {
			t.Fatal(err)
		}
	}
	later := []memory.Later{{LSN: 5, Rows: m.change(r, 100, &next)}, {LSN: 9, Rows: m.change(r, 100, &next)}}
	if err := l.Install(3, later...); err != nil {
		t.Fatal(err)
	}
	if s.LSN() != 9 {
		t.Errorf("the store is at %d", s.LSN())
	}
	m.check(t, s, "a", world)
}

func TestBudget(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 11))
	fill := func(l *memory.Loader, n int) error {
		for id := range int64(n) {
			if err := l.Add(random(r, id).row()); err != nil {
				return err
			}
		}
		return l.Install(1)
	}
	t.Run("of the whole", func(t *testing.T) {
		s := memory.New(memory.Options{Budget: 1 << 20})
		if err := fill(s.Load(pointLayer("a")), 6000); err != nil {
			t.Fatal(err)
		}
		l := s.Load(pointLayer("b"))
		if err := fill(l, 100_000); !errors.Is(err, memory.ErrBudget) {
			t.Errorf("error %v", err)
		}
		if s.Bytes() <= s.Layers()[0].Bytes {
			t.Error("what is being loaded is not counted")
		}
		l.Abandon()
		if s.Bytes() != s.Layers()[0].Bytes {
			t.Error("what was abandoned is counted")
		}
	})
	t.Run("of a layer", func(t *testing.T) {
		s := memory.New(memory.Options{LayerBudget: func(string) int64 { return 300_000 }})
		if err := fill(s.Load(pointLayer("a")), 2000); err != nil {
			t.Fatal(err)
		}
		var cs []memory.Change
		for id := range int64(20_000) {
			cs = append(cs, memory.Change{Op: memory.Insert, New: random(r, id+5000).row()})
		}
		if err := s.Apply(2, []memory.Changes{{Layer: "a", Rows: cs}}); !errors.Is(err, memory.ErrBudget) || len(s.Layers()) != 0 {
			t.Errorf("error %v, layers %v", err, s.Layers())
		}
	})
}

// The bytes that the store says are those of the heap, within a fifth.
func TestBytesAreTrue(t *testing.T) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	s := loadCity(t, 100_000, 0.1)
	got, said := heap()-before, s.Bytes()
	if d := float64(said) / float64(got); d < 0.8 || d > 1.2 {
		t.Errorf("the heap grew by %d bytes, the store says %d", got, said)
	}
	if said > 100*100_000 {
		t.Errorf("a row takes %d bytes", said/100_000)
	}
	runtime.KeepAlive(s)
}

// Texts that no row has any more make room for others.
func TestTextsDoNotLeak(t *testing.T) {
	oneGoroutine(t)
	s, m := memory.New(memory.Options{}), model{1: {id: 1, p: orb.Point{1, 1}}}
	m.load(t, s, pointLayer("a"), 1)
	var first int64
	for n := range 20_000 {
		it := m[1]
		it.values = map[string]any{"class": fmt.Sprint("text ", n), "code": fmt.Sprint("code ", n/2)}
		if err := s.Apply(uint64(n+2), []memory.Changes{{Layer: "a", Rows: []memory.Change{{Op: memory.Update, Old: m[1].row(), New: it.row()}}}}); err != nil {
			t.Fatal(err)
		}
		m[1] = it
		if n == 10 {
			first = s.Bytes()
		}
	}
	if now := s.Bytes(); now > first+100 {
		t.Errorf("%d bytes became %d", first, now)
	}
	m.check(t, s, "a", world)
}

// A tile made again allocates its bytes and no more.
func TestAllocations(t *testing.T) {
	oneGoroutine(t)
	s := loadCity(t, 20_000, 0.05)
	at, n := nearestTile(t, s, orb.Point{120.025, 29.025}, 15, 2000)
	if n == 0 {
		t.Fatal("no tile")
	}
	for _, plain := range []bool{false, true} {
		r := cityRequest(at, where.True)
		r.Plain = plain
		if got := testing.AllocsPerRun(20, func() { ask(t, s, r) }); got > 4 {
			t.Errorf("%v allocations for %d features", got, n)
		}
	}
}

func TestPointsBeyondTheBudget(t *testing.T) {
	oneGoroutine(t)
	r := rand.New(rand.NewPCG(12, 13))
	m := model{}
	for id := range int64(5000) {
		it := random(r, id)
		it.p = orb.Point{120 + r.Float64()/100, 29 + r.Float64()/100}
		m[id] = it
	}
	at := maptile.At(orb.Point{120.005, 29.005}, 8)
	rq := tiles.Request{At: at, Layers: []tiles.LayerRequest{{Name: "a", Version: 1, Where: where.True, Fields: names}}}
	t.Run("by rank", func(t *testing.T) {
		for _, field := range []string{"worth", "level", "at", "code", "title"} {
			s, l := memory.New(memory.Options{}), pointLayer("a")
			l.DetailZoom, l.Budget, l.RankField = 0, 20_000, field
			m.load(t, s, l, 1)
			p := ask(t, s, rq)[0]
			fs := decode(t, p.MVT)
			if len(p.MVT) > l.Budget || len(p.MVT) < l.Budget/2 || p.Omitted != len(m)-len(fs) {
				t.Errorf("%s: %d bytes, %d features, %d omitted", field, len(p.MVT), len(fs), p.Omitted)
			}
			// No row left out is before one that stayed.
			var ids []int64
			for id := range m {
				ids = append(ids, id)
			}
			slices.SortFunc(ids, func(a, b int64) int { return byRank(m[a], m[b], field) })
			kept := map[int64]bool{}
			for _, f := range fs {
				kept[int64(f.ID.(float64))] = true
			}
			for i, id := range ids {
				if kept[id] != (i < len(fs)) {
					t.Fatalf("%s: row %d is %d-th of %d and kept is %v", field, id, i, len(fs), kept[id])
				}
			}
		}
	})
	// Who may not see the rank gets what there is for a layer without one: else
	// the rows that stay would tell theirs.
	t.Run("by a rank that may not be seen", func(t *testing.T) {
		blind := rq
		blind.Layers = []tiles.LayerRequest{{Name: "a", Version: 1, Where: where.True, Fields: []string{"code", "title"}}}
		var parts []tiles.Part
		for _, field := range []string{"worth", ""} {
			s, l := memory.New(memory.Options{}), pointLayer("a")
			l.DetailZoom, l.Budget, l.RankField = 0, 20_000, field
			m.load(t, s, l, 1)
			parts = append(parts, ask(t, s, blind)[0])
		}
		if !bytes.Equal(parts[0].MVT, parts[1].MVT) || parts[0].Omitted != parts[1].Omitted {
			t.Errorf("%d bytes and %d omitted, without a rank %d and %d", len(parts[0].MVT), parts[0].Omitted, len(parts[1].MVT), parts[1].Omitted)
		}
	})
	t.Run("counted", func(t *testing.T) {
		s, l := memory.New(memory.Options{}), pointLayer("a")
		l.DetailZoom, l.Budget = 0, 4_000
		m.load(t, s, l, 1)
		p := ask(t, s, rq)[0]
		sum := 0.0
		for _, f := range decode(t, p.MVT) {
			sum += f.Properties["count"].(float64)
		}
		if len(p.MVT) > l.Budget || sum != float64(len(m)) || p.Omitted != 0 {
			t.Errorf("%d bytes count %v of %d, %d omitted", len(p.MVT), sum, len(m), p.Omitted)
		}
		if got, _ := features(t, s, at, rq.Layers[0], true); len(got) != len(m) {
			t.Errorf("a plain tile has %d features", len(got))
		}
	})
}

// byRank orders as SQL: ORDER BY field NULLS LAST, id.
func byRank(a, b item, field string) int {
	va, okA := a.values[field]
	vb, okB := b.values[field]
	less := func(a, b any) bool {
		return where.Match(where.Range{Field: "v", Max: b}, func(string) any { return a }, nil)
	}
	switch {
	case okA != okB && okA:
		return -1
	case okA != okB:
		return 1
	case okA && less(va, vb):
		return -1
	case okA && less(vb, va):
		return 1
	}
	return int(a.id - b.id)
}

func TestHiddenClasses(t *testing.T) {
	s, l := memory.New(memory.Options{}), pointLayer("a")
	l.DetailZoom, l.HideBelow = 0, map[string]float64{"class 0": 10, "class 1": 4}
	r := rand.New(rand.NewPCG(14, 15))
	m := model{}
	for id := range int64(500) {
		m[id] = random(r, id)
	}
	m.load(t, s, l, 1)
	lr := tiles.LayerRequest{Name: "a", Version: 1, Where: where.True, Fields: names}
	for _, tt := range []struct {
		z    maptile.Zoom
		want where.Cond
	}{
		{3, where.Not{C: where.In{Field: "class", Values: []string{"class 0", "class 1"}}}},
		{4, where.Not{C: where.Eq{Field: "class", Value: "class 0"}}},
		{10, where.True},
	} {
		at := maptile.At(orb.Point{120.5, 29.5}, tt.z)
		got, _ := features(t, s, at, lr, false)
		want, all := m.features(at, tt.want, names), m.features(at, where.True, names)
		if !slices.Equal(got, want) {
			t.Errorf("zoom %d: %d features, want %d\n%s", tt.z, len(got), len(want), differ(got, want))
		}
		if p := ask(t, s, tiles.Request{At: at, Layers: []tiles.LayerRequest{lr}})[0]; p.Omitted != len(all)-len(want) {
			t.Errorf("zoom %d: %d omitted of %d, of which %d are shown", tt.z, p.Omitted, len(all), len(want))
		}
	}
}

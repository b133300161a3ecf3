package tiles_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
	"onemap/tiles"
)

var yiwu = maptile.At(orb.Point{120.07, 29.3}, 14)

// holds is a source that answers each layer with the same part.
func holds(p tiles.Part) sourceFunc {
	return func(_ context.Context, r tiles.Request) ([]tiles.Part, error) {
		return slices.Repeat([]tiles.Part{p}, len(r.Layers)), nil
	}
}

func asks(names ...string) tiles.Request {
	r := tiles.Request{At: yiwu}
	for _, n := range names {
		r.Layers = append(r.Layers, tiles.LayerRequest{Name: n, Where: where.True})
	}
	return r
}

func get(t *testing.T, m *tiles.Maker, r tiles.Request) tiles.Tile {
	t.Helper()
	tile, err := m.Get(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return tile
}

// at is a position that a test moves.
type position struct{ atomic.Uint64 }

func at(lsn uint64) *position {
	p := new(position)
	p.Store(lsn)
	return p
}

func TestPartsAreJoinedInOrder(t *testing.T) {
	// Memory holds b alone; PostGIS is asked for a and c.
	m := &tiles.Maker{
		Memory: sourceFunc(func(_ context.Context, r tiles.Request) ([]tiles.Part, error) {
			parts := make([]tiles.Part, len(r.Layers))
			for i, l := range r.Layers {
				if l.Name == "b" {
					parts[i] = tiles.Part{Held: true, MVT: []byte("B"), LSN: 5}
				}
			}
			return parts, nil
		}),
		PostGIS: sourceFunc(func(_ context.Context, r tiles.Request) ([]tiles.Part, error) {
			parts := make([]tiles.Part, len(r.Layers))
			for i, l := range r.Layers {
				if l.Name == "b" {
					t.Error("PostGIS is asked for what memory holds")
				}
				parts[i] = tiles.Part{Held: true, MVT: []byte(strings.ToUpper(l.Name)), LSN: 8}
			}
			return parts, nil
		}),
		Position: at(9).Load,
	}
	if got := get(t, m, asks("a", "b", "c")); string(got.MVT) != "ABC" || got.LSN != 8 || got.From != tiles.FromBoth {
		t.Errorf("%q up to %d from %s", got.MVT, got.LSN, got.From)
	}
	if got := get(t, m, asks("b")); string(got.MVT) != "B" || got.LSN != 9 || got.From != tiles.FromMemory {
		t.Errorf("%q up to %d from %s", got.MVT, got.LSN, got.From)
	}
	if got := get(t, m, asks("c", "a")); string(got.MVT) != "CA" || got.From != tiles.FromPostGIS {
		t.Errorf("%q from %s", got.MVT, got.From)
	}
	m = &tiles.Maker{PostGIS: holds(tiles.Part{})}
	if _, err := m.Get(t.Context(), asks("a")); err == nil {
		t.Error("a layer that nobody holds is an empty tile")
	}
}

// While the log is not followed memory is not asked, and nothing is kept.
func TestWithoutTheLog(t *testing.T) {
	pos, asked := at(0), 0
	m := &tiles.Maker{
		Memory: holds(tiles.Part{Held: true, MVT: []byte("old"), LSN: 3}),
		PostGIS: sourceFunc(func(context.Context, tiles.Request) ([]tiles.Part, error) {
			asked++
			return []tiles.Part{{Held: true, MVT: []byte("new")}}, nil
		}),
		Position: pos.Load, Stamps: new(tiles.Stamps), CacheBytes: 1 << 20,
	}
	for range 2 {
		if got := get(t, m, asks("a")); string(got.MVT) != "new" || got.LSN != 0 || got.From != tiles.FromPostGIS {
			t.Errorf("%q up to %d from %s", got.MVT, got.LSN, got.From)
		}
	}
	if asked != 2 {
		t.Errorf("PostGIS was asked %d times", asked)
	}
	pos.Store(3)
	if got := get(t, m, asks("a")); string(got.MVT) != "old" || got.LSN != 3 {
		t.Errorf("%q up to %d", got.MVT, got.LSN)
	}
}

func TestOmittedIsSaidInTheTile(t *testing.T) {
	m := &tiles.Maker{PostGIS: sourceFunc(func(_ context.Context, r tiles.Request) ([]tiles.Part, error) {
		return []tiles.Part{{Held: true, Omitted: 3}, {Held: true}, {Held: true, Omitted: 70_000}}, nil
	})}
	got := get(t, m, asks("a", "b", "c"))
	want := "layer _omitted version 2 extent 4096\n" +
		"  <nil> features=3 layer=a Point [2048 2048]\n" +
		"  <nil> features=70000 layer=c Point [2048 2048]\n"
	if text := dump(t, got.MVT); text != want || got.Omitted != 70_003 {
		t.Errorf("%d omitted\n%s", got.Omitted, text)
	}
	if _, err := mvt.Unmarshal(got.MVT); err != nil {
		t.Error(err)
	}
}

// counting is a source that counts its calls and gives something else each
// time, of one place in the log.
type counting struct {
	calls atomic.Int64
	lsn   atomic.Uint64
}

func (c *counting) Tile(_ context.Context, r tiles.Request) ([]tiles.Part, error) {
	return slices.Repeat([]tiles.Part{{Held: true, MVT: fmt.Appendf(nil, "%d;", c.calls.Add(1)), LSN: c.lsn.Load()}}, len(r.Layers)), nil
}

func TestKeptUntilItChanges(t *testing.T) {
	src, pos, stamps := new(counting), at(10), new(tiles.Stamps)
	m := &tiles.Maker{Memory: src, Position: pos.Load, Stamps: stamps, CacheBytes: 1 << 20}
	made := func(want int64, why string) {
		t.Helper()
		if get(t, m, asks("a", "b")); src.calls.Load() != want {
			t.Errorf("%s: made %d times, want %d", why, src.calls.Load(), want)
		}
	}
	here := orb.Bound{Min: orb.Point{120.07, 29.3}, Max: orb.Point{120.07, 29.3}}
	there := orb.Bound{Min: orb.Point{121, 29.3}, Max: orb.Point{121, 29.3}}
	made(1, "cold")
	made(1, "again")
	stamps.Touch("a", there, 11)
	stamps.Touch("c", here, 11)
	pos.Store(11)
	made(1, "changes elsewhere, and of another layer")
	if got := get(t, m, asks("a", "b")); got.LSN != 11 {
		t.Errorf("a kept tile without a change is true up to now, not %d", got.LSN)
	}
	stamps.Touch("b", here, 12)
	made(2, "a change here, before the position says so")
	made(3, "it was made at 11, so it may lack what happened at 12: it was not kept")
	pos.Store(12)
	made(4, "at 12")
	made(4, "at 12 again")
	stamps.TouchAll("a", 13)
	pos.Store(13)
	made(5, "all of a layer changed")
	stamps.Reset(5) // another history, whose numbers are smaller
	pos.Store(6)
	made(6, "after a reset")
	made(6, "after a reset, again")
	if s := m.Stats(); s.Hits == 0 || s.Memory != 6 || s.Stale == 0 || s.Entries != 1 || s.Bytes == 0 {
		t.Errorf("%+v", s)
	}
}

// What PostGIS gives is as old as its snapshot: a tile that may lack a change
// is not kept, and one that is kept is dropped at the first change after it.
func TestOldTilesAreNotKept(t *testing.T) {
	src, pos, stamps := new(counting), at(10), new(tiles.Stamps)
	m := &tiles.Maker{PostGIS: src, Position: pos.Load, Stamps: stamps, CacheBytes: 1 << 20}
	src.lsn.Store(7)
	stamps.TouchAll("a", 8)
	get(t, m, asks("a"))
	if get(t, m, asks("a")); src.calls.Load() != 2 {
		t.Error("a tile older than its stamp was kept")
	}
	src.lsn.Store(8)
	get(t, m, asks("a"))
	if get(t, m, asks("a")); src.calls.Load() != 3 {
		t.Error("a tile as new as its stamp was not kept")
	}
	src.lsn.Store(0)
	get(t, m, asks("b"))
	if get(t, m, asks("b")); src.calls.Load() != 5 {
		t.Error("a tile of no known place was kept")
	}
}

func TestEmptyTilesAreKept(t *testing.T) {
	calls := 0
	m := &tiles.Maker{PostGIS: sourceFunc(func(context.Context, tiles.Request) ([]tiles.Part, error) {
		calls++
		return []tiles.Part{{Held: true, LSN: 4}}, nil
	}), Position: at(4).Load, Stamps: new(tiles.Stamps), CacheBytes: 1 << 20}
	get(t, m, asks("a"))
	if got := get(t, m, asks("a")); calls != 1 || len(got.MVT) != 0 || got.Gzip() != nil || got.ETag == "" {
		t.Errorf("made %d times: %+v", calls, got)
	}
}

// Callers share by right: by the condition and the fields, whoever they are.
func TestKeptByRight(t *testing.T) {
	src := new(counting)
	src.lsn.Store(1)
	m := &tiles.Maker{PostGIS: src, Position: at(1).Load, Stamps: new(tiles.Stamps), CacheBytes: 1 << 20}
	eq := func(f, v string) where.Cond { return where.Eq{Field: f, Value: v} }
	seen := map[string]string{} // bytes -> what was asked
	tags := map[string]bool{}
	for name, r := range map[string]tiles.Request{
		"all":            {Layers: []tiles.LayerRequest{{Name: "a", Where: where.True}}},
		"none":           {Layers: []tiles.LayerRequest{{Name: "a", Where: where.False}}},
		"some":           {Layers: []tiles.LayerRequest{{Name: "a", Where: eq("dept", "1")}}},
		"others":         {Layers: []tiles.LayerRequest{{Name: "a", Where: eq("dept", "2")}}},
		"a field":        {Layers: []tiles.LayerRequest{{Name: "a", Where: where.True, Fields: []string{"xy"}}}},
		"two fields":     {Layers: []tiles.LayerRequest{{Name: "a", Where: where.True, Fields: []string{"x", "y"}}}},
		"another layer":  {Layers: []tiles.LayerRequest{{Name: "b", Where: where.True}}},
		"two layers":     {Layers: []tiles.LayerRequest{{Name: "a", Where: where.True}, {Name: "b", Where: where.True}}},
		"in other order": {Layers: []tiles.LayerRequest{{Name: "b", Where: where.True}, {Name: "a", Where: where.True}}},
		"newer":          {Layers: []tiles.LayerRequest{{Name: "a", Version: 2, Where: where.True}}},
		"plain":          {Plain: true, Layers: []tiles.LayerRequest{{Name: "a", Where: where.True}}},
		"elsewhere":      {At: yiwu, Layers: []tiles.LayerRequest{{Name: "a", Where: where.True}}},
	} {
		one := get(t, m, r)
		if two := get(t, m, r); string(two.MVT) != string(one.MVT) || two.ETag != one.ETag {
			t.Errorf("%s is not kept", name)
		}
		if other, ok := seen[string(one.MVT)]; ok {
			t.Errorf("%s and %s share a tile", name, other)
		}
		seen[string(one.MVT)] = name
		tags[one.ETag] = true
	}
	if len(tags) != len(seen) {
		t.Errorf("%d tags for %d tiles", len(tags), len(seen))
	}
	a := get(t, m, tiles.Request{Layers: []tiles.LayerRequest{{Name: "a", Where: where.And(eq("x", "1"), eq("y", "2"))}}})
	b := get(t, m, tiles.Request{Layers: []tiles.LayerRequest{{Name: "a", Where: where.And(eq("y", "2"), eq("x", "1"))}}})
	if string(a.MVT) != string(b.MVT) {
		t.Error("equal rights do not share")
	}
}

func TestTheCacheKeepsToItsBytes(t *testing.T) {
	m := &tiles.Maker{PostGIS: holds(tiles.Part{Held: true, LSN: 1, MVT: make([]byte, 10_000)}), Position: at(1).Load,
		Stamps: new(tiles.Stamps), CacheBytes: 200_000}
	for x := range uint32(200) {
		r := asks("a")
		r.At.X += x
		get(t, m, r).Gzip()
	}
	if s := m.Stats(); s.Bytes > 200_000 || s.Entries > 19 || s.Entries == 0 {
		t.Errorf("%+v", s)
	}
}

func TestGzipIsMadeOnceAndWeighed(t *testing.T) {
	content := []byte(strings.Repeat("tile ", 1000))
	m := &tiles.Maker{PostGIS: holds(tiles.Part{Held: true, LSN: 1, MVT: content}), Position: at(1).Load,
		Stamps: new(tiles.Stamps), CacheBytes: 1 << 20}
	one := get(t, m, asks("a"))
	before := m.Stats().Bytes
	packed := one.Gzip()
	if two := get(t, m, asks("a")).Gzip(); &two[0] != &packed[0] {
		t.Error("compressed twice")
	}
	if after := m.Stats().Bytes; after != before+uint64(len(packed)) {
		t.Errorf("%d bytes, and with %d more compressed %d", before, len(packed), after)
	}
	r, err := gzip.NewReader(strings.NewReader(string(packed)))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); err != nil || string(b) != string(content) {
		t.Errorf("%v: %q", err, b)
	}
}

// held is a source that waits to be let go, and counts.
type held struct {
	calls atomic.Int64
	began chan context.Context
	end   chan error
	lsn   uint64
}

func newHeld() *held {
	return &held{began: make(chan context.Context, 10), end: make(chan error), lsn: 1}
}

func (h *held) Tile(ctx context.Context, r tiles.Request) ([]tiles.Part, error) {
	n := h.calls.Add(1)
	h.began <- ctx
	select {
	case err := <-h.end:
		return slices.Repeat([]tiles.Part{{Held: true, MVT: fmt.Append(nil, n), LSN: h.lsn}}, len(r.Layers)), err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestAStampedeMakesATileOnce(t *testing.T) {
	src := newHeld()
	m := &tiles.Maker{PostGIS: src, Position: at(1).Load, Stamps: new(tiles.Stamps), CacheBytes: 1 << 20}
	const callers = 500
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			if got, err := m.Get(t.Context(), asks("a")); err != nil || string(got.MVT) != "1" {
				t.Errorf("%q, %v", got.MVT, err)
			}
		})
	}
	<-src.began
	for m.Stats().Shared < callers-1 { // until all of them wait for the one
		time.Sleep(time.Millisecond)
	}
	src.end <- nil
	all.Wait()
	if n := src.calls.Load(); n != 1 {
		t.Errorf("made %d times", n)
	}
}

// Who leaves takes nobody along; when the last has left, the work ends.
func TestWhoLeavesTakesNobodyAlong(t *testing.T) {
	src := newHeld()
	m := &tiles.Maker{PostGIS: src}
	first, leave := context.WithCancel(t.Context())
	firstErr, second := make(chan error), make(chan tiles.Tile)
	go func() { _, err := m.Get(first, asks("a")); firstErr <- err }()
	<-src.began
	go func() { tile, err := m.Get(t.Context(), asks("a")); _ = err; second <- tile }()
	for m.Stats().Shared == 0 {
		time.Sleep(time.Millisecond)
	}
	leave()
	if err := <-firstErr; !errors.Is(err, context.Canceled) {
		t.Errorf("the first left with %v", err)
	}
	src.end <- nil
	if tile := <-second; string(tile.MVT) != "1" {
		t.Errorf("the second got %q", tile.MVT)
	}

	only, leave := context.WithCancel(t.Context())
	go func() { _, err := m.Get(only, asks("a")); firstErr <- err }()
	work := <-src.began
	leave()
	<-firstErr
	<-work.Done()
	go func() { tile, _ := m.Get(t.Context(), asks("a")); second <- tile }() // does not join what was cancelled
	<-src.began
	src.end <- nil
	if tile := <-second; string(tile.MVT) != "3" {
		t.Errorf("who came after got %q", tile.MVT)
	}
}

func TestErrorsAndPanicsReachAllAndAreNotKept(t *testing.T) {
	fails := errors.New("fails")
	var how atomic.Int64
	src := newHeld()
	m := &tiles.Maker{PostGIS: sourceFunc(func(ctx context.Context, r tiles.Request) ([]tiles.Part, error) {
		parts, err := src.Tile(ctx, r)
		if how.Load() == 1 {
			panic("unforeseen")
		}
		return parts, err
	}), Position: at(1).Load, Stamps: new(tiles.Stamps), CacheBytes: 1 << 20}
	for i, want := range []string{"fails", "panic: unforeseen"} {
		how.Store(int64(i))
		shared := m.Stats().Shared
		errs := make(chan error)
		for range 2 {
			go func() { _, err := m.Get(t.Context(), asks("a")); errs <- err }()
		}
		<-src.began
		for m.Stats().Shared == shared {
			time.Sleep(time.Millisecond)
		}
		src.end <- fails
		for range 2 {
			if err := <-errs; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		}
	}
	how.Store(0)
	go func() { <-src.began; src.end <- nil }()
	if got := get(t, m, asks("a")); string(got.MVT) != "3" {
		t.Errorf("after the errors: %q", got.MVT)
	}
}

// A tile that began to be made before a change, or before what a caller knows
// of, is not that caller's.
func TestNobodyGetsAnOlderTileThanTheyKnowOf(t *testing.T) {
	src, pos, stamps := newHeld(), at(1), new(tiles.Stamps)
	m := &tiles.Maker{Memory: src, Position: pos.Load, Stamps: stamps, CacheBytes: 1 << 20}
	got := make(chan string, 3)
	ask := func(since uint64) {
		r := asks("a")
		r.Since = since
		tile, err := m.Get(t.Context(), r)
		got <- fmt.Sprint(string(tile.MVT), " ", tile.LSN >= since, " ", err)
	}
	go ask(0)
	<-src.began
	pos.Store(2)
	go ask(2) // nothing changed here, but who can tell what the first one saw
	<-src.began
	stamps.TouchAll("a", 3)
	pos.Store(3)
	go ask(0) // after a change
	<-src.began
	for range 3 {
		src.end <- nil
	}
	all := []string{<-got, <-got, <-got}
	slices.Sort(all)
	if want := []string{"1 true <nil>", "2 true <nil>", "3 true <nil>"}; !slices.Equal(all, want) {
		t.Errorf("%q", all)
	}
}

func TestSince(t *testing.T) {
	memory, postgis, pos := new(counting), new(counting), at(10)
	waited := 0
	m := &tiles.Maker{Memory: memory, PostGIS: postgis, Position: pos.Load, Stamps: new(tiles.Stamps), CacheBytes: 1 << 20,
		WaitMost: 50 * time.Millisecond,
		Wait: func(ctx context.Context, lsn uint64) error {
			if waited++; waited == 1 {
				pos.Store(lsn)
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}}
	since := func(lsn uint64) tiles.Tile {
		t.Helper()
		r := asks("a")
		r.Since = lsn
		tile := get(t, m, r)
		if tile.LSN < lsn {
			t.Errorf("since %d: a tile of %d", lsn, tile.LSN)
		}
		return tile
	}
	if tile := since(10); tile.From != tiles.FromMemory || waited != 0 {
		t.Errorf("what is there needs no wait: %s after %d", tile.From, waited)
	}
	if tile := since(12); tile.From != tiles.FromMemory || waited != 1 || memory.calls.Load() != 1 {
		t.Errorf("after the wait the kept tile is true: %s after %d, made %d times", tile.From, waited, memory.calls.Load())
	}
	// The feed hangs: PostGIS is asked, each time anew, whatever it can tell.
	for i := range int64(2) {
		if tile := since(20); tile.From != tiles.FromPostGIS || postgis.calls.Load() != i+1 {
			t.Errorf("%s, PostGIS asked %d times", tile.From, postgis.calls.Load())
		}
	}
	// It is off: nobody waits.
	before := waited
	pos.Store(0)
	if since(20); waited != before {
		t.Error("waited for a log that nobody follows")
	}
}

// While PostGIS makes a tile for one who came earlier, those who come with a
// place that was not reached share the next one.
func TestAStampedeOfSince(t *testing.T) {
	src := newHeld()
	m := &tiles.Maker{PostGIS: src, Position: at(0).Load}
	r := asks("a")
	r.Since = 5
	var all sync.WaitGroup
	ask := func(want string) {
		all.Go(func() {
			if got, err := m.Get(t.Context(), r); err != nil || string(got.MVT) != want {
				t.Errorf("%q, %v, want %q", got.MVT, err, want)
			}
		})
	}
	ask("1")
	<-src.began
	for range 100 {
		ask("2")
	}
	for m.Stats().Shared < 99 {
		time.Sleep(time.Millisecond)
	}
	src.end <- nil
	<-src.began
	src.end <- nil
	all.Wait()
	if n := src.calls.Load(); n != 2 {
		t.Errorf("made %d times", n)
	}
}

// Whatever writers do meanwhile, a tile holds every change up to the position
// that its caller could read before asking, and its own LSN.
func TestNoStaleTileIsServed(t *testing.T) {
	const places = 60
	var (
		mu     sync.RWMutex
		last   [places]uint64 // by place: its last change
		pos    = at(1)
		stamps = &tiles.Stamps{Cells: 500} // so that they forget, too
	)
	where := func(i int) orb.Point { return orb.Point{120 + 0.001*float64(i%10), 29 + 0.001*float64(i/10)} }
	in := func(at maptile.Tile, i int) bool {
		p := where(i)
		return at.Bound(64.0 / 4096).Contains(p)
	}
	// A tile's bytes are the last changes of the places in it.
	read := func(at maptile.Tile, old *[places]uint64) []byte {
		var b []byte
		for i := range places {
			if in(at, i) {
				b = binary.BigEndian.AppendUint64(b, old[i])
			}
		}
		return b
	}
	memory := sourceFunc(func(_ context.Context, r tiles.Request) ([]tiles.Part, error) {
		parts := make([]tiles.Part, len(r.Layers))
		if rand.IntN(3) == 0 {
			return parts, nil // not held just now
		}
		mu.RLock()
		defer mu.RUnlock()
		for i := range parts {
			parts[i] = tiles.Part{Held: true, MVT: read(r.At, &last)}
		}
		return parts, nil
	})
	postgis := sourceFunc(func(_ context.Context, r tiles.Request) ([]tiles.Part, error) {
		mu.RLock()
		snapshot, visible := last, slices.Max(last[:])
		mu.RUnlock()
		if rand.IntN(2) == 0 && visible > 3 { // the feed could tell of less than it saw
			visible -= 2
		}
		return []tiles.Part{{Held: true, MVT: read(r.At, &snapshot), LSN: visible}}, nil
	})
	m := &tiles.Maker{Memory: memory, PostGIS: postgis, Position: pos.Load, Stamps: stamps, CacheBytes: 20_000,
		WaitMost: time.Millisecond, Wait: func(ctx context.Context, _ uint64) error { <-ctx.Done(); return ctx.Err() }}

	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	writing.Go(func() {
		rng := rand.New(rand.NewPCG(1, 1))
		for lsn := uint64(2); lsn < 4000; lsn++ {
			i := rng.IntN(places)
			mu.Lock()
			last[i] = lsn
			mu.Unlock()
			stamps.Touch("a", orb.Bound{Min: where(i), Max: where(i)}, lsn)
			pos.Store(lsn)
			if lsn%50 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		close(done)
	})
	for reader := range 4 {
		reading.Go(func() {
			rng := rand.New(rand.NewPCG(2, uint64(reader)))
			for {
				select {
				case <-done:
					return
				default:
				}
				at := maptile.At(where(rng.IntN(places)), maptile.Zoom(10+rng.IntN(10)))
				r := tiles.Request{At: at, Layers: []tiles.LayerRequest{{Name: "a"}}}
				mu.RLock()
				known, upTo := last, pos.Load()
				mu.RUnlock()
				if rng.IntN(10) == 0 {
					r.Since = slices.Max(known[:])
				}
				tile, err := m.Get(t.Context(), r)
				if err != nil {
					t.Error(err)
					return
				}
				b := tile.MVT
				for i := range places {
					if !in(at, i) {
						continue
					}
					got := binary.BigEndian.Uint64(b)
					b = b[8:]
					if must := known[i]; got < must && must <= max(upTo, r.Since) {
						t.Errorf("tile %v shows place %d at %d, which %d had changed (position %d, since %d, tile of %d from %s)", at, i, got, must, upTo, r.Since, tile.LSN, tile.From)
						return
					}
				}
			}
		})
	}
	writing.Wait()
	reading.Wait()
	if s := m.Stats(); s.Hits == 0 || s.Stale == 0 || s.Shared == 0 {
		t.Errorf("the test tests little: %+v", s)
	}
}

func BenchmarkCachedTile(b *testing.B) {
	for _, size := range []int{100, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			m := &tiles.Maker{Memory: holds(tiles.Part{Held: true, MVT: make([]byte, size)}), Position: at(1).Load, Stamps: new(tiles.Stamps), CacheBytes: 1 << 20}
			r := tiles.Request{At: yiwu}
			for i := range 6 {
				r.Layers = append(r.Layers, tiles.LayerRequest{Name: fmt.Sprint("layer", i), Where: where.True, Fields: []string{"name", "class", "state"}})
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Get(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package tiles

import (
	"bytes"
	"math"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/klauspost/compress/gzip"
	"github.com/maypok86/otter/v2"
)

// kept is a tile that was made. All but lsn and packed stay as they are.
type kept struct {
	mvt     []byte
	etag    string
	from    string
	omitted int
	epoch   uint64
	lsn     atomic.Uint64 // true up to here at least

	packing sync.Once
	packed  atomic.Pointer[[]byte] // compressed; nil before it was wanted

	maker *Maker
	key   key
}

func (e *kept) tile(lsn uint64) Tile {
	return Tile{MVT: e.mvt, ETag: e.etag, LSN: lsn, From: e.from, Omitted: e.omitted, kept: e}
}

// newCache returns a cache of so many bytes.
func newCache(most uint64) *otter.Cache[key, *kept] {
	return otter.Must(&otter.Options[key, *kept]{MaximumWeight: most, Weigher: func(_ key, e *kept) uint32 { return e.weight() }})
}

// overhead is what a kept tile takes beside its bytes, its place in the cache
// included: about so.
const overhead = uint64(unsafe.Sizeof(kept{}) + 2*unsafe.Sizeof(key{}) + 160)

func (e *kept) weight() uint32 {
	n := overhead + uint64(len(e.mvt)) + uint64(len(e.etag))
	if p := e.packed.Load(); p != nil {
		n += uint64(len(*p))
	}
	return uint32(min(n, math.MaxUint32))
}

// find returns a tile that was kept, if it is still true. now was taken before.
func (m *Maker) find(k key, r Request, now moment) (Tile, bool) {
	if m.cache == nil || now.lsn == 0 {
		return Tile{}, false
	}
	e, ok := m.cache.GetIfPresent(k)
	if !ok {
		return Tile{}, false
	}
	lsn := e.lsn.Load()
	if e.epoch != now.epoch || m.changed(r) > lsn {
		m.counts.stale.Add(1)
		return Tile{}, false
	}
	// No change between the two lies in the tile, so it is true up to now.
	raise(&e.lsn, now.lsn)
	return e.tile(max(lsn, now.lsn)), true
}

// changed returns the last change of what the request asks for.
func (m *Maker) changed(r Request) uint64 {
	last := uint64(0)
	for i := range r.Layers {
		last = max(last, m.Stamps.At(r.Layers[i].Name, r.At))
	}
	return last
}

// keep keeps a tile, unless it may be old by now or the cache has a newer one.
func (m *Maker) keep(e *kept, r Request) {
	lsn := e.lsn.Load()
	if m.cache == nil || lsn == 0 || e.epoch != m.Stamps.epoch.Load() || m.changed(r) > lsn {
		return
	}
	m.cache.Compute(e.key, func(have *kept, found bool) (*kept, otter.ComputeOp) {
		if found && have.epoch == e.epoch && have.lsn.Load() > lsn {
			return have, otter.CancelOp
		}
		return e, otter.WriteOp
	})
}

// worthPacking is how long a tile must be for compression to pay.
const worthPacking = 512

// Gzip returns the tile's bytes compressed, made once for all who ask for
// them; nil where that would not make them shorter. Do not change them.
func (t Tile) Gzip() []byte {
	if t.kept == nil || len(t.MVT) < worthPacking {
		return nil
	}
	t.kept.packing.Do(t.kept.pack)
	return *t.kept.packed.Load()
}

// packers are the compressors, which are large.
var packers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, packLevel)
	if err != nil {
		panic(err) // there is no such level: a mistake of ours
	}
	return w
}}

// packLevel: tiles of numbers gain little from higher ones, which take thrice as long.
const packLevel = 3

func (e *kept) pack() {
	var b bytes.Buffer
	b.Grow(len(e.mvt) / 2)
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&b)
	_, _ = w.Write(e.mvt) // a buffer takes everything
	_ = w.Close()
	packed := bytes.Clone(b.Bytes())
	if len(packed) >= len(e.mvt) {
		packed = nil
	}
	e.packed.Store(&packed)
	if cache := e.maker.cache; cache != nil { // it weighs more now
		cache.ComputeIfPresent(e.key, func(have *kept) (*kept, otter.ComputeOp) {
			if have != e {
				return have, otter.CancelOp
			}
			return e, otter.WriteOp
		})
	}
}

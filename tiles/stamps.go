package tiles

import (
	"maps"
	"math"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// Stamps remember which tiles changed last when: for each layer, the tiles of
// every zoom that a change lies in, with their buffer, and the change's place in
// the log. A tile that is true up to a place is stale as soon as its stamp is
// later, and no other tile is.
//
// Memory is bounded: a layer remembers so many tiles, and where there are more
// it forgets the older half, after which what was made before them counts as
// stale. Large changes are kept as boxes at the zooms at which they lie in many
// tiles.
//
// Its methods are safe for concurrent use. Asking never locks, so that those who
// stamp wait for no reader. The zero value is ready.
type Stamps struct {
	// Cells is how many tiles are remembered of a layer; 0: [DefaultCells]. Set
	// it before the first use.
	Cells int

	epoch  atomic.Uint64 // how often Reset was called
	base   atomic.Uint64 // of every layer
	layers atomic.Pointer[map[string]*layerStamps]
	mu     sync.Mutex // held by who writes
}

// DefaultCells is about 12 MiB for a layer that changes everywhere.
const DefaultCells = 1 << 18

// spread is how many tiles of a zoom a change is kept in one by one. At larger
// zooms its box is kept.
const spread = 16

// margin is a tile's buffer, and a little more, as a part of its edge.
const margin = (Buffer + 1.0) / Extent

// Touch says that something changed at a place of a layer, in the transaction
// whose commit ends at lsn. bound is in degrees, closed, and may be a point. An
// update touches its old and its new place. Call it before anyone can read lsn
// as a position that was reached.
func (s *Stamps) Touch(layer string, bound orb.Bound, lsn uint64) {
	b, ok := worldBox(bound)
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.layer(layer)
	if !ok {
		raise(&l.base, lsn)
		return
	}
	l.touch(b, lsn)
}

// TouchAll says that a layer changed in many places or as a whole.
func (s *Stamps) TouchAll(layer string, lsn uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raise(&s.layer(layer).base, lsn)
}

// Reset says that what happened before lsn is not known: every tile of every
// layer made before it is stale. It is where a new snapshot begins; lsn may be
// of another history than those before, and smaller.
func (s *Stamps) Reset(lsn uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch.Add(1)
	s.base.Store(lsn) // before the layers are gone: readers look in the other order
	s.layers.Store(nil)
}

// At returns the last change that a layer's tile may show; 0 if there was none.
func (s *Stamps) At(layer string, at maptile.Tile) uint64 {
	last := uint64(0)
	if l := s.of(layer); l != nil {
		last = l.at(uint32(at.Z), at.X, at.Y)
	}
	return max(last, s.base.Load())
}

// Last returns the last change of a layer anywhere; 0 if there was none.
func (s *Stamps) Last(layer string) uint64 {
	last := uint64(0)
	if l := s.of(layer); l != nil {
		last = max(l.base.Load(), l.last.Load())
	}
	return max(last, s.base.Load())
}

// of returns a layer's stamps, nil if it has none.
func (s *Stamps) of(layer string) *layerStamps {
	ls := s.layers.Load()
	if ls == nil {
		return nil
	}
	return (*ls)[layer]
}

// layer returns a layer's stamps, new ones if there are none. The caller holds mu.
func (s *Stamps) layer(name string) *layerStamps {
	have := s.layers.Load()
	if have != nil {
		if l := (*have)[name]; l != nil {
			return l
		}
	}
	most := s.Cells
	if most <= 0 {
		most = DefaultCells
	}
	l := &layerStamps{most: most}
	l.cells.Store(newCells(64))
	with := map[string]*layerStamps{}
	if have != nil {
		with = maps.Clone(*have)
	}
	with[name] = l
	s.layers.Store(&with)
	return l
}

// raise moves a stamp on; it never moves back.
func raise(a *atomic.Uint64, lsn uint64) {
	for {
		have := a.Load()
		if have >= lsn || a.CompareAndSwap(have, lsn) {
			return
		}
	}
}

// A box of the world, whose west and north edges are 0 and whose others are 1.
type box struct{ minX, minY, maxX, maxY float64 }

// worldBox projects a box of degrees. It returns false for one that is none.
func worldBox(b orb.Bound) (box, bool) {
	for _, v := range [...]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} {
		if math.IsNaN(v) {
			return box{}, false
		}
	}
	if b.Min[0] > b.Max[0] || b.Min[1] > b.Max[1] {
		return box{}, false
	}
	return box{worldX(b.Min[0]), worldY(b.Max[1]), worldX(b.Max[0]), worldY(b.Min[1])}, true
}

// What lies beyond the world's edge belongs to the last tile, as the sources
// have it.
func worldX(lon float64) float64 { return max(0, min(1, lon/360+0.5)) }

func worldY(lat float64) float64 {
	sin := math.Sin(lat * math.Pi / 180)
	return max(0, min(1, 0.5-math.Log((1+sin)/(1-sin))/(4*math.Pi)))
}

// tiles returns the first and last column and row of a zoom whose tiles, with
// their buffer, the box meets.
func (b box) tiles(z uint32) (x0, y0, x1, y1 uint32) {
	n := float64(uint32(1) << z)
	first := func(v float64) uint32 { return uint32(max(0, min(n-1, math.Floor(v*n-margin)))) }
	last := func(v float64) uint32 { return uint32(max(0, min(n-1, math.Floor(v*n+margin)))) }
	return first(b.minX), first(b.minY), last(b.maxX), last(b.maxY)
}

func (b box) meets(z, x, y uint32) bool {
	x0, y0, x1, y1 := b.tiles(z)
	return x0 <= x && x <= x1 && y0 <= y && y <= y1
}

// layerStamps are one layer's. Only at may be called without the writers' lock.
type layerStamps struct {
	most  int
	base  atomic.Uint64 // of all its tiles
	last  atomic.Uint64
	cells atomic.Pointer[cells]
}

func (l *layerStamps) touch(b box, lsn uint64) {
	raise(&l.last, lsn)
	for z := range uint32(MaxZoom + 1) {
		x0, y0, x1, y1 := b.tiles(z)
		// One zoom further it lies in too many: every tile there, and below, that
		// it meets is within one of these.
		var large *box
		if z < MaxZoom {
			if a0, b0, a1, b1 := b.tiles(z + 1); uint64(a1-a0+1)*uint64(b1-b0+1) > spread {
				large = &b
			}
		}
		for x := x0; x <= x1; x++ {
			for y := y0; y <= y1; y++ {
				l.set(cellKey(z, x, y), lsn, large)
			}
		}
		if large != nil {
			l.cells.Load().boxed.Or(1 << z)
			return
		}
	}
}

func (l *layerStamps) set(key, lsn uint64, large *box) {
	c := l.cells.Load()
	if c.used >= len(c.slots)/4*3 {
		c = l.grow(c)
	}
	c.set(key, lsn, large)
}

// grow makes room: twice as much, or by forgetting.
func (l *layerStamps) grow(c *cells) *cells {
	var after uint64
	size := 2 * len(c.slots)
	if c.used >= l.most {
		after, size = c.median(), len(c.slots)
		// First, so that who finds the cells gone finds this.
		raise(&l.base, after)
	}
	larger := newCells(size)
	larger.take(c, after)
	l.cells.Store(larger)
	return larger
}

// at returns the stamp of one tile.
func (l *layerStamps) at(z, x, y uint32) uint64 {
	c := l.cells.Load()
	last := uint64(0)
	if s := c.find(cellKey(z, x, y)); s != nil {
		last = s.lsn.Load()
	}
	if levels := c.boxed.Load(); levels != 0 {
		for up := range z {
			if levels&(1<<up) != 0 {
				last = max(last, c.inBoxes(up, z, x, y))
			}
		}
	}
	return max(last, l.base.Load())
}

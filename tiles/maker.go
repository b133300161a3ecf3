package tiles

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// Where a tile was made.
const (
	FromMemory  = "memory"
	FromPostGIS = "postgis"
	FromArchive = "archive" // from a file of tiles, as long as it is true
	FromBoth    = "both"    // some layers here, some there
)

// A Tile is a tile's bytes and what is known of them. Its bytes are shared with
// others: do not change them.
type Tile struct {
	MVT     []byte // uncompressed; empty for a tile without features
	ETag    string // strong, quoted: of the content and of the fingerprint of the caller's right
	LSN     uint64 // the log's place up to which it holds every change; 0: unknown
	From    string // [FromMemory], [FromPostGIS], [FromArchive] or [FromBoth]; "" where no layer was asked for
	Omitted int    // features of all layers that lie here and were left out

	kept *kept
}

// A Maker makes tiles: from memory, and from PostGIS what memory does not hold.
// It keeps what it made for as long as it is true, by right: callers with equal
// conditions and fields share, others never do. Set its fields before the first
// use; its methods are safe for concurrent use.
type Maker struct {
	Memory  Source // nil: none
	PostGIS Source // holds every layer, and what it reads is always the newest

	// Position is the log's place up to which Memory holds, and Stamps tell, every
	// change. 0 says that the log is not followed, or not in time: then Memory is
	// not asked and nothing is kept. A nil Position is one that is always unknown,
	// but for Memory, which is asked.
	Position func() uint64
	// Wait returns nil as soon as Position is at least lsn; nil: it never will.
	Wait func(ctx context.Context, lsn uint64) error
	// Stamps tell which tiles changed; nil: nothing is kept.
	Stamps *Stamps

	CacheBytes uint64        // of tiles kept, with their keys; 0: none are
	WaitMost   time.Duration // for a request's Since, before PostGIS is asked; 0: 500 ms
	Timeout    time.Duration // of making one tile; 0: 30 s

	once    sync.Once
	cache   *otter.Cache[key, *kept] // nil: off
	flights flights
	counts  counts
}

func (m *Maker) begin() {
	if m.WaitMost == 0 {
		m.WaitMost = 500 * time.Millisecond
	}
	if m.Timeout == 0 {
		m.Timeout = 30 * time.Second
	}
	if m.CacheBytes > 0 && m.Stamps != nil && m.Position != nil {
		m.cache = newCache(m.CacheBytes)
	}
}

// A moment is a place in the log as one run of the feed knows it.
type moment struct {
	epoch uint64 // of the stamps
	lsn   uint64 // 0: unknown
}

// now must be taken before a source is asked, and before a stamp is.
func (m *Maker) now() moment {
	var n moment
	if m.Stamps != nil {
		n.epoch = m.Stamps.epoch.Load() // first: a position that is older than it does no harm
	}
	if m.Position != nil {
		n.lsn = m.Position()
	}
	return n
}

// Get returns the tile that r asks for, at least as new as r.Since.
//
// Equal rights give equal tiles and equal ETags; different rights never give
// equal ETags, so that a cache between them is never told "not modified" about
// another's tile.
//
// A caller who names a place in the log that was not reached yet waits for it
// for no longer than WaitMost; then PostGIS is asked, which has every commit that
// anyone can know of. That holds on a primary, the only kind of database whose
// log is followed.
func (m *Maker) Get(ctx context.Context, r Request) (Tile, error) {
	m.once.Do(m.begin)
	k := keyOf(r)
	now := m.now()
	if r.Since > now.lsn {
		if !m.await(ctx, now, r.Since) {
			return m.direct(ctx, k, r)
		}
		if now = m.now(); r.Since > now.lsn {
			return m.direct(ctx, k, r)
		}
	}
	if t, ok := m.find(k, r, now); ok {
		m.counts.hits.Add(1)
		return t, nil
	}
	t, err := m.share(ctx, k, r, now)
	if err == nil && t.LSN < r.Since { // PostGIS could not tell that it was as new
		return m.direct(ctx, k, r)
	}
	return t, err
}

// await waits for the position to reach lsn, and says whether it did. Where the
// log is not followed there is nothing to wait for.
func (m *Maker) await(ctx context.Context, now moment, lsn uint64) bool {
	if m.Wait == nil || now.lsn == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, m.WaitMost)
	defer cancel()
	return m.Wait(ctx, lsn) == nil
}

// make makes a tile and keeps it if it may. now was taken before.
func (m *Maker) make(ctx context.Context, k key, r Request, now moment, memory bool) (Tile, error) {
	parts, lsn, from, err := m.ask(ctx, r, now, memory)
	if err != nil {
		return Tile{}, err
	}
	mvt, omitted := join(r, parts)
	e := &kept{mvt: mvt, etag: k.etag(mvt), from: from, omitted: omitted, epoch: now.epoch, maker: m, key: k}
	e.lsn.Store(lsn)
	m.keep(e, r)
	m.counts.made(from)
	return e.tile(lsn), nil
}

// errNotHeld: no source has the layer.
var errNotHeld = errors.New("no source holds it")

// ask asks memory, and PostGIS for what is missing. It returns the parts in the
// order of the request and the place up to which all of them are true.
func (m *Maker) ask(ctx context.Context, r Request, now moment, memory bool) (parts []Part, lsn uint64, from string, err error) {
	parts = make([]Part, len(r.Layers))
	if memory && m.Memory != nil && (now.lsn > 0 || m.Position == nil) {
		if parts, err = m.Memory.Tile(ctx, r); err != nil {
			return nil, 0, "", fmt.Errorf("tile from memory: %w", err)
		}
	}
	rest, at := r, make([]int, 0, len(parts))
	rest.Layers = nil
	for i, p := range parts {
		if !p.Held {
			rest.Layers, at = append(rest.Layers, r.Layers[i]), append(at, i)
			continue
		}
		// Memory held every change up to now when it was asked.
		parts[i].LSN = max(p.LSN, now.lsn)
		if p.From == "" {
			p.From = FromMemory
		}
		if from == "" {
			from = p.From
		} else if from != p.From {
			from = FromBoth
		}
	}
	if len(rest.Layers) > 0 {
		if from = FromBoth; len(at) == len(parts) {
			from = FromPostGIS
		}
		if m.PostGIS == nil {
			return nil, 0, "", fmt.Errorf("tile: layer %s: %w", rest.Layers[0].Name, errNotHeld)
		}
		more, err := m.PostGIS.Tile(ctx, rest)
		if err != nil {
			return nil, 0, "", fmt.Errorf("tile from PostGIS: %w", err)
		}
		for i, p := range more {
			if !p.Held {
				return nil, 0, "", fmt.Errorf("tile: layer %s: %w", rest.Layers[i].Name, errNotHeld)
			}
			parts[at[i]] = p
		}
	}
	for i, p := range parts {
		if i == 0 || p.LSN < lsn {
			lsn = p.LSN
		}
	}
	return parts, lsn, from, nil
}

// Changed tells two moments of a layer apart: it returns the same value twice
// only if nothing of the layer changed between. ok is false where the log is
// not followed.
func (m *Maker) Changed(layer string) (when Change, ok bool) {
	if m.Stamps == nil {
		return Change{}, false
	}
	now := m.now()
	return Change{now.epoch, m.Stamps.Last(layer)}, now.lsn > 0
}

// A Change is a layer's last change. It can be compared.
type Change struct{ epoch, lsn uint64 }

// counts are what a Maker did.
type counts struct{ hits, memory, postgis, archive, both, shared, stale atomic.Uint64 }

func (c *counts) made(from string) {
	switch from {
	case FromMemory:
		c.memory.Add(1)
	case FromPostGIS:
		c.postgis.Add(1)
	case FromArchive:
		c.archive.Add(1)
	case FromBoth:
		c.both.Add(1)
	}
}

// Stats are counts since the start, and the cache as it is.
type Stats struct {
	Hits                  uint64 // answered with a tile that was kept
	Memory, PostGIS, Both uint64 // tiles made, by where
	Archive               uint64 // the same: taken from an archive
	Shared                uint64 // answered with a tile that another was waiting for
	Stale                 uint64 // kept tiles that a change had made old when they were asked for
	Entries               int
	Bytes                 uint64
}

// Stats returns what the Maker did.
func (m *Maker) Stats() Stats {
	m.once.Do(m.begin)
	c := &m.counts
	s := Stats{Hits: c.hits.Load(), Memory: c.memory.Load(), PostGIS: c.postgis.Load(), Archive: c.archive.Load(), Both: c.both.Load(),
		Shared: c.shared.Load(), Stale: c.stale.Load()}
	if m.cache != nil {
		m.cache.CleanUp() // it weighs a moment after it was written to
		s.Entries, s.Bytes = m.cache.EstimatedSize(), m.cache.WeightedSize()
	}
	return s
}

package archive

import (
	"context"
	"fmt"
	"iter"

	"github.com/paulmach/orb/maptile"

	"onemap/tiles"
	"onemap/tiles/pmtiles"
)

// A Layer is what an archive holds of one layer: that of the request, at these
// zooms.
type Layer struct {
	tiles.LayerRequest
	MinZoom, MaxZoom int
}

// A made tile is compressed.
type made struct {
	z    uint8
	x, y uint32
	data []byte
}

// Build makes the layer's tiles of a cover, whose zoom is the layer's largest,
// and returns how many there are. progress, which may be nil, is called with
// the tiles visited so far and in all.
func Build(ctx context.Context, from *tiles.Maker, l Layer, cover *Cover, to Sink, progress func(done, all uint64)) (n uint64, err error) {
	all, done := cover.Count(l.MinZoom, l.MaxZoom), uint64(0)
	jobs := func(yield func(uint64, error) bool) {
		for z := l.MinZoom; z <= l.MaxZoom; z++ {
			for id := range cover.Tiles(z) {
				if !yield(id, nil) {
					return
				}
			}
		}
	}
	request := []tiles.LayerRequest{l.LayerRequest}
	work := func(ctx context.Context, id uint64) (made, error) { return makeTile(ctx, from, request, id) }
	err = ordered(ctx, jobs, work, func(m made) error {
		if done++; progress != nil {
			progress(done, all)
		}
		if len(m.data) == 0 {
			return nil
		}
		n++
		return to.Add(m.z, m.x, m.y, m.data)
	})
	return n, err
}

func makeTile(ctx context.Context, from *tiles.Maker, layers []tiles.LayerRequest, id uint64) (made, error) {
	z, x, y, _ := pmtiles.Address(id)
	t, err := from.Get(ctx, tiles.Request{At: maptile.New(x, y, maptile.Zoom(z)), Layers: layers})
	if err != nil || len(t.MVT) == 0 {
		return made{z: z, x: x, y: y}, err
	}
	return made{z, x, y, pmtiles.Compress(t.MVT)}, nil
}

// A Part is an archive of one layer.
type Part struct {
	Layer
	*pmtiles.Reader
}

// Merge makes one archive of parts, in the order of the layers in a tile.
func Merge(ctx context.Context, parts []Part, to Sink, progress func(done uint64)) (n uint64, err error) {
	if len(parts) == 1 { // as it is
		for c, err := range parts[0].All() {
			if err != nil {
				return n, err
			}
			for i := range uint64(c.Run) {
				z, x, y, _ := pmtiles.Address(c.ID + i)
				if err := to.Add(z, x, y, c.Data); err != nil {
					return n, err
				}
				n++
			}
			if err := ctx.Err(); err != nil {
				return n, err
			}
			if progress != nil {
				progress(n)
			}
		}
		return n, nil
	}
	// To a maker the parts are a source like any other: it joins them.
	maker := &tiles.Maker{PostGIS: partsSource(parts)}
	requests := make([]tiles.LayerRequest, len(parts))
	for i, p := range parts {
		requests[i] = p.LayerRequest
	}
	work := func(ctx context.Context, id uint64) (made, error) { return makeTile(ctx, maker, requests, id) }
	err = ordered(ctx, union(parts), work, func(m made) error {
		if n++; progress != nil {
			progress(n)
		}
		return to.Add(m.z, m.x, m.y, m.data)
	})
	return n, err
}

// partsSource holds each layer in the part of the same place.
type partsSource []Part

func (s partsSource) Tile(_ context.Context, r tiles.Request) ([]tiles.Part, error) {
	out := make([]tiles.Part, len(s))
	for i, p := range s {
		b, err := p.Tile(uint8(r.At.Z), r.At.X, r.At.Y)
		if err != nil {
			return nil, fmt.Errorf("layer %s: %w", p.Name, err)
		}
		held, err := split(b, []string{p.Name})
		if err != nil {
			return nil, fmt.Errorf("layer %s: %w", p.Name, err)
		}
		out[i] = held[0]
	}
	return out, nil
}

// union yields the ids that any part has, in their order, each once.
func union(parts []Part) iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		type head struct {
			next func() (uint64, error, bool)
			id   uint64
			ok   bool
		}
		heads := make([]head, len(parts))
		for i, p := range parts {
			next, stop := iter.Pull2(p.IDs())
			defer stop()
			heads[i].next = next
			var err error
			if heads[i].id, err, heads[i].ok = next(); err != nil {
				yield(0, err)
				return
			}
		}
		for {
			least, any := uint64(0), false
			for _, h := range heads {
				if h.ok && (!any || h.id < least) {
					least, any = h.id, true
				}
			}
			if !any || !yield(least, nil) {
				return
			}
			for i := range heads {
				h := &heads[i]
				if !h.ok || h.id != least {
					continue
				}
				var err error
				if h.id, err, h.ok = h.next(); err != nil {
					yield(0, err)
					return
				}
			}
		}
	}
}

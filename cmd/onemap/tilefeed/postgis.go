// Package tilefeed joins the tiles to the layers, which do not know each other:
// tiles made in PostGIS, and the layers kept in memory in step with the log.
package tilefeed

import (
	"context"

	"onemap/layers"
	"onemap/tiles"
)

// PostGIS makes tiles by SQL, where the rows are.
type PostGIS struct {
	Store *layers.Store
	// Visible gives a query's snapshot its place in the log; nil, or not ok: it is
	// not known. It is [feed.Feed.Visible].
	Visible func(snapshot string) (lsn uint64, ok bool)
	// Degrees means tiles of the plane of degrees, see [layers.DegreeTile], not of
	// Web Mercator.
	Degrees bool
}

var _ tiles.Source = PostGIS{}

// Tile implements [tiles.Source]. It holds every layer.
func (p PostGIS) Tile(ctx context.Context, r tiles.Request) ([]tiles.Part, error) {
	wanted := make([]layers.TileLayer, len(r.Layers))
	for i, q := range r.Layers {
		l, err := p.Store.Layer(ctx, q.Name)
		if err != nil {
			return nil, err
		}
		wanted[i] = layers.TileLayer{Layer: l, Where: q.Where, Fields: q.Fields}
	}
	made, snapshot, err := p.make(ctx, r, wanted)
	if err != nil {
		return nil, err
	}
	var at uint64
	if p.Visible != nil {
		at, _ = p.Visible(snapshot)
	}
	parts := make([]tiles.Part, len(made))
	for i, m := range made {
		parts[i] = tiles.Part{Held: true, MVT: m.MVT, LSN: at, Omitted: m.Omitted}
	}
	return parts, nil
}

func (p PostGIS) make(ctx context.Context, r tiles.Request, wanted []layers.TileLayer) ([]layers.TilePart, string, error) {
	if p.Degrees {
		return p.Store.DegreeTile(ctx, layers.DegreeTile{Z: int(r.At.Z), X: int(r.At.X), Y: int(r.At.Y)}, wanted, r.Plain)
	}
	return p.Store.Tile(ctx, r.At, wanted, r.Plain)
}

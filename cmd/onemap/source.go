package main

import (
	"context"

	"github.com/paulmach/orb/maptile"

	"onemap/layers"
	"onemap/tiles"
)

// postgis makes tiles in PostGIS: package tiles says what a source is, package
// layers has the SQL, and neither knows the other.
type postgis struct{ store *layers.Store }

func (p postgis) Tile(ctx context.Context, at maptile.Tile, requests []tiles.LayerRequest) ([]byte, error) {
	wanted := make([]layers.TileLayer, len(requests))
	for i, r := range requests {
		l, err := p.store.Layer(ctx, r.Name)
		if err != nil {
			return nil, err
		}
		wanted[i] = layers.TileLayer{Layer: l, Where: r.Where, Fields: r.Fields}
	}
	return p.store.Tile(ctx, at, wanted)
}

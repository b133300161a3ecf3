// Package tiles turns a tile's address into its bytes.
//
// Tile addresses are XYZ in Web Mercator (EPSG:3857), y down, zoom 0 to 22.
// Tiles are Mapbox Vector Tiles 2.1 with an extent of 4096 and a buffer of 64.
package tiles

import (
	"context"
	"errors"

	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
)

// ErrAddress: no tile has such an address.
var ErrAddress = errors.New("no such tile address")

// A LayerRequest is what a caller may see of one layer in one tile.
type LayerRequest struct {
	Name   string
	Where  where.Cond
	Fields []string
}

// A Source makes tiles.
type Source interface {
	// Tile returns the uncompressed tile of the layers, in their order. A layer
	// without a feature in the tile is left out; a tile without a layer has no bytes.
	Tile(ctx context.Context, at maptile.Tile, layers []LayerRequest) ([]byte, error)
}

// Package tiles turns a tile's address into its bytes.
//
// Tile addresses are XYZ in Web Mercator (EPSG:3857), y down, zoom 0 to 22.
// Tiles are Mapbox Vector Tiles 2.1 with an extent of 4096 and a buffer of 64.
package tiles

import (
	"context"
	"encoding/hex"
	"errors"
	"hash"
	"hash/fnv"

	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
)

// ErrAddress: no tile has such an address.
var ErrAddress = errors.New("no such tile address")

// A LayerRequest is what a caller may see of one layer in one tile, and wants.
type LayerRequest struct {
	Name   string
	Where  where.Cond
	Fields []string // names, in the order of the registry
}

// A Source makes tiles.
type Source interface {
	// Tile returns the uncompressed tile of the layers, in their order. A layer
	// without a feature in the tile is left out; a tile without a layer has no bytes.
	Tile(ctx context.Context, at maptile.Tile, layers []LayerRequest) ([]byte, error)
}

// A Tile is a tile's bytes and their name.
type Tile struct {
	MVT  []byte // uncompressed; empty for a tile without features
	ETag string // strong, quoted: of the content and of the fingerprint of the caller's right
}

// Get returns the tile at an address. Equal rights give equal tiles and equal
// ETags; different rights never give equal ETags, so that a shared cache
// between them is never told "not modified" about another's tile.
func Get(ctx context.Context, src Source, at maptile.Tile, layers []LayerRequest) (Tile, error) {
	mvt, err := src.Tile(ctx, at, layers)
	if err != nil {
		return Tile{}, err
	}
	h := fnv.New128a()
	fingerprint(h, layers)
	h.Write(mvt)
	return Tile{MVT: mvt, ETag: `"` + hex.EncodeToString(h.Sum(nil)) + `"`}, nil
}

// fingerprint writes what was asked, by right: layers, conditions, fields.
func fingerprint(h hash.Hash, layers []LayerRequest) {
	for _, l := range layers {
		h.Write([]byte(l.Name + "\x00" + where.Hash(l.Where) + "\x00"))
		for _, f := range l.Fields {
			h.Write([]byte(f + "\x00"))
		}
		h.Write([]byte{'\n'})
	}
}

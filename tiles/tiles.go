// Package tiles turns a tile's address into its bytes.
//
// Tile addresses are XYZ in Web Mercator (EPSG:3857), y down, zoom 0 to 22.
// Tiles are Mapbox Vector Tiles 2.1 with an extent of 4096 and a buffer of 64.
//
// A [Source] makes the layers of a tile: package memory from columns that the
// log keeps in step, or PostGIS. A [Maker] asks the first that holds a layer,
// keeps what was made for as long as it is true, and says up to which place in
// the log it is.
package tiles

import (
	"context"
	"errors"

	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
)

// Extent and Buffer are a tile's edge and the margin around it, in its units.
const (
	Extent = 4096
	Buffer = 64
)

// OmittedLayer is the name of the tile's layer that says what was left out of
// the others: a point at the tile's middle for each such layer, with its name
// (layer) and the count (features). No layer of the registry can have that name.
const OmittedLayer = "_omitted"

// ErrAddress: no tile has such an address.
var ErrAddress = errors.New("no such tile address")

// A LayerRequest is what a caller may see of one layer in one tile, and wants.
type LayerRequest struct {
	Name    string
	Version uint64 // of the layer's definition in the registry
	Where   where.Cond
	Fields  []string // names, in the order of the registry
}

// A Request asks for one tile.
type Request struct {
	At     maptile.Tile
	Layers []LayerRequest
	// Plain asks for all features as they are, clipped and rounded to the tile's
	// units only: not counted by cell, thinned or simplified, whatever their size.
	Plain bool
	// Since is a place in the log: the tile must be at least as new. 0: any.
	Since uint64
}

// A Part is one layer of a tile.
type Part struct {
	Held    bool   // false: this source does not have the layer, or cannot tell; ask another
	From    string // where the source has it from; "": [FromMemory], or [FromPostGIS] of that source
	MVT     []byte // the tile's bytes of the layer; none where it has no feature there
	LSN     uint64 // the log's place up to which the part holds every change; 0: unknown
	Omitted int    // features that hold the condition, lie here, and were left out
}

// A Source makes parts of tiles.
type Source interface {
	// Tile returns a part for each layer of the request, in its order. A source
	// need not heed Since.
	Tile(ctx context.Context, r Request) ([]Part, error)
}

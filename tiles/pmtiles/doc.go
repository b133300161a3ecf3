// Package pmtiles reads and writes archives of tiles in one file: PMTiles
// version 3 (protomaps/PMTiles, spec/v3/spec.md).
//
// A tile's place in the archive is its id: all tiles of zoom 0, then all of
// zoom 1, and so on, those of one zoom along a Hilbert curve. A directory maps
// ids to bytes; equal contents are kept once, and a run of tiles with one
// content is one entry. A reader needs the first 16 KiB, at most two leaf
// directories and the tile: three requests for ranges of bytes.
//
// The package knows nothing of what a tile holds. Archives may come from
// anywhere: the reader takes no length or offset on trust.
package pmtiles

import "errors"

// ErrFormat: the file is not an archive that this package can read.
var ErrFormat = errors.New("not a PMTiles archive")

// ErrOrder: tiles were not added in the order of their ids.
var ErrOrder = errors.New("tiles must be added in the order of their ids, each once")

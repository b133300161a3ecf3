// Package archive makes archives of tiles from a [tiles.Maker], and tiles from
// archives.
//
// An archive is made layer by layer. A [Cover] says in which tiles the layer's
// features lie; those are made, on all cores, in the order of package pmtiles,
// and nothing else is asked for. Each layer is an archive of its own first, so
// that work that is broken off goes on with the layers that are missing;
// [Merge] makes the whole of them.
//
// A [Source] answers from an archive what it holds exactly as PostGIS would,
// and no tile that changed since.
package archive

// A Sink takes the tiles of an archive, compressed with gzip, in the order of
// their ids: [pmtiles.Writer] and [mbtiles.Writer] are two.
type Sink interface {
	Add(z uint8, x, y uint32, tile []byte) error
}

package pmtiles

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// Compressions of tiles and of directories.
const (
	Uncompressed = 1
	Gzip         = 2
)

// MVT is the type of archives of Mapbox Vector Tiles.
const MVT = 1

const (
	headerLen = 127
	// rootEnd is where the header and the root directory must have ended.
	rootEnd = 16384
)

// A section is a part of the file, in bytes.
type section struct{ offset, length uint64 }

func (s section) end() uint64 { return s.offset + s.length }

// A Header is what an archive says of itself in its first 127 bytes.
type Header struct {
	root, metadata, leaves, data section

	Tiles       uint64 // addresses that have a tile
	Entries     uint64 // in the directories, runs of equal neighbours counted once
	Contents    uint64 // different ones
	Clustered   bool   // contents lie in the order of the ids
	internal    uint8  // compression of directories and metadata
	Compression uint8  // of the tiles
	Type        uint8  // of the tiles: MVT
	MinZoom     uint8
	MaxZoom     uint8
	Bounds      orb.Bound // degrees, to 1e-7
	Centre      orb.Point // where a viewer begins, degrees
	CentreZoom  uint8
}

func (h Header) encode() []byte {
	b := append(make([]byte, 0, headerLen), "PMTiles\x03"...)
	u64 := func(v uint64) { b = binary.LittleEndian.AppendUint64(b, v) }
	place := func(p orb.Point) {
		for _, v := range p {
			b = binary.LittleEndian.AppendUint32(b, uint32(int32(math.Round(v*1e7))))
		}
	}
	for _, s := range []section{h.root, h.metadata, h.leaves, h.data} {
		u64(s.offset)
		u64(s.length)
	}
	u64(h.Tiles)
	u64(h.Entries)
	u64(h.Contents)
	clustered := byte(0)
	if h.Clustered {
		clustered = 1
	}
	b = append(b, clustered, h.internal, h.Compression, h.Type, h.MinZoom, h.MaxZoom)
	place(h.Bounds.Min)
	place(h.Bounds.Max)
	b = append(b, h.CentreZoom)
	place(h.Centre)
	return b
}

// decodeHeader reads the header of a file of size bytes, whose sections must
// lie in it.
func decodeHeader(b []byte, size uint64) (Header, error) {
	bad := func(what string, args ...any) (Header, error) {
		return Header{}, fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(what, args...))
	}
	if len(b) < headerLen || string(b[:7]) != "PMTiles" {
		return bad("it does not begin like one")
	}
	if b[7] != 3 {
		return bad("it is of version %d, version 3 can be read", b[7])
	}
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	place := func(at int) (p orb.Point) {
		for i := range p {
			p[i] = float64(int32(binary.LittleEndian.Uint32(b[at+4*i:]))) / 1e7
		}
		return p
	}
	h := Header{
		root: section{u64(8), u64(16)}, metadata: section{u64(24), u64(32)}, leaves: section{u64(40), u64(48)}, data: section{u64(56), u64(64)},
		Tiles: u64(72), Entries: u64(80), Contents: u64(88), Clustered: b[96] == 1, internal: b[97], Compression: b[98], Type: b[99],
		MinZoom: b[100], MaxZoom: b[101], Bounds: orb.Bound{Min: place(102), Max: place(110)}, CentreZoom: b[118], Centre: place(119),
	}
	for _, s := range []section{h.root, h.metadata, h.leaves, h.data} {
		if s.offset > size || s.length > size-s.offset {
			return bad("it is cut off, or its parts are not where its header says")
		}
	}
	switch {
	case h.root.offset < headerLen || h.root.end() > rootEnd:
		return bad("its root directory is not in the first %d bytes", rootEnd)
	case h.internal != Uncompressed && h.internal != Gzip:
		return bad("its directories are compressed in a way (%d) that cannot be read", h.internal)
	case h.MinZoom > h.MaxZoom || h.MaxZoom > MaxZoom:
		return bad("its zooms are %d to %d", h.MinZoom, h.MaxZoom)
	}
	return h, nil
}

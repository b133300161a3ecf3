package archive

import (
	"encoding/binary"
	"fmt"

	"github.com/paulmach/orb/encoding/mvt"

	"onemap/tiles"
	"onemap/tiles/pmtiles"
)

// mostPlain bounds a tile, decompressed.
const mostPlain = 64 << 20

// split takes a tile of an archive apart: a part for each name, held, and empty
// where the tile does not have that layer.
func split(b []byte, names []string) ([]tiles.Part, error) {
	parts := make([]tiles.Part, len(names))
	for i := range parts {
		parts[i].Held, parts[i].From = true, tiles.FromArchive
	}
	if len(b) == 0 {
		return parts, nil
	}
	b, err := pmtiles.Decompress(b, mostPlain)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(names))
	for i, n := range names {
		at[n] = i
	}
	for len(b) > 0 {
		layer, content, rest, err := nextLayer(b)
		if err != nil {
			return nil, err
		}
		b = rest
		name, err := nameOf(content)
		if err != nil {
			return nil, err
		}
		if i, ok := at[name]; ok {
			parts[i].MVT = layer
		}
		if name == tiles.OmittedLayer {
			if err := omitted(layer, at, parts); err != nil {
				return nil, err
			}
		}
	}
	return parts, nil
}

var errTile = fmt.Errorf("%w: a tile in it is broken", pmtiles.ErrFormat)

// nextLayer returns the first layer of a tile: as it stands there, and its
// content alone.
func nextLayer(b []byte) (whole, content, rest []byte, err error) {
	const tag = 3<<3 | 2
	if b[0] != tag {
		return nil, nil, nil, errTile
	}
	n, k := binary.Uvarint(b[1:])
	if k <= 0 || n > uint64(len(b)-1-k) {
		return nil, nil, nil, errTile
	}
	end := 1 + k + int(n)
	return b[:end:end], b[1+k : end], b[end:], nil
}

// nameOf finds a layer's name. Field 1; others are passed over.
func nameOf(layer []byte) (string, error) {
	for len(layer) > 0 {
		tag, k := binary.Uvarint(layer)
		if k <= 0 {
			return "", errTile
		}
		layer = layer[k:]
		n, k := binary.Uvarint(layer)
		if k <= 0 {
			return "", errTile
		}
		layer = layer[k:]
		switch tag & 7 {
		case 0:
		case 2:
			if n > uint64(len(layer)) {
				return "", errTile
			}
			if tag>>3 == 1 {
				return string(layer[:n]), nil
			}
			layer = layer[n:]
		default:
			return "", errTile
		}
	}
	return "", errTile
}

// omitted reads what was left out.
func omitted(layer []byte, at map[string]int, parts []tiles.Part) error {
	ls, err := mvt.Unmarshal(layer)
	if err != nil {
		return errTile
	}
	for _, l := range ls {
		for _, f := range l.Features {
			name, _ := f.Properties["layer"].(string)
			n, _ := f.Properties["features"].(float64)
			if i, ok := at[name]; ok && n >= 0 {
				parts[i].Omitted = int(n)
			}
		}
	}
	return nil
}

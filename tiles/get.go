package tiles

import (
	"context"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/fnv"

	"onemap/geo/where"
)

// A Tile is a tile's bytes and their name.
type Tile struct {
	MVT  []byte // uncompressed; empty for a tile without features
	ETag string // strong, quoted: of the content and of the fingerprint of the caller's right
}

// Get returns the tile that r asks for. Equal rights give equal tiles and equal
// ETags; different rights never give equal ETags, so that a shared cache
// between them is never told "not modified" about another's tile.
func Get(ctx context.Context, src Source, r Request) (Tile, error) {
	parts, err := src.Tile(ctx, r)
	if err != nil {
		return Tile{}, err
	}
	var t Tile
	for i, p := range parts {
		if !p.Held {
			return Tile{}, fmt.Errorf("tile: no source holds layer %s", r.Layers[i].Name)
		}
		t.MVT = append(t.MVT, p.MVT...)
	}
	h := fnv.New128a()
	fingerprint(h, r.Layers)
	h.Write(t.MVT)
	t.ETag = `"` + hex.EncodeToString(h.Sum(nil)) + `"`
	return t, nil
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

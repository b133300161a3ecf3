package tiles

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"

	"github.com/paulmach/orb/maptile"
	"github.com/zeebo/xxh3"

	"onemap/geo/where"
)

// A key is what was asked: equal for equal rights to the same tile, and never
// for different ones. It knows no person.
type key struct {
	at    maptile.Tile
	right [sha256.Size]byte // of the layers' definitions, conditions and fields
}

// texts are scratch for keys, which are made for each request.
var texts = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// keyOf returns the key of a request. Conditions are taken as they are:
// simplified ones ([where.Simplify]) are equal where they mean the same.
//
// Callers send filters, so it is a hash for which nobody can make two requests
// with the same: they would share a cache.
func keyOf(r Request) key {
	scratch := texts.Get().(*[]byte)
	b := (*scratch)[:0]
	if r.Plain {
		b = append(b, 0) // no text begins so
	}
	for _, l := range r.Layers {
		b = text(b, l.Name)
		b = binary.LittleEndian.AppendUint64(b, l.Version)
		c := l.Where
		if c == nil {
			c = where.False
		}
		b = text(b, where.Canon(c))
		for _, f := range l.Fields {
			b = text(b, f)
		}
		b = append(b, '\n')
	}
	k := key{r.At, sha256.Sum256(b)}
	*scratch = b
	texts.Put(scratch)
	return k
}

// text appends s so that no two lists of texts have the same bytes.
func text(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s))+uint64('\n')+1) // no length is a line's end
	return append(b, s...)
}

// etag names content that was made for the key.
func (k key) etag(content []byte) string {
	var sum [24]byte
	copy(sum[:16], k.right[:])
	binary.BigEndian.PutUint64(sum[16:], xxh3.Hash(content))
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:]) + `"`
}

package mvt

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// What a value is, so that 1, 1.0 and "1" are three values.
const (
	kindText uint32 = iota + 1
	kindInt
	kindDouble
	kindBool
	kindTime
	kindDate
)

// A table finds the number of a value that the layer has already. It is emptied
// by moving to the next epoch.
type table struct {
	slots []slot
	mask  uint64
	used  int
	epoch uint32
}

type slot struct {
	bits  uint64 // the number, or the text's hash
	value uint32
	kind  uint32
	epoch uint32
	at    uint32 // where a text begins in the values
}

func (t *table) reset() {
	t.epoch++
	t.used = 0
	if t.epoch == 0 { // after 2^32 tiles
		clear(t.slots)
		t.epoch = 1
	}
}

// A place in the table where a value may be set: an index of its slots.
type place uint64

func (t *table) number(kind uint32, bits uint64) (uint32, place, bool) {
	t.room()
	h := (bits ^ uint64(kind)<<56) * 0x9e3779b97f4a7c15
	for i := (h ^ h>>32) & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.epoch != t.epoch {
			return 0, place(i), false
		}
		if s.bits == bits && s.kind == kind {
			return s.value, 0, true
		}
	}
}

func (t *table) text(h uint64, b, values []byte) (uint32, place, bool) {
	t.room()
	for i := h & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.epoch != t.epoch {
			return 0, place(i), false
		}
		if s.bits == h && s.kind == kindText && bytes.Equal(textAt(values[s.at:]), b) {
			return s.value, 0, true
		}
	}
}

// textAt returns the text of the value that begins here: its tag and length,
// then the text's tag and length.
func textAt(v []byte) []byte {
	_, n := binary.Uvarint(v[1:])
	v = v[1+n+1:]
	size, n := binary.Uvarint(v)
	return v[n : n+int(size)]
}

func (p place) set(t *table, kind uint32, bits uint64, value, at uint32) {
	t.slots[p] = slot{bits: bits, value: value, kind: kind, epoch: t.epoch, at: at}
	t.used++
}

// room makes place for one more.
func (t *table) room() {
	if t.epoch == 0 {
		t.epoch = 1
	}
	if (t.used+1)*2 <= len(t.slots) {
		return
	}
	old := t.slots
	t.slots = make([]slot, max(256, 2*len(old)))
	t.mask = uint64(len(t.slots) - 1)
	for _, s := range old {
		if s.epoch != t.epoch {
			continue
		}
		h := s.bits
		if s.kind != kindText {
			h = (s.bits ^ uint64(s.kind)<<56) * 0x9e3779b97f4a7c15
			h ^= h >> 32
		}
		i := h & t.mask
		for t.slots[i].epoch == t.epoch {
			i = (i + 1) & t.mask
		}
		t.slots[i] = s
	}
}

var seed = maphash.MakeSeed()

func hashBytes(b []byte) uint64 { return maphash.Bytes(seed, b) }

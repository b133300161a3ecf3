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

// A slot is 16 bytes: four to a cache line, for most of the time goes by waiting
// for them.
type slot struct {
	bits  uint64 // the number, or the text's hash
	value uint32
	tag   uint32 // epoch<<3 | kind
}

const lastEpoch = 1<<29 - 1

func (t *table) reset() {
	t.used = 0
	if t.epoch++; t.epoch > lastEpoch {
		clear(t.slots)
		t.epoch = 1
	}
}

func hashNumber(kind uint32, bits uint64) uint64 {
	h := (bits ^ uint64(kind)<<56) * 0x9e3779b97f4a7c15
	return h ^ h>>32
}

// A place in the table where a value may be set: an index of its slots.
type place uint64

func (t *table) number(kind uint32, bits uint64) (uint32, place, bool) {
	t.room()
	tag := t.epoch<<3 | kind
	for i := hashNumber(kind, bits) & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.bits == bits && s.tag == tag {
			return s.value, 0, true
		}
		if s.tag>>3 != t.epoch {
			return 0, place(i), false
		}
	}
}

// text finds a text by its hash; the values begin at offsets, by number.
func (t *table) text(h uint64, b, values []byte, offsets []uint32) (uint32, place, bool) {
	t.room()
	tag := t.epoch<<3 | kindText
	for i := h & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.bits == h && s.tag == tag && bytes.Equal(textAt(values[offsets[s.value]:]), b) {
			return s.value, 0, true
		}
		if s.tag>>3 != t.epoch {
			return 0, place(i), false
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

func (p place) set(t *table, kind uint32, bits uint64, value uint32) {
	t.slots[p] = slot{bits, value, t.epoch<<3 | kind}
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
		if s.tag>>3 != t.epoch {
			continue
		}
		h := s.bits
		if s.tag&7 != kindText {
			h = hashNumber(s.tag&7, s.bits)
		}
		i := h & t.mask
		for t.slots[i].tag>>3 == t.epoch {
			i = (i + 1) & t.mask
		}
		t.slots[i] = s
	}
}

var seed = maphash.MakeSeed()

func hashBytes(b []byte) uint64 { return maphash.Bytes(seed, b) }

package pmtiles

import (
	"encoding/binary"
	"fmt"
	"math"
	"sort"
)

// An entry says where the bytes of the tiles from id on are. run is how many
// tiles in a row have them; 0: the bytes are a leaf directory, whose first
// tile is id, and offset is from the beginning of the leaves.
type entry struct {
	id, offset  uint64
	length, run uint32
}

// encodeDirectory writes entries, sorted by id, each column by itself: so that
// gzip finds what repeats.
func encodeDirectory(es []entry) []byte {
	b := binary.AppendUvarint(make([]byte, 0, 8+6*len(es)), uint64(len(es)))
	last := uint64(0)
	for _, e := range es {
		b = binary.AppendUvarint(b, e.id-last)
		last = e.id
	}
	for _, e := range es {
		b = binary.AppendUvarint(b, uint64(e.run))
	}
	for _, e := range es {
		b = binary.AppendUvarint(b, uint64(e.length))
	}
	next := uint64(math.MaxUint64) // where the entry before ends
	for _, e := range es {
		if e.offset == next {
			b = append(b, 0)
		} else {
			b = binary.AppendUvarint(b, e.offset+1)
		}
		next = e.offset + uint64(e.length)
	}
	return b
}

// decodeDirectory is its inverse. It refuses what is not sorted.
func decodeDirectory(b []byte) ([]entry, error) {
	bad := fmt.Errorf("%w: a directory is broken", ErrFormat)
	ok := true
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			ok = false
			return 0
		}
		b = b[n:]
		return v
	}
	count := next()
	if !ok || count > uint64(len(b))/4 { // an entry takes four numbers
		return nil, bad
	}
	es := make([]entry, count)
	last := uint64(0)
	for i := range es {
		step := next()
		if step > math.MaxUint64-last || i > 0 && step == 0 {
			return nil, bad
		}
		last += step
		es[i].id = last
	}
	small := func() uint32 {
		v := next()
		ok = ok && v <= math.MaxUint32
		return uint32(v)
	}
	for i := range es {
		es[i].run = small()
		ok = ok && uint64(es[i].run) <= math.MaxUint64-es[i].id
		if i > 0 {
			ok = ok && es[i-1].id+uint64(es[i-1].run) <= es[i].id // runs do not overlap
		}
	}
	for i := range es {
		es[i].length = small()
		ok = ok && es[i].length > 0
	}
	for i := range es {
		switch v := next(); {
		case v > 0:
			es[i].offset = v - 1
		case i == 0:
			return nil, bad
		default:
			es[i].offset = es[i-1].offset + uint64(es[i-1].length)
			ok = ok && es[i].offset >= es[i-1].offset
		}
	}
	if !ok {
		return nil, bad
	}
	return es, nil
}

// find returns the entry that holds id: a tile's, or the leaf's in which it
// must be if it is anywhere.
func find(es []entry, id uint64) (entry, bool) {
	i := sort.Search(len(es), func(i int) bool { return es[i].id > id }) - 1
	if i < 0 {
		return entry{}, false
	}
	e := es[i]
	return e, e.run == 0 || id-e.id < uint64(e.run)
}
